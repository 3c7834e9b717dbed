// SPDX-License-Identifier: MIT
#pragma once
// The renderer of machines without a GPU: bundles of rays (bundle_tracer.h), block by block. Images are those
// of kWideBvh, bit for bit, and depths those of kCuda.

#include <filesystem>
#include <memory>
#include <optional>

#include "render/renderer.h"

namespace inknav::render {

/// `cache_dir`: where hierarchies are kept (wide_bvh/wide_cache.h).
std::unique_ptr<Renderer> make_bundle_renderer(const CameraSpec& camera, base::ThreadPool& pool,
                                               std::optional<std::filesystem::path> cache_dir);

}  // namespace inknav::render
