// SPDX-License-Identifier: MIT
#pragma once
// inknav doctor --json: the same rows and the facts behind them. Keys are stable: a later version adds some,
// and raises "format" where it changes or drops one. Sizes are bytes, rates bytes a second; null: not known,
// or no limit. docs/troubleshooting.md lists the keys.

#include <string>
#include <vector>

#include "app/doctor_report.h"

namespace inknav::app {

inline constexpr int kDoctorFormat = 1;

/// One JSON object, indented, with a line end.
std::string doctor_json(const MachineFacts& facts, const std::vector<DoctorRow>& rows);

}  // namespace inknav::app
