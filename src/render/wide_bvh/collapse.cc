// SPDX-License-Identifier: MIT
#include "render/wide_bvh/collapse.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include "base/check.h"

namespace inknav::render {
namespace {

using base::Aabb;
using base::Vec3;

// Relative costs of fetching and testing one node (eight boxes) and one triangle.
constexpr float kNodeCost = 1.0f;
constexpr float kTriangleCost = 0.3f;

/// Smallest cost of a binary subtree as a forest of at most 1 to 7 children of a wide node, and how it is
/// won.
struct Plan {
  // cost[k - 1] of at most k children; one child is a node or a leaf.
  std::array<float, kWideChildren - 1> cost{};
  // left_share[k - 1]: children given to the left side, 0 = as for k - 1; for k = 8 as a node of its own.
  std::array<std::uint8_t, kWideChildren> left_share{};
  bool leaf = false;  // a single child is a leaf
};

/// Best way to give `total` children to both sides.
std::uint8_t best_share(const Plan& left, const Plan& right, std::size_t total, float& cost) {
  std::uint8_t best = 0;
  for (std::size_t k = 1; k < total; ++k) {
    const float candidate = left.cost[k - 1] + right.cost[total - k - 1];
    if (candidate < cost) {
      cost = candidate;
      best = static_cast<std::uint8_t>(k);
    }
  }
  return best;
}

Plan plan_inner(const BinaryNode& node, const Plan& left, const Plan& right) {
  Plan plan;
  const float area = half_area(node.bounds);
  float spread = std::numeric_limits<float>::infinity();
  plan.left_share[kWideChildren - 1] = best_share(left, right, kWideChildren, spread);
  const float as_node = area * kNodeCost + spread;
  const float as_leaf = node.count <= kMaxLeafTriangles
                            ? area * kTriangleCost * static_cast<float>(node.count)
                            : std::numeric_limits<float>::infinity();
  plan.leaf = as_leaf <= as_node;
  plan.cost[0] = std::min(as_leaf, as_node);
  for (std::size_t k = 2; k < kWideChildren; ++k) {
    plan.cost[k - 1] = plan.cost[k - 2];
    plan.left_share[k - 1] = best_share(left, right, k, plan.cost[k - 1]);
  }
  return plan;
}

std::vector<Plan> make_plans(std::span<const BinaryNode> binary) {
  std::vector<Plan> plans(binary.size());
  for (std::size_t i = binary.size(); i-- > 0;) {  // children stand behind their parents
    const BinaryNode& node = binary[i];
    if (node.is_leaf()) {
      plans[i].cost.fill(half_area(node.bounds) * kTriangleCost);
      plans[i].leaf = true;
    } else {
      plans[i] = plan_inner(node, plans[node.left], plans[node.right]);
    }
  }
  return plans;
}

/// Grid of a node on one axis.
struct Grid {
  float origin = 0.0f;
  std::uint32_t exponent = 0;

  double step() const { return std::ldexp(1.0, static_cast<int>(exponent) - 127); }
  double low(float side) const {
    return std::floor((static_cast<double>(side) - static_cast<double>(origin)) / step() - kBoxMargin);
  }
  double high(float side) const {
    return std::ceil((static_cast<double>(side) - static_cast<double>(origin)) / step() + kBoxMargin);
  }
};

/// The finest grid that holds [low, high] with its margins in 0 to 255.
Grid make_grid(float low, float high) {
  const double extent = static_cast<double>(high) - static_cast<double>(low);
  // 252 steps leave room for the margins; 2^-40 m is far below anything that a float can tell apart here.
  const int smallest = -40;
  int exponent = extent > 0.0 ? std::max(smallest, std::ilogb(extent / 252.0)) : smallest;
  for (;; ++exponent) {
    Grid grid;
    grid.exponent = static_cast<std::uint32_t>(exponent + 127);
    const double start = static_cast<double>(low) - kBoxMargin * grid.step();
    grid.origin = static_cast<float>(start);
    if (static_cast<double>(grid.origin) > start) {
      grid.origin = std::nextafter(grid.origin, -std::numeric_limits<float>::infinity());
    }
    if (grid.low(low) >= 0.0 && grid.high(high) <= 255.0) return grid;
  }
}

void put_byte(std::uint32_t (&words)[2], int slot, std::uint32_t byte) {
  words[slot / 4] |= byte << (8 * (slot % 4));
}

class Collapser {
 public:
  explicit Collapser(std::span<const BinaryNode> binary) : binary_(binary), plans_(make_plans(binary)) {}

  WideLayout run() {
    layout_.nodes.emplace_back();
    layout_.depth = 1;
    if (binary_.empty()) return finish_empty();
    struct Open {
      std::uint32_t binary, wide;
      int level;
    };
    std::vector<Open> open = {{0, 0, 1}};
    while (!open.empty()) {
      const Open now = open.back();
      open.pop_back();
      layout_.depth = std::max(layout_.depth, now.level);
      std::array<std::uint32_t, kWideChildren> slots = place_children(now.binary);
      WideNode node = make_node(now.binary, slots);
      node.first_child = static_cast<std::uint32_t>(layout_.nodes.size());
      const std::size_t first_open = open.size();
      for (const std::uint32_t child : slots) {
        if (child == kNone || plans_[child].leaf) continue;
        open.push_back({child, static_cast<std::uint32_t>(layout_.nodes.size()), now.level + 1});
        layout_.nodes.emplace_back();
      }
      std::reverse(open.begin() + static_cast<std::ptrdiff_t>(first_open), open.end());
      layout_.nodes[now.wide] = node;
    }
    return std::move(layout_);
  }

 private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFu;

  WideLayout finish_empty() {
    WideNode& root = layout_.nodes.front();
    root.exponents_mask = 0x007F7F7Fu;
    close_unused(root, 0xFFu);
    return std::move(layout_);
  }

  /// Boxes of slots without a child are turned inside out, so that nothing enters them.
  static void close_unused(WideNode& node, std::uint32_t unused) {
    for (int slot = 0; slot < kWideChildren; ++slot) {
      if ((unused >> slot & 1u) == 0) continue;
      for (auto& axis : node.low) put_byte(axis, slot, 255);
    }
  }

  /// Appends the children that the plan makes of `node` when it has `share` of them.
  void collect(std::uint32_t node, std::size_t share, std::vector<std::uint32_t>& children) const {
    while (share > 1 && plans_[node].left_share[share - 1] == 0) --share;
    if (share == 1 || binary_[node].is_leaf()) {
      children.push_back(node);
      return;
    }
    const std::size_t left = plans_[node].left_share[share - 1];
    collect(binary_[node].left, left, children);
    collect(binary_[node].right, share - left, children);
  }

  std::array<std::uint32_t, kWideChildren> place_children(std::uint32_t node) {
    children_.clear();
    if (plans_[node].leaf) {
      children_.push_back(node);  // only of a root with up to three triangles
    } else {
      collect(node, kWideChildren, children_);
    }
    INKNAV_CHECK(!children_.empty() && children_.size() <= kWideChildren, children_.size());
    std::array<std::uint32_t, kWideChildren> slots;
    slots.fill(kNone);
    const Vec3 middle = binary_[node].bounds.min + binary_[node].bounds.max;
    std::array<bool, kWideChildren> placed{};
    for (std::size_t round = 0; round < children_.size(); ++round) {
      float best = -std::numeric_limits<float>::infinity();
      std::size_t best_child = 0, best_slot = 0;
      for (std::size_t child = 0; child < children_.size(); ++child) {
        if (placed[child]) continue;
        const Aabb& box = binary_[children_[child]].bounds;
        const Vec3 offset = box.min + box.max - middle;
        for (std::size_t slot = 0; slot < kWideChildren; ++slot) {
          if (slots[slot] != kNone) continue;
          const float gain = ((slot & 1) != 0 ? offset.x : -offset.x) +
                             ((slot & 2) != 0 ? offset.y : -offset.y) +
                             ((slot & 4) != 0 ? offset.z : -offset.z);
          if (gain > best) {
            best = gain;
            best_child = child;
            best_slot = slot;
          }
        }
      }
      placed[best_child] = true;
      slots[best_slot] = children_[best_child];
    }
    return slots;
  }

  WideNode make_node(std::uint32_t binary, const std::array<std::uint32_t, kWideChildren>& slots) {
    WideNode node;
    node.first_triangle = static_cast<std::uint32_t>(layout_.triangles.size());
    const Aabb& bounds = binary_[binary].bounds;
    std::uint32_t unused = 0;
    for (int axis = 0; axis < 3; ++axis) {
      const Grid grid = make_grid(bounds.min[axis], bounds.max[axis]);
      node.origin[axis] = grid.origin;
      node.exponents_mask |= grid.exponent << (8 * axis);
      for (int slot = 0; slot < kWideChildren; ++slot) {
        const std::uint32_t child = slots[static_cast<std::size_t>(slot)];
        if (child == kNone) continue;
        const Aabb& box = binary_[child].bounds;
        put_byte(node.low[axis], slot, static_cast<std::uint32_t>(grid.low(box.min[axis])));
        put_byte(node.high[axis], slot, static_cast<std::uint32_t>(grid.high(box.max[axis])));
      }
    }
    for (int slot = 0; slot < kWideChildren; ++slot) {
      const std::uint32_t child = slots[static_cast<std::size_t>(slot)];
      if (child == kNone) {
        unused |= 1u << slot;
      } else if (plans_[child].leaf) {
        const auto place = static_cast<std::uint32_t>(layout_.triangles.size()) - node.first_triangle;
        const std::uint32_t ones = (1u << binary_[child].count) - 1u;
        put_byte(node.meta, slot, ones << 5 | place);
        append_triangles(child);
      } else {
        put_byte(node.meta, slot, 1u << 5 | (24u + static_cast<std::uint32_t>(slot)));
        node.exponents_mask |= 1u << (24 + slot);
      }
    }
    close_unused(node, unused);
    return node;
  }

  void append_triangles(std::uint32_t node) {
    if (binary_[node].is_leaf()) {
      layout_.triangles.push_back(binary_[node].right);
      return;
    }
    append_triangles(binary_[node].left);
    append_triangles(binary_[node].right);
  }

  std::span<const BinaryNode> binary_;
  std::vector<Plan> plans_;
  std::vector<std::uint32_t> children_;
  WideLayout layout_;
};

}  // namespace

WideLayout collapse_to_wide(std::span<const BinaryNode> binary) { return Collapser(binary).run(); }

}  // namespace inknav::render
