// SPDX-License-Identifier: MIT
#pragma once
// A scene in device memory: the hierarchy, the tables of render/surface.h and its textures.

#include <vector>

#include "render/cuda/device_memory.cuh"

namespace inknav::render {

/// What the kernels see of a scene; copied into the tracer's table.
struct DeviceScene {
  WideBvhView bvh;
  SurfaceTables surface;
};

class SceneMemory {
 public:
  /// Copies everything; waits for the device.
  CudaStatus upload(const CudaScene& scene);
  /// Pointers into this memory.
  const DeviceScene& view() const { return view_; }

 private:
  CudaStatus upload_textures(const SurfaceTables& tables);

  DeviceArray<WideNode> nodes_;
  DeviceArray<WideTriangle> triangles_;
  DeviceArray<base::Vec3> positions_;
  DeviceArray<base::Vec2> uvs_;
  DeviceArray<glm::u8vec4> colors_;
  DeviceArray<glm::u32vec3> corners_;
  DeviceArray<std::uint32_t> triangle_material_;
  DeviceArray<float> texels_per_metre_;
  DeviceArray<SurfaceMaterial> materials_;
  DeviceArray<SurfaceTexture> textures_;
  DeviceArray<SurfaceLevel> levels_;
  std::vector<DeviceArray<std::uint8_t>> texels_;
  DeviceScene view_;
};

}  // namespace inknav::render
