// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "nav/route.h"

namespace inknav::nav {
namespace {

using base::Vec3;

/// A step towards a target at least a step away counts as headway when it comes nearer by this part of
/// itself.
constexpr float kHeadway = 0.5f;
/// A step that moves the body by less than this part of itself is no step.
constexpr float kBlocked = 0.2f;
/// In turns: both headings beside the target's direction are equally good within this of the middle.
constexpr float kTie = 0.02f;
constexpr int kBisections = 5;
/// Route left (metres beyond the stop distance) at which nearness to the end may mean arrival: a route that
/// passes its own end earlier is not finished there.
constexpr float kLastStretch = 0.5f;

float plane_distance(const Vec3& a, const Vec3& b) { return std::hypot(a.x - b.x, a.z - b.z); }

struct Target {
  Vec3 point{0.0f};
  float remaining = 0.0f;  // metres to walk by way of the point
  bool on_route = true;
};

/// Farthest point of the route within the lookahead that is in sight; nullopt if not even the nearest is.
std::optional<Target> point_in_sight(NavQuery& query, const NavPoint& agent, const Route& route,
                                     float arc_length, const ExpertSettings& settings) {
  const auto target_at = [&](float s) {
    const Vec3 point = route.at(s);
    return Target{point, route.length() - s + glm::length(point - agent.position), true};
  };
  const float end = std::min(arc_length + settings.lookahead, route.length());
  if (query.is_clear(agent, route.at(end))) return target_at(end);
  if (!query.is_clear(agent, route.at(arc_length))) return std::nullopt;
  float seen = arc_length;
  float hidden = end;
  for (int i = 0; i < kBisections; ++i) {
    const float middle = 0.5f * (seen + hidden);
    (query.is_clear(agent, route.at(middle)) ? seen : hidden) = middle;
  }
  return target_at(seen);
}

/// Where to go from a place that does not see the route.
std::optional<Target> way_back(NavQuery& query, const NavPoint& agent, const Route& route,
                               const RouteProgress& progress, const DistanceField& to_goal,
                               const ExpertSettings& settings) {
  const float left = route.length() - progress.arc_length;
  const auto leg = query.first_leg(agent, route.at(progress.arc_length));
  if (leg) {
    const float distance = glm::length(leg->corner - agent.position);
    const float share = distance > settings.lookahead ? settings.lookahead / distance : 1.0f;
    return Target{agent.position + share * (leg->corner - agent.position), left + leg->length, false};
  }
  const base::Vec2 way = to_goal.descent(agent.position);
  if (way == base::Vec2(0.0f)) return std::nullopt;
  return Target{agent.position + settings.lookahead * Vec3(way.x, 0.0f, way.y), to_goal.at(agent.position),
                false};
}

/// The headings the agent can reach by turning, numbered from its own. The choice is a function of the place
/// and of the set of headings, not of the present one.
class Headings {
 public:
  Headings(NavQuery& query, const NavPoint& agent, const Route& route, const RouteProgress& progress,
           const Target& target, const ExpertSettings& settings)
      : query_(query),
        agent_(agent),
        route_(route),
        progress_(progress),
        target_(target),
        settings_(settings) {}

  int best(float yaw) const {
    const Vec3 way = target_.point - agent_.position;
    const float error = base::wrap_angle(std::atan2(-way.x, -way.z) - yaw) / settings_.turn_angle;
    const int near = static_cast<int>(std::lround(error));
    const float offset = error - static_cast<float>(near);
    const int beside = near + (offset >= 0.0f ? 1 : -1);
    const bool tie = std::abs(offset) > 0.5f - kTie;
    const int first = tie && beside == 0 ? beside : near;
    const int second = first == near ? beside : near;
    if (makes_headway(yaw, first)) return first;
    if (tie && makes_headway(yaw, second)) return second;
    return search(yaw, near, first);
  }

 private:
  NavPoint after_step(float yaw, int k) const {
    const float heading = yaw + static_cast<float>(k) * settings_.turn_angle;
    const Vec3 aim = agent_.position + settings_.forward_step * base::forward_from_yaw(heading);
    return query_.step(agent_, aim, settings_.allow_sliding);
  }

  bool makes_headway(float yaw, int k) const {
    const float before = plane_distance(target_.point, agent_.position);
    if (before < settings_.forward_step) return false;
    return before - plane_distance(target_.point, after_step(yaw, k).position) >=
           kHeadway * settings_.forward_step;
  }

  /// Metres still to walk after standing at `place`; infinity where it sees neither route nor target.
  float remaining_from(const NavPoint& place) const {
    if (!target_.on_route) {
      return query_.is_clear(place, target_.point) ? plane_distance(place.position, target_.point)
                                                   : std::numeric_limits<float>::infinity();
    }
    RouteProgress progress = progress_;
    advance(route_, place.position, settings_.lookahead, progress);
    const auto target = point_in_sight(query_, place, route_, progress.arc_length, settings_);
    return target ? target->remaining : std::numeric_limits<float>::infinity();
  }

  int search(float yaw, int near, int fallback) const {
    const int reach = static_cast<int>(base::kPi / settings_.turn_angle);
    float least = std::numeric_limits<float>::infinity();
    int best = fallback;
    for (int away = 0; away <= reach; ++away) {
      for (const int k : {near + away, near - away}) {
        const NavPoint place = after_step(yaw, k);
        if (plane_distance(place.position, agent_.position) < kBlocked * settings_.forward_step) continue;
        const float remaining = remaining_from(place);
        if (remaining >= least - 1.0e-4f) continue;
        least = remaining;
        best = k;
      }
    }
    return best;
  }

  NavQuery& query_;
  const NavPoint& agent_;
  const Route& route_;
  const RouteProgress& progress_;
  const Target& target_;
  const ExpertSettings& settings_;
};

Action turn_towards(int heading, float turn_angle) {
  if (heading == 0) return Action::kForward;
  const float angle = base::wrap_angle(static_cast<float>(heading) * turn_angle);
  if (std::abs(angle) < 0.25f * turn_angle) return Action::kForward;
  return angle > 0.0f ? Action::kTurnLeft : Action::kTurnRight;
}

}  // namespace

ExpertAdvice advise(NavQuery& query, const Route& route, const RouteProgress& progress,
                    const DistanceField& to_goal, const base::Pose& pose_world_agent,
                    const ExpertSettings& settings) {
  ExpertAdvice advice;
  advice.remaining = std::numeric_limits<float>::infinity();
  const std::optional<NavPoint> agent = query.locate(pose_world_agent.position);
  if (!agent) return advice;
  std::optional<Target> target = point_in_sight(query, *agent, route, progress.arc_length, settings);
  if (!target) target = way_back(query, *agent, route, progress, to_goal, settings);
  if (!target) return advice;
  advice.waypoint_body = base::world_to_body(pose_world_agent, target->point);
  advice.remaining = target->remaining;
  const Vec3& end = route.points().back();
  const bool last_stretch = route.length() - progress.arc_length <= settings.stop_distance + kLastStretch;
  if (last_stretch && plane_distance(end, agent->position) <= settings.stop_distance &&
      query.is_clear(*agent, end)) {
    return advice;
  }
  const float yaw = base::yaw_from_rotation(pose_world_agent.rotation);
  const Headings headings(query, *agent, route, progress, *target, settings);
  advice.action = turn_towards(headings.best(yaw), settings.turn_angle);
  return advice;
}

}  // namespace inknav::nav
