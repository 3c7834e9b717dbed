// SPDX-License-Identifier: MIT
#include "learn/reading/wall_likelihood.h"

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace inknav::learn {
namespace {

constexpr int kInk = 100;            // of 255: a pixel that counts as wall
constexpr float kSigma = 1.5f;       // pixels a drawn wall may be off its place
constexpr float kStrayWall = 0.05f;  // what a wall that is not drawn costs at most: ln of this
constexpr float kInkOnFloor = 0.9f;  // certainty that there is no floor under full ink

/// Squared distance transform of one line (Felzenszwalb and Huttenlocher, "Distance transforms of sampled
/// functions", 2012); `values` at `stride`, scratch of size + 1.
class LineTransform {
 public:
  explicit LineTransform(int size)
      : size_(size),
        value_(static_cast<std::size_t>(size)),
        vertex_(value_.size()),
        border_(value_.size() + 1) {}

  void run(float* values, std::ptrdiff_t stride) {
    for (int i = 0; i < size_; ++i) value_[static_cast<std::size_t>(i)] = values[i * stride];
    std::size_t last = 0;
    vertex_[0] = 0;
    border_[0] = -std::numeric_limits<float>::infinity();
    border_[1] = std::numeric_limits<float>::infinity();
    for (int q = 1; q < size_; ++q) {
      float meet = crossing(vertex_[last], q);
      while (meet <= border_[last]) meet = crossing(vertex_[--last], q);
      vertex_[++last] = q;
      border_[last] = meet;
      border_[last + 1] = std::numeric_limits<float>::infinity();
    }
    std::size_t piece = 0;
    for (int q = 0; q < size_; ++q) {
      while (border_[piece + 1] < static_cast<float>(q)) ++piece;
      const auto d = static_cast<float>(q - vertex_[piece]);
      values[q * stride] = d * d + value_[static_cast<std::size_t>(vertex_[piece])];
    }
  }

 private:
  float crossing(int p, int q) const {
    const auto a = static_cast<float>(p), b = static_cast<float>(q);
    return ((value_[static_cast<std::size_t>(q)] + b * b) - (value_[static_cast<std::size_t>(p)] + a * a)) /
           (2.0f * (b - a));
  }
  int size_;
  std::vector<float> value_;
  std::vector<int> vertex_;
  std::vector<float> border_;
};

constexpr float kFar = 1e6f;  // squared pixels: no ink on the paper
constexpr float kMaxPlace =
    1e6f;  // pixels, so that places fit into an int, however far a hypothesis has gone
constexpr std::size_t kLanes = 8;       // hypotheses at a time
constexpr std::size_t kSpareBytes = 3;  // after a table: four bytes are fetched for one

std::uint8_t as_cost(float log_likelihood) {
  return static_cast<std::uint8_t>(std::lround(-log_likelihood * WallLikelihood::kUnit));
}

constexpr float kFarthest = 63.0f;  // squared pixels from which on it makes no difference how far ink is

struct CostTables {
  std::array<std::uint8_t, 64> wall;    // by the squared distance to ink, pixels: whole numbers
  std::array<std::uint8_t, 256> floor;  // by ink
};

const CostTables& cost_tables() {
  static const CostTables tables = [] {
    CostTables made{};
    for (std::size_t i = 0; i < made.wall.size(); ++i) {
      const float near = std::exp(-0.5f * static_cast<float>(i) / (kSigma * kSigma));
      made.wall[i] = as_cost(std::log(kStrayWall + (1.0f - kStrayWall) * near));
    }
    for (std::size_t i = 0; i < made.floor.size(); ++i)
      made.floor[i] = as_cost(std::log(1.0f - kInkOnFloor * (static_cast<float>(i) / 255.0f)));
    return made;
  }();
  return tables;
}

}  // namespace

void WallLikelihood::assign(const std::uint8_t* wall, int size) {
  size_ = size;
  const auto side = static_cast<std::size_t>(size);
  std::vector<float> distance(side * side);
  for (std::size_t i = 0; i < distance.size(); ++i) distance[i] = wall[i] > kInk ? 0.0f : kFar;
  LineTransform line(size);
  for (std::size_t i = 0; i < side; ++i) line.run(distance.data() + i, size);
  for (std::size_t i = 0; i < side; ++i) line.run(distance.data() + i * side, 1);
  wall_cost_.assign((side + 2) * (side + 2) + kSpareBytes, cost_tables().wall.back());
  floor_cost_.assign(wall_cost_.size(), 0);
  const CostTables& costs = cost_tables();
  for (std::size_t row = 0; row < side; ++row) {
    for (std::size_t k = 0; k < side; ++k) {
      const std::size_t i = row * side + k, place = (row + 1) * (side + 2) + k + 1;
      wall_cost_[place] = costs.wall[static_cast<std::size_t>(std::min(distance[i], kFarthest))];
      floor_cost_[place] = costs.floor[wall[i]];
    }
  }
}

void SeenPoints::clear() {
  right.clear();
  forward.clear();
  weight.clear();
}

void SeenPoints::add(float to_right, float to_forward, std::int32_t its_weight) {
  right.push_back(to_right);
  forward.push_back(to_forward);
  weight.push_back(its_weight);
}

void SeenPoints::thin(std::size_t most, std::uint32_t step) {
  const std::size_t stride = (right.size() + most - 1) / most;
  if (stride <= 1) return;
  std::size_t kept = 0;
  for (std::size_t i = step % stride; i < right.size(); i += stride, ++kept) {
    right[kept] = right[i];
    forward[kept] = forward[i];
    weight[kept] = weight[i];
  }
  right.resize(kept);
  forward.resize(kept);
  weight.resize(kept);
}

std::int32_t SeenPoints::total_weight() const {
  return std::accumulate(weight.begin(), weight.end(), std::int32_t{0});
}

std::int32_t sum_cost(const BeliefColumns& beliefs, std::size_t k, const std::uint8_t* table, int size,
                      const SeenPoints& points) {
  const auto pixels = [&](const float* column) {
    return std::min(std::max(column[k] * static_cast<float>(size), -kMaxPlace), kMaxPlace);
  };
  const float x0 = pixels(beliefs.x) + 1.0f, y0 = pixels(beliefs.y) + 1.0f;
  const float right_x = pixels(beliefs.right_x), right_y = pixels(beliefs.right_y);
  const float forward_x = pixels(beliefs.forward_x), forward_y = pixels(beliefs.forward_y);
  const std::int32_t last = size + 1;
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < points.weight.size(); ++i) {
    const auto x = static_cast<std::int32_t>(x0 + right_x * points.right[i] + forward_x * points.forward[i]);
    const auto y = static_cast<std::int32_t>(y0 + right_y * points.right[i] + forward_y * points.forward[i]);
    sum += points.weight[i] *
           table[std::clamp(y, std::int32_t{0}, last) * (last + 1) + std::clamp(x, std::int32_t{0}, last)];
  }
  return sum;
}

void sum_costs(const BeliefColumns& beliefs, const std::uint8_t* table, int size, const SeenPoints& points,
               std::int32_t* sums) {
  const __m256 scale = _mm256_set1_ps(static_cast<float>(size)), one = _mm256_set1_ps(1.0f);
  const __m256 most = _mm256_set1_ps(kMaxPlace), least = _mm256_set1_ps(-kMaxPlace);
  const __m256i zero = _mm256_setzero_si256(), last = _mm256_set1_epi32(size + 1);
  const __m256i width = _mm256_set1_epi32(size + 2), low_byte = _mm256_set1_epi32(255);
  const auto pixels = [&](const float* at) {
    return _mm256_min_ps(_mm256_max_ps(_mm256_mul_ps(_mm256_loadu_ps(at), scale), least), most);
  };
  const auto line = [&](__m256 start, __m256 by_right, __m256 right, __m256 by_forward, __m256 forward) {
    const __m256 at = _mm256_add_ps(_mm256_add_ps(start, _mm256_mul_ps(by_right, right)),
                                    _mm256_mul_ps(by_forward, forward));
    return _mm256_min_epi32(_mm256_max_epi32(_mm256_cvttps_epi32(at), zero), last);
  };
  std::size_t k = 0;
  for (; k + kLanes <= beliefs.count; k += kLanes) {
    const __m256 x0 = _mm256_add_ps(pixels(beliefs.x + k), one);
    const __m256 y0 = _mm256_add_ps(pixels(beliefs.y + k), one);
    const __m256 right_x = pixels(beliefs.right_x + k), right_y = pixels(beliefs.right_y + k);
    const __m256 forward_x = pixels(beliefs.forward_x + k), forward_y = pixels(beliefs.forward_y + k);
    __m256i sum = zero;
    for (std::size_t i = 0; i < points.weight.size(); ++i) {
      const __m256 right = _mm256_set1_ps(points.right[i]), forward = _mm256_set1_ps(points.forward[i]);
      const __m256i x = line(x0, right_x, right, forward_x, forward);
      const __m256i y = line(y0, right_y, right, forward_y, forward);
      const __m256i place = _mm256_add_epi32(_mm256_mullo_epi32(y, width), x);
      const __m256i cost =
          _mm256_and_si256(_mm256_i32gather_epi32(reinterpret_cast<const int*>(table), place, 1), low_byte);
      sum = _mm256_add_epi32(sum, _mm256_mullo_epi32(cost, _mm256_set1_epi32(points.weight[i])));
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + k), sum);
  }
  for (; k < beliefs.count; ++k) sums[k] = sum_cost(beliefs, k, table, size, points);
}

}  // namespace inknav::learn
