// SPDX-License-Identifier: MIT
#pragma once
// INKNAV_HOST_DEVICE marks functions that run on the CPU and inside CUDA kernels, so that the code of a
// kernel is tested on machines without a GPU.
//
// Such functions give the same bits on both sides: a contraction is written as fused(a, b, c), and neither
// compiler makes others (g++ -ffp-contract=off, nvcc -fmad=false). Functions of the maths library are the
// exception (the device's log2 differs in the last place); who calls one says so.

#include <bit>
#include <cmath>
#include <cstdint>

#if defined(__CUDACC__)
#define INKNAV_HOST_DEVICE __host__ __device__
#else
#define INKNAV_HOST_DEVICE
#endif

namespace inknav::base {

/// a * b + c, rounded once.
INKNAV_HOST_DEVICE inline float fused(float a, float b, float c) {
#if defined(__CUDA_ARCH__)
  return __fmaf_rn(a, b, c);
#else
  return __builtin_fmaf(a, b, c);
#endif
}

INKNAV_HOST_DEVICE inline float float_from_bits(std::uint32_t bits) {
#if defined(__CUDA_ARCH__)
  return __uint_as_float(bits);
#else
  return std::bit_cast<float>(bits);
#endif
}

INKNAV_HOST_DEVICE inline std::uint32_t bits_of_float(float value) {
#if defined(__CUDA_ARCH__)
  return __float_as_uint(value);
#else
  return std::bit_cast<std::uint32_t>(value);
#endif
}

INKNAV_HOST_DEVICE inline int count_bits(std::uint32_t bits) {
#if defined(__CUDA_ARCH__)
  return __popc(bits);
#else
  return std::popcount(bits);
#endif
}

/// Index of the highest set bit; bits != 0.
INKNAV_HOST_DEVICE inline int highest_bit(std::uint32_t bits) {
#if defined(__CUDA_ARCH__)
  return 31 - __clz(static_cast<int>(bits));
#else
  return 31 - std::countl_zero(bits);
#endif
}

}  // namespace inknav::base
