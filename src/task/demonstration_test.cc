// SPDX-License-Identifier: MIT
#include "task/demonstration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/philox.h"

namespace inknav::task {
namespace {

Demonstration random_walk(int steps, std::uint32_t seed) {
  Demonstration demonstration;
  demonstration.width = 6;
  demonstration.height = 4;
  demonstration.info.start = {{1.0f, 0.2f, -2.0f}, base::rotation_from_yaw(0.7f)};
  demonstration.info.num_steps = steps;
  base::PhiloxStream stream({seed, 0, 0, 0, base::Purpose::kTest});
  for (int t = 0; t < steps; ++t) {
    DemonstrationStep step;
    step.pose_world_agent = {{stream.uniform(), 0.2f, stream.uniform()},
                             base::rotation_from_yaw(stream.uniform(-3.0f, 3.0f))};
    step.action = static_cast<std::uint8_t>(stream.uniform_int(4u));
    step.expert_action = static_cast<std::uint8_t>(stream.uniform_int(4u));
    step.remaining = stream.uniform(0.0f, 10.0f);
    demonstration.steps.push_back(step);
    for (std::size_t p = 0; p < demonstration.frame_size(); ++p)
      demonstration.depth.push_back(static_cast<std::uint8_t>(stream.uniform_int(256u)));
  }
  return demonstration;
}

std::vector<std::uint8_t> bytes_of(const ObservationWindow& window) {
  std::vector<std::uint8_t> bytes;
  const auto add = [&](const auto& values) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(values.data());
    bytes.insert(bytes.end(), data, data + values.size() * sizeof(values[0]));
  };
  add(window.depth), add(window.gps), add(window.compass), add(window.previous_action);
  return bytes;
}

TEST(DepthCode, EncodeUndoesDecode) {
  for (int c = 0; c < 256; ++c) {
    EXPECT_EQ(encode_depth(depth_of_code()[static_cast<std::size_t>(c)]), c);
  }
  EXPECT_EQ(encode_depth(-1.0f), 0);
  EXPECT_EQ(encode_depth(2.0f), 255);
}

TEST(DepthCode, ErrorIsWhatTheHeaderSays) {
  for (float metres = 0.0f; metres <= 10.0f; metres += 0.001f) {
    const float back = 10.0f * depth_of_code()[encode_depth(metres / 10.0f)];
    EXPECT_LE(std::abs(back - metres), 0.0125f * std::sqrt(metres) + 1e-4f) << metres;
  }
}

TEST(DepthCode, TheFilterLosesNothing) {
  base::PhiloxStream stream({8, 0, 0, 0, base::Purpose::kTest});
  for (const int width : {1, 2, 7, 64}) {
    for (const int height : {1, 3, 64}) {
      std::vector<std::uint8_t> codes(static_cast<std::size_t>(width * height));
      for (std::uint8_t& code : codes) code = static_cast<std::uint8_t>(stream.uniform_int(256u));
      std::vector<std::uint8_t> filtered = codes;
      filter_depth(filtered, width);
      unfilter_depth(filtered, width);
      EXPECT_EQ(filtered, codes) << width << "x" << height;
    }
  }
}

TEST(DepthCode, APlaneBecomesNearlyZero) {
  std::vector<std::uint8_t> codes(64 * 64);
  for (std::size_t i = 0; i < codes.size(); ++i)
    codes[i] = static_cast<std::uint8_t>(20 + i / 64 * 2 + i % 64);
  filter_depth(codes, 64);
  EXPECT_LE(std::count_if(codes.begin(), codes.end(), [](std::uint8_t c) { return c > 2; }), 1);
}

TEST(PathCode, PointsAreNeverOffByMoreThanTwoMillimetres) {
  base::PhiloxStream stream({9, 0, 0, 0, base::Purpose::kTest});
  for (int i = 0; i < 500; ++i) {
    std::array<base::Vec2, kPathPoints> points;
    base::Vec2 at(0.0f);
    float heading = stream.uniform(-3.0f, 3.0f);
    const int end = stream.uniform_int(0, kPathPoints);
    for (int k = 0; k < kPathPoints; ++k) {
      heading += stream.uniform(-0.6f, 0.6f);
      if (k < end) at += kPathSpacing * base::Vec2(std::sin(heading), std::cos(heading));
      points[static_cast<std::size_t>(k)] = at;
    }
    DemonstrationStep step;
    step.path = quantize_path(points);
    const auto back = path_points(step);
    for (std::size_t k = 0; k < back.size(); ++k) {
      EXPECT_LE(glm::length(back[k] - points[k]), 0.002f);
      EXPECT_GE(step.path[2 * k], -127);
      if (static_cast<int>(k) > end) {
        EXPECT_EQ(step.path[2 * k], 0);
      }
    }
  }
}

TEST(Observe, WindowsNeverContainTheFuture) {
  const Demonstration clean = random_walk(20, 1);
  ObservationWindow window, poisoned_window;
  for (int t = 0; t < 20; ++t) {
    // Everything that belongs to a later step, and of this step what the agent does in it.
    Demonstration poisoned = clean;
    const Demonstration other = random_walk(20, 2);
    const auto at = static_cast<std::size_t>(t);
    for (std::size_t later = at + 1; later < 20; ++later) poisoned.steps[later] = other.steps[later];
    std::copy(other.depth.begin() + static_cast<std::ptrdiff_t>((at + 1) * clean.frame_size()),
              other.depth.end(),
              poisoned.depth.begin() + static_cast<std::ptrdiff_t>((at + 1) * clean.frame_size()));
    const base::Pose pose = clean.steps[at].pose_world_agent;
    poisoned.steps[at] = other.steps[at];
    poisoned.steps[at].pose_world_agent = pose;
    poisoned.steps[at].action = static_cast<std::uint8_t>((clean.steps[at].action + 1) % 4);
    for (const int length : {1, 3, 8, 30}) {
      observe(clean, t, length, window);
      observe(poisoned, t, length, poisoned_window);
      EXPECT_EQ(bytes_of(window), bytes_of(poisoned_window)) << t << " " << length;
    }
    // The test can fail: the present observation is in the window.
    poisoned.depth[at * clean.frame_size()] ^= 0x40u;
    observe(clean, t, 3, window);
    observe(poisoned, t, 3, poisoned_window);
    EXPECT_NE(bytes_of(window), bytes_of(poisoned_window));
  }
}

TEST(Observe, RepeatsTheFirstBeforeTheBeginning) {
  const Demonstration demonstration = random_walk(5, 3);
  ObservationWindow window, first;
  observe(demonstration, 1, 4, window);
  observe(demonstration, 0, 1, first);
  const std::size_t frame = demonstration.frame_size();
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_TRUE(std::equal(first.depth.begin(), first.depth.end(),
                           window.depth.begin() + static_cast<std::ptrdiff_t>(k * frame)));
    EXPECT_EQ(window.gps[2 * k], first.gps[0]);
    EXPECT_EQ(window.compass[k], first.compass[0]);
    EXPECT_EQ(window.previous_action[k], kNoAction);
  }
  EXPECT_EQ(window.previous_action[3], demonstration.steps[0].action);
  EXPECT_NE(window.gps[6], window.gps[4]);
}

TEST(Observe, OdometryIsInTheFrameOfTheStart) {
  Demonstration demonstration = random_walk(1, 4);
  demonstration.steps[0].pose_world_agent = {base::body_to_world(demonstration.info.start, {0.5f, 2.0f}),
                                             base::rotation_from_yaw(0.7f + 0.3f)};
  ObservationWindow window;
  observe(demonstration, 0, 1, window);
  EXPECT_NEAR(window.gps[0], 2.0f, 1e-5f);
  EXPECT_NEAR(window.gps[1], 0.5f, 1e-5f);
  EXPECT_NEAR(window.compass[0], 0.3f, 1e-5f);
}

}  // namespace
}  // namespace inknav::task
