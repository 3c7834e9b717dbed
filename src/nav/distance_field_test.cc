// SPDX-License-Identifier: MIT
#include "nav/distance_field.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <queue>
#include <vector>

#include "base/allocation_count.h"
#include "base/thread_pool.h"
#include "nav/mesh_data.h"
#include "nav/test_scenes.h"
#include "scene/home/home.h"

namespace inknav::nav {
namespace {

using base::Vec3;
using testing::build_mesh;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
/// What the field may be off the exact distance: the oracle sees 1 cm over the border, and beside a square's
/// centre the best way may be another.
/// away.
constexpr float kTolerance = 0.015f;

DistanceFieldPtr field_to(NavQuery& query, const Vec3& goal) {
  const std::array<Vec3, 1> goals = {goal};
  return DistanceField::compute(query, goals);
}

/// The slow, obviously right twin, for one storey: the floor as a 1 cm bitmap, all polygon vertices as
/// corners, sight by walking the line in 4 mm steps, Dijkstra over all pairs.
class VisibilityOracle {
 public:
  VisibilityOracle(const NavMesh& mesh, int island) {
    const internal::MeshData& data = mesh.data();
    base::Aabb box;
    for (std::size_t i = 0; i < data.polys.size(); ++i) {
      if (data.poly_island[i] != island) continue;
      for (std::size_t v = 0; v < data.polys[i].num_verts; ++v) {
        box.extend(data.polys[i].verts[v]);
        add_corner(data.polys[i].verts[v]);
      }
    }
    origin_ = box.min - Vec3(0.05f);
    width_ = static_cast<int>(box.size().x / kCell) + 12;
    depth_ = static_cast<int>(box.size().z / kCell) + 12;
    free_.assign(static_cast<std::size_t>(width_ * depth_), 0);
    for (std::size_t i = 0; i < data.polys.size(); ++i) {
      if (data.poly_island[i] == island) draw(data.polys[i]);
    }
  }

  void set_goal(const Vec3& goal) {
    distance_.assign(corners_.size(), kInfinity);
    goal_ = goal;
    std::vector<std::uint8_t> done(corners_.size(), 0);
    for (std::size_t i = 0; i < corners_.size(); ++i) {
      if (sees(goal, corners_[i])) distance_[i] = plane_distance(goal, corners_[i]);
    }
    for (std::size_t round = 0; round < corners_.size(); ++round) {
      std::size_t best = corners_.size();
      for (std::size_t i = 0; i < corners_.size(); ++i) {
        if (!done[i] && (best == corners_.size() || distance_[i] < distance_[best])) best = i;
      }
      done[best] = 1;
      for (std::size_t i = 0; i < corners_.size(); ++i) {
        const float through = distance_[best] + plane_distance(corners_[best], corners_[i]);
        if (!done[i] && through < distance_[i] && sees(corners_[best], corners_[i])) distance_[i] = through;
      }
    }
  }

  float at(const Vec3& p) const {
    float best = sees(p, goal_) ? plane_distance(p, goal_) : kInfinity;
    for (std::size_t i = 0; i < corners_.size(); ++i) {
      const float through = distance_[i] + plane_distance(p, corners_[i]);
      if (through < best && sees(p, corners_[i])) best = through;
    }
    return best;
  }

 private:
  static constexpr float kCell = 0.01f;
  static constexpr float kGrow = 0.012f;  // the bitmap's floor is this much wider than the mesh

  static float plane_distance(const Vec3& a, const Vec3& b) { return std::hypot(a.x - b.x, a.z - b.z); }

  void add_corner(const Vec3& p) {
    for (const Vec3& c : corners_) {
      if (plane_distance(c, p) < 1e-4f) return;
    }
    corners_.push_back(p);
  }

  void draw(const internal::WalkPoly& poly) {
    base::Aabb box;
    for (std::size_t v = 0; v < poly.num_verts; ++v) box.extend(poly.verts[v]);
    for (int z = row(box.min.z - 0.03f); z <= row(box.max.z + 0.03f); ++z) {
      for (int x = column(box.min.x - 0.03f); x <= column(box.max.x + 0.03f); ++x) {
        const Vec3 p(origin_.x + (static_cast<float>(x) + 0.5f) * kCell, 0.0f,
                     origin_.z + (static_cast<float>(z) + 0.5f) * kCell);
        const Vec3 nearest = internal::nearest_point(poly, p);
        if (plane_distance(nearest, p) <= kGrow) free_[static_cast<std::size_t>(z * width_ + x)] = 1;
      }
    }
  }

  int column(float x) const { return static_cast<int>((x - origin_.x) / kCell); }
  int row(float z) const { return static_cast<int>((z - origin_.z) / kCell); }

  bool sees(const Vec3& a, const Vec3& b) const {
    const int steps = static_cast<int>(plane_distance(a, b) / 0.004f) + 1;
    for (int i = 0; i <= steps; ++i) {
      const float t = static_cast<float>(i) / static_cast<float>(steps);
      const Vec3 p = a + t * (b - a);
      if (!free_[static_cast<std::size_t>(row(p.z) * width_ + column(p.x))]) return false;
    }
    return true;
  }

  std::vector<Vec3> corners_;
  std::vector<float> distance_;
  Vec3 goal_{0.0f};
  Vec3 origin_{0.0f};
  int width_ = 0;
  int depth_ = 0;
  std::vector<std::uint8_t> free_;
};

struct Errors {
  float over = 0.0f;
  float under = 0.0f;
  double relative = 0.0;
  int count = 0;
};

Errors compare_with_oracle(const scene::ScenePtr& scene, std::uint64_t seed, int num_goals, int num_points) {
  const NavMeshPtr mesh = build_mesh(scene);
  NavQuery query(mesh);
  VisibilityOracle oracle(*mesh, mesh->largest_island());
  base::PhiloxStream stream({.seed = seed});
  Errors errors;
  for (int g = 0; g < num_goals; ++g) {
    const Vec3 goal = query.random_point(stream, mesh->largest_island()).position;
    const DistanceFieldPtr field = field_to(query, goal);
    oracle.set_goal(goal);
    for (int i = 0; i < num_points; ++i) {
      const Vec3 p = query.random_point(stream, mesh->largest_island()).position;
      const float exact = oracle.at(p);
      const float got = field->at(p);
      EXPECT_TRUE(std::isfinite(exact) && std::isfinite(got)) << exact << " " << got;
      errors.over = std::max(errors.over, got - exact);
      errors.under = std::max(errors.under, exact - got);
      errors.relative += std::abs(got - exact) / std::max(0.5f, exact);
      ++errors.count;
      EXPECT_LT(std::abs(got - exact), kTolerance + 0.003f * exact)
          << scene->name << " (" << p.x << ", " << p.z << ") to (" << goal.x << ", " << goal.z << ") exact "
          << exact;
    }
  }
  return errors;
}

TEST(DistanceFieldOracle, RoomsIsExact) {
  const Errors errors = compare_with_oracle(testing::rooms_scene(), 21, 6, 150);
  EXPECT_LT(errors.relative / errors.count, 0.005);
  RecordProperty("over_mm", static_cast<int>(1000.0f * errors.over));
  RecordProperty("under_mm", static_cast<int>(1000.0f * errors.under));
}

TEST(DistanceFieldOracle, ClutterIsExact) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const Errors errors = compare_with_oracle(testing::clutter_scene(seed), seed, 3, 100);
    EXPECT_LT(errors.relative / errors.count, 0.01);
  }
}

TEST(DistanceFieldOracle, HomesIsExact) {
  for (std::uint64_t seed = 0; seed < 2; ++seed) {
    const Errors errors = compare_with_oracle(scene::generate_home(seed, {}).scene, seed, 2, 100);
    EXPECT_LT(errors.relative / errors.count, 0.01);
  }
}

TEST(DistanceFieldLaws, NeverLongerThanDetoursPath) {
  for (const auto& scene : {testing::rooms_scene(), testing::storeys_scene(), testing::clutter_scene(9)}) {
    const NavMeshPtr mesh = build_mesh(scene);
    NavQuery query(mesh);
    base::PhiloxStream stream({.seed = 22});
    for (int g = 0; g < 10; ++g) {
      const Vec3 goal = query.random_point(stream, mesh->largest_island()).position;
      const DistanceFieldPtr field = field_to(query, goal);
      for (int i = 0; i < 100; ++i) {
        const Vec3 p = query.random_point(stream, mesh->largest_island()).position;
        const float detour = query.geodesic(p, goal).length;
        EXPECT_LT(field->at(p), detour + kTolerance);
        EXPECT_GT(field->at(p), glm::length(goal - p) - 1e-3f);
      }
    }
  }
}

TEST(DistanceFieldLaws, ChangesNoFasterThanThePointMoves) {
  const NavMeshPtr mesh = build_mesh(testing::rooms_scene());
  NavQuery query(mesh);
  base::PhiloxStream stream({.seed = 23});
  const DistanceFieldPtr field = field_to(query, query.random_point(stream, mesh->largest_island()).position);
  NavPoint at = query.random_point(stream, mesh->largest_island());
  for (int i = 0; i < 20000; ++i) {
    const Vec3 to = at.position + stream.uniform(0.0f, 0.25f) * base::forward_from_yaw(stream.uniform(-4, 4));
    const NavPoint next = query.step(at, to, false);
    const float moved = glm::length(next.position - at.position);
    ASSERT_LE(std::abs(field->at(next.position) - field->at(at.position)), moved + kTolerance);
    at = next;
  }
}

TEST(DistanceFieldLaws, SymmetricWithinTheTolerance) {
  const NavMeshPtr mesh = build_mesh(testing::clutter_scene(3));
  NavQuery query(mesh);
  base::PhiloxStream stream({.seed = 24});
  for (int i = 0; i < 100; ++i) {
    const Vec3 a = query.random_point(stream, mesh->largest_island()).position;
    const Vec3 b = query.random_point(stream, mesh->largest_island()).position;
    EXPECT_NEAR(field_to(query, a)->at(b), field_to(query, b)->at(a), kTolerance);
  }
}

TEST(DistanceFieldLaws, SeveralGoalsAreTheMinimumOfEach) {
  const NavMeshPtr mesh = build_mesh(testing::rooms_scene());
  NavQuery query(mesh);
  base::PhiloxStream stream({.seed = 25});
  std::vector<Vec3> goals;
  std::vector<DistanceFieldPtr> single;
  for (int i = 0; i < 5; ++i) {
    goals.push_back(query.random_point(stream, mesh->largest_island()).position);
    single.push_back(field_to(query, goals.back()));
  }
  goals.push_back({100, 0, 100});  // does not project: skipped
  const DistanceFieldPtr all = DistanceField::compute(query, goals);
  for (int i = 0; i < 1000; ++i) {
    const Vec3 p = query.random_point(stream, mesh->largest_island()).position;
    float least = kInfinity;
    for (const DistanceFieldPtr& field : single) least = std::min(least, field->at(p));
    EXPECT_NEAR(all->at(p), least, kTolerance);
  }
}

TEST(DistanceFieldLaws, DescentLeadsToTheGoal) {
  for (const auto& scene : {testing::rooms_scene(), testing::storeys_scene()}) {
    const NavMeshPtr mesh = build_mesh(scene);
    NavQuery query(mesh);
    base::PhiloxStream stream({.seed = 26});
    for (int run = 0; run < 40; ++run) {
      const Vec3 goal = query.random_point(stream, mesh->largest_island()).position;
      const DistanceFieldPtr field = field_to(query, goal);
      NavPoint at = query.random_point(stream, mesh->largest_island());
      const float distance = field->at(at.position);
      float walked = 0.0f;
      for (int i = 0; i < 2000 && field->at(at.position) > 0.1f; ++i) {
        const base::Vec2 way = field->descent(at.position);
        ASSERT_NEAR(glm::length(way), 1.0f, 1e-4f);
        const float length = std::min(0.05f, field->at(at.position));
        const NavPoint next = query.step(at, at.position + length * Vec3(way.x, 0.0f, way.y), true);
        walked += glm::length(next.position - at.position);
        at = next;
      }
      EXPECT_LE(field->at(at.position), 0.1f) << scene->name;
      EXPECT_LT(walked, 1.05f * distance + 0.3f);
    }
  }
}

TEST(DistanceFieldLaws, WayIsAsLongAsTheDistance) {
  const NavMeshPtr mesh = build_mesh(testing::storeys_scene());
  NavQuery query(mesh);
  base::PhiloxStream stream({.seed = 27});
  const Vec3 goal = query.random_point(stream, mesh->largest_island()).position;
  const DistanceFieldPtr field = field_to(query, goal);
  for (int i = 0; i < 200; ++i) {
    const Vec3 p = query.random_point(stream, mesh->largest_island()).position;
    const std::vector<Vec3> way = field->way(p);
    float length = 0.0f;
    for (std::size_t k = 1; k < way.size(); ++k) length += glm::length(way[k] - way[k - 1]);
    EXPECT_NEAR(length, field->at(p), 1e-3f);
    EXPECT_EQ(way.front(), p);
    EXPECT_LT(glm::length(way.back() - goal), 1e-2f);
  }
}

TEST(DistanceFieldStoreys, PointsAboveEachOtherAreFarApart) {
  const NavMeshPtr mesh = build_mesh(testing::storeys_scene());
  NavQuery query(mesh);
  const DistanceFieldPtr field = field_to(query, {1.0f, 0.2f, 1.0f});
  EXPECT_LT(field->at({1.5f, 0.2f, 1.0f}), 0.6f);
  const float above = field->at({1.5f, 3.2f, 1.0f});
  EXPECT_GT(above, 10.0f);
  EXPECT_NEAR(above, query.geodesic({1.5f, 3.2f, 1.0f}, {1.0f, 0.2f, 1.0f}).length, 0.2f);
}

TEST(DistanceFieldNowhere, InfinityAndNoDirection) {
  const NavMeshPtr mesh = build_mesh(testing::rooms_scene());
  NavQuery query(mesh);
  const DistanceFieldPtr none = field_to(query, {100, 0, 100});
  EXPECT_EQ(none->at({1, 0.2f, 1}), kInfinity);
  EXPECT_EQ(none->descent({1, 0.2f, 1}), base::Vec2(0.0f));
  EXPECT_TRUE(none->way({1, 0.2f, 1}).empty());
  EXPECT_EQ(DistanceField::compute(query, {})->at({1, 0.2f, 1}), kInfinity);

  const DistanceFieldPtr field = field_to(query, {1, 0.2f, 1});
  EXPECT_EQ(field->at({4, 0.85f, 1.6f}), kInfinity);  // the top of a block: another island
  EXPECT_EQ(field->at({-50, 0, 0}), kInfinity);
  EXPECT_EQ(field->at({1, std::numeric_limits<float>::quiet_NaN(), 1}), kInfinity);
  EXPECT_EQ(field->at({1, 30, 1}), kInfinity);
  EXPECT_LT(field->at({1, 0.2f, 1}), 1e-2f);
  EXPECT_EQ(field->descent({1, 0.2f, 1}), base::Vec2(0.0f));
  EXPECT_NEAR(field->at({-0.5f, 0.2f, 1}), 1.5f, 0.05f);  // off the mesh, but it projects
}

TEST(DistanceFieldLaws, ThreadsThatAskAtOnceGetTheSameAnswers) {
  const NavMeshPtr mesh = build_mesh(testing::rooms_scene());
  NavQuery query(mesh);
  base::PhiloxStream stream({.seed = 29});
  const Vec3 goal = query.random_point(stream, mesh->largest_island()).position;
  std::vector<Vec3> points;
  for (int i = 0; i < 4000; ++i)
    points.push_back(query.random_point(stream, mesh->largest_island()).position);
  const auto answers_with = [&](int threads) {
    const DistanceFieldPtr field = field_to(query, goal);  // fresh: no square looked up yet
    std::vector<float> answers(points.size());
    base::ThreadPool pool(threads);
    pool.parallel_for(
        static_cast<std::int64_t>(points.size()), 16, [&](std::int64_t begin, std::int64_t end, int) {
          for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
            answers[i] = field->at(points[i]);
          }
        });
    return answers;
  };
  const std::vector<float> alone = answers_with(1);
  EXPECT_EQ(alone, answers_with(2));
  EXPECT_EQ(alone, answers_with(4));
}

TEST(DistanceFieldCost, AnswersWithoutAllocationAndInLittleMemory) {
  const NavMeshPtr mesh = build_mesh(testing::rooms_scene());
  NavQuery query(mesh);
  base::PhiloxStream stream({.seed = 28});
  const DistanceFieldPtr field = field_to(query, {1, 0.2f, 1});
  float sum = 0.0f;
  const std::size_t before = base::testing::num_allocations();
  for (int i = 0; i < 5000; ++i) {
    const Vec3 p = query.random_point(stream, mesh->largest_island()).position;
    sum += field->at(p) + field->descent(p).x;
  }
  EXPECT_EQ(base::testing::num_allocations(), before);
  EXPECT_TRUE(std::isfinite(sum));
  EXPECT_LT(field->num_bytes(), 200000u);
  EXPECT_GT(field->num_bytes(), 1000u);
}

}  // namespace
}  // namespace inknav::nav
