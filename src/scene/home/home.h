// SPDX-License-Identifier: MIT
#pragma once
// Procedural furnished homes: generate_home(seed, params) is a pure function of its arguments.
//
// A home is a floor plan (rooms, walls with doors and windows), furniture that belongs to its room, and the
// mesh made from both. The floor is at y = 0, walls are wall_height high, door openings are holes up to
// door_height (the wall above a door stays), windows have panes. Plan coordinates are world (x, z).
// Cost on one core: some 10 ms a home of up to 10 rooms, rarely 100; about a second at 14 rooms and above.

#include <cstdint>
#include <string>
#include <vector>

#include "base/geometry.h"
#include "base/result.h"
#include "scene/scene.h"

namespace inknav::scene {

enum class RoomKind : std::uint8_t {
  kLiving,
  kKitchen,
  kBedroom,
  kBathroom,
  kCorridor,
  kStudy,
  kDining,
  kStorage
};

struct PlanRect {  // axis-aligned, metres, min < max
  base::Vec2 min;
  base::Vec2 max;
};

struct Room {
  RoomKind kind = RoomKind::kLiving;
  // Up to wall centre lines, so that the rooms tile the home: one, or two for L- and three for U-shapes;
  // corridors may have more. Interiors disjoint. The floor between the walls is this without wall_thickness /
  // 2 along every wall.
  std::vector<PlanRect> parts;
};

struct Opening {  // a door or window in a wall, centre line
  base::Vec2 a;
  base::Vec2 b;
  int room_a = -1;  // index into FloorPlan::rooms, -1 outside
  int room_b = -1;
  bool is_door = true;
  float sill = 0.0f;   // metres above the floor; 0 for doors
  float head = 2.05f;  // metres above the floor; the wall above stays

  /// The front door: closed by a leaf, nobody passes. Every other door is an open hole.
  bool is_front_door() const { return is_door && (room_a < 0 || room_b < 0); }
};

struct WallSegment {  // centre line, solid (doors and windows already cut out)
  base::Vec2 a;
  base::Vec2 b;
};

struct Furniture {
  std::string kind;  // "bed", "sofa", "table", ...
  int room = -1;
  base::Vec2 centre;
  base::Vec2 size;  // footprint along its own axes, metres
  float yaw = 0.0f;
  float height = 0.0f;
};

struct FloorPlan {
  std::vector<Room> rooms;
  std::vector<Opening> openings;
  std::vector<WallSegment> walls;
  std::vector<Furniture> furniture;
  float wall_thickness = 0.12f;
  float wall_height = 2.6f;
  float door_height = 2.05f;
};

struct HomeParams {
  int min_rooms = 3;  // corridors not counted
  int max_rooms = 10;
  float furniture_density = 1.0f;  // 0 empty, 1 lived in
};

struct Home {
  FloorPlan plan;
  ScenePtr scene;
};

/// Never fails for valid params (1 <= min_rooms <= max_rooms <= 16); a seed whose plan cannot be laid out is
/// re-drawn from the same stream.
Home generate_home(std::uint64_t seed, const HomeParams& params);

}  // namespace inknav::scene
