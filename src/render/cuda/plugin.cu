// SPDX-License-Identifier: MIT
// The plug-in's only symbol and the functions of its table (cuda_abi.h).
#include <cstring>
#include <memory>

#include "render/cuda/tracer.cuh"

namespace inknav::render {
namespace {

CudaStatus unusable(const std::string& why) {
  last_cuda_error() = why;
  return kCudaUnusable;
}

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

const char* last_error() { return last_cuda_error().c_str(); }

CudaStatus describe_device(std::int32_t device, CudaDevice* out) {
  int driver = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0) {
    return unusable("an NVIDIA driver was wanted, none is installed");
  }
  int count = 0;
  const cudaError_t code = cudaGetDeviceCount(&count);
  if (code == cudaErrorInsufficientDriver) {
    return unusable("a driver for CUDA " + version_text(CUDART_VERSION) +
                    " was wanted, the installed one is for CUDA " + version_text(driver));
  }
  if (code != cudaSuccess || count == 0) {
    return unusable(std::string("a CUDA device was wanted, none is there (") + cudaGetErrorString(code) +
                    ")");
  }
  if (device < 0 || device >= count) {
    return unusable("device " + std::to_string(device) + " was wanted, there are " + std::to_string(count));
  }
  cudaDeviceProp properties;
  INKNAV_CUDA_TRY(cudaGetDeviceProperties(&properties, device), "properties of the device");
  std::memset(out, 0, sizeof(*out));
  static_assert(sizeof(out->name) == sizeof(properties.name));
  std::memcpy(out->name, properties.name, sizeof(out->name) - 1);
  out->memory_bytes = properties.totalGlobalMem;
  out->multiprocessors = properties.multiProcessorCount;
  out->compute_capability = 10 * properties.major + properties.minor;
  if (properties.major < 8) {
    return unusable(std::string("a device of compute capability 8.0 or newer was wanted, ") + out->name +
                    " has " + std::to_string(properties.major) + "." + std::to_string(properties.minor));
  }
  return kCudaOk;
}

CudaStatus create_tracer(std::int32_t device, CudaTracer** out) {
  INKNAV_CUDA_TRY(cudaSetDevice(device), "the device");
  auto tracer = std::make_unique<CudaTracer>(device);
  INKNAV_CUDA_PASS(tracer->open());
  *out = tracer.release();
  return kCudaOk;
}

void destroy_tracer(CudaTracer* tracer) {
  cudaSetDevice(tracer->device);
  cudaDeviceSynchronize();
  delete tracer;
}

CudaStatus set_scene(CudaTracer* tracer, std::uint32_t slot, const CudaScene* scene) {
  INKNAV_CUDA_TRY(cudaSetDevice(tracer->device), "the device");
  return tracer->set_scene(slot, *scene);
}

CudaStatus clear_scene(CudaTracer* tracer, std::uint32_t slot) {
  INKNAV_CUDA_TRY(cudaSetDevice(tracer->device), "the device");
  return tracer->clear_scene(slot);
}

CudaStatus choose_kernel(CudaTracer* tracer, std::uint32_t kernel) {
  if (kernel >= kNumCudaKernels) {
    last_cuda_error() =
        "a kernel below " + std::to_string(kNumCudaKernels) + " was wanted, found " + std::to_string(kernel);
    return kCudaFailed;
  }
  tracer->kernel = kernel;
  return kCudaOk;
}

CudaStatus create_batch(CudaTracer* tracer, const CudaCamera* camera, std::uint32_t capacity, CudaBatch** out,
                        CudaView** views) {
  INKNAV_CUDA_TRY(cudaSetDevice(tracer->device), "the device");
  auto batch = std::make_unique<CudaBatch>(*camera, tracer->device);
  INKNAV_CUDA_PASS(batch->device_views.allocate(capacity, "memory for views"));
  INKNAV_CUDA_PASS(batch->host_views.allocate(capacity, "pinned memory for views"));
  INKNAV_CUDA_TRY(cudaEventCreateWithFlags(batch->views_read.out(), cudaEventDisableTiming), "an event");
  batch->capacity = capacity;
  *views = batch->host_views.data();
  *out = batch.release();
  return kCudaOk;
}

void destroy_batch(CudaBatch* batch) {
  // Views may still be on their way up out of its pinned memory.
  cudaSetDevice(batch->device);
  cudaDeviceSynchronize();
  delete batch;
}

CudaStatus create_images(CudaTracer* tracer, const CudaCamera* camera, std::uint32_t capacity,
                         std::int32_t depth, std::int32_t rgb, CudaImages* out) {
  INKNAV_CUDA_TRY(cudaSetDevice(tracer->device), "the device");
  auto images = std::make_unique<ImageMemory>();
  const std::size_t pixels = capacity * pixels_of(*camera);
  if (depth != 0) {
    INKNAV_CUDA_PASS(images->device_depth.allocate(pixels, "memory for depth images"));
    INKNAV_CUDA_PASS(images->host_depth.allocate(pixels, "pinned memory for depth images"));
  }
  if (rgb != 0) {
    INKNAV_CUDA_PASS(images->device_rgb.allocate(3 * pixels, "memory for colour images"));
    INKNAV_CUDA_PASS(images->host_rgb.allocate(3 * pixels, "pinned memory for colour images"));
  }
  images->device = tracer->device;
  images->capacity = capacity;
  *out = {images->device_depth.data(), images->device_rgb.data(), images->host_depth.data(),
          images->host_rgb.data(), images.get()};
  images.release();
  return kCudaOk;
}

void destroy_images(CudaImages* images) {
  delete static_cast<ImageMemory*>(images->state);
  *images = {};
}

CudaStatus enqueue_on(CudaTracer* tracer, CudaBatch* batch, std::uint32_t count, const CudaTargets* targets,
                      void* stream) {
  INKNAV_CUDA_TRY(cudaSetDevice(tracer->device), "the device");
  return enqueue(*tracer, *batch, count, *targets, static_cast<cudaStream_t>(stream));
}

CudaStatus mark(CudaBatch* batch, void* stream) {
  INKNAV_CUDA_TRY(cudaSetDevice(batch->device), "the device");
  INKNAV_CUDA_TRY(cudaEventRecord(batch->views_read.get(), static_cast<cudaStream_t>(stream)), "an event");
  batch->marked = true;
  return kCudaOk;
}

CudaStatus wait_views(CudaBatch* batch) {
  if (!batch->marked) return kCudaOk;
  batch->marked = false;
  INKNAV_CUDA_TRY(cudaEventSynchronize(batch->views_read.get()), "rendering");
  return kCudaOk;
}

CudaStatus start(CudaTracer* tracer, CudaBatch* batch, std::uint32_t count, const CudaDelivery* delivery) {
  INKNAV_CUDA_TRY(cudaSetDevice(tracer->device), "the device");
  return start_to_host(*tracer, *batch, count, *delivery);
}

CudaStatus wait_chunk(const CudaImages* images, std::uint32_t chunk) {
  const auto& memory = *static_cast<const ImageMemory*>(images->state);
  INKNAV_CUDA_TRY(cudaSetDevice(memory.device), "the device");
  INKNAV_CUDA_TRY(cudaEventSynchronize(memory.copied.at(chunk).get()), "rendering");
  return kCudaOk;
}

CudaStatus time(CudaTracer* tracer, CudaBatch* batch, std::uint32_t count, const CudaImages* images,
                std::int32_t as_graph, std::int32_t repetitions, float* milliseconds) {
  INKNAV_CUDA_TRY(cudaSetDevice(tracer->device), "the device");
  return time_enqueue(*tracer, *batch, count, *images, as_graph != 0, repetitions, milliseconds);
}

constexpr CudaApi kApi = {.abi_version = kCudaAbiVersion,
                          .api_bytes = sizeof(CudaApi),
                          .camera_bytes = sizeof(CudaCamera),
                          .view_bytes = sizeof(CudaView),
                          .scene_bytes = sizeof(CudaScene),
                          .node_bytes = sizeof(WideNode),
                          .triangle_bytes = sizeof(WideTriangle),
                          .images_bytes = sizeof(CudaImages),
                          .targets_bytes = sizeof(CudaTargets),
                          .delivery_bytes = sizeof(CudaDelivery),
                          .last_error = last_error,
                          .describe_device = describe_device,
                          .create_tracer = create_tracer,
                          .destroy_tracer = destroy_tracer,
                          .set_scene = set_scene,
                          .clear_scene = clear_scene,
                          .choose_kernel = choose_kernel,
                          .create_batch = create_batch,
                          .destroy_batch = destroy_batch,
                          .create_images = create_images,
                          .destroy_images = destroy_images,
                          .enqueue = enqueue_on,
                          .mark = mark,
                          .wait_views = wait_views,
                          .start_to_host = start,
                          .wait_chunk = wait_chunk,
                          .time_enqueue = time};

}  // namespace
}  // namespace inknav::render

extern "C" __attribute__((visibility("default"))) const inknav::render::CudaApi* inknav_cuda_api() {
  return &inknav::render::kApi;
}
