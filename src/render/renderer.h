// SPDX-License-Identifier: MIT
#pragma once
// Renderer: N poses in, N images out, in one call.
//
//   auto renderer = make_renderer(settings, pool);
//   int slot = renderer->add_scene(scene);            // builds or loads the BVH once; slots are reused
//   renderer->reserve(num_views, {depth, rgb});       // all memory is taken here, or it is an error here
//   renderer->render({{slot, pose_world_camera}, ...}, {depth, rgb});
//
// Pixels (spec/habitat.md 2): depth is metres along the optical axis, 0 where nothing was hit; back faces are
// culled unless the material is double-sided; near 0.01 m, far 1000 m; RGB is base colour * texture * vertex
// colour, flat, on black. Row 0 is the top row. Output goes straight into the caller's memory: the host's, or
// (device pictures) that of the GPU that renders; with these alone render() neither copies an image nor
// waits. Results do not depend on batch composition, order or number of threads. No allocation in render()
// after reserve() for the size of the batch, or after the first call of that size.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/device_picture.h"
#include "base/geometry.h"
#include "base/result.h"
#include "base/thread_pool.h"
#include "render/picture_code.h"
#include "scene/scene.h"

namespace inknav::render {

struct CameraSpec {
  int width = 64;
  int height = 64;
  float hfov_deg = 90.0f;  // horizontal; square pixels
  float near_m = 0.01f;
  float far_m = 1000.0f;
};

struct View {
  int scene_slot = 0;
  base::Pose pose_world_camera;  // the camera looks along its own -Z, +Y up
};

/// Pictures in memory that writes_to() knows; data = null: not wanted. Both are on one stream.
struct DevicePictures {
  base::DevicePicture depth;  // kF32 or kBf16, coded as below
  base::DevicePicture rgb;    // three values a pixel
  DepthCoding coding;
  std::span<const std::uint32_t> rows{};  // [num_views] whose picture each view is; empty: 0, 1, 2, ...

  bool wanted() const { return depth.data != nullptr || rgb.data != nullptr; }
};

/// Caller-owned; null = not wanted.
struct RenderTargets {
  float* depth = nullptr;       // [num_views, height, width] f32, metres, on the host
  std::uint8_t* rgb = nullptr;  // [num_views, height, width, 3] u8, on the host
  DevicePictures pictures{};
};

/// Bytes of the host's images, of so many pixels.
inline std::int64_t host_bytes(const RenderTargets& targets, std::size_t pixels) {
  return static_cast<std::int64_t>(
      pixels * ((targets.depth != nullptr ? sizeof(float) : 0) + (targets.rgb != nullptr ? 3 : 0)));
}

struct ImageKinds {
  bool depth = true;
  bool rgb = false;
};

struct RenderCounters {
  std::int64_t views = 0;
  std::int64_t rays = 0;
  std::int64_t bytes_down = 0;  // of images left in host memory; from a GPU these are copied
  std::int64_t bytes_up = 0;    // of views, to a GPU
};

enum class Backend : std::uint8_t {
  kBundle,  // the CPU's (bundle/bundle_tracer.h)
  kCuda,    // refused with the reason where it cannot be used (cuda/cuda_plugin.h)
  kEgl,     // OpenGL, likewise (egl/egl_renderer.h)
  // Oracles and baselines.
  kWideBvh,  // the CUDA tracer's traversal on the CPU, ray by ray
  kEmbree,   // in packets of eight rays
  kBruteForce
};

class Renderer {
 public:
  virtual ~Renderer() = default;
  virtual base::Result<int> add_scene(const scene::ScenePtr& scene) = 0;
  virtual void remove_scene(int slot) = 0;
  /// Takes whatever memory batches of up to `views` images of these kinds need. kDeviceMemory when the device
  /// has too little. The CPU back ends need none of their own.
  virtual base::Status reserve(std::size_t views, const ImageKinds& kinds);
  /// Whether this renderer can leave pictures in that memory. EGL cannot.
  virtual bool writes_to(const base::DevicePicture& picture) const;
  /// Errors, of a device only: kDeviceMemory when it was not reserved and is not there, kPeer when the device
  /// has failed; the targets are then undefined. Of device pictures alone a failure may show one call later.
  virtual base::Status render(std::span<const View> views, const RenderTargets& targets) = 0;
  virtual const CameraSpec& camera() const = 0;
  virtual RenderCounters counters() const = 0;
  virtual std::string_view name() const = 0;
};

struct RendererOptions {
  int gpu = 0;  // of kCuda, among the visible devices
  /// Where kBundle and kCuda keep the hierarchies of scenes for the next time.
  std::optional<std::filesystem::path> cache_dir{};
};

/// `pool` must outlive the renderer.
base::Result<std::unique_ptr<Renderer>> make_renderer(Backend backend, const CameraSpec& camera,
                                                      base::ThreadPool& pool,
                                                      const RendererOptions& options = {});

}  // namespace inknav::render
