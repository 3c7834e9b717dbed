// SPDX-License-Identifier: MIT
#pragma once
// Bits and canonical Huffman codes as Basis Universal stores them (its published specification, sections 6
// and 10.2). Internal to the module. Reading past the end gives zeros and is remembered: whoever decodes asks
// ok() at the end, and loops are bounded by counts, so damaged bytes end in an error and never in a long
// loop.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace inknav::scene::internal {

/// Least significant bit first.
class BitReader {
 public:
  explicit BitReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  std::uint32_t bits(int count);  // 0 to 32
  std::uint32_t bit() { return bits(1); }
  /// Chunks of `chunk_bits`, each with a bit that says whether another follows; at most 32 bits.
  std::uint32_t chunks(int chunk_bits);
  bool ok() const { return ok_; }
  void fail() { ok_ = false; }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t position_ = 0;  // bits
  bool ok_ = true;
};

class HuffmanTable {
 public:
  /// The table's code lengths, themselves compressed; false if they are no table. A table may be empty.
  bool read(BitReader& in);
  /// Fails the reader where no code matches.
  std::uint32_t decode(BitReader& in) const;

 private:
  static constexpr int kMaxLength = 16;
  bool build(const std::vector<std::uint8_t>& lengths);

  std::array<std::uint32_t, kMaxLength + 1> count_{};  // codes of each length
  std::vector<std::uint16_t> symbols_;                 // in order of their codes
};

}  // namespace inknav::scene::internal
