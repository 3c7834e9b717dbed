// SPDX-License-Identifier: MIT
#include "nav/surface.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/check.h"

namespace inknav::nav::internal {
namespace {

constexpr float kCellSize = 0.1f;     // metres
constexpr float kMostCells = 4.0e6f;  // larger meshes get larger cells
constexpr float kReflex = base::kPi + 1e-4f;
constexpr float kReach = 2.0f;  // metres, as the projection box
constexpr float kHeightReach = 4.0f;
constexpr float kClimb = 0.2f;  // height difference that costs nothing when choosing a storey
constexpr float kInfinity = std::numeric_limits<float>::infinity();

using Slots = std::vector<std::int32_t>;  // [polys * kMaxVerts], union-find over (polygon, vertex)

std::int32_t root_of(Slots& parent, std::int32_t slot) {
  while (parent[static_cast<std::size_t>(slot)] != slot) {
    parent[static_cast<std::size_t>(slot)] =
        parent[static_cast<std::size_t>(parent[static_cast<std::size_t>(slot)])];
    slot = parent[static_cast<std::size_t>(slot)];
  }
  return slot;
}

std::int32_t slot_of(std::size_t poly, std::size_t vertex) {
  return static_cast<std::int32_t>(poly * WalkPoly::kMaxVerts + vertex);
}

void unite(Slots& parent, std::int32_t a, std::int32_t b) {
  a = root_of(parent, a);
  b = root_of(parent, b);
  parent[static_cast<std::size_t>(std::max(a, b))] = std::min(a, b);
}

/// Joins the vertices of polygons that see each other through a common edge.
Slots joined_vertices(const std::vector<WalkPoly>& polys) {
  Slots parent(polys.size() * WalkPoly::kMaxVerts);
  std::iota(parent.begin(), parent.end(), 0);
  for (std::size_t p = 0; p < polys.size(); ++p) {
    const WalkPoly& poly = polys[p];
    for (std::size_t edge = 0; edge < poly.num_verts; ++edge) {
      if (poly.neighbors[edge] < 0 || !poly.enabled) continue;
      const auto q = static_cast<std::size_t>(poly.neighbors[edge]);
      const WalkPoly& other = polys[q];
      const std::size_t next = (edge + 1) % poly.num_verts;
      for (std::size_t back = 0; back < other.num_verts; ++back) {
        if (other.neighbors[back] != static_cast<std::int32_t>(p)) continue;
        const std::size_t back_next = (back + 1) % other.num_verts;
        if (other.verts[back] != poly.verts[next] || other.verts[back_next] != poly.verts[edge]) continue;
        unite(parent, slot_of(p, edge), slot_of(q, back_next));
        unite(parent, slot_of(p, next), slot_of(q, back));
      }
    }
  }
  return parent;
}

float angle_between(const Plane& a, const Plane& b) {
  return std::atan2(std::abs(a.x * b.y - a.y * b.x), a.x * b.x + a.y * b.y);
}

float handedness(const std::vector<WalkPoly>& polys) {
  double sum = 0.0;
  for (const WalkPoly& poly : polys) {
    for (std::size_t i = 1; i + 1 < poly.num_verts; ++i) {
      const Plane a = plane(poly.verts[i] - poly.verts[0]);
      const Plane b = plane(poly.verts[i + 1] - poly.verts[0]);
      sum += double{a.x} * b.y - double{a.y} * b.x;
    }
  }
  return sum >= 0.0 ? 1.0f : -1.0f;
}

float distance2_to_segment(const Plane& p, const Plane& a, const Plane& b, float& t) {
  const Plane e = b - a;
  const float d = glm::dot(e, e);
  t = d > 0.0f ? std::clamp(glm::dot(p - a, e) / d, 0.0f, 1.0f) : 0.0f;
  const Plane gap = a + t * e - p;
  return glm::dot(gap, gap);
}

/// Height of the polygon over a point inside it, by fans of triangles.
float height_inside(const WalkPoly& poly, const Plane& p) {
  float best_miss = kInfinity;
  float best = poly.verts[0].y;
  for (std::size_t i = 1; i + 1 < poly.num_verts; ++i) {
    const Plane a = plane(poly.verts[i] - poly.verts[0]);
    const Plane b = plane(poly.verts[i + 1] - poly.verts[0]);
    const Plane q = p - plane(poly.verts[0]);
    const float det = a.x * b.y - a.y * b.x;
    if (det == 0.0f) continue;
    const float u = (q.x * b.y - q.y * b.x) / det;
    const float v = (a.x * q.y - a.y * q.x) / det;
    const float miss = -std::min({u, v, 1.0f - u - v, 0.0f});
    if (miss >= best_miss) continue;
    best_miss = miss;
    best = poly.verts[0].y + u * (poly.verts[i].y - poly.verts[0].y) +
           v * (poly.verts[i + 1].y - poly.verts[0].y);
  }
  return best;
}

/// Whether the polygon comes within `half` (by the maximum norm) of c.
bool touches_square(const WalkPoly& poly, const Plane& c, float half, float handed) {
  for (std::size_t i = 0; i < poly.num_verts; ++i) {
    const Plane a = plane(poly.verts[i]);
    const Plane e = plane(poly.verts[(i + 1) % poly.num_verts]) - a;
    const float outside = -turn(e, c - a, handed);
    if (outside > half * (std::abs(e.x) + std::abs(e.y))) return false;
  }
  return true;
}

}  // namespace

CornerGraph make_corner_graph(const std::vector<WalkPoly>& polys) {
  CornerGraph graph;
  graph.handed = handedness(polys);
  Slots parent = joined_vertices(polys);
  struct Fan {
    float angle = 0.0f;
    Plane first{0.0f};
    Plane last{0.0f};
    int num_first = 0;
    int num_last = 0;
    std::vector<CornerGraph::Wedge> wedges;
  };
  std::vector<Fan> fans(parent.size());
  for (std::size_t p = 0; p < polys.size(); ++p) {
    const WalkPoly& poly = polys[p];
    for (std::size_t i = 0; poly.enabled && i < poly.num_verts; ++i) {
      Fan& fan = fans[static_cast<std::size_t>(root_of(parent, slot_of(p, i)))];
      const std::size_t before = (i + poly.num_verts - 1) % poly.num_verts;
      const Plane ahead = plane(poly.verts[(i + 1) % poly.num_verts] - poly.verts[i]);
      const Plane behind = plane(poly.verts[before] - poly.verts[i]);
      fan.angle += angle_between(ahead, behind);
      fan.wedges.push_back({static_cast<std::int32_t>(p), static_cast<std::int32_t>(i)});
      if (poly.neighbors[i] < 0) fan.first = ahead, ++fan.num_first;
      if (poly.neighbors[before] < 0) fan.last = behind, ++fan.num_last;
    }
  }
  graph.corner_of.resize(polys.size());
  for (auto& row : graph.corner_of) row.fill(-1);
  for (std::size_t slot = 0; slot < fans.size(); ++slot) {
    const Fan& fan = fans[slot];
    if (fan.angle <= kReflex || fan.num_first != 1 || fan.num_last != 1) continue;
    Corner corner;
    const CornerGraph::Wedge& wedge = fan.wedges.front();
    corner.position =
        polys[static_cast<std::size_t>(wedge.poly)].verts[static_cast<std::size_t>(wedge.vertex)];
    corner.first = fan.first;
    corner.last = fan.last;
    corner.fan_begin = static_cast<std::uint32_t>(graph.fans.size());
    graph.fans.insert(graph.fans.end(), fan.wedges.begin(), fan.wedges.end());
    corner.fan_end = static_cast<std::uint32_t>(graph.fans.size());
    for (const CornerGraph::Wedge& w : fan.wedges) {
      graph.corner_of[static_cast<std::size_t>(w.poly)][static_cast<std::size_t>(w.vertex)] =
          static_cast<std::int32_t>(graph.corners.size());
    }
    graph.corners.push_back(corner);
  }
  return graph;
}

base::Vec3 nearest_point(const WalkPoly& poly, const base::Vec3& p) {
  if (contains_2d(poly, p)) return {p.x, height_inside(poly, plane(p)), p.z};
  float best = kInfinity;
  base::Vec3 point = poly.verts[0];
  for (std::size_t i = 0, j = poly.num_verts - 1u; i < poly.num_verts; j = i++) {
    float t = 0.0f;
    const float distance2 = distance2_to_segment(plane(p), plane(poly.verts[j]), plane(poly.verts[i]), t);
    if (distance2 >= best) continue;
    best = distance2;
    point = poly.verts[j] + t * (poly.verts[i] - poly.verts[j]);
  }
  return point;
}

void SurfaceGrid::build(const std::vector<WalkPoly>& polys) {
  const auto [bounds, covered] = walk_extent(polys);
  const base::Vec3 size = bounds.size();
  cell_ = std::max(kCellSize, std::sqrt(std::max(size.x * size.z, covered) / kMostCells));
  per_metre_ = 1.0f / cell_;
  origin_x_ = bounds.min.x - cell_;
  origin_z_ = bounds.min.z - cell_;
  width_ = static_cast<int>(size.x * per_metre_) + 3;
  depth_ = static_cast<int>(size.z * per_metre_) + 3;
  struct Touch {
    std::uint32_t cell;
    Entry entry;
  };
  std::vector<Touch> touches;
  const float handed = handedness(polys);
  for (std::size_t p = 0; p < polys.size(); ++p) {
    const WalkPoly& poly = polys[p];
    if (!poly.enabled) continue;
    base::Aabb box;
    for (std::size_t v = 0; v < poly.num_verts; ++v) box.extend(poly.verts[v]);
    const int x0 = static_cast<int>((box.min.x - origin_x_) * per_metre_ - 0.01f);
    const int x1 = static_cast<int>((box.max.x - origin_x_) * per_metre_ + 0.01f);
    const int z0 = static_cast<int>((box.min.z - origin_z_) * per_metre_ - 0.01f);
    const int z1 = static_cast<int>((box.max.z - origin_z_) * per_metre_ + 0.01f);
    for (int z = z0; z <= z1; ++z) {
      for (int x = x0; x <= x1; ++x) {
        const Plane c(origin_x_ + (static_cast<float>(x) + 0.5f) * cell_,
                      origin_z_ + (static_cast<float>(z) + 0.5f) * cell_);
        if (!touches_square(poly, c, 0.51f * cell_, handed)) continue;
        touches.push_back({static_cast<std::uint32_t>(z * width_ + x),
                           {static_cast<std::int32_t>(p), nearest_point(poly, {c.x, 0.0f, c.y})}});
      }
    }
  }
  std::stable_sort(touches.begin(), touches.end(),
                   [](const Touch& a, const Touch& b) { return a.cell < b.cell; });
  first_.assign(static_cast<std::size_t>(width_) * static_cast<std::size_t>(depth_) + 1, 0);
  entries_.clear();
  entries_.reserve(touches.size());
  for (const Touch& touch : touches) {
    ++first_[touch.cell + 1];
    entries_.push_back(touch.entry);
  }
  for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
}

std::int32_t SurfaceGrid::nearest_in(const std::vector<WalkPoly>& polys, int cell, const base::Vec3& p,
                                     float& best) const {
  std::int32_t found = -1;
  for (std::uint32_t i = first_[static_cast<std::size_t>(cell)];
       i < first_[static_cast<std::size_t>(cell) + 1]; ++i) {
    const Entry& entry = entries_[i];
    const float rise = std::abs(p.y - entry.point.y);
    if (!(rise <= kHeightReach)) continue;
    const WalkPoly& poly = polys[static_cast<std::size_t>(entry.poly)];
    const float above = std::max(0.0f, rise - kClimb);
    float measure = above * above;
    if (!contains_2d(poly, p)) {
      const base::Vec3 gap = nearest_point(poly, p) - p;
      measure += gap.x * gap.x + gap.z * gap.z + 1e-12f;
    }
    if (measure < best) {
      best = measure;
      found = static_cast<std::int32_t>(i);
    }
  }
  return found;
}

std::int32_t SurfaceGrid::find(const std::vector<WalkPoly>& polys, const base::Vec3& p) const {
  const float x = (p.x - origin_x_) * per_metre_;
  const float z = (p.z - origin_z_) * per_metre_;
  if (x >= 0.0f && z >= 0.0f && x < static_cast<float>(width_) && z < static_cast<float>(depth_)) {
    const int cell = static_cast<int>(z) * width_ + static_cast<int>(x);
    const std::uint32_t begin = first_[static_cast<std::size_t>(cell)];
    if (first_[static_cast<std::size_t>(cell) + 1] == begin + 1 &&
        std::abs(p.y - entries_[begin].point.y) < 1.0f) {
      return static_cast<std::int32_t>(begin);
    }
    float best = kInfinity;
    const std::int32_t found = nearest_in(polys, cell, p, best);
    if (found >= 0 && best < 1.0f) return found;
  }
  return find_around(polys, p);
}

std::int32_t SurfaceGrid::find_around(const std::vector<WalkPoly>& polys, const base::Vec3& p) const {
  if (!(std::isfinite(p.x) && std::isfinite(p.y) && std::isfinite(p.z))) return -1;
  const float fx = (p.x - origin_x_) * per_metre_;
  const float fz = (p.z - origin_z_) * per_metre_;
  const float most = kReach * per_metre_ + 1.0f;
  if (fx < -most || fz < -most || fx > static_cast<float>(width_) + most ||
      fz > static_cast<float>(depth_) + most) {
    return -1;
  }
  const int cx = static_cast<int>(std::floor(fx));
  const int cz = static_cast<int>(std::floor(fz));
  float best = kInfinity;
  std::int32_t found = -1;
  for (int ring = 0; ring <= static_cast<int>(most); ++ring) {
    const float nearest = static_cast<float>(ring - 1) * cell_;
    if (found >= 0 && nearest > 0.0f && nearest * nearest > best) break;
    for (int dz = -ring; dz <= ring; ++dz) {
      const int z = cz + dz;
      const int stride = std::abs(dz) == ring ? 1 : 2 * ring;
      for (int dx = -ring; dx <= ring; dx += std::max(1, stride)) {
        const int x = cx + dx;
        if (x < 0 || z < 0 || x >= width_ || z >= depth_) continue;
        const std::int32_t here = nearest_in(polys, z * width_ + x, p, best);
        if (here >= 0) found = here;
      }
    }
  }
  if (found < 0) return -1;
  const base::Vec3 gap =
      nearest_point(polys[static_cast<std::size_t>(entries_[static_cast<std::size_t>(found)].poly)], p) - p;
  return std::abs(gap.x) <= kReach && std::abs(gap.z) <= kReach ? found : -1;
}

std::size_t SurfaceGrid::num_bytes() const {
  return first_.size() * sizeof(std::uint32_t) + entries_.size() * sizeof(Entry);
}

}  // namespace inknav::nav::internal
