// SPDX-License-Identifier: MIT
#include "base/plugin.h"

#include <dlfcn.h>

#include <cstdlib>
#include <system_error>

namespace inknav::base {
namespace {

std::string name_it(const Plugin& plugin) { return std::string("name the file in ") + plugin.variable; }

}  // namespace

Error plugin_error(const Plugin& plugin, const std::string& what) {
  return {ErrorCode::kUsage, std::string(plugin.purpose) + ": " + what};
}

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
  return plugin_error(plugin, "the plug-in was wanted, none of these files is there: " + looked + "; " +
                                  plugin.build + " or " + name_it(plugin));
}

Result<void*> plugin_entry(const Plugin& plugin, const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    return plugin_error(plugin, "the plug-in was wanted at " + file.string() + ", no file is there; " +
                                    plugin.build + " or " + name_it(plugin));
  }
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    return plugin_error(plugin, "the plug-in " + file.string() + " cannot be loaded (" + dlerror() + "); " +
                                    plugin.build + " again");
  }
  void* symbol = dlsym(library, plugin.entry);
  if (symbol == nullptr) {
    return plugin_error(plugin, file.string() + " is a library without " + plugin.entry +
                                    ", so it is not InkNav's plug-in; name the right file in " +
                                    plugin.variable);
  }
  return symbol;
}

Status check_version(const Plugin& plugin, const std::filesystem::path& file, std::uint32_t found) {
  if (found == plugin.version) return ok_status();
  return plugin_error(plugin, "version " + std::to_string(plugin.version) + " of the plug-in was wanted, " +
                                  file.string() + " is version " + std::to_string(found) +
                                  "; build program and plug-in from the same sources");
}

Status check_sizes(const Plugin& plugin, const std::filesystem::path& file,
                   std::span<const SharedType> types) {
  for (const SharedType& type : types) {
    if (type.found == type.wanted) continue;
    return plugin_error(
        plugin, "a " + std::string(type.name) + " of " + std::to_string(type.wanted) +
                    " bytes was wanted, found one of " + std::to_string(type.found) + " in " + file.string() +
                    "; build program and plug-in from the same sources with the same compiler");
  }
  return ok_status();
}

}  // namespace inknav::base
