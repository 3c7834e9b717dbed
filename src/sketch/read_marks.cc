// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "sketch/read_internal.h"

namespace inknav::sketch::internal {
namespace {

constexpr float kSolid = 0.4f;    // ink that counts as part of a mark
constexpr int kLeastPixels = 14;  // a smaller spot is noise or the seam of two inks
constexpr int kJoin = 7;          // pixels between parts of one mark
constexpr int kBins = 24;         // along the axis of a mark

/// Heading as in Mark: 0 points to -v, left turns positive.
float heading_of(const cv::Point2d& d) { return static_cast<float>(std::atan2(-d.x, -d.y)); }

/// Extent across the axis, binned along it.
struct Profile {
  double length = 0.0;
  double width = 0.0;      // greatest
  double widest_at = 0.0;  // 0 .. 1 from the low end
};

Profile profile_along(const std::vector<cv::Point2d>& points, const cv::Point2d& middle,
                      const cv::Point2d& axis) {
  double low = 1e9, high = -1e9;
  for (const auto& p : points) {
    const double s = (p - middle).dot(axis);
    low = std::min(low, s);
    high = std::max(high, s);
  }
  std::array<double, kBins> least, most;
  least.fill(1e9);
  most.fill(-1e9);
  Profile profile;
  profile.length = high - low + 1.0;
  for (const auto& p : points) {
    const double s = ((p - middle).dot(axis) - low) / profile.length;
    const auto bin = static_cast<std::size_t>(std::clamp(static_cast<int>(s * kBins), 0, kBins - 1));
    const double t = (p - middle).dot(cv::Point2d(-axis.y, axis.x));
    least[bin] = std::min(least[bin], t);
    most[bin] = std::max(most[bin], t);
  }
  double weight = 0.0, sum = 0.0;
  for (std::size_t i = 0; i < kBins; ++i) profile.width = std::max(profile.width, most[i] - least[i] + 1.0);
  for (std::size_t i = 0; i < kBins; ++i) {  // middle of the bins that are nearly the widest
    if (most[i] - least[i] + 1.0 < 0.85 * profile.width) continue;
    sum += (static_cast<double>(i) + 0.5) / kBins;
    weight += 1.0;
  }
  profile.widest_at = weight > 0.0 ? sum / weight : 0.5;
  return profile;
}

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

  std::vector<cv::Point2d> points;
  cv::Point2d middle(0.0, 0.0);
  double weight = 0.0;
  for (int y = 0; y < plane.rows; ++y) {
    for (int x = 0; x < plane.cols; ++x) {
      if (labels.at<int>(y, x) != best) continue;
      const auto w = static_cast<double>(plane.at<float>(y, x));
      middle += w * cv::Point2d(x + 0.5, y + 0.5);
      weight += w;
      if (solid.at<std::uint8_t>(y, x) != 0) points.emplace_back(x + 0.5, y + 0.5);
    }
  }
  middle *= 1.0 / weight;
  found.mark.present = true;
  found.mark.position = base::Vec2(static_cast<float>(middle.x), static_cast<float>(middle.y)) /
                        static_cast<float>(kPictureSide);

  double xx = 0.0, xy = 0.0, yy = 0.0;
  for (const auto& p : points) {
    const cv::Point2d d = p - middle;
    xx += d.x * d.x;
    xy += d.x * d.y;
    yy += d.y * d.y;
  }
  const double angle = 0.5 * std::atan2(2.0 * xy, xx - yy);
  const cv::Point2d axis(std::cos(angle), std::sin(angle));
  const Profile profile = profile_along(points, middle, axis);
  const double slimness = profile.length / std::max(profile.width, 1.0);
  if (slimness < 1.12) return found;
  // Widest at one end: a wedge, and the tip is the other end. Widest inside: an arrow, the tip is the near
  // end.
  const bool wide_low = profile.widest_at < 0.5;
  const double from_wide_end = wide_low ? profile.widest_at : 1.0 - profile.widest_at;
  const bool wedge = from_wide_end < 0.2;
  const bool forward = wedge ? wide_low : !wide_low;
  found.mark.has_heading = true;
  found.mark.heading = heading_of(forward ? axis : -axis);
  found.sureness = static_cast<float>(std::clamp((slimness - 1.1) / 0.4, 0.0, 1.0));
  return found;
}

void settle_heading(const FoundMark& found, const std::vector<base::Vec2>& route, Mark& start) {
  constexpr float kSure = 0.05f;
  constexpr float kFirstPiece = 0.05f;  // paper units of the route that give a direction
  if (!start.present) return;
  if (found.mark.has_heading && found.sureness >= kSure) return;
  start.has_heading = false;
  for (const base::Vec2& p : route) {
    const base::Vec2 d = p - start.position;
    if (glm::length(d) < kFirstPiece) continue;
    start.has_heading = true;
    start.heading = heading_of({d.x, d.y});
    return;
  }
}

}  // namespace inknav::sketch::internal
