// SPDX-License-Identifier: MIT
#include "learn/experience.h"

#include "learn/networks/policy_network.h"

namespace inknav::learn {

std::shared_ptr<PolicyNetwork> make_network(const TrainerSettings& settings, const Placement& placement) {
  auto network = std::make_shared<PolicyNetwork>(settings.policy, settings.seed);
  if (placement.is_gpu()) network->to(placement.device());
  const Precision precision = settings.compute.precision;
  network->set_bf16(precision == Precision::kBf16 || (precision == Precision::kAuto && placement.is_gpu()));
  return network;
}

Experience::Experience(const std::string& name, const CollectorSettings& settings, task::VectorEnv& from,
                       const std::shared_ptr<PolicyNetwork>& network, const Workplace& workplace)
    : prefix(name),
      env(from),
      pictures(from, network->settings(), workplace.placement),
      runner(network, from, workplace.pool, workplace.placement),
      collector(settings, from, runner) {
  runner.use_pictures(pictures.image());
  runner.set_noise(settings.seed, settings.first_env);
  // The states to learn from need no choice among plans.
  if (runner.planner() != nullptr) runner.planner()->set_num_candidates(1);
}

void Experience::start() {
  env.reset();
  runner.begin(env, {});
}

}  // namespace inknav::learn
