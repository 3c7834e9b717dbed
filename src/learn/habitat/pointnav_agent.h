// SPDX-License-Identifier: MIT
#pragma once
// An Agent that acts with a PointNav policy of habitat-baselines (learn/habitat/pointnav_network.h).
//
// It reads depth and rgb as the policy does and the goal from the present pose, which PointNav gives its
// agents (pointgoal_with_gps_compass, polar; of an environment with drawings, `pointgoal`). It never sees a
// drawing and has no belief. Actions are sampled, as in the published figures, by philox(seed, episode,
// step): the outcome of an episode does not depend on the number of environments. Errors: kData for the file;
// kUsage from check_fits with the key that is at odds.

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "learn/agent.h"
#include "run/safetensors.h"
#include "task/navigation_env.h"

namespace inknav::learn {

/// Whether a file without settings of our own holds the weights of such a policy.
bool is_pointnav_file(const run::SafetensorsFile& file);

base::Result<std::unique_ptr<Agent>> load_pointnav_agent(const run::SafetensorsFile& file,
                                                         const AgentOptions& options);

/// An agent of any kind, by what the file holds: Agent::load, or the above.
base::Result<std::unique_ptr<Agent>> load_agent(const std::filesystem::path& checkpoint,
                                                const AgentOptions& options, base::ThreadPool& pool);

/// check_fits of learn/evaluate.h for an agent of any kind.
base::Status check_agent_fits(const Agent& agent, const task::NavigationEnv& env);

}  // namespace inknav::learn
