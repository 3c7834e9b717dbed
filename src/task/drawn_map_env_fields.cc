// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>

#include "nav/expert_path.h"
#include "task/drawn_map_env.h"

namespace inknav::task {

namespace {
constexpr std::size_t kMarks = 8;
constexpr std::size_t kPaperTruth = 7;

template <typename T>
base::TensorView row_view(std::vector<T>& values, std::size_t count, std::size_t width) {
  values.resize(count * width);
  return base::make_view(values.data(), count, width);
}
}  // namespace

void DrawnMapEnv::add_field(const char* name, const base::TensorView& view, bool privileged) {
  FieldSpec field;
  field.name = name;
  field.dtype = view.dtype;
  for (int axis = 1; axis < view.rank; ++axis)
    field.shape.push_back(view.shape[static_cast<std::size_t>(axis)]);
  field.privileged = privileged;
  spec_.fields.push_back(std::move(field));
  fields_.push_back(Field{name, view});
}

void DrawnMapEnv::make_fields() {
  const auto count = static_cast<std::size_t>(settings_.num_envs);
  const auto side = static_cast<std::size_t>(settings_.drawing_size);
  spec_.num_envs = settings_.num_envs;
  spec_.num_actions = nav::kNumActions;
  Buffers& b = buffers_;
  if (settings_.simulator.sensors.depth) add_field("depth", simulator_->depth(), false);
  if (settings_.simulator.sensors.rgb) add_field("rgb", simulator_->rgb(), false);
  add_field("gps", simulator_->gps(), false);
  add_field("compass", simulator_->compass(), false);
  if (settings_.simulator.mapper.enabled) add_field("occupancy", simulator_->occupancy(), false);
  if (settings_.with_drawings) {
    constexpr std::size_t kPlanes = sketch::ReadPlanes::kNumPlanes;
    b.planes.resize(count * kPlanes * side * side);
    add_field("drawing_planes", base::make_view(b.planes.data(), count, kPlanes, side, side), false);
    add_field("drawing_marks", row_view(b.marks, count, kMarks), false);
    add_field("drawing_serial", row_view(b.serial, count, 1), false);
    blank_ = blank_drawing(settings_.drawing_size);
  }
  add_field("step_index", row_view(b.step_index, count, 1), false);
  add_field("episode_index", row_view(b.episode_index, count, 1), false);
  add_field("pointgoal", row_view(b.pointgoal, count, 2), true);
  add_field("handwriting_goal", row_view(b.handwriting_goal, count, 1), true);
  add_field("goal_body", row_view(b.goal_body, count, 2), true);
  if (!settings_.with_expert) return;
  add_field("expert_action", row_view(b.expert_action, count, 1), true);
  add_field("expert_waypoint", row_view(b.waypoint, count, 2), true);
  add_field("expert_remaining", row_view(b.remaining, count, 1), true);
  if (settings_.expert_path_points > 0) {
    const auto points = static_cast<std::size_t>(settings_.expert_path_points);
    path_points_.resize(points * static_cast<std::size_t>(pool_.num_threads()));
    b.path.resize(count * points * 2);
    add_field("expert_path", base::make_view(b.path.data(), count, points, 2), true);
  }
  add_field("paper_truth", row_view(b.paper_truth, count, kPaperTruth), true);
}

base::TensorView DrawnMapEnv::observation(std::string_view name) const {
  for (const Field& field : fields_) {
    if (field.name == name) return field.view;
  }
  INKNAV_CHECK(false, "no such field", name);
  return {};
}

void DrawnMapEnv::write_goal_fields(int environment) {
  const auto i = static_cast<std::size_t>(environment);
  const Slot& slot = slots_[i];
  const base::Pose& pose = simulator_->poses()[i];
  const Episode& episode = episodes()[static_cast<std::size_t>(slot.episode)];
  const base::Vec2 goal = base::world_to_body(pose, episode.goals.front().position);
  buffers_.goal_body[2 * i] = goal.x;
  buffers_.goal_body[2 * i + 1] = goal.y;
  buffers_.pointgoal[2 * i] = std::sqrt(goal.x * goal.x + goal.y * goal.y);
  buffers_.pointgoal[2 * i + 1] = -std::atan2(goal.x, goal.y);
  const float remaining = rows_[i].truth->route.length() - slot.progress.arc_length;
  buffers_.handwriting_goal[i] = 0.8f * remaining + 0.2f * slot.progress.distance;
}

void DrawnMapEnv::write_fields(int environment, int worker) {
  const auto i = static_cast<std::size_t>(environment);
  Slot& slot = slots_[i];
  buffers_.step_index[i] = slot.measures.steps;
  buffers_.episode_index[i] = slot.episode;
  write_goal_fields(environment);
  if (!settings_.with_expert) return;
  const Row& row = rows_[i];
  const base::Pose& pose = simulator_->poses()[i];
  nav::NavQuery& query = simulator_->query(simulator_->world_ids()[i], worker);
  const nav::ExpertAdvice advice =
      nav::advise(query, row.truth->route, slot.progress, *row.truth->to_goal, pose, expert_);
  slot.expert_action = static_cast<std::uint8_t>(advice.action);
  buffers_.expert_action[i] = static_cast<std::int32_t>(advice.action);
  buffers_.waypoint[2 * i] = advice.waypoint_body.x;
  buffers_.waypoint[2 * i + 1] = advice.waypoint_body.y;
  buffers_.remaining[i] = advice.remaining;
  write_expert_path(environment, worker);

  float* truth = buffers_.paper_truth.data() + kPaperTruth * i;
  std::fill(truth, truth + kPaperTruth, 0.0f);
  const bool own = settings_.with_drawings && settings_.drawing_mode == DrawingMode::kOwn;
  if (!own || row.drawing->correspondence.empty()) return;
  const base::Vec2 place(pose.position.x, pose.position.z);
  const sketch::Correspondence& map = row.drawing->correspondence;
  const glm::mat2 paper_per_metre = map.jacobian(place);
  const float yaw = base::yaw_from_rotation(pose.rotation), c = std::cos(yaw), s = std::sin(yaw);
  truth[0] = 1.0f;
  float* out = truth + 1;
  for (const base::Vec2& v :
       {map.to_paper(place), paper_per_metre * base::Vec2(c, -s), paper_per_metre * base::Vec2(-s, -c)}) {
    *out++ = v.x;
    *out++ = v.y;
  }
}

void DrawnMapEnv::write_expert_path(int environment, int worker) {
  const auto count = static_cast<std::size_t>(settings_.expert_path_points);
  if (count == 0) return;
  const auto i = static_cast<std::size_t>(environment);
  const Row& row = rows_[i];
  const base::Pose& pose = simulator_->poses()[i];
  const std::span<base::Vec3> points(path_points_.data() + count * static_cast<std::size_t>(worker), count);
  nav::expert_path(simulator_->query(simulator_->world_ids()[i], worker), row.truth->route,
                   slots_[i].progress, *row.truth->to_goal, pose.position, nav::ExpertPathSettings{}, points);
  float* out = buffers_.path.data() + 2 * count * i;
  for (const base::Vec3& point : points) {
    const base::Vec2 body = base::world_to_body(pose, point);
    *out++ = body.x;
    *out++ = body.y;
  }
}

void DrawnMapEnv::write_drawing(int environment) {
  if (!settings_.with_drawings) return;
  const auto i = static_cast<std::size_t>(environment);
  const sketch::ReadPlanes& planes = rows_[i].drawing->planes;
  const bool none = settings_.drawing_mode == DrawingMode::kNone;
  buffers_.serial[i] = none ? 0 : static_cast<std::int64_t>(drawing_of(slots_[i].episode)) + 1;
  const std::size_t size = planes.planes.size();
  INKNAV_CHECK(size * slots_.size() == buffers_.planes.size(), size, buffers_.planes.size());
  std::memcpy(buffers_.planes.data() + i * size, planes.planes.data(), size);
  float* marks = buffers_.marks.data() + kMarks * i;
  marks[0] = planes.start.position.x;
  marks[1] = planes.start.position.y;
  marks[2] = planes.start.heading;
  marks[3] = planes.start.has_heading ? 1.0f : 0.0f;
  marks[4] = planes.goal.position.x;
  marks[5] = planes.goal.position.y;
  marks[6] = planes.goal.present ? 1.0f : 0.0f;
  marks[7] = planes.start.present ? 1.0f : 0.0f;
}

}  // namespace inknav::task
