// SPDX-License-Identifier: MIT
#pragma once
// Correspondence::Impl: paper = tilt(affine(world) + thin-plate spline + cubic B-spline field), in double.
//
// Both displacements are functions of the world point clamped to the domain; outside of it they stay at
// their value on its border, so the map is continuous everywhere. The affine part is in metres -> paper
// units. Law: jacobian() is positive on the domain (has_fold() is false) for every Impl that leaves synthesis
// or from_json, hence the map has an inverse there.

#include <array>
#include <glm/mat2x2.hpp>
#include <glm/vec2.hpp>
#include <vector>

#include "sketch/correspondence.h"

namespace inknav::sketch {

struct Correspondence::Impl {
  glm::dvec2 domain_min{0.0};  // world (x, z), metres
  glm::dvec2 domain_max{1.0};
  glm::dmat2 linear{1.0};  // column-major: linear[0] = d paper / d x
  glm::dvec2 offset{0.0};

  // Thin-plate spline in unit coordinates of the domain (its longer side is 1): sum weight * r^2 ln r.
  std::vector<glm::dvec2> tps_centres;
  std::vector<glm::dvec2> tps_weights;  // paper units

  // Uniform cubic B-spline coefficients, [grid_z, grid_x], paper units; both >= 4, or 0 for none.
  int grid_x = 0;
  int grid_z = 0;
  std::vector<glm::dvec2> grid;

  // Perspective of a photographed sheet: p -> c + (p - c) / (1 + tilt . (p - c)), c the middle of the paper.
  glm::dvec2 tilt{0.0};

  glm::dvec2 map(const glm::dvec2& world, glm::dmat2* jacobian) const;
  /// Damped Newton iteration from the affine inverse; stops at double precision.
  glm::dvec2 invert(const glm::dvec2& paper) const;
  /// Whether the determinant falls to `floor` times that of the affine part or below, anywhere on a grid of
  /// `steps` x `steps` points over the domain and half its size around it.
  bool has_fold(int steps, double floor) const;
};

/// The four cubic B-spline weights and their derivatives by the cell coordinate t in [0, 1].
struct CubicWeights {
  std::array<double, 4> value;
  std::array<double, 4> slope;
};
CubicWeights cubic_weights(double t);

/// Where on a B-spline axis of `n` coefficients the unit coordinate s in [0, 1] lies.
struct CubicCell {
  int first = 0;  // index of the first of four coefficients
  double t = 0.0;
};
CubicCell cubic_cell(double s, int n);

}  // namespace inknav::sketch
