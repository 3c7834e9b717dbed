// SPDX-License-Identifier: MIT
#include "render/bundle/triangle_batch.h"

#include <bit>

namespace inknav::render {
namespace {

/// internal::fused_dot() of eight.
Float8 fused_dot(const Float8* a, const Float8* b) {
  return fused(a[0], b[0], fused(a[1], b[1], a[2] * b[2]));
}

/// The same of one triangle's vector, [axis], with eight rays.
struct Spread {
  Spread(const float (&values)[3][kLanes], int lane)
      : at{all(values[0][lane]), all(values[1][lane]), all(values[2][lane])} {}
  Float8 dot(const Float8* ray) const { return fused_dot(at, ray); }
  Float8 at[3];
};

Float8 no_lanes() { return _mm256_setzero_ps(); }
Float8 all_lanes() { return _mm256_castsi256_ps(_mm256_set1_epi32(-1)); }

}  // namespace

/// Four rows of four floats become three vectors over triangles; both halves of a register at once.
Corners TriangleBatch::load() const {
  const base::Vec3 eye = camera_.eye();
  Corners corners;
  for (int corner = 0; corner < 3; ++corner) {
    const auto row = [&](int lane) {
      return _mm_load_ps(reinterpret_cast<const float*>(triangles_[lane]) + 4 * corner);
    };
    Float8 rows[4];
    for (int i = 0; i < 4; ++i) {
      rows[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(row(i)), row(i + 4), 1);
    }
    const Float8 xy_low = _mm256_unpacklo_ps(rows[0], rows[1]);
    const Float8 xy_high = _mm256_unpacklo_ps(rows[2], rows[3]);
    const Float8 z_low = _mm256_unpackhi_ps(rows[0], rows[1]);
    const Float8 z_high = _mm256_unpackhi_ps(rows[2], rows[3]);
    corners.at[corner][0] = _mm256_shuffle_ps(xy_low, xy_high, 0x44) - all(eye.x);
    corners.at[corner][1] = _mm256_shuffle_ps(xy_low, xy_high, 0xEE) - all(eye.y);
    corners.at[corner][2] = _mm256_shuffle_ps(z_low, z_high, 0x44) - all(eye.z);
  }
  return corners;
}

void TriangleBatch::make_ready(const Corners& corners, Ready& ready) {
  const Float8(&at)[3][3] = corners.at;
  for (int corner = 0; corner < 3; ++corner) {
    const int from = (corner + 1) % 3, to = (corner + 2) % 3;
    Float8 edge[3], sum[3];
    for (int axis = 0; axis < 3; ++axis) {
      edge[axis] = at[to][axis] - at[from][axis];
      sum[axis] = at[from][axis] + at[to][axis];
    }
    for (int axis = 0; axis < 3; ++axis) {  // internal::fused_cross(edge, sum)
      const int i = (axis + 1) % 3, j = (axis + 2) % 3;
      _mm256_store_ps(ready.weight[corner][axis], _mm256_fmsub_ps(edge[i], sum[j], edge[j] * sum[i]));
    }
  }
  Float8 ca[3], ab[3], normal[3];
  for (int axis = 0; axis < 3; ++axis) {
    ca[axis] = at[0][axis] - at[2][axis];
    ab[axis] = at[1][axis] - at[0][axis];
  }
  for (int axis = 0; axis < 3; ++axis) {  // internal::accurate_cross(ca, ab)
    const int i = (axis + 1) % 3, j = (axis + 2) % 3;
    const Float8 product = ca[j] * ab[i];
    normal[axis] = _mm256_fmsub_ps(ca[i], ab[j], product) + _mm256_fnmadd_ps(ca[j], ab[i], product);
    _mm256_store_ps(ready.normal[axis], normal[axis]);
  }
  _mm256_store_ps(ready.offset, fused_dot(at[0], normal));
}

void TriangleBatch::draw() {
  if (size_ == 0) return;
  const std::uint32_t there = (1u << size_) - 1u;
  for (int lane = size_; lane < kLanes; ++lane) triangles_[lane] = triangles_[0];
  work_.triangles += size_;
  size_ = 0;
  const Corners corners = load();
  PixelRects rects;
  std::uint32_t crossing = 0;
  const std::uint32_t seen = camera_.triangle_rects(corners, rects, crossing) & there;
  if (seen == 0) return;
  for (std::uint32_t rest = seen & crossing; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    rects.set(lane, rects_[lane]);
  }
  Ready ready;
  make_ready(corners, ready);
  for (std::uint32_t rest = seen; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    draw_triangle(ready, lane, rects[lane]);
  }
}

void TriangleBatch::draw_triangle(const Ready& ready, int lane, const PixelRect& rect) {
  const Spread a(ready.weight[0], lane), b(ready.weight[1], lane), c(ready.weight[2], lane);
  const Spread normal(ready.normal, lane);
  const std::uint32_t id = triangles_[lane]->id;
  const Float8 double_sided = (id & kDoubleSided) != 0 ? all_lanes() : no_lanes();
  const __m256i number = _mm256_set1_epi32(static_cast<int>(id & ~kDoubleSided));  // below 2^31
  const Float8 zero = all(0.0f);
  const int first = rect.left / kLanes, last = rect.right / kLanes;
  work_.tests += std::int64_t{kLanes} * (last - first + 1) * (rect.bottom - rect.top + 1);
  for (int row = rect.top; row <= rect.bottom; ++row) {
    for (int group = first; group <= last; ++group) {
      Float8 ray[3];
      camera_.directions(group, row, ray);
      const Float8 weight_a = a.dot(ray), weight_b = b.dot(ray), weight_c = c.dot(ray);
      const Float8 front =
          both(both(at_least(weight_a, zero), at_least(weight_b, zero)), at_least(weight_c, zero));
      const Float8 back =
          both(both(at_least(zero, weight_a), at_least(zero, weight_b)), at_least(zero, weight_c));
      const Float8 inside = either(front, both(back, double_sided));
      if (bits(inside) == 0) continue;
      const Float8 metres = all(ready.offset[lane]) / normal.dot(ray);
      Float8 depths;
      __m256i numbers;
      image_.load(row, group, depths, numbers);
      const Float8 lower = _mm256_castsi256_ps(_mm256_cmpgt_epi32(numbers, number));
      const Float8 nearer = either(above(depths, metres), both(same(depths, metres), lower));
      const Float8 sum = weight_a + weight_b + weight_c;
      const Float8 flat = same(sum, zero);
      const Float8 hit = both(both(inside, nearer), above(metres, all(camera_.near_m())));
      const Float8 taken = _mm256_andnot_ps(flat, hit);
      if (bits(taken) != 0) image_.take(row, group, taken, metres, number);
    }
  }
}

}  // namespace inknav::render
