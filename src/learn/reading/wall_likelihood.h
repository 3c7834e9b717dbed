// SPDX-License-Identifier: MIT
#pragma once
// What a drawing says against a belief: seen walls should lie on wall ink, seen floor should not.
//
// The costs of a drawing are looked up for many beliefs at once. sum_cost() is the plain twin of sum_costs()
// and gives the same integers.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace inknav::learn {

/// What it costs each pixel of a drawing that a wall or that free floor was seen there: -log p, small enough
/// together to stay in a core's first cache.
class WallLikelihood {
 public:
  /// wall [size, size] u8, the first of the drawing's planes.
  void assign(const std::uint8_t* wall, int size);
  int size() const { return size_; }
  /// [size + 2, size + 2] in 1/kUnit, then three bytes to spare; the border stands for all outside.
  const std::uint8_t* wall_cost() const { return wall_cost_.data(); }
  const std::uint8_t* floor_cost() const { return floor_cost_.data(); }
  static constexpr float kUnit = 80.0f;

 private:
  int size_ = 0;
  std::vector<std::uint8_t> wall_cost_, floor_cost_;
};

/// What was seen around an agent, in the start frame relative to its place.
struct SeenPoints {
  std::vector<float> right, forward;  // metres
  std::vector<std::int32_t> weight;

  void clear();
  void add(float to_right, float to_forward, std::int32_t its_weight);
  /// Keeps at most `most` of them, others at each step.
  void thin(std::size_t most, std::uint32_t step);
  std::int32_t total_weight() const;
};

/// Affine beliefs in columns, each [count]: position and axes on the paper, a metre of the start frame.
struct BeliefColumns {
  const float *x, *y, *right_x, *right_y, *forward_x, *forward_y;
  std::size_t count;
};

/// Weighted cost of the points as belief `k` lays them on the paper; `table` is one of WallLikelihood's.
std::int32_t sum_cost(const BeliefColumns& beliefs, std::size_t k, const std::uint8_t* table, int size,
                      const SeenPoints& points);
/// Of all beliefs: sums [count].
void sum_costs(const BeliefColumns& beliefs, const std::uint8_t* table, int size, const SeenPoints& points,
               std::int32_t* sums);

}  // namespace inknav::learn
