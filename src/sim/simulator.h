// SPDX-License-Identifier: MIT
#pragma once
// Simulator: N agents as arrays. Moves bodies on navmeshes (Habitat step semantics, spec/habitat.md 3),
// renders their cameras, measures gps and compass, folds depth into occupancy maps (sim/mapper.h).
//
// It knows scenes and poses, not tasks: episodes, rewards and resets are src/task. All per-agent state is in
// plain arrays that a checkpoint can copy. Randomness (actuation noise) is philox by (seed, agent, episode,
// step). Threads: methods are called from one thread and use the pool inside; no allocation in steady state.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/geometry.h"
#include "base/result.h"
#include "base/tensor_view.h"
#include "base/thread_pool.h"
#include "nav/nav_mesh.h"
#include "nav/route.h"
#include "render/renderer.h"
#include "scene/scene.h"
#include "sim/mapper.h"

namespace inknav::sim {

/// One scene with everything an agent needs on it; shared by all agents.
struct World {
  scene::ScenePtr scene;
  nav::NavMeshPtr nav_mesh;
};

struct MotionSettings {
  float forward_step = 0.25f;  // metres
  float turn_angle_deg = 10.0f;
  bool allow_sliding = true;
  nav::NoSlideRule no_slide_rule = nav::NoSlideRule::kHabitat033;  // without sliding
};

struct SensorSettings {
  bool depth = true;
  bool rgb = false;
  render::CameraSpec camera;                      // depth and rgb share it
  base::Vec3 camera_position{0.0f, 1.25f, 0.0f};  // in the agent's frame
  float min_depth = 0.0f;                         // metres
  float max_depth = 10.0f;
  bool normalize_depth = true;  // (d - min) / (max - min) after clipping
};

struct SimulatorSettings {
  std::uint64_t seed = 0;
  int num_agents = 1;
  int first_agent = 0;  // global index of agent 0 (ranks)
  MotionSettings motion;
  SensorSettings sensors;
  MapperSettings mapper;
  render::Backend backend = render::Backend::kEmbree;
  /// Triangles of the scenes whose ray tracing structures stay built; beyond it those of scenes without an
  /// agent are dropped, longest unused first. About 150 bytes a triangle.
  std::int64_t resident_triangles = 60'000'000;
};

class Simulator {
 public:
  static base::Result<std::unique_ptr<Simulator>> create(const SimulatorSettings& settings,
                                                         base::ThreadPool& pool);
  virtual ~Simulator() = default;

  /// Registers a world (BVH, per-thread queries); the same pointer gives the same id. Ids are stable.
  virtual base::Result<int> add_world(const World& world) = 0;
  /// Puts an agent at a pose; clears its map, path length and collision state; the pose is its start frame.
  virtual void place(int agent, int world_id, const base::Pose& pose_world_agent) = 0;
  /// One action for every agent; kStop does not move.
  virtual void step(std::span<const nav::Action> actions) = 0;
  /// Renders and maps the agents flagged in `mask` (empty: all) into the views below.
  virtual void observe(std::span<const std::uint8_t> mask) = 0;

  // State, [num_agents].
  virtual std::span<const base::Pose> poses() const = 0;
  virtual std::span<const nav::NavPoint> nav_points() const = 0;
  virtual std::span<const std::uint8_t> collided() const = 0;  // by the last step
  virtual std::span<const int> world_ids() const = 0;
  /// Scratch query of the pool's `worker` on a world.
  virtual nav::NavQuery& query(int world_id, int worker) = 0;

  // Observations, device memory of the simulator, rewritten by observe().
  virtual base::TensorView depth() const = 0;    // [N, H, W] f32, normalised as configured
  virtual base::TensorView rgb() const = 0;      // [N, H, W, 3] u8
  virtual base::TensorView gps() const = 0;      // [N, 2] f32, metres, start frame: (forward, right)
  virtual base::TensorView compass() const = 0;  // [N, 1] f32, radians, left positive, 0 at start
  /// [N, G, G] u8: 0 unknown, 1 free, 2 obstacle, 3 tall obstacle; start frame, rows backward (+), columns
  /// right (+). The start is the centre of cell (G/2, G/2): row = G/2 + floor(-forward / cell_size + 0.5),
  /// column likewise with right.
  virtual base::TensorView occupancy() const = 0;
  virtual const SimulatorSettings& settings() const = 0;

  /// Bytes of all agent state (poses, start poses, counters, maps), for checkpoints; restore is exact.
  virtual std::vector<std::uint8_t> save_state() const = 0;
  virtual base::Status restore_state(std::span<const std::uint8_t> bytes) = 0;
};

}  // namespace inknav::sim
