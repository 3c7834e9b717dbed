// SPDX-License-Identifier: MIT
#include "app/doctor_report.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "app/command_line.h"
#include "app/experiment_options.h"

namespace inknav::app {
namespace {

namespace fs = std::filesystem;

/// A machine where nothing stands in the way.
MachineFacts good_machine() {
  MachineFacts facts;
  facts.processor = "Model X";
  facts.machine_cores = 8;
  facts.affinity_cores = 4;
  facts.memory_gib = 16.0;
  facts.free_memory_gib = 12.0;
  facts.folders = {{"models", "runs", "runs", "", 50.0, "name another"}};
  facts.gpus = {{}, "no NVIDIA driver", false};
  facts.embree = render::EmbreeInfo{"3.13.5", true, true};
  facts.torch = {"2.11.0", "AVX2", 1, true};
  facts.choice.sentence = "training on the CPU: why";
  facts.plan = {4, 1, 32};
  return facts;
}

std::string text_of(const MachineFacts& facts) { return doctor_text(doctor_rows(facts)); }

void expect_in(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << part << "\nis not in\n" << text;
}

TEST(DoctorReport, SaysWhatIsThereAndThatNothingStandsInTheWay) {
  const std::string text = text_of(good_machine());
  expect_in(text, "4 usable: 8 in the machine, 4 in the affinity mask\n");
  expect_in(text, "runs: can be written, 50.0 GiB free");
  expect_in(text, "GPUs       none: no NVIDIA driver\n");
  expect_in(text,
            "Embree 3.13.5 on the CPU, the only renderer of this version; packets of 8 rays are native");
  expect_in(text, "libtorch 2.11.0 on the CPU with its AVX2 kernels and oneDNN; 1 thread(s) in an operator");
  expect_in(text, "training on the CPU: why");
  expect_in(text, "4 rank(s) of 1 thread(s), 32 environments each");
  expect_in(text, "Nothing stands in the way.\n");
  EXPECT_EQ(text.find('!'), std::string::npos);
}

TEST(DoctorReport, TellsTheLimitsOfAContainer) {
  MachineFacts facts = good_machine();
  facts.limits.cores = 1.5;
  facts.limits.cores_from = "/sys/fs/cgroup/cpu.max";
  facts.limits.memory_bytes = std::uint64_t{2} << 30;
  facts.limits.memory_from = "/sys/fs/cgroup/memory.max";
  const std::string text = text_of(facts);
  expect_in(text, "2 usable: 8 in the machine, 4 in the affinity mask, 1.5 by /sys/fs/cgroup/cpu.max");
  expect_in(text,
            "! memory     16.0 GiB, 12.0 GiB free; at most 2.0 GiB by /sys/fs/cgroup/memory.max; 4 rank(s)");
  expect_in(text, "1 problem, marked with !");
}

TEST(DoctorReport, GpusThatAreThereAreNamedWithTheReasonWhyTheyAreNotUsed) {
  MachineFacts facts = good_machine();
  facts.driver_version = "535.1";
  facts.gpus = {{{0, "Card A", 78.0}}, "", true};
  const PrepareGpu refuse = [](int gpu) -> base::Status {
    return base::Error{base::ErrorCode::kUsage, "device " + std::to_string(gpu) + " is broken"};
  };
  const auto choice = choose_usable_devices({}, facts.gpus, refuse);
  ASSERT_TRUE(choice.ok());
  EXPECT_TRUE(choice->gpu_ids.empty());
  facts.choice = *choice;
  const std::string text = text_of(facts);
  expect_in(text, "driver 535.1 is loaded");
  expect_in(text, "Card A, 78.0 GiB; not used, see \"will use\"");
  expect_in(text, "GPUs are visible, but device 0 is broken");
  run::DeviceRequest request;
  request.gpu_ids_flag = "0";
  const auto asked = choose_usable_devices(request, facts.gpus, refuse);
  ASSERT_FALSE(asked.ok());
  EXPECT_EQ(asked.error().code, base::ErrorCode::kUsage);
  EXPECT_EQ(asked.error().message, "--gpu-ids asks for GPUs: device 0 is broken");
}

TEST(DoctorReport, GpusThatCanBeUsedAreChosen) {
  std::vector<int> prepared;
  const auto choice = choose_usable_devices({}, {{{0, "Card A", 78.0}, {1, "Card B", 78.0}}, "", true},
                                            [&](int gpu) -> base::Status {
                                              prepared.push_back(gpu);
                                              return base::ok_status();
                                            });
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(choice->gpu_ids, (std::vector<int>{0, 1}));
  EXPECT_EQ(prepared, choice->gpu_ids);
}

TEST(DoctorReport, MarksWhatStandsInTheWay) {
  MachineFacts facts = good_machine();
  facts.folders = {{"models", "runs", ".", "Read-only file system", 50.0, "name another with --model-dir"},
                   {"cache", "data/cache", "data", "", 0.5, "name another with CACHE_DIR"}};
  facts.embree = render::EmbreeInfo{"3.13.5", false, true};
  facts.torch.cpu_capability = "DEFAULT";
  std::string text = text_of(facts);
  expect_in(text,
            "! models     runs: cannot be written: .: Read-only file system; name another with --model-dir");
  expect_in(text, "! cache      data/cache: can be made, 0.5 GiB free, 2 GiB are wanted");
  expect_in(text, "! renderer   Embree 3.13.5");
  expect_in(text, "packets of 8 rays are not native");
  expect_in(text, "is ATEN_CPU_CAPABILITY set?");
  expect_in(text, "4 problems, marked with !");
  facts.embree = base::Error{base::ErrorCode::kData, "no Embree"};
  expect_in(text_of(facts), "! renderer   no Embree");
  facts.embree = render::EmbreeInfo{"4.3.0", true, false};
  expect_in(text_of(facts), "back faces cannot be culled");
}

TEST(DoctorReport, LooksAtFoldersThatDoNotExistYet) {
  const fs::path root = fs::temp_directory_path() / ("inknav_doctor_" + std::to_string(::getpid()));
  fs::create_directories(root);
  EXPECT_EQ(look_at_folder("a", root, "").there, root);
  EXPECT_EQ(look_at_folder("a", root / "x/y", "").there, root);
  EXPECT_EQ(look_at_folder("a", root / "x/y", "").obstacle, "");
  EXPECT_GT(look_at_folder("a", root / "x", "").free_gib, 0.0);
  EXPECT_EQ(look_at_folder("a", "no_such_folder_here/x", "").there, ".");
  std::ofstream(root / "file") << "x";
  EXPECT_NE(look_at_folder("a", root / "file/x", "").obstacle, "");
  fs::remove_all(root);
}

TEST(Doctor, AsksThisMachine) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_command_line({"inknav", "doctor"}, commands()), 0);
  const std::string text = testing::internal::GetCapturedStdout();
  for (const char* part :
       {"processor", " usable: ", "models", "cache", "Embree ", "libtorch 2.", "will use"}) {
    expect_in(text, part);
  }
}

}  // namespace
}  // namespace inknav::app
