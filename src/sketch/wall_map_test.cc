// SPDX-License-Identifier: MIT
#include "sketch/wall_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "scene/home/home.h"
#include "scene/load.h"
#include "sketch/plane_geometry.h"
#include "sketch/slice.h"
#include "sketch/wall_lines.h"

namespace inknav::sketch {
namespace {

using Vec = glm::dvec2;

std::vector<PlanSegment> plan_walls(const scene::FloorPlan& plan) {
  std::vector<PlanSegment> walls;
  for (const scene::WallSegment& wall : plan.walls) walls.push_back({wall.a, wall.b});
  // Windows have panes and parapets, the front door has a shut leaf: the wall goes on there.
  for (const scene::Opening& opening : plan.openings) {
    if (!opening.is_door || opening.is_front_door()) walls.push_back({opening.a, opening.b});
  }
  return walls;
}

double distance_to(const std::vector<PlanSegment>& segments, const Vec& p) {
  double least = 1e9;
  for (const PlanSegment& s : segments) least = std::min(least, distance_to_segment(Vec(s.a), Vec(s.b), p));
  return least;
}

/// Share of the length of `of` that lies within `tolerance` of `among`.
double covered(const std::vector<PlanSegment>& of, const std::vector<PlanSegment>& among, double tolerance) {
  int near = 0, all = 0;
  for (const PlanSegment& s : of) {
    for (const Vec& p : resampled({Vec(s.a), Vec(s.b)}, 0.02)) {
      ++all;
      near += distance_to(among, p) <= tolerance ? 1 : 0;
    }
  }
  return all > 0 ? static_cast<double>(near) / all : 1.0;
}

TEST(WallLines, ASpeckThatEndsWhereItBeginsTakesNoWallWithIt) {
  // Clutter in a recorded map: a closed loop smaller than the tolerance has no direction.
  const std::vector<std::vector<Vec>> polylines = {
      {{0.0, 0.0}, {2.0, 0.0}, {4.0, 0.01}},
      {{1.0, 1.0}, {1.02, 1.0}, {1.02, 1.02}, {1.0, 1.0}},
      {{4.0, 0.0}, {4.0, 3.0}},
      {{0.0, 3.0}, {4.0, 3.0}},
  };
  const std::vector<Line> lines = straight_lines(polylines, {}, [](const Vec&) { return 0.0; });
  ASSERT_EQ(lines.size(), 3u);
  double total = 0.0;
  for (const Line& line : lines) total += glm::length(line.b - line.a);
  EXPECT_NEAR(total, 11.0, 0.1);
}

TEST(WallMap, FindsTheWallsAndDoorsOfHomesWithinFiveCentimetres) {
  double worst_recall = 1.0, worst_precision = 1.0, recalls = 0.0, precisions = 0.0;
  int doors = 0, found_doors = 0, extra_doors = 0, walls = 0, lines = 0;
  constexpr int kHomes = 40;
  for (std::uint64_t seed = 0; seed < kHomes; ++seed) {
    const scene::Home home = scene::generate_home(seed, {});
    const WallMap map = extract_walls(*home.scene, 0.0f, 0.05f);
    const std::vector<PlanSegment> truth = plan_walls(home.plan);
    const double recall = covered(truth, map.walls, 0.05), precision = covered(map.walls, truth, 0.05);
    if (recall < 0.99 || precision < 0.99) {
      std::printf("  home %llu: recall %.4f precision %.4f\n", static_cast<unsigned long long>(seed), recall,
                  precision);
    }
    worst_recall = std::min(worst_recall, recall);
    worst_precision = std::min(worst_precision, precision);
    recalls += recall / kHomes;
    precisions += precision / kHomes;
    walls += static_cast<int>(truth.size());
    lines += static_cast<int>(map.walls.size());
    std::vector<bool> is_real(map.doors.size(), false);
    for (const scene::Opening& opening : home.plan.openings) {
      if (!opening.is_door || opening.is_front_door()) continue;
      ++doors;
      const Vec middle = 0.5 * (Vec(opening.a) + Vec(opening.b));
      for (std::size_t i = 0; i < map.doors.size(); ++i) {
        const PlanSegment& d = map.doors[i];
        const bool same = glm::length(0.5 * (Vec(d.a) + Vec(d.b)) - middle) < 0.1 &&
                          std::abs(glm::length(d.b - d.a) - glm::length(opening.b - opening.a)) < 0.15f;
        if (!same) continue;
        ++found_doors;
        is_real[i] = true;
        break;
      }
    }
    extra_doors += static_cast<int>(std::count(is_real.begin(), is_real.end(), false));
  }
  std::printf(
      "  recall mean %.4f worst %.4f; precision mean %.4f worst %.4f; doors %d of %d, %d extra; %d lines for "
      "%d walls\n",
      recalls, worst_recall, precisions, worst_precision, found_doors, doors, extra_doors, lines, walls);
  EXPECT_GT(recalls, 0.99);
  EXPECT_GT(precisions, 0.98);
  EXPECT_GT(worst_recall, 0.95);
  EXPECT_GT(worst_precision, 0.95);
  EXPECT_GE(found_doors, doors * 97 / 100);
  EXPECT_LE(extra_doors, doors / 20);
}

TEST(WallMap, CoarserTolerancesKeepTheHome) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const scene::Home home = scene::generate_home(seed, {});
    for (const float tolerance : {0.1f, 0.2f}) {
      const WallMap map = extract_walls(*home.scene, 0.0f, tolerance);
      EXPECT_GT(covered(plan_walls(home.plan), map.walls, 2.0 * static_cast<double>(tolerance)), 0.95)
          << seed;
      EXPECT_GT(covered(map.walls, plan_walls(home.plan), 2.0 * static_cast<double>(tolerance)), 0.95)
          << seed;
    }
  }
}

TEST(WallMap, IsAPureFunction) {
  const scene::Home home = scene::generate_home(5, {});
  const WallMap a = extract_walls(*home.scene, 0.0f, 0.05f), b = extract_walls(*home.scene, 0.0f, 0.05f);
  ASSERT_EQ(a.walls.size(), b.walls.size());
  for (std::size_t i = 0; i < a.walls.size(); ++i)
    EXPECT_TRUE(a.walls[i].a == b.walls[i].a && a.walls[i].b == b.walls[i].b);
}

/// A closed box from the floor to `top`.
void add_box(scene::Scene& scene, base::Vec2 low, base::Vec2 high, float bottom, float top) {
  const auto first = static_cast<std::uint32_t>(scene.positions.size());
  for (const float y : {bottom, top}) {
    for (const base::Vec2 p : {low, base::Vec2(high.x, low.y), high, base::Vec2(low.x, high.y)}) {
      scene.positions.emplace_back(p.x, y, p.y);
    }
  }
  const auto quad = [&](std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
    scene.triangles.push_back(first + glm::u32vec3(a, b, c));
    scene.triangles.push_back(first + glm::u32vec3(a, c, d));
  };
  quad(0, 1, 2, 3);
  quad(4, 7, 6, 5);
  for (std::uint32_t i = 0; i < 4; ++i) quad(i, i + 4, (i + 1) % 4 + 4, (i + 1) % 4);
  scene.triangle_material.resize(scene.triangles.size(), 0);
  scene.materials.resize(1);
}

scene::ScenePtr finished(scene::Scene scene) {
  auto result = scene::finish(std::move(scene));
  EXPECT_TRUE(result.ok());
  return std::move(result).value();
}

TEST(WallMap, WallsWithoutLintelsGetTheirDoorsFromTheGaps) {
  // A robot's map, extruded: a room of 4 x 3 m, cut by a wall with a gap of 0.9 m, another gap towards a
  // corner.
  scene::Scene scene;
  add_box(scene, {0.0f, 0.0f}, {4.0f, 0.1f}, 0.0f, 2.5f);
  add_box(scene, {0.0f, 2.9f}, {4.0f, 3.0f}, 0.0f, 2.5f);
  add_box(scene, {0.0f, 0.0f}, {0.1f, 3.0f}, 0.0f, 2.5f);
  add_box(scene, {3.9f, 0.0f}, {4.0f, 3.0f}, 0.0f, 2.5f);
  add_box(scene, {1.95f, 0.0f}, {2.05f, 1.0f}, 0.0f, 2.5f);
  add_box(scene, {1.95f, 1.9f}, {2.05f, 3.0f}, 0.0f, 2.5f);
  add_box(scene, {0.0f, 1.95f}, {1.2f, 2.05f}, 0.0f, 2.5f);
  const auto ready = finished(std::move(scene));
  EXPECT_NEAR(wall_height(*ready, 0.0f), 2.5f, 0.11f);
  const WallMap map = extract_walls(*ready, 0.0f, 0.05f);
  ASSERT_EQ(map.doors.size(), 2u);
  const auto has = [&map](const Vec& a, const Vec& b) {
    return std::any_of(map.doors.begin(), map.doors.end(), [&](const PlanSegment& d) {
      return std::min(glm::length(Vec(d.a) - a) + glm::length(Vec(d.b) - b),
                      glm::length(Vec(d.b) - a) + glm::length(Vec(d.a) - b)) < 0.2;
    });
  };
  EXPECT_TRUE(has({2.0, 1.0}, {2.0, 1.9}));
  EXPECT_TRUE(has({1.2, 2.0}, {2.0, 2.0}));
}

TEST(WallMap, LowWallsAloneAreTakenFromOneSlice) {
  scene::Scene scene;
  add_box(scene, {0.0f, 0.0f}, {4.0f, 0.1f}, 0.0f, 0.8f);
  add_box(scene, {0.0f, 0.0f}, {0.1f, 3.0f}, 0.0f, 0.8f);
  const WallMap map = extract_walls(*finished(std::move(scene)), 0.0f, 0.05f);
  ASSERT_EQ(map.walls.size(), 2u);
  EXPECT_GT(covered({{{0.05f, 0.05f}, {3.95f, 0.05f}}, {{0.05f, 0.05f}, {0.05f, 2.95f}}}, map.walls, 0.05),
            0.99);
}

TEST(WallMap, FurnitureDoesNotBecomeAWall) {
  scene::Scene scene;
  add_box(scene, {0.0f, 0.0f}, {4.0f, 0.1f}, 0.0f, 2.5f);
  add_box(scene, {0.0f, 0.0f}, {0.1f, 3.0f}, 0.0f, 2.5f);
  add_box(scene, {1.0f, 0.1f}, {2.5f, 0.9f}, 0.0f, 1.9f);
  const WallMap map = extract_walls(*finished(std::move(scene)), 0.0f, 0.05f);
  EXPECT_EQ(map.walls.size(), 2u);
  EXPECT_TRUE(map.doors.empty());
}

TEST(WallMap, ASceneWithoutWallsGivesNone) {
  scene::Scene scene;
  add_box(scene, {0.0f, 0.0f}, {4.0f, 4.0f}, -0.1f, 0.0f);
  const WallMap map = extract_walls(*finished(std::move(scene)), 0.0f, 0.05f);
  EXPECT_TRUE(map.walls.empty());
  EXPECT_FALSE(map.bounds.empty());
}

TEST(WallMap, RealBuilding) {
  const std::filesystem::path mesh =
      std::filesystem::path("..") / "shared" / "data" / "gdc_building" / "gdc_2.ply";
  if (!std::filesystem::exists(mesh)) GTEST_SKIP() << "the building's mesh is not here";
  const auto scene = scene::load_scene(mesh, {});
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  const float floor_y = (*scene)->bounds.min.y;
  const WallMap map = extract_walls(**scene, floor_y, 0.05f);
  double length = 0.0;
  for (const PlanSegment& w : map.walls) length += glm::length(w.b - w.a);
  // What is drawn must stand in the mesh.
  const double precision = covered(map.walls, slice(**scene, floor_y + 0.5f), 0.25);
  std::printf("  %zu walls, %.0f m, %zu doors; precision against the slice %.4f\n", map.walls.size(), length,
              map.doors.size(), precision);
  EXPECT_GT(length, 300.0);
  EXPECT_GT(precision, 0.97);
}

}  // namespace
}  // namespace inknav::sketch
