// SPDX-License-Identifier: MIT
#include "learn/reading/registration.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"

namespace inknav::learn {
namespace {

constexpr std::size_t kMaxPoints = 64;  // of walls, and of floor
constexpr int kFloorLattice = 3;        // cells between floor points
constexpr float kNear = 2.0f;           // metres; farther points count less, the paper is bent
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

}  // namespace

Registration::Registration(const RegistrationSettings& settings) : settings_(settings) {}

void Registration::make_room(std::size_t hypotheses) {
  count_ = hypotheses;
  values_.resize(kColumns * hypotheses);
  weights_.resize(hypotheses);
}

void Registration::make_alike() {
  std::fill_n(column(kLogWeight), count(), 0.0f);
  std::fill(weights_.begin(), weights_.end(), 1.0f);
}

void Registration::begin(const Belief& first, const Odometry& pose, const FirstKnowledge& known,
                         const base::PhiloxKey& key) {
  pose_ = pose;
  make_room(known.close ? static_cast<std::size_t>(settings_.hypotheses) : capacity());
  make_alike();
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
      SeenPoints& points = free ? floor_ : cells[k] == 3 ? tall_ : low_;
      points.add(right, forward, static_cast<std::int32_t>(kWeightUnit / (1.0f + squared / (kNear * kNear))));
    }
  }
  for (SeenPoints* points : {&tall_, &low_, &floor_}) points->thin(kMaxPoints, step);
}

void Registration::weigh(const WallLikelihood& likelihood) {
  const SeenPoints& seen = walls();
  const auto unit = [](float strength, const SeenPoints& points) {
    return strength / (WallLikelihood::kUnit * static_cast<float>(std::max(points.total_weight(), 1)));
  };
  const float per_wall = unit(settings_.weight_walls, seen), per_floor = unit(settings_.weight_floor, floor_);
  const BeliefColumns beliefs{column(kX),        column(kY),        column(kRightX), column(kRightY),
                              column(kForwardX), column(kForwardY), count()};
  on_walls_.resize(count());
  on_floor_.resize(count());
  sum_costs(beliefs, likelihood.wall_cost(), likelihood.size(), seen, on_walls_.data());
  sum_costs(beliefs, likelihood.floor_cost(), likelihood.size(), floor_, on_floor_.data());
  float* log_weight = column(kLogWeight);
  for (std::size_t k = 0; k < count(); ++k) {
    const float off = (log_scale_of(hypothesis(k)) - first_log_scale_) / settings_.scale_deviation;
    log_weight[k] -= 0.5f * settings_.weight_scale * off * off;
    log_weight[k] -=
        per_wall * static_cast<float>(on_walls_[k]) + per_floor * static_cast<float>(on_floor_[k]);
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
    weights_[k] = std::exp(log_weight[k]);
    const auto weight = static_cast<double>(weights_[k]);
    sum += weight;
    squares += weight * weight;
  }
  if (sum * sum < 0.5 * static_cast<double>(count()) * squares) resample(sum, key);
}

void Registration::resample(double sum, const base::PhiloxKey& key) {
  base::PhiloxKey own = key;
  own.episode ^= 0x80000000u;  // apart from the noise of move()
  base::PhiloxStream stream(own);
  const std::size_t wanted = std::max(count() / 2, static_cast<std::size_t>(settings_.hypotheses));
  const double step = sum / static_cast<double>(wanted);
  double next = step * static_cast<double>(stream.uniform()), passed = 0.0;
  sources_.resize(wanted);
  std::size_t source = 0;
  for (std::size_t k = 0; k < wanted; ++k, next += step) {
    while (source + 1 < count() && passed + static_cast<double>(weights_[source]) < next)
      passed += static_cast<double>(weights_[source++]);
    sources_[k] = static_cast<std::uint32_t>(source);
  }
  copies_.swap(values_);
  const std::size_t before = count();
  make_room(wanted);
  for (std::size_t c = 0; c < kLogWeight; ++c) {
    const float* from = copies_.data() + c * before;
    float* to = values_.data() + c * wanted;
    for (std::size_t k = 0; k < wanted; ++k) to[k] = from[sources_[k]];
  }
  make_alike();
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
    const auto weight = static_cast<double>(weights_[k]);
    total += weight;
    for (std::size_t c = 0; c < 6; ++c) sums[c] += weight * static_cast<double>(values_[c * count() + k]);
  }
  const auto at = [&](std::size_t c) { return static_cast<float>(sums[c] / total); };
  return {{at(0), at(1)}, {at(2), at(3)}, {at(4), at(5)}};
}

Estimate Registration::estimate() const {
  const Belief centre = mean();
  const base::Vec2 origin = to_body(centre, base::Vec2(0.0f));
  const glm::mat2 body(to_body(centre, base::Vec2(1.0f, 0.0f)) - origin,
                       to_body(centre, base::Vec2(0.0f, 1.0f)) - origin);
  float total = 0.0f, place = 0.0f, turn = 0.0f, size = 0.0f;
  for (std::size_t k = 0; k < count(); ++k) {
    const Belief one = hypothesis(k);
    const base::Vec2 d = body * (one.position - centre.position);
    const base::Vec2 right = body * one.right, forward = body * one.forward;
    const float angle = 0.5f * (right.y - forward.x), ratio = 0.5f * (right.x + forward.y) - 1.0f;
    const float weight = weights_[k];
    total += weight;
    place += weight * glm::dot(d, d);
    turn += weight * angle * angle;
    size += weight * ratio * ratio;
  }
  Estimate found{centre, {std::sqrt(place / total), std::sqrt(turn / total), std::sqrt(size / total)}};
  learn::move(found.belief, {}, {0.0f, 0.0f, pose_.yaw});
  return found;
}

void Registration::shift(const Belief& from, const Belief& to) {
  // The map of the paper onto itself that takes one to the other.
  const auto moved = [&](const base::Vec2& paper) { return to_paper(to, to_body(from, paper)); };
  const base::Vec2 origin = moved(base::Vec2(0.0f));
  const base::Vec2 u = moved(base::Vec2(1.0f, 0.0f)) - origin, v = moved(base::Vec2(0.0f, 1.0f)) - origin;
  const auto turn = [&](Column first, const base::Vec2& offset) {
    float *x = column(first), *y = x + count();
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
  out.insert(out.end(), values_.begin(), values_.end());
}

std::size_t Registration::restore(std::span<const float> state, const Odometry& pose) {
  if (state.size() < kStateHead || !(state[0] >= 1.0f && state[0] <= static_cast<float>(capacity())))
    return 0;
  const auto count = static_cast<std::size_t>(state[0]);
  const std::size_t size = kStateHead + count * kColumns;
  if (state.size() < size) return 0;
  make_room(count);
  first_log_scale_ = state[1];
  pose_ = pose;
  const std::span<const float> values = state.subspan(kStateHead, count * kColumns);
  std::copy(values.begin(), values.end(), values_.begin());
  for (std::size_t k = 0; k < count; ++k) weights_[k] = std::exp(column(kLogWeight)[k]);
  return size;
}

}  // namespace inknav::learn
