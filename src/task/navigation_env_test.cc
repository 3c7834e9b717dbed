// SPDX-License-Identifier: MIT
#include "task/navigation_env.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/philox.h"
#include "task/test_dataset.h"

namespace inknav::task {
namespace {

using testing::hash_of_observations;
using testing::small_env;
using testing::TestDataset;

TestDataset& shared_data() {
  static TestDataset data(20);
  return data;
}

std::unique_ptr<NavigationEnv> make(const NavigationEnvSettings& settings, base::ThreadPool& pool) {
  return testing::make_env(settings, shared_data().dataset(), pool);
}

void copy_expert(const VectorEnv& env, std::vector<std::int32_t>& actions) {
  const std::int32_t* expert = env.observation("expert_action").as<std::int32_t>();
  std::copy(expert, expert + actions.size(), actions.begin());
}

/// Mostly forward, by (step, global environment).
void choose(std::uint32_t step, int first_env, std::vector<std::int32_t>& actions) {
  for (std::size_t e = 0; e < actions.size(); ++e) {
    base::PhiloxStream stream({4, static_cast<std::uint32_t>(e) + static_cast<std::uint32_t>(first_env), 0,
                               step, base::Purpose::kTest});
    const float u = stream.uniform();
    actions[e] = u < 0.01f ? 0 : u < 0.7f ? 1 : u < 0.85f ? 2 : 3;
  }
}

TEST(NavigationEnv, FieldsHaveTheDocumentedShapes) {
  base::ThreadPool pool(1);
  const auto env = make(small_env(3), pool);
  env->reset();
  std::map<std::string, std::vector<std::int64_t>> shapes;
  for (const FieldSpec& field : env->spec().fields) {
    shapes[field.name] = field.shape;
    const base::TensorView view = env->observation(field.name);
    EXPECT_EQ(view.shape[0], 3) << field.name;
    EXPECT_NE(view.data, nullptr) << field.name;
  }
  EXPECT_EQ(shapes.at("depth"), (std::vector<std::int64_t>{8, 12}));
  EXPECT_EQ(shapes.at("occupancy"), (std::vector<std::int64_t>{96, 96}));
  EXPECT_EQ(shapes.at("gps"), (std::vector<std::int64_t>{2}));
  EXPECT_EQ(shapes.at("expert_action"), (std::vector<std::int64_t>{1}));
  EXPECT_EQ(shapes.at("expert_path"), (std::vector<std::int64_t>{16, 2}));
  EXPECT_EQ(shapes.count("rgb"), 0u);
  EXPECT_EQ(env->spec().num_actions, 4);
}

TEST(NavigationEnv, TheExpertSolvesEpisodes) {
  base::ThreadPool pool(2);
  NavigationEnvSettings settings = small_env(8);
  settings.shuffle = false;
  const auto env = make(settings, pool);
  env->reset();
  std::vector<std::int32_t> actions(8);
  int episodes = 0;
  double success = 0.0, spl_sum = 0.0, ndtw_sum = 0.0;
  while (!env->exhausted()) {
    copy_expert(*env, actions);
    env->step(actions);
    for (const EpisodeResult& result : env->finished()) {
      ++episodes;
      success += static_cast<double>(result.measures[0]);
      spl_sum += static_cast<double>(result.measures[1]);
      ndtw_sum += static_cast<double>(result.measures[3]);
    }
    env->reset_done();
  }
  EXPECT_EQ(episodes, 40);
  EXPECT_GE(success / episodes, 0.97);
  EXPECT_GE(spl_sum / episodes, 0.9);
  EXPECT_GE(ndtw_sum / episodes, 0.8);
}

TEST(NavigationEnv, TheExpertsPathBeginsAtTheBodyAndEndsAtTheGoal) {
  base::ThreadPool pool(2);
  const auto env = make(small_env(8), pool);
  env->reset();
  std::vector<std::int32_t> actions(8);
  int pieces = 0, whole = 0, at_goal = 0;
  for (int step = 0; step < 150; ++step) {
    const float* path = env->observation("expert_path").as<float>();
    const float* goal = env->observation("goal_body").as<float>();
    const float* remaining = env->observation("expert_remaining").as<float>();
    for (std::size_t e = 0; e < 8; ++e) {
      base::Vec2 before(0.0f);
      for (std::size_t k = 0; k < 16; ++k) {
        const base::Vec2 point(path[32 * e + 2 * k], path[32 * e + 2 * k + 1]);
        const float length = glm::length(point - before);
        EXPECT_LE(length, 0.25f + 1e-3f);
        ++pieces;
        whole += length > 0.24f ? 1 : 0;
        before = point;
      }
      if (remaining[e] > 3.5f) continue;
      ++at_goal;
      EXPECT_LT(glm::length(before - base::Vec2(goal[2 * e], goal[2 * e + 1])), 0.3f);
    }
    copy_expert(*env, actions);
    env->step(actions);
    env->reset_done();
  }
  EXPECT_GT(whole, pieces / 2);
  EXPECT_GT(at_goal, 50);
}

TEST(NavigationEnv, TooManyPathPointsAreRefused) {
  base::ThreadPool pool(1);
  NavigationEnvSettings settings = small_env(1);
  settings.expert_path_points = 65;
  const auto env = NavigationEnv::create(settings, shared_data().dataset(), pool);
  ASSERT_FALSE(env.ok());
  EXPECT_EQ(env.error().code, base::ErrorCode::kUsage);
  EXPECT_EQ(env.error().message, "expert_path_points must lie in [0, 64], found 65");
}

TEST(NavigationEnv, RewardsTelescope) {
  base::ThreadPool pool(1);
  NavigationEnvSettings settings = small_env(4);
  settings.reward.with_time_penalty = false;
  settings.reward.success_reward = 0.0f;
  settings.reward.distance_reward_scale = 1.0f;
  const auto env = make(settings, pool);
  env->reset();
  std::vector<std::int32_t> actions(4);
  std::vector<float> sums(4);
  std::vector<float> start(4);
  for (std::size_t e = 0; e < 4; ++e) {
    start[e] = env->observation("handwriting_goal").as<float>()[e] / 0.8f;  // on the route: 0.8 * its length
  }
  std::vector<bool> over(4);
  for (int step = 0; step < 400; ++step) {
    copy_expert(*env, actions);
    const StepResult& result = env->step(actions);
    for (std::size_t e = 0; e < 4; ++e) {
      if (over[e]) continue;
      EXPECT_LT(std::abs(result.reward[e]), 0.8f) << "a jump at step " << step;
      sums[e] += result.reward[e];
      if (result.terminated[e] == 0) continue;
      over[e] = true;
      const float left = env->observation("expert_remaining").as<float>()[e];
      EXPECT_NEAR(sums[e], start[e] - left, 0.6f);
    }
    env->reset_done();
  }
  EXPECT_EQ(over, std::vector<bool>(4, true));
}

TEST(NavigationEnv, TimeOutsAreToldApartFromStop) {
  base::ThreadPool pool(1);
  NavigationEnvSettings settings = small_env(2);
  settings.max_episode_steps = 5;
  const auto env = make(settings, pool);
  env->reset();
  const std::vector<std::int32_t> turn = {2, 2};
  for (int step = 1; step <= 4; ++step) {
    const StepResult& result = env->step(turn);
    EXPECT_EQ(result.truncated[0], 0);
    EXPECT_TRUE(env->finished().empty());
    EXPECT_EQ(env->observation("step_index").as<std::int32_t>()[0], step);
    env->reset_done();
  }
  const std::vector<std::int32_t> mixed = {2, 0};  // the second says STOP in its last step
  const StepResult& result = env->step(mixed);
  EXPECT_EQ(result.truncated[0], 1);
  EXPECT_EQ(result.terminated[0], 0);
  EXPECT_EQ(result.truncated[1], 0);
  EXPECT_EQ(result.terminated[1], 1);
  ASSERT_EQ(env->finished().size(), 2u);
  EXPECT_EQ(env->finished()[0].steps, 5);
  EXPECT_EQ(env->finished()[0].measures[8], 0.0f);
  EXPECT_EQ(env->finished()[1].measures[8], 1.0f);
  // Rows still show the final observation; reset_done begins anew.
  EXPECT_EQ(env->observation("step_index").as<std::int32_t>()[0], 5);
  env->reset_done();
  EXPECT_EQ(env->observation("step_index").as<std::int32_t>()[0], 0);
  EXPECT_NEAR(env->observation("compass").as<float>()[0], 0.0f, 1e-6f);
}

TEST(NavigationEnv, EvaluationRunsEveryEpisodeOnce) {
  base::ThreadPool pool(2);
  NavigationEnvSettings settings = small_env(6);  // does not divide 40
  settings.shuffle = false;
  settings.max_episode_steps = 7;
  const auto env = make(settings, pool);
  env->reset();
  std::vector<std::int32_t> actions(6);
  std::multiset<std::int64_t> seen;
  std::uint32_t step = 0;
  while (!env->exhausted()) {
    choose(step++, 0, actions);
    env->step(actions);
    for (const EpisodeResult& result : env->finished()) seen.insert(result.episode);
    env->reset_done();
  }
  EXPECT_EQ(seen.size(), 40u);
  EXPECT_EQ(std::set<std::int64_t>(seen.begin(), seen.end()).size(), 40u);
  EXPECT_FALSE(env->episode_view(5).active);
}

TEST(NavigationEnv, ARestingEnvironmentIsFlaggedFromTheStart) {
  base::ThreadPool pool(1);
  NavigationEnvSettings settings = small_env(50);
  settings.shuffle = false;
  const auto env = make(settings, pool);
  env->reset();
  EXPECT_TRUE(env->episode_view(39).active);
  EXPECT_FALSE(env->episode_view(40).active);
  EXPECT_EQ(env->episode_view(40).episode, nullptr);
  const std::vector<std::int32_t> stop(50, 0);
  EXPECT_EQ(env->step(stop).terminated[45], 0);
  EXPECT_EQ(env->finished().size(), 40u);
  env->reset_done();
  EXPECT_TRUE(env->exhausted());
}

base::Hash128 long_run(int threads, int num_envs, int first, std::vector<std::int64_t>* order = nullptr) {
  base::ThreadPool pool(threads);
  NavigationEnvSettings settings = small_env(num_envs);
  settings.first_env = first;
  settings.total_envs = 8;
  settings.max_episode_steps = 60;
  const auto env = make(settings, pool);
  env->reset();
  std::vector<std::int32_t> actions(static_cast<std::size_t>(num_envs));
  base::Hasher hasher;
  for (std::uint32_t step = 0; step < 400; ++step) {
    choose(step, first, actions);
    const StepResult& result = env->step(actions);
    hasher.update(result.reward.data(), result.reward.size_bytes());
    hasher.update_value(hash_of_observations(*env));
    for (const EpisodeResult& finished : env->finished()) {
      hasher.update(finished.measures.data(), finished.measures.size() * sizeof(float));
    }
    env->reset_done();
    hasher.update_value(hash_of_observations(*env));
    if (order == nullptr) continue;
    const std::int64_t* episodes = env->observation("episode_index").as<std::int64_t>();
    order->insert(order->end(), episodes, episodes + num_envs);
  }
  return hasher.digest();
}

TEST(NavigationEnv, TheSameBitsWithOneTwoAndFourThreads) {
  const base::Hash128 one = long_run(1, 8, 0);
  EXPECT_EQ(long_run(2, 8, 0), one);
  EXPECT_EQ(long_run(4, 8, 0), one);
}

TEST(NavigationEnv, TwoRanksRunWhatOneRankRuns) {
  std::vector<std::int64_t> whole, low, high, joined;
  long_run(1, 8, 0, &whole);
  long_run(1, 5, 0, &low);
  long_run(1, 3, 5, &high);
  for (std::size_t step = 0; step < 400; ++step) {
    joined.insert(joined.end(), low.begin() + static_cast<std::ptrdiff_t>(5 * step),
                  low.begin() + static_cast<std::ptrdiff_t>(5 * step + 5));
    joined.insert(joined.end(), high.begin() + static_cast<std::ptrdiff_t>(3 * step),
                  high.begin() + static_cast<std::ptrdiff_t>(3 * step + 3));
  }
  EXPECT_EQ(joined, whole);
}

TEST(NavigationEnv, HalvesSteppedInTurnDoWhatOneStepDoes) {
  constexpr int kCount = 9, kFirst = 5;
  base::ThreadPool pool(3);
  NavigationEnvSettings settings = small_env(kCount);
  settings.max_episode_steps = 40;
  const auto whole = make(settings, pool), halved = make(settings, pool);
  ASSERT_TRUE(halved->steps_rows());
  whole->reset();
  halved->reset();
  std::vector<std::int32_t> actions(kCount);
  int ended = 0;
  for (std::uint32_t step = 0; step < 150; ++step) {
    choose(step, 0, actions);
    const StepResult& result = whole->step(actions);
    std::vector<float> reward;
    std::vector<std::uint8_t> flags;
    std::size_t finished = 0;
    for (const auto& [first, count] : {std::pair{0, kFirst}, {kFirst, kCount - kFirst}}) {
      const auto part = std::span<const std::int32_t>(actions).subspan(static_cast<std::size_t>(first),
                                                                       static_cast<std::size_t>(count));
      const StepResult& some = halved->step_rows(first, part);
      ASSERT_EQ(some.reward.size(), part.size());
      reward.insert(reward.end(), some.reward.begin(), some.reward.end());
      flags.insert(flags.end(), some.terminated.begin(), some.terminated.end());
      for (const EpisodeResult& one : halved->finished()) {
        ASSERT_LT(finished, whole->finished().size());
        const EpisodeResult& other = whole->finished()[finished++];
        EXPECT_EQ(one.environment, other.environment);
        EXPECT_EQ(one.steps, other.steps);
        EXPECT_EQ(one.measures, other.measures);
        ++ended;
      }
      halved->reset_done();
    }
    ASSERT_EQ(finished, whole->finished().size());
    ASSERT_EQ(reward, std::vector<float>(result.reward.begin(), result.reward.end())) << step;
    ASSERT_EQ(flags, std::vector<std::uint8_t>(result.terminated.begin(), result.terminated.end())) << step;
    whole->reset_done();
    ASSERT_EQ(hash_of_observations(*halved), hash_of_observations(*whole)) << step;
  }
  EXPECT_GT(ended, 20);
  EXPECT_EQ(hash_of_observations(*halved), hash_of_observations(*whole));
}

TEST(NavigationEnv, RestoredStateGoesOnExactly) {
  base::ThreadPool pool(2);
  NavigationEnvSettings settings = small_env(5);
  settings.max_episode_steps = 50;
  const auto first = make(settings, pool), second = make(settings, pool);
  std::vector<std::int32_t> actions(5);
  const auto run = [&](NavigationEnv& env, std::uint32_t from, std::uint32_t to) {
    base::Hasher hasher;
    for (std::uint32_t step = from; step < to; ++step) {
      choose(step, 0, actions);
      const StepResult& result = env.step(actions);
      hasher.update(result.reward.data(), result.reward.size_bytes());
      for (const EpisodeResult& finished : env.finished()) {
        hasher.update_value(finished.reward);
        hasher.update(finished.measures.data(), finished.measures.size() * sizeof(float));
      }
      env.reset_done();
      hasher.update_value(hash_of_observations(env));
    }
    return hasher.digest();
  };
  first->reset();
  run(*first, 0, 133);  // in the middle of episodes
  const std::vector<std::uint8_t> state = first->save_state();
  second->reset();
  run(*second, 900, 920);
  const base::Status restored = second->restore_state(state);
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  EXPECT_EQ(hash_of_observations(*first), hash_of_observations(*second));
  EXPECT_EQ(first->save_state(), second->save_state());
  EXPECT_EQ(run(*first, 133, 300), run(*second, 133, 300));
}

TEST(NavigationEnv, RefusesADamagedOrForeignState) {
  base::ThreadPool pool(1);
  const auto env = make(small_env(2), pool);
  env->reset();
  const std::vector<std::uint8_t> state = env->save_state();
  for (std::size_t size = 0; size < state.size(); size += 1 + size / 5) {
    const base::Status status = env->restore_state(std::span(state).first(size));
    ASSERT_FALSE(status.ok()) << size;
    EXPECT_EQ(status.error().code, base::ErrorCode::kData);
  }
  NavigationEnvSettings other = small_env(2);
  other.seed = 1;
  const base::Status status = make(other, pool)->restore_state(state);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("the seed differs"), std::string::npos) << status.error().message;
}

TEST(NavigationEnv, SmallCachesChangeNothing) {
  base::ThreadPool pool(1);
  NavigationEnvSettings settings = small_env(4);
  settings.max_episode_steps = 10;
  base::Hash128 digests[2];
  for (int variant = 0; variant < 2; ++variant) {
    settings.truth_cache_bytes = variant == 0 ? 512ll << 20 : 1;
    const auto env = make(settings, pool);
    env->reset();
    std::vector<std::int32_t> actions(4);
    base::Hasher hasher;
    for (std::uint32_t step = 0; step < 60; ++step) {
      choose(step, 0, actions);
      env->step(actions);
      env->reset_done();
      hasher.update_value(hash_of_observations(*env));
    }
    digests[variant] = hasher.digest();
  }
  EXPECT_EQ(digests[0], digests[1]);
}

}  // namespace
}  // namespace inknav::task
