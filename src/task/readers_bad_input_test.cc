// SPDX-License-Identifier: MIT
// Every reader of this module through files (base/bad_input.h).
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/bad_input.h"
#include "base/temporary_folder.h"
#include "task/demonstration_file.h"
#include "task/episode.h"
#include "task/episode_inspection.h"
#include "task/json_text.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;
using namespace base::testing;  // NOLINT: test helpers

constexpr const char* kList =
    R"({"episodes": [
 {"episode_id": 3, "scene_id": "a.glb", "start_position": [0.5, 0, 0], "start_rotation": [0, 0, 0, 1],
  "info": {"geodesic_distance": 4.25}, "goals": [{"position": [1, 0, 2], "radius": 0.5}],
  "reference_path": [[0.5, 0, 0], [1, 0, 2]], "instruction": {"text": "go"}},
 {"episode_id": "b", "scene_id": "a.glb", "start_position": [1, 0, 0], "start_rotation": [0, 0, 0, 1],
  "goals": [{"position": [1, 0, 2]}]}]})";

TEST(TaskReaders, ListOfEpisodes) {
  const base::TemporaryFolder folder;
  const fs::path path = folder / "list.json";
  put_bytes(path, kList);
  const std::string sound = kList;
  const std::vector<std::pair<std::string, std::string>> hostile = {
      {"too deep", std::string(100'000, '[')},
      {"no list", replaced(sound, "\"episodes\": [", "\"episodes\": 7, \"x\": [")},
      {"a number beyond all", replaced(sound, "0.5, 0, 0]", "1e999, 0, 0]")}};
  expect_typed_errors({.file = path,
                       .read = [](const fs::path& p) { return status_of(load_episodes(p)); },
                       .hostile = hostile});
  expect_typed_errors({.file = path,
                       .read = [](const fs::path& p) { return status_of(inspect_episodes(p)); },
                       .hostile = {hostile[0], hostile[1]}});
}

TEST(TaskReaders, PackedListOfEpisodes) {
  const base::TemporaryFolder folder;
  const auto packed = [&](const std::string& text) {
    EXPECT_TRUE(write_json_text(folder / "list.json.gz", text).ok());
    return bytes_of_file(folder / "list.json.gz");
  };
  const std::string bomb = packed(std::string(std::size_t{16} << 20, ' '));
  const std::string sound = packed(kList);
  expect_typed_errors({.file = folder / "list.json.gz",
                       .read = [](const fs::path& p) { return status_of(load_episodes(p)); },
                       .hostile = {{"another method", with_value(sound, 2, std::uint8_t{7})},
                                   {"text for another length", with_value(sound, sound.size() - 4, 0u)},
                                   {"a thousand times its size", bomb}}});
}

TEST(TaskReaders, InspectionGoesOnAfterABadEpisode) {
  const base::TemporaryFolder folder;
  std::string text = "{\"episodes\": [";
  for (const char* part : {R"({"episode_id": 1, "scene_id": "a.glb", "start_position": [0, 0, 0],
         "start_rotation": [0, 0, 0, 1], "goals": [{"position": [1, 0, 2]}]},)",
                           R"({"episode_id": 2},)",
                           R"({"episode_id": 1, "scene_id": "a.glb", "start_position": [0, 0, 0],
         "start_rotation": [0, 0, 0, 1], "goals": [{"position": [1, 0, 2]}]},)",
                           R"({"episode_id": 3, "scene_id": "a.glb", "start_position": [0, 0, 0],
         "start_rotation": [0, 0, 0, 2], "goals": [{"position": [1, 0, 2]}]},)",
                           R"(7)"}) {
    text += part;
  }
  put_bytes(folder / "a.json", text.substr(0, text.size() - 2) + "]}");
  const auto found = inspect_episodes(folder / "a.json");
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(found->episodes.size(), 1u);
  EXPECT_EQ(found->numbers, (std::vector<std::size_t>{0}));
  ASSERT_EQ(found->faults.size(), 3u);
  EXPECT_EQ(found->size(), 4u);
  const EpisodeFaultKind kinds[] = {EpisodeFaultKind::kUnreadable, EpisodeFaultKind::kDuplicate,
                                    EpisodeFaultKind::kRotation};
  const char* const messages[] = {"scene_id is missing", "episode_id '1' appears twice",
                                  "start_rotation must be a unit quaternion"};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(found->faults[i].number, i + 1);
    EXPECT_EQ(found->faults[i].kind, kinds[i]) << found->faults[i].message;
    EXPECT_TRUE(found->faults[i].message.starts_with(messages[i])) << found->faults[i].message;
  }
  EXPECT_FALSE(load_episodes(folder / "a.json").ok());
}

TEST(TaskReaders, Demonstrations) {
  const base::TemporaryFolder folder;
  DemonstrationManifest manifest;
  manifest.set = std::string(31, '0').append("a");
  manifest.split = "train";
  manifest.runs = 1;
  manifest.shards = 1;
  manifest.format.depth = DepthStorage::kStored;
  manifest.format.sensors.camera.width = 4;
  manifest.format.sensors.camera.height = 3;
  manifest.generation = "{\"seed\":1}";
  ASSERT_TRUE(write_manifest(folder.path(), manifest).ok());
  Demonstration walk;
  walk.width = 4;
  walk.height = 3;
  walk.info.episode_id = "7";
  walk.info.scene_id = "a.glb";
  walk.info.drawing = "a_epi7_cut1.png";
  walk.info.num_steps = 5;
  walk.steps.resize(5);
  walk.depth.assign(60, 9);
  const ShardHeader header{manifest.set, 0, manifest.format, {ChunkEntry{walk.info, 0, 0, {}}}};
  const fs::path shard = shard_path(folder.path(), 0);
  ASSERT_TRUE(write_shard(shard, header,
                          std::vector<std::vector<std::uint8_t>>{encode_chunk(walk, DepthStorage::kStored)})
                  .ok());

  const std::string text = bytes_of_file(manifest_path(folder.path()));
  expect_typed_errors({.file = manifest_path(folder.path()),
                       .read = [&](const fs::path&) { return status_of(read_manifest(folder.path())); },
                       .hostile = {{"too deep", std::string(100'000, '[')}}});
  const std::string sound = bytes_of_file(shard);
  const auto read = [&](const fs::path& path) -> base::Status {
    INKNAV_ASSIGN_OR_RETURN(const ShardHeader found, read_shard_header(path));
    for (std::size_t i = 0; i < found.chunks.size(); ++i) {
      INKNAV_RETURN_IF_ERROR(status_of(read_chunk(path, found, i)));
    }
    return base::ok_status();
  };
  expect_typed_errors({.file = shard,
                       .read = read,
                       .change_is_fault = true,  // checksums of header and chunks
                       .hostile = {{"another version", with_value(sound, 8, 9u)},
                                   {"2^64 bytes of header", with_value(sound, 16, ~std::uint64_t{0})}}});
}

}  // namespace
}  // namespace inknav::task
