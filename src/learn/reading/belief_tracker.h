// SPDX-License-Identifier: MIT
#pragma once
// BeliefTracker: the beliefs of all environments of one VectorEnv, from mark to goal. It holds what they are
// made of: drawings prepared for reading, marks, odometry and, per environment, a Registration.
//
//   tracker.take_drawings(env, all); tracker.begin(env, all, log_scales);   // after env.reset()
//   loop: ... tracker.correct(row, correction, gain); env.step(); tracker.moved(env);
//         env.reset_done(); tracker.take_drawings(env, ended); tracker.begin(env, ended, log_scales);
// Rows: flags per environment, empty for all. Threads: one caller; the work of the rows runs on the pool and
// follows from (seed, environment, episode, step) alone.

#include <cstdint>
#include <span>
#include <vector>

#include "base/philox.h"
#include "base/thread_pool.h"
#include "learn/reading/belief.h"
#include "learn/reading/crop.h"
#include "learn/reading/registration.h"
#include "learn/settings.h"
#include "task/vector_env.h"

namespace inknav::learn {

class BeliefTracker {
 public:
  BeliefTracker(const ReadingSettings& settings, std::int64_t num_envs, base::ThreadPool& pool);

  /// Keys of the hypotheses' noise, as PolicyRunner::set_plan_noise.
  void set_noise(std::uint64_t seed, std::int64_t first_env);
  /// Controls: beliefs follow odometry and corrections alone. Before the first begin().
  void drop_registration() { registrations_.clear(); }

  /// Prepares the drawings of rows that have a new one; fresh() tells which.
  void take_drawings(const task::VectorEnv& env, std::span<const std::uint8_t> rows);
  const std::vector<std::uint8_t>& fresh() const { return fresh_; }
  /// First beliefs from the marks; log_scales [N] ln(paper units a metre).
  void begin(const task::VectorEnv& env, std::span<const std::uint8_t> rows,
             std::span<const float> log_scales);
  /// Odometry of the step that was made, and what was seen after it.
  void moved(const task::VectorEnv& env);
  void correct(std::size_t row, const Correction& correction, float gain);
  /// The belief is told; hypotheses begin anew around it.
  void place(std::size_t row, const Belief& belief);
  /// Drawings, marks and odometry as the environment has them, after a resume.
  void reload(const task::VectorEnv& env);

  const std::vector<Belief>& beliefs() const { return beliefs_; }
  /// Zero without registration.
  const Spread& spread(std::size_t row) const { return spreads_[row]; }
  const std::vector<Odometry>& odometry() const { return odometry_; }
  const DrawingMarks& marks(std::size_t row) const { return marks_[row]; }
  const PackedDrawing& drawing(std::size_t row) const { return drawings_[row]; }

  /// Beliefs and hypotheses of all rows, one after the other. restore() comes after reload(); how many of the
  /// numbers it took, 0: this does not begin with the state of so many environments.
  std::vector<float> state() const;
  std::size_t restore(std::span<const float> state);

 private:
  Odometry odometry_of(const task::VectorEnv& env, std::size_t row) const;
  OccupancyGrid map_of(const task::VectorEnv& env, std::size_t row) const;
  void prepare_drawing(const task::VectorEnv& env, std::size_t row);
  void note_key(const task::VectorEnv& env, std::size_t row);
  void observe(const task::VectorEnv& env, std::size_t row);
  void adopt_estimate(std::size_t row);

  ReadingSettings settings_;
  base::ThreadPool& pool_;
  std::uint64_t seed_ = 0;
  std::int64_t first_env_ = -1;
  std::vector<Belief> beliefs_;
  std::vector<Spread> spreads_;
  std::vector<Odometry> odometry_;
  std::vector<DrawingMarks> marks_;
  std::vector<PackedDrawing> drawings_;
  std::vector<std::int64_t> serials_;
  std::vector<std::uint8_t> fresh_;
  std::vector<base::PhiloxKey> keys_;
  std::vector<WallLikelihood> walls_;
  std::vector<Registration> registrations_;  // empty: none
};

}  // namespace inknav::learn
