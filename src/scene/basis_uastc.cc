// SPDX-License-Identifier: MIT
#include "scene/basis_uastc.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/check.h"
#include "scene/basis_bits.h"

namespace inknav::scene::internal {
namespace {

constexpr std::size_t kBlockBytes = 16;
constexpr std::size_t kTexels = 16;
using Color = std::array<std::uint8_t, 4>;
using Texels = std::array<Color, kTexels>;

/// How ASTC codes one whole number: a digit of base 3 or 5 (or none) above some plain bits.
struct Range {
  std::uint32_t base;  // 1, 3 or 5
  int bits;
};

enum class Layout : std::uint8_t { kRgb, kRgba, kGreyAlpha };

struct Mode {
  std::uint32_t code;  // what the block starts with, `code_bits` of it
  int code_bits;
  Layout layout;
  Range range;  // of the end colours
  int weight_bits;
  int planes;  // 2: one channel has weights of its own
  int subsets;
  int hint_bits;  // for encoders of other formats
};

constexpr Range kLevels12{3, 2}, kLevels16{1, 4}, kLevels32{1, 5}, kLevels40{5, 3}, kLevels48{3, 4},
    kLevels160{5, 5}, kLevels192{3, 6}, kLevels256{1, 8};
constexpr std::size_t kSolid = 8;
constexpr std::size_t kOtherPatterns = 7;  // the mode with a pattern list of its own

constexpr std::array<Mode, 19> kModes{{{1, 4, Layout::kRgb, kLevels192, 4, 1, 1, 15},
                                       {53, 6, Layout::kRgb, kLevels256, 2, 1, 1, 15},
                                       {29, 5, Layout::kRgb, kLevels16, 3, 1, 2, 15},
                                       {3, 5, Layout::kRgb, kLevels12, 2, 1, 3, 15},
                                       {19, 5, Layout::kRgb, kLevels40, 2, 1, 2, 15},
                                       {11, 5, Layout::kRgb, kLevels256, 3, 1, 1, 15},
                                       {27, 5, Layout::kRgb, kLevels160, 2, 2, 1, 15},
                                       {7, 5, Layout::kRgb, kLevels40, 2, 1, 2, 15},
                                       {23, 5, Layout::kRgba, kLevels256, 0, 0, 0, 0},
                                       {15, 5, Layout::kRgba, kLevels16, 2, 1, 2, 23},
                                       {2, 3, Layout::kRgba, kLevels48, 4, 1, 1, 17},
                                       {0, 2, Layout::kRgba, kLevels48, 2, 2, 1, 17},
                                       {6, 3, Layout::kRgba, kLevels192, 3, 1, 1, 17},
                                       {31, 5, Layout::kRgba, kLevels256, 1, 2, 1, 23},
                                       {13, 5, Layout::kRgba, kLevels256, 2, 1, 1, 23},
                                       {5, 7, Layout::kGreyAlpha, kLevels256, 4, 1, 1, 23},
                                       {21, 6, Layout::kGreyAlpha, kLevels256, 2, 1, 2, 23},
                                       {37, 6, Layout::kGreyAlpha, kLevels256, 2, 2, 1, 23},
                                       {9, 4, Layout::kRgb, kLevels32, 5, 1, 1, 15}}};

/// Which of two subsets each texel belongs to, in raster order.
constexpr std::array<std::string_view, 30> kPatterns2 = {
    "0011001100110011", "0001000100010001", "1000100010001000", "0001001100110111", "1111111011101100",
    "0011011101111111", "1110110010000000", "1111111011001000", "0000000000010011", "1100100000000000",
    "0000000101111111", "1111111111101000", "1110100000000000", "1111111100000000", "0000111111111111",
    "1111111111110000", "1000111011111111", "1111111101110001", "0111001100010000", "0011000100000000",
    "0000100011001110", "1111111101110011", "1000110011001110", "0011000100010000", "1111011101110011",
    "0110011001100110", "1111000000001111", "1010101010101010", "1111000011110000", "1001001101101100"};
constexpr std::array<std::string_view, 11> kPatterns3 = {
    "0000000011221122", "1111111100002222", "1111000000002222", "1111222200000000",
    "1120112011201120", "0112011201120112", "0211021102110211", "2000200021112111",
    "2012201220122012", "1111000022221111", "0022001100110022"};
constexpr std::array<std::string_view, 19> kPatternsOfMode7 = {
    "0000111100000000", "0010001000100010", "1100110010000000", "0000000100110011", "1111111100001111",
    "0100010001000100", "0001001111111111", "0111001100110011", "1100000000111100", "0111011100000000",
    "0000000011101110", "1100000000001100", "0111001100000000", "0000000111111111", "1111111111110110",
    "1100110011001000", "1111111110001000", "0011011011001000", "1111011100000000"};
constexpr std::string_view kOneSubset = "0000000000000000";

/// None when the block names a pattern that does not exist.
std::optional<std::string_view> read_pattern(std::size_t mode, BitReader& in) {
  const int subsets = kModes[mode].subsets;
  if (subsets == 1) return kOneSubset;
  const std::uint32_t number = in.bits(subsets == 3 ? 4 : 5);
  const auto pick = [&](auto& list) {
    return number < list.size() ? std::optional<std::string_view>(list[number]) : std::nullopt;
  };
  if (mode == kOtherPatterns) return pick(kPatternsOfMode7);
  return subsets == 3 ? pick(kPatterns3) : pick(kPatterns2);
}

/// A coded end colour as 8 bits, by ASTC's rule: plain bits are repeated; with a digit above them,
/// T = digit * C + B, the lowest bit a turning all of T over. B is made of the other bits.
std::uint8_t expand(Range range, std::uint32_t digit, std::uint32_t bits) {
  if (range.base == 1) {
    if (range.bits == 8) return static_cast<std::uint8_t>(bits);
    return static_cast<std::uint8_t>(range.bits == 4 ? bits * 17 : (bits << 3) | (bits >> 2));
  }
  const std::uint32_t upper = bits >> 1;
  std::uint32_t b = 0;
  std::uint32_t c = 0;
  if (range.base == 3 && range.bits == 2) {
    b = upper * 0x116;  // b000b0bb0
    c = 93;
  } else if (range.base == 3 && range.bits == 4) {
    b = (upper << 6) | upper;  // dcb000dcb
    c = 22;
  } else if (range.base == 3) {
    b = (upper << 4) | (upper >> 4);  // fedcb000f
    c = 5;
  } else if (range.bits == 3) {
    b = (upper << 7) | (upper << 1) | (upper >> 1);  // cb0000cbc
    c = 26;
  } else {
    b = (upper << 5) | (upper >> 3);  // edcb0000e
    c = 6;
  }
  const std::uint32_t a = (bits & 1u) != 0 ? 0x1FF : 0;
  const std::uint32_t t = (digit * c + b) ^ a;
  return static_cast<std::uint8_t>((a & 0x80) | (t >> 2));
}

/// `count` end values. Digits come before the plain bits, several in one number.
void read_ends(Range range, std::size_t count, BitReader& in, std::array<std::uint8_t, 18>& out) {
  static constexpr std::array<int, 6> kBitsOfTrits = {0, 2, 4, 5, 7, 8};
  static constexpr std::array<int, 4> kBitsOfQuints = {0, 3, 5, 7};
  std::array<std::uint32_t, 18> digits{};
  const std::size_t group = range.base == 3 ? 5 : 3;
  for (std::size_t at = 0; range.base != 1 && at < count; at += group) {
    const std::size_t here = std::min(group, count - at);
    std::uint32_t number = in.bits(range.base == 3 ? kBitsOfTrits[here] : kBitsOfQuints[here]);
    for (std::size_t i = 0; i < here; ++i, number /= range.base) digits[at + i] = number % range.base;
  }
  for (std::size_t i = 0; i < count; ++i) out[i] = expand(range, digits[i], in.bits(range.bits));
}

/// Of 64: the code's bits repeated to six, and one more above the middle.
std::uint32_t weight_of(int bits, std::uint32_t code) {
  constexpr std::array<std::uint32_t, 4> kRepeat = {0, 63, 21, 9};
  const std::uint32_t six = bits < 4    ? code * kRepeat[static_cast<std::size_t>(bits)]
                            : bits == 4 ? (code << 2) | (code >> 2)
                                        : (code << 1) | (code >> 4);
  return six > 32 ? six + 1 : six;
}

std::uint8_t mix(std::uint8_t from, std::uint8_t to, std::uint32_t weight) {
  return static_cast<std::uint8_t>(((from * 257u) * (64 - weight) + (to * 257u) * weight + 32) >> 14);
}

std::array<Color, 2> end_colors(Layout layout, const std::uint8_t* v) {
  switch (layout) {
    case Layout::kRgb:
      return {Color{v[0], v[2], v[4], 255}, Color{v[1], v[3], v[5], 255}};
    case Layout::kRgba:
      return {Color{v[0], v[2], v[4], v[6]}, Color{v[1], v[3], v[5], v[7]}};
    case Layout::kGreyAlpha:
      return {Color{v[0], v[0], v[0], v[2]}, Color{v[1], v[1], v[1], v[3]}};
  }
  return {};
}

std::optional<std::size_t> read_mode(BitReader& in) {
  std::uint32_t code = 0;
  for (int length = 1; length <= 7; ++length) {
    code |= in.bit() << (length - 1);
    for (std::size_t m = 0; m < kModes.size(); ++m) {
      if (kModes[m].code_bits == length && kModes[m].code == code) return m;
    }
  }
  return std::nullopt;
}

bool decode_block(std::span<const std::uint8_t> bytes, Texels& out) {
  BitReader in(bytes);
  const std::optional<std::size_t> number = read_mode(in);
  if (!number) return false;
  if (*number == kSolid) {
    Color color{};
    for (std::uint8_t& channel : color) channel = static_cast<std::uint8_t>(in.bits(8));
    out.fill(color);
    return true;
  }
  const Mode& mode = kModes[*number];
  in.bits(mode.hint_bits);
  // The channel with weights of its own; of grey with alpha it is alpha.
  std::size_t other = 4;
  if (mode.planes == 2) other = mode.layout == Layout::kGreyAlpha ? 3 : in.bits(2);
  const std::optional<std::string_view> pattern = read_pattern(*number, in);
  if (!pattern) return false;
  const std::size_t channels = mode.layout == Layout::kRgb ? 3 : mode.layout == Layout::kRgba ? 4 : 2;
  std::array<std::uint8_t, 18> ends{};
  read_ends(mode.range, 2 * channels * static_cast<std::size_t>(mode.subsets), in, ends);
  std::array<bool, 3> met{};  // a subset's first weight has its highest bit left out: it is 0
  for (std::size_t i = 0; i < kTexels; ++i) {
    const auto subset = static_cast<std::size_t>((*pattern)[i] - '0');
    const int bits = mode.weight_bits - (met[subset] ? 0 : 1);
    met[subset] = true;
    const std::uint32_t weight = weight_of(mode.weight_bits, in.bits(bits));
    const std::uint32_t second = mode.planes == 2 ? weight_of(mode.weight_bits, in.bits(bits)) : weight;
    const auto [from, to] = end_colors(mode.layout, ends.data() + 2 * channels * subset);
    for (std::size_t c = 0; c < 4; ++c) out[i][c] = mix(from[c], to[c], c == other ? second : weight);
  }
  return in.ok();
}

}  // namespace

base::Status decode_uastc(std::span<const std::uint8_t> blocks, Image& image) {
  INKNAV_CHECK(image.channels == 4, image.channels);
  const int blocks_x = (image.width + 3) / 4;
  const int blocks_y = (image.height + 3) / 4;
  const std::size_t wanted =
      kBlockBytes * static_cast<std::size_t>(blocks_x) * static_cast<std::size_t>(blocks_y);
  if (blocks.size() < wanted) {
    return base::Error{base::ErrorCode::kData,
                       fmt::format("{} bytes of UASTC blocks are wanted, {} are there; it is cut off", wanted,
                                   blocks.size())};
  }
  Texels texels{};
  for (int y = 0; y < blocks_y; ++y) {
    for (int x = 0; x < blocks_x; ++x) {
      const std::size_t number =
          static_cast<std::size_t>(y) * static_cast<std::size_t>(blocks_x) + static_cast<std::size_t>(x);
      if (!decode_block(blocks.subspan(number * kBlockBytes, kBlockBytes), texels)) {
        return base::Error{base::ErrorCode::kData, fmt::format("its UASTC block {} is damaged", number)};
      }
      const int width = std::min(4, image.width - 4 * x);
      for (int row = 0; row < std::min(4, image.height - 4 * y); ++row) {
        const std::size_t at = static_cast<std::size_t>(4 * y + row) * static_cast<std::size_t>(image.width) +
                               static_cast<std::size_t>(4 * x);
        for (int column = 0; column < width; ++column) {
          const Color& color = texels[static_cast<std::size_t>(4 * row + column)];
          std::copy(color.begin(), color.end(),
                    image.pixels.begin() +
                        static_cast<std::ptrdiff_t>(4 * (at + static_cast<std::size_t>(column))));
        }
      }
    }
  }
  return base::ok_status();
}

}  // namespace inknav::scene::internal
