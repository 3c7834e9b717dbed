// SPDX-License-Identifier: MIT
#include "task/habitat/fast_dtw.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace inknav::task::habitat {

namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();
enum From : std::uint8_t { kFirst, kSecond, kBoth };  // which sequence the way here stepped along
}  // namespace

FastDtw::FastDtw(int radius) : radius_(radius) { INKNAV_CHECK(radius >= 1, radius); }

void FastDtw::reserve(std::size_t first_points, std::size_t second_points) {
  // A coarse path of at most n/2 + m/2 cells opens 2 * radius + 1 rows and columns around each, all doubled.
  const std::size_t cells = (first_points + second_points) * (4 * static_cast<std::size_t>(radius_) + 8) + 64;
  bands_.reserve(first_points);
  cost_.reserve(cells);
  from_.reserve(cells);
  path_.reserve(first_points + second_points);
  std::size_t level = 0;
  for (std::size_t n = first_points, m = second_points; n > 0 || m > 0; n /= 2, m /= 2, ++level) {
    if (levels_.size() <= level) levels_.emplace_back();
    levels_[level].first.reserve(n);
    levels_[level].second.reserve(m);
  }
}

void FastDtw::halve_until_short(std::span<const base::Vec3> first, std::span<const base::Vec3> second) {
  const auto level_at = [&](std::size_t index) -> Level& {
    if (levels_.size() <= index) levels_.emplace_back();
    return levels_[index];
  };
  const auto copy = [](std::span<const base::Vec3> from, std::vector<Point>& to) {
    to.clear();
    for (const base::Vec3& p : from) {
      to.push_back({static_cast<double>(p.x), static_cast<double>(p.y), static_cast<double>(p.z)});
    }
  };
  const auto halve = [](const std::vector<Point>& from, std::vector<Point>& to) {
    to.clear();
    for (std::size_t i = 0; i + 1 < from.size(); i += 2) {
      const Point &a = from[i], &b = from[i + 1];
      to.push_back({(a.x + b.x) / 2.0, (a.y + b.y) / 2.0, (a.z + b.z) / 2.0});
    }
  };
  copy(first, level_at(0).first);
  copy(second, level_at(0).second);
  num_levels_ = 1;
  const auto enough = static_cast<std::size_t>(radius_) + 2;
  while (std::min(levels_[num_levels_ - 1].first.size(), levels_[num_levels_ - 1].second.size()) >= enough) {
    level_at(num_levels_);  // may move the levels
    halve(levels_[num_levels_ - 1].first, levels_[num_levels_].first);
    halve(levels_[num_levels_ - 1].second, levels_[num_levels_].second);
    ++num_levels_;
  }
}

void FastDtw::open_all(std::size_t rows, std::size_t columns) {
  bands_.assign(rows, {0, static_cast<std::int32_t>(columns), 0});
}

/// Each cell of the coarser path opens the cells within `radius` of it, each of them four finer ones. A path
/// goes on without gaps and never back, so what is open in a row is one piece.
void FastDtw::open_along_path(std::size_t rows, std::size_t columns) {
  bands_.assign(rows, {std::numeric_limits<std::int32_t>::max(), 0, 0});
  const auto last_row = static_cast<std::int32_t>(rows) - 1, last = static_cast<std::int32_t>(columns);
  for (const Cell& cell : path_) {
    const std::int32_t begin = std::max(2 * (cell.j - radius_), 0);
    const std::int32_t end = std::min(2 * (cell.j + radius_) + 2, last);
    const std::int32_t bottom = std::min(2 * (cell.i + radius_) + 1, last_row);
    for (std::int32_t i = std::max(2 * (cell.i - radius_), 0); i <= bottom; ++i) {
      Band& band = bands_[static_cast<std::size_t>(i)];
      band.begin = std::min(band.begin, begin);
      band.end = std::max(band.end, end);
    }
  }
}

/// Exact within bands_; leaves the best alignment in path_, last pair first.
double FastDtw::warp(const Level& level) {
  std::size_t cells = 0;
  for (Band& band : bands_) {
    band.at = cells;
    cells += static_cast<std::size_t>(band.end - band.begin);
  }
  cost_.resize(cells);
  from_.resize(cells);
  const auto cost_at = [&](std::int32_t i, std::int32_t j) {
    if (i < 0 && j < 0) return 0.0;
    if (i < 0 || j < 0) return kInfinity;
    const Band& band = bands_[static_cast<std::size_t>(i)];
    if (j < band.begin || j >= band.end) return kInfinity;
    return cost_[band.at + static_cast<std::size_t>(j - band.begin)];
  };
  const auto rows = static_cast<std::int32_t>(bands_.size());
  for (std::int32_t i = 0; i < rows; ++i) {
    const Band& band = bands_[static_cast<std::size_t>(i)];
    const Point& a = level.first[static_cast<std::size_t>(i)];
    for (std::int32_t j = band.begin; j < band.end; ++j) {
      const Point& b = level.second[static_cast<std::size_t>(j)];
      const double x = a.x - b.x, y = a.y - b.y, z = a.z - b.z;
      const double distance = std::sqrt(x * x + y * y + z * z);
      double best = cost_at(i - 1, j) + distance;
      From from = kFirst;
      if (const double other = cost_at(i, j - 1) + distance; other < best) best = other, from = kSecond;
      if (const double other = cost_at(i - 1, j - 1) + distance; other < best) best = other, from = kBoth;
      const std::size_t at = band.at + static_cast<std::size_t>(j - band.begin);
      cost_[at] = best;
      from_[at] = from;
    }
  }
  path_.clear();
  Cell cell{rows - 1, static_cast<std::int32_t>(level.second.size()) - 1};
  const double total = cost_at(cell.i, cell.j);
  while (cell.i >= 0 && cell.j >= 0) {
    path_.push_back(cell);
    const Band& band = bands_[static_cast<std::size_t>(cell.i)];
    const std::uint8_t from = from_[band.at + static_cast<std::size_t>(cell.j - band.begin)];
    if (from != kSecond) --cell.i;
    if (from != kFirst) --cell.j;
  }
  return total;
}

double FastDtw::distance(std::span<const base::Vec3> first, std::span<const base::Vec3> second) {
  INKNAV_CHECK(!first.empty() && !second.empty(), first.size(), second.size());
  halve_until_short(first, second);
  const Level& coarsest = levels_[num_levels_ - 1];
  open_all(coarsest.first.size(), coarsest.second.size());
  double distance = warp(coarsest);
  for (std::size_t level = num_levels_ - 1; level-- > 0;) {
    open_along_path(levels_[level].first.size(), levels_[level].second.size());
    distance = warp(levels_[level]);
  }
  return distance;
}

}  // namespace inknav::task::habitat
