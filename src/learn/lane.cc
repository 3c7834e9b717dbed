// SPDX-License-Identifier: MIT
#include "learn/lane.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <exception>

#include "base/check.h"

namespace inknav::learn {

using Clock = std::chrono::steady_clock;

double common_seconds(const TimeSpan& a, const TimeSpan& b) {
  const std::chrono::duration<double> common = std::min(a.end, b.end) - std::max(a.begin, b.begin);
  return std::max(common.count(), 0.0);
}

void wait_for_lanes(const Placement& placement) {
  if (!placement.is_gpu()) return;
  c10::impl::VirtualGuardImpl(placement.device().type()).synchronizeDevice(placement.device().index());
}

Lane::Lane(const Placement& placement, LaneKind kind) : placement_(placement), kind_(kind) {
  INKNAV_CHECK(kind != LaneKind::kLate || !placement.is_gpu());
  if (kind != LaneKind::kOwnStream || !placement.is_gpu()) return;
  stream_ =
      c10::impl::VirtualGuardImpl(placement.device().type()).getStreamFromGlobalPool(placement.device());
  // Those of the default kind hold no time.
  begun_.emplace(placement.device().type(), c10::EventFlag::BACKEND_DEFAULT);
  done_.emplace(placement.device().type(), c10::EventFlag::BACKEND_DEFAULT);
}

Lane::Turn::Turn(const Lane& lane) {
  if (lane.stream_) guard_.emplace(*lane.stream_);
}

void Lane::launch(const std::function<void()>& work) {
  INKNAV_CHECK(!late_, "a launch is waited for before the next");
  if (observer) observer(LaneEvent::kLaunch);
  busy_.begin = busy_.end = Clock::now();
  in_flight_ = false;
  if (kind_ == LaneKind::kLate) {
    late_ = work;
    return;
  }
  if (stream_) begun_->record(*stream_);
  work();
  if (!stream_) return;
  done_->record(*stream_);
  in_flight_ = true;
}

void Lane::wait() {
  if (observer) observer(LaneEvent::kWait);
  if (late_) {
    late_();
    late_ = nullptr;
  }
  placement_.wait();
  note_busy();
}

void Lane::note_busy() {
  if (!in_flight_) return;
  in_flight_ = false;
  const double milliseconds = begun_->elapsedTime(*done_);
  busy_.end = busy_.begin +
              std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1e-3 * milliseconds));
}

void Lane::abandon() noexcept {
  late_ = nullptr;
  in_flight_ = false;
  try {
    const Turn turn(*this);
    placement_.wait();
  } catch (const std::exception&) {
    // The first error says what is wrong.
  }
}

}  // namespace inknav::learn
