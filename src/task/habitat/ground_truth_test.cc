// SPDX-License-Identifier: MIT
#include "task/habitat/ground_truth.h"

#include <gtest/gtest.h>

#include <string>

#include "task/habitat/test_files.h"

namespace inknav::task::habitat {
namespace {

class GroundTruthFile : public testing::Files {
 protected:
  static void expect_fault(const std::filesystem::path& path, const std::string& part) {
    GroundTruth truth;
    const base::Status status = load_ground_truth(path, truth);
    ASSERT_FALSE(status.ok()) << part;
    EXPECT_EQ(status.error().code, base::ErrorCode::kData);
    EXPECT_NE(status.error().message.find(path.string() + ": " + part), std::string::npos)
        << status.error().message;
  }
};

// Forward, left, forward, stop: three places, the second one twice because the agent did not move.
const std::string kWalk =
    R"({"locations": [[0, 0, 0], [0, 0, -0.25], [0, 0, -0.25]], "actions": [1, 2, 1, 0], "forward_steps": 2})";

TEST_F(GroundTruthFile, ReadsAndWrites) {
  const auto path = write_gz("val_gt.json.gz", "{\"7\": " + kWalk + ", \"12\": " + kWalk + "}");
  GroundTruth truth;
  ASSERT_TRUE(load_ground_truth(path, truth).ok());
  EXPECT_EQ(truth.size(), 2u);
  const auto check = [](const GroundTruthWalk& walk) {
    ASSERT_EQ(walk.locations.size(), 3u) << "equal neighbours are kept";
    EXPECT_EQ(walk.locations[2], base::Vec3(0.0f, 0.0f, -0.25f));
    EXPECT_EQ(std::vector<int>(walk.actions.begin(), walk.actions.end()), (std::vector<int>{1, 2, 1, 0}));
    EXPECT_EQ(walk.forward_steps, 2u);
  };
  check(truth.find("12"));
  EXPECT_TRUE(truth.find("8").locations.empty());
  ASSERT_TRUE(save_ground_truth(folder_ / "copy.json.gz", truth).ok());
  GroundTruth copy;
  ASSERT_TRUE(load_ground_truth(folder_ / "copy.json.gz", copy).ok());
  EXPECT_EQ(copy.ids(), truth.ids());
  check(copy.find("7"));
}

TEST_F(GroundTruthFile, FilesOfSeveralRolesAddUp) {
  GroundTruth truth;
  ASSERT_TRUE(load_ground_truth(write("a.json", "{\"1\": " + kWalk + "}"), truth).ok());
  ASSERT_TRUE(load_ground_truth(write("b.json", "{\"2\": " + kWalk + "}"), truth).ok());
  EXPECT_EQ(truth.size(), 2u);
}

TEST_F(GroundTruthFile, NamesWhatIsWrong) {
  const auto with = [&](std::string_view from, std::string_view to) {
    return write("bad.json", "{\"7\": " + testing::replaced(kWalk, from, to) + "}");
  };
  expect_fault(with("\"forward_steps\": 2", "\"forward_steps\": 3"),
               "7 must have forward_steps + 1 = 4 locations, found 3; 1 of 1 walks are like this");
  expect_fault(with("[1, 2, 1, 0]", "[1, 2, 0]"), "7 must have forward_steps = 2 forward actions, found 1");
  expect_fault(with("[1, 2, 1, 0]", "[1, 9, 1, 0]"), "7.actions[1] must be an integer in [0, 5], found 9");
  expect_fault(with("[0, 0, -0.25]]", "[0, 0]]"), "7.locations[2] must be 3 finite numbers");
  expect_fault(with("\"locations\"", "\"places\""), "7.locations is missing");
  expect_fault(with("[[0, 0, 0], [0, 0, -0.25], [0, 0, -0.25]]", "[]"), "7.locations must have at least one");
  expect_fault(write("bad.json", "{\"7\": " + kWalk + ", \"7\": " + kWalk + "}"), "7 appears twice");
  expect_fault(write("bad.json", "[]"), "an object {episode_id");
  expect_fault(write("bad.json", "{\"7\": 3}"), "7 must be an object, found 3");
  expect_fault(write("bad.json", "{\"7\": " + kWalk), "JSON is wanted");
  expect_fault(write("bad.json", ""), "JSON is wanted");
}

TEST_F(GroundTruthFile, OneWalkInAHundredMayNotAgree) {
  std::string text = "{";
  for (int i = 0; i < 100; ++i) text += '"' + std::to_string(i) + "\": " + kWalk + ", ";
  text += "\"odd\": " + testing::replaced(kWalk, "\"forward_steps\": 2", "\"forward_steps\": 9") + "}";
  GroundTruth truth;
  ASSERT_TRUE(load_ground_truth(write("a.json", text), truth).ok());
  EXPECT_EQ(truth.find("odd").locations.size(), 3u);
}

TEST_F(GroundTruthFile, IsCompact) {
  GroundTruth truth;
  std::vector<base::Vec3> locations(40);
  std::vector<std::uint8_t> actions(80, 1);
  for (int i = 0; i < 16384; ++i) {
    ASSERT_TRUE(truth.add(std::to_string(i), {locations, actions, 39}));
  }
  // 12 bytes a location, 1 an action, 20 a row, 120 for the id twice and its node; a block left over of each
  // pool.
  EXPECT_LE(truth.num_bytes(), 16384u * (40 * 12 + 80 + 20 + 120) + (3u << 20));
}

}  // namespace
}  // namespace inknav::task::habitat
