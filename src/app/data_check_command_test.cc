// SPDX-License-Identifier: MIT
#include "app/data_check_command.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/temporary_folder.h"
#include "nav/nav_mesh.h"
#include "nav/test_scenes.h"
#include "scene/image.h"

namespace inknav::app {
namespace {

class DataCheck : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  base::Result<int> run(const std::string& name = "") {
    CLI::App app;
    const Action action = define_data_check(app);
    app.parse(std::vector<std::string>{(folder_ / name).string()});
    return action();
  }
  /// White paper with squares of 20 pixels.
  void paint(const std::string& name, int width, int height,
             const std::vector<std::array<int, 5>>& squares) {  // x, y, red, green, blue
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
  write("scenes/floor.stage_config.json", "{\"up\": [0, 1, 0], \"front\": [0, 0, -1]}");
  write("scenes/homes.json", "{}");
  write("floor.stage_config.json", "{}");
  const auto none = run();
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, base::ErrorCode::kUsage);
  EXPECT_NE(none.error().message.find("found none"), std::string::npos) << none.error().message;
  write("train/train.json", "{}");
  const auto list = run();
  ASSERT_FALSE(list.ok());
  EXPECT_EQ(list.error().code, base::ErrorCode::kData);
  EXPECT_NE(list.error().message.find("train.json: the key 'episodes'"), std::string::npos)
      << list.error().message;
}

TEST_F(DataCheck, ANavmeshIsDescribed) {
  nav::NavSettings settings;
  settings.agent_height = 0.88f;
  const auto mesh =
      nav::NavMesh::build(*nav::testing::SceneBuilder().floor(0, 0, 6, 4).finish("floor"), settings);
  ASSERT_TRUE(mesh.ok());
  ASSERT_TRUE((*mesh)->save(folder_ / "floor.navmesh").ok());
  ::testing::internal::CaptureStdout();
  const auto code = run("floor.navmesh");
  const std::string said = ::testing::internal::GetCapturedStdout();
  ASSERT_TRUE(code.ok());
  EXPECT_EQ(*code, 0);
  for (const char* part : {"version 2", "m2 in 1 islands", "from (0.00, 0.00, 0.00) to (6.00, ",
                           "for an agent 0.88 m high with radius 0.10 m", "sound"}) {
    EXPECT_NE(said.find(part), std::string::npos) << part << "\nis not in\n" << said;
  }
  const auto none = run("none.navmesh");
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, base::ErrorCode::kData);
}

TEST_F(DataCheck, ADrawingIsReadAndItsProblemsAreNamed) {
  const auto said = [&](const std::string& name, int code) {
    ::testing::internal::CaptureStdout();
    const auto result = run(name);
    const std::string text = ::testing::internal::GetCapturedStdout();
    EXPECT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(*result, code) << text;
    return text;
  };
  paint("whole.png", 400, 400, {{40, 40, 20, 20, 20}, {100, 300, 30, 70, 220}, {300, 100, 140, 40, 180}});
  const std::string whole = said("whole.png", 0);
  EXPECT_NE(whole.find("start at 2"), std::string::npos) << whole;  // 27 % of the width, 77 % of the height
  EXPECT_NE(whole.find("route not drawn; planned over the drawing"), std::string::npos) << whole;
  paint("two.png", 400, 400, {{100, 300, 30, 70, 220}, {200, 300, 30, 70, 220}, {300, 100, 140, 40, 180}});
  EXPECT_NE(said("two.png", 3).find("one blue start mark is wanted, found 2"), std::string::npos);
  paint("blank.png", 1, 1, {});
  EXPECT_NE(said("blank.png", 3).find("the paper is blank"), std::string::npos);

  const auto refused = [&](const std::string& name, const std::string& part) {
    const auto result = run(name);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, base::ErrorCode::kData);
    EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
  };
  paint("wide.png", 20000, 1, {});
  refused("wide.png", "20000");
  write("text.png", "this is no picture");
  refused("text.png", "a whole PNG or JPEG drawing is wanted");
}

}  // namespace
}  // namespace inknav::app
