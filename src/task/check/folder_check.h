// SPDX-License-Identifier: MIT
#pragma once
// check_folder: everything about a data set that can be told before a night is spent on it. One file or a
// folder: scenes with their navmeshes and stage configs, lists of episodes with their drawings,
// demonstrations, weights; every one is read, checked against what it belongs to, and reported.
//
// What a file is, its content and ending say (task/check/file_recognition.h). Scenes are checked in parallel,
// each with the episodes on it, and dropped then: at most one a thread is resident, besides the lists
// themselves. The result is the same for any number of threads. It does not stop at the first fault; but what
// follows from a fault is not reported beside it (no episode of a scene that lies on its side). Errors:
// kUsage when there is nothing to check at the path; all else is in the result. Cost a core: some 50 ms a
// furnished home, 0.3 ms an episode, 20 ms a drawing.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/geometry.h"
#include "base/result.h"
#include "base/thread_pool.h"
#include "nav/nav_settings.h"
#include "task/check/check_findings.h"
#include "task/check/folder_inventory.h"

namespace inknav::task {

/// What a check of weights says; they are read by a module above this one.
struct WeightsCheck {
  std::string summary;
  CheckFindings findings;
};

struct FolderCheckSettings {
  std::filesystem::path path;                       // file or folder
  std::optional<std::filesystem::path> scenes_dir;  // root of scene ids; none: looked for near each list
  std::filesystem::path scene_dataset;              // for episodes that name none (Dataset::scene_dataset)
  std::optional<std::filesystem::path> sketch_dir;  // none: "sketches" beside each list
  bool with_drawings = true;
  nav::NavSettings nav;
  /// Reads .safetensors and .pth; empty: such files are not looked at.
  std::function<WeightsCheck(const std::filesystem::path&)> check_weights;
  /// Hears how far a stage ("scenes", "drawings") is; one call at a time, from any thread.
  std::function<void(std::string_view stage, std::int64_t done, std::int64_t total)> progress;
  /// Asked between two files; true ends the check, and the result is then `interrupted`.
  std::function<bool()> cancelled;
};

enum class MeshOrigin : std::uint8_t { kNone, kFile, kBuilt };

struct SceneRow {
  std::filesystem::path file;
  bool read = false;
  std::size_t triangles = 0;
  std::size_t vertices = 0;
  std::size_t degenerate = 0;  // triangles without area, dropped when read
  std::size_t textures = 0;
  std::uint64_t texture_bytes = 0;  // decoded
  base::Aabb bounds;                // metres
  MeshOrigin mesh = MeshOrigin::kNone;
  float area = 0.0f;  // walkable, square metres
  std::size_t islands = 0;
  float largest_share = 0.0f;  // of the area, of the largest island
  bool frame_suspected = false;
  bool units_suspected = false;
  int episodes = 0;   // on it, of all lists
  int reachable = 0;  // of them: a goal can be walked to
  int starts_off = 0;
  int faults = 0;  // of scene, navmesh and episodes
  int warnings = 0;
};

enum class FileKind : std::uint8_t { kList, kNavmesh, kDrawing, kDemonstrations, kWeights };
std::string_view name_of(FileKind kind);

struct FileRow {
  FileKind kind = FileKind::kList;
  std::filesystem::path file;
  std::string summary;  // what is in it
  int episodes = 0;     // of a list
  int bad_episodes = 0;
  int faults = 0;
  int warnings = 0;
};

enum class Verdict : std::uint8_t {
  kSound,     // no fault
  kUsable,    // only faults of episodes, at most 1 % of each list: training skips them
  kNotSound,  // a night would be lost
};

struct FolderCheck {
  std::vector<SceneRow> scenes;                // by path
  std::vector<FileRow> files;                  // by kind, then path
  CheckFindings findings;                      // in the order of lists, scenes, drawings, others
  std::map<FileSort, PassedOver> passed_over;  // files that are no data, or read with another
  bool interrupted = false;
  Verdict verdict = Verdict::kSound;
};

base::Result<FolderCheck> check_folder(const FolderCheckSettings& settings, base::ThreadPool& pool);

}  // namespace inknav::task
