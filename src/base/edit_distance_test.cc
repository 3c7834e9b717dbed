// SPDX-License-Identifier: MIT
#include "base/edit_distance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace inknav::base {
namespace {

TEST(EditDistance, CountsEdits) {
  EXPECT_EQ(edit_distance("", ""), 0);
  EXPECT_EQ(edit_distance("train", "TRAIN"), 0);
  EXPECT_EQ(edit_distance("train", "rain"), 1);
  EXPECT_EQ(edit_distance("train", "trainx"), 1);
  EXPECT_EQ(edit_distance("train", "trein"), 1);
  EXPECT_EQ(edit_distance("train", "trian"), 1);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance(std::string(1000, 'a'), std::string(2000, 'a')), 0);
}

TEST(EditDistance, IsSymmetricAndAtMostTheLongerLength) {
  const std::vector<std::string> words = {"",     "a",    "ab",     "ba",   "abc",
                                          "eval", "evla", "doctor", "data", "demo"};
  for (const std::string& a : words) {
    for (const std::string& b : words) {
      EXPECT_EQ(edit_distance(a, b), edit_distance(b, a));
      EXPECT_EQ(edit_distance(a, b) == 0, a == b);
      EXPECT_LE(edit_distance(a, b), static_cast<int>(std::max(a.size(), b.size())));
    }
  }
}

TEST(NearestWord, IsNearOrNothing) {
  const std::vector<std::string> known = {"train", "eval", "data", "demo", "x"};
  EXPECT_EQ(nearest_word("trian", known), "train");
  EXPECT_EQ(nearest_word("EVALL", known), "eval");
  EXPECT_EQ(nearest_word("dmo", known), "demo");
  EXPECT_EQ(nearest_word("frobnicate", known), "");
  EXPECT_EQ(nearest_word("yz", known), "");
  EXPECT_EQ(nearest_word("", known), "");
  EXPECT_EQ(nearest_word("train", {}), "");
}

}  // namespace
}  // namespace inknav::base
