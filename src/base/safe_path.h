// SPDX-License-Identifier: MIT
#pragma once
// Paths that come from data (scene ids, URIs inside assets, archive members) are resolved beneath a root
// and nowhere else (spec: at most 6 parts of [A-Za-z0-9][A-Za-z0-9._-]{0,127}, no "." or "..", no NUL,
// no link that leads outside).

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace inknav::base {

/// Whether `relative` follows the grammar above (the file need not exist).
bool is_safe_relative_path(std::string_view relative);

/// root / relative, guaranteed to lie beneath root after following links. Error kData otherwise.
Result<std::filesystem::path> resolve_beneath(const std::filesystem::path& root, std::string_view relative);

}  // namespace inknav::base
