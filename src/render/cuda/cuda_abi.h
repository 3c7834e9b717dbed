// SPDX-License-Identifier: MIT
#pragma once
// What the program and its CUDA plug-in (libinknav_cuda.so) tell each other: plain data and a table of
// functions with C linkage. The plug-in holds everything that needs CUDA; the program opens it at run time
// (cuda_plugin.h) and compares version and sizes before it calls anything else.
//
// Every function that returns CudaStatus leaves a sentence for last_error() (of the calling thread) when it
// fails. Threads: one at a time per tracer. Streams are cudaStream_t as void*, null = the default stream.
// Change anything here -> raise kCudaAbiVersion.

#include <cstdint>

#include "render/camera.h"
#include "render/picture_code.h"
#include "render/surface.h"
#include "render/wide_bvh/wide_node.h"

namespace inknav::render {

inline constexpr std::uint32_t kCudaAbiVersion = 2;
inline constexpr std::uint32_t kMaxCudaScenes = 4096;  // slots of one tracer

enum CudaStatus : std::int32_t { kCudaOk = 0, kCudaUnusable = 1, kCudaOutOfMemory = 2, kCudaFailed = 3 };

struct CudaDevice {
  char name[256];
  std::uint64_t memory_bytes;
  std::int32_t multiprocessors;
  std::int32_t compute_capability;  // 90 = 9.0
};

struct CudaCamera {
  std::int32_t width;
  std::int32_t height;
  float near_m;
  float far_m;
  PixelRays rays;
};

/// One image to make. Views of one scene should stand together, so that its nodes stay in the cache.
struct CudaView {
  CameraFrame frame;
  std::uint32_t scene;   // slot
  std::uint32_t target;  // index of the image in the packed output
  float slack_m;         // traversal_slack()
  std::uint32_t row;     // whose picture it is, of CudaPictures
};
static_assert(sizeof(CudaView) == 64);

/// Host memory, read during set_scene only.
struct CudaScene {
  const WideNode* nodes;
  std::uint64_t num_nodes;
  const WideTriangle* triangles;
  std::uint64_t num_triangles;
  SurfaceTables surface;
};

/// Forms of the tracing kernel, by threads a block; "48_registers" keeps more warps resident with fewer
/// registers. All give the same images; the first is what a tracer starts with.
inline constexpr const char* kCudaKernels[] = {"128", "32", "64", "256", "128_48_registers"};
inline constexpr std::uint32_t kNumCudaKernels = 5;

struct CudaTracer;  // scenes on one device
struct CudaBatch;   // a camera and room for views, on host and device

/// Images on the device and pinned host memory of the same form; null where not wanted.
struct CudaImages {
  float* device_depth;       // [capacity, height, width] f32, metres
  std::uint8_t* device_rgb;  // [capacity, height, width, 3] u8
  float* host_depth;
  std::uint8_t* host_rgb;
  void* state;  // of the plug-in
};

/// Pictures in the memory of somebody else on the tracer's device; data = null: not wanted. Their streams are
/// not looked at.
struct CudaPictures {
  base::DevicePicture depth;
  base::DevicePicture rgb;
  DepthCoding coding;
};

/// What the kernel writes, all on the device; null where not wanted.
struct CudaTargets {
  float* depth;       // [capacity, height, width] f32, metres
  std::uint8_t* rgb;  // [capacity, height, width, 3] u8
  CudaPictures pictures;
};

/// Images for the host, in chunks, and the pictures of the same views.
struct CudaDelivery {
  const CudaImages* images;
  std::uint32_t chunk_views;
  CudaPictures pictures;
  void* pictures_stream;  // whose order the pictures keep
};

struct CudaApi {
  std::uint32_t abi_version;
  std::uint32_t api_bytes;
  std::uint32_t camera_bytes;
  std::uint32_t view_bytes;
  std::uint32_t scene_bytes;
  std::uint32_t node_bytes;
  std::uint32_t triangle_bytes;
  std::uint32_t images_bytes;
  std::uint32_t targets_bytes;
  std::uint32_t delivery_bytes;

  const char* (*last_error)();
  /// kCudaUnusable: no driver, a driver too old, no such device.
  CudaStatus (*describe_device)(std::int32_t device, CudaDevice* out);

  CudaStatus (*create_tracer)(std::int32_t device, CudaTracer** out);
  void (*destroy_tracer)(CudaTracer* tracer);
  /// Uploads a scene; waits for the device. Replaces what was in the slot.
  CudaStatus (*set_scene)(CudaTracer* tracer, std::uint32_t slot, const CudaScene* scene);
  CudaStatus (*clear_scene)(CudaTracer* tracer, std::uint32_t slot);
  /// Renders with this one of kCudaKernels from now on; for benchmarks.
  CudaStatus (*choose_kernel)(CudaTracer* tracer, std::uint32_t kernel);

  /// `views` of the result is pinned host memory for `capacity` views, to be filled before enqueue.
  CudaStatus (*create_batch)(CudaTracer* tracer, const CudaCamera* camera, std::uint32_t capacity,
                             CudaBatch** out, CudaView** views);
  void (*destroy_batch)(CudaBatch* batch);
  /// Room for `capacity` images of that camera.
  CudaStatus (*create_images)(CudaTracer* tracer, const CudaCamera* camera, std::uint32_t capacity,
                              std::int32_t depth, std::int32_t rgb, CudaImages* out);
  void (*destroy_images)(CudaImages* images);

  /// Copies the first `count` views to the device and renders them into device memory on `stream`. Allocates
  /// nothing and does not wait, so it may be captured into a graph; the views must stay as they are until the
  /// stream has passed.
  CudaStatus (*enqueue)(CudaTracer* tracer, CudaBatch* batch, std::uint32_t count, const CudaTargets* targets,
                        void* stream);
  /// Notes how far `stream` has come, after an enqueue that is not captured; wait_views() waits until the
  /// stream has passed the last note, so that the views may be changed. Without a note it returns at once.
  CudaStatus (*mark)(CudaBatch* batch, void* stream);
  CudaStatus (*wait_views)(CudaBatch* batch);
  /// Renders into images and pictures, in chunks in the order of the views (targets must be 0, 1, ...), each
  /// copied to host memory while the next is rendered. Does not wait.
  CudaStatus (*start_to_host)(CudaTracer* tracer, CudaBatch* batch, std::uint32_t count,
                              const CudaDelivery* delivery);
  /// Waits until a chunk of start_to_host lies in host memory.
  CudaStatus (*wait_chunk)(const CudaImages* images, std::uint32_t chunk);

  /// Device time of `repetitions` calls of enqueue, each between two events, after one untimed; as replays of
  /// one captured graph where `as_graph` is not 0.
  CudaStatus (*time_enqueue)(CudaTracer* tracer, CudaBatch* batch, std::uint32_t count,
                             const CudaImages* images, std::int32_t as_graph, std::int32_t repetitions,
                             float* milliseconds);
};

/// Name of the plug-in's only symbol, which is a const CudaApi* (*)().
inline constexpr const char* kCudaEntry = "inknav_cuda_api";

}  // namespace inknav::render
