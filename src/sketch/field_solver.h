// SPDX-License-Identifier: MIT
#pragma once
// FieldSolver: least squares for the coefficients of a B-spline displacement field on a domain. Rows ask for
// a value or a derivative at a point; bending and size are penalised, so the solution is unique.

#include <glm/vec2.hpp>
#include <vector>

#include "sketch/correspondence_impl.h"

namespace inknav::sketch {

class FieldSolver {
 public:
  /// Domain corners in metres; the grid gets about `cells` cells along the longer side.
  FieldSolver(const glm::dvec2& domain_min, const glm::dvec2& domain_max, int cells);

  int grid_x() const { return grid_x_; }
  int grid_z() const { return grid_z_; }

  void clear();
  /// Field at `p` shall be `value`.
  void want_value(const glm::dvec2& p, const glm::dvec2& value, double weight);
  /// Derivative of the field by x and by z at `p` (per metre).
  void want_slope(const glm::dvec2& p, const glm::dvec2& by_x, const glm::dvec2& by_z, double weight);
  /// Coefficients [grid_z, grid_x]. `bending` weighs second differences.
  std::vector<glm::dvec2> solve(double bending);

 private:
  struct Basis {
    std::array<std::size_t, 16> index;
    std::array<double, 16> value, by_x, by_z;
  };
  Basis basis_at(const glm::dvec2& p) const;
  void add_row(const Basis& basis, const std::array<double, 16>& row, const glm::dvec2& target,
               double weight);
  void add_difference(std::size_t a, std::size_t b, std::size_t c, double weight);

  glm::dvec2 min_, size_;
  int grid_x_ = 0, grid_z_ = 0;
  std::size_t count_ = 0;
  std::vector<double> normal_;     // [count, count], lower triangle
  std::vector<glm::dvec2> right_;  // [count]
};

}  // namespace inknav::sketch
