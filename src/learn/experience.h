// SPDX-License-Identifier: MIT
#pragma once
// Experience: where a trainer's rollouts come from: environments, the policy at work on them, and the
// collector that writes what happens. A trainer has one of live environments and may have one of recorded
// walks, both of one network.

#include <memory>
#include <string>

#include "base/thread_pool.h"
#include "learn/bound_pictures.h"
#include "learn/placement.h"
#include "learn/policy_runner.h"
#include "learn/ppo/collector.h"
#include "learn/trainer.h"
#include "task/vector_env.h"

namespace inknav::learn {

struct Workplace {
  base::ThreadPool& pool;
  Placement placement;
};

/// The network of these settings, its parameters on the device.
std::shared_ptr<PolicyNetwork> make_network(const TrainerSettings& settings, const Placement& placement);

struct Experience {
  /// `name` begins the names of its state; the other arguments outlive it.
  Experience(const std::string& name, const CollectorSettings& settings, task::VectorEnv& from,
             const std::shared_ptr<PolicyNetwork>& network, const Workplace& workplace);
  /// All environments begin an episode.
  void start();

  std::string prefix;
  task::VectorEnv& env;
  BoundPictures pictures;
  PolicyRunner runner;
  Collector collector;
};

}  // namespace inknav::learn
