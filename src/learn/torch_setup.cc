// SPDX-License-Identifier: MIT
#include "learn/torch_setup.h"

#include <malloc.h>
#include <torch/torch.h>

namespace inknav::learn {
namespace {

// libtorch allocates and frees the same large buffers in every step. By default glibc hands each back to the
// kernel and pays for fresh, zeroed pages again. Kept, and with ReLU in place, the networks took a sixth less
// time (docs/measurements/2026-11-26-cpu.md).
constexpr int kKeptBytes = 2000000000;
constexpr int kGrowBytes = 64 << 20;

void keep_freed_memory() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, kKeptBytes);
  mallopt(M_TOP_PAD, kGrowBytes);
}

}  // namespace

void setup_torch() {
  keep_freed_memory();
  at::set_num_threads(1);
  at::globalContext().setDeterministicAlgorithms(true, true);
  at::globalContext().setDeterministicFillUninitializedMemory(false);
  at::globalContext().setFlushDenormal(true);
}

void setup_torch_thread() {
  at::set_num_threads(1);
  at::globalContext().setFlushDenormal(true);
}

}  // namespace inknav::learn
