// SPDX-License-Identifier: MIT
#include "render/cuda/device_memory.cuh"

namespace inknav::render {

std::string& last_cuda_error() {
  thread_local std::string text;
  return text;
}

CudaStatus cuda_status(cudaError_t code, const char* what) {
  if (code == cudaSuccess) return kCudaOk;
  cudaGetLastError();  // takes the error out of CUDA's own record
  last_cuda_error() = std::string(what) + ": " + cudaGetErrorString(code);
  return code == cudaErrorMemoryAllocation ? kCudaOutOfMemory : kCudaFailed;
}

}  // namespace inknav::render
