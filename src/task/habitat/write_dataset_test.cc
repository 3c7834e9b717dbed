// SPDX-License-Identifier: MIT
#include "task/habitat/write_dataset.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/file.h"
#include "base/philox.h"
#include "task/habitat/test_files.h"

namespace inknav::task::habitat {
namespace {

using enum DatasetType;

bool equal_or_nan(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }

class WriteDataset : public testing::Files {
 protected:
  /// read -> write -> read is equal in all that is written, and writing that again gives the same bytes.
  HabitatEpisodes expect_round_trip(DatasetType type, const std::filesystem::path& path, float slack) {
    const HabitatEpisodes first = read(type, path);
    const std::filesystem::path copy = folder_ / "copy.json.gz", again = folder_ / "again.json.gz";
    EXPECT_TRUE(write_dataset(copy, first.episodes, *first.tables).ok());
    HabitatEpisodes second = read(type, copy);
    EXPECT_EQ(second.episodes.size(), first.episodes.size());
    for (std::size_t i = 0; i < std::min(first.episodes.size(), second.episodes.size()); ++i) {
      expect_equal(first, first.episodes[i], second, second.episodes[i], slack);
    }
    EXPECT_EQ(second.tables->vocabulary.words, first.tables->vocabulary.words);
    EXPECT_EQ(second.tables->task_category.ids, first.tables->task_category.ids);
    EXPECT_EQ(second.tables->scene_category.ids, first.tables->scene_category.ids);
    EXPECT_TRUE(write_dataset(again, second.episodes, *second.tables).ok());
    EXPECT_EQ(*base::read_file(again, 1 << 24), *base::read_file(copy, 1 << 24));
    return second;
  }

 private:
  static void expect_near(const base::Vec3& a, const base::Vec3& b, float slack) {
    EXPECT_LE(glm::length(a - b), slack);
  }

  static void expect_equal(const HabitatEpisodes& one, const Episode& a, const HabitatEpisodes& two,
                           const Episode& b, float slack) {
    const HabitatDataset &t = *one.tables, &u = *two.tables;
    EXPECT_EQ(a.episode_id, b.episode_id);
    EXPECT_EQ(a.trajectory_id, b.trajectory_id);
    EXPECT_EQ(a.scene_id, b.scene_id);
    expect_near(a.start.position, b.start.position, slack);
    EXPECT_LE(glm::length(a.start.rotation - b.start.rotation), slack);
    EXPECT_NEAR(a.geodesic_distance, b.geodesic_distance, slack);
    ASSERT_EQ(a.goals.size(), b.goals.size());
    for (std::size_t i = 0; i < a.goals.size(); ++i) {
      expect_near(a.goals[i].position, b.goals[i].position, slack);
      EXPECT_EQ(a.goals[i].radius, b.goals[i].radius);
    }
    EXPECT_EQ(a.reference_path, b.reference_path);
    EXPECT_EQ(t.start_room(a), u.start_room(b));
    EXPECT_EQ(t.scene_dataset_config(a), u.scene_dataset_config(b));
    EXPECT_EQ(t.object_category(a), u.object_category(b));
    EXPECT_EQ(t.common[a.row].has_info, u.common[b.row].has_info);
    EXPECT_TRUE(equal_or_nan(t.common[a.row].euclidean_distance, u.common[b.row].euclidean_distance));
    const Instruction said = t.instruction(a), read = u.instruction(b);
    EXPECT_EQ(said.text, read.text);
    EXPECT_EQ(said.language, read.language);
    EXPECT_EQ(std::vector<std::uint16_t>(said.tokens.begin(), said.tokens.end()),
              std::vector<std::uint16_t>(read.tokens.begin(), read.tokens.end()));
    EXPECT_EQ(t.object_configs.count(a.row), u.object_configs.count(b.row));
    const auto far = goal_points(&t, a, DistanceTo::kViewPoints),
               near = goal_points(&u, b, DistanceTo::kViewPoints);
    ASSERT_EQ(far.size(), near.size());
    for (std::size_t i = 0; i < far.size(); ++i) expect_near(far[i], near[i], slack);
    expect_equal_paths(t, a, u, b);
  }

  static void expect_equal_paths(const HabitatDataset& t, const Episode& a, const HabitatDataset& u,
                                 const Episode& b) {
    ASSERT_EQ(t.shortest_paths.empty(), u.shortest_paths.empty());
    if (t.shortest_paths.empty()) return;
    const auto one = t.path_slices.view(t.shortest_paths[a.row]),
               two = u.path_slices.view(u.shortest_paths[b.row]);
    ASSERT_EQ(one.size(), two.size());
    for (std::size_t i = 0; i < one.size(); ++i) {
      const auto p = t.path_steps.view(one[i]), q = u.path_steps.view(two[i]);
      ASSERT_EQ(p.size(), q.size());
      for (std::size_t k = 0; k < p.size(); ++k) {
        EXPECT_EQ(p[k].action, q[k].action);
        EXPECT_EQ(p[k].has_pose, q[k].has_pose);
      }
    }
  }
};

std::string awkward_point(base::PhiloxStream& stream) {
  return fmt::format("[{}, {}, {}]", stream.uniform(-30, 30), stream.uniform() * 1e-3f, stream.normal());
}

TEST_F(WriteDataset, PointNavIsExact) {
  base::PhiloxStream stream({3, 0, 0, 0, base::Purpose::kTest});
  std::string text = "{\"episodes\": [";
  for (int i = 0; i < 50; ++i) {
    std::string episode = testing::point_nav_episode(i, "gibson/A.glb");
    episode = testing::replaced(episode, "\"start_position\": [1.5, 0.25, -2]",
                                "\"start_position\": " + awkward_point(stream));
    episode = testing::replaced(
        episode, "\"start_room\": null",
        R"("start_room": "hall \"2\"", "scene_dataset_config": "a.json", "additional_obj_config_paths": ["x", "y"])");
    text += (i > 0 ? "," : "") + episode;
  }
  expect_round_trip(kPointNav, write("a.json", text + "]}"), 0.0f);
}

TEST_F(WriteDataset, R2rAndRxrAreExact) {
  const auto r2r = expect_round_trip(kR2rVln, write("a.json", testing::r2r_file()), 0.0f);
  EXPECT_EQ(r2r.tables->instructions[0].padded, 5) << "zeros are written again";
  expect_round_trip(kRxrVln, write("b.json", testing::rxr_file()), 0.0f);
  // Ids of R2R are numbers on disk.
  ASSERT_TRUE(write_dataset(folder_ / "c.json", r2r.episodes, *r2r.tables).ok());
  const std::string text = *base::read_text_file(folder_ / "c.json", 1 << 20);
  EXPECT_NE(text.find("\"episode_id\":6,\"trajectory_id\":2,"), std::string::npos) << text.substr(0, 200);
}

TEST_F(WriteDataset, ObjectNavHasFiveDecimals) {
  std::string text = testing::object_nav_file("S.glb");
  text = testing::replaced(text, "\"start_position\": [1, 0, 2]",
                           "\"start_position\": [1.23456789, 0, -0.000004]");
  // Half of the last decimal in each of three coordinates.
  expect_round_trip(kObjectNav, write("a.json", text), 0.87e-5f);
  const HabitatEpisodes read = this->read(kObjectNav, folder_ / "copy.json.gz");
  EXPECT_EQ(read.episodes[1].start.position, base::Vec3(1.23457f, 0.0f, 0.0f));
  EXPECT_EQ(read.tables->goals(read.episodes[0]).size(), 2u);
}

TEST_F(WriteDataset, APartOfTheEpisodesCanBeWritten) {
  HabitatEpisodes read = this->read(kR2rVln, write("a.json", testing::r2r_file()));
  read.episodes.erase(read.episodes.begin());
  ASSERT_TRUE(write_dataset(folder_ / "b.json", read.episodes, *read.tables).ok());
  const HabitatEpisodes part = this->read(kR2rVln, folder_ / "b.json");
  ASSERT_EQ(part.episodes.size(), 1u);
  EXPECT_EQ(part.episodes[0].episode_id, "7");
}

}  // namespace
}  // namespace inknav::task::habitat
