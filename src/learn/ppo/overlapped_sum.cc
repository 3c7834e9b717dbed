// SPDX-License-Identifier: MIT
#include "learn/ppo/overlapped_sum.h"

#include <torch/csrc/autograd/functions/accumulate_grad.h>

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/check.h"

namespace inknav::learn {

using torch::Tensor;

std::vector<Segment> cut_segments(std::span<const std::int64_t> begins, std::int64_t size) {
  std::vector<Segment> segments;
  std::int64_t end = size;
  while (end > 0) {
    const std::int64_t wanted = std::max((end + 1) / 2, kLeastSegment);
    std::int64_t begin = 0;
    for (const std::int64_t candidate : begins) {
      if (candidate <= end - wanted) begin = std::max(begin, candidate);
    }
    if (begin < kLeastSegment || static_cast<int>(segments.size()) + 1 == kMostSegments) begin = 0;
    segments.push_back({begin, end});
    end = begin;
  }
  return segments;
}

/// Of one parameter. Called when its gradient of a pass has been added to the bucket.
class OverlappedSum::Hook final : public torch::autograd::PostAccumulateGradHook {
 public:
  Hook(OverlappedSum& sum, std::size_t parameter) : sum_(sum), parameter_(parameter) {}
  void operator()(const torch::autograd::Variable&) override { sum_.arrived(parameter_); }

 private:
  OverlappedSum& sum_;
  std::size_t parameter_;
};

OverlappedSum::OverlappedSum(FlatParameters& parameters, Ranks& ranks, bool overlap)
    : parameters_(parameters),
      ranks_(ranks),
      overlap_(overlap && (parameters.bucket().is_cpu() || ranks.sums_on_device())),
      segments_(cut_segments(parameters.begins(), parameters.size())),
      is_expected_(parameters.parameters().size(), false) {
  static_assert(kMostSegments <= Ranks::kMostMarks);
  for (const Segment& segment : segments_) {
    progress_.push_back({parameters.bucket().narrow(0, segment.begin, segment.end - segment.begin)});
  }
  for (const std::int64_t begin : parameters.begins()) {
    const auto found = std::find_if(segments_.begin(), segments_.end(), [begin](const Segment& segment) {
      return begin >= segment.begin && begin < segment.end;
    });
    // A parameter without numbers at the very end is in none.
    segment_of_.push_back(std::min<std::size_t>(static_cast<std::size_t>(found - segments_.begin()),
                                                segments_.empty() ? 0 : segments_.size() - 1));
  }
  if (!overlap_) return;
  for (std::size_t i = 0; i < segment_of_.size(); ++i) {
    torch::autograd::impl::set_post_acc_grad_hooks(parameters.parameters()[i],
                                                   std::make_unique<Hook>(*this, i));
  }
}

OverlappedSum::~OverlappedSum() {
  if (!overlap_) return;
  for (const Tensor& parameter : parameters_.parameters()) {
    torch::autograd::impl::set_post_acc_grad_hooks(parameter, nullptr);
  }
}

void OverlappedSum::open(bool in_pass) {
  const std::lock_guard lock(mutex_);
  in_pass_ = in_pass && overlap_;
  is_expecting_ = false;
  next_ = 0;
  status_ = base::ok_status();
  events_.clear();
  // What a recorded pass marks is marked again by every replay.
  if (!in_pass_) return;
  for (Progress& segment : progress_) segment.is_marked = false;
}

void OverlappedSum::expect(const Tensor& loss) {
  if (!overlap_) return;
  std::unordered_map<const c10::TensorImpl*, std::size_t> numbers;
  for (std::size_t i = 0; i < segment_of_.size(); ++i) {
    numbers.emplace(parameters_.parameters()[i].unsafeGetTensorImpl(), i);
  }
  const std::lock_guard lock(mutex_);
  std::fill(is_expected_.begin(), is_expected_.end(), false);
  for (Progress& segment : progress_) {
    segment.missing = 0;
    segment.is_marked = false;
  }
  std::vector<const torch::autograd::Node*> open{loss.grad_fn().get()};
  std::unordered_set<const torch::autograd::Node*> seen(open.begin(), open.end());
  while (!open.empty()) {
    const torch::autograd::Node* const node = open.back();
    open.pop_back();
    if (node == nullptr) continue;
    if (const auto* leaf = dynamic_cast<const torch::autograd::AccumulateGrad*>(node)) {
      const auto found = numbers.find(leaf->variable.unsafeGetTensorImpl());
      if (found == numbers.end()) continue;
      is_expected_[found->second] = true;
      ++progress_[segment_of_[found->second]].missing;
    }
    for (const torch::autograd::Edge& edge : node->next_edges()) {
      if (seen.insert(edge.function.get()).second) open.push_back(edge.function.get());
    }
  }
  is_expecting_ = true;
  for (std::size_t i = 0; i < progress_.size(); ++i) {
    if (progress_[i].missing == 0) mark(i);
  }
  start_ready();
}

void OverlappedSum::arrived(std::size_t parameter) {
  const std::lock_guard lock(mutex_);
  if (!is_expecting_ || !is_expected_[parameter]) return;
  is_expected_[parameter] = false;
  const std::size_t segment = segment_of_[parameter];
  if (--progress_[segment].missing > 0) return;
  mark(segment);
  start_ready();
}

void OverlappedSum::passed() {
  const std::lock_guard lock(mutex_);
  is_expecting_ = false;
  events_.push_back({SumEvent::Kind::kPassed, 0});
  if (!overlap_) return;
  // A gradient that the graph promised may be undefined in the end, and then does not arrive.
  for (std::size_t i = 0; i < progress_.size(); ++i) {
    if (!progress_[i].is_marked) mark(i);
  }
  start_ready();
}

void OverlappedSum::mark(std::size_t segment) {
  progress_[segment].is_marked = true;
  ranks_.mark(static_cast<int>(segment));
}

void OverlappedSum::start_ready() {
  if (!in_pass_) return;
  while (next_ < progress_.size() && progress_[next_].is_marked && status_.ok()) {
    start(progress_[next_].values, static_cast<int>(next_));
  }
}

/// The next segment, or what follows the last one.
void OverlappedSum::start(const Tensor& values, int mark) {
  if (!status_.ok()) return;
  status_ = ranks_.start_sum(values, mark);
  events_.push_back({SumEvent::Kind::kStarted, static_cast<int>(next_)});
  ++next_;
  ++num_sums_;
  num_bytes_ += static_cast<std::int64_t>(values.nbytes());
}

base::Status OverlappedSum::finish(bool is_short) {
  const torch::NoGradGuard no_grad;
  const std::lock_guard lock(mutex_);
  is_expecting_ = false;
  if (is_short) parameters_.extra().narrow(0, num_extra() - 1, 1).fill_(1.0);
  if (!parameters_.bucket().is_cpu() && !ranks_.sums_on_device()) return sum_on_host();
  while (next_ < progress_.size() && status_.ok()) {
    const bool waits_for_mark = progress_[next_].is_marked && !is_short;
    start(progress_[next_].values, waits_for_mark ? static_cast<int>(next_) : Ranks::kNoMark);
  }
  start(parameters_.extra(), Ranks::kNoMark);
  if (!status_.ok()) return status_;
  return ranks_.finish_sums();
}

/// The same sums, through the host.
base::Status OverlappedSum::sum_on_host() {
  const Tensor host = parameters_.bucket().to(torch::kCPU);
  for (const Segment& segment : segments_) {
    start(host.narrow(0, segment.begin, segment.end - segment.begin), Ranks::kNoMark);
  }
  start(host.narrow(0, parameters_.size(), num_extra()), Ranks::kNoMark);
  if (!status_.ok()) return status_;
  INKNAV_RETURN_IF_ERROR(ranks_.finish_sums());
  parameters_.bucket().copy_(host);
  return base::ok_status();
}

}  // namespace inknav::learn
