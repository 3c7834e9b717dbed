// SPDX-License-Identifier: MIT
// The learner's CUDA plug-in (learn/cuda/device_abi.h): CUDA graphs and NCCL.
#include <ATen/Version.h>
#include <ATen/core/CachingHostAllocator.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <map>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#include <utility>
#include <vector>

#include "learn/cuda/device_abi.h"

namespace inknav::learn {
namespace {

c10::DeviceIndex index_of(int gpu) { return static_cast<c10::DeviceIndex>(gpu); }

/// Where a thread records graphs that are replayed on the default stream. One for all of them, which are
/// replayed one after the other: on every stream that it has worked on cuBLAS keeps a workspace.
c10::cuda::CUDAStream recording_stream(c10::DeviceIndex gpu) {
  thread_local std::map<c10::DeviceIndex, c10::cuda::CUDAStream> streams;
  const auto found = streams.find(gpu);
  if (found != streams.end()) return found->second;
  return streams.emplace(gpu, c10::cuda::getStreamFromPool(/*isHighPriority=*/false, gpu)).first->second;
}

class CudaGraph final : public DeviceGraph {
 public:
  explicit CudaGraph(int gpu) : gpu_(index_of(gpu)) {}

  void record(const std::function<void()>& work, int warm_up) override {
    // The default stream cannot be captured. A lane's own can: cuBLAS has a workspace for each stream, which
    // graphs that are replayed beside each other must not share.
    const c10::cuda::CUDAStream current = c10::cuda::getCurrentCUDAStream(gpu_);
    const bool is_default = current == c10::cuda::getDefaultCUDAStream(gpu_);
    const c10::cuda::CUDAStream side = is_default ? recording_stream(gpu_) : current;
    current.synchronize();  // what `work` reads is complete
    const c10::cuda::CUDAStreamGuard guard(side);
    for (int i = 0; i < warm_up; ++i) work();
    side.synchronize();
    make_room();
    try {
      capture(work);
    } catch (...) {
      forget_capture();
      throw;
    }
    side.synchronize();
  }

  void replay() override { graph_.replay(); }

 private:
  /// A graph takes memory of its own, about what the warm-up took, and while it is recorded libtorch gives
  /// none of its cache back: where the device has less left than lies there, that goes first.
  void make_room() const {
    constexpr auto kAll = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(gpu_);
    const std::int64_t cached = stats.reserved_bytes[kAll].current - stats.allocated_bytes[kAll].current;
    const std::size_t free = c10::cuda::CUDACachingAllocator::get()->getMemoryInfo(gpu_).first;
    if (static_cast<std::int64_t>(free) < cached) c10::cuda::CUDACachingAllocator::emptyCache();
  }

  void capture(const std::function<void()>& work) {
    // Other threads (the renderer's) may call the driver meanwhile.
    graph_.capture_begin(pool_, cudaStreamCaptureModeThreadLocal);
    try {
      work();
    } catch (...) {
      try {
        graph_.capture_end();
      } catch (const std::exception&) {
        // It says less than the first error.
      }
      throw;
    }
    graph_.capture_end();
  }

  /// CUDA ends a capture that failed with an error, and then libtorch tells its allocators nothing: to them
  /// it would go on for ever, with a filter that refers to a graph that is gone, and no memory would be given
  /// back any more.
  void forget_capture() noexcept {
    static_cast<void>(cudaGetLastError());
    try {
      c10::cuda::CUDACachingAllocator::endAllocateToPool(gpu_, pool_);
      c10::cuda::CUDACachingAllocator::releasePool(gpu_, pool_);
    } catch (const std::exception&) {
      // It had not begun, or is over.
    }
    try {
      at::HostAllocator* const host = at::getHostAllocator(at::kCUDA);
      host->end_allocate_to_pool(pool_);
      host->release_pool(pool_);
    } catch (const std::exception&) {
      // Likewise.
    }
  }

  c10::DeviceIndex gpu_;
  const c10::MempoolId_t pool_ = at::cuda::graph_pool_handle();
  at::cuda::CUDAGraph graph_;
};

class NcclSum final : public DeviceSum {
 public:
  explicit NcclSum(const DeviceSumRequest& request)
      : gpu_(index_of(request.gpu)), gate_(c10::cuda::getStreamFromPool(/*isHighPriority=*/true, gpu_)) {
    // A lost peer shall be an error here, not the end of the process from a watcher's thread.
    setenv("TORCH_NCCL_BLOCKING_WAIT", "1", 1);
    // Of high priority: its few blocks are placed as soon as others of the backward pass leave.
    auto options = c10d::ProcessGroupNCCL::Options::create(/*is_high_priority_stream=*/true);
    options->timeout = std::chrono::milliseconds(static_cast<std::int64_t>(request.timeout_s * 1000.0));
    group_ = c10::make_intrusive<c10d::ProcessGroupNCCL>(request.store, request.rank, request.world_size,
                                                         std::move(options));
    // An event must be there before a graph that marks it is recorded.
    for (c10::cuda::CUDAEvent& event : marks_) event.create(gpu_);
  }
  ~NcclSum() override {
    // Whoever ends has what it wants of the sums, or has given them up. libtorch's own end is the same, with
    // a warning.
    try {
      group_->abort();
    } catch (const std::exception&) {
      // The process is about to end.
    }
  }

  void mark(int number) override {
    const c10::cuda::CUDAGuard guard(gpu_);
    marks_.at(static_cast<std::size_t>(number)).record(c10::cuda::getCurrentCUDAStream(gpu_));
  }

  /// NCCL's own stream waits for the stream that is current at the call. That is the gate, which waits for
  /// the mark alone, so that a sum does not wait for the rest of a backward pass that is queued already.
  void start(const torch::Tensor& values, int mark) override {
    const c10::cuda::CUDAGuard guard(gpu_);
    if (mark >= 0) {
      marks_.at(static_cast<std::size_t>(mark)).block(gate_);
    } else {
      c10::cuda::CUDAEvent now;
      now.record(c10::cuda::getCurrentCUDAStream(gpu_));
      now.block(gate_);
    }
    const c10::cuda::CUDAStreamGuard on_gate(gate_);
    std::vector<torch::Tensor> tensors{values};
    started_.push_back(group_->allreduce(tensors));
  }

  void finish() override {
    const c10::cuda::CUDAGuard guard(gpu_);
    for (const auto& sum : started_) sum->wait();
    started_.clear();
  }

 private:
  using Mark = c10::cuda::CUDAEvent;
  static constexpr unsigned kFlags = cudaEventDisableTiming | cudaEventExternal;  // seen from outside graphs

  c10::DeviceIndex gpu_;
  c10::cuda::CUDAStream gate_;
  std::vector<Mark> marks_ = make_marks();
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> group_;
  std::vector<c10::intrusive_ptr<c10d::Work>> started_;

  static std::vector<Mark> make_marks() {
    std::vector<Mark> marks;
    for (int i = 0; i < kMostMarks; ++i) marks.emplace_back(kFlags);
    return marks;
  }
};

std::unique_ptr<DeviceGraph> make_graph(int gpu) { return std::make_unique<CudaGraph>(gpu); }

std::unique_ptr<DeviceSum> make_sum(const DeviceSumRequest& request) {
  return std::make_unique<NcclSum>(request);
}

constexpr DeviceApi kApi = {.abi_version = kDeviceAbiVersion,
                            .api_bytes = sizeof(DeviceApi),
                            .torch_version = TORCH_VERSION,
                            .make_graph = make_graph,
                            .make_sum = make_sum};

}  // namespace
}  // namespace inknav::learn

extern "C" __attribute__((visibility("default"))) const inknav::learn::DeviceApi* inknav_cuda_learn_api();

extern "C" const inknav::learn::DeviceApi* inknav_cuda_learn_api() { return &inknav::learn::kApi; }
