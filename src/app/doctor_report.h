// SPDX-License-Identifier: MIT
#pragma once
// What inknav doctor has found out, and the lines that it makes of it. Facts are gathered in
// doctor_command.cc; here nothing is asked from the machine, so every machine can be played in a test.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/control_group.h"
#include "base/result.h"
#include "learn/torch_info.h"
#include "render/embree/embree_info.h"
#include "run/device_choice.h"

namespace inknav::app {

/// A folder that a run writes to.
struct FolderFacts {
  std::string purpose;  // "models"
  std::filesystem::path path;
  std::filesystem::path there;  // path itself, or what exists of it
  std::string obstacle;         // why it cannot be written, "" when it can
  double free_gib = 0.0;
  std::string remedy;  // what to do about an obstacle
};

struct MachineFacts {
  std::string processor;
  int machine_cores = 1;
  int affinity_cores = 1;
  base::ControlGroupLimits limits;
  double memory_gib = 0.0;
  double free_memory_gib = 0.0;
  std::vector<FolderFacts> folders;
  std::optional<std::string> driver_version;   // of the NVIDIA kernel driver
  std::optional<std::string> visible_devices;  // CUDA_VISIBLE_DEVICES
  run::GpuList gpus;
  base::Result<render::EmbreeInfo> embree = render::EmbreeInfo{};
  learn::TorchInfo torch;
  run::DeviceChoice choice;  // what a run without flags would take
  run::CpuPlan plan;         // and how it would share out the cores
};

struct DoctorRow {
  std::string name;  // "" continues the row above
  std::string fact;
  bool problem = false;
};

std::vector<DoctorRow> doctor_rows(const MachineFacts& facts);

/// The rows as text, problems marked with "!", and a last line that counts them.
std::string doctor_text(const std::vector<DoctorRow>& rows);

/// Whether a run could write below `path`, which need not exist yet.
FolderFacts look_at_folder(const std::string& purpose, const std::filesystem::path& path,
                           const std::string& remedy);

}  // namespace inknav::app
