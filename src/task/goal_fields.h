// SPDX-License-Identifier: MIT
#pragma once
// GoalFields: where the goal is and how far it still is, one agent's share of `goal_body`, `pointgoal` and
// `handwriting_goal` (task/navigation_env.h).

#include <cmath>

#include "base/geometry.h"
#include "nav/route.h"

namespace inknav::task {

struct GoalFields {
  base::Vec2 body{0.0f};       // (right, forward) metres
  base::Vec2 pointgoal{0.0f};  // (distance, angle)
  float handwriting = 0.0f;
};

inline GoalFields goal_fields(const base::Pose& pose_world_agent, const base::Vec3& goal,
                              const nav::Route& route, const nav::RouteProgress& progress) {
  GoalFields fields;
  fields.body = base::world_to_body(pose_world_agent, goal);
  fields.pointgoal = {std::sqrt(fields.body.x * fields.body.x + fields.body.y * fields.body.y),
                      -std::atan2(fields.body.x, fields.body.y)};
  fields.handwriting = 0.8f * (route.length() - progress.arc_length) + 0.2f * progress.distance;
  return fields;
}

}  // namespace inknav::task
