// SPDX-License-Identifier: MIT
#pragma once
// From a Scene to what the plug-in wants: hierarchy and tables upload, views in the order of scenes.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "render/cuda/cuda_abi.h"
#include "render/renderer.h"
#include "render/shading.h"
#include "render/wide_bvh/wide_cache.h"

namespace inknav::render {

/// A status of the plug-in as an error that says what was wanted.
base::Error cuda_error(const CudaApi& api, CudaStatus status, const char* wanted);

/// Hierarchy and tables of a scene in host memory, ready for any tracer; immutable.
class PreparedCudaScene {
 public:
  /// `cache_dir`: where the hierarchy is kept for the next time (wide_bvh/wide_cache.h).
  PreparedCudaScene(const scene::ScenePtr& scene, base::ThreadPool& pool,
                    const std::optional<std::filesystem::path>& cache_dir = std::nullopt)
      : bvh_(cache_dir ? cached_wide_bvh(*scene, *cache_dir, pool) : WideBvh(*scene, pool)), shader_(scene) {}

  base::Status upload(const CudaApi& api, CudaTracer* tracer, std::uint32_t slot) const;
  /// Of the scene; traversal_slack() of its views needs them.
  const base::Aabb& bounds() const { return bvh_.bounds(); }
  std::size_t hierarchy_bytes() const { return bvh_.bytes(); }

 private:
  WideBvh bvh_;
  Shader shader_;
};

/// Order of the views by scene slot (counting sort, stable): order[i] is the i-th view to render. Slots must
/// be in [0, num_slots). Allocates only when there are more views or slots than ever before.
class SceneOrder {
 public:
  void reserve(std::size_t views) { order_.reserve(views); }
  std::span<const std::uint32_t> sort(std::span<const View> views, std::size_t num_slots);

 private:
  std::vector<std::uint32_t> starts_;
  std::vector<std::uint32_t> order_;
};

}  // namespace inknav::render
