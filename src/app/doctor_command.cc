// SPDX-License-Identifier: MIT
#include "app/doctor_command.h"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "base/thread_pool.h"
#include "run/device_choice.h"

namespace inknav::app {
namespace {

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

double memory_gib(const char* field) {
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(field)) return std::stod(line.substr(line.find(':') + 1)) / (1024.0 * 1024.0);
  }
  return 0.0;
}

void row(const std::string& name, const std::string& fact) {
  std::cout << fmt::format("{:<12} {}\n", name, fact);
}

base::Result<int> run_doctor() {
  row("processor", cpu_model());
  row("cores", fmt::format("{} usable", base::available_cores()));
  row("memory",
      fmt::format("{:.1f} GiB, {:.1f} GiB free", memory_gib("MemTotal"), memory_gib("MemAvailable")));
  std::error_code ignored;
  const auto space = std::filesystem::space(".", ignored);
  row("disk", fmt::format("{:.1f} GiB free here", static_cast<double>(space.available) / (1 << 30)));

  const run::GpuList gpus = run::visible_gpus();
  if (gpus.gpus.empty()) row("GPUs", "none: " + gpus.reason);
  for (const run::Gpu& gpu : gpus.gpus) {
    row("GPU " + std::to_string(gpu.id), fmt::format("{}, {:.1f} GiB", gpu.name, gpu.memory_gib));
  }
  row("renderers", "cpu (Embree ray tracing); cuda and egl are not in this version");
  row("learner", "libtorch on the CPU, one thread in an operator, one rank a core");

  INKNAV_ASSIGN_OR_RETURN(const run::DeviceChoice choice, run::choose_devices({}, gpus));
  row("will use", choice.sentence);
  INKNAV_ASSIGN_OR_RETURN(const run::CpuPlan plan,
                          run::plan_cpu(std::nullopt, std::nullopt, std::nullopt, base::available_cores()));
  row("", fmt::format("{} rank(s) of {} thread(s), {} environments each with NUM_PROCESSES auto",
                      plan.num_ranks, plan.threads_per_rank, plan.envs_per_rank));
  return 0;
}

}  // namespace

Action define_doctor(CLI::App&) {
  return [] { return run_doctor(); };
}

}  // namespace inknav::app
