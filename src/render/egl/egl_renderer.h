// SPDX-License-Identifier: MIT
#pragma once
// The OpenGL back end behind Renderer: rasterises through EGL without a window, on hardware or on Mesa's
// llvmpipe.
//
// A batch is cut into chunks; each is drawn view by view into layers of its own and read back through pixel
// buffers while the next is drawn. One context; calls may come from any thread, one at a time. A driver that
// fails in the middle of a run ends the program with the reason. llvmpipe has threads of its own, as many as
// cores (LP_NUM_THREADS); the pool only copies. Images are the same for any number of either.

#include <memory>

#include "base/result.h"
#include "render/renderer.h"

namespace inknav::render {

struct EglRendererSettings {
  /// False: clusters of triangles outside the view are left out, depth is computed as by the tracers. True:
  /// the whole scene in one call a material and depth interpolated by the rasteriser, as simulators do that
  /// hold a scene as one mesh; cheaper a triangle, a millimetre or two off, and there for the benchmark's
  /// baseline.
  bool plain = false;
};

/// kUsage where there is no OpenGL 3.3 or the images are larger than the driver takes.
base::Result<std::unique_ptr<Renderer>> make_egl_renderer(const CameraSpec& camera, base::ThreadPool& pool,
                                                          const EglRendererSettings& settings = {});

}  // namespace inknav::render
