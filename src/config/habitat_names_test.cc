// SPDX-License-Identifier: MIT
#include "config/habitat_names.h"

#include <gtest/gtest.h>

namespace inknav::config {
namespace {

using Names = std::vector<std::string>;

TEST(HabitatNames, MeasuresAreKnownOnceAndBehindWhatTheyNeed) {
  EXPECT_EQ(measure_problem(Names{}), "");
  EXPECT_EQ(measure_problem(Names{"distance_to_goal", "success", "spl", "top_down_map"}), "");
  EXPECT_EQ(measure_problem(Names{"distance_to_gaol"}),
            "names distance_to_gaol, which is no measure of this task; did you mean distance_to_goal?");
  EXPECT_EQ(measure_problem(Names{"distance_to_goal", "spl", "success"}),
            "lists spl but no success before it, which it is computed from; write success further left");
  EXPECT_EQ(measure_problem(Names{"success"}),
            "lists success but no distance_to_goal before it, which it is computed from; write "
            "distance_to_goal further left");
  EXPECT_EQ(measure_problem(Names{"num_steps", "num_steps"}), "names num_steps twice; remove one");
  EXPECT_NE(measure_problem(Names{"frobnication"}).find("; known are distance_to_goal, success, "),
            std::string::npos);
}

TEST(HabitatNames, ActionsBeginWithStop) {
  EXPECT_EQ(action_problem(Names{"stop", "turn_left"}), "");
  EXPECT_NE(action_problem(Names{"turn_left", "stop"}).find("must begin with stop"), std::string::npos);
  EXPECT_NE(action_problem(Names{}).find("must begin with stop"), std::string::npos);
}

}  // namespace
}  // namespace inknav::config
