// SPDX-License-Identifier: MIT
#pragma once
// FastDtw: the approximation of dynamic time warping by Salvador and Chan ("Toward accurate dynamic time
// warping in linear time and space", 2007), as the published nDTW of VLN-CE were computed with radius 1.
//
// Both sequences are halved (means of neighbours, an odd last point dropped) until one has fewer than
// radius + 2 points, where the warping is exact; then each coarser path, widened by `radius` cells to every
// side, is the window of the next finer one. Of equal ways the one from the previous point of the first
// sequence is taken, then from the second's, then the diagonal; this decides the windows, so it is part of
// the result. Law: fast >= exact; equal for a radius as long as the sequences.
// Cost: O((n + m) * radius) time; after reserve() nothing is allocated for sequences up to those lengths.
// Not thread-safe; one object a thread.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/geometry.h"

namespace inknav::task::habitat {

class FastDtw {
 public:
  /// radius >= 1.
  explicit FastDtw(int radius = 1);
  void reserve(std::size_t first_points, std::size_t second_points);

  /// Neither may be empty.
  double distance(std::span<const base::Vec3> first, std::span<const base::Vec3> second);

 private:
  struct Point {
    double x = 0.0, y = 0.0, z = 0.0;
  };
  struct Cell {
    std::int32_t i = 0, j = 0;
  };
  struct Band {  // of one row: the columns [begin, end) that may be walked
    std::int32_t begin = 0, end = 0;
    std::size_t at = 0;  // of column begin in cost_ and from_
  };
  struct Level {
    std::vector<Point> first, second;
  };

  void halve_until_short(std::span<const base::Vec3> first, std::span<const base::Vec3> second);
  void open_all(std::size_t rows, std::size_t columns);
  void open_along_path(std::size_t rows, std::size_t columns);
  double warp(const Level& level);

  int radius_;
  std::vector<Level> levels_;  // finest first; the first num_levels_ are in use
  std::size_t num_levels_ = 0;
  std::vector<Band> bands_;  // [rows]
  std::vector<double> cost_;
  std::vector<std::uint8_t> from_;
  std::vector<Cell> path_;
};

}  // namespace inknav::task::habitat
