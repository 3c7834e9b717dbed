// SPDX-License-Identifier: MIT
#pragma once
// Validation of a folder of demonstrations before a night is lost on it: every shard is read, every checksum
// compared, every walk unpacked (or rendered from its scene), every drawing looked for.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "task/demonstration_reader.h"

namespace inknav::task {

struct DemonstrationCheckSettings {
  std::filesystem::path folder;
  std::optional<std::filesystem::path> sketch_dir;  // none: drawings are not looked for
  std::optional<std::filesystem::path> scenes_dir;  // none: sets that are rendered when read are not rendered
  std::optional<std::filesystem::path> cache_dir;
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

/// The numbers for people, on one line.
std::string summary_of(const DemonstrationCheckReport& report);

}  // namespace inknav::task
