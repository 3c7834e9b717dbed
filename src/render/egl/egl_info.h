// SPDX-License-Identifier: MIT
#pragma once
// What OpenGL through EGL offers on this machine, asked from the drivers themselves: which one the back end
// kEgl would use, and what became of all others.
//
// Nothing is linked: libEGL is opened at run time (egl_library.h), so a machine without it, or with a driver
// that fails, gets a sentence. Hardware comes before software (Mesa's llvmpipe). Starts and ends a context: a
// tenth of a second with Mesa, up to some seconds with several GPUs. Threads: from any, and leaves no context
// current.

#include <string>
#include <vector>

#include "base/result.h"

namespace inknav::render {

struct EglDevice {
  std::string name;      // as the driver or its device file is called
  int cuda_device = -1;  // its number in CUDA where EGL_NV_device_cuda says it, else -1
  bool software = false;
};

struct EglInfo {
  std::string vendor;    // "Mesa"
  std::string renderer;  // "llvmpipe (LLVM 15.0.6, 256 bits)"
  std::string version;   // "4.5 (Core Profile) Mesa 22.3.6"
  bool hardware = false;
  std::vector<std::string>
      attempts;  // in their order, what was tried and what came of it; the last may be unused
  std::vector<EglDevice> devices;  // what EGL_EXT_device_enumeration lists, where it is there
};

/// kUsage where no OpenGL 3.3 core context can be made; the message holds what was tried and why each failed.
base::Result<EglInfo> egl_info();

}  // namespace inknav::render
