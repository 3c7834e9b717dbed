// SPDX-License-Identifier: MIT
#pragma once
// The steps of read_picture: inks told apart by colour, marks and their heading, the route's line.
// All work on planes of 512 x 512 f32, 0 paper .. 1 full ink, in the order of ReadPlanes.

#include <array>
#include <opencv2/core.hpp>
#include <vector>

#include "sketch/mark_heading.h"
#include "sketch/raster.h"

namespace inknav::sketch::internal {

inline constexpr int kPictureSide = 512;

/// `rgb` is [512, 512, 3] u8. Light and tint of the paper are taken out first.
std::array<cv::Mat, ReadPlanes::kNumPlanes> separate_inks(const cv::Mat& rgb);

struct FoundMark {
  Mark mark;           // without heading
  ShapeHeading shape;  // what the shape says
  int pieces = 0;      // of at least half the ink of the largest
};
/// The largest piece of ink of this plane; pieces close to each other belong together.
FoundMark find_mark(const cv::Mat& plane);

/// The route followed along the middle of its line (pixels of `solid`, a CV_8U mask): straight on where it
/// crosses itself, over small gaps. Empty when the line cannot be followed from end to end. Distances are
/// relative to the side.
std::vector<base::Vec2> follow_line(const cv::Mat& solid, const Mark& start, const Mark& goal);

/// Line through the route's ink from start to goal, or between its own ends where a mark is missing. Gaps are
/// bridged.
std::vector<base::Vec2> trace_route(const std::array<cv::Mat, ReadPlanes::kNumPlanes>& planes,
                                    const Mark& start, const Mark& goal);

/// A way from mark to mark for a drawing without a route line: short, over white paper, clear of the walls,
/// not around the outside of the building. A closed door can be crossed at a high price, so there always is
/// one. `walls` as in ReadPlanes. About 10 ms.
std::vector<base::Vec2> plan_route(const cv::Mat& walls, const Mark& start, const Mark& goal);

/// Adds `line` to a plane as a pen would draw it.
void draw_line(const std::vector<base::Vec2>& line, cv::Mat& plane);

/// The shape's heading where it is sure, else the direction of the route's first piece.
void settle_heading(const FoundMark& found, const std::vector<base::Vec2>& route, Mark& start);

}  // namespace inknav::sketch::internal
