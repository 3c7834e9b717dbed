// SPDX-License-Identifier: MIT
#pragma once
// What the tests of this module share: random warps, a small house of walls.

#include <memory>
#include <vector>

#include "base/philox.h"
#include "sketch/correspondence_impl.h"
#include "sketch/synthesis.h"
#include "sketch/wall_map.h"

namespace inknav::sketch::testing {

/// A strong warp of a 14 x 9 m domain without folds: affine with rotation, shear and unequal scale,
/// thin-plate spline and B-spline field, all non-zero.
inline std::shared_ptr<Correspondence::Impl> random_warp(std::uint64_t seed) {
  base::PhiloxStream stream({seed, 0, 0, 0, base::Purpose::kTest});
  auto impl = std::make_shared<Correspondence::Impl>();
  impl->domain_min = {-3.0, 5.0};
  impl->domain_max = {11.0, 14.0};
  const double angle = stream.uniform(-3.1f, 3.1f);
  const double scale = 0.06;
  impl->linear[0] = scale * 1.2 * glm::dvec2(std::cos(angle), std::sin(angle));
  impl->linear[1] = scale * 0.8 * glm::dvec2(-std::sin(angle + 0.1), std::cos(angle + 0.1));
  impl->offset = glm::dvec2(0.5) - impl->linear * (0.5 * (impl->domain_min + impl->domain_max));
  for (int i = 0; i < 16; ++i) {
    impl->tps_centres.push_back({(i % 4) / 3.0, (i / 4) / 3.0 * 9.0 / 14.0});
    impl->tps_weights.push_back({0.02 * stream.normal(), 0.02 * stream.normal()});
  }
  impl->grid_x = 12;
  impl->grid_z = 9;
  for (int i = 0; i < 12 * 9; ++i) impl->grid.push_back({0.008 * stream.normal(), 0.008 * stream.normal()});
  impl->tilt = {stream.uniform(-0.2f, 0.2f), stream.uniform(-0.2f, 0.2f)};
  while (impl->has_fold(65, 0.1)) {
    for (auto& w : impl->tps_weights) w *= 0.7;
    for (auto& c : impl->grid) c *= 0.7;
  }
  return impl;
}

/// A flat of 11.4 x 8.2 m: corridor, five rooms, six doors, and a route from the living room to a bedroom.
struct SmallHouse {
  WallMap walls;
  std::vector<base::Vec3> route;
  base::Pose start;
  base::Vec3 goal{0.0f};

  SynthesisInput input() const { return {&walls, route, start, goal}; }
};

inline void add_wall_with_doors(WallMap& map, base::Vec2 a, base::Vec2 b, const std::vector<float>& doors,
                                float width = 0.9f) {
  const base::Vec2 along = glm::normalize(b - a);
  base::Vec2 from = a;
  for (const float at : doors) {
    const base::Vec2 left = a + along * (at - 0.5f * width), right = a + along * (at + 0.5f * width);
    map.walls.push_back({from, left});
    map.doors.push_back({left, right});
    from = right;
  }
  map.walls.push_back({from, b});
}

inline SmallHouse small_house() {
  SmallHouse house;
  WallMap& map = house.walls;
  add_wall_with_doors(map, {0.0f, 0.0f}, {11.4f, 0.0f}, {});
  add_wall_with_doors(map, {11.4f, 0.0f}, {11.4f, 8.2f}, {4.1f});
  add_wall_with_doors(map, {11.4f, 8.2f}, {0.0f, 8.2f}, {});
  add_wall_with_doors(map, {0.0f, 8.2f}, {0.0f, 0.0f}, {});
  add_wall_with_doors(map, {0.0f, 3.4f}, {11.4f, 3.4f}, {3.0f, 6.4f, 9.9f});
  add_wall_with_doors(map, {0.0f, 4.8f}, {11.4f, 4.8f}, {2.4f, 8.0f});
  add_wall_with_doors(map, {4.6f, 0.0f}, {4.6f, 3.4f}, {});
  add_wall_with_doors(map, {8.2f, 0.0f}, {8.2f, 3.4f}, {1.6f});
  add_wall_with_doors(map, {5.5f, 4.8f}, {5.5f, 8.2f}, {});
  map.bounds.extend({0.0f, 0.0f, 0.0f});
  map.bounds.extend({11.4f, 2.6f, 8.2f});
  house.route = {{1.2f, 0.0f, 6.9f}, {2.4f, 0.0f, 5.3f}, {2.4f, 0.0f, 4.3f},
                 {4.0f, 0.0f, 4.1f}, {6.2f, 0.0f, 4.0f}, {6.4f, 0.0f, 3.0f},
                 {7.6f, 0.0f, 1.7f}, {8.9f, 0.0f, 1.6f}, {10.2f, 0.0f, 1.1f}};
  house.start = {house.route.front(), base::rotation_from_yaw(-0.6f)};
  house.goal = house.route.back();
  return house;
}

}  // namespace inknav::sketch::testing
