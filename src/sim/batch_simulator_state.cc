// SPDX-License-Identifier: MIT
#include <algorithm>

#include "sim/batch_simulator.h"
#include "sim/state_bytes.h"

namespace inknav::sim {

namespace {
constexpr std::uint32_t kTag = 0x324d4953;  // "SIM2"
}  // namespace

std::vector<std::uint8_t> BatchSimulator::save_state() const {
  StateWriter out;
  out.value(kTag);
  out.value(settings_.num_agents);
  out.value(settings_.mapper.enabled ? settings_.mapper.grid_size : 0);
  out.value(static_cast<std::uint64_t>(worlds_.size()));
  out.array(std::span<const base::Pose>(poses_));
  out.array(std::span<const base::Pose>(start_poses_));
  out.array(std::span<const nav::NavPoint>(nav_points_));
  out.array(std::span<const base::Quat>(camera_rotations_));
  out.array(std::span<const std::uint8_t>(settled_));
  out.array(std::span<const std::uint8_t>(collided_));
  out.array(std::span<const std::uint32_t>(episodes_));
  out.array(std::span<const std::uint32_t>(steps_));
  out.array(std::span<const int>(world_ids_));
  out.array(std::span<const DirtyBox>(dirty_));
  for (const WorldEntry& entry : worlds_) {
    out.value(entry.world.scene != nullptr ? entry.world.scene->content_hash : base::Hash128{});
  }
  if (!settings_.mapper.enabled) return out.take();
  const auto side = static_cast<std::size_t>(settings_.mapper.grid_size);
  for (int agent = 0; agent < settings_.num_agents; ++agent) {
    const DirtyBox& box = dirty_[static_cast<std::size_t>(agent)];
    for (std::int32_t row = box.row_begin; row < box.row_end && !box.empty(); ++row) {
      out.bytes(grid(agent) + static_cast<std::size_t>(row) * side + static_cast<std::size_t>(box.col_begin),
                static_cast<std::size_t>(box.col_end - box.col_begin));
    }
  }
  return out.take();
}

base::Status BatchSimulator::restore_state(std::span<const std::uint8_t> bytes) {
  StateReader in(bytes, "simulator state");
  in.expect(kTag, "the kind of state");
  in.expect(settings_.num_agents, "the number of agents");
  in.expect(settings_.mapper.enabled ? settings_.mapper.grid_size : 0, "the size of the map");
  in.expect(static_cast<std::uint64_t>(worlds_.size()), "the number of scenes");
  const std::size_t count = poses_.size();
  std::vector<base::Pose> poses(count), start_poses(count);
  std::vector<nav::NavPoint> nav_points(count);
  std::vector<base::Quat> camera_rotations(count);
  std::vector<std::uint8_t> settled(count), collided(count);
  std::vector<std::uint32_t> episodes(count), steps(count);
  std::vector<int> world_ids(count);
  std::vector<DirtyBox> dirty(count);
  in.array(std::span<base::Pose>(poses));
  in.array(std::span<base::Pose>(start_poses));
  in.array(std::span<nav::NavPoint>(nav_points));
  in.array(std::span<base::Quat>(camera_rotations));
  in.array(std::span<std::uint8_t>(settled));
  in.array(std::span<std::uint8_t>(collided));
  in.array(std::span<std::uint32_t>(episodes));
  in.array(std::span<std::uint32_t>(steps));
  in.array(std::span<int>(world_ids));
  in.array(std::span<DirtyBox>(dirty));
  for (const WorldEntry& entry : worlds_) {
    in.expect(entry.world.scene != nullptr ? entry.world.scene->content_hash : base::Hash128{}, "a scene");
  }
  const int size = settings_.mapper.enabled ? settings_.mapper.grid_size : 0;
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const DirtyBox& box = dirty[i];
    if (world_ids[i] < -1 || world_ids[i] >= static_cast<int>(worlds_.size()))
      in.fail("a scene number is out of range");
    if (!box.empty() &&
        (box.row_begin < 0 || box.col_begin < 0 || box.row_end > size || box.col_end > size)) {
      in.fail("the box of a map is out of range");
    }
  }
  std::size_t map_bytes = 0;
  for (const DirtyBox& box : dirty) {
    if (in.ok() && !box.empty()) {
      map_bytes += static_cast<std::size_t>(box.row_end - box.row_begin) *
                   static_cast<std::size_t>(box.col_end - box.col_begin);
    }
  }
  if (in.ok() && in.left() != map_bytes) in.fail("the maps have another length");
  INKNAV_RETURN_IF_ERROR(in.status());

  poses_ = poses;
  start_poses_ = start_poses;
  nav_points_ = nav_points;
  camera_rotations_ = camera_rotations;
  settled_ = settled;
  collided_ = collided;
  episodes_ = episodes;
  steps_ = steps;
  for (std::size_t i = 0; i < count; ++i) {
    const int agent = static_cast<int>(i);
    if (world_ids[i] >= 0) set_world(agent, world_ids[i]);
    if (!settings_.mapper.enabled) continue;
    mapper_.clear(grid(agent), dirty_[i]);
    dirty_[i] = dirty[i];
    for (std::int32_t row = dirty[i].row_begin; row < dirty[i].row_end && !dirty[i].empty(); ++row) {
      in.bytes(grid(agent) + static_cast<std::ptrdiff_t>(row) * size + dirty[i].col_begin,
               static_cast<std::size_t>(dirty[i].col_end - dirty[i].col_begin));
    }
  }
  // Rendering is a function of the pose and mapping a frame again changes nothing, so this restores the
  // views.
  observe({});
  return in.status();
}

}  // namespace inknav::sim
