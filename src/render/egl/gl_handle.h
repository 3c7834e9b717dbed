// SPDX-License-Identifier: MIT
#pragma once
// GlHandle: owns the name of one OpenGL object. The context must be current when it is made and when it ends.
// Only src/render/egl includes this.

#include <utility>

#include "render/egl/egl_library.h"

namespace inknav::render {

class GlHandle {
 public:
  GlHandle() = default;
  /// As glGenBuffers and glDeleteBuffers.
  GlHandle(PFNGLGENBUFFERSPROC create, PFNGLDELETEBUFFERSPROC remove) : remove_(remove) { create(1, &name_); }
  GlHandle(GlHandle&& other) noexcept
      : remove_(std::exchange(other.remove_, nullptr)), name_(std::exchange(other.name_, 0)) {}
  GlHandle& operator=(GlHandle&& other) noexcept {
    std::swap(remove_, other.remove_);
    std::swap(name_, other.name_);
    return *this;
  }
  ~GlHandle() {
    if (remove_ != nullptr) remove_(1, &name_);
  }
  GLuint name() const { return name_; }

 private:
  PFNGLDELETEBUFFERSPROC remove_ = nullptr;
  GLuint name_ = 0;
};

}  // namespace inknav::render
