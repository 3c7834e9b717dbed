// SPDX-License-Identifier: MIT
#pragma once
// MeshBuilder: quads, boxes and cylinders with one colour and one texture each, collected into a Scene.
//
// Shading of the renderer is flat and without lamps, so a factor for the direction of each face is baked into
// the vertex colours: edges of things stay visible in RGB. Texture coordinates are metres over the texture's
// size. Faces are counter-clockwise from outside.

#include <array>
#include <cstdint>

#include "scene/home/home_textures.h"
#include "scene/scene.h"

namespace inknav::scene::internal {

struct Finish {              // what a face looks like
  base::Vec3 color{200.0f};  // 0 to 255
  Surface surface = Surface::kPlain;
};

/// Faces of a box that can be left out, because they are hidden or would be stood upon.
enum BoxFace : unsigned { kNoTop = 1u, kNoBottom = 2u };

/// Local frame of a piece: x right, y up, -z its front; origin on the floor.
struct LocalFrame {
  base::Vec2 centre{0.0f};
  float cos_yaw = 1.0f;
  float sin_yaw = 0.0f;

  static LocalFrame from_yaw(const base::Vec2& centre, float yaw);
  base::Vec3 to_world(const base::Vec3& p) const {
    return {centre.x + cos_yaw * p.x + sin_yaw * p.z, p.y, centre.y - sin_yaw * p.x + cos_yaw * p.z};
  }
};

class MeshBuilder {
 public:
  /// The textures become the scene's, one material for each Surface.
  explicit MeshBuilder(HomeTextures textures);

  void quad(const std::array<base::Vec3, 4>& corners, const Finish& finish);
  void triangle(const std::array<base::Vec3, 3>& corners, const Finish& finish);
  /// Horizontal rectangle that looks up (or down) at height y, plan coordinates.
  void plate(const base::Vec2& min, const base::Vec2& max, float y, bool up, const Finish& finish);
  void box(const LocalFrame& frame, const base::Vec3& min, const base::Vec3& max, const Finish& finish,
           unsigned without = kNoBottom);
  /// Upright prism with `sides` sides between two heights and radii (a cone when one radius is small).
  struct Cylinder {
    base::Vec2 centre{0.0f};  // local x, z
    float y0 = 0.0f;
    float y1 = 1.0f;
    float r0 = 0.1f;
    float r1 = 0.1f;
    int sides = 8;
  };
  void cylinder(const LocalFrame& frame, const Cylinder& shape, const Finish& finish);

  Scene take() { return std::move(scene_); }

 private:
  std::uint32_t vertex(const base::Vec3& p, const base::Vec3& normal, const Finish& finish);

  Scene scene_;
};

}  // namespace inknav::scene::internal
