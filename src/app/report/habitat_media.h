// SPDX-License-Identifier: MIT
#pragma once
// Pictures and videos of a walk in one of Habitat's tasks: its top-down map, what the camera saw at the end,
// and a video of camera, depth (where the agent has it) and map side by side, as habitat-baselines lays them
// out. The counterpart of report/episode_media.h for tasks without drawings.

#include <string>
#include <vector>

#include "app/report/film.h"
#include "app/report/habitat_map.h"
#include "app/report/html_report.h"
#include "base/geometry.h"
#include "base/result.h"
#include "base/thread_pool.h"
#include "nav/nav_mesh.h"
#include "scene/scene.h"

namespace inknav::app {

struct HabitatStep {
  base::Pose pose_world_agent;
  float camera_tilt = 0.0f;  // radians up
};

struct HabitatWalk {
  std::string title;
  std::string outcome;
  bool success = false;
  scene::ScenePtr scene;
  nav::NavMeshPtr nav_mesh;
  HabitatMarks marks;
  HabitatMapSettings map;
  std::vector<HabitatStep> steps;  // start first
};

/// Tiles of its videos: camera, depth and map where they are wanted.
int tiles_of_habitat(const MediaSettings& settings);

base::Result<EpisodeCard> make_habitat_card(const HabitatWalk& walk, const MediaSettings& settings,
                                            const VideoFiles& videos, base::ThreadPool& pool);

}  // namespace inknav::app
