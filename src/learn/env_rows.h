// SPDX-License-Identifier: MIT
#pragma once
// EnvRows: some environments of a VectorEnv, one after the other, as a VectorEnv of their own: rows first,
// first + 1, ... of the whole are rows 0, 1, ... here.
//
//   EnvRows half(env, 0, 128);          // to step
//   half.step(actions); half.reset_done();
//   const EnvRows one(seen, 7, 1);      // of a const VectorEnv: to look at
//
// Views point into the whole's memory. reset(), saving and restoring are the whole's business, a bug here.
// Stepping asks for VectorEnv::step_rows(); after episodes that ended, reset_done() of these rows comes
// before other rows are stepped. Threads: as the whole, whose one caller also uses this. No allocation.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "task/vector_env.h"

namespace inknav::learn {

class EnvRows final : public task::VectorEnv {
 public:
  EnvRows(const task::VectorEnv& seen, int first, int count)
      : seen_(seen), stepped_(nullptr), first_(first), spec_(seen.spec()) {
    INKNAV_CHECK(first >= 0 && count > 0 && first + count <= spec_.num_envs, first, count, spec_.num_envs);
    spec_.num_envs = count;
  }
  EnvRows(task::VectorEnv& env, int first, int count)
      : EnvRows(static_cast<const task::VectorEnv&>(env), first, count) {
    stepped_ = &env;
  }

  int first() const { return first_; }

  const task::EnvSpec& spec() const override { return spec_; }
  base::TensorView observation(std::string_view name) const override {
    base::TensorView view = seen_.observation(name);
    view.data = static_cast<std::uint8_t*>(view.data) +
                static_cast<std::int64_t>(base::size_of(view.dtype)) * view.strides[0] * first_;
    view.shape[0] = spec_.num_envs;
    return view;
  }
  const std::vector<std::string>& measure_names() const override { return seen_.measure_names(); }
  /// EpisodeResult::environment counts from the whole's first.
  std::span<const task::EpisodeResult> finished() const override {
    return stepped_ == nullptr ? std::span<const task::EpisodeResult>() : stepped_->finished();
  }

  const task::StepResult& step(std::span<const std::int32_t> actions) override {
    INKNAV_CHECK(stepped_ != nullptr && static_cast<int>(actions.size()) == spec_.num_envs, actions.size());
    return stepped_->step_rows(first_, actions);
  }
  void reset_done() override {
    INKNAV_CHECK(stepped_ != nullptr);
    stepped_->reset_done();
  }
  void reset() override { refuse(); }
  std::vector<std::uint8_t> save_state() const override {
    refuse();
    return {};
  }
  base::Status restore_state(std::span<const std::uint8_t>) override {
    refuse();
    return base::ok_status();
  }

 private:
  static void refuse() { INKNAV_CHECK(false, "rows are reset, saved and restored with their whole"); }

  const task::VectorEnv& seen_;
  task::VectorEnv* stepped_;  // null: only looked at
  int first_;
  task::EnvSpec spec_;
};

}  // namespace inknav::learn
