// SPDX-License-Identifier: MIT
#pragma once
// BatchRenderer: what all CPU back ends share: scene slots, the split of a batch into bands of rows over the
// thread pool, and the writing of pixels. A back end supplies the tracing of one band.

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "render/camera.h"
#include "render/renderer.h"
#include "render/shading.h"

namespace inknav::render {

/// One scene as a back end sees it.
class TracedScene {
 public:
  explicit TracedScene(const scene::ScenePtr& scene) : scene_(scene), shader_(scene) {}
  virtual ~TracedScene() = default;
  const scene::Scene& scene() const { return *scene_; }
  const Shader& shader() const { return shader_; }

 private:
  scene::ScenePtr scene_;
  Shader shader_;
};

/// Rows [row_begin, row_end) of one view and where their pixels go.
struct Band {
  const TracedScene* scene = nullptr;
  CameraFrame frame;
  int row_begin = 0;
  int row_end = 0;
  float* depth = nullptr;       // first pixel of the view, or null
  std::uint8_t* rgb = nullptr;  // first pixel of the view, or null
  const DevicePictures* pictures = nullptr;
  std::int64_t picture_row = 0;  // in `pictures`

  bool wants_colour() const { return rgb != nullptr || pictures->rgb.data != nullptr; }
};

class BatchRenderer : public Renderer {
 public:
  BatchRenderer(const CameraSpec& camera, base::ThreadPool& pool)
      : camera_(camera), rays_(camera), pool_(pool) {}

  base::Result<int> add_scene(const scene::ScenePtr& scene) final;
  void remove_scene(int slot) final;
  /// Host memory is what the CPU renders into.
  bool writes_to(const base::DevicePicture& picture) const final { return picture.gpu < 0; }
  base::Status render(std::span<const View> views, const RenderTargets& targets) final;
  const CameraSpec& camera() const final { return camera_; }
  RenderCounters counters() const final { return counters_; }

 protected:
  /// Of a band, the unit of work: a view of more rows is split over threads.
  static constexpr int kBandRows = 64;

  virtual base::Result<std::unique_ptr<TracedScene>> prepare(const scene::ScenePtr& scene) = 0;
  virtual void trace(const Band& band) const = 0;

  const PixelRays& rays() const { return rays_; }
  base::ThreadPool& pool() const { return pool_; }
  /// Writes one pixel; a null hit is "nothing there": depth 0, black.
  void write_pixel(const Band& band, int x, int y, const Hit* hit) const;
  /// Its depth alone; `pixel` counts row by row, 0 m: nothing there.
  static void write_depth(const Band& band, std::int64_t pixel, float metres) {
    if (band.depth != nullptr) band.depth[pixel] = metres;
    const DevicePictures& pictures = *band.pictures;
    if (pictures.depth.data == nullptr) return;
    write_value(pictures.depth, value_index(pictures.depth, band.picture_row, pixel),
                coded_depth(pictures.coding, metres));
  }

 private:
  CameraSpec camera_;
  PixelRays rays_;
  base::ThreadPool& pool_;
  std::vector<std::unique_ptr<TracedScene>> slots_;
  RenderCounters counters_;
};

}  // namespace inknav::render
