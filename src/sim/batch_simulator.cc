// SPDX-License-Identifier: MIT
#include "sim/batch_simulator.h"

#include <string>
#include <utility>

#include "base/check.h"
#include "base/fault.h"
#include "sim/camera_rotation.h"
#include "sim/choose_renderer.h"

namespace inknav::sim {

namespace {
constexpr float kDegree = base::kPi / 180.0f;
}  // namespace

base::Result<std::unique_ptr<Simulator>> Simulator::create(const SimulatorSettings& settings,
                                                           base::ThreadPool& pool) {
  INKNAV_RETURN_IF_ERROR(validate(settings));
  std::unique_ptr<render::Renderer> renderer;
  if (settings.sensors.depth || settings.sensors.rgb || settings.mapper.enabled) {
    INKNAV_ASSIGN_OR_RETURN(ChosenRenderer chosen, choose_renderer(settings, pool));
    if (!chosen.warning.empty() && settings.first_agent == 0) warn_once(chosen.warning);
    renderer = std::move(chosen.renderer);
    const bool depth = settings.sensors.depth || settings.mapper.enabled;
    INKNAV_RETURN_IF_ERROR(
        renderer->reserve(static_cast<std::size_t>(settings.num_agents), {depth, settings.sensors.rgb}));
  }
  DistortionTablePtr distortion;
  if (settings.sensors.depth_noise.model == DepthNoise::kRedwood) {
    INKNAV_ASSIGN_OR_RETURN(distortion, load_distortion(settings.sensors.depth_noise.distortion_file));
  }
  return std::unique_ptr<Simulator>(
      std::make_unique<BatchSimulator>(settings, pool, std::move(renderer), std::move(distortion)));
}

BatchSimulator::BatchSimulator(const SimulatorSettings& settings, base::ThreadPool& pool,
                               std::unique_ptr<render::Renderer> renderer, DistortionTablePtr distortion)
    : settings_(settings),
      pool_(pool),
      renderer_(std::move(renderer)),
      distortion_(std::move(distortion)),
      turn_left_(base::rotation_from_yaw(settings.motion.turn_angle_deg * kDegree)),
      turn_right_(base::rotation_from_yaw(-settings.motion.turn_angle_deg * kDegree)),
      look_up_(rotation_about_x(settings.motion.tilt_angle_deg * kDegree)),
      look_down_(rotation_about_x(-settings.motion.tilt_angle_deg * kDegree)),
      camera_rotation_(rotation_from_euler(settings.sensors.camera_orientation)),
      mapper_(settings.mapper, settings.sensors.camera, settings.sensors.camera_position) {
  const auto count = static_cast<std::size_t>(settings.num_agents);
  const auto frame = static_cast<std::size_t>(pixels());
  poses_.resize(count);
  start_poses_.resize(count);
  nav_points_.resize(count);
  camera_rotations_.assign(count, camera_rotation_);
  settled_.resize(count);
  episodes_.resize(count);
  steps_.resize(count);
  collided_.resize(count);
  world_ids_.assign(count, -1);
  dirty_.resize(count);
  gps_.resize(2 * count);
  compass_.resize(count);
  if (needs_depth()) {
    depth_.resize(count * frame);
    depth_scratch_.resize(count * frame);
  }
  if (settings.sensors.rgb) {
    rgb_.resize(count * frame * 3);
    rgb_scratch_.resize(count * frame * 3);
  }
  if (settings.mapper.enabled) {
    const auto side = static_cast<std::size_t>(settings.mapper.grid_size);
    occupancy_.resize(count * side * side);
  }
  if (distortion_ != nullptr) noise_scratch_.resize(static_cast<std::size_t>(pool.num_threads()) * frame);
  const SensorSettings& sensors = settings.sensors;
  pictures_.coding = render::depth_coding(sensors.min_depth, sensors.max_depth, sensors.normalize_depth);
  listed_.reserve(count);
  rows_.reserve(count);
  views_.reserve(count);
  for (int worker = 0; worker < pool.num_threads(); ++worker) {
    mapper_scratch_.emplace_back(settings.sensors.camera.width);
  }
}

std::int64_t BatchSimulator::pixels() const {
  return std::int64_t{settings_.sensors.camera.width} * settings_.sensors.camera.height;
}

const std::uint8_t* BatchSimulator::grid(int agent) const {
  const auto side = static_cast<std::size_t>(settings_.mapper.grid_size);
  return occupancy_.data() + static_cast<std::size_t>(agent) * side * side;
}
std::uint8_t* BatchSimulator::grid(int agent) {
  const auto side = static_cast<std::size_t>(settings_.mapper.grid_size);
  return occupancy_.data() + static_cast<std::size_t>(agent) * side * side;
}

base::Result<int> BatchSimulator::add_world(const World& world) {
  INKNAV_CHECK(world.nav_mesh != nullptr);
  INKNAV_CHECK(!renders() || world.scene != nullptr);
  for (std::size_t i = 0; i < worlds_.size(); ++i) {
    if (worlds_[i].world.nav_mesh == world.nav_mesh && worlds_[i].world.scene == world.scene)
      return static_cast<int>(i);
  }
  WorldEntry entry;
  entry.world = world;
  for (int worker = 0; worker < pool_.num_threads(); ++worker) {
    entry.queries.emplace_back(world.nav_mesh).set_no_slide_rule(settings_.motion.no_slide_rule);
  }
  worlds_.push_back(std::move(entry));
  const int id = static_cast<int>(worlds_.size()) - 1;
  if (renders()) {
    const base::Status status = make_resident(id);
    if (!status.ok()) {
      worlds_.pop_back();
      return status.error();
    }
  }
  return id;
}

base::Status BatchSimulator::make_resident(int world_id) {
  WorldEntry& entry = worlds_[static_cast<std::size_t>(world_id)];
  entry.last_used = ++clock_;
  if (entry.slot >= 0) return base::ok_status();
  const auto wanted = static_cast<std::int64_t>(entry.world.scene->num_triangles());
  while (resident_triangles_ + wanted > settings_.resident_triangles && drop_oldest_scene()) {
  }
  // A device may be full before that; scenes that nobody walks in make room.
  base::Result<int> slot = renderer_->add_scene(entry.world.scene);
  while (!slot.ok() && slot.error().code == base::ErrorCode::kDeviceMemory && drop_oldest_scene()) {
    slot = renderer_->add_scene(entry.world.scene);
  }
  if (!slot.ok()) return slot.error();
  entry.slot = *slot;
  resident_triangles_ += wanted;
  return base::ok_status();
}

/// Of the resident scenes without an agent the longest unused goes; false: there is none.
bool BatchSimulator::drop_oldest_scene() {
  WorldEntry* oldest = nullptr;
  for (WorldEntry& entry : worlds_) {
    if (entry.slot < 0 || entry.users > 0) continue;
    if (oldest == nullptr || entry.last_used < oldest->last_used) oldest = &entry;
  }
  if (oldest == nullptr) return false;
  renderer_->remove_scene(oldest->slot);
  oldest->slot = -1;
  resident_triangles_ -= static_cast<std::int64_t>(oldest->world.scene->num_triangles());
  return true;
}

void BatchSimulator::set_world(int agent, int world_id) {
  INKNAV_CHECK(world_id >= 0 && world_id < static_cast<int>(worlds_.size()), world_id, worlds_.size());
  int& current = world_ids_[static_cast<std::size_t>(agent)];
  if (current >= 0) --worlds_[static_cast<std::size_t>(current)].users;
  current = world_id;
  ++worlds_[static_cast<std::size_t>(world_id)].users;
  if (renders()) {
    const base::Status status = make_resident(world_id);
    if (!status.ok()) throw base::Fault(status.error());
  }
}

void BatchSimulator::place(int agent, int world_id, const base::Pose& pose_world_agent,
                           const base::Pose& pose_world_start, std::uint32_t episode) {
  INKNAV_CHECK(agent >= 0 && agent < settings_.num_agents, agent, settings_.num_agents);
  set_world(agent, world_id);
  const auto i = static_cast<std::size_t>(agent);
  const auto point = query(world_id, 0).project(pose_world_agent.position);
  INKNAV_CHECK(point.has_value(), pose_world_agent.position.x, pose_world_agent.position.y,
               pose_world_agent.position.z);
  poses_[i] = pose_world_agent;
  start_poses_[i] = pose_world_start;
  nav_points_[i] = *point;
  camera_rotations_[i] = camera_rotation_;
  settled_[i] = 0;
  collided_[i] = 0;
  episodes_[i] = episode;
  steps_[i] = 0;
  if (settings_.mapper.enabled) mapper_.clear(grid(agent), dirty_[i]);
}

nav::NavQuery& BatchSimulator::query(int world_id, int worker) {
  return worlds_[static_cast<std::size_t>(world_id)].queries[static_cast<std::size_t>(worker)];
}

namespace {
template <typename T>
T* mutable_data(const std::vector<T>& values) {
  return values.empty() ? nullptr
                        : const_cast<T*>(values.data());  // views are written by their readers' GPU copies
}
}  // namespace

base::TensorView BatchSimulator::depth() const {
  const render::CameraSpec& camera = settings_.sensors.camera;
  return base::make_view(mutable_data(depth_), settings_.num_agents, camera.height, camera.width);
}
base::TensorView BatchSimulator::rgb() const {
  const render::CameraSpec& camera = settings_.sensors.camera;
  return base::make_view(mutable_data(rgb_), settings_.num_agents, camera.height, camera.width, 3);
}
base::TensorView BatchSimulator::gps() const {
  return base::make_view(mutable_data(gps_), settings_.num_agents, 2);
}
base::TensorView BatchSimulator::compass() const {
  return base::make_view(mutable_data(compass_), settings_.num_agents, 1);
}
base::TensorView BatchSimulator::occupancy() const {
  const int side = settings_.mapper.grid_size;
  return base::make_view(mutable_data(occupancy_), settings_.num_agents, side, side);
}

}  // namespace inknav::sim
