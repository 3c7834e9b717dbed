// SPDX-License-Identifier: MIT
#pragma once
// BatchSimulator: the Simulator of sim/simulator.h. Split over batch_simulator.cc (worlds, placing),
// batch_simulator_motion.cc (commands), batch_simulator_sensors.cc (cameras, noise, odometry, maps) and
// batch_simulator_state.cc (checkpoints).
//
// A position is what the mesh gave, with Habitat's rounding (target + (reached - target)), so y comes from
// the mesh and not from the ray. An agent that was placed off the surface is put onto it by its first body
// action, turns included (spec/habitat.md 3).

#include <cstdint>
#include <memory>
#include <span>
#include <tuple>
#include <vector>

#include "sim/mapper.h"
#include "sim/simulator.h"

namespace inknav::sim {

class BatchSimulator : public Simulator {
 public:
  BatchSimulator(const SimulatorSettings& settings, base::ThreadPool& pool,
                 std::unique_ptr<render::Renderer> renderer, DistortionTablePtr distortion);

  base::Result<int> add_world(const World& world) override;
  void place(int agent, int world_id, const base::Pose& pose_world_agent, const base::Pose& pose_world_start,
             std::uint32_t episode) override;
  void step(std::span<const nav::Action> actions) override;
  void step(std::span<const Command> commands) override;
  void step_agents(int first, std::span<const nav::Action> actions) override;
  void step_agents(int first, std::span<const Command> commands) override;
  void observe(std::span<const std::uint8_t> mask) override;
  bool bind_picture(std::string_view field, const base::DevicePicture& picture) override;
  void render_views(std::span<const BodyView> views, const render::RenderTargets& targets) override;

  std::span<const base::Pose> poses() const override { return poses_; }
  std::span<const nav::NavPoint> nav_points() const override { return nav_points_; }
  std::span<const std::uint8_t> collided() const override { return collided_; }
  std::span<const int> world_ids() const override { return world_ids_; }
  std::span<const std::uint32_t> episodes() const override { return episodes_; }
  std::span<const base::Quat> camera_rotations() const override { return camera_rotations_; }
  nav::NavQuery& query(int world_id, int worker) override;

  base::TensorView depth() const override;
  base::TensorView rgb() const override;
  base::TensorView gps() const override;
  base::TensorView compass() const override;
  base::TensorView occupancy() const override;
  const SimulatorSettings& settings() const override { return settings_; }
  render::RenderCounters render_counters() const override {
    return renderer_ != nullptr ? renderer_->counters() : render::RenderCounters{};
  }

  std::vector<std::uint8_t> save_state() const override;
  base::Status restore_state(std::span<const std::uint8_t> bytes) override;

 private:
  /// Of each agent, what a checkpoint copies as it is.
  template <typename Self>
  static auto copied_rows(Self& self) {
    return std::tie(self.poses_, self.start_poses_, self.nav_points_, self.camera_rotations_, self.settled_,
                    self.collided_, self.episodes_, self.steps_);
  }

  struct WorldEntry {
    World world;
    std::vector<nav::NavQuery> queries;  // [threads]
    int slot = -1;                       // in the renderer, -1: not resident
    int users = 0;                       // agents in it
    std::int64_t last_used = 0;
  };

  bool needs_depth() const { return settings_.sensors.depth || settings_.mapper.enabled; }
  /// What observe() needs in the host's memory.
  bool hosts_depth() const {
    return settings_.mapper.enabled || (settings_.sensors.depth && pictures_.depth.data == nullptr);
  }
  bool hosts_rgb() const { return settings_.sensors.rgb && pictures_.rgb.data == nullptr; }
  bool can_bind(bool depth, const base::DevicePicture& picture) const;
  bool renders() const { return needs_depth() || settings_.sensors.rgb; }
  std::int64_t pixels() const;
  std::uint8_t* grid(int agent);
  const std::uint8_t* grid(int agent) const;
  void begin_step(std::size_t agent);
  void carry_out(int agent, const Command& command, int worker);
  base::Vec3 act(std::size_t agent, BodyAction action);
  void move_agent(int agent, BodyAction action, int worker);
  base::Vec3 filter(int agent, const base::Vec3& target, int worker);
  void drive(int agent, const Velocity& velocity, int worker);
  void teleport(int agent, const Command& command, int worker);
  base::PhiloxKey noise_key(std::size_t agent, base::Purpose purpose) const;
  void measure_pose(int agent);
  void add_noise(const NoiseKey& key, int worker, float* depth, std::uint8_t* rgb);
  void limit_depth(float* depth) const;
  void scatter_scratch(const render::RenderTargets& scratch);
  void finish_frame(int agent, int worker);
  base::Status make_resident(int world_id);
  bool drop_oldest_scene();
  void set_world(int agent, int world_id);
  render::View view_of(int world_id, const base::Pose& body, const base::Quat& camera) const;
  void render_listed();
  void render_part(std::span<const BodyView> views, const render::RenderTargets& targets);

  SimulatorSettings settings_;
  base::ThreadPool& pool_;
  std::unique_ptr<render::Renderer> renderer_;  // null when nothing is seen
  DistortionTablePtr distortion_;               // null without depth noise
  std::vector<WorldEntry> worlds_;
  std::int64_t clock_ = 0;
  std::int64_t resident_triangles_ = 0;
  base::Quat turn_left_;
  base::Quat turn_right_;
  base::Quat look_up_;
  base::Quat look_down_;
  base::Quat camera_rotation_;  // as mounted

  std::vector<base::Pose> poses_;  // [num_agents] each, from here on
  std::vector<base::Pose> start_poses_;
  std::vector<nav::NavPoint> nav_points_;
  std::vector<base::Quat> camera_rotations_;
  std::vector<std::uint8_t> settled_;    // exactly where a body action left it on the mesh
  std::vector<std::uint32_t> episodes_;  // keys of noise
  std::vector<std::uint32_t> steps_;
  std::vector<std::uint8_t> collided_;
  std::vector<int> world_ids_;  // -1: never placed
  std::vector<DirtyBox> dirty_;
  std::vector<float> gps_;
  std::vector<float> compass_;
  std::vector<float> depth_;  // [num_agents, H, W]
  std::vector<std::uint8_t> rgb_;
  std::vector<std::uint8_t> occupancy_;

  Mapper mapper_;
  std::vector<MapperScratch> mapper_scratch_;  // [threads]
  std::vector<int> listed_;                    // agents of this observe()
  std::vector<render::View> views_;
  render::DevicePictures pictures_;  // as bound; rows are those of listed_
  std::vector<std::uint32_t> rows_;
  std::vector<float> depth_scratch_;  // frames of a partial observe()
  std::vector<std::uint8_t> rgb_scratch_;
  std::vector<float> noise_scratch_;  // [threads, H, W] exact depth under its noise
};

}  // namespace inknav::sim
