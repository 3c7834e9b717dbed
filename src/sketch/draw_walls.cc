// SPDX-License-Identifier: MIT
#include "sketch/draw_walls.h"

#include <algorithm>
#include <cmath>

#include "base/philox.h"
#include "sketch/pen.h"
#include "sketch/plane_geometry.h"

namespace inknav::sketch {
namespace {

using Vec = glm::dvec2;
using Line = std::vector<Vec>;

constexpr double kDegree = 3.14159265358979323846 / 180.0;
constexpr double kStraightening = 0.8;  // how much of a wall's remaining bow the person takes out
constexpr double kDoorWidth = 0.85;     // metres, of a door that is not there
constexpr double kStrokeShare = 0.8;    // of the angular error; lines as a whole took part of it
constexpr double kSample = 0.15;        // metres along a wall

enum Step : std::uint32_t { kStepContent = 40, kStepFirstStroke = 1000 };

struct WallLine {
  Line points;              // paper, meant
  bool door_first = false;  // the end is a door's jamb that must stay open
  bool door_last = false;
  int first = -1, last = -1;  // nodes, for chaining
};

Line world_line(const Vec& a, const Vec& b) { return resampled({a, b}, kSample); }

/// The warped wall, most of its bow taken out, its ends moved to `first` and `last`.
Line straightened(const Correspondence::Impl& warp, const Vec& a, const Vec& b, const Vec& first,
                  const Vec& last) {
  Line line = world_line(a, b);
  for (Vec& p : line) p = warp.map(p, nullptr);
  const Vec shift_first = first - line.front(), shift_last = last - line.back();
  const auto n = static_cast<double>(line.size() - 1);
  for (std::size_t i = 0; i < line.size(); ++i) {
    const double t = static_cast<double>(i) / n;
    const Vec curved = line[i] + (1.0 - t) * shift_first + t * shift_last;
    const Vec straight = first + t * (last - first);
    line[i] = curved + kStraightening * (straight - curved);
  }
  return line;
}

/// Places of the junctions on paper: the warp's, but a T-junction lies on its straightened wall.
std::vector<Vec> junction_places(const WallInput& input) {
  const Layout& layout = *input.layout;
  std::vector<Vec> place(layout.nodes.size());
  for (std::size_t i = 0; i < place.size(); ++i) place[i] = input.warp->map(layout.nodes[i], nullptr);
  const std::vector<Vec> image = place;
  for (const std::vector<int>& wall : layout.walls) {
    const auto a = static_cast<std::size_t>(wall.front()), b = static_cast<std::size_t>(wall.back());
    for (std::size_t k = 1; k + 1 < wall.size(); ++k) {
      const auto node = static_cast<std::size_t>(wall[k]);
      const double t = nearest_parameter(layout.nodes[a], layout.nodes[b], layout.nodes[node]);
      const Vec straight = image[a] + t * (image[b] - image[a]);
      place[node] = image[node] + kStraightening * (straight - image[node]);
    }
  }
  return place;
}

bool route_crosses(const std::vector<Vec>& route, const Vec& a, const Vec& b) {
  for (std::size_t i = 1; i < route.size(); ++i) {
    if (segments_cross(route[i - 1], route[i], a, b)) return true;
  }
  return false;
}

/// Walls as the person means them, after leaving out, adding and closing what the recipe says.
std::vector<WallLine> meant_walls(const WallInput& input, base::PhiloxStream stream) {
  const Layout& layout = *input.layout;
  const LevelRecipe& r = *input.recipe;
  const double careless = static_cast<double>(input.drawer->omission);
  const std::vector<Vec> place = junction_places(input);
  std::vector<bool> jamb(place.size(), false);
  for (const auto& [a, b] : layout.doors)
    jamb[static_cast<std::size_t>(a)] = jamb[static_cast<std::size_t>(b)] = true;
  std::vector<WallLine> lines;
  const auto add = [&](int na, int nb) {
    const auto a = static_cast<std::size_t>(na), b = static_cast<std::size_t>(nb);
    lines.push_back({straightened(*input.warp, layout.nodes[a], layout.nodes[b], place[a], place[b]), jamb[a],
                     jamb[b], na, nb});
  };
  const auto add_free = [&](const Vec& a, const Vec& b) {
    lines.push_back(
        {straightened(*input.warp, a, b, input.warp->map(a, nullptr), input.warp->map(b, nullptr)), true,
         true, -1, -1});
  };
  for (const std::vector<int>& wall : layout.walls) {
    const bool dropped = stream.bernoulli(static_cast<float>(careless) * r.drop_wall);
    const bool pierced = stream.bernoulli(static_cast<float>(careless) * 0.5f * r.wrong_door);
    const double where = stream.uniform(0.3f, 0.7f);
    const bool phantom = stream.bernoulli(static_cast<float>(careless) * r.phantom);
    const Vec a = layout.nodes[static_cast<std::size_t>(wall.front())],
              b = layout.nodes[static_cast<std::size_t>(wall.back())];
    const double length = glm::length(b - a);
    if (phantom && length >= r.least_wall) {  // a line into the room, square to the wall
      const Vec foot = a + where * (b - a), along = (b - a) / length;
      const Vec end = foot + std::min(2.0, 0.6 * length) * Vec(-along.y, along.x);
      if (!route_crosses(input.route, foot, end)) add_free(foot, end);
    }
    if (dropped || length < r.least_wall) continue;
    if (pierced && length > 2.5 * kDoorWidth && wall.size() == 2) {
      const double half = 0.5 * kDoorWidth / length;
      add_free(a, a + (where - half) * (b - a));
      add_free(a + (where + half) * (b - a), b);
      continue;
    }
    add(wall.front(), wall.back());
  }
  for (const auto& [a, b] : layout.doors) {
    const bool missed = stream.bernoulli(static_cast<float>(careless) * r.wrong_door);
    const Vec pa = layout.nodes[static_cast<std::size_t>(a)], pb = layout.nodes[static_cast<std::size_t>(b)];
    const Vec reach = 0.3 * (pb - pa);
    if (missed && !route_crosses(input.route, pa - reach, pb + reach)) add(a, b);
  }
  return lines;
}

void append(Stroke& stroke, const PenStroke& more) {
  for (std::size_t i = 0; i < more.points.size(); ++i) {
    stroke.points.emplace_back(more.points[i]);
    stroke.pressure.push_back(more.pressure[i]);
  }
}

}  // namespace

WallDrawing draw_walls(const WallInput& input, std::uint64_t seed, std::uint32_t drawer_number) {
  const LevelRecipe& r = *input.recipe;
  const Drawer& drawer = *input.drawer;
  const auto stream_of = [&](std::uint32_t step) {
    return base::PhiloxStream({seed, drawer_number, 0, step, base::Purpose::kPen});
  };
  const std::vector<WallLine> lines = meant_walls(input, stream_of(kStepContent));
  std::vector<int> uses(input.layout->nodes.size(), 0);
  for (const WallLine& line : lines) {
    if (line.first >= 0)
      ++uses[static_cast<std::size_t>(line.first)], ++uses[static_cast<std::size_t>(line.last)];
  }
  const bool exact = r.wobble == 0.0f;
  const double most_end = r.end_sigma <= 0.01f ? 0.01 : r.end_sigma <= 0.03f ? 0.018 : 0.025;
  const float pen_px = r.width_low + drawer.pen * (r.width_high - r.width_low);

  WallDrawing result;
  int chained_to = -1;  // node at which the pen still stands on the paper
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const WallLine& line = lines[i];
    result.baselines.push_back(line.points);
    auto stream = stream_of(kStepFirstStroke + static_cast<std::uint32_t>(i));
    HandSettings hand;
    hand.wobble = static_cast<double>(r.wobble * drawer.tremor);
    hand.angle_sigma = kStrokeShare * static_cast<double>(r.angle_sigma_deg) * kDegree;
    hand.end_sigma = r.end_sigma;
    hand.most_end = most_end;
    hand.most_deviation = 0.7 * most_end;
    hand.first_slack = line.door_first ? 0.3 : 1.0;
    hand.last_slack = line.door_last ? 0.3 : 1.0;
    if (input.strokes != nullptr) hand.recorded = &input.strokes->pick(drawer_number, stream);
    Stroke stroke;
    stroke.kind = StrokeKind::kWall;
    stroke.medium = drawer.medium;
    stroke.color = drawer.wall_ink;
    stroke.width = pen_px * stream.uniform(0.9f, 1.1f) / 256.0f;
    if (exact) {
      stroke.width = pen_px / 256.0f;
      stroke.points.assign(line.points.begin(), line.points.end());
      stroke.pressure.assign(line.points.size(), 1.0f);
      result.strokes.push_back(std::move(stroke));
      continue;
    }
    const bool twice = stream.bernoulli(r.doubled + drawer.doubling);
    const bool chains = stream.bernoulli(drawer.chaining);
    Line meant = line.points;
    if (chained_to >= 0 && line.last == chained_to) std::reverse(meant.begin(), meant.end());
    const bool joined = chained_to >= 0 && (line.first == chained_to || line.last == chained_to);
    if (joined) {
      hand.first_slack = 0.0;
      meant.front() = Vec(result.strokes.back().points.back());
      append(result.strokes.back(), hand_stroke(meant, hand, drawer, stream));
    } else {
      append(stroke, hand_stroke(meant, hand, drawer, stream));
      result.strokes.push_back(stroke);
    }
    if (twice) {
      stroke.points.clear();
      stroke.pressure.clear();
      append(stroke, hand_stroke(line.points, hand, drawer, stream));
      result.strokes.push_back(stroke);
    }
    const int end = joined && line.last == chained_to ? line.first : line.last;
    chained_to = chains && !twice && end >= 0 && uses[static_cast<std::size_t>(end)] == 2 ? end : -1;
  }
  return result;
}

}  // namespace inknav::sketch
