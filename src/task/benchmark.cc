// SPDX-License-Identifier: MIT
#include "task/benchmark.h"

#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include "base/philox.h"
#include "base/thread_pool.h"
#include "scene/home/home.h"
#include "sim/mapper.h"
#include "task/drawn_map_env.h"
#include "task/episode_sampling.h"

namespace inknav::task {

namespace {

struct Case {
  std::string name;
  int threads = 1;
  bool expert = false;
  bool depth = false;
  bool map = false;
  int num_envs = 0;  // 0: as the settings say
  int steps = 0;
  int path_points = 0;  // of the expert's path
  render::Backend backend = render::Backend::kBundle;
};

class SimBenchmark {
 public:
  explicit SimBenchmark(const SimBenchmarkSettings& settings) : settings_(settings) {}

  base::Status prepare() {
    for (int h = 0; h < settings_.homes; ++h) {
      const scene::Home home = scene::generate_home(static_cast<std::uint64_t>(h), scene::HomeParams{});
      sim::World world;
      world.scene = home.scene;
      INKNAV_ASSIGN_OR_RETURN(world.nav_mesh, nav::NavMesh::build(*world.scene, nav::NavSettings{}));
      add_episodes(world, h);
      parts_.worlds.push_back(std::move(world));
    }
    if (!parts_.dataset.episodes.empty()) return base::ok_status();
    return base::Error{base::ErrorCode::kData,
                       "benchmark: episodes in generated homes are wanted, none was found"};
  }

  base::Result<std::unique_ptr<NavigationEnv>> make(const Case& what, base::ThreadPool& pool) const {
    NavigationEnvSettings settings;
    settings.num_envs = settings.total_envs = envs_of(what);
    settings.with_drawings = false;
    settings.with_expert = what.expert;
    settings.expert_path_points = what.path_points;
    sim::SimulatorSettings& simulator = settings.simulator;
    simulator.sensors.depth = what.depth;
    simulator.mapper.enabled = what.map;
    simulator.backend = what.backend;
    simulator.sensors.camera.width = simulator.sensors.camera.height = settings_.camera_size;
    return DrawnMapEnv::create(settings, parts_, pool);
  }

  base::Result<base::BenchmarkResult> steps(const Case& what) const {
    base::ThreadPool pool(what.threads);
    INKNAV_ASSIGN_OR_RETURN(auto env, make(what, pool));
    const int num_steps = what.steps > 0 ? what.steps : settings_.steps;
    const std::vector<std::vector<std::int32_t>> actions = draw_actions(envs_of(what), num_steps);
    env->reset();
    return base::measure(what.name, "agent steps/s", double{1} * envs_of(what) * num_steps,
                         settings_.repetitions, [&] {
                           for (const auto& now : actions) {
                             env->step(now);
                             env->reset_done();
                           }
                         });
  }

  base::Result<base::BenchmarkResult> resets() const {
    base::ThreadPool pool(settings_.threads);
    INKNAV_ASSIGN_OR_RETURN(auto env, make(Case{}, pool));
    const std::vector<std::int32_t> stop(static_cast<std::size_t>(settings_.num_envs), 0);
    env->reset();
    constexpr int kRounds = 20;
    return base::measure("sim/reset", "episodes/s", double{1} * settings_.num_envs * kRounds,
                         settings_.repetitions, [&] {
                           for (int round = 0; round < kRounds; ++round) {
                             env->step(stop);
                             env->reset_done();
                           }
                         });
  }

  base::Result<base::BenchmarkResult> motion() const {
    base::ThreadPool pool(settings_.threads);
    sim::SimulatorSettings settings;
    settings.num_agents = settings_.num_envs;
    settings.sensors.depth = settings.mapper.enabled = false;
    INKNAV_ASSIGN_OR_RETURN(auto simulator, sim::Simulator::create(settings, pool));
    for (const sim::World& world : parts_.worlds) INKNAV_RETURN_IF_ERROR(simulator->add_world(world));
    const std::size_t episodes = parts_.dataset.episodes.size();
    for (int agent = 0; agent < settings_.num_envs; ++agent) {
      const std::size_t e = static_cast<std::size_t>(agent) % episodes;
      simulator->place(agent, parts_.world_of_episode[e], parts_.dataset.episodes[e].start);
    }
    std::vector<std::vector<nav::Action>> actions;
    for (const auto& now : draw_actions(settings_.num_envs, settings_.steps)) {
      auto& row = actions.emplace_back();
      for (const std::int32_t action : now) row.push_back(static_cast<nav::Action>(action));
    }
    return base::measure("sim/motion", "agent steps/s", double{1} * settings_.num_envs * settings_.steps,
                         settings_.repetitions, [&] {
                           for (const auto& now : actions) simulator->step(now);
                         });
  }

  base::BenchmarkResult map() const {
    constexpr int kFrames = 2000;
    render::CameraSpec camera{settings_.camera_size, settings_.camera_size, 90.0f};
    const sim::Mapper mapper(sim::MapperSettings{}, camera, base::Vec3(0.0f, 1.25f, 0.0f));
    sim::MapperScratch scratch(camera.width);
    const auto pixels = static_cast<std::size_t>(camera.width * camera.height);
    std::vector<float> depth(pixels);
    for (std::size_t i = 0; i < pixels; ++i) {
      const auto u = static_cast<float>(i % static_cast<std::size_t>(camera.width));
      depth[i] = 3.0f + 2.5f * std::sin(0.3f * u);  // near and far walls side by side
    }
    const auto side = static_cast<std::size_t>(mapper.settings().grid_size);
    std::vector<std::uint8_t> grid(side * side);
    sim::DirtyBox dirty;
    return base::measure("sim/map", "frames/s", kFrames, settings_.repetitions, [&] {
      for (int frame = 0; frame < kFrames; ++frame) {
        const auto t = static_cast<float>(frame);
        mapper.integrate(depth.data(), {0.01f * t, 0.005f * t, 0.17f * t}, grid.data(), dirty, scratch);
      }
      mapper.clear(grid.data(), dirty);
    });
  }

 private:
  void add_episodes(const sim::World& world, int home) {
    nav::NavQuery query(world.nav_mesh);
    const int count = settings_.episodes / settings_.homes;
    for (int k = 0; k < count; ++k) {
      base::PhiloxStream stream(
          {0, static_cast<std::uint32_t>(home), static_cast<std::uint32_t>(k), 0, base::Purpose::kBenchmark});
      auto episode = sample_episode(query, sketch::WallMap{}, world.nav_mesh->largest_island(),
                                    SamplingSettings{}, stream);
      if (!episode) continue;
      episode->episode_id = std::to_string(k);
      episode->scene_id = "home_" + std::to_string(home);
      parts_.dataset.episodes.push_back(std::move(*episode));
      parts_.world_of_episode.push_back(home);
    }
  }

  int envs_of(const Case& what) const { return what.num_envs > 0 ? what.num_envs : settings_.num_envs; }

  static std::vector<std::vector<std::int32_t>> draw_actions(int num_envs, int num_steps) {
    std::vector<std::vector<std::int32_t>> actions(static_cast<std::size_t>(num_steps));
    for (std::size_t step = 0; step < actions.size(); ++step) {
      base::PhiloxStream stream({1, 0, 0, static_cast<std::uint32_t>(step), base::Purpose::kBenchmark});
      for (int agent = 0; agent < num_envs; ++agent) {
        const float u = stream.uniform();
        actions[step].push_back(u < 0.005f ? 0 : u < 0.6f ? 1 : u < 0.8f ? 2 : 3);
      }
    }
    return actions;
  }

  SimBenchmarkSettings settings_;
  DrawnMapEnv::Parts parts_;
};

}  // namespace

base::Result<std::vector<base::BenchmarkResult>> run_sim_benchmark(const SimBenchmarkSettings& settings) {
  if (settings.num_envs < 1 || settings.threads < 1 || settings.homes < 1 ||
      settings.episodes < settings.homes || settings.steps < 1 || settings.repetitions < 1 ||
      settings.camera_size < 1) {
    return base::Error{base::ErrorCode::kUsage,
                       "bench sim: every count must be at least 1, and episodes at least homes"};
  }
  SimBenchmark benchmark(settings);
  INKNAV_RETURN_IF_ERROR(benchmark.prepare());
  const int threads = settings.threads;
  INKNAV_ASSIGN_OR_RETURN(auto one, benchmark.steps({.name = "sim/steps/one_thread"}));
  INKNAV_ASSIGN_OR_RETURN(auto all, benchmark.steps({.name = "sim/steps", .threads = threads}));
  INKNAV_ASSIGN_OR_RETURN(auto expert,
                          benchmark.steps({.name = "sim/steps+expert", .threads = threads, .expert = true}));
  INKNAV_ASSIGN_OR_RETURN(
      auto path,
      benchmark.steps(
          {.name = "sim/steps+expert+path", .threads = threads, .expert = true, .path_points = 16}));
  const std::string seen_name = "sim/steps+depth+map";
  INKNAV_ASSIGN_OR_RETURN(
      auto seen,
      benchmark.steps(
          {.name = seen_name, .threads = threads, .depth = true, .map = true, .num_envs = 32, .steps = 10}));
  INKNAV_ASSIGN_OR_RETURN(auto motion, benchmark.motion());
  INKNAV_ASSIGN_OR_RETURN(auto resets, benchmark.resets());
  const base::BenchmarkResult map = benchmark.map();
  base::compare(all, one);
  for (base::BenchmarkResult* result : {&expert, &path, &seen, &motion}) base::compare(*result, all);
  std::vector<base::BenchmarkResult> results{all, one, expert, path, seen, motion, resets, map};
  for (const bool with_map : {false, true}) {
    if (!settings.on_device) break;
    INKNAV_ASSIGN_OR_RETURN(auto on_device,
                            benchmark.steps({.name = with_map ? seen_name + "/cuda" : "sim/steps+depth/cuda",
                                             .threads = threads,
                                             .depth = true,
                                             .map = with_map,
                                             .steps = 20,
                                             .backend = render::Backend::kCuda}));
    base::compare(on_device, seen);
    results.push_back(on_device);
  }
  return results;
}

}  // namespace inknav::task
