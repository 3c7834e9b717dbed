// SPDX-License-Identifier: MIT
#include "sim/batch_simulator.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>

#include "base/check.h"
#include "nav/collision.h"
#include "sim/odometry.h"

namespace inknav::sim {

namespace {
constexpr std::int64_t kMotionGrain = 8;
constexpr float kDegree = base::kPi / 180.0f;

base::Error usage_error(const std::string& message) { return base::Error{base::ErrorCode::kUsage, message}; }

base::Status validate(const SimulatorSettings& settings) {
  const SensorSettings& sensors = settings.sensors;
  if (settings.num_agents < 1) return usage_error("simulator: at least one agent is wanted");
  if (!(settings.motion.forward_step > 0.0f)) {
    return usage_error("SIMULATOR.FORWARD_STEP_SIZE must be above 0, found " +
                       std::to_string(settings.motion.forward_step));
  }
  if (!(settings.motion.turn_angle_deg > 0.0f && settings.motion.turn_angle_deg <= 180.0f)) {
    return usage_error("SIMULATOR.TURN_ANGLE must lie in (0, 180] degrees, found " +
                       std::to_string(settings.motion.turn_angle_deg));
  }
  if (sensors.camera.width < 1 || sensors.camera.height < 1) {
    return usage_error("SIMULATOR.DEPTH_SENSOR: WIDTH and HEIGHT must be at least 1, found " +
                       std::to_string(sensors.camera.width) + "x" + std::to_string(sensors.camera.height));
  }
  if (!(sensors.min_depth >= 0.0f && sensors.max_depth > sensors.min_depth)) {
    return usage_error("SIMULATOR.DEPTH_SENSOR: 0 <= MIN_DEPTH < MAX_DEPTH is wanted, found " +
                       std::to_string(sensors.min_depth) + " and " + std::to_string(sensors.max_depth));
  }
  const MapperSettings& mapper = settings.mapper;
  if (mapper.enabled && (mapper.grid_size < 4 || mapper.grid_size > 8192 || !(mapper.cell_size > 0.0f) ||
                         !(mapper.max_range > 0.0f))) {
    return usage_error(
        "SIMULATOR.GRID_SIZE must lie in [4, 8192] and its cells and range be above 0, found " +
        std::to_string(mapper.grid_size));
  }
  return base::ok_status();
}
}  // namespace

base::Result<std::unique_ptr<Simulator>> Simulator::create(const SimulatorSettings& settings,
                                                           base::ThreadPool& pool) {
  INKNAV_RETURN_IF_ERROR(validate(settings));
  std::unique_ptr<render::Renderer> renderer;
  if (settings.sensors.depth || settings.sensors.rgb || settings.mapper.enabled) {
    INKNAV_ASSIGN_OR_RETURN(renderer, render::make_renderer(settings.backend, settings.sensors.camera, pool));
  }
  return std::unique_ptr<Simulator>(std::make_unique<BatchSimulator>(settings, pool, std::move(renderer)));
}

BatchSimulator::BatchSimulator(const SimulatorSettings& settings, base::ThreadPool& pool,
                               std::unique_ptr<render::Renderer> renderer)
    : settings_(settings),
      pool_(pool),
      renderer_(std::move(renderer)),
      turn_left_(base::rotation_from_yaw(settings.motion.turn_angle_deg * kDegree)),
      turn_right_(base::rotation_from_yaw(-settings.motion.turn_angle_deg * kDegree)),
      mapper_(settings.mapper, settings.sensors.camera, settings.sensors.camera_position) {
  const auto count = static_cast<std::size_t>(settings.num_agents);
  const auto frame = static_cast<std::size_t>(pixels());
  poses_.resize(count);
  start_poses_.resize(count);
  nav_points_.resize(count);
  settled_.resize(count);
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
  listed_.reserve(count);
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
  while (resident_triangles_ + wanted > settings_.resident_triangles) {
    WorldEntry* oldest = nullptr;
    for (WorldEntry& other : worlds_) {
      if (other.slot < 0 || other.users > 0 || &other == &entry) continue;
      if (oldest == nullptr || other.last_used < oldest->last_used) oldest = &other;
    }
    if (oldest == nullptr) break;
    renderer_->remove_scene(oldest->slot);
    oldest->slot = -1;
    resident_triangles_ -= static_cast<std::int64_t>(oldest->world.scene->num_triangles());
  }
  INKNAV_ASSIGN_OR_RETURN(entry.slot, renderer_->add_scene(entry.world.scene));
  resident_triangles_ += wanted;
  return base::ok_status();
}

void BatchSimulator::set_world(int agent, int world_id) {
  INKNAV_CHECK(world_id >= 0 && world_id < static_cast<int>(worlds_.size()), world_id, worlds_.size());
  int& current = world_ids_[static_cast<std::size_t>(agent)];
  if (current >= 0) --worlds_[static_cast<std::size_t>(current)].users;
  current = world_id;
  ++worlds_[static_cast<std::size_t>(world_id)].users;
  if (renders()) {
    const base::Status status = make_resident(world_id);
    INKNAV_CHECK(status.ok(), status.error().message);
  }
}

void BatchSimulator::place(int agent, int world_id, const base::Pose& pose_world_agent) {
  INKNAV_CHECK(agent >= 0 && agent < settings_.num_agents, agent, settings_.num_agents);
  set_world(agent, world_id);
  const auto i = static_cast<std::size_t>(agent);
  const auto point = query(world_id, 0).project(pose_world_agent.position);
  INKNAV_CHECK(point.has_value(), pose_world_agent.position.x, pose_world_agent.position.y,
               pose_world_agent.position.z);
  poses_[i] = pose_world_agent;
  start_poses_[i] = pose_world_agent;
  nav_points_[i] = *point;
  settled_[i] = 0;
  collided_[i] = 0;
  if (settings_.mapper.enabled) mapper_.clear(grid(agent), dirty_[i]);
}

nav::NavQuery& BatchSimulator::query(int world_id, int worker) {
  return worlds_[static_cast<std::size_t>(world_id)].queries[static_cast<std::size_t>(worker)];
}

void BatchSimulator::step(std::span<const nav::Action> actions) {
  INKNAV_CHECK(actions.size() == poses_.size(), actions.size(), poses_.size());
  pool_.parallel_for(
      settings_.num_agents, kMotionGrain, [&](std::int64_t begin, std::int64_t end, int worker) {
        for (std::int64_t agent = begin; agent < end; ++agent) {
          move_agent(static_cast<int>(agent), actions[static_cast<std::size_t>(agent)], worker);
        }
      });
}

void BatchSimulator::move_agent(int agent, nav::Action action, int worker) {
  const auto i = static_cast<std::size_t>(agent);
  collided_[i] = 0;
  if (action == nav::Action::kStop || world_ids_[i] < 0) return;
  base::Pose& pose = poses_[i];
  const base::Vec3 start = pose.position;
  base::Vec3 target = start;
  if (action == nav::Action::kForward) {
    target += (pose.rotation * base::Vec3(0.0f, 0.0f, -1.0f)) * settings_.motion.forward_step;
  } else {
    const base::Quat& turn = action == nav::Action::kTurnLeft ? turn_left_ : turn_right_;
    pose.rotation = glm::normalize(pose.rotation * turn);
    if (settled_[i] != 0) return;
  }
  nav_points_[i] = query(world_ids_[i], worker).step(nav_points_[i], target, settings_.motion.allow_sliding);
  pose.position = nav_points_[i].position;
  settled_[i] = 1;
  if (action != nav::Action::kForward) return;
  collided_[i] = nav::has_collided(start, target, pose.position) ? 1 : 0;
}

void BatchSimulator::measure_pose(int agent) {
  const auto i = static_cast<std::size_t>(agent);
  const Odometry measured = odometry(start_poses_[i], poses_[i]);
  gps_[2 * i] = measured.forward;
  gps_[2 * i + 1] = measured.right;
  compass_[i] = measured.compass;
}

void BatchSimulator::finish_frame(int agent, int worker) {
  const auto i = static_cast<std::size_t>(agent);
  measure_pose(agent);
  if (!needs_depth()) return;
  float* depth = depth_.data() + static_cast<std::int64_t>(agent) * pixels();
  if (settings_.mapper.enabled) {
    const MapperPose pose{gps_[2 * i], gps_[2 * i + 1], compass_[i]};
    mapper_.integrate(depth, pose, grid(agent), dirty_[i], mapper_scratch_[static_cast<std::size_t>(worker)]);
  }
  const SensorSettings& sensors = settings_.sensors;
  const float offset = sensors.normalize_depth ? sensors.min_depth : 0.0f;
  const float range = sensors.normalize_depth ? sensors.max_depth - sensors.min_depth : 1.0f;
  const std::int64_t count = pixels();
  for (std::int64_t p = 0; p < count; ++p) {
    depth[p] = (std::clamp(depth[p], sensors.min_depth, sensors.max_depth) - offset) / range;
  }
}

void BatchSimulator::observe(std::span<const std::uint8_t> mask) {
  INKNAV_CHECK(mask.empty() || mask.size() == poses_.size(), mask.size(), poses_.size());
  listed_.clear();
  for (int agent = 0; agent < settings_.num_agents; ++agent) {
    const auto i = static_cast<std::size_t>(agent);
    if (world_ids_[i] >= 0 && (mask.empty() || mask[i] != 0)) listed_.push_back(agent);
  }
  if (listed_.empty()) return;
  if (renders()) render_listed();
  pool_.parallel_for(static_cast<std::int64_t>(listed_.size()), renders() ? 1 : kMotionGrain,
                     [&](std::int64_t begin, std::int64_t end, int worker) {
                       for (std::int64_t k = begin; k < end; ++k) {
                         finish_frame(listed_[static_cast<std::size_t>(k)], worker);
                       }
                     });
}

void BatchSimulator::render_listed() {
  views_.clear();
  for (const int agent : listed_) {
    const auto i = static_cast<std::size_t>(agent);
    render::View view;
    view.scene_slot = worlds_[static_cast<std::size_t>(world_ids_[i])].slot;
    view.pose_world_camera.position =
        poses_[i].position + poses_[i].rotation * settings_.sensors.camera_position;
    view.pose_world_camera.rotation = poses_[i].rotation;
    views_.push_back(view);
  }
  const bool all = listed_.size() == poses_.size();
  render::RenderTargets targets;
  if (needs_depth()) targets.depth = all ? depth_.data() : depth_scratch_.data();
  if (settings_.sensors.rgb) targets.rgb = all ? rgb_.data() : rgb_scratch_.data();
  renderer_->render(views_, targets);
  if (all) return;
  const auto frame = static_cast<std::size_t>(pixels());
  for (std::size_t k = 0; k < listed_.size(); ++k) {
    const auto i = static_cast<std::size_t>(listed_[k]);
    if (targets.depth != nullptr) {
      std::memcpy(depth_.data() + i * frame, depth_scratch_.data() + k * frame, frame * sizeof(float));
    }
    if (targets.rgb != nullptr)
      std::memcpy(rgb_.data() + i * frame * 3, rgb_scratch_.data() + k * frame * 3, frame * 3);
  }
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
