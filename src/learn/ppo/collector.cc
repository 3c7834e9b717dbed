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
  /// `spans`, where there are any, are told of the time as well.
  explicit Stopwatch(double& total, std::vector<TimeSpan>* spans = nullptr)
      : total_(total), spans_(spans), start_(Clock::now()) {}
  ~Stopwatch() {
    const Clock::time_point end = Clock::now();
    total_ += std::chrono::duration<double>(end - start_).count();
    if (spans_ != nullptr) spans_->push_back({start_, end});
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double& total_;
  std::vector<TimeSpan>* spans_;
  Clock::time_point start_;
};

/// The numbers of the environments from `first` on at step t of a [T, N, ...] tensor on the host.
template <typename Number>
Number* rows_at(const Tensor& all, std::int64_t t, std::int64_t first) {
  return all.data_ptr<Number>() + t * all.stride(0) + first * all.stride(1);
}

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

Collector::Collector(const CollectorSettings& settings, std::span<const std::unique_ptr<EnvGroup>> groups)
    : settings_(settings) {
  INKNAV_CHECK(!groups.empty());
  const task::EnvSpec& spec = groups.front()->env.spec();
  const PolicySettings& policy = groups.front()->runner.network().settings();
  has_expert_ = task::has_field(spec, "expert_action");
  has_truth_ = task::has_field(spec, "paper_truth") && policy.reading.enabled;
  has_goal_ = task::has_field(spec, "goal_body");
  is_recorded_ = task::has_field(spec, "recorded_action");
  for (const std::unique_ptr<EnvGroup>& group : groups) {
    const auto count = static_cast<std::size_t>(group->count());
    parts_.push_back({group.get(),
                      group->first(),
                      group->count(),
                      make_slot(policy, group->count(), torch::TensorOptions()),
                      std::vector<std::int32_t>(count, 0),
                      std::vector<std::uint8_t>(count, 0),
                      std::vector<std::uint8_t>(count, 0),
                      {}});
  }
}

bool Collector::reads() const { return parts_.front().group->runner.network().settings().reading.enabled; }

void Collector::write_labels(const Part& part, std::int64_t t, Rollout& rollout) {
  RolloutLabels& labels = rollout.host.labels;
  const task::VectorEnv& env = part.group->env;
  if (has_expert_) write_expert_labels(part, t, labels);
  if (has_goal_) {
    const float* goal = env.observation("goal_body").as<float>();
    float* out = rows_at<float>(labels.goal, t, part.first);
    for (std::int64_t i = 0; i < 2 * part.count; ++i) out[i] = goal[i] / kGoalScale;
  }
  if (part.group->runner.network().settings().diffusion.enabled) write_plan_labels(part, t, labels);
  if (has_truth_) write_belief_labels(part, t, labels);
}

void Collector::write_expert_labels(const Part& part, std::int64_t t, RolloutLabels& labels) const {
  const task::VectorEnv& env = part.group->env;
  const std::int32_t* action = env.observation("expert_action").as<std::int32_t>();
  const float* remaining = env.observation("expert_remaining").as<float>();
  const float* waypoint = env.observation("expert_waypoint").as<float>();
  std::int64_t* out_action = rows_at<std::int64_t>(labels.expert_action, t, part.first);
  float* out_remaining = rows_at<float>(labels.remaining, t, part.first);
  float* out_waypoint = rows_at<float>(labels.waypoint, t, part.first);
  float* out_weight = rows_at<float>(labels.waypoint_weight, t, part.first);
  for (std::int64_t n = 0; n < part.count; ++n) {
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

void Collector::write_belief_labels(const Part& part, std::int64_t t, RolloutLabels& labels) {
  PolicyRunner& runner = part.group->runner;
  float* out = rows_at<float>(labels.correction, t, part.first);
  float* weight = rows_at<float>(labels.correction_weight, t, part.first);
  float* log_scale = rows_at<float>(labels.log_scale, t, part.first);
  for (std::int64_t n = 0; n < part.count; ++n) {
    Belief truth;
    const bool known = PolicyRunner::truth_of(part.group->env, static_cast<int>(n), &truth);
    weight[n] = known ? 1.0f : 0.0f;
    log_scale[n] = known ? log_scale_of(truth) - runner.prior_log_scale() : 0.0f;
    const Belief& belief = runner.beliefs()[static_cast<std::size_t>(n)];
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

void Collector::write_plan_labels(const Part& part, std::int64_t t, RolloutLabels& labels) const {
  const PolicySettings& policy = part.group->runner.network().settings();
  const DiffusionSettings& diffusion = policy.diffusion;
  const auto horizon = static_cast<std::size_t>(diffusion.horizon);
  const std::size_t size = horizon * static_cast<std::size_t>(diffusion.point_size);
  write_expert_plans(
      part.group->env, diffusion,
      {rows_at<float>(labels.plan, t, part.first), static_cast<std::size_t>(part.count) * size});
  if (!labels.goal_place.defined()) return;
  const auto* goal =
      reinterpret_cast<const base::Vec2*>(part.group->env.observation("goal_body").as<float>());
  std::int64_t* place = rows_at<std::int64_t>(labels.goal_place, t, part.first);
  const CropGrid crop{policy.reading.crop_cells, policy.reading.metres_per_cell};
  for (std::int64_t n = 0; n < part.count; ++n) place[n] = goal_place_of(diffusion, crop, goal[n]);
}

void Collector::choose_actions(Part& part, std::int64_t t, const Round& round,
                               const Tensor& log_probabilities) {
  const task::VectorEnv& env = part.group->env;
  const CollectMode& mode = round.mode;
  const int num_actions = env.spec().num_actions;
  const RolloutRecords& host = round.rollout.host;
  const std::int64_t* expert = rows_at<std::int64_t>(host.labels.expert_action, t, part.first);
  std::int64_t* out_action = rows_at<std::int64_t>(host.actions, t, part.first);
  float* out_log_prob = rows_at<float>(host.log_prob, t, part.first);
  for (std::int64_t n = 0; n < part.count; ++n) {
    const float* log_prob = log_probabilities.data_ptr<float>() + n * num_actions;
    const auto episode = static_cast<std::uint32_t>(round.update), step = static_cast<std::uint32_t>(t);
    base::PhiloxStream sampling(
        {settings_.seed, global(part, n), episode, step, base::Purpose::kActionSampling});
    std::int32_t action = pick_action(log_prob, num_actions, sampling.uniform());
    if (has_expert_ && (mode.imitation || mode.expert_mix > 0.0f)) {
      base::PhiloxStream mix({settings_.seed, global(part, n), episode, step, base::Purpose::kImitationMix});
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
    if (is_recorded_) action = env.observation("recorded_action").as<std::int32_t>()[n];
    part.actions[static_cast<std::size_t>(n)] = action;
    out_action[n] = action;
    out_log_prob[n] = log_prob[action];
  }
}

/// Of a policy that has said nothing of actions; its losses ask for none of their probabilities.
void Collector::take_recorded_actions(Part& part, std::int64_t t, Rollout& rollout) {
  INKNAV_CHECK(is_recorded_);
  const std::int32_t* recorded = part.group->env.observation("recorded_action").as<std::int32_t>();
  std::int64_t* out_action = rows_at<std::int64_t>(rollout.host.actions, t, part.first);
  for (std::size_t n = 0; n < part.actions.size(); ++n) out_action[n] = part.actions[n] = recorded[n];
}

void Collector::disturb_beliefs(Part& part, std::int64_t t, const Round& round) {
  const float probability = round.mode.belief_reset;
  if (!has_truth_ || probability <= 0.0f) return;
  PolicyRunner& runner = part.group->runner;
  const ImitationSettings& noise = settings_.imitation;
  for (std::int64_t n = 0; n < part.count; ++n) {
    base::PhiloxStream stream({settings_.seed, global(part, n), static_cast<std::uint32_t>(round.update),
                               static_cast<std::uint32_t>(t), base::Purpose::kBeliefNoise});
    Belief truth;
    if (!PolicyRunner::truth_of(part.group->env, static_cast<int>(n), &truth)) continue;
    const Belief& belief = runner.beliefs()[static_cast<std::size_t>(n)];
    const bool lost = position_error(belief, truth) > kLostDistance;
    if (stream.uniform() >= (lost ? std::max(probability, kLostReset) : probability)) continue;
    const float size = stream.uniform();
    const Correction error{
        size * stream.normal(0.0f, noise.noise_position),  size * stream.normal(0.0f, noise.noise_position),
        size * stream.normal(0.0f, noise.noise_heading),   size * stream.normal(0.0f, noise.noise_log_scale),
        size * stream.normal(0.0f, noise.noise_log_scale), size * stream.normal(0.0f, noise.noise_log_scale)};
    apply(truth, error, 1.0f);
    runner.tracker().place(static_cast<std::size_t>(n), truth);
  }
}

void Collector::begin_rollout(const Round& round) {
  Rollout& rollout = round.rollout;
  const Stopwatch watch(round.seconds.reading);
  totals_ = {};
  rollout.cut(rollout.max_steps());
  std::vector<Tensor> states;
  for (const Part& part : parts_) {
    PolicyRunner& runner = part.group->runner;
    with_second_try([&] { runner.refresh_weights(); });
    if (reads()) rollout.start_drawings(runner.planes(), part.first);
    states.push_back(runner.state());
  }
  rollout.state = with_second_try([&] { return torch::cat(states); });
  // The lanes go on from here.
  if (parts_.size() > 1) rollout.placement().wait();
}

/// Shows the network what `part` sees at step t.
void Collector::ask(Part& part, std::int64_t t, const Round& round) {
  Rollout& rollout = round.rollout;
  EnvGroup& group = *part.group;
  const Lane::Turn turn(group.lane);
  SlotPair slot = rows_of(rollout.slot(t), part.first, part.count);
  {
    const Stopwatch watch(round.seconds.reading);
    group.runner.write(group.env, {}, slot.host);
    write_labels(part, t, rollout);
    rollout.note_drawings(t, part.first, part.count);
  }
  const Stopwatch watch(round.seconds.inference);
  rollout.host.keep[t].narrow(0, part.first, part.count).copy_(group.runner.keep()[0]);
  const bool with_plans = !is_recorded_;
  with_second_try([&] {
    group.lane.launch([&runner = group.runner, slot, with_plans] { runner.launch(slot, with_plans); });
  });
}

void Collector::take_answer(Part& part, std::int64_t t, const Round& round) {
  Rollout& rollout = round.rollout;
  EnvGroup& group = *part.group;
  const Stopwatch watch(round.seconds.inference);
  with_second_try([&] { group.lane.wait(); });
  for (const Part& other : parts_) {
    for (const TimeSpan& span : other.simulated)
      round.seconds.hidden += common_seconds(span, group.lane.busy());
  }
  const Inference inference = group.runner.finish();
  rollout.values[t].narrow(0, part.first, part.count).copy_(inference.output.value);
  if (inference.log_probabilities.defined()) {
    with_second_try([&] { choose_actions(part, t, round, inference.log_probabilities); });
  } else {
    take_recorded_actions(part, t, rollout);
  }
  if (reads()) group.runner.correct(inference.correction, round.mode.belief_gain);
}

void Collector::step(Part& part, std::int64_t t, const Round& round) {
  Rollout& rollout = round.rollout;
  EnvGroup& group = *part.group;
  part.simulated.clear();
  const task::StepResult* result = nullptr;
  {
    const Stopwatch watch(round.seconds.environment, &part.simulated);
    result = &group.env.step(part.actions);
  }
  if (&part == &parts_.front() && on_step && !on_step(t + 1)) rollout.cut(t + 1);
  bool any_ended = false, any_timed_out = false;
  float* done = rows_at<float>(rollout.host.done, t, part.first);
  for (std::size_t n = 0; n < part.actions.size(); ++n) {
    part.ended[n] = result->terminated[n] != 0 || result->truncated[n] != 0;
    part.timed_out[n] = result->truncated[n] != 0 && result->terminated[n] == 0;
    done[n] = part.ended[n] != 0 ? 1.0f : 0.0f;
    any_ended = any_ended || part.ended[n] != 0;
    any_timed_out = any_timed_out || part.timed_out[n] != 0;
  }
  std::copy(result->reward.begin(), result->reward.end(),
            rows_at<float>(rollout.host.rewards, t, part.first));
  for (const task::EpisodeResult& episode : group.env.finished()) round.on_episode(episode);
  {
    const Stopwatch watch(round.seconds.reading);
    group.runner.acted(part.actions);
    group.runner.moved(group.env);
    disturb_beliefs(part, t, round);
    rollout.bootstrap[t].narrow(0, part.first, part.count).zero_();
    if (any_timed_out) group.runner.write(group.env, part.timed_out, part.final_slot);
  }
  if (any_timed_out) {
    const Stopwatch watch(round.seconds.inference);
    value_time_outs(part, t, rollout);
  }
  if (any_ended) begin_episodes(part, round);
}

void Collector::value_time_outs(Part& part, std::int64_t t, Rollout& rollout) {
  std::vector<std::int64_t> rows;
  for (std::size_t n = 0; n < part.timed_out.size(); ++n) {
    if (part.timed_out[n] != 0) rows.push_back(static_cast<std::int64_t>(n));
  }
  const Tensor index = torch::tensor(rows, torch::kInt64);
  rollout.bootstrap[t]
      .narrow(0, part.first, part.count)
      .index_copy_(0, rollout.placement().up(index),
                   with_second_try([&] { return part.group->runner.peek_values(part.final_slot, index); }));
}

void Collector::begin_episodes(Part& part, const Round& round) {
  EnvGroup& group = *part.group;
  {
    const Stopwatch watch(round.seconds.environment, &part.simulated);
    group.env.reset_done();
  }
  const Stopwatch watch(round.seconds.reading);
  group.runner.begin(group.env, part.ended);
  for (std::int64_t n = 0; reads() && n < part.count; ++n) {
    if (group.runner.fresh_drawings()[static_cast<std::size_t>(n)] != 0)
      round.rollout.add_drawing(part.first + n, group.runner.planes()[n]);
  }
}

void Collector::end_rollout(const Round& round) {
  Rollout& rollout = round.rollout;
  const std::int64_t last = rollout.num_steps();
  {
    const Stopwatch watch(round.seconds.inference);
    rollout.upload();
  }
  for (const Part& part : parts_) {
    EnvGroup& group = *part.group;
    const Lane::Turn turn(group.lane);
    SlotPair slot = rows_of(rollout.slot(last), part.first, part.count);
    {
      const Stopwatch watch(round.seconds.reading);
      group.runner.write(group.env, {}, slot.host);
    }
    const Stopwatch watch(round.seconds.inference);
    rollout.values[last].narrow(0, part.first, part.count).copy_(with_second_try([&] {
      return group.runner.peek_values(slot);
    }));
  }
  const Stopwatch watch(round.seconds.inference);
  if (parts_.size() > 1) wait_for_lanes(rollout.placement());
}

void Collector::collect(std::int64_t update, const CollectMode& mode, Rollout& rollout, PhaseTimes& seconds,
                        const std::function<void(const task::EpisodeResult&)>& on_episode) {
  const Round round{update, mode, rollout, seconds, on_episode};
  begin_rollout(round);
  try {
    for (Part& part : parts_) ask(part, 0, round);
    for (std::int64_t t = 0; t < rollout.num_steps(); ++t) {
      for (Part& part : parts_) {
        const Lane::Turn turn(part.group->lane);
        take_answer(part, t, round);
        step(part, t, round);
        if (t + 1 < rollout.num_steps()) ask(part, t + 1, round);
      }
    }
    end_rollout(round);
  } catch (...) {
    // Nothing is at work any more on memory that may go now.
    for (const Part& part : parts_) part.group->lane.abandon();
    throw;
  }
}

}  // namespace inknav::learn
