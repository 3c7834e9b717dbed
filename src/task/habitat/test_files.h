// SPDX-License-Identifier: MIT
#pragma once
// Small files in Habitat's formats for tests, in a folder of their own. Texts are written by hand from the
// formats' description, not by our writer.

#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/temporary_folder.h"
#include "task/habitat/read_dataset.h"

namespace inknav::task::habitat::testing {

inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.rfind(from);
  INKNAV_CHECK(at != std::string::npos, from);
  return text.replace(at, from.size(), to);
}

inline std::string point_nav_episode(int id, const std::string& scene) {
  return "{\"episode_id\": \"" + std::to_string(id) + "\", \"scene_id\": \"" + scene +
         R"(", "start_position": [1.5, 0.25, -2], "start_rotation": [0, 0.6, 0, 0.8],
         "info": {"geodesic_distance": 5.5, "difficulty": "easy", "euclidean_distance": 4.5},
         "goals": [{"position": [3, 0.25, 1], "radius": null}], "start_room": null, "shortest_paths":
         [[{"position": [1.5, 0.25, -2], "rotation": [0, 0.6, 0, 0.8], "action": 1},
           {"position": [3, 0.25, 1], "rotation": [0, 0.6, 0, 0.8], "action": null}]]})";
}

inline std::string object_nav_goal(int id, double x) {
  return "{\"object_id\": " + std::to_string(id) + ", \"object_name\": \"chair_" + std::to_string(id) +
         R"(", "object_name_id": 17, "object_category": "chair", "room_id": null, "room_name": null,
         "position": [)" +
         std::to_string(x) + R"(, 0.5, 1], "radius": null, "view_points": [
         {"agent_state": {"position": [)" +
         std::to_string(x) + R"(, 0, 2], "rotation": [0, 0, 0, 1]}, "iou": 0.25},
         {"agent_state": {"position": [)" +
         std::to_string(x) + R"(, 0, 3], "rotation": [0, 1, 0, 0]}, "iou": 0.125}]})";
}

inline std::string object_nav_episode(const std::string& scene, const std::string& category) {
  return R"({"episode_id": "77", "scene_id": ")" + scene +
         R"(", "start_position": [1, 0, 2], "start_rotation": [0, 0, 0, 1], "info": {"geodesic_distance": 2.5,
         "euclidean_distance": 2, "closest_goal_object_id": 4}, "goals": [], "start_room": "hall",
         "shortest_paths": [[1, 2, null]], "object_category": ")" +
         category + "\"}";
}

inline std::string object_nav_file(const std::string& scene) {
  return R"({"category_to_task_category_id": {"chair": 0, "bed": 1},
             "category_to_mp3d_category_id": {"bed": 11, "chair": 3},
             "goals_by_category": {")" +
         scene + "_chair\": [" + object_nav_goal(4, 6.0) + ", " + object_nav_goal(9, -6.0) +
         "]}, \"episodes\": [" + object_nav_episode("hm3d/" + scene, "chair") + ", " +
         object_nav_episode("hm3d/" + scene, "chair") + "]}";
}

inline std::string r2r_episode(int id) {
  return "{\"episode_id\": " + std::to_string(id) + ", \"trajectory_id\": " + std::to_string(id / 3) +
         R"(, "scene_id": "mp3d/X/X.glb", "start_position": [0, 0, 0], "start_rotation": [0, 0, 0, 1],
         "info": {"geodesic_distance": 8.5}, "goals": [{"position": [4, 0, 1], "radius": 3.0}],
         "instruction": {"instruction_text": "Walk past the t\u00e4ble.", "instruction_tokens": [5, 0, 7, 0, 0]},
         "reference_path": [[0, 0, 0], [2, 0, 0], [4, 0, 1]]})";
}

inline std::string r2r_file() {
  return "{\"episodes\": [" + r2r_episode(6) + ", " + r2r_episode(7) +
         R"(], "instruction_vocab": {"word_list": ["<pad>", "<unk>", "walk"], "num_vocab": 3,
         "UNK_INDEX": 1, "PAD_INDEX": 0, "stoi": {"walk": 2}}})";
}

inline std::string rxr_episode(int id, const std::string& language) {
  return R"({"episode_id": ")" + std::to_string(id) +
         R"(", "trajectory_id": "31", "scene_id": "mp3d/X/X.glb", "start_position": [0, 0, 0],
         "start_rotation": [0, 0, 0, 1], "info": {"geodesic_distance": 8.5},
         "goals": [{"position": [4, 0, 1], "radius": 3.0}], "instruction": {"instruction_id": ")" +
         std::to_string(id) + R"(", "instruction_text": "idhar", "language": ")" + language +
         R"(", "annotator_id": "12", "edit_distance": 0.125, "timed_instruction": [{"word": "idhar", "start_time":
         0.5, "end_time": 1}]}, "reference_path": [[0, 0, 0], [4, 0, 1]]})";
}

inline std::string rxr_file() {
  return "{\"episodes\": [" + rxr_episode(1, "hi-IN") + ", " + rxr_episode(2, "en-US") + ", " +
         rxr_episode(3, "en-IN") + "]}";
}

class Files : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  std::filesystem::path write_gz(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    gzFile file = gzopen(path.c_str(), "wb");
    INKNAV_CHECK(gzwrite(file, text.data(), static_cast<unsigned>(text.size())) ==
                 static_cast<int>(text.size()));
    gzclose(file);
    return path;
  }
  /// Reads it as one file, which must be sound.
  static HabitatEpisodes read(DatasetType type, const std::filesystem::path& path,
                              std::vector<std::string> content_scenes = {"*"}) {
    auto result = read_dataset({type, {path}, std::move(content_scenes), {"*"}});
    INKNAV_CHECK(result.ok(), result.error().message);
    return std::move(result).value();
  }
  static void expect_error(DatasetType type, const std::filesystem::path& path, const std::string& part) {
    const auto result = read_dataset({type, {path}, {"*"}, {"*"}});
    ASSERT_FALSE(result.ok()) << part;
    EXPECT_EQ(result.error().code, base::ErrorCode::kData);
    EXPECT_NE(result.error().message.find(part), std::string::npos) << part << "\n" << result.error().message;
    EXPECT_NE(result.error().message.find(path.string()), std::string::npos) << result.error().message;
  }

  base::TemporaryFolder folder_;
};

}  // namespace inknav::task::habitat::testing
