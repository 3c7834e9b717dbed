// SPDX-License-Identifier: MIT
#include "scene/home/home.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "scene/home/home_check.h"
#include "scene/home/room_space.h"

namespace inknav::scene {
namespace {

constexpr std::uint64_t kHomes = 40;

TEST(Home, every_law_of_a_plan_holds) {
  for (std::uint64_t seed = 0; seed < kHomes; ++seed) {
    for (const std::string& fault : check_plan(generate_home(seed, {}).plan)) {
      ADD_FAILURE() << "seed " << seed << ": " << fault;
    }
  }
}

TEST(Home, is_a_pure_function_of_seed_and_params) {
  const Home a = generate_home(7, {});
  const Home b = generate_home(7, {});
  const Home c = generate_home(8, {});
  EXPECT_EQ(a.scene->content_hash, b.scene->content_hash);
  EXPECT_NE(a.scene->content_hash, c.scene->content_hash);
  EXPECT_EQ(a.plan.furniture.size(), b.plan.furniture.size());
}

/// Data sets name homes by seed: a change of these hashes makes other homes of them, on purpose or not.
TEST(Home, is_the_same_on_every_machine) {
  EXPECT_EQ(generate_home(1, {}).scene->content_hash.hex(), "c0ec188014261084d6376d41369ad89c");
  EXPECT_EQ(generate_home(2, {1, 4, 0.5f}).scene->content_hash.hex(), "d8b3a426c82cacd05945940e5d868e4a");
}

TEST(Home, number_of_rooms_is_as_asked) {
  for (int rooms = 1; rooms <= 16; ++rooms) {
    const Home home = generate_home(static_cast<std::uint64_t>(rooms), {rooms, rooms, 1.0f});
    const auto count = std::count_if(home.plan.rooms.begin(), home.plan.rooms.end(),
                                     [](const Room& room) { return room.kind != RoomKind::kCorridor; });
    EXPECT_EQ(count, rooms);
    EXPECT_TRUE(check_plan(home.plan).empty()) << rooms;
  }
}

TEST(Home, outlines_and_rooms_are_not_all_rectangles) {
  int l_shaped_rooms = 0;
  int corridors = 0;
  int with_notched_outline = 0;
  for (std::uint64_t seed = 0; seed < kHomes; ++seed) {
    const FloorPlan plan = generate_home(seed, {}).plan;
    float area = 0.0f;
    base::Vec2 low{1e9f};
    base::Vec2 high{-1e9f};
    for (const Room& room : plan.rooms) {
      corridors += room.kind == RoomKind::kCorridor ? 1 : 0;
      l_shaped_rooms += room.kind != RoomKind::kCorridor && room.parts.size() > 1 ? 1 : 0;
      for (const PlanRect& part : room.parts) {
        area += (part.max.x - part.min.x) * (part.max.y - part.min.y);
        low = glm::min(low, part.min);
        high = glm::max(high, part.max);
      }
    }
    with_notched_outline += area < 0.98f * (high.x - low.x) * (high.y - low.y) ? 1 : 0;
  }
  EXPECT_GE(l_shaped_rooms, 10);
  EXPECT_GE(corridors, 10);
  EXPECT_GE(with_notched_outline, 5);
}

/// Areas of the floor between walls, as people build.
TEST(Home, rooms_have_plausible_sizes) {
  const std::map<RoomKind, std::pair<float, float>> limits{
      {RoomKind::kLiving, {14.0f, 42.0f}}, {RoomKind::kKitchen, {5.5f, 17.0f}},
      {RoomKind::kBedroom, {8.0f, 20.0f}}, {RoomKind::kBathroom, {3.0f, 9.0f}},
      {RoomKind::kStudy, {6.0f, 15.0f}},   {RoomKind::kDining, {8.0f, 19.0f}},
      {RoomKind::kStorage, {1.5f, 7.0f}},  {RoomKind::kCorridor, {1.0f, 40.0f}}};
  for (std::uint64_t seed = 0; seed < kHomes; ++seed) {
    const FloorPlan plan = generate_home(seed, {}).plan;
    float total = 0.0f;
    float corridor = 0.0f;
    for (const Room& room : plan.rooms) {
      float area = 0.0f;
      for (const PlanRect& part : room.parts) area += (part.max.x - part.min.x) * (part.max.y - part.min.y);
      EXPECT_GE(area, limits.at(room.kind).first) << "seed " << seed << " " << to_string(room.kind);
      EXPECT_LE(area, limits.at(room.kind).second) << "seed " << seed << " " << to_string(room.kind);
      total += area;
      corridor += room.kind == RoomKind::kCorridor ? area : 0.0f;
    }
    EXPECT_LT(corridor, 0.25f * total) << "seed " << seed;
    const float inner = floor_area(plan);
    EXPECT_GT(inner, 0.85f * total);
    EXPECT_LT(inner, 0.97f * total);
  }
}

TEST(Home, furniture_density_zero_gives_an_empty_home) {
  const Home home = generate_home(3, {3, 10, 0.0f});
  EXPECT_TRUE(home.plan.furniture.empty());
  EXPECT_TRUE(check_plan(home.plan).empty());
}

TEST(Home, rooms_hold_what_belongs_to_them) {
  int bedrooms = 0;
  int beds = 0;
  std::set<std::string> kinds;
  for (std::uint64_t seed = 0; seed < kHomes; ++seed) {
    const FloorPlan plan = generate_home(seed, {}).plan;
    for (const Room& room : plan.rooms) bedrooms += room.kind == RoomKind::kBedroom ? 1 : 0;
    for (const Furniture& piece : plan.furniture) {
      kinds.insert(piece.kind);
      const RoomKind room = plan.rooms[static_cast<std::size_t>(piece.room)].kind;
      if (piece.kind == "bed") {
        ++beds;
        EXPECT_EQ(room, RoomKind::kBedroom);
      }
      if (piece.kind == "toilet" || piece.kind == "bathtub") {
        EXPECT_EQ(room, RoomKind::kBathroom);
      }
      if (piece.kind == "sofa") {
        EXPECT_EQ(room, RoomKind::kLiving);
      }
      EXPECT_GE(piece.height, 0.42f) << piece.kind << ": Habitat's default voxels would let agents climb it";
      EXPECT_LE(piece.height, 2.0f) << piece.kind;
    }
  }
  EXPECT_GE(beds, bedrooms * 9 / 10);
  EXPECT_GE(kinds.size(), 18u);
}

TEST(Home, mesh_stays_within_walls_and_heights) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Home home = generate_home(seed, {});
    EXPECT_EQ(home.scene->bounds.min.y, 0.0f);
    EXPECT_EQ(home.scene->bounds.max.y, home.plan.wall_height);
    EXPECT_LT(home.scene->num_triangles(), 40000u);
    EXPECT_LE(home.scene->textures.size(), 8u);
  }
}

/// Everything in the mesh that is below the wall tops and not in a wall lies in some piece's footprint.
TEST(Home, nothing_but_floor_lies_outside_walls_and_furniture) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Home home = generate_home(seed, {});
    const FloorPlan& plan = home.plan;
    std::vector<PlanRect> allowed;
    for (const Furniture& piece : plan.furniture) {
      allowed.push_back(internal::grown(internal::footprint(piece), 2e-3f));
    }
    for (const WallSegment& w : plan.walls) {
      allowed.push_back(
          internal::grown({glm::min(w.a, w.b), glm::max(w.a, w.b)}, 0.5f * plan.wall_thickness + 1e-3f));
    }
    for (const Opening& o : plan.openings) {
      allowed.push_back(
          internal::grown({glm::min(o.a, o.b), glm::max(o.a, o.b)}, 0.5f * plan.wall_thickness + 1e-3f));
    }
    for (const base::Vec3& p : home.scene->positions) {
      if (p.y < 0.02f) continue;
      const bool covered = std::any_of(allowed.begin(), allowed.end(), [&](const PlanRect& r) {
        return p.x >= r.min.x && p.x <= r.max.x && p.z >= r.min.y && p.z <= r.max.y;
      });
      ASSERT_TRUE(covered) << "seed " << seed << " vertex (" << p.x << ", " << p.y << ", " << p.z << ")";
    }
  }
}

}  // namespace
}  // namespace inknav::scene
