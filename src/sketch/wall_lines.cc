// SPDX-License-Identifier: MIT
#include "sketch/wall_lines.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <optional>

#include "sketch/plane_geometry.h"

namespace inknav::sketch {
namespace {

using Vec = glm::dvec2;

constexpr double kSameDirection = 0.985;  // cosine of 10 degrees
constexpr double kShortest = 1e-6;        // metres; what is shorter is a point
constexpr double kCornerReach = 0.35;     // metres that an end may move to meet another line

Vec direction(const Line& line) {
  const Vec d = line.b - line.a;
  const double length = glm::length(d);
  return length > 0.0 ? d / length : Vec(1.0, 0.0);
}

double length_of(const Line& line) { return glm::length(line.b - line.a); }

/// Total least squares through points[first..last], its ends at the projections of the outer points.
Line fitted(const std::vector<Vec>& points, std::size_t first, std::size_t last) {
  const Vec chord = points[last] - points[first];
  // Near a corner the skeleton cuts across; the fit leaves those points out where enough others remain.
  const std::size_t trim = (last - first) > 24 ? std::min<std::size_t>((last - first) / 5, 8) : 0;
  Vec mean(0.0);
  const auto count = static_cast<double>(last - first + 1 - 2 * trim);
  for (std::size_t i = first + trim; i <= last - trim; ++i) mean += points[i] / count;
  double xx = 0.0, xy = 0.0, yy = 0.0;
  for (std::size_t i = first + trim; i <= last - trim; ++i) {
    const Vec d = points[i] - mean;
    xx += d.x * d.x;
    xy += d.x * d.y;
    yy += d.y * d.y;
  }
  const double angle = 0.5 * std::atan2(2.0 * xy, xx - yy);
  Vec along(std::cos(angle), std::sin(angle));
  if (last - first < 3) along = glm::length(chord) > 0.0 ? chord / glm::length(chord) : along;
  if (glm::dot(along, chord) < 0.0) along = -along;
  return {mean + glm::dot(points[first] - mean, along) * along,
          mean + glm::dot(points[last] - mean, along) * along};
}

/// Pieces between the corners that Douglas and Peucker's rule finds at the tolerance.
void split_at_corners(const std::vector<Vec>& points, double tolerance, std::vector<Line>& lines) {
  std::vector<std::pair<std::size_t, std::size_t>> open{{0, points.size() - 1}};
  while (!open.empty()) {
    const auto [first, last] = open.back();
    open.pop_back();
    if (last <= first) continue;
    std::size_t worst = first;
    double worst_distance = tolerance;
    for (std::size_t i = first + 1; i < last; ++i) {
      const double distance = distance_to_segment(points[first], points[last], points[i]);
      if (distance > worst_distance) {
        worst = i;
        worst_distance = distance;
      }
    }
    if (worst == first) {
      // A closed speck begins where it ends: it is no line, and without a length it has no direction.
      const Line line = fitted(points, first, last);
      if (length_of(line) > kShortest) lines.push_back(line);
    } else {
      open.emplace_back(worst, last);
      open.emplace_back(first, worst);
    }
  }
}

/// Line over both when they continue each other within the tolerance.
std::optional<Line> merged(const Line& p, const Line& q, double tolerance) {
  const Vec along = length_of(p) >= length_of(q) ? direction(p) : direction(q);
  const Line& longer = length_of(p) >= length_of(q) ? p : q;
  const Line& shorter = length_of(p) >= length_of(q) ? q : p;
  const auto offset = [&](const Vec& point) { return std::abs(cross(along, point - longer.a)); };
  const bool short_one = length_of(shorter) < 0.3;
  if (!short_one && std::abs(glm::dot(direction(p), direction(q))) < kSameDirection) return std::nullopt;
  if (offset(shorter.a) > tolerance || offset(shorter.b) > tolerance) return std::nullopt;
  const double end = glm::dot(longer.b - longer.a, along);
  double low = std::min(0.0, end), high = std::max(0.0, end);
  const double sa = glm::dot(shorter.a - longer.a, along), sb = glm::dot(shorter.b - longer.a, along);
  if (std::min(sa, sb) > high + 0.2 || std::max(sa, sb) < low - 0.2)
    return std::nullopt;  // a gap between them
  low = std::min({low, sa, sb});
  high = std::max({high, sa, sb});
  // Offsets weighed by length, so that the longer line hardly moves.
  const double mean = 0.5 * (cross(along, shorter.a - longer.a) + cross(along, shorter.b - longer.a));
  const double share = length_of(shorter) / (length_of(shorter) + length_of(longer));
  const Vec base = longer.a + share * mean * Vec(-along.y, along.x);
  return Line{base + low * along, base + high * along};
}

void merge_collinear(std::vector<Line>& lines, double tolerance) {
  bool changed = true;
  while (changed) {
    changed = false;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      for (std::size_t j = i + 1; j < lines.size(); ++j) {
        const auto one = merged(lines[i], lines[j], tolerance);
        if (!one) continue;
        lines[i] = *one;
        lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(j));
        changed = true;
        --j;
      }
    }
  }
}

/// Where the line through p meets the one through q; nothing when nearly parallel.
std::optional<Vec> meeting(const Line& p, const Line& q) {
  const Vec dp = direction(p), dq = direction(q);
  const double denominator = cross(dp, dq);
  if (std::abs(denominator) < 0.3) return std::nullopt;
  return p.a + dp * (cross(q.a - p.a, dq) / denominator);
}

/// Moves every end to where its line meets another line that passes near it: corners and T-junctions.
void meet_at_corners(std::vector<Line>& lines, double reach) {
  std::vector<Line> result = lines;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const bool at_a : {true, false}) {
      const Vec end = at_a ? lines[i].a : lines[i].b;
      double best = reach;
      for (std::size_t j = 0; j < lines.size(); ++j) {
        if (i == j) continue;
        const auto point = meeting(lines[i], lines[j]);
        if (!point || distance_to_segment(lines[j].a, lines[j].b, *point) > reach) continue;
        const double distance = glm::length(*point - end);
        if (distance >= best) continue;
        best = distance;
        (at_a ? result[i].a : result[i].b) = *point;
      }
    }
  }
  lines = std::move(result);
}

bool near_other(const std::vector<Line>& lines, std::size_t self, const Vec& p, double reach) {
  for (std::size_t j = 0; j < lines.size(); ++j) {
    if (j != self && distance_to_segment(lines[j].a, lines[j].b, p) < reach) return true;
  }
  return false;
}

}  // namespace

std::vector<Line> straight_lines(const std::vector<std::vector<Vec>>& polylines, const LineSettings& settings,
                                 const std::function<double(const Vec&)>& depth) {
  std::vector<Line> lines;
  for (const std::vector<Vec>& polyline : polylines) {
    if (polyline.size() >= 2) split_at_corners(polyline, settings.tolerance, lines);
  }
  merge_collinear(lines, settings.tolerance);
  const double reach = std::max(kCornerReach, 1.5 * settings.tolerance);
  meet_at_corners(lines, reach);
  merge_collinear(lines, settings.tolerance);
  for (std::size_t i = 0; i < lines.size();
       ++i) {  // a skeleton stops short of a free end by half the thickness
    Line& line = lines[i];
    const Vec along = direction(line);
    const bool free_a = !near_other(lines, i, line.a, 1.5 * settings.step),
               free_b = !near_other(lines, i, line.b, 1.5 * settings.step);
    if (free_a) line.a -= std::min(depth(line.a), 0.2) * along;
    if (free_b) line.b += std::min(depth(line.b), 0.2) * along;
  }
  // By index, since whether a short piece hangs on something depends on the others.
  std::vector<Line> kept;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const double length = length_of(lines[i]);
    if (length < 0.06 || (length < settings.least_wall && !(near_other(lines, i, lines[i].a, 0.05) &&
                                                            near_other(lines, i, lines[i].b, 0.05)))) {
      continue;
    }
    kept.push_back(lines[i]);
  }
  return kept;
}

void cut_at_doors(const std::vector<Line>& lines, const LineSettings& settings,
                  const std::function<bool(const Vec&)>& stands_low, WallMap& map) {
  constexpr double kSideways = 0.05;  // the low slice is looked for this far beside the line as well
  for (const Line& line : lines) {
    const double length = length_of(line);
    const Vec along = direction(line), across(-along.y, along.x);
    const int n = std::max(1, static_cast<int>(std::ceil(length / (0.5 * settings.step))));
    std::vector<char> solid(static_cast<std::size_t>(n) + 1);
    for (int i = 0; i <= n; ++i) {
      const Vec p = line.a + along * (length * i / n);
      solid[static_cast<std::size_t>(i)] = static_cast<char>(
          stands_low(p) || (stands_low(p + kSideways * across) && stands_low(p - kSideways * across)));
    }
    // Runs of open samples shorter than a door are noise of the raster.
    std::vector<std::pair<int, int>> openings;
    for (int i = 0; i <= n;) {
      if (solid[static_cast<std::size_t>(i)] != 0) {
        ++i;
        continue;
      }
      int j = i;
      while (j <= n && solid[static_cast<std::size_t>(j)] == 0) ++j;
      const bool at_end = i == 0 || j > n;
      if (length * (j - i) / n >= (at_end ? 0.15 : settings.least_door)) openings.emplace_back(i, j);
      i = j;
    }
    const auto at = [&](double i) {
      return base::Vec2(line.a + along * (length * std::clamp(i / n, 0.0, 1.0)));
    };
    double from = 0.0;
    const auto add_wall = [&](double to) {
      if (length * (to - from) / n >= 0.06) map.walls.push_back({at(from), at(to)});
    };
    for (const auto& [first, last] : openings) {
      const double left = first == 0 ? 0.0 : first - 0.5, right = last > n ? n : last - 0.5;
      add_wall(left);
      const double width = length * (right - left) / n;
      if (width >= settings.least_door && width <= settings.widest_door)
        map.doors.push_back({at(left), at(right)});
      from = right;
    }
    add_wall(n);
  }
}

void find_open_gaps(const LineSettings& settings, WallMap& map) {
  std::vector<Line> walls;
  for (const PlanSegment& w : map.walls) walls.push_back({Vec(w.a), Vec(w.b)});
  const auto has_door = [&map](const Vec& p) {
    return std::any_of(map.doors.begin(), map.doors.end(), [&p](const PlanSegment& d) {
      return distance_to_segment(Vec(d.a), Vec(d.b), p) < 0.15;
    });
  };
  struct End {
    std::size_t wall;
    Vec point, outward;
  };
  std::vector<End> ends;
  for (std::size_t i = 0; i < walls.size(); ++i) {
    if (length_of(walls[i]) < 0.3) continue;
    const Vec along = direction(walls[i]);
    if (!near_other(walls, i, walls[i].a, 0.1) && !has_door(walls[i].a))
      ends.push_back({i, walls[i].a, -along});
    if (!near_other(walls, i, walls[i].b, 0.1) && !has_door(walls[i].b))
      ends.push_back({i, walls[i].b, along});
  }
  std::vector<bool> used(ends.size(), false);
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (used[i]) continue;
    std::size_t best = ends.size();
    double best_distance = settings.widest_gap;
    for (std::size_t j = 0; j < ends.size(); ++j) {
      if (j == i || used[j] || ends[i].wall == ends[j].wall) continue;
      const Vec d = ends[j].point - ends[i].point;
      const double distance = glm::length(d);
      const bool faces =
          glm::dot(d, ends[i].outward) > 0.94 * distance && glm::dot(-d, ends[j].outward) > 0.94 * distance;
      if (faces && distance >= settings.least_door && distance < best_distance) {
        best = j;
        best_distance = distance;
      }
    }
    Vec across = best < ends.size() ? ends[best].point : Vec(0.0);
    bool found = best < ends.size();
    for (std::size_t k = 0; k < walls.size(); ++k) {  // a wall straight ahead, nearer than the end found
      if (k == ends[i].wall) continue;
      const Vec tip = ends[i].point + best_distance * ends[i].outward;
      if (!segments_cross(ends[i].point, tip, walls[k].a, walls[k].b)) continue;
      const auto point = meeting(walls[ends[i].wall], walls[k]);
      if (!point || glm::length(*point - ends[i].point) < settings.least_door) continue;
      across = *point;
      best_distance = glm::length(*point - ends[i].point);
      best = ends.size();
      found = true;
    }
    if (!found) continue;
    used[i] = true;
    if (best < ends.size()) used[best] = true;
    map.doors.push_back({base::Vec2(ends[i].point), base::Vec2(across)});
  }
}

}  // namespace inknav::sketch
