// SPDX-License-Identifier: MIT
#include "run/process_limits.h"

#include <sys/resource.h>

#include <tuple>
#include <utility>

namespace inknav::run {
namespace {

std::optional<std::uint64_t> bounded(rlim_t value) {
  if (value == RLIM_INFINITY) return std::nullopt;
  return value;
}

/// Soft and hard; a limit that cannot be asked for is none.
std::pair<std::optional<std::uint64_t>, std::optional<std::uint64_t>> limit_of(int which) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource>(which), &limit) != 0) return {};
  return {bounded(limit.rlim_cur), bounded(limit.rlim_max)};
}

}  // namespace

ProcessLimits process_limits() {
  ProcessLimits limits;
  std::tie(limits.open_files, limits.open_files_hard) = limit_of(RLIMIT_NOFILE);
  limits.stack_bytes = limit_of(RLIMIT_STACK).first;
  limits.locked_bytes = limit_of(RLIMIT_MEMLOCK).first;
  limits.core_bytes = limit_of(RLIMIT_CORE).first;
  return limits;
}

}  // namespace inknav::run
