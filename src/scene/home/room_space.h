// SPDX-License-Identifier: MIT
#pragma once
// RoomSpace: what is still free in one room while furniture is put into it.
//
// Rectangles are axis-aligned in plan metres. A piece may stand where its footprint lies between the walls,
// overlaps no other piece, keeps the zones before doors clear, and leaves everything walkable: a body of
// kPassage width gets from every door to every other, and hardly any floor becomes an unreachable pocket.
// One thread; a walkability test costs some tens of microseconds.

#include <cstdint>
#include <vector>

#include "scene/home/home.h"

namespace inknav::scene::internal {

/// Width that stays walkable between doors, metres.
inline constexpr float kPassage = 0.7f;

/// Quarter turns: 0 looks along -z, 1 along -x, 2 along +z, 3 along +x (yaw = quarter * pi / 2).
base::Vec2 quarter_direction(int quarter);
inline float quarter_yaw(int quarter) { return static_cast<float>(quarter) * (0.5f * base::kPi); }

struct WallEdge {  // a straight stretch of the room's wall face, walls' thickness taken off
  base::Vec2 a;
  base::Vec2 b;
  int facing = 0;  // quarter that points into the room
  float length() const { return std::abs(b.x - a.x) + std::abs(b.y - a.y); }
};

bool overlaps(const PlanRect& p, const PlanRect& q);
PlanRect grown(const PlanRect& r, float margin);
/// Footprint of a piece of `size` (width, depth) turned by `quarter`.
PlanRect footprint(const base::Vec2& centre, const base::Vec2& size, int quarter);
/// The same for any furniture of a plan; exact for quarter turns, the bounding box otherwise.
PlanRect footprint(const Furniture& piece);
/// Whether `rect`, grown by the walls' half thickness, lies in the union of the parts.
bool between_walls(const std::vector<PlanRect>& parts, const PlanRect& rect, float wall_thickness);
/// Floor before an open door or wide opening, on the side of `room`, that furniture leaves clear.
PlanRect door_zone(const Opening& door, const FloorPlan& plan, int room);

class RoomSpace {
 public:
  RoomSpace(const FloorPlan& plan, int room);

  int room() const { return room_; }
  const std::vector<WallEdge>& edges() const { return edges_; }
  const std::vector<PlanRect>& parts() const { return parts_; }
  float area() const { return area_; }  // square metres to the wall centre lines
  const std::vector<PlanRect>& door_zones() const { return door_zones_; }

  /// All but walkability. Pieces taller than kWindowLimit also keep away from windows.
  bool fits(const PlanRect& rect, float height) const;
  /// Whether the room stays walkable with `more` added.
  bool walkable_with(const std::vector<PlanRect>& more) const;
  void add(const PlanRect& rect) { solids_.push_back(rect); }

  static constexpr float kWindowLimit = 1.0f;  // metres

 private:
  void find_edges();
  void find_zones(const FloorPlan& plan);
  void make_masks();
  struct Mask {
    float radius = 0.0f;
    std::vector<std::uint8_t> free;  // cell centres farther than radius from every wall
  };
  std::vector<std::uint8_t> free_cells(const Mask& mask, const std::vector<PlanRect>& more) const;
  /// Number of cells connected to the first door; -1 when some door's cell is blocked or not connected.
  int flood(std::vector<std::uint8_t>& free) const;

  int room_;
  float thickness_;
  float area_ = 0.0f;
  std::vector<PlanRect> parts_;
  std::vector<WallEdge> edges_;
  std::vector<PlanRect> door_zones_;
  std::vector<PlanRect> window_zones_;
  std::vector<base::Vec2> door_points_;
  std::vector<PlanRect> solids_;
  base::Vec2 origin_{0.0f};
  int columns_ = 0;
  int rows_ = 0;
  Mask wide_;
  Mask slim_;
};

}  // namespace inknav::scene::internal
