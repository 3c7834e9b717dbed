// SPDX-License-Identifier: MIT
#pragma once
// NCCL, by which several GPUs train together, as the loader finds it or as it lies in a folder. Opening it
// asks for no GPU.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace inknav::run {

struct NcclLibrary {
  std::string file;     // where it was found
  std::string version;  // "2.28.9"
};

/// The first of `files` that is NCCL. `files`: paths, or names for the loader.
std::optional<NcclLibrary> find_nccl(const std::vector<std::filesystem::path>& files);

}  // namespace inknav::run
