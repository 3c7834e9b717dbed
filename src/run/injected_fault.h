// SPDX-License-Identifier: MIT
#pragma once
// Faults on order, for the tests of whole runs: INKNAV_INJECT = "<what>@<phase>=<update>,rank=<rank>", such
// as "kill@rollout=3,rank=1". Off when the variable is not set; then a point costs one load.
//
//   what    kill (SIGKILL), stop (SIGSTOP), hang (the thread sleeps for ever),
//           slow (20 ms at every point of the phase from that update on)
//   phase   start, rollout (every step), update (every sum of gradients), save, evaluation

#include <cstdint>

#include "base/result.h"

namespace inknav::run {

/// kUsage when the variable is set and is not of this form.
base::Status check_injected_fault();
/// Carries out the fault that is ordered for this point, if one is.
void injected_fault_point(const char* phase, std::int64_t update, int rank);

}  // namespace inknav::run
