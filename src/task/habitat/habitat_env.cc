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
  INKNAV_RETURN_IF_ERROR(
      validate(*filled.habitat, filled.simulator.sensors.rgb, filled.simulator.motion.velocity));
  INKNAV_RETURN_IF_ERROR(check_tables(*filled.habitat, dataset));
  // Once, not by every rank.
  if (filled.first_env == 0 && lacks_tokens(*filled.habitat, dataset)) {
    base::log_warning(
        "the episodes have instructions but no instruction_tokens (RxR has none), so the field instruction "
        "is 0 throughout; their texts are in HabitatEnv::instruction()");
  }
  WorldSet set = load_worlds(dataset, filled.nav, filled.cache_dir, pool);
  const std::vector<std::string> faults = find_faults(dataset, filled.habitat->distance_to, set, pool);
  INKNAV_ASSIGN_OR_RETURN(const int skipped, drop_faulty(faults, dataset.episodes, set.world_of_episode));
  INKNAV_ASSIGN_OR_RETURN(auto simulator, sim::Simulator::create(filled.simulator, pool));
  std::vector<sim::World> loaded;
  for (LoadedWorld& world : set.worlds) loaded.push_back(std::move(world.world));
  INKNAV_ASSIGN_OR_RETURN(EpisodeWorlds worlds,
                          EpisodeWorlds::add(std::move(loaded), std::move(set.world_of_episode), *simulator));
  std::unique_ptr<HabitatEnv> env(new HabitatEnv(filled, std::move(dataset), pool, std::move(simulator)));
  env->skipped_ = skipped;
  env->worlds_ = std::move(worlds);
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
      slots_(settings, columns_.size()),
      fast_dtw_(static_cast<std::size_t>(pool.num_threads())) {
  const auto count = static_cast<std::size_t>(settings_.num_envs);
  for (const Measure measure : columns_) measure_names_.emplace_back(name_of(measure));
  compares_walks_ = task().has(Measure::kNdtw) || task().has(Measure::kSdtw);
  compares_each_step_ = compares_walks_ && (is_of_walks(task().reward.reward_measure) ||
                                            is_of_walks(task().reward.success_measure));
  measures_.resize(count);
  rows_.resize(count);
  commands_.resize(count);
  goal_views_.reserve(count);
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

/// Habitat shuffles the scenes and deals them out one by one; what is left over is dealt as well.
void HabitatEnv::deal_episodes() {
  std::vector<std::uint32_t> order;  // scenes with episodes, shuffled
  for (std::size_t w = 0; w < worlds_.num_worlds(); ++w) {
    if (worlds_.is_used(w)) order.push_back(static_cast<std::uint32_t>(w));
  }
  base::PhiloxStream stream({settings_.seed, kDealing, 0, 0, base::Purpose::kEpisodeOrder});
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[stream.uniform_int(static_cast<std::uint32_t>(i))]);
  const auto total = static_cast<std::size_t>(settings_.total_envs);
  const bool everyone_has_all = order.size() < total;
  std::vector<std::size_t> owner(worlds_.num_worlds(), 0);
  for (std::size_t i = 0; i < order.size(); ++i) owner[order[i]] = i % total;

  const auto count = static_cast<std::size_t>(settings_.num_envs);
  const auto first = static_cast<std::size_t>(settings_.first_env);
  share_.assign(count, {});
  for (std::size_t i = 0; i < episodes().size(); ++i) {
    const std::size_t world = worlds_.index_of(static_cast<std::int64_t>(i));
    for (std::size_t e = 0; e < count; ++e) {
      if (everyone_has_all || owner[world] == first + e) share_[e].push_back(static_cast<std::uint32_t>(i));
    }
  }
  for (std::size_t e = 0; e < count; ++e) {
    std::vector<std::uint32_t> scenes;
    for (const std::uint32_t i : share_[e]) scenes.push_back(static_cast<std::uint32_t>(worlds_.index_of(i)));
    IteratorSettings iterator = task().iterator;
    iterator.cycle = true;
    iterators_.emplace_back(iterator, scenes, settings_.seed, static_cast<std::uint32_t>(first + e));
  }
}

const Episode& HabitatEnv::episode_of(std::size_t environment) const {
  return dataset_.episodes[static_cast<std::size_t>(slots_[environment].episode)];
}

EpisodeView HabitatEnv::episode_view(int environment) const {
  const auto i = static_cast<std::size_t>(environment);
  INKNAV_CHECK(i < slots_.size(), environment);
  const EpisodeSlot& slot = slots_[i];
  EpisodeView view;
  view.active = slot.active != 0;
  view.pose_world_agent = simulator_->poses()[i];
  view.collided = measures_[i].collided != 0;
  if (slot.episode < 0) return view;
  view.episode = &episode_of(i);
  view.scene = worlds_.of(slot.episode).scene.get();
  view.nav_mesh = worlds_.of(slot.episode).nav_mesh.get();
  return view;
}

double HabitatEnv::measure(int environment, Measure measure) const {
  return value_of(measure, measures_.at(static_cast<std::size_t>(environment)), task().measure);
}

Instruction HabitatEnv::instruction(int environment) const {
  const auto i = static_cast<std::size_t>(environment);
  INKNAV_CHECK(i < slots_.size(), environment);
  if (slots_[i].episode < 0 || dataset_.habitat == nullptr) return {};
  return dataset_.habitat->instruction(episode_of(i));
}

std::int64_t HabitatEnv::next_episode(int environment, std::uint32_t draw) {
  if (!settings_.shuffle) return slots_.in_order(environment, draw, episodes().size());
  const auto i = static_cast<std::size_t>(environment);
  const auto next = iterators_[i].next();
  return next ? std::int64_t{share_[i][*next]} : -1;
}

void HabitatEnv::reset() {
  if (settings_.shuffle) {
    iterators_.clear();
    deal_episodes();
  }
  slots_.list_all();
  begin_listed();
}

void HabitatEnv::reset_done() {
  if (slots_.list_done()) begin_listed();
}

void HabitatEnv::begin_listed() {
  slots_.assign([this](int e, std::uint32_t draw) { return next_episode(e, draw); });
  const std::span<const int> listed = slots_.listed();
  if (listed.empty()) return;
  for (const int e : listed) attach(e);
  pool_.parallel_for(
      static_cast<std::int64_t>(listed.size()), 1,
      [&](std::int64_t begin_index, std::int64_t end_index, int worker) {
        for (std::int64_t k = begin_index; k < end_index; ++k) {
          const int e = listed[static_cast<std::size_t>(k)];
          prepare(e, simulator_->query(simulator_->world_ids()[static_cast<std::size_t>(e)], worker));
          begin(e, worker);
          write_static_fields(e);
          write_fields(e, worker);
        }
      });
  render_image_goals();
  simulator_->observe(slots_.mask());
}

void HabitatEnv::attach(int environment) {
  const auto i = static_cast<std::size_t>(environment);
  const base::Pose& start = episode_of(i).start;
  simulator_->place(environment, worlds_.sim_id(slots_[i].episode), start, start, slots_[i].draws);
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
  Row& row = rows_[i];
  const base::Vec3& position = simulator_->poses()[i].position;
  nav::NavQuery& query = simulator_->query(simulator_->world_ids()[i], worker);
  habitat::begin(position, row.goals->nearest_length(query, position), task().measure, measures_[i]);
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
  slots_.begin_step(begin_row, actions.size());
  for (std::size_t k = 0; k < actions.size(); ++k) {
    const std::size_t i = begin_row + k;
    commands_[i] = sim::Command{};
    if (slots_[i].active == 0) continue;
    INKNAV_CHECK(actions[k] >= 0 && actions[k] < fields_.spec().num_actions, actions[k], i);
    commands_[i] = task().actions[static_cast<std::size_t>(actions[k])];
  }
  return carry_out(begin_row, actions.size());
}

const StepResult& HabitatEnv::step(std::span<const sim::Command> commands) {
  INKNAV_CHECK(commands.size() == slots_.size(), commands.size(), slots_.size());
  slots_.begin_step(0, commands.size());
  std::fill(commands_.begin(), commands_.end(), sim::Command{});
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].active == 0) continue;
    INKNAV_CHECK(task().allows(commands[i].action), static_cast<int>(commands[i].action), i);
    commands_[i] = commands[i];
  }
  return carry_out(0, commands.size());
}

const StepResult& HabitatEnv::carry_out(std::size_t first, std::size_t count) {
  simulator_->step_agents(static_cast<int>(first),
                          std::span<const sim::Command>(commands_).subspan(first, count));
  pool_.parallel_for(static_cast<std::int64_t>(count), kStepGrain,
                     [&](std::int64_t begin_index, std::int64_t end_index, int worker) {
                       for (std::int64_t k = begin_index; k < end_index; ++k) {
                         const std::size_t i = first + static_cast<std::size_t>(k);
                         if (slots_.mask()[i] != 0) settle(static_cast<int>(i), worker);
                       }
                     });
  slots_.collect_finished([this](std::size_t i, EpisodeResult& result) {
    result.steps = measures_[i].steps;
    for (std::size_t m = 0; m < columns_.size(); ++m)
      result.measures[m] = static_cast<float>(value_of(columns_[m], measures_[i], task().measure));
  });
  simulator_->observe(slots_.mask());
  return slots_.result();
}

bool HabitatEnv::is_stop(const sim::Command& command) const {
  if (command.action != sim::BodyAction::kVelocity) return command.action == sim::BodyAction::kStop;
  const sim::VelocitySettings& velocity = settings_.simulator.motion.velocity;
  return sim::is_velocity_stop(velocity, sim::velocity_of(velocity, command.linear, command.angular));
}

void HabitatEnv::settle(int environment, int worker) {
  const auto i = static_cast<std::size_t>(environment);
  MeasureState& measures = measures_[i];
  Row& row = rows_[i];
  StepOutcome outcome;
  outcome.position = simulator_->poses()[i].position;
  outcome.stop_called = is_stop(commands_[i]);
  outcome.collided = simulator_->collided()[i] != 0 && sim::reports_collision(commands_[i].action);
  const bool repeats = outcome.position == measures.position;
  float distance = 0.0f;
  if (measures_distance_anew(measures, outcome.position)) {
    distance =
        row.goals->nearest_length(simulator_->query(simulator_->world_ids()[i], worker), outcome.position);
  }
  update(outcome, distance, task().measure, measures);
  if (settings_.shuffle) iterators_[i].step_taken();
  if (!row.reference.empty() && !repeats) {
    if (task().fast_dtw) {
      row.walk.push_back(outcome.position);
    } else {
      dtw_push(row.reference, outcome.position, row.dtw);
    }
  }
  const EpisodeEnd by_steps = episode_end(task().reward, measures, task().measure);
  compare_walk(environment, worker, compares_each_step_ || by_steps.terminated || by_steps.truncated);
  const EpisodeEnd end = episode_end(task().reward, measures, task().measure);
  slots_.settle(i, step_reward(task().reward, measures, task().measure), end.terminated, end.truncated);
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
  measures_[i].ndtw = ndtw(dtw, row.reference.size(), task().measure.ndtw_distance);
}

}  // namespace inknav::task::habitat
