// SPDX-License-Identifier: MIT
#include "render/egl/egl_frame.h"

#include <string>

#include "base/check.h"

namespace inknav::render {
namespace {

constexpr GLenum kDepthOutput = GL_COLOR_ATTACHMENT0;
constexpr GLenum kRgbaOutput = GL_COLOR_ATTACHMENT1;

}  // namespace

base::Result<std::unique_ptr<EglFrame>> EglFrame::create(const GlApi& gl, const EglFrameShape& shape) {
  const std::string wanted = std::to_string(shape.layers) + " images of " + std::to_string(shape.width) +
                             " x " + std::to_string(shape.height);
  std::unique_ptr<EglFrame> frame(new EglFrame(gl, shape));
  frame->depth_buffer_ = GlHandle(gl.gen_renderbuffers, gl.delete_renderbuffers);
  gl.bind_renderbuffer(GL_RENDERBUFFER, frame->depth_buffer_.name());
  gl.renderbuffer_storage(GL_RENDERBUFFER, GL_DEPTH_COMPONENT32F, shape.width, shape.height);
  if (shape.depth) {
    frame->depth_ = frame->make_array(GL_R32F, GL_RED, GL_FLOAT);
    frame->depth_pixels_ = frame->make_pixel_buffer();
  }
  if (shape.rgb) {
    frame->rgba_ = frame->make_array(GL_RGBA8UI, GL_RGBA_INTEGER, GL_UNSIGNED_BYTE);
    frame->rgba_pixels_ = frame->make_pixel_buffer();
  }
  INKNAV_RETURN_IF_ERROR(check_gl(gl, "memory for " + wanted));
  const GLenum outputs[2] = {shape.depth ? kDepthOutput : GL_NONE, shape.rgb ? kRgbaOutput : GL_NONE};
  for (int layer = 0; layer < shape.layers; ++layer) {
    frame->framebuffers_.emplace_back(gl.gen_framebuffers, gl.delete_framebuffers);
    gl.bind_framebuffer(GL_FRAMEBUFFER, frame->framebuffers_.back().name());
    gl.framebuffer_renderbuffer(GL_FRAMEBUFFER, GL_DEPTH_ATTACHMENT, GL_RENDERBUFFER,
                                frame->depth_buffer_.name());
    if (shape.depth) {
      gl.framebuffer_texture_layer(GL_FRAMEBUFFER, kDepthOutput, frame->depth_.name(), 0, layer);
    }
    if (shape.rgb) gl.framebuffer_texture_layer(GL_FRAMEBUFFER, kRgbaOutput, frame->rgba_.name(), 0, layer);
    gl.draw_buffers(2, outputs);
    if (layer > 0) continue;
    if (const GLenum status = gl.check_framebuffer_status(GL_FRAMEBUFFER);
        status != GL_FRAMEBUFFER_COMPLETE) {
      return base::Error{base::ErrorCode::kUsage, "EGL renderer: a framebuffer for " + wanted +
                                                      " was wanted, the driver answered with status " +
                                                      std::to_string(status) +
                                                      "; use another driver or the CPU renderer"};
    }
  }
  INKNAV_RETURN_IF_ERROR(check_gl(gl, "framebuffers for " + wanted));
  return frame;
}

GlHandle EglFrame::make_array(GLenum internal, GLenum format, GLenum type) const {
  GlHandle array(gl_.gen_textures, gl_.delete_textures);
  gl_.active_texture(GL_TEXTURE0 + kTextureUnit);
  gl_.bind_texture(GL_TEXTURE_2D_ARRAY, array.name());
  gl_.tex_image_3d(GL_TEXTURE_2D_ARRAY, 0, static_cast<GLint>(internal), shape_.width, shape_.height,
                   shape_.layers, 0, format, type, nullptr);
  gl_.tex_parameter(GL_TEXTURE_2D_ARRAY, GL_TEXTURE_MAX_LEVEL, 0);
  gl_.tex_parameter(GL_TEXTURE_2D_ARRAY, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
  gl_.tex_parameter(GL_TEXTURE_2D_ARRAY, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  gl_.bind_texture(GL_TEXTURE_2D_ARRAY, 0);
  return array;
}

GlHandle EglFrame::make_pixel_buffer() const {
  GlHandle buffer(gl_.gen_buffers, gl_.delete_buffers);
  gl_.bind_buffer(GL_PIXEL_PACK_BUFFER, buffer.name());
  const std::size_t bytes = 4 * pixels() * static_cast<std::size_t>(shape_.layers);
  gl_.buffer_data(GL_PIXEL_PACK_BUFFER, static_cast<GLsizeiptr>(bytes), nullptr, GL_STREAM_READ);
  gl_.bind_buffer(GL_PIXEL_PACK_BUFFER, 0);
  return buffer;
}

void EglFrame::begin_view(int layer) const {
  constexpr float kNothing[4] = {0.0f, 0.0f, 0.0f, 0.0f};
  constexpr GLuint kBlack[4] = {0, 0, 0, 255};
  gl_.bind_framebuffer(GL_FRAMEBUFFER, framebuffers_[static_cast<std::size_t>(layer)].name());
  gl_.clear_buffer_fv(GL_DEPTH, 0, kNothing);
  if (shape_.depth) gl_.clear_buffer_fv(GL_COLOR, 0, kNothing);
  if (shape_.rgb) gl_.clear_buffer_uiv(GL_COLOR, 1, kBlack);
}

void EglFrame::start_reading(int layers) {
  pending_ = layers;
  for (int layer = 0; layer < layers; ++layer) {
    const auto* place = reinterpret_cast<void*>(4 * pixels() * static_cast<std::size_t>(layer));
    gl_.bind_framebuffer(GL_READ_FRAMEBUFFER, framebuffers_[static_cast<std::size_t>(layer)].name());
    const auto read = [&](const GlHandle& buffer, GLenum output, GLenum format, GLenum type) {
      gl_.bind_buffer(GL_PIXEL_PACK_BUFFER, buffer.name());
      gl_.read_buffer(output);
      gl_.read_pixels(0, 0, shape_.width, shape_.height, format, type, const_cast<void*>(place));
    };
    if (shape_.depth) read(depth_pixels_, kDepthOutput, GL_RED, GL_FLOAT);
    if (shape_.rgb) read(rgba_pixels_, kRgbaOutput, GL_RGBA_INTEGER, GL_UNSIGNED_BYTE);
  }
  gl_.bind_buffer(GL_PIXEL_PACK_BUFFER, 0);
}

EglPixels EglFrame::wait() const {
  const auto bytes = static_cast<GLsizeiptr>(4 * pixels() * static_cast<std::size_t>(pending_));
  const auto map = [&](const GlHandle& buffer) -> const void* {
    if (buffer.name() == 0) return nullptr;
    gl_.bind_buffer(GL_PIXEL_PACK_BUFFER, buffer.name());
    const void* mapped = gl_.map_buffer_range(GL_PIXEL_PACK_BUFFER, 0, bytes, GL_MAP_READ_BIT);
    INKNAV_CHECK(mapped != nullptr, "EGL renderer: images cannot be read back", gl_.get_error());
    return mapped;
  };
  const void* depth = map(depth_pixels_);
  return {static_cast<const float*>(depth), static_cast<const std::uint8_t*>(map(rgba_pixels_))};
}

void EglFrame::release() {
  for (const GlHandle* buffer : {&depth_pixels_, &rgba_pixels_}) {
    if (buffer->name() == 0) continue;
    gl_.bind_buffer(GL_PIXEL_PACK_BUFFER, buffer->name());
    gl_.unmap_buffer(GL_PIXEL_PACK_BUFFER);
  }
  gl_.bind_buffer(GL_PIXEL_PACK_BUFFER, 0);
  pending_ = 0;
}

}  // namespace inknav::render
