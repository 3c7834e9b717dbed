// SPDX-License-Identifier: MIT
#pragma once
// Plan pictures: a home seen from above, for people: walkable area, walls and doors, routes, marks. The same
// frame gives the same pixel for the same place in every picture made with it.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/geometry.h"
#include "scene/image.h"
#include "sketch/wall_map.h"

namespace inknav::sketch {

/// Square picture of `size` pixels that shows a square of the world, x to the right, z down.
struct PlanFrame {
  base::Vec2 middle{0.0f};  // world (x, z), metres
  float side = 1.0f;        // metres
  int size = 512;           // pixels

  base::Vec2 to_pixels(const base::Vec3& world) const {
    return (base::Vec2(world.x, world.z) - middle) * (static_cast<float>(size) / side) +
           0.5f * static_cast<float>(size);
  }
};
/// A frame around `bounds` with a small margin.
PlanFrame make_plan_frame(const base::Aabb& bounds, int size);

using Rgb = std::array<std::uint8_t, 3>;

class PlanPicture {
 public:
  explicit PlanPicture(const PlanFrame& frame, Rgb paper = {255, 255, 255});
  /// Starts from `background`, a picture of frame.size x frame.size RGB.
  PlanPicture(const PlanFrame& frame, const scene::Image& background);

  void triangles(std::span<const base::Vec3> soup, Rgb color);  // three points each
  void walls(const WallMap& map);                               // walls black, doors green
  void route(std::span<const base::Vec3> points, Rgb color, float width_px = 3.0f);
  void start(const base::Pose& pose);     // blue arrow
  void goal(const base::Vec3& position);  // purple ring
  const scene::Image& image() const { return image_; }

 private:
  PlanFrame frame_;
  scene::Image image_;
};

/// Pictures of equal height in a row, `gap` white pixels between them. All RGB.
scene::Image side_by_side(std::span<const scene::Image> pictures, int gap);

}  // namespace inknav::sketch
