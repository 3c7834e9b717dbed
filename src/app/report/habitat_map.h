// SPDX-License-Identifier: MIT
#pragma once
// HabitatMap: the top-down map of a walk in one of Habitat's tasks, as a picture: what
// task/habitat/top_down_map.h knows, in the colours of habitat-lab, with the agent on it.
//
// What lies outside the floor is white, the floor grey, with fog of war darker where it was not seen yet; the
// way changes from blue to red as the steps run out. North (-z) is up. A step costs what TopDownMap's does; a
// picture a pass over all cells. Not thread-safe.

#include <utility>
#include <vector>

#include "app/report/html_report.h"
#include "base/geometry.h"
#include "base/result.h"
#include "nav/nav_mesh.h"
#include "scene/image.h"
#include "task/habitat/top_down_map.h"

namespace inknav::app {

/// What an episode has for the map. Goals, view points and boxes of other storeys are left out.
struct HabitatMarks {
  base::Pose start;
  std::vector<base::Vec3> goals;
  std::vector<base::Vec3> view_points;
  std::vector<base::Aabb> boxes;  // of goals that are objects
  std::vector<base::Vec3> shortest_path;
};

/// And what is shown of it: Habitat's TOP_DOWN_MAP.
struct HabitatMapSettings {
  task::habitat::TopDownMapSettings map;
  bool start = true;
  bool goals = true;
  bool view_points = true;
  bool boxes = true;
  bool shortest_path = true;
};

class HabitatMap {
 public:
  /// For pictures of `side` pixels: with the settings' cells across the shorter side, fewer where the picture
  /// could not show them. kUsage as TopDownMap::create.
  static base::Result<HabitatMap> create(const nav::NavMeshPtr& mesh, const HabitatMarks& marks,
                                         const HabitatMapSettings& settings, int side);

  /// Step 1, 2, ... led here.
  void step(const base::Pose& pose_world_agent);
  /// side x side, the map as large as it fits in, on white.
  scene::Image picture() const;

 private:
  HabitatMap(task::habitat::TopDownMap map, const base::Pose& start, int side)
      : map_(std::move(map)), pose_(start), side_(side) {}

  task::habitat::TopDownMap map_;
  base::Pose pose_;
  int side_;
  int steps_ = 0;
};

/// What its colours mean; `object_goals`: there may be view points and boxes.
std::vector<LegendEntry> habitat_legend(const HabitatMapSettings& settings, bool object_goals);

}  // namespace inknav::app
