// SPDX-License-Identifier: MIT
#include "task/episode.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/philox.h"
#include "task/inflate_stream.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;

class EpisodeFile : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("inknav_episode_test_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }
  fs::path write_gz(const std::string& name, const std::string& text) const {
    gzFile file = gzopen((folder_ / name).c_str(), "wb");
    EXPECT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())), static_cast<int>(text.size()));
    gzclose(file);
    return folder_ / name;
  }
  void expect_error(const fs::path& path, const std::string& part) const {
    const auto result = load_episodes(path);
    ASSERT_FALSE(result.ok()) << part;
    EXPECT_EQ(result.error().code, base::ErrorCode::kData);
    EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
    EXPECT_NE(result.error().message.find(path.string()), std::string::npos) << result.error().message;
  }

  fs::path folder_;
};

std::string episode_text(const std::string& extra = "") {
  return R"({"episode_id": 7, "trajectory_id": "t7", "scene_id": "mp3d/X/X.glb", "start_position": [1, 2.5, -3e0],
            "start_rotation": [0, 0.6, 0, 0.8], "info": {"geodesic_distance": 4.25},
            "goals": [{"position": [4, 0, 1], "radius": 3.0}], "reference_path": [[1, 2.5, -3], [4, 0, 1]])" +
         extra + "}";
}

TEST_F(EpisodeFile, ReadsTheDatasetFormat) {
  const auto episodes = load_episodes(write("a.json", "{\"episodes\": [" + episode_text() + "]}"));
  ASSERT_TRUE(episodes.ok()) << episodes.error().message;
  ASSERT_EQ(episodes->size(), 1u);
  const Episode& episode = episodes->front();
  EXPECT_EQ(episode.episode_id, "7");
  EXPECT_EQ(episode.trajectory_id, "t7");
  EXPECT_EQ(episode.scene_id, "mp3d/X/X.glb");
  EXPECT_EQ(episode.start.position, base::Vec3(1.0f, 2.5f, -3.0f));
  EXPECT_FLOAT_EQ(episode.start.rotation.y, 0.6f);
  EXPECT_FLOAT_EQ(episode.start.rotation.w, 0.8f);
  EXPECT_FLOAT_EQ(episode.geodesic_distance, 4.25f);
  ASSERT_EQ(episode.goals.size(), 1u);
  EXPECT_FLOAT_EQ(episode.goals[0].radius, 3.0f);
  EXPECT_EQ(episode.reference_path.size(), 2u);
}

TEST_F(EpisodeFile, ToleratesForeignKeysAndVlnFiles) {
  const std::string text =
      R"({"instruction_vocab": {"word_list": ["a", ["b"], {"c": 1}], "num_vocab": 2504}, "episodes": [)" +
      episode_text(
          R"(, "instruction": {"instruction_text": "go", "instruction_tokens": [1, 2]}, "colour": "red")") +
      R"(], "split": "val"})";
  const auto episodes = load_episodes(write_gz("a.json.gz", text));
  ASSERT_TRUE(episodes.ok()) << episodes.error().message;
  EXPECT_EQ(episodes->size(), 1u);
}

TEST_F(EpisodeFile, RoundTripIsExact) {
  base::PhiloxStream stream({3, 0, 0, 0, base::Purpose::kTest});
  std::vector<Episode> episodes(200);
  for (std::size_t i = 0; i < episodes.size(); ++i) {
    Episode& episode = episodes[i];
    const auto point = [&] {
      return base::Vec3(stream.normal(0, 20), stream.uniform() * 1e-7f, stream.normal());
    };
    episode.episode_id = std::to_string(i);
    episode.trajectory_id = "quote \" and \\ and \n and \xc3\xa4";
    episode.scene_id = "homes/home_1.glb";
    episode.start.position = point();
    episode.start.rotation = base::rotation_from_yaw(stream.uniform(-3, 3));
    episode.geodesic_distance = stream.uniform(0, 30);
    episode.goals.push_back({point(), 1.0f});
    for (int k = 0; k < 20; ++k) episode.reference_path.push_back(point());
  }
  for (const char* name : {"a.json", "a.json.gz"}) {
    ASSERT_TRUE(save_episodes(folder_ / name, episodes).ok());
    const auto read = load_episodes(folder_ / name);
    ASSERT_TRUE(read.ok()) << read.error().message;
    ASSERT_EQ(read->size(), episodes.size());
    for (std::size_t i = 0; i < episodes.size(); ++i) {
      EXPECT_EQ((*read)[i].trajectory_id, episodes[i].trajectory_id);
      EXPECT_EQ((*read)[i].start.position, episodes[i].start.position);
      EXPECT_LT(glm::length((*read)[i].start.rotation - episodes[i].start.rotation), 1e-6f);
      EXPECT_EQ((*read)[i].geodesic_distance, episodes[i].geodesic_distance);
      EXPECT_EQ((*read)[i].goals[0].position, episodes[i].goals[0].position);
      EXPECT_EQ((*read)[i].reference_path, episodes[i].reference_path);
    }
  }
}

TEST_F(EpisodeFile, WritesTheSameBytesTwice) {
  std::vector<Episode> episodes(1);
  episodes[0].episode_id = "1";
  ASSERT_TRUE(save_episodes(folder_ / "a.json.gz", episodes).ok());
  ASSERT_TRUE(save_episodes(folder_ / "b.json.gz", episodes).ok());
  EXPECT_EQ(*base::read_file(folder_ / "a.json.gz", 1 << 20),
            *base::read_file(folder_ / "b.json.gz", 1 << 20));
}

TEST_F(EpisodeFile, NamesWhatIsWrong) {
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = "{\"episodes\": [" + episode_text() + "," + episode_text() + "]}";
    text.replace(text.rfind(from), from.size(), to);
    return write("bad.json", text);
  };
  expect_error(with("\"episode_id\": 7", "\"episode_id\": [7]"),
               "episodes[1].episode_id must be a string or an integer");
  expect_error(with("\"scene_id\": \"mp3d/X/X.glb\"", "\"scene_id\": null"), "scene_id is missing");
  expect_error(with("[1, 2.5, -3e0]", "[1, 2.5]"), "start_position must be 3 finite numbers");
  expect_error(with("[1, 2.5, -3e0]", "[1, 2.5, 1e6]"), "start_position must be 3 finite numbers");
  expect_error(with("[0, 0.6, 0, 0.8]", "[0, 0, 0, 0]"), "unit quaternion");
  expect_error(with("\"goals\": [{\"position\": [4, 0, 1], \"radius\": 3.0}], \"reference_path\": [[1, 2.5, "
                    "-3], [4, 0, 1]]",
                    "\"goals\": []"),
               "found neither");
  expect_error(with("\"geodesic_distance\": 4.25", "\"geodesic_distance\": -1"), "info.geodesic_distance");
  expect_error(with("[4, 0, 1]]", "[4, 0, \"1\"]]"), "reference_path[1]");
  expect_error(with("\"trajectory_id\"", "\"trajectory\""), "appears twice");
  expect_error(write("bad.json", "[1, 2]"), "found a list");
  expect_error(write("bad.json", "{\"scenes\": []}"), "'episodes' is wanted");
  expect_error(write("bad.json", "{\"episodes\": 3}"), "'episodes' must be a list");
  expect_error(write("bad.json", "{\"episodes\": [3]}"), "must be an object");
  expect_error(write("bad.json", "{\"episodes\": {}}"), "found an object");
  expect_error(write("bad.json", "{\"episodes\": [], \"episodes\": []}"), "appears twice");
  expect_error(write("bad.json", "{\"a\": 1e999, \"episodes\": []}"), "JSON is wanted");
  expect_error(folder_ / "nowhere.json", "cannot be opened");
}

TEST_F(EpisodeFile, LimitsDepthPackingAndTokens) {
  std::string deep = "{\"x\": ";
  for (int i = 0; i < 20; ++i) deep += "[";
  expect_error(write("deep.json", deep), "nested deeper");
  expect_error(write_gz("bomb.json.gz", "{\"x\": \"" + std::string(40 << 20, 'a') + "\"}"), "200:1");
  expect_error(write("token.json", "{\"x\": \"" + std::string(17 << 20, 'a') + "\"}"),
               "a value of more than");
}

TEST_F(EpisodeFile, DamageIsAlwaysATypedErrorOrAnEqualResult) {
  std::string text = "{\"episodes\": [";
  for (int i = 0; i < 40; ++i) {
    std::string one = episode_text();
    one.replace(one.find(": 7"), 3, ": " + std::to_string(i));
    text += (i > 0 ? "," : "") + one;
  }
  text += "]}";
  const auto bytes = *base::read_file(write_gz("whole.json.gz", text), 1 << 20);
  base::PhiloxStream stream({5, 0, 0, 0, base::Purpose::kTest});
  const auto count = static_cast<std::uint32_t>(bytes.size());
  for (int round = 0; round < 400; ++round) {
    std::string damaged(bytes.begin(), bytes.end());
    if (round % 2 == 0) {
      damaged.resize(stream.uniform_int(count));
    } else {
      damaged[stream.uniform_int(count)] ^= static_cast<char>(1u << stream.uniform_int(8u));
    }
    const auto result = load_episodes(write("damaged.json.gz", damaged));
    if (result.ok()) {
      EXPECT_EQ(result->size(), 40u);  // a bit of the header's time or system
    } else {
      EXPECT_EQ(result.error().code, base::ErrorCode::kData);
    }
  }
  expect_error(write("cut.json.gz", std::string(bytes.begin(), bytes.begin() + count / 2)),
               "the file ends after");
}

TEST_F(EpisodeFile, PathsStayBeneathTheirRoots) {
  Dataset dataset;
  dataset.scenes_dir = folder_ / "scenes";
  dataset.sketch_dir = folder_ / "sketches";
  fs::create_directories(dataset.scenes_dir / "mp3d" / "X");
  std::ofstream(dataset.scenes_dir / "mp3d" / "X" / "X.glb") << "glb";
  Episode episode;
  episode.episode_id = "12";
  episode.scene_id = "data/scene_datasets/mp3d/X/X.glb";
  const auto path = scene_path(dataset, episode);
  ASSERT_TRUE(path.ok()) << path.error().message;
  EXPECT_TRUE(fs::equivalent(*path, dataset.scenes_dir / "mp3d" / "X" / "X.glb"));
  EXPECT_EQ(drawing_path(dataset, episode), dataset.sketch_dir / "X_epi12_cut1.png");
  for (const char* id : {"../secret.glb", "/etc/passwd", "mp3d/../../x.glb", "mp3d//X.glb", ""}) {
    episode.scene_id = id;
    EXPECT_FALSE(scene_path(dataset, episode).ok()) << id;
  }
  episode.scene_id = "mp3d/X/X.glb";
  episode.episode_id = "../../x";
  EXPECT_TRUE(drawing_path(dataset, episode).empty());
}

}  // namespace
}  // namespace inknav::task
