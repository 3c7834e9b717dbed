// SPDX-License-Identifier: MIT
#include "sketch/warp.h"

#include <algorithm>
#include <cmath>
#include <glm/matrix.hpp>

#include "sketch/corners.h"
#include "sketch/field_solver.h"
#include "sketch/plane_geometry.h"

namespace inknav::sketch {
namespace {

using Vec = glm::dvec2;
using Impl = Correspondence::Impl;

constexpr double kDegree = 3.14159265358979323846 / 180.0;
constexpr int kFieldCells = 13;  // B-spline cells along the longer side
constexpr int kMaxAttempts = 8;  // of ever weaker warps before the affine part alone is taken
constexpr double kWeaker = 0.8;  // amplitude from one attempt to the next
constexpr int kFoldSteps = 41;
constexpr double kLeastArea = 0.22;  // local area scale, as part of the affine one
constexpr double kLeastDoor = 0.45;  // width of a door, as part of what the affine scale gives

// Steps of the random counter, one for each use, so that one stage never shifts another.
enum Step : std::uint32_t {
  kStepGlobal = 1,
  kStepRooms = 2,
  kStepSpline = 3,
  kStepCorners = 4,
  kStepPlace = 5
};

base::PhiloxStream stream_of(std::uint64_t seed, std::uint32_t drawer, std::uint32_t attempt, Step step) {
  return base::PhiloxStream({seed, drawer, attempt, step, base::Purpose::kDrawing});
}

void set_affine(const WarpInput& input, base::PhiloxStream stream, Impl& impl) {
  if (input.exact) return;
  const LevelRecipe& r = *input.recipe;
  double turn = stream.uniform(-r.rotation_deg, r.rotation_deg);
  if (r.quarter_turns) turn += 90.0 * stream.uniform_int(4u);
  const double shear = stream.uniform(-r.shear_deg, r.shear_deg);
  const double scale_x = stream.uniform(r.scale_low, r.scale_high);
  const double scale_z = stream.uniform(r.scale_low, r.scale_high);
  // A stroke that rises to the right turns -v for +u, hence the minus.
  const double x_angle = (turn - static_cast<double>(input.drawer->slant_deg)) * kDegree;
  const double z_angle = (turn + shear - static_cast<double>(input.drawer->upright_deg)) * kDegree;
  impl.linear[0] = scale_x * Vec(std::cos(x_angle), std::sin(x_angle));
  impl.linear[1] = scale_z * Vec(-std::sin(z_angle), std::cos(z_angle));
}

/// Every room is stretched by its own factor; walls between rooms share the difference.
void want_room_scales(const WarpInput& input, base::PhiloxStream stream, double strength,
                      FieldSolver& solver) {
  const Layout& layout = *input.layout;
  const double sigma = static_cast<double>(input.recipe->room_sigma) * strength;
  std::vector<Vec> stretch(layout.area.size(), Vec(0.0));
  for (std::size_t label = 1; label < stretch.size(); ++label) {
    const double both = stream.normal(), x = stream.normal(), z = stream.normal();
    if (layout.outside[label]) continue;
    stretch[label] =
        Vec(std::exp(sigma * (0.8 * both + 0.6 * x)), std::exp(sigma * (0.8 * both + 0.6 * z))) - 1.0;
  }
  const int samples_x = 2 * (solver.grid_x() - 3), samples_z = 2 * (solver.grid_z() - 3);
  const Vec size = layout.max - layout.min;
  for (int j = 0; j < samples_z; ++j) {
    for (int i = 0; i < samples_x; ++i) {
      const Vec p = layout.min + size * Vec((i + 0.5) / samples_x, (j + 0.5) / samples_z);
      const auto label = static_cast<std::size_t>(layout.room_at(p));
      if (label == 0) continue;
      const double weight = layout.outside[label] ? 0.15 : 1.0;
      solver.want_slope(p, Vec(stretch[label].x, 0.0), Vec(0.0, stretch[label].y), weight);
    }
  }
}

/// 4x4 thin-plate spline through random displacements; its affine part goes into the impl's.
void set_spline(const WarpInput& input, base::PhiloxStream stream, double strength, Impl& impl) {
  const Vec size = impl.domain_max - impl.domain_min;
  const double extent = std::max(size.x, size.y);
  const double sigma = static_cast<double>(input.recipe->spline_sigma) * strength * extent;
  constexpr int kN = 16;
  constexpr int kUnknowns = kN + 3;
  std::array<std::array<double, kUnknowns>, kUnknowns> m{};
  std::array<Vec, kUnknowns> x{};
  impl.tps_centres.clear();
  for (int i = 0; i < kN; ++i) {
    impl.tps_centres.push_back(Vec(0.1 + 0.8 * (i % 4) / 3.0, 0.1 + 0.8 * (i / 4) / 3.0) * size / extent);
    const auto row = static_cast<std::size_t>(i);
    x[row].x = sigma * static_cast<double>(stream.normal());
    x[row].y = sigma * static_cast<double>(stream.normal());
  }
  for (std::size_t i = 0; i < kN; ++i) {
    for (std::size_t j = 0; j < kN; ++j) {
      const Vec d = impl.tps_centres[i] - impl.tps_centres[j];
      const double r2 = glm::dot(d, d);
      m[i][j] = r2 > 0.0 ? 0.5 * r2 * std::log(r2) : 0.0;
    }
    m[i][kN] = m[kN][i] = 1.0;
    m[i][kN + 1] = m[kN + 1][i] = impl.tps_centres[i].x;
    m[i][kN + 2] = m[kN + 2][i] = impl.tps_centres[i].y;
  }
  for (std::size_t c = 0; c < kUnknowns; ++c) {  // Gauss-Jordan with row pivoting
    std::size_t pivot = c;
    for (std::size_t r = c + 1; r < kUnknowns; ++r) {
      if (std::abs(m[r][c]) > std::abs(m[pivot][c])) pivot = r;
    }
    std::swap(m[c], m[pivot]);
    std::swap(x[c], x[pivot]);
    for (std::size_t r = 0; r < kUnknowns; ++r) {
      if (r == c) continue;
      const double factor = m[r][c] / m[c][c];
      for (std::size_t k = c; k < kUnknowns; ++k) m[r][k] -= factor * m[c][k];
      x[r] -= factor * x[c];
    }
  }
  for (std::size_t i = 0; i < kUnknowns; ++i) x[i] /= m[i][i];
  impl.tps_weights.assign(x.begin(), x.begin() + kN);
  impl.linear[0] += x[kN + 1] / extent;
  impl.linear[1] += x[kN + 2] / extent;
  impl.offset += x[kN] - (x[kN + 1] * impl.domain_min.x + x[kN + 2] * impl.domain_min.y) / extent;
}

bool doors_stay_open(const Layout& layout, const Impl& impl) {
  for (const auto& [a, b] : layout.doors) {
    const Vec pa = layout.nodes[static_cast<std::size_t>(a)], pb = layout.nodes[static_cast<std::size_t>(b)];
    const double width = glm::length(impl.map(pb, nullptr) - impl.map(pa, nullptr));
    if (!(width >= kLeastDoor * glm::length(impl.linear * (pb - pa)))) return false;
  }
  return true;
}

/// Walls drawn as straight lines between their junctions must meet only where the real ones do.
bool walls_keep_apart(const Layout& layout, const Impl& impl) {
  std::vector<Vec> image(layout.nodes.size());
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = impl.map(layout.nodes[i], nullptr);
  for (std::size_t i = 0; i < layout.edges.size(); ++i) {
    const LayoutEdge& e = layout.edges[i];
    const auto ea = static_cast<std::size_t>(e.a), eb = static_cast<std::size_t>(e.b);
    for (std::size_t j = i + 1; j < layout.edges.size(); ++j) {
      const LayoutEdge& f = layout.edges[j];
      if (e.a == f.a || e.a == f.b || e.b == f.a || e.b == f.b) continue;
      const auto fa = static_cast<std::size_t>(f.a), fb = static_cast<std::size_t>(f.b);
      if (!segments_cross(image[ea], image[eb], image[fa], image[fb])) continue;
      if (!segments_cross(layout.nodes[ea], layout.nodes[eb], layout.nodes[fa], layout.nodes[fb]))
        return false;
    }
  }
  return true;
}

std::shared_ptr<Impl> attempt_warp(const WarpInput& input, std::uint64_t seed, std::uint32_t drawer,
                                   int attempt) {
  const Layout& layout = *input.layout;
  auto impl = std::make_shared<Impl>();
  const Vec size = layout.max - layout.min;
  const double border = 0.5 + 0.05 * std::max(size.x, size.y);
  impl->domain_min = layout.min - border;
  impl->domain_max = layout.max + border;
  set_affine(input, stream_of(seed, drawer, 0, kStepGlobal), *impl);
  if (input.exact || attempt == kMaxAttempts) return impl;

  const auto tag = static_cast<std::uint32_t>(attempt);
  const double strength = std::pow(kWeaker, attempt);
  FieldSolver solver(impl->domain_min, impl->domain_max, kFieldCells);
  want_room_scales(input, stream_of(seed, drawer, tag, kStepRooms), strength, solver);
  impl->grid = solver.solve(0.05);
  impl->grid_x = solver.grid_x();
  impl->grid_z = solver.grid_z();
  const glm::dmat2 affine = impl->linear;
  for (Vec& c : impl->grid) c = affine * c;
  set_spline(input, stream_of(seed, drawer, tag, kStepSpline), strength, *impl);

  const auto targets = corner_targets(layout, *impl, *input.recipe, *input.drawer, strength,
                                      stream_of(seed, drawer, tag, kStepCorners));
  solver.clear();
  for (const FieldTarget& target : targets)
    solver.want_value(target.world, target.displacement, target.weight);
  const std::vector<Vec> field = solver.solve(0.005);
  for (std::size_t i = 0; i < field.size(); ++i) impl->grid[i] += field[i];
  const bool good = !impl->has_fold(kFoldSteps, kLeastArea) && doors_stay_open(layout, *impl) &&
                    walls_keep_apart(layout, *impl);
  return good ? impl : nullptr;
}

/// Scales and shifts what the map gives so that the drawing fills the paper but for its margin.
void place_on_paper(const WarpInput& input, base::PhiloxStream stream, Impl& impl) {
  Vec low(1e30), high(-1e30);
  const auto include = [&](const Vec& p) {
    const Vec image = impl.map(p, nullptr);
    low = glm::min(low, image);
    high = glm::max(high, image);
  };
  for (const Vec& p : input.layout->nodes) include(p);
  for (const Vec& p : input.kept_inside) include(p);
  const double margin = input.exact ? 0.06 : static_cast<double>(stream.uniform(0.03f, 0.20f));
  const Vec shift(stream.uniform(-0.5f, 0.5f), stream.uniform(-0.5f, 0.5f));
  const Vec size = glm::max(high - low, Vec(1e-6));
  const double scale = (1.0 - 2.0 * margin) / std::max(size.x, size.y);
  const Vec slack = Vec(1.0 - 2.0 * margin) - scale * size;
  const Vec origin = Vec(margin) + slack * (input.exact ? Vec(0.5) : Vec(0.5) + 0.6 * shift);
  impl.linear *= scale;
  impl.offset = origin + scale * (impl.offset - low);
  for (Vec& w : impl.tps_weights) w *= scale;
  for (Vec& c : impl.grid) c *= scale;
  if (!input.photo || input.recipe->tilt <= 0.0f) return;
  // A tilt t moves the far corners by about t / 2 of the side; the drawing may only shrink towards the
  // middle.
  const double angle = stream.uniform(-base::kPi, base::kPi);
  const double tilt = 2.0 * static_cast<double>(stream.uniform(0.0f, input.recipe->tilt));
  impl.tilt = tilt * Vec(std::cos(angle), std::sin(angle));
  const double shrink = 1.0 - 0.7 * std::sqrt(0.5) * tilt;
  impl.linear *= shrink;
  impl.offset = Vec(0.5) + shrink * (impl.offset - Vec(0.5));
  for (Vec& w : impl.tps_weights) w *= shrink;
  for (Vec& c : impl.grid) c *= shrink;
}

}  // namespace

std::shared_ptr<Impl> make_warp(const WarpInput& input, std::uint64_t seed, std::uint32_t drawer_number) {
  std::shared_ptr<Impl> impl;
  for (int attempt = 0; impl == nullptr; ++attempt) impl = attempt_warp(input, seed, drawer_number, attempt);
  place_on_paper(input, stream_of(seed, drawer_number, 0, kStepPlace), *impl);
  return impl;
}

}  // namespace inknav::sketch
