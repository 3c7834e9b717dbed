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

inline constexpr std::uint32_t kDeviceAbiVersion = 1;

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

/// Sums over the ranks of a run, GPU to GPU.
class DeviceSum {
 public:
  virtual ~DeviceSum() = default;
  /// In place; the ranks must call it in the same order. Waits until the sum is there; throws when a peer is
  /// lost.
  virtual void sum(torch::Tensor& values) = 0;
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

/// Name and type of the plug-in's only symbol.
inline constexpr const char* kDeviceEntry = "inknav_cuda_learn_api";
using DeviceEntry = const DeviceApi* (*)();

}  // namespace inknav::learn
