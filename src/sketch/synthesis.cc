// SPDX-License-Identifier: MIT
#include "sketch/synthesis.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "sketch/draw_route.h"
#include "sketch/draw_walls.h"
#include "sketch/drawer.h"
#include "sketch/layout.h"
#include "sketch/levels.h"
#include "sketch/marks.h"
#include "sketch/plane_geometry.h"
#include "sketch/warp.h"

namespace inknav::sketch {
namespace {

using Vec = glm::dvec2;

constexpr double kSnap = 0.12;           // metres, of wall ends to junctions
constexpr double kSnapCoarse = 0.3;      // the same for L3
constexpr double kMarkClearance = 0.12;  // metres that a mark keeps from walls

enum Step : std::uint32_t { kStepMarks = 20, kStepGlyphs = 21, kStepPaper = 22, kStepRoute = 23 };

base::PhiloxStream stream_of(std::uint64_t seed, std::uint32_t drawer, Step step, base::Purpose purpose) {
  return base::PhiloxStream({seed, drawer, 0, step, purpose});
}

/// Where in the world the person believes `p` to be: off by the level's error, in the same room, and on paper
/// clear of every wall that was drawn. Directions in turn, then shorter; at worst the true place.
class MarkPlacer {
 public:
  MarkPlacer(const Layout& layout, const Correspondence::Impl& warp, const WallDrawing& walls,
             double mark_size)
      : layout_(layout), warp_(warp), walls_(walls), room_(1.2 * mark_size) {}

  Vec place(const Vec& p, const LevelRecipe& r, base::PhiloxStream& stream) const {
    const double reach = stream.uniform(r.mark_low, r.mark_high);
    const double angle = stream.uniform(-base::kPi, base::kPi);
    if (reach <= 0.0) return p;
    Vec best = p;
    double best_clearance = drawn_clearance(p);
    for (double part = 1.0; part > 0.2; part -= 0.25) {
      for (int turn = 0; turn < 12; ++turn) {
        const double a = angle + (turn % 2 == 0 ? 0.5 : -0.5) * turn * 0.55;
        const Vec candidate = p + part * reach * Vec(std::cos(a), std::sin(a));
        if (!same_room(p, candidate)) continue;
        const double clearance = drawn_clearance(candidate);
        if (clearance >= room_) return candidate;
        if (clearance > best_clearance) {
          best_clearance = clearance;
          best = candidate;
        }
      }
    }
    return best;
  }

 private:
  bool same_room(const Vec& p, const Vec& candidate) const {
    for (const LayoutEdge& edge : layout_.edges) {
      const Vec a = layout_.nodes[static_cast<std::size_t>(edge.a)],
                b = layout_.nodes[static_cast<std::size_t>(edge.b)];
      if (!edge.door && distance_to_segment(a, b, candidate) < kMarkClearance) return false;
      if (segments_cross(p, candidate, a, b)) return false;
    }
    return true;
  }
  double drawn_clearance(const Vec& world) const {
    const Vec p = warp_.map(world, nullptr);
    double least = 1.0;
    for (const Stroke& stroke : walls_.strokes) {
      for (std::size_t i = 1; i < stroke.points.size(); ++i) {
        least = std::min(least, distance_to_segment(Vec(stroke.points[i - 1]), Vec(stroke.points[i]), p));
      }
    }
    return least;
  }

  const Layout& layout_;
  const Correspondence::Impl& warp_;
  const WallDrawing& walls_;
  double room_;  // paper units that a mark wants around it
};

Paper choose_paper(const SynthesisSettings& settings, base::PhiloxStream stream) {
  Paper paper;
  if (settings.level == Level::kClean && !settings.photo) return paper;
  const LevelRecipe& r = recipe(settings.level);
  paper.grain = stream.uniform(0.05f, 0.35f);
  const float shade = stream.uniform(0.2f, 1.0f), blur = stream.uniform(0.2f, 1.0f);
  const int quality = stream.uniform_int(r.jpeg_low, 90);
  if (settings.photo) {
    paper.shade = shade * r.shade;
    paper.blur = blur * r.blur;
    paper.jpeg_quality = quality;
  }
  return paper;
}

std::vector<Vec> plane_points(const std::vector<base::Vec3>& points) {
  std::vector<Vec> result;
  for (const base::Vec3& p : points) result.emplace_back(p.x, p.z);
  return result;
}

}  // namespace

SynthesizedDrawing synthesize(const SynthesisInput& input, const SynthesisSettings& settings,
                              std::uint32_t drawer_number, std::uint64_t seed) {
  INKNAV_CHECK(input.walls != nullptr);
  const bool clean = settings.level == Level::kClean;
  const LevelRecipe& r = recipe(settings.level);
  Drawer drawer = make_drawer(settings.split, drawer_number);
  if (clean) {
    drawer = Drawer{};
    drawer.mark_size = 0.018f;
  }
  const Vec start(input.start.position.x, input.start.position.z), goal(input.goal.x, input.goal.z);
  std::vector<Vec> kept = plane_points(input.route);
  kept.push_back(start);
  kept.push_back(goal);
  const Layout layout = make_layout(*input.walls, settings.level == Level::kL3 ? kSnapCoarse : kSnap, kept);

  const WarpInput warp_input{&layout, &r, &drawer, settings.photo, clean, kept};
  const auto warp = make_warp(warp_input, seed, drawer_number);
  const WallDrawing walls =
      draw_walls({&layout, warp.get(), &r, &drawer, kept, settings.strokes}, seed, drawer_number);

  auto mark_stream = stream_of(seed, drawer_number, kStepMarks, base::Purpose::kDrawing);
  const MarkPlacer placer(layout, *warp, walls, drawer.mark_size);
  const Vec believed_start = placer.place(start, r, mark_stream);
  const Vec believed_goal = placer.place(goal, r, mark_stream);
  const bool shows_heading = mark_stream.bernoulli(settings.heading_probability);
  const bool draws_route = mark_stream.bernoulli(settings.route_probability) && input.route.size() >= 2;
  const float heading_error = mark_stream.normal() * r.heading_sigma_deg * base::kPi / 180.0f;
  const bool draws_walls = mark_stream.bernoulli(settings.walls_probability);

  SynthesizedDrawing result;
  result.correspondence = Correspondence(warp);
  Drawing& drawing = result.drawing;
  drawing.seed = seed ^ (std::uint64_t{drawer_number} << 40);
  drawing.paper = choose_paper(settings, stream_of(seed, drawer_number, kStepPaper, base::Purpose::kPaper));

  if (draws_walls) drawing.strokes = walls.strokes;

  drawing.start.present = drawing.goal.present = true;
  drawing.start.position = base::Vec2(warp->map(believed_start, nullptr));
  drawing.goal.position = base::Vec2(warp->map(believed_goal, nullptr));
  drawing.start.has_heading = shows_heading;
  const float yaw = base::yaw_from_rotation(input.start.rotation);
  drawing.start.heading =
      shows_heading
          ? base::wrap_angle(result.correspondence.local_similarity(base::Vec2(believed_start), yaw).heading +
                             heading_error)
          : 0.0f;
  if (draws_route) {
    auto route_stream = stream_of(seed, drawer_number, kStepRoute, base::Purpose::kPen);
    const RouteInput route{warp.get(),         &drawer,        &walls.baselines, kept.data(),
                           input.route.size(), believed_start, believed_goal,    clean};
    const RouteDrawing drawn = draw_route(route, route_stream);
    drawing.route = drawn.centre;
    drawing.strokes.push_back(drawn.stroke);
  }
  auto glyph_stream = stream_of(seed, drawer_number, kStepGlyphs, base::Purpose::kPen);
  const double size = drawer.mark_size;
  for (Stroke& s : draw_start(Vec(drawing.start.position), shows_heading, drawing.start.heading, drawer, size,
                              glyph_stream)) {
    drawing.strokes.push_back(std::move(s));
  }
  for (Stroke& s : draw_goal(Vec(drawing.goal.position), drawer, size, glyph_stream)) {
    drawing.strokes.push_back(std::move(s));
  }
  return result;
}

}  // namespace inknav::sketch
