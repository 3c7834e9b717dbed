// SPDX-License-Identifier: MIT
#include "base/edit_distance.h"

#include <algorithm>
#include <vector>

namespace inknav::base {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

}  // namespace

int edit_distance(std::string_view first, std::string_view second) {
  const std::string a = lower(first.substr(0, 64));
  const std::string b = lower(second.substr(0, 64));
  std::vector<std::vector<int>> cost(a.size() + 1, std::vector<int>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = static_cast<int>(i + j);
        continue;
      }
      cost[i][j] =
          std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

std::string nearest_word(std::string_view word, std::span<const std::string> known, int limit) {
  int best = limit + 1;
  std::string nearest;
  for (const std::string& candidate : known) {
    const int edits = edit_distance(word, candidate);
    if (edits >= best || edits >= static_cast<int>(candidate.size())) continue;
    best = edits;
    nearest = candidate;
  }
  return nearest;
}

}  // namespace inknav::base
