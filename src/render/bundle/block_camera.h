// SPDX-License-Identifier: MIT
#pragma once
// BlockCamera: where boxes and triangles lie among the pixels of one block, eight at a time, and the block's
// rays.
//
// For a point p relative to the eye, X.p / F.p is its column and Y.p / F.p its row, counted from the middle
// of the block; F is the optical axis. Bounds of a box: with t the column of its middle, the columns of its
// points lie around t by at most max |(X - t F).p| / min F.p, which is exact to first order in the box's
// size.
//
// Conservative: a pixel is within the rectangle whenever the triangle test (wide_bvh/triangle_test.h) could
// report a hit there. Boxes are widened by `slack_m` (traversal_slack(), 16 roundings of the largest distance
// that occurs), and every rectangle by a margin above what rounding moves a projected point: 16 roundings of
// the products that it is the sum of, which matter for the widest lenses and largest images only, and 1/64.

#include <cstdint>

#include "render/bundle/block_image.h"
#include "render/bundle/float8.h"
#include "render/camera.h"
#include "render/wide_bvh/wide_node.h"

namespace inknav::render {

/// Of an image.
struct PixelBlock {
  int x = 0;
  int y = 0;
  int width = 0;   // 1 to kBlockSide
  int height = 0;  // 1 to kBlockSide
};

/// Eight axis-parallel boxes relative to the eye, [axis].
struct Boxes {
  Float8 middle[3];
  Float8 half[3];
};

/// Eight triangles relative to the eye, [corner][axis].
struct Corners {
  Float8 at[3][3];
};

/// Eight rectangles of pixels, clipped to the block.
struct PixelRects {
  alignas(32) std::int32_t left[kLanes];
  alignas(32) std::int32_t right[kLanes];
  alignas(32) std::int32_t top[kLanes];
  alignas(32) std::int32_t bottom[kLanes];

  PixelRect operator[](int lane) const { return {left[lane], right[lane], top[lane], bottom[lane]}; }
  void set(int lane, const PixelRect& rect) {
    left[lane] = rect.left;
    right[lane] = rect.right;
    top[lane] = rect.top;
    bottom[lane] = rect.bottom;
  }
};

class BlockCamera {
 public:
  BlockCamera(const CameraFrame& frame, const CameraSpec& camera, const PixelBlock& block, float slack_m);

  const PixelBlock& block() const { return block_; }
  const base::Vec3& eye() const { return eye_; }
  float near_m() const { return near_m_; }

  /// Rectangles of the boxes and the least depth of each, in metres; bit i of the result: box i reaches
  /// before the near plane and contains a pixel's ray, as far as rectangles tell.
  std::uint32_t box_rects(const Boxes& boxes, PixelRects& rects, float* least_depth) const;
  /// The same of triangles. `crossing`: bit i: triangle i reaches behind the eye, its rectangle is not known.
  std::uint32_t triangle_rects(const Corners& corners, PixelRects& rects, std::uint32_t& crossing) const;

  /// The rays of columns 8 * group to 8 * group + 7; bit for bit CameraFrame::direction.
  void directions(int group, int row, Float8* direction) const {
    for (int axis = 0; axis < 3; ++axis) {
      direction[axis] = _mm256_load_ps(&column_[axis][group * kLanes]) + all(row_[row][axis]);
    }
  }

 private:
  struct Bounds {
    Float8 low[2];
    Float8 high[2];
  };
  std::uint32_t clip(const Bounds& pixels, PixelRects& rects) const;
  Bounds crossing_bounds(const Boxes& boxes, const Float8* middle, Float8 z_least, Float8 z_most) const;

  base::Vec3 eye_;
  float near_m_;
  PixelBlock block_;
  base::Vec3 axis_[3];                       // X, Y, F
  float pad_[3];                             // slack of each, in its unit
  float margin_px_[2];                       // around every rectangle
  float middle_px_[2];                       // of the block
  float last_px_[2];                         // its last column and row
  alignas(32) float column_[3][kBlockSide];  // [axis] of the world
  float row_[kBlockSide][3];
};

}  // namespace inknav::render
