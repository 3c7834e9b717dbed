// SPDX-License-Identifier: MIT
#pragma once
// Counts the arithmetic of a piece of work, for benchmarks: what a rate is compared with the device's ceiling
// by. Counted are the matrix products and convolutions that libtorch is asked for on the calling thread
// (a multiplication and an addition each), forward only; a training step costs three times its forward pass.

#include <cstdint>
#include <functional>

namespace inknav::learn {

/// One run of `work`. Not to be nested.
std::int64_t count_flops(const std::function<void()>& work);

}  // namespace inknav::learn
