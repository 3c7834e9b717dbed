// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstring>

#include "sim/task_sensors.h"
#include "task/habitat/habitat_env.h"

namespace inknav::task::habitat {

namespace {

std::int64_t width_of(const HabitatTaskSettings& task, Sensor sensor) {
  switch (sensor) {
    case Sensor::kPointGoal:
      return task.pointgoal.dimensions;
    case Sensor::kPointGoalWithGpsCompass:
      return task.pointgoal_with_gps_compass.dimensions;
    case Sensor::kGps:
      return task.gps_dimensions;
    case Sensor::kInstruction:
      return kInstructionTokens;
    default:
      return 1;
  }
}

void write_row(const std::array<float, 3>& values, std::int64_t width, std::vector<float>& out,
               std::size_t environment) {
  std::copy_n(values.begin(), width, out.begin() + static_cast<std::ptrdiff_t>(environment) * width);
}

}  // namespace

std::vector<FieldSpec> planned_fields(const NavigationEnvSettings& settings) {
  const HabitatTaskSettings& task = *settings.habitat;
  const sim::SensorSettings& sensors = settings.simulator.sensors;
  const std::int64_t height = sensors.camera.height, width = sensors.camera.width;
  using base::DType;
  std::vector<FieldSpec> fields;
  const auto add = [&](std::string_view name, DType type, std::vector<std::int64_t> shape, bool privileged) {
    fields.push_back({std::string(name), type, std::move(shape), privileged});
  };
  if (sensors.depth) add("depth", DType::kF32, {height, width}, false);
  if (sensors.rgb) add("rgb", DType::kU8, {height, width, 3}, false);
  for (const Sensor sensor : task.sensors) {
    if (sensor == Sensor::kDepth || sensor == Sensor::kRgb) continue;
    if (sensor == Sensor::kImageGoal) {
      add(name_of(sensor), DType::kU8, {height, width, 3}, false);
      continue;
    }
    const bool whole = sensor == Sensor::kObjectGoal || sensor == Sensor::kInstruction;
    add(name_of(sensor), whole ? DType::kI64 : DType::kF32, {width_of(task, sensor)}, false);
    if (sensor == Sensor::kObjectGoal) add("objectgoal_one_hot", DType::kF32, {kMaxCategories}, false);
  }
  add("step_index", DType::kI32, {1}, false);
  add("episode_index", DType::kI64, {1}, false);
  add("goal_body", DType::kF32, {2}, true);
  if (task.with_follower) add("expert_action", DType::kI32, {1}, true);
  return fields;
}

void HabitatEnv::make_fields() {
  const auto count = static_cast<std::size_t>(settings_.num_envs);
  const sim::SensorSettings& sensors = settings_.simulator.sensors;
  Buffers& b = buffers_;
  fields_.set_counts(settings_.num_envs, static_cast<int>(task().actions.size()));
  if (sensors.depth) fields_.add("depth", simulator_->depth(), false);
  if (sensors.rgb) fields_.add("rgb", simulator_->rgb(), false);
  for (const Sensor sensor : task().sensors) {
    const auto width = static_cast<std::size_t>(width_of(task(), sensor));
    const auto floats = [&](std::vector<float>& values) {
      fields_.add_row(name_of(sensor).data(), values, width, false);
    };
    switch (sensor) {
      case Sensor::kPointGoal:
        floats(b.pointgoal);
        break;
      case Sensor::kPointGoalWithGpsCompass:
        floats(b.pointgoal_now);
        break;
      case Sensor::kGps:
        floats(b.gps);
        break;
      case Sensor::kCompass:
        floats(b.compass);
        break;
      case Sensor::kHeading:
        floats(b.heading);
        break;
      case Sensor::kProximity:
        floats(b.proximity);
        break;
      case Sensor::kObjectGoal:
        fields_.add_row("objectgoal", b.objectgoal, 1, false);
        fields_.add_row("objectgoal_one_hot", b.one_hot, kMaxCategories, false);
        break;
      case Sensor::kImageGoal: {
        const auto rows = static_cast<std::size_t>(sensors.camera.height);
        const auto columns = static_cast<std::size_t>(sensors.camera.width);
        b.imagegoal.resize(count * rows * columns * 3);
        b.imagegoal_scratch.resize(b.imagegoal.size());
        fields_.add("imagegoal", base::make_view(b.imagegoal.data(), count, rows, columns, 3), false);
        break;
      }
      case Sensor::kInstruction:
        fields_.add_row("instruction", b.instruction, width, false);
        break;
      case Sensor::kDepth:
      case Sensor::kRgb:
        break;
    }
  }
  fields_.add_row("step_index", b.step_index, 1, false);
  fields_.add_row("episode_index", b.episode_index, 1, false);
  fields_.add_row("goal_body", b.goal_body, 2, true);
  if (task().with_follower) fields_.add_row("expert_action", b.expert_action, 1, true);
}

/// What stays as it is for an episode.
void HabitatEnv::write_static_fields(int environment) {
  const auto i = static_cast<std::size_t>(environment);
  const Episode& episode = episode_of(i);
  Buffers& b = buffers_;
  b.episode_index[i] = slots_[i].episode;
  if (!b.pointgoal.empty()) {
    write_row(sim::point_goal(episode.start, episode.goals.front().position, task().pointgoal),
              task().pointgoal.dimensions, b.pointgoal, i);
  }
  if (!b.objectgoal.empty()) {
    const int category = dataset_.habitat->task_category_id(episode);
    b.objectgoal[i] = category;
    float* row = b.one_hot.data() + i * kMaxCategories;
    std::fill_n(row, kMaxCategories, 0.0f);
    row[category] = 1.0f;
  }
  if (!b.instruction.empty()) {
    const std::span<const std::uint16_t> tokens = dataset_.habitat->instruction(episode).tokens;
    std::int64_t* row = b.instruction.data() + i * kInstructionTokens;
    const std::size_t shown = std::min<std::size_t>(tokens.size(), kInstructionTokens);
    std::fill(std::copy_n(tokens.begin(), shown, row), row + kInstructionTokens, 0);
  }
}

void HabitatEnv::write_fields(int environment, int worker) {
  const auto i = static_cast<std::size_t>(environment);
  const Episode& episode = episode_of(i);
  const base::Pose& pose = simulator_->poses()[i];
  Buffers& b = buffers_;
  b.step_index[i] = measures_[i].steps;
  const base::Vec3 goal = episode.goals.empty() ? pose.position : episode.goals.front().position;
  const base::Vec2 body = base::world_to_body(pose, goal);
  b.goal_body[2 * i] = body.x;
  b.goal_body[2 * i + 1] = body.y;
  if (!b.pointgoal_now.empty()) {
    write_row(sim::point_goal(pose, goal, task().pointgoal_with_gps_compass),
              task().pointgoal_with_gps_compass.dimensions, b.pointgoal_now, i);
  }
  if (!b.gps.empty())
    write_row(sim::gps(episode.start, pose.position, task().gps_dimensions), task().gps_dimensions, b.gps, i);
  if (!b.compass.empty()) b.compass[i] = sim::compass(episode.start, pose.rotation);
  if (!b.heading.empty()) b.heading[i] = sim::heading(pose.rotation);
  if (!b.proximity.empty()) {
    b.proximity[i] = sim::proximity(simulator_->query(simulator_->world_ids()[i], worker), pose.position,
                                    task().proximity_radius);
  }
  if (task().with_follower) advise(environment, worker);
}

/// Habitat's follower walks to the first goal; here to the one that is nearest, where there are several.
void HabitatEnv::advise(int environment, int worker) {
  const auto i = static_cast<std::size_t>(environment);
  Row& row = rows_[i];
  const base::Pose& pose = simulator_->poses()[i];
  nav::NavQuery& query = simulator_->query(simulator_->world_ids()[i], worker);
  const std::vector<base::Vec3> goals =
      goal_points(dataset_.habitat.get(), episode_of(i), task().distance_to);
  nav::MultiGoal search(query, goals);
  const int nearest = search.nearest(query, pose.position).goal;
  const nav::Action action =
      nearest < 0 ? nav::Action::kStop
                  : row.follower->next_action(query, pose, goals[static_cast<std::size_t>(nearest)]);
  const auto wanted = static_cast<sim::BodyAction>(static_cast<int>(action));
  const auto found = std::find_if(task().actions.begin(), task().actions.end(),
                                  [&](const sim::Command& command) { return command.action == wanted; });
  buffers_.expert_action[i] = static_cast<std::int32_t>(found - task().actions.begin());
}

/// Of the environments that begin an episode.
void HabitatEnv::render_image_goals() {
  Buffers& b = buffers_;
  if (b.imagegoal.empty()) return;
  goal_views_.clear();
  for (const int e : slots_.listed()) {
    const auto i = static_cast<std::size_t>(e);
    const Episode& episode = episode_of(i);
    sim::BodyView view;
    view.world_id = simulator_->world_ids()[i];
    view.pose_world_agent = sim::image_goal_pose(episode.goals.front().position, episode.episode_id);
    view.noise.agent = static_cast<std::uint32_t>(settings_.first_env + e);
    view.noise.episode = slots_[i].draws;
    goal_views_.push_back(view);
  }
  simulator_->render_views(goal_views_, {nullptr, b.imagegoal_scratch.data()});
  const std::size_t frame = b.imagegoal.size() / slots_.size();
  const std::span<const int> listed = slots_.listed();
  for (std::size_t k = 0; k < listed.size(); ++k) {
    std::memcpy(b.imagegoal.data() + static_cast<std::size_t>(listed[k]) * frame,
                b.imagegoal_scratch.data() + k * frame, frame);
  }
}

}  // namespace inknav::task::habitat
