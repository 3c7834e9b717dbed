// SPDX-License-Identifier: MIT
#include "sketch/variation.h"

#include <algorithm>
#include <cmath>
#include <glm/geometric.hpp>
#include <glm/matrix.hpp>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "base/check.h"
#include "sketch/opencv_threads.h"

namespace inknav::sketch {
namespace {

// What full strength may do; each uniform between + and -.
constexpr double kTurn = 0.35;                               // radians
constexpr double kScale = 0.15;                              // ln
constexpr double kStretch = 0.10;                            // ln, of each axis against the other
constexpr double kDiagonal = 0.08;                           // likewise, of the diagonals
constexpr double kBend = 0.06;                               // slope of one wave
constexpr double kLowFrequency = 0.4, kHighFrequency = 1.6;  // waves a side
constexpr double kMargin = 0.04;                             // of the paper, that ink keeps free
constexpr float kFainter = 0.4f, kBolder = 0.7f;
constexpr double kInk = 0.3;
constexpr std::uint32_t kMostGaps = 5, kMostStrays = 3;
constexpr float kLeastGap = 0.01f, kWidestGap = 0.03f;       // radius, paper units
constexpr float kLeastStray = 0.03f, kLongestStray = 0.12f;  // paper units
constexpr int kFaintestStray = 140;                          // of 255
constexpr int kNodes = 17;  // a side, where the bend is computed; linear between, at most 0.1 pixels off
constexpr std::uint8_t kSeenInk = 32;
constexpr int kNewtonSteps = 12;

double symmetric(base::PhiloxStream& stream, double most) {
  return most * (2.0 * static_cast<double>(stream.uniform()) - 1.0);
}

float between(base::PhiloxStream& stream, float low, float high) {
  return low + (high - low) * stream.uniform();
}

struct Box {
  glm::dvec2 low{1.0}, high{0.0};
  void add(const glm::dvec2& p) {
    low = glm::min(low, p);
    high = glm::max(high, p);
  }
};

/// Of all ink and marks; the whole paper when it is blank.
Box ink_box(const ReadPlanes& drawn) {
  Box box;
  const auto side = static_cast<std::size_t>(drawn.size);
  for (std::size_t i = 0; i < drawn.planes.size(); ++i) {
    if (drawn.planes[i] < kSeenInk) continue;
    const std::size_t row = i / side % side, column = i % side;
    box.add({static_cast<double>(column) / static_cast<double>(side),
             static_cast<double>(row) / static_cast<double>(side)});
    box.add({static_cast<double>(column + 1) / static_cast<double>(side),
             static_cast<double>(row + 1) / static_cast<double>(side)});
  }
  for (const Mark& mark : {drawn.start, drawn.goal})
    if (mark.present) box.add(glm::dvec2(mark.position));
  if (box.low.x > box.high.x) return {glm::dvec2(0.0), glm::dvec2(1.0)};
  return box;
}

}  // namespace

Variation::Variation(const ReadPlanes& drawn, float strength, const base::PhiloxKey& key) {
  INKNAV_CHECK(strength >= 0.0f && strength <= 1.0f, strength);
  base::PhiloxStream stream(key);
  draw_shape(drawn, static_cast<double>(strength), stream);
  draw_ink(static_cast<double>(strength), stream);
}

void Variation::draw_shape(const ReadPlanes& drawn, double strength, base::PhiloxStream& stream) {
  const double turn = symmetric(stream, strength * kTurn);
  const double scale = std::exp(symmetric(stream, strength * kScale));
  const double axes = symmetric(stream, strength * kStretch);
  const double diagonal = symmetric(stream, strength * kDiagonal);
  const double c = std::cos(turn), s = std::sin(turn);
  glm::dmat2 there =
      glm::dmat2(glm::dvec2(c, s), glm::dvec2(-s, c)) *
      glm::dmat2(scale * glm::dvec2(1.0 + axes, diagonal), scale * glm::dvec2(diagonal, 1.0 - axes));
  const Box box = ink_box(drawn);
  centre_ = 0.5 * (box.low + box.high);
  const glm::dvec2 half = 0.5 * (box.high - box.low);
  const auto reach = [&] {
    return glm::dvec2(std::abs(there[0].x) * half.x + std::abs(there[1].x) * half.y,
                      std::abs(there[0].y) * half.x + std::abs(there[1].y) * half.y);
  };
  const glm::dvec2 needed = reach();
  const double most = 0.5 - kMargin;
  there *= std::min(1.0, most / std::max({needed.x, needed.y, 1e-6}));
  const glm::dvec2 slack = glm::max(glm::dvec2(most) - reach(), glm::dvec2(0.0));
  place_.x = 0.5 + symmetric(stream, slack.x);
  place_.y = 0.5 + symmetric(stream, slack.y);
  back_ = glm::inverse(there);
  for (Wave& wave : waves_) {
    const double frequency =
        kLowFrequency + (kHighFrequency - kLowFrequency) * static_cast<double>(stream.uniform());
    const double angle = static_cast<double>(2.0f * base::kPi * stream.uniform());
    wave.frequency = frequency * glm::dvec2(std::cos(angle), std::sin(angle));
    const double highest = strength * kBend / (2.0 * static_cast<double>(base::kPi) * frequency);
    wave.amplitude.x = symmetric(stream, highest);
    wave.amplitude.y = symmetric(stream, highest);
    wave.phase = static_cast<double>(2.0f * base::kPi * stream.uniform());
  }
}

void Variation::draw_ink(double strength, base::PhiloxStream& stream) {
  const auto part = static_cast<float>(strength);
  bold_ = part * between(stream, -kFainter, kBolder);
  ink_ = 1.0f + static_cast<float>(symmetric(stream, strength * kInk));
  const auto count = [&](std::uint32_t most) {
    return static_cast<std::size_t>(std::lround(part * static_cast<float>(stream.uniform_int(most + 1))));
  };
  gaps_.resize(count(kMostGaps));
  for (Gap& gap : gaps_) {
    gap.centre.x = stream.uniform();
    gap.centre.y = stream.uniform();
    gap.radius = between(stream, kLeastGap, kWidestGap);
  }
  strays_.resize(count(kMostStrays));
  for (Stray& stray : strays_) {
    stray.from.x = stream.uniform();
    stray.from.y = stream.uniform();
    const float angle = 2.0f * base::kPi * stream.uniform();
    stray.to = stray.from +
               between(stream, kLeastStray, kLongestStray) * base::Vec2(std::cos(angle), std::sin(angle));
    stray.ink = kFaintestStray + static_cast<int>(stream.uniform_int(256u - kFaintestStray));
  }
}

glm::dvec2 Variation::drawn_of(const glm::dvec2& varied) const {
  glm::dvec2 drawn = centre_ + back_ * (varied - place_);
  for (const Wave& wave : waves_)
    drawn += wave.amplitude *
             std::sin(2.0 * static_cast<double>(base::kPi) * glm::dot(wave.frequency, varied) + wave.phase);
  return drawn;
}

glm::dmat2 Variation::slope_at(const glm::dvec2& varied) const {
  glm::dmat2 slope = back_;
  constexpr double kRound = 2.0 * static_cast<double>(base::kPi);
  for (const Wave& wave : waves_)
    slope += glm::outerProduct(
        wave.amplitude,
        kRound * std::cos(kRound * glm::dot(wave.frequency, varied) + wave.phase) * wave.frequency);
  return slope;
}

glm::dvec2 Variation::varied_of(const glm::dvec2& drawn) const {
  glm::dvec2 varied = place_ + glm::inverse(back_) * (drawn - centre_);
  for (int i = 0; i < kNewtonSteps; ++i) {
    const glm::dvec2 off = drawn_of(varied) - drawn;
    if (glm::dot(off, off) < 1e-24) break;
    varied -= glm::inverse(slope_at(varied)) * off;
  }
  return varied;
}

base::Vec2 Variation::to_drawn(const base::Vec2& varied) const { return drawn_of(glm::dvec2(varied)); }
base::Vec2 Variation::to_varied(const base::Vec2& drawn) const { return varied_of(glm::dvec2(drawn)); }

glm::mat2 Variation::jacobian(const base::Vec2& drawn) const {
  return glm::mat2(glm::inverse(slope_at(varied_of(glm::dvec2(drawn)))));
}

Mark Variation::apply(const Mark& mark) const {
  if (!mark.present) return mark;
  Mark moved = mark;
  moved.position = to_varied(mark.position);
  const base::Vec2 ahead =
      jacobian(mark.position) * base::Vec2(-std::sin(mark.heading), -std::cos(mark.heading));
  moved.heading = std::atan2(-ahead.x, -ahead.y);
  return moved;
}

void Variation::apply(const ReadPlanes& drawn, std::uint8_t* planes) const {
  keep_opencv_on_this_thread();
  const int size = drawn.size;
  const auto side = static_cast<float>(size);
  // Where each pixel comes from, computed at nodes that lie on the corners of the paper's pixels.
  cv::Mat nodes(kNodes, kNodes, CV_32FC2), source;
  for (int row = 0; row < kNodes; ++row) {
    for (int column = 0; column < kNodes; ++column) {
      const glm::dvec2 q(static_cast<double>(column) / (kNodes - 1), static_cast<double>(row) / (kNodes - 1));
      const glm::dvec2 p = drawn_of(q);
      nodes.at<cv::Vec2f>(row, column) = {static_cast<float>(p.x) * side - 0.5f,
                                          static_cast<float>(p.y) * side - 0.5f};
    }
  }
  // Pixel centre (x + 0.5) / S is at node (x + 0.5) / S * (kNodes - 1).
  const float step = static_cast<float>(kNodes - 1) / side;
  const cv::Matx23f to_nodes(step, 0.0f, 0.5f * step, 0.0f, step, 0.5f * step);
  cv::warpAffine(nodes, source, to_nodes, {size, size}, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                 cv::BORDER_REPLICATE);

  const std::size_t pixels = static_cast<std::size_t>(size) * static_cast<std::size_t>(size);
  for (int plane = 0; plane < ReadPlanes::kNumPlanes; ++plane) {
    const cv::Mat from(
        size, size, CV_8U,
        const_cast<std::uint8_t*>(drawn.planes.data() + static_cast<std::size_t>(plane) * pixels));
    cv::Mat to(size, size, CV_8U, planes + static_cast<std::size_t>(plane) * pixels);
    cv::remap(from, to, source, {}, cv::INTER_LINEAR, cv::BORDER_CONSTANT, 0);
    if (plane >= 2) continue;  // marks are as they are
    cv::Mat most;
    if (bold_ > 0.0f) {
      cv::dilate(to, most, {});
    } else {
      cv::erode(to, most, {});
    }
    const double share = std::abs(static_cast<double>(bold_));
    cv::addWeighted(to, (1.0 - share) * static_cast<double>(ink_), most, share * static_cast<double>(ink_),
                    0.0, to);
  }
  cv::Mat wall(size, size, CV_8U, planes);
  constexpr int kFraction = 4;  // bits
  const auto at = [&](const base::Vec2& p) {
    const auto fixed = [&](float v) {
      return static_cast<int>(std::lround((v * side - 0.5f) * (1 << kFraction)));
    };
    return cv::Point(fixed(p.x), fixed(p.y));
  };
  for (const Gap& gap : gaps_)
    cv::circle(wall, at(gap.centre), static_cast<int>(gap.radius * side * (1 << kFraction)), cv::Scalar(0.0),
               cv::FILLED, cv::LINE_AA, kFraction);
  for (const Stray& stray : strays_)
    cv::line(wall, at(stray.from), at(stray.to), cv::Scalar(stray.ink), 1, cv::LINE_AA, kFraction);
}

}  // namespace inknav::sketch
