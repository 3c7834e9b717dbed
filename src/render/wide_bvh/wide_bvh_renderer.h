// SPDX-License-Identifier: MIT
#pragma once
// The CUDA tracer's code on the CPU: one ray at a time through the compressed wide BVH. Slower than Embree;
// it is there to test the traversal where no GPU is, and gives the depths of the GPU bit for bit.

#include <memory>

#include "render/renderer.h"

namespace inknav::render {

std::unique_ptr<Renderer> make_wide_bvh_renderer(const CameraSpec& camera, base::ThreadPool& pool);

}  // namespace inknav::render
