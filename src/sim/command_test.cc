// SPDX-License-Identifier: MIT
// Commands one by one against numbers by hand, then laws over long runs.
#include "sim/command.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/philox.h"
#include "sim/sim_testing.h"

namespace inknav::sim {
namespace {

using namespace testing;  // NOLINT: test helpers

constexpr float kSurface = 0.1767f;  // of plain_world()
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

Command discrete(BodyAction action) { return {.action = action}; }
Command velocity(float linear, float angular) {
  return {.action = BodyAction::kVelocity, .linear = linear, .angular = angular};
}
Command teleport(const base::Vec3& position, const base::Quat& rotation = {1, 0, 0, 0}) {
  return {.action = BodyAction::kTeleport, .position = position, .rotation = rotation};
}

class Body : public ::testing::Test {
 protected:
  void start(const SimulatorSettings& settings, const World& world, const base::Pose& pose) {
    simulator_ = make(settings, pool_, world);
    simulator_->place(0, 0, pose);
  }
  void start(const base::Pose& pose) { start(blind_settings(1), plain_world(), pose); }
  void act(const Command& command) { simulator_->step(std::span<const Command>(&command, 1)); }
  void act(BodyAction action) { act(discrete(action)); }
  const base::Pose& pose() const { return simulator_->poses()[0]; }
  bool collided() const { return simulator_->collided()[0] != 0; }
  float yaw() const { return base::yaw_from_rotation(pose().rotation); }

  base::ThreadPool pool_{1};
  std::unique_ptr<Simulator> simulator_;
};

TEST_F(Body, AnyBodyActionPutsItOntoTheSurface) {
  // Habitat's published trajectory begins at y 0.0724 and is at 0.1767 after its first action.
  for (const Command& command : {discrete(BodyAction::kMoveForward), discrete(BodyAction::kTurnLeft),
                                 discrete(BodyAction::kTurnRight), velocity(0.5f, 0.5f)}) {
    start(pose_at(1.0f, 2.0f, 30.0f, 0.0724f));
    EXPECT_EQ(pose().position.y, 0.0724f);
    act(command);
    // The mesh's height is kept to a 24 bit fraction of a metre.
    EXPECT_NEAR(pose().position.y, kSurface, 1e-6f) << static_cast<int>(command.action);
    EXPECT_FALSE(collided());
  }
  for (const Command& command : {discrete(BodyAction::kStop), discrete(BodyAction::kLookUp),
                                 discrete(BodyAction::kLookDown), velocity(-1.0f, 0.0f)}) {
    start(pose_at(1.0f, 2.0f, 30.0f, 0.0724f));
    act(command);
    EXPECT_EQ(pose().position, base::Vec3(1.0f, 0.0724f, 2.0f)) << static_cast<int>(command.action);
  }
}

TEST_F(Body, AStepIsExactInSinglePrecision) {
  start(pose_at(1.3f, 2.7f, 0.0f, kSurface));
  act(BodyAction::kTurnLeft);
  act(BodyAction::kTurnRight);
  const base::Vec3 before = pose().position;
  const base::Quat q = pose().rotation;
  act(BodyAction::kMoveForward);
  // Minus the third column of the rotation, times 0.25, added; every operation rounds to float32.
  const float x = 2.0f * q.x * q.z + 2.0f * q.y * q.w, z = 1.0f - 2.0f * (q.x * q.x) - 2.0f * (q.y * q.y);
  EXPECT_EQ(pose().position.x, before.x + x * -0.25f);
  EXPECT_EQ(pose().position.z, before.z + z * -0.25f);
  EXPECT_NEAR(pose().position.y, kSurface, 1e-6f);
}

TEST_F(Body, HeightComesFromTheSurfaceAndALongerRayIsACollision) {
  // Looks 30 degrees up: the target is 0.125 m above and 0.21651 m ahead; the body stays down, so it moved
  // 0.046875 m2 of 0.0625 m2, squared.
  base::Pose tilted = pose_at(0.0f, 0.0f, 0.0f, kSurface);
  tilted.rotation = base::Quat(std::cos(15.0f * kDegree), std::sin(15.0f * kDegree), 0.0f, 0.0f);
  start(tilted);
  act(BodyAction::kMoveForward);
  EXPECT_NEAR(pose().position.z, -0.25f * std::cos(30.0f * kDegree), 1e-6f);
  EXPECT_NEAR(pose().position.y, kSurface, 1e-6f);
  EXPECT_TRUE(collided());
}

TEST_F(Body, AFullTurnEndsWhereItBegan) {
  for (const float angle : {1.0f, 10.0f, 15.0f, 30.0f, 45.0f}) {
    SimulatorSettings settings = blind_settings(1);
    settings.motion.turn_angle_deg = angle;
    for (const BodyAction action : {BodyAction::kTurnLeft, BodyAction::kTurnRight}) {
      start(settings, plain_world(), pose_at(1.0f, 1.0f, 20.0f, kSurface));
      const int turns = static_cast<int>(std::round(360.0f / angle));
      for (int i = 0; i < turns; ++i) act(action);
      // A product and a normalisation round each of the four numbers by less than 4 units of 2^-24, and half
      // an angle's error counts twice; the constant itself is off by at most 2^-25 rad.
      const float bound = static_cast<float>(turns) * (8.0f + 0.5f) * 0x1.0p-24f;
      EXPECT_NEAR(base::wrap_angle(yaw() - 20.0f * kDegree), 0.0f, bound) << angle;
      EXPECT_NEAR(glm::length(pose().rotation), 1.0f, 1e-6f);
      EXPECT_EQ(pose().position.x, 1.0f);
      EXPECT_EQ(pose().position.z, 1.0f);
    }
  }
}

TEST_F(Body, ClimbingIsNoCollision) {
  const World storeys = world_of(nav::testing::storeys_scene());
  // From the foot of the stair at x = 9 up to where it arrives at x = 3, 3 m higher.
  start(blind_settings(1), storeys, pose_at(9.5f, 2.5f, 90.0f, 0.2f));
  float climbed = pose().position.y;
  for (int i = 0; i < 26; ++i) {
    act(BodyAction::kMoveForward);
    EXPECT_FALSE(collided()) << "step " << i << " at " << pose().position.x;
  }
  climbed = pose().position.y - climbed;
  EXPECT_GT(climbed, 2.7f);
  EXPECT_NEAR(pose().position.x, 9.5f - 26 * 0.25f, 1e-4f);
}

TEST_F(Body, LookingTurnsTheCameraAndNothingElse) {
  SimulatorSettings settings = blind_settings(1);
  settings.motion.tilt_angle_deg = 30.0f;
  const base::Pose placed = pose_at(1.0f, 2.0f, 50.0f, kSurface);
  start(settings, plain_world(), placed);
  const auto ahead = [&] { return simulator_->camera_rotations()[0] * base::Vec3(0.0f, 0.0f, -1.0f); };
  act(BodyAction::kLookUp);
  EXPECT_NEAR(ahead().y, 0.5f, 1e-6f);
  EXPECT_NEAR(ahead().z, -std::sqrt(0.75f), 1e-6f);
  act(BodyAction::kLookDown);
  act(BodyAction::kLookDown);
  EXPECT_NEAR(ahead().y, -0.5f, 1e-6f);
  // There is no limit: four more and it looks up from behind its head; twelve are a full turn.
  for (int i = 0; i < 4; ++i) act(BodyAction::kLookDown);
  EXPECT_NEAR(ahead().y, -0.5f, 1e-6f);
  EXPECT_NEAR(ahead().z, std::sqrt(0.75f), 1e-6f);
  EXPECT_EQ(pose().position, placed.position);
  EXPECT_EQ(pose().rotation, placed.rotation);
  EXPECT_FALSE(collided());
  act(BodyAction::kMoveForward);
  act(velocity(1.0f, 1.0f));
  act(teleport(base::Vec3(0.0f, kSurface, 0.0f)));
  EXPECT_NEAR(ahead().z, std::sqrt(0.75f), 1e-6f) << "what moves the body leaves the camera";
  simulator_->place(0, 0, placed);
  EXPECT_EQ(ahead(), base::Vec3(0.0f, 0.0f, -1.0f));
}

TEST(Velocity, RangesAndStop) {
  const VelocitySettings settings;
  const auto expect = [&](float linear, float angular, float metres, float degrees) {
    const Velocity v = velocity_of(settings, linear, angular);
    EXPECT_NEAR(v.linear, metres, 1e-7f) << linear;
    EXPECT_NEAR(v.angular_deg, degrees, 1e-5f) << angular;
  };
  expect(-1.0f, -1.0f, 0.0f, -10.0f);
  expect(0.0f, 0.0f, 0.125f, 0.0f);
  expect(1.0f, 1.0f, 0.25f, 10.0f);
  expect(0.5f, -0.25f, 0.1875f, -2.5f);
  expect(7.0f, -7.0f, 0.25f, -10.0f);  // out of the range: its end
  const auto stops = [&](float linear, float angular) {
    return is_velocity_stop(settings, velocity_of(settings, linear, angular));
  };
  EXPECT_TRUE(stops(-0.9f, 0.05f));    // 0.0125 m/s and 0.5 degrees/s
  EXPECT_TRUE(stops(-1.0f, -0.09f));   // standing, -0.9 degrees/s
  EXPECT_FALSE(stops(-0.7f, 0.0f));    // 0.0375 m/s
  EXPECT_FALSE(stops(-1.0f, 0.11f));   // 1.1 degrees/s
  EXPECT_FALSE(stops(-1.0f, -0.11f));  // the sign does not matter
  EXPECT_TRUE(stops(kNaN, 1.0f));
  EXPECT_TRUE(stops(1.0f, kNaN));
}

TEST_F(Body, VelocityMovesFirstAndTurnsThen) {
  start(pose_at(0.0f, 0.0f, 0.0f, kSurface));
  act(velocity(1.0f, 1.0f));
  EXPECT_NEAR(pose().position.x, 0.0f, 1e-7f);
  EXPECT_NEAR(pose().position.z, -0.25f, 1e-6f);
  EXPECT_NEAR(yaw(), 10.0f * kDegree, 1e-6f);
  act(velocity(1.0f, -0.5f));
  EXPECT_NEAR(pose().position.x, -0.25f * std::sin(10.0f * kDegree), 1e-6f);
  EXPECT_NEAR(pose().position.z, -0.25f - 0.25f * std::cos(10.0f * kDegree), 1e-6f);
  EXPECT_NEAR(yaw(), 5.0f * kDegree, 1e-6f);
  EXPECT_FALSE(collided());
  const base::Pose before = pose();
  act(velocity(-0.95f, 0.0f));
  act(velocity(kNaN, 1.0f));
  EXPECT_EQ(pose().position, before.position);
  EXPECT_EQ(pose().rotation, before.rotation);
  act(velocity(-1.0f, 1.0f));  // only turns
  EXPECT_NEAR(yaw(), 15.0f * kDegree, 1e-6f);
  EXPECT_EQ(pose().position.z, before.position.z);
}

TEST_F(Body, VelocityHasItsOwnTimeStepAndRanges) {
  SimulatorSettings settings = blind_settings(1);
  settings.motion.velocity = {.min_linear = -0.5f,
                              .max_linear = 0.5f,
                              .min_angular_deg = -60.0f,
                              .max_angular_deg = 60.0f,
                              .time_step = 0.5f};
  start(settings, plain_world(), pose_at(0.0f, 0.0f, 0.0f, kSurface));
  act(velocity(-1.0f, 1.0f));  // backward
  EXPECT_NEAR(pose().position.z, 0.25f, 1e-6f);
  EXPECT_NEAR(yaw(), 30.0f * kDegree, 1e-6f);
}

TEST_F(Body, VelocityMeetsWallsAsStepsDo) {
  for (const bool sliding : {true, false}) {
    SimulatorSettings settings = blind_settings(1);
    settings.motion.allow_sliding = sliding;
    start(settings, rooms_world(), pose_at(4.5f, 4.2f, -135.0f, 0.2f));  // towards the corridor's wall
    bool hit = false;
    for (int i = 0; i < 12; ++i) {
      act(velocity(1.0f, 0.0f));
      hit = hit || collided();
    }
    EXPECT_TRUE(hit);
    EXPECT_LT(pose().position.z, 4.6f);
    EXPECT_EQ(pose().position.x > 5.5f, sliding);
  }
}

TEST_F(Body, TeleportGoesWhereOneCanStand) {
  start(pose_at(0.0f, 0.0f, 0.0f, kSurface));
  const base::Quat turned = base::rotation_from_yaw(1.0f);
  act(teleport(base::Vec3(2.0f, 0.3f, -3.0f), 2.0f * turned));
  EXPECT_EQ(pose().position, base::Vec3(2.0f, 0.3f, -3.0f)) << "as it was said, not on the surface";
  EXPECT_NEAR(std::abs(glm::dot(pose().rotation, turned)), 1.0f, 1e-6f);
  EXPECT_NEAR(glm::length(pose().rotation), 1.0f, 1e-6f);
  const base::Pose there = pose();
  for (const Command& nowhere : {teleport(base::Vec3(2.0f, 0.9f, -3.0f)),  // more than 0.5 m above
                                 teleport(base::Vec3(5.5f, 0.2f, 0.0f)),   // beside the floor
                                 teleport(base::Vec3(kNaN, 0.2f, 0.0f)),   //
                                 teleport(base::Vec3(1e30f, 0.2f, 0.0f)),  //
                                 teleport(base::Vec3(0.0f, 0.2f, 0.0f), base::Quat(0, 0, 0, 0)),
                                 teleport(base::Vec3(0.0f, 0.2f, 0.0f), base::Quat(kNaN, 0, 0, 0))}) {
    act(nowhere);
    EXPECT_EQ(pose().position, there.position);
    EXPECT_EQ(pose().rotation, there.rotation);
    EXPECT_FALSE(collided());
  }
  act(BodyAction::kTurnLeft);
  EXPECT_NEAR(pose().position.y, kSurface, 1e-6f);
}

TEST_F(Body, ACollisionIsForgottenByTheNextCommand) {
  for (const Command& next :
       {discrete(BodyAction::kStop), discrete(BodyAction::kLookUp), discrete(BodyAction::kTurnLeft),
        velocity(-1.0f, 0.0f), teleport(base::Vec3(4.5f, 0.2f, 4.0f)), teleport(base::Vec3(90.0f))}) {
    start(blind_settings(1), rooms_world(), pose_at(4.5f, 4.2f, 180.0f, 0.2f));
    for (int i = 0; i < 4; ++i) act(BodyAction::kMoveForward);
    ASSERT_TRUE(collided());
    act(next);
    EXPECT_FALSE(collided()) << static_cast<int>(next.action);
  }
}

TEST(Commands, WhatHabitatReports) {
  EXPECT_TRUE(reports_collision(BodyAction::kMoveForward) && reports_collision(BodyAction::kTurnLeft) &&
              reports_collision(BodyAction::kTurnRight));
  for (const BodyAction action : {BodyAction::kStop, BodyAction::kLookUp, BodyAction::kLookDown,
                                  BodyAction::kVelocity, BodyAction::kTeleport}) {
    EXPECT_FALSE(reports_collision(action));
  }
}

// Long runs.

void place_all(Simulator& simulator, std::uint32_t round) {
  for (int agent = 0; agent < simulator.settings().num_agents; ++agent) {
    base::PhiloxStream stream({1, static_cast<std::uint32_t>(agent), round, 0, base::Purpose::kTest});
    const nav::NavPoint point = simulator.query(0, 0).random_point(stream, -1);
    simulator.place(agent, 0, {point.position, base::rotation_from_yaw(stream.uniform(-3, 3))});
  }
}

/// Everything, with a walkable place to teleport to now and then.
void choose(std::uint32_t step, Simulator& simulator, std::vector<Command>& commands) {
  for (std::size_t agent = 0; agent < commands.size(); ++agent) {
    base::PhiloxStream stream({2, static_cast<std::uint32_t>(agent), 0, step, base::Purpose::kTest});
    const int kind = stream.uniform_int(0, 20);
    Command& command = commands[agent];
    command = {};
    command.action = kind < 8 ? BodyAction::kMoveForward : static_cast<BodyAction>((kind - 8) % 8);
    command.linear = stream.uniform(-1.2f, 1.2f);
    command.angular = stream.uniform(-1.2f, 1.2f);
    command.rotation = base::rotation_from_yaw(stream.uniform(-3, 3));
    command.position = simulator.query(0, 0).random_point(stream, -1).position;
    command.position.y += stream.uniform(-0.6f, 0.6f);
  }
}

SimulatorSettings seeing_settings(int agents) {
  SimulatorSettings settings = small_settings(agents);
  settings.seed = 5;
  settings.sensors.rgb = true;
  settings.sensors.camera_orientation = {-0.3f, 0.2f, 0.1f};
  settings.sensors.rgb_noise.model = ColourNoise::kGaussian;
  settings.motion.noise.robot = NoisyRobot::kLoCoBot;
  return settings;
}

base::Hash128 long_run(int threads) {
  base::ThreadPool pool(threads);
  const auto simulator = make(seeing_settings(24), pool, rooms_world());
  std::vector<Command> commands(24);
  base::Hasher hasher;
  for (std::uint32_t step = 0; step < 300; ++step) {
    if (step % 100 == 0) place_all(*simulator, step / 100);
    choose(step, *simulator, commands);
    simulator->step(commands);
    simulator->observe({});
    hasher.update_value(hash_of(*simulator));
  }
  return hasher.digest();
}

TEST(Commands, TheSameBitsWithOneTwoAndFourThreads) {
  const base::Hash128 one = long_run(1);
  EXPECT_EQ(long_run(2), one);
  EXPECT_EQ(long_run(4), one);
}

TEST(Commands, DiscreteOnesEqualThePlainStep) {
  base::ThreadPool pool(2);
  SimulatorSettings settings = blind_settings(16);
  for (const bool noisy : {false, true}) {
    if (noisy) settings.motion.noise.robot = NoisyRobot::kLoCoBotLite;
    const auto plain = make(settings, pool, rooms_world()), full = make(settings, pool, rooms_world());
    place_all(*plain, 0);
    place_all(*full, 0);
    std::vector<nav::Action> actions(16);
    std::vector<Command> commands(16);
    for (std::uint32_t step = 0; step < 400; ++step) {
      for (std::size_t agent = 0; agent < 16; ++agent) {
        base::PhiloxStream stream({3, static_cast<std::uint32_t>(agent), 0, step, base::Purpose::kTest});
        actions[agent] = static_cast<nav::Action>(stream.uniform_int(0, 3));
        commands[agent] = discrete(static_cast<BodyAction>(actions[agent]));
      }
      plain->step(actions);
      full->step(commands);
      ASSERT_EQ(hash_of(*plain), hash_of(*full)) << step;
    }
  }
}

/// Habitat's loop in its own words: act, then try_step from the raw position, then move back.
TEST(Commands, StepsAreHabitatsToTheLastBit) {
  base::ThreadPool pool(1);
  for (const bool sliding : {true, false}) {
    SimulatorSettings settings = blind_settings(8);
    settings.motion.allow_sliding = sliding;
    const auto simulator = make(settings, pool, rooms_world());
    place_all(*simulator, 7);
    nav::NavQuery query(rooms_world().nav_mesh);
    std::vector<base::Pose> poses(simulator->poses().begin(), simulator->poses().end());
    std::vector<Command> commands(8);
    int collisions = 0, equal = 0, all = 0;
    for (std::uint32_t step = 0; step < 1500; ++step) {
      for (std::size_t agent = 0; agent < 8; ++agent) {
        base::PhiloxStream stream({4, static_cast<std::uint32_t>(agent), 0, step, base::Purpose::kTest});
        const bool forward = stream.bernoulli(0.7f);
        const bool left = stream.bernoulli(0.5f);
        commands[agent] = discrete(forward ? BodyAction::kMoveForward
                                   : left  ? BodyAction::kTurnLeft
                                           : BodyAction::kTurnRight);
        base::Pose& pose = poses[agent];
        const base::Vec3 from = pose.position;
        const base::Quat q = pose.rotation;
        base::Vec3 to = from;
        if (forward) {
          to += base::Vec3(2.0f * q.x * q.z + 2.0f * q.y * q.w, 2.0f * q.y * q.z - 2.0f * q.x * q.w,
                           1.0f - 2.0f * (q.x * q.x) - 2.0f * (q.y * q.y)) *
                -0.25f;
        } else {
          pose.rotation = glm::normalize(q * base::rotation_from_yaw((left ? 10.0f : -10.0f) * kDegree));
        }
        pose.position = to + (query.try_step(from, to, sliding) - to);
      }
      simulator->step(commands);
      for (std::size_t agent = 0; agent < 8; ++agent) {
        const base::Pose& found = simulator->poses()[agent];
        collisions += simulator->collided()[agent];
        ++all;
        if (found.position == poses[agent].position && found.rotation == poses[agent].rotation) ++equal;
        // try_step projects again before each step, and on a wall the projection may round the other way.
        ASSERT_NEAR(glm::length(found.position - poses[agent].position), 0.0f, 1e-5f) << step;
        poses[agent] = found;
      }
    }
    EXPECT_GT(collisions, 500);
    EXPECT_GT(equal, all * 99 / 100);
  }
}

TEST(Commands, RestoredStateGoesOnExactly) {
  base::ThreadPool pool(2);
  const auto first = make(seeing_settings(6), pool, rooms_world());
  const auto second = make(seeing_settings(6), pool, rooms_world());
  std::vector<Command> commands(6);
  const auto run = [&](Simulator& simulator, std::uint32_t from, std::uint32_t to) {
    for (std::uint32_t step = from; step < to; ++step) {
      choose(step, simulator, commands);
      simulator.step(commands);
      simulator.observe({});
    }
  };
  place_all(*first, 0);
  run(*first, 0, 60);
  std::vector<std::uint8_t> state = first->save_state();
  place_all(*second, 3);
  run(*second, 500, 520);
  ASSERT_TRUE(second->restore_state(state).ok());
  EXPECT_EQ(hash_of(*first), hash_of(*second));
  run(*first, 60, 120);
  run(*second, 60, 120);
  EXPECT_EQ(hash_of(*first), hash_of(*second));

  // The version before had neither cameras nor noise.
  const base::Hash128 before = hash_of(*second);
  std::memcpy(state.data(), "SIM1", 4);
  const base::Status old = second->restore_state(state);
  ASSERT_FALSE(old.ok());
  EXPECT_EQ(old.error().code, base::ErrorCode::kData);
  EXPECT_NE(old.error().message.find("the kind of state"), std::string::npos) << old.error().message;
  EXPECT_EQ(hash_of(*second), before);
}

TEST(Commands, SettingsOutOfRangeAreRefused) {
  base::ThreadPool pool(1);
  const auto refused = [&](const char* part, auto change) {
    SimulatorSettings settings = blind_settings(1);
    change(settings);
    const auto made = Simulator::create(settings, pool);
    ASSERT_FALSE(made.ok()) << part;
    EXPECT_EQ(made.error().code, base::ErrorCode::kUsage);
    EXPECT_NE(made.error().message.find(part), std::string::npos) << made.error().message;
  };
  refused("FORWARD_STEP_SIZE", [](auto& s) { s.motion.forward_step = kNaN; });
  refused("TURN_ANGLE", [](auto& s) { s.motion.turn_angle_deg = 181.0f; });
  refused("TILT_ANGLE", [](auto& s) { s.motion.tilt_angle_deg = -1.0f; });
  refused("TILT_ANGLE", [](auto& s) { s.motion.tilt_angle_deg = kNaN; });
  refused("NOISE_MODEL.NOISE_MULTIPLIER", [](auto& s) { s.motion.noise.multiplier = -0.1f; });
  refused("linear speeds", [](auto& s) { s.motion.velocity.min_linear = 0.5f; });
  refused("angular speeds", [](auto& s) { s.motion.velocity.max_angular_deg = kNaN; });
  refused("thresholds", [](auto& s) { s.motion.velocity.stop_linear = -1.0f; });
  refused("time step", [](auto& s) { s.motion.velocity.time_step = 0.0f; });
  refused("ORIENTATION", [](auto& s) { s.sensors.camera_orientation.y = kNaN; });
  refused("intensity_constant", [](auto& s) { s.sensors.rgb_noise.intensity_constant = -1.0f; });
  refused("mean", [](auto& s) { s.sensors.rgb_noise.mean = kNaN; });
  refused("sigma", [](auto& s) { s.sensors.rgb_noise.sigma = -1.0f; });
  refused("s_vs_p", [](auto& s) { s.sensors.rgb_noise.s_vs_p = 1.5f; });
  refused("amount", [](auto& s) { s.sensors.rgb_noise.amount = kNaN; });
  refused("noise_multiplier", [](auto& s) { s.sensors.depth_noise.multiplier = -1.0f; });
  refused("distortion_file", [](auto& s) { s.sensors.depth_noise.model = DepthNoise::kRedwood; });
}

}  // namespace
}  // namespace inknav::sim
