// SPDX-License-Identifier: MIT
#pragma once
// Plug-ins: shared libraries that are opened at run time, so that one program starts on machines with and
// without what they need.
//
// Looked for: the file that the plug-in's environment variable names; else its file in the program's folder,
// in lib/ beside it, and up to two folders above (a build tree). Every way to fail is one sentence of kind
// kUsage that begins with the plug-in's purpose. An opened plug-in stays loaded.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace inknav::base {

struct Plugin {
  const char* purpose;   // "CUDA renderer"
  const char* file;      // "libinknav_cuda.so"
  const char* entry;     // its only symbol
  const char* variable;  // that may name the file
  const char* build;     // how it is built: "build the target inknav_cuda (nvcc must be in the PATH)"
};

/// Where the plug-in is looked for, in this order.
std::vector<std::filesystem::path> plugin_candidates(const Plugin& plugin);
/// The first candidate that is there.
Result<std::filesystem::path> find_plugin(const Plugin& plugin);
/// The address of the entry in one file.
Result<void*> open_plugin(const Plugin& plugin, const std::filesystem::path& file);

}  // namespace inknav::base
