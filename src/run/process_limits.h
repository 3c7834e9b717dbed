// SPDX-License-Identifier: MIT
#pragma once
// What the shell, a container or a batch system lets this process have (getrlimit). Threads: safe.

#include <cstdint>
#include <optional>

namespace inknav::run {

/// nullopt: no limit.
struct ProcessLimits {
  std::optional<std::uint64_t> open_files;       // soft, as it counts now
  std::optional<std::uint64_t> open_files_hard;  // as far as ulimit -n may raise it
  std::optional<std::uint64_t> stack_bytes;      // of the main thread, and of every other one
  std::optional<std::uint64_t> locked_bytes;     // of memory that may be pinned
  std::optional<std::uint64_t> core_bytes;       // of a core file; 0: none is written
};

ProcessLimits process_limits();

}  // namespace inknav::run
