// SPDX-License-Identifier: MIT
#pragma once
// Plug-ins: shared libraries that are opened at run time, so that one program starts on machines with and
// without what they need.
//
// Looked for: the file that the plug-in's environment variable names; else its file in the program's folder,
// in lib/ beside it, and up to two folders above (a build tree). Its only symbol is a function that gives its
// table of functions, a struct that begins with its version and its own size. Every way to fail is one
// sentence of kind kUsage that begins with the plug-in's purpose. An opened plug-in stays loaded.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace inknav::base {

struct Plugin {
  const char* purpose;        // "CUDA renderer"
  const char* file;           // "libinknav_cuda.so"
  const char* entry;          // its only symbol
  const char* variable;       // that may name the file
  const char* build;          // how it is built: "build the target inknav_cuda (nvcc must be in the PATH)"
  std::uint32_t version = 0;  // of the table that the program was compiled with
};

/// A type that program and plug-in must have compiled alike.
struct SharedType {
  const char* name;  // "camera"
  std::uint32_t found;
  std::size_t wanted;  // bytes
};

/// Where the plug-in is looked for, in this order.
std::vector<std::filesystem::path> plugin_candidates(const Plugin& plugin);
/// The first candidate that is there.
Result<std::filesystem::path> find_plugin(const Plugin& plugin);
/// The address of the entry in one file.
Result<void*> plugin_entry(const Plugin& plugin, const std::filesystem::path& file);

/// Of an opened plug-in: "<purpose>: <what>".
Error plugin_error(const Plugin& plugin, const std::string& what);
Status check_version(const Plugin& plugin, const std::filesystem::path& file, std::uint32_t found);
/// The first type that differs is named.
Status check_sizes(const Plugin& plugin, const std::filesystem::path& file,
                   std::span<const SharedType> types);

/// Opens one file and gives its table after its version and size have been compared; what else the table
/// tells of itself is the caller's to compare.
template <typename Api>
Result<const Api*> open_plugin(const Plugin& plugin, const std::filesystem::path& file) {
  INKNAV_ASSIGN_OR_RETURN(void* const symbol, plugin_entry(plugin, file));
  const Api* (*entry)() = nullptr;
  std::memcpy(&entry, &symbol, sizeof(entry));
  const Api* api = entry();
  INKNAV_RETURN_IF_ERROR(check_version(plugin, file, api->abi_version));
  const SharedType table{"function table", api->api_bytes, sizeof(Api)};
  INKNAV_RETURN_IF_ERROR(check_sizes(plugin, file, std::span(&table, 1)));
  return api;
}

}  // namespace inknav::base
