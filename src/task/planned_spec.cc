// SPDX-License-Identifier: MIT
#include "task/planned_spec.h"

#include <utility>

#include "nav/route.h"
#include "sketch/raster.h"
#include "task/habitat/habitat_env.h"
#include "task/shown_drawing.h"

namespace inknav::task {
namespace {

using base::DType;

std::uint64_t bytes_of(const FieldSpec& field, int num_envs) {
  auto bytes = static_cast<std::uint64_t>(num_envs) * base::size_of(field.dtype);
  for (const std::int64_t extent : field.shape) bytes *= static_cast<std::uint64_t>(extent);
  return bytes;
}

}  // namespace

EnvSpec planned_spec(const NavigationEnvSettings& settings) {
  EnvSpec spec;
  spec.num_envs = settings.num_envs;
  if (settings.habitat) {
    spec.num_actions = static_cast<int>(settings.habitat->actions.size());
    spec.fields = habitat::planned_fields(settings);
    return spec;
  }
  spec.num_actions = nav::kNumActions;
  const auto add = [&spec](const char* name, DType type, std::vector<std::int64_t> shape, bool privileged) {
    spec.fields.push_back({name, type, std::move(shape), privileged});
  };
  const sim::SensorSettings& sensors = settings.simulator.sensors;
  const std::int64_t height = sensors.camera.height, width = sensors.camera.width;
  if (sensors.depth) add("depth", DType::kF32, {height, width}, false);
  if (sensors.rgb) add("rgb", DType::kU8, {height, width, 3}, false);
  add("gps", DType::kF32, {2}, false);
  add("compass", DType::kF32, {1}, false);
  if (settings.simulator.mapper.enabled) {
    const std::int64_t cells = settings.simulator.mapper.grid_size;
    add("occupancy", DType::kU8, {cells, cells}, false);
  }
  if (settings.with_drawings) {
    const std::int64_t side = settings.drawing_size;
    add("drawing_planes", DType::kU8, {sketch::ReadPlanes::kNumPlanes, side, side}, false);
    add("drawing_marks", DType::kF32, {ShownDrawing::kMarks}, false);
    add("drawing_serial", DType::kI64, {1}, false);
  }
  add("step_index", DType::kI32, {1}, false);
  add("episode_index", DType::kI64, {1}, false);
  add("pointgoal", DType::kF32, {2}, true);
  add("handwriting_goal", DType::kF32, {1}, true);
  add("goal_body", DType::kF32, {2}, true);
  if (!settings.with_expert) return spec;
  add("expert_action", DType::kI32, {1}, true);
  add("expert_waypoint", DType::kF32, {2}, true);
  add("expert_remaining", DType::kF32, {1}, true);
  if (settings.expert_path_points > 0)
    add("expert_path", DType::kF32, {settings.expert_path_points, 2}, true);
  add("paper_truth", DType::kF32, {ShownDrawing::kTruth}, true);
  return spec;
}

std::uint64_t field_bytes(const EnvSpec& spec, std::string_view name) {
  for (const FieldSpec& field : spec.fields) {
    if (field.name == name) return bytes_of(field, spec.num_envs);
  }
  return 0;
}

std::uint64_t field_bytes(const EnvSpec& spec) {
  std::uint64_t bytes = 0;
  for (const FieldSpec& field : spec.fields) bytes += bytes_of(field, spec.num_envs);
  return bytes;
}

}  // namespace inknav::task
