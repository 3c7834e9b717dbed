// SPDX-License-Identifier: MIT
#pragma once
// match_paths: the files that a "paths" entry of a scene dataset config means, e.g. "val/*/" with ".glb".
// Internal to the module.
//
// "*" and "?" match within one part of the path, not a leading dot. A match that is a folder stands for its
// files (not its folders' files) that end in `ending`; one that is a file stands for itself if it ends so;
// one that is neither for itself with `ending` appended, if that is a file. Sorted, each once, canonical.
// Errors (kData): a pattern that is absolute or has "..", a match outside the root, more than a million
// names.

#include <filesystem>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace inknav::scene::internal {

base::Result<std::vector<std::filesystem::path>> match_paths(const std::filesystem::path& root,
                                                             std::string_view pattern,
                                                             std::string_view ending);

/// Whether `name` is of the form `pattern`, in time linear in their product.
bool matches_wildcards(std::string_view name, std::string_view pattern);

}  // namespace inknav::scene::internal
