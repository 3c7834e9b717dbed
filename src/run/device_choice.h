// SPDX-License-Identifier: MIT
#pragma once
// Which devices a run uses; first match wins: --gpu-ids or --num-gpus, GPU_IDS, NUM_GPUS, all visible GPUs,
// CPU. Devices are counted through the driver (libcuda, opened at run time), so CUDA_VISIBLE_DEVICES is
// respected: ids are indices into it. No driver is not an error: the run is on the CPU and one line says so.
// Duplicates, unknown ids, more than are present, no device at all and both flags at once: kUsage, naming
// what is there. The CPU of a machine with GPUs is asked for by the key, NUM_GPUS 0: a flag that names GPUs
// never means none of them, so that a number that a script worked out wrongly does not train on the CPU.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace inknav::run {

struct Gpu {
  int id = 0;  // index among the visible devices
  std::string name;
  double memory_gib = 0.0;
};

/// The visible GPUs; `reason` says why there are none ("no NVIDIA driver (libcuda.so.1 not found)").
struct GpuList {
  std::vector<Gpu> gpus;
  std::string reason;
  bool library_found = false;  // the driver's library, libcuda.so.1
};
GpuList visible_gpus();

struct DeviceRequest {
  std::optional<std::string> gpu_ids_flag;         // --gpu-ids "0,2"
  std::optional<int> num_gpus_flag;                // --num-gpus 2
  std::optional<std::vector<int>> gpu_ids_config;  // GPU_IDS
  std::optional<int> num_gpus_config;              // NUM_GPUS; 0 asks for the CPU
};

struct DeviceChoice {
  std::vector<int> gpu_ids;  // empty: CPU
  std::string sentence;      // what was chosen and by which rule
};
base::Result<DeviceChoice> choose_devices(const DeviceRequest& request, const GpuList& present);

/// CPU ranks and simulation threads a rank: `auto` is one rank a core, at most one per environment, such that
/// the environments divide evenly; threads = cores / ranks.
struct CpuPlan {
  int num_ranks = 1;
  int threads_per_rank = 1;
  int envs_per_rank = 1;
};
/// num_processes nullopt = auto: a trial decides, 32 a rank stand for it (learn/env_count.h). kUsage when
/// num_processes is not a multiple of num_ranks. Auto also leaves each rank a multiple of num_mini_batch
/// environments, when that is possible.
base::Result<CpuPlan> plan_cpu(std::optional<int> num_ranks, std::optional<int> num_threads,
                               std::optional<int> num_processes, int cores, int num_mini_batch = 1);

}  // namespace inknav::run
