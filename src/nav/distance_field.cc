// SPDX-License-Identifier: MIT
#include "nav/distance_field.h"

#include <atomic>
#include <limits>
#include <utility>
#include <vector>

#include "nav/mesh_data.h"
#include "nav/sight_map.h"

namespace inknav::nav {
namespace {

using base::Vec3;
using internal::MeshData;
using internal::SightMap;
using internal::Ways;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Both of a square's ways in one word, so that threads may fill it in at the same time: what they write is
/// the same. Zero is "not looked up yet".
std::uint64_t pack(const Ways& ways) {
  return (std::uint64_t{static_cast<std::uint32_t>(ways.first + 2)} << 32) |
         static_cast<std::uint32_t>(ways.second + 2);
}
Ways unpack(std::uint64_t word) {
  return {static_cast<std::int32_t>(word >> 32) - 2, static_cast<std::int32_t>(word & 0xffffffffu) - 2};
}

}  // namespace

struct DistanceField::Impl {
  NavMeshPtr mesh;
  SightMap sight;
  std::vector<std::atomic<std::uint64_t>> ways;  // [grid entries], empty without goals

  /// An episode visits few squares, so each is worked out when it is first asked for.
  Ways ways_of(std::size_t entry) {
    const std::uint64_t known = ways[entry].load(std::memory_order_relaxed);
    if (known != 0) return unpack(known);
    const internal::SurfaceGrid::Entry& square = mesh->data().surface_grid.entries()[entry];
    const Ways found = sight.ways_at(square.poly, square.point);
    ways[entry].store(pack(found), std::memory_order_relaxed);
    return found;
  }

  std::int32_t best_way(const Vec3& p, float& distance) {
    distance = kInfinity;
    const MeshData& data = mesh->data();
    const std::int32_t entry = ways.empty() ? -1 : data.surface_grid.find(data.polys, p);
    if (entry < 0) return -1;
    auto [first, second] = ways_of(static_cast<std::size_t>(entry));
    if (first < 0) return -1;
    first = sight.passed(first, p);
    distance = sight.length_by(first, p);
    if (second < 0) return first;
    second = sight.passed(second, p);
    const float other = sight.length_by(second, p);
    if (other >= distance) return first;
    distance = other;
    return second;
  }
};

DistanceField::DistanceField(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DistanceField::~DistanceField() = default;

DistanceFieldPtr DistanceField::compute(NavQuery& query, std::span<const Vec3> goals) {
  auto impl = std::make_unique<Impl>();
  impl->mesh = query.mesh_ptr();
  std::vector<NavPoint> points;
  for (const Vec3& goal : goals) {
    if (const std::optional<NavPoint> point = query.project(goal)) points.push_back(*point);
  }
  if (!points.empty()) {
    const MeshData& data = impl->mesh->data();
    impl->sight = internal::look_from(data, points);
    impl->ways = std::vector<std::atomic<std::uint64_t>>(data.surface_grid.entries().size());
  }
  return DistanceFieldPtr(new DistanceField(std::move(impl)));
}

float DistanceField::at(const Vec3& p) const {
  float distance = kInfinity;
  impl_->best_way(p, distance);
  return distance;
}

base::Vec2 DistanceField::descent(const Vec3& p) const {
  constexpr float kArrived = 1.0e-3f;
  float distance = kInfinity;
  for (std::int32_t way = impl_->best_way(p, distance); way >= 0;) {
    const internal::Root& root = impl_->sight.roots[static_cast<std::size_t>(way)];
    const base::Vec2 d = internal::plane(root.position - p);
    const float length = glm::length(d);
    if (length > kArrived) return d / length;
    way = root.parent;
  }
  return base::Vec2(0.0f);
}

std::vector<Vec3> DistanceField::way(const Vec3& p) const {
  std::vector<Vec3> points;
  float distance = kInfinity;
  for (std::int32_t root = impl_->best_way(p, distance); root >= 0;) {
    if (points.empty()) points.push_back(p);
    points.push_back(impl_->sight.roots[static_cast<std::size_t>(root)].position);
    root = impl_->sight.roots[static_cast<std::size_t>(root)].parent;
  }
  return points;
}

std::size_t DistanceField::num_bytes() const {
  return sizeof(Impl) + impl_->sight.num_bytes() + impl_->ways.size() * sizeof(impl_->ways[0]);
}

}  // namespace inknav::nav
