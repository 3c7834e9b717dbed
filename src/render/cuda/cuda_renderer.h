// SPDX-License-Identifier: MIT
#pragma once
// The CUDA back end behind Renderer: images are made on the device and copied into the caller's host memory.
//
// A batch is sorted by scene, rendered in chunks, and each chunk is copied out while the next is rendered.
// Who wants the images on the device calls the plug-in's enqueue (cuda_abi.h). render() allocates only when a
// batch is larger than all before. A device that fails in the middle of a run ends the program with the
// reason.

#include <memory>

#include "base/result.h"
#include "render/cuda/cuda_scene.h"
#include "render/renderer.h"

namespace inknav::render {

class CudaRenderer : public Renderer {
 public:
  /// As add_scene, of a scene whose hierarchy has been built before: for several renderers of one scene.
  virtual base::Result<int> add_prepared(const PreparedCudaScene& scene) = 0;
};

base::Result<std::unique_ptr<CudaRenderer>> make_cuda_renderer(const CameraSpec& camera,
                                                               base::ThreadPool& pool, int device = 0);

}  // namespace inknav::render
