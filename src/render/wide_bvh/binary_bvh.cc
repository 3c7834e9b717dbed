// SPDX-License-Identifier: MIT
#include "render/wide_bvh/binary_bvh.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <glm/common.hpp>
#include <limits>

namespace inknav::render {
namespace {

using base::Aabb;
using base::Vec3;

constexpr int kMaxBins = 16;
constexpr std::size_t kSmallestTask = 4096;
constexpr std::size_t kTasks = 64;

struct Reference {
  Aabb bounds;
  std::uint32_t box = 0;

  float centre(int axis) const { return bounds.min[axis] + bounds.max[axis]; }  // twice the centre
};

void extend(Aabb& box, const Aabb& other) {
  box.min = glm::min(box.min, other.min);
  box.max = glm::max(box.max, other.max);
}

struct Bin {
  Aabb bounds;
  std::size_t count = 0;
};

struct Split {
  int axis = -1;  // -1: none found
  int bin = 0;    // last bin of the left side
  float cost = std::numeric_limits<float>::infinity();
};

/// Maps centres of one axis to bins.
struct BinScale {
  float low = 0.0f;
  float scale = 0.0f;
  int bins = 0;

  int operator()(float centre) const { return std::min(static_cast<int>((centre - low) * scale), bins - 1); }
};

BinScale bin_scale(float low, float high, int bins) {
  const float scale = static_cast<float>(bins) / (high - low);
  return {low, std::isfinite(scale) ? scale : 0.0f, bins};
}

/// The best split between the bins of one axis, into `best` when it is better.
void sweep(std::span<const Bin> bins, int axis, Split& best) {
  std::array<float, kMaxBins> right_cost{};
  Aabb box;
  std::size_t count = 0;
  for (std::size_t i = bins.size() - 1; i > 0; --i) {
    extend(box, bins[i].bounds);
    count += bins[i].count;
    right_cost[i] = count == 0 ? 0.0f : half_area(box) * static_cast<float>(count);
  }
  const std::size_t total = count + bins[0].count;
  box = Aabb();
  count = 0;
  for (std::size_t i = 0; i + 1 < bins.size(); ++i) {
    extend(box, bins[i].bounds);
    count += bins[i].count;
    if (count == 0 || count == total) continue;
    const float cost = half_area(box) * static_cast<float>(count) + right_cost[i + 1];
    if (cost < best.cost) best = {axis, static_cast<int>(i), cost};
  }
}

/// Builds below one node; children are appended to `nodes`.
class Builder {
 public:
  Builder(std::span<Reference> references, SplitRule rule) : references_(references), rule_(rule) {}

  /// Reorders references [begin, end), at least two, and returns where the right side begins.
  std::size_t split(std::size_t begin, std::size_t end) const {
    const std::span<Reference> range = references_.subspan(begin, end - begin);
    if (range.size() == 2) return begin + 1;
    Aabb centres;
    for (const Reference& reference : range) {
      centres.extend(reference.bounds.min + reference.bounds.max);
    }
    if (rule_ == SplitRule::kSurfaceArea) {
      const std::size_t left = split_by_area(range, centres);
      if (left != 0) return begin + left;
    }
    return begin + split_in_halves(range, centres);
  }

  Aabb bounds(std::size_t begin, std::size_t end) const {
    Aabb box;
    for (std::size_t i = begin; i < end; ++i) extend(box, references_[i].bounds);
    return box;
  }

  /// The whole subtree of [begin, end); its root is nodes[0].
  std::vector<BinaryNode> build(std::size_t begin, std::size_t end) const {
    struct Open {
      std::size_t begin, end;
      std::uint32_t node;
    };
    std::vector<BinaryNode> nodes;
    nodes.reserve(2 * (end - begin));
    nodes.push_back({});
    std::vector<Open> open = {{begin, end, 0}};
    while (!open.empty()) {
      const Open now = open.back();
      open.pop_back();
      BinaryNode node{bounds(now.begin, now.end), 0, 0, static_cast<std::uint32_t>(now.end - now.begin)};
      if (node.count == 1) {
        node.right = references_[now.begin].box;
      } else {
        const std::size_t middle = split(now.begin, now.end);
        node.left = static_cast<std::uint32_t>(nodes.size());
        node.right = node.left + 1;
        nodes.resize(nodes.size() + 2);
        open.push_back({middle, now.end, node.right});
        open.push_back({now.begin, middle, node.left});
      }
      nodes[now.node] = node;
    }
    return nodes;
  }

 private:
  /// Size of the left side, 0 where all centres lie in one bin of every axis.
  static std::size_t split_by_area(std::span<Reference> range, const Aabb& centres) {
    const int num_bins = range.size() < 32 ? kMaxBins / 2 : kMaxBins;
    std::array<BinScale, 3> scales;
    std::array<std::array<Bin, kMaxBins>, 3> bins;
    for (int axis = 0; axis < 3; ++axis) {
      scales[static_cast<std::size_t>(axis)] = bin_scale(centres.min[axis], centres.max[axis], num_bins);
    }
    for (const Reference& reference : range) {
      for (std::size_t axis = 0; axis < 3; ++axis) {
        const int bin = scales[axis](reference.centre(static_cast<int>(axis)));
        Bin& into = bins[axis][static_cast<std::size_t>(bin)];
        extend(into.bounds, reference.bounds);
        ++into.count;
      }
    }
    Split best;
    for (int axis = 0; axis < 3; ++axis) {
      sweep(std::span(bins[static_cast<std::size_t>(axis)]).first(static_cast<std::size_t>(num_bins)), axis,
            best);
    }
    if (best.axis < 0) return 0;
    const BinScale& scale = scales[static_cast<std::size_t>(best.axis)];
    const auto right = std::partition(range.begin(), range.end(), [&](const Reference& reference) {
      return scale(reference.centre(best.axis)) <= best.bin;
    });
    return static_cast<std::size_t>(right - range.begin());
  }

  static std::size_t split_in_halves(std::span<Reference> range, const Aabb& centres) {
    const Vec3 size = centres.size();
    const int axis = size.x >= size.y && size.x >= size.z ? 0 : (size.y >= size.z ? 1 : 2);
    const std::size_t middle = range.size() / 2;
    std::nth_element(range.begin(), range.begin() + static_cast<std::ptrdiff_t>(middle), range.end(),
                     [&](const Reference& a, const Reference& b) {
                       const float ca = a.centre(axis), cb = b.centre(axis);
                       return ca < cb || (ca == cb && a.box < b.box);
                     });
    return middle;
  }

  std::span<Reference> references_;
  SplitRule rule_;
};

/// A subtree to be built on its own, and the node of the trunk that it belongs to.
struct Task {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::uint32_t node = 0;
};

/// Splits from the root until every part is small enough for one task.
std::vector<Task> build_trunk(const Builder& builder, std::size_t count, std::vector<BinaryNode>& trunk) {
  const std::size_t task_size = std::max(kSmallestTask, count / kTasks);
  std::vector<Task> tasks, open = {{0, count, 0}};
  trunk.push_back({});
  while (!open.empty()) {
    const Task now = open.back();
    open.pop_back();
    if (now.end - now.begin <= task_size) {
      tasks.push_back(now);
      continue;
    }
    const std::size_t middle = builder.split(now.begin, now.end);
    const auto left = static_cast<std::uint32_t>(trunk.size());
    trunk[now.node] = {builder.bounds(now.begin, now.end), left, left + 1,
                       static_cast<std::uint32_t>(now.end - now.begin)};
    trunk.resize(trunk.size() + 2);
    open.push_back({middle, now.end, left + 1});
    open.push_back({now.begin, middle, left});
  }
  return tasks;
}

}  // namespace

std::vector<BinaryNode> build_binary_bvh(std::span<const base::Aabb> boxes, SplitRule rule,
                                         base::ThreadPool& pool) {
  if (boxes.empty()) return {};
  std::vector<Reference> references(boxes.size());
  for (std::size_t i = 0; i < boxes.size(); ++i) references[i] = {boxes[i], static_cast<std::uint32_t>(i)};
  const Builder builder(references, rule);
  std::vector<BinaryNode> nodes;
  const std::vector<Task> tasks = build_trunk(builder, boxes.size(), nodes);
  std::vector<std::vector<BinaryNode>> parts(tasks.size());
  pool.parallel_for(static_cast<std::int64_t>(tasks.size()), 1, [&](std::int64_t i, std::int64_t, int) {
    const Task& task = tasks[static_cast<std::size_t>(i)];
    parts[static_cast<std::size_t>(i)] = builder.build(task.begin, task.end);
  });
  nodes.reserve(2 * boxes.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    // The part's root takes the place that the trunk holds for it; the rest follows behind.
    const auto shift = static_cast<std::uint32_t>(nodes.size()) - 1;
    for (BinaryNode& node : parts[i]) {
      if (!node.is_leaf()) {
        node.left += shift;
        node.right += shift;
      }
    }
    nodes[tasks[i].node] = parts[i].front();
    nodes.insert(nodes.end(), parts[i].begin() + 1, parts[i].end());
    parts[i] = {};
  }
  return nodes;
}

}  // namespace inknav::render
