// SPDX-License-Identifier: MIT
#include "sketch/corners.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sketch/plane_geometry.h"

namespace inknav::sketch {
namespace {

using Vec = glm::dvec2;

constexpr double kDegree = 3.14159265358979323846 / 180.0;
constexpr double kJitter = 0.4;         // share of the angular error that lines take; strokes take the rest
constexpr double kCollinear = 0.996;    // cosine of 5 degrees: pieces that are one line to the eye
constexpr double kStraightening = 0.9;  // how much of a line's bow is taken out
constexpr double kSample = 0.4;         // metres between targets along walls
constexpr double kAnchor = 0.05;        // weight of the warped place of a junction

/// Numbers the lines: edges that continue each other at a node belong to one.
std::vector<int> line_of_edges(const Layout& layout) {
  std::vector<int> parent(layout.edges.size());
  std::iota(parent.begin(), parent.end(), 0);
  const auto root = [&parent](int i) {
    while (parent[static_cast<std::size_t>(i)] != i) i = parent[static_cast<std::size_t>(i)];
    return i;
  };
  std::vector<std::vector<int>> at_node(layout.nodes.size());
  for (std::size_t e = 0; e < layout.edges.size(); ++e) {
    at_node[static_cast<std::size_t>(layout.edges[e].a)].push_back(static_cast<int>(e));
    at_node[static_cast<std::size_t>(layout.edges[e].b)].push_back(static_cast<int>(e));
  }
  const auto outward = [&layout](int edge, int node) {
    const LayoutEdge& e = layout.edges[static_cast<std::size_t>(edge)];
    const Vec here = layout.nodes[static_cast<std::size_t>(node)];
    const Vec other = layout.nodes[static_cast<std::size_t>(e.a == node ? e.b : e.a)];
    return glm::normalize(other - here);
  };
  for (std::size_t node = 0; node < at_node.size(); ++node) {
    for (const int e : at_node[node]) {
      for (const int f : at_node[node]) {
        if (e >= f) continue;
        const double turn = glm::dot(outward(e, static_cast<int>(node)), outward(f, static_cast<int>(node)));
        if (turn < -kCollinear) parent[static_cast<std::size_t>(root(f))] = root(e);
      }
    }
  }
  std::vector<int> line(parent.size());
  for (std::size_t e = 0; e < line.size(); ++e) line[e] = root(static_cast<int>(e));
  return line;
}

/// Unit direction that the person draws for a line whose image runs along `image`: pulled to the nearest
/// multiple of 45 degrees about the map's own axis, or left, and then turned by part of the angular error.
Vec drawn_direction(const Vec& image, double axis, double pull, double error) {
  const double angle = std::atan2(image.y, image.x);
  const double step = 45.0 * kDegree;
  const double straight = axis + std::round((angle - axis) / step) * step;
  const double drawn = angle + pull * (straight - angle) + error;
  return {std::cos(drawn), std::sin(drawn)};
}

struct Want {
  std::size_t other;
  Vec offset;  // node - other
  double weight;
};

/// Least squares for the nodes by Gauss-Seidel sweeps.
std::vector<Vec> solve(const std::vector<Vec>& image, const std::vector<std::vector<Want>>& wants) {
  std::vector<Vec> solved = image;
  for (int sweep = 0; sweep < 80; ++sweep) {
    for (std::size_t i = 0; i < solved.size(); ++i) {
      Vec sum = kAnchor * image[i];
      double weight = kAnchor;
      for (const Want& want : wants[i]) {
        sum += want.weight * (solved[want.other] + want.offset);
        weight += want.weight;
      }
      solved[i] = sum / weight;
    }
  }
  return solved;
}

}  // namespace

std::vector<FieldTarget> corner_targets(const Layout& layout, const Correspondence::Impl& warp,
                                        const LevelRecipe& recipe, const Drawer& drawer, double strength,
                                        base::PhiloxStream stream) {
  std::vector<Vec> image(layout.nodes.size());
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = warp.map(layout.nodes[i], nullptr);
  const double x_angle = std::atan2(warp.linear[0].y, warp.linear[0].x);
  const double z_angle = std::atan2(-warp.linear[1].x, warp.linear[1].y);
  const double axis = 0.5 * (x_angle + z_angle);  // up to half turns, which are multiples of 45 degrees

  // Direction of every line: length-weighted mean of its pieces' images, all turned the same way round.
  const std::vector<int> line = line_of_edges(layout);
  std::vector<Vec> sum(line.size(), Vec(0.0));
  const auto along_line = [&](std::size_t e) {
    const LayoutEdge& edge = layout.edges[e];
    const auto first = static_cast<std::size_t>(line[e]);
    const Vec world =
        layout.nodes[static_cast<std::size_t>(edge.b)] - layout.nodes[static_cast<std::size_t>(edge.a)];
    const LayoutEdge& leader = layout.edges[first];
    const Vec reference =
        layout.nodes[static_cast<std::size_t>(leader.b)] - layout.nodes[static_cast<std::size_t>(leader.a)];
    return glm::dot(world, reference) >= 0.0 ? 1.0 : -1.0;
  };
  for (std::size_t e = 0; e < line.size(); ++e) {
    const LayoutEdge& edge = layout.edges[e];
    sum[static_cast<std::size_t>(line[e])] +=
        along_line(e) * (image[static_cast<std::size_t>(edge.b)] - image[static_cast<std::size_t>(edge.a)]);
  }
  std::vector<Vec> direction(line.size(), Vec(1.0, 0.0));
  for (std::size_t k = 0; k < line.size(); ++k) {
    const bool pulled = stream.bernoulli(recipe.pull_probability);
    const double error = static_cast<double>(stream.normal()) * kJitter * strength *
                         static_cast<double>(recipe.angle_sigma_deg) * kDegree;
    if (line[k] != static_cast<int>(k) || glm::length(sum[k]) <= 0.0) continue;
    direction[k] = drawn_direction(sum[k], axis,
                                   pulled ? strength * static_cast<double>(drawer.regularity) : 0.0, error);
  }

  std::vector<std::vector<Want>> wants(image.size());
  for (std::size_t e = 0; e < line.size(); ++e) {
    const auto a = static_cast<std::size_t>(layout.edges[e].a),
               b = static_cast<std::size_t>(layout.edges[e].b);
    const Vec chord = image[b] - image[a];
    const Vec straight = along_line(e) * glm::length(chord) * direction[static_cast<std::size_t>(line[e])];
    const Vec offset = chord + (kStraightening * strength) * (straight - chord);
    wants[a].push_back({b, -offset, 1.0});
    wants[b].push_back({a, offset, 1.0});
  }
  const std::vector<Vec> solved = solve(image, wants);

  std::vector<FieldTarget> targets;
  for (std::size_t i = 0; i < image.size(); ++i)
    targets.push_back({layout.nodes[i], solved[i] - image[i], 1.0});
  for (const LayoutEdge& edge : layout.edges) {
    const auto a = static_cast<std::size_t>(edge.a), b = static_cast<std::size_t>(edge.b);
    const int pieces = static_cast<int>(std::ceil(glm::length(layout.nodes[b] - layout.nodes[a]) / kSample));
    for (int k = 1; k < pieces; ++k) {
      const double t = static_cast<double>(k) / pieces;
      const Vec world = layout.nodes[a] + t * (layout.nodes[b] - layout.nodes[a]);
      targets.push_back({world, solved[a] + t * (solved[b] - solved[a]) - warp.map(world, nullptr), 0.5});
    }
  }
  return targets;
}

}  // namespace inknav::sketch
