// SPDX-License-Identifier: MIT
#include "app/doctor_facts.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "app/experiment_options.h"
#include "config/experiment.h"
#include "render/cuda/cuda_plugin.h"
#include "run/host_memory.h"
#include "run/nvidia_driver.h"

namespace inknav::app {
namespace {

constexpr double kGib = 1024.0 * 1024.0 * 1024.0;

BuildFacts build_facts() {
  BuildFacts build;
#ifndef NDEBUG
  build.optimised = false;
#endif
#ifdef __SANITIZE_ADDRESS__
  build.sanitizer = "address";
#endif
#ifdef __SANITIZE_THREAD__
  build.sanitizer = "thread";
#endif
  return build;
}

TerminalFacts terminal_facts() {
  TerminalFacts terminal;
  terminal.is_terminal = ::isatty(STDERR_FILENO) == 1;
  for (const char* name : {"LANG", "LC_CTYPE", "LC_ALL"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') terminal.locale = value;
  }
  return terminal;
}

FolderFacts folder_facts(const std::string& purpose, const std::filesystem::path& path,
                         const std::string& remedy, bool needed) {
  FolderFacts folder = look_at_folder(purpose, path, remedy);
  folder.needed = needed;
  if (const auto system = run::file_system_of(folder.there)) folder.file_system = *system;
  if (folder.obstacle.empty()) folder.sync_bytes_per_second = run::sync_rate(folder.there);
  return folder;
}

base::Result<std::string> tracer_device(int device) {
  render::CudaDevice found{};
  const auto api = render::find_cuda(device, &found);
  if (!api.ok()) return api.error();
  return std::string(found.name);
}

/// Beside libtorch as its wheels lie, else as the loader finds it.
std::vector<std::filesystem::path> nccl_files(const learn::TorchInfo& torch) {
  std::vector<std::filesystem::path> files;
  if (!torch.folder.empty()) {
    const std::filesystem::path wheels = std::filesystem::path(torch.folder).parent_path().parent_path();
    files.push_back(wheels / "nvidia/nccl/lib/libnccl.so.2");
  }
  files.emplace_back("libnccl.so.2");
  return files;
}

}  // namespace

FolderFacts look_at_folder(const std::string& purpose, const std::filesystem::path& path,
                           const std::string& remedy) {
  FolderFacts folder{.purpose = purpose, .path = path, .there = path, .obstacle = {}, .remedy = remedy};
  std::error_code problem;
  while (!std::filesystem::exists(folder.there, problem)) {
    if (problem) {
      folder.obstacle = problem.message();
      return folder;
    }
    folder.there = folder.there.has_relative_path() ? folder.there.parent_path() : folder.there;
    if (folder.there.empty()) folder.there = ".";
  }
  if (!std::filesystem::is_directory(folder.there, problem)) {
    folder.obstacle = "it is not a folder";
  } else if (::access(folder.there.c_str(), W_OK | X_OK) != 0) {
    folder.obstacle = std::strerror(errno);
  }
  const auto space = std::filesystem::space(folder.there, problem);
  if (!problem) folder.free_gib = static_cast<double>(space.available) / kGib;
  return folder;
}

base::Result<MachineFacts> look_around() {
  MachineFacts facts;
  facts.processor = run::processor();
  facts.build = build_facts();
  facts.machine_cores = static_cast<int>(std::thread::hardware_concurrency());
  facts.affinity_cores = base::affinity_cores();
  facts.limits = base::control_group_limits();
  const run::HostMemory memory = run::host_memory();
  facts.memory_gib = static_cast<double>(memory.total_bytes) / kGib;
  facts.free_memory_gib = static_cast<double>(memory.available_bytes) / kGib;
  facts.process = run::process_limits();
  facts.shared_memory = run::file_system_of("/dev/shm");
  facts.folders = {
      folder_facts("models", "runs", "name another with --model-dir", true),
      folder_facts("cache", config::ExperimentConfig{}.cache_dir, "name another with CACHE_DIR", false)};
  facts.other_runs = run::other_runs();
  facts.terminal = terminal_facts();
  facts.driver_version = run::nvidia_driver_version();
  if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) facts.visible_devices = visible;
  facts.gpus = run::visible_gpus();
  if (!facts.gpus.gpus.empty()) facts.gpu_status = run::gpu_status();
  facts.tracer = tracer_device(0);
  facts.egl = render::egl_info();
  facts.torch = learn::torch_info();
  facts.nccl = run::find_nccl(nccl_files(facts.torch));
  INKNAV_ASSIGN_OR_RETURN(facts.choice, choose_usable_devices({}, facts.gpus));
  const auto gpus = static_cast<int>(facts.choice.gpu_ids.size());
  INKNAV_ASSIGN_OR_RETURN(
      facts.plan, run::plan_cpu(gpus > 0 ? std::optional<int>(gpus) : std::nullopt, std::nullopt,
                                std::nullopt, base::usable_cores(facts.affinity_cores, facts.limits)));
  return facts;
}

}  // namespace inknav::app
