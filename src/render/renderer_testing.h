// SPDX-License-Identifier: MIT
#pragma once
// For the tests of the renderers: whole batches as images, and the ray in double precision against every
// triangle that decides when two back ends differ.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <glm/geometric.hpp>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "render/cuda/cuda_plugin.h"
#include "render/egl/egl_info.h"
#include "render/renderer.h"

namespace inknav::render {

struct Images {
  std::vector<float> depth;
  std::vector<std::uint8_t> rgb;
};

/// Why this machine cannot run the back end, or nothing.
inline std::string why_not(Backend backend) {
  if (backend == Backend::kEgl) {
    const auto info = egl_info();
    return info.ok() ? std::string() : info.error().message;
  }
  if (backend != Backend::kCuda) return {};
  const auto api = find_cuda(0);
  return api.ok() ? std::string() : api.error().message;
}

/// As a part of a test's name.
inline std::string backend_name(const testing::TestParamInfo<Backend>& info) {
  switch (info.param) {
    case Backend::kBundle:
      return "bundle";
    case Backend::kCuda:
      return "cuda";
    case Backend::kEgl:
      return "egl";
    case Backend::kWideBvh:
      return "wide_bvh";
    case Backend::kEmbree:
      return "embree";
    case Backend::kBruteForce:
      return "brute_force";
  }
  return "unknown";
}

inline Images render_images(Backend backend, const CameraSpec& camera, const scene::ScenePtr& scene,
                            const std::vector<base::Pose>& poses, int threads) {
  base::ThreadPool pool(threads);
  auto renderer = make_renderer(backend, camera, pool);
  EXPECT_TRUE(renderer.ok()) << (renderer.ok() ? "" : renderer.error().message);
  const int slot = (*renderer)->add_scene(scene).value();
  std::vector<View> views;
  for (const base::Pose& pose : poses) views.push_back({slot, pose});
  const auto pixels = static_cast<std::size_t>(camera.width * camera.height) * poses.size();
  Images images{std::vector<float>(pixels, -1.0f), std::vector<std::uint8_t>(3 * pixels, 7)};
  const base::Status rendered = (*renderer)->render(views, {images.depth.data(), images.rgb.data()});
  EXPECT_TRUE(rendered.ok()) << (rendered.ok() ? "" : rendered.error().message);
  EXPECT_EQ((*renderer)->counters().rays, static_cast<std::int64_t>(pixels));
  return images;
}

/// What a ray in double precision meets; depth 0: nothing.
struct ExactHit {
  double depth = 0.0;
  double reach = 0.0;  // from the ray's origin to the farthest corner of the triangle, metres
};

/// The nearest hit in double precision (Moeller and Trumbore, no tolerance).
inline ExactHit exact_hit(const scene::Scene& scene, const CameraSpec& camera, const glm::dvec3& origin,
                          const glm::dvec3& direction) {
  double nearest = static_cast<double>(camera.far_m);
  ExactHit hit;
  for (std::size_t i = 0; i < scene.num_triangles(); ++i) {
    const glm::u32vec3& corner = scene.triangles[i];
    const glm::dvec3 a(scene.positions[corner.x]);
    const glm::dvec3 e1 = glm::dvec3(scene.positions[corner.y]) - a;
    const glm::dvec3 e2 = glm::dvec3(scene.positions[corner.z]) - a;
    const glm::dvec3 p = glm::cross(direction, e2);
    const double determinant = glm::dot(e1, p);
    const bool double_sided = scene.materials[scene.triangle_material[i]].double_sided;
    if (double_sided ? determinant == 0.0 : determinant <= 0.0) continue;
    const double u = glm::dot(origin - a, p) / determinant;
    if (u < 0.0 || u > 1.0) continue;
    const glm::dvec3 q = glm::cross(origin - a, e1);
    const double v = glm::dot(direction, q) / determinant;
    const double t = glm::dot(e2, q) / determinant;
    if (v < 0.0 || u + v > 1.0 || t <= static_cast<double>(camera.near_m) || t >= nearest) continue;
    nearest = t;
    hit.depth = t;
    hit.reach =
        std::max({glm::length(a - origin), glm::length(a + e1 - origin), glm::length(a + e2 - origin)});
  }
  return hit;
}

}  // namespace inknav::render
