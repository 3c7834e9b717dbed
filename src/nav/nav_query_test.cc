// SPDX-License-Identifier: MIT
#include <DetourNavMeshQuery.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

#include "base/allocation_count.h"
#include "base/hash.h"
#include "base/thread_pool.h"
#include "nav/mesh_data.h"
#include "nav/nav_mesh.h"
#include "nav/test_scenes.h"

namespace inknav::nav {
namespace {

using base::Vec3;
using testing::build_mesh;
using testing::SceneBuilder;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

base::PhiloxStream stream_of(std::uint64_t seed) { return base::PhiloxStream({.seed = seed}); }

/// Detour's own query, as the oracle.
struct DetourTwin {
  explicit DetourTwin(const NavMesh& mesh) : query(dtAllocNavMeshQuery()) {
    INKNAV_CHECK(dtStatusSucceed(query->init(&mesh.detour(), 2048)));
    filter.setIncludeFlags(1);
    filter.setExcludeFlags(0);
  }
  ~DetourTwin() { dtFreeNavMeshQuery(query); }
  DetourTwin(const DetourTwin&) = delete;
  DetourTwin& operator=(const DetourTwin&) = delete;

  bool nearest(const Vec3& p, NavPoint& out) {
    const Vec3 box(2.0f, 4.0f, 2.0f);
    dtPolyRef ref = 0;
    query->findNearestPoly(&p.x, &box.x, &filter, &ref, &out.position.x);
    out.poly = ref;
    return ref != 0;
  }
  NavPoint walk(const NavPoint& from, const Vec3& to) {
    NavPoint end;
    std::array<dtPolyRef, 256> visited;
    int num_visited = 0;
    query->moveAlongSurface(from.poly, &from.position.x, &to.x, &filter, &end.position.x, visited.data(),
                            &num_visited, 256);
    end.poly = visited[static_cast<std::size_t>(num_visited - 1)];
    float height = end.position.y;
    if (dtStatusSucceed(query->getPolyHeight(end.poly, &end.position.x, &height))) end.position.y = height;
    return end;
  }

  dtNavMeshQuery* query;
  dtQueryFilter filter;
};

Vec3 step_target(const NavPoint& from, float yaw) {
  return from.position + 0.25f * base::forward_from_yaw(yaw);
}

TEST(NavQueryProject, EqualsDetoursNearestPolygon) {
  for (const auto& scene : {testing::rooms_scene(), testing::storeys_scene(), testing::clutter_scene(2)}) {
    const NavMeshPtr mesh = build_mesh(scene);
    NavQuery query(mesh);
    DetourTwin twin(*mesh);
    base::PhiloxStream stream = stream_of(1);
    for (int i = 0; i < 3000; ++i) {
      const Vec3 p(stream.uniform(-4, 14), stream.uniform(-5, 8), stream.uniform(-8, 12));
      NavPoint wanted;
      const bool found = twin.nearest(p, wanted);
      const auto got = query.project(p);
      ASSERT_EQ(got.has_value(), found);
      if (!found) continue;
      EXPECT_EQ(got->position, wanted.position);
      EXPECT_EQ(got->poly, wanted.poly);
    }
  }
}

TEST(NavQueryProject, FailsFarAwayAndForNonNumbers) {
  NavQuery query(build_mesh(testing::rooms_scene()));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const Vec3& p :
       {Vec3(20, 0, 4), Vec3(5, 40, 4), Vec3(nan, 0, 0), Vec3(1, kInfinity, 1), Vec3(-1e30f, 0, 0)}) {
    EXPECT_FALSE(query.project(p));
    EXPECT_FALSE(query.locate(p));
    EXPECT_FALSE(query.is_navigable(p));
    EXPECT_EQ(query.distance_to_wall(p), kInfinity);
    EXPECT_EQ(query.geodesic(p, {1, 0, 1}).length, kInfinity);
    EXPECT_EQ(query.geodesic({1, 0, 1}, p).length, kInfinity);
    EXPECT_EQ(query.try_step({1, 0.2f, 1}, p, true), Vec3(1, 0.2f, 1));
    if (!std::isfinite(p.x) || !std::isfinite(p.y)) continue;
    EXPECT_EQ(query.try_step(p, {1, 0, 1}, true), p);
  }
}

TEST(NavQueryProject, LocateAgreesWithProjectNearTheMesh) {
  for (const auto& scene : {testing::rooms_scene(), testing::storeys_scene(), testing::clutter_scene(5)}) {
    const NavMeshPtr mesh = build_mesh(scene);
    NavQuery query(mesh);
    base::PhiloxStream stream = stream_of(2);
    for (int i = 0; i < 3000; ++i) {
      const NavPoint p = query.random_point(stream, -1);
      const auto located = query.locate(p.position + Vec3(0.0f, stream.uniform(-0.1f, 0.1f), 0.0f));
      ASSERT_TRUE(located);
      EXPECT_LT(std::hypot(located->position.x - p.position.x, located->position.z - p.position.z), 1e-3f);
      EXPECT_NEAR(located->position.y, p.position.y, 0.35f);
      EXPECT_EQ(mesh->island_of(located->poly), mesh->island_of(p.poly));
    }
  }
}

TEST(NavQueryProject, ToOneIslandEqualsProjectAmongIt) {
  const NavMeshPtr mesh = build_mesh(testing::rooms_scene());
  NavQuery query(mesh);
  base::PhiloxStream stream = stream_of(14);
  int same = 0, other = 0;
  for (int i = 0; i < 3000; ++i) {
    const Vec3 p(stream.uniform(-1, 13), stream.uniform(0, 1), stream.uniform(-1, 9));
    const auto nearest = query.project(p);
    for (int island = 0; island < static_cast<int>(mesh->islands().size()); ++island) {
      const auto snapped = query.project_to_island(p, island);
      if (nearest && mesh->island_of(nearest->poly) == island) {
        ASSERT_TRUE(snapped);
        EXPECT_EQ(snapped->position, nearest->position);
        EXPECT_EQ(snapped->poly, nearest->poly);
        ++same;
      } else if (snapped) {
        EXPECT_EQ(mesh->island_of(snapped->poly), island);
        ++other;
      }
    }
  }
  EXPECT_GT(same, 2000);
  EXPECT_GT(other, 100);
}

TEST(NavQueryRandom, NearAPlaceAndNowhere) {
  const NavMeshPtr mesh = build_mesh(testing::rooms_scene());
  NavQuery query(mesh);
  base::PhiloxStream stream = stream_of(15);
  const Vec3 centre(2, 0, 2);
  Vec3 mean(0.0f);
  for (int i = 0; i < 500; ++i) {
    const auto p = query.random_point_near(stream, mesh->largest_island(), centre, 0.5f);
    ASSERT_TRUE(p);
    EXPECT_LT(std::hypot(p->position.x - centre.x, p->position.z - centre.z), 0.5f);
    EXPECT_EQ(mesh->island_of(p->poly), mesh->largest_island());
    mean += p->position / 500.0f;
  }
  // Free floor all around, so the mean is the centre: a deviation of 0.25 m over the root of 500 draws, five
  // of them.
  EXPECT_NEAR(mean.x, centre.x, 0.06f);
  EXPECT_NEAR(mean.z, centre.z, 0.06f);
  EXPECT_FALSE(query.random_point_near(stream, -1, {60, 0, 60}, 1.0f));
}

TEST(NavQueryNavigable, HeightAndPlaneTolerances) {
  NavQuery query(build_mesh(SceneBuilder().floor(0, 0, 4, 4).finish("floor")));
  const float y = query.project({2, 0, 2})->position.y;
  EXPECT_TRUE(query.is_navigable({2, y, 2}));
  EXPECT_TRUE(query.is_navigable({2, y + 0.49f, 2}));
  EXPECT_FALSE(query.is_navigable({2, y + 0.51f, 2}));
  EXPECT_TRUE(query.is_navigable({2, y + 0.9f, 2}, 1.0f));
  const float edge = query.project({-1, y, 2})->position.x;
  EXPECT_TRUE(query.is_navigable({edge - 0.009f, y, 2}));
  EXPECT_FALSE(query.is_navigable({edge - 0.011f, y, 2}));
}

TEST(NavQueryStep, SlidingEqualsDetoursSurfaceWalk) {
  for (const auto& scene : {testing::rooms_scene(), testing::storeys_scene(), testing::clutter_scene(7)}) {
    const NavMeshPtr mesh = build_mesh(scene);
    NavQuery query(mesh);
    DetourTwin twin(*mesh);
    base::PhiloxStream stream = stream_of(3);
    NavPoint at = query.random_point(stream, mesh->largest_island());
    for (int i = 0; i < 20000; ++i) {
      const float length = i % 4 == 0 ? stream.uniform(0.01f, 1.5f) : 0.25f;
      const Vec3 to = at.position + length * base::forward_from_yaw(stream.uniform(-4.0f, 4.0f));
      const auto target = query.project(to);
      const NavPoint got = query.step(at, to, true);
      if (target && mesh->island_of(target->poly) == mesh->island_of(at.poly)) {
        const NavPoint wanted = twin.walk(at, to);
        ASSERT_LT(glm::length(got.position - wanted.position), 1.1e-4f) << i;  // the nudge between islands
        ASSERT_EQ(got.poly, wanted.poly);
        if (mesh->islands().size() == 1) {
          ASSERT_EQ(got.position, wanted.position);
        }
      } else {
        ASSERT_EQ(got.position, at.position);
      }
      at = i % 500 == 499 ? query.random_point(stream, mesh->largest_island()) : got;
    }
  }
}

TEST(NavQueryStep, StaysOnItsIslandAndOnTheMesh) {
  const NavMeshPtr mesh = build_mesh(testing::rooms_scene());
  for (const bool slide : {true, false}) {
    NavQuery query(mesh);
    base::PhiloxStream stream = stream_of(4);
    NavPoint at = query.random_point(stream, mesh->largest_island());
    for (int i = 0; i < 20000; ++i) {
      const NavPoint next = query.step(at, step_target(at, stream.uniform(-4, 4)), slide);
      ASSERT_EQ(mesh->island_of(next.poly), mesh->largest_island());
      // The point nearest to the target is no farther from it than the start was, so a slide may be longer
      // than the step, at most twice.
      const float moved = std::hypot(next.position.x - at.position.x, next.position.z - at.position.z);
      ASSERT_LE(moved, slide ? 0.5002f : 0.2502f);
      const auto again = query.project(next.position);
      ASSERT_TRUE(again);
      ASSERT_LT(glm::length(again->position - next.position), 2e-3f);
      at = next;
    }
  }
}

TEST(NavQueryStep, TryStepFollowsStep) {
  const NavMeshPtr mesh = build_mesh(testing::clutter_scene(4));
  NavQuery query(mesh);
  base::PhiloxStream stream = stream_of(5);
  for (int i = 0; i < 3000; ++i) {
    const NavPoint at = *query.project(query.random_point(stream, mesh->largest_island()).position);
    const Vec3 to = step_target(at, stream.uniform(-4, 4));
    EXPECT_EQ(query.try_step(at.position, to, i % 2 == 0), query.step(at, to, i % 2 == 0).position);
  }
}

TEST(NavQueryStep, SlideGoesAlongTheWallAndNoSlideStopsAtIt) {
  NavQuery query(build_mesh(SceneBuilder().floor(0, 0, 4, 4).finish("floor")));
  const float edge = query.project({-1, 0, 2})->position.x;
  const NavPoint at = *query.project({edge + 0.1f, 0, 2});
  const Vec3 to = at.position + Vec3(-0.2f, 0.0f, 0.2f);
  const NavPoint slid = query.step(at, to, true);
  EXPECT_NEAR(slid.position.x, edge, 1e-5f);
  EXPECT_NEAR(slid.position.z, 2.2f, 1e-4f);
  const NavPoint stopped = query.step(at, to, false);
  EXPECT_NEAR(stopped.position.x, edge, 1e-5f);
  EXPECT_NEAR(stopped.position.z, 2.1f, 1e-4f);
  // Free steps are the same under both.
  const Vec3 free = at.position + Vec3(0.2f, 0.0f, -0.1f);
  EXPECT_EQ(query.step(at, free, true).position, query.step(at, free, false).position);
}

TEST(NavQueryStep, NoSlideLetsTheBodyTurnRoundAtTheWall) {
  const NavMeshPtr mesh = build_mesh(testing::rooms_scene());
  NavQuery query(mesh);
  base::PhiloxStream stream = stream_of(6);
  int contacts = 0, stuck = 0;
  for (int i = 0; i < 4000; ++i) {
    const NavPoint at = query.random_point(stream, mesh->largest_island());
    const float yaw = stream.uniform(-3.2f, 3.2f);
    const NavPoint hit = query.step(at, step_target(at, yaw), false);
    const float moved = glm::length(hit.position - at.position);
    if (moved > 0.2f || moved < 0.05f) continue;  // free, or hardly away from another wall
    ++contacts;
    const NavPoint back = query.step(hit, step_target(hit, yaw + base::kPi), false);
    if (glm::length(back.position - hit.position) < 0.5f * moved) ++stuck;
  }
  EXPECT_GT(contacts, 50);
  EXPECT_EQ(stuck, 0);
}

/// Of bodies that have just hit a wall by `rule` and turned half round, those that cannot leave by it.
struct Stuck {
  int contacts = 0;
  int stuck = 0;
};
Stuck after_half_turn(const NavMeshPtr& mesh, NoSlideRule rule) {
  NavQuery query(mesh);
  query.set_no_slide_rule(rule);
  base::PhiloxStream stream = stream_of(16);
  Stuck count;
  for (int i = 0; i < 20000; ++i) {
    const NavPoint at = query.random_point(stream, mesh->largest_island());
    const float yaw = stream.uniform(-3.2f, 3.2f);
    const NavPoint hit = query.step(at, step_target(at, yaw), false);
    const auto plane = [](const Vec3& a, const Vec3& b) { return std::hypot(a.x - b.x, a.z - b.z); };
    const float moved = plane(hit.position, at.position);
    if (moved > 0.249f || moved < 1e-3f) continue;  // no wall, or a body that stood on it
    ++count.contacts;
    const NavPoint back = query.step(hit, step_target(hit, yaw + base::kPi), false);
    // The way back is free as far as it came; 1e-4 m for a wall met at a sharp angle.
    if (plane(back.position, hit.position) < moved - 1e-4f) ++count.stuck;
  }
  return count;
}

TEST(NavQueryStep, AfterAHitAndAHalfTurnTheBodyIsNeverStuckByTheOldRule) {
  for (const auto& scene : {testing::rooms_scene(), testing::storeys_scene(), testing::clutter_scene(7)}) {
    const NavMeshPtr mesh = build_mesh(scene);
    const Stuck older = after_half_turn(mesh, NoSlideRule::kHabitat033);
    const Stuck newer = after_half_turn(mesh, NoSlideRule::kHabitat034);
    std::printf("  %s: after %d hits 0.3.3 holds %d; after %d hits 0.3.4 holds %d\n", scene->name.c_str(),
                older.contacts, older.stuck, newer.contacts, newer.stuck);
    EXPECT_GT(older.contacts, 1000);
    EXPECT_EQ(older.stuck, 0);
    EXPECT_GT(newer.stuck, newer.contacts / 3);
  }
}

TEST(NavQueryStep, NewerNoSlideRuleHoldsTheBodyThatTouchesAWall) {
  NavQuery query(build_mesh(SceneBuilder().floor(0, 0, 4, 4).finish("floor")));
  query.set_no_slide_rule(NoSlideRule::kHabitat034);
  const float edge = query.project({-1, 0, 2})->position.x;
  const NavPoint at = *query.project({edge + 0.1f, 0, 2});
  const NavPoint stopped = query.step(at, at.position + Vec3(-0.2f, 0.0f, 0.2f), false);
  EXPECT_NEAR(stopped.position.x, edge, 1e-5f);
  EXPECT_NEAR(stopped.position.z, 2.1f, 1e-4f);
  const Vec3 free = at.position + Vec3(0.1f, 0.0f, 0.2f);
  EXPECT_NEAR(glm::length(query.step(at, free, false).position - free), 0.0f, 0.2f);
}

TEST(NavQueryStep, ThinWallIsAWall) {
  SceneBuilder b;
  b.floor(0, 0, 6, 4);
  b.quad({3, 0, 0}, {3, 0, 4}, {3, 2, 4}, {3, 2, 0});  // no thickness, seen from one side
  const NavMeshPtr mesh = build_mesh(b.finish("screen"));
  ASSERT_EQ(mesh->islands().size(), 2u);
  for (const bool slide : {true, false}) {
    NavQuery query(mesh);
    NavPoint at = *query.project({2, 0, 2});
    for (int i = 0; i < 20; ++i) at = query.step(at, at.position + Vec3(0.25f, 0.0f, 0.02f), slide);
    EXPECT_LT(at.position.x, 3.0f);
    // A target beyond the screen lies on another island: no move at all.
    const Vec3 over = at.position + Vec3(3.3f - at.position.x, 0.0f, 0.0f);
    EXPECT_EQ(query.step(at, over, slide).position, at.position);
  }
}

TEST(NavQueryStep, HeightFollowsStairsAndSlopes) {
  const NavMeshPtr mesh = build_mesh(testing::storeys_scene());
  NavQuery query(mesh);
  NavPoint at = *query.project({8.6f, 0.4f, 2.5f});
  float highest = at.position.y;
  for (int i = 0; i < 40; ++i) {
    at = query.step(at, at.position + Vec3(-0.25f, 0.0f, 0.0f), true);
    EXPECT_GE(at.position.y, highest - 0.3f);
    highest = std::max(highest, at.position.y);
  }
  EXPECT_GT(highest, 3.0f);
}

TEST(NavQueryGeodesic, BetweenTheStraightLineAndTheWayBack) {
  const NavMeshPtr mesh = build_mesh(testing::rooms_scene());
  NavQuery query(mesh);
  base::PhiloxStream stream = stream_of(8);
  float sum = 0.0f;
  float difference = 0.0f;
  for (int i = 0; i < 500; ++i) {
    const Vec3 a = query.random_point(stream, mesh->largest_island()).position;
    const Vec3 b = query.random_point(stream, mesh->largest_island()).position;
    const GeodesicPath there = query.geodesic(a, b);
    const GeodesicPath back = query.geodesic(b, a);
    ASSERT_TRUE(std::isfinite(there.length));
    EXPECT_GE(there.length, glm::length(b - a) - 1e-4f);
    EXPECT_NEAR(glm::length(there.points.front() - a), 0.0f, 1e-3f);
    EXPECT_NEAR(glm::length(there.points.back() - b), 0.0f, 1e-3f);
    sum += there.length;
    difference += std::abs(there.length - back.length);
    const auto leg = query.first_leg(*query.project(a), b);
    ASSERT_TRUE(leg);
    EXPECT_NEAR(leg->length, there.length, 1e-3f + 0.25f * there.length);
  }
  EXPECT_LT(difference, 0.02f * sum);
}

TEST(NavQueryGeodesic, SymmetricRoundOneCorner) {
  SceneBuilder b;
  b.floor(0, 0, 6, 6).box({0, 0, 0}, {3, 2, 3});
  const NavMeshPtr mesh = build_mesh(b.finish("corner"));
  NavQuery query(mesh);
  base::PhiloxStream stream = stream_of(13);
  const int floor = mesh->island_of(query.project({5, 0, 5})->poly);
  for (int i = 0; i < 200; ++i) {
    const Vec3 p = query.random_point(stream, floor).position;
    const Vec3 q = query.random_point(stream, floor).position;
    EXPECT_NEAR(query.geodesic(p, q).length, query.geodesic(q, p).length, 1e-4f);
  }
}

TEST(NavQueryGeodesic, NothingAndNowhere) {
  NavQuery query(build_mesh(testing::rooms_scene()));
  EXPECT_EQ(query.geodesic({1, 0.2f, 1}, {1, 0.2f, 1}).length, 0.0f);
  EXPECT_EQ(query.geodesic({1, 0, 1}, {4, 0.75f, 1.6f}).length, kInfinity);  // the top of a block
}

TEST(NavQueryWall, DistanceSaturatesAndGrowsFromTheWall) {
  NavQuery query(build_mesh(SceneBuilder().floor(0, 0, 10, 10).finish("floor")));
  const float edge = query.project({-1, 0, 5})->position.x;
  EXPECT_NEAR(query.distance_to_wall({edge + 0.7f, 0, 5}), 0.7f, 1e-4f);
  EXPECT_EQ(query.distance_to_wall({5, 0, 5}), 2.0f);
  EXPECT_EQ(query.distance_to_wall({5, 0, 5}, 0.5f), 0.5f);
  const NavQuery::Wall wall = query.nearest_wall(*query.project({edge + 0.7f, 0, 5}), 2.0f);
  EXPECT_NEAR(wall.away.x, 1.0f, 1e-4f);
}

TEST(NavQueryRandom, UniformOverAreaAndOnTheMesh) {
  SceneBuilder b;
  b.floor(0, 0, 4, 4).floor(6, 0, 8, 4);  // two islands, about 2 to 1
  const NavMeshPtr mesh = build_mesh(b.finish("two floors"));
  ASSERT_EQ(mesh->islands().size(), 2u);
  NavQuery query(mesh);
  base::PhiloxStream stream = stream_of(9);
  constexpr int kDraws = 20000;
  std::array<int, 2> hits{};
  std::array<int, 16> bins{};
  for (int i = 0; i < kDraws; ++i) {
    const NavPoint p = query.random_point(stream, -1);
    ++hits[static_cast<std::size_t>(mesh->island_of(p.poly))];
    const NavPoint q = query.random_point(stream, mesh->largest_island());
    ASSERT_TRUE(query.is_navigable(q.position, 0.1f));
    ASSERT_EQ(mesh->island_of(q.poly), mesh->largest_island());
    const auto column =
        static_cast<std::size_t>(std::clamp((q.position.x - 0.15f) / 3.7f * 4.0f, 0.0f, 3.0f));
    const auto row = static_cast<std::size_t>(std::clamp((q.position.z - 0.15f) / 3.7f * 4.0f, 0.0f, 3.0f));
    ++bins[row * 4 + column];
  }
  const float share = mesh->islands()[0].area / mesh->area();
  EXPECT_NEAR(static_cast<float>(hits[0]) / kDraws, share, 0.02f);
  double chi2 = 0.0;
  for (const int n : bins) chi2 += std::pow(n - kDraws / 16.0, 2) / (kDraws / 16.0);
  EXPECT_LT(chi2, 80.0);  // 15 degrees of freedom, and squares that fit the floor to 5 cm
}

TEST(NavQueryLaws, ManyStepsHashTheSameWithAnyNumberOfThreads) {
  const NavMeshPtr mesh = build_mesh(testing::clutter_scene(6));
  constexpr int kAgents = 64;
  constexpr int kSteps = 1600;  // 1e5 steps in all
  std::array<base::Hash128, 3> hashes;
  std::size_t run = 0;
  for (const int threads : {1, 2, 4}) {
    base::ThreadPool pool(threads);
    std::vector<NavQuery> queries;
    for (int i = 0; i < threads; ++i) queries.emplace_back(mesh);
    std::vector<NavPoint> ends(kAgents);
    pool.parallel_for(kAgents, 3, [&](std::int64_t begin, std::int64_t end, int worker) {
      NavQuery& query = queries[static_cast<std::size_t>(worker)];
      for (std::int64_t agent = begin; agent < end; ++agent) {
        base::PhiloxStream stream({.seed = 10, .environment = static_cast<std::uint32_t>(agent)});
        NavPoint at = query.random_point(stream, mesh->largest_island());
        for (int i = 0; i < kSteps; ++i) {
          at = query.step(at, step_target(at, stream.uniform(-3.2f, 3.2f)), agent % 2 == 0);
        }
        ends[static_cast<std::size_t>(agent)] = at;
      }
    });
    hashes[run++] = base::xxh3_128(ends.data(), ends.size() * sizeof(NavPoint));
  }
  EXPECT_EQ(hashes[0], hashes[1]);
  EXPECT_EQ(hashes[0], hashes[2]);
}

TEST(NavQueryLaws, NothingButGeodesicAllocates) {
  const NavMeshPtr mesh = build_mesh(testing::rooms_scene());
  NavQuery query(mesh);
  base::PhiloxStream stream = stream_of(12);
  NavPoint at = query.random_point(stream, mesh->largest_island());
  float sum = 0.0f;
  const std::size_t before = base::testing::num_allocations();
  for (int i = 0; i < 3000; ++i) {
    at = query.step(at, step_target(at, stream.uniform(-4, 4)), i % 2 == 0);
    const NavPoint other = query.random_point(stream, mesh->largest_island());
    sum += query.try_step(at.position, other.position, true).x + query.distance_to_wall(at.position);
    sum += query.is_clear(at, other.position) ? 1.0f : 0.0f;
    sum += query.first_leg(at, other.position)->length + query.locate(at.position)->position.x;
    sum += query.is_navigable(at.position) ? 1.0f : 0.0f;
  }
  EXPECT_EQ(base::testing::num_allocations(), before);
  EXPECT_GT(sum, 0.0f);
}

}  // namespace
}  // namespace inknav::nav
