// SPDX-License-Identifier: MIT
#include "sim/actuation_noise.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace inknav::sim {

namespace {

constexpr float kTruncation = 3.0f;  // standard deviations
constexpr float kMostLost = 0.95f;   // of a command
constexpr float kUnbounded = -std::numeric_limits<float>::infinity();

struct Gaussian {
  float mean;
  float variance;
};
struct MotionModel {
  Gaussian forward;  // metres
  Gaussian right;    // metres
  Gaussian angle;    // radians
};
struct ControllerModel {
  MotionModel step;
  MotionModel turn;
};

/// Figures of habitat-sim's pyrobot noise models (habitat_sim/agent/controls/pyrobot_noisy_controls.py),
/// which PyRobot measured (pyrobot.org). Its covariances are used as variances there, and so they are here.
constexpr ControllerModel kModels[2][3] = {{// LoCoBot: ILQR, Proportional, Movebase
                                            {{{0.014f, 0.006f}, {0.009f, 0.005f}, {0.008f, 0.004f}},
                                             {{0.003f, 0.002f}, {0.003f, 0.003f}, {0.023f, 0.012f}}},
                                            {{{0.017f, 0.007f}, {0.042f, 0.023f}, {0.031f, 0.026f}},
                                             {{0.001f, 0.001f}, {0.005f, 0.004f}, {0.043f, 0.017f}}},
                                            {{{0.074f, 0.019f}, {0.036f, 0.033f}, {0.189f, 0.038f}},
                                             {{0.002f, 0.0f}, {0.003f, 0.002f}, {0.219f, 0.019f}}}},
                                           {// LoCoBot-Lite
                                            {{{0.142f, 0.008f}, {0.023f, 0.008f}, {0.031f, 0.028f}},
                                             {{0.002f, 0.001f}, {0.002f, 0.002f}, {0.122f, 0.03f}}},
                                            {{{0.135f, 0.007f}, {0.043f, 0.009f}, {0.049f, 0.009f}},
                                             {{0.002f, 0.002f}, {0.002f, 0.001f}, {0.054f, 0.061f}}},
                                            {{{0.192f, 0.055f}, {0.117f, 0.144f}, {0.128f, 0.143f}},
                                             {{0.002f, 0.001f}, {0.001f, 0.001f}, {0.173f, 0.025f}}}}};

const ControllerModel& model_of(const ActuationNoise& noise) {
  INKNAV_CHECK(noise.robot != NoisyRobot::kNone);
  return kModels[static_cast<int>(noise.robot) - 1][static_cast<int>(noise.controller)];
}

/// Truncated at three standard deviations, and below `least`, which is below the mean: at least every second
/// draw is kept.
float draw(const Gaussian& gaussian, float least, base::PhiloxStream& stream) {
  const float deviation = std::sqrt(gaussian.variance);
  if (deviation == 0.0f) return gaussian.mean;
  const float low = std::max((least - gaussian.mean) / deviation, -kTruncation);
  for (;;) {
    const float z = stream.normal();
    if (z >= low && z <= kTruncation) return gaussian.mean + deviation * z;
  }
}

}  // namespace

MotionError step_error(const ActuationNoise& noise, float distance, base::PhiloxStream& stream) {
  if (noise.robot == NoisyRobot::kNone) return {};
  const MotionModel& model = model_of(noise).step;
  const float forward = draw(model.forward, -kMostLost * std::abs(distance), stream);
  const float right = draw(model.right, kUnbounded, stream);
  const float angle = draw(model.angle, kUnbounded, stream);
  return {noise.multiplier * forward, noise.multiplier * right, noise.multiplier * angle};
}

MotionError turn_error(const ActuationNoise& noise, float angle, base::PhiloxStream& stream) {
  if (noise.robot == NoisyRobot::kNone) return {};
  const MotionModel& model = model_of(noise).turn;
  const float forward = draw(model.forward, kUnbounded, stream);
  const float right = draw(model.right, kUnbounded, stream);
  const float error = draw(model.angle, -kMostLost * std::abs(angle), stream);
  const float sign = angle < 0.0f ? -1.0f : 1.0f;
  return {noise.multiplier * forward, noise.multiplier * right, sign * noise.multiplier * error};
}

}  // namespace inknav::sim
