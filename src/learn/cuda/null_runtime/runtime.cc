// SPDX-License-Identifier: MIT
// The functions of libcudart that libtorch and its plug-ins call. Those that are missing here are generated
// and answer "not supported" (run).
#include <cuda_runtime_api.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "learn/cuda/null_runtime/capture.h"
#include "learn/cuda/null_runtime/device.h"
#include "learn/cuda/null_runtime/memory.h"
#include "learn/cuda/null_runtime/report.h"

namespace null_cuda {
namespace {

constexpr int kRuntimeVersion = 13000;
constexpr int kProcessors = 132;

thread_local cudaError_t last_error = cudaSuccess;

cudaError_t keep_error(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

using Kind = Work::Kind;

cudaError_t launch(cudaStream_t stream) {
  const auto guard = lock();
  count("kernels");
  return keep_error(give({.stream = stream}, "a kernel"));
}

/// Where both ends of a copy are; what that means for who waits.
cudaError_t copy(std::vector<Work> rows, cudaStream_t handle) {
  const auto guard = lock();
  const cudaStream_t stream = stream_of(handle);
  const Place from = place_of(rows.front().from), to = place_of(rows.front().to);
  std::int64_t bytes = 0;
  for (const Work& row : rows) bytes += static_cast<std::int64_t>(row.bytes);
  const bool is_captured = stream->capture != nullptr;
  const cudaError_t result = give({.stream = stream, .work = std::move(rows)}, "cudaMemcpyAsync");
  if (result != cudaSuccess || is_captured) return keep_error(result);
  if (to == Place::kDevice && from != Place::kDevice) count("bytes up", bytes);
  if (from == Place::kDevice && to != Place::kDevice) count("bytes down", bytes);
  if (to == Place::kPageable) {
    note("wait: copy down into pageable memory");
    carry_out(end_of(stream));
  } else if (to == Place::kDevice && from == Place::kPageable) {
    note("copy up from pageable memory");
  } else {
    count(from == Place::kPinned ? "copies up"
          : to == Place::kPinned ? "copies down"
                                 : "copies on the device");
  }
  return cudaSuccess;
}

cudaError_t wait_for(cudaStream_t stream, const char* call) {
  const cudaError_t refused = refuse_in_capture(stream, call);
  if (refused != cudaSuccess) return keep_error(refused);
  if (any_capture()) note(std::string(call) + " beside a capture");
  note(std::string("wait: ") + call);
  carry_out(end_of(stream));
  return cudaSuccess;
}

}  // namespace
}  // namespace null_cuda

using namespace null_cuda;  // NOLINT: this file is the inside of that library

#define NULL_CUDA_TRY(call)                                           \
  do {                                                                \
    const cudaError_t refused_here = (call);                          \
    if (refused_here != cudaSuccess) return keep_error(refused_here); \
  } while (false)

extern "C" {

// Devices.

cudaError_t cudaGetDeviceCount(int* count) { return *count = device_count(), cudaSuccess; }
cudaError_t cudaGetDevice(int* device) { return *device = current_device(), cudaSuccess; }
cudaError_t cudaSetDevice(int device) {
  if (device < 0 || device >= device_count()) return keep_error(cudaErrorInvalidDevice);
  current_device() = device;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) { return *version = kRuntimeVersion, cudaSuccess; }
cudaError_t cudaDriverGetVersion(int* version) { return *version = kRuntimeVersion, cudaSuccess; }
cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }
cudaError_t cudaPeekAtLastError() { return last_error; }
const char* cudaGetErrorName(cudaError_t error) {
  thread_local std::string text;
  return (text = "cudaError " + std::to_string(error)).c_str();
}
const char* cudaGetErrorString(cudaError_t error) {
  thread_local std::string text;
  return (text = "error " + std::to_string(error) + " of the null device").c_str();
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device < 0 || device >= device_count()) return keep_error(cudaErrorInvalidDevice);
  *properties = {};
  std::strcpy(properties->name, "null device");
  properties->major = 9;
  properties->totalGlobalMem = device_bytes();
  properties->multiProcessorCount = kProcessors;
  properties->warpSize = 32;
  properties->maxThreadsPerBlock = 1024;
  properties->maxThreadsPerMultiProcessor = 2048;
  properties->maxBlocksPerMultiProcessor = 32;
  properties->regsPerBlock = properties->regsPerMultiprocessor = 65536;
  properties->sharedMemPerBlock = 48 << 10;
  properties->sharedMemPerBlockOptin = 227 << 10;
  properties->sharedMemPerMultiprocessor = 228 << 10;
  properties->l2CacheSize = 50 << 20;
  properties->textureAlignment = 512;
  properties->unifiedAddressing = properties->managedMemory = properties->concurrentKernels = 1;
  properties->cooperativeLaunch = properties->streamPrioritiesSupported = 1;
  const std::array<int, 3> threads{1024, 1024, 64}, grid{2147483647, 65535, 65535};
  std::copy(threads.begin(), threads.end(), properties->maxThreadsDim);
  std::copy(grid.begin(), grid.end(), properties->maxGridSize);
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  cudaDeviceProp properties;
  cudaGetDeviceProperties(&properties, current_device());
  switch (attribute) {
    case cudaDevAttrMultiProcessorCount:
      *value = properties.multiProcessorCount;
      break;
    case cudaDevAttrComputeCapabilityMajor:
      *value = properties.major;
      break;
    case cudaDevAttrMaxThreadsPerBlock:
      *value = properties.maxThreadsPerBlock;
      break;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
      *value = properties.maxThreadsPerMultiProcessor;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      *value = static_cast<int>(properties.sharedMemPerBlock);
      break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = 227 << 10;
      break;
    case cudaDevAttrMaxGridDimX:
      *value = properties.maxGridSize[0];
      break;
    case cudaDevAttrMaxGridDimY:
      *value = properties.maxGridSize[1];
      break;
    case cudaDevAttrMaxBlockDimX:
      *value = properties.maxThreadsDim[0];
      break;
    case cudaDevAttrWarpSize:
      *value = properties.warpSize;
      break;
    default:
      *value = 0;
      count("attribute " + std::to_string(attribute));
  }
  return cudaSuccess;
}
cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  return *least = 0, *greatest = -5, cudaSuccess;
}
cudaError_t cudaDeviceCanAccessPeer(int* can, int, int) { return *can = 0, cudaSuccess; }
cudaError_t cudaDeviceGetPCIBusId(char* text, int size, int device) {
  std::snprintf(text, static_cast<std::size_t>(size), "0000:%02x:00.0", device + 1);
  return cudaSuccess;
}
cudaError_t cudaDeviceSynchronize() {
  const auto guard = lock();
  NULL_CUDA_TRY(refuse_unsafe("cudaDeviceSynchronize"));
  if (any_capture()) note("cudaDeviceSynchronize beside a capture");
  note("wait: cudaDeviceSynchronize");
  carry_out_all(current_device());
  return cudaSuccess;
}
cudaError_t cudaGetDriverEntryPointByVersion(const char* symbol, void** function, unsigned,
                                             unsigned long long, cudaDriverEntryPointQueryResult* status) {
  count(std::string("driver's ") + symbol);
  *function = reinterpret_cast<void*>(+[]() -> int { return 801; });  // CUDA_ERROR_NOT_SUPPORTED
  if (status != nullptr) *status = cudaDriverEntryPointSuccess;
  return cudaSuccess;
}

// Memory.

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  const auto guard = lock();
  *total = device_bytes();
  *free = device_bytes() - device_bytes_in_use();
  return cudaSuccess;
}
cudaError_t cudaMalloc(void** address, std::size_t bytes) {
  const auto guard = lock();
  NULL_CUDA_TRY(refuse_unsafe("cudaMalloc"));
  note("cudaMalloc");
  *address = bytes == 0 ? nullptr : take_device_memory(bytes);
  return bytes != 0 && *address == nullptr ? keep_error(cudaErrorMemoryAllocation) : cudaSuccess;
}
cudaError_t cudaFree(void* address) {
  const auto guard = lock();
  if (address == nullptr) return cudaSuccess;
  NULL_CUDA_TRY(refuse_unsafe("cudaFree"));
  note("wait: cudaFree");
  carry_out_all(current_device());
  return give_device_memory_back(address) ? cudaSuccess : keep_error(cudaErrorInvalidValue);
}
cudaError_t cudaHostAlloc(void** address, std::size_t bytes, unsigned) {
  const auto guard = lock();
  NULL_CUDA_TRY(refuse_unsafe("cudaHostAlloc"));
  note("cudaHostAlloc");
  *address = take_pinned_memory(bytes);
  return *address == nullptr ? keep_error(cudaErrorMemoryAllocation) : cudaSuccess;
}
cudaError_t cudaFreeHost(void* address) {
  const auto guard = lock();
  NULL_CUDA_TRY(refuse_unsafe("cudaFreeHost"));
  note("wait: cudaFreeHost");
  for (int device = 0; device < device_count(); ++device) carry_out_all(device);
  return give_pinned_memory_back(address) ? cudaSuccess : keep_error(cudaErrorInvalidValue);
}
cudaError_t cudaHostRegister(void* address, std::size_t bytes, unsigned) {
  const auto guard = lock();
  note_registered(address, bytes);
  return cudaSuccess;
}
cudaError_t cudaHostUnregister(void* address) {
  const auto guard = lock();
  forget_registered(address);
  return cudaSuccess;
}
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* address) {
  const auto guard = lock();
  const Place place = place_of(address);
  *attributes = {};
  attributes->type = place == Place::kDevice   ? cudaMemoryTypeDevice
                     : place == Place::kPinned ? cudaMemoryTypeHost
                                               : cudaMemoryTypeUnregistered;
  attributes->device = current_device();
  if (place != Place::kPageable) attributes->devicePointer = const_cast<void*>(address);
  if (place != Place::kDevice) attributes->hostPointer = const_cast<void*>(address);
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind,
                            cudaStream_t stream) {
  if (bytes == 0) return cudaSuccess;
  return copy({{.to = to, .from = from, .bytes = bytes}}, stream);
}
cudaError_t cudaMemcpyPeerAsync(void* to, int, const void* from, int, std::size_t bytes,
                                cudaStream_t stream) {
  return cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream);
}
cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch,
                              std::size_t width, std::size_t height, cudaMemcpyKind, cudaStream_t stream) {
  std::vector<Work> rows;
  for (std::size_t i = 0; i < height; ++i) {
    rows.push_back({.to = static_cast<std::byte*>(to) + i * to_pitch,
                    .from = static_cast<const std::byte*>(from) + i * from_pitch,
                    .bytes = width});
  }
  return rows.empty() || width == 0 ? cudaSuccess : copy(std::move(rows), stream);
}
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  const auto guard = lock();
  NULL_CUDA_TRY(refuse_unsafe("cudaMemcpy"));
  NULL_CUDA_TRY(cudaMemcpyAsync(to, from, bytes, kind, nullptr));
  return wait_for(stream_of(nullptr), "cudaMemcpy");
}
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  const auto guard = lock();
  if (bytes == 0) return cudaSuccess;
  return keep_error(
      give({.stream = stream, .work = {{.kind = Kind::kFill, .to = to, .bytes = bytes, .value = value}}},
           "cudaMemsetAsync"));
}
cudaError_t cudaMemset(void* to, int value, std::size_t bytes) {
  const auto guard = lock();
  NULL_CUDA_TRY(refuse_unsafe("cudaMemset"));
  return cudaMemsetAsync(to, value, bytes, nullptr);
}
cudaError_t cudaGetSymbolAddress(void** address, const void*) {
  static void* const room = take_device_memory(std::size_t{1} << 20);
  return *address = room, cudaSuccess;
}
cudaError_t cudaMemcpyToSymbol(const void*, const void*, std::size_t, std::size_t, cudaMemcpyKind) {
  const auto guard = lock();
  NULL_CUDA_TRY(refuse_unsafe("cudaMemcpyToSymbol"));
  return wait_for(stream_of(nullptr), "cudaMemcpyToSymbol");
}

// Streams and events.

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int priority) {
  const auto guard = lock();
  *stream = new_stream(flags, priority);
  return cudaSuccess;
}
cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return cudaStreamCreateWithPriority(stream, cudaStreamDefault, 0);
}
cudaError_t cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const auto guard = lock();
  return wait_for(stream_of(stream), "cudaStreamSynchronize");
}
cudaError_t cudaStreamQuery(cudaStream_t handle) {
  const auto guard = lock();
  const cudaStream_t stream = stream_of(handle);
  NULL_CUDA_TRY(refuse_in_capture(stream, "cudaStreamQuery"));
  const bool done = is_done(end_of(stream));
  carry_out(end_of(stream));  // it gets on while it is asked
  return done ? cudaSuccess : cudaErrorNotReady;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned flags) {
  const auto guard = lock();
  const cudaStream_t stream = stream_of(handle);
  const bool is_external = (flags & cudaEventWaitExternal) != 0;
  if (stream->capture || event->capture) return keep_error(wait_in_capture(stream, event, is_external));
  return keep_error(give({.stream = stream, .awaited = event}, nullptr));
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  *event = new CUevent_st;
  (*event)->flags = flags;
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  const auto guard = lock();
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t handle, unsigned flags) {
  const auto guard = lock();
  const cudaStream_t stream = stream_of(handle);
  const bool is_external = (flags & cudaEventRecordExternal) != 0;
  if (stream->capture) return keep_error(record_in_capture(event, stream, is_external));
  return keep_error(give({.stream = stream, .marked = event}, nullptr));
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return cudaEventRecordWithFlags(event, stream, cudaEventRecordDefault);
}
cudaError_t cudaEventQuery(cudaEvent_t event) {
  const auto guard = lock();
  NULL_CUDA_TRY(refuse_in_capture(event, "cudaEventQuery"));
  NULL_CUDA_TRY(refuse_unsafe("cudaEventQuery"));
  const bool done = is_done(event->position);
  carry_out(event->position);
  return done ? cudaSuccess : cudaErrorNotReady;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const auto guard = lock();
  NULL_CUDA_TRY(refuse_in_capture(event, "cudaEventSynchronize"));
  NULL_CUDA_TRY(refuse_unsafe("cudaEventSynchronize"));
  note("wait: cudaEventSynchronize");
  carry_out(event->position);
  return cudaSuccess;
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  const auto guard = lock();
  NULL_CUDA_TRY(refuse_in_capture(begin, "cudaEventElapsedTime"));
  NULL_CUDA_TRY(refuse_in_capture(end, "cudaEventElapsedTime"));
  if (((begin->flags | end->flags) & cudaEventDisableTiming) != 0 || !begin->recorded || !end->recorded) {
    fault("the time of an event that has none");
    return keep_error(cudaErrorInvalidResourceHandle);
  }
  if (!is_done(begin->position) || !is_done(end->position)) {
    fault("the time of an event that is not done");
    return keep_error(cudaErrorNotReady);
  }
  *milliseconds = std::chrono::duration<float, std::milli>(end->time - begin->time).count();
  return cudaSuccess;
}

// Graphs.

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  const auto guard = lock();
  return keep_error(begin_capture(stream_of(stream), mode));
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  const auto guard = lock();
  return keep_error(end_capture(stream_of(stream), graph));
}
cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  const auto guard = lock();
  const cudaStream_t stream = stream_of(handle);
  *status = !stream->capture           ? cudaStreamCaptureStatusNone
            : stream->capture->invalid ? cudaStreamCaptureStatusInvalidated
                                       : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}
cudaError_t cudaStreamGetCaptureInfo(cudaStream_t handle, cudaStreamCaptureStatus* status,
                                     unsigned long long* id, cudaGraph_t* graph,
                                     const cudaGraphNode_t** after, const cudaGraphEdgeData** edges,
                                     std::size_t* num_after) {
  const auto guard = lock();
  const cudaStream_t stream = stream_of(handle);
  cudaStreamIsCapturing(stream, status);
  if (id != nullptr && stream->capture) *id = stream->capture->id;
  if (graph != nullptr) *graph = nullptr;
  if (after != nullptr) *after = nullptr;
  if (edges != nullptr) *edges = nullptr;
  if (num_after != nullptr) *num_after = 0;
  return cudaSuccess;
}
cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  std::swap(*mode, capture_mode());
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* graph, cudaGraph_t from, unsigned long long) {
  const auto guard = lock();
  NULL_CUDA_TRY(refuse_unsafe("cudaGraphInstantiate"));
  *graph = new CUgraphExec_st{from->nodes};
  count("graphs instantiated");
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t handle) {
  const auto guard = lock();
  const cudaStream_t stream = stream_of(handle);
  NULL_CUDA_TRY(refuse_in_capture(stream, "cudaGraphLaunch"));
  count("graphs launched");
  for (const Capture::Node& node : graph->nodes) {
    NULL_CUDA_TRY(give({stream, node.work, node.marked, node.awaited}, "a graph's node"));
  }
  return cudaSuccess;
}
cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t*, std::size_t* count) {
  return *count = graph->nodes.size(), cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) { return delete graph, cudaSuccess; }
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) {
  const auto guard = lock();
  delete graph;
  return cudaSuccess;
}

// Kernels, which do nothing.

struct LaunchShape {
  dim3 grid, block;
  std::size_t shared = 0;
  cudaStream_t stream = nullptr;
};
static LaunchShape& pushed_shape() {
  thread_local LaunchShape shape;
  return shape;
}
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, std::size_t shared, cudaStream_t stream) {
  return pushed_shape() = {grid, block, shared, stream}, 0;
}
cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, std::size_t* shared, void* stream) {
  const LaunchShape& shape = pushed_shape();
  *grid = shape.grid;
  *block = shape.block;
  *shared = shape.shared;
  std::memcpy(stream, &shape.stream, sizeof(shape.stream));
  return cudaSuccess;
}
void** __cudaRegisterFatBinary(void*) {
  static void* handle = nullptr;
  return &handle;
}
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}
void __cudaRegisterFunction(void**, const char*, char*, const char*, int, uint3*, uint3*, dim3*, dim3*,
                            int*) {}
void __cudaRegisterVar(void**, char*, char*, const char*, int, std::size_t, int, int) {}
char __cudaInitModule(void**) { return 1; }
cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* function) {
  *kernel = static_cast<cudaKernel_t>(const_cast<void*>(function));
  return cudaSuccess;
}
cudaError_t __cudaLaunchKernel(cudaKernel_t, dim3, dim3, void**, std::size_t, cudaStream_t stream) {
  return launch(stream);
}
cudaError_t cudaLaunchKernel(const void*, dim3, dim3, void**, std::size_t, cudaStream_t stream) {
  return launch(stream);
}
cudaError_t cudaLaunchCooperativeKernel(const void*, dim3, dim3, void**, std::size_t, cudaStream_t stream) {
  return launch(stream);
}
cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* shape, const void*, void**) {
  return launch(shape->stream);
}
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void*) {
  *attributes = {};
  attributes->maxThreadsPerBlock = 1024;
  attributes->numRegs = 32;
  attributes->binaryVersion = attributes->ptxVersion = 90;
  attributes->maxDynamicSharedSizeBytes = 227 << 10;
  return cudaSuccess;
}
cudaError_t cudaFuncSetAttribute(const void*, cudaFuncAttribute, int) { return cudaSuccess; }
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void*, int, std::size_t) {
  return *blocks = 2, cudaSuccess;
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, const void*, int, std::size_t,
                                                                   unsigned) {
  return *blocks = 2, cudaSuccess;
}

}  // extern "C"
