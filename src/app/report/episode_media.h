// SPDX-License-Identifier: MIT
#pragma once
// EpisodeMedia: what a person looks at to understand one walked episode: the drawing, the true map with the
// walked path, and a video (drawing with the believed position, first person, top-down).

#include <string>
#include <vector>

#include "app/report/film.h"
#include "app/report/html_report.h"
#include "base/geometry.h"
#include "base/result.h"
#include "base/thread_pool.h"
#include "nav/nav_mesh.h"
#include "scene/image.h"
#include "scene/scene.h"

namespace inknav::app {

struct WalkedStep {
  base::Pose pose_world_agent;
  bool has_belief = false;
  base::Vec2 believed_paper{0.0f};  // (u, v) on the drawing
  base::Vec2 believed_world{0.0f};  // (x, z), where the truth of the drawing is known
  bool has_believed_world = false;
};

struct WalkedEpisode {
  std::string title;
  std::string outcome;
  bool success = false;
  bool reads_drawing = true;  // false: a policy that is told where the goal is
  scene::ScenePtr scene;
  nav::NavMeshPtr nav_mesh;
  scene::Image drawing;           // normalised picture, RGB; blank for the no-drawing control
  std::vector<base::Vec3> route;  // reference path
  base::Vec3 goal{0.0f};
  float success_distance = 1.0f;  // metres
  std::vector<WalkedStep> steps;  // start first
};

/// Pictures always, videos where they are asked for.
base::Result<EpisodeCard> make_card(const WalkedEpisode& episode, const MediaSettings& settings,
                                    const VideoFiles& videos, base::ThreadPool& pool);
/// Tiles of its videos: drawing, camera and, where it is wanted, the map.
int tiles_of_drawn_map(const MediaSettings& settings);

/// One line on how the episode ended: "STOP 0.31 m from the goal after 87 steps" and so on.
std::string describe_outcome(bool success, bool stop_called, float distance_to_goal, int steps);

}  // namespace inknav::app
