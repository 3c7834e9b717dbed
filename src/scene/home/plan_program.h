// SPDX-License-Identifier: MIT
#pragma once
// The room program: which rooms a home has and what is plausible for each kind.
//
// Areas are between wall centre lines. Pure data and one draw; no failure.

#include <vector>

#include "base/philox.h"
#include "scene/home/home.h"

namespace inknav::scene::internal {

struct RoomLimits {
  float min_area;    // m2, of the finished room
  float max_area;    // m2
  int min_side;      // cells; most of the room lies in squares of this side
  float max_aspect;  // of the rectangle first cut for it
};

const RoomLimits& room_limits(RoomKind kind);

/// Whether people pass through it on their way to other rooms.
bool is_public(RoomKind kind);

struct RoomSpec {
  RoomKind kind = RoomKind::kLiving;
  float area = 0.0f;  // m2 wanted
};

/// `num_rooms` rooms, living room first, then dining and kitchen, then the private ones in random order.
std::vector<RoomSpec> draw_program(base::PhiloxStream& stream, int num_rooms);

}  // namespace inknav::scene::internal
