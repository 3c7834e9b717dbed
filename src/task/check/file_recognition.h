// SPDX-License-Identifier: MIT
#pragma once
// sort_of: what one file of a data set is, by its name and ending, and of a .json by its outermost keys. The
// one place where that is known; `inknav data check` and `data show` ask here.
//
// A list of episodes has the outermost key "episodes" with a list, or keys of ObjectNav's goals; a number of
// episodes somewhere in a table of results makes none. What InkNav itself writes and what is no data
// (results, reports, configurations, logs, videos, caches) is told by name, so that nobody takes it for a
// fault. Reads up to the key that decides, at most 16 MiB and the value that lies there; 64 bytes
// for placeholder_in. Pure; safe from any thread.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace inknav::task {

enum class FileSort : std::uint8_t {
  // Looked at:
  kScene,
  kNavmesh,
  kStageConfig,
  kList,
  kPicture,
  kWeights,
  kPartial,  // a download or a write that was cut off
  // Read with the file that they belong to:
  kDatasetConfig,  // of scenes
  kSemantics,
  kGroundTruth,  // of nDTW
  kShard,        // of demonstrations
  kIndex,        // homes.json, demos.json
  // No data:
  kResult,  // of an evaluation, a benchmark or a check
  kReport,
  kConfiguration,
  kLog,
  kTensorBoard,
  kVideo,
  kCache,
  kOther,
};

FileSort sort_of(const std::filesystem::path& path);
/// "results", "videos"
std::string_view name_of(FileSort sort);

/// Plain or packed, by its ending.
bool is_json_file(const std::filesystem::path& path);

/// "a/X" -> the scenes that have this name: "a/X.glb", "a/X.gltf", ...
std::vector<std::filesystem::path> scenes_of_stem(const std::filesystem::path& stem);

/// What stands in place of the file ("a web page"); "" when it may be what its ending says.
std::string placeholder_in(const std::filesystem::path& path);

}  // namespace inknav::task
