// SPDX-License-Identifier: MIT
#pragma once
// Episodes made from scenes: where to start, where to go, the way as a person would draw it, and the drawing.
//
// Written: <out>/<split>/<split>.json.gz, <out>/<split>/sketches/<scene>_epi<id>_cut1.png and the same name
// with .json (vectors and exact correspondence). The list comes last and atomically, so a folder with a list
// is complete. Every file is a pure function of (scene files, settings): the same bytes with any number of
// threads.
//
// An episode starts and ends on the largest island of its scene, on one floor, with clear space around both
// ends, a way of min_length to max_length metres, and four times in five with a wall between the two ends.
// Splits are by scene: with split_ratio < 1 the hash of a scene's name decides to which split it belongs.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "nav/nav_mesh.h"
#include "sketch/stroke_book.h"
#include "sketch/surroundings.h"
#include "sketch/synthesis.h"

namespace inknav::task {

struct EpisodeGenerationSettings {
  std::filesystem::path scenes_dir;  // *.glb, *.gltf, *.ply, *.obj in it and below
  std::vector<std::string> only;     // names of scenes, without folder and ending; none: all of them
  std::filesystem::path out_dir;
  std::string split = "train";  // name of the folder and of the list
  int count = 1000;             // episodes in all, dealt to the scenes in turn
  std::vector<sketch::Level> levels = {sketch::Level::kL1};
  sketch::DrawerSplit drawers = sketch::DrawerSplit::kTrain;
  int num_drawers = 64;  // persons of the drawer split
  std::uint64_t seed = 0;
  float min_length = 3.0f;  // metres of shortest way
  float max_length = 20.0f;
  float route_probability = 1.0f;              // that the route is drawn
  float heading_probability = 1.0f;            // that the start mark shows a heading
  float surroundings = sketch::kSurroundings;  // metres around the route that are drawn of a building larger
                                               // than sketch::kWholeSide; 0: always the whole floor
  float walls_probability = 1.0f;              // that the walls are drawn
  std::shared_ptr<const sketch::StrokeBook>
      strokes;  // drawn again along the walls; null: strokes are made up
  bool photo = false;
  int picture_size = 512;
  double split_ratio = 1.0;  // part of the scenes that is "train"; 1: every scene belongs to `split`
  nav::NavSettings nav;
  std::optional<std::filesystem::path> cache_dir;
};

struct EpisodeGenerationReport {
  int episodes = 0;
  int scenes = 0;
  int skipped_scenes = 0;  // could not be read, or no way of the wanted length
  std::filesystem::path dataset;
  std::filesystem::path sketch_dir;
};

/// `progress(done, total)` is called from the calling thread between batches; may be empty.
/// Errors: kUsage for settings out of range or no scene; kData when no episode could be made; kDisk.
base::Result<EpisodeGenerationReport> generate_episodes(const EpisodeGenerationSettings& settings,
                                                        base::ThreadPool& pool,
                                                        const std::function<void(int, int)>& progress);

/// Whether a scene of this name belongs to `split` when `train_ratio` of the scenes are for training.
bool belongs_to_split(const std::string& scene_name, const std::string& split, double train_ratio);

/// Metres, of sketch::extract_walls() for a drawing of that level.
float tolerance_of(sketch::Level level);

}  // namespace inknav::task
