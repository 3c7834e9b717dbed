// SPDX-License-Identifier: MIT
#pragma once
// Synthetic scenes for tests of nav: floors, boxes, ramps and stairs, as validated Scenes.

#include <string>
#include <vector>

#include "base/check.h"
#include "base/geometry.h"
#include "base/philox.h"
#include "nav/nav_mesh.h"
#include "scene/scene.h"

namespace inknav::nav::testing {

class SceneBuilder {
 public:
  /// Counter-clockwise seen from the front.
  SceneBuilder& quad(const base::Vec3& a, const base::Vec3& b, const base::Vec3& c, const base::Vec3& d) {
    const auto first = static_cast<std::uint32_t>(scene_.positions.size());
    scene_.positions.insert(scene_.positions.end(), {a, b, c, d});
    scene_.triangles.push_back({first, first + 1, first + 2});
    scene_.triangles.push_back({first, first + 2, first + 3});
    scene_.triangle_material.insert(scene_.triangle_material.end(), {0u, 0u});
    return *this;
  }
  SceneBuilder& floor(float x0, float z0, float x1, float z1, float y = 0.0f) {
    return quad({x0, y, z0}, {x0, y, z1}, {x1, y, z1}, {x1, y, z0});
  }
  /// Rises from y0 at x0 to y1 at x1.
  SceneBuilder& ramp_x(float x0, float z0, float x1, float z1, float y0, float y1) {
    return quad({x0, y0, z0}, {x0, y0, z1}, {x1, y1, z1}, {x1, y1, z0});
  }
  SceneBuilder& box(const base::Vec3& low, const base::Vec3& high) {
    const base::Vec3 &l = low, &h = high;
    quad({l.x, h.y, l.z}, {l.x, h.y, h.z}, {h.x, h.y, h.z}, {h.x, h.y, l.z});
    quad({l.x, l.y, l.z}, {h.x, l.y, l.z}, {h.x, l.y, h.z}, {l.x, l.y, h.z});
    quad({l.x, l.y, h.z}, {h.x, l.y, h.z}, {h.x, h.y, h.z}, {l.x, h.y, h.z});
    quad({h.x, l.y, l.z}, {l.x, l.y, l.z}, {l.x, h.y, l.z}, {h.x, h.y, l.z});
    quad({l.x, l.y, l.z}, {l.x, l.y, h.z}, {l.x, h.y, h.z}, {l.x, h.y, l.z});
    return quad({h.x, l.y, h.z}, {h.x, l.y, l.z}, {h.x, h.y, l.z}, {h.x, h.y, h.z});
  }
  /// A wall 2.5 m high over the rectangle.
  SceneBuilder& wall(float x0, float z0, float x1, float z1, float y = 0.0f) {
    return box({x0, y, z0}, {x1, y + 2.5f, z1});
  }
  scene::ScenePtr finish(const std::string& name) {
    scene_.name = name;
    scene_.materials.resize(1);
    auto result = scene::finish(std::move(scene_));
    INKNAV_CHECK(result.ok(), result.error().message);
    return *result;
  }

 private:
  scene::Scene scene_;
};

/// 12 x 8 m: four rooms around a corridor, doors of 0.9 m, a table-like block; floor at y = 0.
inline scene::ScenePtr rooms_scene() {
  SceneBuilder b;
  b.floor(0, 0, 12, 8);
  b.wall(-0.1f, -0.1f, 12.1f, 0.0f).wall(-0.1f, 8.0f, 12.1f, 8.1f);
  b.wall(-0.1f, 0.0f, 0.0f, 8.0f).wall(12.0f, 0.0f, 12.1f, 8.0f);
  // Corridor from z = 3.4 to 4.6, doors at x = 2 and 9 on both sides.
  for (const float z : {3.3f, 4.6f}) {
    b.wall(0.0f, z, 2.0f, z + 0.1f).wall(2.9f, z, 9.0f, z + 0.1f).wall(9.9f, z, 12.0f, z + 0.1f);
  }
  b.wall(5.95f, 0.0f, 6.05f, 3.3f).wall(5.95f, 4.7f, 6.05f, 6.5f).wall(5.95f, 7.4f, 6.05f, 8.0f);
  b.box({3.5f, 0.0f, 0.8f}, {4.5f, 0.75f, 2.4f}).box({8.0f, 0.0f, 5.6f}, {10.0f, 0.45f, 7.0f});
  return b.finish("rooms");
}

/// Two floors (y = 0 and y = 3, one above the other) joined by a straight stair of 0.15 m steps.
inline scene::ScenePtr storeys_scene() {
  SceneBuilder b;
  b.floor(0, 0, 10, 3);      // below, wide
  b.floor(0, -4, 10, 0, 3);  // above, beyond the stair well
  b.floor(0, 0, 3, 3, 3);    // above the lower floor, where the stair arrives
  constexpr int kSteps = 20;
  for (int i = 0; i < kSteps; ++i) {
    const float x = 9.0f - 0.3f * static_cast<float>(i);
    const float y = 0.15f * static_cast<float>(i + 1);
    b.box({x - 0.3f, 0.0f, 2.0f}, {x, y, 3.0f});
  }
  return b.finish("storeys");
}

/// 8 x 8 m with walls around and a dozen blocks at random, some too low to pass over and one a thin screen.
inline scene::ScenePtr clutter_scene(std::uint64_t seed) {
  SceneBuilder b;
  b.floor(0, 0, 8, 8);
  b.wall(-0.1f, -0.1f, 8.1f, 0.0f).wall(-0.1f, 8.0f, 8.1f, 8.1f);
  b.wall(-0.1f, 0.0f, 0.0f, 8.0f).wall(8.0f, 0.0f, 8.1f, 8.0f);
  base::PhiloxStream stream({.seed = seed});
  for (int i = 0; i < 12; ++i) {
    const float x = stream.uniform(0.5f, 6.5f), z = stream.uniform(0.5f, 6.5f);
    const float w = stream.uniform(0.1f, 1.4f), d = stream.uniform(0.1f, 1.4f);
    b.box({x, 0.0f, z}, {x + w, stream.uniform(0.4f, 2.0f), z + d});
  }
  const float x = stream.uniform(1.0f, 4.0f), z = stream.uniform(2.0f, 6.0f);
  b.box({x, 0.0f, z}, {x + 2.5f, 2.0f, z + 0.02f});
  return b.finish("clutter");
}

inline NavMeshPtr build_mesh(const scene::ScenePtr& scene, const NavSettings& settings = {}) {
  auto mesh = NavMesh::build(*scene, settings);
  INKNAV_CHECK(mesh.ok(), mesh.error().message);
  return *mesh;
}

}  // namespace inknav::nav::testing
