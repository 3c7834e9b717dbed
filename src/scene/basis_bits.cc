// SPDX-License-Identifier: MIT
#include "scene/basis_bits.h"

#include <algorithm>

namespace inknav::scene::internal {

std::uint32_t BitReader::bits(int count) {
  std::uint32_t value = 0;
  for (int i = 0; i < count;) {
    const std::size_t byte = position_ / 8;
    if (byte >= bytes_.size()) {
      ok_ = false;
      return value;
    }
    const int offset = static_cast<int>(position_ % 8);
    const int taken = std::min(8 - offset, count - i);
    const std::uint32_t part = (static_cast<std::uint32_t>(bytes_[byte]) >> offset) & ((1u << taken) - 1u);
    value |= part << i;
    i += taken;
    position_ += static_cast<std::size_t>(taken);
  }
  return value;
}

std::uint32_t BitReader::chunks(int chunk_bits) {
  const std::uint32_t more = 1u << chunk_bits;
  std::uint32_t value = 0;
  for (int shift = 0; shift < 32; shift += chunk_bits) {
    const std::uint32_t chunk = bits(chunk_bits + 1);
    value |= (chunk & (more - 1u)) << shift;
    if ((chunk & more) == 0) return value;
  }
  fail();
  return value;
}

bool HuffmanTable::build(const std::vector<std::uint8_t>& lengths) {
  count_.fill(0);
  for (const std::uint8_t length : lengths) ++count_[length];
  count_[0] = 0;
  std::uint32_t left = 1;
  for (int length = 1; length <= kMaxLength; ++length) {
    left <<= 1;
    const std::uint32_t codes = count_[static_cast<std::size_t>(length)];
    if (codes > left) return false;
    left -= codes;
  }
  std::array<std::uint32_t, kMaxLength + 2> next{};
  for (std::size_t length = 1; length <= kMaxLength; ++length)
    next[length + 1] = next[length] + count_[length];
  symbols_.assign(next[kMaxLength + 1], 0);
  for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
    if (lengths[symbol] != 0) symbols_[next[lengths[symbol]]++] = static_cast<std::uint16_t>(symbol);
  }
  return true;
}

std::uint32_t HuffmanTable::decode(BitReader& in) const {
  std::uint32_t code = 0;
  std::uint32_t first = 0;
  std::uint32_t index = 0;
  for (std::size_t length = 1; length <= kMaxLength; ++length) {
    code |= in.bit();
    if (code - first < count_[length]) return symbols_[index + (code - first)];
    index += count_[length];
    first = (first + count_[length]) << 1;
    code <<= 1;
  }
  in.fail();
  return 0;
}

bool HuffmanTable::read(BitReader& in) {
  // The order in which the lengths of the length codes are sent; 17 to 20 are runs.
  static constexpr std::array<std::uint8_t, 21> kOrder = {17, 18, 19, 20, 0,  8, 7,  9, 6,  10, 5,
                                                          11, 4,  12, 3,  13, 2, 14, 1, 15, 16};
  struct Run {
    int extra_bits;
    std::uint32_t least;
    bool repeats;  // the length before, else zeros
  };
  static constexpr std::array<Run, 4> kRuns = {Run{3, 3, false}, Run{7, 11, false}, Run{2, 3, true},
                                               Run{7, 7, true}};
  const std::uint32_t num_symbols = in.bits(14);
  symbols_.clear();
  count_.fill(0);
  if (num_symbols == 0) return in.ok();
  const std::uint32_t num_lengths = in.bits(5);
  if (num_lengths < 1 || num_lengths > kOrder.size()) return false;
  std::vector<std::uint8_t> lengths(kOrder.size(), 0);
  for (std::uint32_t i = 0; i < num_lengths; ++i) lengths[kOrder[i]] = static_cast<std::uint8_t>(in.bits(3));
  HuffmanTable length_codes;
  if (!in.ok() || !length_codes.build(lengths)) return false;
  lengths.clear();
  while (lengths.size() < num_symbols) {
    const std::uint32_t symbol = length_codes.decode(in);
    if (!in.ok()) return false;
    if (symbol <= 16) {
      lengths.push_back(static_cast<std::uint8_t>(symbol));
      continue;
    }
    const Run& run = kRuns[symbol - 17];
    const std::uint32_t count = run.least + in.bits(run.extra_bits);
    if (run.repeats && (lengths.empty() || lengths.back() == 0)) return false;
    if (count > num_symbols - lengths.size()) return false;
    lengths.insert(lengths.end(), count, run.repeats ? lengths.back() : std::uint8_t{0});
  }
  return in.ok() && build(lengths);
}

}  // namespace inknav::scene::internal
