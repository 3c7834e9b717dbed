// SPDX-License-Identifier: MIT
#pragma once
// Route: the polyline that was drawn, in the world, and progress along it with memory.
//
// Progress is an arc length that only looks a short way ahead and back from where it was, so a route that
// crosses itself never lets progress jump. advise() is the expert: it walks the route with the discrete
// actions and says STOP at its end. It aims at a point of the route that it sees, and walks back to the route
// by the shortest way when it sees none (never straight through a wall).
//
// The heading it chooses depends on where the agent stands, not on where it looks, so turning on the spot
// never swings back and forth; a heading is chosen only if a simulated step that way makes headway.
// O(1) a step on the route, one path search off it; no allocation.

#include <optional>
#include <vector>

#include "base/geometry.h"
#include "nav/distance_field.h"
#include "nav/nav_mesh.h"

namespace inknav::nav {

/// The task's action ids (spec/habitat.md 3).
enum class Action : int { kStop = 0, kForward = 1, kTurnLeft = 2, kTurnRight = 3 };
inline constexpr int kNumActions = 4;

class Route {
 public:
  Route() = default;
  /// Points on the mesh, at least one; consecutive duplicates are dropped.
  explicit Route(std::vector<base::Vec3> points);

  float length() const;
  const std::vector<base::Vec3>& points() const { return points_; }
  base::Vec3 at(float arc_length) const;  // clamped to [0, length]
  struct Nearest {
    float arc_length = 0.0f;
    float distance = 0.0f;  // horizontal, metres
  };
  /// Nearest point with arc length in [from, to].
  Nearest nearest(const base::Vec3& p, float from, float to) const;

 private:
  std::vector<base::Vec3> points_;
  std::vector<float> cumulative_;
};

struct RouteProgress {
  float arc_length = 0.0f;  // metres walked along the route, never jumps
  float distance = 0.0f;    // metres off the route
};
/// Moves `progress` to the agent's new position; looks at most `window` metres back and ahead.
void advance(const Route& route, const base::Vec3& position, float window, RouteProgress& progress);

/// Arc length of the farthest point of the route that is in sight, at most `lookahead` metres after
/// `arc_length`; nullopt if not even the point at `arc_length` is.
std::optional<float> sight_along(NavQuery& query, const NavPoint& agent, const Route& route, float arc_length,
                                 float lookahead);

struct ExpertSettings {
  float forward_step = 0.25f;      // metres
  float turn_angle = 0.17453293f;  // radians
  float stop_distance = 0.2f;      // metres to the end of the route at which the expert says STOP
  float lookahead = 0.75f;         // metres along the route of the point it heads for
  bool allow_sliding = true;       // as the body moves
};

struct ExpertAdvice {
  Action action = Action::kStop;
  base::Vec2 waypoint_body{0.0f, 0.0f};  // (right, forward) metres: the point it heads for
  float remaining = 0.0f;                // metres still to walk (route remainder + way back to the route)
};

/// What the expert does at `pose`. `to_goal` is the distance field of the goal, followed where no way leads
/// back to the route; STOP where it gives no way either.
/// Law: repeating the advised action reaches the end of the route and stops there.
ExpertAdvice advise(NavQuery& query, const Route& route, const RouteProgress& progress,
                    const DistanceField& to_goal, const base::Pose& pose_world_agent,
                    const ExpertSettings& settings);

}  // namespace inknav::nav
