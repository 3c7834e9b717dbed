// SPDX-License-Identifier: MIT
#include "base/plugin.h"

#include <dlfcn.h>

#include <cstdlib>
#include <system_error>

namespace inknav::base {
namespace {

Error unusable(const Plugin& plugin, const std::string& what) {
  return {ErrorCode::kUsage, std::string(plugin.purpose) + ": " + what};
}

std::string name_it(const Plugin& plugin) { return std::string("name the file in ") + plugin.variable; }

}  // namespace

std::vector<std::filesystem::path> plugin_candidates(const Plugin& plugin) {
  if (const char* named = std::getenv(plugin.variable); named != nullptr && *named != '\0') return {named};
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return {plugin.file};
  const std::filesystem::path folder = program.parent_path();
  return {folder / plugin.file, folder / "lib" / plugin.file, folder.parent_path() / plugin.file,
          folder.parent_path().parent_path() / plugin.file};
}

Result<std::filesystem::path> find_plugin(const Plugin& plugin) {
  std::string looked;
  for (const std::filesystem::path& file : plugin_candidates(plugin)) {
    std::error_code error;
    if (std::filesystem::exists(file, error)) return file;
    looked += (looked.empty() ? "" : ", ") + file.string();
  }
  return unusable(plugin, "the plug-in was wanted, none of these files is there: " + looked + "; " +
                              plugin.build + " or " + name_it(plugin));
}

Result<void*> open_plugin(const Plugin& plugin, const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    return unusable(plugin, "the plug-in was wanted at " + file.string() + ", no file is there; " +
                                plugin.build + " or " + name_it(plugin));
  }
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    return unusable(plugin, "the plug-in " + file.string() + " cannot be loaded (" + dlerror() + "); " +
                                plugin.build + " again");
  }
  void* symbol = dlsym(library, plugin.entry);
  if (symbol == nullptr) {
    return unusable(plugin, file.string() + " is a library without " + plugin.entry +
                                ", so it is not InkNav's plug-in; name the right file in " + plugin.variable);
  }
  return symbol;
}

}  // namespace inknav::base
