// SPDX-License-Identifier: MIT
#include "scene/triangulate.h"

#include <cmath>
#include <glm/geometric.hpp>
#include <numeric>

namespace inknav::scene::internal {
namespace {

double cross(const glm::dvec2& a, const glm::dvec2& b, const glm::dvec2& c) {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

double signed_area(std::span<const glm::dvec2> corners) {
  double sum = 0.0;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const glm::dvec2& a = corners[i];
    const glm::dvec2& b = corners[(i + 1) % corners.size()];
    sum += a.x * b.y - a.y * b.x;
  }
  return 0.5 * sum;
}

void add_fan(std::size_t corners, std::vector<glm::u32vec3>& out) {
  for (std::size_t i = 1; i + 1 < corners; ++i) {
    out.emplace_back(0u, static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i + 1));
  }
}

bool is_convex(std::span<const glm::dvec2> corners, double sign) {
  const std::size_t n = corners.size();
  for (std::size_t i = 0; i < n; ++i) {
    if (sign * cross(corners[i], corners[(i + 1) % n], corners[(i + 2) % n]) < 0.0) return false;
  }
  return true;
}

/// The corners that are left, as a ring.
class EarClipper {
 public:
  EarClipper(std::span<const glm::dvec2> corners, double sign) : corners_(corners), sign_(sign) {
    ring_.resize(corners.size());
    std::iota(ring_.begin(), ring_.end(), 0u);
  }

  void run(std::vector<glm::u32vec3>& out) {
    std::size_t at = 0;
    std::size_t tried = 0;
    while (ring_.size() > 3) {
      at %= ring_.size();
      // After a whole turn without an ear the polygon crosses itself: any corner is cut off.
      if (tried <= ring_.size() && !is_ear(at)) {
        ++at;
        ++tried;
        continue;
      }
      cut(at, out);
      tried = 0;
    }
    if (ring_.size() == 3) out.emplace_back(ring_[0], ring_[1], ring_[2]);
  }

 private:
  const glm::dvec2& corner(std::size_t at) const { return corners_[ring_[at % ring_.size()]]; }
  std::size_t before(std::size_t at) const { return (at + ring_.size() - 1) % ring_.size(); }
  std::size_t after(std::size_t at) const { return (at + 1) % ring_.size(); }

  bool is_ear(std::size_t at) const {
    const glm::dvec2& a = corner(before(at));
    const glm::dvec2& b = corner(at);
    const glm::dvec2& c = corner(after(at));
    if (sign_ * cross(a, b, c) < 0.0) return false;
    for (std::size_t i = 0; i < ring_.size(); ++i) {
      if (i == at || i == before(at) || i == after(at)) continue;
      const glm::dvec2& p = corner(i);
      if (p == a || p == b || p == c) continue;  // the two sides of a bridge
      if (sign_ * cross(a, b, p) >= 0.0 && sign_ * cross(b, c, p) >= 0.0 && sign_ * cross(c, a, p) >= 0.0) {
        return false;
      }
    }
    return true;
  }

  void cut(std::size_t at, std::vector<glm::u32vec3>& out) {
    out.emplace_back(ring_[before(at)], ring_[at], ring_[after(at)]);
    ring_.erase(ring_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  std::span<const glm::dvec2> corners_;
  double sign_;
  std::vector<std::uint32_t> ring_;
};

}  // namespace

void triangulate_polygon(std::span<const glm::dvec2> corners, std::vector<glm::u32vec3>& out) {
  if (corners.size() < 3) return;
  const double sign = signed_area(corners) < 0.0 ? -1.0 : 1.0;
  if (corners.size() == 3 || corners.size() > kMaxClipCorners || is_convex(corners, sign)) {
    add_fan(corners.size(), out);
    return;
  }
  EarClipper(corners, sign).run(out);
}

void triangulate_polygon(std::span<const base::Vec3> corners, std::vector<glm::u32vec3>& out) {
  if (corners.size() <= 3 || corners.size() > kMaxClipCorners) {
    add_fan(corners.size(), out);
    return;
  }
  // Newell's normal: the sum of the cross products of neighbours.
  glm::dvec3 normal(0.0);
  for (std::size_t i = 0; i < corners.size(); ++i) {
    normal += glm::cross(glm::dvec3(corners[i]), glm::dvec3(corners[(i + 1) % corners.size()]));
  }
  // Drop the axis along which the polygon is seen best; keep the orientation.
  const glm::dvec3 size = glm::abs(normal);
  const int axis = size.x > size.y && size.x > size.z ? 0 : size.y > size.z ? 1 : 2;
  const bool reverse = normal[axis] < 0.0;
  std::vector<glm::dvec2> flat;
  flat.reserve(corners.size());
  for (const base::Vec3& p : corners) {
    const glm::dvec2 q(p[(axis + 1) % 3], p[(axis + 2) % 3]);
    flat.push_back(reverse ? glm::dvec2(q.y, q.x) : q);
  }
  triangulate_polygon(std::span<const glm::dvec2>(flat), out);
}

}  // namespace inknav::scene::internal
