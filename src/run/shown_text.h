// SPDX-License-Identifier: MIT
#pragma once
// shown_text: text of an untrusted file for an error message. Double quotes around it, control characters and
// broken bytes as \xNN, at most 80 bytes; a terminal cannot be steered by what a file is called inside.

#include <string>
#include <string_view>

namespace inknav::run {

std::string shown_text(std::string_view text);

/// Whether the bytes are UTF-8 without control characters.
bool is_plain_text(std::string_view text);

}  // namespace inknav::run
