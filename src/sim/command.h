// SPDX-License-Identifier: MIT
#pragma once
// Command: what a body is told to do in one step of the simulator (spec/habitat.md 3), and the settings of
// motion. Plain values; sim/body.h carries them out.
//
// Ids 0 to 5 are Habitat's discrete actions and equal nav::Action where both have one. kVelocity takes
// `linear` and `angular`, both in [-1, 1] and clamped to it, which velocity_of() spreads over the ranges;
// kTeleport takes `position` and `rotation`. kStop, looking and a teleport never collide. Threads: pure.

#include <cstdint>

#include "base/geometry.h"
#include "nav/nav_mesh.h"
#include "sim/actuation_noise.h"

namespace inknav::sim {

enum class BodyAction : std::uint8_t {
  kStop = 0,  // nothing moves
  kMoveForward = 1,
  kTurnLeft = 2,
  kTurnRight = 3,
  kLookUp = 4,    // every camera about its own X, until the agent is placed anew
  kLookDown = 5,  // likewise
  kVelocity = 6,  // for VelocitySettings::time_step; too slow (is_velocity_stop): as kStop
  kTeleport = 7,  // ignored where `position` is not navigable
};
inline constexpr int kNumDiscreteActions = 6;

struct Command {
  BodyAction action = BodyAction::kStop;
  float linear = 0.0f;   // -1: slowest, 1: fastest
  float angular = 0.0f;  // -1 to 1, left positive
  base::Vec3 position{0.0f};
  base::Quat rotation{1.0f, 0.0f, 0.0f, 0.0f};
};

struct VelocitySettings {
  float min_linear = 0.0f;  // metres a second, at -1
  float max_linear = 0.25f;
  float min_angular_deg = -10.0f;  // degrees a second, at -1
  float max_angular_deg = 10.0f;
  float stop_linear = 0.025f;  // slower than both of these means stop
  float stop_angular_deg = 1.0f;
  float time_step = 1.0f;  // seconds
};

struct MotionSettings {
  float forward_step = 0.25f;  // metres
  float turn_angle_deg = 10.0f;
  float tilt_angle_deg = 15.0f;  // of kLookUp and kLookDown
  bool allow_sliding = true;
  nav::NoSlideRule no_slide_rule = nav::NoSlideRule::kHabitat033;  // without sliding
  VelocitySettings velocity;
  ActuationNoise noise;  // of kMoveForward, kTurnLeft, kTurnRight
};

struct Velocity {
  float linear = 0.0f;       // metres a second, forward
  float angular_deg = 0.0f;  // degrees a second, left positive
};

/// Whether Habitat 0.3.3's previous_step_collided can tell of a collision after the action: its velocity
/// control tests for one, but renders again before anybody reads it. Simulator::collided() keeps it.
constexpr bool reports_collision(BodyAction action) {
  return action == BodyAction::kMoveForward || action == BodyAction::kTurnLeft ||
         action == BodyAction::kTurnRight;
}

/// The velocities that a command's `linear` and `angular` mean.
Velocity velocity_of(const VelocitySettings& settings, float linear, float angular);
/// Slower than both thresholds: such a command ends the episode, as kStop does.
bool is_velocity_stop(const VelocitySettings& settings, const Velocity& velocity);

}  // namespace inknav::sim
