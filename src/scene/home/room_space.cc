// SPDX-License-Identifier: MIT
#include "scene/home/room_space.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace inknav::scene::internal {
namespace {

constexpr float kCell = 0.1f;         // metres, of the walkability raster
constexpr float kSlimRadius = 0.15f;  // metres; an agent with some margin
constexpr float kMaxPocketShare = 0.03f;
constexpr float kDoorDepth = 0.85f;    // metres kept clear before a door
constexpr float kWideDepth = 0.6f;     // metres kept clear before a wide opening
constexpr float kWideWidth = 1.25f;    // metres; wider doors are wide openings
constexpr float kWindowDepth = 0.45f;  // metres before a window that tall furniture keeps clear
constexpr float kEpsilon = 1e-4f;

float overlap_length(float a0, float a1, float b0, float b1) { return std::min(a1, b1) - std::max(a0, b0); }

bool same(float a, float b) { return std::abs(a - b) < kEpsilon; }

/// Inward side of an opening: +1 when the room lies on the larger-coordinate side of it, else -1.
float side_of(const Opening& opening, const std::vector<PlanRect>& parts, bool horizontal) {
  const base::Vec2 middle = 0.5f * (opening.a + opening.b);
  const base::Vec2 probe = middle + (horizontal ? base::Vec2(0.0f, 0.05f) : base::Vec2(0.05f, 0.0f));
  for (const PlanRect& part : parts) {
    if (probe.x > part.min.x && probe.x < part.max.x && probe.y > part.min.y && probe.y < part.max.y)
      return 1.0f;
  }
  return -1.0f;
}

PlanRect zone_before(const Opening& opening, const std::vector<PlanRect>& parts, float depth, float margin) {
  const bool horizontal = same(opening.a.y, opening.b.y);
  const float side = side_of(opening, parts, horizontal);
  PlanRect zone{glm::min(opening.a, opening.b), glm::max(opening.a, opening.b)};
  const int along = horizontal ? 0 : 1;
  const int across = 1 - along;
  zone.min[along] -= margin;
  zone.max[along] += margin;
  (side > 0.0f ? zone.max : zone.min)[across] += side * depth;
  return zone;
}

}  // namespace

base::Vec2 quarter_direction(int quarter) {
  switch (quarter & 3) {
    case 0:
      return {0.0f, -1.0f};
    case 1:
      return {-1.0f, 0.0f};
    case 2:
      return {0.0f, 1.0f};
    default:
      return {1.0f, 0.0f};
  }
}

bool overlaps(const PlanRect& p, const PlanRect& q) {
  return overlap_length(p.min.x, p.max.x, q.min.x, q.max.x) > kEpsilon &&
         overlap_length(p.min.y, p.max.y, q.min.y, q.max.y) > kEpsilon;
}

PlanRect grown(const PlanRect& r, float margin) {
  return {r.min - base::Vec2(margin), r.max + base::Vec2(margin)};
}

PlanRect footprint(const base::Vec2& centre, const base::Vec2& size, int quarter) {
  const base::Vec2 half = 0.5f * ((quarter & 1) != 0 ? base::Vec2(size.y, size.x) : size);
  return {centre - half, centre + half};
}

PlanRect footprint(const Furniture& piece) {
  const float turns = piece.yaw / (0.5f * base::kPi);
  const int quarter = static_cast<int>(std::floor(turns + 0.5f));
  if (same(turns, static_cast<float>(quarter))) return footprint(piece.centre, piece.size, quarter);
  const float c = std::abs(std::cos(piece.yaw));
  const float s = std::abs(std::sin(piece.yaw));
  const base::Vec2 half =
      0.5f * base::Vec2(c * piece.size.x + s * piece.size.y, s * piece.size.x + c * piece.size.y);
  return {piece.centre - half, piece.centre + half};
}

bool between_walls(const std::vector<PlanRect>& parts, const PlanRect& rect, float wall_thickness) {
  const PlanRect wide = grown(rect, 0.5f * wall_thickness - kEpsilon);
  float covered = 0.0f;
  for (const PlanRect& part : parts) {
    const float x = overlap_length(wide.min.x, wide.max.x, part.min.x, part.max.x);
    const float y = overlap_length(wide.min.y, wide.max.y, part.min.y, part.max.y);
    if (x > 0.0f && y > 0.0f) covered += x * y;
  }
  const float area = (wide.max.x - wide.min.x) * (wide.max.y - wide.min.y);
  return covered > area - kEpsilon * (1.0f + area);
}

PlanRect door_zone(const Opening& door, const FloorPlan& plan, int room) {
  const float width = glm::length(door.b - door.a);
  const float depth = 0.5f * plan.wall_thickness + (width > kWideWidth ? kWideDepth : kDoorDepth);
  return zone_before(door, plan.rooms[static_cast<std::size_t>(room)].parts, depth, 0.04f);
}

RoomSpace::RoomSpace(const FloorPlan& plan, int room)
    : room_(room), thickness_(plan.wall_thickness), parts_(plan.rooms[static_cast<std::size_t>(room)].parts) {
  for (const PlanRect& part : parts_) area_ += (part.max.x - part.min.x) * (part.max.y - part.min.y);
  find_edges();
  find_zones(plan);
  make_masks();
}

/// Sides of the parts without the stretches where another part of the same room adjoins.
void RoomSpace::find_edges() {
  const float half = 0.5f * thickness_;
  for (const PlanRect& part : parts_) {
    for (int side = 0; side < 4; ++side) {
      const bool horizontal = side % 2 == 0;
      const int along = horizontal ? 0 : 1;
      const int across = 1 - along;
      const bool low = side < 2;  // 0: min y, facing +z; 1: min x, facing +x; 2: max y; 3: max x
      const float line = low ? part.min[across] : part.max[across];
      std::vector<std::pair<float, float>> spans{{part.min[along], part.max[along]}};
      for (const PlanRect& other : parts_) {
        if (!same(low ? other.max[across] : other.min[across], line)) continue;
        std::vector<std::pair<float, float>> left;
        for (const auto& [from, to] : spans) {
          const float cut_from = std::max(from, other.min[along]);
          const float cut_to = std::min(to, other.max[along]);
          if (cut_to - cut_from < kEpsilon) {
            left.push_back({from, to});
            continue;
          }
          if (cut_from - from > kEpsilon) left.push_back({from, cut_from});
          if (to - cut_to > kEpsilon) left.push_back({cut_to, to});
        }
        spans = std::move(left);
      }
      for (const auto& [from, to] : spans) {
        if (to - from < 2.0f * half + 0.2f) continue;
        const float face = line + (low ? half : -half);
        WallEdge edge;
        edge.a[along] = from + half;
        edge.b[along] = to - half;
        edge.a[across] = edge.b[across] = face;
        edge.facing = horizontal ? (low ? 2 : 0) : (low ? 3 : 1);
        edges_.push_back(edge);
      }
    }
  }
}

void RoomSpace::find_zones(const FloorPlan& plan) {
  for (const Opening& opening : plan.openings) {
    if (opening.room_a != room_ && opening.room_b != room_) continue;
    if (!opening.is_door) {
      window_zones_.push_back(zone_before(opening, parts_, kWindowDepth, 0.0f));
      continue;
    }
    door_zones_.push_back(door_zone(opening, plan, room_));
    if (opening.is_front_door()) continue;
    const bool horizontal = same(opening.a.y, opening.b.y);
    const float depth = side_of(opening, parts_, horizontal) * (0.5f * thickness_ + 0.4f);
    const base::Vec2 middle = 0.5f * (opening.a + opening.b);
    door_points_.push_back(middle + (horizontal ? base::Vec2(0.0f, depth) : base::Vec2(depth, 0.0f)));
  }
}

void RoomSpace::make_masks() {
  base::Vec2 low = parts_[0].min;
  base::Vec2 high = parts_[0].max;
  for (const PlanRect& part : parts_) {
    low = glm::min(low, part.min);
    high = glm::max(high, part.max);
  }
  origin_ = low;
  columns_ = static_cast<int>(std::ceil((high.x - low.x) / kCell - 0.01f));
  rows_ = static_cast<int>(std::ceil((high.y - low.y) / kCell - 0.01f));
  wide_.radius = 0.5f * kPassage;
  slim_.radius = kSlimRadius;
  for (Mask* mask : {&wide_, &slim_}) {
    mask->free.resize(static_cast<std::size_t>(columns_ * rows_));
    for (int i = 0; i < columns_ * rows_; ++i) {
      const base::Vec2 p = origin_ + kCell * base::Vec2(static_cast<float>(i % columns_) + 0.5f,
                                                        static_cast<float>(i / columns_) + 0.5f);
      mask->free[static_cast<std::size_t>(i)] =
          between_walls(parts_, {p - base::Vec2(mask->radius), p + base::Vec2(mask->radius)}, thickness_) ? 1
                                                                                                          : 0;
    }
  }
}

bool RoomSpace::fits(const PlanRect& rect, float height) const {
  if (!between_walls(parts_, rect, thickness_)) return false;
  const auto hits = [&](const PlanRect& other) { return overlaps(rect, other); };
  if (std::any_of(solids_.begin(), solids_.end(), hits)) return false;
  if (std::any_of(door_zones_.begin(), door_zones_.end(), hits)) return false;
  return height <= kWindowLimit || std::none_of(window_zones_.begin(), window_zones_.end(), hits);
}

std::vector<std::uint8_t> RoomSpace::free_cells(const Mask& mask, const std::vector<PlanRect>& more) const {
  std::vector<std::uint8_t> free = mask.free;
  const auto block = [&](const PlanRect& solid) {
    const PlanRect r = grown(solid, mask.radius);
    const auto first = [&](float v, float o) { return static_cast<int>(std::ceil((v - o) / kCell - 0.5f)); };
    const int x0 = std::max(0, first(r.min.x, origin_.x));
    const int y0 = std::max(0, first(r.min.y, origin_.y));
    const int x1 = std::min(columns_, first(r.max.x, origin_.x));
    const int y1 = std::min(rows_, first(r.max.y, origin_.y));
    for (int y = y0; y < y1; ++y) {
      for (int x = x0; x < x1; ++x) free[static_cast<std::size_t>(y * columns_ + x)] = 0;
    }
  };
  for (const PlanRect& solid : solids_) block(solid);
  for (const PlanRect& solid : more) block(solid);
  return free;
}

int RoomSpace::flood(std::vector<std::uint8_t>& free) const {
  std::vector<int> stack;
  int reached = 0;
  std::vector<int> doors;
  for (const base::Vec2& p : door_points_) {
    const int x = std::clamp(static_cast<int>((p.x - origin_.x) / kCell), 0, columns_ - 1);
    const int y = std::clamp(static_cast<int>((p.y - origin_.y) / kCell), 0, rows_ - 1);
    doors.push_back(y * columns_ + x);
    if (free[static_cast<std::size_t>(doors.back())] == 0) return -1;
  }
  if (doors.empty()) return 0;
  stack.push_back(doors[0]);
  free[static_cast<std::size_t>(doors[0])] = 2;
  while (!stack.empty()) {
    const int cell = stack.back();
    stack.pop_back();
    ++reached;
    const int x = cell % columns_;
    const auto visit = [&](int next) {
      if (free[static_cast<std::size_t>(next)] != 1) return;
      free[static_cast<std::size_t>(next)] = 2;
      stack.push_back(next);
    };
    if (x > 0) visit(cell - 1);
    if (x + 1 < columns_) visit(cell + 1);
    if (cell >= columns_) visit(cell - columns_);
    if (cell + columns_ < columns_ * rows_) visit(cell + columns_);
  }
  const bool all = std::all_of(doors.begin(), doors.end(),
                               [&](int cell) { return free[static_cast<std::size_t>(cell)] == 2; });
  return all ? reached : -1;
}

bool RoomSpace::walkable_with(const std::vector<PlanRect>& more) const {
  std::vector<std::uint8_t> wide = free_cells(wide_, more);
  if (flood(wide) < 0) return false;
  std::vector<std::uint8_t> slim = free_cells(slim_, more);
  const auto total = std::count(slim.begin(), slim.end(), std::uint8_t{1});
  const int reached = flood(slim);
  if (door_points_.empty()) return true;
  return reached >= 0 && static_cast<float>(total - reached) <=
                             kMaxPocketShare * static_cast<float>(std::max<std::ptrdiff_t>(total, 1));
}

}  // namespace inknav::scene::internal
