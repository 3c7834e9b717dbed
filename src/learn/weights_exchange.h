// SPDX-License-Identifier: MIT
#pragma once
// Weights between our checkpoints (.safetensors) and PyTorch's files (.pth), and into a trainer.
//
// checkpoint_to_torch: the weights that the agent acts with ("ema/..." of a diffusion policy, else
//   "value/...") become {"state_dict": {name: tensor}, "inknav": metadata} (run/torch_weights.h); optimiser,
//   counters and worlds stay behind. A .safetensors file of somebody else is taken as it is.
// torch_to_checkpoint: the reverse. What checkpoint_to_torch wrote becomes a checkpoint that can be evaluated
//   and fine-tuned, not one that can be resumed; foreign weights keep their names.
// weights_to_start_from: a .pth for Trainer::load_weights, checked against the network: every parameter by
//   name and shape, f16, bf16 and f64 turned to f32, all finite. The error names the first few that do not
//   fit.
// Errors: kData with the file, kDisk for writing.

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "learn/trainer.h"
#include "run/torch_weights.h"

namespace inknav::learn {

struct ExchangeReport {
  std::size_t tensors = 0;
  std::size_t elements = 0;
  std::vector<std::string> not_read;  // foreign objects beside the weights
};

base::Result<ExchangeReport> checkpoint_to_torch(const std::filesystem::path& checkpoint,
                                                 const std::filesystem::path& out);
base::Result<ExchangeReport> torch_to_checkpoint(const std::filesystem::path& weights,
                                                 const std::filesystem::path& out,
                                                 const run::TorchReadOptions& options);

base::Result<std::vector<NamedBytes>> weights_to_start_from(const std::filesystem::path& weights,
                                                            const PolicyNetwork& network);

}  // namespace inknav::learn
