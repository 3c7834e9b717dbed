// SPDX-License-Identifier: MIT
#include "sim/simulator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <vector>

#include "base/fault.h"
#include "base/philox.h"
#include "base/scoped_environment.h"
#include "sim/odometry.h"
#include "sim/sim_testing.h"

namespace inknav::sim {
namespace {

using nav::Action;
using namespace testing;  // NOLINT: test helpers

/// Places every agent by philox and gives the action of (agent, step).
void place_all(Simulator& simulator, std::uint32_t round) {
  for (int agent = 0; agent < simulator.settings().num_agents; ++agent) {
    base::PhiloxStream stream({1, static_cast<std::uint32_t>(agent), round, 0, base::Purpose::kTest});
    const nav::NavPoint point = simulator.query(0, 0).random_point(stream, -1);
    simulator.place(agent, 0, {point.position, base::rotation_from_yaw(stream.uniform(-3, 3))});
  }
}
void choose_actions(std::uint32_t step, std::vector<Action>& actions) {
  for (std::size_t agent = 0; agent < actions.size(); ++agent) {
    base::PhiloxStream stream({2, static_cast<std::uint32_t>(agent), 0, step, base::Purpose::kTest});
    const float u = stream.uniform();
    actions[agent] = u < 0.6f    ? Action::kForward
                     : u < 0.8f  ? Action::kTurnLeft
                     : u < 0.98f ? Action::kTurnRight
                                 : Action::kStop;
  }
}

TEST(Simulator, WalksAndMeasuresInTheStartFrame) {
  base::ThreadPool pool(1);
  const auto simulator = make(small_settings(1), pool);
  simulator->place(0, 0, pose_at(2.0f, 4.0f, -90.0f));  // looks along +X, down the corridor
  const Action forward[] = {Action::kForward};
  const Action left[] = {Action::kTurnLeft};
  for (int i = 0; i < 8; ++i) simulator->step(forward);
  simulator->observe({});
  const float* gps = simulator->gps().as<float>();
  EXPECT_NEAR(gps[0], 2.0f, 1e-4f);
  EXPECT_NEAR(gps[1], 0.0f, 1e-4f);
  EXPECT_EQ(simulator->compass().as<float>()[0], 0.0f);
  EXPECT_NEAR(simulator->poses()[0].position.x, 4.0f, 1e-4f);
  EXPECT_EQ(simulator->collided()[0], 0);
  for (int i = 0; i < 3; ++i) simulator->step(left);
  simulator->observe({});
  EXPECT_NEAR(simulator->compass().as<float>()[0], 30.0f * kDegree, 1e-5f);
  simulator->step(forward);
  simulator->observe({});
  EXPECT_NEAR(gps[0], 2.0f + 0.25f * std::cos(30.0f * kDegree), 1e-4f);
  EXPECT_NEAR(gps[1], -0.25f * std::sin(30.0f * kDegree), 1e-4f);  // left is negative right
}

TEST(Simulator, WallsStopOrDeflect) {
  base::ThreadPool pool(1);
  const Action forward[] = {Action::kForward};
  for (const bool sliding : {true, false}) {
    SimulatorSettings settings = small_settings(1);
    settings.motion.allow_sliding = sliding;
    const auto simulator = make(settings, pool);
    simulator->place(0, 0, pose_at(4.5f, 4.2f, -135.0f));  // towards +X and +Z, the corridor's wall
    bool collided = false;
    for (int i = 0; i < 12; ++i) {
      simulator->step(forward);
      collided = collided || simulator->collided()[0] != 0;
    }
    EXPECT_TRUE(collided);
    EXPECT_LT(simulator->poses()[0].position.z, 4.6f);
    EXPECT_EQ(simulator->poses()[0].position.x > 5.5f, sliding);
  }
}

TEST(Simulator, TurnsPutAnAgentOntoTheMeshAndNeverCollide) {
  base::ThreadPool pool(1);
  const auto simulator = make(small_settings(1), pool);
  simulator->place(0, 0, pose_at(2.0f, 4.0f, 0.0f, 0.4f));
  EXPECT_FLOAT_EQ(simulator->poses()[0].position.y, 0.4f);
  const float on_mesh = simulator->nav_points()[0].position.y;
  const Action stop[] = {Action::kStop};
  simulator->step(stop);
  EXPECT_FLOAT_EQ(simulator->poses()[0].position.y, 0.4f);  // STOP is no body action
  const Action left[] = {Action::kTurnLeft};
  simulator->step(left);
  EXPECT_FLOAT_EQ(simulator->poses()[0].position.y, on_mesh);
  EXPECT_EQ(simulator->collided()[0], 0);
  for (int i = 0; i < 35; ++i) simulator->step(left);
  EXPECT_NEAR(base::yaw_from_rotation(simulator->poses()[0].rotation), 0.0f, 1e-5f);
}

TEST(Simulator, DepthIsTheRenderersNormalised) {
  base::ThreadPool pool(1);
  SimulatorSettings settings = small_settings(1);
  settings.sensors.min_depth = 0.5f;
  settings.sensors.max_depth = 5.0f;
  const auto simulator = make(settings, pool);
  const base::Pose pose = pose_at(2.0f, 4.0f, -90.0f);
  simulator->place(0, 0, pose);
  simulator->observe({});
  auto renderer =
      std::move(render::make_renderer(render::Backend::kBruteForce, settings.sensors.camera, pool)).value();
  const int slot = *renderer->add_scene(rooms_world().scene);
  std::vector<float> metres(16 * 12);
  const render::View view{slot, {pose.position + base::Vec3(0.0f, 1.25f, 0.0f), pose.rotation}};
  ASSERT_TRUE(renderer->render(std::span<const render::View>(&view, 1), {metres.data(), nullptr}).ok());
  const float* depth = simulator->depth().as<float>();
  for (std::size_t i = 0; i < metres.size(); ++i) {
    const float wanted = (std::clamp(metres[i], 0.5f, 5.0f) - 0.5f) / 4.5f;
    EXPECT_NEAR(depth[i], wanted, 1e-4f) << i;
  }
}

TEST(Simulator, PlacingClearsTheMap) {
  base::ThreadPool pool(1);
  const auto simulator = make(small_settings(1), pool);
  simulator->place(0, 0, pose_at(2.0f, 4.0f, -90.0f));
  simulator->observe({});
  const std::uint8_t* grid = simulator->occupancy().as<std::uint8_t>();
  const auto known = [&] {
    return std::count_if(grid, grid + 128 * 128, [](std::uint8_t c) { return c != 0; });
  };
  EXPECT_GT(known(), 100);
  simulator->place(0, 0, pose_at(2.0f, 4.0f, -90.0f));
  EXPECT_EQ(known(), 0);
}

TEST(Simulator, TheFrameOfOdometryMayLieElsewhereThanTheBody) {
  base::ThreadPool pool(1);
  const auto simulator = make(small_settings(1), pool);
  const base::Pose body = pose_at(2.0f, 4.0f, -90.0f), start = pose_at(2.5f, 4.2f, -60.0f);
  simulator->place(0, 0, body, start);
  simulator->observe({});
  EXPECT_EQ(simulator->poses()[0].position, body.position);
  const Odometry wanted = odometry(start, body);
  EXPECT_EQ(simulator->gps().as<float>()[0], wanted.forward);
  EXPECT_EQ(simulator->gps().as<float>()[1], wanted.right);
  EXPECT_EQ(simulator->compass().as<float>()[0], wanted.compass);
  EXPECT_GT(std::abs(wanted.forward), 0.3f);
}

TEST(Simulator, ObservingSomeEqualsObservingAll) {
  base::ThreadPool pool(1);
  SimulatorSettings settings = small_settings(8);
  settings.sensors.rgb = true;
  const auto whole = make(settings, pool), parts = make(settings, pool);
  place_all(*whole, 0);
  place_all(*parts, 0);
  whole->observe({});
  const std::vector<std::uint8_t> even = {1, 0, 1, 0, 1, 0, 1, 0}, odd = {0, 1, 0, 1, 0, 1, 0, 1};
  parts->observe(even);
  parts->observe(odd);
  EXPECT_EQ(hash_of(*whole), hash_of(*parts));
}

/// 2,000 steps of 32 agents, a new place every 250; the hash covers every array after every step.
base::Hash128 long_run(int threads) {
  base::ThreadPool pool(threads);
  const auto simulator = make(small_settings(32), pool);
  std::vector<Action> actions(32);
  base::Hasher hasher;
  for (std::uint32_t step = 0; step < 2000; ++step) {
    if (step % 250 == 0) place_all(*simulator, step / 250);
    choose_actions(step, actions);
    simulator->step(actions);
    simulator->observe({});
    hasher.update_value(hash_of(*simulator));
  }
  return hasher.digest();
}

TEST(Simulator, TheSameBitsWithOneTwoAndFourThreads) {
  const base::Hash128 one = long_run(1);
  EXPECT_EQ(long_run(2), one);
  EXPECT_EQ(long_run(4), one);
}

TEST(Simulator, RestoredStateGoesOnExactly) {
  base::ThreadPool pool(2);
  const auto first = make(small_settings(6), pool), second = make(small_settings(6), pool);
  std::vector<Action> actions(6);
  const auto run = [&](Simulator& simulator, std::uint32_t from, std::uint32_t to) {
    for (std::uint32_t step = from; step < to; ++step) {
      choose_actions(step, actions);
      simulator.step(actions);
      simulator.observe({});
    }
  };
  place_all(*first, 0);
  run(*first, 0, 100);
  const std::vector<std::uint8_t> state = first->save_state();
  place_all(*second, 3);  // something else to be overwritten
  run(*second, 500, 540);
  ASSERT_TRUE(second->restore_state(state).ok());
  EXPECT_EQ(hash_of(*first), hash_of(*second));
  run(*first, 100, 200);
  run(*second, 100, 200);
  EXPECT_EQ(hash_of(*first), hash_of(*second));
}

TEST(Simulator, RefusesAForeignOrDamagedState) {
  base::ThreadPool pool(1);
  const auto simulator = make(small_settings(2), pool);
  place_all(*simulator, 0);
  simulator->observe({});
  const base::Hash128 before = hash_of(*simulator);
  const std::vector<std::uint8_t> state = simulator->save_state();
  for (std::size_t size = 0; size < state.size(); size += 1 + size / 7) {
    const base::Status status = simulator->restore_state(std::span(state).first(size));
    ASSERT_FALSE(status.ok()) << size;
    EXPECT_EQ(status.error().code, base::ErrorCode::kData);
  }
  const auto other = make(small_settings(3), pool);
  const base::Status status = other->restore_state(state);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("number of agents"), std::string::npos) << status.error().message;
  EXPECT_EQ(hash_of(*simulator), before);  // a refused state changes nothing
}

TEST(Simulator, RefusesSettingsOutOfRange) {
  base::ThreadPool pool(1);
  SimulatorSettings settings = small_settings(1);
  settings.sensors.min_depth = 6.0f;
  settings.sensors.max_depth = 5.0f;
  const auto result = Simulator::create(settings, pool);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, base::ErrorCode::kUsage);
  EXPECT_NE(result.error().message.find("MIN_DEPTH < MAX_DEPTH"), std::string::npos);
}

TEST(Simulator, DropsRayTracingOfScenesNobodyIsIn) {
  base::ThreadPool pool(1);
  SimulatorSettings settings = small_settings(1);
  settings.resident_triangles = 1;  // room for the scene in use only
  const auto simulator = make(settings, pool);
  World storeys;
  storeys.scene = nav::testing::storeys_scene();
  storeys.nav_mesh = *nav::NavMesh::build(*storeys.scene, nav::NavSettings{});
  const int other = *simulator->add_world(storeys);
  simulator->place(0, 0, pose_at(2.0f, 4.0f, -90.0f));
  simulator->observe({});
  const base::Hash128 before = hash_of(*simulator);
  simulator->place(0, other, pose_at(5.0f, 1.5f, 0.0f));
  simulator->observe({});
  EXPECT_FALSE(hash_of(*simulator) == before);
  simulator->place(0, 0, pose_at(2.0f, 4.0f, -90.0f));
  simulator->observe({});
  EXPECT_EQ(hash_of(*simulator), before);
}

/// A device with memory for one scene, played by a plug-in without CUDA.
TEST(FullDevice, ScenesWithoutAnAgentMakeRoomAndElseItIsAFault) {
  if (!std::filesystem::exists(INKNAV_FAKE_CUDA))
    GTEST_SKIP() << INKNAV_FAKE_CUDA << " is not on this machine";
  const base::ScopedEnvironment named("INKNAV_CUDA_PLUGIN", INKNAV_FAKE_CUDA);
  const base::ScopedEnvironment full("INKNAV_FAKE_CUDA_FAULT", "scenes");
  base::ThreadPool pool(1);
  SimulatorSettings settings = small_settings(2);
  settings.backend = render::Backend::kCuda;
  auto made = Simulator::create(settings, pool);
  ASSERT_TRUE(made.ok()) << made.error().message;
  Simulator& simulator = **made;
  World other = rooms_world();
  other.nav_mesh = *nav::NavMesh::build(*other.scene, nav::NavSettings{});
  ASSERT_EQ(*simulator.add_world(rooms_world()), 0);
  ASSERT_EQ(*simulator.add_world(other), 1);  // the first has no agent yet and goes
  const base::Pose pose = pose_at(2.0f, 4.0f, 0.0f);
  simulator.place(0, 0, pose);  // it comes back in place of the second
  const std::vector<std::uint8_t> first{1, 0};
  simulator.observe(first);
  try {
    simulator.place(1, 1, pose);
    FAIL() << "two scenes with agents do not fit";
  } catch (const base::Fault& fault) {
    EXPECT_EQ(fault.error().code, base::ErrorCode::kDeviceMemory);
    EXPECT_NE(fault.error().message.find("device memory for a scene was wanted"), std::string::npos);
  }
}

TEST(FullDevice, ImagesThatDoNotFitAreRefusedBeforeTheFirstStep) {
  if (!std::filesystem::exists(INKNAV_FAKE_CUDA))
    GTEST_SKIP() << INKNAV_FAKE_CUDA << " is not on this machine";
  const base::ScopedEnvironment named("INKNAV_CUDA_PLUGIN", INKNAV_FAKE_CUDA);
  const base::ScopedEnvironment full("INKNAV_FAKE_CUDA_FAULT", "images");
  base::ThreadPool pool(1);
  SimulatorSettings settings = small_settings(2);
  settings.backend = render::Backend::kCuda;
  const auto made = Simulator::create(settings, pool);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, base::ErrorCode::kDeviceMemory);
}

}  // namespace
}  // namespace inknav::sim
