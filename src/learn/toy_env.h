// SPDX-License-Identifier: MIT
#pragma once
// Small control problems for tests of the learner: one field "state" f32 [size], plain arrays, exact save and
// restore.
//
// CorridorEnv: a corridor of cells; the right end pays 1, the left end 0.3, every step costs 0.02. The best
// policy is
//   known by value iteration. A time limit truncates.
// RecallEnv: the first observation shows a cue, the rest nothing; only the last action counts and must repeat
// it.
//   Best return 1; without memory no policy exceeds 0.5.

#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/philox.h"
#include "task/vector_env.h"

namespace inknav::learn::testing {

class ToyEnv : public task::VectorEnv {
 public:
  ToyEnv(int num_envs, int first_env, int num_actions, int state_size)
      : first_env_(first_env),
        state_size_(state_size),
        state_(static_cast<std::size_t>(num_envs * state_size), 0.0f),
        reward_(static_cast<std::size_t>(num_envs), 0.0f),
        terminated_(reward_.size(), 0),
        truncated_(reward_.size(), 0),
        rows_(reward_.size()) {
    spec_.num_envs = num_envs;
    spec_.num_actions = num_actions;
    spec_.fields.push_back({"state", base::DType::kF32, {state_size}, false});
  }

  /// From this step of the environment on, rewards are not a number (0: never).
  void poison_from(std::int64_t step) { poison_from_ = step; }

  const task::EnvSpec& spec() const override { return spec_; }
  base::TensorView observation(std::string_view name) const override {
    INKNAV_CHECK(name == "state", name);
    return base::make_view(const_cast<float*>(state_.data()), spec_.num_envs, state_size_);
  }
  void reset() override {
    for (std::size_t i = 0; i < rows_.size(); ++i) begin(i);
  }
  const task::StepResult& step(std::span<const std::int32_t> actions) override {
    INKNAV_CHECK(actions.size() == rows_.size(), actions.size());
    return step_rows(0, actions);
  }
  bool steps_rows() const override { return true; }
  const task::StepResult& step_rows(int first, std::span<const std::int32_t> actions) override {
    finished_.clear();
    if (first == 0) ++total_steps_;
    const auto begin_row = static_cast<std::size_t>(first);
    for (std::size_t i = begin_row; i < begin_row + actions.size(); ++i) {
      terminated_[i] = truncated_[i] = 0;
      ++rows_[i].step;
      advance(i, actions[i - begin_row]);
      rows_[i].total += reward_[i];
      if (terminated_[i] != 0 || truncated_[i] != 0) {
        finished_.push_back({static_cast<int>(i), rows_[i].episode, rows_[i].step, rows_[i].total, {}});
      }
      if (poison_from_ > 0 && total_steps_ >= poison_from_)
        reward_[i] = std::numeric_limits<float>::quiet_NaN();
      show(i);
    }
    const auto part = [&](const auto& all) { return std::span(all).subspan(begin_row, actions.size()); };
    result_ = {part(std::as_const(reward_)), part(std::as_const(terminated_)),
               part(std::as_const(truncated_))};
    return result_;
  }
  void reset_done() override {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (terminated_[i] == 0 && truncated_[i] == 0) continue;
      terminated_[i] = truncated_[i] = 0;
      ++rows_[i].episode;
      begin(i);
    }
  }
  const std::vector<std::string>& measure_names() const override { return measures_; }
  std::span<const task::EpisodeResult> finished() const override { return finished_; }
  std::vector<std::uint8_t> save_state() const override {
    std::vector<std::uint8_t> bytes(rows_.size() * sizeof(Row) + sizeof(total_steps_));
    std::memcpy(bytes.data(), rows_.data(), rows_.size() * sizeof(Row));
    std::memcpy(bytes.data() + rows_.size() * sizeof(Row), &total_steps_, sizeof(total_steps_));
    return bytes;
  }
  base::Status restore_state(std::span<const std::uint8_t> bytes) override {
    if (bytes.size() != rows_.size() * sizeof(Row) + sizeof(total_steps_)) {
      return base::Error{base::ErrorCode::kData, "toy: state of another size"};
    }
    std::memcpy(rows_.data(), bytes.data(), rows_.size() * sizeof(Row));
    std::memcpy(&total_steps_, bytes.data() + rows_.size() * sizeof(Row), sizeof(total_steps_));
    for (std::size_t i = 0; i < rows_.size(); ++i) show(i);
    return base::ok_status();
  }

 protected:
  struct Row {
    std::int64_t episode = 0;
    std::int32_t step = 0;
    std::int32_t place = 0;
    float total = 0.0f;
    std::int32_t unused = 0;
  };
  virtual void start(std::size_t row, base::PhiloxStream& stream) = 0;
  virtual void advance(std::size_t row, std::int32_t action) = 0;
  virtual void show(std::size_t row) = 0;

  float* state_of(std::size_t row) { return state_.data() + row * static_cast<std::size_t>(state_size_); }

  int first_env_;
  int state_size_;
  task::EnvSpec spec_;
  std::vector<float> state_;
  std::vector<float> reward_;
  std::vector<std::uint8_t> terminated_;
  std::vector<std::uint8_t> truncated_;
  std::vector<Row> rows_;

 private:
  void begin(std::size_t i) {
    rows_[i].step = 0;
    rows_[i].total = 0.0f;
    base::PhiloxStream stream({1, static_cast<std::uint32_t>(first_env_ + static_cast<int>(i)),
                               static_cast<std::uint32_t>(rows_[i].episode), 0, base::Purpose::kTest});
    start(i, stream);
    show(i);
  }

  std::int64_t poison_from_ = 0;
  std::int64_t total_steps_ = 0;
  std::vector<task::EpisodeResult> finished_;
  task::StepResult result_;
  std::vector<std::string> measures_;
};

class CorridorEnv : public ToyEnv {
 public:
  static constexpr int kCells = 9;  // inner cells
  static constexpr int kMaxSteps = 24;
  static constexpr float kCost = -0.02f, kRight = 1.0f, kLeft = 0.3f;

  CorridorEnv(int num_envs, int first_env) : ToyEnv(num_envs, first_env, 2, kCells) {}

  /// Mean return of the best policy over the uniform start cells: by hand, always to the right.
  static double best_return() {
    double sum = 0.0;
    for (int cell = 0; cell < kCells; ++cell) {
      const int right = kCells - cell, left = cell + 1;
      sum += std::max(kRight + kCost * static_cast<float>(right - 1),
                      kLeft + kCost * static_cast<float>(left - 1));
    }
    return sum / kCells;
  }

 protected:
  void start(std::size_t row, base::PhiloxStream& stream) override {
    rows_[row].place = static_cast<std::int32_t>(stream.uniform_int(static_cast<std::uint32_t>(kCells)));
  }
  void advance(std::size_t row, std::int32_t action) override {
    Row& r = rows_[row];
    r.place += action == 1 ? 1 : -1;
    const bool right = r.place == kCells, left = r.place == -1;
    reward_[row] = right ? kRight : left ? kLeft : kCost;
    terminated_[row] = right || left;
    truncated_[row] = terminated_[row] == 0 && r.step >= kMaxSteps;
    r.place = std::min(std::max(r.place, 0), kCells - 1);
  }
  void show(std::size_t row) override {
    for (int i = 0; i < kCells; ++i) state_of(row)[i] = i == rows_[row].place ? 1.0f : 0.0f;
  }
};

class RecallEnv : public ToyEnv {
 public:
  static constexpr int kDelay = 6;

  RecallEnv(int num_envs, int first_env) : ToyEnv(num_envs, first_env, 2, 3) {}

 protected:
  void start(std::size_t row, base::PhiloxStream& stream) override {
    rows_[row].place = static_cast<std::int32_t>(stream.uniform_int(2u));
  }
  void advance(std::size_t row, std::int32_t action) override {
    const bool last = rows_[row].step >= kDelay;
    reward_[row] = last && action == rows_[row].place ? 1.0f : 0.0f;
    terminated_[row] = last;
  }
  void show(std::size_t row) override {
    float* state = state_of(row);
    const bool first = rows_[row].step == 0;
    state[0] = first && rows_[row].place == 0 ? 1.0f : 0.0f;
    state[1] = first && rows_[row].place == 1 ? 1.0f : 0.0f;
    state[2] = rows_[row].step == kDelay - 1 ? 1.0f : 0.0f;
  }
};

}  // namespace inknav::learn::testing
