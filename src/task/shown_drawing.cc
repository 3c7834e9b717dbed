// SPDX-License-Identifier: MIT
#include "task/shown_drawing.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace inknav::task {

void ShownDrawing::show(std::shared_ptr<const DrawingReading> reading, float variation,
                        const base::PhiloxKey& key) {
  reading_ = std::move(reading);
  varied_ = variation > 0.0f;
  variation_ = varied_ ? sketch::Variation(reading_->planes, variation, key) : sketch::Variation();
}

void ShownDrawing::write(std::uint8_t* planes, float* marks) const {
  const sketch::ReadPlanes& read = reading_->planes;
  if (varied_) {
    variation_.apply(read, planes);
  } else {
    std::copy(read.planes.begin(), read.planes.end(), planes);
  }
  const sketch::Mark start = variation_.apply(read.start), goal = variation_.apply(read.goal);
  marks[0] = start.position.x;
  marks[1] = start.position.y;
  marks[2] = start.heading;
  marks[3] = start.has_heading ? 1.0f : 0.0f;
  marks[4] = goal.position.x;
  marks[5] = goal.position.y;
  marks[6] = goal.present ? 1.0f : 0.0f;
  marks[7] = start.present ? 1.0f : 0.0f;
}

void ShownDrawing::write_truth(const base::Pose& pose_world_agent, float* truth) const {
  std::fill(truth, truth + kTruth, 0.0f);
  const sketch::Correspondence& map = reading_->correspondence;
  if (map.empty()) return;
  const base::Vec2 place(pose_world_agent.position.x, pose_world_agent.position.z);
  const base::Vec2 drawn = map.to_paper(place);
  const glm::mat2 paper_per_metre = variation_.jacobian(drawn) * map.jacobian(place);
  const float yaw = base::yaw_from_rotation(pose_world_agent.rotation), c = std::cos(yaw), s = std::sin(yaw);
  *truth++ = 1.0f;
  for (const base::Vec2& v : {variation_.to_varied(drawn), paper_per_metre * base::Vec2(c, -s),
                              paper_per_metre * base::Vec2(-s, -c)}) {
    *truth++ = v.x;
    *truth++ = v.y;
  }
}

}  // namespace inknav::task
