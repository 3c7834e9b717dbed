// SPDX-License-Identifier: MIT
#include "app/generate_demos_command.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "app/data_check_command.h"
#include "app/generate_episodes_command.h"
#include "app/generate_homes_command.h"
#include "base/file.h"
#include "task/demonstration_file.h"

namespace inknav::app {
namespace {

namespace fs = std::filesystem;

base::Result<int> run(Define define, std::vector<std::string> arguments) {
  CLI::App app;
  const Action action = define(app);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  app.parse(std::move(arguments));
  return action();
}

/// Two homes and four episodes, made as a person would.
class GenerateDemos : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string pattern = (fs::temp_directory_path() / "inknav_demos_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    const auto homes =
        run(define_generate_homes, {"--count", "2", "--max-rooms", "3", "--out", text_of("homes")});
    ASSERT_TRUE(homes.ok()) << homes.error().message;
    const auto episodes = run(define_generate_episodes,
                              {"--scenes", text_of("homes"), "--out", text_of("data"), "--count", "4"});
    ASSERT_TRUE(episodes.ok()) << episodes.error().message;
  }
  static void TearDownTestSuite() {
    std::error_code error;
    fs::remove_all(folder_, error);
  }
  static std::string text_of(const char* name) { return (folder_ / name).string(); }

  static base::Result<int> generate(std::vector<std::string> more) {
    std::vector<std::string> arguments = {"--scenes",      text_of("homes"),     "--episodes",
                                          text_of("data"), "--camera-size",      "16",
                                          "--out",         text_of("data/demos")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(define_generate_demos, arguments);
  }

  static fs::path folder_;
};
fs::path GenerateDemos::folder_;

TEST_F(GenerateDemos, WritesASetThatDataCheckPasses) {
  const auto made = generate({"--overwrite"});
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(*made, 0);
  const fs::path set = folder_ / "data/demos/train";
  EXPECT_TRUE(fs::exists(task::manifest_path(set)));
  for (const fs::path& path : {set, set.parent_path()}) {
    const auto checked = run(define_data_check, {path.string()});
    ASSERT_TRUE(checked.ok()) << checked.error().message;
    EXPECT_EQ(*checked, 0);
  }
}

TEST_F(GenerateDemos, DataCheckTellsDamageByItsExitCode) {
  ASSERT_TRUE(generate({"--seed", "3", "--overwrite"}).ok());
  const fs::path set = folder_ / "data/demos/train";
  auto bytes = *base::read_file(task::shard_path(set, 0), 1u << 28);
  bytes.at(bytes.size() - 1) ^= 4u;
  ASSERT_TRUE(base::write_file_atomic(task::shard_path(set, 0), bytes).ok());
  const auto damaged = run(define_data_check, {set.string()});
  ASSERT_TRUE(damaged.ok());
  EXPECT_EQ(*damaged, 3);
  fs::resize_file(task::shard_path(set, 0), bytes.size() / 2);
  const auto cut = run(define_data_check, {set.string()});
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(cut.error().code, base::ErrorCode::kData);
  ASSERT_TRUE(generate({"--seed", "3"}).ok());  // repairs it
  const auto undrawn = run(define_data_check, {set.string(), "--sketches", "/nowhere"});
  ASSERT_TRUE(undrawn.ok());
  EXPECT_EQ(*undrawn, 3);
}

TEST_F(GenerateDemos, AMissingListIsAUsageError) {
  const auto code = generate({"--split", "val"});
  ASSERT_FALSE(code.ok());
  EXPECT_EQ(code.error().code, base::ErrorCode::kUsage);
  EXPECT_NE(code.error().message.find("val/val.json.gz, is wanted, found none"), std::string::npos)
      << code.error().message;
}

}  // namespace
}  // namespace inknav::app
