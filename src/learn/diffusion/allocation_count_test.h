// SPDX-License-Identifier: MIT
#pragma once
// Number of allocations by operator new so far, in this test program (allocation_count_test.cc replaces it).

#include <cstddef>

namespace inknav::learn::testing {

std::size_t num_allocations();

}  // namespace inknav::learn::testing
