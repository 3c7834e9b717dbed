// SPDX-License-Identifier: MIT
#include "app/data_check_command.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/temporary_folder.h"
#include "nav/nav_mesh.h"
#include "nav/test_scenes.h"
#include "run/safetensors.h"
#include "scene/image.h"

namespace inknav::app {
namespace {

class DataCheck : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  base::Result<int> run(const std::string& name = "", std::vector<std::string> more = {}) {
    CLI::App app;
    const Action action = define_data_check(app);
    more.push_back((folder_ / name).string());  // CLI11 takes them from the back
    app.parse(std::move(more));
    return action();
  }
  /// What is printed; the exit code must be `code`.
  std::string said(const std::string& name, int code, const std::vector<std::string>& more = {}) {
    ::testing::internal::CaptureStdout();
    const auto result = run(name, more);
    const std::string text = ::testing::internal::GetCapturedStdout();
    EXPECT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(result.ok() ? *result : -1, code) << text;
    return text;
  }
  static void expect_parts(const std::string& text, const std::vector<std::string>& parts) {
    for (const std::string& part : parts) {
      EXPECT_NE(text.find(part), std::string::npos) << part << "\nis not in\n" << text;
    }
  }
  /// White paper with squares of 20 pixels.
  void paint(const std::string& name, int width, int height,
             const std::vector<std::array<int, 5>>& squares) {  // x, y, red, green, blue
    std::filesystem::create_directories((folder_ / name).parent_path());
    scene::Image image;
    image.width = width;
    image.height = height;
    image.channels = 3;
    image.pixels.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3, 255);
    for (const auto& [x0, y0, red, green, blue] : squares) {
      for (int i = 0; i < 400; ++i) {
        const auto at = static_cast<std::size_t>((y0 + i / 20) * width + x0 + i % 20) * 3;
        image.pixels[at] = static_cast<std::uint8_t>(red);
        image.pixels[at + 1] = static_cast<std::uint8_t>(green);
        image.pixels[at + 2] = static_cast<std::uint8_t>(blue);
      }
    }
    ASSERT_TRUE(scene::save_png(folder_ / name, image).ok());
  }

  base::TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
};

TEST_F(DataCheck, WhatLiesBesideTheScenesIsNoListOfEpisodes) {
  write("scenes/homes.json", "{}");
  write("notes.txt", "nothing of ours");
  const auto none = run();
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, base::ErrorCode::kUsage);
  EXPECT_NE(none.error().message.find("found none, only others: 1 (notes.txt)"), std::string::npos)
      << none.error().message;
  write("train/train.json", "{}");
  expect_parts(said("", 3), {"episodes.unreadable (1)", "train/train.json: the key 'episodes'", "not sound"});
}

TEST_F(DataCheck, ANavmeshIsDescribed) {
  nav::NavSettings settings;
  settings.agent_height = 0.88f;
  const auto mesh =
      nav::NavMesh::build(*nav::testing::SceneBuilder().floor(0, 0, 6, 4).finish("floor"), settings);
  ASSERT_TRUE(mesh.ok());
  ASSERT_TRUE((*mesh)->save(folder_ / "floor.navmesh").ok());
  expect_parts(said("floor.navmesh", 0), {"version 2", "m2 in 1 islands", "from (0.0, 0.0, 0.0) to (6.0, ",
                                          "for an agent 0.88 m high with radius 0.10 m", "\nsound\n"});
  const auto none = run("none.navmesh");
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, base::ErrorCode::kUsage);
  write("empty.navmesh", "");
  expect_parts(said("empty.navmesh", 3), {"navmesh.unreadable (1)", "not sound"});
}

TEST_F(DataCheck, ADrawingIsReadAndItsProblemsAreNamed) {
  paint("whole.png", 400, 400, {{40, 40, 20, 20, 20}, {100, 300, 30, 70, 220}, {300, 100, 140, 40, 180}});
  // 27 % of the width, 77 % of the height
  expect_parts(said("whole.png", 0), {"start at 2", "route not drawn; planned over the drawing"});
  paint("two.png", 400, 400, {{100, 300, 30, 70, 220}, {200, 300, 30, 70, 220}, {300, 100, 140, 40, 180}});
  expect_parts(said("two.png", 0), {"drawing.marks (1)", "one blue start mark is wanted, found 2"});
  paint("blank.png", 1, 1, {});
  expect_parts(said("blank.png", 3), {"drawing.blank (1)", "the paper is blank"});
  paint("wide.png", 20000, 1, {});
  expect_parts(said("wide.png", 3), {"drawing.unreadable (1)", "20000"});
  write("text.png", "this is no picture");
  expect_parts(said("text.png", 3), {"a whole PNG or JPEG drawing is wanted"});
}

TEST_F(DataCheck, ACheckpointIsReadWholeAndItsNumbersLookedAt) {
  const std::vector<float> numbers = {1.0f, 2.0f};
  const auto save = [&](const std::string& name, const std::vector<float>& values) {
    const run::NamedSpan span{
        "value/w", run::SpanType::kF32, {2}, {reinterpret_cast<const std::uint8_t*>(values.data()), 8}};
    ASSERT_TRUE(run::write_safetensors(folder_ / name, {&span, 1}, {}).ok());
  };
  save("a.safetensors", numbers);
  expect_parts(said("a.safetensors", 0), {"weights", "1 tensors with 2 numbers", "checksums verified"});
  save("a.safetensors", {1.0f, std::numeric_limits<float>::infinity()});
  expect_parts(said("a.safetensors", 3), {"weights.not-finite (1)", "tensor 'value/w': finite numbers"});
  std::filesystem::resize_file(folder_ / "a.safetensors", 20);
  expect_parts(said("a.safetensors", 3), {"weights.unreadable (1)"});
}

TEST_F(DataCheck, TheJsonIsWrittenToAFileOrInsteadOfTheText) {
  paint("sketches/blank.png", 100, 100, {});
  const std::string printed = said("", 3, {"-", "--json"});
  const auto json = nlohmann::json::parse(printed);
  EXPECT_EQ(json.at("verdict"), "not sound");
  EXPECT_EQ(json.at("counts").at("drawing.blank"), 1);
  EXPECT_EQ(json.at("findings").at(0).at("file"), (folder_ / "sketches/blank.png").string());
  const auto nowhere = run("", {(folder_ / "nowhere" / "report.json").string(), "--json"});
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().code, base::ErrorCode::kUsage);
  const std::string path = (folder_ / "report.json").string();
  EXPECT_NE(said("sketches", 3, {path, "--json"}).find("drawing.blank"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(std::ifstream(path)).at("verdict"), "not sound");
}

}  // namespace
}  // namespace inknav::app
