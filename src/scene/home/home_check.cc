// SPDX-License-Identifier: MIT
#include "scene/home/home_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <glm/geometric.hpp>

namespace inknav::scene {
namespace {

constexpr float kSlack = 1e-3f;         // metres
constexpr float kMinDoor = 0.79f;       // metres
constexpr float kDoorClearance = 0.5f;  // metres before and behind a door without furniture

struct Box {
  float x0, y0, x1, y1;
  bool overlaps(const Box& o) const {
    return std::min(x1, o.x1) - std::max(x0, o.x0) > kSlack &&
           std::min(y1, o.y1) - std::max(y0, o.y0) > kSlack;
  }
  float area() const { return (x1 - x0) * (y1 - y0); }
};

Box box_of(const PlanRect& r) { return {r.min.x, r.min.y, r.max.x, r.max.y}; }

/// Bounding box of the piece's turned footprint, from its four corners.
Box box_of(const Furniture& piece) {
  Box box{1e9f, 1e9f, -1e9f, -1e9f};
  for (int i = 0; i < 4; ++i) {
    const float u = (i & 1 ? 0.5f : -0.5f) * piece.size.x;
    const float v = (i & 2 ? 0.5f : -0.5f) * piece.size.y;
    const float x = piece.centre.x + std::cos(piece.yaw) * u + std::sin(piece.yaw) * v;
    const float y = piece.centre.y - std::sin(piece.yaw) * u + std::cos(piece.yaw) * v;
    box = {std::min(box.x0, x), std::min(box.y0, y), std::max(box.x1, x), std::max(box.y1, y)};
  }
  return box;
}

Box box_of_line(const base::Vec2& a, const base::Vec2& b, float half) {
  return {std::min(a.x, b.x) - half, std::min(a.y, b.y) - half, std::max(a.x, b.x) + half,
          std::max(a.y, b.y) + half};
}

bool inside(const Room& room, const base::Vec2& p) {
  return std::any_of(room.parts.begin(), room.parts.end(), [&](const PlanRect& r) {
    return p.x >= r.min.x - kSlack && p.x <= r.max.x + kSlack && p.y >= r.min.y - kSlack &&
           p.y <= r.max.y + kSlack;
  });
}

int room_at(const FloorPlan& plan, const base::Vec2& p) {
  for (std::size_t i = 0; i < plan.rooms.size(); ++i) {
    if (inside(plan.rooms[i], p)) return static_cast<int>(i);
  }
  return -1;
}

class Checker {
 public:
  explicit Checker(const FloorPlan& plan) : plan_(plan) {}

  std::vector<std::string> run() {
    check_rooms();
    check_openings();
    check_reachability();
    check_furniture();
    return std::move(faults_);
  }

 private:
  template <typename... Args>
  void fault(fmt::format_string<Args...> text, Args&&... args) {
    faults_.push_back(fmt::format(text, std::forward<Args>(args)...));
  }

  void check_rooms() {
    std::vector<std::pair<std::size_t, Box>> parts;
    for (std::size_t i = 0; i < plan_.rooms.size(); ++i) {
      if (plan_.rooms[i].parts.empty()) fault("room {} has no floor", i);
      const bool corridor = plan_.rooms[i].kind == RoomKind::kCorridor;
      if (!corridor && plan_.rooms[i].parts.size() > 3) fault("room {} has more than three parts", i);
      for (const PlanRect& part : plan_.rooms[i].parts) parts.push_back({i, box_of(part)});
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].second.area() <= 0.0f) fault("room {} has an empty part", parts[i].first);
      for (std::size_t j = i + 1; j < parts.size(); ++j) {
        if (parts[i].second.overlaps(parts[j].second)) {
          fault("rooms {} and {} overlap", parts[i].first, parts[j].first);
        }
      }
    }
  }

  void check_openings() {
    int front_doors = 0;
    for (std::size_t i = 0; i < plan_.openings.size(); ++i) {
      const Opening& o = plan_.openings[i];
      const float width = glm::length(o.b - o.a);
      if (o.is_front_door()) ++front_doors;
      if (o.is_door && width < kMinDoor) fault("door {} is {:.2f} m wide", i, width);
      if (!o.is_door && o.room_a >= 0 && o.room_b >= 0) fault("window {} is in an inner wall", i);
      const base::Vec2 along = (o.b - o.a) / width;
      const base::Vec2 across{-along.y, along.x};
      const base::Vec2 middle = 0.5f * (o.a + o.b);
      const int p = room_at(plan_, middle + 0.2f * across);
      const int q = room_at(plan_, middle - 0.2f * across);
      if (!((p == o.room_a && q == o.room_b) || (p == o.room_b && q == o.room_a))) {
        fault("opening {} names rooms {} and {} but joins {} and {}", i, o.room_a, o.room_b, p, q);
      }
      for (const WallSegment& wall : plan_.walls) {
        const Box solid = box_of_line(wall.a, wall.b, 0.0f);
        const Box hole = box_of_line(o.a + along * 0.01f, o.b - along * 0.01f, 0.005f);
        const float dx = std::min(solid.x1, hole.x1) - std::max(solid.x0, hole.x0);
        const float dy = std::min(solid.y1, hole.y1) - std::max(solid.y0, hole.y0);
        if (dx >= 0.0f && dy >= 0.0f) fault("a wall crosses opening {}", i);
      }
    }
    if (front_doors != 1) fault("{} front doors, one is wanted", front_doors);
  }

  void check_reachability() {
    std::vector<bool> reached(plan_.rooms.size(), false);
    std::vector<int> stack{0};
    if (!reached.empty()) reached[0] = true;
    while (!stack.empty()) {
      const int room = stack.back();
      stack.pop_back();
      for (const Opening& o : plan_.openings) {
        if (!o.is_door || o.room_a < 0 || o.room_b < 0) continue;
        if (o.room_a != room && o.room_b != room) continue;
        const int other = o.room_a == room ? o.room_b : o.room_a;
        if (reached[static_cast<std::size_t>(other)]) continue;
        reached[static_cast<std::size_t>(other)] = true;
        stack.push_back(other);
      }
    }
    for (std::size_t i = 0; i < reached.size(); ++i) {
      if (!reached[i]) fault("room {} is not reachable", i);
    }
  }

  void check_furniture() {
    std::vector<Box> boxes;
    for (std::size_t i = 0; i < plan_.furniture.size(); ++i) {
      const Furniture& piece = plan_.furniture[i];
      const Box box = box_of(piece);
      for (std::size_t j = 0; j < boxes.size(); ++j) {
        if (box.overlaps(boxes[j])) fault("{} {} overlaps {} {}", piece.kind, i, plan_.furniture[j].kind, j);
      }
      boxes.push_back(box);
      for (const WallSegment& wall : plan_.walls) {
        if (box.overlaps(box_of_line(wall.a, wall.b, 0.5f * plan_.wall_thickness))) {
          fault("{} {} is in a wall", piece.kind, i);
        }
      }
      const Room& room = plan_.rooms[static_cast<std::size_t>(piece.room)];
      for (int k = 0; k < 9; ++k) {
        const base::Vec2 p{box.x0 + 0.5f * static_cast<float>(k % 3) * (box.x1 - box.x0),
                           box.y0 + 0.5f * static_cast<float>(k / 3) * (box.y1 - box.y0)};
        if (!inside(room, p)) fault("{} {} leaves its room {}", piece.kind, i, piece.room);
      }
      for (std::size_t j = 0; j < plan_.openings.size(); ++j) {
        const Opening& o = plan_.openings[j];
        if (!o.is_door) continue;
        const base::Vec2 along = glm::normalize(o.b - o.a);
        const base::Vec2 across{-along.y, along.x};
        const Box zone = box_of_line(o.a - kDoorClearance * across, o.b + kDoorClearance * across, 0.0f);
        if (box.overlaps(zone)) fault("{} {} stands before door {}", piece.kind, i, j);
      }
      if (piece.height > plan_.wall_height) fault("{} {} is {:.2f} m high", piece.kind, i, piece.height);
    }
  }

  const FloorPlan& plan_;
  std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> check_plan(const FloorPlan& plan) { return Checker(plan).run(); }

float floor_area(const FloorPlan& plan) {
  double area = 0.0;
  for (const Room& room : plan.rooms) {
    for (const PlanRect& part : room.parts) area += static_cast<double>(box_of(part).area());
  }
  // A wall between two rooms covers its whole thickness of the tiling, an outer wall half of it.
  const float half = 0.5f * plan.wall_thickness;
  for (const WallSegment& wall : plan.walls) {
    const base::Vec2 d = wall.b - wall.a;
    const float length = glm::length(d);
    const base::Vec2 across = base::Vec2(-d.y, d.x) / length;
    const int steps = std::max(1, static_cast<int>(std::ceil(length / 0.05f)));
    for (int i = 0; i < steps; ++i) {
      const base::Vec2 p = wall.a + d * ((static_cast<float>(i) + 0.5f) / static_cast<float>(steps));
      for (const float side : {-1.0f, 1.0f}) {
        if (room_at(plan, p + across * (side * half)) >= 0) area -= half * length / static_cast<float>(steps);
      }
    }
  }
  return static_cast<float>(area);
}

const char* to_string(RoomKind kind) {
  switch (kind) {
    case RoomKind::kLiving:
      return "living";
    case RoomKind::kKitchen:
      return "kitchen";
    case RoomKind::kBedroom:
      return "bedroom";
    case RoomKind::kBathroom:
      return "bathroom";
    case RoomKind::kCorridor:
      return "corridor";
    case RoomKind::kStudy:
      return "study";
    case RoomKind::kDining:
      return "dining";
    case RoomKind::kStorage:
      return "storage";
  }
  return "?";
}

}  // namespace inknav::scene
