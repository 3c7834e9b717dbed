// SPDX-License-Identifier: MIT
#pragma once
// Actuation noise of the PyRobot model (spec/habitat.md 3): how far a LoCoBot misses what it was told to do.
//
// A motion misses along its heading, across it and in its angle by Gaussians truncated at three standard
// deviations. The error along a commanded step is further truncated so that at least 5 % of the step stays,
// and that of a commanded turn likewise. All are scaled by `multiplier` after truncation; the error in angle
// changes sign with the turn. Means and variances are those of habitat-sim's pyrobot noise models (named in
// actuation_noise.cc). Threads: pure; randomness is the caller's stream.

#include <cstdint>

#include "base/philox.h"

namespace inknav::sim {

enum class NoisyRobot : std::uint8_t { kNone, kLoCoBot, kLoCoBotLite };
enum class NoisyController : std::uint8_t { kIlqr, kProportional, kMovebase };

struct ActuationNoise {
  NoisyRobot robot = NoisyRobot::kNone;  // kNone: motions are exact
  NoisyController controller = NoisyController::kIlqr;
  float multiplier = 1.0f;  // of every error, at least 0
};

/// What a motion adds to its command.
struct MotionError {
  float forward = 0.0f;  // metres along the heading before the motion
  float right = 0.0f;    // metres across it
  float angle = 0.0f;    // radians, left positive
};

/// Of a step forward of `distance` metres.
MotionError step_error(const ActuationNoise& noise, float distance, base::PhiloxStream& stream);
/// Of a turn of `angle` radians, left positive.
MotionError turn_error(const ActuationNoise& noise, float angle, base::PhiloxStream& stream);

}  // namespace inknav::sim
