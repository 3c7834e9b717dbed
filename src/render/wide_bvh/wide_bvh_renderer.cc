// SPDX-License-Identifier: MIT
#include "render/wide_bvh/wide_bvh_renderer.h"

#include "render/batch_renderer.h"
#include "render/wide_bvh/traverse.h"
#include "render/wide_bvh/wide_bvh.h"

namespace inknav::render {
namespace {

class WideScene final : public TracedScene {
 public:
  WideScene(const scene::ScenePtr& scene, base::ThreadPool& pool) : TracedScene(scene), bvh(*scene, pool) {}
  const WideBvh bvh;
};

class WideBvhRenderer final : public BatchRenderer {
 public:
  using BatchRenderer::BatchRenderer;
  std::string_view name() const override { return "wide_bvh"; }

 private:
  base::Result<std::unique_ptr<TracedScene>> prepare(const scene::ScenePtr& scene) override {
    return std::unique_ptr<TracedScene>(std::make_unique<WideScene>(scene, pool()));
  }

  void trace(const Band& band) const override {
    const WideBvh& bvh = static_cast<const WideScene&>(*band.scene).bvh;
    const float slack = traversal_slack(bvh.bounds(), band.frame.origin);
    for (int y = band.row_begin; y < band.row_end; ++y) {
      for (int x = 0; x < camera().width; ++x) {
        const Ray ray{band.frame.origin, band.frame.direction(rays().right(x), rays().up(y)), camera().near_m,
                      camera().far_m};
        Hit hit;
        write_pixel(band, x, y, traverse(bvh.view(), ray, slack, hit) ? &hit : nullptr);
      }
    }
  }
};

}  // namespace

std::unique_ptr<Renderer> make_wide_bvh_renderer(const CameraSpec& camera, base::ThreadPool& pool) {
  return std::make_unique<WideBvhRenderer>(camera, pool);
}

}  // namespace inknav::render
