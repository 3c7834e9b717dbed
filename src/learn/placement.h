// SPDX-License-Identifier: MIT
#pragma once
// Placement: where the learner computes, and the way of tensors between there and the host.
//
// Environments write and read host memory; networks, rollouts and optimisers live on the device. On the CPU
// both are one memory and nothing is copied (direct). On a GPU host memory is pinned, copies do not wait, and
// wait() ends when all of them have arrived. A staged placement takes the GPU's way with the CPU as its
// device, so that the way is tested without one. Law: staged and direct give the same bits (trainer tests).
// Copies and computations of one thread follow one another; memory on the host side of a copy stays as it is
// until wait() has returned.

#include <torch/torch.h>

#include <cstddef>

#include "learn/settings.h"

namespace inknav::learn {

class Placement {
 public:
  /// The CPU, direct.
  Placement() = default;
  /// A GPU is always staged; it must have been opened (learn/cuda/torch_cuda.h). `graphs`: work of fixed
  /// shape is recorded and replayed (learn/cuda/replay.h), where it is staged.
  explicit Placement(torch::Device device, bool staged = false, bool graphs = false)
      : device_(device), direct_(device.is_cpu() && !staged), graphs_(graphs && !direct_) {}

  torch::Device device() const { return device_; }
  bool direct() const { return direct_; }
  bool is_gpu() const { return device_.is_cuda(); }
  bool graphs() const { return graphs_; }

  /// Options of new tensors on either side.
  torch::TensorOptions on_device() const { return torch::TensorOptions().device(device_); }
  torch::TensorOptions on_host() const { return torch::TensorOptions().pinned_memory(is_gpu()); }

  /// The device's twin of a host tensor: itself when direct, else a copy. The host's may change or go at
  /// once. A small one (kUnwaitedBytes) goes to a GPU without waiting for it, by way of pinned memory that
  /// libtorch keeps until it has arrived.
  torch::Tensor up(const torch::Tensor& host) const {
    if (direct_) return host;
    return is_gpu() ? up_to_gpu(host) : host.clone();
  }
  static constexpr std::size_t kUnwaitedBytes = 1 << 20;
  /// Into a twin that is there; does nothing when the two are one.
  void up(const torch::Tensor& host, const torch::Tensor& device) const {
    if (!device.is_same(host)) device.copy_(host, /*non_blocking=*/true);
  }
  void down(const torch::Tensor& device, const torch::Tensor& host) const { up(device, host); }
  /// New zeros on the host for what the device has in `device`, or that itself when direct.
  torch::Tensor host_twin(const torch::Tensor& device) const {
    return direct_ || !device.defined() ? device
                                        : torch::zeros(device.sizes(), on_host().dtype(device.scalar_type()));
  }
  /// Until all copies and computations of the calling thread are done.
  void wait() const;

 private:
  torch::Tensor up_to_gpu(const torch::Tensor& host) const;

  torch::Device device_{torch::kCPU};
  bool direct_ = true;
  bool graphs_ = false;
};

Placement placement_of(const ComputeSettings& settings);

}  // namespace inknav::learn
