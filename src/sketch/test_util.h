// SPDX-License-Identifier: MIT
#pragma once
// What the tests of this module share: random warps, a small house of walls.

#include <memory>

#include "base/philox.h"
#include "sketch/correspondence_impl.h"
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
  double shrink = 1.0;
  while (impl->has_fold(65, 0.1)) {
    shrink *= 0.7;
    for (auto& w : impl->tps_weights) w *= 0.7;
    for (auto& c : impl->grid) c *= 0.7;
  }
  return impl;
}

}  // namespace inknav::sketch::testing
