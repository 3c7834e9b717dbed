// SPDX-License-Identifier: MIT
#include "learn/diffusion/plan.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace inknav::learn {
namespace {

using base::Vec2;

/// A point of the plan's frame in the body frame of `now`.
Vec2 seen_from(const Odometry& drawn, const Odometry& now, const Vec2& point) {
  const Vec2 offset = point - body_displacement(drawn, now);
  const float turned = base::wrap_angle(now.yaw - drawn.yaw);  // left positive
  const float c = std::cos(turned), s = std::sin(turned);
  return {c * offset.x + s * offset.y, -s * offset.x + c * offset.y};
}

/// The polyline from the origin through the points.
class Line {
 public:
  explicit Line(std::span<const Vec2> points) : points_(points) {}

  Vec2 corner(std::size_t i) const { return i == 0 ? Vec2(0.0f) : points_[i - 1]; }

  Vec2 at(float arc) const {
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const float length = glm::length(corner(i + 1) - corner(i));
      if (arc <= length && length > 0.0f) return glm::mix(corner(i), corner(i + 1), arc / length);
      arc -= length;
    }
    return corner(points_.size());
  }

  /// Arc length and distance of the point nearest to p.
  std::pair<float, float> nearest(const Vec2& p) const {
    float best_arc = 0.0f, best = glm::length(p), walked = 0.0f;
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const Vec2 a = corner(i), way = corner(i + 1) - a;
      const float length = glm::length(way);
      if (length > 0.0f) {
        const float along = std::clamp(glm::dot(p - a, way) / length, 0.0f, length);
        const float distance = glm::length(p - a - way * (along / length));
        if (distance < best) {
          best = distance;
          best_arc = walked + along;
        }
      }
      walked += length;
    }
    return {best_arc, best};
  }

 private:
  std::span<const Vec2> points_;
};

}  // namespace

void plan_to_numbers(std::span<const Vec2> points, int point_size, std::span<float> numbers) {
  INKNAV_CHECK(numbers.size() == points.size() * static_cast<std::size_t>(point_size), numbers.size(),
               point_size);
  Vec2 before(0.0f), heading(0.0f, 1.0f);
  float* out = numbers.data();
  for (const Vec2& point : points) {
    const Vec2 step = (point - before) / kWaypointSpacing;
    const float length = glm::length(step);
    if (length > 1e-3f) heading = step / length;
    const Vec2 bounded = length > 1.0f ? step / length : step;
    *out++ = bounded.x;
    *out++ = bounded.y;
    if (point_size == 4) {
      *out++ = heading.x;
      *out++ = heading.y;
    }
    before = point;
  }
}

void plan_to_points(std::span<const float> numbers, int point_size, std::span<Vec2> points) {
  INKNAV_CHECK(numbers.size() == points.size() * static_cast<std::size_t>(point_size), numbers.size(),
               point_size);
  Vec2 place(0.0f);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const float* in = numbers.data() + i * static_cast<std::size_t>(point_size);
    const Vec2 step(in[0], in[1]);
    const float length = glm::length(step);
    place += kWaypointSpacing * (length > 1.0f ? step / length : step);
    points[i] = place;
  }
}

float plan_length(std::span<const Vec2> points) {
  float length = 0.0f;
  Vec2 before(0.0f);
  for (const Vec2& point : points) {
    length += glm::length(point - before);
    before = point;
  }
  return length;
}

PlanPlace locate_on_plan(std::span<const Vec2> points, const Odometry& drawn, const Odometry& now) {
  const Line line(points);
  const auto [arc, distance] = line.nearest(body_displacement(drawn, now));
  PlanPlace place;
  place.arc = arc;
  place.distance = distance;
  place.ahead = seen_from(drawn, now, line.at(arc + kPlanLookahead));
  place.left = plan_length(points) - arc;
  return place;
}

void rebase_plan(std::span<const Vec2> points, const Odometry& drawn, const Odometry& now,
                 std::span<Vec2> out) {
  const Line line(points);
  const float length = plan_length(points);
  const float arc = line.nearest(body_displacement(drawn, now)).first;
  const bool full = length > (static_cast<float>(points.size()) - 0.5f) * kWaypointSpacing;
  const Vec2 end = line.corner(points.size());
  const Vec2 last = points.size() > 1 ? end - line.corner(points.size() - 1) : end;
  const float norm = glm::length(last);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const float s = arc + static_cast<float>(i + 1) * kWaypointSpacing;
    Vec2 point = line.at(s);
    // A plan that fills its horizon goes on beyond it; a shorter one has its end at the goal.
    if (full && s > length && norm > 0.0f) point = end + last * ((s - length) / norm);
    out[i] = seen_from(drawn, now, point);
  }
}

}  // namespace inknav::learn
