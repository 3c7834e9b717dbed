// SPDX-License-Identifier: MIT
#include "run/gpu_status.h"

#include <dlfcn.h>

#include <array>
#include <cstring>

namespace inknav::run {
namespace {

// Types of the stable interfaces of libcuda and libnvidia-ml.
struct NvmlMemory {
  unsigned long long total, free, used;
};
using NvmlDevice = void*;

// The driver counts some hundred megabytes of a card as its own in one figure and not in the other.
constexpr double kSameCard = 0.9;

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  void* symbol = library == nullptr ? nullptr : dlsym(library, name);
  if (symbol == nullptr) return false;
  std::memcpy(&function, &symbol, sizeof(function));
  return true;
}

struct Management {
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  int (*by_bus)(const char*, NvmlDevice*) = nullptr;
  int (*memory)(NvmlDevice, NvmlMemory*) = nullptr;
};

void ask_memory(void* driver, void* library, GpuStatus& status) {
  int (*count)(int*) = nullptr;
  int (*get)(int*, int) = nullptr;
  int (*total)(std::size_t*, int) = nullptr;
  int (*bus_id)(char*, int, int) = nullptr;
  Management management;
  const bool complete =
      find(driver, "cuDeviceGetCount", count) && find(driver, "cuDeviceGet", get) &&
      find(driver, "cuDeviceTotalMem_v2", total) && find(driver, "cuDeviceGetPCIBusId", bus_id) &&
      find(library, "nvmlInit_v2", management.init) && find(library, "nvmlShutdown", management.shutdown) &&
      find(library, "nvmlDeviceGetHandleByPciBusId_v2", management.by_bus) &&
      find(library, "nvmlDeviceGetMemoryInfo", management.memory);
  if (!complete || management.init() != 0) return;
  int devices = 0;
  if (count(&devices) != 0) devices = 0;
  for (int i = 0; i < devices; ++i) {
    int device = 0;
    std::size_t bytes = 0;
    std::array<char, 32> bus{};
    NvmlDevice handle = nullptr;
    NvmlMemory memory{};
    const bool answered = get(&device, i) == 0 && total(&bytes, device) == 0 &&
                          bus_id(bus.data(), static_cast<int>(bus.size()) - 1, device) == 0 &&
                          management.by_bus(bus.data(), &handle) == 0 &&
                          management.memory(handle, &memory) == 0;
    if (!answered || static_cast<double>(bytes) < kSameCard * static_cast<double>(memory.total)) continue;
    status.memory.push_back({i, memory.total, memory.free});
  }
  management.shutdown();
}

}  // namespace

GpuStatus gpu_status(const std::string& driver_name, const std::string& management_name) {
  GpuStatus status;
  void* driver = dlopen(driver_name.c_str(), RTLD_NOW | RTLD_LOCAL);
  int (*init)(unsigned) = nullptr;
  int (*version)(int*) = nullptr;
  if (!find(driver, "cuInit", init)) return status;
  int number = 0;
  if (find(driver, "cuDriverGetVersion", version) && version(&number) == 0 && number > 0)
    status.cuda_version = number;
  if (init(0) != 0) return status;
  ask_memory(driver, dlopen(management_name.c_str(), RTLD_NOW | RTLD_LOCAL), status);
  return status;
}

}  // namespace inknav::run
