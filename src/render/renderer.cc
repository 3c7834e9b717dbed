// SPDX-License-Identifier: MIT
#include "render/renderer.h"

#include <string>

#include "base/check.h"
#include "render/brute_force_renderer.h"
#include "render/bundle/bundle_renderer.h"
#include "render/cuda/cuda_renderer.h"
#include "render/egl/egl_renderer.h"
#include "render/embree/embree_renderer.h"
#include "render/wide_bvh/wide_bvh_renderer.h"

namespace inknav::render {
namespace {

base::Status validate(const CameraSpec& camera) {
  const bool size_ok =
      camera.width >= 1 && camera.width <= 8192 && camera.height >= 1 && camera.height <= 8192;
  const bool lens_ok = camera.hfov_deg > 0.0f && camera.hfov_deg < 180.0f;
  const bool range_ok = camera.near_m > 0.0f && camera.far_m > camera.near_m;
  if (size_ok && lens_ok && range_ok) return base::ok_status();
  return base::Error{
      base::ErrorCode::kUsage,
      "camera: 1 to 8192 pixels a side, a horizontal field of view between 0 and 180 degrees and "
      "0 < near < far were wanted; found " +
          std::to_string(camera.width) + " x " + std::to_string(camera.height) + ", " +
          std::to_string(camera.hfov_deg) + " degrees, near " + std::to_string(camera.near_m) + ", far " +
          std::to_string(camera.far_m) + "; change WIDTH, HEIGHT or HFOV of the sensor"};
}

}  // namespace

base::Status Renderer::reserve(std::size_t, const ImageKinds&) { return base::ok_status(); }
bool Renderer::writes_to(const base::DevicePicture&) const { return false; }

base::Result<std::unique_ptr<Renderer>> make_renderer(Backend backend, const CameraSpec& camera,
                                                      base::ThreadPool& pool,
                                                      const RendererOptions& options) {
  INKNAV_RETURN_IF_ERROR(validate(camera));
  switch (backend) {
    case Backend::kBundle:
      return make_bundle_renderer(camera, pool, options.cache_dir);
    case Backend::kEmbree:
      return make_embree_renderer(camera, pool);
    case Backend::kBruteForce:
      return make_brute_force_renderer(camera, pool);
    case Backend::kWideBvh:
      return make_wide_bvh_renderer(camera, pool);
    case Backend::kCuda: {
      INKNAV_ASSIGN_OR_RETURN(auto renderer,
                              make_cuda_renderer(camera, pool, {options.gpu, options.cache_dir}));
      return std::unique_ptr<Renderer>(std::move(renderer));
    }
    case Backend::kEgl:
      return make_egl_renderer(camera, pool);
  }
  INKNAV_CHECK(false, static_cast<int>(backend));
  return base::Error{};
}

}  // namespace inknav::render
