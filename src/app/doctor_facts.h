// SPDX-License-Identifier: MIT
#pragma once
// What inknav doctor finds out about a machine. Everything that it prints follows from these facts
// (app/doctor_report.h), so that every machine can be played in a test; look_around() gathers the real ones.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/control_group.h"
#include "base/result.h"
#include "learn/torch_info.h"
#include "render/egl/egl_info.h"
#include "run/device_choice.h"
#include "run/file_system.h"
#include "run/gpu_status.h"
#include "run/nccl_library.h"
#include "run/other_runs.h"
#include "run/process_limits.h"
#include "run/processor.h"

namespace inknav::app {

/// A folder that a run writes to.
struct FolderFacts {
  std::string purpose;  // "models"
  std::filesystem::path path;
  std::filesystem::path there;  // path itself, or what exists of it
  std::string obstacle;         // why it cannot be written, "" when it can
  double free_gib = 0.0;
  std::string remedy;                             // what to do about an obstacle
  bool needed = false;                            // no training without it
  run::FileSystem file_system{};                  // of `there`
  std::optional<double> sync_bytes_per_second{};  // run::sync_rate
};

/// How this program was compiled.
struct BuildFacts {
  bool optimised = true;
  std::string sanitizer;  // "address", "thread" or ""
};

/// What stderr is, where a run shows how far it is.
struct TerminalFacts {
  bool is_terminal = false;
  std::string locale;  // LC_ALL, else LC_CTYPE, else LANG
};

struct MachineFacts {
  run::Processor processor;
  BuildFacts build;
  int machine_cores = 1;
  int affinity_cores = 1;
  base::ControlGroupLimits limits;
  double memory_gib = 0.0;
  double free_memory_gib = 0.0;
  run::ProcessLimits process;
  std::optional<run::FileSystem> shared_memory;  // /dev/shm; nullopt: it is not there
  std::vector<FolderFacts> folders;
  std::vector<run::OtherRun> other_runs;
  TerminalFacts terminal;
  std::optional<std::string> driver_version;   // of the NVIDIA kernel driver
  std::optional<std::string> visible_devices;  // CUDA_VISIBLE_DEVICES
  run::GpuList gpus;
  run::GpuStatus gpu_status;
  base::Result<std::string> tracer = base::Error{};  // the device that the CUDA plug-in renders on
  std::optional<run::NcclLibrary> nccl;
  base::Result<render::EglInfo> egl = base::Error{};
  learn::TorchInfo torch;
  run::DeviceChoice choice;  // what a run without flags would take
  run::CpuPlan plan;         // and how it would share out the cores
  int default_envs = 8;      // NUM_PROCESSES where a configuration does not say
};

/// Whether a run could write below `path`, which need not exist yet.
FolderFacts look_at_folder(const std::string& purpose, const std::filesystem::path& path,
                           const std::string& remedy);

base::Result<MachineFacts> look_around();

}  // namespace inknav::app
