// SPDX-License-Identifier: MIT
#pragma once
// What the learner and its CUDA plug-in (libinknav_cuda_learn.so) tell each other. The plug-in holds what
// needs libtorch_cuda at link time: CUDA graphs and NCCL. It is opened after libtorch_cuda
// (learn/cuda/torch_cuda.h), whose symbols it takes, and both sides compare versions and sizes first.
//
// Objects of the plug-in throw what libtorch throws (c10::Error). Threads: one caller an object.
// Change anything here -> raise kDeviceAbiVersion.

#include <torch/torch.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <torch/csrc/distributed/c10d/Store.hpp>

namespace inknav::learn {

inline constexpr std::uint32_t kDeviceAbiVersion = 2;

/// A sequence of device work, recorded once and replayed without the host's part of it.
class DeviceGraph {
 public:
  virtual ~DeviceGraph() = default;
  /// Runs `work` `warm_up` times on a stream of its own, or on the caller's where that is not the default one
  /// (learn/lane.h), then records one run, which computes nothing.
  /// Everything that `work` reads and writes must stay where it is. Throws where it cannot be recorded.
  virtual void record(const std::function<void()>& work, int warm_up) = 0;
  virtual void replay() = 0;
};

/// Sums over the ranks of a run, GPU to GPU, on a stream of its own beside the caller's work. Not to be
/// recorded in a graph: how often each rank records and replays is its own affair, and the sums of all ranks
/// must stay in step.
class DeviceSum {
 public:
  static constexpr int kMostMarks = 16;

  virtual ~DeviceSum() = default;
  /// What the current stream holds by now is what a sum with this number waits for. In a graph that is being
  /// recorded it becomes a node, which marks anew at every replay.
  virtual void mark(int number) = 0;
  /// Starts a sum in place and returns; the ranks must do so in the same order. It begins after the mark,
  /// or, below 0, after all that the current stream holds.
  virtual void start(const torch::Tensor& values, int mark) = 0;
  /// Waits until all sums that were started are there; the current stream goes on after them. Throws when a
  /// peer is lost.
  virtual void finish() = 0;
};

struct DeviceSumRequest {
  c10::intrusive_ptr<c10d::Store> store;  // where all ranks have met
  int rank = 0;
  int world_size = 1;
  int gpu = 0;
  double timeout_s = 120.0;
};

struct DeviceApi {
  std::uint32_t abi_version;
  std::uint32_t api_bytes;
  const char* torch_version;  // "2.11.0"
  std::unique_ptr<DeviceGraph> (*make_graph)(int gpu);
  std::unique_ptr<DeviceSum> (*make_sum)(const DeviceSumRequest& request);
};

/// Name of the plug-in's only symbol, which is a const DeviceApi* (*)().
inline constexpr const char* kDeviceEntry = "inknav_cuda_learn_api";

}  // namespace inknav::learn
