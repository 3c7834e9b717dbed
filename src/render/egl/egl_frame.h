// SPDX-License-Identifier: MIT
#pragma once
// EglFrame: the images of one chunk of views and their way into host memory.
//
// Every view is a layer of an array of its own size with a framebuffer of its own, so that all views have the
// same window coordinates and come out alike wherever they stand in a batch (an atlas would round them
// differently). Reading back goes through pixel buffers: start_reading() returns at once on a driver that
// copies by itself, and read() waits. The context must be current whenever a method runs. Only src/render/egl
// includes this.

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "render/egl/egl_scene.h"
#include "render/renderer.h"

namespace inknav::render {

struct EglFrameShape {
  int width = 0;
  int height = 0;
  int layers = 0;
  bool depth = false;
  bool rgb = false;
  bool operator==(const EglFrameShape&) const = default;
};

/// [layers, height, width], f32 metres and u8 RGBA; null what is not made.
struct EglPixels {
  const float* depth = nullptr;
  const std::uint8_t* rgba = nullptr;
};

class EglFrame {
 public:
  static base::Result<std::unique_ptr<EglFrame>> create(const GlApi& gl, const EglFrameShape& shape);
  EglFrame(const EglFrame&) = delete;
  EglFrame& operator=(const EglFrame&) = delete;

  /// Binds a layer, emptied, for drawing.
  void begin_view(int layer) const;
  /// Starts the way of the first `layers` layers to the host.
  void start_reading(int layers);
  /// Waits for what start_reading() began; valid until release().
  EglPixels wait() const;
  void release();
  /// Layers that have been read and not yet released.
  int pending() const { return pending_; }

 private:
  EglFrame(const GlApi& gl, const EglFrameShape& shape) : gl_(gl), shape_(shape) {}
  GlHandle make_array(GLenum internal, GLenum format, GLenum type) const;
  GlHandle make_pixel_buffer() const;
  std::size_t pixels() const {
    return static_cast<std::size_t>(shape_.width) * static_cast<std::size_t>(shape_.height);
  }

  const GlApi& gl_;
  EglFrameShape shape_;
  int pending_ = 0;
  GlHandle depth_buffer_;
  GlHandle depth_;  // R32F
  GlHandle rgba_;   // RGBA8UI: the shader rounds, as the tracers do
  std::vector<GlHandle> framebuffers_;
  GlHandle depth_pixels_;
  GlHandle rgba_pixels_;
};

}  // namespace inknav::render
