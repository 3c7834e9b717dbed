// SPDX-License-Identifier: MIT
#include "render/cuda/cuda_renderer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "render/cuda/cuda_plugin.h"
#include "render/cuda/cuda_scene.h"
#include "render/wide_bvh/traverse.h"

namespace inknav::render {
namespace {

// A chunk is large enough to fill the device and small enough for its copy to hide behind the next.
constexpr std::size_t kChunkPixels = 2 * 1024 * 1024;

// Views of so many batches may be on their way up at a time; the one after them waits for the oldest.
constexpr std::size_t kBatches = 4;

class PluginRenderer final : public CudaRenderer {
 public:
  PluginRenderer(const CudaApi& api, CudaTracer* tracer, const CameraSpec& camera, base::ThreadPool& pool,
                 const CudaRendererOptions& options)
      : api_(api),
        tracer_(tracer),
        camera_(camera),
        lens_{camera.width, camera.height, camera.near_m, camera.far_m, PixelRays(camera)},
        pool_(pool),
        device_(options.device),
        cache_dir_(options.cache_dir) {}

  ~PluginRenderer() override {
    release();
    api_.destroy_tracer(tracer_);
  }

  base::Result<int> add_scene(const scene::ScenePtr& scene) override {
    INKNAV_CHECK(scene != nullptr);
    return add_prepared(PreparedCudaScene(scene, pool_, cache_dir_));
  }

  base::Result<int> add_prepared(const PreparedCudaScene& scene) override {
    std::size_t slot = 0;
    while (slot < slots_.size() && slots_[slot].used) ++slot;
    if (slot == kMaxCudaScenes) {
      return base::Error{base::ErrorCode::kUsage,
                         "CUDA renderer: a slot for one more scene was wanted, all " +
                             std::to_string(kMaxCudaScenes) + " are used; use fewer scenes at a time"};
    }
    INKNAV_RETURN_IF_ERROR(scene.upload(api_, tracer_, static_cast<std::uint32_t>(slot)));
    if (slot == slots_.size()) slots_.emplace_back();
    slots_[slot] = {scene.bounds(), true};
    return static_cast<int>(slot);
  }

  void remove_scene(int slot) override {
    INKNAV_CHECK(slot >= 0 && static_cast<std::size_t>(slot) < slots_.size(), slot);
    slots_[static_cast<std::size_t>(slot)] = {};
    // A device that has failed fails the next rendering as well, which can say so.
    static_cast<void>(api_.clear_scene(tracer_, static_cast<std::uint32_t>(slot)));
  }

  base::Status reserve(std::size_t views, const ImageKinds& kinds) override {
    const bool depth = kinds.depth || images_.host_depth != nullptr;
    const bool rgb = kinds.rgb || images_.host_rgb != nullptr;
    const bool enough = views <= capacity_ && depth == (images_.host_depth != nullptr) &&
                        rgb == (images_.host_rgb != nullptr);
    if (enough) return base::ok_status();
    const std::size_t capacity = std::max(views, capacity_);
    release();
    order_.reserve(capacity);
    const auto count = static_cast<std::uint32_t>(capacity);
    CudaStatus status = kCudaOk;
    for (Batch& batch : batches_) {
      if (status == kCudaOk) status = api_.create_batch(tracer_, &lens_, count, &batch.handle, &batch.views);
    }
    if (status == kCudaOk && (depth || rgb))
      status = api_.create_images(tracer_, &lens_, count, depth, rgb, &images_);
    if (status != kCudaOk) {
      const base::Error error = cuda_error(api_, status, "device memory for images");
      release();
      return error;
    }
    capacity_ = capacity;
    return base::ok_status();
  }

  bool writes_to(const base::DevicePicture& picture) const override { return picture.gpu == device_; }

  base::Status render(std::span<const View> views, const RenderTargets& targets) override {
    const bool to_host = targets.depth != nullptr || targets.rgb != nullptr;
    if (views.empty() || (!to_host && !targets.pictures.wanted())) return base::ok_status();
    INKNAV_RETURN_IF_ERROR(reserve(views.size(), {targets.depth != nullptr, targets.rgb != nullptr}));
    next_batch_ = (next_batch_ + 1) % kBatches;
    const Batch& batch = batches_[next_batch_];
    INKNAV_RETURN_IF_ERROR(working(api_.wait_views(batch.handle)));
    const std::span<const std::uint32_t> order = write_views(views, targets.pictures, batch.views);
    counters_.views += static_cast<std::int64_t>(views.size());
    counters_.rays += static_cast<std::int64_t>(views.size() * pixels());
    counters_.bytes_up += static_cast<std::int64_t>(views.size() * sizeof(CudaView));
    counters_.bytes_down += host_bytes(targets, views.size() * pixels());
    return to_host ? deliver(batch, order, targets) : leave_there(batch, order.size(), targets.pictures);
  }

  const CameraSpec& camera() const override { return camera_; }
  RenderCounters counters() const override { return counters_; }
  std::string_view name() const override { return "cuda"; }

 private:
  struct Slot {
    base::Aabb bounds;
    bool used = false;
  };
  struct Batch {
    CudaBatch* handle = nullptr;
    CudaView* views = nullptr;  // pinned
  };

  static CudaPictures as_pictures(const DevicePictures& pictures) {
    return {pictures.depth, pictures.rgb, pictures.coding};
  }
  void* stream_of(const DevicePictures& pictures) const {
    const base::DevicePicture& any = pictures.depth.data != nullptr ? pictures.depth : pictures.rgb;
    return any.current_stream != nullptr ? any.current_stream(device_) : nullptr;
  }

  /// The views in the order in which they are rendered.
  std::span<const std::uint32_t> write_views(std::span<const View> views, const DevicePictures& pictures,
                                             CudaView* out) {
    INKNAV_CHECK(pictures.rows.empty() || pictures.rows.size() == views.size(), pictures.rows.size());
    const std::span<const std::uint32_t> order = order_.sort(views, slots_.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      const View& view = views[order[i]];
      const Slot& slot = slots_[static_cast<std::size_t>(view.scene_slot)];
      INKNAV_CHECK(slot.used, view.scene_slot);
      const CameraFrame frame(view.pose_world_camera);
      out[i] = {frame, static_cast<std::uint32_t>(view.scene_slot), static_cast<std::uint32_t>(i),
                traversal_slack(slot.bounds, frame.origin),
                pictures.rows.empty() ? order[i] : pictures.rows[order[i]]};
    }
    return order;
  }

  /// Device pictures alone: nothing comes down and nobody waits.
  base::Status leave_there(const Batch& batch, std::size_t count, const DevicePictures& pictures) {
    const CudaTargets targets{nullptr, nullptr, as_pictures(pictures)};
    void* const stream = stream_of(pictures);
    INKNAV_RETURN_IF_ERROR(
        working(api_.enqueue(tracer_, batch.handle, static_cast<std::uint32_t>(count), &targets, stream)));
    return working(api_.mark(batch.handle, stream));
  }

  /// Images in host memory, and pictures where they are wanted, too.
  base::Status deliver(const Batch& batch, std::span<const std::uint32_t> order,
                       const RenderTargets& targets) {
    // Only what is wanted is rendered and copied.
    CudaImages wanted = images_;
    if (targets.depth == nullptr) wanted.host_depth = nullptr;
    if (targets.rgb == nullptr) wanted.host_rgb = nullptr;
    const std::size_t chunk = std::max<std::size_t>(1, kChunkPixels / pixels());
    const CudaDelivery delivery{&wanted, static_cast<std::uint32_t>(chunk), as_pictures(targets.pictures),
                                stream_of(targets.pictures)};
    INKNAV_RETURN_IF_ERROR(working(
        api_.start_to_host(tracer_, batch.handle, static_cast<std::uint32_t>(order.size()), &delivery)));
    for (std::size_t begin = 0; begin < order.size(); begin += chunk) {
      INKNAV_RETURN_IF_ERROR(working(api_.wait_chunk(&wanted, static_cast<std::uint32_t>(begin / chunk))));
      copy_out(order, begin, std::min(begin + chunk, order.size()), targets);
    }
    return base::ok_status();
  }

  std::size_t pixels() const {
    return static_cast<std::size_t>(camera_.width) * static_cast<std::size_t>(camera_.height);
  }

  /// Of a call that takes no memory: what fails is the device.
  base::Status working(CudaStatus status) const {
    if (status == kCudaOk) return base::ok_status();
    return base::Error{base::ErrorCode::kPeer,
                       std::string("CUDA renderer: images were wanted, the device has failed: ") +
                           api_.last_error() +
                           "; go on from the newest checkpoint with --resume-from, on another device if it "
                           "fails again"};
  }

  void release() {
    for (Batch& batch : batches_) {
      if (batch.handle != nullptr) api_.destroy_batch(batch.handle);
      batch = {};
    }
    if (images_.state != nullptr) api_.destroy_images(&images_);
    images_ = {};
    capacity_ = 0;
  }

  /// Images [begin, end) of the sorted batch to where the caller wants them.
  void copy_out(std::span<const std::uint32_t> order, std::size_t begin, std::size_t end,
                const RenderTargets& targets) {
    const auto copy = [&](std::int64_t from, std::int64_t to, int) {
      for (std::size_t i = begin + static_cast<std::size_t>(from); i < begin + static_cast<std::size_t>(to);
           ++i) {
        const std::size_t target = order[i];
        if (targets.depth != nullptr) {
          std::memcpy(targets.depth + target * pixels(), images_.host_depth + i * pixels(),
                      pixels() * sizeof(float));
        }
        if (targets.rgb != nullptr) {
          std::memcpy(targets.rgb + target * pixels() * 3, images_.host_rgb + i * pixels() * 3, pixels() * 3);
        }
      }
    };
    const std::size_t grain = std::max<std::size_t>(1, 64 * 1024 / pixels());
    pool_.parallel_for(static_cast<std::int64_t>(end - begin), static_cast<std::int64_t>(grain), copy);
  }

  const CudaApi& api_;
  CudaTracer* tracer_;
  CameraSpec camera_;
  CudaCamera lens_;
  base::ThreadPool& pool_;
  std::int32_t device_;
  std::optional<std::filesystem::path> cache_dir_;
  std::vector<Slot> slots_;
  SceneOrder order_;
  std::array<Batch, kBatches> batches_{};
  std::size_t next_batch_ = 0;
  CudaImages images_{};
  std::size_t capacity_ = 0;
  RenderCounters counters_;
};

}  // namespace

base::Result<std::unique_ptr<CudaRenderer>> make_cuda_renderer(const CameraSpec& camera,
                                                               base::ThreadPool& pool,
                                                               const CudaRendererOptions& options) {
  INKNAV_ASSIGN_OR_RETURN(const CudaApi* api, find_cuda(options.device));
  CudaTracer* tracer = nullptr;
  const CudaStatus status = api->create_tracer(options.device, &tracer);
  if (status != kCudaOk) return cuda_error(*api, status, "a tracer");
  return std::unique_ptr<CudaRenderer>(std::make_unique<PluginRenderer>(*api, tracer, camera, pool, options));
}

}  // namespace inknav::render
