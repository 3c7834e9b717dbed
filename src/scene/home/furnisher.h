// SPDX-License-Identifier: MIT
#pragma once
// RoomFurnisher: ways of putting one piece or one group into a room. The recipes (furnish.cc) say what goes
// where. One per room; one thread.

#include <optional>
#include <string_view>
#include <vector>

#include "base/philox.h"
#include "scene/home/room_space.h"

namespace inknav::scene::internal {

struct Piece {
  std::string_view kind;
  base::Vec2 size{1.0f, 1.0f};  // width along the wall, depth away from it, metres
  float height = 1.0f;          // metres
};

struct WallPreference {
  float front = 0.6f;   // metres before the piece that stay free of other furniture
  float corner = 0.0f;  // > 0 likes corners, < 0 likes the middle of a wall
  float far_from_door = 0.0f;
};

class RoomFurnisher {
 public:
  RoomFurnisher(base::PhiloxStream& stream, float density, const FloorPlan& plan, int room)
      : stream_(stream), density_(density), space_(plan, room) {}

  base::PhiloxStream& stream() { return stream_; }
  RoomSpace& space() { return space_; }
  float area() const { return space_.area(); }
  std::vector<Furniture> take() { return std::move(placed_); }

  /// One draw of an item that a home of density 1 has with this probability.
  bool wants(float probability) { return stream_.bernoulli(std::min(1.0f, probability * density_)); }
  float between(float low, float high) { return stream_.uniform(low, high); }

  /// Back against a wall. The index of the piece in placed(), or nothing when no place was found.
  std::optional<std::size_t> at_wall(const Piece& piece, const WallPreference& preference);
  /// Exactly there, when it is allowed.
  std::optional<std::size_t> at(const Piece& piece, const base::Vec2& centre, int quarter);

  /// Head at a wall, nightstands beside it.
  bool bed(const base::Vec2& size);
  /// Sofa at a wall, coffee table before it, television at the wall opposite.
  bool sofa_group(float sofa_width);
  /// Free-standing table with chairs on `sides` long sides (2) or all around (4).
  bool dining_group(const base::Vec2& table, int chairs_a_side, bool ends);
  /// Desk with its chair before it.
  bool desk_group(float width);
  /// Kitchen counters and refrigerator along one or two walls.
  bool kitchen_run();

  const std::vector<Furniture>& placed() const { return placed_; }

 private:
  struct Spot {
    base::Vec2 centre;
    int facing = 0;
    float score = 0.0f;
  };
  std::vector<Spot> wall_spots(const base::Vec2& size, float height, const WallPreference& preference);
  bool accept(const std::vector<Furniture>& group);
  Furniture make(const Piece& piece, const base::Vec2& centre, int quarter) const;
  std::optional<Furniture> opposite_television(const Spot& sofa, float sofa_depth);

  base::PhiloxStream& stream_;
  float density_;
  RoomSpace space_;
  std::vector<Furniture> placed_;
  std::vector<PlanRect> fronts_;  // floor before placed pieces that others leave free
};

}  // namespace inknav::scene::internal
