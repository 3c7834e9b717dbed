// SPDX-License-Identifier: MIT
#include "run/device_choice.h"

#include <gtest/gtest.h>

namespace inknav::run {
namespace {

const GpuList kThree = {{{0, "A", 80}, {1, "B", 80}, {2, "C", 80}}, ""};
const GpuList kNone = {{}, "no NVIDIA driver"};

TEST(DeviceChoice, FirstMatchWins) {
  DeviceRequest request{"0,2", {}, std::vector<int>{1}, 2};
  EXPECT_EQ(choose_devices(request, kThree).value().gpu_ids, (std::vector<int>{0, 2}));
  request.gpu_ids_flag.reset();
  request.num_gpus_flag = 1;
  EXPECT_EQ(choose_devices(request, kThree).value().gpu_ids, (std::vector<int>{0}));
  request.num_gpus_flag.reset();
  EXPECT_EQ(choose_devices(request, kThree).value().gpu_ids, (std::vector<int>{1}));
  request.gpu_ids_config.reset();
  EXPECT_EQ(choose_devices(request, kThree).value().gpu_ids, (std::vector<int>{0, 1}));
  EXPECT_EQ(choose_devices({}, kThree).value().gpu_ids, (std::vector<int>{0, 1, 2}));
  const DeviceChoice cpu = choose_devices({}, kNone).value();
  EXPECT_TRUE(cpu.gpu_ids.empty());
  EXPECT_NE(cpu.sentence.find("CPU"), std::string::npos);
  EXPECT_NE(cpu.sentence.find("no NVIDIA driver"), std::string::npos);
}

TEST(DeviceChoice, RefusalsNameWhatIsThere) {
  for (const char* ids : {"0,0", "0,9", "7", "-1", "a", "", "0,", "0;1", "99999999999"}) {
    const auto choice = choose_devices({ids, {}, {}, {}}, kThree);
    ASSERT_FALSE(choice.ok()) << ids;
    EXPECT_EQ(choice.error().code, base::ErrorCode::kUsage);
    EXPECT_NE(choice.error().message.find("0: A, 1: B, 2: C"), std::string::npos) << choice.error().message;
  }
  const DeviceRequest others[] = {{{}, 99, {}, {}},
                                  {{}, 4, {}, {}},
                                  {{}, -1, {}, {}},
                                  {{}, 0, {}, {}},
                                  {"0", 1, {}, {}},
                                  {{}, {}, {}, 4},
                                  {{}, {}, std::vector<int>{1, 1}, {}}};
  for (const DeviceRequest& request : others) {
    const auto choice = choose_devices(request, kThree);
    ASSERT_FALSE(choice.ok());
    EXPECT_EQ(choice.error().code, base::ErrorCode::kUsage);
    EXPECT_NE(choice.error().message.find("0: A, 1: B, 2: C"), std::string::npos) << choice.error().message;
  }
  const auto none = choose_devices({{}, 1, {}, {}}, kNone);
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().message.find("no GPU is visible"), std::string::npos);
}

TEST(DeviceChoice, TheCpuIsAskedForByTheKeyAndNotByAFlag) {
  EXPECT_TRUE(choose_devices({{}, {}, {}, 0}, kThree).value().gpu_ids.empty());
  const auto flag = choose_devices({{}, 0, {}, {}}, kThree);
  ASSERT_FALSE(flag.ok());
  EXPECT_NE(flag.error().message.find("NUM_GPUS 0"), std::string::npos) << flag.error().message;
  const auto both = choose_devices({"0,1", 2, {}, {}}, kThree);
  ASSERT_FALSE(both.ok());
  EXPECT_EQ(both.error().message,
            "command line: --gpu-ids \"0,1\" and --num-gpus 2 were both given, one of them is wanted; "
            "visible: 0: A, 1: B, 2: C");
}

TEST(CpuPlan, SharesEnvironmentsEvenly) {
  const CpuPlan automatic = plan_cpu({}, {}, 64, 2).value();
  EXPECT_EQ(automatic.num_ranks, 2);
  EXPECT_EQ(automatic.envs_per_rank, 32);
  EXPECT_EQ(automatic.threads_per_rank, 1);
  EXPECT_EQ(plan_cpu({}, {}, 9, 2).value().num_ranks, 1);
  EXPECT_EQ(plan_cpu({}, {}, 3, 8).value().num_ranks, 3);
  EXPECT_EQ(plan_cpu({}, {}, {}, 4).value().envs_per_rank, 32);
  EXPECT_EQ(plan_cpu(1, {}, 8, 4).value().threads_per_rank, 4);
  const auto uneven = plan_cpu(2, {}, 9, 2);
  ASSERT_FALSE(uneven.ok());
  EXPECT_EQ(uneven.error().code, base::ErrorCode::kUsage);
}

}  // namespace
}  // namespace inknav::run
