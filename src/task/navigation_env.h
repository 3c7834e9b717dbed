// SPDX-License-Identifier: MIT
#pragma once
// The task: N agents follow drawings through homes, as a VectorEnv; or run one of Habitat's tasks, whose
// fields and measures are in task/habitat/habitat_env.h.
//
// Fields of spec() with drawings (shape per environment; * = privileged truth for supervision and scoring):
//   depth             [H, W] f32        as configured (normalised or metres)
//   rgb               [H, W, 3] u8      when SENSORS asks for it
//   gps               [2] f32           metres in the start frame: (forward, right)
//   compass           [1] f32           radians, left positive, 0 at the start
//   occupancy         [G, G] u8         sim/simulator.h: 0 unknown, 1 free, 2 obstacle, 3 tall obstacle
//   drawing_planes    [4, S, S] u8      sketch/raster.h ReadPlanes of the episode's picture
//   drawing_marks     [8] f32           start u, v; start heading; 1 if that heading was drawn or traced;
//                                       goal u, v; 1 if there is a goal mark; 1 if there is a start mark
//   drawing_serial    [1] i64           identity of the drawing: equal serials have equal planes and marks,
//                                       so an encoding can be kept or shared; 0 is white paper
//   step_index        [1] i32           steps taken in this episode
//   episode_index     [1] i64           index into the episode list
//   pointgoal*        [2] f32           distance, angle (left positive) to the goal, current pose
//   handwriting_goal* [1] f32           0.8 * remaining path + 0.2 * distance off the path, metres
//   goal_body*        [2] f32           goal in the body frame (right, forward), metres
//   expert_action*    [1] i32           nav::Action of nav::advise
//   expert_waypoint*  [2] f32           body frame (right, forward), metres
//   expert_remaining* [1] f32           metres
//   expert_path*      [P, 2] f32        body frame (right, forward), metres: nav::expert_path, P points 0.25
//   m
//                                       of way apart, when expert_path_points asks for them
//   paper_truth*      [7] f32           1 if known, else 0; the agent's place on the paper (u, v); paper
//   units a
//                                       metre to the right (u, v) and forward (u, v)
//
// Measures, in this order: success, spl, soft_spl, ndtw, distance_to_goal, collisions, path_length,
// oracle_success, stop_called.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "sim/simulator.h"
#include "task/episode.h"
#include "task/habitat/task_settings.h"
#include "task/reward.h"
#include "task/vector_env.h"
#include "task/world_memory.h"

namespace inknav::task {

enum class DrawingMode : std::uint8_t {
  kOwn,    // the episode's drawing
  kWrong,  // control: the drawing of an episode in another scene, by a fixed rule
  kNone,   // control: white paper, no marks
};

struct NavigationEnvSettings {
  std::uint64_t seed = 0;
  int num_envs = 1;
  int first_env = 0;                 // global index of environment 0 (ranks)
  int total_envs = 1;                // over all ranks
  sim::SimulatorSettings simulator;  // seed, num_agents and first_agent are filled from above
  nav::NavSettings nav;
  RewardSettings reward;
  float success_distance = 1.0f;  // metres, strict
  int max_episode_steps = 500;
  int drawing_size = 128;  // S
  DrawingMode drawing_mode = DrawingMode::kOwn;
  float drawing_variation = 0.0f;  // 0 to 1: how far the drawing of each training episode is varied
                                   // (sketch/variation.h); evaluation (shuffle == false) takes it as it is
  bool shuffle = true;         // training order by philox; false: list order, each episode once (evaluation)
  bool with_drawings = true;   // false: no drawing_* fields, no picture is opened
  bool with_expert = true;     // false: no expert_* fields and no paper_truth
  int expert_path_points = 0;  // P, 0 to 64; "sim/steps+expert+path" of bench sim tells what 16 cost
  std::int64_t truth_cache_bytes = 512ll << 20;    // distance fields and routes kept between episodes
  std::int64_t drawing_cache_bytes = 512ll << 20;  // drawings kept between episodes
  std::optional<std::filesystem::path> cache_dir;
  /// Set: one of Habitat's tasks (task/habitat/habitat_env.h), without drawings, expert and map.
  std::optional<habitat::HabitatTaskSettings> habitat;
};

/// What one environment is doing now; for reports, videos and tests.
struct EpisodeView {
  const Episode* episode = nullptr;
  const scene::Scene* scene = nullptr;
  const nav::NavMesh* nav_mesh = nullptr;
  base::Pose pose_world_agent;
  nav::RouteProgress progress;  // along the drawn route, where there is one
  bool collided = false;        // in the last step
  bool active = true;           // false: evaluation has run out of episodes for this environment
};

class NavigationEnv : public VectorEnv {
 public:
  /// Loads scenes (once each), drops episodes that cannot be walked (start off the mesh, goal on another
  /// island), counts and logs them; error kData when more than 1 % are bad.
  static base::Result<std::unique_ptr<NavigationEnv>> create(const NavigationEnvSettings& settings,
                                                             Dataset dataset, base::ThreadPool& pool);
  virtual EpisodeView episode_view(int environment) const = 0;
  virtual const std::vector<Episode>& episodes() const = 0;
  virtual const NavigationEnvSettings& settings() const = 0;
  /// Evaluation (shuffle == false): whether every episode has been run once.
  virtual bool exhausted() const = 0;
  /// Episodes of the dataset that were dropped because they cannot be run.
  virtual int skipped_episodes() const = 0;
  /// Of the scenes that are loaded.
  virtual WorldMemory world_memory() const = 0;
};

}  // namespace inknav::task
