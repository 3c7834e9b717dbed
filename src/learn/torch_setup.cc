// SPDX-License-Identifier: MIT
#include "learn/torch_setup.h"

#include <torch/torch.h>

namespace inknav::learn {

void setup_torch() {
  at::set_num_threads(1);
  at::globalContext().setDeterministicAlgorithms(true, true);
  at::globalContext().setDeterministicFillUninitializedMemory(false);
  at::globalContext().setFlushDenormal(true);
}

}  // namespace inknav::learn
