// SPDX-License-Identifier: MIT
#include "sketch/pen.h"

#include <algorithm>
#include <cmath>

#include "sketch/plane_geometry.h"

namespace inknav::sketch {
namespace {

using Vec = glm::dvec2;

constexpr double kPi = 3.14159265358979323846;
constexpr double kSpacing = 0.008;    // of stroke points, paper units
constexpr double kRmsMedian = 0.015;  // RMS deviation / length of real near-straight strokes, log-normal
constexpr double kRmsSigma = 0.8;
constexpr double kRmsMost = 0.10;
constexpr double kRmsMostShort = 0.05;   // of strokes of a few centimetres, drawn in one flick
constexpr double kShort = 0.1;           // paper units
constexpr double kTremorLength = 0.012;  // correlation length of tremor, paper units
constexpr double kTremorMost =
    0.0016;  // RMS, paper units: a hand shakes no more on a long line than on a short one

/// AR(1) noise of correlation `length` in points, run through the same filter again so that it has no
/// corners, and bridged to zero at both ends. Its variance is about one.
std::vector<double> tremor(std::size_t n, double length, base::PhiloxStream& stream) {
  std::vector<double> x(n);
  const double keep = std::exp(-1.0 / std::max(length, 0.5));
  const double fresh = std::sqrt(1.0 - keep * keep);
  double state = stream.normal();
  double smoothed = 0.7 * state;
  for (double& value : x) {
    value = 1.4 * smoothed;
    state = keep * state + fresh * static_cast<double>(stream.normal());
    smoothed += (1.0 - keep) * (state - smoothed);
  }
  const double first = x.front(), last = x.back();
  for (std::size_t i = 0; i < n; ++i) {
    const double t = n > 1 ? static_cast<double>(i) / static_cast<double>(n - 1) : 0.0;
    x[i] -= first + t * (last - first);
  }
  return x;
}

double rms_of(const std::vector<double>& x) {
  double sum = 0.0;
  for (const double value : x) sum += value * value;
  return std::sqrt(sum / static_cast<double>(x.size()));
}

void scale_to_rms(std::vector<double>& x, double rms) {
  const double now = rms_of(x);
  const double factor = now > 0.0 ? rms / now : 0.0;
  for (double& value : x) value *= factor;
}

/// Deviation across the stroke at n even points, zero at the ends.
std::vector<double> deviation(std::size_t n, double length, double rms, double roughness,
                              base::PhiloxStream& stream) {
  const double one = stream.normal(), two = stream.normal(), three = stream.normal();
  std::vector<double> bow(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double t = kPi * static_cast<double>(i) / static_cast<double>(n - 1);
    bow[i] = one * std::sin(t) + 0.6 * two * std::sin(2.0 * t) + 0.3 * three * std::sin(3.0 * t);
  }
  // Bow and tremor are independent: their squares add up.
  const double shaking = std::min(roughness * rms, kTremorMost);
  scale_to_rms(bow, std::sqrt(rms * rms - shaking * shaking));
  std::vector<double> shake = tremor(n, kTremorLength / length * static_cast<double>(n), stream);
  scale_to_rms(shake, shaking);
  for (std::size_t i = 0; i < n; ++i) bow[i] += shake[i];
  scale_to_rms(bow, rms);
  return bow;
}

}  // namespace

std::vector<float> hand_pressure(std::size_t n, const Drawer& drawer, base::PhiloxStream& stream) {
  std::vector<float> pressure(n);
  std::vector<double> wander = tremor(n, 12.0, stream);
  const float level = stream.uniform(0.8f, 0.95f);
  const float head = drawer.taper * stream.uniform(0.3f, 1.0f),
              tail = drawer.taper * stream.uniform(0.5f, 1.2f);
  for (std::size_t i = 0; i < n; ++i) {
    const auto from_head = static_cast<float>(i), from_tail = static_cast<float>(n - 1 - i);
    const float taper = head * std::exp(-0.7f * from_head) + tail * std::exp(-0.5f * from_tail);
    pressure[i] = std::clamp(level * (1.0f - taper) + 0.06f * static_cast<float>(wander[i]), 0.15f, 1.0f);
  }
  return pressure;
}

PenStroke hand_stroke(const std::vector<Vec>& line, const HandSettings& settings, const Drawer& drawer,
                      base::PhiloxStream& stream) {
  const Vec chord = line.back() - line.front();
  const double length = glm::length(chord);
  PenStroke stroke;
  const double share = kRmsMedian * std::exp(kRmsSigma * static_cast<double>(stream.normal()));
  const RecordedStroke* recorded = settings.recorded;
  const double drawn_angle = settings.angle_sigma * static_cast<double>(stream.normal());
  const double angle = recorded != nullptr ? recorded->angle : drawn_angle;
  const double mean_end = static_cast<double>(drawer.overshoot) * settings.end_sigma;
  const double head = mean_end + settings.end_sigma * static_cast<double>(stream.normal());
  const double tail = mean_end + settings.end_sigma * static_cast<double>(stream.normal());
  if (length < 1e-9) {
    stroke.points = line;
    stroke.pressure = hand_pressure(line.size(), drawer, stream);
    return stroke;
  }
  const Vec along = chord / length, across(-along.y, along.x);
  const auto end_error = [&](double part, double slack) {
    const double most = std::min(settings.most_end, 0.25 * length);
    return slack * std::clamp(part * length, -most, most);
  };
  const double before = end_error(head, settings.first_slack), after = end_error(tail, settings.last_slack);
  const double lean =
      std::clamp(0.5 * length * std::tan(angle), -0.6 * settings.most_end, 0.6 * settings.most_end);

  std::vector<Vec> points = resampled(line, std::min(kSpacing, length / 4.0));
  const std::size_t n = points.size();
  const double most = length < kShort ? kRmsMostShort : kRmsMost;
  std::vector<double> offset;
  if (recorded != nullptr) {
    offset = replayed(*recorded, n, length);
    const double rms = rms_of(offset);
    if (rms > settings.most_deviation) scale_to_rms(offset, settings.most_deviation);
  } else {
    const double rms = std::min(std::min(settings.wobble * share, most) * length, settings.most_deviation);
    offset = deviation(n, length, rms, static_cast<double>(drawer.roughness), stream);
  }
  for (std::size_t i = 0; i < n; ++i) {
    const double t = static_cast<double>(i) / static_cast<double>(n - 1);
    const double stretch = t * after - (1.0 - t) * before;
    points[i] += across * (offset[i] + (2.0 * t - 1.0) * lean) + along * stretch;
  }
  stroke.points = std::move(points);
  stroke.pressure = hand_pressure(n, drawer, stream);
  return stroke;
}

PenStroke hand_curve(const std::vector<Vec>& line, const std::vector<double>& amplitude, const Drawer& drawer,
                     base::PhiloxStream& stream) {
  PenStroke stroke;
  const std::size_t n = line.size();
  const std::vector<double> slow = tremor(n, 10.0, stream);
  const std::vector<double> fast = tremor(n, 2.0, stream);
  stroke.points = line;
  for (std::size_t i = 0; i < n; ++i) {
    const Vec d = line[std::min(i + 1, n - 1)] - line[i > 0 ? i - 1 : 0];
    const double length = glm::length(d);
    if (length <= 0.0) continue;
    const double offset = std::clamp(0.55 * slow[i] + 0.15 * fast[i], -1.0, 1.0);
    stroke.points[i] += Vec(-d.y, d.x) / length * (amplitude[i] * offset);
  }
  stroke.pressure = hand_pressure(n, drawer, stream);
  return stroke;
}

}  // namespace inknav::sketch
