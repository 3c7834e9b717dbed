// SPDX-License-Identifier: MIT
#include "run/device_choice.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace inknav::run {
namespace {

// The few entry points of the CUDA driver that are needed; their types are part of its stable interface.
using InitFunction = int (*)(unsigned);
using CountFunction = int (*)(int*);
using GetFunction = int (*)(int*, int);
using NameFunction = int (*)(char*, int, int);
using MemoryFunction = int (*)(std::size_t*, int);

constexpr int kDefaultEnvsPerRank = 32;

std::string describe_present(const GpuList& present) {
  if (present.gpus.empty()) return "no GPU is visible (" + present.reason + ")";
  std::vector<std::string> names;
  for (const Gpu& gpu : present.gpus) names.push_back(fmt::format("{}: {}", gpu.id, gpu.name));
  return fmt::format("visible: {}", fmt::join(names, ", "));
}

base::Error refusal(const std::string& source, const std::string& found, const GpuList& present) {
  return {base::ErrorCode::kUsage, fmt::format("{}: {}; {}", source, found, describe_present(present))};
}

base::Result<std::vector<int>> parse_ids(const std::string& text, const GpuList& present) {
  std::vector<int> ids;
  const char* cursor = text.data();
  const char* const end = text.data() + text.size();
  while (cursor != end) {
    while (cursor != end && *cursor == ' ') ++cursor;
    int id = 0;
    const auto [next, problem] = std::from_chars(cursor, end, id);
    const char* after = next;
    while (after != end && *after == ' ') ++after;
    if (problem != std::errc() || (after != end && *after != ',') || after + 1 == end) {
      return refusal("--gpu-ids", fmt::format("\"{}\" is not a list like \"0,2\"", text), present);
    }
    ids.push_back(id);
    cursor = after == end ? end : after + 1;
  }
  if (ids.empty()) return refusal("--gpu-ids", "an empty list; leave the flag out for all GPUs", present);
  return ids;
}

base::Result<DeviceChoice> choose_ids(const std::string& source, const std::vector<int>& ids,
                                      const GpuList& present) {
  std::set<int> seen;
  for (const int id : ids) {
    if (!seen.insert(id).second) return refusal(source, fmt::format("device {} is named twice", id), present);
    const auto known = [id](const Gpu& gpu) { return gpu.id == id; };
    if (std::none_of(present.gpus.begin(), present.gpus.end(), known)) {
      return refusal(source, fmt::format("device {} is not there", id), present);
    }
  }
  return DeviceChoice{ids, fmt::format("training on GPU {} ({})", fmt::join(ids, ", "), source)};
}

base::Result<DeviceChoice> choose_count(const std::string& source, int count, const GpuList& present) {
  if (count == 0) return DeviceChoice{{}, fmt::format("training on the CPU ({} = 0)", source)};
  if (count < 0 || static_cast<std::size_t>(count) > present.gpus.size()) {
    return refusal(source, fmt::format("{} GPUs were asked for", count), present);
  }
  std::vector<int> ids;
  for (int i = 0; i < count; ++i) ids.push_back(present.gpus[static_cast<std::size_t>(i)].id);
  return choose_ids(source, ids, present);
}

/// The most ranks that share the environments evenly and leave each whole minibatches; one rank always may.
int auto_ranks(int environments, int cores, int num_mini_batch) {
  for (int ranks = std::min(cores, environments); ranks > 1; --ranks) {
    if (environments % ranks == 0 && (environments / ranks) % num_mini_batch == 0) return ranks;
  }
  return 1;
}

}  // namespace

GpuList visible_gpus() {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (driver == nullptr) return {{}, "no NVIDIA driver: libcuda.so.1 was not found"};
  const auto init = reinterpret_cast<InitFunction>(dlsym(driver, "cuInit"));
  const auto count = reinterpret_cast<CountFunction>(dlsym(driver, "cuDeviceGetCount"));
  const auto get = reinterpret_cast<GetFunction>(dlsym(driver, "cuDeviceGet"));
  const auto name = reinterpret_cast<NameFunction>(dlsym(driver, "cuDeviceGetName"));
  const auto memory = reinterpret_cast<MemoryFunction>(dlsym(driver, "cuDeviceTotalMem_v2"));
  if (init == nullptr || count == nullptr || get == nullptr || name == nullptr || memory == nullptr) {
    return {{}, "the NVIDIA driver library lacks a function of CUDA; update the driver", true};
  }
  int devices = 0;
  if (const int code = init(0); code != 0)
    return {{}, fmt::format("the NVIDIA driver did not start (code {})", code), true};
  if (count(&devices) != 0 || devices == 0) return {{}, "the NVIDIA driver shows no device", true};
  GpuList list;
  list.library_found = true;
  for (int i = 0; i < devices; ++i) {
    int device = 0;
    char text[256] = {};
    std::size_t bytes = 0;
    if (get(&device, i) != 0 || name(text, sizeof(text) - 1, device) != 0 || memory(&bytes, device) != 0)
      continue;
    list.gpus.push_back({i, text, static_cast<double>(bytes) / (1024.0 * 1024.0 * 1024.0)});
  }
  return list;
}

base::Result<DeviceChoice> choose_devices(const DeviceRequest& request, const GpuList& present) {
  if (request.gpu_ids_flag && request.num_gpus_flag) {
    return refusal("command line",
                   fmt::format("--gpu-ids \"{}\" and --num-gpus {} were both given, one of them is wanted",
                               *request.gpu_ids_flag, *request.num_gpus_flag),
                   present);
  }
  if (request.num_gpus_flag == 0) {
    return refusal("--num-gpus",
                   "0 GPUs were asked for; to train on the CPU leave it out and give NUM_GPUS 0", present);
  }
  if (request.gpu_ids_flag) {
    INKNAV_ASSIGN_OR_RETURN(const std::vector<int> ids, parse_ids(*request.gpu_ids_flag, present));
    return choose_ids("--gpu-ids", ids, present);
  }
  if (request.num_gpus_flag) return choose_count("--num-gpus", *request.num_gpus_flag, present);
  if (request.gpu_ids_config) return choose_ids("GPU_IDS", *request.gpu_ids_config, present);
  if (request.num_gpus_config) return choose_count("NUM_GPUS", *request.num_gpus_config, present);
  if (present.gpus.empty()) {
    return DeviceChoice{{}, fmt::format("training on the CPU: {}", describe_present(present))};
  }
  return choose_count("all visible GPUs", static_cast<int>(present.gpus.size()), present);
}

base::Result<CpuPlan> plan_cpu(std::optional<int> num_ranks, std::optional<int> num_threads,
                               std::optional<int> num_processes, int cores, int num_mini_batch) {
  CpuPlan plan;
  if (num_ranks) {
    plan.num_ranks = *num_ranks;
  } else if (num_processes) {
    plan.num_ranks = auto_ranks(*num_processes, cores, num_mini_batch);
  } else {
    plan.num_ranks = cores;
  }
  const int total = num_processes.value_or(kDefaultEnvsPerRank * plan.num_ranks);
  if (total % plan.num_ranks != 0) {
    return base::Error{
        base::ErrorCode::kUsage,
        fmt::format("NUM_PROCESSES = {} environments cannot be shared evenly by {} ranks; use a multiple "
                    "of {}",
                    total, plan.num_ranks, plan.num_ranks)};
  }
  plan.envs_per_rank = total / plan.num_ranks;
  plan.threads_per_rank = num_threads.value_or(std::max(1, cores / plan.num_ranks));
  return plan;
}

}  // namespace inknav::run
