// SPDX-License-Identifier: MIT
#pragma once
// DrawingSynthesis: drawings for episodes that have none, made from the episode's own building when they are
// first asked for.
//
// A drawing is a pure function of (recipe, content of the scene, episode), whatever the thread, rank or
// order. With a cache folder it is kept there as "drawings/<hash>.png" with the ".json" of its truth beside
// it and read again from there; a damaged file is made anew. Without one, or on a full disk, it is made each
// time. Drawn is the reference path made walkable, or the shortest way to the nearest goal when there is
// none. Errors: kData when there is no way to draw. Threads: safe (the walls of a floor are found once).
// Cost: about 40 ms a drawing of a home (docs/measurements/2026-11-27-episodes.md).

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "nav/nav_mesh.h"
#include "sim/simulator.h"
#include "sketch/drawing_file.h"
#include "sketch/surroundings.h"
#include "sketch/synthesis.h"
#include "task/drawing_store.h"
#include "task/episode.h"

namespace inknav::task {

struct DrawingRecipe {
  std::uint64_t seed = 0;
  sketch::Level level = sketch::Level::kL1;
  sketch::DrawerSplit drawers = sketch::DrawerSplit::kTrain;
  int num_drawers = 64;                        // persons of the split
  float surroundings = sketch::kSurroundings;  // as EpisodeGenerationSettings::surroundings
  int picture_size = 512;                      // pixels
  std::optional<std::filesystem::path> cache_dir;
};

/// The hands for a split: "train" has its own, "test" too, all others those of validation, so that evaluation
/// never sees a hand of training.
sketch::DrawerSplit drawers_of_split(std::string_view split);

/// Where an episode's drawing is to be made.
struct DrawingPlace {
  const Dataset& dataset;
  const Episode& episode;
  const sim::World& world;
  nav::NavQuery& query;  // of the world's mesh, scratch
};

class DrawingSynthesis {
 public:
  explicit DrawingSynthesis(DrawingRecipe recipe) : recipe_(std::move(recipe)) {}

  /// What an agent reads of it, as load_drawing() of the picture's file.
  base::Result<std::shared_ptr<const DrawingReading>> read(const DrawingPlace& place, int size);
  /// Vectors and exact correspondence; nothing is cached.
  base::Result<sketch::DrawingFile> draw(const DrawingPlace& place);
  /// Writes <picture> and the ".json" beside it.
  base::Status write(const DrawingPlace& place, const std::filesystem::path& picture);

  const DrawingRecipe& recipe() const { return recipe_; }

 private:
  struct Floor {
    base::Hash128 scene;
    int level = 0;  // height in kFloorStep
    std::once_flag once;
    sketch::WallMap walls;
  };
  std::shared_ptr<const Floor> floor(const scene::Scene& scene, float y);
  std::filesystem::path cached_path(const DrawingPlace& place) const;

  DrawingRecipe recipe_;
  std::mutex mutex_;
  std::deque<std::shared_ptr<Floor>> floors_;  // the last used are kept
};

/// Whether the episode's own picture is missing and Dataset::drawings can make one.
bool needs_synthesis(const Dataset& dataset, const Episode& episode);

/// The goal that a way leads to: of ObjectNav the view point nearest along paths, else the first goal.
/// nullopt in test splits.
std::optional<Goal> drawn_goal(const Dataset& dataset, const Episode& episode, nav::NavQuery& query);

}  // namespace inknav::task
