// SPDX-License-Identifier: MIT
#include "render/bundle/bundle_renderer.h"

#include <algorithm>
#include <utility>

#include "render/batch_renderer.h"
#include "render/bundle/bundle_tracer.h"
#include "render/wide_bvh/traverse.h"
#include "render/wide_bvh/wide_bvh.h"
#include "render/wide_bvh/wide_cache.h"

namespace inknav::render {
namespace {

class BundleScene final : public TracedScene {
 public:
  BundleScene(const scene::ScenePtr& scene, WideBvh hierarchy)
      : TracedScene(scene), bvh(std::move(hierarchy)) {}
  const WideBvh bvh;
};

class BundleRenderer final : public BatchRenderer {
 public:
  BundleRenderer(const CameraSpec& camera, base::ThreadPool& pool,
                 std::optional<std::filesystem::path> cache_dir)
      : BatchRenderer(camera, pool), cache_dir_(std::move(cache_dir)) {}
  std::string_view name() const override { return "bundle"; }

 private:
  base::Result<std::unique_ptr<TracedScene>> prepare(const scene::ScenePtr& scene) override {
    WideBvh bvh = cache_dir_ ? cached_wide_bvh(*scene, *cache_dir_, pool()) : WideBvh(*scene, pool());
    return std::unique_ptr<TracedScene>(std::make_unique<BundleScene>(scene, std::move(bvh)));
  }

  static_assert(kBandRows % kBlockSide == 0, "a block that a band cuts is traced in two");

  void trace(const Band& band) const override {
    const auto& scene = static_cast<const BundleScene&>(*band.scene);
    const float slack_m = traversal_slack(scene.bvh.bounds(), band.frame.origin);
    for (int y = band.row_begin; y < band.row_end; y += kBlockSide) {
      for (int x = 0; x < camera().width; x += kBlockSide) {
        const PixelBlock block{x, y, std::min(kBlockSide, camera().width - x),
                               std::min(kBlockSide, band.row_end - y)};
        BlockImage image(block.width, block.height, camera().far_m);
        trace_bundle(scene.bvh.view(), BlockCamera(band.frame, camera(), block, slack_m), image);
        write_block(band, scene.scene(), block, image);
      }
    }
  }

  void write_block(const Band& band, const scene::Scene& scene, const PixelBlock& block,
                   const BlockImage& image) const {
    for (int row = 0; row < block.height; ++row) {
      const int y = block.y + row;
      for (int column = 0; column < block.width; ++column) {
        const int x = block.x + column;
        const float metres = image.depth(row)[column];
        const bool hit = metres < camera().far_m;
        if (!band.wants_colour()) {
          write_depth(band, std::int64_t{y} * camera().width + x, hit ? metres : 0.0f);
          continue;
        }
        if (!hit) {
          write_pixel(band, x, y, nullptr);
          continue;
        }
        // The image keeps no barycentric weights: the ray's test is repeated with the triangle that won.
        const Ray ray{band.frame.origin, band.frame.direction(rays().right(x), rays().up(y)), camera().near_m,
                      camera().far_m};
        Hit found{0, 0.0f, 0.0f, camera().far_m};
        intersect_triangle(wide_triangle(scene, image.triangle(row)[column]), ray, found);
        write_pixel(band, x, y, &found);
      }
    }
  }

  std::optional<std::filesystem::path> cache_dir_;
};

}  // namespace

std::unique_ptr<Renderer> make_bundle_renderer(const CameraSpec& camera, base::ThreadPool& pool,
                                               std::optional<std::filesystem::path> cache_dir) {
  return std::make_unique<BundleRenderer>(camera, pool, std::move(cache_dir));
}

}  // namespace inknav::render
