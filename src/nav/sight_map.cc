// SPDX-License-Identifier: MIT
#include "nav/sight_map.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>

namespace inknav::nav::internal {
namespace {

using base::Vec3;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
/// A goal on an edge sees both sides when looked from this far inside its polygon, metres.
constexpr float kEyeInset = 1.0e-3f;
/// Widens the shadow behind a corner against rounding, metres per metre.
constexpr float kSlack = 1.0e-3f;
/// Two ways to the goal are both kept where the second is at most this much longer at a square's centre
/// (the point may lie 0.07 m nearer to it) ...
constexpr float kRivalExcess = 0.15f;
/// ... and leads another way (cosine).
constexpr float kRivalCosine = 0.9f;

/// Squared sine below which a point lies on the way back to the root's parent, not behind the corner.
constexpr float kBackwards = 0.0025f;

struct Cone {
  std::int32_t poly;  // that is entered
  std::int32_t from;  // polygon that was left
  Plane right;
  Plane left;
};

/// Dijkstra over the corners; the edges (who sees whom) are found by opening cones of sight through the
/// polygons, only into the shadow that each corner throws as seen from its parent.
class Propagation {
 public:
  explicit Propagation(const MeshData& data)
      : data_(data),
        graph_(data.corner_graph),
        root_of_corner_(graph_.corners.size(), -1),
        done_(graph_.corners.size(), 0) {
    map_.first_window.assign(data.polys.size(), -1);
    map_.handed = graph_.handed;
  }

  void add_goal(const NavPoint& goal) {
    const std::int32_t poly = data_.index_of(goal.poly);
    const WalkPoly& here = data_.polys[static_cast<std::size_t>(poly)];
    Vec3 centre(0.0f);
    for (std::size_t v = 0; v < here.num_verts; ++v) centre += here.verts[v];
    centre /= static_cast<float>(here.num_verts);
    const Plane way = plane(centre - goal.position);
    const float length = glm::length(way);
    eye_ = plane(goal.position) + (length > kEyeInset ? way * (kEyeInset / length) : way);
    root_ = static_cast<std::int32_t>(map_.roots.size());
    map_.roots.push_back({goal.position, 0.0f, -1, 0.0f});
    see_whole(poly);
    for (std::size_t edge = 0; edge < here.num_verts; ++edge) open_edge(poly, edge);
    run_cones();
  }

  void run() {
    while (!queue_.empty()) {
      const auto [distance, corner] = queue_.top();
      queue_.pop();
      if (done_[static_cast<std::size_t>(corner)]) continue;
      done_[static_cast<std::size_t>(corner)] = 1;
      expand(corner);
    }
  }

  SightMap take() {
    borrow_windows();
    return std::move(map_);
  }

 private:
  float turned(const Plane& a, const Plane& b) const { return turn(a, b, graph_.handed); }

  void see_whole(std::int32_t poly) {
    add_window(poly, {root_, -1, eye_, {}, {}, true});
    const auto p = static_cast<std::size_t>(poly);
    for (std::size_t v = 0; v < data_.polys[p].num_verts; ++v) relax(graph_.corner_of[p][v]);
  }

  void add_window(std::int32_t poly, Window window) {
    std::int32_t& first = map_.first_window[static_cast<std::size_t>(poly)];
    window.next = first;
    first = static_cast<std::int32_t>(map_.windows.size());
    map_.windows.push_back(window);
  }

  /// Whether a path that arrives at the corner along `way` touches it instead of running into it.
  bool grazes(const Corner& corner, const Plane& way) const {
    return !(turned(corner.last, way) > 0.0f && turned(way, corner.first) > 0.0f);
  }

  void relax(std::int32_t corner) {
    if (corner < 0 || done_[static_cast<std::size_t>(corner)]) return;
    const Corner& c = graph_.corners[static_cast<std::size_t>(corner)];
    const Root& root = map_.roots[static_cast<std::size_t>(root_)];
    const float distance = root.distance + glm::length(c.position - root.position);
    std::int32_t& own = root_of_corner_[static_cast<std::size_t>(corner)];
    if (own >= 0 && map_.roots[static_cast<std::size_t>(own)].distance <= distance) return;
    if (!grazes(c, plane(c.position) - eye_)) return;
    if (own < 0) {
      own = static_cast<std::int32_t>(map_.roots.size());
      map_.roots.push_back({c.position, distance, root_, 0.0f});
    } else {
      map_.roots[static_cast<std::size_t>(own)].distance = distance;
      map_.roots[static_cast<std::size_t>(own)].parent = root_;
    }
    queue_.push({distance, corner});
  }

  /// Opens a cone through a whole edge of the polygon in which the eye stands.
  void open_edge(std::int32_t poly, std::size_t edge) {
    const WalkPoly& here = data_.polys[static_cast<std::size_t>(poly)];
    if (here.neighbors[edge] < 0) return;
    const Plane right = plane(here.verts[edge]) - eye_;
    const Plane left = plane(here.verts[(edge + 1) % here.num_verts]) - eye_;
    if (turned(right, left) > 0.0f) cones_.push_back({here.neighbors[edge], poly, right, left});
  }

  bool between(const Plane& x, const Plane& right, const Plane& left) const {
    return turned(right, x) >= 0.0f && turned(x, left) >= 0.0f;
  }

  /// Cuts the cone [right, left] to [low, high]; both narrower than half a turn.
  bool cut(Plane& right, Plane& left, const Plane& low, const Plane& high) const {
    Plane new_right = low;
    Plane new_left = high;
    if (between(right, low, high) && glm::dot(right, low + high) >= 0.0f) {
      new_right = right;
    } else if (!between(low, right, left)) {
      return false;
    }
    if (between(left, low, high) && glm::dot(left, low + high) >= 0.0f) {
      new_left = left;
    } else if (!between(high, right, left)) {
      return false;
    }
    right = new_right;
    left = new_left;
    return turned(right, left) > 0.0f;
  }

  /// Opens cones from a corner into [low, high], a sector of at most a quarter turn and a bit.
  void open_sector(const Corner& corner, const Plane& low, const Plane& high) {
    for (std::uint32_t f = corner.fan_begin; f < corner.fan_end; ++f) {
      const CornerGraph::Wedge& wedge = graph_.fans[f];
      const WalkPoly& here = data_.polys[static_cast<std::size_t>(wedge.poly)];
      const auto own = static_cast<std::size_t>(wedge.vertex);
      for (std::size_t step = 1; step + 1 < here.num_verts; ++step) {
        const std::size_t edge = (own + step) % here.num_verts;
        if (here.neighbors[edge] < 0) continue;
        Plane right = plane(here.verts[edge]) - eye_;
        Plane left = plane(here.verts[(edge + 1) % here.num_verts]) - eye_;
        if (turned(right, left) <= 0.0f || !cut(right, left, low, high)) continue;
        cones_.push_back({here.neighbors[edge], wedge.poly, right, left});
      }
    }
  }

  void open_wide(const Corner& corner, Plane low, Plane high) {
    low = glm::normalize(low);
    high = glm::normalize(high);
    if (glm::dot(low, high) > 0.1f) return open_sector(corner, low, high);
    const Plane normal = graph_.handed * Plane(-low.y, low.x);
    const Plane sum = low + high;
    const Plane middle = glm::dot(sum, sum) > 0.01f ? glm::normalize(sum) : normal;
    open_sector(corner, low, middle);
    open_sector(corner, middle, high);
  }

  void expand(std::int32_t index) {
    const Corner& corner = graph_.corners[static_cast<std::size_t>(index)];
    root_ = root_of_corner_[static_cast<std::size_t>(index)];
    eye_ = plane(corner.position);
    for (std::uint32_t f = corner.fan_begin; f < corner.fan_end; ++f) see_whole(graph_.fans[f].poly);
    const std::int32_t parent = map_.roots[static_cast<std::size_t>(root_)].parent;
    const Plane way = eye_ - plane(map_.roots[static_cast<std::size_t>(parent)].position);
    if (glm::dot(way, way) < 1e-12f) {
      open_everywhere(corner);
    } else {
      const Plane aside = graph_.handed * kSlack * Plane(-way.y, way.x);
      // The way bends round the wall; along a wall both tests are near zero for the other side.
      const float left = turned(way, corner.last) / glm::length(corner.last);
      const float right = turned(corner.first, way) / glm::length(corner.first);
      map_.roots[static_cast<std::size_t>(root_)].side = left >= right ? graph_.handed : -graph_.handed;
      if (left >= right) {
        open_wide(corner, way - aside, corner.last);
      } else {
        open_wide(corner, corner.first, way + aside);
      }
    }
    run_cones();
  }

  /// A goal that is itself a corner has no direction of arrival.
  void open_everywhere(const Corner& corner) {
    for (std::uint32_t f = corner.fan_begin; f < corner.fan_end; ++f) {
      const CornerGraph::Wedge& wedge = graph_.fans[f];
      const WalkPoly& here = data_.polys[static_cast<std::size_t>(wedge.poly)];
      for (std::size_t step = 1; step + 1 < here.num_verts; ++step) {
        open_edge(wedge.poly, (static_cast<std::size_t>(wedge.vertex) + step) % here.num_verts);
      }
    }
  }

  void run_cones() {
    while (!cones_.empty()) {
      const Cone cone = cones_.back();
      cones_.pop_back();
      enter(cone);
    }
  }

  void enter(const Cone& cone) {
    const auto p = static_cast<std::size_t>(cone.poly);
    const WalkPoly& here = data_.polys[p];
    add_window(cone.poly, {root_, -1, eye_, cone.right, cone.left, false});
    for (std::size_t v = 0; v < here.num_verts; ++v) {
      const std::int32_t corner = graph_.corner_of[p][v];
      if (corner < 0) continue;
      const Plane d = plane(here.verts[v]) - eye_;
      const float tolerance = 1e-5f * (std::abs(d.x) + std::abs(d.y));
      const bool seen = turned(cone.right, d) >= -tolerance * glm::length(cone.right) &&
                        turned(d, cone.left) >= -tolerance * glm::length(cone.left);
      if (seen) relax(corner);
    }
    for (std::size_t edge = 0; edge < here.num_verts; ++edge) {
      const std::int32_t next = here.neighbors[edge];
      if (next < 0 || next == cone.from) continue;
      const Plane a = plane(here.verts[edge]) - eye_;
      const Plane b = plane(here.verts[(edge + 1) % here.num_verts]) - eye_;
      if (turned(a, b) <= 0.0f) continue;  // seen from outside: no ray leaves here
      const Plane right = turned(cone.right, a) > 0.0f ? a : cone.right;
      const Plane left = turned(b, cone.left) > 0.0f ? b : cone.left;
      if (turned(right, left) > 0.0f && turned(a, left) > 0.0f && turned(right, b) > 0.0f) {
        cones_.push_back({next, cone.poly, right, left});
      }
    }
  }

  /// Slivers that no cone entered see what their neighbours see.
  void borrow_windows() {
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t p = 0; p < data_.polys.size(); ++p) {
        if (map_.first_window[p] >= 0 || data_.poly_island[p] < 0) continue;
        for (std::size_t edge = 0; edge < data_.polys[p].num_verts && map_.first_window[p] < 0; ++edge) {
          const std::int32_t next = data_.polys[p].neighbors[edge];
          if (next < 0) continue;
          for (std::int32_t w = map_.first_window[static_cast<std::size_t>(next)]; w >= 0;) {
            Window window = map_.windows[static_cast<std::size_t>(w)];
            w = window.next;
            window.whole = true;
            add_window(static_cast<std::int32_t>(p), window);
            changed = true;
          }
        }
      }
    }
  }

  struct Later {
    bool operator()(const std::pair<float, std::int32_t>& a, const std::pair<float, std::int32_t>& b) const {
      return a > b;
    }
  };

  const MeshData& data_;
  const CornerGraph& graph_;
  SightMap map_;
  std::vector<std::int32_t> root_of_corner_;
  std::vector<std::uint8_t> done_;
  std::vector<Cone> cones_;
  std::priority_queue<std::pair<float, std::int32_t>, std::vector<std::pair<float, std::int32_t>>, Later>
      queue_;
  std::int32_t root_ = 0;  // whose eye is looking
  Plane eye_{0.0f};
};

}  // namespace

bool SightMap::sees(const Window& window, const Vec3& p) const {
  if (window.whole) return true;
  const Plane d = plane(p) - window.eye;
  return turn(window.right, d, handed) >= 0.0f && turn(d, window.left, handed) >= 0.0f;
}

/// Shortest way to p through the polygon's windows; all count when not `strict`, else those that see p.
std::int32_t SightMap::shortest_at(std::int32_t first, const Vec3& p, bool strict, float& shortest) const {
  std::int32_t best = -1;
  shortest = kInfinity;
  for (std::int32_t w = first; w >= 0; w = windows[static_cast<std::size_t>(w)].next) {
    const Window& window = windows[static_cast<std::size_t>(w)];
    if (strict && !sees(window, p)) continue;
    const float length = length_by(window.root, p);
    if (length >= shortest) continue;
    shortest = length;
    best = window.root;
  }
  return best;
}

Ways SightMap::ways_at(std::int32_t poly, const Vec3& p) const {
  const std::int32_t first = first_window[static_cast<std::size_t>(poly)];
  float shortest = kInfinity;
  std::int32_t best = shortest_at(first, p, true, shortest);
  if (best < 0) best = shortest_at(first, p, false, shortest);
  if (best < 0) return {-1, -1};
  const Plane towards = plane(roots[static_cast<std::size_t>(best)].position - p);
  std::int32_t rival = -1;
  float second = shortest + kRivalExcess;
  for (std::int32_t w = first; w >= 0; w = windows[static_cast<std::size_t>(w)].next) {
    const Window& window = windows[static_cast<std::size_t>(w)];
    const float length = length_by(window.root, p);
    if (length >= second || window.root == best || !sees(window, p)) continue;
    const Plane other = plane(roots[static_cast<std::size_t>(window.root)].position - p);
    if (glm::dot(towards, other) > kRivalCosine * glm::length(towards) * glm::length(other)) continue;
    second = length;
    rival = window.root;
  }
  return {best, rival};
}

std::int32_t SightMap::passed(std::int32_t way, const Vec3& p) const {
  for (;;) {
    const Root& root = roots[static_cast<std::size_t>(way)];
    if (root.parent < 0) return way;
    const Root& next = roots[static_cast<std::size_t>(root.parent)];
    const Plane arriving = plane(root.position) - plane(next.position);
    const Plane leaving = plane(p) - plane(root.position);
    const float bend = turn(arriving, leaving, root.side);
    const bool back = glm::dot(arriving, leaving) < 0.0f &&
                      bend * bend < kBackwards * glm::dot(arriving, arriving) * glm::dot(leaving, leaving);
    if (bend >= 0.0f && !back) return way;
    way = root.parent;
  }
}

std::size_t SightMap::num_bytes() const {
  return roots.capacity() * sizeof(Root) + windows.capacity() * sizeof(Window) +
         first_window.capacity() * sizeof(std::int32_t);
}

SightMap look_from(const MeshData& data, std::span<const NavPoint> goals) {
  Propagation propagation(data);
  for (const NavPoint& goal : goals) propagation.add_goal(goal);
  propagation.run();
  return propagation.take();
}

}  // namespace inknav::nav::internal
