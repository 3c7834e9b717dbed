// SPDX-License-Identifier: MIT
#pragma once
// Episode and dataset: the JSON format of spec/cli-config.md ("Dataset"), plain or .gz, joined by id to
// its drawing "<SKETCH_DIR>/<scene>_epi<episode_id>_cut1.png" (and, for synthetic drawings, the ".json"
// beside it with vectors and the exact correspondence).

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/geometry.h"
#include "base/result.h"

namespace inknav::task {

namespace habitat {
struct HabitatDataset;
}
class DrawingSynthesis;

struct Goal {
  base::Vec3 position{0.0f};
  float radius = 0.0f;
};

struct Episode {
  std::string episode_id;
  std::string trajectory_id;
  std::string scene_id;  // as in the file, "mp3d/X/X.glb"
  base::Pose start;
  float geodesic_distance = 0.0f;
  std::vector<Goal> goals;
  std::vector<base::Vec3> reference_path;  // the drawn route; empty in some foreign sets
  std::uint32_t row = 0;                   // of the tables of Dataset::habitat, if there are any
};

struct Dataset {
  std::vector<Episode> episodes;
  std::filesystem::path scenes_dir;
  std::filesystem::path sketch_dir;
  /// What Habitat's formats say beyond Episode (task/habitat/habitat_dataset.h); null for HandWritingNav.
  std::shared_ptr<const habitat::HabitatDataset> habitat;
  /// Makes the drawings that are not there (task/drawing_synthesis.h); null: their absence is a fault.
  std::shared_ptr<DrawingSynthesis> drawings;
};

/// Reads and validates; `name` in errors is the path with the episode's index.
base::Result<std::vector<Episode>> load_episodes(const std::filesystem::path& path);
/// Writes ".json" or ".json.gz" by the path's ending, atomically.
base::Status save_episodes(const std::filesystem::path& path, const std::vector<Episode>& episodes);

/// scenes_dir / scene_id with a leading "data/scene_datasets/" stripped, beneath scenes_dir.
base::Result<std::filesystem::path> scene_path(const Dataset& dataset, const Episode& episode);
/// Picture of the episode's drawing (may not exist).
std::filesystem::path drawing_path(const Dataset& dataset, const Episode& episode);

}  // namespace inknav::task
