// SPDX-License-Identifier: MIT
#include "task/check/list_check.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/file.h"
#include "task/check/folder_check.h"
#include "task/check/planted_folder.h"

namespace inknav::task {
namespace {

using testing::PlantedFolder;

TEST(CheckedList, HabitatsOwnListsAreReadAsWhatTheyAre) {
  base::ThreadPool pool(2);
  PlantedFolder folder(1, 1, pool);
  folder.save_lists();
  const Episode& sound = folder.episode(0);
  const std::string scene = sound.scene_id;
  const auto point = [](const base::Vec3& p) { return fmt::format("[{}, {}, {}]", p.x, p.y, p.z); };
  const std::string head =
      fmt::format(R"("scene_id": "{}", "start_position": {}, "start_rotation": [0, 0, 0, 1])", scene,
                  point(sound.start.position));
  const std::string goals = fmt::format(R"("goals": [{{"position": {}}}])", point(sound.goals[0].position));
  const auto write = [&](const std::string& name, const std::string& text) {
    ASSERT_TRUE(base::write_text_atomic(folder.root() / name, text).ok());
  };
  // A category whose first view point lies outside the walls, and whose second does not.
  write("objects.json",
        fmt::format(R"({{"category_to_task_category_id": {{"bed": 0}},
                        "category_to_scene_annotation_category_id": {{"bed": 0}}, "goals_by_category": {{
                        "{0}_bed": [{{"object_id": 1, "object_name": "bed", "object_category": "bed",
                        "position": {1}, "view_points": [
                        {{"agent_state": {{"position": [90, 0, 0], "rotation": [0, 0, 0, 1]}}, "iou": 0}},
                        {{"agent_state": {{"position": {1}, "rotation": [0, 0, 0, 1]}}, "iou": 0}}]}}]}},
                        "episodes": [{{"episode_id": "0", {2}, "goals": [], "object_category": "bed"}}]}})",
                    std::filesystem::path(scene).filename().string(), point(sound.goals[0].position), head));
  write("test.json", fmt::format(R"({{"instruction_vocab": {{"word_list": ["go"]}}, "episodes": [{{
                        "episode_id": 4, "trajectory_id": 2, {}, "instruction":
                        {{"instruction_text": "go", "instruction_tokens": [0]}}}}]}})",
                                 head));
  write("points.json",
        fmt::format(
            R"({{"episodes": [{{"episode_id": "0", {}, {}, "start_room": null, "shortest_paths": null}}]}})",
            head, goals));
  FolderCheckSettings settings;
  settings.path = folder.root();
  const auto checked = check_folder(settings, pool);
  ASSERT_TRUE(checked.ok()) << checked.error().message;
  const FolderCheck& found = *checked;
  for (const CheckFinding& finding : found.findings) {
    ADD_FAILURE() << info_of(finding.code).name << ' ' << finding.file << ' ' << finding.what;
  }
  EXPECT_EQ(found.verdict, Verdict::kSound);
  ASSERT_EQ(found.scenes.size(), 1u);
  EXPECT_EQ(found.scenes[0].episodes, 4);
  EXPECT_EQ(found.scenes[0].reachable, 3);  // the test split names no goal
}

}  // namespace
}  // namespace inknav::task
