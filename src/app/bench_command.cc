// SPDX-License-Identifier: MIT
#include "app/bench_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/bench_infer.h"
#include "app/bench_table.h"
#include "app/bench_train.h"
#include "base/thread_pool.h"
#include "render/benchmark.h"
#include "render/cuda/cuda_benchmark.h"
#include "task/benchmark.h"

namespace inknav::app {
namespace {

void add_json_option(CLI::App& app, std::string& path) {
  app.add_option("--json", path, "also write the figures to this file");
}

void add_device_option(CLI::App& app, std::string& device, const std::string& meaning) {
  app.add_option("--device", device, "cpu; " + meaning)
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
}

base::Result<int> show(const BenchSettings& settings, const std::vector<base::BenchmarkResult>& results,
                       const std::string& json) {
  std::cout << device_description();
  for (const auto& [name, value] : settings) std::cout << "; " << name << " " << value;
  std::cout << "\n" << bench_table(results);
  if (!json.empty()) INKNAV_RETURN_IF_ERROR(save_bench_json(json, settings, results));
  return 0;
}

/// `inknav bench render --device cuda`.
base::Result<int> bench_render_cuda(const render::RenderBenchmarkSettings& chosen, int scenes,
                                    const std::string& json) {
  render::CudaBenchmarkSettings settings;
  settings.scenes = scenes;
  settings.triangles = chosen.triangles;
  settings.threads = chosen.threads;
  INKNAV_ASSIGN_OR_RETURN(const auto benchmark, render::run_cuda_benchmark(settings));
  return show({{"device", benchmark.device}, {"scenes", benchmark.facts}}, benchmark.results, json);
}

/// The CPU tracer against Embree and OpenGL, size by size; 0 where OpenGL was not measured.
std::vector<RatioRow> against_baselines(const std::vector<int>& sizes,
                                        const std::vector<base::BenchmarkResult>& results) {
  const auto median = [&results](const std::string& name) {
    const auto found =
        std::find_if(results.begin(), results.end(),
                     [&name](const base::BenchmarkResult& result) { return result.name == name; });
    return found == results.end() ? 0.0 : found->median;
  };
  std::vector<RatioRow> rows;
  for (const int size : sizes) {
    const std::string name = "render/depth/" + std::to_string(size);
    rows.push_back({name,
                    "CPU tracer",
                    median(name),
                    {{"Embree", median(name + "/embree")},
                     {"EGL one by one", median(name + "/egl")},
                     {"EGL batched", median(name + "/egl_batch")}}});
  }
  return rows;
}

base::Result<int> bench_render_cpu(const render::RenderBenchmarkSettings& settings, const std::string& json) {
  INKNAV_ASSIGN_OR_RETURN(const auto report, render::run_render_benchmark(settings));
  BenchSettings shown = {{"triangles", std::to_string(settings.triangles)},
                         {"views", std::to_string(settings.views)},
                         {"threads", std::to_string(settings.threads)}};
  if (settings.egl_views > 0) {
    shown.push_back({"EGL", report.egl});
    shown.push_back({"views through EGL", std::to_string(settings.egl_views)});
  }
  INKNAV_ASSIGN_OR_RETURN(const int code, show(shown, report.results, json));
  std::cout << "\nframes/s; Embree: in packets of eight rays; one by one: the whole scene, one view a call, "
               "read back\n"
               "before the next, as simulators do that step one environment after the other; batched: our "
               "own back\n"
               "end, all views in one call\n"
            << ratio_table(against_baselines(settings.sizes, report.results));
  return code;
}

}  // namespace

Action define_bench_render(CLI::App& app) {
  auto settings = std::make_shared<render::RenderBenchmarkSettings>();
  auto json = std::make_shared<std::string>();
  auto device = std::make_shared<std::string>("cpu");
  auto scenes = std::make_shared<int>(16);
  settings->threads = base::available_cores();
  app.add_option("--device", *device,
                 "cpu: the CPU tracer against Embree and OpenGL; cuda: the CUDA tracer against Embree")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
  app.add_option("--scenes", *scenes, "with --device cuda")->check(CLI::Range(1, 256))->capture_default_str();
  app.add_option("--triangles", settings->triangles, "of a scene")->capture_default_str();
  app.add_option("--views", settings->views, "a call")->capture_default_str();
  app.add_option("--threads", settings->threads, "rendering threads")->capture_default_str();
  app.add_option("--egl-views", settings->egl_views,
                 "views a call through OpenGL, slow in software; 0: leave it out")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  add_json_option(app, *json);
  return [settings, json, device, scenes]() -> base::Result<int> {
    if (*device == "cuda") return bench_render_cuda(*settings, *scenes, *json);
    return bench_render_cpu(*settings, *json);
  };
}

Action define_bench_sim(CLI::App& app) {
  auto settings = std::make_shared<task::SimBenchmarkSettings>();
  auto json = std::make_shared<std::string>();
  auto device = std::make_shared<std::string>("cpu");
  settings->threads = base::available_cores();
  add_device_option(app, *device, "cuda: also what is seen through the CUDA tracer");
  app.add_option("--envs", settings->num_envs, "environments")->capture_default_str();
  app.add_option("--threads", settings->threads, "simulation threads")->capture_default_str();
  add_json_option(app, *json);
  return [settings, json, device]() -> base::Result<int> {
    settings->on_device = *device == "cuda";
    INKNAV_ASSIGN_OR_RETURN(const auto results, task::run_sim_benchmark(*settings));
    const int pixels = settings->camera_size * settings->camera_size;
    return show({{"environments", std::to_string(settings->num_envs)},
                 {"homes", std::to_string(settings->homes)},
                 {"threads", std::to_string(settings->threads)},
                 {"rays a view", std::to_string(pixels)},
                 {"bytes a view", std::to_string(pixels * sizeof(float))}},
                results, *json);
  };
}

Action define_bench_train(CLI::App& app) {
  auto settings = std::make_shared<TrainBenchmarkSettings>();
  auto json = std::make_shared<std::string>();
  settings->ranks = base::available_cores();
  auto device = std::make_shared<std::string>("cpu");
  add_device_option(app, *device,
                    "cuda: one rank on GPU 0, and the learner alone against the GPU's ceilings");
  app.add_option("--envs", settings->num_envs, "environments over all ranks (with --device cuda 256)")
      ->capture_default_str();
  app.add_option("--ranks", settings->ranks, "processes, one core each")->capture_default_str();
  auto policy = std::make_shared<std::string>("both");
  app.add_option("--policy", *policy, "ppo, diffusion or both")
      ->check(CLI::IsMember({"ppo", "diffusion", "both"}))
      ->capture_default_str();
  app.add_option("--size", settings->image_size, "of PPO: pixels a side of the depth camera")
      ->capture_default_str();
  app.add_option("--planes", settings->base_planes, "of PPO: base planes of SE-ResNet9, one case each")
      ->delimiter(',');
  app.add_option("--updates", settings->updates, "of each case; the first two warm up")
      ->capture_default_str();
  add_json_option(app, *json);
  return [settings, policy, json, device, &app]() -> base::Result<int> {
    settings->gpu = *device == "cuda";
    if (settings->gpu) settings->ranks = 1;
    if (settings->gpu && app.count("--envs") == 0) settings->num_envs = 256;
    settings->ppo = *policy != "diffusion";
    settings->diffusion = *policy != "ppo";
    const BenchSettings shown = {{"learning on", *device},
                                 {"network of PPO", settings->gpu ? "SE-ResNet9 + GRU-512 + drawing, bf16"
                                                                  : "SE-ResNet9 + GRU-512 + drawing, fp32"},
                                 {"environments", std::to_string(settings->num_envs)},
                                 {"depth", std::to_string(settings->image_size)},
                                 {"steps", std::to_string(settings->num_steps)},
                                 {"epochs", std::to_string(settings->ppo_epoch)},
                                 {"ranks", std::to_string(settings->ranks)}};
    if (!json->empty()) {
      // It takes minutes; what there is stays when it is stopped.
      settings->on_results = [&](std::span<const base::BenchmarkResult> results) {
        static_cast<void>(save_bench_json(*json, shown, results));
      };
    }
    INKNAV_ASSIGN_OR_RETURN(const auto results, run_train_benchmark(*settings));
    return show(shown, results, *json);
  };
}

Action define_bench_infer(CLI::App& app) {
  auto settings = std::make_shared<InferBenchmarkSettings>();
  auto json = std::make_shared<std::string>();
  auto device = std::make_shared<std::string>("cpu");
  add_device_option(app, *device, "cuda: networks on GPU 0");
  app.add_option("--widths", settings->denoiser.widths,
                 "channels of the first of three levels, one case each")
      ->delimiter(',');
  app.add_option("--batches", settings->denoiser.batches, "decisions at once, one case each")->delimiter(',');
  app.add_option("--steps", settings->denoiser.steps, "denoising steps a decision (DDIM)")
      ->capture_default_str();
  app.add_option("--threads", settings->denoiser.threads, "of the engine; torch runs on one")
      ->capture_default_str();
  app.add_option("--decisions", settings->decisions,
                 "whole decisions timed, encoders and all; 0: the denoiser alone")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  add_json_option(app, *json);
  return [settings, json, device]() -> base::Result<int> {
    settings->denoiser.gpu = *device == "cuda" ? 0 : -1;
    INKNAV_ASSIGN_OR_RETURN(const auto results, run_infer_benchmark(*settings));
    return show({{"networks on", *device},
                 {"network", "ConditionalUnet1D, kernel 5, 16 x 2 plans, condition 256, fp32"},
                 {"steps", std::to_string(settings->denoiser.steps)},
                 {"threads", std::to_string(settings->denoiser.threads)}},
                results, *json);
  };
}

}  // namespace inknav::app
