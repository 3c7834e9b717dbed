// SPDX-License-Identifier: MIT
#include "nav/walk_mesh.h"

#include <DetourNavMesh.h>

#include <limits>
#include <optional>

#include "nav/recast_build.h"

namespace inknav::nav::internal {
namespace {

constexpr float kParallel = 1.0e-6f;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

float distance2_to_edge(const base::Vec3& p, const base::Vec3& a, const base::Vec3& b, float& t) {
  const float ex = b.x - a.x;
  const float ez = b.z - a.z;
  float dx = p.x - a.x;
  float dz = p.z - a.z;
  const float d = ex * ex + ez * ez;
  t = ex * dx + ez * dz;
  if (d > 0.0f) t /= d;
  t = t < 0.0f ? 0.0f : (t > 1.0f ? 1.0f : t);
  dx = a.x + t * ex - p.x;
  dz = a.z + t * ez - p.z;
  return dx * dx + dz * dz;
}

base::Vec3 along(const base::Vec3& a, const base::Vec3& b, float t) {
  return {a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t, a.z + (b.z - a.z) * t};
}

/// Parameter on a -> b where from -> to crosses it, both ends included.
std::optional<float> crossing(const base::Vec3& from, const base::Vec3& to, const base::Vec3& a,
                              const base::Vec3& b) {
  const float ux = to.x - from.x, uz = to.z - from.z;
  const float vx = b.x - a.x, vz = b.z - a.z;
  const float det = ux * vz - uz * vx;
  if (std::abs(det) < kParallel) return std::nullopt;
  const float wx = a.x - from.x, wz = a.z - from.z;
  const float s = (wx * vz - wz * vx) / det;
  const float t = (wx * uz - wz * ux) / det;
  if (s < 0.0f || s > 1.0f || t < 0.0f || t > 1.0f) return std::nullopt;
  return t;
}

void append_tile(const dtMeshTile& tile, std::vector<WalkPoly>& polys) {
  const auto first = static_cast<std::int32_t>(polys.size());
  for (std::int32_t i = 0; i < tile.header->polyCount; ++i) {
    const dtPoly& source = tile.polys[i];
    WalkPoly& poly = polys.emplace_back();
    poly.num_verts = source.vertCount;
    poly.enabled = (source.flags & kFlagWalk) != 0;
    for (std::size_t v = 0; v < source.vertCount; ++v) {
      const float* p = &tile.verts[std::size_t{source.verts[v]} * 3];
      poly.verts[v] = {p[0], p[1], p[2]};
      const int neighbor = source.neis[v] - 1;
      const bool open = neighbor >= 0 && (tile.polys[neighbor].flags & kFlagWalk) != 0;
      poly.neighbors[v] = open ? first + neighbor : -1;
    }
  }
}

float distance2_2d(const base::Vec3& a, const base::Vec3& b) {
  const float dx = a.x - b.x, dz = a.z - b.z;
  return dx * dx + dz * dz;
}

}  // namespace

std::vector<WalkPoly> make_walk_mesh(const dtNavMesh& mesh) {
  std::vector<WalkPoly> polys;
  for (int place = 0; place < mesh.getMaxTiles(); ++place) {
    const dtMeshTile& tile = *mesh.getTile(place);
    if (tile.header != nullptr) append_tile(tile, polys);
  }
  return polys;
}

WalkExtent walk_extent(const std::vector<WalkPoly>& polys) {
  WalkExtent extent;
  for (const WalkPoly& poly : polys) {
    base::Aabb box;
    for (std::size_t v = 0; v < poly.num_verts; ++v) box.extend(poly.verts[v]);
    extent.bounds.extend(box.min);
    extent.bounds.extend(box.max);
    extent.covered += box.size().x * box.size().z;
  }
  return extent;
}

bool contains_2d(const WalkPoly& poly, const base::Vec3& p) {
  bool inside = false;
  for (std::size_t i = 0, j = poly.num_verts - 1u; i < poly.num_verts; j = i++) {
    const base::Vec3& a = poly.verts[i];
    const base::Vec3& b = poly.verts[j];
    if ((a.z > p.z) != (b.z > p.z) && p.x < (b.x - a.x) * (p.z - a.z) / (b.z - a.z) + a.x) inside = !inside;
  }
  return inside;
}

SurfaceWalk::SurfaceWalk(const std::vector<WalkPoly>& polys) : polys_(&polys), marks_(polys.size()) {}

int SurfaceWalk::node_of(std::int32_t poly) {
  Mark& mark = marks_[static_cast<std::size_t>(poly)];
  if (mark.walk == walk_) return mark.node;
  if (num_nodes_ == kMaxNodes) return -1;
  mark = {walk_, num_nodes_};
  nodes_[static_cast<std::size_t>(num_nodes_)] = {poly, -1, false};
  return num_nodes_++;
}

void SurfaceWalk::start(std::int32_t poly) {
  if (++walk_ == 0) {
    for (Mark& mark : marks_) mark.walk = 0;
    walk_ = 1;
  }
  num_nodes_ = 0;
  nodes_[static_cast<std::size_t>(node_of(poly))].closed = true;
}

SurfaceWalk::Stop SurfaceWalk::slide(std::int32_t poly, const base::Vec3& from, const base::Vec3& to) {
  start(poly);
  std::array<int, kMaxQueue> queue;
  int head = 0;
  int tail = 0;
  queue[static_cast<std::size_t>(tail++)] = 0;
  const base::Vec3 middle = along(from, to, 0.5f);
  const base::Vec3 way = to - from;
  const float radius = std::sqrt(way.x * way.x + way.y * way.y + way.z * way.z) / 2.0f + 0.001f;
  Stop best{from, poly, false};
  last_node_ = 0;
  float best_distance2 = kInfinity;
  while (head != tail) {
    const int current = queue[static_cast<std::size_t>(head++ % kMaxQueue)];
    const std::int32_t index = nodes_[static_cast<std::size_t>(current)].poly;
    const WalkPoly& here = (*polys_)[static_cast<std::size_t>(index)];
    if (contains_2d(here, to)) {
      last_node_ = current;
      return {to, index, true};
    }
    for (std::size_t i = 0, j = here.num_verts - 1u; i < here.num_verts; j = i++) {
      const base::Vec3& a = here.verts[j];
      const base::Vec3& b = here.verts[i];
      float t = 0.0f;
      if (here.neighbors[j] < 0) {
        const float distance2 = distance2_to_edge(to, a, b, t);
        if (distance2 < best_distance2) {
          best = {along(a, b, t), index, false};
          best_distance2 = distance2;
          last_node_ = current;
        }
        continue;
      }
      const int next = node_of(here.neighbors[j]);
      if (next < 0 || nodes_[static_cast<std::size_t>(next)].closed) continue;
      if (distance2_to_edge(middle, a, b, t) > radius * radius || tail - head >= kMaxQueue) continue;
      nodes_[static_cast<std::size_t>(next)].parent = current;
      nodes_[static_cast<std::size_t>(next)].closed = true;
      queue[static_cast<std::size_t>(tail++ % kMaxQueue)] = next;
    }
  }
  return best;
}

SurfaceWalk::Stop SurfaceWalk::stop_at_walls(std::int32_t poly, const base::Vec3& from,
                                             const base::Vec3& to) {
  start(poly);
  std::array<int, kMaxNodes> queue;
  int head = 0;
  int tail = 0;
  queue[static_cast<std::size_t>(tail++)] = 0;
  Stop best{from, poly, false};
  last_node_ = 0;
  float best_distance2 = kInfinity;
  while (head != tail) {
    const int current = queue[static_cast<std::size_t>(head++)];
    const std::int32_t index = nodes_[static_cast<std::size_t>(current)].poly;
    const WalkPoly& here = (*polys_)[static_cast<std::size_t>(index)];
    if (contains_2d(here, to)) {
      last_node_ = current;
      return {to, index, true};
    }
    for (std::size_t i = 0, j = here.num_verts - 1u; i < here.num_verts; j = i++) {
      const std::optional<float> t = crossing(from, to, here.verts[j], here.verts[i]);
      if (!t) continue;
      if (here.neighbors[j] < 0) {
        const base::Vec3 hit = along(here.verts[j], here.verts[i], *t);
        const float distance2 = distance2_2d(hit, to);
        if (distance2 < best_distance2) {
          best = {hit, index, false};
          best_distance2 = distance2;
          last_node_ = current;
        }
        continue;
      }
      const int next = node_of(here.neighbors[j]);
      if (next < 0 || nodes_[static_cast<std::size_t>(next)].closed) continue;
      nodes_[static_cast<std::size_t>(next)].parent = current;
      nodes_[static_cast<std::size_t>(next)].closed = true;
      queue[static_cast<std::size_t>(tail++)] = next;
    }
  }
  return best;
}

bool SurfaceWalk::sees(std::int32_t poly, const base::Vec3& from, const base::Vec3& to) {
  constexpr float kBeside = 5.0e-3f;
  if (stop_at_walls(poly, from, to).reached) return true;
  // Every polygon of the walk was entered through an edge that the way crosses, so it is straight up to
  // there.
  for (int node = 0; node < num_nodes_; ++node) {
    const WalkPoly& here = (*polys_)[static_cast<std::size_t>(nodes_[static_cast<std::size_t>(node)].poly)];
    for (std::size_t i = 0, j = here.num_verts - 1u; i < here.num_verts; j = i++) {
      float t = 0.0f;
      if (distance2_to_edge(to, here.verts[j], here.verts[i], t) < kBeside * kBeside) return true;
    }
  }
  return false;
}

SurfaceWalk::Stop SurfaceWalk::slide_then_cut(std::int32_t poly, const base::Vec3& from,
                                              const base::Vec3& to) {
  Stop stop = slide(poly, from, to);
  float best_distance2 = kInfinity;
  for (int node = last_node_; node >= 0; node = nodes_[static_cast<std::size_t>(node)].parent) {
    const WalkPoly& here = (*polys_)[static_cast<std::size_t>(nodes_[static_cast<std::size_t>(node)].poly)];
    for (std::size_t i = 0, j = here.num_verts - 1u; i < here.num_verts; j = i++) {
      if (here.neighbors[j] >= 0) continue;
      const std::optional<float> t = crossing(from, to, here.verts[j], here.verts[i]);
      if (!t) continue;
      const base::Vec3 hit = along(here.verts[j], here.verts[i], *t);
      const float distance2 = distance2_2d(hit, to);
      if (distance2 < best_distance2) {
        best_distance2 = distance2;
        stop.position = hit;
        stop.reached = false;
      }
    }
  }
  return stop;
}

}  // namespace inknav::nav::internal
