// SPDX-License-Identifier: MIT
#pragma once
// Paths that come from data (scene ids, URIs inside assets, archive members) are resolved beneath a root
// and nowhere else (spec: at most 6 parts of [A-Za-z0-9][A-Za-z0-9._-]{0,127}, no "." or "..", no NUL,
// no link that leads outside). The last parts may not exist yet (a file to be written).
//
// The kernel resolves (openat2, RESOLVE_BENEATH); where it cannot say, canonical paths are compared part by
// part, because /data/scene_evil begins with the characters of /data/scene. The answer holds at the moment of
// the call: whoever can change links beneath the root afterwards is trusted.
// Threads: safe. Failure: ErrorCode::kData.

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace inknav::base {

/// Whether `relative` follows the grammar above (the file need not exist).
bool is_safe_relative_path(std::string_view relative);

/// Absolute path without links of root / relative, which lies beneath root. Root itself may be a link or
/// missing.
Result<std::filesystem::path> resolve_beneath(const std::filesystem::path& root, std::string_view relative);

}  // namespace inknav::base
