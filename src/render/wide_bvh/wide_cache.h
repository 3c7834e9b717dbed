// SPDX-License-Identifier: MIT
#pragma once
// The cache of wide hierarchies: one file a scene, beside its scene and navmesh caches, named by the scene's
// content hash. It holds nodes and the order of the triangles, whose corners come from the scene; an XXH3-128
// of all that precedes it stands at its end. Reading checks the checksum and then every index, because the
// traversal trusts them. A file that is missing, damaged or of another version is built again, with one line
// in the log unless it was missing; where nothing can be written the hierarchy is built all the same.
// Native byte order: the cache is not meant to travel between machines.

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/thread_pool.h"
#include "render/wide_bvh/collapse.h"
#include "render/wide_bvh/wide_bvh.h"

namespace inknav::render {

/// Law: equals WideBvh(scene, pool) byte for byte. The scene must be finished.
WideBvh cached_wide_bvh(const scene::Scene& scene, const std::filesystem::path& folder,
                        base::ThreadPool& pool);

namespace internal {

/// Part of every file: raise it when builder or layout change.
inline constexpr std::uint32_t kWideCacheVersion = 1;

/// "<scene hash>.inkbvh"
std::string wide_cache_name(const base::Hash128& scene);
base::Status write_wide_cache(const std::filesystem::path& path, const scene::Scene& scene,
                              const WideLayout& layout);
/// kData for a file that is damaged, or of another scene or version.
base::Result<WideLayout> read_wide_cache(const std::filesystem::path& path, const scene::Scene& scene);

/// Every node is reached once, within kMaxWideDepth levels, and every leaf's triangles are there; the order
/// names each triangle once. kData beginning with `name` otherwise.
base::Status check_layout(const WideLayout& layout, std::size_t num_triangles, std::string_view name);

}  // namespace internal
}  // namespace inknav::render
