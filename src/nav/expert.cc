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
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int kBisections = 5;
/// Route left (metres beyond the stop distance) at which nearness to the end may mean arrival: a route that
/// passes its own end earlier is not finished there.
constexpr float kLastStretch = 0.5f;
/// In stop distances: so little of the route is left that the end is there even if a corner hides it.
constexpr float kShortWay = 1.5f;

float plane_distance(const Vec3& a, const Vec3& b) { return std::hypot(a.x - b.x, a.z - b.z); }

struct Target {
  Vec3 point{0.0f};
  float remaining = 0.0f;  // metres to walk by way of the point
};

/// Farthest point of the route within the lookahead that is in sight; nullopt if not even the nearest is.
std::optional<Target> point_in_sight(NavQuery& query, const NavPoint& agent, const Route& route,
                                     float arc_length, const ExpertSettings& settings) {
  const auto s = sight_along(query, agent, route, arc_length, settings.lookahead);
  if (!s) return std::nullopt;
  const Vec3 point = route.at(*s);
  return Target{point, route.length() - *s + glm::length(point - agent.position)};
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
    return Target{agent.position + share * (leg->corner - agent.position), left + leg->length};
  }
  const base::Vec2 way = to_goal.descent(agent.position);
  if (way == base::Vec2(0.0f)) return std::nullopt;
  return Target{agent.position + settings.lookahead * Vec3(way.x, 0.0f, way.y), to_goal.at(agent.position)};
}

/// The headings the agent can reach by turning, numbered 0 to n - 1 to the left from one near +Y's zero.
/// Their angles are rounded so that they do not depend on the one it has now: what a step would do is then
/// computed from the same bits while it turns, and the choice stays.
class Headings {
 public:
  Headings(NavQuery& query, const NavPoint& agent, const Route& route, const RouteProgress& progress,
           const DistanceField& to_goal, const Target& target, const ExpertSettings& settings, float yaw)
      : query_(query),
        agent_(agent),
        route_(route),
        progress_(progress),
        to_goal_(to_goal),
        target_(target),
        settings_(settings) {
    const float turn = settings.turn_angle;
    count_ = std::max(1, static_cast<int>(std::lround(2.0f * base::kPi / turn)));
    const float phase = yaw - turn * std::floor(yaw / turn);
    first_ = kAngleStep * std::round(phase / kAngleStep);
    if (first_ > turn - 0.5f * kAngleStep) first_ = 0.0f;
    now_ = wrap(static_cast<int>(std::lround((yaw - first_) / turn)));
  }

  Action choose() const {
    const int turns = wrap(best() - now_);
    if (turns == 0) return Action::kForward;
    return 2 * turns <= count_ ? Action::kTurnLeft : Action::kTurnRight;
  }

 private:
  static constexpr float kAngleStep = 1.0e-3f;  // radians

  int wrap(int heading) const { return ((heading % count_) + count_) % count_; }

  int best() const {
    const Vec3 way = target_.point - agent_.position;
    const float wanted = (std::atan2(-way.x, -way.z) - first_) / settings_.turn_angle;
    const auto near = static_cast<int>(std::lround(wanted));
    const float offset = wanted - static_cast<float>(near);
    const int beside = near + (offset >= 0.0f ? 1 : -1);
    const bool tie = std::abs(offset) > 0.5f - kTie;
    const bool swapped = tie && wrap(beside) == now_;
    if (makes_headway(swapped ? beside : near)) return swapped ? beside : near;
    if (tie && makes_headway(swapped ? near : beside)) return swapped ? near : beside;
    return search(near);
  }

  /// Where a step leads at this heading turned by `aside` radians. A heading is judged by the worse of two,
  /// kAngleStep to either side: along a wall the last bit decides between passing and stopping.
  NavPoint after_step(int heading, float aside) const {
    const float yaw = first_ + static_cast<float>(wrap(heading)) * settings_.turn_angle + aside;
    const Vec3 aim = agent_.position + settings_.forward_step * base::forward_from_yaw(yaw);
    return query_.step(agent_, aim, settings_.allow_sliding);
  }

  bool makes_headway(int heading) const {
    const float before = plane_distance(target_.point, agent_.position);
    if (before < settings_.forward_step) return false;
    for (const float aside : {-kAngleStep, kAngleStep}) {
      const float after = plane_distance(target_.point, after_step(heading, aside).position);
      if (before - after < kHeadway * settings_.forward_step) return false;
    }
    return true;
  }

  /// Metres still to walk from `place`; infinity where no way leads on from it.
  float remaining_from(const NavPoint& place) const {
    RouteProgress progress = progress_;
    advance(route_, place.position, settings_.lookahead, progress);
    if (const auto target = point_in_sight(query_, place, route_, progress.arc_length, settings_)) {
      return target->remaining;
    }
    const auto target = way_back(query_, place, route_, progress, to_goal_, settings_);
    return target ? target->remaining : kInfinity;
  }

  int search(int near) const {
    float least = kInfinity;
    int best = near;
    for (int i = 0; i < count_; ++i) {
      const int heading = near + (i % 2 == 1 ? (i + 1) / 2 : -i / 2);
      float remaining = 0.0f;
      for (const float aside : {-kAngleStep, kAngleStep}) {
        const NavPoint place = after_step(heading, aside);
        const bool blocked =
            plane_distance(place.position, agent_.position) < kBlocked * settings_.forward_step;
        remaining = std::max(remaining, blocked ? kInfinity : remaining_from(place));
        if (remaining >= least) break;
      }
      if (remaining >= least) continue;
      least = remaining;
      best = heading;
    }
    return best;
  }

  NavQuery& query_;
  const NavPoint& agent_;
  const Route& route_;
  const RouteProgress& progress_;
  const DistanceField& to_goal_;
  const Target& target_;
  const ExpertSettings& settings_;
  int count_ = 1;
  float first_ = 0.0f;  // radians, of heading 0
  int now_ = 0;
};

}  // namespace

std::optional<float> sight_along(NavQuery& query, const NavPoint& agent, const Route& route, float arc_length,
                                 float lookahead) {
  const float end = std::min(arc_length + lookahead, route.length());
  if (query.is_clear(agent, route.at(end))) return end;
  if (!query.is_clear(agent, route.at(arc_length))) return std::nullopt;
  float seen = arc_length;
  float hidden = end;
  for (int i = 0; i < kBisections; ++i) {
    const float middle = 0.5f * (seen + hidden);
    (query.is_clear(agent, route.at(middle)) ? seen : hidden) = middle;
  }
  return seen;
}

ExpertAdvice advise(NavQuery& query, const Route& route, const RouteProgress& progress,
                    const DistanceField& to_goal, const base::Pose& pose_world_agent,
                    const ExpertSettings& settings) {
  ExpertAdvice advice;
  advice.remaining = kInfinity;
  const std::optional<NavPoint> agent = query.locate(pose_world_agent.position);
  if (!agent) return advice;
  std::optional<Target> target = point_in_sight(query, *agent, route, progress.arc_length, settings);
  if (!target) target = way_back(query, *agent, route, progress, to_goal, settings);
  if (!target) return advice;
  advice.waypoint_body = base::world_to_body(pose_world_agent, target->point);
  advice.remaining = target->remaining;
  const Vec3& end = route.points().back();
  const float left = route.length() - progress.arc_length;
  const bool at_end = plane_distance(end, agent->position) <= settings.stop_distance;
  const bool short_way = left + progress.distance <= kShortWay * settings.stop_distance;
  if (at_end &&
      (short_way || (left <= settings.stop_distance + kLastStretch && query.is_clear(*agent, end)))) {
    return advice;
  }
  const float yaw = base::yaw_from_rotation(pose_world_agent.rotation);
  advice.action = Headings(query, *agent, route, progress, to_goal, *target, settings, yaw).choose();
  return advice;
}

}  // namespace inknav::nav
