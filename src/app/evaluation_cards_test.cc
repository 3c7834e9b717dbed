// SPDX-License-Identifier: MIT
#include "app/evaluation_cards.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace inknav::app {
namespace {

/// Of Habitat's tasks, which list their measures in an order of their own: distance_to_goal, success.
learn::EvaluationResult habitat_result(const std::vector<std::vector<float>>& measures) {
  learn::EvaluationResult result;
  result.measure_names = {"distance_to_goal", "success"};
  for (const auto& row : measures) {
    learn::EpisodeOutcome outcome;
    outcome.episode = static_cast<std::int64_t>(result.episodes.size());
    outcome.measures = row;
    result.episodes.push_back(outcome);
  }
  return result;
}

std::vector<std::int64_t> shown(const learn::EvaluationResult& result, int count) {
  std::vector<std::int64_t> episodes;
  for (const learn::EpisodeOutcome* outcome : choose_shown(result, count))
    episodes.push_back(outcome->episode);
  return episodes;
}

TEST(ChooseShown, FailuresComeFirstWhateverTheOrderOfTheMeasures) {
  const auto result = habitat_result({{0.1f, 1}, {4.0f, 0}, {0.15f, 0}, {0.05f, 1}, {0.1f, 1}, {7.0f, 0}});
  EXPECT_EQ(shown(result, 6), (std::vector<std::int64_t>{1, 2, 5, 0, 3, 4}));
  EXPECT_EQ(shown(result, 4), (std::vector<std::int64_t>{1, 2, 0, 3}));
  EXPECT_EQ(shown(result, 2), (std::vector<std::int64_t>{1, 0}));
  EXPECT_TRUE(shown(result, 0).empty());
}

TEST(ChooseShown, OfOneKindAloneAsManyAsAreWanted) {
  const auto good = habitat_result({{0.1f, 1}, {0.1f, 1}, {0.1f, 1}});
  EXPECT_EQ(shown(good, 2), (std::vector<std::int64_t>{0, 1}));
  const auto bad = habitat_result({{0.1f, 0}, {9.0f, 0}, {0.1f, 0}});
  EXPECT_EQ(shown(bad, 2), (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(shown(bad, 9), (std::vector<std::int64_t>{0, 1, 2}));
}

}  // namespace
}  // namespace inknav::app
