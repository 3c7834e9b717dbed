// SPDX-License-Identifier: MIT
#include <algorithm>
#include <span>

#include "nav/expert_path.h"
#include "task/drawn_map_env.h"
#include "task/goal_fields.h"

namespace inknav::task {

void DrawnMapEnv::make_fields() {
  const auto count = static_cast<std::size_t>(settings_.num_envs);
  const auto side = static_cast<std::size_t>(settings_.drawing_size);
  fields_.set_counts(settings_.num_envs, nav::kNumActions);
  Buffers& b = buffers_;
  if (settings_.simulator.sensors.depth) fields_.add("depth", simulator_->depth(), false);
  if (settings_.simulator.sensors.rgb) fields_.add("rgb", simulator_->rgb(), false);
  fields_.add("gps", simulator_->gps(), false);
  fields_.add("compass", simulator_->compass(), false);
  if (settings_.simulator.mapper.enabled) fields_.add("occupancy", simulator_->occupancy(), false);
  if (settings_.with_drawings) {
    constexpr std::size_t kPlanes = sketch::ReadPlanes::kNumPlanes;
    b.planes.resize(count * kPlanes * side * side);
    fields_.add("drawing_planes", base::make_view(b.planes.data(), count, kPlanes, side, side), false);
    fields_.add_row("drawing_marks", b.marks, ShownDrawing::kMarks, false);
    fields_.add_row("drawing_serial", b.serial, 1, false);
    blank_ = blank_drawing(settings_.drawing_size);
  }
  fields_.add_row("step_index", b.step_index, 1, false);
  fields_.add_row("episode_index", b.episode_index, 1, false);
  fields_.add_row("pointgoal", b.pointgoal, 2, true);
  fields_.add_row("handwriting_goal", b.handwriting_goal, 1, true);
  fields_.add_row("goal_body", b.goal_body, 2, true);
  if (!settings_.with_expert) return;
  fields_.add_row("expert_action", b.expert_action, 1, true);
  fields_.add_row("expert_waypoint", b.waypoint, 2, true);
  fields_.add_row("expert_remaining", b.remaining, 1, true);
  if (settings_.expert_path_points > 0) {
    const auto points = static_cast<std::size_t>(settings_.expert_path_points);
    path_points_.resize(points * static_cast<std::size_t>(pool_.num_threads()));
    b.path.resize(count * points * 2);
    fields_.add("expert_path", base::make_view(b.path.data(), count, points, 2), true);
  }
  fields_.add_row("paper_truth", b.paper_truth, ShownDrawing::kTruth, true);
}

void DrawnMapEnv::write_goal_fields(int environment) {
  const auto i = static_cast<std::size_t>(environment);
  const Episode& episode = episodes()[number_of(i)];
  const GoalFields goal = goal_fields(simulator_->poses()[i], episode.goals.front().position,
                                      rows_[i].truth->route, walks_[i].progress);
  buffers_.goal_body[2 * i] = goal.body.x;
  buffers_.goal_body[2 * i + 1] = goal.body.y;
  buffers_.pointgoal[2 * i] = goal.pointgoal.x;
  buffers_.pointgoal[2 * i + 1] = goal.pointgoal.y;
  buffers_.handwriting_goal[i] = goal.handwriting;
}

void DrawnMapEnv::write_fields(int environment, int worker) {
  const auto i = static_cast<std::size_t>(environment);
  const Walk& walk = walks_[i];
  buffers_.step_index[i] = walk.measures.steps;
  buffers_.episode_index[i] = slots_[i].episode;
  write_goal_fields(environment);
  if (!settings_.with_expert) return;
  const Row& row = rows_[i];
  const base::Pose& pose = simulator_->poses()[i];
  nav::NavQuery& query = simulator_->query(simulator_->world_ids()[i], worker);
  const nav::ExpertAdvice advice =
      nav::advise(query, row.truth->route, walk.progress, *row.truth->to_goal, pose, expert_);
  buffers_.expert_action[i] = static_cast<std::int32_t>(advice.action);
  buffers_.waypoint[2 * i] = advice.waypoint_body.x;
  buffers_.waypoint[2 * i + 1] = advice.waypoint_body.y;
  buffers_.remaining[i] = advice.remaining;
  write_expert_path(environment, worker);
  float* truth = buffers_.paper_truth.data() + ShownDrawing::kTruth * i;
  if (settings_.with_drawings && settings_.drawing_mode == DrawingMode::kOwn) {
    row.shown.write_truth(pose, truth);
  } else {
    std::fill(truth, truth + ShownDrawing::kTruth, 0.0f);
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
                   walks_[i].progress, *row.truth->to_goal, pose.position, nav::ExpertPathSettings{}, points);
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
  const EpisodeSlot& slot = slots_[i];
  Row& row = rows_[i];
  const std::size_t size = row.drawing->planes.planes.size();
  INKNAV_CHECK(size * slots_.size() == buffers_.planes.size(), size, buffers_.planes.size());
  const auto global = static_cast<std::uint32_t>(settings_.first_env + environment);
  const bool varied = varies_drawings();
  row.shown.show(row.drawing, varied ? settings_.drawing_variation : 0.0f,
                 {settings_.seed, global, slot.draws, 0, base::Purpose::kAugmentation});
  row.shown.write(buffers_.planes.data() + i * size, buffers_.marks.data() + ShownDrawing::kMarks * i);
  if (settings_.drawing_mode == DrawingMode::kNone) {
    buffers_.serial[i] = 0;
  } else if (varied) {
    buffers_.serial[i] = (std::int64_t{global} + 1) << 32 | slot.draws;
  } else {
    buffers_.serial[i] = static_cast<std::int64_t>(drawing_of(slot.episode)) + 1;
  }
}

}  // namespace inknav::task
