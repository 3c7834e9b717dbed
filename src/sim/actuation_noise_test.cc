// SPDX-License-Identifier: MIT
#include "sim/actuation_noise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/geometry.h"
#include "sim/sim_testing.h"

namespace inknav::sim {
namespace {

using namespace testing;  // NOLINT: test helpers

struct Normal {
  double mean, variance;
};
struct Wanted {
  NoisyRobot robot;
  NoisyController controller;
  Normal step[3], turn[3];  // forward, right, angle
};

/// The published figures (pyrobot noise models of habitat-sim), copied a second time.
const std::vector<Wanted> kWanted = {{NoisyRobot::kLoCoBot,
                                      NoisyController::kIlqr,
                                      {{0.014, 0.006}, {0.009, 0.005}, {0.008, 0.004}},
                                      {{0.003, 0.002}, {0.003, 0.003}, {0.023, 0.012}}},
                                     {NoisyRobot::kLoCoBot,
                                      NoisyController::kProportional,
                                      {{0.017, 0.007}, {0.042, 0.023}, {0.031, 0.026}},
                                      {{0.001, 0.001}, {0.005, 0.004}, {0.043, 0.017}}},
                                     {NoisyRobot::kLoCoBot,
                                      NoisyController::kMovebase,
                                      {{0.074, 0.019}, {0.036, 0.033}, {0.189, 0.038}},
                                      {{0.002, 0.0}, {0.003, 0.002}, {0.219, 0.019}}},
                                     {NoisyRobot::kLoCoBotLite,
                                      NoisyController::kIlqr,
                                      {{0.142, 0.008}, {0.023, 0.008}, {0.031, 0.028}},
                                      {{0.002, 0.001}, {0.002, 0.002}, {0.122, 0.03}}},
                                     {NoisyRobot::kLoCoBotLite,
                                      NoisyController::kProportional,
                                      {{0.135, 0.007}, {0.043, 0.009}, {0.049, 0.009}},
                                      {{0.002, 0.002}, {0.002, 0.001}, {0.054, 0.061}}},
                                     {NoisyRobot::kLoCoBotLite,
                                      NoisyController::kMovebase,
                                      {{0.192, 0.055}, {0.117, 0.144}, {0.128, 0.143}},
                                      {{0.002, 0.001}, {0.001, 0.001}, {0.173, 0.025}}}};

constexpr int kDraws = 40000;

struct Moments {
  double mean = 0.0, deviation = 0.0;
};

double density(double z) { return std::exp(-0.5 * z * z) / std::sqrt(2.0 * 3.14159265358979323846); }
double below(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

/// Of a Gaussian cut at [low, 3] standard deviations.
Moments cut(const Normal& normal, double low) {
  const double deviation = std::sqrt(normal.variance), high = 3.0;
  const double mass = below(high) - below(low);
  const double shift = (density(low) - density(high)) / mass;
  const double spread = 1.0 + (low * density(low) - high * density(high)) / mass - shift * shift;
  return {normal.mean + deviation * shift, deviation * std::sqrt(spread)};
}

/// Mean and deviation of draws against those of the law, which may be off by chance: 5 standard errors (of
/// 72 comparisons one in 20,000 runs would fail; the draws are fixed).
void expect_law(const std::vector<double>& draws, const Moments& law, const char* what) {
  double mean = 0.0, square = 0.0;
  for (const double x : draws) mean += x / static_cast<double>(draws.size());
  for (const double x : draws) square += (x - mean) * (x - mean) / static_cast<double>(draws.size());
  const double error = law.deviation / std::sqrt(static_cast<double>(draws.size()));
  EXPECT_NEAR(mean, law.mean, 5.0 * error + 1e-9) << what;
  EXPECT_NEAR(std::sqrt(square), law.deviation, 5.0 * error + 1e-9) << what;
}

TEST(ActuationNoise, DrawsFollowThePublishedFigures) {
  constexpr double kStep = 0.25, kTurn = 10.0 * 3.14159265358979323846 / 180.0;
  for (const Wanted& wanted : kWanted) {
    const ActuationNoise noise{wanted.robot, wanted.controller, 1.0f};
    std::vector<double> draws[6];
    for (std::uint32_t i = 0; i < kDraws; ++i) {
      base::PhiloxStream steps({1, 0, 0, i, base::Purpose::kTest}), turns({2, 0, 0, i, base::Purpose::kTest});
      const MotionError step = step_error(noise, 0.25f, steps);
      const MotionError turn = turn_error(noise, static_cast<float>(kTurn), turns);
      const float values[] = {step.forward, step.right, step.angle, turn.forward, turn.right, turn.angle};
      for (std::size_t k = 0; k < 6; ++k) draws[k].push_back(static_cast<double>(values[k]));
    }
    const auto low_of = [](const Normal& normal, double most_lost) {
      return normal.variance == 0.0 ? -3.0
                                    : std::max(-3.0, (-most_lost - normal.mean) / std::sqrt(normal.variance));
    };
    expect_law(draws[0], cut(wanted.step[0], low_of(wanted.step[0], 0.95 * kStep)), "step forward");
    expect_law(draws[1], cut(wanted.step[1], -3.0), "step right");
    expect_law(draws[2], cut(wanted.step[2], -3.0), "step angle");
    expect_law(draws[3], cut(wanted.turn[0], -3.0), "turn forward");
    expect_law(draws[4], cut(wanted.turn[1], -3.0), "turn right");
    expect_law(draws[5], cut(wanted.turn[2], low_of(wanted.turn[2], 0.95 * kTurn)), "turn angle");
  }
}

TEST(ActuationNoise, NothingBeyondThreeDeviationsAndFivePercentStay) {
  for (const Wanted& wanted : kWanted) {
    const ActuationNoise noise{wanted.robot, wanted.controller, 1.0f};
    const auto within = [](float value, const Normal& normal) {
      // Mean and deviation are rounded to float32.
      EXPECT_LE(std::abs(static_cast<double>(value) - normal.mean), 3.0 * std::sqrt(normal.variance) + 1e-6);
    };
    for (std::uint32_t i = 0; i < 4000; ++i) {
      base::PhiloxStream stream({3, 0, 0, i, base::Purpose::kTest});
      const float distance = stream.uniform(0.01f, 0.3f), angle = stream.uniform(0.02f, 0.6f);
      const MotionError step = step_error(noise, distance, stream);
      const MotionError left = turn_error(noise, angle, stream), right = turn_error(noise, -angle, stream);
      within(step.forward, wanted.step[0]);
      within(step.right, wanted.step[1]);
      within(step.angle, wanted.step[2]);
      within(left.forward, wanted.turn[0]);
      within(left.angle, wanted.turn[2]);
      within(-right.angle, wanted.turn[2]);  // its sign is the turn's
      EXPECT_GE(distance + step.forward, 0.05f * distance - 1e-6f);
      EXPECT_GE(angle + left.angle, 0.05f * angle - 1e-6f);
      EXPECT_LE(-angle + right.angle, -0.05f * angle + 1e-6f);
    }
  }
}

TEST(ActuationNoise, TheMultiplierScalesWhatWasDrawn) {
  ActuationNoise noise{NoisyRobot::kLoCoBot, NoisyController::kProportional, 1.0f};
  const auto draw = [&] {
    base::PhiloxStream stream({4, 0, 0, 0, base::Purpose::kTest});
    return step_error(noise, 0.25f, stream);
  };
  const MotionError full = draw();
  noise.multiplier = 0.5f;
  EXPECT_EQ(draw().forward, 0.5f * full.forward);
  EXPECT_EQ(draw().right, 0.5f * full.right);
  EXPECT_EQ(draw().angle, 0.5f * full.angle);
  noise.robot = NoisyRobot::kNone;
  EXPECT_EQ(draw().forward, 0.0f);
}

std::vector<Command> walk(std::uint32_t step, std::size_t agents, int first) {
  std::vector<Command> commands(agents);
  for (std::size_t i = 0; i < agents; ++i) {
    const auto global = static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(i);
    base::PhiloxStream stream({5, global, 0, step, base::Purpose::kTest});
    commands[i].action = static_cast<BodyAction>(stream.uniform_int(0, 3));
  }
  return commands;
}

SimulatorSettings noisy(int agents, int first = 0) {
  SimulatorSettings settings = blind_settings(agents);
  settings.seed = 9;
  settings.first_agent = first;
  settings.motion.noise = {NoisyRobot::kLoCoBot, NoisyController::kProportional, 1.0f};
  return settings;
}

void place(Simulator& simulator, std::uint32_t episode) {
  for (int i = 0; i < simulator.settings().num_agents; ++i)
    simulator.place(i, 0, pose_at(2.0f, 4.0f, -90.0f, 0.2f), pose_at(2.0f, 4.0f, -90.0f, 0.2f), episode);
}

TEST(NoisyBodies, NoNoiseMissesNothing) {
  base::ThreadPool pool(1);
  SimulatorSettings none = noisy(4);
  none.motion.noise.multiplier = 0.0f;
  const auto quiet = make(none, pool, rooms_world()), exact = make(blind_settings(4), pool, rooms_world());
  place(*quiet, 1);
  place(*exact, 1);
  for (std::uint32_t step = 0; step < 200; ++step) {
    const auto commands = walk(step, 4, 0);
    quiet->step(commands);
    exact->step(commands);
    for (std::size_t i = 0; i < 4; ++i) {
      // A noisy step normalises the rotation once more, as Habitat's does: some 1e-7 rad, over 200 steps.
      ASSERT_NEAR(glm::length(quiet->poses()[i].position - exact->poses()[i].position), 0.0f, 1e-4f) << step;
      ASSERT_NEAR(glm::length(quiet->poses()[i].rotation - exact->poses()[i].rotation), 0.0f, 1e-5f) << step;
    }
  }
}

TEST(NoisyBodies, BelongToTheirAgentEpisodeAndStep) {
  base::ThreadPool pool(2);
  const auto all = make(noisy(4), pool, rooms_world()), part = make(noisy(2, 2), pool, rooms_world());
  const auto run = [&](std::uint32_t episode) {
    place(*all, episode);
    place(*part, episode);
    for (std::uint32_t step = 0; step < 50; ++step) {
      all->step(walk(step, 4, 0));
      part->step(walk(step, 2, 2));
    }
    return std::vector<base::Pose>(all->poses().begin(), all->poses().end());
  };
  const std::vector<base::Pose> first = run(1);
  EXPECT_EQ(part->poses()[0].position, first[2].position) << "a rank's agents are the whole's";
  EXPECT_EQ(part->poses()[1].rotation, first[3].rotation);
  const std::vector<base::Pose> second = run(2);
  EXPECT_NE(second[0].position, first[0].position);
  const std::vector<base::Pose> again = run(1);
  EXPECT_EQ(again[0].position, first[0].position);
  EXPECT_EQ(again[3].rotation, first[3].rotation);
}

TEST(NoisyBodies, ErrorsGoAlongAndAcrossTheHeading) {
  base::ThreadPool pool(1);
  const auto simulator = make(noisy(1), pool, plain_world());
  const std::vector<Command> forward(1, Command{.action = BodyAction::kMoveForward});
  const std::vector<Command> right(1, Command{.action = BodyAction::kTurnRight});
  for (std::uint32_t episode = 0; episode < 200; ++episode) {
    for (const auto* commands : {&forward, &right}) {
      const base::Pose start = pose_at(0.0f, 0.0f, 90.0f, 0.1767f);  // looks along -X; its right is -Z
      simulator->place(0, 0, start, start, episode);
      simulator->step(*commands);
      base::PhiloxStream stream({9, 0, episode, 1, base::Purpose::kActionNoise});
      const bool steps = commands == &forward;
      const MotionError error = steps ? step_error(noisy(1).motion.noise, 0.25f, stream)
                                      : turn_error(noisy(1).motion.noise, -10.0f * kDegree, stream);
      const base::Pose& found = simulator->poses()[0];
      EXPECT_NEAR(found.position.x, -((steps ? 0.25f : 0.0f) + error.forward), 1e-5f);
      EXPECT_NEAR(found.position.z, -error.right, 1e-5f);
      const float turned = base::yaw_from_rotation(found.rotation) - 90.0f * kDegree;
      EXPECT_NEAR(base::wrap_angle(turned), (steps ? 0.0f : -10.0f * kDegree) + error.angle, 1e-5f);
    }
  }
}

}  // namespace
}  // namespace inknav::sim
