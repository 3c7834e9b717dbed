// SPDX-License-Identifier: MIT
#pragma once
// One place for libtorch's process-wide switches: one intra-operator thread (parallelism is ranks),
// deterministic algorithms, no fill of fresh memory, denormals flushed, freed memory kept by the allocator.
// Idempotent; call before the first tensor.

namespace inknav::learn {

void setup_torch();
/// For each further thread that computes with tensors: what setup_torch() can only set for its own. Cheap.
void setup_torch_thread();

}  // namespace inknav::learn
