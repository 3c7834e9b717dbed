// SPDX-License-Identifier: MIT
#include "nav/route.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/check.h"

namespace inknav::nav {

Route::Route(std::vector<base::Vec3> points) : points_(std::move(points)) {
  INKNAV_CHECK(!points_.empty());
  points_.erase(std::unique(points_.begin(), points_.end()), points_.end());
  cumulative_.reserve(points_.size());
  double length = 0.0;
  cumulative_.push_back(0.0f);
  for (std::size_t i = 1; i < points_.size(); ++i) {
    length += double{glm::length(points_[i] - points_[i - 1])};
    cumulative_.push_back(static_cast<float>(length));
  }
}

float Route::length() const { return cumulative_.empty() ? 0.0f : cumulative_.back(); }

base::Vec3 Route::at(float arc_length) const {
  INKNAV_CHECK(!points_.empty());
  if (!(arc_length > 0.0f)) return points_.front();
  if (arc_length >= length()) return points_.back();
  const auto after = std::upper_bound(cumulative_.begin(), cumulative_.end(), arc_length);
  const auto i = static_cast<std::size_t>(after - cumulative_.begin());
  const float t = (arc_length - cumulative_[i - 1]) / (cumulative_[i] - cumulative_[i - 1]);
  return points_[i - 1] + t * (points_[i] - points_[i - 1]);
}

Route::Nearest Route::nearest(const base::Vec3& p, float from, float to) const {
  INKNAV_CHECK(!points_.empty());
  from = std::clamp(from, 0.0f, length());
  to = std::clamp(to, from, length());
  const auto plane_distance2 = [&](const base::Vec3& q) {
    const float dx = q.x - p.x;
    const float dz = q.z - p.z;
    return dx * dx + dz * dz;
  };
  Nearest best{from, plane_distance2(at(from))};
  const auto after = std::upper_bound(cumulative_.begin(), cumulative_.end(), from);
  const auto first = static_cast<std::size_t>(after - cumulative_.begin());
  for (std::size_t i = std::max<std::size_t>(first, 1); i < points_.size() && cumulative_[i - 1] <= to; ++i) {
    const base::Vec3& a = points_[i - 1];
    const base::Vec3 e = points_[i] - a;
    const float d = e.x * e.x + e.z * e.z;
    const float length = cumulative_[i] - cumulative_[i - 1];
    if (!(length > 0.0f)) continue;
    const float low = std::clamp((from - cumulative_[i - 1]) / length, 0.0f, 1.0f);
    const float high = std::clamp((to - cumulative_[i - 1]) / length, 0.0f, 1.0f);
    const float wanted = d > 0.0f ? ((p.x - a.x) * e.x + (p.z - a.z) * e.z) / d : low;
    const float t = std::clamp(wanted, low, high);
    const float distance2 = plane_distance2(a + t * e);
    if (distance2 < best.distance) best = {std::clamp(cumulative_[i - 1] + t * length, from, to), distance2};
  }
  best.distance = std::sqrt(best.distance);
  return best;
}

void advance(const Route& route, const base::Vec3& position, float window, RouteProgress& progress) {
  const Route::Nearest nearest =
      route.nearest(position, progress.arc_length - window, progress.arc_length + window);
  progress.arc_length = nearest.arc_length;
  progress.distance = nearest.distance;
}

}  // namespace inknav::nav
