// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <optional>

#include "nav/route.h"

namespace inknav::nav {
namespace {

using base::Vec3;

/// A step counts as headway when it comes nearer to the target by this part of its length.
constexpr float kHeadway = 0.3f;
/// In turns: both headings beside the target's direction are equally good within this of the middle.
constexpr float kTie = 0.02f;
constexpr int kBisections = 5;
/// Route left (metres beyond the stop distance) at which nearness to the end may mean arrival: a route that
/// passes its own end earlier is not finished there.
constexpr float kLastStretch = 0.5f;

float plane_distance(const Vec3& a, const Vec3& b) { return std::hypot(a.x - b.x, a.z - b.z); }

struct Target {
  Vec3 point{0.0f};
  float remaining = 0.0f;
  bool is_end = false;  // the end of the route, in sight
};

/// Farthest point of the route within the lookahead that is in sight; nullopt if not even the nearest is.
std::optional<Target> point_in_sight(NavQuery& query, const NavPoint& agent, const Route& route,
                                     const RouteProgress& progress, const ExpertSettings& settings) {
  const float begin = progress.arc_length;
  const float end = std::min(begin + settings.lookahead, route.length());
  const float remaining = route.length() - begin + progress.distance;
  if (query.is_clear(agent, route.at(end))) return Target{route.at(end), remaining, end >= route.length()};
  if (!query.is_clear(agent, route.at(begin))) return std::nullopt;
  float seen = begin;
  float hidden = end;
  for (int i = 0; i < kBisections; ++i) {
    const float middle = 0.5f * (seen + hidden);
    (query.is_clear(agent, route.at(middle)) ? seen : hidden) = middle;
  }
  return Target{route.at(seen), remaining, false};
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

/// The headings the agent can reach by turning, numbered from its own; chooses one from which a step
/// brings it nearer to a target.
class Headings {
 public:
  Headings(NavQuery& query, const NavPoint& agent, float yaw, const Vec3& target,
           const ExpertSettings& settings)
      : query_(query), agent_(agent), yaw_(yaw), target_(target), settings_(settings) {}

  int best() const {
    const Vec3 way = target_ - agent_.position;
    const float error = base::wrap_angle(std::atan2(-way.x, -way.z) - yaw_) / settings_.turn_angle;
    const int near = static_cast<int>(std::lround(error));
    const float offset = error - static_cast<float>(near);
    const int beside = near + (offset >= 0.0f ? 1 : -1);
    const bool tie = std::abs(offset) > 0.5f - kTie;
    const int first = tie && beside == 0 ? 0 : near;
    const float enough =
        kHeadway * std::min(settings_.forward_step, plane_distance(target_, agent_.position));
    if (gain(first) >= enough) return first;
    if (tie && gain(first == near ? beside : near) >= enough) return first == near ? beside : near;
    return widest_search(near, first);
  }

 private:
  /// Metres by which a step at heading k comes nearer to the target.
  float gain(int k) const {
    const float yaw = yaw_ + static_cast<float>(k) * settings_.turn_angle;
    const Vec3 aim = agent_.position + settings_.forward_step * base::forward_from_yaw(yaw);
    const NavPoint reached = query_.step(agent_, aim, settings_.allow_sliding);
    return plane_distance(target_, agent_.position) - plane_distance(target_, reached.position);
  }

  int widest_search(int near, int fallback) const {
    const int reach = static_cast<int>(base::kPi / settings_.turn_angle);
    float best_gain = 1.0e-3f;
    int best = fallback;
    for (int away = 0; away <= reach; ++away) {
      for (const int k : {near + away, near - away}) {
        const float here = gain(k);
        if (here <= best_gain + 1.0e-4f) continue;
        best_gain = here;
        best = k;
      }
    }
    return best;
  }

  NavQuery& query_;
  const NavPoint& agent_;
  float yaw_;
  const Vec3& target_;
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
  std::optional<Target> target = point_in_sight(query, *agent, route, progress, settings);
  if (!target) target = way_back(query, *agent, route, progress, to_goal, settings);
  if (!target) return advice;
  advice.waypoint_body = base::world_to_body(pose_world_agent, target->point);
  advice.remaining = target->remaining;
  const Vec3& end = route.points().back();
  const bool last_stretch = route.length() - progress.arc_length <= settings.stop_distance + kLastStretch;
  if (last_stretch && plane_distance(end, agent->position) <= settings.stop_distance &&
      (target->is_end || query.is_clear(*agent, end))) {
    return advice;
  }
  const float yaw = base::yaw_from_rotation(pose_world_agent.rotation);
  advice.action =
      turn_towards(Headings(query, *agent, yaw, target->point, settings).best(), settings.turn_angle);
  return advice;
}

}  // namespace inknav::nav
