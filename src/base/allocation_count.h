// SPDX-License-Identifier: MIT
#pragma once
// Number of calls of operator new so far, for tests that count allocations. One source file of the test
// program includes base/counting_new.h.

#include <cstddef>

namespace inknav::base::testing {

std::size_t num_allocations();

}  // namespace inknav::base::testing
