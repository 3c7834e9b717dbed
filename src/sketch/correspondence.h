// SPDX-License-Identifier: MIT
#pragma once
// Correspondence: the exact map between the world plane (x, z) and the paper (u, v) that synthesis used:
// affine part, per-room warp and thin-plate spline, all composed in double precision.
//
// Laws: to_world(to_paper(p)) == p to float precision; jacobian() is the derivative of to_paper.
// A reader's belief is scored and trained against the Jacobian; local_similarity(), its best similarity, says
// which way a start mark points.

#include <memory>
#include <string>
#include <string_view>

#include "base/geometry.h"
#include "base/result.h"
#include "sketch/drawing.h"

namespace inknav::sketch {

class Correspondence {
 public:
  struct Impl;
  Correspondence();  // identity-free: empty() until assigned
  explicit Correspondence(std::shared_ptr<const Impl> impl);

  bool empty() const { return impl_ == nullptr; }
  base::Vec2 to_paper(const base::Vec2& world_xz) const;
  base::Vec2 to_world(const base::Vec2& paper) const;
  glm::mat2 jacobian(const base::Vec2& world_xz) const;  // d paper / d world
  PaperPose local_similarity(const base::Vec2& world_xz, float yaw) const;

  std::string to_json() const;
  static base::Result<Correspondence> from_json(std::string_view text, std::string_view name);

 private:
  std::shared_ptr<const Impl> impl_;
};

}  // namespace inknav::sketch
