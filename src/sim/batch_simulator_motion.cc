// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "nav/collision.h"
#include "sim/batch_simulator.h"

namespace inknav::sim {

namespace {

constexpr std::int64_t kMotionGrain = 8;
constexpr float kDegree = base::kPi / 180.0f;

/// First column of the rotation's matrix, in the order of operations in which Magnum makes it.
base::Vec3 right_axis(const base::Quat& q) {
  return {1.0f - 2.0f * (q.y * q.y) - 2.0f * (q.z * q.z), 2.0f * q.x * q.y + 2.0f * q.z * q.w,
          2.0f * q.x * q.z - 2.0f * q.y * q.w};
}
/// Third column likewise.
base::Vec3 back_axis(const base::Quat& q) {
  return {2.0f * q.x * q.z + 2.0f * q.y * q.w, 2.0f * q.y * q.z - 2.0f * q.x * q.w,
          1.0f - 2.0f * (q.x * q.x) - 2.0f * (q.y * q.y)};
}

/// `velocity` radians a second about the body's own Y, for `time` seconds.
base::Quat turned(const base::Quat& rotation, float velocity, float time) {
  const base::Vec3 axis = rotation * base::Vec3(0.0f, velocity, 0.0f);
  const base::Vec3 way = axis * time;
  const float angle = std::sqrt(glm::dot(way, way));
  const float length = std::sqrt(glm::dot(axis, axis));
  if (!(angle > 0.0f)) return rotation;
  const base::Vec3 part = axis * (std::sin(0.5f * angle) / length);
  return glm::normalize(base::Quat(std::cos(0.5f * angle), part.x, part.y, part.z) * rotation);
}

bool is_rotation(const base::Quat& q) {
  const float length = glm::dot(q, q);
  return std::isfinite(length) && length > 0.0f;
}

}  // namespace

void BatchSimulator::step(std::span<const nav::Action> actions) {
  INKNAV_CHECK(actions.size() == poses_.size(), actions.size(), poses_.size());
  step_agents(0, actions);
}

void BatchSimulator::step_agents(int first, std::span<const nav::Action> actions) {
  INKNAV_CHECK(first >= 0 && static_cast<std::size_t>(first) + actions.size() <= poses_.size(), first,
               actions.size(), poses_.size());
  pool_.parallel_for(static_cast<std::int64_t>(actions.size()), kMotionGrain,
                     [&](std::int64_t begin, std::int64_t end, int worker) {
                       for (std::int64_t k = begin; k < end; ++k) {
                         const auto action = static_cast<BodyAction>(actions[static_cast<std::size_t>(k)]);
                         const int agent = first + static_cast<int>(k);
                         begin_step(static_cast<std::size_t>(agent));
                         move_agent(agent, action, worker);
                       }
                     });
}

void BatchSimulator::step(std::span<const Command> commands) {
  INKNAV_CHECK(commands.size() == poses_.size(), commands.size(), poses_.size());
  step_agents(0, commands);
}

void BatchSimulator::step_agents(int first, std::span<const Command> commands) {
  INKNAV_CHECK(first >= 0 && static_cast<std::size_t>(first) + commands.size() <= poses_.size(), first,
               commands.size(), poses_.size());
  pool_.parallel_for(static_cast<std::int64_t>(commands.size()), kMotionGrain,
                     [&](std::int64_t begin, std::int64_t end, int worker) {
                       for (std::int64_t k = begin; k < end; ++k) {
                         const int agent = first + static_cast<int>(k);
                         begin_step(static_cast<std::size_t>(agent));
                         carry_out(agent, commands[static_cast<std::size_t>(k)], worker);
                       }
                     });
}

void BatchSimulator::begin_step(std::size_t agent) {
  collided_[agent] = 0;
  ++steps_[agent];
}

void BatchSimulator::carry_out(int agent, const Command& command, int worker) {
  const auto i = static_cast<std::size_t>(agent);
  if (world_ids_[i] < 0) return;
  switch (command.action) {
    case BodyAction::kStop:
      return;
    case BodyAction::kMoveForward:
    case BodyAction::kTurnLeft:
    case BodyAction::kTurnRight:
      move_agent(agent, command.action, worker);
      return;
    case BodyAction::kLookUp:
      camera_rotations_[i] = glm::normalize(camera_rotations_[i] * look_up_);
      return;
    case BodyAction::kLookDown:
      camera_rotations_[i] = glm::normalize(camera_rotations_[i] * look_down_);
      return;
    case BodyAction::kVelocity:
      drive(agent, velocity_of(settings_.motion.velocity, command.linear, command.angular), worker);
      return;
    case BodyAction::kTeleport:
      teleport(agent, command, worker);
      return;
  }
  INKNAV_CHECK(false, "not a command", static_cast<int>(command.action), agent);
}

/// Moves the body as one of Habitat's actions would, without walls; the target of the way.
base::Vec3 BatchSimulator::act(std::size_t i, BodyAction action) {
  const MotionSettings& motion = settings_.motion;
  base::Pose& pose = poses_[i];
  const bool steps = action == BodyAction::kMoveForward;
  if (motion.noise.robot == NoisyRobot::kNone) {
    if (steps) return pose.position + back_axis(pose.rotation) * -motion.forward_step;
    const base::Quat& turn = action == BodyAction::kTurnLeft ? turn_left_ : turn_right_;
    pose.rotation = glm::normalize(pose.rotation * turn);
    return pose.position;
  }
  base::PhiloxStream stream(noise_key(i, base::Purpose::kActionNoise));
  const float side = action == BodyAction::kTurnLeft ? 1.0f : -1.0f;
  const float distance = steps ? motion.forward_step : 0.0f;
  const float angle = steps ? 0.0f : side * motion.turn_angle_deg * kDegree;
  const MotionError error =
      steps ? step_error(motion.noise, distance, stream) : turn_error(motion.noise, angle, stream);
  const base::Vec3 way =
      back_axis(pose.rotation) * -(distance + error.forward) + right_axis(pose.rotation) * error.right;
  pose.rotation = glm::normalize(pose.rotation * base::rotation_from_yaw(angle + error.angle));
  return pose.position + way;
}

void BatchSimulator::move_agent(int agent, BodyAction action, int worker) {
  const auto i = static_cast<std::size_t>(agent);
  if (action == BodyAction::kStop || world_ids_[i] < 0) return;
  const base::Vec3 start = poses_[i].position;
  const base::Vec3 target = act(i, action);
  // A body that the mesh itself placed stays where it is when it only turns.
  if (settled_[i] != 0 && target == start) return;
  const base::Vec3 reached = filter(agent, target, worker);
  // Habitat moves the body back by what the mesh took off, which rounds.
  poses_[i].position = target + (reached - target);
  settled_[i] = poses_[i].position == nav_points_[i].position ? 1 : 0;
  collided_[i] = nav::has_collided(start, target, reached) ? 1 : 0;
}

/// Habitat's try_step from where the body is; nav_points_ follow.
base::Vec3 BatchSimulator::filter(int agent, const base::Vec3& target, int worker) {
  const auto i = static_cast<std::size_t>(agent);
  nav::NavQuery& mesh = query(world_ids_[i], worker);
  nav::NavPoint& point = nav_points_[i];
  if (settled_[i] == 0) {
    const base::Vec3& start = poses_[i].position;
    const auto from = mesh.project(start), to = mesh.project(target);
    if (from) point = *from;
    // Where there is no way at all, Habitat leaves the body off the mesh.
    const int island = mesh.mesh().island_of(point.poly);
    if (!from || !to || mesh.mesh().island_of(to->poly) != island) return start;
  }
  point = mesh.step(point, target, settings_.motion.allow_sliding);
  return point.position;
}

/// Velocity control: the position first, then the rotation, then the mesh.
void BatchSimulator::drive(int agent, const Velocity& velocity, int worker) {
  if (is_velocity_stop(settings_.motion.velocity, velocity)) return;
  const auto i = static_cast<std::size_t>(agent);
  const float time = settings_.motion.velocity.time_step;
  base::Pose& pose = poses_[i];
  const base::Vec3 start = pose.position;
  const base::Vec3 target = start + pose.rotation * (base::Vec3(0.0f, 0.0f, -velocity.linear) * time);
  const base::Vec3 reached = filter(agent, target, worker);
  pose.rotation = turned(pose.rotation, velocity.angular_deg * kDegree, time);
  pose.position = reached;
  settled_[i] = reached == nav_points_[i].position ? 1 : 0;
  collided_[i] = nav::has_collided(start, target, reached) ? 1 : 0;
}

void BatchSimulator::teleport(int agent, const Command& command, int worker) {
  const auto i = static_cast<std::size_t>(agent);
  nav::NavQuery& mesh = query(world_ids_[i], worker);
  if (!mesh.is_navigable(command.position) || !is_rotation(command.rotation)) return;
  nav_points_[i] = *mesh.project(command.position);
  poses_[i] = {command.position, glm::normalize(command.rotation)};
  settled_[i] = 0;
}

base::PhiloxKey BatchSimulator::noise_key(std::size_t i, base::Purpose purpose) const {
  return {settings_.seed, static_cast<std::uint32_t>(settings_.first_agent) + static_cast<std::uint32_t>(i),
          episodes_[i], steps_[i], purpose};
}

}  // namespace inknav::sim
