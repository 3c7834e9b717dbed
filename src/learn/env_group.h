// SPDX-License-Identifier: MIT
#pragma once
// EnvGroup: some of a trainer's environments, one after the other, with the policy at work on them and the
// lane on which its network runs: all of them, or one of two halves that act alternately.
//
// While the network of one half is at work, the host simulates and renders the other. A half has beliefs,
// recurrent state, recorded graph and pinned memory of its own; which environment does what does not depend
// on the halves. Not movable: what it lends out refers to it. Threads: one caller for all groups.

#include <cstdint>
#include <memory>
#include <utility>

#include "base/thread_pool.h"
#include "learn/env_rows.h"
#include "learn/lane.h"
#include "learn/placement.h"
#include "learn/policy_runner.h"

namespace inknav::learn {

struct Workplace {
  base::ThreadPool& pool;
  Placement placement;
};

struct EnvGroup {
  /// Takes `rows` as env has them; env and workplace outlive it.
  EnvGroup(EnvRows rows, const std::shared_ptr<PolicyNetwork>& network, const Workplace& workplace,
           LaneKind kind)
      : env(std::move(rows)),
        runner(network, env, workplace.pool, workplace.placement),
        lane(workplace.placement, kind) {}
  EnvGroup(const EnvGroup&) = delete;
  EnvGroup& operator=(const EnvGroup&) = delete;

  std::int64_t first() const { return env.first(); }
  std::int64_t count() const { return runner.num_envs(); }

  EnvRows env;
  PolicyRunner runner;
  Lane lane;
};

}  // namespace inknav::learn
