// SPDX-License-Identifier: MIT
#pragma once
// The CUDA tracer's benchmark: many scenes, random poses, depth and RGB at several sizes; device time of
// output that stays on the device, wall time of output that arrives in host memory, and both against Embree
// in the same process.

#include <cstddef>
#include <string>
#include <vector>

#include "base/benchmark.h"
#include "base/result.h"

namespace inknav::render {

struct CudaBenchmarkSettings {
  int scenes = 16;
  std::size_t triangles = 500'000;  // of each scene, about
  std::vector<int> sizes = {64, 128, 256};
  int pixels_a_call = 16 * 1024 * 1024;  // views a call = this / pixels of a view
  int repetitions = 9;
  int threads = 1;
  int device = 0;
  bool embree = true;    // the baseline takes some seconds a row
  bool kernels = false;  // also every other form of the kernel (kCudaKernels)
};

struct CudaBenchmark {
  std::string device;
  std::string facts;  // scenes, triangles, seconds of set-up
  std::vector<base::BenchmarkResult> results;
};

base::Result<CudaBenchmark> run_cuda_benchmark(const CudaBenchmarkSettings& settings);

}  // namespace inknav::render
