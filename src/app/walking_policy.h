// SPDX-License-Identifier: MIT
#pragma once
// WalkingPolicy: the policy of a checkpoint as the student of `generate demos --policy`, with the environment
// that it was trained in. Errors: kUsage (no such file, a policy that does not fit its own configuration),
// kData (not a sound checkpoint), each with the file's name.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "learn/solo_agents.h"
#include "task/demonstration_file.h"
#include "task/navigation_env.h"

namespace inknav::app {

struct WalkingPolicy {
  std::unique_ptr<learn::SoloAgents> agents;
  task::NavigationEnvSettings env;  // of the configuration inside the checkpoint
  std::string name;                 // 32 hexadecimal digits: hash of the file's bytes
};

base::Result<WalkingPolicy> load_walking_policy(const std::filesystem::path& checkpoint, std::uint64_t seed,
                                                int num_threads);

/// What demonstrations say of the camera and the body of an environment.
task::DemonstrationFormat format_of(const task::NavigationEnvSettings& env);

}  // namespace inknav::app
