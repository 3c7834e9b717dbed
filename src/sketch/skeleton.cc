// SPDX-License-Identifier: MIT
#include "sketch/skeleton.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>

namespace inknav::sketch {
namespace {

// Neighbours in a turn from north, clockwise.
const std::array<cv::Point, 8> kTurn{{{0, -1}, {1, -1}, {1, 0}, {1, 1}, {0, 1}, {-1, 1}, {-1, 0}, {-1, -1}}};

/// The eight neighbours as bits, bit i for kTurn[i]; the mask has a border of zeros.
unsigned neighbours(const cv::Mat& mask, const cv::Point& p) {
  unsigned bits = 0;
  for (std::size_t i = 0; i < 8; ++i) bits |= mask.at<std::uint8_t>(p + kTurn[i]) != 0 ? 1u << i : 0u;
  return bits;
}

unsigned bit(unsigned bits, unsigned i) { return (bits >> (i % 8)) & 1u; }

int count_bits(unsigned bits) { return __builtin_popcount(bits); }

int rises(unsigned bits) {  // 0 -> 1 transitions around the pixel
  int count = 0;
  for (unsigned i = 0; i < 8; ++i) count += bit(bits, i) == 0 && bit(bits, i + 1) == 1 ? 1 : 0;
  return count;
}

bool zhang_suen_removes(unsigned bits, int pass) {
  const int n = count_bits(bits);
  if (n < 2 || n > 6 || rises(bits) != 1) return false;
  const unsigned north = bit(bits, 0), east = bit(bits, 2), south = bit(bits, 4), west = bit(bits, 6);
  return pass == 0 ? (north & east & south) == 0 && (east & south & west) == 0
                   : (north & east & west) == 0 && (north & south & west) == 0;
}

/// Whether the pixel can go without breaking the 8-connection of its neighbours (Yokoi number 1).
bool is_simple(unsigned bits) {
  int number = 0;
  for (unsigned i = 0; i < 8; i += 2) {
    const unsigned a = 1u - bit(bits, i), b = 1u - bit(bits, i + 1), c = 1u - bit(bits, i + 2);
    number += static_cast<int>(a) - static_cast<int>(a & b & c);
  }
  return number == 1;
}

}  // namespace

cv::Mat thin(const cv::Mat& mask) {
  cv::Mat work;
  cv::copyMakeBorder(mask, work, 1, 1, 1, 1, cv::BORDER_CONSTANT, cv::Scalar(0));
  std::vector<cv::Point> alive, gone;
  for (int y = 0; y < work.rows; ++y) {
    for (int x = 0; x < work.cols; ++x) {
      if (work.at<std::uint8_t>(y, x) != 0) alive.emplace_back(x, y);
    }
  }
  bool changed = true;
  while (changed) {
    changed = false;
    for (int pass = 0; pass < 2; ++pass) {
      gone.clear();
      for (const cv::Point& p : alive) {
        if (zhang_suen_removes(neighbours(work, p), pass)) gone.push_back(p);
      }
      for (const cv::Point& p : gone) work.at<std::uint8_t>(p) = 0;
      std::erase_if(alive, [&work](const cv::Point& p) { return work.at<std::uint8_t>(p) == 0; });
      changed = changed || !gone.empty();
    }
  }
  for (const cv::Point& p : alive) {  // stairs left by the parallel passes
    const unsigned bits = neighbours(work, p);
    if (count_bits(bits) >= 2 && is_simple(bits)) work.at<std::uint8_t>(p) = 0;
  }
  cv::Mat result = work(cv::Rect(1, 1, mask.cols, mask.rows)).clone();
  result.setTo(255, result != 0);
  return result;
}

std::vector<std::vector<int>> SkeletonGraph::edges_of_nodes() const {
  std::vector<std::vector<int>> lists(nodes.size());
  for (std::size_t e = 0; e < edges.size(); ++e) {
    lists[static_cast<std::size_t>(edges[e].a)].push_back(static_cast<int>(e));
    lists[static_cast<std::size_t>(edges[e].b)].push_back(static_cast<int>(e));
  }
  return lists;
}

namespace {

/// Follows lines from node to node over a bordered skeleton.
class Tracer {
 public:
  explicit Tracer(const cv::Mat& skeleton) {
    cv::copyMakeBorder(skeleton, work_, 1, 1, 1, 1, cv::BORDER_CONSTANT, cv::Scalar(0));
    node_of_ = cv::Mat(work_.size(), CV_32S, cv::Scalar(-1));
    walked_ = cv::Mat::zeros(work_.size(), CV_8U);
  }

  SkeletonGraph trace() {
    std::vector<cv::Point> pixels;
    cv::Mat junctions = cv::Mat::zeros(work_.size(), CV_8U);
    for (int y = 1; y + 1 < work_.rows; ++y) {
      for (int x = 1; x + 1 < work_.cols; ++x) {
        if (work_.at<std::uint8_t>(y, x) == 0) continue;
        pixels.emplace_back(x, y);
        const unsigned bits = neighbours(work_, {x, y});
        const bool passes = count_bits(bits) == 2 && rises(bits) == 2;
        if (!passes) junctions.at<std::uint8_t>(y, x) = 255;
      }
    }
    cv::Mat labels, stats, centroids;
    const int count = cv::connectedComponentsWithStats(junctions, labels, stats, centroids, 8, CV_32S);
    for (int label = 1; label < count; ++label) {
      graph_.nodes.emplace_back(centroids.at<double>(label, 0) - 1.0, centroids.at<double>(label, 1) - 1.0);
    }
    for (const cv::Point& p : pixels) node_of_.at<int>(p) = labels.at<int>(p) - 1;
    for (const cv::Point& p : pixels) {
      if (node_of_.at<int>(p) >= 0) leave(p);
    }
    for (const cv::Point& p : pixels) {  // closed lines without a node
      if (node_of_.at<int>(p) >= 0 || walked_.at<std::uint8_t>(p) != 0) continue;
      node_of_.at<int>(p) = static_cast<int>(graph_.nodes.size());
      graph_.nodes.emplace_back(p.x - 1, p.y - 1);
      leave(p);
    }
    return std::move(graph_);
  }

 private:
  void leave(const cv::Point& from) {
    for (const cv::Point& d : kTurn) {
      const cv::Point next = from + d;
      if (work_.at<std::uint8_t>(next) == 0 || node_of_.at<int>(next) >= 0 ||
          walked_.at<std::uint8_t>(next) != 0)
        continue;
      follow(from, next);
    }
  }

  void follow(const cv::Point& from, cv::Point here) {
    SkeletonEdge edge;
    edge.a = node_of_.at<int>(from);
    edge.pixels.push_back(from);
    cv::Point before = from;
    while (true) {
      walked_.at<std::uint8_t>(here) = 255;
      edge.pixels.push_back(here);
      // A node beside the line ends it, but not the node that was just left; then the unwalked pixel ahead.
      cv::Point end(-1, -1), ahead(-1, -1);
      for (const cv::Point& d : kTurn) {
        const cv::Point q = here + d;
        if (q == before || work_.at<std::uint8_t>(q) == 0) continue;
        const int node = node_of_.at<int>(q);
        if (node >= 0 && (node != edge.a || edge.pixels.size() > 3)) end = q;
        if (node < 0 && walked_.at<std::uint8_t>(q) == 0) ahead = q;
      }
      if (end.x >= 0) {
        edge.b = node_of_.at<int>(end);
        edge.pixels.push_back(end);
        break;
      }
      if (ahead.x < 0) {  // back where it began
        edge.b = edge.a;
        break;
      }
      before = here;
      here = ahead;
    }
    for (cv::Point& p : edge.pixels) p -= cv::Point(1, 1);
    graph_.edges.push_back(std::move(edge));
  }

  cv::Mat work_, node_of_, walked_;
  SkeletonGraph graph_;
};

double length_of(const SkeletonEdge& edge) {
  double length = 0.0;
  for (std::size_t i = 1; i < edge.pixels.size(); ++i)
    length += cv::norm(edge.pixels[i] - edge.pixels[i - 1]);
  return length;
}

/// Joins edge `f` to edge `e` at the node they share, which vanishes.
void join(SkeletonGraph& graph, int e, int f, int node) {
  SkeletonEdge& keep = graph.edges[static_cast<std::size_t>(e)];
  SkeletonEdge more = std::move(graph.edges[static_cast<std::size_t>(f)]);
  if (keep.b != node) {
    std::reverse(keep.pixels.begin(), keep.pixels.end());
    std::swap(keep.a, keep.b);
  }
  if (more.a != node) {
    std::reverse(more.pixels.begin(), more.pixels.end());
    std::swap(more.a, more.b);
  }
  keep.pixels.insert(keep.pixels.end(), more.pixels.begin(), more.pixels.end());
  keep.b = more.b;
  more.a = more.b = -1;
  graph.edges[static_cast<std::size_t>(f)] = SkeletonEdge{};
}

/// Removes edges marked by a == -1 and nodes without edges.
void compact(SkeletonGraph& graph) {
  std::erase_if(graph.edges, [](const SkeletonEdge& e) { return e.a < 0; });
  std::vector<int> renumber(graph.nodes.size(), -1);
  std::vector<cv::Point2d> nodes;
  for (SkeletonEdge& e : graph.edges) {
    for (int* node : {&e.a, &e.b}) {
      int& fresh = renumber[static_cast<std::size_t>(*node)];
      if (fresh < 0) {
        fresh = static_cast<int>(nodes.size());
        nodes.push_back(graph.nodes[static_cast<std::size_t>(*node)]);
      }
      *node = fresh;
    }
  }
  graph.nodes = std::move(nodes);
}

}  // namespace

SkeletonGraph trace_skeleton(const cv::Mat& skeleton) { return Tracer(skeleton).trace(); }

void prune_spurs(SkeletonGraph& graph, double length) {
  while (true) {
    const auto lists = graph.edges_of_nodes();
    int worst = -1;
    double worst_length = length;
    for (std::size_t e = 0; e < graph.edges.size(); ++e) {
      const SkeletonEdge& edge = graph.edges[e];
      const std::size_t at_a = lists[static_cast<std::size_t>(edge.a)].size();
      const std::size_t at_b = lists[static_cast<std::size_t>(edge.b)].size();
      const bool spur = (at_a == 1 && at_b >= 3) || (at_b == 1 && at_a >= 3);
      if (!spur) continue;
      if (const double own = length_of(edge); own < worst_length) {
        worst = static_cast<int>(e);
        worst_length = own;
      }
    }
    if (worst < 0) break;
    const SkeletonEdge gone = std::exchange(graph.edges[static_cast<std::size_t>(worst)], SkeletonEdge{});
    const int junction = lists[static_cast<std::size_t>(gone.a)].size() == 1 ? gone.b : gone.a;
    std::vector<int> rest;
    for (const int e : lists[static_cast<std::size_t>(junction)]) {
      if (e != worst) rest.push_back(e);
    }
    if (rest.size() == 2 && rest[0] != rest[1]) join(graph, rest[0], rest[1], junction);
    compact(graph);
  }
}

}  // namespace inknav::sketch
