// SPDX-License-Identifier: MIT
#include "app/doctor_report.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "app/command_line.h"
#include "app/doctor_json.h"
#include "app/experiment_options.h"

namespace inknav::app {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMib = std::uint64_t{1} << 20, kGib = std::uint64_t{1} << 30;

/// A machine where nothing stands in the way.
MachineFacts good_machine() {
  MachineFacts facts;
  facts.processor = {"Model X", true, true, false};
  facts.machine_cores = 8;
  facts.affinity_cores = 4;
  facts.memory_gib = 16.0;
  facts.free_memory_gib = 12.0;
  facts.process = {1024, 4096, std::uint64_t{8} << 20, std::nullopt, 0};
  facts.shared_memory = run::FileSystem{"tmpfs", false, 64 * kMib, 63 * kMib};
  facts.folders = {{"models", "runs", "runs", "", 50.0, "name another", true, {"ext4", false, 0, 0}, 3e8}};
  facts.gpus = {{}, "no NVIDIA driver", false};
  facts.tracer = base::Error{base::ErrorCode::kUsage, "CUDA renderer: no plug-in"};
  facts.egl = base::Error{base::ErrorCode::kUsage, "OpenGL: libEGL.so.1 is not there"};
  facts.torch = {"2.11.0", "AVX2", 1, true};
  facts.choice.sentence = "training on the CPU: why";
  facts.plan = {4, 1, 32};
  return facts;
}

/// One with two cards that both are used, and all that they need.
MachineFacts gpu_machine() {
  MachineFacts facts = good_machine();
  facts.driver_version = "580.1";
  facts.gpus = {{{0, "Card A", 80.0}, {1, "Card B", 80.0}}, "", true};
  facts.gpu_status = {13000, {{0, 80 * kGib, 79 * kGib}, {1, 80 * kGib, 78 * kGib}}};
  facts.tracer = std::string("Card A");
  facts.nccl = run::NcclLibrary{"/lib/libnccl.so.2", "2.28.9"};
  facts.egl = render::EglInfo{"NVIDIA", "Card A/PCIe", "4.6", true, {}, {}};
  facts.torch.cuda_half = true;
  facts.shared_memory = run::FileSystem{"tmpfs", false, 8 * kGib, 8 * kGib};
  facts.choice = {{0, 1}, "training on GPU 0, 1"};
  facts.plan = {2, 4, 32};
  return facts;
}

std::string text_of(const MachineFacts& facts) { return doctor_text(doctor_rows(facts)); }
int code_of(const MachineFacts& facts) { return doctor_exit_code(doctor_rows(facts)); }

/// The row of this key; its facts are checked by the caller.
DoctorRow row_of(const MachineFacts& facts, const std::string& key) {
  for (const DoctorRow& row : doctor_rows(facts)) {
    if (row.key == key) return row;
  }
  ADD_FAILURE() << "no row " << key;
  return {};
}

void expect_in(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << part << "\nis not in\n" << text;
}

TEST(DoctorReport, SaysWhatIsThereAndThatNothingStandsInTheWay) {
  const std::string text = text_of(good_machine());
  expect_in(text, "  processor  Model X; AVX2, FMA\n");
  expect_in(text, "4 usable: 8 in the machine, 4 in the affinity mask\n");
  expect_in(text, "16.0 GiB, 12.0 GiB free\n");
  expect_in(text, "1024 open files (up to 4096), stack 8 MiB, locked memory unlimited, core files off\n");
  expect_in(text, "/dev/shm 64 MiB, 63 MiB free; not used: environments are threads");
  expect_in(text, "runs: can be written, 50.0 GiB free on ext4, 300 MB/s made durable\n");
  expect_in(text, "  runs       no other inknav is running\n");
  expect_in(text, "none: no NVIDIA driver\n");
  expect_in(text, "  CUDA       CUDA renderer: no plug-in\n");
  expect_in(text, "  EGL        OpenGL: libEGL.so.1 is not there; no run needs it\n");
  expect_in(text, "  renderer   our own ray tracing on the CPU (inknav bench render)\n");
  expect_in(text, "libtorch 2.11.0 on the CPU with its AVX2 kernels and oneDNN");
  expect_in(text, "  will use   training on the CPU: why\n");
  expect_in(text, "4 rank(s) of 1 thread(s); NUM_PROCESSES auto");
  expect_in(text, "Nothing stands in the way.\n");
  EXPECT_EQ(code_of(good_machine()), 0);
}

TEST(DoctorReport, TellsTheLimitsOfAContainer) {
  MachineFacts facts = good_machine();
  facts.limits.cores = 1.5;
  facts.limits.cores_from = "/sys/fs/cgroup/cpu.max";
  facts.limits.memory_bytes = 2 * kGib;
  facts.limits.memory_from = "/sys/fs/cgroup/memory.max";
  std::string text = text_of(facts);
  expect_in(text, "2 usable: 8 in the machine, 4 in the affinity mask, 1.5 by /sys/fs/cgroup/cpu.max");
  expect_in(
      text,
      "! memory     16.0 GiB, 12.0 GiB free; at most 2.0 GiB by /sys/fs/cgroup/memory.max, 0.0 GiB of it "
      "in use; 4 rank(s)");
  expect_in(text, "1 problem, marked with !\nA training can run.\n");
  EXPECT_EQ(code_of(facts), 0);
  facts.limits.memory_used_bytes = 2 * kGib - 100 * kMib;
  text = text_of(facts);
  expect_in(text, "x memory");
  expect_in(text, "at least 0.3 GiB are wanted");
  expect_in(text, "No training can run: memory, marked with x; exit code 5\n");
  EXPECT_EQ(code_of(facts), 5);
}

TEST(DoctorReport, GpusThatAreThereAreNamedWithTheReasonWhyTheyAreNotUsed) {
  MachineFacts facts = gpu_machine();
  facts.choice = {{}, "training on the CPU: asked for"};
  expect_in(row_of(facts, "nvidia").fact, "driver 580.1 is loaded, for CUDA up to 13.0");
  expect_in(row_of(facts, "gpu_0").fact, "Card A, 80.0 GiB, 79.0 GiB free; not used, see \"will use\"");
  EXPECT_EQ(row_of(facts, "gpu_0").level, DoctorLevel::kFine);
}

TEST(DoctorReport, GpusThatAreAskedForAreRefusedWhereTheyCannotBeUsed) {
  const MachineFacts facts = gpu_machine();
  const PrepareGpu refuse = [](int gpu) -> base::Status {
    return base::Error{base::ErrorCode::kUsage, "device " + std::to_string(gpu) + " is broken"};
  };
  const auto choice = choose_usable_devices({}, facts.gpus, refuse);
  ASSERT_TRUE(choice.ok());
  EXPECT_TRUE(choice->gpu_ids.empty());
  expect_in(choice->sentence, "GPUs are visible, but device 0 is broken");
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

TEST(DoctorReport, AMachineWithGpusThatHasAllItNeeds) {
  const MachineFacts facts = gpu_machine();
  for (const DoctorRow& row : doctor_rows(facts))
    EXPECT_EQ(row.level, row.key == "plan" ? DoctorLevel::kProblem : DoctorLevel::kFine) << row.fact;
  expect_in(row_of(facts, "plan").fact, "without it there are 8 in all, too few to keep a GPU busy");
  expect_in(row_of(facts, "nccl").fact, "2.28.9 in /lib/libnccl.so.2");
  expect_in(row_of(facts, "tracer").fact, "the plug-in renders on Card A");
  expect_in(row_of(facts, "egl").fact, "OpenGL 4.6 by Card A/PCIe, in hardware");
}

TEST(DoctorReport, WhatAGpuLacksIsAProblemAndStopsNothing) {
  MachineFacts facts = gpu_machine();
  facts.tracer = base::Error{base::ErrorCode::kUsage, "CUDA renderer: no plug-in"};
  facts.nccl.reset();
  facts.egl = render::EglInfo{"Mesa", "llvmpipe", "4.5", false, {"device 0: no driver"}, {}};
  facts.torch.cuda_half = false;
  facts.gpu_status.cuda_version = 12040;
  facts.gpu_status.memory[1].free_bytes = 10 * kGib;
  facts.shared_memory = run::FileSystem{"tmpfs", false, 64 * kMib, 64 * kMib};
  facts.process.open_files = 256;
  const std::vector<std::pair<const char*, const char*>> wanted = {
      {"nvidia", "for CUDA up to 12.4; 13.0 is wanted, update the driver"},
      {"gpu_1", "10.0 GiB free, so another program is on it"},
      {"tracer", "no plug-in"},
      {"nccl", "not found, but several GPUs"},
      {"egl", "OpenGL 4.5 by llvmpipe, in software; the GPU's driver has no EGL here (device 0: no driver)"},
      {"learner", "so no GPU can train: INKNAV_WHEELS=cuda ./inknav setup"},
      {"shared_memory",
       "1 GiB are wanted: start the container with --shm-size=1g, or set NCCL_SHM_DISABLE=1"},
      {"limits", "2 rank(s) want 336 open files, set ulimit -n 336"}};
  for (const auto& [key, fact] : wanted) {
    EXPECT_EQ(row_of(facts, key).level, DoctorLevel::kProblem) << key;
    expect_in(row_of(facts, key).fact, fact);
  }
  EXPECT_EQ(code_of(facts), 0);
}

TEST(DoctorReport, OpenGlInSoftwareIsAsItShouldBeWithoutAGpu) {
  MachineFacts facts = good_machine();
  facts.egl = render::EglInfo{"Mesa", "llvmpipe", "4.5", false, {}, {}};
  EXPECT_EQ(row_of(facts, "egl").level, DoctorLevel::kFine);
  expect_in(row_of(facts, "egl").fact, "OpenGL 4.5 by llvmpipe, in software");
}

TEST(DoctorReport, OpenFilesMayBeTooFewForManyRanksOrForAny) {
  MachineFacts facts = good_machine();
  facts.process.open_files = 256;
  EXPECT_EQ(row_of(facts, "limits").level, DoctorLevel::kFine);
  facts.plan.num_ranks = 32;
  expect_in(row_of(facts, "limits").fact,
            "32 rank(s) want 320 open files, set ulimit -n 320 or lower NUM_RANKS");
  EXPECT_EQ(code_of(facts), 0);
  facts.process.open_files = 20;
  expect_in(text_of(facts), "x limits     20 open files");
  EXPECT_EQ(code_of(facts), 2);
  facts = good_machine();
  facts.process.stack_bytes = 256 << 10;
  expect_in(text_of(facts), "! limits");
  facts.process = {};
  expect_in(row_of(facts, "limits").fact, "unlimited open files (up to unlimited), stack unlimited");
  facts.shared_memory.reset();
  expect_in(row_of(facts, "shared_memory").fact, "/dev/shm is not there; not used");
}

TEST(DoctorReport, MarksWhatStandsInTheWay) {
  MachineFacts facts = good_machine();
  facts.folders = {{"models", "runs", ".", "Read-only file system", 50.0, "name another with --model-dir"},
                   {"cache", "data/cache", "data", "", 0.5, "name another with CACHE_DIR"}};
  facts.torch.cpu_capability = "DEFAULT";
  std::string text = text_of(facts);
  expect_in(text,
            "! models     runs: cannot be written: .: Read-only file system; name another with --model-dir");
  expect_in(text, "! cache      data/cache: can be made, 0.5 GiB free, 2 GiB are wanted");
  expect_in(text, "is ATEN_CPU_CAPABILITY set?");
  expect_in(text, "3 problems, marked with !");
  EXPECT_EQ(code_of(facts), 0);
}

TEST(DoctorReport, TheCodeIsThatOfTheFirstRowThatStops) {
  MachineFacts facts = good_machine();
  facts.folders[0].free_gib = 0.01;
  EXPECT_EQ(code_of(facts), 6);
  facts.process.open_files = 10;
  expect_in(text_of(facts), "x limits     10 open files");
  EXPECT_EQ(code_of(facts), 2);
  expect_in(text_of(facts), "No training can run: limits, models, marked with x; exit code 2\n");
  facts.process.open_files = 1024;
  facts.folders[0].free_gib = 50.0;
  facts.folders[0].obstacle = "Permission denied";
  EXPECT_EQ(code_of(facts), 6);
  facts.folders[0].needed = false;
  EXPECT_EQ(code_of(facts), 0);
}

TEST(DoctorReport, WhatMakesATrainingSlowIsAProblem) {
  MachineFacts facts = good_machine();
  facts.build = {false, "address"};
  expect_in(text_of(facts),
            "! build      without optimisation (debug), with the address sanitizer: many times slower");
  facts = good_machine();
  facts.folders[0].file_system = {"nfs", true, 0, 0};
  facts.folders[0].sync_bytes_per_second = 4e6;
  expect_in(
      text_of(facts),
      "! models     runs: can be written, 50.0 GiB free on nfs, over a network, 4 MB/s made durable; that "
      "is slow, name another on a local disk, or raise CHECKPOINT_INTERVAL\n");
  facts = good_machine();
  facts.other_runs = {{12, "train --model-dir runs/a", true}, {15, "eval", false}};
  expect_in(
      text_of(facts),
      "! runs       process 12: inknav train --model-dir runs/a (in the background); process 15: inknav "
      "eval; they share cores and memory");
  facts.terminal = {true, "C"};
  expect_in(row_of(facts, "terminal").fact, "locale C, numbers");
  expect_in(row_of(facts, "terminal").fact, "set LANG=C.UTF-8");
  EXPECT_EQ(code_of(facts), 0);
}

/// Every fragment that docs/troubleshooting.md quotes from a row is one that a machine can show.
TEST(DoctorReport, TheTroubleshootingGuideQuotesRealMessages) {
  MachineFacts bare = good_machine();  // all that can be wrong without a GPU
  bare.build.optimised = false;
  bare.limits.cores = 1.0;
  bare.process.open_files = 70;
  bare.folders = {{"models", "runs", "runs", "Permission denied", 9.0, "name another"},
                  {"cache", "data", "data", "", 0.5, "name another"},
                  {"slow", "far", "far", "", 9.0, "name another", false, {"nfs", true, 0, 0}, 1e6}};
  bare.torch.cpu_capability = "DEFAULT";
  bare.terminal = {true, "C"};
  bare.gpus = {{}, "no NVIDIA driver: libcuda.so.1 was not found", false};
  MachineFacts poor = gpu_machine();  // and with two
  poor.tracer = base::Error{base::ErrorCode::kUsage, "CUDA renderer: no plug-in"};
  poor.nccl.reset();
  poor.torch.cuda_half = false;
  poor.gpu_status = {12040, {{0, 80 * kGib, kGib}}};
  poor.shared_memory = run::FileSystem{"tmpfs", false, 64 * kMib, 64 * kMib};
  poor.egl = render::EglInfo{"Mesa", "llvmpipe", "4.5", false, {}, {}};
  MachineFacts container = bare, unloaded = bare, hidden = bare;
  container.driver_version = "580.1";
  unloaded.gpus = {{}, "no device", true};
  hidden = unloaded;
  hidden.driver_version = "580.1";
  hidden.visible_devices = "";
  const std::string all =
      text_of(bare) + text_of(poor) + text_of(container) + text_of(unloaded) + text_of(hidden);
  const auto read = [](const char* file) {
    std::ifstream stream(file);
    return std::string{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  };
  const std::string english = read("docs/troubleshooting.md"),
                    chinese = read("docs/troubleshooting.zh-CN.md");
  for (const char* fragment : {"the GPU's driver has no EGL here",
                               "none: no NVIDIA driver: libcuda.so.1 was not found",
                               "though the kernel driver is loaded",
                               "its library is here, but the kernel driver is not loaded",
                               "CUDA_VISIBLE_DEVICES is",
                               "is wanted, update the driver",
                               "CUDA renderer:",
                               "its CUDA half is not there, so no GPU can train",
                               "so another program is on it",
                               "not found, but several GPUs train together by it",
                               "without optimisation (debug)",
                               "(a container's or batch system's limit)",
                               "AVX2 ones were wanted, is ATEN_CPU_CAPABILITY set?",
                               "too few to keep a GPU busy",
                               "that is slow",
                               "not used: environments are threads",
                               "start the container with --shm-size=1g",
                               "open files, set ulimit -n",
                               "cannot be written",
                               "GiB are wanted; make room",
                               "the bar is UTF-8, if it looks odd set LANG=C.UTF-8"}) {
    expect_in(all, fragment);
    std::string quoted("`");
    quoted += fragment;
    expect_in(english, quoted);
    expect_in(chinese, quoted);
  }
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

/// Law: --json has every line of the text, with its mark, and the facts that the line is made of.
TEST(DoctorJson, HasTheFactsOfTheText) {
  MachineFacts facts = gpu_machine();
  facts.limits.memory_bytes = 3 * kGib;
  facts.folders.push_back({"cache", "bad\xff name", ".", "it is not a folder", 1.0, "", true});
  const std::vector<DoctorRow> rows = doctor_rows(facts);
  const auto json = nlohmann::json::parse(doctor_json(facts, rows));
  ASSERT_EQ(json.at("rows").size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& line = json.at("rows")[i];
    EXPECT_EQ(line.at("key"), rows[i].key);
    if (rows[i].fact.find('\xff') == std::string::npos) {
      EXPECT_EQ(line.at("fact"), rows[i].fact);
    }
    const char* level = rows[i].level == DoctorLevel::kFine      ? "fine"
                        : rows[i].level == DoctorLevel::kProblem ? "problem"
                                                                 : "stop";
    EXPECT_EQ(line.at("level"), level);
  }
  EXPECT_EQ(json.at("format"), 1);
  EXPECT_EQ(json.at("can_train"), false);
  EXPECT_EQ(json.at("exit_code"), 6);
  EXPECT_EQ(json.at("memory").at("limit_bytes"), 3 * kGib);
  EXPECT_EQ(json.at("memory").at("free_bytes"), 12 * kGib);
  EXPECT_EQ(json.at("limits").at("open_files"), 1024);
  EXPECT_TRUE(json.at("limits").at("locked_bytes").is_null());
  EXPECT_EQ(json.at("shared_memory").at("free_bytes"), 8 * kGib);
  EXPECT_EQ(json.at("gpus")[1].at("free_bytes"), 78 * kGib);
  EXPECT_EQ(json.at("nvidia").at("cuda_version"), 13000);
  EXPECT_EQ(json.at("tracer").at("device"), "Card A");
  EXPECT_EQ(json.at("nccl").at("version"), "2.28.9");
  EXPECT_EQ(json.at("egl").at("renderer"), "Card A/PCIe");
  EXPECT_EQ(json.at("egl").at("hardware"), true);
  EXPECT_EQ(json.at("folders")[0].at("sync_bytes_per_second"), 3e8);
  EXPECT_EQ(json.at("use").at("gpu_ids"), (std::vector<int>{0, 1}));
  EXPECT_EQ(json.at("use").at("ranks"), 2);
}

/// The keys that docs/troubleshooting.md promises, on the poorest and on the richest machine.
TEST(DoctorJson, TheKeysAreAlwaysThere) {
  for (const MachineFacts& facts : {good_machine(), gpu_machine(), MachineFacts{}}) {
    const auto json = nlohmann::json::parse(doctor_json(facts, doctor_rows(facts)));
    for (const char* key :
         {"format", "can_train", "exit_code", "problems",      "rows",     "processor", "build",
          "cores",  "memory",    "limits",    "shared_memory", "folders",  "runs",      "terminal",
          "nvidia", "gpus",      "tracer",    "nccl",          "libtorch", "use"}) {
      EXPECT_TRUE(json.contains(key)) << key;
    }
  }
}

TEST(Doctor, AsksThisMachine) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_command_line({"inknav", "doctor"}, commands()), 0);
  const std::string text = testing::internal::GetCapturedStdout();
  for (const char* part : {"processor", " usable: ", "models", "cache", "open files", "/dev/shm",
                           "ray tracing", "libtorch 2.", "will use"}) {
    expect_in(text, part);
  }
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_command_line({"inknav", "doctor", "--json"}, commands()), 0);
  const auto json = nlohmann::json::parse(testing::internal::GetCapturedStdout());
  EXPECT_EQ(json.at("can_train"), true);
  EXPECT_EQ(json.at("processor").at("avx2"), true);
  EXPECT_FALSE(std::string(json.at("libtorch").at("version")).empty());
}

}  // namespace
}  // namespace inknav::app
