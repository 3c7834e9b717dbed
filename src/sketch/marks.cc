// SPDX-License-Identifier: MIT
#include "sketch/marks.h"

#include <cmath>

#include "sketch/pen.h"
#include "sketch/plane_geometry.h"

namespace inknav::sketch {
namespace {

using Vec = glm::dvec2;
using Line = std::vector<Vec>;

constexpr double kPi = 3.14159265358979323846;

/// A closed or open stroke of the glyph in its own frame: x forward, y to the right, radius 1.
struct Glyph {
  std::vector<Line> lines;
};

Line circle(double radius, double from, double turns) {
  Line line;
  const int n = 24;
  for (int i = 0; i <= n; ++i) {
    const double a = from + 2.0 * kPi * turns * i / n;
    line.push_back(radius * Vec(std::cos(a), std::sin(a)));
  }
  return line;
}

/// Zigzag that fills the triangle tip, left, right.
Line filled_triangle(const Vec& tip, const Vec& left, const Vec& right) {
  Line line;
  const int rows = 7;
  for (int i = 0; i <= rows; ++i) {
    const double t = static_cast<double>(i) / rows;
    const Vec a = tip + t * (left - tip), b = tip + t * (right - tip);
    line.push_back(i % 2 == 0 ? a : b);
    line.push_back(i % 2 == 0 ? b : a);
  }
  line.insert(line.end(), {left, tip, right, left});
  return line;
}

Glyph start_glyph(const Drawer& drawer, bool has_heading, base::PhiloxStream& stream) {
  if (!has_heading) return {{circle(0.35, 0.0, 1.05), circle(0.75, 1.0, 1.05)}};
  const double open = stream.uniform(0.55f, 0.75f), back = stream.uniform(0.35f, 0.55f);
  return {start_glyph_lines(drawer.start_glyph, open, back)};
}

Glyph goal_glyph(const Drawer& drawer, base::PhiloxStream& stream) {
  const double turn = stream.uniform(-0.25f, 0.25f);
  switch (drawer.goal_glyph) {
    case GoalGlyph::kCross:
      return {{{0.9 * Vec(-std::cos(turn + 0.785), -std::sin(turn + 0.785)),
                0.9 * Vec(std::cos(turn + 0.785), std::sin(turn + 0.785))},
               {0.9 * Vec(std::sin(turn + 0.785), -std::cos(turn + 0.785)),
                0.9 * Vec(-std::sin(turn + 0.785), std::cos(turn + 0.785))}}};
    case GoalGlyph::kStar: {
      Line star;
      for (int i = 0; i <= 5; ++i) {
        const double a = turn - 0.5 * kPi + 0.8 * kPi * i;
        star.emplace_back(std::cos(a), std::sin(a));
      }
      return {{star}};
    }
    case GoalGlyph::kCircle:
      return {{circle(0.85, turn * 8.0, stream.uniform(1.0f, 1.12f)), circle(0.25, turn, 1.1)}};
  }
  return {};
}

Vec ink_middle(const Glyph& glyph) {
  Vec sum(0.0);
  double weight = 0.0;
  for (const Line& line : glyph.lines) {
    for (std::size_t i = 1; i < line.size(); ++i) {
      const double length = glm::length(line[i] - line[i - 1]);
      sum += 0.5 * length * (line[i] + line[i - 1]);
      weight += length;
    }
  }
  return weight > 0.0 ? sum / weight : sum;
}

std::vector<Stroke> place(Glyph glyph, const Vec& position, const Vec& forward, double size, Stroke pen,
                          const Drawer& drawer, base::PhiloxStream& stream) {
  const Vec right(-forward.y, forward.x);  // of a walker on paper, where v points down
  const Vec middle = ink_middle(glyph);
  std::vector<Stroke> strokes;
  for (const Line& line : glyph.lines) {
    Line on_paper;
    for (const Vec& p : line) {
      const Vec shaken = p - middle + 0.05 * Vec(stream.normal(), stream.normal());
      on_paper.push_back(position + size * (shaken.x * forward + shaken.y * right));
    }
    const Line fine = resampled(on_paper, 0.25 * size);
    pen.points.assign(fine.begin(), fine.end());
    // Corners are kept: resampling at even steps would cut them.
    if (line.size() <= 8) {
      pen.points.clear();
      for (std::size_t i = 1; i < on_paper.size(); ++i) {
        const Line piece = resampled({on_paper[i - 1], on_paper[i]}, 0.3 * size);
        pen.points.insert(pen.points.end(), piece.begin() + (i > 1 ? 1 : 0), piece.end());
      }
    }
    pen.pressure = hand_pressure(pen.points.size(), drawer, stream);
    strokes.push_back(pen);
  }
  return strokes;
}

Stroke mark_pen(StrokeKind kind, const Drawer& drawer, double size) {
  Stroke pen;
  pen.kind = kind;
  pen.medium = drawer.medium == Medium::kPencil ? Medium::kPen : drawer.medium;
  pen.width = static_cast<float>(size) * (drawer.medium == Medium::kMarker ? 0.42f : 0.3f);
  return pen;
}

}  // namespace

std::vector<std::vector<Vec>> start_glyph_lines(StartGlyph glyph, double open, double back) {
  const Vec tip(1.3, 0.0), left(-0.9, -open), right(-0.9, open);
  switch (glyph) {
    case StartGlyph::kArrow:
      return {{Vec(-1.5, 0.0), Vec(1.4, 0.0)}, {Vec(back, -0.8), Vec(1.4, 0.0), Vec(back, 0.8)}};
    case StartGlyph::kWedge:
      return {filled_triangle(tip, left, right)};
    case StartGlyph::kOutlineWedge:
      return {{left, tip, right, left}};
    case StartGlyph::kChevron:
      return {{left, tip, right, Vec(-0.35, 0.0), left}};
  }
  return {};
}

std::vector<Stroke> draw_start(const Vec& position, bool has_heading, double heading, const Drawer& drawer,
                               double size, base::PhiloxStream& stream) {
  Stroke pen = mark_pen(StrokeKind::kStart, drawer, size);
  pen.color = drawer.start_ink;
  const Vec forward(-std::sin(heading), -std::cos(heading));
  return place(start_glyph(drawer, has_heading, stream), position, forward, size, pen, drawer, stream);
}

std::vector<Stroke> draw_goal(const Vec& position, const Drawer& drawer, double size,
                              base::PhiloxStream& stream) {
  Stroke pen = mark_pen(StrokeKind::kGoal, drawer, size);
  pen.color = drawer.goal_ink;
  return place(goal_glyph(drawer, stream), position, Vec(1.0, 0.0), size, pen, drawer, stream);
}

}  // namespace inknav::sketch
