// SPDX-License-Identifier: MIT
#pragma once
// The state behind the plug-in's handles: a tracer with its scenes, batches of views for a camera, images.

#include <cstdint>
#include <memory>
#include <vector>

#include "render/cuda/device_scene.cuh"

namespace inknav::render {

struct CudaTracer {
  std::int32_t device = 0;
  // The table never moves, so that a captured graph stays valid when scenes come and go.
  DeviceArray<DeviceScene> table;  // [kMaxCudaScenes]
  std::vector<std::unique_ptr<SceneMemory>> scenes;
  Stream render_stream;
  Stream copy_stream;
  std::uint32_t kernel = 0;  // index of kCudaKernels

  explicit CudaTracer(std::int32_t device_number) : device(device_number) {}
  CudaStatus open();
  CudaStatus set_scene(std::uint32_t slot, const CudaScene& scene);
  CudaStatus clear_scene(std::uint32_t slot);
};

inline std::size_t pixels_of(const CudaCamera& camera) {
  return static_cast<std::size_t>(camera.width) * static_cast<std::size_t>(camera.height);
}

struct CudaBatch {
  CudaCamera camera;
  std::int32_t device;
  std::uint32_t capacity = 0;
  DeviceArray<CudaView> device_views;
  PinnedArray<CudaView> host_views;
  Event views_read;  // recorded by mark()
  bool marked = false;

  CudaBatch(const CudaCamera& lens, std::int32_t device_number) : camera(lens), device(device_number) {}
};

/// Behind CudaImages::state.
struct ImageMemory {
  std::int32_t device = 0;
  std::uint32_t capacity = 0;
  DeviceArray<float> device_depth;
  DeviceArray<std::uint8_t> device_rgb;
  PinnedArray<float> host_depth;
  PinnedArray<std::uint8_t> host_rgb;
  std::vector<Event> rendered;  // one a chunk; made on first use
  std::vector<Event> copied;
  Event pictures_free;  // what was put on the pictures' stream before them is done
};

/// See the functions of the same names in cuda_abi.h.
CudaStatus enqueue(CudaTracer& tracer, CudaBatch& batch, std::uint32_t count, const CudaTargets& targets,
                   cudaStream_t stream);
CudaStatus start_to_host(CudaTracer& tracer, CudaBatch& batch, std::uint32_t count,
                         const CudaDelivery& delivery);
CudaStatus time_enqueue(CudaTracer& tracer, CudaBatch& batch, std::uint32_t count, const CudaImages& images,
                        bool as_graph, std::int32_t repetitions, float* milliseconds);

}  // namespace inknav::render
