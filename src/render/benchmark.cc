// SPDX-License-Identifier: MIT
#include "render/benchmark.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "render/clutter_scene.h"
#include "render/egl/egl_info.h"
#include "render/egl/egl_renderer.h"
#include "render/renderer.h"

namespace inknav::render {
namespace {

struct Case {
  std::string name;
  Backend backend = Backend::kBundle;
  int threads = 1;
  int size = 64;
  int views = 64;
  bool rgb = false;
};

class RenderBenchmark {
 public:
  explicit RenderBenchmark(const RenderBenchmarkSettings& settings)
      : settings_(settings), spec_{1, 4, settings.triangles}, scene_(make_clutter_scene(spec_)) {}

  base::Result<base::BenchmarkResult> run(const Case& what) const {
    base::ThreadPool pool(what.threads);
    INKNAV_ASSIGN_OR_RETURN(auto renderer, make_renderer(what.backend, {what.size, what.size, 90.0f}, pool));
    return time(what, *renderer, what.views);
  }

  /// One view a call, as simulators do that step one environment after the other.
  base::Result<base::BenchmarkResult> run_egl_one_by_one(const Case& what) const {
    base::ThreadPool pool(1);
    INKNAV_ASSIGN_OR_RETURN(auto renderer,
                            make_egl_renderer({what.size, what.size, 90.0f}, pool, {.plain = true}));
    return time(what, *renderer, 1);
  }

 private:
  base::Result<base::BenchmarkResult> time(const Case& what, Renderer& renderer, int views_a_call) const {
    INKNAV_ASSIGN_OR_RETURN(const int slot, renderer.add_scene(scene_));
    base::PhiloxStream stream({2, 0, 0, 0, base::Purpose::kBenchmark});
    std::vector<View> views;
    for (int i = 0; i < what.views; ++i) views.push_back({slot, random_clutter_pose(spec_, stream)});
    const auto pixels = static_cast<std::size_t>(what.size * what.size);
    std::vector<float> depth(pixels * views.size());
    std::vector<std::uint8_t> rgb(what.rgb ? 3 * depth.size() : 0);
    return measure_rendering(renderer, views, {depth.data(), what.rgb ? rgb.data() : nullptr}, what.name,
                             {settings_.repetitions, static_cast<std::size_t>(views_a_call)});
  }

  RenderBenchmarkSettings settings_;
  ClutterSpec spec_;
  scene::ScenePtr scene_;
};

}  // namespace

base::Result<base::BenchmarkResult> measure_rendering(Renderer& renderer, std::span<const View> views,
                                                      const RenderTargets& targets, const std::string& name,
                                                      const RenderRounds& rounds) {
  const std::size_t step = rounds.views_a_call == 0 ? views.size() : rounds.views_a_call;
  const auto pixels =
      static_cast<std::size_t>(renderer.camera().width) * static_cast<std::size_t>(renderer.camera().height);
  base::Status rendered = base::ok_status();
  const auto render = [&] {
    for (std::size_t i = 0; i < views.size() && rendered.ok(); i += step) {
      rendered = renderer.render(views.subspan(i, std::min(step, views.size() - i)),
                                 {targets.depth == nullptr ? nullptr : targets.depth + i * pixels,
                                  targets.rgb == nullptr ? nullptr : targets.rgb + 3 * i * pixels});
    }
  };
  const base::BenchmarkResult result =
      base::measure(name, "frames/s", static_cast<double>(views.size()), rounds.repetitions, render);
  if (!rendered.ok()) return rendered.error();
  return result;
}

base::Result<RenderBenchmarkReport> run_render_benchmark(const RenderBenchmarkSettings& settings) {
  const RenderBenchmark benchmark(settings);
  RenderBenchmarkReport report;
  bool egl = false;
  if (settings.egl_views > 0) {
    const auto info = egl_info();
    egl = info.ok();
    report.egl = egl ? info->renderer + ", OpenGL " + info->version : "not measured: " + info.error().message;
  }
  std::vector<base::BenchmarkResult>& results = report.results;
  for (const int size : settings.sizes) {
    const std::string suffix = std::to_string(size);
    const std::string name = "render/depth/" + suffix;
    const int threads = settings.threads, views = settings.views;
    INKNAV_ASSIGN_OR_RETURN(const auto embree,
                            benchmark.run({name + "/embree", Backend::kEmbree, threads, size, views, false}));
    INKNAV_ASSIGN_OR_RETURN(auto depth, benchmark.run({name, Backend::kBundle, threads, size, views, false}));
    INKNAV_ASSIGN_OR_RETURN(auto one_thread,
                            benchmark.run({name + "/one_thread", Backend::kBundle, 1, size, views, false}));
    INKNAV_ASSIGN_OR_RETURN(
        auto rgbd, benchmark.run({"render/rgbd/" + suffix, Backend::kBundle, threads, size, views, true}));
    base::compare(depth, embree);
    base::compare(one_thread, depth);
    base::compare(rgbd, depth);
    results.insert(results.end(), {depth, rgbd, one_thread, embree});
    if (!egl) continue;
    INKNAV_ASSIGN_OR_RETURN(auto one_by_one, benchmark.run_egl_one_by_one({name + "/egl", Backend::kEgl, 1,
                                                                           size, settings.egl_views, false}));
    INKNAV_ASSIGN_OR_RETURN(auto batch, benchmark.run({name + "/egl_batch", Backend::kEgl, settings.threads,
                                                       size, settings.egl_views, false}));
    base::compare(one_by_one, depth);
    base::compare(batch, one_by_one);
    results.insert(results.end(), {one_by_one, batch});
  }
  // Brute force tests every triangle: one small view is enough to state the ratio, scaled to 64 x 64 rays.
  INKNAV_ASSIGN_OR_RETURN(auto brute_force, benchmark.run({"render/depth/brute_force", Backend::kBruteForce,
                                                           settings.threads, 8, 1, false}));
  const double scale = (8.0 * 8.0) / (64.0 * 64.0);
  brute_force.name = "render/depth/64/brute_force";
  for (double* figure : {&brute_force.median, &brute_force.min, &brute_force.max}) *figure *= scale;
  if (!results.empty()) base::compare(brute_force, results.front());
  results.push_back(std::move(brute_force));
  return report;
}

}  // namespace inknav::render
