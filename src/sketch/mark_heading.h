// SPDX-License-Identifier: MIT
#pragma once
// Heading of a start mark by its shape: the ink around the mark's middle is compared, at every angle, with
// templates of the marks people draw (arrow, wedge, chevron). Correlation, so pen, darkness and blur hardly
// matter.

#include <opencv2/core.hpp>

namespace inknav::sketch::internal {

struct ShapeHeading {
  float heading = 0.0f;  // as Mark::heading
  float sureness =
      0.0f;  // how much better the best angle fits than the best opposite one, 0 for a round mark
};

/// `ink` is a plane (f32, 0..1) that holds nothing but the mark; `middle` and `radius` (RMS distance of the
/// ink from it) in pixels.
ShapeHeading shape_heading(const cv::Mat& ink, const cv::Point2d& middle, double radius);

}  // namespace inknav::sketch::internal
