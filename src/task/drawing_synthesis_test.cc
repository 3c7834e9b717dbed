// SPDX-License-Identifier: MIT
#include "task/drawing_synthesis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "base/temporary_folder.h"
#include "base/thread_pool.h"
#include "task/drawing_generation.h"
#include "task/habitat/habitat_dataset.h"
#include "task/navigation_env.h"
#include "task/test_dataset.h"
#include "task/world_set.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;
using testing::TestDataset;

class Synthesis : public ::testing::Test {
 protected:
  Synthesis() : data_(4), set_(load_worlds(data_.dataset(), {}, std::nullopt, pool_)) {
    for (const LoadedWorld& loaded : set_.worlds) queries_.emplace_back(loaded.world.nav_mesh);
  }

  Dataset& dataset() { return data_.dataset(); }
  DrawingPlace place(std::size_t episode) {
    const auto world = static_cast<std::size_t>(set_.world_of_episode[episode]);
    return {dataset(), dataset().episodes[episode], set_.worlds[world].world, queries_[world]};
  }
  std::vector<std::uint8_t> planes(DrawingSynthesis& synthesis, std::size_t episode) {
    auto reading = synthesis.read(place(episode), 32);
    INKNAV_CHECK(reading.ok(), reading.error().message);
    return (*reading)->planes.planes;
  }
  DrawingRecipe cached() const {
    DrawingRecipe recipe;
    recipe.cache_dir = folder_ / "cache";
    return recipe;
  }
  std::vector<fs::path> cached_files() const {
    std::vector<fs::path> files;
    if (!fs::exists(folder_ / "cache")) return files;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "cache")) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  base::TemporaryFolder folder_;
  base::ThreadPool pool_{2};
  TestDataset data_;
  WorldSet set_;
  std::vector<nav::NavQuery> queries_;
};

TEST_F(Synthesis, HandsOfEvaluationAreNotThoseOfTraining) {
  EXPECT_EQ(drawers_of_split("train"), sketch::DrawerSplit::kTrain);
  EXPECT_EQ(drawers_of_split("val_unseen"), sketch::DrawerSplit::kVal);
  EXPECT_EQ(drawers_of_split("test"), sketch::DrawerSplit::kTest);
}

std::string print(const std::vector<std::uint8_t>& planes) {
  return base::xxh3_128(planes.data(), planes.size()).hex();
}

TEST_F(Synthesis, IsAPureFunctionOfSeedSceneAndEpisode) {
  DrawingSynthesis one({}), two({});
  std::set<std::string> different;
  for (std::size_t i = 0; i < 4; ++i) different.insert(print(planes(one, i)));
  EXPECT_EQ(different.size(), 4u);
  for (std::size_t i = 4; i-- > 0;) EXPECT_TRUE(different.contains(print(planes(two, i)))) << "in any order";
  DrawingRecipe other;
  other.seed = 5;
  DrawingSynthesis third(other);
  EXPECT_FALSE(different.contains(print(planes(third, 0))));
  const auto before = planes(one, 0);
  dataset().episodes[0].episode_id = "renamed";
  EXPECT_NE(planes(one, 0), before);
}

TEST_F(Synthesis, TheTruthPutsTheRouteWhereItWasDrawn) {
  DrawingSynthesis synthesis({});
  for (std::size_t i = 0; i < 4; ++i) {
    const auto file = synthesis.draw(place(i));
    ASSERT_TRUE(file.ok()) << file.error().message;
    ASSERT_FALSE(file->correspondence.empty());
    for (const base::Vec3& point : dataset().episodes[i].reference_path) {
      const base::Vec2 world(point.x, point.z);
      const base::Vec2 paper = file->correspondence.to_paper(world);
      EXPECT_TRUE(paper.x >= 0.0f && paper.x <= 1.0f && paper.y >= 0.0f && paper.y <= 1.0f);
      // 12 m are drawn on a sheet of side 1, whose places are float32: 12 m * 6e-8, and some folds of the
      // warp.
      EXPECT_LE(glm::length(file->correspondence.to_world(paper) - world), 1e-3f);
    }
  }
}

TEST_F(Synthesis, WithoutReferencePathTheShortestWayIsDrawn) {
  Episode& episode = dataset().episodes[0];
  episode.reference_path.clear();
  DrawingSynthesis synthesis({});
  const auto file = synthesis.draw(place(0));
  ASSERT_TRUE(file.ok()) << file.error().message;
  episode.goals.clear();
  const auto none = synthesis.draw(place(0));
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, base::ErrorCode::kData);
  EXPECT_NE(none.error().message.find("has no goal"), std::string::npos);
  episode.goals.assign(1, Goal{{50.0f, 0.0f, 50.0f}, 0.0f});
  EXPECT_FALSE(synthesis.draw(place(0)).ok()) << "off the mesh";
}

TEST_F(Synthesis, ObjectNavLeadsToTheNearestViewPoint) {
  // One object with three view points: where the episode ends, where another one ends, and one off the mesh.
  auto tables = std::make_shared<habitat::HabitatDataset>();
  const base::Vec3 start = dataset().episodes[0].start.position;
  std::vector<base::Vec3> ends = {
      dataset().episodes[0].goals[0].position, dataset().episodes[1].goals[0].position, {90.0f, 0.0f, 90.0f}};
  std::vector<habitat::ViewPoint> views(3);
  for (std::size_t i = 0; i < 3; ++i) views[i].pose.position = ends[i];
  habitat::ObjectGoal goal;
  goal.view_points = tables->view_points.append(views);
  tables->object_goals.push_back(goal);
  tables->goal_sets.push_back({0, 0, 1});
  tables->common.resize(1);
  tables->objects.push_back({0, 0, 0});
  dataset().habitat = tables;
  nav::NavQuery& query = queries_[0];
  const bool first = query.geodesic(start, ends[0]).length <= query.geodesic(start, ends[1]).length;
  const auto found = drawn_goal(dataset(), dataset().episodes[0], query);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->position, ends[first ? 0 : 1]);
}

TEST_F(Synthesis, IsKeptInTheCacheFolderAndMadeAnewWhenDamaged) {
  DrawingSynthesis synthesis(cached());
  const auto made = planes(synthesis, 2);
  DrawingSynthesis plain({});
  EXPECT_EQ(planes(plain, 2), made) << "the cache changes nothing";
  const std::vector<fs::path> files = cached_files();
  ASSERT_EQ(files.size(), 2u);
  const auto truth = *base::read_file(files[0], 1 << 20), picture = *base::read_file(files[1], 1 << 24);
  ASSERT_EQ(files[1].extension(), ".png");
  const auto reading = synthesis.read(place(2), 32);
  ASSERT_TRUE(reading.ok());
  EXPECT_FALSE((*reading)->correspondence.empty());
  for (const fs::path& damaged : files) {
    ASSERT_TRUE(base::write_text_atomic(damaged, "cut").ok());
    EXPECT_EQ(planes(synthesis, 2), made);
    EXPECT_EQ(*base::read_file(files[0], 1 << 20), truth);
    EXPECT_EQ(*base::read_file(files[1], 1 << 24), picture);
  }
  EXPECT_EQ(cached_files().size(), 2u);
}

TEST_F(Synthesis, TheEnvironmentDrawsWhatIsMissingForAnyNumberOfThreads) {
  std::vector<std::vector<std::uint8_t>> seen;
  for (const int threads : {1, 3}) {
    base::ThreadPool pool(threads);
    NavigationEnvSettings settings = testing::small_env(6);
    settings.with_drawings = true;
    settings.shuffle = false;
    Dataset bare = dataset();
    ASSERT_FALSE(NavigationEnv::create(settings, bare, pool).ok()) << "a missing drawing is a fault";
    bare.drawings = std::make_shared<DrawingSynthesis>(DrawingRecipe{});
    auto env = NavigationEnv::create(settings, bare, pool);
    ASSERT_TRUE(env.ok()) << env.error().message;
    (*env)->reset();
    const auto* planes = static_cast<const std::uint8_t*>((*env)->observation("drawing_planes").data);
    seen.emplace_back(planes, planes + 6 * 4 * 32 * 32);
    EXPECT_EQ((*env)->observation("paper_truth").as<float>()[0], 1.0f) << "the truth is known";
  }
  EXPECT_EQ(seen[0], seen[1]);
  DrawingSynthesis alone({});
  for (std::size_t i = 0; i < 6; ++i) {
    const auto wanted = planes(alone, i);
    EXPECT_TRUE(std::equal(wanted.begin(), wanted.end(),
                           seen[0].begin() + static_cast<std::ptrdiff_t>(i * wanted.size())));
  }
}

TEST_F(Synthesis, AWholeListIsDrawnAndGoneOnWith) {
  DrawingGenerationSettings settings;
  const auto count = static_cast<int>(dataset().episodes.size());
  const auto run = [&](int threads) {
    base::ThreadPool pool(threads);
    auto report = generate_drawings(settings, dataset(), pool, {});
    INKNAV_CHECK(report.ok(), report.error().message);
    return *report;
  };
  const auto first = run(3);
  EXPECT_EQ(first.made, count);
  EXPECT_EQ(first.scenes, 2);
  std::vector<std::vector<std::uint8_t>> files;
  for (const Episode& episode : dataset().episodes) {
    files.push_back(*base::read_file(drawing_path(dataset(), episode), 1 << 24));
    EXPECT_TRUE(sketch::load_drawing_file(truth_path(drawing_path(dataset(), episode))).ok());
  }
  // Two are damaged as an interrupted copy would: these alone are made again, with the same bytes.
  ASSERT_TRUE(base::write_text_atomic(drawing_path(dataset(), dataset().episodes[1]), "x").ok());
  fs::remove(truth_path(drawing_path(dataset(), dataset().episodes[6])));
  const auto second = run(1);
  EXPECT_EQ(second.made, 2);
  EXPECT_EQ(second.kept, count - 2);
  settings.overwrite = true;
  EXPECT_EQ(run(2).made, count);
  for (std::size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(*base::read_file(drawing_path(dataset(), dataset().episodes[i]), 1 << 24), files[i]);
  }
  // What is in the folder is what the environment would have made.
  DrawingSynthesis alone({});
  EXPECT_EQ((*load_drawing(drawing_path(dataset(), dataset().episodes[3]), 32))->planes.planes,
            planes(alone, 3));
}

TEST_F(Synthesis, EpisodesThatCannotBeDrawnAreNamed) {
  const auto expect_refusal = [&](const std::string& part) {
    const auto report = generate_drawings({}, dataset(), pool_, {});
    ASSERT_FALSE(report.ok()) << part;
    EXPECT_EQ(report.error().code, base::ErrorCode::kData);
    EXPECT_NE(report.error().message.find(part), std::string::npos) << report.error().message;
  };
  dataset().episodes[2].start.position = {400.0f, 0.0f, 0.0f};
  expect_refusal("1 of 8 are; episode '2' of scene 'rooms.glb': the start (400.000");
  dataset().episodes[2].scene_id = "nowhere.glb";
  expect_refusal("nowhere.glb");
  dataset().episodes[2] = dataset().episodes[3];
  dataset().episodes[2].episode_id = "../x";
  expect_refusal("scene and id must be names that a file may have");
  dataset().sketch_dir = dataset().scenes_dir / "rooms.glb" / "below";
  const auto blocked = generate_drawings({}, dataset(), pool_, {});
  ASSERT_FALSE(blocked.ok());
  EXPECT_EQ(blocked.error().code, base::ErrorCode::kDisk);
}

}  // namespace
}  // namespace inknav::task
