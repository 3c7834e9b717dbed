// SPDX-License-Identifier: MIT
#include "render/cuda/cuda_scene.h"

#include <string>

#include "base/check.h"

namespace inknav::render {

base::Error cuda_error(const CudaApi& api, CudaStatus status, const char* wanted) {
  const base::ErrorCode code =
      status == kCudaOutOfMemory ? base::ErrorCode::kDeviceMemory : base::ErrorCode::kUsage;
  const char* advice = status == kCudaOutOfMemory ? "use fewer or smaller scenes, images or environments"
                                                  : "run inknav doctor, or use the CPU renderer";
  return {code, std::string("CUDA renderer: ") + wanted + " was wanted: " + api.last_error() + "; " + advice};
}

base::Status PreparedCudaScene::upload(const CudaApi& api, CudaTracer* tracer, std::uint32_t slot) const {
  const CudaScene scene{bvh_.nodes().data(), bvh_.nodes().size(), bvh_.triangles().data(),
                        bvh_.triangles().size(), shader_.tables()};
  const CudaStatus status = api.set_scene(tracer, slot, &scene);
  if (status != kCudaOk) return cuda_error(api, status, "device memory for a scene");
  return base::ok_status();
}

std::span<const std::uint32_t> SceneOrder::sort(std::span<const View> views, std::size_t num_slots) {
  starts_.assign(num_slots + 1, 0);
  order_.resize(views.size());
  for (const View& view : views) {
    INKNAV_CHECK(view.scene_slot >= 0 && static_cast<std::size_t>(view.scene_slot) < num_slots,
                 view.scene_slot);
    ++starts_[static_cast<std::size_t>(view.scene_slot) + 1];
  }
  for (std::size_t slot = 0; slot < num_slots; ++slot) starts_[slot + 1] += starts_[slot];
  for (std::size_t i = 0; i < views.size(); ++i) {
    order_[starts_[static_cast<std::size_t>(views[i].scene_slot)]++] = static_cast<std::uint32_t>(i);
  }
  return order_;
}

}  // namespace inknav::render
