// SPDX-License-Identifier: MIT
#pragma once
// Belief: where an agent thinks it is on the drawing, as a local affine map from its surroundings to the
// paper.
//
// A body point (right r, forward f), metres, lies on the paper at  position + r * right + f * forward,  with
// u to the right and v down. A drawing stretches rooms more one way than the other; a belief with one scale
// for both drifts by that difference with every metre walked, and its walls lie on no drawn walls. Laws:
// to_body(b, to_paper(b, p)) == p; applying correction_to(b, truth) with gain 1 gives truth; moving by a step
// and back gives the belief again.

#include <array>
#include <cmath>

#include "base/geometry.h"

namespace inknav::learn {

struct Belief {
  base::Vec2 position{0.0f};        // paper
  base::Vec2 right{1.0f, 0.0f};     // paper units a metre to the right
  base::Vec2 forward{0.0f, -1.0f};  // paper units a metre forward
};

/// Heading h turns left, 0 is up on the paper; log_scale is ln(paper units a metre), alike in all directions.
Belief similarity(const base::Vec2& position, float heading, float log_scale);
/// Of the nearest similarity.
float heading_of(const Belief& belief);
/// ln of the paper units a metre, the mean of both axes: half the log of the area.
float log_scale_of(const Belief& belief);

/// How far a belief is from a similarity, in its body frame: halves of the differences of the logs of scale,
/// right against forward, and of the two diagonals; to first order.
struct Stretch {
  float axes = 0.0f;
  float diagonals = 0.0f;
};
Stretch stretch_of(const Belief& belief);

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

/// What leads from a belief to another, in the body frame of the first: (right, forward) metres, heading
/// (radians), log scale, and the two stretches of Stretch. Axes' = axes * rotation * exp(symmetric matrix),
/// the polar decomposition of the map between the two.
inline constexpr int kCorrectionSize = 6;
using Correction = std::array<float, kCorrectionSize>;
Correction correction_to(const Belief& belief, const Belief& truth);
/// Keeps scale and stretch within sane bounds, whatever the correction.
void apply(Belief& belief, const Correction& correction, float gain);

/// Metres between where the belief puts the agent and where it is.
float position_error(const Belief& belief, const Belief& truth);

}  // namespace inknav::learn
