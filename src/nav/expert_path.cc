// SPDX-License-Identifier: MIT
#include "nav/expert_path.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>

#include "base/check.h"

namespace inknav::nav {
namespace {

using base::Vec3;

constexpr float kReached = 1.0e-3f;   // metres: nearer is there
constexpr int kMaxLegs = 4;           // straight pieces of the way between two points
constexpr int kHalvings = 4;          // of a step that a wall would cut
constexpr float kBeside = 0.05f;      // metres from the border at which the way goes round a corner
constexpr float kStraight = 1.0e-3f;  // sine of a bend that is none
constexpr float kOffset = 5.0e-3f;  // metres in the plane by which a place on a clear way may be off the mesh
constexpr int kAsides = 8;          // ways to step aside
constexpr float kSettled = 0.5f;    // metres of room that are enough
constexpr std::size_t kMaxCorners = 16;

float plane_distance(const Vec3& a, const Vec3& b) { return std::hypot(a.x - b.x, a.z - b.z); }

class Walker {
 public:
  Walker(NavQuery& query, const Route& route, const RouteProgress& progress, const DistanceField& to_goal,
         const NavPoint& start, const ExpertPathSettings& settings)
      : query_(query),
        route_(route),
        to_goal_(to_goal),
        settings_(settings),
        at_(start),
        progress_(progress) {}

  const Vec3& position() const { return at_.position; }

  /// Walks `spacing` metres, less where the chord of a bent way would cut a wall or where the way ends.
  void walk() {
    const NavPoint from = at_;
    float left = settings_.spacing;
    for (int leg = 0; leg < kMaxLegs && left > kReached && !ended_; ++leg) {
      const std::optional<Aim> aim = choose_aim();
      if (!aim) return;
      const float distance = plane_distance(aim->point, at_.position);
      const float length = std::min(left, distance);
      const auto next = place_towards(*aim, distance, length);
      if (!next || (leg > 0 && !query_.is_clear(from, next->position))) return;
      ended_ = aim->is_end && plane_distance(aim->point, next->position) <= kReached;
      left -= std::max(plane_distance(at_.position, next->position), kReached);
      move_to(*next);
    }
  }

 private:
  struct Aim {
    Vec3 point{0.0f};
    bool is_end = false;   // the way ends there
    bool in_sight = true;  // known to be
  };

  std::optional<Aim> choose_aim() {
    float around = progress_.arc_length;  // arc length of the place to search a path to
    const auto seen = sight_along(query_, at_, route_, progress_.arc_length, settings_.lookahead);
    if (seen) {
      const Aim aim{route_.at(*seen), *seen >= route_.length(), true};
      if (aim.is_end || plane_distance(aim.point, at_.position) > kReached) {
        num_corners_ = 0;
        return aim;
      }
      around = std::min(progress_.arc_length + settings_.lookahead, route_.length());
    }
    if (const auto corner = corner_towards(route_.at(around))) return Aim{*corner, false, false};
    const base::Vec2 way = to_goal_.descent(at_.position);
    const float distance = std::min(to_goal_.at(at_.position), settings_.spacing);
    if (way == base::Vec2(0.0f) || !(distance > kReached)) return std::nullopt;
    return Aim{at_.position + distance * Vec3(way.x, 0.0f, way.y), distance < settings_.spacing, false};
  }

  /// Next corner of the shortest way to `place`, searched for once and then kept.
  std::optional<Vec3> corner_towards(const Vec3& place) {
    skip_reached();
    if (corner_ >= num_corners_) {
      const auto found = query_.corners(at_, place);
      num_corners_ = std::min(found.size(), kMaxCorners);
      std::copy_n(found.begin(), num_corners_, corners_.begin());
      corner_ = 0;
      move_off_the_walls();
      skip_reached();
    }
    if (corner_ >= num_corners_) return std::nullopt;
    return corners_[corner_];
  }

  void skip_reached() {
    while (corner_ < num_corners_ && plane_distance(corners_[corner_], at_.position) <= kReached) ++corner_;
  }

  /// A bend of a shortest way lies on the border, where the last bit decides what is walkable. The border is
  /// on the inside of the bend.
  void move_off_the_walls() {
    Vec3 before = at_.position;
    for (std::size_t i = 0; i + 1 < num_corners_; ++i) {
      const Vec3 corner = corners_[i];
      const Vec3 outwards = unit(corner - before) + unit(corner - corners_[i + 1]);
      before = corner;
      const auto on_border = query_.locate(corner);
      if (!on_border || glm::length(outwards) < kStraight) continue;
      corners_[i] = query_.step(*on_border, corner + kBeside * unit(outwards), true).position;
    }
  }

  static Vec3 unit(const Vec3& way) {
    const float length = std::hypot(way.x, way.z);
    return length > 0.0f ? Vec3(way.x, 0.0f, way.z) / length : Vec3(0.0f);
  }

  /// On the mesh, up to `length` metres towards the aim, in a straight line that no wall cuts.
  std::optional<NavPoint> place_towards(const Aim& aim, float distance, float length) {
    for (int i = 0; i < kHalvings; ++i, length *= 0.5f) {
      const float share = distance > 0.0f ? length / distance : 1.0f;
      const Vec3 wanted = at_.position + share * (aim.point - at_.position);
      const auto there = query_.locate(wanted);
      const bool on_mesh = there && plane_distance(there->position, wanted) <= kOffset;
      if (on_mesh && (aim.in_sight || query_.is_clear(at_, there->position))) return there;
      // Shortest ways run along walls, where the last bit decides; a body slides.
      const NavPoint slid = query_.step(at_, wanted, true);
      if (plane_distance(slid.position, at_.position) > kReached && query_.is_clear(at_, slid.position)) {
        return slid;
      }
    }
    return place_beside(aim.point);
  }

  /// From a corner of the border itself: a little aside, to where the aim is in sight, or else to the widest
  /// place.
  std::optional<NavPoint> place_beside(const Vec3& aim) {
    std::optional<NavPoint> best;
    float widest = 0.0f;
    for (int i = 0; i < kAsides; ++i) {
      const float yaw = 2.0f * base::kPi * static_cast<float>(i) / static_cast<float>(kAsides);
      const NavPoint aside = query_.step(at_, at_.position + kBeside * base::forward_from_yaw(yaw), true);
      if (plane_distance(aside.position, at_.position) <= kReached) continue;
      if (!query_.is_clear(at_, aside.position)) continue;
      const float seen = query_.is_clear(aside, aim) ? kSettled : 0.0f;
      const float room = seen + query_.nearest_wall(aside, kSettled).distance;
      if (room <= widest) continue;
      widest = room;
      best = aside;
    }
    return best;
  }

  void move_to(const NavPoint& place) {
    at_ = place;
    const Route::Nearest nearest =
        route_.nearest(place.position, progress_.arc_length, progress_.arc_length + 2.0f * settings_.spacing);
    progress_ = {nearest.arc_length, nearest.distance};
  }

  NavQuery& query_;
  const Route& route_;
  const DistanceField& to_goal_;
  const ExpertPathSettings& settings_;
  NavPoint at_;
  RouteProgress progress_;
  bool ended_ = false;
  std::array<Vec3, kMaxCorners> corners_{};
  std::size_t num_corners_ = 0;
  std::size_t corner_ = 0;  // the next one
};

}  // namespace

void expert_path(NavQuery& query, const Route& route, const RouteProgress& progress,
                 const DistanceField& to_goal, const Vec3& position, const ExpertPathSettings& settings,
                 std::span<Vec3> points) {
  INKNAV_CHECK(settings.spacing > 0.0f && settings.lookahead > 0.0f, settings.spacing, settings.lookahead);
  const std::optional<NavPoint> start = query.locate(position);
  if (!start) {
    std::fill(points.begin(), points.end(), position);
    return;
  }
  Walker walker(query, route, progress, to_goal, *start, settings);
  for (Vec3& point : points) {
    walker.walk();
    point = walker.position();
  }
}

}  // namespace inknav::nav
