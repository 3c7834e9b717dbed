// SPDX-License-Identifier: MIT
#pragma once
// PictureEnv: environments that cost next to nothing, for benchmarks of the learner alone: "depth" pictures
// that stay as they are, episodes of a fixed length that end at different steps.

#include <span>
#include <string>
#include <vector>

#include "base/philox.h"
#include "task/vector_env.h"

namespace inknav::learn {

class PictureEnv final : public task::VectorEnv {
 public:
  static constexpr int kEpisode = 60;  // steps

  PictureEnv(int num_envs, int side)
      : side_(side),
        depth_(static_cast<std::size_t>(num_envs) * static_cast<std::size_t>(side * side)),
        reward_(static_cast<std::size_t>(num_envs), -0.01f),
        step_(reward_.size(), 0),
        ended_(reward_.size(), 0),
        none_(reward_.size(), 0) {
    spec_.num_envs = num_envs;
    spec_.num_actions = 4;
    spec_.fields.push_back({"depth", base::DType::kF32, {side, side, 1}, false});
    base::PhiloxStream stream({1, 0, 0, 0, base::Purpose::kBenchmark});
    for (float& value : depth_) value = stream.uniform();
    for (std::size_t i = 0; i < step_.size(); ++i) step_[i] = static_cast<int>(i) % kEpisode;
  }

  const task::EnvSpec& spec() const override { return spec_; }
  base::TensorView observation(std::string_view name) const override {
    INKNAV_CHECK(name == "depth", name);
    return base::make_view(const_cast<float*>(depth_.data()), spec_.num_envs, side_, side_, 1);
  }
  void reset() override {}
  const task::StepResult& step(std::span<const std::int32_t> actions) override {
    return step_rows(0, actions);
  }
  bool steps_rows() const override { return true; }
  const task::StepResult& step_rows(int first, std::span<const std::int32_t> actions) override {
    const auto begin = static_cast<std::size_t>(first);
    const std::size_t count = actions.size();
    for (std::size_t i = begin; i < begin + count; ++i) ended_[i] = ++step_[i] >= kEpisode;
    result_ = {std::span<const float>(reward_).subspan(begin, count),
               std::span<const std::uint8_t>(ended_).subspan(begin, count),
               std::span<const std::uint8_t>(none_).subspan(begin, count)};
    return result_;
  }
  void reset_done() override {
    for (std::size_t i = 0; i < step_.size(); ++i) {
      if (ended_[i] != 0) step_[i] = 0;
      ended_[i] = 0;
    }
  }
  const std::vector<std::string>& measure_names() const override { return measures_; }
  std::span<const task::EpisodeResult> finished() const override { return {}; }
  std::vector<std::uint8_t> save_state() const override { return {}; }
  base::Status restore_state(std::span<const std::uint8_t>) override { return base::ok_status(); }

 private:
  int side_;
  task::EnvSpec spec_;
  std::vector<float> depth_, reward_;
  std::vector<int> step_;
  std::vector<std::uint8_t> ended_, none_;
  task::StepResult result_;
  std::vector<std::string> measures_;
};

}  // namespace inknav::learn
