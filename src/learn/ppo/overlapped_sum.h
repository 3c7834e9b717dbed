// SPDX-License-Identifier: MIT
#pragma once
// OverlappedSum: the gradients of a minibatch summed over the ranks while the backward pass still makes them.
//
//   sum.open(true);                        // a fresh bucket
//   sum.expect(loss);  loss.backward();  sum.passed();
//   INKNAV_RETURN_IF_ERROR(sum.finish(0));  // the rest, the numbers behind the gradients, and wait
//
// The bucket stays one piece of memory. It is summed in a few segments, from its end, because a backward pass
// fills it from there; a segment starts when all gradients that the graph of the loss will give it are there
// and all segments before it have started. So the order is the same on all ranks, whatever each one computes,
// and the segments are the same whether they start early or late: so are the bits.
// Hooks of the parameters tell what has arrived. They are called on the thread that runs the pass (the
// caller's on the CPU, libtorch's own on a GPU); one pass at a time. A recorded pass (learn/cuda/replay.h)
// only marks where a segment is complete; its sums start when the replay has been queued, and wait for these
// marks on the device.
// Errors: kPeer, of finish(), also for a sum that failed within the pass.

#include <torch/torch.h>

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "base/result.h"
#include "learn/networks/flat_parameters.h"
#include "learn/ranks.h"

namespace inknav::learn {

/// Gradients [begin, end) of the bucket.
struct Segment {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  bool operator==(const Segment&) const = default;
};
inline constexpr int kMostSegments = 4;
inline constexpr std::int64_t kLeastSegment = 16384;  // numbers; a smaller sum takes as long
/// The segments of `size` gradients in the order of their sums. Each takes at least half of what is left, so
/// that the last one, which nothing can hide, is small; none but the only one has fewer than kLeastSegment.
/// They begin where parameters do (`begins`, growing from 0).
std::vector<Segment> cut_segments(std::span<const std::int64_t> begins, std::int64_t size);

/// What happened to a bucket, in order.
struct SumEvent {
  enum class Kind : std::uint8_t { kStarted, kPassed };  // a segment's sum; the backward pass was over
  Kind kind = Kind::kStarted;
  int segment = 0;
  bool operator==(const SumEvent&) const = default;
};

class OverlappedSum {
 public:
  /// `overlap` false: all sums start in finish(). Parameters and ranks outlive it; parameters have one at a
  /// time.
  OverlappedSum(FlatParameters& parameters, Ranks& ranks, bool overlap);
  ~OverlappedSum();
  OverlappedSum(const OverlappedSum&) = delete;
  OverlappedSum& operator=(const OverlappedSum&) = delete;

  /// `in_pass` false: the pass is recorded or replayed, so it starts no sum.
  void open(bool in_pass);
  /// Right before the backward pass from `loss` that completes the bucket, and right after it.
  void expect(const torch::Tensor& loss);
  void passed();
  /// All sums that have not started, the last of them that of the numbers behind the gradients; then waits
  /// for all. `is_short`: the pass was given up, and what is summed is of no use but that all ranks learn it.
  base::Status finish(bool is_short);

  const std::vector<Segment>& segments() const { return segments_; }
  /// Of the last bucket.
  const std::vector<SumEvent>& events() const { return events_; }
  /// Since the beginning, those of the numbers behind the gradients included.
  std::int64_t num_sums() const { return num_sums_; }
  std::int64_t num_bytes() const { return num_bytes_; }

 private:
  class Hook;
  struct Progress {
    torch::Tensor values;  // of the bucket
    int missing = 0;       // gradients that are still to come
    bool is_marked = false;
  };
  void arrived(std::size_t parameter);
  void mark(std::size_t segment);
  void start_ready();
  void start(const torch::Tensor& values, int mark);
  base::Status sum_on_host();
  std::int64_t num_extra() { return parameters_.extra().numel(); }

  FlatParameters& parameters_;
  Ranks& ranks_;
  const bool overlap_;
  std::vector<Segment> segments_;
  std::vector<std::size_t> segment_of_;  // each parameter
  std::mutex mutex_;                     // of all below
  std::vector<Progress> progress_;       // of each segment
  std::vector<bool> is_expected_;        // each parameter's gradient
  bool in_pass_ = false;
  bool is_expecting_ = false;
  std::size_t next_ = 0;  // segment to start
  base::Status status_ = base::ok_status();
  std::vector<SumEvent> events_;
  std::int64_t num_sums_ = 0;
  std::int64_t num_bytes_ = 0;
};

}  // namespace inknav::learn
