// SPDX-License-Identifier: MIT
#pragma once
// Lane: device work in the order in which it was given, with its own place in time: what is launched on one
// goes on beside the host and beside other lanes, until it is waited for.
//
//   Lane lane(placement, LaneKind::kOwnStream);
//   { const Lane::Turn turn(lane); lane.launch([&] { ... }); }   // returns at once
//   simulate();                                                  // meanwhile
//   { const Lane::Turn turn(lane); lane.wait(); }                // its results are there
//
// One launch is waited for before the next. What the host has written for a launch stays as it is until
// then, and what it makes is not read before. Everything asked of the device while a Turn lives goes onto its
// lane; memory that one lane has freed may be used by that lane alone until the device is idle.
// Law: a caller that keeps to this gets the same bits from every LaneKind, from the device that is done at
// once to the one that is as slow as it can be (ppo/halves_test.cc).
// Threads: one caller. launch() and wait() throw what the work throws.

#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <torch/torch.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "learn/lane_kind.h"
#include "learn/placement.h"

namespace inknav::learn {

/// On the host's clock.
struct TimeSpan {
  using Time = std::chrono::steady_clock::time_point;
  Time begin;
  Time end;
};
/// Seconds that two spans have in common.
double common_seconds(const TimeSpan& a, const TimeSpan& b);

/// Until all that any lane has been given is done.
void wait_for_lanes(const Placement& placement);

enum class LaneEvent : std::uint8_t { kLaunch, kWait };

class Lane {
 public:
  Lane(const Placement& placement, LaneKind kind);

  class Turn {
   public:
    explicit Turn(const Lane& lane);

   private:
    std::optional<c10::StreamGuard> guard_;
  };

  void launch(const std::function<void()>& work);
  /// Until everything on the lane is done. Work that failed (kLate) is tried again by the next wait().
  void wait();
  /// Forgets what has not begun and waits for the rest; the reason is an error that matters more than what
  /// the device says now.
  void abandon() noexcept;

  /// When the device was at work on the last launch that was waited for; empty in turn, where the host did
  /// nothing else.
  const TimeSpan& busy() const { return busy_; }

  /// Told before every launch and every wait; may be empty.
  std::function<void(LaneEvent)> observer;

 private:
  void note_busy();

  Placement placement_;
  LaneKind kind_;
  std::optional<c10::Stream> stream_;  // kOwnStream on a GPU
  std::function<void()> late_;         // has not begun
  std::optional<c10::Event> begun_;
  std::optional<c10::Event> done_;
  bool in_flight_ = false;
  TimeSpan busy_;
};

}  // namespace inknav::learn
