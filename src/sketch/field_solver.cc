// SPDX-License-Identifier: MIT
#include "sketch/field_solver.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace inknav::sketch {

using Vec = glm::dvec2;

FieldSolver::FieldSolver(const Vec& domain_min, const Vec& domain_max, int cells)
    : min_(domain_min), size_(domain_max - domain_min) {
  const double longer = std::max(size_.x, size_.y);
  const auto coefficients = [&](double side) {
    return 3 + std::max(2, static_cast<int>(std::lround(cells * side / longer)));
  };
  grid_x_ = coefficients(size_.x);
  grid_z_ = coefficients(size_.y);
  count_ = static_cast<std::size_t>(grid_x_) * static_cast<std::size_t>(grid_z_);
  clear();
}

void FieldSolver::clear() {
  normal_.assign(count_ * count_, 0.0);
  right_.assign(count_, Vec(0.0));
}

FieldSolver::Basis FieldSolver::basis_at(const Vec& p) const {
  const Vec s = glm::clamp((p - min_) / size_, Vec(0.0), Vec(1.0));
  const CubicCell cx = cubic_cell(s.x, grid_x_), cz = cubic_cell(s.y, grid_z_);
  const CubicWeights wx = cubic_weights(cx.t), wz = cubic_weights(cz.t);
  const double per_x = (grid_x_ - 3) / size_.x, per_z = (grid_z_ - 3) / size_.y;
  Basis basis;
  for (std::size_t j = 0; j < 4; ++j) {
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t k = 4 * j + i;
      basis.index[k] = (static_cast<std::size_t>(cz.first) + j) * static_cast<std::size_t>(grid_x_) +
                       static_cast<std::size_t>(cx.first) + i;
      basis.value[k] = wx.value[i] * wz.value[j];
      basis.by_x[k] = wx.slope[i] * wz.value[j] * per_x;
      basis.by_z[k] = wx.value[i] * wz.slope[j] * per_z;
    }
  }
  return basis;
}

void FieldSolver::add_row(const Basis& basis, const std::array<double, 16>& row, const Vec& target,
                          double weight) {
  for (std::size_t i = 0; i < 16; ++i) {
    const double scaled = weight * row[i];
    right_[basis.index[i]] += scaled * target;
    double* line = &normal_[basis.index[i] * count_];
    for (std::size_t j = 0; j <= i; ++j) line[basis.index[j]] += scaled * row[j];
  }
}

void FieldSolver::want_value(const Vec& p, const Vec& value, double weight) {
  const Basis basis = basis_at(p);
  add_row(basis, basis.value, value, weight);
}

void FieldSolver::want_slope(const Vec& p, const Vec& by_x, const Vec& by_z, double weight) {
  const Basis basis = basis_at(p);
  add_row(basis, basis.by_x, by_x, weight);
  add_row(basis, basis.by_z, by_z, weight);
}

void FieldSolver::add_difference(std::size_t a, std::size_t b, std::size_t c, double weight) {
  const std::array<std::size_t, 3> index{a, b, c};
  const std::array<double, 3> row{1.0, -2.0, 1.0};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j <= i; ++j) normal_[index[i] * count_ + index[j]] += weight * row[i] * row[j];
  }
}

std::vector<Vec> FieldSolver::solve(double bending) {
  const auto gx = static_cast<std::size_t>(grid_x_), gz = static_cast<std::size_t>(grid_z_);
  for (std::size_t j = 0; j < gz; ++j) {
    for (std::size_t i = 0; i < gx; ++i) {
      const std::size_t k = j * gx + i;
      normal_[k * count_ + k] += 1e-6;
      if (i + 2 < gx) add_difference(k, k + 1, k + 2, bending);
      if (j + 2 < gz) add_difference(k, k + gx, k + 2 * gx, bending);
    }
  }
  // Cholesky of the lower triangle, row by row, then the two triangular solves for both components at once.
  for (std::size_t i = 0; i < count_; ++i) {
    double* row = &normal_[i * count_];
    for (std::size_t j = 0; j <= i; ++j) {
      const double* other = &normal_[j * count_];
      double sum = row[j];
      for (std::size_t k = 0; k < j; ++k) sum -= row[k] * other[k];
      if (i == j) {
        INKNAV_CHECK(sum > 0.0, i, sum);
        row[i] = std::sqrt(sum);
      } else {
        row[j] = sum / other[j];
      }
    }
  }
  std::vector<Vec> x = right_;
  for (std::size_t i = 0; i < count_; ++i) {
    const double* row = &normal_[i * count_];
    for (std::size_t k = 0; k < i; ++k) x[i] -= row[k] * x[k];
    x[i] /= row[i];
  }
  for (std::size_t i = count_; i-- > 0;) {
    x[i] /= normal_[i * count_ + i];
    for (std::size_t k = 0; k < i; ++k) x[k] -= normal_[i * count_ + k] * x[i];
  }
  return x;
}

}  // namespace inknav::sketch
