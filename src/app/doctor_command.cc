// SPDX-License-Identifier: MIT
#include "app/doctor_command.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>

#include "app/doctor_report.h"
#include "app/experiment_options.h"
#include "base/control_group.h"
#include "config/experiment.h"
#include "run/nvidia_driver.h"

namespace inknav::app {
namespace {

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t value = line.find(": ");
    if (line.starts_with("model name") && value != std::string::npos) return line.substr(value + 2);
  }
  return "unknown processor";
}

/// A row of /proc/meminfo, "MemTotal: 123 kB", in GiB; 0 when it is not there.
double memory_gib(const std::string& field) {
  std::ifstream file("/proc/meminfo");
  for (std::string name, line; file >> name && std::getline(file, line);) {
    const std::size_t digits = line.find_first_of("0123456789");
    double kilobytes = 0.0;
    if (name != field + ":" || digits == std::string::npos) continue;
    std::from_chars(line.data() + digits, line.data() + line.size(), kilobytes);
    return kilobytes / (1024.0 * 1024.0);
  }
  return 0.0;
}

base::Result<MachineFacts> look_around() {
  MachineFacts facts;
  facts.processor = cpu_model();
  facts.machine_cores = static_cast<int>(std::thread::hardware_concurrency());
  facts.affinity_cores = base::affinity_cores();
  facts.limits = base::control_group_limits();
  facts.memory_gib = memory_gib("MemTotal");
  facts.free_memory_gib = memory_gib("MemAvailable");
  facts.folders = {
      look_at_folder("models", "runs", "name another with --model-dir"),
      look_at_folder("cache", config::ExperimentConfig{}.cache_dir, "name another with CACHE_DIR")};
  facts.driver_version = run::nvidia_driver_version();
  if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) facts.visible_devices = visible;
  facts.gpus = run::visible_gpus();
  facts.embree = render::embree_info();
  facts.torch = learn::torch_info();
  INKNAV_ASSIGN_OR_RETURN(facts.choice, choose_usable_devices({}, facts.gpus));
  INKNAV_ASSIGN_OR_RETURN(facts.plan, run::plan_cpu(std::nullopt, std::nullopt, std::nullopt,
                                                    base::usable_cores(facts.affinity_cores, facts.limits)));
  return facts;
}

}  // namespace

Action define_doctor(CLI::App&) {
  return []() -> base::Result<int> {
    INKNAV_ASSIGN_OR_RETURN(const MachineFacts facts, look_around());
    std::cout << doctor_text(doctor_rows(facts)) << std::flush;
    return 0;
  };
}

}  // namespace inknav::app
