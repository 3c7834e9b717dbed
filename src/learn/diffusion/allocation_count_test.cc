// SPDX-License-Identifier: MIT
// Counts the allocations of this test program.
#include <gtest/gtest.h>

#include <memory>

#include "base/counting_new.h"

namespace inknav::learn {
namespace {

TEST(AllocationCount, CountsNew) {
  const std::size_t before = base::testing::num_allocations();
  auto memory = std::make_unique<int>(1);
  EXPECT_GT(base::testing::num_allocations(), before);
}

}  // namespace
}  // namespace inknav::learn
