// SPDX-License-Identifier: MIT
#include "learn/ppo/collector.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/check.h"
#include "base/philox.h"
#include "learn/diffusion/expert_plans.h"
#include "learn/diffusion/goal_places.h"
#include "learn/low_memory.h"

namespace inknav::learn {
namespace {

using Clock = std::chrono::steady_clock;
using torch::Tensor;

constexpr float kImitationNoise = 0.1f;  // part of the imitation's own actions that are sampled, not greedy
// A belief that is so far off sees nothing to correct itself by; its samples teach little and last long.
constexpr float kLostDistance = 1.5f;  // metres
constexpr float kLostReset = 0.15f;    // chance a step that it is set anew

class Stopwatch {
 public:
  explicit Stopwatch(double& total) : total_(total), start_(Clock::now()) {}
  ~Stopwatch() { total_ += std::chrono::duration<double>(Clock::now() - start_).count(); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double& total_;
  Clock::time_point start_;
};

float lerp_clamped(float from, float to, float part) {
  return from + (to - from) * std::clamp(part, 0.0f, 1.0f);
}

float part_of(std::int64_t update, double whole) {
  return whole <= 0.0 ? 1.0f : static_cast<float>(static_cast<double>(update) / whole);
}

}  // namespace

CollectMode collect_mode(const ImitationSettings& settings, float belief_gain, std::int64_t update) {
  CollectMode mode;
  mode.imitation = update < settings.updates;
  mode.expert_mix = lerp_clamped(settings.expert_mix_start, settings.expert_mix_end,
                                 part_of(update, static_cast<double>(settings.expert_mix_updates)));
  mode.belief_reset = lerp_clamped(settings.belief_reset_start, settings.belief_reset_end,
                                   part_of(update, static_cast<double>(settings.belief_updates)));
  mode.belief_gain = belief_gain;
  return mode;
}

std::int32_t pick_action(const float* log_probabilities, int num_actions, float uniform) {
  float sum = 0.0f;
  for (std::int32_t a = 0; a + 1 < num_actions; ++a) {
    sum += std::exp(log_probabilities[a]);
    if (uniform < sum) return a;
  }
  return num_actions - 1;
}

Collector::Collector(const CollectorSettings& settings, task::VectorEnv& env, PolicyRunner& runner)
    : settings_(settings), env_(env), runner_(runner), num_envs_(env.spec().num_envs) {
  has_expert_ = task::has_field(env.spec(), "expert_action");
  has_truth_ = task::has_field(env.spec(), "paper_truth") && runner.network().settings().reading.enabled;
  has_goal_ = task::has_field(env.spec(), "goal_body");
  is_recorded_ = task::has_field(env.spec(), "recorded_action");
  final_slot_ = make_slot(runner.network().settings(), num_envs_, torch::TensorOptions());
  const auto count = static_cast<std::size_t>(num_envs_);
  actions_.assign(count, 0);
  ended_.assign(count, 0);
  timed_out_.assign(count, 0);
}

void Collector::write_labels(std::int64_t t, Rollout& rollout) {
  RolloutLabels& labels = rollout.host.labels;
  if (has_expert_) {
    const std::int32_t* action = env_.observation("expert_action").as<std::int32_t>();
    const float* remaining = env_.observation("expert_remaining").as<float>();
    const float* waypoint = env_.observation("expert_waypoint").as<float>();
    std::int64_t* out_action = labels.expert_action[t].data_ptr<std::int64_t>();
    float* out_remaining = labels.remaining[t].data_ptr<float>();
    float* out_waypoint = labels.waypoint[t].data_ptr<float>();
    float* out_weight = labels.waypoint_weight[t].data_ptr<float>();
    for (std::int64_t n = 0; n < num_envs_; ++n) {
      const bool stop =
          action[n] == task::kStopAction || remaining[n] < settings_.imitation.stop_label_distance;
      out_action[n] = stop ? task::kStopAction : action[n];
      out_remaining[n] = std::min(remaining[n] / kRemainingScale, 1.0f);
      const float length = std::hypot(waypoint[2 * n], waypoint[2 * n + 1]);
      // The direction to a point nearer than a step is noise.
      out_weight[n] = std::min(length / 0.3f, 1.0f);
      const float inverse = 1.0f / std::max(length, 1e-3f);
      out_waypoint[2 * n] = waypoint[2 * n] * inverse;
      out_waypoint[2 * n + 1] = waypoint[2 * n + 1] * inverse;
    }
  }
  if (has_goal_) {
    const float* goal = env_.observation("goal_body").as<float>();
    float* out = labels.goal[t].data_ptr<float>();
    for (std::int64_t i = 0; i < 2 * num_envs_; ++i) out[i] = goal[i] / kGoalScale;
  }
  if (runner_.network().settings().diffusion.enabled) write_plan_labels(t, labels);
  if (!has_truth_) return;
  float* out = labels.correction[t].data_ptr<float>();
  float* weight = labels.correction_weight[t].data_ptr<float>();
  float* log_scale = labels.log_scale[t].data_ptr<float>();
  for (std::int64_t n = 0; n < num_envs_; ++n) {
    Belief truth;
    const bool known = PolicyRunner::truth_of(env_, static_cast<int>(n), &truth);
    weight[n] = known ? 1.0f : 0.0f;
    log_scale[n] = known ? log_scale_of(truth) - runner_.prior_log_scale() : 0.0f;
    const Belief& belief = runner_.beliefs()[static_cast<std::size_t>(n)];
    const Correction target = known ? correction_to(belief, truth) : Correction{};
    for (std::size_t k = 0; k < target.size(); ++k) {
      out[kCorrectionSize * n + static_cast<std::int64_t>(k)] =
          std::clamp(target[k] / kCorrectionScale[k], -kMaxCorrection, kMaxCorrection);
    }
    if (!known) continue;
    totals_.belief_error += position_error(belief, truth);
    totals_.belief_rows += 1.0;
    totals_.log_scale += log_scale_of(truth);
  }
}

void Collector::write_plan_labels(std::int64_t t, RolloutLabels& labels) {
  const PolicySettings& policy = runner_.network().settings();
  const DiffusionSettings& diffusion = policy.diffusion;
  const auto horizon = static_cast<std::size_t>(diffusion.horizon);
  const std::size_t size = horizon * static_cast<std::size_t>(diffusion.point_size);
  write_expert_plans(env_, diffusion,
                     {labels.plan[t].data_ptr<float>(), static_cast<std::size_t>(num_envs_) * size});
  if (!labels.goal_place.defined()) return;
  const auto* goal = reinterpret_cast<const base::Vec2*>(env_.observation("goal_body").as<float>());
  std::int64_t* place = labels.goal_place[t].data_ptr<std::int64_t>();
  const CropGrid crop{policy.reading.crop_cells, policy.reading.metres_per_cell};
  for (std::int64_t n = 0; n < num_envs_; ++n) place[n] = goal_place_of(diffusion, crop, goal[n]);
}

void Collector::choose_actions(std::int64_t update, std::int64_t t, const CollectMode& mode,
                               const Tensor& log_probabilities, Rollout& rollout) {
  const int num_actions = env_.spec().num_actions;
  const std::int64_t* expert = rollout.host.labels.expert_action[t].data_ptr<std::int64_t>();
  std::int64_t* out_action = rollout.host.actions[t].data_ptr<std::int64_t>();
  float* out_log_prob = rollout.host.log_prob[t].data_ptr<float>();
  for (std::int64_t n = 0; n < num_envs_; ++n) {
    const float* log_prob = log_probabilities.data_ptr<float>() + n * num_actions;
    const auto env = static_cast<std::uint32_t>(settings_.first_env + n);
    const auto episode = static_cast<std::uint32_t>(update), step = static_cast<std::uint32_t>(t);
    base::PhiloxStream sampling({settings_.seed, env, episode, step, base::Purpose::kActionSampling});
    std::int32_t action = pick_action(log_prob, num_actions, sampling.uniform());
    if (has_expert_ && (mode.imitation || mode.expert_mix > 0.0f)) {
      base::PhiloxStream mix({settings_.seed, env, episode, step, base::Purpose::kImitationMix});
      const bool follow = mix.uniform() < mode.expert_mix;
      // The states to learn from are those of the greedy policy that is evaluated.
      if (mode.imitation && mix.uniform() >= kImitationNoise) {
        action = static_cast<std::int32_t>(std::max_element(log_prob, log_prob + num_actions) - log_prob);
      }
      const bool carry_out = mix.uniform() < settings_.imitation.stop_execution;
      if (follow) action = static_cast<std::int32_t>(expert[n]);
      if (mode.imitation && action == task::kStopAction && !(expert[n] == task::kStopAction && carry_out)) {
        action = static_cast<std::int32_t>(std::max_element(log_prob + 1, log_prob + num_actions) - log_prob);
      }
    }
    if (is_recorded_) action = env_.observation("recorded_action").as<std::int32_t>()[n];
    actions_[static_cast<std::size_t>(n)] = action;
    out_action[n] = action;
    out_log_prob[n] = log_prob[action];
  }
}

/// Of a policy that has said nothing of actions; its losses ask for none of their probabilities.
void Collector::take_recorded_actions(std::int64_t t, Rollout& rollout) {
  INKNAV_CHECK(is_recorded_);
  const std::int32_t* recorded = env_.observation("recorded_action").as<std::int32_t>();
  std::int64_t* out_action = rollout.host.actions[t].data_ptr<std::int64_t>();
  for (std::size_t n = 0; n < actions_.size(); ++n) out_action[n] = actions_[n] = recorded[n];
}

void Collector::disturb_beliefs(std::int64_t update, std::int64_t t, float probability) {
  if (!has_truth_ || probability <= 0.0f) return;
  const ImitationSettings& noise = settings_.imitation;
  for (std::int64_t n = 0; n < num_envs_; ++n) {
    const auto env = static_cast<std::uint32_t>(settings_.first_env + n);
    base::PhiloxStream stream({settings_.seed, env, static_cast<std::uint32_t>(update),
                               static_cast<std::uint32_t>(t), base::Purpose::kBeliefNoise});
    Belief truth;
    if (!PolicyRunner::truth_of(env_, static_cast<int>(n), &truth)) continue;
    const Belief& belief = runner_.beliefs()[static_cast<std::size_t>(n)];
    const bool lost = position_error(belief, truth) > kLostDistance;
    if (stream.uniform() >= (lost ? std::max(probability, kLostReset) : probability)) continue;
    const float size = stream.uniform();
    const Correction error{
        size * stream.normal(0.0f, noise.noise_position),  size * stream.normal(0.0f, noise.noise_position),
        size * stream.normal(0.0f, noise.noise_heading),   size * stream.normal(0.0f, noise.noise_log_scale),
        size * stream.normal(0.0f, noise.noise_log_scale), size * stream.normal(0.0f, noise.noise_log_scale)};
    apply(truth, error, 1.0f);
    runner_.tracker().place(static_cast<std::size_t>(n), truth);
  }
}

void Collector::collect(std::int64_t update, const CollectMode& mode, Rollout& rollout, PhaseTimes& seconds,
                        const std::function<void(const task::EpisodeResult&)>& on_episode) {
  totals_ = {};
  const bool reading = runner_.network().settings().reading.enabled;
  rollout.cut(rollout.max_steps());
  {
    const Stopwatch watch(seconds.reading);
    with_second_try([&] { runner_.refresh_weights(); });
    if (reading) rollout.start_drawings(runner_.planes());
    rollout.state = with_second_try([&] { return runner_.state().clone(); });
  }
  for (std::int64_t t = 0; t < rollout.num_steps(); ++t) {
    {
      const Stopwatch watch(seconds.reading);
      runner_.write(env_, {}, rollout.slot(t).host);
      write_labels(t, rollout);
      rollout.note_drawings(t);
    }
    {
      const Stopwatch watch(seconds.inference);
      rollout.host.keep[t].copy_(runner_.keep()[0]);
      const Inference inference =
          with_second_try([&] { return runner_.infer(rollout.slot(t), /*with_plans=*/!is_recorded_); });
      rollout.values[t].copy_(inference.output.value);
      if (inference.log_probabilities.defined()) {
        with_second_try([&] { choose_actions(update, t, mode, inference.log_probabilities, rollout); });
      } else {
        take_recorded_actions(t, rollout);
      }
      if (reading) runner_.correct(inference.correction, mode.belief_gain);
    }
    const task::StepResult* result = nullptr;
    {
      const Stopwatch watch(seconds.environment);
      result = &env_.step(actions_);
    }
    if (on_step && !on_step(t + 1)) rollout.cut(t + 1);
    bool any_ended = false, any_timed_out = false;
    float* done = rollout.host.done[t].data_ptr<float>();
    for (std::size_t n = 0; n < actions_.size(); ++n) {
      ended_[n] = result->terminated[n] != 0 || result->truncated[n] != 0;
      timed_out_[n] = result->truncated[n] != 0 && result->terminated[n] == 0;
      done[n] = ended_[n] != 0 ? 1.0f : 0.0f;
      any_ended = any_ended || ended_[n] != 0;
      any_timed_out = any_timed_out || timed_out_[n] != 0;
    }
    std::copy(result->reward.begin(), result->reward.end(), rollout.host.rewards[t].data_ptr<float>());
    for (const task::EpisodeResult& episode : env_.finished()) on_episode(episode);
    {
      const Stopwatch watch(seconds.reading);
      runner_.acted(actions_);
      runner_.moved(env_);
      disturb_beliefs(update, t, mode.belief_reset);
      rollout.bootstrap[t].zero_();
      if (any_timed_out) runner_.write(env_, timed_out_, final_slot_);
    }
    if (any_timed_out) {
      const Stopwatch watch(seconds.inference);
      std::vector<std::int64_t> rows;
      for (std::size_t n = 0; n < timed_out_.size(); ++n) {
        if (timed_out_[n] != 0) rows.push_back(static_cast<std::int64_t>(n));
      }
      const Tensor index = torch::tensor(rows, torch::kInt64);
      rollout.bootstrap[t].index_copy_(0, rollout.placement().up(index), with_second_try([&] {
                                         return runner_.peek_values(final_slot_, index);
                                       }));
    }
    if (!any_ended) continue;
    {
      const Stopwatch watch(seconds.environment);
      env_.reset_done();
    }
    const Stopwatch watch(seconds.reading);
    runner_.begin(env_, ended_);
    for (std::int64_t n = 0; reading && n < num_envs_; ++n) {
      if (runner_.fresh_drawings()[static_cast<std::size_t>(n)] != 0)
        rollout.add_drawing(n, runner_.planes()[n]);
    }
  }
  {
    const Stopwatch watch(seconds.reading);
    runner_.write(env_, {}, rollout.slot(rollout.num_steps()).host);
  }
  const Stopwatch watch(seconds.inference);
  rollout.upload();
  const std::int64_t last = rollout.num_steps();
  rollout.values[last].copy_(with_second_try([&] { return runner_.peek_values(rollout.slot(last)); }));
}

}  // namespace inknav::learn
