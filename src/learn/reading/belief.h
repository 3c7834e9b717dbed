// SPDX-License-Identifier: MIT
#pragma once
// Belief: where an agent thinks it is on the drawing, as a local similarity between its surroundings and the
// paper (the same quantity as sketch::PaperPose).
//
// A body point (right r, forward f), metres, lies on the paper at
//   position + exp(log_scale) * (cos h * r - sin h * f,  -sin h * r - cos h * f)
// with u to the right, v down and heading h = 0 up, left turns positive.
// Laws: to_body(b, to_paper(b, p)) == p; applying correction_to(b, truth) with gain 1 gives truth;
// moving by a step and back gives the belief again.

#include <array>
#include <cmath>

#include "base/geometry.h"

namespace inknav::learn {

struct Belief {
  base::Vec2 position{0.0f};  // paper
  float heading = 0.0f;       // radians
  float log_scale = 0.0f;     // ln(paper units per metre)
};

/// Odometry in the start frame, as the gps and compass sensors give it.
struct Odometry {
  float forward = 0.0f;  // metres
  float right = 0.0f;    // metres
  float yaw = 0.0f;      // radians, left positive
};

/// What start mark and goal mark say; `drawing_marks` of the environment.
struct DrawingMarks {
  base::Vec2 start{0.5f};
  float start_heading = 0.0f;
  bool start_heading_known = false;
  base::Vec2 goal{0.5f};
  bool has_goal = false;
  bool has_start = false;

  static DrawingMarks from(const float* marks);  // [8]
};

base::Vec2 to_paper(const Belief& belief, const base::Vec2& right_forward);
base::Vec2 to_body(const Belief& belief, const base::Vec2& paper);

Belief start_belief(const DrawingMarks& marks, float log_scale);

/// Displacement from `before` to `after` in the body frame of `before`: (right, forward), metres.
base::Vec2 body_displacement(const Odometry& before, const Odometry& after);
void move(Belief& belief, const Odometry& before, const Odometry& after);

/// (d_right, d_forward metres, d_heading, d_log_scale) in the body frame of `belief` that leads to `truth`.
using Correction = std::array<float, 4>;
Correction correction_to(const Belief& belief, const Belief& truth);
void apply(Belief& belief, const Correction& correction, float gain);

/// Metres between where the belief puts the agent and where it is.
float position_error(const Belief& belief, const Belief& truth);

}  // namespace inknav::learn
