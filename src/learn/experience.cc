// SPDX-License-Identifier: MIT
#include "learn/experience.h"

#include <span>

#include "base/log.h"
#include "learn/checkpoint.h"
#include "learn/networks/policy_network.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

constexpr const char* kKey = "RL.PPO.use_double_buffered_sampler";

bool in_halves(const std::string& prefix, const CollectorSettings& settings, const task::VectorEnv& env,
               const PolicySettings& policy, const Placement& placement) {
  const bool asked = settings.two_halves == TwoHalves::kYes;
  if (!asked && (settings.two_halves == TwoHalves::kNo || !placement.is_gpu())) return false;
  const std::string why = why_together(env, policy);
  if (why.empty()) return true;
  const char* whose = prefix.empty() ? "" : "recorded walks: ";
  // Once, not by every rank.
  if (settings.first_env == 0 && asked)
    base::log_warning("{}: {}all environments act together: {}", kKey, whose, why);
  if (settings.first_env == 0 && !asked)
    base::log_info("{} auto: {}all environments act together: {}", kKey, whose, why);
  return false;
}

std::vector<std::unique_ptr<EnvGroup>> make_groups(const std::string& name, const CollectorSettings& settings,
                                                   task::VectorEnv& env,
                                                   const std::shared_ptr<PolicyNetwork>& network,
                                                   const Workplace& workplace) {
  const int all = env.spec().num_envs;
  std::vector<int> sizes{all};
  LaneKind kind = LaneKind::kInTurn;
  if (in_halves(name, settings, env, network->settings(), workplace.placement)) {
    sizes = {all - all / 2, all / 2};
    kind = settings.lanes;
  }
  std::vector<std::unique_ptr<EnvGroup>> groups;
  int first = 0;
  for (const int size : sizes) {
    groups.push_back(std::make_unique<EnvGroup>(EnvRows(env, first, size), network, workplace, kind));
    PolicyRunner& runner = groups.back()->runner;
    runner.set_noise(settings.seed, settings.first_env + first);
    // The states to learn from need no choice among plans.
    if (runner.planner() != nullptr) runner.planner()->set_num_candidates(1);
    first += size;
  }
  return groups;
}

}  // namespace

std::shared_ptr<PolicyNetwork> make_network(const TrainerSettings& settings, const Placement& placement) {
  auto network = std::make_shared<PolicyNetwork>(settings.policy, settings.seed);
  if (placement.is_gpu()) network->to(placement.device());
  const Precision precision = settings.compute.precision;
  network->set_bf16(precision == Precision::kBf16 || (precision == Precision::kAuto && placement.is_gpu()));
  return network;
}

std::string why_together(const task::VectorEnv& env, const PolicySettings& policy) {
  if (policy.diffusion.enabled) return "a diffusion policy draws its plans on the threads that simulate";
  if (!env.steps_rows()) return "these environments can only be stepped together";
  if (env.spec().num_envs < 2) return "one environment has no halves";
  return {};
}

Experience::Experience(const std::string& name, const CollectorSettings& settings, task::VectorEnv& from,
                       const std::shared_ptr<PolicyNetwork>& network, const Workplace& workplace)
    : prefix(name),
      env(from),
      pictures(from, network->settings(), workplace.placement),
      groups(make_groups(name, settings, from, network, workplace)),
      collector(settings, groups) {
  if (!pictures.image().defined()) return;
  for (const auto& group : groups)
    group->runner.use_pictures(pictures.image().narrow(0, group->first(), group->count()));
}

void Experience::start() {
  env.reset();
  for (const auto& group : groups) group->runner.begin(group->env, {});
}

void Experience::set_prior(float log_scale) {
  for (const auto& group : groups) group->runner.prior_log_scale() = log_scale;
}

void Experience::append_state(const std::string& rank_prefix, std::vector<NamedBytes>& state) const {
  const auto name = [&](const char* what) { return rank_prefix + prefix + what; };
  const std::vector<std::uint8_t> world_bytes = env.save_state();
  state.push_back({name("env"), "U8", {static_cast<std::int64_t>(world_bytes.size())}, world_bytes});
  std::vector<float> beliefs;
  std::vector<Tensor> recurrent, keep, plans, previous;
  for (const auto& group : groups) {
    PolicyRunner& runner = group->runner;
    if (runner.network().settings().reading.enabled) {
      const std::vector<float> some = runner.tracker().state();
      beliefs.insert(beliefs.end(), some.begin(), some.end());
    }
    recurrent.push_back(runner.state());
    keep.push_back(runner.keep());
    if (runner.planner() != nullptr) plans.push_back(runner.planner()->state());
    previous.push_back(runner.previous_action());
  }
  if (!beliefs.empty()) state.push_back(bytes_of(name("beliefs"), torch::tensor(beliefs)));
  state.push_back(bytes_of(name("recurrent"), torch::cat(recurrent)));
  state.push_back(bytes_of(name("keep"), torch::cat(keep, 1)));
  if (!plans.empty()) state.push_back(bytes_of(name("plans"), torch::cat(plans)));
  state.push_back(bytes_of(name("previous_action"), torch::cat(previous)));
}

base::Status Experience::restore(const Need& need) {
  const std::int64_t count = env.spec().num_envs;
  PolicyRunner& any = groups.front()->runner;
  INKNAV_ASSIGN_OR_RETURN(const Tensor world_bytes, need(prefix + "env", -1));
  const std::int64_t state_size = any.state().size(1);
  INKNAV_ASSIGN_OR_RETURN(const Tensor recurrent, need(prefix + "recurrent", count * state_size));
  INKNAV_ASSIGN_OR_RETURN(const Tensor keep, need(prefix + "keep", count));
  INKNAV_ASSIGN_OR_RETURN(const Tensor previous, need(prefix + "previous_action", count));
  if (any.planner() != nullptr) {
    const std::int64_t columns = any.planner()->state().size(1);
    INKNAV_ASSIGN_OR_RETURN(const Tensor plans, need(prefix + "plans", count * columns));
    for (const auto& group : groups) {
      group->runner.planner()->restore(
          plans.view({count, columns}).narrow(0, group->first(), group->count()).contiguous());
    }
  }
  INKNAV_RETURN_IF_ERROR(env.restore_state(
      {world_bytes.data_ptr<std::uint8_t>(), static_cast<std::size_t>(world_bytes.numel())}));
  for (const auto& group : groups) group->runner.reload(group->env);
  if (any.network().settings().reading.enabled) {
    INKNAV_ASSIGN_OR_RETURN(const Tensor beliefs, need(prefix + "beliefs", -1));
    INKNAV_RETURN_IF_ERROR(restore_beliefs(beliefs));
  }
  for (const auto& group : groups) {
    PolicyRunner& runner = group->runner;
    const std::int64_t first = group->first(), rows = group->count();
    runner.state().copy_(recurrent.view({count, state_size}).narrow(0, first, rows));
    runner.keep().copy_(keep.view({1, count}).narrow(1, first, rows));
    runner.previous_action().copy_(previous.view({count}).narrow(0, first, rows));
  }
  return base::ok_status();
}

base::Status Experience::restore_beliefs(const Tensor& beliefs) {
  std::span<const float> left{beliefs.data_ptr<float>(), static_cast<std::size_t>(beliefs.numel())};
  for (const auto& group : groups) {
    const std::size_t taken = group->runner.tracker().restore(left);
    left = left.subspan(taken);
    if (taken > 0 && (group != groups.back() || left.empty())) continue;
    return base::Error{base::ErrorCode::kData,
                       "checkpoint: \"" + prefix + "beliefs\" wants the hypotheses of " +
                           std::to_string(env.spec().num_envs) +
                           " environments, found something else; resume with the environments and "
                           "MODEL.BELIEF_HYPOTHESES of the run"};
  }
  return base::ok_status();
}

}  // namespace inknav::learn
