// SPDX-License-Identifier: MIT
#pragma once
// Drawings for a whole list of episodes, as files: <sketch_dir>/<scene>_epi<id>_cut1.png and the same name
// with .json (task/drawing_synthesis.h says what they look like).
//
// One scene is in memory at a time; its episodes are drawn in parallel. Pictures that are there and whole,
// with their truth, are kept, so that an interrupted run goes on where it was; every file is written
// atomically and is a pure function of (recipe, scene, episode), whatever the number of threads.

#include <filesystem>
#include <functional>
#include <optional>

#include "base/result.h"
#include "base/thread_pool.h"
#include "nav/nav_mesh.h"
#include "task/drawing_synthesis.h"
#include "task/episode.h"

namespace inknav::task {

struct DrawingGenerationSettings {
  DrawingRecipe recipe;  // its cache_dir keeps parsed scenes and navmeshes; drawings go to dataset.sketch_dir
  nav::NavSettings nav;
  bool overwrite = false;  // false: what is there and whole is kept
};

struct DrawingGenerationReport {
  int made = 0;
  int kept = 0;
  int failed = 0;  // no scene, no way, no goal
  int scenes = 0;
};

/// `progress(done, total)` is called from the calling thread; may be empty. Errors: kDisk at once; kData at
/// the end when more than 1 % of the episodes could not be drawn, with the first reason.
base::Result<DrawingGenerationReport> generate_drawings(const DrawingGenerationSettings& settings,
                                                        const Dataset& dataset, base::ThreadPool& pool,
                                                        const std::function<void(int, int)>& progress);

}  // namespace inknav::task
