// SPDX-License-Identifier: MIT
#pragma once
// Etc1sDecoder: Basis Universal's ETC1S texture data (its published specification, sections 7 to 11): two
// codebooks, of colours and of 4 x 4 patterns, and slices in which each block names one of each. Internal to
// the module. Errors: kData, saying which part is damaged.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "scene/basis_bits.h"
#include "scene/image.h"

namespace inknav::scene::internal {

class Etc1sDecoder {
 public:
  struct Parts {
    std::uint32_t num_endpoints = 0;
    std::uint32_t num_selectors = 0;
    std::span<const std::uint8_t> endpoints;
    std::span<const std::uint8_t> selectors;
    std::span<const std::uint8_t> tables;
  };
  static base::Result<Etc1sDecoder> create(const Parts& parts);

  /// Writes the slice's colours to the first three channels of `image` (RGBA, its size is the slice's), or
  /// its green to the fourth.
  base::Status decode(std::span<const std::uint8_t> slice, bool is_alpha, Image& image) const;

 private:
  struct Endpoint {
    std::uint8_t color[3];  // 8 bits
    std::uint8_t table;     // of brightness steps, 0 to 7
  };
  struct Selector {
    std::uint8_t rows[4];  // two bits a pixel, the leftmost lowest
  };
  class Slice;

  bool read_endpoints(BitReader in, std::uint32_t count);
  bool read_selectors(BitReader in, std::uint32_t count);
  bool read_tables(BitReader in);
  void paint(const Endpoint& endpoint, const Selector& selector, int block_x, int block_y, bool is_alpha,
             Image& image) const;

  std::vector<Endpoint> endpoints_;
  std::vector<Selector> selectors_;
  HuffmanTable predictions_;
  HuffmanTable endpoint_steps_;
  HuffmanTable selector_codes_;
  HuffmanTable run_lengths_;
  std::uint32_t history_size_ = 0;
};

}  // namespace inknav::scene::internal
