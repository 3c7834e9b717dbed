// SPDX-License-Identifier: MIT
#pragma once
// FailureCauses: why the failed episodes of a track failed, by rules on what was measured; each failure has
// one cause, the first that holds in the order of the enumerators.

#include <array>
#include <cstdint>
#include <string_view>

#include "learn/evaluate.h"

namespace inknav::app {

enum class FailureCause : std::uint8_t {
  kLost,       // the belief ended more than kLostDistance from the truth
  kLateStop,   // it had been at the goal, went on and said STOP elsewhere
  kEarlyStop,  // it said STOP without ever having been at the goal
  kNoStop,     // it had been at the goal and never said STOP
  kStuck,      // it never came there and more than kStuckShare of its steps touched something
  kOutOfTime,  // anything else
};
inline constexpr int kNumFailureCauses = 6;
inline constexpr float kLostDistance = 1.5f;  // metres
inline constexpr float kStuckShare = 0.2f;

std::string_view name_of(FailureCause cause);         // "lost_in_drawing": the name in stats.json
std::string_view description_of(FailureCause cause);  // the words of the report

using FailureCounts = std::array<int, kNumFailureCauses>;
FailureCounts count_failures(const learn::EvaluationResult& result);

}  // namespace inknav::app
