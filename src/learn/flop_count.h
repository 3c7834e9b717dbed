// SPDX-License-Identifier: MIT
#pragma once
// Counts the arithmetic of a piece of work, for benchmarks: what a rate is compared with the device's ceiling
// by. Counted are the matrix products and convolutions that libtorch is asked for on the calling thread
// (a multiplication and an addition each), also those of a backward pass on the CPU: twice its forward pass,
// but for gradients that nobody asks for.

#include <cstdint>
#include <functional>

namespace inknav::learn {

/// One run of `work`. Not to be nested.
std::int64_t count_flops(const std::function<void()>& work);
/// Within such work: of what has been asked for so far.
std::int64_t flops_so_far();

}  // namespace inknav::learn
