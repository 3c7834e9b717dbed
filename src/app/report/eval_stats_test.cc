// SPDX-License-Identifier: MIT
#include "app/report/eval_stats.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "app/report/failure_causes.h"

namespace inknav::app {
namespace {

const std::vector<std::string> kNames = {"success",          "spl",        "soft_spl",    "ndtw",
                                         "distance_to_goal", "collisions", "path_length", "oracle_success",
                                         "stop_called"};

TEST(WilsonInterval, MatchesPublishedValues) {
  // 81 of 263: Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
  const auto [low, high] = wilson_interval(81, 263);
  EXPECT_NEAR(low, 0.2553, 5e-5);
  EXPECT_NEAR(high, 0.3662, 5e-5);
  EXPECT_EQ(wilson_interval(0, 20).first, 0.0);
  EXPECT_NEAR(wilson_interval(0, 20).second, 0.1611, 5e-5);
  EXPECT_EQ(wilson_interval(0, 0), (std::pair{0.0, 1.0}));
}

TEST(EvalStats, SummarizesAndSurvivesTheFile) {
  learn::EvaluationResult result;
  result.measure_names = kNames;
  result.episodes.resize(2);
  result.episodes[0].measures = {1, 0.8f, 0.9f, 0.7f, 0.3f, 2, 4, 1, 1};
  result.episodes[1].measures = {0, 0, 0.5f, 0.3f, 2.3f, 4, 8, 1, 0};
  result.episodes[0].mean_belief_error = 0.3f;
  result.episodes[0].home_size = 12.0f;
  const TrackRow row = summarize("L1", result);
  EXPECT_DOUBLE_EQ(row.success_3m, 0.5);  // the second is within 3 m but never said STOP
  EXPECT_NEAR(row.belief_along, 0.3, 1e-6);
  EXPECT_NEAR(row.belief_of_home, 0.025, 1e-6);
  EXPECT_EQ(row.episodes, 2);
  EXPECT_DOUBLE_EQ(row.success, 0.5);
  EXPECT_NEAR(row.spl, 0.4, 1e-6);
  EXPECT_NEAR(row.collisions, 3.0, 1e-6);
  const auto path = std::filesystem::path(testing::TempDir()) / "inknav_stats.json";
  ASSERT_TRUE(save_stats(path, {"ckpt.7.safetensors", {row}}).ok());
  const auto read = load_stats(path);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->checkpoint, "ckpt.7.safetensors");
  ASSERT_EQ(read->tracks.size(), 1u);
  EXPECT_EQ(read->tracks[0].name, "L1");
  EXPECT_DOUBLE_EQ(read->tracks[0].success_high, row.success_high);
  EXPECT_EQ(read->tracks[0].failures, row.failures);
  EXPECT_DOUBLE_EQ(read->tracks[0].success_3m, row.success_3m);
  EXPECT_DOUBLE_EQ(read->tracks[0].belief_along, row.belief_along);
  EXPECT_DOUBLE_EQ(read->tracks[0].belief_of_home, row.belief_of_home);
}

TEST(EvalStats, HabitatsTasksHaveTheirOwnMeasuresAndNoBeliefs) {
  learn::EvaluationResult result;
  result.measure_names = kNames;
  result.measure_names.insert(result.measure_names.end(), {"num_steps", "collisions.is_collision"});
  result.episodes.resize(2);
  result.episodes[0].measures = {1, 0.8f, 0.9f, 0.7f, 0.1f, 2, 4, 1, 1, 30, 0};
  result.episodes[1].measures = {0, 0, 0.5f, 0.3f, 2.3f, 4, 8, 1, 1, 51, 1};
  const TrackRow row = summarize("val", result);
  const std::vector<std::pair<std::string, double>> wanted = {{"num_steps", 40.5},
                                                              {"collisions.is_collision", 0.5}};
  EXPECT_EQ(row.more, wanted);
  const auto path = std::filesystem::path(testing::TempDir()) / "inknav_stats_habitat.json";
  const EvalStats stats{"c", {row}, {"spl", "num_steps", "collisions"}, /*drawings=*/false};
  ASSERT_TRUE(save_stats(path, stats).ok());
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  for (const char* absent : {"belief", "success_3m", "lost_in_drawing", "ndtw"})
    EXPECT_EQ(text.find(absent), std::string::npos) << absent;
  const auto read = load_stats(path);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->tracks[0].more, wanted);
  EXPECT_NEAR(read->tracks[0].spl, 0.4, 1e-6);
  EXPECT_EQ(read->tracks[0].belief_error, -1.0);
}

TEST(FailureCauses, EachFailureHasTheFirstCauseThatHolds) {
  learn::EvaluationResult result;
  result.measure_names = kNames;
  const auto add = [&](float success, float collisions, float reached, float stopped, float belief_error) {
    learn::EpisodeOutcome outcome;
    outcome.steps = 100;
    outcome.measures = {success, 0, 0, 0, 5, collisions, 9, reached, stopped};
    outcome.final_belief_error = belief_error;
    result.episodes.push_back(outcome);
  };
  add(1, 90, 1, 1, 9.0f);  // no failure
  add(0, 90, 1, 1, 1.6f);
  add(0, 0, 1, 1, 0.2f);
  add(0, 0, 0, 1, -1.0f);
  add(0, 90, 1, 0, 0.2f);
  add(0, 21, 0, 0, 0.2f);
  add(0, 20, 0, 0, 0.2f);
  EXPECT_EQ(count_failures(result), (FailureCounts{1, 1, 1, 1, 1, 1}));
  EXPECT_EQ(name_of(FailureCause::kNoStop), "no_stop");
}

TEST(EvalStats, ATruncatedFileIsAnErrorThatNamesIt) {
  const auto path = std::filesystem::path(testing::TempDir()) / "inknav_stats_bad.json";
  std::ofstream(path) << "{\"checkpoint\": \"x\", \"tracks\": {\"L1\": {";
  const auto read = load_stats(path);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, base::ErrorCode::kData);
  EXPECT_NE(read.error().message.find("inknav_stats_bad.json"), std::string::npos);
}

}  // namespace
}  // namespace inknav::app
