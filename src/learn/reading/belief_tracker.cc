// SPDX-License-Identifier: MIT
#include "learn/reading/belief_tracker.h"

#include <algorithm>

#include "base/check.h"

namespace inknav::learn {
namespace {

constexpr std::size_t kMarkNumbers = 8;
constexpr std::size_t kBeliefNumbers = 6;
constexpr std::size_t kSpreadNumbers = 3;

bool chosen(std::span<const std::uint8_t> rows, std::size_t row) { return rows.empty() || rows[row] != 0; }

}  // namespace

BeliefTracker::BeliefTracker(const ReadingSettings& settings, std::int64_t num_envs, base::ThreadPool& pool)
    : settings_(settings), pool_(pool) {
  const auto count = static_cast<std::size_t>(num_envs);
  beliefs_.resize(count);
  spreads_.resize(count);
  odometry_.resize(count);
  marks_.resize(count);
  drawings_.resize(count);
  serials_.assign(count, -1);
  fresh_.assign(count, 0);
  keys_.resize(count);
  if (settings.hypotheses <= 0) return;
  RegistrationSettings registration;
  registration.hypotheses = settings.hypotheses;
  walls_.resize(count);
  registrations_.assign(count, Registration(registration));
}

void BeliefTracker::set_noise(std::uint64_t seed, std::int64_t first_env) {
  seed_ = seed;
  first_env_ = first_env;
}

Odometry BeliefTracker::odometry_of(const task::VectorEnv& env, std::size_t row) const {
  const float* gps = env.observation("gps").as<float>() + 2 * row;
  return {gps[0], gps[1], env.observation("compass").as<float>()[row]};
}

OccupancyGrid BeliefTracker::map_of(const task::VectorEnv& env, std::size_t row) const {
  const auto side = static_cast<std::size_t>(settings_.grid_size);
  return {env.observation("occupancy").as<std::uint8_t>() + row * side * side, settings_.grid_size,
          settings_.grid_cell};
}

void BeliefTracker::prepare_drawing(const task::VectorEnv& env, std::size_t row) {
  const auto side = static_cast<std::size_t>(settings_.drawing_size);
  const std::uint8_t* planes = env.observation("drawing_planes").as<std::uint8_t>() + row * 4 * side * side;
  drawings_[row].assign(planes, settings_.drawing_size);
  if (!registrations_.empty()) walls_[row].assign(planes, settings_.drawing_size);
}

void BeliefTracker::note_key(const task::VectorEnv& env, std::size_t row) {
  const std::int64_t episode = env.observation("episode_index").as<std::int64_t>()[row];
  const std::int32_t step = env.observation("step_index").as<std::int32_t>()[row];
  const std::int64_t environment = first_env_ < 0 ? 0 : first_env_ + static_cast<std::int64_t>(row);
  keys_[row] = {seed_, static_cast<std::uint32_t>(environment), static_cast<std::uint32_t>(episode),
                static_cast<std::uint32_t>(step), base::Purpose::kRegistration};
}

void BeliefTracker::adopt_estimate(std::size_t row) {
  const Estimate now = registrations_[row].estimate();
  beliefs_[row] = now.belief;
  spreads_[row] = now.spread;
}

void BeliefTracker::observe(const task::VectorEnv& env, std::size_t row) {
  registrations_[row].observe(map_of(env, row), walls_[row], keys_[row]);
  adopt_estimate(row);
}

void BeliefTracker::take_drawings(const task::VectorEnv& env, std::span<const std::uint8_t> rows) {
  const std::int64_t* serials = env.observation("drawing_serial").as<std::int64_t>();
  for (std::size_t row = 0; row < fresh_.size(); ++row) {
    fresh_[row] = chosen(rows, row) && serials[row] != serials_[row];
    if (fresh_[row] != 0) serials_[row] = serials[row];
  }
  pool_.parallel_for(
      static_cast<std::int64_t>(fresh_.size()), 1, [&](std::int64_t first, std::int64_t last, int) {
        for (auto row = static_cast<std::size_t>(first); row < static_cast<std::size_t>(last); ++row)
          if (fresh_[row] != 0) prepare_drawing(env, row);
      });
}

void BeliefTracker::begin(const task::VectorEnv& env, std::span<const std::uint8_t> rows,
                          std::span<const float> log_scales) {
  const float* marks = env.observation("drawing_marks").as<float>();
  pool_.parallel_for(
      static_cast<std::int64_t>(beliefs_.size()), 1, [&](std::int64_t first, std::int64_t last, int) {
        for (auto row = static_cast<std::size_t>(first); row < static_cast<std::size_t>(last); ++row) {
          if (!chosen(rows, row)) continue;
          marks_[row] = DrawingMarks::from(marks + kMarkNumbers * row);
          beliefs_[row] = start_belief(marks_[row], log_scales[row]);
          odometry_[row] = odometry_of(env, row);
          move(beliefs_[row], {}, odometry_[row]);  // recorded walks may begin beside the start mark
          if (registrations_.empty()) continue;
          note_key(env, row);
          registrations_[row].begin(beliefs_[row], odometry_[row],
                                    {marks_[row].has_start, marks_[row].start_heading_known}, keys_[row]);
          observe(env, row);
        }
      });
}

void BeliefTracker::moved(const task::VectorEnv& env) {
  pool_.parallel_for(
      static_cast<std::int64_t>(beliefs_.size()), 1, [&](std::int64_t first, std::int64_t last, int) {
        for (auto row = static_cast<std::size_t>(first); row < static_cast<std::size_t>(last); ++row) {
          const Odometry now = odometry_of(env, row);
          if (registrations_.empty()) {
            move(beliefs_[row], odometry_[row], now);
          } else {
            note_key(env, row);
            registrations_[row].move(now, keys_[row]);
            observe(env, row);
          }
          odometry_[row] = now;
        }
      });
}

void BeliefTracker::correct(std::size_t row, const Correction& correction, float gain) {
  const Belief before = beliefs_[row];
  apply(beliefs_[row], correction, gain);
  if (!registrations_.empty()) registrations_[row].shift(before, beliefs_[row]);
}

void BeliefTracker::place(std::size_t row, const Belief& belief) {
  beliefs_[row] = belief;
  if (!registrations_.empty()) registrations_[row].begin(belief, odometry_[row], {.close = true}, keys_[row]);
}

void BeliefTracker::reload(const task::VectorEnv& env) {
  const std::int64_t* serials = env.observation("drawing_serial").as<std::int64_t>();
  const float* marks = env.observation("drawing_marks").as<float>();
  for (std::size_t row = 0; row < beliefs_.size(); ++row) {
    serials_[row] = serials[row];
    prepare_drawing(env, row);
    marks_[row] = DrawingMarks::from(marks + kMarkNumbers * row);
    odometry_[row] = odometry_of(env, row);
    note_key(env, row);
  }
}

std::vector<float> BeliefTracker::state() const {
  std::vector<float> out;
  for (std::size_t row = 0; row < beliefs_.size(); ++row) {
    const Belief& b = beliefs_[row];
    for (const base::Vec2& v : {b.position, b.right, b.forward}) out.insert(out.end(), {v.x, v.y});
    const Spread& spread = spreads_[row];
    out.insert(out.end(), {spread.position, spread.heading, spread.log_scale});
    if (registrations_.empty()) continue;
    registrations_[row].append_state(out);
  }
  return out;
}

std::size_t BeliefTracker::restore(std::span<const float> state) {
  const std::size_t given = state.size();
  for (std::size_t row = 0; row < beliefs_.size(); ++row) {
    if (state.size() < kBeliefNumbers + kSpreadNumbers) return 0;
    beliefs_[row] = {{state[0], state[1]}, {state[2], state[3]}, {state[4], state[5]}};
    spreads_[row] = {state[6], state[7], state[8]};
    state = state.subspan(kBeliefNumbers + kSpreadNumbers);
    if (registrations_.empty()) continue;
    const std::size_t taken = registrations_[row].restore(state, odometry_[row]);
    if (taken == 0) return 0;
    state = state.subspan(taken);
  }
  return given - state.size();
}

}  // namespace inknav::learn
