// SPDX-License-Identifier: MIT
#include "task/demonstration.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "sim/odometry.h"

namespace inknav::task {

namespace {
constexpr float kUnit = kPathSpacing / 127.0f;  // metres an increment's unit

std::int8_t increment(float wanted) {
  return static_cast<std::int8_t>(std::clamp(std::lround(wanted / kUnit), -127l, 127l));
}
}  // namespace

std::array<std::int8_t, 2 * kPathPoints> quantize_path(const std::array<base::Vec2, kPathPoints>& points) {
  std::array<std::int8_t, 2 * kPathPoints> out{};
  base::Vec2 reached(0.0f);
  for (std::size_t k = 0; k < points.size(); ++k) {
    out[2 * k] = increment(points[k].x - reached.x);
    out[2 * k + 1] = increment(points[k].y - reached.y);
    reached += kUnit * base::Vec2(out[2 * k], out[2 * k + 1]);
  }
  return out;
}

std::array<base::Vec2, kPathPoints> path_points(const DemonstrationStep& step) {
  std::array<base::Vec2, kPathPoints> points;
  base::Vec2 reached(0.0f);
  for (std::size_t k = 0; k < points.size(); ++k) {
    reached += kUnit * base::Vec2(step.path[2 * k], step.path[2 * k + 1]);
    points[k] = reached;
  }
  return points;
}

void observe(const Demonstration& demonstration, int step, int length, ObservationWindow& window) {
  INKNAV_CHECK(step >= 0 && static_cast<std::size_t>(step) < demonstration.steps.size(), step,
               demonstration.steps.size());
  INKNAV_CHECK(length >= 1, length);
  const auto count = static_cast<std::size_t>(length);
  const std::size_t frame = demonstration.depth.empty() ? 0 : demonstration.frame_size();
  window.length = length;
  window.depth.resize(count * frame);
  window.gps.resize(2 * count);
  window.compass.resize(count);
  window.previous_action.resize(count);
  const std::array<float, 256>& metres = depth_of_code();
  for (std::size_t k = 0; k < count; ++k) {
    const auto at = static_cast<std::size_t>(std::max(0, step - length + 1 + static_cast<int>(k)));
    const sim::Odometry measured =
        sim::odometry(demonstration.info.start, demonstration.steps[at].pose_world_agent);
    window.gps[2 * k] = measured.forward;
    window.gps[2 * k + 1] = measured.right;
    window.compass[k] = measured.compass;
    window.previous_action[k] = at == 0 ? kNoAction : demonstration.steps[at - 1].action;
    if (frame == 0) continue;
    const std::uint8_t* codes = demonstration.depth.data() + at * frame;
    std::transform(codes, codes + frame, window.depth.data() + k * frame,
                   [&](std::uint8_t code) { return metres[code]; });
  }
}

}  // namespace inknav::task
