// SPDX-License-Identifier: MIT
#include "task/habitat/read_dataset.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/log.h"
#include "task/habitat/test_files.h"

namespace inknav::task::habitat {
namespace {

using enum DatasetType;

class ReadDataset : public testing::Files {};

std::vector<std::string> scenes_of(const HabitatEpisodes& read) {
  std::vector<std::string> scenes;
  for (const Episode& episode : read.episodes) scenes.push_back(scene_name(episode.scene_id));
  return scenes;
}

std::string point_nav_file(const std::string& scene) {
  return "{\"episodes\": [" + testing::point_nav_episode(3, scene) + "]}";
}

TEST_F(ReadDataset, TypesHaveHabitatsNames) {
  EXPECT_EQ(dataset_type("PointNav-v1"), kPointNav);
  EXPECT_EQ(dataset_type("R2RVLN-v1"), dataset_type("VLN-CE-v1"));
  EXPECT_EQ(dataset_type("RxR-VLN-CE-v1"), kRxrVln);
  EXPECT_FALSE(dataset_type("R2R"));
}

TEST_F(ReadDataset, PointNav) {
  const auto read = this->read(kPointNav, write_gz("val.json.gz", point_nav_file("gibson/A.glb")));
  ASSERT_EQ(read.episodes.size(), 1u);
  const Episode& episode = read.episodes[0];
  EXPECT_EQ(episode.episode_id, "3");
  EXPECT_EQ(episode.start.position, base::Vec3(1.5f, 0.25f, -2.0f));
  EXPECT_EQ(episode.geodesic_distance, 5.5f);
  ASSERT_EQ(episode.goals.size(), 1u);
  EXPECT_EQ(episode.goals[0].position, base::Vec3(3.0f, 0.25f, 1.0f));
  const HabitatDataset& tables = *read.tables;
  EXPECT_EQ(tables.scene_dataset_config(episode), "default");
  EXPECT_EQ(tables.start_room(episode), "");
  EXPECT_EQ(tables.names.text(tables.common[0].difficulty), "easy");
  EXPECT_EQ(tables.common[0].euclidean_distance, 4.5f);
  const auto paths = tables.path_slices.view(tables.shortest_paths.at(0));
  ASSERT_EQ(paths.size(), 1u);
  const auto steps = tables.path_steps.view(paths[0]);
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].action, 1);
  EXPECT_EQ(steps[0].pose.rotation.w, 0.8f);
  EXPECT_EQ(steps[1].action, PathStep::kNoAction);
  EXPECT_TRUE(steps[1].has_pose);
}

TEST_F(ReadDataset, ContentFilesFollowTheRootInOrderOfNames) {
  const auto root = write_gz("train/train.json.gz", point_nav_file("gibson/Root.glb"));
  for (const char* scene : {"b", "a", "c"}) {
    write_gz("train/content/" + std::string(scene) + ".json.gz",
             point_nav_file("gibson/" + std::string(scene) + ".glb"));
  }
  write("train/content/notes.txt", "no episodes");
  EXPECT_EQ(scenes_of(read(kPointNav, root)), (std::vector<std::string>{"Root", "a", "b", "c"}));
  // Named scenes come in the order in which they are named, and the root's are not filtered, as in Habitat.
  EXPECT_EQ(scenes_of(read(kPointNav, root, {"c", "a"})), (std::vector<std::string>{"Root", "c", "a"}));
  const auto result = read_dataset({kPointNav, {root}, {"d"}, {"*"}});
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find("content/d.json.gz"), std::string::npos) << result.error().message;
}

TEST_F(ReadDataset, TheFileMaySayWhereItsContentLies) {
  const auto root = write("val.json", R"({"content_scenes_path": "{data_path}/parts/{scene}_v1.json",
                                           "episodes": []})");
  write("parts/k_v1.json", point_nav_file("gibson/k.glb"));
  EXPECT_EQ(scenes_of(read(kPointNav, root)), std::vector<std::string>{"k"});
  for (const char* bad : {"{data_path}/../x/{scene}.json", "/etc/{scene}", "{data_path}/content/all.json"}) {
    const auto other =
        write("other.json", "{\"content_scenes_path\": \"" + std::string(bad) + "\", \"episodes\": []}");
    expect_error(kPointNav, other, "content_scenes_path must be like");
  }
  expect_error(kPointNav, write("other.json", R"({"content_scenes_path": 3, "episodes": []})"),
               "content_scenes_path must be a text, found 3");
}

TEST_F(ReadDataset, WithoutContentFolderScenesAreFilteredByBasename) {
  const auto root =
      write("val.json", "{\"episodes\": [" + testing::point_nav_episode(0, "hm3d/00006-Hk/Hk.basis.glb") +
                            "," + testing::point_nav_episode(1, "data/scene_datasets/hm3d/b.glb") + "]}");
  const auto kept = read(kPointNav, root, {"Hk.basis"});
  ASSERT_EQ(kept.episodes.size(), 1u);
  EXPECT_EQ(kept.episodes[0].episode_id, "0");
  const auto other = read(kPointNav, root, {"b"});
  ASSERT_EQ(other.episodes.size(), 1u);
  EXPECT_EQ(other.episodes[0].row, 1u) << "rows stay those of the file";
  EXPECT_EQ(other.tables->names.text(other.tables->common.at(1).scene), "data/scene_datasets/hm3d/b.glb");
  EXPECT_TRUE(read(kPointNav, root, {"Hk"}).episodes.empty());
}

TEST_F(ReadDataset, TestSplitsHaveNeitherGoalsNorInfo) {
  std::string text = testing::point_nav_episode(0, "gibson/A.glb");
  text = testing::replaced(text, R"("goals": [{"position": [3, 0.25, 1], "radius": null}],)", "");
  text = testing::replaced(
      text, R"("info": {"geodesic_distance": 5.5, "difficulty": "easy", "euclidean_distance": 4.5},)", "");
  const auto read = this->read(kPointNav, write("test.json", "{\"episodes\": [" + text + "]}"));
  ASSERT_EQ(read.episodes.size(), 1u);
  EXPECT_TRUE(read.episodes[0].goals.empty());
  EXPECT_FALSE(read.tables->common[0].has_info);
  EXPECT_TRUE(goal_points(read.tables.get(), read.episodes[0], DistanceTo::kPoint).empty());
}

TEST_F(ReadDataset, ObjectNav) {
  const auto read = this->read(kObjectNav, write_gz("val.json.gz", testing::object_nav_file("S.basis.glb")));
  ASSERT_EQ(read.episodes.size(), 2u);
  const HabitatDataset& tables = *read.tables;
  for (std::size_t i = 0; i < 2; ++i) {
    const Episode& episode = read.episodes[i];
    EXPECT_EQ(episode.episode_id, std::to_string(i)) << "the number in the file, not what the file says";
    EXPECT_EQ(tables.object_category(episode), "chair");
    EXPECT_EQ(tables.task_category_id(episode), 0);
    EXPECT_EQ(tables.start_room(episode), "hall");
    ASSERT_EQ(tables.goals(episode).size(), 2u);
    EXPECT_EQ(tables.names.text(tables.goals(episode)[1].object_id), "9");
    // The representative is the first view point of the first goal.
    ASSERT_EQ(episode.goals.size(), 1u);
    EXPECT_EQ(episode.goals[0].position, base::Vec3(6.0f, 0.0f, 2.0f));
    const std::vector<base::Vec3> views = goal_points(&tables, episode, DistanceTo::kViewPoints);
    EXPECT_EQ(views, (std::vector<base::Vec3>{{6, 0, 2}, {6, 0, 3}, {-6, 0, 2}, {-6, 0, 3}}));
    EXPECT_EQ(goal_points(&tables, episode, DistanceTo::kPoint),
              (std::vector<base::Vec3>{{6, 0.5f, 1}, {-6, 0.5f, 1}}));
    const auto steps = tables.path_steps.view(tables.path_slices.view(tables.shortest_paths.at(i))[0]);
    ASSERT_EQ(steps.size(), 3u);
    EXPECT_EQ(steps[1].action, 2);
    EXPECT_FALSE(steps[1].has_pose);
    EXPECT_EQ(steps[2].action, PathStep::kNoAction);
  }
  EXPECT_EQ(tables.objects[0].goal_set, tables.objects[1].goal_set) << "shared";
  EXPECT_EQ(tables.scene_category.ids.at("bed"), 11) << "the old name of the key";
}

TEST_F(ReadDataset, OlderObjectNavCarriesItsGoalsInEpisodes) {
  // No goals_by_category, and no object_category: both follow from the goals of the first episode of the key.
  const auto episode = [](double x) {
    std::string text = testing::object_nav_episode("hm3d/S.glb", "chair");
    text = testing::replaced(text, R"(, "object_category": "chair")", "");
    return testing::replaced(text, "\"goals\": []", "\"goals\": [" + testing::object_nav_goal(4, x) + "]");
  };
  const auto read =
      this->read(kObjectNav, write("val.json", "{\"episodes\": [" + episode(6) + "," + episode(8) + "]}"));
  ASSERT_EQ(read.episodes.size(), 2u);
  EXPECT_EQ(read.tables->object_category(read.episodes[1]), "chair");
  ASSERT_EQ(read.tables->goals(read.episodes[1]).size(), 1u);
  EXPECT_EQ(read.tables->goals(read.episodes[1])[0].position.x, 6.0f) << "those of the first episode";
}

TEST_F(ReadDataset, ObjectNavOfManyFilesSharesItsTables) {
  const auto root = write("val/val.json", R"({"category_to_task_category_id": {"chair": 0},
      "category_to_scene_annotation_category_id": {"chair": 3}, "episodes": []})");
  write_gz("val/content/a.json.gz", testing::object_nav_file("a.glb"));
  write_gz("val/content/b.json.gz", testing::object_nav_file("b.glb"));
  const auto read = this->read(kObjectNav, root);
  ASSERT_EQ(read.episodes.size(), 4u);
  EXPECT_EQ(read.episodes[2].episode_id, "0") << "numbered in each file";
  EXPECT_EQ(read.tables->goal_sets.size(), 2u);
  EXPECT_NE(read.tables->objects[0].goal_set, read.tables->objects[2].goal_set);
}

TEST_F(ReadDataset, ObjectNavNamesWhatDoesNotFit) {
  const std::string text = testing::object_nav_file("S.glb");
  const auto with = [&](std::string_view from, std::string_view to) {
    return write("bad.json", testing::replaced(text, from, to));
  };
  expect_error(kObjectNav, with("S.glb_chair", "S.glb_bed"), "must have the key 'S.glb_chair'");
  expect_error(kObjectNav, with("\"bed\": 11", "\"sofa\": 11"), "'bed' is only in the first");
  expect_error(kObjectNav, with("\"bed\": 11, ", ""), "'bed' is only in the first");
  expect_error(kObjectNav, with("\"iou\": 0.25", "\"iou\": \"much\""),
               "goals_by_category.S.glb_chair[1].view_points[0].iou must be a number");
  expect_error(kObjectNav, with("\"agent_state\"", "\"state\""),
               "goals_by_category.S.glb_chair[1].view_points[1] must be {agent_state");
  expect_error(kObjectNav, with("\"object_category\": \"chair\"}", "\"category\": \"chair\"}"),
               "episodes[1].object_category is missing");
  expect_error(kObjectNav, with("[[1, 2, null]]", "[[1, 2.5, null]]"),
               "episodes[1].shortest_paths[0][1] must be an integer");
  expect_error(kObjectNav, with("\"chair\": 0", "\"chair\": \"0\""),
               "category_to_task_category_id.chair must be an integer");
}

TEST_F(ReadDataset, R2r) {
  const auto read = this->read(kR2rVln, write_gz("val_unseen.json.gz", testing::r2r_file()));
  ASSERT_EQ(read.episodes.size(), 2u);
  const Episode& episode = read.episodes[1];
  EXPECT_EQ(episode.episode_id, "7") << "numbers become texts";
  EXPECT_EQ(episode.trajectory_id, "2");
  EXPECT_EQ(episode.goals[0].radius, 3.0f);
  EXPECT_EQ(episode.reference_path.size(), 3u);
  const Instruction instruction = read.tables->instruction(episode);
  EXPECT_EQ(instruction.text,
            "Walk past the t\xc3\xa4"
            "ble.");
  EXPECT_EQ(std::vector<int>(instruction.tokens.begin(), instruction.tokens.end()),
            (std::vector<int>{5, 0, 7}))
      << "the zeros at the end are padding, others are words";
  EXPECT_EQ(read.tables->instructions[1].padded, 5);
  EXPECT_EQ(read.tables->vocabulary.words, (std::vector<std::string>{"<pad>", "<unk>", "walk"}));
  // The test split.
  std::string bare = testing::r2r_file();
  for (const char* part :
       {R"("info": {"geodesic_distance": 8.5}, "goals": [{"position": [4, 0, 1], "radius": 3.0}],)",
        R"(,
         "reference_path": [[0, 0, 0], [2, 0, 0], [4, 0, 1]])"}) {
    bare = testing::replaced(testing::replaced(bare, part, ""), part, "");
  }
  EXPECT_TRUE(this->read(kR2rVln, write("test.json", bare)).episodes[0].goals.empty());
}

TEST_F(ReadDataset, R2rNamesWhatIsWrong) {
  const auto with = [&](std::string_view from, std::string_view to) {
    return write("bad.json", testing::replaced(testing::r2r_file(), from, to));
  };
  expect_error(kR2rVln, with("[5, 0, 7, 0, 0]", "[5, 0, 70000, 0, 0]"),
               "episodes[1].instruction.instruction_tokens[2] must be an integer in [0, 65535], found 70000");
  expect_error(kR2rVln, with("\"instruction\": {", "\"instructions\": {"),
               "episodes[1].instruction is missing");
  expect_error(kR2rVln, with("\"instruction_text\"", "\"text\""),
               "episodes[1].instruction.instruction_text is missing");
  expect_error(kR2rVln, with("\"walk\"]", "3]"), "instruction_vocab.word_list[2] must be a text, found 3");
  expect_error(kR2rVln, with("\"word_list\"", "\"words\""), "instruction_vocab.word_list is missing");
  expect_error(kR2rVln, with("[2, 0, 0], [4, 0, 1]", "[2, 0, null], [4, 0, 1]"),
               "episodes[1].reference_path[1] must be 3 finite numbers");
  expect_error(kR2rVln, with("[4, 0, 1], \"radius\": 3.0", "[4, 0, 1], \"radius\": -3.0"),
               "episodes[1].goals[0].radius must be a number in [0, 100000]");
}

TEST_F(ReadDataset, RxrOfTwoRolesAndChosenLanguages) {
  const auto guide = write_gz("val_guide.json.gz", testing::rxr_file());
  const auto follower = write_gz("val_follower.json.gz", testing::rxr_file());
  auto both = read_dataset({kRxrVln, {guide, follower}, {"*"}, {"en-US", "en-IN"}});
  ASSERT_TRUE(both.ok()) << both.error().message;
  ASSERT_EQ(both->episodes.size(), 4u);
  EXPECT_EQ(both->episodes[0].episode_id, "2");
  EXPECT_EQ(both->episodes[2].episode_id, "2") << "of the other role";
  EXPECT_EQ(both->tables->instruction(both->episodes[1]).language, "en-IN");
  const InstructionRow& row = both->tables->instructions[1];
  EXPECT_EQ(both->tables->names.text(row.annotator_id), "12");
  EXPECT_EQ(row.edit_distance, 0.125f);
  EXPECT_EQ(row.padded, 0);
  EXPECT_TRUE(both->tables->vocabulary.words.empty());
}

TEST_F(ReadDataset, NamesOfScenesAndTheirFiles) {
  EXPECT_EQ(scene_name("hm3d/val/00800-TEE/TEE.basis.glb"), "TEE.basis");
  write("per/X_1.json", "");
  write("per/X_2.json", "");
  write("per/Y_3.json", "");
  const std::string pattern = (folder_ / "per").string() + "/X_{scene}.json";
  const auto files = scene_files(pattern, {"*"});
  ASSERT_TRUE(files.ok());
  ASSERT_EQ(files->size(), 2u);
  EXPECT_EQ((*files)[1].filename(), "X_2.json");
  EXPECT_EQ(scene_files(pattern, {"9"})->front().filename(), "X_9.json");
  EXPECT_FALSE(scene_files((folder_ / "nowhere").string() + "/{scene}.json", {"*"}).ok());
}

}  // namespace
}  // namespace inknav::task::habitat
