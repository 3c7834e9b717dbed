// SPDX-License-Identifier: MIT
#pragma once
// EpisodePacking: the episodes inside a rollout as sequences of their own, longest first, so that a recurrent
// core runs over all of them in one call of libtorch's packed gru or lstm (one cuDNN call on a GPU).
//
// A sequence begins where keep is 0 and at the rollout's first step. Cost: one pass over keep on the host.

#include <torch/torch.h>

#include "learn/placement.h"

namespace inknav::learn {

struct EpisodePacking {
  torch::Tensor rows;          // [T * N] i64: row t * N + n at each packed place
  torch::Tensor places;        // [T * N] i64: the reverse
  torch::Tensor batch_sizes;   // [longest] i64, on the host: sequences that are at least so long
  torch::Tensor environments;  // [sequences] i64: whose each is
  torch::Tensor carried;       // [sequences, 1] f32: 1 where it goes on from the state before the rollout
  torch::Tensor last;          // [N] i64: the sequence that each environment ends with
};

/// keep [T, N] f32 on the host.
EpisodePacking pack_episodes(const torch::Tensor& keep, const Placement& placement);

}  // namespace inknav::learn
