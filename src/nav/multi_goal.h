// SPDX-License-Identifier: MIT
#pragma once
// MultiGoal: which of several goals is nearest along Detour's paths, as Habitat's multi-goal shortest path
// (spec/habitat.md 1). A goal is searched for only if its lower bound may beat the best: the straight line,
// or what the last search found less the way moved since. Detour's path is not always the shortest, so the
// second bound can skip a goal that a new search would call nearer by a little; so it is in Habitat.
//
// Goals that do not project are skipped; without any, and from a start that does not project, the distance is
// infinite and the goal -1. One path search for each goal looked at.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/geometry.h"
#include "nav/nav_mesh.h"

namespace inknav::nav {

class MultiGoal {
 public:
  MultiGoal(NavQuery& query, std::span<const base::Vec3> goals);

  struct Nearest {
    int goal = -1;      // index among the goals given
    GeodesicPath path;  // to it
  };
  /// `query` on the mesh of the constructor's.
  Nearest nearest(NavQuery& query, const base::Vec3& from);
  /// nearest().path.length, bit for bit, without allocation; the two may take turns.
  float nearest_length(NavQuery& query, const base::Vec3& from);
  std::int64_t num_searches() const { return num_searches_; }

  /// What it remembers of earlier searches, for checkpoints: with the same goals, bounds and last start the
  /// answers go on as they would have. `bounds` must have bounds().size() entries.
  std::vector<float> bounds() const;
  const std::optional<base::Vec3>& last_start() const { return last_start_; }
  void restore(std::span<const float> bounds, const std::optional<base::Vec3>& last_start);

 private:
  struct Goal {
    base::Vec3 position{0.0f};
    int index = 0;
    float bound = 0.0f;  // metres, from last_start_
  };
  void update_bounds(const base::Vec3& from);
  /// The nearest goal's place in goals_ and its distance; -1 and infinity without one. `path`, where it is
  /// wanted, becomes the way to it.
  int search(NavQuery& query, const base::Vec3& from, float& length, GeodesicPath* path);

  std::vector<Goal> goals_;  // those that project
  std::optional<base::Vec3> last_start_;
  std::vector<std::size_t> order_;
  std::int64_t num_searches_ = 0;
};

}  // namespace inknav::nav
