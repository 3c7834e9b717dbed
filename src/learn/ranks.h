// SPDX-License-Identifier: MIT
#pragma once
// Ranks: the processes that train one policy together, over c10d's Gloo (TCPStore on MASTER_ADDR).
//
// Every call is collective and must be made by all ranks in the same order. Sums are deterministic for a
// fixed number of ranks. Threads: one caller. A lost peer shows as kPeer after timeout_s.
// The transport has no authorisation: keep it on loopback or a trusted network.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/tensor_view.h"
#include "run/launch.h"

namespace inknav::learn {

class Ranks {
 public:
  /// All ranks of a run meet; `timeout_s` holds for the meeting and for every later call.
  static base::Result<std::unique_ptr<Ranks>> connect(const run::RankInfo& info, double timeout_s = 120.0);
  virtual ~Ranks() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual base::Status sum(std::span<float> values) = 0;
  virtual base::Status sum(std::span<double> values) = 0;
  /// The GPUs of all ranks meet (NCCL, learn/cuda/device_plugin.h). Without the plug-in they do not, and one
  /// line says that sums go over the host.
  virtual base::Status meet_on_device(int gpu) = 0;
  /// Whether they have met, so that sum_on_device() can be called.
  virtual bool sums_on_device() const = 0;
  /// f32 in the memory of this rank's GPU, in place.
  virtual base::Status sum_on_device(const base::TensorView& values) = 0;
  virtual base::Result<std::int64_t> max(std::int64_t value) = 0;
  /// Blocks of all ranks, in rank order, on every rank.
  virtual base::Result<std::vector<std::vector<std::uint8_t>>> gather(
      std::span<const std::uint8_t> bytes) = 0;
};

}  // namespace inknav::learn
