// SPDX-License-Identifier: MIT
#include "render/bundle/block_camera.h"

#include <cmath>

namespace inknav::render {
namespace {

constexpr float kLeastMarginPx = 1.0f / 64.0f;
constexpr float kRoundings = 0x1.0p-20f;  // 16

float sum_of_sizes(const base::Vec3& v) { return std::fabs(v.x) + std::fabs(v.y) + std::fabs(v.z); }

void store(std::int32_t* to, Float8 values) {
  _mm256_store_si256(reinterpret_cast<__m256i*>(to), _mm256_cvttps_epi32(values));
}

Float8 dot(const base::Vec3& axis, const Float8* at) {
  return fused(all(axis.x), at[0], fused(all(axis.y), at[1], all(axis.z) * at[2]));
}

}  // namespace

BlockCamera::BlockCamera(const CameraFrame& frame, const CameraSpec& camera, const PixelBlock& block,
                         float slack_m)
    : eye_(frame.origin),
      near_m_(camera.near_m),
      block_(block),
      middle_px_{0.5f * static_cast<float>(block.width - 1), 0.5f * static_cast<float>(block.height - 1)},
      last_px_{static_cast<float>(block.width - 1), static_cast<float>(block.height - 1)} {
  const PixelRays rays(camera);
  const float right = 0.5f * (rays.right(block.x) + rays.right(block.x + block.width - 1));
  const float up = 0.5f * (rays.up(block.y) + rays.up(block.y + block.height - 1));
  axis_[0] = (frame.right - right * frame.forward) / rays.pixel_size();
  axis_[1] = (up * frame.forward - frame.up) / rays.pixel_size();
  axis_[2] = frame.forward;
  for (int k = 0; k < 3; ++k) {
    pad_[k] = slack_m * sum_of_sizes(axis_[k]);
  }
  // Of a point one metre ahead in the block, in any direction of the world's axes.
  const float side = 0.5f * static_cast<float>(kBlockSide) * rays.pixel_size();
  const float farthest = 1.0f + std::fabs(right) + std::fabs(up) + 2.0f * side;
  for (int k = 0; k < 2; ++k) margin_px_[k] = kLeastMarginPx + kRoundings * farthest * sum_of_sizes(axis_[k]);
  for (int i = 0; i < kBlockSide; ++i) {
    const base::Vec3 column = frame.forward + rays.right(block.x + i) * frame.right;
    const base::Vec3 row = rays.up(block.y + i) * frame.up;
    for (int axis = 0; axis < 3; ++axis) {
      column_[axis][i] = column[axis];
      row_[i][axis] = row[axis];
    }
  }
}

std::uint32_t BlockCamera::box_rects(const Boxes& boxes, PixelRects& rects, float* least_depth) const {
  Float8 middle[3];
  for (int k = 0; k < 3; ++k) middle[k] = dot(axis_[k], boxes.middle);
  Float8 deep = all(pad_[2]);
  for (int axis = 0; axis < 3; ++axis) {
    deep = fused(all(std::fabs(axis_[2][axis])), boxes.half[axis], deep);
  }
  const Float8 z_least = middle[2] - deep, z_most = middle[2] + deep;
  const Float8 ahead = above(z_least, all(0.5f * near_m_));
  const Float8 inverse_middle = all(1.0f) / middle[2], inverse_least = all(1.0f) / z_least;
  Bounds pixels;
  for (int k = 0; k < 2; ++k) {
    const Float8 t = middle[k] * inverse_middle;
    Float8 reach = fused(absolute(t), all(pad_[2]), all(pad_[k]));
    for (int axis = 0; axis < 3; ++axis) {
      const Float8 slope = _mm256_fnmadd_ps(t, all(axis_[2][axis]), all(axis_[k][axis]));
      reach = fused(absolute(slope), boxes.half[axis], reach);
    }
    reach = reach * inverse_least;
    pixels.low[k] = t - reach;
    pixels.high[k] = t + reach;
  }
  if (bits(ahead) != 0xFFu) {
    const Bounds crossing = crossing_bounds(boxes, middle, z_least, z_most);
    for (int k = 0; k < 2; ++k) {
      pixels.low[k] = choose(ahead, pixels.low[k], crossing.low[k]);
      pixels.high[k] = choose(ahead, pixels.high[k], crossing.high[k]);
    }
  }
  _mm256_store_ps(least_depth, z_least);
  return clip(pixels, rects) & bits(above(z_most, all(near_m_)));
}

/// Of boxes that reach behind the eye or nearly: what of them lies between half the near plane's distance and
/// z_most, each of the three coordinates taken on its own.
BlockCamera::Bounds BlockCamera::crossing_bounds(const Boxes& boxes, const Float8* middle, Float8 z_least,
                                                 Float8 z_most) const {
  const Float8 nearest = all(0.5f * near_m_);
  const Float8 inverse_least = all(1.0f) / greater(z_least, nearest);
  const Float8 inverse_most = all(1.0f) / greater(z_most, nearest);
  Bounds pixels;
  for (int k = 0; k < 2; ++k) {
    Float8 reach = all(pad_[k]);
    for (int axis = 0; axis < 3; ++axis) {
      reach = fused(all(std::fabs(axis_[k][axis])), boxes.half[axis], reach);
    }
    const Float8 low = middle[k] - reach, high = middle[k] + reach;
    pixels.low[k] = lesser(low * inverse_least, low * inverse_most);
    pixels.high[k] = greater(high * inverse_least, high * inverse_most);
  }
  return pixels;
}

std::uint32_t BlockCamera::triangle_rects(const Corners& corners, PixelRects& rects,
                                          std::uint32_t& crossing) const {
  const float most = 3e38f;
  Bounds pixels{{all(most), all(most)}, {all(-most), all(-most)}};
  Float8 z_least = all(most), z_most = all(-most);
  for (const auto& corner : corners.at) {
    const Float8 z = dot(axis_[2], corner);
    const Float8 inverse = all(1.0f) / z;
    for (int k = 0; k < 2; ++k) {
      const Float8 pixel = dot(axis_[k], corner) * inverse;
      pixels.low[k] = lesser(pixels.low[k], pixel);
      pixels.high[k] = greater(pixels.high[k], pixel);
    }
    z_least = lesser(z_least, z);
    z_most = greater(z_most, z);
  }
  const Float8 nearest = all(0.5f * near_m_);
  const std::uint32_t ahead = bits(above(z_least, nearest)), reaching = bits(above(z_most, nearest));
  crossing = reaching & ~ahead;
  return (clip(pixels, rects) & ahead) | crossing;
}

std::uint32_t BlockCamera::clip(const Bounds& pixels, PixelRects& rects) const {
  Float8 first[2], last[2];
  for (int k = 0; k < 2; ++k) {
    first[k] = greater(_mm256_ceil_ps(pixels.low[k] + all(middle_px_[k] - margin_px_[k])), all(0.0f));
    last[k] = lesser(_mm256_floor_ps(pixels.high[k] + all(middle_px_[k] + margin_px_[k])), all(last_px_[k]));
  }
  store(rects.left, first[0]);
  store(rects.right, last[0]);
  store(rects.top, first[1]);
  store(rects.bottom, last[1]);
  return bits(both(at_least(last[0], first[0]), at_least(last[1], first[1])));
}

}  // namespace inknav::render
