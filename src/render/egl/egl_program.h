// SPDX-License-Identifier: MIT
#pragma once
// EglProgram: the shaders that draw depth alone, or depth and colour, with the places of what they take.
//
// kExact computes depth as the tracers do, from the triangle's plane. kInterpolated takes what the rasteriser
// makes of the corners' depths, as simulators usually do: off by a millimetre or two where a triangle reaches
// from the camera's feet across a room, cheaper, and there for the benchmark's baseline. The context must be
// current whenever a method runs. Only src/render/egl includes this.

#include <memory>

#include "base/result.h"
#include "render/camera.h"
#include "render/egl/egl_library.h"

namespace inknav::render {

inline constexpr GLuint kPositionAttribute = 0;
inline constexpr GLuint kUvAttribute = 1;
inline constexpr GLuint kColorAttribute = 2;
inline constexpr GLint kTriangleUnit = 0;  // the triangles' planes, a texture buffer
inline constexpr GLint kTextureUnit = 1;

enum class EglDepth : std::uint8_t { kExact, kInterpolated };

class EglProgram {
 public:
  /// kUsage with the driver's words when it does not take the shaders.
  static base::Result<std::unique_ptr<EglProgram>> create(const GlApi& gl, EglDepth depth, bool color);
  ~EglProgram();
  EglProgram(const EglProgram&) = delete;
  EglProgram& operator=(const EglProgram&) = delete;

  void use() const;
  void set_view(const CameraSpec& camera, const CameraFrame& frame) const;
  void set_material(const base::Vec4& base_color, bool textured) const;

 private:
  EglProgram(const GlApi& gl, GLuint program, bool color);

  const GlApi& gl_;
  GLuint program_;
  GLint view_ = -1;
  GLint base_color_ = -1;
  GLint textured_ = -1;
};

}  // namespace inknav::render
