// SPDX-License-Identifier: MIT
#pragma once
// Null device: memory, streams, events, graphs and the rules between them, without anything that computes.
//
// Device memory is ordinary memory behind addresses that the host must not touch (a segmentation fault says
// who did). Copies are kept until something waits for them, as on the slowest device there could be; pinned
// memory that a kept copy reads or writes is guarded meanwhile. Kernels do nothing. Every function of the run
// time that this stands for holds lock().

#include <cuda_runtime_api.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace null_cuda {

/// All that a stream was given before its `number`-th piece of work.
struct Position {
  cudaStream_t stream = nullptr;
  std::uint64_t number = 0;
};

struct Work {
  enum class Kind { kCopy, kFill, kWait } kind = Kind::kCopy;
  void* to = nullptr;
  const void* from = nullptr;
  std::size_t bytes = 0;
  int value = 0;                                      // kFill
  Position position = {};                             // kWait
  std::shared_ptr<std::vector<std::byte>> kept = {};  // what pageable memory held
};

struct Capture {
  struct Node {
    std::vector<std::size_t> after;
    std::vector<Work> work;         // none: a kernel
    cudaEvent_t marked = nullptr;   // recorded by every launch
    cudaEvent_t awaited = nullptr;  // waited for by every launch
  };
  cudaStream_t origin = nullptr;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  std::thread::id thread;
  unsigned long long id = 0;
  bool invalid = false;
  std::vector<Node> nodes;
  std::set<cudaStream_t> streams;
};

/// What a call gives to a stream; nothing but the stream for a kernel.
struct Task {
  cudaStream_t stream = nullptr;
  std::vector<Work> work = {};
  cudaEvent_t marked = nullptr;
  cudaEvent_t awaited = nullptr;
};

std::recursive_mutex& mutex();
inline std::unique_lock<std::recursive_mutex> lock() { return std::unique_lock(mutex()); }

int device_count();
int& current_device();  // of the thread

/// The object behind a handle, default streams included.
cudaStream_t stream_of(cudaStream_t handle);

cudaStream_t new_stream(unsigned flags, int priority);

/// Keeps a task, or makes it a node of the capture that the stream belongs to.
cudaError_t give(const Task& task, const char* call);
/// Does all that lies before a position.
void carry_out(const Position& position);
/// Does all that a device has been given.
void carry_out_all(int device);
Position end_of(cudaStream_t stream);
bool is_done(const Position& position);

}  // namespace null_cuda

struct CUstream_st {
  int device = 0;
  unsigned flags = 0;
  int priority = 0;
  std::deque<null_cuda::Work> kept;
  std::uint64_t done = 0;
  std::shared_ptr<null_cuda::Capture> capture;
  std::vector<std::size_t> tips;  // what the next node of the capture comes after
};

struct CUevent_st {
  unsigned flags = 0;
  bool recorded = false;
  null_cuda::Position position;
  std::chrono::steady_clock::time_point time;
  std::shared_ptr<null_cuda::Capture> capture;  // the last record was part of it
  std::vector<std::size_t> tips;
};

struct CUgraph_st {
  std::vector<null_cuda::Capture::Node> nodes;
};

struct CUgraphExec_st {
  std::vector<null_cuda::Capture::Node> nodes;
};
