// SPDX-License-Identifier: MIT
#include "sketch/surroundings.h"

#include <algorithm>
#include <optional>

namespace inknav::sketch {
namespace {

using base::Vec2;

constexpr float kLeastPiece = 0.06f;  // metres; a shorter rest of a cut wall is a dot

struct Rectangle {
  Vec2 low{1e30f};
  Vec2 high{-1e30f};

  bool contains(const Vec2& p) const {
    return p.x >= low.x && p.x <= high.x && p.y >= low.y && p.y <= high.y;
  }
};

/// The part of the segment inside the rectangle (Liang and Barsky).
std::optional<PlanSegment> clipped(const PlanSegment& segment, const Rectangle& rectangle) {
  const Vec2 way = segment.b - segment.a;
  float from = 0.0f, to = 1.0f;
  for (int axis = 0; axis < 2; ++axis) {
    const float low = rectangle.low[axis] - segment.a[axis], high = rectangle.high[axis] - segment.a[axis];
    if (way[axis] == 0.0f) {
      if (low > 0.0f || high < 0.0f) return std::nullopt;
      continue;
    }
    const float first = low / way[axis], second = high / way[axis];
    from = std::max(from, std::min(first, second));
    to = std::min(to, std::max(first, second));
  }
  if ((to - from) * glm::length(way) < kLeastPiece) return std::nullopt;
  if (from == 0.0f && to == 1.0f) return segment;
  return PlanSegment{segment.a + from * way, segment.a + to * way};
}

}  // namespace

float longer_side(const WallMap& walls) {
  if (walls.bounds.empty()) return 0.0f;
  const base::Vec3 size = walls.bounds.size();
  return std::max(size.x, size.z);
}

WallMap surroundings(const WallMap& walls, std::span<const base::Vec3> route, float margin) {
  if (margin <= 0.0f || route.empty() || longer_side(walls) <= kWholeSide) return walls;
  Rectangle rectangle;
  for (const base::Vec3& p : route) {
    rectangle.low = glm::min(rectangle.low, Vec2(p.x, p.z));
    rectangle.high = glm::max(rectangle.high, Vec2(p.x, p.z));
  }
  rectangle.low -= margin;
  rectangle.high += margin;

  WallMap part;
  for (const PlanSegment& wall : walls.walls) {
    if (const auto piece = clipped(wall, rectangle)) part.walls.push_back(*piece);
  }
  for (const PlanSegment& door : walls.doors) {
    if (rectangle.contains(door.a) && rectangle.contains(door.b)) part.doors.push_back(door);
  }
  const float floor_y = walls.bounds.min.y;
  part.bounds.extend({rectangle.low.x, floor_y, rectangle.low.y});
  part.bounds.extend({rectangle.high.x, floor_y, rectangle.high.y});
  return part;
}

}  // namespace inknav::sketch
