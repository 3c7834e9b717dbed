// SPDX-License-Identifier: MIT
#include "nav/benchmark.h"

#include <algorithm>
#include <array>
#include <utility>

#include "nav/distance_field.h"
#include "nav/route.h"
#include "nav/walkable_route.h"

namespace inknav::nav {
namespace {

using base::Vec3;

constexpr std::size_t kPoints = 256;
constexpr float kStep = 0.25f;       // metres
constexpr float kTurn = 0.5235988f;  // radians, of the advice
constexpr int kDearer = 20;          // steps' time that a path search takes, about
constexpr int kDearest = 1000;       // ... a field, a route or a mesh

class NavBenchmark {
 public:
  NavBenchmark(const scene::Scene& scene, NavMeshPtr mesh, const NavBenchmarkSettings& settings)
      : scene_(scene), query_(mesh), settings_(settings) {
    base::PhiloxStream stream({.purpose = base::Purpose::kBenchmark});
    for (std::size_t i = 0; i < kPoints; ++i) {
      points_.push_back(query_.random_point(stream, mesh->largest_island()));
      yaws_.push_back(stream.uniform(-base::kPi, base::kPi));
    }
    field_ = field_to(points_[0].position);
    for (std::size_t i = 1; i < kPoints && route_.points().size() < 3; ++i) {
      const std::vector<Vec3> way = walkable_route(query_, points_[i].position, points_[0].position);
      if (!way.empty()) route_ = Route(way);
    }
  }

  std::vector<base::BenchmarkResult> run() {
    std::vector<base::BenchmarkResult> results;
    results.push_back(time("nav/build", "meshes/s", 1, [&](std::size_t) { return build_area(); }));
    results.push_back(time("nav/try_step", "steps/s", settings_.steps / kDearer, [&](std::size_t i) {
      return query_.try_step(points_[i].position, target(i), true).x;
    }));
    results.push_back(
        time("nav/step", "steps/s", settings_.steps, [&](std::size_t i) { return walk(i, true); }));
    base::compare(results[2], results[1]);
    results.push_back(
        time("nav/step/no_slide", "steps/s", settings_.steps, [&](std::size_t i) { return walk(i, false); }));
    base::compare(results[3], results[1]);
    results.push_back(time("nav/geodesic", "answers/s", settings_.steps / kDearer, [&](std::size_t i) {
      return query_.geodesic(points_[i].position, points_[0].position).length;
    }));
    results.push_back(time("nav/distance", "answers/s", settings_.steps,
                           [&](std::size_t i) { return field_->at(points_[i].position); }));
    base::compare(results[5], results[4]);
    results.push_back(time("nav/field", "fields/s", settings_.steps / kDearest, [&](std::size_t i) {
      return field_to(points_[i].position)->at(points_[0].position);
    }));
    results.push_back(
        time("nav/advice", "answers/s", settings_.steps / kDearer, [&](std::size_t i) { return advice(i); }));
    results.push_back(time("nav/route", "routes/s", settings_.steps / kDearest, [&](std::size_t i) {
      return static_cast<float>(walkable_route(query_, points_[i].position, points_[0].position).size());
    }));
    return results;
  }

 private:
  template <typename Body>
  base::BenchmarkResult time(const char* name, const char* unit, int count, Body&& body) {
    count = std::max(1, count);
    return base::measure(name, unit, count, settings_.repetitions, [&] {
      float sum = 0.0f;
      for (int i = 0; i < count; ++i) sum += body(static_cast<std::size_t>(i) % kPoints);
      sink_ = sink_ + sum;
    });
  }

  Vec3 target(std::size_t i) const { return points_[i].position + kStep * base::forward_from_yaw(yaws_[i]); }

  float build_area() const {
    const auto mesh = NavMesh::build(scene_, query_.mesh().settings());
    return mesh.ok() ? (*mesh)->area() : 0.0f;
  }

  /// Bodies that walk on and turn where they are stopped.
  float walk(std::size_t i, bool slide) {
    const NavPoint next = query_.step(points_[i], target(i), slide);
    if (glm::length(next.position - points_[i].position) < 0.5f * kStep) yaws_[i] += 2.0f;
    points_[i] = next;
    return next.position.x;
  }

  DistanceFieldPtr field_to(const Vec3& goal) {
    const std::array<Vec3, 1> goals = {goal};
    return DistanceField::compute(query_, goals);
  }

  /// At points of the route, slightly beside it.
  float advice(std::size_t i) {
    const float along = route_.length() * static_cast<float>(i) / static_cast<float>(kPoints);
    RouteProgress progress{along, 0.0f};
    const Vec3 place = route_.at(along) + Vec3(0.03f, 0.0f, 0.03f);
    advance(route_, place, 1.0f, progress);
    ExpertSettings expert;
    expert.turn_angle = kTurn;
    return advise(query_, route_, progress, *field_, {place, base::rotation_from_yaw(yaws_[i])}, expert)
        .remaining;
  }

  const scene::Scene& scene_;
  NavQuery query_;
  NavBenchmarkSettings settings_;
  std::vector<NavPoint> points_;
  std::vector<float> yaws_;
  DistanceFieldPtr field_;
  Route route_{{Vec3(0.0f)}};
  volatile float sink_ = 0.0f;  // keeps the work from being left out
};

}  // namespace

base::Result<std::vector<base::BenchmarkResult>> run_nav_benchmark(const scene::Scene& scene,
                                                                   const NavBenchmarkSettings& settings) {
  INKNAV_ASSIGN_OR_RETURN(NavMeshPtr mesh, NavMesh::build(scene, NavSettings{}));
  return NavBenchmark(scene, std::move(mesh), settings).run();
}

}  // namespace inknav::nav
