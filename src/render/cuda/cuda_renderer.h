// SPDX-License-Identifier: MIT
#pragma once
// The CUDA back end behind Renderer: images are made on the device, and copied only where host memory is
// wanted.
//
// A batch is sorted by scene. Device pictures alone are rendered on their stream, and render() returns at
// once; for the host a batch is rendered in chunks, and each is copied out while the next is rendered, with
// pictures beside them where both are wanted. render() allocates only when a batch is larger than what was
// reserved and all before. Too little device memory is kDeviceMemory where it is taken: add_scene and
// reserve; a device that fails in the middle of a run is kPeer from render.

#include <filesystem>
#include <memory>
#include <optional>

#include "base/result.h"
#include "render/cuda/cuda_scene.h"
#include "render/renderer.h"

namespace inknav::render {

class CudaRenderer : public Renderer {
 public:
  /// As add_scene, of a scene whose hierarchy has been built before: for several renderers of one scene.
  virtual base::Result<int> add_prepared(const PreparedCudaScene& scene) = 0;
};

struct CudaRendererOptions {
  int device = 0;
  std::optional<std::filesystem::path> cache_dir{};  // for hierarchies; nullopt: built at each start
};
base::Result<std::unique_ptr<CudaRenderer>> make_cuda_renderer(const CameraSpec& camera,
                                                               base::ThreadPool& pool,
                                                               const CudaRendererOptions& options = {});

}  // namespace inknav::render
