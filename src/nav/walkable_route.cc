// SPDX-License-Identifier: MIT
#include "nav/walkable_route.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "nav/distance_field.h"
#include "nav/route.h"

namespace inknav::nav {
namespace {

using base::Vec3;

constexpr float kSpacing = 0.2f;     // metres between the points of the band
constexpr int kRounds = 24;          // of pulling and pushing
constexpr float kPull = 0.5f;        // share of the way to the neighbours' middle, a round
constexpr float kPush = 0.6f;        // share of the missing clearance, a round
constexpr float kProbe = 0.05f;      // metres, to find the open side of a point on a wall
constexpr float kTolerance = 0.03f;  // metres by which dropping a point may move the way
constexpr int kMaxDetour = 64;       // corners put in where a piece of the band is not walkable

float distance_to_line(const Vec3& p, const Vec3& a, const Vec3& b) {
  const Vec3 e = b - a;
  const float d = glm::dot(e, e);
  const float t = d > 0.0f ? std::clamp(glm::dot(p - a, e) / d, 0.0f, 1.0f) : 0.0f;
  return glm::length(p - (a + t * e));
}

class Band {
 public:
  Band(NavQuery& query, float clearance) : query_(query), clearance_(clearance) {}

  /// Points along a polyline on the mesh; the polyline's own corners need not be among them.
  bool lay(const std::vector<Vec3>& corners) {
    const Route route(corners);
    const int pieces = std::max(1, static_cast<int>(std::ceil(route.length() / kSpacing)));
    for (int i = 0; i <= pieces; ++i) {
      const auto point =
          query_.locate(route.at(route.length() * static_cast<float>(i) / static_cast<float>(pieces)));
      if (!point) return false;
      points_.push_back(*point);
    }
    return true;
  }

  void relax() {
    for (int round = 0; round < kRounds; ++round) {
      for (std::size_t i = 1; i + 1 < points_.size(); ++i) {
        const Vec3& p = points_[i].position;
        const Vec3 middle = 0.5f * (points_[i - 1].position + points_[i + 1].position);
        Vec3 move = kPull * (middle - p);
        move.y = 0.0f;
        points_[i] = query_.step(points_[i], p + move + push(points_[i]), true);
      }
    }
  }

  /// The band without the points that a straight piece can do without.
  std::vector<Vec3> simplified() {
    std::vector<Vec3> route{points_.front().position};
    keep(0, points_.size() - 1, route);
    return route;
  }

 private:
  Vec3 push(const NavPoint& point) {
    const NavQuery::Wall wall = query_.nearest_wall(point, clearance_);
    if (wall.distance >= clearance_) return Vec3(0.0f);
    const Vec3 away = wall.away == Vec3(0.0f) ? open_side(point) : wall.away;
    return kPush * (clearance_ - wall.distance) * Vec3(away.x, 0.0f, away.z);
  }

  Vec3 open_side(const NavPoint& point) {
    Vec3 best(0.0f);
    float widest = 0.0f;
    for (int i = 0; i < 8; ++i) {
      const Vec3 way = base::forward_from_yaw(0.25f * base::kPi * static_cast<float>(i));
      const NavPoint aside = query_.step(point, point.position + kProbe * way, true);
      const float room = query_.nearest_wall(aside, clearance_).distance;
      if (room <= widest) continue;
      widest = room;
      best = way;
    }
    return best;
  }

  void keep(std::size_t first, std::size_t last, std::vector<Vec3>& route) {
    const NavPoint& a = points_[first];
    const Vec3& b = points_[last].position;
    float worst = -1.0f;
    std::size_t middle = first;
    for (std::size_t i = first + 1; i < last; ++i) {
      const float off = distance_to_line(points_[i].position, a.position, b);
      if (off <= worst) continue;
      worst = off;
      middle = i;
    }
    if (worst <= kTolerance && query_.is_clear(a, b)) {
      route.push_back(b);
    } else if (middle == first) {
      walk_around(a, points_[last], route);
    } else {
      keep(first, middle, route);
      keep(middle, last, route);
    }
  }

  void walk_around(NavPoint a, const NavPoint& b, std::vector<Vec3>& route) {
    for (int i = 0; i < kMaxDetour && !query_.is_clear(a, b.position); ++i) {
      const auto leg = query_.first_leg(a, b.position);
      if (!leg) break;
      const auto corner = query_.locate(leg->corner);
      if (!corner || leg->corner == b.position) break;
      // A corner lies on the wall; a little beside it both ways can be walked.
      a = query_.step(*corner, corner->position + kProbe * open_side(*corner), true);
      route.push_back(a.position);
    }
    route.push_back(b.position);
  }

  NavQuery& query_;
  float clearance_;
  std::vector<NavPoint> points_;
};

}  // namespace

std::vector<Vec3> walkable_route(NavQuery& query, const Vec3& from, const Vec3& to, float clearance) {
  const std::optional<NavPoint> start = query.project(from);
  const std::optional<NavPoint> end = query.project(to);
  if (!start || !end || query.mesh().island_of(start->poly) != query.mesh().island_of(end->poly)) return {};
  const std::array<Vec3, 1> goals = {end->position};
  std::vector<Vec3> corners = DistanceField::compute(query, goals)->way(start->position);
  if (corners.empty()) return {};
  Band band(query, clearance);
  if (!band.lay(corners)) return {};
  if (clearance > 0.0f) band.relax();
  return band.simplified();
}

}  // namespace inknav::nav
