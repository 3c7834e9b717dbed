// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "sketch/mark_heading.h"
#include "sketch/read_internal.h"

namespace inknav::sketch::internal {
namespace {

constexpr float kSolid = 0.4f;    // ink that counts as part of a mark
constexpr int kLeastPixels = 14;  // a smaller spot is noise or the seam of two inks
constexpr int kJoin = 7;          // pixels between parts of one mark
constexpr double kRival = 0.5;    // of the largest piece's ink: as much could be a mark too

/// Heading as in Mark: 0 points to -v, left turns positive.
float heading_of(const cv::Point2d& d) { return static_cast<float>(std::atan2(-d.x, -d.y)); }

}  // namespace

FoundMark find_mark(const cv::Mat& plane) {
  FoundMark found;
  cv::Mat solid = plane > kSolid;
  cv::Mat joined, labels, stats, centroids;
  cv::dilate(solid, joined, cv::getStructuringElement(cv::MORPH_ELLIPSE, cv::Size(kJoin, kJoin)));
  const int count = cv::connectedComponentsWithStats(joined, labels, stats, centroids, 8, CV_32S);
  std::vector<double> ink(static_cast<std::size_t>(count), 0.0);
  std::vector<int> pixels(static_cast<std::size_t>(count), 0);
  for (int y = 0; y < plane.rows; ++y) {
    for (int x = 0; x < plane.cols; ++x) {
      const auto label = static_cast<std::size_t>(labels.at<int>(y, x));
      if (label == 0) continue;
      ink[label] += static_cast<double>(plane.at<float>(y, x));
      if (solid.at<std::uint8_t>(y, x) != 0) ++pixels[label];
    }
  }
  int best = 0;
  for (int label = 1; label < count; ++label) {
    if (best == 0 || ink[static_cast<std::size_t>(label)] > ink[static_cast<std::size_t>(best)]) best = label;
  }
  if (best == 0 || pixels[static_cast<std::size_t>(best)] < kLeastPixels) return found;

  for (std::size_t label = 1; label < ink.size(); ++label) {
    found.pieces +=
        pixels[label] >= kLeastPixels && ink[label] >= kRival * ink[static_cast<std::size_t>(best)];
  }
  constexpr int kBorder = 4;
  const cv::Rect box(stats.at<int>(best, cv::CC_STAT_LEFT), stats.at<int>(best, cv::CC_STAT_TOP),
                     stats.at<int>(best, cv::CC_STAT_WIDTH), stats.at<int>(best, cv::CC_STAT_HEIGHT));
  cv::Mat own = cv::Mat::zeros(box.height + 2 * kBorder, box.width + 2 * kBorder, CV_32F);
  plane(box).copyTo(own(cv::Rect(kBorder, kBorder, box.width, box.height)), labels(box) == best);
  cv::Point2d middle(0.0, 0.0);
  double weight = 0.0, spread = 0.0;
  for (int y = 0; y < own.rows; ++y) {
    for (int x = 0; x < own.cols; ++x) {
      const auto w = static_cast<double>(own.at<float>(y, x));
      middle += w * cv::Point2d(x + 0.5, y + 0.5);
      weight += w;
    }
  }
  middle *= 1.0 / weight;
  for (int y = 0; y < own.rows; ++y) {
    for (int x = 0; x < own.cols; ++x) {
      const cv::Point2d d = cv::Point2d(x + 0.5, y + 0.5) - middle;
      spread += static_cast<double>(own.at<float>(y, x)) * d.dot(d);
    }
  }
  const cv::Point2d in_picture = middle + cv::Point2d(box.x - kBorder, box.y - kBorder);
  found.mark.present = true;
  found.mark.position = base::Vec2(static_cast<float>(in_picture.x), static_cast<float>(in_picture.y)) /
                        static_cast<float>(kPictureSide);
  found.shape = shape_heading(own, middle, std::sqrt(spread / weight));
  return found;
}

void settle_heading(const FoundMark& found, const std::vector<base::Vec2>& route, Mark& start) {
  constexpr float kSure = 0.05f;        // correlation by which the best angle must beat the opposite ones
  constexpr float kFirstPiece = 0.05f;  // paper units of the route that give a direction
  if (!start.present) return;
  start.has_heading = found.shape.sureness >= kSure;
  start.heading = start.has_heading ? found.shape.heading : 0.0f;
  if (start.has_heading) return;
  for (const base::Vec2& p : route) {
    const base::Vec2 d = p - start.position;
    if (glm::length(d) < kFirstPiece) continue;
    start.has_heading = true;
    start.heading = heading_of({d.x, d.y});
    return;
  }
}

}  // namespace inknav::sketch::internal
