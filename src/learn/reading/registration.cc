// SPDX-License-Identifier: MIT
#include "learn/reading/registration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/check.h"

namespace inknav::learn {
namespace {

constexpr int kInk = 100;            // of 255: a pixel that counts as wall
constexpr float kSigma = 1.5f;       // pixels a drawn wall may be off its place
constexpr float kStrayWall = 0.05f;  // what a wall that is not drawn costs at most: ln of this
constexpr float kInkOnFloor = 0.9f;  // certainty that there is no floor under full ink
constexpr int kMaxPoints = 64;       // of walls, and of floor
constexpr int kFloorLattice = 3;     // cells between floor points
constexpr float kNear = 2.0f;        // metres; farther points count less, the paper is bent
constexpr float kWeightUnit = 64.0f;
constexpr std::size_t kNormals = 4096;
constexpr float kAnywhere = 0.25f;  // paper units: deviation of a place that is not marked

/// Standard normal numbers; hypotheses read them at offsets that the key gives.
const std::array<float, kNormals>& normal_table() {
  static const std::array<float, kNormals> table = [] {
    std::array<float, kNormals> values{};
    base::PhiloxStream stream({0, 0, 0, 0, base::Purpose::kRegistration});
    for (float& value : values) value = stream.normal();
    return values;
  }();
  return table;
}

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

std::uint8_t as_cost(float log_likelihood) {
  return static_cast<std::uint8_t>(std::lround(-log_likelihood * WallLikelihood::kUnit));
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
  wall_cost_.assign((side + 2) * (side + 2), as_cost(std::log(kStrayWall)));
  floor_cost_.assign(wall_cost_.size(), 0);
  for (std::size_t row = 0; row < side; ++row) {
    for (std::size_t k = 0; k < side; ++k) {
      const std::size_t i = row * side + k, place = (row + 1) * (side + 2) + k + 1;
      const float near = std::exp(-0.5f * distance[i] / (kSigma * kSigma));
      const float ink = static_cast<float>(wall[i]) / 255.0f;
      wall_cost_[place] = as_cost(std::log(kStrayWall + (1.0f - kStrayWall) * near));
      floor_cost_[place] = as_cost(std::log(1.0f - kInkOnFloor * ink));
    }
  }
}

Registration::Registration(const RegistrationSettings& settings)
    : settings_(settings), values_(capacity() * kColumns) {}

void Registration::begin(const Belief& first, const Odometry& pose, const FirstKnowledge& known,
                         const base::PhiloxKey& key) {
  pose_ = pose;
  std::fill(values_.begin(), values_.end(), 0.0f);
  count_ = known.close ? static_cast<std::size_t>(settings_.hypotheses) : capacity();
  first_log_scale_ = log_scale_of(first);
  Belief start = first;
  learn::move(start, {0.0f, 0.0f, pose.yaw}, {});
  for (std::size_t k = 0; k < count(); ++k) {
    Belief one = start;
    if (!known.heading) {
      const float part = static_cast<float>(k) / static_cast<float>(count());
      learn::move(one, {}, {0.0f, 0.0f, 2.0f * base::kPi * part});
    }
    column(kX)[k] = one.position.x;
    column(kY)[k] = one.position.y;
    column(kRightX)[k] = one.right.x;
    column(kRightY)[k] = one.right.y;
    column(kForwardX)[k] = one.forward.x;
    column(kForwardY)[k] = one.forward.y;
  }
  const RegistrationSettings& s = settings_;
  const float place = known.place ? s.first_position : kAnywhere * std::exp(-log_scale_of(first));
  disturb({place, place, s.first_heading, s.first_scale, s.first_stretch, s.first_stretch}, key);
}

void Registration::disturb(const std::array<float, 6>& deviations, const base::PhiloxKey& key) {
  const std::array<float, kNormals>& normals = normal_table();
  base::PhiloxStream stream(key);
  std::array<std::size_t, 6> offset, stride;
  for (std::size_t d = 0; d < 6; ++d) {
    const std::uint32_t bits = stream.next_u32();
    offset[d] = bits % kNormals;
    stride[d] = (bits >> 16) | 1u;  // odd: visits all
  }
  const auto normal = [&](std::size_t d, std::size_t k) {
    return deviations[d] * normals[(offset[d] + k * stride[d]) % kNormals];
  };
  float *x = column(kX), *y = column(kY), *rx = column(kRightX), *ry = column(kRightY),
        *fx = column(kForwardX), *fy = column(kForwardY);
  for (std::size_t k = 0; k < count(); ++k) {
    const float place_right = normal(0, k), place_forward = normal(1, k);
    x[k] += rx[k] * place_right + fx[k] * place_forward;
    y[k] += ry[k] * place_right + fy[k] * place_forward;
    // I + [[scale + stretch, shear - turn], [shear + turn, scale - stretch]] on the paper, to first order.
    const float turn = normal(2, k), scale = normal(3, k), axes = normal(4, k), diagonals = normal(5, k);
    const float a = 1.0f + scale + axes, b = diagonals + turn, c = diagonals - turn, d = 1.0f + scale - axes;
    const float r = rx[k], f = fx[k];
    rx[k] = a * r + b * ry[k];
    ry[k] = c * r + d * ry[k];
    fx[k] = a * f + b * fy[k];
    fy[k] = c * f + d * fy[k];
  }
}

void Registration::move(const Odometry& after, const base::PhiloxKey& key) {
  const float right = after.right - pose_.right, forward = after.forward - pose_.forward;
  pose_ = after;
  const float way = std::hypot(right, forward);
  if (way < 1e-3f) return;
  for (std::size_t k = 0; k < count(); ++k) {
    column(kX)[k] += column(kRightX)[k] * right + column(kForwardX)[k] * forward;
    column(kY)[k] += column(kRightY)[k] * right + column(kForwardY)[k] * forward;
  }
  const RegistrationSettings& s = settings_;
  const float root = std::sqrt(way);
  disturb({root * s.drift_position, root * s.drift_position, root * s.drift_heading, root * s.drift_scale,
           root * s.drift_stretch, root * s.drift_stretch},
          key);
}

void Registration::Points::clear() {
  right.clear();
  forward.clear();
  weight.clear();
}

void Registration::Points::thin(std::uint32_t step) {
  const std::size_t stride = (right.size() + kMaxPoints - 1) / kMaxPoints;
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

std::int32_t Registration::Points::total_weight() const {
  return std::accumulate(weight.begin(), weight.end(), std::int32_t{0});
}

void Registration::gather_points(const OccupancyGrid& map, std::uint32_t step) {
  tall_.clear();
  low_.clear();
  floor_.clear();
  const int centre = map.size / 2;
  const int row0 = centre - static_cast<int>(std::lround(pose_.forward / map.cell_size));
  const int column0 = centre + static_cast<int>(std::lround(pose_.right / map.cell_size));
  const int reach = static_cast<int>(settings_.radius / map.cell_size);
  for (int row = std::max(0, row0 - reach); row <= std::min(map.size - 1, row0 + reach); ++row) {
    const std::uint8_t* cells = map.cells + static_cast<std::ptrdiff_t>(row) * map.size;
    const float forward = static_cast<float>(centre - row) * map.cell_size - pose_.forward;
    for (int k = std::max(0, column0 - reach); k <= std::min(map.size - 1, column0 + reach); ++k) {
      if (cells[k] == 0) continue;
      const bool free = cells[k] == 1;
      if (free && (row % kFloorLattice != 0 || k % kFloorLattice != 0)) continue;
      const float right = static_cast<float>(k - centre) * map.cell_size - pose_.right;
      const float squared = right * right + forward * forward;
      if (squared > settings_.radius * settings_.radius) continue;
      Points& points = free ? floor_ : cells[k] == 3 ? tall_ : low_;
      points.right.push_back(right);
      points.forward.push_back(forward);
      points.weight.push_back(static_cast<std::int32_t>(kWeightUnit / (1.0f + squared / (kNear * kNear))));
    }
  }
  for (Points* points : {&tall_, &low_, &floor_}) points->thin(step);
}

namespace {

/// An affine map from the agent's surroundings to places in the table; its numbers are within +-kMaxPlace.
struct ToTable {
  float x0, y0, right_x, right_y, forward_x, forward_y;
  std::int32_t last;  // greatest row and column
};
constexpr float kMaxPlace = 1e6f;  // so that places fit into an int, however far a hypothesis has gone

/// Sum of weight * cost over `count` points, at most kMaxPoints; integers, so that the order of the sum does
/// not matter. Places first, eight at a time, then one look-up after the other.
std::int32_t weighted_cost(const ToTable& to, const std::uint8_t* cost, const float* right,
                           const float* forward, const std::int32_t* weight, std::size_t count) {
  std::array<std::int32_t, kMaxPoints> places;
  const ToTable map = to;
  for (std::size_t i = 0; i < count; ++i) {
    const auto x = static_cast<std::int32_t>(map.x0 + map.right_x * right[i] + map.forward_x * forward[i]);
    const auto y = static_cast<std::int32_t>(map.y0 + map.right_y * right[i] + map.forward_y * forward[i]);
    const std::int32_t column = std::min(std::max(x, 0), map.last), row = std::min(std::max(y, 0), map.last);
    places[i] = row * (map.last + 1) + column;
  }
  std::int32_t even = 0, odd = 0;
  std::size_t i = 0;
  for (; i + 1 < count; i += 2) {
    even += weight[i] * cost[places[i]];
    odd += weight[i + 1] * cost[places[i + 1]];
  }
  return even + odd + (i < count ? weight[i] * cost[places[i]] : 0);
}

}  // namespace

void Registration::weigh(const WallLikelihood& likelihood) {
  const auto pixels = static_cast<float>(likelihood.size());
  const Points& seen = walls();
  const auto unit = [](float strength, const Points& points) {
    return strength / (WallLikelihood::kUnit * static_cast<float>(std::max(points.total_weight(), 1)));
  };
  const float per_wall = unit(settings_.weight_walls, seen), per_floor = unit(settings_.weight_floor, floor_);
  float* log_weight = column(kLogWeight);
  const auto place = [&](Column c, std::size_t k) {
    return std::clamp(column(c)[k] * pixels, -kMaxPlace, kMaxPlace);
  };
  for (std::size_t k = 0; k < count(); ++k) {
    const ToTable to{place(kX, k) + 1.0f, place(kY, k) + 1.0f, place(kRightX, k),    place(kRightY, k),
                     place(kForwardX, k), place(kForwardY, k), likelihood.size() + 1};
    const std::int32_t on_walls = weighted_cost(to, likelihood.wall_cost(), seen.right.data(),
                                                seen.forward.data(), seen.weight.data(), seen.weight.size());
    const std::int32_t on_floor =
        weighted_cost(to, likelihood.floor_cost(), floor_.right.data(), floor_.forward.data(),
                      floor_.weight.data(), floor_.weight.size());
    const float off = (log_scale_of(hypothesis(k)) - first_log_scale_) / settings_.scale_deviation;
    log_weight[k] -= 0.5f * settings_.weight_scale * off * off;
    log_weight[k] -= per_wall * static_cast<float>(on_walls) + per_floor * static_cast<float>(on_floor);
  }
}

void Registration::observe(const OccupancyGrid& map, const WallLikelihood& walls,
                           const base::PhiloxKey& key) {
  INKNAV_CHECK(!values_.empty() && walls.size() > 0, values_.size(), walls.size());
  gather_points(map, key.step);
  weigh(walls);
  float* log_weight = column(kLogWeight);
  const float most = *std::max_element(log_weight, log_weight + count());
  double sum = 0.0, squares = 0.0;
  for (std::size_t k = 0; k < count(); ++k) {
    log_weight[k] = std::max(log_weight[k] - most, -80.0f);
    const double weight = std::exp(static_cast<double>(log_weight[k]));
    sum += weight;
    squares += weight * weight;
  }
  if (sum * sum < 0.5 * static_cast<double>(count()) * squares) resample(key);
}

void Registration::resample(const base::PhiloxKey& key) {
  copies_.assign(values_.size(), 0.0f);
  const float* log_weight = column(kLogWeight);
  double sum = 0.0;
  for (std::size_t k = 0; k < count(); ++k) sum += std::exp(static_cast<double>(log_weight[k]));
  base::PhiloxKey own = key;
  own.episode ^= 0x80000000u;  // apart from the noise of move()
  base::PhiloxStream stream(own);
  const std::size_t wanted = std::max(count() / 2, static_cast<std::size_t>(settings_.hypotheses));
  const double step = sum / static_cast<double>(wanted);
  double next = step * static_cast<double>(stream.uniform()), passed = 0.0;
  std::size_t source = 0;
  double weight = std::exp(static_cast<double>(log_weight[0]));
  for (std::size_t k = 0; k < wanted; ++k, next += step) {
    while (passed + weight < next && source + 1 < count()) {
      passed += weight;
      weight = std::exp(static_cast<double>(log_weight[++source]));
    }
    for (std::size_t c = 0; c < kLogWeight; ++c)
      copies_[c * capacity() + k] = values_[c * capacity() + source];
  }
  std::swap(values_, copies_);
  count_ = wanted;
  own.environment ^= 0x80000000u;
  disturb({settings_.jitter, settings_.jitter, 0.0f, 0.0f, 0.0f, 0.0f}, own);
}

Belief Registration::hypothesis(std::size_t k) const {
  return {{column(kX)[k], column(kY)[k]},
          {column(kRightX)[k], column(kRightY)[k]},
          {column(kForwardX)[k], column(kForwardY)[k]}};
}

Belief Registration::mean() const {
  std::array<double, 6> sums{};
  double total = 0.0;
  for (std::size_t k = 0; k < count(); ++k) {
    const double weight = std::exp(static_cast<double>(column(kLogWeight)[k]));
    total += weight;
    for (std::size_t c = 0; c < 6; ++c) sums[c] += weight * static_cast<double>(values_[c * capacity() + k]);
  }
  const auto at = [&](std::size_t c) { return static_cast<float>(sums[c] / total); };
  return {{at(0), at(1)}, {at(2), at(3)}, {at(4), at(5)}};
}

Belief Registration::estimate() const {
  Belief belief = mean();
  learn::move(belief, {}, {0.0f, 0.0f, pose_.yaw});
  return belief;
}

Spread Registration::spread() const {
  const Belief centre = mean();
  float total = 0.0f, place = 0.0f, turn = 0.0f, size = 0.0f;
  for (std::size_t k = 0; k < count(); ++k) {
    const float weight = std::exp(column(kLogWeight)[k]);
    const Belief one = hypothesis(k);
    const base::Vec2 d = to_body(centre, one.position);
    const base::Vec2 right = to_body(centre, centre.position + one.right);
    const base::Vec2 forward = to_body(centre, centre.position + one.forward);
    const float angle = 0.5f * (right.y - forward.x), ratio = 0.5f * (right.x + forward.y) - 1.0f;
    total += weight;
    place += weight * glm::dot(d, d);
    turn += weight * angle * angle;
    size += weight * ratio * ratio;
  }
  return {std::sqrt(place / total), std::sqrt(turn / total), std::sqrt(size / total)};
}

void Registration::shift(const Correction& correction, float gain) {
  const Belief before = estimate();
  Belief after = before;
  apply(after, correction, gain);
  // The map of the paper onto itself that takes one to the other.
  const auto moved = [&](const base::Vec2& paper) { return to_paper(after, to_body(before, paper)); };
  const base::Vec2 origin = moved(base::Vec2(0.0f));
  const base::Vec2 u = moved(base::Vec2(1.0f, 0.0f)) - origin, v = moved(base::Vec2(0.0f, 1.0f)) - origin;
  const auto turn = [&](Column first, const base::Vec2& offset) {
    float *x = column(first), *y = x + capacity();
    for (std::size_t k = 0; k < count(); ++k) {
      const base::Vec2 p = offset + u * x[k] + v * y[k];
      x[k] = p.x;
      y[k] = p.y;
    }
  };
  turn(kX, origin);
  turn(kRightX, base::Vec2(0.0f));
  turn(kForwardX, base::Vec2(0.0f));
}

void Registration::append_state(std::vector<float>& out) const {
  out.insert(out.end(), {static_cast<float>(count_), first_log_scale_});
  for (std::size_t c = 0; c < kColumns; ++c) {
    const float* values = values_.data() + c * capacity();
    out.insert(out.end(), values, values + count_);
  }
}

std::size_t Registration::restore(std::span<const float> state, const Odometry& pose) {
  if (state.size() < kStateHead || !(state[0] >= 1.0f && state[0] <= static_cast<float>(capacity())))
    return 0;
  const auto count = static_cast<std::size_t>(state[0]);
  const std::size_t size = kStateHead + count * kColumns;
  if (state.size() < size) return 0;
  count_ = count;
  first_log_scale_ = state[1];
  pose_ = pose;
  std::fill(values_.begin(), values_.end(), 0.0f);
  for (std::size_t c = 0; c < kColumns; ++c) {
    const std::span<const float> values = state.subspan(kStateHead + c * count, count);
    std::copy(values.begin(), values.end(), values_.begin() + static_cast<std::ptrdiff_t>(c * capacity()));
  }
  return size;
}

}  // namespace inknav::learn
