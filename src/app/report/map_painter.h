// SPDX-License-Identifier: MIT
#pragma once
// MapPainter: a plan of a home seen from above (floor, walls), and lines, marks and an agent on it.
// World (x, z) in metres -> pixels, x to the right, z down, the whole floor with a margin, centred; of a
// building that people would not draw whole (sketch/surroundings.h) the part around `focus`.

#include <array>
#include <cstdint>
#include <span>

#include "base/geometry.h"
#include "nav/nav_mesh.h"
#include "scene/image.h"
#include "scene/scene.h"

namespace inknav::app {

using Color = std::array<std::uint8_t, 3>;  // RGB
inline constexpr Color kRouteColor{216, 65, 75};
inline constexpr Color kWalkedColor{37, 99, 201};
inline constexpr Color kBelievedColor{231, 154, 43};
inline constexpr Color kStartColor{31, 122, 77};
inline constexpr Color kGoalColor{122, 61, 158};

class MapPainter {
 public:
  /// Draws floor and walls once into a size x size picture. `floor_y` is the height agents walk on.
  MapPainter(const scene::Scene& scene, const nav::NavMesh& mesh, float floor_y, int size,
             std::span<const base::Vec3> focus = {});

  const scene::Image& background() const { return background_; }
  base::Vec2 to_pixel(const base::Vec2& world_xz) const { return origin_px_ + pixels_per_metre_ * world_xz; }

  // All draw into `image`, a copy of background().
  void line(scene::Image& image, std::span<const base::Vec2> world_xz, const Color& color,
            float width_px) const;
  void disc(scene::Image& image, const base::Vec2& world_xz, const Color& color, float radius_px) const;
  /// A wedge that points where the agent looks.
  void agent(scene::Image& image, const base::Vec2& world_xz, float yaw, const Color& color) const;

 private:
  scene::Image background_;
  base::Vec2 origin_px_{0.0f};
  float pixels_per_metre_ = 1.0f;
};

/// Pictures of equal height side by side on white, `gap` pixels between them.
scene::Image side_by_side(std::span<const scene::Image> images, int gap);
/// Area or linear resampling to width x height, of 3 channels.
scene::Image resized(const scene::Image& image, int width, int height);

/// A wedge of `size_px` from `pixel` to where `yaw` looks on a map with x to the right and z down.
void draw_agent(scene::Image& image, const base::Vec2& pixel, float yaw, float size_px, const Color& color);
/// A disc in pixel coordinates, for pictures that are not maps (the drawing).
void draw_disc(scene::Image& image, const base::Vec2& pixel, const Color& color, float radius_px);

}  // namespace inknav::app
