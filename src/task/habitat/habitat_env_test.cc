// SPDX-License-Identifier: MIT
#include "task/habitat/habitat_env.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include "base/allocation_count.h"
#include "base/hash.h"
#include "base/temporary_folder.h"
#include "scene/home/home.h"
#include "task/habitat/habitat_faults.h"
#include "task/habitat/habitat_testing.h"
#include "task/measures.h"
#include "task/planned_spec.h"

namespace inknav::task::habitat {
namespace {

using task::testing::hash_of_observations;
using testing::habitat_env;
using testing::instruction_dataset;
using testing::make;
using testing::object_dataset;
using testing::shared_rooms;
using testing::take_some_actions;

const HabitatEnv& habitat_of(const NavigationEnv& env) { return dynamic_cast<const HabitatEnv&>(env); }

/// Every task with everything it can sense and measure.
struct Case {
  const char* name;
  NavigationEnvSettings settings;
  Dataset dataset;
};

std::vector<Case> all_tasks(int num_envs) {
  std::vector<Case> cases;
  NavigationEnvSettings point = habitat_env(num_envs);
  point.habitat->sensors = {Sensor::kPointGoal, Sensor::kPointGoalWithGpsCompass,
                            Sensor::kGps,       Sensor::kCompass,
                            Sensor::kHeading,   Sensor::kProximity};
  cases.push_back({"PointNav", point, shared_rooms().dataset()});
  NavigationEnvSettings driven = point;
  driven.habitat->actions.resize(1);
  for (const auto& [linear, angular] : {std::pair{1.0f, 0.0f}, {-1.0f, 1.0f}, {0.5f, -0.5f}})
    driven.habitat->actions.push_back({sim::BodyAction::kVelocity, linear, angular});
  NavigationEnvSettings object = habitat_env(num_envs);
  object.success_distance = 0.1f;
  object.simulator.motion.turn_angle_deg = object.simulator.motion.tilt_angle_deg = 30.0f;
  object.simulator.motion.allow_sliding = false;
  object.habitat->type = TaskType::kObjectNav;
  object.habitat->distance_to = DistanceTo::kViewPoints;
  object.habitat->sensors = {Sensor::kObjectGoal, Sensor::kCompass, Sensor::kGps};
  for (const sim::BodyAction look : {sim::BodyAction::kLookUp, sim::BodyAction::kLookDown})
    object.habitat->actions.push_back({look});
  cases.push_back({"ObjectNav", object, object_dataset(shared_rooms().dataset(), 0.5f)});
  NavigationEnvSettings image = habitat_env(num_envs);
  image.simulator.sensors.rgb = true;
  image.habitat->type = TaskType::kImageNav;
  image.habitat->sensors = {Sensor::kImageGoal};
  cases.push_back({"ImageNav", image, shared_rooms().dataset()});
  for (const bool fast : {true, false}) {
    NavigationEnvSettings vln = habitat_env(num_envs);
    vln.success_distance = 3.0f;
    vln.habitat->type = TaskType::kVln;
    vln.habitat->fast_dtw = fast;
    vln.habitat->sensors = {Sensor::kInstruction};
    vln.habitat->measures = {
        Measure::kDistanceToGoal,       Measure::kSuccess,    Measure::kSpl,
        Measure::kDistanceToGoalReward, Measure::kPathLength, Measure::kOracleNavigationError,
        Measure::kOracleSuccess,        Measure::kOracleSpl,  Measure::kStepsTaken,
        Measure::kCollisions,           Measure::kNdtw,       Measure::kSdtw};
    cases.push_back({fast ? "VLN fast" : "VLN exact", vln, instruction_dataset(shared_rooms().dataset())});
  }
  cases.push_back({"PointNav by velocities", driven, shared_rooms().dataset()});
  return cases;
}

/// All that was seen and measured in an evaluation, by episode.
std::map<std::int64_t, base::Hash128> evaluate(NavigationEnvSettings settings, const Dataset& dataset,
                                               int threads) {
  base::ThreadPool pool(threads);
  settings.shuffle = false;
  const auto env = make(settings, dataset, pool);
  std::map<std::int64_t, base::Hasher> hashers;
  std::map<std::int64_t, base::Hash128> hashes;
  std::vector<std::int32_t> actions;
  env->reset();
  while (!env->exhausted()) {
    take_some_actions(*env, actions);
    for (std::size_t e = 0; e < actions.size(); ++e) {
      if (!env->episode_view(static_cast<int>(e)).active) continue;
      base::Hasher& hasher = hashers[env->observation("episode_index").as<std::int64_t>()[e]];
      for (const FieldSpec& field : env->spec().fields) {
        const base::TensorView view = env->observation(field.name);
        const std::size_t bytes = view.num_bytes() / actions.size();
        hasher.update(static_cast<const std::uint8_t*>(view.data) + e * bytes, bytes);
      }
    }
    const StepResult& result = env->step(actions);
    for (const EpisodeResult& episode : env->finished()) {
      base::Hasher& hasher = hashers[episode.episode];
      hasher.update_value(episode.steps);
      hasher.update_value(episode.reward);
      hasher.update_value(result.terminated[static_cast<std::size_t>(episode.environment)]);
      for (const float measure : episode.measures) hasher.update_value(measure);
      EXPECT_FALSE(hashes.contains(episode.episode)) << "each episode once";
      hashes[episode.episode] = hasher.digest();
    }
    env->reset_done();
  }
  return hashes;
}

TEST(HabitatEnv, ABatchEqualsSingleRunsBitForBitForAnyNumberOfThreads) {
  for (const Case& c : all_tasks(1)) {
    const auto single = evaluate(c.settings, c.dataset, 1);
    EXPECT_EQ(single.size(), c.dataset.episodes.size()) << c.name;
    for (const int threads : {1, 4}) {
      NavigationEnvSettings batch = c.settings;
      batch.num_envs = batch.total_envs = 5;
      EXPECT_EQ(evaluate(batch, c.dataset, threads), single) << c.name << " " << threads;
    }
  }
}

TEST(HabitatEnv, HalvesSteppedInTurnDoWhatOneStepDoes) {
  for (const Case& c : all_tasks(5)) {
    base::ThreadPool pool(2);
    const auto whole = make(c.settings, c.dataset, pool), halved = make(c.settings, c.dataset, pool);
    ASSERT_TRUE(halved->steps_rows());
    whole->reset();
    halved->reset();
    std::vector<std::int32_t> actions;
    for (int step = 0; step < 80; ++step) {
      take_some_actions(*whole, actions);
      const std::span<const std::int32_t> all(actions);
      const StepResult& result = whole->step(all);
      for (const auto& [first, count] : {std::pair<std::size_t, std::size_t>{0, 3}, {3, 2}}) {
        const StepResult& some = halved->step_rows(static_cast<int>(first), all.subspan(first, count));
        ASSERT_EQ(some.reward.size(), count);
        for (std::size_t k = 0; k < count; ++k) {
          ASSERT_EQ(some.reward[k], result.reward[first + k]) << c.name << step;
          ASSERT_EQ(some.terminated[k], result.terminated[first + k]) << c.name << step;
          ASSERT_EQ(some.truncated[k], result.truncated[first + k]) << c.name << step;
        }
        halved->reset_done();
      }
      whole->reset_done();
      ASSERT_EQ(hash_of_observations(*halved), hash_of_observations(*whole)) << c.name << step;
    }
  }
}

TEST(HabitatEnv, RestoredInTheMiddleOfEpisodesItGoesOnAsIfItHadNotStopped) {
  for (const Case& c : all_tasks(3)) {
    base::ThreadPool pool(2);
    const auto whole = make(c.settings, c.dataset, pool), resumed = make(c.settings, c.dataset, pool);
    std::vector<std::int32_t> actions;
    const auto advance = [&](NavigationEnv& env) {
      take_some_actions(env, actions);
      const StepResult& result = env.step(actions);
      base::Hasher hasher;
      hasher.update(result.reward.data(), result.reward.size_bytes());
      for (const EpisodeResult& episode : env.finished()) {
        hasher.update_value(episode.episode);
        for (const float measure : episode.measures) hasher.update_value(measure);
      }
      env.reset_done();
      hasher.update_value(hash_of_observations(env));
      return hasher.digest();
    };
    whole->reset();
    for (int step = 0; step < 70; ++step) advance(*whole);
    ASSERT_TRUE(resumed->restore_state(whole->save_state()).ok()) << c.name;
    EXPECT_EQ(hash_of_observations(*resumed), hash_of_observations(*whole)) << c.name;
    for (int step = 0; step < 130; ++step) ASSERT_EQ(advance(*resumed), advance(*whole)) << c.name << step;
    EXPECT_EQ(resumed->save_state(), whole->save_state()) << c.name;
  }
}

TEST(HabitatEnv, AStepAllocatesNothing) {
  for (const Case& c : all_tasks(4)) {
    base::ThreadPool pool(2);
    const auto env = make(c.settings, c.dataset, pool);
    std::vector<std::int32_t> actions;
    env->reset();
    std::size_t in_steps = 0;
    for (int step = 0; step < 400; ++step) {
      take_some_actions(*env, actions);
      const std::size_t before = base::testing::num_allocations();
      env->step(actions);
      if (step >= 200) in_steps += base::testing::num_allocations() - before;
      env->reset_done();
    }
    EXPECT_EQ(in_steps, 0u) << c.name;
  }
}

TEST(HabitatEnv, FieldsAreThePlannedOnesUnderHabitatsNames) {
  for (const Case& c : all_tasks(2)) {
    base::ThreadPool pool(1);
    const auto env = make(c.settings, c.dataset, pool);
    const EnvSpec planned = planned_spec(c.settings);
    ASSERT_EQ(planned.fields.size(), env->spec().fields.size()) << c.name;
    EXPECT_EQ(planned.num_actions, env->spec().num_actions);
    for (std::size_t f = 0; f < planned.fields.size(); ++f) {
      const FieldSpec &a = planned.fields[f], &b = env->spec().fields[f];
      EXPECT_TRUE(a.name == b.name && a.dtype == b.dtype && a.shape == b.shape &&
                  a.privileged == b.privileged)
          << c.name << " " << a.name << " " << b.name;
    }
    for (const Sensor sensor : c.settings.habitat->sensors)
      EXPECT_TRUE(has_field(env->spec(), name_of(sensor)));
  }
}

TEST(HabitatEnv, DistancesRewardsAndLengthsAreRecomputedFromThePoses) {
  base::ThreadPool pool(1);
  NavigationEnvSettings settings = habitat_env(1);
  settings.habitat->reward.slack_reward = -0.01f;
  const auto env = make(settings, shared_rooms().dataset(), pool);
  env->reset();
  std::vector<std::int32_t> actions;
  int episodes = 0, nearer = 0;
  while (episodes < 8) {
    const EpisodeView view = env->episode_view(0);
    nav::NavQuery query(std::shared_ptr<const nav::NavMesh>(view.nav_mesh, [](const nav::NavMesh*) {}));
    const base::Vec3 goal = view.episode->goals.front().position;
    base::Vec3 measured_at = view.pose_world_agent.position, last = measured_at;
    const double start = static_cast<double>(query.geodesic(measured_at, goal).length);
    double distance = start, walked = 0.0, sum = 0.0;
    ASSERT_EQ(habitat_of(*env).measure(0, Measure::kDistanceToGoal), start);
    for (bool done = false; !done;) {
      take_some_actions(*env, actions);
      const StepResult& result = env->step(actions);
      const base::Vec3 now = env->episode_view(0).pose_world_agent.position;
      const double before = distance;
      if (has_moved(measured_at, now)) {
        distance = static_cast<double>(query.geodesic(now, goal).length);
        measured_at = now;
      }
      walked += static_cast<double>(glm::length(now - last));
      last = now;
      nearer += distance < before;
      const bool success = actions[0] == 0 && distance < static_cast<double>(0.2f);
      const double spl = success ? start / std::max(start, walked) : 0.0;
      const double reward = -0.01 + (before - distance) + (spl != 0.0 ? 2.5 : 0.0);
      ASSERT_NEAR(static_cast<double>(result.reward[0]), reward, 1e-6);  // the reward is a float
      ASSERT_EQ(habitat_of(*env).measure(0, Measure::kDistanceToGoal), distance);
      ASSERT_EQ(habitat_of(*env).measure(0, Measure::kPathLength), walked);
      sum += reward;
      done = result.terminated[0] != 0 || result.truncated[0] != 0;
    }
    ASSERT_EQ(env->finished().size(), 1u);
    EXPECT_NEAR(static_cast<double>(env->finished()[0].reward), sum, 1e-4);
    ++episodes;
    env->reset_done();
  }
  EXPECT_GT(nearer, 20);
}

TEST(HabitatEnv, ObjectNavMeasuresToViewPointsAndNamesTheCategory) {
  base::ThreadPool pool(1);
  NavigationEnvSettings settings = all_tasks(1)[1].settings;
  settings.shuffle = false;
  const Dataset dataset = object_dataset(shared_rooms().dataset(), 0.5f);
  const auto views = make(settings, dataset, pool);
  settings.habitat->distance_to = DistanceTo::kPoint;
  const auto points = make(settings, dataset, pool);
  int differ = 0;
  views->reset();
  points->reset();
  std::vector<std::int32_t> stop{0};
  for (std::size_t i = 0; i < dataset.episodes.size(); ++i) {
    const EpisodeView view = views->episode_view(0);
    nav::NavQuery query(std::shared_ptr<const nav::NavMesh>(view.nav_mesh, [](const nav::NavMesh*) {}));
    const base::Vec3 from = view.episode->start.position;
    const ObjectGoal& goal = dataset.habitat->object_goals[i];
    const base::Vec3 seen_from = dataset.habitat->views(goal)[0].pose.position;
    EXPECT_EQ(habitat_of(*views).measure(0, Measure::kDistanceToGoal),
              static_cast<double>(query.geodesic(from, seen_from).length));
    EXPECT_EQ(habitat_of(*points).measure(0, Measure::kDistanceToGoal),
              static_cast<double>(query.geodesic(from, goal.position).length));
    differ += habitat_of(*views).measure(0, Measure::kDistanceToGoal) !=
              habitat_of(*points).measure(0, Measure::kDistanceToGoal);
    const std::int64_t category = i % 2 == 0 ? 2 : 5;
    EXPECT_EQ(views->observation("objectgoal").as<std::int64_t>()[0], category);
    const float* one_hot = views->observation("objectgoal_one_hot").as<float>();
    for (std::int64_t k = 0; k < kMaxCategories; ++k) EXPECT_EQ(one_hot[k], k == category ? 1.0f : 0.0f);
    for (NavigationEnv* env : {views.get(), points.get()}) {
      env->step(stop);
      env->reset_done();
    }
  }
  EXPECT_GT(differ, 6);
}

TEST(HabitatEnv, TheImageGoalIsWhatTheCameraSeesThere) {
  Dataset dataset = shared_rooms().dataset();
  for (Episode& episode : dataset.episodes)
    episode.start = sim::image_goal_pose(episode.goals.front().position, episode.episode_id);
  base::ThreadPool pool(2);
  NavigationEnvSettings settings = all_tasks(3)[2].settings;
  settings.shuffle = false;
  const auto env = make(settings, dataset, pool);
  env->reset();
  for (int round = 0; round < 3; ++round) {
    const base::TensorView goal = env->observation("imagegoal"), seen = env->observation("rgb");
    ASSERT_EQ(goal.num_bytes(), seen.num_bytes());
    EXPECT_EQ(std::memcmp(goal.data, seen.data, goal.num_bytes()), 0);
    env->step(std::vector<std::int32_t>{0, 0, 0});
    env->reset_done();
  }
}

TEST(HabitatEnv, InstructionsArePaddedAndWalksCompared) {
  for (const bool fast : {true, false}) {
    base::ThreadPool pool(1);
    NavigationEnvSettings settings = all_tasks(1)[fast ? 3 : 4].settings;
    settings.shuffle = false;
    const Dataset dataset = instruction_dataset(shared_rooms().dataset());
    const auto env = make(settings, dataset, pool);
    env->reset();
    std::vector<std::int32_t> actions;
    FastDtw twin;
    for (std::size_t i = 0; i < dataset.episodes.size(); ++i) {
      const std::int64_t* tokens = env->observation("instruction").as<std::int64_t>();
      for (std::size_t t = 0; t < 200; ++t)
        ASSERT_EQ(tokens[t], t <= i ? static_cast<std::int64_t>(t + 1) : 0);
      std::vector<base::Vec3> walk{env->episode_view(0).pose_world_agent.position};
      for (bool done = false; !done;) {
        take_some_actions(*env, actions);
        const StepResult& result = env->step(actions);
        const base::Vec3 now = env->episode_view(0).pose_world_agent.position;
        if (now != walk.back()) walk.push_back(now);
        done = result.terminated[0] != 0 || result.truncated[0] != 0;
      }
      const auto reference = dataset.habitat->ground_truth.find(std::to_string(i)).locations;
      std::vector<double> row(reference.size());
      dtw_begin(reference, walk.front(), row);
      for (std::size_t k = 1; k < walk.size(); ++k) dtw_push(reference, walk[k], row);
      const double dtw = fast ? twin.distance(walk, reference) : row.back();
      const auto& names = env->measure_names();
      const auto at = std::find(names.begin(), names.end(), "ndtw") - names.begin();
      EXPECT_FLOAT_EQ(env->finished()[0].measures[static_cast<std::size_t>(at)],
                      static_cast<float>(std::exp(-dtw / (31 * 3.0))));
      env->reset_done();
    }
  }
}

TEST(HabitatEnv, TheTextOfAnInstructionIsThereWithAndWithoutTokens) {
  base::ThreadPool pool(1);
  NavigationEnvSettings settings = all_tasks(2)[3].settings;
  settings.shuffle = false;
  Dataset dataset = instruction_dataset(shared_rooms().dataset());
  auto tables = std::const_pointer_cast<HabitatDataset>(dataset.habitat);
  for (std::size_t i = 0; i < dataset.episodes.size(); ++i) {
    const std::string text = "Go to door " + std::to_string(i);
    tables->instructions[i].text = tables->texts.append(std::span<const char>(text.data(), text.size()));
  }
  EXPECT_FALSE(lacks_tokens(*settings.habitat, dataset));
  for (const bool with_tokens : {true, false}) {
    for (InstructionRow& row : tables->instructions) {
      if (!with_tokens) row.tokens = {};
    }
    const auto env = make(settings, dataset, pool);
    EXPECT_EQ(habitat_of(*env).instruction(0).text, "") << "no episode yet";
    env->reset();
    EXPECT_EQ(habitat_of(*env).instruction(1).text, "Go to door 1");
    EXPECT_EQ(habitat_of(*env).instruction(1).tokens.size(), with_tokens ? 2u : 0u);
    const std::int64_t* field = env->observation("instruction").as<std::int64_t>();
    EXPECT_EQ(field[kInstructionTokens], with_tokens ? 1 : 0);
  }
  EXPECT_TRUE(lacks_tokens(*settings.habitat, dataset));
  const auto plain = make(habitat_env(1), shared_rooms().dataset(), pool);
  plain->reset();
  EXPECT_EQ(habitat_of(*plain).instruction(0).text, "");
}

TEST(HabitatEnv, ScenesAreDealtToEnvironmentsAndSharedWhenThereAreTooFew) {
  base::ThreadPool pool(1);
  for (const int total : {2, 3}) {
    NavigationEnvSettings settings = habitat_env(total);
    settings.max_episode_steps = 1;
    const auto env = make(settings, shared_rooms().dataset(), pool);
    env->reset();
    std::vector<std::set<std::string>> scenes(static_cast<std::size_t>(total));
    for (int round = 0; round < 40; ++round) {
      for (int e = 0; e < total; ++e)
        scenes[static_cast<std::size_t>(e)].insert(env->episode_view(e).episode->scene_id);
      env->step(std::vector<std::int32_t>(static_cast<std::size_t>(total), 1));
      env->reset_done();
    }
    for (const auto& own : scenes) EXPECT_EQ(own.size(), total == 2 ? 1u : 2u);
    if (total == 2) {
      EXPECT_NE(scenes[0], scenes[1]);
    }
  }
}

TEST(HabitatEnv, RanksTogetherRunWhatOneRunsAlone) {
  base::ThreadPool pool(1);
  const auto together = make(habitat_env(4), shared_rooms().dataset(), pool);
  NavigationEnvSettings second = habitat_env(4);
  second.num_envs = 2;
  second.first_env = 2;
  const auto rank = make(second, shared_rooms().dataset(), pool);
  together->reset();
  rank->reset();
  std::vector<std::int32_t> all, own;
  for (int step = 0; step < 150; ++step) {
    take_some_actions(*together, all);
    take_some_actions(*rank, own);
    ASSERT_TRUE(std::equal(own.begin(), own.end(), all.begin() + 2));
    const StepResult &a = together->step(all), &b = rank->step(own);
    ASSERT_TRUE(std::equal(b.reward.begin(), b.reward.end(), a.reward.begin() + 2));
    together->reset_done();
    rank->reset_done();
  }
}

TEST(HabitatEnv, TheGreedyFollowerWalksEfficientlyThroughGeneratedHomes) {
  const base::TemporaryFolder folder;
  std::filesystem::create_directories(folder / "scenes");
  Dataset dataset;
  dataset.scenes_dir = folder / "scenes";
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const std::string name = "home" + std::to_string(seed) + ".glb";
    ASSERT_TRUE(scene::write_glb(folder / "scenes" / name, *scene::generate_home(seed, {}).scene).ok());
    const auto loaded = scene::load_scene(folder / "scenes" / name);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    nav::NavQuery query(*nav::NavMesh::build(**loaded, nav::NavSettings{}));
    base::PhiloxStream stream({.seed = seed, .purpose = base::Purpose::kTest});
    const int island = query.mesh().largest_island();
    for (int k = 0; k < 25;) {
      Episode episode;
      episode.episode_id = std::to_string(k);
      episode.scene_id = name;
      episode.start = {query.random_point(stream, island).position,
                       base::rotation_from_yaw(stream.uniform(-base::kPi, base::kPi))};
      episode.goals.push_back({query.random_point(stream, island).position, 0.2f});
      const float length = query.geodesic(episode.start.position, episode.goals[0].position).length;
      if (!(std::isfinite(length) && length > 2.0f)) continue;
      dataset.episodes.push_back(episode);
      ++k;
    }
  }
  base::ThreadPool pool(2);
  NavigationEnvSettings settings = habitat_env(8);
  settings.shuffle = false;
  settings.max_episode_steps = 500;
  settings.simulator.sensors.depth = false;
  settings.habitat->with_follower = true;
  // Habitat's own bar counts an end within a step of the goal (spec/habitat.md 7).
  settings.success_distance = 0.25f;
  const auto env = make(settings, dataset, pool);
  env->reset();
  double sum = 0.0;
  int episodes = 0;
  std::vector<std::int32_t> actions(8);
  while (!env->exhausted()) {
    const std::int32_t* advice = env->observation("expert_action").as<std::int32_t>();
    std::copy(advice, advice + 8, actions.begin());
    env->step(actions);
    for (const EpisodeResult& result : env->finished()) {
      sum += static_cast<double>(result.measures[2]);  // spl
      ++episodes;
    }
    env->reset_done();
  }
  EXPECT_EQ(episodes, 50);
  std::printf("  mean SPL %.4f of at least 0.97\n", sum / episodes);
  EXPECT_GE(sum / episodes, 0.97);
}

std::string refusal(const NavigationEnvSettings& settings, const Dataset& dataset, base::ErrorCode code) {
  base::ThreadPool pool(1);
  const auto env = NavigationEnv::create(settings, dataset, pool);
  if (env.ok()) return "(accepted)";
  EXPECT_EQ(env.error().code, code) << env.error().message;
  return env.error().message;
}

TEST(HabitatEnv, WhatDoesNotGoTogetherIsRefused) {
  const auto has = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  std::vector<Case> tasks = all_tasks(1);
  const Dataset plain = shared_rooms().dataset();
  has(refusal(tasks[1].settings, plain, base::ErrorCode::kData),
      "ObjectNav wants object_category of every episode and category_to_task_category_id");
  Dataset unnamed = object_dataset(plain, 0.0f);
  auto tables = std::const_pointer_cast<HabitatDataset>(unnamed.habitat);
  tables->task_category.ids.erase("bed");
  has(refusal(tasks[1].settings, unnamed, base::ErrorCode::kData), "looks for 'bed', which");
  tables->task_category.ids["bed"] = 64;
  has(refusal(tasks[1].settings, unnamed, base::ErrorCode::kData), "of bed must lie in [0, 63], found 64");
  has(refusal(tasks[3].settings, plain, base::ErrorCode::kData), "instructions are wanted, found none");
  Dataset mixed = instruction_dataset(plain);
  std::const_pointer_cast<HabitatDataset>(mixed.habitat)->instructions[2].tokens = {};
  has(refusal(tasks[3].settings, mixed, base::ErrorCode::kData),
      "episode '2' of scene 'rooms.glb' has no instruction_tokens, which other episodes have");
  NavigationEnvSettings walks = tasks[3].settings;
  walks.habitat->sensors.clear();
  has(refusal(walks, plain, base::ErrorCode::kData), "walks of <file>_gt.json.gz beside the episodes");
  NavigationEnvSettings blind = tasks[2].settings;
  blind.simulator.sensors.rgb = false;
  has(refusal(blind, plain, base::ErrorCode::kUsage), "names imagegoal, a colour picture");
  NavigationEnvSettings order = tasks[0].settings;
  order.habitat->measures = {Measure::kSpl};
  has(refusal(order, plain, base::ErrorCode::kUsage), "lists spl but no distance_to_goal before it");
  NavigationEnvSettings stopless = tasks[0].settings;
  stopless.habitat->actions = {{sim::BodyAction::kMoveForward}};
  has(refusal(stopless, plain, base::ErrorCode::kUsage), "must begin with stop");
  NavigationEnvSettings lame = tasks[0].settings;
  lame.habitat->with_follower = true;
  lame.habitat->actions = {{sim::BodyAction::kStop}, {sim::BodyAction::kMoveForward}};
  has(refusal(lame, plain, base::ErrorCode::kUsage), "the follower walks by");
  Dataset far = plain;
  for (Episode& episode : far.episodes) episode.goals.front().position = {90, 0, 90};
  has(refusal(tasks[0].settings, far, base::ErrorCode::kData), "no goal can be reached");
  for (Episode& episode : far.episodes) episode.goals.clear();
  has(refusal(tasks[0].settings, far, base::ErrorCode::kData), "no goal to measure the distance to");
}

TEST(HabitatEnv, DamagedStatesAreRefused) {
  base::ThreadPool pool(1);
  const Case c = all_tasks(2)[3];
  const auto env = make(c.settings, c.dataset, pool);
  env->reset();
  const std::vector<std::uint8_t> good = env->save_state();
  for (std::size_t length = 0; length < good.size(); length += 1 + length / 7) {
    const auto status = env->restore_state(std::span(good).first(length));
    ASSERT_FALSE(status.ok()) << length;
    EXPECT_EQ(status.error().code, base::ErrorCode::kData);
  }
  NavigationEnvSettings other = c.settings;
  other.seed = 5;
  EXPECT_FALSE(make(other, c.dataset, pool)->restore_state(good).ok());
  EXPECT_TRUE(env->restore_state(good).ok());
}

}  // namespace
}  // namespace inknav::task::habitat
