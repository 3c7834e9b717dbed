// SPDX-License-Identifier: MIT
#pragma once
// EglContext: one OpenGL 3.3 core context without a window, on the best driver there is.
//
// Tried in this order: every hardware device that EGL lists, Mesa's surfaceless platform, devices that are
// software. The first context on hardware is taken, else the first on software. A context is current only
// while a Current lives, on the thread that made it, so that any thread may be the next user; one at a time.
// Threads: create and destroy from any thread. Displays are shared by all contexts of the process and ended
// with the last. Only src/render/egl includes this.

#include <memory>

#include "base/result.h"
#include "render/egl/egl_info.h"
#include "render/egl/egl_library.h"

namespace inknav::render {

class EglContext {
 public:
  /// kUsage with every attempt and its failure.
  static base::Result<std::unique_ptr<EglContext>> create();
  ~EglContext();
  EglContext(const EglContext&) = delete;
  EglContext& operator=(const EglContext&) = delete;

  const GlApi& gl() const { return gl_; }
  const EglInfo& info() const { return info_; }

  /// Makes the context current on this thread, and none when it ends.
  class Current {
   public:
    explicit Current(const EglContext& context);
    ~Current();
    Current(const Current&) = delete;
    Current& operator=(const Current&) = delete;

   private:
    const EglContext& context_;
  };

 private:
  friend class EglSearch;
  EglContext(const EglApi& egl, EGLDisplay display, EGLContext context)
      : egl_(egl), display_(display), context_(context) {}

  const EglApi& egl_;
  EGLDisplay display_;
  EGLContext context_;
  GlApi gl_;
  EglInfo info_;
};

}  // namespace inknav::render
