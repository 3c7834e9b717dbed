// SPDX-License-Identifier: MIT
#pragma once
// One training run, from configuration to exit code: devices and ranks, the model directory, the environment,
// the trainer, checkpoints, metrics, the progress display and signals.
//
//   run_training(request)   in the process that a person started: becomes a rank (torchrun, SLURM, or a
//                           single rank) or starts the ranks and waits for them.
//
// Stop: SIGTERM or SIGUSR1 saves and ends with 75, SIGINT saves and ends with 0; all ranks agree at an update
// boundary. Resume goes on in the model directory, bit for bit; a .pth begins a new run. Only rank 0 writes.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/load.h"
#include "run/device_choice.h"
#include "run/run_directory.h"

namespace inknav::learn {

struct TrainingRequest {
  config::LoadedConfig loaded;
  std::filesystem::path model_dir;
  run::ExistingRun existing = run::ExistingRun::kRefuse;
  std::optional<std::filesystem::path> resume_from;  // a checkpoint, or weights (.pth)
  run::DeviceChoice devices;
  run::CpuPlan plan;                   // ranks and threads
  std::vector<std::string> arguments;  // argv that starts one rank of this run
  std::string progress_title = "training";
};

/// The exit code of the run: 0 done or interrupted after saving, 75 preempted after saving, else the error's.
base::Result<int> run_training(const TrainingRequest& request);

}  // namespace inknav::learn
