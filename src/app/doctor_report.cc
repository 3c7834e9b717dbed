// SPDX-License-Identifier: MIT
#include "app/doctor_report.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "base/control_group.h"
#include "base/counted.h"

namespace inknav::app {
namespace {

constexpr double kGib = 1024.0 * 1024.0 * 1024.0;
constexpr double kMib = 1024.0 * 1024.0;
constexpr double kLowDiskGib = 2.0;      // a demo and its cache
constexpr double kLeastDiskGib = 0.1;    // a few checkpoints
constexpr double kLowMemoryGib = 1.0;    // a rank with its environments
constexpr double kLeastMemoryGib = 0.3;  // the program, libtorch and the smallest run
constexpr double kSlowDisk = 20e6;       // bytes a second; a checkpoint of 10 million weights takes 6 s
constexpr double kSmallShmGib = 1.0;     // for NCCL between GPUs
constexpr std::uint64_t kSmallStack = 1u << 20;
// Counted on a run of two ranks: 25 files of the first, 11 of the second; each rank more adds its sockets to
// the first, a GPU its device files.
constexpr std::uint64_t kFilesOfARun = 64, kFilesARank = 8, kFilesAGpu = 128;

DoctorRow processor_row(const MachineFacts& facts) {
  const run::Processor& processor = facts.processor;
  std::string sets;
  for (const auto& [has, name] : {std::pair{processor.avx2, "AVX2"}, std::pair{processor.fma, "FMA"},
                                  std::pair{processor.avx512, "AVX-512"}}) {
    if (has) sets += std::string(sets.empty() ? "" : ", ") + name;
  }
  return {"processor", "processor", processor.model + (sets.empty() ? "" : "; " + sets)};
}

DoctorRow build_row(const MachineFacts& facts) {
  DoctorRow row{"build", "build", facts.build.optimised ? "optimised" : "without optimisation (debug)"};
  if (!facts.build.sanitizer.empty()) row.fact += ", with the " + facts.build.sanitizer + " sanitizer";
  if (facts.build.optimised && facts.build.sanitizer.empty()) return row;
  row.level = DoctorLevel::kProblem;
  row.fact += ": many times slower; for training use the release build, ./inknav setup";
  return row;
}

DoctorRow cores_row(const MachineFacts& facts) {
  std::string fact = fmt::format("{} usable: {} in the machine, {} in the affinity mask",
                                 base::usable_cores(facts.affinity_cores, facts.limits), facts.machine_cores,
                                 facts.affinity_cores);
  if (facts.limits.cores) {
    fact += fmt::format(", {:.3g} by {} (a container's or batch system's limit)", *facts.limits.cores,
                        facts.limits.cores_from);
  }
  return {"cores", "cores", fact};
}

DoctorRow memory_row(const MachineFacts& facts) {
  DoctorRow row{"memory", "memory",
                fmt::format("{:.1f} GiB, {:.1f} GiB free", facts.memory_gib, facts.free_memory_gib)};
  double usable = facts.free_memory_gib;
  if (facts.limits.memory_bytes) {
    const double limit = static_cast<double>(*facts.limits.memory_bytes) / kGib;
    const double used = static_cast<double>(facts.limits.memory_used_bytes) / kGib;
    row.fact += fmt::format("; at most {:.1f} GiB by {}, {:.1f} GiB of it in use", limit,
                            facts.limits.memory_from, used);
    usable = std::min(usable, limit - used);
  }
  if (usable < kLeastMemoryGib) {
    row.level = DoctorLevel::kStop;
    row.code = base::ErrorCode::kDeviceMemory;
    row.fact += fmt::format("; at least {:.1f} GiB are wanted, end other programs or raise the limit",
                            kLeastMemoryGib);
  } else if (usable < kLowMemoryGib * facts.plan.num_ranks) {
    row.level = DoctorLevel::kProblem;
    row.fact +=
        fmt::format("; {} rank(s) may need more, lower NUM_RANKS or NUM_PROCESSES", facts.plan.num_ranks);
  }
  return row;
}

std::string size_text(const std::optional<std::uint64_t>& bytes) {
  if (!bytes) return "unlimited";
  if (*bytes >= (std::uint64_t{1} << 30))
    return fmt::format("{:.1f} GiB", static_cast<double>(*bytes) / kGib);
  return fmt::format("{:.3g} MiB", static_cast<double>(*bytes) / kMib);
}

DoctorRow limits_row(const MachineFacts& facts) {
  const run::ProcessLimits& limits = facts.process;
  const auto count = [](const std::optional<std::uint64_t>& files) {
    return files ? std::to_string(*files) : std::string("unlimited");
  };
  DoctorRow row{
      "limits", "limits",
      fmt::format("{} open files (up to {}), stack {}, locked memory {}, core files {}",
                  count(limits.open_files), count(limits.open_files_hard), size_text(limits.stack_bytes),
                  size_text(limits.locked_bytes), limits.core_bytes == 0u ? "off" : "on")};
  const auto ranks = static_cast<std::uint64_t>(facts.plan.num_ranks);
  const std::uint64_t wanted = kFilesOfARun + kFilesARank * ranks + kFilesAGpu * facts.choice.gpu_ids.size();
  if (limits.open_files && *limits.open_files < kFilesOfARun) {
    row.level = DoctorLevel::kStop;
    row.fact += fmt::format("; a run wants {} open files, set ulimit -n {}", kFilesOfARun, wanted);
  } else if (limits.open_files && *limits.open_files < wanted) {
    row.level = DoctorLevel::kProblem;
    row.fact += fmt::format("; {} rank(s) want {} open files, set ulimit -n {} or lower NUM_RANKS", ranks,
                            wanted, wanted);
  }
  if (limits.stack_bytes && *limits.stack_bytes < kSmallStack) {
    row.level = std::max(row.level, DoctorLevel::kProblem);
    row.fact += "; such a stack is too small for some libraries' threads, set ulimit -s 8192";
  }
  return row;
}

DoctorRow shared_memory_row(const MachineFacts& facts) {
  DoctorRow row{"shared_memory", "shm", "/dev/shm is not there"};
  if (facts.shared_memory) {
    row.fact = fmt::format("/dev/shm {}, {} free", size_text(facts.shared_memory->total_bytes),
                           size_text(facts.shared_memory->free_bytes));
  }
  // Environments are threads and ranks talk over sockets; only NCCL passes buffers through shared memory.
  if (facts.choice.gpu_ids.size() < 2) {
    row.fact += "; not used: environments are threads, ranks talk over sockets";
    return row;
  }
  const double free_gib =
      facts.shared_memory ? static_cast<double>(facts.shared_memory->free_bytes) / kGib : 0.0;
  row.fact += "; NCCL passes data between GPUs through it";
  if (free_gib < kSmallShmGib) {
    row.level = DoctorLevel::kProblem;
    row.fact += fmt::format(
        ", {:.0f} GiB are wanted: start the container with --shm-size={:.0f}g, or set NCCL_SHM_DISABLE=1",
        kSmallShmGib, kSmallShmGib);
  }
  return row;
}

DoctorRow folder_row(const FolderFacts& folder) {
  DoctorRow row{"folder_" + folder.purpose, folder.purpose, folder.path.string() + ": "};
  const DoctorLevel hindered = folder.needed ? DoctorLevel::kStop : DoctorLevel::kProblem;
  row.code = base::ErrorCode::kDisk;
  if (!folder.obstacle.empty()) {
    row.level = hindered;
    row.fact +=
        fmt::format("cannot be written: {}: {}; {}", folder.there.string(), folder.obstacle, folder.remedy);
    return row;
  }
  row.fact += fmt::format("{}, {:.1f} GiB free",
                          folder.there == folder.path ? "can be written" : "can be made", folder.free_gib);
  if (!folder.file_system.kind.empty()) {
    row.fact += fmt::format(" on {}{}", folder.file_system.kind,
                            folder.file_system.network ? ", over a network" : "");
  }
  if (folder.sync_bytes_per_second)
    row.fact += fmt::format(", {:.0f} MB/s made durable", *folder.sync_bytes_per_second / 1e6);
  if (folder.free_gib < kLowDiskGib) {
    row.level = folder.free_gib < kLeastDiskGib ? hindered : DoctorLevel::kProblem;
    row.fact += fmt::format(", {:.0f} GiB are wanted; make room, or {}", kLowDiskGib, folder.remedy);
  } else if (folder.sync_bytes_per_second && *folder.sync_bytes_per_second < kSlowDisk) {
    row.level = DoctorLevel::kProblem;
    row.fact +=
        fmt::format("; that is slow, {} on a local disk, or raise CHECKPOINT_INTERVAL", folder.remedy);
  }
  return row;
}

DoctorRow runs_row(const MachineFacts& facts) {
  DoctorRow row{"runs", "runs", "no other inknav is running"};
  if (facts.other_runs.empty()) return row;
  row.level = DoctorLevel::kProblem;
  row.fact.clear();
  for (const run::OtherRun& other : facts.other_runs) {
    row.fact += fmt::format("{}process {}: inknav {}{}", row.fact.empty() ? "" : "; ", other.pid, other.words,
                            other.is_orphan ? " (in the background)" : "");
  }
  row.fact += facts.other_runs.size() == 1 ? "; it shares" : "; they share";
  row.fact += " cores and memory, kill -TERM PID saves and ends a training";
  return row;
}

DoctorRow terminal_row(const MachineFacts& facts) {
  const TerminalFacts& terminal = facts.terminal;
  DoctorRow row{"terminal", "terminal", ""};
  row.fact = terminal.is_terminal ? "progress is one line that is redrawn"
                                  : "not one: progress is a plain line every few seconds";
  row.fact += "; locale " + (terminal.locale.empty() ? std::string("not set") : terminal.locale) +
              ", numbers are written and read with a point in every one";
  const auto names_utf8 = [&](const char* form) { return terminal.locale.find(form) != std::string::npos; };
  if (terminal.is_terminal && !names_utf8("UTF-8") && !names_utf8("utf8"))
    row.fact += "; the bar is UTF-8, if it looks odd set LANG=C.UTF-8";
  return row;
}

void add_use_rows(const MachineFacts& facts, std::vector<DoctorRow>& rows) {
  rows.push_back({"use", "will use", facts.choice.sentence});
  DoctorRow row{"plan", "",
                fmt::format("{} rank(s) of {} thread(s); NUM_PROCESSES auto finds the number of environments "
                            "by a short trial",
                            facts.plan.num_ranks, facts.plan.threads_per_rank)};
  const auto gpus = static_cast<int>(facts.choice.gpu_ids.size());
  if (gpus > 0) {
    row.level = DoctorLevel::kProblem;
    row.fact +=
        fmt::format("; without it there are {} in all, too few to keep a GPU busy", facts.default_envs);
  }
  rows.push_back(row);
}

}  // namespace

std::vector<DoctorRow> doctor_rows(const MachineFacts& facts) {
  std::vector<DoctorRow> rows = {processor_row(facts), build_row(facts),  cores_row(facts),
                                 memory_row(facts),    limits_row(facts), shared_memory_row(facts)};
  for (const FolderFacts& folder : facts.folders) rows.push_back(folder_row(folder));
  rows.push_back(runs_row(facts));
  rows.push_back(terminal_row(facts));
  internal::add_device_rows(facts, rows);
  add_use_rows(facts, rows);
  return rows;
}

int doctor_exit_code(const std::vector<DoctorRow>& rows) {
  const auto stop = std::find_if(rows.begin(), rows.end(),
                                 [](const DoctorRow& row) { return row.level == DoctorLevel::kStop; });
  return stop == rows.end() ? 0 : static_cast<int>(stop->code);
}

std::string doctor_text(const std::vector<DoctorRow>& rows) {
  std::string text, stops;
  std::size_t problems = 0;
  for (const DoctorRow& row : rows) {
    const char mark = row.level == DoctorLevel::kFine ? ' ' : row.level == DoctorLevel::kProblem ? '!' : 'x';
    text += fmt::format("{} {:<10} {}\n", mark, row.name, row.fact);
    problems += row.level == DoctorLevel::kProblem ? 1 : 0;
    if (row.level == DoctorLevel::kStop) stops += (stops.empty() ? "" : ", ") + row.name;
  }
  if (problems > 0) text += base::counted(problems, "problem") + ", marked with !\n";
  if (!stops.empty()) {
    return text + fmt::format("No training can run: {}, marked with x; exit code {}\n", stops,
                              doctor_exit_code(rows));
  }
  return text + (problems == 0 ? "Nothing stands in the way.\n" : "A training can run.\n");
}

}  // namespace inknav::app
