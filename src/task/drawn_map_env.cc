// SPDX-License-Identifier: MIT
#include "task/drawn_map_env.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/log.h"
#include "base/philox.h"
#include "task/drawing_synthesis.h"

namespace inknav::task {

namespace {
constexpr std::int64_t kStepGrain = 8;
static_assert(kStopAction == static_cast<std::int32_t>(nav::Action::kStop) &&
              kForwardAction == static_cast<std::int32_t>(nav::Action::kForward));
constexpr float kRouteWindow = 1.0f;  // metres of route that progress looks back and ahead in a step
}  // namespace

base::Result<std::unique_ptr<NavigationEnv>> DrawnMapEnv::create(const NavigationEnvSettings& settings,
                                                                 Parts parts, base::ThreadPool& pool) {
  NavigationEnvSettings filled = settings;
  filled.simulator.seed = settings.seed;
  filled.simulator.num_agents = settings.num_envs;
  filled.simulator.cache_dir = settings.cache_dir;
  filled.simulator.first_agent = settings.first_env;
  if (settings.reward.expert_reward != 0.0f) filled.with_expert = true;
  INKNAV_ASSIGN_OR_RETURN(auto simulator, sim::Simulator::create(filled.simulator, pool));
  std::unique_ptr<DrawnMapEnv> env(new DrawnMapEnv(filled, std::move(parts), pool, std::move(simulator)));
  INKNAV_RETURN_IF_ERROR(env->add_worlds());
  return std::unique_ptr<NavigationEnv>(std::move(env));
}

DrawnMapEnv::DrawnMapEnv(const NavigationEnvSettings& settings, Parts parts, base::ThreadPool& pool,
                         std::unique_ptr<sim::Simulator> simulator)
    : settings_(settings),
      parts_(std::move(parts)),
      pool_(pool),
      simulator_(std::move(simulator)),
      truths_(parts_.dataset.episodes.size(), static_cast<std::size_t>(settings.truth_cache_bytes)),
      drawings_(parts_.dataset.episodes.size(), static_cast<std::size_t>(settings.drawing_cache_bytes)) {
  const auto count = static_cast<std::size_t>(settings_.num_envs);
  const sim::MotionSettings& motion = settings_.simulator.motion;
  expert_.forward_step = motion.forward_step;
  expert_.turn_angle = motion.turn_angle_deg * base::kPi / 180.0f;
  expert_.allow_sliding = motion.allow_sliding;
  expert_.stop_distance = std::min(expert_.stop_distance, 0.5f * settings_.success_distance);
  slots_.resize(count);
  rows_.resize(count);
  actions_.resize(count);
  mask_.resize(count);
  listed_.reserve(count);
  missing_.reserve(count);
  is_missing_.resize(parts_.dataset.episodes.size());
  reward_.resize(count);
  terminated_.resize(count);
  truncated_.resize(count);
  result_ = {reward_, terminated_, truncated_};
  finished_.resize(count);
  for (EpisodeResult& result : finished_) result.measures.resize(kNumMeasures);
  make_fields();
}

base::Status DrawnMapEnv::add_worlds() {
  sim_world_.assign(parts_.worlds.size(), -1);
  std::vector<std::uint8_t> used(parts_.worlds.size());
  for (const int world : parts_.world_of_episode) used[static_cast<std::size_t>(world)] = 1;
  for (std::size_t i = 0; i < parts_.worlds.size(); ++i) {
    if (used[i] == 0) continue;
    INKNAV_ASSIGN_OR_RETURN(sim_world_[i], simulator_->add_world(parts_.worlds[i]));
  }
  return base::ok_status();
}

bool DrawnMapEnv::exhausted() const {
  return !settings_.shuffle &&
         std::none_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.active != 0; });
}

WorldMemory DrawnMapEnv::world_memory() const {
  WorldMemory memory;
  for (const sim::World& world : parts_.worlds) add_world(world, memory);
  return memory;
}

EpisodeView DrawnMapEnv::episode_view(int environment) const {
  const auto i = static_cast<std::size_t>(environment);
  const Slot& slot = slots_.at(i);
  EpisodeView view;
  view.active = slot.active != 0;
  view.pose_world_agent = simulator_->poses()[i];
  view.progress = slot.progress;
  view.collided = slot.measures.collided != 0;
  if (slot.episode < 0) return view;
  const auto episode = static_cast<std::size_t>(slot.episode);
  const sim::World& world = parts_.worlds[static_cast<std::size_t>(parts_.world_of_episode[episode])];
  view.episode = &parts_.dataset.episodes[episode];
  view.scene = world.scene.get();
  view.nav_mesh = world.nav_mesh.get();
  return view;
}

std::int64_t DrawnMapEnv::next_episode(int environment) {
  Slot& slot = slots_[static_cast<std::size_t>(environment)];
  const auto count = static_cast<std::int64_t>(episodes().size());
  const std::int64_t global = settings_.first_env + environment;
  const std::uint32_t draw = slot.draws++;
  if (!settings_.shuffle) {
    const std::int64_t episode = global + std::int64_t{draw} * settings_.total_envs;
    return episode < count ? episode : -1;
  }
  base::PhiloxStream stream(
      {settings_.seed, static_cast<std::uint32_t>(global), draw, 0, base::Purpose::kEpisodeOrder});
  return stream.uniform_int(static_cast<std::uint32_t>(count));
}

std::size_t DrawnMapEnv::drawing_of(std::int64_t episode) const {
  const auto own = static_cast<std::size_t>(episode);
  return parts_.wrong_drawing.empty() ? own : parts_.wrong_drawing[own];
}

void DrawnMapEnv::reset() {
  listed_.clear();
  num_finished_ = 0;
  for (int e = 0; e < settings_.num_envs; ++e) {
    slots_[static_cast<std::size_t>(e)] = Slot{};
    listed_.push_back(e);
  }
  begin_listed();
}

void DrawnMapEnv::reset_done() {
  listed_.clear();
  for (int e = 0; e < settings_.num_envs; ++e) {
    if (slots_[static_cast<std::size_t>(e)].done != 0) listed_.push_back(e);
  }
  if (!listed_.empty()) begin_listed();
}

void DrawnMapEnv::begin_listed() {
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
  prepare_truths();
  if (settings_.with_drawings) prepare_drawings();
  std::fill(mask_.begin(), mask_.end(), std::uint8_t{0});
  for (const int e : listed_) {
    attach(e);
    mask_[static_cast<std::size_t>(e)] = 1;
  }
  pool_.parallel_for(static_cast<std::int64_t>(listed_.size()), 1,
                     [&](std::int64_t begin_index, std::int64_t end_index, int worker) {
                       for (std::int64_t k = begin_index; k < end_index; ++k) {
                         const int e = listed_[static_cast<std::size_t>(k)];
                         begin(e);
                         write_drawing(e);
                         write_fields(e, worker);
                       }
                     });
  simulator_->observe(mask_);
}

void DrawnMapEnv::prepare_truths() {
  missing_.clear();
  for (const int e : listed_) {
    const auto episode = static_cast<std::size_t>(slots_[static_cast<std::size_t>(e)].episode);
    Row& row = rows_[static_cast<std::size_t>(e)];
    row.truth = truths_.find(episode);
    if (row.truth != nullptr || is_missing_[episode] != 0) continue;
    is_missing_[episode] = 1;
    missing_.push_back(e);
  }
  if (missing_.empty()) return;
  pool_.parallel_for(
      static_cast<std::int64_t>(missing_.size()), 1, [&](std::int64_t begin, std::int64_t end, int worker) {
        for (std::int64_t k = begin; k < end; ++k) {
          const auto e = static_cast<std::size_t>(missing_[static_cast<std::size_t>(k)]);
          const auto episode = static_cast<std::size_t>(slots_[e].episode);
          const int world = sim_world_[static_cast<std::size_t>(parts_.world_of_episode[episode])];
          nav::NavQuery& query = simulator_->query(world, worker);
          rows_[e].truth =
              compute_truth(query, aimed(episode, query), settings_.simulator.motion.forward_step);
        }
      });
  // Environments that share a prepared episode take it before the cache may drop it again.
  for (const std::int64_t owner : missing_) {
    const Slot& slot = slots_[static_cast<std::size_t>(owner)];
    const auto& truth = rows_[static_cast<std::size_t>(owner)].truth;
    for (const int e : listed_) {
      if (slots_[static_cast<std::size_t>(e)].episode == slot.episode)
        rows_[static_cast<std::size_t>(e)].truth = truth;
    }
    is_missing_[static_cast<std::size_t>(slot.episode)] = 0;
    truths_.insert(static_cast<std::size_t>(slot.episode), truth, truth->num_bytes());
  }
}

/// The episode with the goal that its drawing leads to.
Episode DrawnMapEnv::aimed(std::size_t episode, nav::NavQuery& query) const {
  Episode copy = episodes()[episode];
  if (const auto goal = drawn_goal(parts_.dataset, copy, query)) copy.goals.front() = *goal;
  return copy;
}

base::Result<std::shared_ptr<const DrawingReading>> DrawnMapEnv::open_drawing(std::size_t episode,
                                                                              int worker) {
  const Episode& drawn = episodes()[episode];
  if (!needs_synthesis(parts_.dataset, drawn)) {
    return load_drawing(drawing_path(parts_.dataset, drawn), settings_.drawing_size);
  }
  const auto world = static_cast<std::size_t>(parts_.world_of_episode[episode]);
  nav::NavQuery& query = simulator_->query(sim_world_[world], worker);
  return parts_.dataset.drawings->read({parts_.dataset, drawn, parts_.worlds[world], query},
                                       settings_.drawing_size);
}

void DrawnMapEnv::prepare_drawings() {
  missing_.clear();
  if (settings_.drawing_mode == DrawingMode::kNone) {
    for (const int e : listed_) rows_[static_cast<std::size_t>(e)].drawing = blank_;
    return;
  }
  const auto drawing_at = [&](std::int64_t e) {
    return drawing_of(slots_[static_cast<std::size_t>(e)].episode);
  };
  for (const int e : listed_) {
    const std::size_t drawing = drawing_at(e);
    Row& row = rows_[static_cast<std::size_t>(e)];
    row.drawing = drawings_.find(drawing);
    if (row.drawing != nullptr || is_missing_[drawing] != 0) continue;
    is_missing_[drawing] = 1;
    missing_.push_back(e);
  }
  if (missing_.empty()) return;
  pool_.parallel_for(
      static_cast<std::int64_t>(missing_.size()), 1, [&](std::int64_t begin, std::int64_t end, int worker) {
        for (std::int64_t k = begin; k < end; ++k) {
          const std::int64_t e = missing_[static_cast<std::size_t>(k)];
          auto drawing = open_drawing(drawing_at(e), worker);
          if (!drawing.ok())
            base::log_error("{}; the episode runs with white paper", drawing.error().message);
          rows_[static_cast<std::size_t>(e)].drawing = drawing.ok() ? std::move(drawing).value() : blank_;
        }
      });
  for (const std::int64_t owner : missing_) {
    const std::size_t drawing = drawing_at(owner);
    const auto& reading = rows_[static_cast<std::size_t>(owner)].drawing;
    for (const int e : listed_) {
      if (drawing_at(e) == drawing) rows_[static_cast<std::size_t>(e)].drawing = reading;
    }
    is_missing_[drawing] = 0;
    drawings_.insert(drawing, reading, reading->num_bytes());
  }
}

void DrawnMapEnv::attach(int environment) {
  const auto i = static_cast<std::size_t>(environment);
  const auto episode = static_cast<std::size_t>(slots_[i].episode);
  const int world = sim_world_[static_cast<std::size_t>(parts_.world_of_episode[episode])];
  const base::Pose& start = episodes()[episode].start;
  simulator_->place(environment, world, parts_.body_starts.empty() ? start : parts_.body_starts[episode],
                    start, slots_[i].draws);
}

void DrawnMapEnv::begin(int environment) {
  const auto i = static_cast<std::size_t>(environment);
  Slot& slot = slots_[i];
  Row& row = rows_[i];
  const base::Vec3& position = simulator_->poses()[i].position;
  EpisodeMeasures& measures = slot.measures;
  measures = EpisodeMeasures{};
  measures.position = position;
  measures.distance_position = position;
  measures.distance_to_goal = row.truth->to_goal->at(position);
  measures.shortest = measures.distance_to_goal;
  measures.oracle_success = measures.distance_to_goal < settings_.success_distance ? 1 : 0;
  row.dtw.resize(row.truth->reference.size());
  dtw_begin(row.truth->reference, position, row.dtw);
  slot.progress = nav::RouteProgress{};
  nav::advance(row.truth->route, position, kRouteWindow, slot.progress);
  slot.episode_reward = 0.0f;
  slot.rewarded = rewarded(environment);
}

float DrawnMapEnv::rewarded(int environment) const {
  const auto i = static_cast<std::size_t>(environment);
  const Slot& slot = slots_[i];
  const EpisodeTruth& truth = *rows_[i].truth;
  const float remaining = truth.route.length() - slot.progress.arc_length;
  const float geodesic_route = truth.to_goal->at(truth.route.at(slot.progress.arc_length));
  return rewarded_distance(remaining, slot.progress.distance, slot.measures.distance_to_goal, geodesic_route);
}

const StepResult& DrawnMapEnv::step(std::span<const std::int32_t> actions) {
  INKNAV_CHECK(actions.size() == slots_.size(), actions.size(), slots_.size());
  return step_rows(0, actions);
}

const StepResult& DrawnMapEnv::step_rows(int first, std::span<const std::int32_t> actions) {
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
    actions_[i] = nav::Action::kStop;
    if (slots_[i].active == 0) continue;
    INKNAV_CHECK(actions[k] >= 0 && actions[k] < nav::kNumActions, actions[k], i);
    actions_[i] = static_cast<nav::Action>(actions[k]);
  }
  simulator_->step_agents(first, std::span<const nav::Action>(actions_).subspan(begin_row, count));
  pool_.parallel_for(static_cast<std::int64_t>(count), kStepGrain,
                     [&](std::int64_t begin_index, std::int64_t end_index, int worker) {
                       for (std::int64_t k = begin_index; k < end_index; ++k) {
                         const int e = first + static_cast<int>(k);
                         const auto i = static_cast<std::size_t>(e);
                         reward_[i] = 0.0f;
                         terminated_[i] = truncated_[i] = 0;
                         if (mask_[i] != 0) settle(e, actions_[i], worker);
                       }
                     });
  collect_finished();
  simulator_->observe(mask_);
  result_ = {std::span<const float>(reward_).subspan(begin_row, count),
             std::span<const std::uint8_t>(terminated_).subspan(begin_row, count),
             std::span<const std::uint8_t>(truncated_).subspan(begin_row, count)};
  return result_;
}

void DrawnMapEnv::settle(int environment, nav::Action action, int worker) {
  const auto i = static_cast<std::size_t>(environment);
  Slot& slot = slots_[i];
  Row& row = rows_[i];
  EpisodeMeasures& measures = slot.measures;
  const base::Vec3& position = simulator_->poses()[i].position;
  ++measures.steps;
  measures.stop_called = action == nav::Action::kStop ? 1 : 0;
  measures.collided = simulator_->collided()[i];
  measures.collisions += measures.collided;
  measures.path_length += glm::length(position - measures.position);
  if (position != measures.position) {
    dtw_push(row.truth->reference, position, row.dtw);
    measures.position = position;
    nav::advance(row.truth->route, position, kRouteWindow, slot.progress);
  }
  if (has_moved(measures.distance_position, position)) {
    const float distance = row.truth->to_goal->at(position);
    if (std::isfinite(distance)) measures.distance_to_goal = distance;
    measures.distance_position = position;
  }
  if (measures.distance_to_goal < settings_.success_distance) measures.oracle_success = 1;

  StepFacts facts;
  facts.distance_before = slot.rewarded;
  facts.distance_now = slot.rewarded = rewarded(environment);
  facts.success =
      is_success(measures.stop_called != 0, measures.distance_to_goal, settings_.success_distance);
  facts.by_expert = settings_.with_expert && static_cast<int>(action) == slot.expert_action;
  reward_[i] = step_reward(settings_.reward, facts);
  slot.episode_reward += reward_[i];
  terminated_[i] = measures.stop_called;
  truncated_[i] = measures.stop_called == 0 && measures.steps >= settings_.max_episode_steps ? 1 : 0;
  slot.done = terminated_[i] | truncated_[i];
  write_fields(environment, worker);
}

void DrawnMapEnv::collect_finished() {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (slot.done == 0) continue;
    EpisodeResult& result = finished_[num_finished_++];
    result.environment = static_cast<int>(i);
    result.episode = slot.episode;
    result.steps = slot.measures.steps;
    result.reward = slot.episode_reward;
    const Row& row = rows_[i];
    fill_measures(slot.measures, row.dtw.back(), static_cast<std::int64_t>(row.dtw.size()),
                  settings_.success_distance, result.measures);
  }
}

}  // namespace inknav::task
