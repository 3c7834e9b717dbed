// SPDX-License-Identifier: MIT
#include "app/walking_policy.h"

#include <system_error>
#include <utility>

#include "base/hash.h"
#include "config/load.h"
#include "learn/evaluate.h"
#include "run/safetensors.h"
#include "task/env_from_config.h"

namespace inknav::app {
namespace {

base::Result<config::ExperimentConfig> stored_config(const run::SafetensorsFile& file,
                                                     const std::string& name) {
  INKNAV_ASSIGN_OR_RETURN(const std::string text, file.meta("config"));
  INKNAV_ASSIGN_OR_RETURN(config::LoadedConfig loaded,
                          config::load_experiment_text(text, name + ": its configuration"));
  return std::move(loaded.config);
}

}  // namespace

base::Result<WalkingPolicy> load_walking_policy(const std::filesystem::path& checkpoint, std::uint64_t seed,
                                                int num_threads) {
  std::error_code code;
  if (!std::filesystem::is_regular_file(checkpoint, code)) {
    return base::Error{
        base::ErrorCode::kUsage,
        "--policy " + checkpoint.string() +
            ": a checkpoint (<model-dir>/data/ckpt.<n>.safetensors) is wanted, there is no such "
            "file; train first, or correct the path"};
  }
  INKNAV_ASSIGN_OR_RETURN(const run::SafetensorsFile file, run::read_safetensors(checkpoint));
  WalkingPolicy policy;
  policy.name = base::xxh3_128(file.bytes()).hex();
  INKNAV_ASSIGN_OR_RETURN(const config::ExperimentConfig config, stored_config(file, checkpoint.string()));
  policy.env = task::env_settings(config, {});
  INKNAV_ASSIGN_OR_RETURN(learn::LoadedPolicy loaded, learn::load_policy(checkpoint));
  policy.agents = std::make_unique<learn::SoloAgents>(std::move(loaded), seed, num_threads);
  INKNAV_RETURN_IF_ERROR(learn::check_fits(policy.agents->settings(), policy.env));
  return policy;
}

task::DemonstrationFormat format_of(const task::NavigationEnvSettings& env) {
  task::DemonstrationFormat format;
  format.sensors = env.simulator.sensors;
  format.sensors.rgb = false;
  format.sensors.normalize_depth = true;
  format.motion = env.simulator.motion;
  format.agent_radius = env.nav.agent_radius;
  format.agent_height = env.nav.agent_height;
  return format;
}

}  // namespace inknav::app
