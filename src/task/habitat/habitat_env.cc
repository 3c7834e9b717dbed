// SPDX-License-Identifier: MIT
#include "task/habitat/habitat_env.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/log.h"
#include "base/philox.h"
#include "task/episode_faults.h"
#include "task/habitat/habitat_faults.h"
#include "task/measures.h"

namespace inknav::task::habitat {

namespace {
constexpr std::int64_t kStepGrain = 8;
constexpr std::uint32_t kDealing = 0xffffffffu;  // the scenes' own stream, which no environment has

NavigationEnvSettings filled_in(const NavigationEnvSettings& settings) {
  NavigationEnvSettings filled = settings;
  filled.simulator.seed = settings.seed;
  filled.simulator.num_agents = settings.num_envs;
  filled.simulator.cache_dir = settings.cache_dir;
  filled.simulator.first_agent = settings.first_env;
  filled.simulator.mapper.enabled = false;  // no network here reads a map without a drawing
  filled.with_drawings = filled.with_expert = false;
  filled.habitat->measure.success_distance = settings.success_distance;
  filled.habitat->reward.max_episode_steps = settings.max_episode_steps;
  return filled;
}

bool is_of_walks(Measure measure) { return measure == Measure::kNdtw || measure == Measure::kSdtw; }
}  // namespace

base::Result<std::unique_ptr<NavigationEnv>> HabitatEnv::create(const NavigationEnvSettings& settings,
                                                                Dataset dataset, base::ThreadPool& pool) {
  INKNAV_CHECK(settings.habitat.has_value());
  const NavigationEnvSettings filled = filled_in(settings);
  INKNAV_RETURN_IF_ERROR(validate(*filled.habitat, filled.simulator.sensors.rgb));
  INKNAV_RETURN_IF_ERROR(check_tables(*filled.habitat, dataset));
  WorldSet set = load_worlds(dataset, filled.nav, filled.cache_dir, pool);
  const std::vector<std::string> faults = find_faults(dataset, filled.habitat->distance_to, set, pool);
  INKNAV_ASSIGN_OR_RETURN(const int skipped, drop_faulty(faults, dataset.episodes, set.world_of_episode));
  INKNAV_ASSIGN_OR_RETURN(auto simulator, sim::Simulator::create(filled.simulator, pool));
  std::unique_ptr<HabitatEnv> env(new HabitatEnv(filled, std::move(dataset), pool, std::move(simulator)));
  env->skipped_ = skipped;
  INKNAV_RETURN_IF_ERROR(env->add_worlds(std::move(set)));
  if (filled.shuffle) env->deal_episodes();
  return std::unique_ptr<NavigationEnv>(std::move(env));
}

HabitatEnv::HabitatEnv(const NavigationEnvSettings& settings, Dataset dataset, base::ThreadPool& pool,
                       std::unique_ptr<sim::Simulator> simulator)
    : settings_(settings),
      dataset_(std::move(dataset)),
      pool_(pool),
      simulator_(std::move(simulator)),
      columns_(columns_of(settings.habitat->measures)),
      fast_dtw_(static_cast<std::size_t>(pool.num_threads())) {
  const auto count = static_cast<std::size_t>(settings_.num_envs);
  for (const Measure measure : columns_) measure_names_.emplace_back(name_of(measure));
  compares_walks_ = task().has(Measure::kNdtw) || task().has(Measure::kSdtw);
  compares_each_step_ = compares_walks_ && (is_of_walks(task().reward.reward_measure) ||
                                            is_of_walks(task().reward.success_measure));
  slots_.resize(count);
  rows_.resize(count);
  commands_.resize(count);
  goal_views_.reserve(count);
  mask_.resize(count);
  listed_.reserve(count);
  reward_.resize(count);
  terminated_.resize(count);
  truncated_.resize(count);
  result_ = {reward_, terminated_, truncated_};
  finished_.resize(count);
  for (EpisodeResult& result : finished_) result.measures.resize(columns_.size());
  if (compares_walks_ && task().fast_dtw) reserve_walks();
  make_fields();
}

void HabitatEnv::reserve_walks() {
  const auto places = static_cast<std::size_t>(settings_.max_episode_steps) + 1;
  std::size_t longest = 0;
  for (const Episode& episode : dataset_.episodes)
    longest = std::max(longest, dataset_.habitat->ground_truth.find(episode.episode_id).locations.size());
  for (Row& row : rows_) row.walk.reserve(places);
  for (FastDtw& fast : fast_dtw_) fast.reserve(places, longest);
}

base::Status HabitatEnv::add_worlds(WorldSet set) {
  world_of_episode_ = std::move(set.world_of_episode);
  std::vector<std::uint8_t> used(set.worlds.size());
  for (const int world : world_of_episode_) used[static_cast<std::size_t>(world)] = 1;
  sim_world_.assign(set.worlds.size(), -1);
  for (std::size_t i = 0; i < set.worlds.size(); ++i) {
    worlds_.push_back(std::move(set.worlds[i].world));
    if (used[i] == 0) continue;
    INKNAV_ASSIGN_OR_RETURN(sim_world_[i], simulator_->add_world(worlds_[i]));
  }
  return base::ok_status();
}

/// Habitat shuffles the scenes and deals them out one by one; what is left over is dealt as well.
void HabitatEnv::deal_episodes() {
  std::vector<std::uint32_t> order;  // scenes with episodes, shuffled
  std::vector<std::uint8_t> used(worlds_.size());
  for (const int world : world_of_episode_) used[static_cast<std::size_t>(world)] = 1;
  for (std::size_t w = 0; w < used.size(); ++w) {
    if (used[w] != 0) order.push_back(static_cast<std::uint32_t>(w));
  }
  base::PhiloxStream stream({settings_.seed, kDealing, 0, 0, base::Purpose::kEpisodeOrder});
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[stream.uniform_int(static_cast<std::uint32_t>(i))]);
  const auto total = static_cast<std::size_t>(settings_.total_envs);
  const bool everyone_has_all = order.size() < total;
  std::vector<std::size_t> owner(worlds_.size(), 0);
  for (std::size_t i = 0; i < order.size(); ++i) owner[order[i]] = i % total;

  const auto count = static_cast<std::size_t>(settings_.num_envs);
  const auto first = static_cast<std::size_t>(settings_.first_env);
  share_.assign(count, {});
  for (std::size_t i = 0; i < world_of_episode_.size(); ++i) {
    for (std::size_t e = 0; e < count; ++e) {
      const auto world = static_cast<std::size_t>(world_of_episode_[i]);
      if (everyone_has_all || owner[world] == first + e) share_[e].push_back(static_cast<std::uint32_t>(i));
    }
  }
  for (std::size_t e = 0; e < count; ++e) {
    std::vector<std::uint32_t> scenes;
    for (const std::uint32_t i : share_[e])
      scenes.push_back(static_cast<std::uint32_t>(world_of_episode_[i]));
    IteratorSettings iterator = task().iterator;
    iterator.cycle = true;
    iterators_.emplace_back(iterator, scenes, settings_.seed, static_cast<std::uint32_t>(first + e));
  }
}

bool HabitatEnv::exhausted() const {
  return !settings_.shuffle &&
         std::none_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.active != 0; });
}

WorldMemory HabitatEnv::world_memory() const {
  WorldMemory memory;
  for (const sim::World& world : worlds_) add_world(world, memory);
  return memory;
}

const Episode& HabitatEnv::episode_of(std::size_t environment) const {
  return dataset_.episodes[static_cast<std::size_t>(slots_[environment].episode)];
}

const sim::World& HabitatEnv::world_of(std::int64_t episode) const {
  return worlds_[static_cast<std::size_t>(world_of_episode_[static_cast<std::size_t>(episode)])];
}

EpisodeView HabitatEnv::episode_view(int environment) const {
  const auto i = static_cast<std::size_t>(environment);
  const Slot& slot = slots_.at(i);
  EpisodeView view;
  view.active = slot.active != 0;
  view.pose_world_agent = simulator_->poses()[i];
  view.collided = slot.measures.collided != 0;
  if (slot.episode < 0) return view;
  view.episode = &episode_of(i);
  view.scene = world_of(slot.episode).scene.get();
  view.nav_mesh = world_of(slot.episode).nav_mesh.get();
  return view;
}

double HabitatEnv::measure(int environment, Measure measure) const {
  return value_of(measure, slots_.at(static_cast<std::size_t>(environment)).measures, task().measure);
}

std::int64_t HabitatEnv::next_episode(int environment) {
  const auto i = static_cast<std::size_t>(environment);
  const std::uint32_t draw = slots_[i].draws++;
  if (settings_.shuffle) {
    const auto next = iterators_[i].next();
    return next ? std::int64_t{share_[i][*next]} : -1;
  }
  const std::int64_t episode =
      std::int64_t{settings_.first_env} + environment + std::int64_t{draw} * settings_.total_envs;
  return episode < static_cast<std::int64_t>(dataset_.episodes.size()) ? episode : -1;
}

void HabitatEnv::reset() {
  listed_.clear();
  num_finished_ = 0;
  if (settings_.shuffle) {
    iterators_.clear();
    deal_episodes();
  }
  for (int e = 0; e < settings_.num_envs; ++e) {
    slots_[static_cast<std::size_t>(e)] = Slot{};
    listed_.push_back(e);
  }
  begin_listed();
}

void HabitatEnv::reset_done() {
  listed_.clear();
  for (int e = 0; e < settings_.num_envs; ++e) {
    if (slots_[static_cast<std::size_t>(e)].done != 0) listed_.push_back(e);
  }
  if (!listed_.empty()) begin_listed();
}

void HabitatEnv::begin_listed() {
  std::size_t kept = 0;
  for (const int e : listed_) {
    Slot& slot = slots_[static_cast<std::size_t>(e)];
    slot.done = 0;
    const std::int64_t episode = next_episode(e);
    slot.active = episode >= 0 ? 1 : 0;
    if (episode < 0) continue;
    slot.episode = episode;
    listed_[kept++] = e;
  }
  listed_.resize(kept);
  if (listed_.empty()) return;
  std::fill(mask_.begin(), mask_.end(), std::uint8_t{0});
  for (const int e : listed_) {
    attach(e);
    mask_[static_cast<std::size_t>(e)] = 1;
  }
  pool_.parallel_for(
      static_cast<std::int64_t>(listed_.size()), 1,
      [&](std::int64_t begin_index, std::int64_t end_index, int worker) {
        for (std::int64_t k = begin_index; k < end_index; ++k) {
          const int e = listed_[static_cast<std::size_t>(k)];
          prepare(e, simulator_->query(simulator_->world_ids()[static_cast<std::size_t>(e)], worker));
          begin(e, worker);
          write_static_fields(e);
          write_fields(e, worker);
        }
      });
  render_image_goals();
  simulator_->observe(mask_);
}

void HabitatEnv::attach(int environment) {
  const auto i = static_cast<std::size_t>(environment);
  const int world = world_of_episode_[static_cast<std::size_t>(slots_[i].episode)];
  const base::Pose& start = episode_of(i).start;
  simulator_->place(environment, sim_world_[static_cast<std::size_t>(world)], start, start, slots_[i].draws);
}

/// What follows from the episode alone.
void HabitatEnv::prepare(int environment, nav::NavQuery& query) {
  const auto i = static_cast<std::size_t>(environment);
  const Episode& episode = episode_of(i);
  Row& row = rows_[i];
  const std::vector<base::Vec3> goals = goal_points(dataset_.habitat.get(), episode, task().distance_to);
  row.goals.emplace(query, goals);
  row.reference = {};
  if (compares_walks_ && dataset_.habitat != nullptr)
    row.reference = dataset_.habitat->ground_truth.find(episode.episode_id).locations;
  if (!task().with_follower) return;
  const sim::MotionSettings& motion = settings_.simulator.motion;
  nav::FollowerSettings follower;
  follower.forward_step = motion.forward_step;
  follower.turn_angle = motion.turn_angle_deg * base::kPi / 180.0f;
  const float radius = episode.goals.empty() ? 0.0f : episode.goals.front().radius;
  follower.goal_radius =
      std::min(radius > 0.0f ? radius : 0.75f * motion.forward_step, settings_.success_distance);
  follower.allow_sliding = motion.allow_sliding;
  row.follower.emplace(follower);
}

void HabitatEnv::begin(int environment, int worker) {
  const auto i = static_cast<std::size_t>(environment);
  Slot& slot = slots_[i];
  Row& row = rows_[i];
  const base::Vec3& position = simulator_->poses()[i].position;
  nav::NavQuery& query = simulator_->query(simulator_->world_ids()[i], worker);
  habitat::begin(position, row.goals->nearest_length(query, position), task().measure, slot.measures);
  slot.episode_reward = 0.0;
  if (row.reference.empty()) return;
  if (task().fast_dtw) {
    row.walk.assign(1, position);
  } else {
    row.dtw.resize(row.reference.size());
    dtw_begin(row.reference, position, row.dtw);
  }
  compare_walk(environment, worker, compares_each_step_);
}

const StepResult& HabitatEnv::step(std::span<const std::int32_t> actions) {
  INKNAV_CHECK(actions.size() == slots_.size(), actions.size(), slots_.size());
  return step_rows(0, actions);
}

const StepResult& HabitatEnv::step_rows(int first, std::span<const std::int32_t> actions) {
  const auto begin_row = static_cast<std::size_t>(first);
  const std::size_t count = actions.size();
  INKNAV_CHECK(first >= 0 && begin_row + count <= slots_.size(), first, count, slots_.size());
  num_finished_ = 0;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    INKNAV_CHECK(slots_[i].done == 0, "reset_done() must follow a step that ended an episode", i);
    mask_[i] = 0;
  }
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t i = begin_row + k;
    mask_[i] = slots_[i].active;
    commands_[i] = sim::Command{};
    if (slots_[i].active == 0) continue;
    INKNAV_CHECK(actions[k] >= 0 && actions[k] < fields_.spec().num_actions, actions[k], i);
    commands_[i].action = task().actions[static_cast<std::size_t>(actions[k])];
  }
  simulator_->step_agents(first, std::span<const sim::Command>(commands_).subspan(begin_row, count));
  pool_.parallel_for(static_cast<std::int64_t>(count), kStepGrain,
                     [&](std::int64_t begin_index, std::int64_t end_index, int worker) {
                       for (std::int64_t index = begin_index; index < end_index; ++index) {
                         const auto k = static_cast<std::size_t>(index), i = begin_row + k;
                         reward_[i] = 0.0f;
                         terminated_[i] = truncated_[i] = 0;
                         if (mask_[i] != 0) settle(static_cast<int>(i), actions[k], worker);
                       }
                     });
  collect_finished();
  simulator_->observe(mask_);
  result_ = {std::span<const float>(reward_).subspan(begin_row, count),
             std::span<const std::uint8_t>(terminated_).subspan(begin_row, count),
             std::span<const std::uint8_t>(truncated_).subspan(begin_row, count)};
  return result_;
}

void HabitatEnv::settle(int environment, std::int32_t action, int worker) {
  const auto i = static_cast<std::size_t>(environment);
  Slot& slot = slots_[i];
  Row& row = rows_[i];
  StepOutcome outcome;
  outcome.position = simulator_->poses()[i].position;
  outcome.stop_called = action == kStopAction;
  outcome.collided = simulator_->collided()[i] != 0;
  const bool repeats = outcome.position == slot.measures.position;
  float distance = 0.0f;
  if (measures_distance_anew(slot.measures, outcome.position)) {
    distance =
        row.goals->nearest_length(simulator_->query(simulator_->world_ids()[i], worker), outcome.position);
  }
  update(outcome, distance, task().measure, slot.measures);
  if (settings_.shuffle) iterators_[i].step_taken();
  if (!row.reference.empty() && !repeats) {
    if (task().fast_dtw) {
      row.walk.push_back(outcome.position);
    } else {
      dtw_push(row.reference, outcome.position, row.dtw);
    }
  }
  const EpisodeEnd by_steps = episode_end(task().reward, slot.measures, task().measure);
  compare_walk(environment, worker, compares_each_step_ || by_steps.terminated || by_steps.truncated);
  const EpisodeEnd end = episode_end(task().reward, slot.measures, task().measure);
  reward_[i] = step_reward(task().reward, slot.measures, task().measure);
  slot.episode_reward += static_cast<double>(reward_[i]);
  terminated_[i] = end.terminated ? 1 : 0;
  truncated_[i] = end.truncated ? 1 : 0;
  slot.done = terminated_[i] | truncated_[i];
  write_fields(environment, worker);
}

/// nDTW of the walk so far, when it is asked for: the fast one costs as much as the walk is long.
void HabitatEnv::compare_walk(int environment, int worker, bool asked) {
  const auto i = static_cast<std::size_t>(environment);
  Row& row = rows_[i];
  if (!asked || row.reference.empty()) return;
  const double dtw = task().fast_dtw
                         ? fast_dtw_[static_cast<std::size_t>(worker)].distance(row.walk, row.reference)
                         : row.dtw.back();
  slots_[i].measures.ndtw = ndtw(dtw, row.reference.size(), task().measure.ndtw_distance);
}

void HabitatEnv::collect_finished() {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (slot.done == 0) continue;
    EpisodeResult& result = finished_[num_finished_++];
    result.environment = static_cast<int>(i);
    result.episode = slot.episode;
    result.steps = slot.measures.steps;
    result.reward = static_cast<float>(slot.episode_reward);
    for (std::size_t m = 0; m < columns_.size(); ++m)
      result.measures[m] = static_cast<float>(value_of(columns_[m], slot.measures, task().measure));
  }
}

}  // namespace inknav::task::habitat
