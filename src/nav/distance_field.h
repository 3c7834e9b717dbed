// SPDX-License-Identifier: MIT
#pragma once
// DistanceField: geodesic distance to the nearest of some goals, computed once (per episode, or shared by
// episodes with the same goals), answered in O(1) without path search. Immutable; safe from any thread.
//
// Error against the exact shortest path: documented and tested in distance_field_test.cc.

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/geometry.h"
#include "nav/nav_mesh.h"

namespace inknav::nav {

class DistanceField {
 public:
  /// `query` is scratch. Goals that do not project are skipped; if none does, at() is infinity everywhere.
  static std::shared_ptr<const DistanceField> compute(NavQuery& query, std::span<const base::Vec3> goals);
  ~DistanceField();

  /// Metres; infinity where no goal can be reached.
  float at(const base::Vec3& p) const;
  /// Unit direction (world x, z) in which the distance falls fastest; zero at the goal or off the mesh.
  base::Vec2 descent(const base::Vec3& p) const;
  /// Corners of the shortest way from p to the nearest goal, both included; empty where there is none.
  std::vector<base::Vec3> way(const base::Vec3& p) const;
  std::size_t num_bytes() const;

 private:
  struct Impl;
  explicit DistanceField(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

using DistanceFieldPtr = std::shared_ptr<const DistanceField>;

}  // namespace inknav::nav
