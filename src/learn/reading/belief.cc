// SPDX-License-Identifier: MIT
#include "learn/reading/belief.h"

#include <algorithm>

namespace inknav::learn {
namespace {

/// The matrix of the similarity without its scale; it is symmetric and its own inverse.
base::Vec2 reflect(float heading, const base::Vec2& p) {
  const float c = std::cos(heading), s = std::sin(heading);
  return {c * p.x - s * p.y, -s * p.x - c * p.y};
}

// A wild correction must not throw the belief to where exp() overflows.
constexpr float kMinLogScale = -9.0f;
constexpr float kMaxLogScale = 1.0f;
constexpr float kMaxPaper = 4.0f;

}  // namespace

DrawingMarks DrawingMarks::from(const float* marks) {
  DrawingMarks result;
  result.start = {marks[0], marks[1]};
  result.start_heading = marks[2];
  result.start_heading_known = marks[3] > 0.5f;
  result.goal = {marks[4], marks[5]};
  result.has_goal = marks[6] > 0.5f;
  result.has_start = marks[7] > 0.5f;
  return result;
}

base::Vec2 to_paper(const Belief& belief, const base::Vec2& right_forward) {
  return belief.position + std::exp(belief.log_scale) * reflect(belief.heading, right_forward);
}

base::Vec2 to_body(const Belief& belief, const base::Vec2& paper) {
  return std::exp(-belief.log_scale) * reflect(belief.heading, paper - belief.position);
}

Belief start_belief(const DrawingMarks& marks, float log_scale) {
  Belief belief;
  belief.position = marks.has_start ? marks.start : base::Vec2(0.5f);
  belief.heading = marks.start_heading_known ? marks.start_heading : 0.0f;
  belief.log_scale = log_scale;
  return belief;
}

base::Vec2 body_displacement(const Odometry& before, const Odometry& after) {
  const float forward = after.forward - before.forward, right = after.right - before.right;
  const float c = std::cos(before.yaw), s = std::sin(before.yaw);
  return {forward * s + right * c, forward * c - right * s};
}

void move(Belief& belief, const Odometry& before, const Odometry& after) {
  belief.position = to_paper(belief, body_displacement(before, after));
  belief.heading = base::wrap_angle(belief.heading + base::wrap_angle(after.yaw - before.yaw));
}

Correction correction_to(const Belief& belief, const Belief& truth) {
  const base::Vec2 body = to_body(belief, truth.position);
  return {body.x, body.y, base::wrap_angle(truth.heading - belief.heading),
          truth.log_scale - belief.log_scale};
}

void apply(Belief& belief, const Correction& correction, float gain) {
  belief.position = to_paper(belief, {gain * correction[0], gain * correction[1]});
  belief.position = glm::clamp(belief.position, base::Vec2(-kMaxPaper), base::Vec2(kMaxPaper));
  belief.heading = base::wrap_angle(belief.heading + gain * correction[2]);
  belief.log_scale = std::clamp(belief.log_scale + gain * correction[3], kMinLogScale, kMaxLogScale);
}

float position_error(const Belief& belief, const Belief& truth) {
  return std::exp(-truth.log_scale) * glm::length(belief.position - truth.position);
}

}  // namespace inknav::learn
