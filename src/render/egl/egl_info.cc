// SPDX-License-Identifier: MIT
#include "render/egl/egl_info.h"

#include "render/egl/egl_context.h"

namespace inknav::render {

base::Result<EglInfo> egl_info() {
  INKNAV_ASSIGN_OR_RETURN(const auto context, EglContext::create());
  return context->info();
}

}  // namespace inknav::render
