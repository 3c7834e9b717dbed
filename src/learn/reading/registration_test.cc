// SPDX-License-Identifier: MIT
#include "learn/reading/registration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace inknav::learn {
namespace {

constexpr int kPaper = 128;
constexpr int kGrid = 200;
constexpr float kCell = 0.1f;

base::PhiloxKey key_at(std::uint32_t step) { return {21, 0, 0, step, base::Purpose::kTest}; }

/// An L-shaped room of 6 m by 5 m without symmetry, walls as segments; world metres (right, forward) from the
/// start.
const std::vector<std::pair<base::Vec2, base::Vec2>>& room() {
  static const std::vector<std::pair<base::Vec2, base::Vec2>> walls = {
      {{-2.0f, -1.5f}, {4.0f, -1.5f}}, {{4.0f, -1.5f}, {4.0f, 1.0f}}, {{4.0f, 1.0f}, {1.5f, 1.0f}},
      {{1.5f, 1.0f}, {1.5f, 3.5f}},    {{1.5f, 3.5f}, {-2.0f, 3.5f}}, {{-2.0f, 3.5f}, {-2.0f, -1.5f}},
      {{-2.0f, 1.0f}, {-0.8f, 1.0f}}};
  return walls;
}

template <typename Visit>
void along_walls(const Visit& visit) {
  for (const auto& [a, b] : room()) {
    const int steps = static_cast<int>(glm::length(b - a) / 0.02f);
    for (int i = 0; i <= steps; ++i) visit(a + (b - a) * (static_cast<float>(i) / static_cast<float>(steps)));
  }
}

/// The room as `truth` (a belief at the start) draws it.
WallLikelihood drawing_of(const Belief& truth) {
  std::vector<std::uint8_t> wall(kPaper * kPaper);
  along_walls([&](const base::Vec2& place) {
    const base::Vec2 p = to_paper(truth, place) * static_cast<float>(kPaper);
    wall[static_cast<std::size_t>(static_cast<int>(p.y) * kPaper + static_cast<int>(p.x))] = 255;
  });
  WallLikelihood likelihood;
  likelihood.assign(wall.data(), kPaper);
  return likelihood;
}

/// The agent's map of the whole room: walls of value `wall`, floor on a lattice inside the L.
std::vector<std::uint8_t> map_of_room(std::uint8_t wall) {
  std::vector<std::uint8_t> cells(kGrid * kGrid);
  const auto at = [&](const base::Vec2& place) -> std::uint8_t& {
    const int row = kGrid / 2 - static_cast<int>(std::lround(place.y / kCell));
    const int column = kGrid / 2 + static_cast<int>(std::lround(place.x / kCell));
    return cells[static_cast<std::size_t>(row * kGrid + column)];
  };
  for (float y = -1.4f; y < 3.45f; y += kCell) {
    for (float x = -1.9f; x < (y < 0.95f ? 3.95f : 1.45f); x += kCell) at({x, y}) = 1;
  }
  along_walls([&](const base::Vec2& place) { at(place) = wall; });
  return cells;
}

Belief true_start() {
  Belief truth = similarity({0.4f, 0.6f}, 0.3f, std::log(0.08f));
  apply(truth, {0.0f, 0.0f, 0.0f, 0.0f, 0.15f, -0.1f}, 1.0f);
  return truth;
}

/// Odometry of a walk to and fro in the room.
std::vector<Odometry> walk() {
  std::vector<Odometry> poses;
  Odometry pose;
  for (int i = 0; i < 40; ++i) {
    poses.push_back(pose);
    if (i % 4 == 3) {
      pose.yaw += 0.5f;
    } else {
      pose.forward += 0.2f * std::cos(pose.yaw);
      pose.right -= 0.2f * std::sin(pose.yaw);
    }
  }
  return poses;
}

/// Where the hypotheses end when the first belief is off by `error`.
struct Walked {
  Belief belief, truth;
  Spread spread;
  std::vector<float> state;
};
Walked follow(const Correction& error, std::uint8_t wall_cell, const WallLikelihood& drawing) {
  const std::vector<std::uint8_t> cells = map_of_room(wall_cell);
  const OccupancyGrid map{cells.data(), kGrid, kCell};
  Belief first = true_start();
  apply(first, error, 1.0f);
  Registration registration(RegistrationSettings{});
  registration.begin(first, {}, {}, key_at(0));
  const std::vector<Odometry> poses = walk();
  for (std::uint32_t step = 0; step < poses.size(); ++step) {
    if (step > 0) registration.move(poses[step], key_at(step));
    registration.observe(map, drawing, key_at(step));
  }
  const Estimate end = registration.estimate();
  Walked walked{end.belief, true_start(), end.spread, {}};
  learn::move(walked.truth, {}, poses.back());
  registration.append_state(walked.state);
  return walked;
}

TEST(Registration, FindsItsPlaceFromAFalseStart) {
  const WallLikelihood drawing = drawing_of(true_start());
  const std::vector<Correction> errors = {{0.4f, -0.2f, 0.15f, 0.15f, 0.0f, 0.0f},
                                          {-0.3f, 0.3f, -0.2f, -0.2f, 0.1f, 0.0f},
                                          {0.2f, 0.4f, 0.0f, 0.2f, -0.1f, 0.1f}};
  for (const Correction& error : errors) {
    const Walked walked = follow(error, 3, drawing);
    // A pixel of this drawing is 0.1 m; a start that stays false ends 0.4 m off or more.
    EXPECT_LT(position_error(walked.belief, walked.truth), 0.2f);
    EXPECT_LT(std::abs(base::wrap_angle(heading_of(walked.belief) - heading_of(walked.truth))), 0.08f);
    EXPECT_LT(std::abs(log_scale_of(walked.belief) - log_scale_of(walked.truth)),
              0.12f);  // the first one still pulls
    EXPECT_LT(walked.spread.position, 0.3f);
  }
}

TEST(Registration, LowObstaclesCountWhereNothingIsTall) {
  const Walked walked = follow({0.4f, -0.2f, 0.15f, 0.15f, 0.0f, 0.0f}, 2, drawing_of(true_start()));
  EXPECT_LT(position_error(walked.belief, walked.truth), 0.2f);
}

TEST(Registration, OnBlankPaperItFollowsTheOdometry) {
  const std::vector<std::uint8_t> blank(kPaper * kPaper);
  WallLikelihood paper;
  paper.assign(blank.data(), kPaper);
  const Walked walked = follow({}, 3, paper);
  EXPECT_LT(position_error(walked.belief, walked.truth), 0.3f);
  EXPECT_GT(walked.spread.position, 0.3f);  // and knows that it knows little
}

TEST(Registration, SameKeysSameHypotheses) {
  const WallLikelihood drawing = drawing_of(true_start());
  EXPECT_EQ(follow({0.4f, 0.0f, 0.1f, 0.1f, 0.0f, 0.0f}, 3, drawing).state,
            follow({0.4f, 0.0f, 0.1f, 0.1f, 0.0f, 0.0f}, 3, drawing).state);
}

TEST(Registration, RestoredItGoesOnAsIfItHadNeverStopped) {
  const WallLikelihood drawing = drawing_of(true_start());
  const std::vector<std::uint8_t> cells = map_of_room(3);
  const OccupancyGrid map{cells.data(), kGrid, kCell};
  const std::vector<Odometry> poses = walk();
  Registration one(RegistrationSettings{}), other(RegistrationSettings{});
  one.begin(true_start(), {}, {}, key_at(0));
  for (std::uint32_t step = 0; step < poses.size(); ++step) {
    if (step == 10) {
      std::vector<float> state;
      one.append_state(state);
      other.restore(state, one.pose());
    }
    for (Registration* each : {&one, &other}) {
      if (each == &other && step < 10) continue;
      if (step > 0) each->move(poses[step], key_at(step));
      each->observe(map, drawing, key_at(step));
    }
  }
  std::vector<float> of_one, of_other;
  one.append_state(of_one);
  other.append_state(of_other);
  EXPECT_EQ(of_one, of_other);
}

TEST(Registration, AShiftTakesTheEstimateToWhereItIsWanted) {
  Registration registration(RegistrationSettings{});
  registration.begin(true_start(), {0.5f, 0.2f, 0.7f}, {}, key_at(0));
  const Belief before = registration.estimate().belief;
  Belief wanted = before;
  apply(wanted, {0.3f, -0.2f, 0.1f, 0.05f, 0.02f, -0.03f}, 0.5f);
  registration.shift(before, wanted);
  const Belief found = registration.estimate().belief;
  EXPECT_NEAR(glm::length(found.position - wanted.position), 0.0f, 1e-5f);
  EXPECT_NEAR(glm::length(found.right - wanted.right), 0.0f, 1e-5f);
  EXPECT_NEAR(glm::length(found.forward - wanted.forward), 0.0f, 1e-5f);
}

TEST(Registration, WithoutAMarkedHeadingAllAreTried) {
  Registration registration(RegistrationSettings{});
  registration.begin(true_start(), {}, {true, false}, key_at(0));
  EXPECT_GT(registration.estimate().spread.heading, 0.5f);
  const WallLikelihood drawing = drawing_of(true_start());
  const std::vector<std::uint8_t> cells = map_of_room(3);
  const std::vector<Odometry> poses = walk();
  for (std::uint32_t step = 0; step < poses.size(); ++step) {
    if (step > 0) registration.move(poses[step], key_at(step));
    registration.observe({cells.data(), kGrid, kCell}, drawing, key_at(step));
  }
  Belief truth = true_start();
  learn::move(truth, {}, poses.back());
  EXPECT_LT(position_error(registration.estimate().belief, truth), 0.3f);
}

}  // namespace
}  // namespace inknav::learn
