// SPDX-License-Identifier: MIT
// What generated homes promise to agents, on the navmesh with Habitat's settings: one island, nearly all of
// the floor on it, every room reachable from every other.
//
// "Floor" is what lies between the walls and in open doors, not under furniture, and not nearer to a wall or
// a piece of furniture than the agent's radius and one voxel (a body cannot be there, or the voxels cannot
// tell). INKNAV_HOMES=1000 runs the same over 1,000 homes.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/philox.h"
#include "nav/nav_mesh.h"
#include "scene/home/home.h"
#include "scene/home/home_check.h"

namespace inknav::app {
namespace {

constexpr float kStep = 0.07f;  // metres between sampled floor points

struct Solid {  // plan rectangle
  base::Vec2 min;
  base::Vec2 max;
  float distance(const base::Vec2& p) const {
    return glm::length(glm::max(glm::max(min - p, p - max), base::Vec2(0.0f)));
  }
};

Solid thick_line(const base::Vec2& a, const base::Vec2& b, float half) {
  return {glm::min(a, b) - base::Vec2(half), glm::max(a, b) + base::Vec2(half)};
}

std::vector<Solid> solids_of(const scene::FloorPlan& plan) {
  std::vector<Solid> solids;
  const float half = 0.5f * plan.wall_thickness;
  for (const scene::WallSegment& wall : plan.walls) {
    // A wall ends flush at an opening; elsewhere it reaches half a thickness further.
    Solid solid = thick_line(wall.a, wall.b, half);
    const int along = wall.b.x - wall.a.x > wall.b.y - wall.a.y ? 0 : 1;
    for (const scene::Opening& opening : plan.openings) {
      if (glm::length(opening.b - wall.a) < 1e-3f) solid.min[along] = wall.a[along];
      if (glm::length(opening.a - wall.b) < 1e-3f) solid.max[along] = wall.b[along];
    }
    solids.push_back(solid);
  }
  for (const scene::Opening& opening : plan.openings) {
    if (!opening.is_door || opening.is_front_door()) solids.push_back(thick_line(opening.a, opening.b, half));
  }
  for (const scene::Furniture& piece : plan.furniture) {
    const bool turned = std::abs(std::sin(piece.yaw)) > 0.5f;
    const base::Vec2 size = turned ? base::Vec2(piece.size.y, piece.size.x) : piece.size;
    solids.push_back({piece.centre - 0.5f * size, piece.centre + 0.5f * size});
  }
  return solids;
}

bool in_room(const scene::Room& room, const base::Vec2& p) {
  return std::any_of(room.parts.begin(), room.parts.end(), [&](const scene::PlanRect& r) {
    return p.x >= r.min.x && p.x <= r.max.x && p.y >= r.min.y && p.y <= r.max.y;
  });
}

struct Coverage {
  int free = 0;             // floor points not in a solid
  int standing = 0;         // of these, points where the agent fits
  int covered = 0;          // of these, points on the navmesh
  float mesh_share = 0.0f;  // navmesh area over the area of the free points
};

Coverage measure(const scene::Home& home, nav::NavQuery& query) {
  const std::vector<Solid> solids = solids_of(home.plan);
  const nav::NavSettings& settings = query.mesh().settings();
  const float margin = settings.agent_radius + settings.cell_size;
  Coverage result;
  const base::Aabb& box = home.scene->bounds;
  for (float x = box.min.x; x < box.max.x; x += kStep) {
    for (float z = box.min.z; z < box.max.z; z += kStep) {
      const base::Vec2 p{x, z};
      if (std::none_of(home.plan.rooms.begin(), home.plan.rooms.end(),
                       [&](const scene::Room& room) { return in_room(room, p); })) {
        continue;
      }
      float distance = 1e9f;
      for (const Solid& solid : solids) distance = std::min(distance, solid.distance(p));
      if (distance <= 0.0f) continue;
      ++result.free;
      if (distance < margin) continue;
      ++result.standing;
      if (query.is_navigable({x, 0.0f, z})) ++result.covered;
    }
  }
  result.mesh_share = query.mesh().area() / (kStep * kStep * static_cast<float>(std::max(1, result.free)));
  return result;
}

/// A point of the room where the agent stands, by trial.
std::optional<base::Vec3> random_point_in(const scene::Room& room, base::PhiloxStream& stream,
                                          nav::NavQuery& query) {
  for (int i = 0; i < 2000; ++i) {
    const auto& part = room.parts[stream.uniform_int(static_cast<std::uint32_t>(room.parts.size()))];
    const base::Vec3 p{stream.uniform(part.min.x, part.max.x), 0.0f, stream.uniform(part.min.y, part.max.y)};
    if (query.is_navigable(p)) return p;
  }
  return std::nullopt;
}

TEST(Homes, navmesh_is_one_island_that_covers_the_floor_and_joins_all_rooms) {
  const char* wanted = std::getenv("INKNAV_HOMES");
  const int count = wanted != nullptr ? std::atoi(wanted) : 24;
  float least_covered = 1.0f;
  double sum_covered = 0.0;
  double sum_mesh = 0.0;
  float least_mesh = 1.0f;
  for (int i = 0; i < count; ++i) {
    const std::uint64_t seed = 1000u + static_cast<std::uint64_t>(i);
    const scene::Home home = scene::generate_home(seed, {});
    for (const std::string& fault : scene::check_plan(home.plan))
      ADD_FAILURE() << "seed " << seed << ": " << fault;
    auto mesh = nav::NavMesh::build(*home.scene, {});
    ASSERT_TRUE(mesh.ok()) << mesh.error().message;
    nav::NavQuery query(mesh.value());
    EXPECT_EQ(query.mesh().islands().size(), 1u) << "seed " << seed;

    const Coverage coverage = measure(home, query);
    const float covered = static_cast<float>(coverage.covered) / static_cast<float>(coverage.standing);
    EXPECT_GE(covered, 0.9f) << "seed " << seed;
    least_covered = std::min(least_covered, covered);
    least_mesh = std::min(least_mesh, coverage.mesh_share);
    sum_covered += covered;
    sum_mesh += coverage.mesh_share;

    base::PhiloxStream stream({seed, 0, 0, 0, base::Purpose::kTest});
    std::optional<base::Vec3> first;
    for (const scene::Room& room : home.plan.rooms) {
      const std::optional<base::Vec3> p = random_point_in(room, stream, query);
      ASSERT_TRUE(p.has_value()) << "seed " << seed << ": nobody can stand in a "
                                 << scene::to_string(room.kind);
      if (!first) first = p;
      EXPECT_TRUE(std::isfinite(query.geodesic(*first, *p).length)) << "seed " << seed;
    }
  }
  std::printf(
      "%d homes: standing floor on the navmesh: least %.3f, mean %.3f; navmesh over all free floor: least "
      "%.3f, mean %.3f\n",
      count, static_cast<double>(least_covered), sum_covered / count, static_cast<double>(least_mesh),
      sum_mesh / count);
}

}  // namespace
}  // namespace inknav::app
