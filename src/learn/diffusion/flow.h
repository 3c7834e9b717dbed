// SPDX-License-Identifier: MIT
#pragma once
// Flow matching on straight paths (Lipman et al. 2023; Liu et al. 2023): x_t = (1 - t) z + t y from noise z
// at t = 0 to a sample y at t = 1; the model says the velocity y - z. Solvers: Euler (one evaluation a step)
// and Heun (two). Values only, double, no allocation. All functions take one element; the path of each is its
// own.

namespace inknav::learn {

inline double flow_point(double z, double y, double t) { return (1.0 - t) * z + t * y; }
inline double flow_velocity(double z, double y) { return y - z; }

/// The point `step` after x, going at `velocity`.
inline double euler_step(double x, double velocity, double step) { return x + step * velocity; }
/// The same with the mean of the velocities at x and at euler_step(x, first, step).
inline double heun_step(double x, double first, double second, double step) {
  return x + 0.5 * step * (first + second);
}

/// Follows velocity(x, t) from x at `begin` to t = 1 in n equal steps.
template <typename Velocity>
double flow_euler(double x, int n, Velocity&& velocity, double begin = 0.0) {
  const double step = (1.0 - begin) / n;
  for (int i = 0; i < n; ++i) x = euler_step(x, velocity(x, begin + i * step), step);
  return x;
}

template <typename Velocity>
double flow_heun(double x, int n, Velocity&& velocity, double begin = 0.0) {
  const double step = (1.0 - begin) / n;
  for (int i = 0; i < n; ++i) {
    const double first = velocity(x, begin + i * step);
    const double second = velocity(euler_step(x, first, step), begin + (i + 1) * step);
    x = heun_step(x, first, second, step);
  }
  return x;
}

}  // namespace inknav::learn
