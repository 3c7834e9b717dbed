// SPDX-License-Identifier: MIT
#pragma once
// Ranks: the processes that train one policy together. They meet over run/peers.h, which from then on tells
// them when one is lost, and sum over c10d's Gloo.
//
// Every call is collective and must be made by all ranks in the same order. Sums are deterministic for a
// fixed number of ranks. Threads: one caller at a time. Errors: kPeer, of the meeting or of a call; when a
// rank is lost, `on_loss` is called on the watching thread with the cause, and a call that fails waits a
// moment for that, since its own words do not tell which rank went.
// A sum that was started goes on beside the caller's work, on a thread of Gloo's or on a stream of NCCL's. A
// rank that is given up with such a sum open tells its peers, who would wait for it.
// All sockets are bound to the address of the meeting, which is loopback unless an interface was named;
// NCCL's to its interface, where NCCL_SOCKET_IFNAME does not say otherwise.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "run/peers.h"
#include "run/rank_environment.h"

namespace at {
class Tensor;
}

namespace inknav::learn {

struct RankTransport {
  std::string interface = {};     // NETWORK_INTERFACE; "": loopback
  double meeting_s = 120.0;       // for all ranks to come
  double silence_s = 30.0;        // after which a rank that is not heard of is lost
  double answer_s = 3600.0;       // for a collective call; the watch is quicker
  run::LossHandler on_loss = {};  // default: logs the sentence and ends the process with 7
};

/// What NCCL is told of its sockets (NCCL_SOCKET_IFNAME), which it would open on the first interface that is
/// not loopback: they are on that of the meeting, as all others.
std::string nccl_sockets(const run::RankInfo& info, const std::string& interface);

class Ranks {
 public:
  /// All ranks of a run meet.
  static base::Result<std::unique_ptr<Ranks>> connect(const run::RankInfo& info,
                                                      const RankTransport& transport = {});
  virtual ~Ranks() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual run::Peers& peers() = 0;
  virtual base::Status sum(std::span<float> values) = 0;
  virtual base::Status sum(std::span<double> values) = 0;
  /// The GPUs of all ranks meet (NCCL, learn/cuda/device_plugin.h). Without the plug-in they do not, and one
  /// line says that sums go over the host.
  virtual base::Status meet_on_device(int gpu) = 0;
  /// Whether they have met, so that start_sum() takes tensors of this rank's GPU.
  virtual bool sums_on_device() const = 0;

  static constexpr int kNoMark = -1, kMostMarks = 16;  // numbers of marks are 0 to kMostMarks - 1
  /// On a GPU: a sum that is started with this number waits for the work that the current stream holds up to
  /// here, and for no later work. While a graph is recorded the mark becomes a part of it, and every replay
  /// marks anew. On the host there is nothing to do: what was computed is there.
  virtual void mark(int number);
  /// Starts a sum of f32 in place, without gaps, and returns; the memory is kept until it is done. Nobody may
  /// touch it before finish_sums(). kNoMark: after all that the current stream holds.
  virtual base::Status start_sum(const at::Tensor& values, int mark);
  /// Until all sums that were started are done, for the host and for what the current stream does next.
  virtual base::Status finish_sums();

  virtual base::Result<std::int64_t> max(std::int64_t value) = 0;
  /// Blocks of all ranks, in rank order, on every rank.
  virtual base::Result<std::vector<std::vector<std::uint8_t>>> gather(
      std::span<const std::uint8_t> bytes) = 0;
};

}  // namespace inknav::learn
