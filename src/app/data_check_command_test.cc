// SPDX-License-Identifier: MIT
#include "app/data_check_command.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace inknav::app {
namespace {

class DataCheck : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "inknav_check_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override {
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
  }
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  base::Result<int> run() {
    CLI::App app;
    const Action action = define_data_check(app);
    app.parse(std::vector<std::string>{folder_.string()});
    return action();
  }

  std::filesystem::path folder_;
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

}  // namespace
}  // namespace inknav::app
