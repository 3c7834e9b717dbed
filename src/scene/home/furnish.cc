// SPDX-License-Identifier: MIT
#include "scene/home/furnish.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "scene/home/furnisher.h"

namespace inknav::scene::internal {
namespace {

void plant(RoomFurnisher& room, float probability) {
  if (!room.wants(probability)) return;
  const float side = room.between(0.32f, 0.45f);
  room.at_wall({"plant", {side, side}, room.between(0.8f, 1.5f)}, {0.0f, 1.0f, 0.2f});
}

void bookshelf(RoomFurnisher& room, float probability) {
  if (!room.wants(probability)) return;
  room.at_wall({"bookshelf", {room.between(0.8f, 1.3f), 0.32f}, room.between(1.6f, 1.95f)},
               {0.6f, 0.4f, 0.1f});
}

void bedroom(RoomFurnisher& room) {
  const bool large = room.area() > 10.5f;
  if (room.wants(1.2f)) {
    const base::Vec2 size =
        large ? base::Vec2(room.between(1.4f, 1.8f), 2.05f) : base::Vec2(room.between(0.95f, 1.2f), 2.05f);
    if (!room.bed(size)) room.bed({0.95f, 2.0f});
  }
  if (room.wants(1.1f)) {
    const float height = room.between(1.85f, 2.0f);
    if (!room.at_wall({"wardrobe", {room.between(1.3f, 2.1f), 0.6f}, height}, {0.7f, 0.6f, -0.1f})) {
      room.at_wall({"wardrobe", {1.0f, 0.6f}, height}, {0.65f, 0.6f, -0.1f});
    }
  }
  if (room.area() > 11.5f && room.wants(0.45f)) room.desk_group(room.between(1.0f, 1.3f));
  if (room.wants(0.5f))
    room.at_wall({"dresser", {room.between(0.8f, 1.2f), 0.45f}, 0.85f}, {0.6f, 0.0f, 0.0f});
  plant(room, 0.3f);
}

void living(RoomFurnisher& room, bool dines_here, bool cooks_here) {
  if (cooks_here) room.kitchen_run();
  if (room.wants(1.2f)) {
    if (!room.sofa_group(room.between(1.8f, 2.3f))) room.sofa_group(1.5f);
  }
  if (dines_here && room.wants(1.0f)) {
    if (room.area() < 20.0f || !room.dining_group({1.5f, 0.85f}, 2, false))
      room.dining_group({0.8f, 0.8f}, 1, false);
  }
  if (room.wants(0.5f)) room.at_wall({"armchair", {0.85f, 0.85f}, 0.85f}, {0.5f, 0.5f, 0.2f});
  bookshelf(room, 0.75f);
  if (room.wants(0.45f))
    room.at_wall({"sideboard", {room.between(1.2f, 1.7f), 0.42f}, 0.8f}, {0.6f, 0.0f, 0.0f});
  if (room.area() > 26.0f) bookshelf(room, 0.5f);
  plant(room, 0.8f);
  plant(room, 0.35f);
}

void kitchen(RoomFurnisher& room, bool dines_elsewhere) {
  room.kitchen_run();
  if (room.area() > 9.5f && room.wants(dines_elsewhere ? 0.4f : 0.9f)) {
    const bool big = room.area() > 12.0f && !dines_elsewhere;
    if (!big || !room.dining_group({1.2f, 0.8f}, 2, false)) room.dining_group({0.75f, 0.75f}, 1, false);
  }
  plant(room, 0.2f);
}

void dining(RoomFurnisher& room) {
  if (room.wants(1.2f)) {
    const bool large = room.area() > 13.0f;
    if (!large || !room.dining_group({1.65f, 0.85f}, 3, false)) {
      if (!room.dining_group({1.4f, 0.85f}, 2, true) && !room.dining_group({1.4f, 0.85f}, 2, false)) {
        room.dining_group({0.8f, 0.8f}, 1, true);
      }
    }
  }
  if (room.wants(0.7f))
    room.at_wall({"sideboard", {room.between(1.2f, 1.7f), 0.42f}, 0.85f}, {0.6f, -0.2f, 0.0f});
  bookshelf(room, 0.2f);
  plant(room, 0.5f);
}

void bathroom(RoomFurnisher& room) {
  const bool tub = room.area() > 5.0f && room.stream().bernoulli(0.65f);
  if (room.wants(1.2f)) {
    const bool placed =
        tub && room.at_wall({"bathtub", {1.7f, 0.75f}, 0.57f}, {0.5f, 1.0f, 0.3f}).has_value();
    if (!placed) room.at_wall({"shower", {0.9f, 0.9f}, 1.98f}, {0.5f, 1.5f, 0.3f});
  }
  if (room.wants(1.5f)) room.at_wall({"toilet", {0.4f, 0.66f}, 0.8f}, {0.5f, 0.2f, 0.1f});
  if (room.wants(1.5f))
    room.at_wall({"washbasin", {room.between(0.55f, 0.85f), 0.46f}, 0.86f}, {0.55f, 0.0f, 0.0f});
  if (room.area() > 4.8f && room.wants(0.5f)) {
    room.at_wall({"washing_machine", {0.6f, 0.6f}, 0.85f}, {0.6f, 0.6f, 0.0f});
  }
}

void study(RoomFurnisher& room) {
  if (room.wants(1.2f)) room.desk_group(room.between(1.2f, 1.6f));
  bookshelf(room, 1.0f);
  bookshelf(room, 0.6f);
  if (room.wants(0.4f)) room.at_wall({"armchair", {0.8f, 0.8f}, 0.85f}, {0.5f, 0.6f, 0.3f});
  plant(room, 0.4f);
}

void storage(RoomFurnisher& room) {
  const Piece shelf{"shelf", {room.between(0.9f, 1.4f), 0.4f}, 1.9f};
  if (room.wants(1.2f)) room.at_wall(shelf, {0.5f, 0.5f, 0.3f});
  if (room.wants(0.7f)) room.at_wall({"shelf", {0.8f, 0.35f}, 1.8f}, {0.5f, 0.5f, 0.0f});
  if (room.wants(0.5f)) room.at_wall({"washing_machine", {0.6f, 0.6f}, 0.85f}, {0.5f, 0.5f, 0.0f});
}

void corridor(RoomFurnisher& room) {
  if (room.wants(0.6f))
    room.at_wall({"console", {room.between(0.7f, 1.1f), 0.28f}, 0.85f}, {0.0f, 0.3f, 0.3f});
  plant(room, 0.25f);
}

}  // namespace

void furnish(std::uint64_t seed, float density, FloorPlan& plan) {
  INKNAV_CHECK(density >= 0.0f && density <= 4.0f, density);
  if (density == 0.0f) return;
  const auto has = [&](RoomKind kind) {
    return std::any_of(plan.rooms.begin(), plan.rooms.end(),
                       [&](const Room& room) { return room.kind == kind; });
  };
  const bool dining_room = has(RoomKind::kDining);
  const bool kitchen_room = has(RoomKind::kKitchen);
  for (std::size_t i = 0; i < plan.rooms.size(); ++i) {
    // A stream per room, so that one room's furniture does not depend on another's.
    base::PhiloxStream stream({seed, 0, 0, static_cast<std::uint32_t>(i), base::Purpose::kHomeFurniture});
    RoomFurnisher room(stream, density, plan, static_cast<int>(i));
    switch (plan.rooms[i].kind) {
      case RoomKind::kLiving:
        living(room, !dining_room, !kitchen_room);
        break;
      case RoomKind::kKitchen:
        kitchen(room, dining_room || room.area() < 11.0f);
        break;
      case RoomKind::kBedroom:
        bedroom(room);
        break;
      case RoomKind::kBathroom:
        bathroom(room);
        break;
      case RoomKind::kStudy:
        study(room);
        break;
      case RoomKind::kDining:
        dining(room);
        break;
      case RoomKind::kStorage:
        storage(room);
        break;
      case RoomKind::kCorridor:
        corridor(room);
        break;
    }
    std::vector<Furniture> pieces = room.take();
    std::move(pieces.begin(), pieces.end(), std::back_inserter(plan.furniture));
  }
}

}  // namespace inknav::scene::internal
