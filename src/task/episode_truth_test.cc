// SPDX-License-Identifier: MIT
#include "task/episode_truth.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "base/philox.h"
#include "nav/test_scenes.h"
#include "task/episode_cache.h"
#include "task/episode_sampling.h"

namespace inknav::task {
namespace {

nav::NavMeshPtr mesh_of(const scene::ScenePtr& scene) {
  return *nav::NavMesh::build(*scene, nav::NavSettings{});
}

Episode episode_between(const base::Vec3& start, const base::Vec3& goal) {
  Episode episode;
  episode.start.position = start;
  episode.goals.push_back({goal, 0.0f});
  return episode;
}

TEST(EpisodeTruth, AGoalOnAnotherIslandIsAFault) {
  nav::testing::SceneBuilder builder;
  builder.floor(0, 0, 4, 4).floor(10, 0, 14, 4);
  nav::NavQuery query(mesh_of(builder.finish("islands")));
  EXPECT_TRUE(check_episode(query, episode_between({1, 0, 1}, {3, 0, 3})).ok());
  const base::Status other = check_episode(query, episode_between({1, 0, 1}, {12, 0, 2}));
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, base::ErrorCode::kData);
  EXPECT_NE(other.error().message.find("another island"), std::string::npos) << other.error().message;
  const base::Status off = check_episode(query, episode_between({7, 0, 1}, {3, 0, 3}));
  ASSERT_FALSE(off.ok());
  EXPECT_NE(off.error().message.find("the start (7.000, 0.000, 1.000)"), std::string::npos)
      << off.error().message;
  Episode two = episode_between({1, 0, 1}, {12, 0, 2});
  two.goals.push_back({{3, 0, 3}, 0.0f});
  EXPECT_TRUE(check_episode(query, two).ok());  // one reachable goal is enough
}

TEST(EpisodeTruth, ASparseRouteIsLedAroundCorners) {
  nav::NavQuery query(mesh_of(nav::testing::rooms_scene()));
  Episode episode = episode_between({1.0f, 0.1f, 1.0f}, {11.0f, 0.1f, 1.0f});
  episode.reference_path = {episode.start.position, {6.0f, 0.1f, 4.0f}, episode.goals[0].position};
  const std::vector<base::Vec3> points = walkable_points(query, episode);
  EXPECT_GT(points.size(), 4u);
  for (std::size_t i = 1; i < points.size(); ++i) {
    const float straight = glm::length(points[i] - points[i - 1]);
    EXPECT_LT(query.geodesic(points[i - 1], points[i]).length, straight + 0.05f)
        << i;  // every piece is walkable
  }
}

TEST(EpisodeTruth, WithoutARouteItIsTheShortestWay) {
  nav::NavQuery query(mesh_of(nav::testing::rooms_scene()));
  const Episode episode = episode_between({1.0f, 0.1f, 1.0f}, {11.0f, 0.1f, 1.0f});
  const auto truth = compute_truth(query, episode, 0.25f);
  const float shortest = query.geodesic(episode.start.position, episode.goals[0].position).length;
  EXPECT_NEAR(truth->route.length(), shortest, 0.02f);
  EXPECT_NEAR(truth->to_goal->at(episode.start.position), shortest, 0.1f);
  EXPECT_EQ(truth->reference.size(), static_cast<std::size_t>(std::ceil(truth->route.length() / 0.25f)) + 1);
}

TEST(EpisodeTruth, ResamplingKeepsBothEnds) {
  const nav::Route route(std::vector<base::Vec3>{{0, 0, 0}, {1.1f, 0, 0}});
  const std::vector<base::Vec3> points = resample(route, 0.25f);
  ASSERT_EQ(points.size(), 6u);
  EXPECT_EQ(points.front(), base::Vec3(0, 0, 0));
  EXPECT_NEAR(points.back().x, 1.1f, 1e-6f);
  EXPECT_NEAR(points[1].x, 0.22f, 1e-6f);
  EXPECT_EQ(resample(nav::Route(std::vector<base::Vec3>{{1, 0, 1}}), 0.25f).size(), 2u);
}

TEST(EpisodeSampling, KeepsItsPromises) {
  nav::NavQuery query(mesh_of(nav::testing::rooms_scene()));
  sketch::WallMap walls;
  walls.walls = {
      {{6.0f, 0.0f}, {6.0f, 3.3f}}, {{0.0f, 3.35f}, {2.0f, 3.35f}}, {{2.9f, 3.35f}, {9.0f, 3.35f}}};
  SamplingSettings settings;
  settings.max_length = 8.0f;
  int across = 0;
  for (std::uint32_t k = 0; k < 60; ++k) {
    base::PhiloxStream stream({1, k, 0, 0, base::Purpose::kTest});
    const auto episode = sample_episode(query, walls, query.mesh().largest_island(), settings, stream);
    ASSERT_TRUE(episode.has_value());
    const base::Vec3 &start = episode->start.position, &goal = episode->goals[0].position;
    EXPECT_GE(episode->geodesic_distance, 3.0f);
    EXPECT_LE(episode->geodesic_distance, 8.0f);
    EXPECT_GE(query.distance_to_wall(start, 1.0f), settings.end_clearance - 1e-4f);
    EXPECT_GE(query.distance_to_wall(goal, 1.0f), settings.end_clearance - 1e-4f);
    EXPECT_LT(glm::length(episode->reference_path.front() - start), 0.1f);
    EXPECT_LT(glm::length(episode->reference_path.back() - goal), 0.1f);
    across += crosses_wall(walls, {start.x, start.z}, {goal.x, goal.z}) ? 1 : 0;
  }
  EXPECT_GE(across, 40);
}

TEST(EpisodeCache, DropsTheLongestUnused) {
  EpisodeCache<int> cache(10, 30);
  for (int i = 0; i < 3; ++i) cache.insert(static_cast<std::size_t>(i), std::make_shared<int>(i), 10);
  ASSERT_NE(cache.find(0), nullptr);  // now 1 is the oldest
  cache.insert(7, std::make_shared<int>(7), 10);
  EXPECT_EQ(cache.find(1), nullptr);
  EXPECT_EQ(*cache.find(0), 0);
  EXPECT_EQ(*cache.find(2), 2);
  EXPECT_EQ(*cache.find(7), 7);
  EXPECT_EQ(cache.used_bytes(), 30u);
  const std::shared_ptr<const int> held = cache.find(2);
  cache.insert(8, std::make_shared<int>(8), 100);  // beyond the budget by itself: it alone stays
  EXPECT_EQ(*cache.find(8), 8);
  EXPECT_EQ(cache.used_bytes(), 100u);
  EXPECT_EQ(*held, 2);  // who holds an entry keeps it
  cache.insert(2, std::make_shared<int>(2), 10);
  EXPECT_EQ(cache.find(8), nullptr);
}

}  // namespace
}  // namespace inknav::task
