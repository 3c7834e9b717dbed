// SPDX-License-Identifier: MIT
#include "learn/placement.h"

#include <c10/core/impl/VirtualGuardImpl.h>

namespace inknav::learn {

void Placement::wait() const {
  if (!is_gpu()) return;
  const c10::impl::VirtualGuardImpl guard(device_.type());
  guard.synchronizeStream(guard.getStream(device_));
}

torch::Tensor Placement::up_to_gpu(const torch::Tensor& host) const {
  if (host.nbytes() > kUnwaitedBytes) return host.to(device_);
  const torch::Tensor pinned = torch::empty(host.sizes(), on_host().dtype(host.scalar_type())).copy_(host);
  return pinned.to(device_, pinned.scalar_type(), /*non_blocking=*/true);
}

Placement placement_of(const ComputeSettings& settings) {
  if (settings.gpu < 0) return Placement(torch::kCPU, settings.staged, settings.graphs);
  const torch::Device device(torch::kCUDA, static_cast<c10::DeviceIndex>(settings.gpu));
  // Libraries of CUDA look at the current device of the thread.
  c10::impl::VirtualGuardImpl(torch::kCUDA).setDevice(device);
  return Placement(device, true, settings.graphs);
}

}  // namespace inknav::learn
