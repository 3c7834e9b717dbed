// SPDX-License-Identifier: MIT
#include "task/habitat/goal_boxes.h"

#include <gtest/gtest.h>

namespace inknav::task::habitat {
namespace {

using base::Vec3;

/// An episode whose goals have these object ids.
class GoalBoxes : public ::testing::Test {
 protected:
  void goals_are(std::initializer_list<const char*> ids) {
    dataset_.type = DatasetType::kObjectNav;
    dataset_.objects.resize(1);
    dataset_.objects[0].goal_set = 0;
    for (const char* id : ids) dataset_.object_goals.emplace_back().object_id = dataset_.names.add(id);
    dataset_.goal_sets.push_back({0, 0, static_cast<std::uint32_t>(ids.size())});
  }
  HabitatDataset dataset_;
  Episode episode_;
  scene::SemanticScene semantics_;
};

TEST_F(GoalBoxes, AreThoseOfTheObjectsWithTheirNumbers) {
  goals_are({"9", "4"});
  const scene::SemanticBox chair{{1, 2, 3}, {0.5f, 1, 2}, base::rotation_from_yaw(0.5f * base::kPi)};
  semantics_.objects = {{4, "chair", -1, chair}, {5, "bed", -1, scene::SemanticBox{}}};
  const std::vector<base::Aabb> boxes = goal_boxes(dataset_, episode_, semantics_);
  ASSERT_EQ(boxes.size(), 1u) << "9 is not in the descriptor";
  // A quarter turn about y exchanges the sizes along x and z.
  EXPECT_LT(glm::distance(boxes[0].min, Vec3(-1, 1, 2.5f)), 1e-5f);
  EXPECT_LT(glm::distance(boxes[0].max, Vec3(3, 3, 3.5f)), 1e-5f);
}

TEST_F(GoalBoxes, NoneWithoutANumberOrABox) {
  goals_are({"", "4x", "x", "7"});
  semantics_.objects = {{0, "", -1, scene::SemanticBox{}},
                        {4, "", -1, scene::SemanticBox{}},
                        {-1, "", -1, scene::SemanticBox{}},
                        {7, "chair", -1, std::nullopt}};
  EXPECT_TRUE(goal_boxes(dataset_, episode_, semantics_).empty());
}

}  // namespace
}  // namespace inknav::task::habitat
