// SPDX-License-Identifier: MIT
#pragma once
// Owners of device memory, pinned host memory, streams, events and graphs inside the plug-in, and the one
// place where CUDA's error codes become a CudaStatus and a sentence.

#include <cuda_runtime.h>

#include <cstddef>
#include <string>
#include <utility>

#include "render/cuda/cuda_abi.h"

namespace inknav::render {

/// The sentence that last_error() gives, of the calling thread.
std::string& last_cuda_error();

/// Keeps the sentence when `code` is an error: "<what>: <CUDA's words>".
CudaStatus cuda_status(cudaError_t code, const char* what);

#define INKNAV_CUDA_TRY(expression, what)                                                             \
  do {                                                                                                \
    const ::inknav::render::CudaStatus inknav_cuda = ::inknav::render::cuda_status(expression, what); \
    if (inknav_cuda != ::inknav::render::kCudaOk) return inknav_cuda;                                 \
  } while (false)

#define INKNAV_CUDA_PASS(expression)                                  \
  do {                                                                \
    const ::inknav::render::CudaStatus inknav_cuda = expression;      \
    if (inknav_cuda != ::inknav::render::kCudaOk) return inknav_cuda; \
  } while (false)

/// Where an Array lies.
enum class MemoryKind { kDevice, kPinned };

template <typename T, MemoryKind kKind>
class Array {
 public:
  Array() = default;
  Array(Array&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
  Array& operator=(Array&& other) noexcept {
    std::swap(data_, other.data_);
    return *this;
  }
  ~Array() { release(); }

  /// Room for `count` values, at least one, not initialised; what was there before is given up.
  CudaStatus allocate(std::size_t count, const char* what) {
    release();
    void* memory = nullptr;
    const std::size_t bytes = (count == 0 ? 1 : count) * sizeof(T);
    INKNAV_CUDA_TRY(
        kKind == MemoryKind::kDevice ? cudaMalloc(&memory, bytes) : cudaMallocHost(&memory, bytes), what);
    data_ = static_cast<T*>(memory);
    return kCudaOk;
  }

  /// Allocates and copies from pageable host memory; waits. A null source leaves the array empty.
  CudaStatus upload(const T* source, std::size_t count, const char* what) {
    release();
    if (source == nullptr) return kCudaOk;
    INKNAV_CUDA_PASS(allocate(count, what));
    INKNAV_CUDA_TRY(cudaMemcpy(data_, source, count * sizeof(T), cudaMemcpyHostToDevice), what);
    return kCudaOk;
  }

  T* data() const { return data_; }

 private:
  void release() {
    if (data_ == nullptr) return;
    if (kKind == MemoryKind::kDevice) {
      cudaFree(data_);
    } else {
      cudaFreeHost(data_);
    }
    data_ = nullptr;
  }

  T* data_ = nullptr;
};

template <typename T>
using DeviceArray = Array<T, MemoryKind::kDevice>;
template <typename T>
using PinnedArray = Array<T, MemoryKind::kPinned>;

/// A stream, event or graph that is destroyed with its owner.
template <typename Handle, cudaError_t (*kDestroy)(Handle)>
class Owned {
 public:
  Owned() = default;
  Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Owned() {
    if (handle_ != nullptr) kDestroy(handle_);
  }
  Handle get() const { return handle_; }
  Handle* out() { return &handle_; }

 private:
  Handle handle_ = nullptr;
};
using Stream = Owned<cudaStream_t, cudaStreamDestroy>;
using Event = Owned<cudaEvent_t, cudaEventDestroy>;
using Graph = Owned<cudaGraph_t, cudaGraphDestroy>;
using GraphExec = Owned<cudaGraphExec_t, cudaGraphExecDestroy>;

}  // namespace inknav::render
