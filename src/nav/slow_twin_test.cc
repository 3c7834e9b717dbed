// SPDX-License-Identifier: MIT
// snap, step and geodesic against the plain way in double (nav/slow_twin.h), 100,000 random queries each.
// The counts are printed; the tolerances are float32's: a coordinate of 12 m is good to 1e-6 m, and a
// crossing of a way and a wall at a sharp angle to some times that.
#include "nav/slow_twin.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>

#include "nav/test_scenes.h"

namespace inknav::nav {
namespace {

using base::Vec3;
using testing::GridTwin;
using testing::Point2;
using testing::point2;
using testing::SlowTwin;

constexpr int kQueries = 100000;

std::array<NavMeshPtr, 2> meshes() {
  return {testing::build_mesh(testing::rooms_scene()), testing::build_mesh(testing::clutter_scene(4))};
}

TEST(SlowTwin, SnapFindsAPolygonAsNearAsAny) {
  int found = 0, none = 0, differ = 0;
  double worst = 0.0;
  for (const NavMeshPtr& mesh : meshes()) {
    NavQuery query(mesh);
    const SlowTwin twin(*mesh);
    base::PhiloxStream stream({.seed = 41});
    for (int i = 0; i < kQueries / 2; ++i) {
      const Vec3 p(stream.uniform(-4, 15), stream.uniform(-1, 2), stream.uniform(-4, 12));
      const auto got = query.project(p);
      const double least = twin.least_measure(p);
      if (!got) {
        ++none;
        // The box is Detour's, and counts in 16-bit steps of its tree: polygons at its rim may be in or out.
        if (std::isfinite(least) && least < 1.9) ++differ;
        continue;
      }
      ++found;
      const double excess = twin.measure(mesh->data().index_of(got->poly), p) - least;
      worst = std::max(worst, excess);
      if (std::isfinite(least) && excess > 1e-4) ++differ;
    }
  }
  std::printf("  snap: %d found, %d outside, %d differ, farther than the nearest by at most %.1e m\n", found,
              none, differ, worst);
  EXPECT_GT(found, kQueries / 2);
  EXPECT_EQ(differ, 0);
}

/// How many of 100,000 steps from random points end where the twin's do.
void compare_steps(bool slide) {
  int blocked = 0, differ = 0;
  double worst = 0.0;
  for (const NavMeshPtr& mesh : meshes()) {
    NavQuery query(mesh);
    const SlowTwin twin(*mesh);
    base::PhiloxStream stream({.seed = 42});
    for (int i = 0; i < kQueries / 2; ++i) {
      const NavPoint from = query.random_point(stream, -1);
      const Vec3 to = from.position + 0.25f * base::forward_from_yaw(stream.uniform(-3.2f, 3.2f));
      const auto target = query.project(to);
      if (!target || mesh->island_of(target->poly) != mesh->island_of(from.poly)) {
        EXPECT_EQ(query.step(from, to, slide).position, from.position);
        continue;
      }
      const Point2 got = point2(query.step(from, to, slide).position);
      const int poly = mesh->data().index_of(from.poly);
      const Point2 wanted = slide ? twin.slide(poly, point2(from.position), point2(to))
                                  : twin.straight(poly, point2(from.position), point2(to));
      if (distance(wanted, point2(to)) > 1e-6) ++blocked;
      const double error = distance(got, wanted);
      if (error > 1e-5) {
        ++differ;
      } else {
        worst = std::max(worst, error);
      }
    }
  }
  std::printf("  step %s: %d blocked, %d differ, the others by at most %.1e m\n",
              slide ? "sliding" : "without", blocked, differ, worst);
  EXPECT_GT(blocked, kQueries / 50);
  // Two walls equally near to the target, and points within 1e-6 m of an edge: the last bit decides.
  EXPECT_LE(differ, kQueries / 10000);
}

TEST(SlowTwin, StepsThatSlide) { compare_steps(true); }
TEST(SlowTwin, StepsThatStop) { compare_steps(false); }

TEST(SlowTwin, GeodesicBetweenTheBoundsOfAGrid) {
  constexpr int kSources = 50;  // a mesh
  int compared = 0, longer = 0;
  double worst = 0.0, sum_detour = 0.0, sum_grid = 0.0;
  for (const NavMeshPtr& mesh : meshes()) {
    NavQuery query(mesh);
    const int island = mesh->largest_island();
    const GridTwin grid(*mesh, island);
    base::PhiloxStream stream({.seed = 43});
    for (int s = 0; s < kSources; ++s) {
      const Vec3 from = query.random_point(stream, island).position;
      const int source = grid.node_near(point2(from));
      if (source < 0) continue;
      const std::vector<double> metres = grid.distances(source);
      for (int i = 0; i < kQueries / 2 / kSources; ++i) {
        const Vec3 to = query.random_point(stream, island).position;
        const int target = grid.node_near(point2(to));
        if (target < 0) continue;
        const double length = double{query.geodesic(from, to).length};
        const double ends =
            distance(grid.place(source), point2(from)) + distance(grid.place(target), point2(to));
        const double on_grid = metres[static_cast<std::size_t>(target)];
        if (!std::isfinite(on_grid)) continue;
        ++compared;
        // Not below the truth: the grid's ways are at most kWorst longer than it, and cut into corners by a
        // cell or two at each bend of the way.
        ASSERT_GE(length, (on_grid - ends) / GridTwin::kWorst - 6 * GridTwin::kCell);
        // Not much above it: Detour's A* goes over middles of edges and may take the longer side.
        if (length > 1.05 * (on_grid + ends)) ++longer;
        worst = std::max(worst, length / std::max(1.0, on_grid + ends));
        sum_detour += length;
        sum_grid += on_grid + ends;
      }
    }
  }
  std::printf(
      "  geodesic: %d compared, %d more than 5 %% longer than the grid's, worst %.2f times, all in all "
      "%.3f\n",
      compared, longer, worst, sum_detour / sum_grid);
  EXPECT_GT(compared, kQueries * 95 / 100);
  EXPECT_LE(longer, compared / 50);
  EXPECT_LT(sum_detour, sum_grid);
}

}  // namespace
}  // namespace inknav::nav
