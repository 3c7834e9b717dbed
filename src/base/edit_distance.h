// SPDX-License-Identifier: MIT
#pragma once
// Edits between two words, for "did you mean ...?": insert, delete, change, or swap of neighbours (optimal
// string alignment), letter case ignored. Laws: 0 exactly for equal words; symmetric; at most the longer
// length. Only the first 64 bytes count. Cost: product of the lengths.

#include <span>
#include <string>
#include <string_view>

namespace inknav::base {

int edit_distance(std::string_view first, std::string_view second);

/// The word of `known` with the fewest edits from `word`, at most `limit` and fewer than it has letters; the
/// first of equals; "" when none is near.
std::string nearest_word(std::string_view word, std::span<const std::string> known, int limit = 2);

}  // namespace inknav::base
