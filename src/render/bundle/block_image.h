// SPDX-License-Identifier: MIT
#pragma once
// BlockImage: what the rays of one block of pixels have met so far, and whether something may still be seen
// through it.
//
// Depths are metres along the axis, `far_m` where nothing was met yet; columns and rows outside the block
// hold -1, which nothing is nearer than. open() answers for a rectangle of pixels from the greatest depth of
// each tile of 8 x 4 pixels, which is computed anew when it is asked for after a change, and exactly where
// the rectangle lies in one tile. 33 KB; one thread.

#include <algorithm>
#include <cstdint>

#include "render/bundle/float8.h"

namespace inknav::render {

inline constexpr int kBlockSide = 64;

/// Columns left to right and rows top to bottom, both ends included, of a block.
struct PixelRect {
  std::int32_t left = 0;
  std::int32_t right = 0;
  std::int32_t top = 0;
  std::int32_t bottom = 0;
};

class BlockImage {
 public:
  BlockImage(int width, int height, float far_m) {
    for (int row = 0; row < kBlockSide; ++row) {
      std::fill_n(depth_[row], row < height ? width : 0, far_m);
      std::fill(depth_[row] + (row < height ? width : 0), depth_[row] + kBlockSide, -1.0f);
      std::fill_n(triangle_[row], kBlockSide, 0u);
    }
    for (auto& tiles : tile_max_) std::fill_n(tiles, kTileColumns, far_m);
  }

  const float* depth(int row) const { return depth_[row]; }
  /// Numbers of the triangles met; 0 where none was.
  const std::uint32_t* triangle(int row) const { return triangle_[row]; }

  /// Takes the depths of the lanes in `mask` for columns 8 * group to 8 * group + 7.
  void take(int row, int group, Float8 mask, Float8 metres, __m256i number) {
    Float8 depths;
    __m256i numbers;
    load(row, group, depths, numbers);
    _mm256_store_ps(&depth_[row][group * kLanes], choose(mask, metres, depths));
    _mm256_store_si256(
        reinterpret_cast<__m256i*>(&triangle_[row][group * kLanes]),
        _mm256_castps_si256(choose(mask, _mm256_castsi256_ps(number), _mm256_castsi256_ps(numbers))));
    changed_[row / kTileRows] |= 1u << group;
  }
  void load(int row, int group, Float8& depths, __m256i& numbers) const {
    depths = _mm256_load_ps(&depth_[row][group * kLanes]);
    numbers = _mm256_load_si256(reinterpret_cast<const __m256i*>(&triangle_[row][group * kLanes]));
  }

  /// Whether something `near_m` away may be seen in a pixel of the rectangle; true is allowed where it may
  /// not.
  bool open(const PixelRect& rect, float near_m) {
    const int first_column = rect.left / kLanes, last_column = rect.right / kLanes;
    const int first_row = rect.top / kTileRows, last_row = rect.bottom / kTileRows;
    if (first_column == last_column && first_row == last_row) return open_in_tile(rect, near_m);
    for (int row = first_row; row <= last_row; ++row) {
      for (int column = first_column; column <= last_column; ++column) {
        if (tile_max(row, column) >= near_m) return true;
      }
    }
    return false;
  }

 private:
  static constexpr int kTileRows = 4;
  static constexpr int kTileColumns = kBlockSide / kLanes;

  bool open_in_tile(const PixelRect& rect, float near_m) const {
    const std::uint32_t columns = (0xFFu >> (kLanes - 1 - (rect.right - rect.left))) << (rect.left % kLanes);
    const int first = rect.left - rect.left % kLanes;
    std::uint32_t found = 0;
    for (int row = rect.top; row <= rect.bottom; ++row) {
      found |= bits(at_least(_mm256_load_ps(&depth_[row][first]), all(near_m)));
    }
    return (found & columns) != 0;
  }

  float tile_max(int row, int column) {
    if ((changed_[row] >> column & 1u) != 0) {
      changed_[row] &= ~(1u << column);
      Float8 most = _mm256_load_ps(&depth_[row * kTileRows][column * kLanes]);
      for (int i = 1; i < kTileRows; ++i) {
        most = greater(most, _mm256_load_ps(&depth_[row * kTileRows + i][column * kLanes]));
      }
      __m128 half = _mm_max_ps(_mm256_castps256_ps128(most), _mm256_extractf128_ps(most, 1));
      half = _mm_max_ps(half, _mm_movehl_ps(half, half));
      tile_max_[row][column] = _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
    }
    return tile_max_[row][column];
  }

  alignas(32) float depth_[kBlockSide][kBlockSide];
  alignas(32) std::uint32_t triangle_[kBlockSide][kBlockSide];
  float tile_max_[kBlockSide / kTileRows][kTileColumns];
  std::uint32_t changed_[kBlockSide / kTileRows] = {};  // bit c: tile_max_[.][c] is out of date
};

}  // namespace inknav::render
