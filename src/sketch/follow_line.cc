// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <numeric>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "sketch/read_internal.h"
#include "sketch/skeleton.h"

namespace inknav::sketch::internal {
namespace {

using base::Vec2;
using Pixels = std::vector<cv::Point>;

constexpr double kSpur = 6.0;        // pixels of a 256 picture: shorter side branches are the pen's width
constexpr double kCrossing = 9.0;    // edges shorter than this join two junctions of one crossing
constexpr std::size_t kLook = 10;    // pixels along an edge that give its direction
constexpr double kBridge = 22.0;     // pixels between the ends of a gap
constexpr double kMarkReach = 24.0;  // pixels between a mark and the line's end
constexpr double kMostLost = 0.15;   // share of the line's length that may stay unwalked

double length_of(const Pixels& pixels) {
  double length = 0.0;
  for (std::size_t i = 1; i < pixels.size(); ++i) length += cv::norm(pixels[i] - pixels[i - 1]);
  return length;
}

cv::Point2d unit(const cv::Point2d& d) {
  const double length = cv::norm(d);
  return length > 0.0 ? d * (1.0 / length) : d;
}

/// One end of an edge: where it is and in which direction the line leaves from there.
struct End {
  int edge = -1;
  bool at_a = true;
  cv::Point2d place;
  cv::Point2d inward;  // into the edge
};

class Walker {
 public:
  explicit Walker(SkeletonGraph graph)
      : graph_(std::move(graph)), group_(graph_.nodes.size()), walked_(graph_.edges.size(), false) {
    std::iota(group_.begin(), group_.end(), 0);
    for (std::size_t e = 0; e < graph_.edges.size(); ++e) {
      const SkeletonEdge& edge = graph_.edges[e];
      const double length = length_of(edge.pixels);
      const auto lists = degree(edge);
      if (edge.a != edge.b && length < kCrossing && lists.first > 2 && lists.second > 2) {
        group_[static_cast<std::size_t>(root(edge.a))] = root(edge.b);
        walked_[e] = true;  // part of a crossing, not of the line
      } else {
        total_ += length;
      }
    }
  }

  std::vector<End> free_ends() const {
    std::vector<End> ends;
    for (std::size_t e = 0; e < graph_.edges.size(); ++e) {
      if (walked_[e]) continue;
      for (const bool at_a : {true, false}) {
        const SkeletonEdge& edge = graph_.edges[e];
        if (leaving(at_a ? edge.a : edge.b).size() == 1) ends.push_back(end_of(static_cast<int>(e), at_a));
      }
    }
    return ends;
  }

  /// Walks from `start`, straight on at crossings, over gaps ahead.
  Pixels walk(End start) {
    Pixels line;
    while (start.edge >= 0) {
      const auto e = static_cast<std::size_t>(start.edge);
      walked_[e] = true;
      Pixels pixels = graph_.edges[e].pixels;
      if (!start.at_a) std::reverse(pixels.begin(), pixels.end());
      walked_length_ += length_of(pixels);
      line.insert(line.end(), pixels.begin(), pixels.end());
      const std::size_t back = std::min(kLook, line.size() - 1);
      const cv::Point2d heading = unit(cv::Point2d(line.back()) - cv::Point2d(line[line.size() - 1 - back]));
      const int node = start.at_a ? graph_.edges[e].b : graph_.edges[e].a;
      start = straightest(leaving(node), heading);
      if (start.edge < 0) start = across_gap(cv::Point2d(line.back()), heading);
    }
    return line;
  }

  double lost() const { return total_ > 0.0 ? 1.0 - walked_length_ / total_ : 1.0; }

 private:
  int root(int node) const {
    while (group_[static_cast<std::size_t>(node)] != node) node = group_[static_cast<std::size_t>(node)];
    return node;
  }

  std::pair<int, int> degree(const SkeletonEdge& edge) const {
    std::pair<int, int> result{0, 0};
    for (const SkeletonEdge& other : graph_.edges) {
      result.first += (other.a == edge.a ? 1 : 0) + (other.b == edge.a ? 1 : 0);
      result.second += (other.a == edge.b ? 1 : 0) + (other.b == edge.b ? 1 : 0);
    }
    return result;
  }

  End end_of(int e, bool at_a) const {
    const Pixels& pixels = graph_.edges[static_cast<std::size_t>(e)].pixels;
    const std::size_t look = std::min(kLook, pixels.size() - 1);
    const cv::Point2d place = at_a ? pixels.front() : pixels.back();
    const cv::Point2d ahead = at_a ? pixels[look] : pixels[pixels.size() - 1 - look];
    return {e, at_a, place, unit(ahead - place)};
  }

  /// Ends of unwalked edges at this node's crossing.
  std::vector<End> leaving(int node) const {
    std::vector<End> ends;
    for (std::size_t e = 0; e < graph_.edges.size(); ++e) {
      if (walked_[e]) continue;
      if (root(graph_.edges[e].a) == root(node)) ends.push_back(end_of(static_cast<int>(e), true));
      if (root(graph_.edges[e].b) == root(node)) ends.push_back(end_of(static_cast<int>(e), false));
    }
    return ends;
  }

  static End straightest(const std::vector<End>& ends, const cv::Point2d& heading) {
    End best;
    double best_turn = -2.0;
    for (const End& end : ends) {
      if (const double turn = end.inward.dot(heading); turn > best_turn) {
        best_turn = turn;
        best = end;
      }
    }
    return best;
  }

  End across_gap(const cv::Point2d& from, const cv::Point2d& heading) const {
    End best;
    double best_price = kBridge;
    for (const End& end : free_ends()) {
      const cv::Point2d d = end.place - from;
      const double distance = cv::norm(d);
      const double ahead = distance > 2.0 ? unit(d).dot(heading) : 1.0;
      if (ahead < 0.2) continue;
      const double price = distance * (1.0 + 1.5 * (1.0 - ahead) + 0.7 * (1.0 - end.inward.dot(heading)));
      if (price < best_price) {
        best_price = price;
        best = end;
      }
    }
    return best;
  }

  SkeletonGraph graph_;
  std::vector<int> group_;
  std::vector<bool> walked_;
  double total_ = 0.0, walked_length_ = 0.0;
};

}  // namespace

std::vector<Vec2> follow_line(const cv::Mat& solid, const Mark& start, const Mark& goal) {
  const auto side = static_cast<double>(solid.cols);
  SkeletonGraph graph = trace_skeleton(thin(solid));
  prune_spurs(graph, kSpur);
  constexpr std::size_t kMostEdges = 200;  // a scribble is no route
  if (graph.edges.empty() || graph.edges.size() > kMostEdges) return {};
  Walker walker(std::move(graph));
  const std::vector<End> ends = walker.free_ends();
  if (ends.empty()) return {};
  const auto at = [side](const Mark& mark) { return cv::Point2d(mark.position.x, mark.position.y) * side; };
  // From the start where it is marked, else from the goal and turned round, else from any end.
  const bool backwards = !start.present && goal.present;
  const Mark& anchor = backwards ? goal : start;
  const auto distance = [&](const End& end) {
    return anchor.present ? cv::norm(end.place - at(anchor)) : 0.0;
  };
  const End first = *std::min_element(ends.begin(), ends.end(),
                                      [&](const End& p, const End& q) { return distance(p) < distance(q); });
  if (distance(first) > kMarkReach) return {};
  Pixels pixels = walker.walk(first);
  if (walker.lost() > kMostLost) return {};
  if (start.present && goal.present && cv::norm(cv::Point2d(pixels.back()) - at(goal)) > kMarkReach)
    return {};
  if (backwards) std::reverse(pixels.begin(), pixels.end());

  std::vector<Vec2> line;
  if (start.present) line.push_back(start.position);
  for (const cv::Point& p : pixels) {
    const Vec2 q((static_cast<float>(p.x) + 0.5f) / static_cast<float>(side),
                 (static_cast<float>(p.y) + 0.5f) / static_cast<float>(side));
    if (line.empty() || q != line.back()) line.push_back(q);
  }
  if (goal.present) line.push_back(goal.position);
  return line;
}

}  // namespace inknav::sketch::internal
