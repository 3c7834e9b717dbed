// SPDX-License-Identifier: MIT
#pragma once
// Experience: where a trainer's rollouts come from: environments, the policy at work on them, and the
// collector that writes what happens. A trainer has one of live environments and may have one of recorded
// walks, both of one network.
//
// The environments act together or in two halves (learn/env_group.h). Its state in a checkpoint is the same
// either way, so a run may go on with the other.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "learn/bound_pictures.h"
#include "learn/env_group.h"
#include "learn/placement.h"
#include "learn/policy_runner.h"
#include "learn/ppo/collector.h"
#include "learn/trainer.h"
#include "task/vector_env.h"

namespace inknav::learn {

/// The network of these settings, its parameters on the device.
std::shared_ptr<PolicyNetwork> make_network(const TrainerSettings& settings, const Placement& placement);

/// Why environments cannot act in two halves; empty: they can.
std::string why_together(const task::VectorEnv& env, const PolicySettings& policy);

struct Experience {
  /// `name` begins the names of its state; the other arguments outlive it.
  Experience(const std::string& name, const CollectorSettings& settings, task::VectorEnv& from,
             const std::shared_ptr<PolicyNetwork>& network, const Workplace& workplace);
  /// All environments begin an episode.
  void start();

  float prior_log_scale() const { return groups.front()->runner.prior_log_scale(); }
  void set_prior(float log_scale);

  /// Tensors of a checkpoint, called `rank_prefix` + `prefix` + name.
  void append_state(const std::string& rank_prefix, std::vector<NamedBytes>& state) const;
  /// `need` gives the tensor of a name (with `prefix`) that has so many numbers, -1: any number.
  using Need = std::function<base::Result<torch::Tensor>(const std::string& name, std::int64_t elements)>;
  base::Status restore(const Need& need);

  std::string prefix;
  task::VectorEnv& env;
  BoundPictures pictures;  // of all groups
  std::vector<std::unique_ptr<EnvGroup>> groups;
  Collector collector;

 private:
  base::Status restore_beliefs(const torch::Tensor& beliefs);
};

}  // namespace inknav::learn
