// SPDX-License-Identifier: MIT
#include "learn/reading/belief.h"

#include <algorithm>

namespace inknav::learn {
namespace {

// A wild correction must not throw the belief to where numbers overflow or an axis vanishes.
constexpr float kMinLogScale = -9.0f;
constexpr float kMaxLogScale = 1.0f;
constexpr float kMaxPaper = 4.0f;
constexpr float kMaxStretch = 0.8f;   // half of the log of the axes' ratio: 5 to 1
constexpr float kMaxMetres = 100.0f;  // of one correction
constexpr float kMaxLog = 3.0f;       // likewise
constexpr float kLeastArea = 1e-9f;   // paper units squared a square metre
constexpr float kLeastRatio = 1e-3f;  // of the axes of the map between two beliefs

float cross(const base::Vec2& a, const base::Vec2& b) { return a.x * b.y - a.y * b.x; }

/// Square metres to paper units squared; positive for a belief that does not mirror.
float area_of(const Belief& belief) { return std::max(cross(belief.forward, belief.right), kLeastArea); }

/// The belief's axes after `matrix` (columns: new right, new forward) in its own body frame.
void change_axes(Belief& belief, const glm::mat2& matrix) {
  const base::Vec2 right = belief.right, forward = belief.forward;
  belief.right = right * matrix[0].x + forward * matrix[0].y;
  belief.forward = right * matrix[1].x + forward * matrix[1].y;
}

glm::mat2 left_turn(float angle) {
  const float c = std::cos(angle), s = std::sin(angle);
  return {base::Vec2(c, s), base::Vec2(-s, c)};
}

/// exp of the symmetric matrix [[log_scale + axes, diagonals], [diagonals, log_scale - axes]].
glm::mat2 stretched(float log_scale, const Stretch& stretch) {
  const float r = std::hypot(stretch.axes, stretch.diagonals);
  const float scale = std::exp(log_scale);
  const float c = scale * std::cosh(r), s = r > 1e-6f ? scale * std::sinh(r) / r : scale;
  return {base::Vec2(c + s * stretch.axes, s * stretch.diagonals),
          base::Vec2(s * stretch.diagonals, c - s * stretch.axes)};
}

void limit(Belief& belief) {
  belief.position = glm::clamp(belief.position, base::Vec2(-kMaxPaper), base::Vec2(kMaxPaper));
  const float log_scale = log_scale_of(belief);
  const float change = std::exp(std::clamp(log_scale, kMinLogScale, kMaxLogScale) - log_scale);
  belief.right *= change;
  belief.forward *= change;
  const float spread =
      0.5f * (glm::dot(belief.right, belief.right) + glm::dot(belief.forward, belief.forward));
  if (spread > area_of(belief) * std::cosh(2.0f * kMaxStretch)) {
    belief = similarity(belief.position, heading_of(belief),
                        std::clamp(log_scale_of(belief), kMinLogScale, kMaxLogScale));
  }
}

}  // namespace

Belief similarity(const base::Vec2& position, float heading, float log_scale) {
  const float scale = std::exp(log_scale), c = scale * std::cos(heading), s = scale * std::sin(heading);
  return {position, base::Vec2(c, -s), base::Vec2(-s, -c)};
}

float heading_of(const Belief& belief) {
  return std::atan2(-belief.right.y - belief.forward.x, belief.right.x - belief.forward.y);
}

float log_scale_of(const Belief& belief) { return 0.5f * std::log(area_of(belief)); }

Stretch stretch_of(const Belief& belief) {
  const float per_area = 1.0f / area_of(belief);
  return {
      0.25f * per_area * (glm::dot(belief.right, belief.right) - glm::dot(belief.forward, belief.forward)),
      0.5f * per_area * glm::dot(belief.right, belief.forward)};
}

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
  return belief.position + right_forward.x * belief.right + right_forward.y * belief.forward;
}

base::Vec2 to_body(const Belief& belief, const base::Vec2& paper) {
  const base::Vec2 d = paper - belief.position;
  const float per_area = 1.0f / area_of(belief);
  return {per_area * cross(belief.forward, d), per_area * cross(d, belief.right)};
}

Belief start_belief(const DrawingMarks& marks, float log_scale) {
  return similarity(marks.has_start ? marks.start : base::Vec2(0.5f),
                    marks.start_heading_known ? marks.start_heading : 0.0f, log_scale);
}

base::Vec2 body_displacement(const Odometry& before, const Odometry& after) {
  const float forward = after.forward - before.forward, right = after.right - before.right;
  const float c = std::cos(before.yaw), s = std::sin(before.yaw);
  return {forward * s + right * c, forward * c - right * s};
}

void move(Belief& belief, const Odometry& before, const Odometry& after) {
  belief.position = to_paper(belief, body_displacement(before, after));
  change_axes(belief, left_turn(after.yaw - before.yaw));
}

Correction correction_to(const Belief& belief, const Belief& truth) {
  const base::Vec2 place = to_body(belief, truth.position);
  const base::Vec2 right = to_body(belief, belief.position + truth.right),
                   forward = to_body(belief, belief.position + truth.forward);
  const float angle = std::atan2(right.y - forward.x, right.x + forward.y);
  const glm::mat2 back = left_turn(-angle);
  const base::Vec2 r = back * right, f = back * forward;  // symmetric and, as neither mirrors, positive
  const float mean = 0.5f * (r.x + f.y), difference = 0.5f * (r.x - f.y), off = 0.5f * (r.y + f.x);
  const float radius = std::hypot(difference, off);
  const float long_axis = std::log(std::max(mean + radius, kLeastRatio));
  const float short_axis = std::log(std::max(mean - radius, kLeastRatio));
  const float part = radius > 1e-6f ? 0.5f * (long_axis - short_axis) / radius : 0.0f;
  return {place.x, place.y, angle, 0.5f * (long_axis + short_axis), part * difference, part * off};
}

void apply(Belief& belief, const Correction& correction, float gain) {
  const auto part = [&](std::size_t k, float most) { return std::clamp(gain * correction[k], -most, most); };
  belief.position = to_paper(belief, {part(0, kMaxMetres), part(1, kMaxMetres)});
  change_axes(belief, left_turn(gain * correction[2]));
  change_axes(belief, stretched(part(3, kMaxLog), {part(4, kMaxLog), part(5, kMaxLog)}));
  limit(belief);
}

float position_error(const Belief& belief, const Belief& truth) {
  return glm::length(to_body(truth, belief.position));
}

}  // namespace inknav::learn
