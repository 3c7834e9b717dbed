// SPDX-License-Identifier: MIT
#pragma once
// What was asked of the null device: counts of calls, the places that waited, and the faults, written as JSON
// to the file that NULL_CUDA_REPORT names (with the process id behind it) when the process ends.

#include <cstdint>
#include <string>

namespace null_cuda {

/// Whether copies are kept until something waits (NULL_CUDA_LATE, on unless 0).
bool is_late();

void count(const std::string& what, std::int64_t times = 1);
/// Counts it with the place in the program that asked.
void note(const std::string& what);
/// The same, for what a real device would refuse or get wrong.
void fault(const std::string& what);
void write_report();

}  // namespace null_cuda
