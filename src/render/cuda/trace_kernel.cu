// SPDX-License-Identifier: MIT
#include "render/cuda/trace_kernel.cuh"
#include "render/wide_bvh/traverse.h"

namespace inknav::render {
namespace {

constexpr int kTileWidth = 8, kTileHeight = 4;  // of a warp

/// A form of the kernel: warps a block, in x and y, and how many blocks a multiprocessor must be able to
/// hold, which bounds the registers (0: as many as the compiler wants).
template <int kX, int kY, int kResident>
struct Form {
  static constexpr int kTilesX = kX, kTilesY = kY;
  static constexpr int kThreads = 32 * kX * kY, kResidentBlocks = kResident;
  static constexpr int kWidth = kTileWidth * kX, kHeight = kTileHeight * kY;
};

/// Depth of a pixel of a view, 0 m: nothing there.
__device__ void write_depth(const CudaTargets& targets, const CudaView& view, std::int64_t pixels,
                            std::int64_t pixel, float metres) {
  if (targets.depth != nullptr) targets.depth[view.target * pixels + pixel] = metres;
  const base::DevicePicture& picture = targets.pictures.depth;
  if (picture.data == nullptr) return;
  write_value(picture, value_index(picture, view.row, pixel), coded_depth(targets.pictures.coding, metres));
}

__device__ void write_rgb(const CudaTargets& targets, const CudaView& view, std::int64_t pixels,
                          std::int64_t pixel, const Rgb& color) {
  if (targets.rgb != nullptr) {
    std::uint8_t* out = targets.rgb + 3 * (view.target * pixels + pixel);
    out[0] = color.r;
    out[1] = color.g;
    out[2] = color.b;
  }
  const base::DevicePicture& picture = targets.pictures.rgb;
  if (picture.data != nullptr) write_colour(picture, value_index(picture, view.row, pixel), color);
}

template <typename F, bool kShade>
__global__ void __launch_bounds__(F::kThreads, F::kResidentBlocks)
    trace(const CudaCamera camera, const TraceArguments arguments, std::uint32_t blocks_x,
          std::uint32_t blocks_per_view) {
  const std::uint32_t block = blockIdx.x % blocks_per_view;
  const std::uint32_t warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const auto x = static_cast<std::int32_t>((block % blocks_x * F::kTilesX + warp % F::kTilesX) * kTileWidth +
                                           lane % kTileWidth);
  const auto y = static_cast<std::int32_t>((block / blocks_x * F::kTilesY + warp / F::kTilesX) * kTileHeight +
                                           lane / kTileWidth);
  if (x >= camera.width || y >= camera.height) return;
  const CudaView& view = arguments.views[blockIdx.x / blocks_per_view];
  const DeviceScene& scene = arguments.scenes[view.scene];
  const Ray ray{view.frame.origin, view.frame.direction(camera.rays.right(x), camera.rays.up(y)),
                camera.near_m, camera.far_m};
  Hit hit;
  const bool found = traverse(scene.bvh, ray, view.slack_m, hit);
  const std::int64_t pixels = std::int64_t{camera.width} * camera.height;
  const std::int64_t pixel = std::int64_t{y} * camera.width + x;
  write_depth(arguments.targets, view, pixels, pixel, found ? hit.depth : 0.0f);
  if (kShade) {
    const Rgb color =
        found ? shade(scene.surface, hit, ray.direction, camera.rays.pixel_size()) : Rgb{0, 0, 0};
    write_rgb(arguments.targets, view, pixels, pixel, color);
  }
}

template <typename F>
cudaError_t launch(cudaStream_t stream, const CudaCamera& camera, const TraceArguments& arguments,
                   std::uint32_t count) {
  const auto blocks_x = static_cast<std::uint32_t>((camera.width + F::kWidth - 1) / F::kWidth);
  const auto blocks_y = static_cast<std::uint32_t>((camera.height + F::kHeight - 1) / F::kHeight);
  const std::uint64_t blocks = std::uint64_t{blocks_x} * blocks_y * count;
  if (blocks > 0x7FFFFFFFu) return cudaErrorInvalidConfiguration;
  const auto grid = static_cast<unsigned>(blocks);
  if (!arguments.rgb_wanted()) {
    trace<F, false><<<grid, F::kThreads, 0, stream>>>(camera, arguments, blocks_x, blocks_x * blocks_y);
  } else {
    trace<F, true><<<grid, F::kThreads, 0, stream>>>(camera, arguments, blocks_x, blocks_x * blocks_y);
  }
  return cudaGetLastError();
}

}  // namespace

cudaError_t launch_trace(cudaStream_t stream, std::uint32_t form, const CudaCamera& camera,
                         const TraceArguments& arguments, std::uint32_t count) {
  if (count == 0 || (!arguments.depth_wanted() && !arguments.rgb_wanted())) return cudaSuccess;
  switch (form) {  // in the order of kCudaKernels
    case 0:
      return launch<Form<2, 2, 0>>(stream, camera, arguments, count);
    case 1:
      return launch<Form<1, 1, 0>>(stream, camera, arguments, count);
    case 2:
      return launch<Form<1, 2, 0>>(stream, camera, arguments, count);
    case 3:
      return launch<Form<2, 4, 0>>(stream, camera, arguments, count);
    case 4:
      return launch<Form<2, 2, 10>>(stream, camera, arguments, count);
    default:
      return cudaErrorInvalidValue;
  }
}

}  // namespace inknav::render
