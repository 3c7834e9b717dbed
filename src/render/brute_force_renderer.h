// SPDX-License-Identifier: MIT
#pragma once
// The oracle: every ray against every triangle, in double precision. Slow and obviously right.

#include <memory>

#include "render/renderer.h"

namespace inknav::render {

std::unique_ptr<Renderer> make_brute_force_renderer(const CameraSpec& camera, base::ThreadPool& pool);

}  // namespace inknav::render
