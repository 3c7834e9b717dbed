// SPDX-License-Identifier: MIT
#include "run/gpu_status.h"

#include <gtest/gtest.h>

#include "run/nccl_library.h"

namespace inknav::run {
namespace {

constexpr std::uint64_t kGib = std::uint64_t{1} << 30;

TEST(GpuStatus, WithoutADriverThereIsNothing) {
  const GpuStatus status = gpu_status("libno_such_driver.so.1", "libno_such_management.so.1");
  EXPECT_EQ(status.cuda_version, std::nullopt);
  EXPECT_TRUE(status.memory.empty());
}

TEST(GpuStatus, AsksDriverAndManagementAndLeavesSlicesOut) {
  const GpuStatus status = gpu_status(INKNAV_FAKE_DRIVER, INKNAV_FAKE_DRIVER);
  EXPECT_EQ(status.cuda_version, 12080);
  ASSERT_EQ(status.memory.size(), 2u);
  EXPECT_EQ(status.memory[0].id, 0);
  EXPECT_EQ(status.memory[0].free_bytes, 80 * kGib);
  EXPECT_EQ(status.memory[1].id, 1);
  EXPECT_EQ(status.memory[1].free_bytes, 40 * kGib);
}

TEST(GpuStatus, WithoutManagementTheVersionIsStillKnown) {
  const GpuStatus status = gpu_status(INKNAV_FAKE_DRIVER, "libno_such_management.so.1");
  EXPECT_EQ(status.cuda_version, 12080);
  EXPECT_TRUE(status.memory.empty());
}

TEST(NcclLibrary, TheFirstThatIsOneIsTakenAndItsVersionRead) {
  EXPECT_FALSE(find_nccl({"libno_such_nccl.so.2", "libc.so.6"}).has_value());
  const auto nccl = find_nccl({"libno_such_nccl.so.2", INKNAV_FAKE_DRIVER});
  ASSERT_TRUE(nccl.has_value());
  EXPECT_EQ(nccl->version, "2.28.9");
  EXPECT_EQ(nccl->file, INKNAV_FAKE_DRIVER);
}

}  // namespace
}  // namespace inknav::run
