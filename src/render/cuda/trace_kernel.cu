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
  const std::size_t pixel = (static_cast<std::size_t>(view.target) * camera.height + y) * camera.width + x;
  if (!kShade || arguments.depth != nullptr) arguments.depth[pixel] = found ? hit.depth : 0.0f;
  if (kShade) {
    const Rgb color =
        found ? shade(scene.surface, hit, ray.direction, camera.rays.pixel_size()) : Rgb{0, 0, 0};
    std::uint8_t* out = arguments.rgb + 3 * pixel;
    out[0] = color.r;
    out[1] = color.g;
    out[2] = color.b;
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
  if (arguments.rgb == nullptr) {
    trace<F, false><<<grid, F::kThreads, 0, stream>>>(camera, arguments, blocks_x, blocks_x * blocks_y);
  } else {
    trace<F, true><<<grid, F::kThreads, 0, stream>>>(camera, arguments, blocks_x, blocks_x * blocks_y);
  }
  return cudaGetLastError();
}

}  // namespace

cudaError_t launch_trace(cudaStream_t stream, std::uint32_t form, const CudaCamera& camera,
                         const TraceArguments& arguments, std::uint32_t count) {
  if (count == 0 || (arguments.depth == nullptr && arguments.rgb == nullptr)) return cudaSuccess;
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
