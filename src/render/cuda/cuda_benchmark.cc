// SPDX-License-Identifier: MIT
#include "render/cuda/cuda_benchmark.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "base/check.h"
#include "render/benchmark.h"
#include "render/clutter_scene.h"
#include "render/cuda/cuda_plugin.h"
#include "render/cuda/cuda_renderer.h"
#include "render/cuda/cuda_scene.h"
#include "render/renderer.h"
#include "render/wide_bvh/traverse.h"

namespace inknav::render {
namespace {

constexpr int kRoomsPerSide = 4;
constexpr int kEmbreeViews = 64;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

base::BenchmarkResult summarise(std::string name, std::vector<double> rates) {
  std::sort(rates.begin(), rates.end());
  return {std::move(name), rates[rates.size() / 2], rates.front(), rates.back(), "frames/s", {}, 0.0};
}

/// Random poses, every scene as often as the others.
std::vector<View> random_views(const std::vector<ClutterSpec>& specs, int count) {
  base::PhiloxStream stream({3, 0, 0, 0, base::Purpose::kBenchmark});
  std::vector<View> views;
  for (int i = 0; i < count; ++i) {
    const auto scene = static_cast<std::size_t>(i) % specs.size();
    views.push_back({static_cast<int>(scene), random_clutter_pose(specs[scene], stream)});
  }
  return views;
}

struct Timing {
  bool rgb = false;       // depth and colour, else depth alone
  bool as_graph = false;  // replays of one captured graph, else plain calls
  int repetitions = 9;
};

/// A tracer of the plug-in with all scenes, for rates of images that stay on the device.
class DeviceScenes {
 public:
  explicit DeviceScenes(const CudaApi& api) : api_(api) {}
  DeviceScenes(const DeviceScenes&) = delete;
  DeviceScenes& operator=(const DeviceScenes&) = delete;
  ~DeviceScenes() {
    if (tracer_ != nullptr) api_.destroy_tracer(tracer_);
  }

  base::Status open(int device, std::span<const std::unique_ptr<PreparedCudaScene>> scenes) {
    INKNAV_RETURN_IF_ERROR(check(api_.create_tracer(device, &tracer_), "a tracer"));
    for (std::size_t i = 0; i < scenes.size(); ++i) {
      INKNAV_RETURN_IF_ERROR(scenes[i]->upload(api_, tracer_, static_cast<std::uint32_t>(i)));
      bounds_.push_back(scenes[i]->bounds());
    }
    return base::ok_status();
  }

  base::Status choose_kernel(std::uint32_t kernel) {
    return check(api_.choose_kernel(tracer_, kernel), "another form of the kernel");
  }

  /// Rates of the views' images by CUDA events.
  base::Result<base::BenchmarkResult> measure(const std::string& name, const CameraSpec& camera,
                                              std::span<const View> views, const Timing& timing) {
    const CudaCamera lens{camera.width, camera.height, camera.near_m, camera.far_m, PixelRays(camera)};
    const auto count = static_cast<std::uint32_t>(views.size());
    CudaBatch* batch = nullptr;
    CudaView* staging = nullptr;
    INKNAV_RETURN_IF_ERROR(check(api_.create_batch(tracer_, &lens, count, &batch, &staging), "a batch"));
    const std::unique_ptr<CudaBatch, void (*)(CudaBatch*)> batch_owner(batch, api_.destroy_batch);
    SceneOrder order;
    for (const std::uint32_t i : order.sort(views, bounds_.size())) {
      const CameraFrame frame(views[i].pose_world_camera);
      const auto slot = static_cast<std::uint32_t>(views[i].scene_slot);
      *staging++ = {frame, slot, i, traversal_slack(bounds_[slot], frame.origin), 0};
    }
    CudaImages images{};
    INKNAV_RETURN_IF_ERROR(
        check(api_.create_images(tracer_, &lens, count, 1, timing.rgb ? 1 : 0, &images), "images"));
    const std::unique_ptr<CudaImages, void (*)(CudaImages*)> images_owner(&images, api_.destroy_images);
    std::vector<float> milliseconds(static_cast<std::size_t>(timing.repetitions));
    INKNAV_RETURN_IF_ERROR(check(api_.time_enqueue(tracer_, batch, count, &images, timing.as_graph ? 1 : 0,
                                                   timing.repetitions, milliseconds.data()),
                                 "a timed batch"));
    std::vector<double> rates;
    for (const float elapsed : milliseconds) {
      rates.push_back(1e3 * static_cast<double>(count) / static_cast<double>(elapsed));
    }
    return summarise(name, std::move(rates));
  }

 private:
  base::Status check(CudaStatus status, const char* wanted) const {
    if (status != kCudaOk) return cuda_error(api_, status, wanted);
    return base::ok_status();
  }

  const CudaApi& api_;
  CudaTracer* tracer_ = nullptr;
  std::vector<base::Aabb> bounds_;
};

/// All scenes in host memory, built side by side, one a thread.
struct HostScenes {
  std::vector<ClutterSpec> specs;
  std::vector<scene::ScenePtr> scenes;
  std::vector<std::unique_ptr<PreparedCudaScene>> prepared;

  HostScenes(const CudaBenchmarkSettings& settings, base::ThreadPool& pool) {
    for (int i = 0; i < settings.scenes; ++i) {
      specs.push_back({static_cast<std::uint64_t>(i) + 1, kRoomsPerSide, settings.triangles});
    }
    scenes.resize(specs.size());
    prepared.resize(specs.size());
    pool.parallel_for(settings.scenes, 1, [&](std::int64_t index, std::int64_t, int) {
      const auto i = static_cast<std::size_t>(index);
      base::ThreadPool alone(1);
      scenes[i] = make_clutter_scene(specs[i]);
      prepared[i] = std::make_unique<PreparedCudaScene>(scenes[i], alone);
    });
  }

  double mean_hierarchy_bytes() const {
    double bytes = 0.0;
    for (const auto& scene : prepared) bytes += static_cast<double>(scene->hierarchy_bytes());
    return bytes / static_cast<double>(prepared.size());
  }
};

/// All rows of one image size.
class SizeBenchmark {
 public:
  SizeBenchmark(const CudaBenchmarkSettings& settings, const HostScenes& host, int size,
                base::ThreadPool& pool)
      : settings_(settings), host_(host), size_(size), pool_(pool) {}

  base::Status run(DeviceScenes& device, std::vector<base::BenchmarkResult>& results) const {
    const std::string suffix = std::to_string(size_);
    const int count = std::max(64, settings_.pixels_a_call / (size_ * size_));
    const std::vector<View> views = random_views(host_.specs, count);
    for (const bool rgb : {false, true}) {
      const std::string name = std::string("render/") + (rgb ? "rgbd/" : "depth/") + suffix;
      const std::size_t first = results.size();
      INKNAV_RETURN_IF_ERROR(measure_on_device(device, name, views, rgb, results));
      INKNAV_RETURN_IF_ERROR(measure_to_host(name, views, rgb, results));
      if (!settings_.embree) continue;
      INKNAV_ASSIGN_OR_RETURN(const auto embree, measure_embree(name + "/embree", views, rgb));
      for (std::size_t i = first; i < results.size(); ++i) base::compare(results[i], embree);
      results.push_back(embree);
    }
    return base::ok_status();
  }

 private:
  CameraSpec camera() const { return {size_, size_, 90.0f}; }

  base::Status measure_on_device(DeviceScenes& device, const std::string& name, std::span<const View> views,
                                 bool rgb, std::vector<base::BenchmarkResult>& results) const {
    for (const bool graph : {false, true}) {
      INKNAV_ASSIGN_OR_RETURN(const auto row,
                              device.measure(name + (graph ? "/cuda_graph" : "/cuda"), camera(), views,
                                             {rgb, graph, settings_.repetitions}));
      results.push_back(row);
    }
    for (std::uint32_t kernel = 1; settings_.kernels && kernel < kNumCudaKernels; ++kernel) {
      INKNAV_RETURN_IF_ERROR(device.choose_kernel(kernel));
      INKNAV_ASSIGN_OR_RETURN(const auto row,
                              device.measure(name + "/cuda_block_" + kCudaKernels[kernel], camera(), views,
                                             {rgb, false, settings_.repetitions}));
      results.push_back(row);
    }
    return device.choose_kernel(0);
  }

  base::Result<base::BenchmarkResult> measure_embree(const std::string& name, const std::vector<View>& views,
                                                     bool rgb) const {
    INKNAV_ASSIGN_OR_RETURN(auto renderer, make_renderer(Backend::kEmbree, camera(), pool_));
    INKNAV_ASSIGN_OR_RETURN(const int slot, renderer->add_scene(host_.scenes[0]));
    std::vector<View> own;
    for (const View& view : views) {
      if (view.scene_slot == 0 && own.size() < kEmbreeViews) own.push_back({slot, view.pose_world_camera});
    }
    const std::size_t pixels = own.size() * static_cast<std::size_t>(size_ * size_);
    std::vector<float> depth(pixels);
    std::vector<std::uint8_t> colors(rgb ? 3 * pixels : 0);
    return measure_rendering(*renderer, own, {depth.data(), rgb ? colors.data() : nullptr}, name,
                             {settings_.repetitions});
  }

  base::Status measure_to_host(const std::string& name, const std::vector<View>& views, bool rgb,
                               std::vector<base::BenchmarkResult>& results) const {
    INKNAV_ASSIGN_OR_RETURN(auto renderer, make_cuda_renderer(camera(), pool_, {.device = settings_.device}));
    for (std::size_t i = 0; i < host_.prepared.size(); ++i) {
      INKNAV_ASSIGN_OR_RETURN(const int slot, renderer->add_prepared(*host_.prepared[i]));
      INKNAV_CHECK(static_cast<std::size_t>(slot) == i, slot, i);
    }
    const std::size_t pixels = views.size() * static_cast<std::size_t>(size_ * size_);
    std::vector<float> depth(pixels);
    std::vector<std::uint8_t> colors(rgb ? 3 * pixels : 0);
    INKNAV_ASSIGN_OR_RETURN(base::BenchmarkResult result,
                            measure_rendering(*renderer, views, {depth.data(), rgb ? colors.data() : nullptr},
                                              name + "/cuda_to_host", {settings_.repetitions}));
    results.push_back(std::move(result));
    return base::ok_status();
  }

  const CudaBenchmarkSettings& settings_;
  const HostScenes& host_;
  int size_;
  base::ThreadPool& pool_;
};

}  // namespace

base::Result<CudaBenchmark> run_cuda_benchmark(const CudaBenchmarkSettings& settings) {
  CudaDevice device{};
  INKNAV_ASSIGN_OR_RETURN(const CudaApi* api, find_cuda(settings.device, &device));
  base::ThreadPool pool(settings.threads);
  const auto start = std::chrono::steady_clock::now();
  const HostScenes host(settings, pool);
  CudaBenchmark benchmark;
  benchmark.device =
      fmt::format("{}, {} multiprocessors, compute capability {}.{}", device.name, device.multiprocessors,
                  device.compute_capability / 10, device.compute_capability % 10);
  benchmark.facts = fmt::format(
      "{} scenes of {} triangles with {:.1f} MB of hierarchy each, made in {:.1f} s by {} threads",
      host.scenes.size(), host.scenes[0]->num_triangles(), 1e-6 * host.mean_hierarchy_bytes(),
      seconds_since(start), settings.threads);
  DeviceScenes device_scenes(*api);
  INKNAV_RETURN_IF_ERROR(device_scenes.open(settings.device, host.prepared));
  benchmark.facts += fmt::format(", with upload {:.1f} s", seconds_since(start));
  for (const int size : settings.sizes) {
    const SizeBenchmark rows(settings, host, size, pool);
    INKNAV_RETURN_IF_ERROR(rows.run(device_scenes, benchmark.results));
  }
  return benchmark;
}

}  // namespace inknav::render
