// SPDX-License-Identifier: MIT
#pragma once
// The half of base/safe_path.cc that needs no openat2, exposed so that its test also runs where the kernel
// would have answered. Threads: safe. Failure: ErrorCode::kData.

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace inknav::base::internal {

/// Like resolve_beneath, for a `relative` that already follows the grammar.
Result<std::filesystem::path> resolve_beneath_portable(const std::filesystem::path& root,
                                                       std::string_view relative);

}  // namespace inknav::base::internal
