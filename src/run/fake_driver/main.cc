// SPDX-License-Identifier: MIT
// An NVIDIA driver with its management library and an NCCL, in one file, for tests on machines without a GPU:
// two cards of 80 GiB, one of them half used, and a slice of a third.
#include <cstddef>
#include <cstdio>
#include <cstring>

namespace {
struct Memory {
  unsigned long long total, free, used;
};
constexpr unsigned long long kGib = 1ull << 30;
}  // namespace

extern "C" {
int cuInit(unsigned flags);
int cuDriverGetVersion(int* version);
int cuDeviceGetCount(int* count);
int cuDeviceGet(int* device, int index);
int cuDeviceTotalMem_v2(std::size_t* bytes, int device);
int cuDeviceGetPCIBusId(char* text, int size, int device);
int nvmlInit_v2();
int nvmlShutdown();
int nvmlDeviceGetHandleByPciBusId_v2(const char* bus, void** device);
int nvmlDeviceGetMemoryInfo(void* device, Memory* memory);
int ncclGetVersion(int* version);

int cuInit(unsigned) { return 0; }
int cuDriverGetVersion(int* version) { return *version = 12080, 0; }
int cuDeviceGetCount(int* count) { return *count = 3, 0; }
int cuDeviceGet(int* device, int index) { return *device = 10 + index, 0; }
int cuDeviceTotalMem_v2(std::size_t* bytes, int device) {
  *bytes = device == 12 ? 10 * kGib : 80 * kGib - (300ull << 20);
  return 0;
}
int cuDeviceGetPCIBusId(char* text, int size, int device) {
  std::snprintf(text, static_cast<std::size_t>(size), "0000:%d:00.0", device);
  return 0;
}
int nvmlInit_v2() { return 0; }
int nvmlShutdown() { return 0; }
int nvmlDeviceGetHandleByPciBusId_v2(const char* bus, void** device) {
  static char handles[3];
  if (std::strncmp(bus, "0000:1", 6) != 0) return 6;
  *device = &handles[bus[6] - '0'];
  static_cast<char*>(*device)[0] = bus[6];
  return 0;
}
int nvmlDeviceGetMemoryInfo(void* device, Memory* memory) {
  const unsigned long long used = static_cast<char*>(device)[0] == '1' ? 40 * kGib : 0;
  *memory = {80 * kGib, 80 * kGib - used, used};
  return 0;
}
int ncclGetVersion(int* version) { return *version = 22809, 0; }
}
