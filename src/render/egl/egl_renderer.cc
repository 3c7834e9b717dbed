// SPDX-License-Identifier: MIT
#include "render/egl/egl_renderer.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "render/egl/egl_context.h"
#include "render/egl/egl_frame.h"
#include "render/egl/egl_program.h"
#include "render/egl/egl_scene.h"

namespace inknav::render {
namespace {

// Images of one chunk: enough that a call into the driver counts little, few enough that the first are read
// back while the last are drawn.
constexpr std::size_t kChunkPixels = 512 * 1024;
// Triangles that are drawn or left out together.
constexpr std::uint32_t kClusterTriangles = 256;

class EglRenderer final : public Renderer {
 public:
  EglRenderer(std::unique_ptr<EglContext> context, const CameraSpec& camera, base::ThreadPool& pool,
              const EglRendererSettings& settings)
      : context_(std::move(context)), camera_(camera), pool_(pool), settings_(settings) {}

  ~EglRenderer() override {
    const EglContext::Current current(*context_);
    slots_.clear();
    for (auto& frame : frames_) frame = nullptr;
    depth_program_ = nullptr;
    color_program_ = nullptr;
  }

  base::Status prepare() {
    const EglContext::Current current(*context_);
    limits_ = ask_limits(gl());
    const int side = std::min(limits_.texture_size, limits_.renderbuffer_size);
    if (std::max(camera_.width, camera_.height) > side) {
      return base::Error{base::ErrorCode::kUsage,
                         "EGL renderer: images of " + std::to_string(camera_.width) + " x " +
                             std::to_string(camera_.height) + " were wanted, " + context_->info().renderer +
                             " takes up to " + std::to_string(side) +
                             " pixels a side; change WIDTH and HEIGHT of the sensor or use the CPU renderer"};
    }
    const EglDepth depth_kind = settings_.plain ? EglDepth::kInterpolated : EglDepth::kExact;
    INKNAV_ASSIGN_OR_RETURN(depth_program_, EglProgram::create(gl(), depth_kind, false));
    INKNAV_ASSIGN_OR_RETURN(color_program_, EglProgram::create(gl(), depth_kind, true));
    gl().enable(GL_DEPTH_TEST);
    gl().depth_func(GL_GREATER);
    gl().cull_face(GL_BACK);
    gl().front_face(GL_CW);  // egl_program.cc turns images upside down
    gl().pixel_store(GL_PACK_ALIGNMENT, 1);
    gl().pixel_store(GL_UNPACK_ALIGNMENT, 1);
    gl().viewport(0, 0, camera_.width, camera_.height);
    // The least frame there is, so that a driver without these formats is refused here and not in render().
    return resize({camera_.width, camera_.height, 1, true, true});
  }

  base::Result<int> add_scene(const scene::ScenePtr& scene) override {
    INKNAV_CHECK(scene != nullptr);
    const EglContext::Current current(*context_);
    INKNAV_ASSIGN_OR_RETURN(std::unique_ptr<EglScene> made,
                            EglScene::create(gl(), limits_, *scene, settings_.plain ? 0 : kClusterTriangles));
    const auto empty = std::find(slots_.begin(), slots_.end(), nullptr);
    const auto slot = empty - slots_.begin();
    if (empty == slots_.end()) {
      slots_.push_back(std::move(made));
    } else {
      *empty = std::move(made);
    }
    return static_cast<int>(slot);
  }

  void remove_scene(int slot) override {
    INKNAV_CHECK(slot >= 0 && static_cast<std::size_t>(slot) < slots_.size(), slot);
    const EglContext::Current current(*context_);
    slots_[static_cast<std::size_t>(slot)] = nullptr;
  }

  base::Status reserve(std::size_t views, const ImageKinds& kinds) override {
    const EglContext::Current current(*context_);
    return make_frames(views, kinds);
  }

  base::Status render(std::span<const View> views, const RenderTargets& targets) override {
    INKNAV_CHECK(!targets.pictures.wanted(), "writes_to() says no");
    if (views.empty() || (targets.depth == nullptr && targets.rgb == nullptr)) return base::ok_status();
    const EglContext::Current current(*context_);
    INKNAV_RETURN_IF_ERROR(make_frames(views.size(), {targets.depth != nullptr, targets.rgb != nullptr}));
    const auto chunk = static_cast<std::size_t>(shape_.layers);
    std::size_t finished = 0;  // views that have been handed over
    const auto finish = [&](EglFrame& frame) {
      if (frame.pending() == 0) return;
      const auto count = static_cast<std::size_t>(frame.pending());
      copy_out(frame.wait(), finished, count, targets);
      frame.release();
      finished += count;
    };
    std::size_t next = 0;
    for (std::size_t begin = 0; begin < views.size(); begin += chunk, next = 1 - next) {
      finish(*frames_[next]);
      draw(*frames_[next], views.subspan(begin, std::min(chunk, views.size() - begin)),
           targets.rgb != nullptr);
    }
    finish(*frames_[next]);  // the older first
    finish(*frames_[1 - next]);
    INKNAV_RETURN_IF_ERROR(check_gl(gl(), "a batch of images"));
    counters_.views += static_cast<std::int64_t>(views.size());
    counters_.rays += static_cast<std::int64_t>(views.size() * pixels());
    counters_.bytes_down += host_bytes(targets, views.size() * pixels());
    return base::ok_status();
  }

  const CameraSpec& camera() const override { return camera_; }
  RenderCounters counters() const override { return counters_; }
  std::string_view name() const override { return context_->info().hardware ? "egl" : "egl_software"; }

 private:
  const GlApi& gl() const { return context_->gl(); }

  std::size_t pixels() const {
    return static_cast<std::size_t>(camera_.width) * static_cast<std::size_t>(camera_.height);
  }

  base::Status resize(const EglFrameShape& shape) {
    for (auto& frame : frames_) frame = nullptr;
    INKNAV_ASSIGN_OR_RETURN(frames_[0], EglFrame::create(gl(), shape));
    INKNAV_ASSIGN_OR_RETURN(frames_[1], EglFrame::create(gl(), shape));
    shape_ = shape;
    return base::ok_status();
  }

  /// Frames of the right kind with as many layers as a chunk can use; they only ever grow.
  base::Status make_frames(std::size_t views, const ImageKinds& kinds) {
    const std::size_t most =
        std::clamp<std::size_t>(kChunkPixels / pixels(), 1, static_cast<std::size_t>(limits_.texture_layers));
    EglFrameShape wanted = shape_;
    wanted.layers = std::max(shape_.layers, static_cast<int>(std::min(views, most)));
    wanted.depth = kinds.depth;
    wanted.rgb = kinds.rgb;
    return wanted == shape_ ? base::ok_status() : resize(wanted);
  }

  void draw(EglFrame& frame, std::span<const View> views, bool color) const {
    const EglProgram& program = color ? *color_program_ : *depth_program_;
    program.use();
    for (std::size_t i = 0; i < views.size(); ++i) {
      const auto slot = static_cast<std::size_t>(views[i].scene_slot);
      INKNAV_CHECK(slot < slots_.size() && slots_[slot] != nullptr, views[i].scene_slot);
      const CameraFrame camera_frame(views[i].pose_world_camera);
      frame.begin_view(static_cast<int>(i));
      program.set_view(camera_, camera_frame);
      slots_[slot]->draw(program, ViewFrustum(camera_, camera_frame), color);
    }
    frame.start_reading(static_cast<int>(views.size()));
  }

  /// Images of `count` views to where the caller wants those from view `first` on.
  void copy_out(const EglPixels& images, std::size_t first, std::size_t count, const RenderTargets& targets) {
    const auto copy = [&](std::int64_t from, std::int64_t to, int) {
      const auto begin = static_cast<std::size_t>(from), end = static_cast<std::size_t>(to);
      if (targets.depth != nullptr) {
        std::memcpy(targets.depth + (first + begin) * pixels(), images.depth + begin * pixels(),
                    (end - begin) * pixels() * sizeof(float));
      }
      if (targets.rgb == nullptr) return;
      std::uint8_t* out = targets.rgb + 3 * (first + begin) * pixels();
      for (std::size_t i = begin * pixels(); i < end * pixels(); ++i, out += 3)
        std::memcpy(out, images.rgba + 4 * i, 3);
    };
    const std::size_t grain = std::max<std::size_t>(1, 64 * 1024 / pixels());
    pool_.parallel_for(static_cast<std::int64_t>(count), static_cast<std::int64_t>(grain), copy);
  }

  std::unique_ptr<EglContext> context_;
  CameraSpec camera_;
  base::ThreadPool& pool_;
  EglRendererSettings settings_;
  EglLimits limits_;
  std::unique_ptr<EglProgram> depth_program_;
  std::unique_ptr<EglProgram> color_program_;
  std::vector<std::unique_ptr<EglScene>> slots_;
  EglFrameShape shape_;
  std::unique_ptr<EglFrame> frames_[2];
  RenderCounters counters_;
};

}  // namespace

base::Result<std::unique_ptr<Renderer>> make_egl_renderer(const CameraSpec& camera, base::ThreadPool& pool,
                                                          const EglRendererSettings& settings) {
  INKNAV_ASSIGN_OR_RETURN(auto context, EglContext::create());
  auto renderer = std::make_unique<EglRenderer>(std::move(context), camera, pool, settings);
  INKNAV_RETURN_IF_ERROR(renderer->prepare());
  return std::unique_ptr<Renderer>(std::move(renderer));
}

}  // namespace inknav::render
