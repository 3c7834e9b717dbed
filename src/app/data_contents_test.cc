// SPDX-License-Identifier: MIT
#include "app/data_contents.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "nav/test_scenes.h"
#include "run/safetensors.h"
#include "run/torch_weights.h"
#include "scene/image.h"
#include "scene/write_glb.h"
#include "sketch/drawing_file.h"
#include "task/episode.h"

namespace inknav::app {
namespace {

class DataContents : public ::testing::Test {
 protected:
  void expect(const std::string& name, const std::vector<std::string>& parts) {
    const auto text = describe_file(folder_ / name, 1);
    ASSERT_TRUE(text.ok()) << text.error().message;
    for (const std::string& part : parts) {
      EXPECT_NE(text->find(part), std::string::npos) << part << "\nis not in\n" << *text;
    }
  }
  base::TemporaryFolder folder_;
};

TEST_F(DataContents, ScenesAndNavmeshes) {
  nav::testing::SceneBuilder two;
  const scene::ScenePtr scene = two.floor(0, 0, 6, 4).floor(8, 0, 11, 4).finish("two");
  ASSERT_TRUE(scene::write_glb(folder_ / "two.glb", *scene).ok());
  expect("two.glb",
         {"scene, 4 triangles (0 without area left out), 8 vertices", "11.00 x 4.00 m, 0.00 m high",
          "the navmesh is built", "in 2 islands", "island 0: ", "and 1 more"});
  ASSERT_TRUE(nav::testing::build_mesh(scene)->save(folder_ / "two.navmesh").ok());
  expect("two.navmesh", {"navmesh, version 2", "agent_height 1.5 m, agent_radius 0.1 m", "in 2 islands"});
}

TEST_F(DataContents, ListsAndDrawings) {
  std::vector<task::Episode> episodes(3);
  for (std::size_t i = 0; i < episodes.size(); ++i) {
    episodes[i].episode_id = std::to_string(i);
    episodes[i].scene_id = i < 2 ? "a.glb" : "b.glb";
    episodes[i].goals = {task::Goal{{1, 0, 2}, 0.0f}};
    episodes[i].geodesic_distance = 2.25f;
  }
  ASSERT_TRUE(task::save_episodes(folder_ / "list.json.gz", episodes).ok());
  expect("list.json.gz",
         {"list of 3 episodes in 2 scenes, 0 with a reference path, 3 goals", "2 in a.glb",
          "episode '0' in a.glb: (0.00, 0.00, 0.00) -> (1.00, 0.00, 2.00), 2.25 m", "and 2 more"});
  scene::Image white{64, 64, 3, std::vector<std::uint8_t>(std::size_t{64} * 64 * 3, 255)};
  ASSERT_TRUE(scene::save_png(folder_ / "d.png", white).ok());
  expect("d.png", {"drawing; no route"});
  sketch::DrawingFile file;
  file.drawing.strokes.resize(2);
  for (sketch::Stroke& stroke : file.drawing.strokes) {
    stroke.points = {{0.1f, 0.1f}, {0.2f, 0.1f}};
    stroke.pressure = {1.0f, 1.0f};
  }
  ASSERT_TRUE(sketch::save_drawing_file(folder_ / "d.json", file).ok());
  expect("d.json", {"2 strokes of walls, 0 of the route", "its home is not known"});
}

TEST_F(DataContents, Weights) {
  const std::vector<float> numbers = {1.0f, 2.0f, 3.0f, 4.0f};
  const run::NamedSpan span{
      "value/w", run::SpanType::kF32, {2, 2}, {reinterpret_cast<const std::uint8_t*>(numbers.data()), 16}};
  ASSERT_TRUE(run::write_safetensors(folder_ / "a.safetensors", {&span, 1}, {{"policy", "{}"}}).ok());
  expect("a.safetensors", {"1 tensors with 4 numbers", "policy = {}", "value/w F32 [2, 2]"});
  ASSERT_TRUE(run::write_torch_weights(folder_ / "a.pth", {&span, 1}, {}).ok());
  expect("a.pth", {"1 tensors with 4 numbers", "value/w F32 [2, 2]"});
}

TEST_F(DataContents, OtherAndBrokenFilesAreErrors) {
  const auto code_of = [&](const std::string& name, const std::string& text) {
    EXPECT_TRUE(base::write_text_atomic(folder_ / name, text).ok());
    const auto result = describe_file(folder_ / name, 10);
    EXPECT_FALSE(result.ok()) << *result;
    EXPECT_NE(result.error().message.find(name), std::string::npos) << result.error().message;
    return result.error().code;
  };
  EXPECT_EQ(code_of("a.txt", "?"), base::ErrorCode::kUsage);
  for (const char* name : {"a.glb", "a.navmesh", "a.png", "a.safetensors", "a.pth", "b.json", "b.json.gz"}) {
    EXPECT_EQ(code_of(name, "?"), base::ErrorCode::kData) << name;
  }
}

}  // namespace
}  // namespace inknav::app
