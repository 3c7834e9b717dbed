// SPDX-License-Identifier: MIT
#pragma once
// Skeleton: a mask thinned to lines one pixel wide (Zhang and Suen, "A fast parallel algorithm for thinning
// digital patterns", CACM 27(3), 1984; what that leaves two pixels wide is thinned on), and the lines as a
// graph.

#include <opencv2/core.hpp>
#include <vector>

namespace inknav::sketch {

/// Non-zero pixels of `mask` (CV_8U) thinned; connected like the mask (8-neighbourhood). Pixels are 0 or 255.
cv::Mat thin(const cv::Mat& mask);

struct SkeletonEdge {
  int a = -1;  // nodes; a == b for a loop
  int b = -1;
  std::vector<cv::Point> pixels;  // from a's pixel to b's pixel
};

struct SkeletonGraph {
  std::vector<cv::Point2d> nodes;  // pixel coordinates of the middle of ends and junctions
  std::vector<SkeletonEdge> edges;

  std::vector<std::vector<int>> edges_of_nodes() const;  // a loop counts twice
};

/// `skeleton` as thin() returns it. A closed line without junctions gets one node.
SkeletonGraph trace_skeleton(const cv::Mat& skeleton);

/// Drops edges with a free end that are shorter than `length` pixels and hang on a junction, shortest first,
/// and joins the two edges that meet at a node left with two.
void prune_spurs(SkeletonGraph& graph, double length);

}  // namespace inknav::sketch
