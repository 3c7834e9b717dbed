// SPDX-License-Identifier: MIT
#include "run/process_limits.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace inknav::run {
namespace {

TEST(ProcessLimits, FollowWhatTheSystemSays) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit lowered = before;
  lowered.rlim_cur = 200;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &lowered), 0);
  rlimit core{};
  ASSERT_EQ(::getrlimit(RLIMIT_CORE, &core), 0);
  const rlimit no_core{0, core.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_CORE, &no_core), 0);
  const ProcessLimits limits = process_limits();
  ::setrlimit(RLIMIT_NOFILE, &before);
  ::setrlimit(RLIMIT_CORE, &core);
  EXPECT_EQ(limits.open_files, 200u);
  EXPECT_EQ(limits.core_bytes, 0u);
  EXPECT_EQ(limits.open_files_hard.value_or(RLIM_INFINITY), before.rlim_max);
}

}  // namespace
}  // namespace inknav::run
