// SPDX-License-Identifier: MIT
#include "render/brute_force_renderer.h"

#include <glm/geometric.hpp>

#include "render/batch_renderer.h"

namespace inknav::render {
namespace {

using DVec3 = glm::dvec3;

/// Moeller and Trumbore, "Fast, minimum storage ray-triangle intersection" (1997), without a tolerance.
/// True when the ray meets the triangle at near < depth < min(far, hit.depth).
bool intersect(const DVec3& origin, const DVec3& direction, const DVec3 corners[3], bool double_sided,
               double near_m, Hit& hit) {
  const DVec3 e1 = corners[1] - corners[0];
  const DVec3 e2 = corners[2] - corners[0];
  const DVec3 p = glm::cross(direction, e2);
  const double determinant = glm::dot(e1, p);  // > 0 seen from the front
  if (double_sided ? determinant == 0.0 : determinant <= 0.0) return false;
  const DVec3 s = origin - corners[0];
  const double u = glm::dot(s, p) / determinant;
  if (u < 0.0 || u > 1.0) return false;
  const DVec3 q = glm::cross(s, e1);
  const double v = glm::dot(direction, q) / determinant;
  if (v < 0.0 || u + v > 1.0) return false;
  const double t = glm::dot(e2, q) / determinant;
  if (!(t > near_m) || !(t < static_cast<double>(hit.depth))) return false;
  hit.u = static_cast<float>(u);
  hit.v = static_cast<float>(v);
  hit.depth = static_cast<float>(t);
  return true;
}

class BruteForceRenderer final : public BatchRenderer {
 public:
  using BatchRenderer::BatchRenderer;
  std::string_view name() const override { return "brute_force"; }

 private:
  base::Result<std::unique_ptr<TracedScene>> prepare(const scene::ScenePtr& scene) override {
    return std::make_unique<TracedScene>(scene);
  }

  void trace(const Band& band) const override {
    const scene::Scene& scene = band.scene->scene();
    const DVec3 origin(band.frame.origin);
    for (int y = band.row_begin; y < band.row_end; ++y) {
      for (int x = 0; x < camera().width; ++x) {
        const DVec3 direction(band.frame.direction(rays().right(x), rays().up(y)));
        Hit hit;
        hit.depth = camera().far_m;
        bool found = false;
        for (std::size_t i = 0; i < scene.num_triangles(); ++i) {
          const glm::u32vec3& corner = scene.triangles[i];
          const DVec3 corners[3] = {DVec3(scene.positions[corner.x]), DVec3(scene.positions[corner.y]),
                                    DVec3(scene.positions[corner.z])};
          if (intersect(origin, direction, corners, scene.materials[scene.triangle_material[i]].double_sided,
                        static_cast<double>(camera().near_m), hit)) {
            hit.triangle = static_cast<std::uint32_t>(i);
            found = true;
          }
        }
        write_pixel(band, x, y, found ? &hit : nullptr);
      }
    }
  }
};

}  // namespace

std::unique_ptr<Renderer> make_brute_force_renderer(const CameraSpec& camera, base::ThreadPool& pool) {
  return std::make_unique<BruteForceRenderer>(camera, pool);
}

}  // namespace inknav::render
