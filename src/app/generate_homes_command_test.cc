// SPDX-License-Identifier: MIT
#include "app/generate_homes_command.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/temporary_folder.h"
#include "scene/load.h"

namespace inknav::app {
namespace {

class GenerateHomes : public ::testing::Test {
 protected:
  base::Result<int> run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--out", (folder_ / "homes").string()});
    CLI::App app;
    const Action action = define_generate_homes(app);
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    app.parse(std::move(arguments));
    return action();
  }

  base::TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
};

TEST_F(GenerateHomes, WritesScenesThatLoad) {
  const auto code = run({"--count", "2", "--seed", "3", "--min-rooms", "3", "--max-rooms", "4"});
  ASSERT_TRUE(code.ok()) << code.error().message;
  EXPECT_EQ(*code, 0);
  EXPECT_TRUE(scene::load_scene(folder_ / "homes" / "home_00001.glb").ok());
  EXPECT_TRUE(std::filesystem::exists(folder_ / "homes" / "homes.json"));
}

TEST_F(GenerateHomes, AnotherSeedNeedsOverwrite) {
  ASSERT_TRUE(run({"--count", "1", "--max-rooms", "3"}).ok());
  const auto refused = run({"--count", "1", "--max-rooms", "3", "--seed", "9"});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kUsage);
  EXPECT_NE(refused.error().message.find("use --overwrite or another folder"), std::string::npos);
  EXPECT_TRUE(run({"--count", "1", "--max-rooms", "3", "--seed", "9", "--overwrite"}).ok());
}

TEST_F(GenerateHomes, ImpossibleRoomsAreAUsageError) {
  const auto code = run({"--count", "1", "--min-rooms", "20"});
  ASSERT_FALSE(code.ok());
  EXPECT_EQ(code.error().code, base::ErrorCode::kUsage);
  EXPECT_NE(code.error().message.find("the rooms of a home are 20 to 10"), std::string::npos);
}

}  // namespace
}  // namespace inknav::app
