// SPDX-License-Identifier: MIT
#pragma once
// Which devices a run uses; first match wins: --gpu-ids, --num-gpus, GPU_IDS, NUM_GPUS, all visible GPUs,
// CPU. Devices are counted through the driver (libcuda, opened at run time), so CUDA_VISIBLE_DEVICES is
// respected: ids are indices into it. No driver is not an error: the run is on the CPU and one line says so.
// Duplicates, unknown ids and more than are present: kUsage, naming what is there.

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
};
GpuList visible_gpus();

struct DeviceRequest {
  std::optional<std::string> gpu_ids_flag;         // --gpu-ids "0,2"
  std::optional<int> num_gpus_flag;                // --num-gpus 2; 0 asks for the CPU
  std::optional<std::vector<int>> gpu_ids_config;  // GPU_IDS
  std::optional<int> num_gpus_config;              // NUM_GPUS
};

struct DeviceChoice {
  std::vector<int> gpu_ids;  // empty: CPU
  std::string sentence;      // what was chosen and by which rule
};
base::Result<DeviceChoice> choose_devices(const DeviceRequest& request, const GpuList& present);

/// How the environments are spread over CPU ranks.
struct CpuPlanRequest {
  std::optional<int> num_ranks;      // nullopt = auto
  std::optional<int> num_threads;    // nullopt = auto: cores / ranks
  std::optional<int> num_processes;  // nullopt = auto: kAutoEnvsPerRank a rank
  int num_mini_batch = 1;            // auto ranks leave each rank a multiple of it, when that is possible
  int cores = 1;
};
struct CpuPlan {
  int num_ranks = 1;
  int threads_per_rank = 1;
  int envs_per_rank = 1;
};
constexpr int kAutoEnvsPerRank = 32;
/// Auto ranks: as many as there are cores, fewer where the environments would not divide evenly.
/// kUsage when num_processes is not a multiple of a given num_ranks.
base::Result<CpuPlan> plan_cpu(const CpuPlanRequest& request);

}  // namespace inknav::run
