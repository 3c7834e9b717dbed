// SPDX-License-Identifier: MIT
#include <algorithm>

#include "render/cuda/trace_kernel.cuh"
#include "render/cuda/tracer.cuh"

namespace inknav::render {
namespace {

CudaStatus refuse(const char* what) {
  last_cuda_error() = what;
  return kCudaFailed;
}

CudaStatus make_events(std::vector<Event>& events, std::size_t count) {
  while (events.size() < count) {
    Event event;
    INKNAV_CUDA_TRY(cudaEventCreateWithFlags(event.out(), cudaEventDisableTiming), "an event");
    events.push_back(std::move(event));
  }
  return kCudaOk;
}

CudaTargets packed_targets(const CudaImages& images) {
  CudaTargets targets{};
  targets.depth = images.device_depth;
  targets.rgb = images.device_rgb;
  return targets;
}

/// `after` goes on when all that is on `before` now is done.
CudaStatus follow(cudaStream_t before, Event& event, cudaStream_t after) {
  if (event.get() == nullptr) {
    INKNAV_CUDA_TRY(cudaEventCreateWithFlags(event.out(), cudaEventDisableTiming), "an event");
  }
  INKNAV_CUDA_TRY(cudaEventRecord(event.get(), before), "an event");
  INKNAV_CUDA_TRY(cudaStreamWaitEvent(after, event.get(), 0), "an event");
  return kCudaOk;
}

struct Chunk {
  std::size_t index;
  std::size_t first_pixel;
  std::size_t pixels;
};

/// A rendered chunk to host memory, beside the rendering of the next.
CudaStatus copy_chunk(CudaTracer& tracer, const CudaImages& images, const CudaTargets& from,
                      const Chunk& chunk) {
  const auto& memory = *static_cast<ImageMemory*>(images.state);
  const cudaStream_t copy = tracer.copy_stream.get();
  const std::size_t first = chunk.first_pixel, pixels = chunk.pixels;
  INKNAV_CUDA_TRY(cudaStreamWaitEvent(copy, memory.rendered[chunk.index].get(), 0), "an event");
  if (from.depth != nullptr) {
    INKNAV_CUDA_TRY(cudaMemcpyAsync(images.host_depth + first, from.depth + first, pixels * sizeof(float),
                                    cudaMemcpyDeviceToHost, copy),
                    "copying depth");
  }
  if (from.rgb != nullptr) {
    INKNAV_CUDA_TRY(cudaMemcpyAsync(images.host_rgb + 3 * first, from.rgb + 3 * first, pixels * 3,
                                    cudaMemcpyDeviceToHost, copy),
                    "copying colour");
  }
  INKNAV_CUDA_TRY(cudaEventRecord(memory.copied[chunk.index].get(), copy), "an event");
  return kCudaOk;
}

/// The work of enqueue as a graph that can be launched again and again.
CudaStatus capture(CudaTracer& tracer, CudaBatch& batch, std::uint32_t count, const CudaImages& images,
                   GraphExec& exec) {
  const cudaStream_t stream = tracer.render_stream.get();
  Graph graph;
  INKNAV_CUDA_TRY(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "graph capture");
  const CudaStatus status = enqueue(tracer, batch, count, packed_targets(images), stream);
  INKNAV_CUDA_TRY(cudaStreamEndCapture(stream, graph.out()), "graph capture");
  INKNAV_CUDA_PASS(status);
  INKNAV_CUDA_TRY(cudaGraphInstantiate(exec.out(), graph.get(), 0), "a graph");
  return kCudaOk;
}

}  // namespace

CudaStatus CudaTracer::open() {
  scenes.resize(kMaxCudaScenes);
  INKNAV_CUDA_PASS(table.allocate(kMaxCudaScenes, "memory for the table of scenes"));
  INKNAV_CUDA_TRY(cudaStreamCreateWithFlags(render_stream.out(), cudaStreamNonBlocking), "a stream");
  INKNAV_CUDA_TRY(cudaStreamCreateWithFlags(copy_stream.out(), cudaStreamNonBlocking), "a stream");
  return kCudaOk;
}

CudaStatus CudaTracer::set_scene(std::uint32_t slot, const CudaScene& scene) {
  if (slot >= kMaxCudaScenes) return refuse("a scene slot below 4096");
  auto memory = std::make_unique<SceneMemory>();
  INKNAV_CUDA_PASS(memory->upload(scene));
  INKNAV_CUDA_TRY(cudaDeviceSynchronize(), "waiting for the device");
  INKNAV_CUDA_TRY(
      cudaMemcpy(table.data() + slot, &memory->view(), sizeof(DeviceScene), cudaMemcpyHostToDevice),
      "the table of scenes");
  // A copy from pageable memory may return before it has arrived (CUDA's "API synchronization behavior"), and
  // the streams that render do not wait for the default one.
  INKNAV_CUDA_TRY(cudaStreamSynchronize(nullptr), "the table of scenes");
  scenes[slot] = std::move(memory);
  return kCudaOk;
}

CudaStatus CudaTracer::clear_scene(std::uint32_t slot) {
  if (slot >= kMaxCudaScenes) return refuse("a scene slot below 4096");
  INKNAV_CUDA_TRY(cudaDeviceSynchronize(), "waiting for the device");
  scenes[slot] = nullptr;
  return kCudaOk;
}

CudaStatus enqueue(CudaTracer& tracer, CudaBatch& batch, std::uint32_t count, const CudaTargets& targets,
                   cudaStream_t stream) {
  if (count > batch.capacity) return refuse("a batch that holds all views");
  INKNAV_CUDA_TRY(cudaMemcpyAsync(batch.device_views.data(), batch.host_views.data(),
                                  count * sizeof(CudaView), cudaMemcpyHostToDevice, stream),
                  "copying views");
  INKNAV_CUDA_TRY(launch_trace(stream, tracer.kernel, batch.camera,
                               {batch.device_views.data(), tracer.table.data(), targets}, count),
                  "raycast/primary");
  return kCudaOk;
}

CudaStatus start_to_host(CudaTracer& tracer, CudaBatch& batch, std::uint32_t count,
                         const CudaDelivery& delivery) {
  const CudaImages& images = *delivery.images;
  auto& memory = *static_cast<ImageMemory*>(images.state);
  if (count > batch.capacity || count > memory.capacity || delivery.chunk_views == 0) {
    return refuse("a batch and images that hold all views");
  }
  const std::size_t chunks = (count + delivery.chunk_views - 1) / delivery.chunk_views;
  INKNAV_CUDA_PASS(make_events(memory.rendered, chunks));
  INKNAV_CUDA_PASS(make_events(memory.copied, chunks));
  const cudaStream_t render = tracer.render_stream.get();
  const auto pictures_stream = static_cast<cudaStream_t>(delivery.pictures_stream);
  const bool pictures = delivery.pictures.depth.data != nullptr || delivery.pictures.rgb.data != nullptr;
  if (pictures) INKNAV_CUDA_PASS(follow(pictures_stream, memory.pictures_free, render));
  INKNAV_CUDA_TRY(cudaMemcpyAsync(batch.device_views.data(), batch.host_views.data(),
                                  count * sizeof(CudaView), cudaMemcpyHostToDevice, render),
                  "copying views");
  CudaTargets targets{};
  if (images.host_depth != nullptr) targets.depth = images.device_depth;
  if (images.host_rgb != nullptr) targets.rgb = images.device_rgb;
  targets.pictures = delivery.pictures;
  for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
    const std::size_t begin = chunk * delivery.chunk_views;
    const std::size_t views = std::min<std::size_t>(delivery.chunk_views, count - begin);
    INKNAV_CUDA_TRY(launch_trace(render, tracer.kernel, batch.camera,
                                 {batch.device_views.data() + begin, tracer.table.data(), targets},
                                 static_cast<std::uint32_t>(views)),
                    "raycast/primary");
    INKNAV_CUDA_TRY(cudaEventRecord(memory.rendered[chunk].get(), render), "an event");
    INKNAV_CUDA_PASS(copy_chunk(tracer, images, targets,
                                {chunk, begin * pixels_of(batch.camera), views * pixels_of(batch.camera)}));
  }
  if (pictures && chunks > 0) {
    INKNAV_CUDA_TRY(cudaStreamWaitEvent(pictures_stream, memory.rendered[chunks - 1].get(), 0), "an event");
  }
  return kCudaOk;
}

CudaStatus time_enqueue(CudaTracer& tracer, CudaBatch& batch, std::uint32_t count, const CudaImages& images,
                        bool as_graph, std::int32_t repetitions, float* milliseconds) {
  const cudaStream_t stream = tracer.render_stream.get();
  Event start, stop;
  INKNAV_CUDA_TRY(cudaEventCreate(start.out()), "an event");
  INKNAV_CUDA_TRY(cudaEventCreate(stop.out()), "an event");
  GraphExec exec;
  if (as_graph) INKNAV_CUDA_PASS(capture(tracer, batch, count, images, exec));
  for (std::int32_t i = -1; i < repetitions; ++i) {
    INKNAV_CUDA_TRY(cudaEventRecord(start.get(), stream), "an event");
    if (as_graph) {
      INKNAV_CUDA_TRY(cudaGraphLaunch(exec.get(), stream), "a graph launch");
    } else {
      INKNAV_CUDA_PASS(enqueue(tracer, batch, count, packed_targets(images), stream));
    }
    INKNAV_CUDA_TRY(cudaEventRecord(stop.get(), stream), "an event");
    INKNAV_CUDA_TRY(cudaEventSynchronize(stop.get()), "rendering");
    float elapsed = 0.0f;
    INKNAV_CUDA_TRY(cudaEventElapsedTime(&elapsed, start.get(), stop.get()), "an event");
    if (i >= 0) milliseconds[i] = elapsed;
  }
  return kCudaOk;
}

}  // namespace inknav::render
