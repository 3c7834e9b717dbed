// SPDX-License-Identifier: MIT
#include "sketch/correspondence.h"

#include <algorithm>
#include <cmath>
#include <glm/matrix.hpp>
#include <utility>

#include "base/check.h"
#include "sketch/correspondence_impl.h"

namespace inknav::sketch {

CubicWeights cubic_weights(double t) {
  const double s = 1.0 - t;
  CubicWeights w;
  w.value = {s * s * s / 6.0, (3.0 * t * t * t - 6.0 * t * t + 4.0) / 6.0,
             (3.0 * s * s * s - 6.0 * s * s + 4.0) / 6.0, t * t * t / 6.0};
  w.slope = {-0.5 * s * s, 1.5 * t * t - 2.0 * t, -1.5 * s * s + 2.0 * s, 0.5 * t * t};
  return w;
}

CubicCell cubic_cell(double s, int n) {
  const double position = std::clamp(s, 0.0, 1.0) * (n - 3);
  CubicCell cell;
  cell.first = std::min(static_cast<int>(position), n - 4);
  cell.t = position - cell.first;
  return cell;
}

namespace {

constexpr double kLeastTiltDivisor = 0.1;

using Mat = glm::dmat2;
using Vec = glm::dvec2;

/// Adds the spline at unit coordinate `n`; `derivative` is by n.
Vec add_thin_plate(const Correspondence::Impl& impl, const Vec& n, Mat& derivative) {
  Vec sum(0.0);
  for (std::size_t i = 0; i < impl.tps_centres.size(); ++i) {
    const Vec d = n - impl.tps_centres[i];
    const double r2 = glm::dot(d, d);
    if (r2 < 1e-300) continue;
    const double log_r2 = std::log(r2);
    sum += impl.tps_weights[i] * (0.5 * r2 * log_r2);
    derivative[0] += impl.tps_weights[i] * ((log_r2 + 1.0) * d.x);
    derivative[1] += impl.tps_weights[i] * ((log_r2 + 1.0) * d.y);
  }
  return sum;
}

/// Adds the B-spline field at relative coordinate `s` in [0,1]^2; `derivative` is by s.
Vec add_field(const Correspondence::Impl& impl, const Vec& s, Mat& derivative) {
  const CubicCell cx = cubic_cell(s.x, impl.grid_x);
  const CubicCell cz = cubic_cell(s.y, impl.grid_z);
  const CubicWeights wx = cubic_weights(cx.t);
  const CubicWeights wz = cubic_weights(cz.t);
  Vec sum(0.0), dx(0.0), dz(0.0);
  for (std::size_t j = 0; j < 4; ++j) {
    const std::size_t row = (static_cast<std::size_t>(cz.first) + j) * static_cast<std::size_t>(impl.grid_x);
    Vec value(0.0), slope(0.0);
    for (std::size_t i = 0; i < 4; ++i) {
      const Vec& c = impl.grid[row + static_cast<std::size_t>(cx.first) + i];
      value += wx.value[i] * c;
      slope += wx.slope[i] * c;
    }
    sum += wz.value[j] * value;
    dx += wz.value[j] * slope;
    dz += wz.slope[j] * value;
  }
  derivative[0] += dx * static_cast<double>(impl.grid_x - 3);
  derivative[1] += dz * static_cast<double>(impl.grid_z - 3);
  return sum;
}

/// Perspective; replaces the Jacobian of the flat point by that of the tilted one.
Vec tilted(const Vec& tilt, const Vec& flat, Mat* jacobian) {
  const Vec d = flat - Vec(0.5);
  const double w = 1.0 + glm::dot(tilt, d);
  // Beyond this the sheet would be seen from behind; such points are far off the paper.
  const bool clamped = w < kLeastTiltDivisor;
  const double divisor = clamped ? kLeastTiltDivisor : w;
  if (jacobian != nullptr) {
    for (int axis = 0; axis < 2; ++axis) {
      const double slope = clamped ? 0.0 : glm::dot(tilt, (*jacobian)[axis]);
      (*jacobian)[axis] = (*jacobian)[axis] / divisor - d * (slope / (divisor * divisor));
    }
  }
  return Vec(0.5) + d / divisor;
}

}  // namespace

glm::dvec2 Correspondence::Impl::map(const glm::dvec2& world, glm::dmat2* jacobian) const {
  const Vec inside = glm::clamp(world, domain_min, domain_max);
  const Vec size = domain_max - domain_min;
  const double extent = std::max(size.x, size.y);
  Vec paper = linear * world + offset;
  Mat by_unit(0.0), by_relative(0.0);
  if (!tps_centres.empty()) paper += add_thin_plate(*this, (inside - domain_min) / extent, by_unit);
  if (grid_x > 0) paper += add_field(*this, (inside - domain_min) / size, by_relative);
  if (jacobian != nullptr) {
    *jacobian = linear;
    if (inside.x == world.x) (*jacobian)[0] += by_unit[0] / extent + by_relative[0] / size.x;
    if (inside.y == world.y) (*jacobian)[1] += by_unit[1] / extent + by_relative[1] / size.y;
  }
  return tilt == Vec(0.0) ? paper : tilted(tilt, paper, jacobian);
}

glm::dvec2 Correspondence::Impl::invert(const glm::dvec2& paper) const {
  Vec world = glm::inverse(linear) * (paper - offset);
  Mat jacobian(1.0);
  Vec residual = map(world, &jacobian) - paper;
  double error = glm::dot(residual, residual);
  for (int iteration = 0; iteration < 64 && error > 0.0; ++iteration) {
    const double determinant = glm::determinant(jacobian);
    const Mat& slope = determinant > 1e-3 * glm::determinant(linear) ? jacobian : linear;
    const Vec step = glm::inverse(slope) * residual;
    double gain = 1.0;
    bool better = false;
    for (int halving = 0; halving < 12 && !better; ++halving, gain *= 0.5) {
      const Vec candidate = world - gain * step;
      Mat candidate_jacobian(1.0);
      const Vec candidate_residual = map(candidate, &candidate_jacobian) - paper;
      const double candidate_error = glm::dot(candidate_residual, candidate_residual);
      if (candidate_error >= error) continue;
      better = true;
      world = candidate;
      jacobian = candidate_jacobian;
      residual = candidate_residual;
      error = candidate_error;
    }
    if (!better) break;
  }
  return world;
}

bool Correspondence::Impl::has_fold(int steps, double floor) const {
  const double least = floor * glm::determinant(linear);
  if (!(least >= 0.0) || !(glm::determinant(linear) > 0.0)) return true;
  const Vec size = domain_max - domain_min;
  for (int j = 0; j < steps; ++j) {
    for (int i = 0; i < steps; ++i) {
      const Vec s = Vec(i, j) * (2.0 / (steps - 1)) - 0.5;
      Mat jacobian(1.0);
      map(domain_min + s * size, &jacobian);
      if (!(glm::determinant(jacobian) > least)) return true;
    }
  }
  return false;
}

Correspondence::Correspondence() = default;
Correspondence::Correspondence(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

base::Vec2 Correspondence::to_paper(const base::Vec2& world_xz) const {
  INKNAV_CHECK(impl_ != nullptr);
  return base::Vec2(impl_->map(Vec(world_xz), nullptr));
}

base::Vec2 Correspondence::to_world(const base::Vec2& paper) const {
  INKNAV_CHECK(impl_ != nullptr);
  return base::Vec2(impl_->invert(Vec(paper)));
}

glm::mat2 Correspondence::jacobian(const base::Vec2& world_xz) const {
  INKNAV_CHECK(impl_ != nullptr);
  Mat jacobian(1.0);
  impl_->map(Vec(world_xz), &jacobian);
  return glm::mat2(jacobian);
}

PaperPose Correspondence::local_similarity(const base::Vec2& world_xz, float yaw) const {
  INKNAV_CHECK(impl_ != nullptr);
  Mat j(1.0);
  PaperPose pose;
  pose.position = base::Vec2(impl_->map(Vec(world_xz), &j));
  // Nearest scaled rotation in the Frobenius norm: a + ib is the mean of J over both axes. Rotating (x, z)
  // by phi turns right on the plan, where a yaw turns left.
  const double a = 0.5 * (j[0].x + j[1].y);
  const double b = 0.5 * (j[0].y - j[1].x);
  pose.heading = base::wrap_angle(static_cast<float>(static_cast<double>(yaw) - std::atan2(b, a)));
  pose.log_scale = static_cast<float>(std::log(std::max(std::hypot(a, b), 1e-12)));
  return pose;
}

}  // namespace inknav::sketch
