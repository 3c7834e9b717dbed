// SPDX-License-Identifier: MIT
#include "learn/agent.h"

#include <torch/torch.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/check.h"
#include "base/philox.h"
#include "learn/checkpoint.h"
#include "learn/diffusion/denoising_loss.h"
#include "learn/diffusion/expert_plans.h"
#include "learn/placement.h"
#include "learn/policy_runner.h"
#include "learn/ppo/collector.h"
#include "learn/torch_setup.h"
#include "run/safetensors.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

// A greedy agent means STOP when it has said so in this many decisions running, and walks on until then: one
// doubtful look in a hundred must not end a walk (docs/diffusion.md, "What it says").
constexpr int kStopDecisions = 2;

class AgentImpl final : public Agent {
 public:
  AgentImpl(std::shared_ptr<PolicyNetwork> network, float prior_log_scale, const AgentOptions& options,
            base::ThreadPool& pool)
      : network_(std::move(network)), prior_log_scale_(prior_log_scale), options_(options), pool_(pool) {}

  void attach(const task::VectorEnv& env) override {
    const Placement placement(network_->device(), false, true);
    runner_ = std::make_unique<PolicyRunner>(network_, env, pool_, placement);
    runner_->prior_log_scale() = prior_log_scale_;
    runner_->set_noise(options_.seed, -1);
    if (network_->settings().reading.enabled && options_.belief_mode != BeliefMode::kCorrected) {
      runner_->tracker().drop_registration();
    }
    slot_ = make_slots(network_->settings(), env.spec().num_envs, placement);
    actions_.assign(static_cast<std::size_t>(env.spec().num_envs), 0);
    ended_.assign(actions_.size(), 0);
    stops_.assign(actions_.size(), 0);
    used_.assign(static_cast<std::size_t>(env.spec().num_envs), Belief{});
    steps_ = 0;
    runner_->begin(env, {});
  }

  std::span<const std::int32_t> act(const task::VectorEnv& env) override {
    set_perfect(env);
    std::copy(runner_->beliefs().begin(), runner_->beliefs().end(), used_.begin());
    runner_->write(env, {}, slot_.host);
    const Inference inference = runner_->infer(slot_);
    note(inference);
    const Tensor& log_probabilities = inference.log_probabilities;
    const int num_actions = env.spec().num_actions;
    for (std::size_t i = 0; i < actions_.size(); ++i) {
      const float* row = log_probabilities.data_ptr<float>() + static_cast<std::int64_t>(i) * num_actions;
      if (options_.greedy) {
        actions_[i] = greedy_action(row, num_actions, stops_[i]);
      } else {
        base::PhiloxStream stream(
            {options_.seed, static_cast<std::uint32_t>(i), 0, steps_, base::Purpose::kActionSampling});
        actions_[i] = pick_action(row, num_actions, stream.uniform());
      }
    }
    ++steps_;
    if (options_.belief_mode == BeliefMode::kCorrected && network_->settings().reading.enabled) {
      runner_->correct(inference.correction, network_->settings().reading.belief_gain);
    }
    runner_->acted(actions_);
    return actions_;
  }

  std::int32_t best_motion(int environment) const override {
    const Tensor row = output_.log_probabilities[environment].contiguous();
    return best_motion_of(row.data_ptr<float>(), static_cast<int>(row.size(0)));
  }

  void carried_out(std::span<const std::int32_t> actions) override { runner_->acted(actions); }

  void observe_step(const task::VectorEnv& env, const task::StepResult& result) override {
    runner_->moved(env);
    for (std::size_t i = 0; i < ended_.size(); ++i) {
      ended_[i] = result.terminated[i] != 0 || result.truncated[i] != 0;
    }
  }

  void observe_reset(const task::VectorEnv& env) override {
    if (std::find(ended_.begin(), ended_.end(), std::uint8_t{1}) == ended_.end()) return;
    for (std::size_t i = 0; i < ended_.size(); ++i) {
      if (ended_[i] != 0) stops_[i] = 0;
    }
    runner_->begin(env, ended_);
  }

  AgentThought thought(int environment) const override {
    const auto i = static_cast<std::int64_t>(environment);
    AgentThought thought;
    thought.belief = used_[static_cast<std::size_t>(environment)];
    thought.waypoint_body = {output_.waypoint[i][0].item<float>(), output_.waypoint[i][1].item<float>()};
    thought.value = output_.value[i].item<float>();
    const Tensor row = output_.log_probabilities[i].exp();
    for (std::int64_t a = 0; a < std::min<std::int64_t>(row.size(0), 8); ++a) {
      thought.probabilities[static_cast<std::size_t>(a)] = row[a].item<float>();
    }
    return thought;
  }

  std::optional<double> plan_loss(const task::VectorEnv& env, std::span<const std::int64_t> rows) override {
    const DiffusionSettings& diffusion = network_->settings().diffusion;
    if (rows.empty() || !diffusion.enabled || !task::has_field(env.spec(), "expert_path"))
      return std::nullopt;
    if (!denoising_) {
      auto loss = DenoisingLoss::make(diffusion, env.spec().num_envs, 1.0f);
      INKNAV_CHECK(loss.ok());  // the sampler has been made from the same settings
      denoising_.emplace(std::move(loss).value());
    }
    torch::NoGradGuard no_grad;
    Tensor plans = torch::empty({env.spec().num_envs, diffusion.horizon * diffusion.point_size});
    write_expert_plans(env, diffusion, {plans.data_ptr<float>(), static_cast<std::size_t>(plans.numel())});
    const torch::Device device = output_.condition.device();
    const Tensor index = torch::tensor(at::ArrayRef<std::int64_t>(rows.data(), rows.size())).to(device);
    const base::PhiloxKey key{options_.seed, 0, 0, steps_, base::Purpose::kDiffusionSampling};
    return (*denoising_)(network_->denoiser(), output_.condition.index_select(0, index),
                         plans.to(device).index_select(0, index), key)
        .item<double>();
  }

  const PolicySettings& settings() const override { return network_->settings(); }

 private:
  /// What thought() and best_motion() are asked for is brought to the host at once.
  void note(const Inference& inference) {
    output_ = inference.output;
    output_.log_probabilities = inference.log_probabilities;
    const Tensor shown = torch::cat({output_.waypoint, output_.value.unsqueeze(1)}, 1).to(torch::kCPU);
    output_.waypoint = shown.narrow(1, 0, 2);
    output_.value = shown.select(1, 2);
  }

  /// The likeliest action; STOP of a policy with its own odds for it only once it is confirmed. `stops`
  /// counts.
  std::int32_t greedy_action(const float* row, int num_actions, int& stops) const {
    const auto best = static_cast<std::int32_t>(std::max_element(row, row + num_actions) - row);
    stops = best == task::kStopAction ? stops + 1 : 0;
    if (best != task::kStopAction || !network_->settings().decode_waypoint || stops >= kStopDecisions)
      return best;
    return best_motion_of(row, num_actions);
  }

  static std::int32_t best_motion_of(const float* row, int num_actions) {
    static_assert(task::kStopAction == 0);
    return static_cast<std::int32_t>(std::max_element(row + 1, row + num_actions) - row);
  }

  void set_perfect(const task::VectorEnv& env) {
    if (options_.belief_mode != BeliefMode::kPerfect) return;
    for (std::size_t i = 0; i < runner_->beliefs().size(); ++i) {
      Belief truth;
      if (PolicyRunner::truth_of(env, static_cast<int>(i), &truth)) runner_->tracker().place(i, truth);
    }
  }

  std::shared_ptr<PolicyNetwork> network_;
  float prior_log_scale_;
  AgentOptions options_;
  base::ThreadPool& pool_;
  std::unique_ptr<PolicyRunner> runner_;
  SlotPair slot_;
  PolicyOutput output_;
  std::optional<DenoisingLoss> denoising_;  // made when it is asked for
  std::vector<std::int32_t> actions_;
  std::vector<std::uint8_t> ended_;
  std::vector<int> stops_;  // decisions for STOP running
  std::vector<Belief> used_;
  std::uint32_t steps_ = 0;
};

/// Copies "ema/..." entries, or without them "value/...", into a fresh network; the name of one that is
/// missing or of another shape.
std::string assign_values(PolicyNetwork& network, const std::vector<NamedBytes>& state) {
  torch::NoGradGuard no_grad;
  const bool averaged = std::any_of(state.begin(), state.end(),
                                    [](const NamedBytes& entry) { return entry.name.rfind("ema/", 0) == 0; });
  for (const auto& item : network.named_parameters()) {
    const std::string name = (averaged ? "ema/" : "value/") + item.key();
    const NamedBytes* entry = find_entry(state, name);
    if (entry == nullptr || at::IntArrayRef(entry->shape) != item.value().sizes() || entry->dtype != "F32") {
      return name;
    }
    item.value().copy_(tensor_of(*entry));
  }
  return {};
}

}  // namespace

base::Result<LoadedPolicy> load_policy(const std::filesystem::path& checkpoint) {
  setup_torch();
  INKNAV_ASSIGN_OR_RETURN(const run::SafetensorsFile file, run::read_safetensors(checkpoint));
  INKNAV_ASSIGN_OR_RETURN(const std::string policy, file.meta("policy"));
  INKNAV_ASSIGN_OR_RETURN(const PolicySettings settings,
                          PolicySettings::from_json(policy, checkpoint.string()));
  INKNAV_ASSIGN_OR_RETURN(const std::string prior_text, file.meta("prior_log_scale"));
  float prior = 0.0f;
  const auto parsed = std::from_chars(prior_text.data(), prior_text.data() + prior_text.size(), prior);
  if (parsed.ec != std::errc()) {
    return base::Error{base::ErrorCode::kData, checkpoint.string() +
                                                   ": metadata \"prior_log_scale\" wants a number, "
                                                   "found \"" +
                                                   prior_text + "\"; use another checkpoint"};
  }
  std::vector<NamedBytes> state;
  for (const auto& [name, entry] : file.entries()) {
    if (name.rfind("value/", 0) != 0 && name.rfind("ema/", 0) != 0) continue;
    INKNAV_ASSIGN_OR_RETURN(const run::NamedSpan span, file.find(name));
    state.push_back({name, std::string(run::name_of(span.type)), span.shape,
                     std::vector<std::uint8_t>(span.bytes.begin(), span.bytes.end())});
  }
  auto network = std::make_shared<PolicyNetwork>(settings, 0);
  const std::string missing = assign_values(*network, state);
  if (!missing.empty()) {
    return base::Error{base::ErrorCode::kData,
                       checkpoint.string() + ": tensor \"" + missing +
                           "\" in the shape that its own settings ask for is wanted, not "
                           "found; use another checkpoint"};
  }
  return LoadedPolicy{std::move(network), prior};
}

base::Result<std::unique_ptr<Agent>> Agent::load(const std::filesystem::path& checkpoint,
                                                 const AgentOptions& options, base::ThreadPool& pool) {
  INKNAV_ASSIGN_OR_RETURN(LoadedPolicy policy, load_policy(checkpoint));
  if (options.gpu >= 0) policy.network->to(placement_of({.gpu = options.gpu}).device());
  return create(std::move(policy.network), policy.prior_log_scale, options, pool);
}

std::unique_ptr<Agent> Agent::create(std::shared_ptr<PolicyNetwork> network, float prior_log_scale,
                                     const AgentOptions& options, base::ThreadPool& pool) {
  setup_torch();
  return std::make_unique<AgentImpl>(std::move(network), prior_log_scale, options, pool);
}

}  // namespace inknav::learn
