// SPDX-License-Identifier: MIT
#include "task/scene_resolver.h"

#include <gtest/gtest.h>

#include <string>

#include "base/file.h"
#include "base/temporary_folder.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;

/// Two dataset configs that give the same file another scale, and one outside the scenes.
class Resolver : public ::testing::Test {
 protected:
  Resolver() {
    dataset_.scenes_dir = root_ / "scenes";
    write("scenes/hm3d/a.obj", "v 1 2 4\nv 1 3 4\nv 2 2 4\nf 1 2 3\n");
    write("scenes/hm3d/two.scene_dataset_config.json", config(2));
    write("scenes/hm3d/three.scene_dataset_config.json", config(3));
    write("elsewhere/five.scene_dataset_config.json", config(5));
    episode_.scene_id = "hm3d/a.obj";
  }
  static std::string config(int scale) {
    std::string text = R"({"stages": {"default_attributes": {"scale": )";
    text.append(std::to_string(scale)).append(R"(}, "paths": {".obj": ["*"]}}})");
    return text;
  }
  void write(const std::string& name, const std::string& text) {
    fs::create_directories((root_ / name).parent_path());
    ASSERT_TRUE(base::write_text_atomic(root_ / name, text).ok());
  }
  /// The scale that tells which config counted; 0 and the message of an error.
  double scale() {
    const auto scene = SceneResolver(dataset_).resolve(episode_);
    message_ = scene.ok() ? "" : scene.error().message;
    return scene.ok() ? scene->stage.scale.x : 0.0;
  }
  base::TemporaryFolder folder_;
  fs::path root_ = fs::canonical(folder_.path());
  Dataset dataset_;
  Episode episode_;
  std::string message_;
};

TEST_F(Resolver, WithoutAConfigTheFileIsTheScene) {
  EXPECT_EQ(scale(), 1.0);
  EXPECT_EQ(scene_key(dataset_, episode_), "hm3d/a.obj");
  episode_.scene_dataset_config = "default";
  dataset_.scene_dataset = "default";
  EXPECT_EQ(scale(), 1.0);
  for (const char* id :
       {"data/scene_datasets/hm3d/a.obj", "./data/scene_datasets/hm3d/a.obj", "./hm3d/a.obj"}) {
    episode_.scene_id = id;
    EXPECT_EQ(scale(), 1.0) << id << message_;
  }
  episode_.scene_id = "a";
  EXPECT_EQ(scale(), 0.0);
}

TEST_F(Resolver, TheEpisodesConfigComesBeforeTheKeysAndDefaultGivesWay) {
  dataset_.scene_dataset = root_ / "scenes/hm3d/two.scene_dataset_config.json";
  EXPECT_EQ(scale(), 2.0);
  episode_.scene_dataset_config = "default";
  EXPECT_EQ(scale(), 2.0);
  for (const char* name :
       {"hm3d/three.scene_dataset_config.json", "data/scene_datasets/hm3d/three.scene_dataset_config.json",
        "./data/scene_datasets/hm3d/three.scene_dataset_config.json"}) {
    episode_.scene_dataset_config = name;
    EXPECT_EQ(scale(), 3.0) << message_;
    EXPECT_NE(scene_key(dataset_, episode_), "hm3d/a.obj");
  }
}

TEST_F(Resolver, UnderAConfigTheSceneMayBeAName) {
  episode_.scene_dataset_config = "hm3d/two.scene_dataset_config.json";
  for (const char* id : {"a", "a.obj", "hm3d/a.obj", "data/scene_datasets/hm3d/a.obj"}) {
    episode_.scene_id = id;
    EXPECT_EQ(scale(), 2.0) << id << message_;
  }
  episode_.scene_id = "room";
  EXPECT_EQ(scale(), 0.0);
  EXPECT_NE(message_.find("a scene 'room' is wanted"), std::string::npos) << message_;
}

TEST_F(Resolver, TheKeysPathIsTheUsersAndTheEpisodesIsNot) {
  const std::string outside = (root_ / "elsewhere/five.scene_dataset_config.json").string();
  dataset_.scene_dataset = outside;
  // The config's folder has no such stage: the file stands as its defaults say.
  EXPECT_EQ(scale(), 5.0) << message_;
  dataset_.scene_dataset = "data/scene_datasets/hm3d/two.scene_dataset_config.json";
  EXPECT_EQ(scale(), 2.0) << message_;
  dataset_.scene_dataset.clear();
  for (const std::string& name : {outside, std::string("../elsewhere/five.scene_dataset_config.json"),
                                  std::string("hm3d/../../elsewhere/five.scene_dataset_config.json")}) {
    episode_.scene_dataset_config = name;
    EXPECT_EQ(scale(), 0.0) << name;
    EXPECT_NE(message_.find("scene dataset config '"), std::string::npos) << message_;
  }
  episode_.scene_dataset_config = "hm3d/none.scene_dataset_config.json";
  EXPECT_EQ(scale(), 0.0);
  EXPECT_NE(message_.find("none.scene_dataset_config.json"), std::string::npos) << message_;
}

TEST_F(Resolver, AConfigIsReadOnce) {
  episode_.scene_dataset_config = "hm3d/two.scene_dataset_config.json";
  SceneResolver resolver(dataset_);
  ASSERT_TRUE(resolver.resolve(episode_).ok());
  fs::remove(root_ / "scenes/hm3d/two.scene_dataset_config.json");
  EXPECT_TRUE(resolver.resolve(episode_).ok());
  EXPECT_FALSE(SceneResolver(dataset_).resolve(episode_).ok());
}

TEST_F(Resolver, TheKeyOfEpisodesIsWrittenAndReadBack) {
  episode_.episode_id = "1";
  episode_.start.rotation = base::Quat(1, 0, 0, 0);
  episode_.goals.push_back({{1, 0, 1}, 0.2f});
  Episode plain = episode_;
  plain.episode_id = "2";
  episode_.scene_dataset_config = "hm3d/two.scene_dataset_config.json";
  ASSERT_TRUE(save_episodes(root_ / "e.json", {episode_, plain}).ok());
  const auto read = load_episodes(root_ / "e.json");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ((*read)[0].scene_dataset_config, episode_.scene_dataset_config);
  EXPECT_EQ((*read)[1].scene_dataset_config, "");
}

}  // namespace
}  // namespace inknav::task
