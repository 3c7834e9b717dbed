// SPDX-License-Identifier: MIT
#pragma once
// Simulator: N agents as arrays. Moves bodies on navmeshes (Habitat step semantics, spec/habitat.md 3),
// renders their cameras, measures gps and compass, folds depth into occupancy maps (sim/mapper.h).
//
// It knows scenes and poses, not tasks: episodes, rewards and resets are src/task. All per-agent state is in
// plain arrays that a checkpoint can copy. create() and add_world() take the memory that rendering needs;
// when a scene has to come back later and finds no room on a device, or the device fails, place() and
// observe() throw base::Fault. Randomness (of motion and sensors) is philox by (seed, agent, episode, step).
// Threads: methods are called from one thread and use the pool inside; no allocation in steady state.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/device_picture.h"
#include "base/geometry.h"
#include "base/result.h"
#include "base/tensor_view.h"
#include "base/thread_pool.h"
#include "nav/nav_mesh.h"
#include "nav/route.h"
#include "render/renderer.h"
#include "scene/scene.h"
#include "sim/command.h"
#include "sim/mapper.h"
#include "sim/sensor_noise.h"

namespace inknav::sim {

/// One scene with everything an agent needs on it; shared by all agents.
struct World {
  scene::ScenePtr scene;
  nav::NavMeshPtr nav_mesh;
};

struct SensorSettings {
  bool depth = true;
  bool rgb = false;
  render::CameraSpec camera;                      // depth and rgb share it
  base::Vec3 camera_position{0.0f, 1.25f, 0.0f};  // in the agent's frame
  /// Radians about X, then Y, then Z of the agent's frame: R = Rz * Ry * Rx.
  base::Vec3 camera_orientation{0.0f};
  float min_depth = 0.0f;  // metres
  float max_depth = 10.0f;
  bool normalize_depth = true;  // (d - min) / (max - min) after clipping
  ColourNoiseSettings rgb_noise;
  DepthNoiseSettings depth_noise;  // before clipping; the mapper sees it too
};

/// What the cameras of a body at a pose would see, looked up or down by nothing.
struct BodyView {
  int world_id = 0;
  base::Pose pose_world_agent;
  NoiseKey noise;  // seed is the simulator's own
};

struct SimulatorSettings {
  std::uint64_t seed = 0;
  int num_agents = 1;
  int first_agent = 0;  // global index of agent 0 (ranks)
  MotionSettings motion;
  SensorSettings sensors;
  MapperSettings mapper;
  render::Backend backend = render::Backend::kBundle;
  int gpu = 0;                   // that kCuda renders on, among the visible devices
  bool replace_backend = false;  // where it is not there, kBundle takes its place and a warning says so once
  /// Triangles of the scenes whose ray tracing structures stay built; beyond it those of scenes without an
  /// agent are dropped, longest unused first. About 60 bytes a triangle.
  std::int64_t resident_triangles = 60'000'000;
  /// For ray tracing structures that are slow to build; nullopt: built at each start.
  std::optional<std::filesystem::path> cache_dir{};
};

/// kUsage, naming the key that is out of its range.
base::Status validate(const SimulatorSettings& settings);

class Simulator {
 public:
  static base::Result<std::unique_ptr<Simulator>> create(const SimulatorSettings& settings,
                                                         base::ThreadPool& pool);
  virtual ~Simulator() = default;

  /// Registers a world (BVH, per-thread queries); the same pointer gives the same id. Ids are stable.
  virtual base::Result<int> add_world(const World& world) = 0;
  /// Puts an agent at a pose; clears its map, what it looked up or down, and its collision.
  /// `pose_world_start` is its start frame. `episode` names the agent's noise from here on; the shorter
  /// forms count up by themselves.
  virtual void place(int agent, int world_id, const base::Pose& pose_world_agent,
                     const base::Pose& pose_world_start, std::uint32_t episode) = 0;
  void place(int agent, int world_id, const base::Pose& pose_world_agent,
             const base::Pose& pose_world_start) {
    place(agent, world_id, pose_world_agent, pose_world_start,
          episodes()[static_cast<std::size_t>(agent)] + 1);
  }
  void place(int agent, int world_id, const base::Pose& pose_world_agent) {
    place(agent, world_id, pose_world_agent, pose_world_agent);
  }
  /// One action for every agent; kStop does not move.
  virtual void step(std::span<const nav::Action> actions) = 0;
  /// The same with everything a body can be told (sim/command.h).
  virtual void step(std::span<const Command> commands) = 0;
  /// One for each of the agents first, first + 1, ...; for the others no time passes.
  virtual void step_agents(int first, std::span<const nav::Action> actions) = 0;
  virtual void step_agents(int first, std::span<const Command> commands) = 0;
  /// Renders and maps the agents flagged in `mask` (empty: all) into the views below and the bound pictures.
  virtual void observe(std::span<const std::uint8_t> mask) = 0;
  /// From now on observe() leaves the pictures of "depth" or "rgb", [num_agents] of them with the values that
  /// the view of that name would have, in `picture`, the present ones at once; the view is not written any
  /// more. Where no view of a camera and no map is wanted, observe() moves no image and does not wait for the
  /// GPU. Both are on one stream. `data` null: the view holds them again. False, and nothing
  /// changes: there is no such camera, it has noise (which is made on the host), the renderer cannot write
  /// there, or the values are of the wrong type. Throws base::Fault as observe().
  virtual bool bind_picture(std::string_view field, const base::DevicePicture& picture) = 0;
  /// Renders bodies that are nowhere into the caller's memory, as the sensors would give it (noise, range,
  /// normalisation); no agent moves or maps. Targets as [views, ...]; kinds that are not among the sensors
  /// cannot be wanted.
  virtual void render_views(std::span<const BodyView> views, const render::RenderTargets& targets) = 0;

  // State, [num_agents].
  virtual std::span<const base::Pose> poses() const = 0;
  virtual std::span<const nav::NavPoint> nav_points() const = 0;
  virtual std::span<const std::uint8_t> collided() const = 0;  // by the last step
  virtual std::span<const int> world_ids() const = 0;
  virtual std::span<const std::uint32_t> episodes() const = 0;  // as place() had it
  /// Of the cameras in the agents' frames: orientation, then what was looked up and down.
  virtual std::span<const base::Quat> camera_rotations() const = 0;
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
  /// What rendering has done so far; zeros when nothing is seen.
  virtual render::RenderCounters render_counters() const = 0;

  /// Bytes of all agent state (poses, start poses, counters, maps), for checkpoints; restore is exact.
  virtual std::vector<std::uint8_t> save_state() const = 0;
  virtual base::Status restore_state(std::span<const std::uint8_t> bytes) = 0;
};

}  // namespace inknav::sim
