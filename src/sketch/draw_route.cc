// SPDX-License-Identifier: MIT
#include "sketch/draw_route.h"

#include <algorithm>
#include <cmath>

#include "sketch/pen.h"
#include "sketch/plane_geometry.h"

namespace inknav::sketch {
namespace {

using Vec = glm::dvec2;
using Line = std::vector<Vec>;

constexpr double kStep = 0.1;         // metres between points of the line
constexpr double kBlend = 0.8;        // metres over which the line turns from the route to the marks
constexpr double kPaperStep = 0.007;  // between stroke points
constexpr double kWander = 0.006;     // most the hand wanders, paper units
constexpr double kClearanceShare = 0.3;

/// Route in the world with its ends led to where the person put the marks.
Line led_to_marks(const RouteInput& input) {
  Line line = resampled(Line(input.points, input.points + input.count), kStep);
  const Vec shift_start = input.start - line.front(), shift_goal = input.goal - line.back();
  const std::size_t n = line.size();
  const double blend = std::min(kBlend, 0.4 * kStep * static_cast<double>(n));
  for (std::size_t i = 0; i < n; ++i) {
    const auto weight = [blend](std::size_t steps) {
      const double t = std::clamp(1.0 - kStep * static_cast<double>(steps) / std::max(blend, 1e-6), 0.0, 1.0);
      return t * t * (3.0 - 2.0 * t);
    };
    line[i] += weight(i) * shift_start + weight(n - 1 - i) * shift_goal;
  }
  return line;
}

double clearance(const std::vector<Line>& walls, const Vec& p) {
  double least = 1.0;
  for (const Line& wall : walls) {
    for (std::size_t i = 1; i < wall.size(); ++i)
      least = std::min(least, distance_to_segment(wall[i - 1], wall[i], p));
  }
  return least;
}

}  // namespace

RouteDrawing draw_route(const RouteInput& input, base::PhiloxStream& stream) {
  Line line = led_to_marks(input);
  if (!input.exact) smooth(line, 3);
  for (Vec& p : line) p = input.warp->map(p, nullptr);
  line = resampled(line, kPaperStep);

  RouteDrawing drawn;
  drawn.centre.assign(line.begin(), line.end());
  Stroke& stroke = drawn.stroke;
  stroke.kind = StrokeKind::kRoute;
  stroke.medium = input.drawer->medium == Medium::kPencil ? Medium::kPen : input.drawer->medium;
  stroke.color = input.drawer->route_ink;
  stroke.width = input.drawer->medium == Medium::kMarker ? 0.0085f : 0.0055f;
  if (input.exact) {
    stroke.points = drawn.centre;
    stroke.pressure.assign(line.size(), 1.0f);
    return drawn;
  }
  stroke.width *= stream.uniform(0.85f, 1.15f);
  std::vector<double> amplitude(line.size());
  const double wander = kWander * static_cast<double>(input.drawer->tremor);
  for (std::size_t i = 0; i < line.size(); ++i) {
    amplitude[i] = std::min(wander, kClearanceShare * clearance(*input.walls, line[i]));
  }
  const PenStroke hand = hand_curve(line, amplitude, *input.drawer, stream);
  stroke.points.assign(hand.points.begin(), hand.points.end());
  stroke.pressure = hand.pressure;
  return drawn;
}

}  // namespace inknav::sketch
