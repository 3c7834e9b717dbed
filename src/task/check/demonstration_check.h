// SPDX-License-Identifier: MIT
#pragma once
// Validation of a folder of demonstrations before a night is lost on it: every shard is read, every checksum
// compared, every walk unpacked (or rendered from its scene), every drawing looked for.
// What is wrong with one walk does not end the check; a manifest or a shard's header that cannot be read
// does. Memory: the headers of the shards and a walk a thread. Threads: those of the pool; a set that is
// rendered goes walk by walk. Cost: that of reading the shards.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "task/check/check_findings.h"
#include "task/demonstration_reader.h"

namespace inknav::task {

struct DemonstrationCheckSettings {
  std::filesystem::path folder;
  std::optional<std::filesystem::path> sketch_dir;  // none: drawings are not looked for
  std::optional<std::filesystem::path> scenes_dir;  // none: sets that are rendered when read are not rendered
  std::optional<std::filesystem::path> cache_dir;
  /// Hears how many walks are read; one call at a time, from any thread.
  std::function<void(std::int64_t done, std::int64_t total)> progress;
  /// Asked between two walks; true ends the check.
  std::function<bool()> cancelled;
};

struct DemonstrationCheckReport {
  std::int64_t walks = 0;
  std::int64_t states = 0;
  std::uint64_t bytes = 0;
  bool with_depth = false;                                                  // depth was unpacked or rendered
  std::int64_t disturbed = 0, by_student = 0, off_route = 0, collided = 0;  // states
  std::int64_t stops = 0;                                                   // where the expert says STOP
  std::vector<std::string> faults;
  bool drawings_missing = false;  // the last fault says which
  bool usable() const { return faults.empty(); }
};

/// Errors (kData) when manifest or a shard's header cannot be read; what is wrong further in is in the
/// report.
base::Result<DemonstrationCheckReport> check_demonstrations(const DemonstrationCheckSettings& settings,
                                                            base::ThreadPool& pool);

/// The same as findings of a check of a folder; what cannot be opened is one of them. `summary` is for
/// people.
CheckFindings check_demonstration_set(const DemonstrationCheckSettings& settings, base::ThreadPool& pool,
                                      std::string& summary);

/// The numbers for people, on one line.
std::string summary_of(const DemonstrationCheckReport& report);

}  // namespace inknav::task
