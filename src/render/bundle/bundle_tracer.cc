// SPDX-License-Identifier: MIT
#include "render/bundle/bundle_tracer.h"

#include <bit>

#include "base/host_device.h"

namespace inknav::render {
namespace {

/// A node that is still to be visited.
struct Waiting {
  std::uint32_t node = 0;
  float least_depth = 0.0f;
  PixelRect rect;
};

Float8 spread_bytes(const std::uint32_t* words) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(words))));
}

/// Of a node's children, in the order of their slots.
Boxes child_boxes(const WideNode& node, const base::Vec3& eye) {
  Boxes boxes;
  for (int axis = 0; axis < 3; ++axis) {
    const std::uint32_t exponent = (node.exponents_mask >> (8 * axis)) & 0xFFu;
    const Float8 half_step = all(0.5f * base::float_from_bits(exponent << 23));
    const Float8 low = spread_bytes(node.low[axis]), high = spread_bytes(node.high[axis]);
    boxes.middle[axis] = fused(low + high, half_step, all(node.origin[axis] - eye[axis]));
    boxes.half[axis] = (high - low) * half_step;
  }
  return boxes;
}

/// Bit s: slot s has a child.
std::uint32_t child_slots(const WideNode& node) {
  const __m128i meta = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(node.meta));
  return ~static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(meta, _mm_setzero_si128()))) & 0xFFu;
}

class Descent {
 public:
  Descent(const WideBvhView& bvh, const BlockCamera& camera, BlockImage& image, BundleWork& work)
      : bvh_(bvh), camera_(camera), image_(image), work_(work), batch_(camera, image, work) {}

  void run() {
    const PixelBlock& block = camera_.block();
    stack_[size_++] = {0, 0.0f, {0, block.width - 1, 0, block.height - 1}};
    while (size_ > 0) {
      const Waiting next = stack_[--size_];
      if (image_.open(next.rect, next.least_depth)) visit(bvh_.nodes[next.node]);
    }
    batch_.draw();
  }

 private:
  void visit(const WideNode& node) {
    ++work_.nodes;
    PixelRects rects;
    alignas(32) float least_depth[kLanes];
    const std::uint32_t seen =
        camera_.box_rects(child_boxes(node, camera_.eye()), rects, least_depth) & child_slots(node);
    const std::uint32_t inner = node.exponents_mask >> 24;
    for (std::uint32_t rest = seen & ~inner; rest != 0; rest &= rest - 1) {
      const int slot = std::countr_zero(rest);
      if (image_.open(rects[slot], least_depth[slot])) add_leaf(node, slot, rects[slot]);
    }
    int farthest_first[kLanes];
    int count = 0;
    for (std::uint32_t rest = seen & inner; rest != 0; rest &= rest - 1) {
      const int slot = std::countr_zero(rest);
      if (!image_.open(rects[slot], least_depth[slot])) continue;
      int place = count++;
      for (; place > 0 && least_depth[farthest_first[place - 1]] < least_depth[slot]; --place) {
        farthest_first[place] = farthest_first[place - 1];
      }
      farthest_first[place] = slot;
    }
    for (int i = 0; i < count; ++i) {
      const int slot = farthest_first[i];
      const std::uint32_t before = inner & ((1u << slot) - 1u);
      push({node.first_child + static_cast<std::uint32_t>(std::popcount(before)), least_depth[slot],
            rects[slot]});
    }
  }

  void add_leaf(const WideNode& node, int slot, const PixelRect& rect) {
    const std::uint32_t meta = (node.meta[slot / 4] >> (8 * (slot % 4))) & 0xFFu;
    const WideTriangle* first = bvh_.triangles + node.first_triangle + (meta & 31u);
    const int count = std::popcount(meta >> 5);
    for (int i = 0; i < count; ++i) batch_.add(first + i, rect);
  }

  void push(const Waiting& waiting) {
    const char* bytes = reinterpret_cast<const char*>(bvh_.nodes + waiting.node);
    _mm_prefetch(bytes, _MM_HINT_T0);
    _mm_prefetch(bytes + sizeof(WideNode) - 1, _MM_HINT_T0);
    stack_[size_++] = waiting;
  }

  const WideBvhView& bvh_;
  const BlockCamera& camera_;
  BlockImage& image_;
  BundleWork& work_;
  TriangleBatch batch_;
  // A visited node leaves the stack and puts at most eight on it, one level down.
  Waiting stack_[(kWideChildren - 1) * kMaxWideDepth + 1];
  int size_ = 0;
};

}  // namespace

BundleWork trace_bundle(const WideBvhView& bvh, const BlockCamera& camera, BlockImage& image) {
  BundleWork work;
  Descent(bvh, camera, image, work).run();
  return work;
}

}  // namespace inknav::render
