// SPDX-License-Identifier: MIT
#pragma once
// Embree, in packets of 4 x 2 pixels: a tracer that shares nothing with ours but rays and shading, to compare
// them with.
//
// Back faces are culled by a filter on the single-sided triangles; double-sided ones are a second geometry
// without it. The device is pinned to AVX2 kernels and builds on one thread, so that the same scene gives
// the same bits on every machine and for every number of threads.

#include <memory>

#include "base/result.h"
#include "render/renderer.h"

namespace inknav::render {

base::Result<std::unique_ptr<Renderer>> make_embree_renderer(const CameraSpec& camera,
                                                             base::ThreadPool& pool);

}  // namespace inknav::render
