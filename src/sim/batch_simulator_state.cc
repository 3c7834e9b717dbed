// SPDX-License-Identifier: MIT
#include <algorithm>

#include "sim/batch_simulator.h"
#include "sim/state_bytes.h"

namespace inknav::sim {

namespace {
constexpr std::uint32_t kTag = 0x324d4953;  // "SIM2"

/// Whether the boxes lie in maps of this side, and what is left to read is what they hold.
void check_boxes(std::span<const DirtyBox> boxes, int side, StateReader& in) {
  std::size_t bytes = 0;
  for (const DirtyBox& box : boxes) {
    if (!in.ok() || box.empty()) continue;
    if (box.row_begin < 0 || box.col_begin < 0 || box.row_end > side || box.col_end > side)
      return in.fail("the box of a map is out of range");
    bytes += static_cast<std::size_t>(box.row_end - box.row_begin) *
             static_cast<std::size_t>(box.col_end - box.col_begin);
  }
  if (in.ok() && in.left() != bytes) in.fail("the maps have another length");
}
}  // namespace

std::vector<std::uint8_t> BatchSimulator::save_state() const {
  StateWriter out;
  out.value(kTag);
  out.value(settings_.num_agents);
  out.value(settings_.mapper.enabled ? settings_.mapper.grid_size : 0);
  out.value(static_cast<std::uint64_t>(worlds_.size()));
  std::apply([&](const auto&... rows) { (out.array(std::span(rows)), ...); }, copied_rows(*this));
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
  auto copied = std::apply([](const auto&... rows) { return std::tuple(rows...); }, copied_rows(*this));
  std::vector<int> world_ids(count);
  std::vector<DirtyBox> dirty(count);
  std::apply([&](auto&... rows) { (in.array(std::span(rows)), ...); }, copied);
  in.array(std::span<int>(world_ids));
  in.array(std::span<DirtyBox>(dirty));
  for (const WorldEntry& entry : worlds_) {
    in.expect(entry.world.scene != nullptr ? entry.world.scene->content_hash : base::Hash128{}, "a scene");
  }
  const int size = settings_.mapper.enabled ? settings_.mapper.grid_size : 0;
  for (const int world : world_ids) {
    if (world < -1 || world >= static_cast<int>(worlds_.size())) in.fail("a scene number is out of range");
  }
  check_boxes(dirty, size, in);
  INKNAV_RETURN_IF_ERROR(in.status());

  copied_rows(*this) = copied;
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
