// SPDX-License-Identifier: MIT
#include "app/doctor_report.h"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/control_group.h"
#include "run/nvidia_driver.h"

namespace inknav::app {
namespace {

constexpr double kGib = 1024.0 * 1024.0 * 1024.0;
constexpr double kLowDiskGib = 2.0;    // a demo and its cache
constexpr double kLowMemoryGib = 1.0;  // a rank with its environments

DoctorRow cores_row(const MachineFacts& facts) {
  std::string fact = fmt::format("{} usable: {} in the machine, {} in the affinity mask",
                                 base::usable_cores(facts.affinity_cores, facts.limits), facts.machine_cores,
                                 facts.affinity_cores);
  if (facts.limits.cores) {
    fact += fmt::format(", {:.3g} by {} (a container's or batch system's limit)", *facts.limits.cores,
                        facts.limits.cores_from);
  }
  return {"cores", fact};
}

DoctorRow memory_row(const MachineFacts& facts) {
  DoctorRow row{"memory",
                fmt::format("{:.1f} GiB, {:.1f} GiB free", facts.memory_gib, facts.free_memory_gib)};
  double usable = facts.free_memory_gib;
  if (facts.limits.memory_bytes) {
    const double limit = static_cast<double>(*facts.limits.memory_bytes) / kGib;
    row.fact += fmt::format("; at most {:.1f} GiB by {}", limit, facts.limits.memory_from);
    usable = std::min(usable, limit);
  }
  if (usable < kLowMemoryGib * facts.plan.num_ranks) {
    row.problem = true;
    row.fact +=
        fmt::format("; {} rank(s) may need more, lower NUM_RANKS or NUM_PROCESSES", facts.plan.num_ranks);
  }
  return row;
}

DoctorRow folder_row(const FolderFacts& folder) {
  DoctorRow row{folder.purpose, folder.path.string() + ": "};
  if (!folder.obstacle.empty()) {
    row.problem = true;
    row.fact +=
        fmt::format("cannot be written: {}: {}; {}", folder.there.string(), folder.obstacle, folder.remedy);
    return row;
  }
  row.fact += fmt::format("{}, {:.1f} GiB free",
                          folder.there == folder.path ? "can be written" : "can be made", folder.free_gib);
  if (folder.free_gib < kLowDiskGib) {
    row.problem = true;
    row.fact += fmt::format(", {:.0f} GiB are wanted; make room, or {}", kLowDiskGib, folder.remedy);
  }
  return row;
}

void add_gpu_rows(const MachineFacts& facts, std::vector<DoctorRow>& rows) {
  if (facts.driver_version) {
    rows.push_back({"NVIDIA", facts.driver_version->empty()
                                  ? "a driver is loaded"
                                  : "driver " + *facts.driver_version + " is loaded"});
  }
  if (facts.gpus.gpus.empty()) {
    rows.push_back(
        {"GPUs", "none: " + run::why_no_gpu(facts.gpus, facts.driver_version, facts.visible_devices)});
  }
  const bool used = !facts.choice.gpu_ids.empty();
  for (const run::Gpu& gpu : facts.gpus.gpus) {
    rows.push_back(
        {"GPU " + std::to_string(gpu.id), fmt::format("{}, {:.1f} GiB{}", gpu.name, gpu.memory_gib,
                                                      used ? "" : "; not used, see \"will use\"")});
  }
}

DoctorRow renderer_row(const MachineFacts& facts) {
  if (!facts.embree.ok()) return {"renderer", facts.embree.error().message, true};
  const render::EmbreeInfo& embree = *facts.embree;
  DoctorRow row{"renderer", "Embree " + embree.version + " on the CPU, the only renderer of this version"};
  if (!embree.filter_functions) {
    return {"renderer", row.fact + "; it was built without filter functions, so back faces cannot be culled",
            true};
  }
  if (!embree.native_packets_of_8) {
    return {"renderer",
            row.fact + "; packets of 8 rays are not native here and are split up: expect half the speed",
            true};
  }
  row.fact += "; packets of 8 rays are native";
  return row;
}

DoctorRow learner_row(const MachineFacts& facts) {
  const learn::TorchInfo& torch = facts.torch;
  DoctorRow row{"learner",
                fmt::format("libtorch {} on the CPU with its {} kernels{}; {} thread(s) in an operator, as "
                            "cores are shared out by rank",
                            torch.version, torch.cpu_capability, torch.onednn ? " and oneDNN" : "",
                            torch.intra_op_threads)};
  // The build itself needs AVX2, so the processor has it.
  if (torch.cpu_capability == "DEFAULT") {
    row.problem = true;
    row.fact += "; AVX2 ones were wanted, is ATEN_CPU_CAPABILITY set?";
  }
  return row;
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

std::vector<DoctorRow> doctor_rows(const MachineFacts& facts) {
  std::vector<DoctorRow> rows = {{"processor", facts.processor}, cores_row(facts), memory_row(facts)};
  for (const FolderFacts& folder : facts.folders) rows.push_back(folder_row(folder));
  add_gpu_rows(facts, rows);
  rows.push_back(renderer_row(facts));
  rows.push_back(learner_row(facts));
  rows.push_back({"will use", facts.choice.sentence});
  rows.push_back(
      {"", fmt::format("{} rank(s) of {} thread(s), {} environments each with NUM_PROCESSES auto",
                       facts.plan.num_ranks, facts.plan.threads_per_rank, facts.plan.envs_per_rank)});
  return rows;
}

std::string doctor_text(const std::vector<DoctorRow>& rows) {
  std::string text;
  int problems = 0;
  for (const DoctorRow& row : rows) {
    text += fmt::format("{} {:<10} {}\n", row.problem ? '!' : ' ', row.name, row.fact);
    problems += row.problem ? 1 : 0;
  }
  text += problems == 0 ? "Nothing stands in the way.\n"
                        : fmt::format("{} problem{}, marked with !\n", problems, problems == 1 ? "" : "s");
  return text;
}

}  // namespace inknav::app
