// SPDX-License-Identifier: MIT
#pragma once
// Pen: turns a line that a person means into the stroke that the hand makes.
//
// The deviation from the chord is a low-frequency bow plus AR(1) tremor, scaled so that its RMS is exactly
// the drawn share of the length; the share is log-normal as measured on real strokes (docs/drawings.md). Ends
// fall short or run over; pressure rises and falls at the ends and wanders between.

#include <glm/vec2.hpp>
#include <vector>

#include "base/philox.h"
#include "sketch/drawer.h"
#include "sketch/levels.h"
#include "sketch/stroke_book.h"

namespace inknav::sketch {

struct PenStroke {
  std::vector<glm::dvec2> points;  // paper
  std::vector<float> pressure;
};

struct HandSettings {
  double wobble = 1.0;           // factor on the RMS deviation (level and drawer)
  double angle_sigma = 0.0;      // radians
  double end_sigma = 0.0;        // of the length
  double most_deviation = 0.02;  // RMS, paper units: nobody is a fifth of the page off on a long wall
  double most_end = 0.025;       // paper units
  double first_slack =
      1.0;  // factor on the end error at the first and last point (0 at a door that must stay)
  double last_slack = 1.0;
  const RecordedStroke* recorded = nullptr;  // deviation and angle are those of this stroke
};

/// A straight-meant stroke along `line` (at least two points; may bend slightly).
PenStroke hand_stroke(const std::vector<glm::dvec2>& line, const HandSettings& settings, const Drawer& drawer,
                      base::PhiloxStream& stream);

/// A long free curve such as a route: wanders by at most `amplitude[i]` paper units at point i.
PenStroke hand_curve(const std::vector<glm::dvec2>& line, const std::vector<double>& amplitude,
                     const Drawer& drawer, base::PhiloxStream& stream);

/// Pressure of a stroke of n points: tapered ends and a slow wander.
std::vector<float> hand_pressure(std::size_t n, const Drawer& drawer, base::PhiloxStream& stream);

}  // namespace inknav::sketch
