// SPDX-License-Identifier: MIT
#include "task/depth_code.h"

#include <algorithm>
#include <cstddef>

#include "base/check.h"

namespace inknav::task {

namespace {

int guess(int left, int above, int corner) {
  const int low = std::min(left, above), high = std::max(left, above);
  return std::clamp(left + above - corner, low, high);
}

std::uint8_t low_byte(int value) { return static_cast<std::uint8_t>(value & 0xFF); }

}  // namespace

const std::array<float, 256>& depth_of_code() {
  static const std::array<float, 256> table = [] {
    std::array<float, 256> values{};
    for (std::size_t c = 0; c < values.size(); ++c) {
      const float root = static_cast<float>(c) / 255.0f;
      values[c] = root * root;
    }
    return values;
  }();
  return table;
}

void filter_depth(std::span<std::uint8_t> codes, int width) {
  const auto w = static_cast<std::size_t>(width);
  INKNAV_CHECK(width >= 1 && codes.size() % w == 0, width, codes.size());
  // From the end, so that a guess still sees codes.
  for (std::size_t y = codes.size() / w; y-- > 0;) {
    std::uint8_t* row = codes.data() + y * w;
    for (std::size_t x = w; x-- > 0;) {
      const int left = x > 0 ? row[x - 1] : 0;
      const int above = y > 0 ? *(row + x - w) : 0;
      const int corner = x > 0 && y > 0 ? *(row + x - w - 1) : 0;
      const int guessed = y == 0 ? left : x == 0 ? above : guess(left, above, corner);
      row[x] = low_byte(row[x] - guessed);
    }
  }
}

void unfilter_depth(std::span<std::uint8_t> codes, int width) {
  const auto w = static_cast<std::size_t>(width);
  INKNAV_CHECK(width >= 1 && codes.size() % w == 0, width, codes.size());
  if (codes.empty()) return;
  for (std::size_t x = 1; x < w; ++x) codes[x] = low_byte(codes[x] + codes[x - 1]);
  for (std::size_t y = 1; y < codes.size() / w; ++y) {
    std::uint8_t* row = codes.data() + y * w;
    const std::uint8_t* before = row - w;
    int left = row[0] = low_byte(row[0] + before[0]);
    for (std::size_t x = 1; x < w; ++x) {
      left = low_byte(row[x] + guess(left, before[x], before[x - 1]));
      row[x] = static_cast<std::uint8_t>(left);
    }
  }
}

}  // namespace inknav::task
