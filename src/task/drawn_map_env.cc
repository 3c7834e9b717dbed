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
  INKNAV_ASSIGN_OR_RETURN(
      EpisodeWorlds worlds,
      EpisodeWorlds::add(std::move(parts.worlds), std::move(parts.world_of_episode), *simulator));
  std::unique_ptr<DrawnMapEnv> env(new DrawnMapEnv(filled, std::move(parts), pool, std::move(simulator)));
  env->worlds_ = std::move(worlds);
  return std::unique_ptr<NavigationEnv>(std::move(env));
}

DrawnMapEnv::DrawnMapEnv(const NavigationEnvSettings& settings, Parts parts, base::ThreadPool& pool,
                         std::unique_ptr<sim::Simulator> simulator)
    : settings_(settings),
      parts_(std::move(parts)),
      pool_(pool),
      simulator_(std::move(simulator)),
      slots_(settings, kNumMeasures),
      truths_(parts_.dataset.episodes.size(), static_cast<std::size_t>(settings.truth_cache_bytes)),
      drawings_(parts_.dataset.episodes.size(), static_cast<std::size_t>(settings.drawing_cache_bytes)) {
  const auto count = static_cast<std::size_t>(settings_.num_envs);
  const sim::MotionSettings& motion = settings_.simulator.motion;
  expert_.forward_step = motion.forward_step;
  expert_.turn_angle = motion.turn_angle_deg * base::kPi / 180.0f;
  expert_.allow_sliding = motion.allow_sliding;
  expert_.stop_distance = std::min(expert_.stop_distance, 0.5f * settings_.success_distance);
  walks_.resize(count);
  rows_.resize(count);
  actions_.resize(count);
  missing_.reserve(count);
  is_missing_.resize(parts_.dataset.episodes.size());
  make_fields();
}

EpisodeView DrawnMapEnv::episode_view(int environment) const {
  const auto i = static_cast<std::size_t>(environment);
  INKNAV_CHECK(i < slots_.size(), environment);
  const EpisodeSlot& slot = slots_[i];
  EpisodeView view;
  view.active = slot.active != 0;
  view.pose_world_agent = simulator_->poses()[i];
  view.progress = walks_[i].progress;
  view.collided = walks_[i].measures.collided != 0;
  if (slot.episode < 0) return view;
  const sim::World& world = worlds_.of(slot.episode);
  view.episode = &parts_.dataset.episodes[number_of(i)];
  view.scene = world.scene.get();
  view.nav_mesh = world.nav_mesh.get();
  return view;
}

std::int64_t DrawnMapEnv::next_episode(int environment, std::uint32_t draw) const {
  if (!settings_.shuffle) return slots_.in_order(environment, draw, episodes().size());
  const auto global = static_cast<std::uint32_t>(settings_.first_env + environment);
  base::PhiloxStream stream({settings_.seed, global, draw, 0, base::Purpose::kEpisodeOrder});
  return stream.uniform_int(static_cast<std::uint32_t>(episodes().size()));
}

std::size_t DrawnMapEnv::drawing_of(std::int64_t episode) const {
  const auto own = static_cast<std::size_t>(episode);
  return parts_.wrong_drawing.empty() ? own : parts_.wrong_drawing[own];
}

void DrawnMapEnv::reset() {
  slots_.list_all();
  begin_listed();
}

void DrawnMapEnv::reset_done() {
  if (slots_.list_done()) begin_listed();
}

void DrawnMapEnv::begin_listed() {
  slots_.assign([this](int e, std::uint32_t draw) { return next_episode(e, draw); });
  const std::span<const int> listed = slots_.listed();
  if (listed.empty()) return;
  prepare_truths();
  if (settings_.with_drawings) prepare_drawings();
  for (const int e : listed) attach(e);
  pool_.parallel_for(static_cast<std::int64_t>(listed.size()), 1,
                     [&](std::int64_t begin_index, std::int64_t end_index, int worker) {
                       for (std::int64_t k = begin_index; k < end_index; ++k) {
                         const int e = listed[static_cast<std::size_t>(k)];
                         begin(e);
                         write_drawing(e);
                         write_fields(e, worker);
                       }
                     });
  simulator_->observe(slots_.mask());
}

template <typename T, typename KeyOf, typename Make>
void DrawnMapEnv::prepare(EpisodeCache<T>& cache, std::shared_ptr<const T> Row::*value, const KeyOf& key_of,
                          const Make& make) {
  missing_.clear();
  for (const int e : slots_.listed()) {
    const auto i = static_cast<std::size_t>(e);
    const std::size_t key = key_of(i);
    rows_[i].*value = cache.find(key);
    if (rows_[i].*value != nullptr || is_missing_[key] != 0) continue;
    is_missing_[key] = 1;
    missing_.push_back(i);
  }
  if (missing_.empty()) return;
  pool_.parallel_for(static_cast<std::int64_t>(missing_.size()), 1,
                     [&](std::int64_t begin, std::int64_t end, int worker) {
                       for (std::int64_t k = begin; k < end; ++k) {
                         const std::size_t i = missing_[static_cast<std::size_t>(k)];
                         rows_[i].*value = make(i, worker);
                       }
                     });
  // Environments that share what was made take it before the cache may drop it again.
  for (const std::size_t owner : missing_) {
    const std::size_t key = key_of(owner);
    const std::shared_ptr<const T> made = rows_[owner].*value;
    for (const int e : slots_.listed()) {
      const auto i = static_cast<std::size_t>(e);
      if (key_of(i) == key) rows_[i].*value = made;
    }
    is_missing_[key] = 0;
    cache.insert(key, made, made->num_bytes());
  }
}

void DrawnMapEnv::prepare_truths() {
  prepare(
      truths_, &Row::truth, [this](std::size_t e) { return number_of(e); },
      [this](std::size_t e, int worker) {
        nav::NavQuery& query = simulator_->query(worlds_.sim_id(slots_[e].episode), worker);
        return compute_truth(query, aimed(number_of(e), query), settings_.simulator.motion.forward_step);
      });
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
  const auto number = static_cast<std::int64_t>(episode);
  nav::NavQuery& query = simulator_->query(worlds_.sim_id(number), worker);
  return parts_.dataset.drawings->read({parts_.dataset, drawn, worlds_.of(number), query},
                                       settings_.drawing_size);
}

void DrawnMapEnv::prepare_drawings() {
  if (settings_.drawing_mode == DrawingMode::kNone) {
    for (const int e : slots_.listed()) rows_[static_cast<std::size_t>(e)].drawing = blank_;
    return;
  }
  const auto drawing_at = [this](std::size_t e) { return drawing_of(slots_[e].episode); };
  prepare(drawings_, &Row::drawing, drawing_at, [&](std::size_t e, int worker) {
    auto drawing = open_drawing(drawing_at(e), worker);
    if (!drawing.ok()) base::log_error("{}; the episode runs with white paper", drawing.error().message);
    return drawing.ok() ? std::move(drawing).value() : blank_;
  });
}

void DrawnMapEnv::attach(int environment) {
  const auto i = static_cast<std::size_t>(environment);
  const std::size_t episode = number_of(i);
  const int world = worlds_.sim_id(slots_[i].episode);
  const base::Pose& start = episodes()[episode].start;
  simulator_->place(environment, world, parts_.body_starts.empty() ? start : parts_.body_starts[episode],
                    start, slots_[i].draws);
}

void DrawnMapEnv::begin(int environment) {
  const auto i = static_cast<std::size_t>(environment);
  Walk& walk = walks_[i];
  Row& row = rows_[i];
  const base::Vec3& position = simulator_->poses()[i].position;
  EpisodeMeasures& measures = walk.measures;
  measures = EpisodeMeasures{};
  measures.position = position;
  measures.distance_position = position;
  measures.distance_to_goal = row.truth->to_goal->at(position);
  measures.shortest = measures.distance_to_goal;
  measures.oracle_success = measures.distance_to_goal < settings_.success_distance ? 1 : 0;
  row.dtw.resize(row.truth->reference.size());
  dtw_begin(row.truth->reference, position, row.dtw);
  walk.progress = nav::RouteProgress{};
  nav::advance(row.truth->route, position, kRouteWindow, walk.progress);
  walk.rewarded = rewarded(environment);
}

float DrawnMapEnv::rewarded(int environment) const {
  const auto i = static_cast<std::size_t>(environment);
  const Walk& walk = walks_[i];
  const EpisodeTruth& truth = *rows_[i].truth;
  const float remaining = truth.route.length() - walk.progress.arc_length;
  const float geodesic_route = truth.to_goal->at(truth.route.at(walk.progress.arc_length));
  return rewarded_distance(remaining, walk.progress.distance, walk.measures.distance_to_goal, geodesic_route);
}

const StepResult& DrawnMapEnv::step(std::span<const std::int32_t> actions) {
  INKNAV_CHECK(actions.size() == slots_.size(), actions.size(), slots_.size());
  return step_rows(0, actions);
}

const StepResult& DrawnMapEnv::step_rows(int first, std::span<const std::int32_t> actions) {
  const auto begin_row = static_cast<std::size_t>(first);
  const std::size_t count = actions.size();
  slots_.begin_step(begin_row, count);
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t i = begin_row + k;
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
                         if (slots_.mask()[i] != 0) settle(e, actions_[i], worker);
                       }
                     });
  slots_.collect_finished([this](std::size_t i, EpisodeResult& result) {
    const std::vector<double>& dtw = rows_[i].dtw;
    result.steps = walks_[i].measures.steps;
    fill_measures(walks_[i].measures, dtw.back(), static_cast<std::int64_t>(dtw.size()),
                  settings_.success_distance, result.measures);
  });
  simulator_->observe(slots_.mask());
  return slots_.result();
}

void DrawnMapEnv::settle(int environment, nav::Action action, int worker) {
  const auto i = static_cast<std::size_t>(environment);
  Walk& walk = walks_[i];
  Row& row = rows_[i];
  EpisodeMeasures& measures = walk.measures;
  const base::Vec3& position = simulator_->poses()[i].position;
  ++measures.steps;
  measures.stop_called = action == nav::Action::kStop ? 1 : 0;
  measures.collided = simulator_->collided()[i];
  measures.collisions += measures.collided;
  measures.path_length += glm::length(position - measures.position);
  if (position != measures.position) {
    dtw_push(row.truth->reference, position, row.dtw);
    measures.position = position;
    nav::advance(row.truth->route, position, kRouteWindow, walk.progress);
  }
  if (has_moved(measures.distance_position, position)) {
    const float distance = row.truth->to_goal->at(position);
    if (std::isfinite(distance)) measures.distance_to_goal = distance;
    measures.distance_position = position;
  }
  if (measures.distance_to_goal < settings_.success_distance) measures.oracle_success = 1;

  StepFacts facts;
  facts.distance_before = walk.rewarded;
  facts.distance_now = walk.rewarded = rewarded(environment);
  facts.success =
      is_success(measures.stop_called != 0, measures.distance_to_goal, settings_.success_distance);
  facts.by_expert = settings_.with_expert && static_cast<int>(action) == buffers_.expert_action[i];
  const bool stopped = measures.stop_called != 0;
  slots_.settle(i, step_reward(settings_.reward, facts), stopped,
                !stopped && measures.steps >= settings_.max_episode_steps);
  write_fields(environment, worker);
}

}  // namespace inknav::task
