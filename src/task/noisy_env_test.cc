// SPDX-License-Identifier: MIT
// The drawn-map task with noisy motion, noisy pictures and a tilted camera: still a function of seed,
// environment and episode alone.
#include <gtest/gtest.h>

#include <vector>

#include "base/hash.h"
#include "task/test_dataset.h"

namespace inknav::task {
namespace {

using testing::hash_of_observations;
using testing::small_env;
using testing::TestDataset;

TestDataset& shared_data() {
  static TestDataset data(12);
  return data;
}

std::unique_ptr<NavigationEnv> make(const NavigationEnvSettings& settings, base::ThreadPool& pool) {
  return testing::make_env(settings, shared_data().dataset(), pool);
}

NavigationEnvSettings noisy_env(int num_envs) {
  NavigationEnvSettings settings = small_env(num_envs);
  settings.seed = 3;
  sim::SimulatorSettings& simulator = settings.simulator;
  simulator.motion.noise = {sim::NoisyRobot::kLoCoBot, sim::NoisyController::kProportional, 0.5f};
  simulator.sensors.rgb = true;
  simulator.sensors.rgb_noise.model = sim::ColourNoise::kSpeckle;
  simulator.sensors.camera_orientation = {-0.3f, 0.0f, 0.0f};
  return settings;
}

void follow(NavigationEnv& env) {
  const std::int32_t* expert = env.observation("expert_action").as<std::int32_t>();
  const std::vector<std::int32_t> actions(expert, expert + env.spec().num_envs);
  env.step(actions);
  env.reset_done();
}

base::Hash128 run(NavigationEnv& env, int steps) {
  base::Hasher hasher;
  for (int step = 0; step < steps; ++step) {
    follow(env);
    hasher.update_value(hash_of_observations(env));
  }
  return hasher.digest();
}

TEST(NoisyEnv, IsTheSameWithAnyNumberOfThreadsAndAfterAReset) {
  base::ThreadPool one(1), three(3);
  const auto first = make(noisy_env(4), one), second = make(noisy_env(4), three);
  first->reset();
  second->reset();
  const base::Hash128 hash = run(*first, 120);
  EXPECT_EQ(run(*second, 120), hash);
  first->reset();
  EXPECT_EQ(run(*first, 120), hash) << "a reset begins at the first episode's noise again";
  NavigationEnvSettings exact = noisy_env(4);
  exact.simulator.motion.noise = {};
  const auto quiet = make(exact, one);
  quiet->reset();
  EXPECT_FALSE(run(*quiet, 120) == hash);
}

TEST(NoisyEnv, GoesOnFromASavedState) {
  base::ThreadPool pool(2);
  const auto first = make(noisy_env(3), pool), second = make(noisy_env(3), pool);
  first->reset();
  second->reset();
  run(*first, 70);
  run(*second, 20);
  ASSERT_TRUE(second->restore_state(first->save_state()).ok());
  EXPECT_EQ(hash_of_observations(*first), hash_of_observations(*second));
  EXPECT_EQ(run(*first, 70), run(*second, 70));
}

TEST(NoisyEnv, TheExpertArrivesAllTheSame) {
  base::ThreadPool pool(2);
  NavigationEnvSettings settings = noisy_env(4);
  settings.shuffle = false;
  const auto env = make(settings, pool);
  env->reset();
  int episodes = 0;
  double success = 0.0;
  while (!env->exhausted()) {
    const std::int32_t* expert = env->observation("expert_action").as<std::int32_t>();
    env->step(std::vector<std::int32_t>(expert, expert + 4));
    for (const EpisodeResult& result : env->finished()) {
      ++episodes;
      success += static_cast<double>(result.measures[0]);
    }
    env->reset_done();
  }
  EXPECT_EQ(episodes, 24);
  EXPECT_GE(success / episodes, 0.9);  // it sees where it is and corrects itself
}

}  // namespace
}  // namespace inknav::task
