// SPDX-License-Identifier: MIT
#include "app/doctor_json.h"

#include <nlohmann/json.hpp>

#include "base/control_group.h"

namespace inknav::app {
namespace {

using nlohmann::json;

constexpr double kGib = 1024.0 * 1024.0 * 1024.0;

template <typename T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

std::uint64_t bytes_of(double gib) { return static_cast<std::uint64_t>(gib * kGib); }

const char* level_name(DoctorLevel level) {
  return level == DoctorLevel::kFine ? "fine" : level == DoctorLevel::kProblem ? "problem" : "stop";
}

json host_json(const MachineFacts& facts) {
  const run::Processor& processor = facts.processor;
  json host;
  host["processor"] = {{"model", processor.model},
                       {"avx2", processor.avx2},
                       {"fma", processor.fma},
                       {"avx512", processor.avx512}};
  host["build"] = {{"optimised", facts.build.optimised}, {"sanitizer", facts.build.sanitizer}};
  host["cores"] = {{"usable", base::usable_cores(facts.affinity_cores, facts.limits)},
                   {"machine", facts.machine_cores},
                   {"affinity", facts.affinity_cores},
                   {"limit", or_null(facts.limits.cores)}};
  host["memory"] = {{"total_bytes", bytes_of(facts.memory_gib)},
                    {"free_bytes", bytes_of(facts.free_memory_gib)},
                    {"limit_bytes", or_null(facts.limits.memory_bytes)},
                    {"limit_used_bytes", facts.limits.memory_used_bytes}};
  host["limits"] = {{"open_files", or_null(facts.process.open_files)},
                    {"open_files_hard", or_null(facts.process.open_files_hard)},
                    {"stack_bytes", or_null(facts.process.stack_bytes)},
                    {"locked_bytes", or_null(facts.process.locked_bytes)},
                    {"core_bytes", or_null(facts.process.core_bytes)}};
  host["shared_memory"] = nullptr;
  if (facts.shared_memory) {
    host["shared_memory"] = {{"total_bytes", facts.shared_memory->total_bytes},
                             {"free_bytes", facts.shared_memory->free_bytes}};
  }
  host["terminal"] = {{"is_terminal", facts.terminal.is_terminal}, {"locale", facts.terminal.locale}};
  return host;
}

json folders_json(const MachineFacts& facts) {
  json folders = json::array();
  for (const FolderFacts& folder : facts.folders) {
    folders.push_back({{"purpose", folder.purpose},
                       {"path", folder.path.string()},
                       {"obstacle", folder.obstacle},
                       {"free_bytes", bytes_of(folder.free_gib)},
                       {"file_system", folder.file_system.kind},
                       {"network", folder.file_system.network},
                       {"sync_bytes_per_second", or_null(folder.sync_bytes_per_second)}});
  }
  return folders;
}

json runs_json(const MachineFacts& facts) {
  json runs = json::array();
  for (const run::OtherRun& other : facts.other_runs)
    runs.push_back({{"pid", other.pid}, {"words", other.words}, {"is_orphan", other.is_orphan}});
  return runs;
}

json gpus_json(const MachineFacts& facts) {
  json gpus = json::array();
  for (const run::Gpu& gpu : facts.gpus.gpus) {
    json entry = {{"id", gpu.id},
                  {"name", gpu.name},
                  {"total_bytes", bytes_of(gpu.memory_gib)},
                  {"free_bytes", nullptr}};
    for (const run::GpuMemory& memory : facts.gpu_status.memory) {
      if (memory.id == gpu.id) entry["free_bytes"] = memory.free_bytes;
    }
    gpus.push_back(entry);
  }
  return gpus;
}

json devices_json(const MachineFacts& facts) {
  json devices;
  devices["nvidia"] = {{"driver", or_null(facts.driver_version)},
                       {"cuda_version", or_null(facts.gpu_status.cuda_version)},
                       {"visible_devices", or_null(facts.visible_devices)}};
  devices["gpus"] = gpus_json(facts);
  devices["tracer"] = {{"usable", facts.tracer.ok()},
                       {"device", facts.tracer.ok() ? json(*facts.tracer) : json(nullptr)},
                       {"reason", facts.tracer.ok() ? json(nullptr) : json(facts.tracer.error().message)}};
  devices["nccl"] = nullptr;
  if (facts.nccl) devices["nccl"] = {{"version", facts.nccl->version}, {"file", facts.nccl->file}};
  devices["egl"] = {{"usable", facts.egl.ok()},
                    {"vendor", facts.egl.ok() ? json(facts.egl->vendor) : json(nullptr)},
                    {"renderer", facts.egl.ok() ? json(facts.egl->renderer) : json(nullptr)},
                    {"version", facts.egl.ok() ? json(facts.egl->version) : json(nullptr)},
                    {"hardware", facts.egl.ok() && facts.egl->hardware},
                    {"reason", facts.egl.ok() ? json(nullptr) : json(facts.egl.error().message)}};
  devices["libtorch"] = {{"version", facts.torch.version},
                         {"kernels", facts.torch.cpu_capability},
                         {"cuda_half", facts.torch.cuda_half}};
  devices["use"] = {{"gpu_ids", facts.choice.gpu_ids},
                    {"sentence", facts.choice.sentence},
                    {"ranks", facts.plan.num_ranks},
                    {"threads_per_rank", facts.plan.threads_per_rank},
                    {"environments_per_rank", facts.plan.envs_per_rank}};
  return devices;
}

}  // namespace

std::string doctor_json(const MachineFacts& facts, const std::vector<DoctorRow>& rows) {
  json lines = json::array();
  int problems = 0;
  for (const DoctorRow& row : rows) {
    lines.push_back({{"key", row.key}, {"level", level_name(row.level)}, {"fact", row.fact}});
    problems += row.level == DoctorLevel::kProblem ? 1 : 0;
  }
  const int code = doctor_exit_code(rows);
  json out = {{"format", kDoctorFormat}, {"can_train", code == 0}, {"exit_code", code},
              {"problems", problems},    {"rows", lines},          {"folders", folders_json(facts)},
              {"runs", runs_json(facts)}};
  out.update(host_json(facts));
  out.update(devices_json(facts));
  // Names of files and processes may be in any encoding.
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace inknav::app
