// SPDX-License-Identifier: MIT
#include "run/nccl_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstring>

namespace inknav::run {
namespace {

/// 2.8.3 was 2803; since 2.9 it is 20900.
std::string version_text(int number) {
  const int scale = number < 10000 ? 1000 : 10000;
  return fmt::format("{}.{}.{}", number / scale, number % scale / 100, number % 100);
}

}  // namespace

std::optional<NcclLibrary> find_nccl(const std::vector<std::filesystem::path>& files) {
  for (const std::filesystem::path& file : files) {
    void* library = dlopen(file.c_str(), RTLD_LAZY | RTLD_LOCAL);
    void* symbol = library == nullptr ? nullptr : dlsym(library, "ncclGetVersion");
    int (*get_version)(int*) = nullptr;
    std::memcpy(&get_version, &symbol, sizeof(get_version));
    int number = 0;
    if (get_version == nullptr || get_version(&number) != 0) continue;
    Dl_info info{};
    const bool placed = dladdr(symbol, &info) != 0 && info.dli_fname != nullptr;
    return NcclLibrary{placed ? info.dli_fname : file.string(), version_text(number)};
  }
  return std::nullopt;
}

}  // namespace inknav::run
