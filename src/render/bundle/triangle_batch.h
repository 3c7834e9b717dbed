// SPDX-License-Identifier: MIT
#pragma once
// TriangleBatch: triangles wait here until there are eight, are then made ready together, and each is tested
// against the rays of the pixels that it may cover. The test is intersect_triangle() of
// wide_bvh/triangle_test.h, operation by operation, so that depths and numbers are the same bits.

#include <cstdint>

#include "render/bundle/block_camera.h"
#include "render/bundle/block_image.h"
#include "render/wide_bvh/wide_node.h"

namespace inknav::render {

/// What the rays of a block cost.
struct BundleWork {
  std::int64_t nodes = 0;      // of the hierarchy, each with up to eight boxes
  std::int64_t triangles = 0;  // made ready
  std::int64_t tests = 0;      // of a triangle with a ray
};

class TriangleBatch {
 public:
  TriangleBatch(const BlockCamera& camera, BlockImage& image, BundleWork& work)
      : camera_(camera), image_(image), work_(work) {}

  /// `rect` is that of a box around the triangle.
  void add(const WideTriangle* triangle, const PixelRect& rect) {
    const char* bytes = reinterpret_cast<const char*>(triangle);
    _mm_prefetch(bytes, _MM_HINT_T0);
    _mm_prefetch(bytes + sizeof(WideTriangle) - 1, _MM_HINT_T0);
    triangles_[size_] = triangle;
    rects_[size_] = rect;
    if (++size_ == kLanes) draw();
  }
  /// Draws what waits.
  void draw();

 private:
  /// What intersect_triangle() computes of a triangle alone.
  struct Ready {
    alignas(
        32) float weight[3][3][kLanes];  // [corner][axis], scalar product with the ray: the corner's weight
    alignas(32) float normal[3][kLanes];
    alignas(32) float offset[kLanes];  // corner times normal
  };

  Corners load() const;
  static void make_ready(const Corners& corners, Ready& ready);
  void draw_triangle(const Ready& ready, int lane, const PixelRect& rect);

  const BlockCamera& camera_;
  BlockImage& image_;
  BundleWork& work_;
  const WideTriangle* triangles_[kLanes];
  PixelRect rects_[kLanes];
  int size_ = 0;
};

}  // namespace inknav::render
