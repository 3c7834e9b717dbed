// SPDX-License-Identifier: MIT
#pragma once
// Small geometry in the plane shared by this module, in double where nothing else is said. Only resampled()
// allocates.

#include <algorithm>
#include <cmath>
#include <glm/geometric.hpp>
#include <glm/vec2.hpp>
#include <vector>

namespace inknav::sketch {

inline double cross(const glm::dvec2& a, const glm::dvec2& b) { return a.x * b.y - a.y * b.x; }

/// Parameter in [0, 1] of the point of segment ab nearest to p.
inline double nearest_parameter(const glm::dvec2& a, const glm::dvec2& b, const glm::dvec2& p) {
  const glm::dvec2 d = b - a;
  const double length2 = glm::dot(d, d);
  return length2 > 0.0 ? std::clamp(glm::dot(p - a, d) / length2, 0.0, 1.0) : 0.0;
}

inline double distance_to_segment(const glm::dvec2& a, const glm::dvec2& b, const glm::dvec2& p) {
  return glm::length(a + nearest_parameter(a, b, p) * (b - a) - p);
}

/// Whether segments ab and cd share a point (touching counts; overlapping collinear ones do not).
inline bool segments_cross(const glm::dvec2& a, const glm::dvec2& b, const glm::dvec2& c,
                           const glm::dvec2& d) {
  const double denominator = cross(b - a, d - c);
  if (denominator == 0.0) return false;
  const double s = cross(c - a, d - c) / denominator;
  const double t = cross(c - a, b - a) / denominator;
  return s >= 0.0 && s <= 1.0 && t >= 0.0 && t <= 1.0;
}

/// Rounds corners as a hand does: passes of a 1-2-1 filter in place, ends kept.
template <typename Point>
void smooth(std::vector<Point>& line, int passes) {
  using Number = typename Point::value_type;
  for (int pass = 0; pass < passes && line.size() > 2; ++pass) {
    Point before = line.front();
    for (std::size_t i = 1; i + 1 < line.size(); ++i) {
      const Point here = line[i];
      line[i] = Number{0.25} * before + Number{0.5} * here + Number{0.25} * line[i + 1];
      before = here;
    }
  }
}

/// Points at even arc length, `spacing` apart or a little less; the ends are kept.
inline std::vector<glm::dvec2> resampled(const std::vector<glm::dvec2>& line, double spacing) {
  std::vector<glm::dvec2> result;
  if (line.empty()) return result;
  double total = 0.0;
  for (std::size_t i = 1; i < line.size(); ++i) total += glm::length(line[i] - line[i - 1]);
  const int pieces = std::max(1, static_cast<int>(std::ceil(total / spacing)));
  result.push_back(line.front());
  double walked = 0.0;
  std::size_t at = 1;
  for (int k = 1; k < pieces; ++k) {
    const double target = total * k / pieces;
    while (at + 1 < line.size() && walked + glm::length(line[at] - line[at - 1]) < target) {
      walked += glm::length(line[at] - line[at - 1]);
      ++at;
    }
    const double piece = glm::length(line[at] - line[at - 1]);
    const double t = piece > 0.0 ? std::clamp((target - walked) / piece, 0.0, 1.0) : 0.0;
    result.push_back(line[at - 1] + t * (line[at] - line[at - 1]));
  }
  if (total > 0.0) result.push_back(line.back());
  return result;
}

}  // namespace inknav::sketch
