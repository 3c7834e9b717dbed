// SPDX-License-Identifier: MIT
// Actions of Habitat's tasks: numbers, velocities and teleports (spec/habitat.md 3).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "config/load.h"
#include "task/env_from_config.h"
#include "task/habitat/habitat_testing.h"

namespace inknav::task::habitat {
namespace {

using sim::BodyAction;
using testing::habitat_env;
using testing::make;
using testing::shared_rooms;

constexpr float kDegree = base::kPi / 180.0f;

sim::Command velocity(float linear, float angular) { return {BodyAction::kVelocity, linear, angular}; }

sim::Command teleport(const base::Vec3& position) {
  sim::Command command;
  command.action = BodyAction::kTeleport;
  command.position = position;
  return command;
}

/// One environment that runs the list, steered by numbers or commands.
class Actions : public ::testing::Test {
 protected:
  void begin(const NavigationEnvSettings& settings, const Dataset& dataset) {
    env_ = make(settings, dataset, pool_);
    env_->reset();
  }
  const StepResult& act(std::int32_t action) { return env_->step(std::vector<std::int32_t>{action}); }
  const StepResult& tell(const sim::Command& command) {
    return dynamic_cast<HabitatEnv&>(*env_).step(std::vector<sim::Command>{command});
  }
  base::Pose pose() const { return env_->episode_view(0).pose_world_agent; }
  double measure(Measure wanted) const { return dynamic_cast<HabitatEnv&>(*env_).measure(0, wanted); }

  static NavigationEnvSettings one_in_order() {
    NavigationEnvSettings settings = habitat_env(1);
    settings.shuffle = false;
    return settings;
  }
  static NavigationEnvSettings driving() {
    NavigationEnvSettings settings = one_in_order();
    settings.habitat->actions = {
        {BodyAction::kStop}, velocity(1.0f, 0.0f), velocity(-1.0f, 1.0f), velocity(-1.0f, -1.0f)};
    settings.habitat->free_commands = {BodyAction::kVelocity, BodyAction::kTeleport};
    return settings;
  }

  base::ThreadPool pool_{1};
  std::unique_ptr<NavigationEnv> env_;
};

TEST_F(Actions, AreNumberedByTheList) {
  NavigationEnvSettings settings = one_in_order();
  settings.habitat->actions = {
      {BodyAction::kStop}, {BodyAction::kTurnRight}, {BodyAction::kLookUp}, {BodyAction::kMoveForward}};
  begin(settings, shared_rooms().dataset());
  EXPECT_EQ(env_->spec().num_actions, 4);
  const base::Pose start = pose();
  act(1);
  const base::Pose turned = pose();
  EXPECT_NEAR(
      base::wrap_angle(base::yaw_from_rotation(turned.rotation) - base::yaw_from_rotation(start.rotation)),
      -10.0f * kDegree, 1e-5f);
  std::vector<float> ahead(12 * 8);
  const float* depth = env_->observation("depth").as<float>();
  std::copy_n(depth, ahead.size(), ahead.begin());
  act(2);
  EXPECT_EQ(pose().rotation, turned.rotation);
  EXPECT_FALSE(std::equal(ahead.begin(), ahead.end(), depth)) << "the camera looks up";
  act(3);
  EXPECT_NE(pose().position, turned.position);
}

TEST_F(Actions, ANumberedVelocityIsKeptForTheTimeStep) {
  NavigationEnvSettings settings = driving();
  sim::VelocitySettings& range = settings.simulator.motion.velocity;
  range.max_linear = 0.5f;
  range.min_angular_deg = -40.0f;
  range.max_angular_deg = 40.0f;
  range.time_step = 0.5f;
  begin(settings, shared_rooms().dataset());
  EXPECT_EQ(env_->spec().num_actions, 4);
  int free_drives = 0;
  for (std::size_t episode = 0; episode < shared_rooms().dataset().episodes.size(); ++episode) {
    // 0.5 m/s, then 40 degrees/s to the left and to the right, each for half a second; float32 quaternions.
    for (const auto& [action, distance, angle] :
         {std::tuple{1, 0.25f, 0.0f}, {2, 0.0f, 20.0f * kDegree}, {3, 0.0f, -20.0f * kDegree}}) {
      const base::Pose before = pose();
      ASSERT_EQ(act(action).terminated[0], 0);
      const base::Pose after = pose();
      ASSERT_NEAR(base::wrap_angle(base::yaw_from_rotation(after.rotation) -
                                   base::yaw_from_rotation(before.rotation)),
                  angle, 1e-5f);
      const base::Vec3 target = before.position + before.rotation * base::Vec3(0, 0, -distance);
      const bool is_there =
          glm::length(base::Vec2(after.position.x - target.x, after.position.z - target.z)) < 1e-5f;
      if (action == 1) {
        free_drives += is_there ? 1 : 0;  // else it has met a wall
      } else {
        ASSERT_TRUE(is_there) << "a turn on the spot";
      }
    }
    act(0);
    env_->reset_done();
  }
  EXPECT_GE(free_drives, 6);
}

TEST_F(Actions, DrivingAtHabitatsDefaultsIsSteppingAndTurning) {
  begin(driving(), shared_rooms().dataset());
  const auto stepping = make(one_in_order(), shared_rooms().dataset(), pool_);
  stepping->reset();
  for (int step = 0; step < 50; ++step) {
    const std::int32_t action = step % 5 == 4 ? 2 : step % 7 == 6 ? 3 : 1;
    act(action);
    stepping->step(std::vector<std::int32_t>{action});
    const base::Pose a = pose(), b = stepping->episode_view(0).pose_world_agent;
    // Both go 0.25 m or turn 10 degrees; the rotation's third column and a rotated vector round differently,
    // and each step adds to it.
    ASSERT_LT(glm::length(a.position - b.position), 1e-4f) << step;
    ASSERT_GT(std::abs(glm::dot(a.rotation, b.rotation)), 1.0f - 1e-5f) << step;
  }
}

TEST_F(Actions, SlowerThanBothThresholdsIsAStopThatEndsTheEpisode) {
  Dataset dataset = shared_rooms().dataset();
  for (Episode& episode : dataset.episodes) episode.start.position = episode.goals.front().position;
  begin(driving(), dataset);
  // 0.02 m/s and 0.9 degrees/s: neither is fast enough.
  const auto linear = [](float speed) { return speed / 0.25f * 2.0f - 1.0f; };
  const base::Pose start = pose();
  const StepResult& stopped = tell(velocity(linear(0.02f), 0.09f));
  EXPECT_EQ(stopped.terminated[0], 1);
  EXPECT_EQ(stopped.truncated[0], 0);
  EXPECT_EQ(measure(Measure::kStopCalled), 1.0);
  EXPECT_EQ(measure(Measure::kSuccess), 1.0);
  EXPECT_EQ(pose().position, start.position);
  ASSERT_EQ(env_->finished().size(), 1u);
  EXPECT_EQ(env_->finished()[0].steps, 1);
  env_->reset_done();
  for (const sim::Command& fast_enough : {velocity(linear(0.03f), 0.0f), velocity(linear(0.0f), 0.11f)}) {
    EXPECT_EQ(tell(fast_enough).terminated[0], 0);
    EXPECT_EQ(measure(Measure::kStopCalled), 0.0);
  }
  EXPECT_EQ(measure(Measure::kNumSteps), 2.0);
  EXPECT_EQ(tell(sim::Command{}).terminated[0], 1) << "stop itself";
}

TEST_F(Actions, ATeleportGoesWhereOneCanStandAndNowhereElse) {
  begin(driving(), shared_rooms().dataset());
  const base::Vec3 goal = env_->episode_view(0).episode->goals.front().position;
  const base::Pose start = pose();
  const double distance = measure(Measure::kDistanceToGoal);
  EXPECT_EQ(tell(teleport({0.0f, 50.0f, 0.0f})).terminated[0], 0);
  EXPECT_EQ(pose().position, start.position);
  EXPECT_EQ(pose().rotation, start.rotation);
  const StepResult& arrived = tell(teleport(goal));
  EXPECT_EQ(arrived.terminated[0], 0) << "arriving is not stopping";
  EXPECT_EQ(pose().position, goal);
  EXPECT_EQ(pose().rotation, base::Quat(1.0f, 0.0f, 0.0f, 0.0f));
  EXPECT_GT(distance, 0.2);
  EXPECT_LT(measure(Measure::kDistanceToGoal), 0.01);
  EXPECT_EQ(measure(Measure::kNumSteps), 2.0);
  tell(sim::Command{});
  EXPECT_EQ(measure(Measure::kSuccess), 1.0);
}

TEST_F(Actions, CollisionsAreCountedAsHabitatReportsThem) {
  const auto collisions = [&](const NavigationEnvSettings& settings) {
    begin(settings, shared_rooms().dataset());
    for (int step = 0; step < 50; ++step) act(1);
    return measure(Measure::kCollisions);
  };
  NavigationEnvSettings stepping = one_in_order(), rolling = driving();
  for (NavigationEnvSettings* settings : {&stepping, &rolling})
    settings->habitat->measures.push_back(Measure::kCollisions);
  EXPECT_GT(collisions(stepping), 5.0);
  EXPECT_EQ(collisions(rolling), 0.0) << "0.3.3 renders again before anybody reads it";
}

TEST_F(Actions, CommandsThatTheTaskDoesNotListAreBugs) {
  NavigationEnvSettings settings = driving();
  settings.habitat->free_commands = {BodyAction::kVelocity};
  const HabitatTaskSettings& task = *settings.habitat;
  EXPECT_TRUE(task.allows(BodyAction::kStop) && task.allows(BodyAction::kVelocity));
  EXPECT_FALSE(task.allows(BodyAction::kTeleport) || task.allows(BodyAction::kMoveForward));
  begin(settings, shared_rooms().dataset());
  EXPECT_DEATH(tell(teleport({0, 0, 0})), "allows");
}

std::string refusal(const NavigationEnvSettings& settings) {
  base::ThreadPool pool(1);
  const auto env = NavigationEnv::create(settings, shared_rooms().dataset(), pool);
  if (env.ok()) return "(accepted)";
  EXPECT_EQ(env.error().code, base::ErrorCode::kUsage) << env.error().message;
  return env.error().message;
}

TEST_F(Actions, ListsThatCannotBeChosenFromAreRefused) {
  const auto with = [](const sim::Command& command) {
    NavigationEnvSettings settings = driving();
    settings.habitat->actions.push_back(command);
    return refusal(settings);
  };
  const auto has = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  EXPECT_EQ(with(velocity(0.0f, 0.0f)), "(accepted)");
  has(with(velocity(2.0f, 0.0f)), "VELOCITIES: numbers from -1 to 1 are wanted, found [2.0");
  has(with(velocity(0.0f, std::numeric_limits<float>::quiet_NaN())), "numbers from -1 to 1 are wanted");
  has(with(velocity(-1.0f, 0.0f)), "means 0.000000 m/s and 0.000000 degrees/s, slower than");
  has(with(teleport({0, 0, 0})), "a teleport has no number");
  NavigationEnvSettings settings = driving();
  settings.habitat->actions.erase(settings.habitat->actions.begin());
  has(refusal(settings), "must begin with stop");
  settings = driving();
  settings.habitat->with_follower = true;
  has(refusal(settings), "the follower walks by");
  settings = driving();
  settings.simulator.motion.velocity.time_step = 0.0f;
  has(refusal(settings), "a time step above 0 s is wanted");
}

TEST(ActionsFromConfig, EachVelocityIsAnActionAndATeleportIsNone) {
  config::ExperimentConfig config;
  config::TaskSettings& task = config.task_config.task;
  task.type = "Nav-v0";
  task.sensors = {"pointgoal"};
  task.measurements = {"distance_to_goal", "success", "spl", "distance_to_goal_reward"};
  task.possible_actions = {"stop", "velocity_control", "look_down", "teleport"};
  task.actions.velocity_control = {.lin_vel_range = {-0.5, 0.75},
                                   .ang_vel_range = {-20.0, 30.0},
                                   .min_abs_lin_speed = 0.1,
                                   .min_abs_ang_speed = 2.0,
                                   .time_step = 0.25,
                                   .velocities = {{1.0, 0.5}, {-0.5, -1.0}}};
  const NavigationEnvSettings settings = env_settings(config, {0, 1, 1});
  const std::vector<sim::Command>& actions = settings.habitat->actions;
  ASSERT_EQ(actions.size(), 4u);
  EXPECT_EQ(actions[0].action, BodyAction::kStop);
  EXPECT_EQ(actions[1].action, BodyAction::kVelocity);
  EXPECT_TRUE(actions[1].linear == 1.0f && actions[1].angular == 0.5f);
  EXPECT_EQ(actions[2].action, BodyAction::kVelocity);
  EXPECT_TRUE(actions[2].linear == -0.5f && actions[2].angular == -1.0f);
  EXPECT_EQ(actions[3].action, BodyAction::kLookDown);
  EXPECT_EQ(settings.habitat->free_commands,
            (std::vector<BodyAction>{BodyAction::kVelocity, BodyAction::kTeleport}));
  const sim::VelocitySettings& velocity = settings.simulator.motion.velocity;
  EXPECT_TRUE(velocity.min_linear == -0.5f && velocity.max_linear == 0.75f);
  EXPECT_TRUE(velocity.min_angular_deg == -20.0f && velocity.max_angular_deg == 30.0f);
  EXPECT_TRUE(velocity.stop_linear == 0.1f && velocity.stop_angular_deg == 2.0f);
  EXPECT_EQ(velocity.time_step, 0.25f);
}

/// One environment on the rooms as a configuration with these words has it.
std::unique_ptr<NavigationEnv> env_with(std::vector<std::string> words, base::ThreadPool& pool) {
  const std::vector<std::string> task = {"BASE_TASK_CONFIG_PATH",
                                         "''",
                                         "EVAL.CONTROLS",
                                         "[]",
                                         "RL.PPO.expert_reward_coef",
                                         "0.0",
                                         "TASK_CONFIG.TASK.TYPE",
                                         "Nav-v0",
                                         "TASK_CONFIG.DATASET.TYPE",
                                         "PointNav-v1",
                                         "TASK_CONFIG.TASK.SENSORS",
                                         "[pointgoal]",
                                         "TASK_CONFIG.TASK.MEASUREMENTS",
                                         "[distance_to_goal, success, spl, distance_to_goal_reward]"};
  words.insert(words.begin(), task.begin(), task.end());
  const auto loaded = config::load_experiment({.overrides = words});
  INKNAV_CHECK(loaded.ok(), loaded.error().message);
  NavigationEnvSettings settings = env_settings(loaded->config, {0, 1, 1});
  settings.shuffle = false;
  return make(settings, shared_rooms().dataset(), pool);
}

TEST(ActionsFromConfig, HydrasKeysReachTheBody) {
  base::ThreadPool pool(1);
  const auto moved = [&](const std::vector<std::string>& words, std::int32_t action) {
    const auto env = env_with(words, pool);
    env->reset();
    const base::Pose before = env->episode_view(0).pose_world_agent;
    env->step(std::vector<std::int32_t>{action});
    const base::Pose after = env->episode_view(0).pose_world_agent;
    const float turned = base::yaw_from_rotation(after.rotation) - base::yaw_from_rotation(before.rotation);
    return std::pair(glm::length(after.position - before.position), base::wrap_angle(turned) / kDegree);
  };
  const std::vector<std::string> driving = {"TASK_CONFIG.TASK.POSSIBLE_ACTIONS", "[stop, velocity_control]",
                                            "habitat.task.actions.velocity_control.ang_vel_range=[-40, 40]",
                                            "habitat.task.actions.velocity_control.time_step=0.5"};
  EXPECT_NEAR(moved(driving, 2).second, 20.0f, 1e-3f);
  EXPECT_NEAR(moved(driving, 3).second, -20.0f, 1e-3f);
  EXPECT_NEAR(moved({}, 2).second, 10.0f, 1e-3f) << "turn_left";
  const float noisy = moved({"habitat.simulator.action_space_config=pyrobotnoisy",
                             "habitat.simulator.noise_model.controller=ILQR"},
                            2)
                          .second;
  // A truncated normal law hits the command itself with probability 0.
  EXPECT_GT(std::abs(noisy - 10.0f), 1e-3f);
  EXPECT_LT(std::abs(noisy - 10.0f), 10.0f);
}

TEST(ActionsFromConfig, HydrasKeysReachTheCameras) {
  base::ThreadPool pool(1);
  const std::string camera = "habitat.simulator.agents.main_agent.sim_sensors.";
  const auto seen = [&](const std::vector<std::string>& words, const char* field) {
    const auto env = env_with(words, pool);
    env->reset();
    const base::TensorView view = env->observation(field);
    const auto* bytes = static_cast<const std::uint8_t*>(view.data);
    return std::vector<std::uint8_t>(bytes, bytes + view.num_bytes());
  };
  std::vector<std::string> colour = {"EXTRA_RGB", "True", "SENSORS", "[RGB_SENSOR, DEPTH_SENSOR]"};
  const std::vector<std::uint8_t> ahead = seen(colour, "rgb"), depth = seen(colour, "depth");
  std::vector<std::string> tilted = colour, salted = colour;
  for (const char* sensor : {"rgb_sensor", "depth_sensor"})
    tilted.push_back(camera + sensor + ".orientation=[-0.5, 0, 0]");
  EXPECT_NE(seen(tilted, "depth"), depth) << "it looks down";
  salted.push_back(camera + "rgb_sensor.noise_model=SaltAndPepperNoiseModel");
  salted.push_back(camera + "rgb_sensor.noise_model_kwargs.amount=0.25");
  const std::vector<std::uint8_t> noisy = seen(salted, "rgb");
  EXPECT_EQ(seen(salted, "depth"), depth) << "the colours' noise";
  int changed = 0;
  for (std::size_t i = 0; i < ahead.size(); ++i) changed += noisy[i] != ahead[i] ? 1 : 0;
  // A quarter of the values becomes salt or pepper, which some have been before; 64 x 64 x 3 draws.
  EXPECT_GT(changed, 0.15 * static_cast<double>(ahead.size()));
  EXPECT_LT(changed, 0.30 * static_cast<double>(ahead.size()));
}

}  // namespace
}  // namespace inknav::task::habitat
