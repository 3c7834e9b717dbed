// SPDX-License-Identifier: MIT
#pragma once
// EpisodeMedia: what a person looks at to understand one walked episode: the drawing, the true map with the
// walked path, and a video (drawing with the believed position, first person, top-down).

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

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
  scene::ScenePtr scene;
  nav::NavMeshPtr nav_mesh;
  scene::Image drawing;           // normalised picture, RGB; blank for the no-drawing control
  std::vector<base::Vec3> route;  // reference path
  base::Vec3 goal{0.0f};
  float success_distance = 1.0f;  // metres
  std::vector<WalkedStep> steps;  // start first
};

struct MediaSettings {
  int panel_px = 320;  // side of each picture and video panel
  int frames_per_second = 10;
  float camera_height = 1.25f;  // metres above the agent's feet
  float hfov_deg = 90.0f;
};

/// Pictures always; a video when `video_path` is not empty (its bytes are also put into the card).
base::Result<EpisodeCard> make_card(const WalkedEpisode& episode, const MediaSettings& settings,
                                    const std::filesystem::path& video_path, base::ThreadPool& pool);

/// One line on how the episode ended: "STOP 0.31 m from the goal after 87 steps" and so on.
std::string describe_outcome(bool success, bool stop_called, float distance_to_goal, int steps);

}  // namespace inknav::app
