// SPDX-License-Identifier: MIT
#pragma once
// A learning curve as inline SVG: axes with round ticks, the raw points light, a running mean dark.

#include <string>

#include "app/report/html_report.h"

namespace inknav::app {

std::string curve_svg(const Curve& curve);

/// `text` with &, <, >, " and ' escaped for HTML.
std::string escape_html(const std::string& text);

}  // namespace inknav::app
