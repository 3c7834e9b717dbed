// SPDX-License-Identifier: MIT
#pragma once
// The on-disk scene cache: one file a scene, named by a hash of what it was made from (source bytes, frame,
// options, format version). Its payload is checksummed (XXH3-128); names and hashes of the other files that
// the source referred to are inside and are compared on every load. Written atomically, so any number of
// processes may share a folder. A file that is missing, older, damaged or stale is a miss, never an error.
// Internal to the module. Native byte order: the cache is not meant to travel between machines.

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/hash.h"
#include "base/result.h"
#include "scene/asset_folder.h"
#include "scene/scene.h"

namespace inknav::scene::internal {

struct CacheKey {
  std::filesystem::path folder;
  base::Hash128 source;
  std::filesystem::path file() const;
};

/// Scene as it was stored, not yet finished; none on a miss. A damaged file is named in the log.
std::optional<Scene> load_cached(const CacheKey& key, AssetFolder& assets);

/// Errors (disk full, read-only) are for the log: the scene is good without a cache.
base::Status store_cached(const CacheKey& key, const std::map<std::string, base::Hash128>& opened,
                          const Scene& scene);

/// Part of every key: raise it when the readers or the layout change.
inline constexpr std::uint32_t kCacheVersion = 3;

}  // namespace inknav::scene::internal
