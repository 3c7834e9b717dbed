// SPDX-License-Identifier: MIT
// A plug-in without CUDA for tests: of the loader, and of what becomes of a device's faults.
// INKNAV_FAKE_CUDA_FAULT says what is wrong with it, at every call anew: "version", "size"; without it there
// is no device. "none": a device that renders one metre everywhere. "images": it has no memory for images.
// "scenes": it has memory for one scene. "lost": it fails while rendering.
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "render/cuda/cuda_abi.h"
#include "render/cuda/fake_plugin/fake_calls.h"

namespace inknav::render {

struct CudaTracer {
  std::set<std::uint32_t> scenes;
};
struct CudaBatch {
  CudaView* views;  // from calloc: a view has no default
  std::int64_t pixels;
  bool marked;
};

namespace {

constexpr float kMetres = 1.0f;
constexpr std::uint8_t kByte = 9;

FakeCalls& calls() {
  static FakeCalls all;
  return all;
}

struct Images {
  std::vector<float> depth;
  std::vector<std::uint8_t> rgb;
};

std::string& sentence() {
  static std::string text = "a CUDA device was wanted, the fake plug-in has none";
  return text;
}

std::string_view fault() {
  const char* named = std::getenv("INKNAV_FAKE_CUDA_FAULT");
  return named == nullptr ? "" : named;
}

CudaStatus refuse(CudaStatus status, const char* why) {
  sentence() = why;
  return status;
}

const char* last_error() { return sentence().c_str(); }

CudaStatus describe_device(std::int32_t, CudaDevice* out) {
  if (fault().empty() || fault() == "version" || fault() == "size") {
    return refuse(kCudaUnusable, "a CUDA device was wanted, the fake plug-in has none");
  }
  *out = {"fake device", 1 << 30, 1, 90};
  return kCudaOk;
}

CudaStatus create_tracer(std::int32_t, CudaTracer** out) {
  *out = new CudaTracer;
  return kCudaOk;
}
void destroy_tracer(CudaTracer* tracer) { delete tracer; }

CudaStatus set_scene(CudaTracer* tracer, std::uint32_t slot, const CudaScene*) {
  if (fault() == "scenes" && tracer->scenes.size() - tracer->scenes.count(slot) > 0)
    return refuse(kCudaOutOfMemory, "memory for a scene: out of memory");
  tracer->scenes.insert(slot);
  return kCudaOk;
}
CudaStatus clear_scene(CudaTracer* tracer, std::uint32_t slot) {
  tracer->scenes.erase(slot);
  return kCudaOk;
}

CudaStatus create_batch(CudaTracer*, const CudaCamera* camera, std::uint32_t capacity, CudaBatch** out,
                        CudaView** views) {
  *out = new CudaBatch{static_cast<CudaView*>(std::calloc(capacity, sizeof(CudaView))),
                       std::int64_t{camera->width} * camera->height, false};
  *views = (*out)->views;
  return kCudaOk;
}
void destroy_batch(CudaBatch* batch) {
  std::free(batch->views);
  delete batch;
}

CudaStatus create_images(CudaTracer*, const CudaCamera* camera, std::uint32_t capacity, std::int32_t depth,
                         std::int32_t rgb, CudaImages* out) {
  if (fault() == "images") return refuse(kCudaOutOfMemory, "memory for depth images: out of memory");
  const std::size_t pixels = std::size_t{capacity} * static_cast<std::size_t>(camera->width) *
                             static_cast<std::size_t>(camera->height);
  ++calls().images;
  auto* images = new Images;
  if (depth != 0) images->depth.assign(pixels, kMetres);
  if (rgb != 0) images->rgb.assign(3 * pixels, kByte);
  *out = {nullptr, nullptr, depth != 0 ? images->depth.data() : nullptr,
          rgb != 0 ? images->rgb.data() : nullptr, images};
  return kCudaOk;
}
void destroy_images(CudaImages* images) {
  delete static_cast<Images*>(images->state);
  *images = {};
}

/// The pictures of a batch, coded by the functions that the real kernel uses.
void write_pictures(const CudaBatch& batch, std::uint32_t count, const CudaPictures& pictures) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::int64_t row = batch.views[i].row;
    for (std::int64_t pixel = 0; pixel < batch.pixels; ++pixel) {
      if (pictures.depth.data != nullptr) {
        write_value(pictures.depth, value_index(pictures.depth, row, pixel),
                    coded_depth(pictures.coding, kMetres));
      }
      if (pictures.rgb.data != nullptr)
        write_colour(pictures.rgb, value_index(pictures.rgb, row, pixel), {kByte, kByte, kByte});
    }
  }
}

CudaStatus enqueue(CudaTracer*, CudaBatch* batch, std::uint32_t count, const CudaTargets* targets,
                   void* stream) {
  if (fault() == "lost") return refuse(kCudaFailed, "raycast/primary: unspecified launch failure");
  ++calls().enqueued;
  calls().views = count;
  calls().targets = *targets;
  calls().stream = stream;
  write_pictures(*batch, count, targets->pictures);
  return kCudaOk;
}

CudaStatus mark(CudaBatch* batch, void*) {
  ++calls().marked;
  batch->marked = true;
  return kCudaOk;
}

CudaStatus wait_views(CudaBatch* batch) {
  if (batch->marked) ++calls().waited;
  batch->marked = false;
  return kCudaOk;
}

CudaStatus start_to_host(CudaTracer*, CudaBatch* batch, std::uint32_t count, const CudaDelivery* delivery) {
  if (fault() == "lost") return refuse(kCudaFailed, "raycast/primary: unspecified launch failure");
  ++calls().to_host;
  calls().views = count;
  calls().stream = delivery->pictures_stream;
  write_pictures(*batch, count, delivery->pictures);
  return kCudaOk;
}
CudaStatus wait_chunk(const CudaImages*, std::uint32_t) { return kCudaOk; }

}  // namespace
}  // namespace inknav::render

extern "C" const inknav::render::CudaApi* inknav_cuda_api();
extern "C" inknav::render::FakeCalls* inknav_fake_cuda_calls();

extern "C" inknav::render::FakeCalls* inknav_fake_cuda_calls() { return &inknav::render::calls(); }

extern "C" const inknav::render::CudaApi* inknav_cuda_api() {
  using namespace inknav::render;
  static CudaApi api;
  api = {};
  api.abi_version = fault() == "version" ? kCudaAbiVersion + 1 : kCudaAbiVersion;
  api.api_bytes = sizeof(CudaApi);
  api.camera_bytes = sizeof(CudaCamera);
  api.view_bytes = fault() == "size" ? sizeof(CudaView) + 8 : sizeof(CudaView);
  api.scene_bytes = sizeof(CudaScene);
  api.node_bytes = sizeof(WideNode);
  api.triangle_bytes = sizeof(WideTriangle);
  api.images_bytes = sizeof(CudaImages);
  api.targets_bytes = sizeof(CudaTargets);
  api.delivery_bytes = sizeof(CudaDelivery);
  api.last_error = last_error;
  api.describe_device = describe_device;
  api.create_tracer = create_tracer;
  api.destroy_tracer = destroy_tracer;
  api.set_scene = set_scene;
  api.clear_scene = clear_scene;
  api.create_batch = create_batch;
  api.destroy_batch = destroy_batch;
  api.create_images = create_images;
  api.destroy_images = destroy_images;
  api.enqueue = enqueue;
  api.mark = mark;
  api.wait_views = wait_views;
  api.start_to_host = start_to_host;
  api.wait_chunk = wait_chunk;
  return &api;
}
