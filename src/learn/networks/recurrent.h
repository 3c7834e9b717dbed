// SPDX-License-Identifier: MIT
#pragma once
// Recurrent cores over whole sequences, with episode boundaries inside.
//
// State rows are [num_envs, state_size]: GRU h; LSTM h next to c. keep[t] == 0 means that an episode begins
// at t: the state is zeroed before that step. The GRU is one autograd function with its own backward: the
// input product, the weight gradient and the bias gradient are one matrix product over all steps each; it is
// the CPU's. On a GPU episodes are packed, or, where shapes must not change, cells do each step.
// Under Autocast only products are computed in bf16: a state that is rounded at every step forgets, and
// cuDNN's packed cores would take f16, whose range gradients leave.
// Law: sequence(T) == T calls of sequence(1), and all of them equal the plain torch cells (tests).

#include <torch/torch.h>

#include <utility>

#include "learn/networks/episode_packing.h"
#include "learn/settings.h"

namespace inknav::learn {

class RecurrentCoreImpl : public torch::nn::Module {
 public:
  RecurrentCoreImpl(Recurrence kind, std::int64_t input_size, std::int64_t hidden_size);

  std::int64_t state_size() const;

  struct Output {
    torch::Tensor features;  // [T, N, hidden]
    torch::Tensor state;     // [N, state_size], after the last step
  };
  /// inputs [T, N, input], state [N, state_size], keep [T, N] f32. With a packing of the same keep all
  /// episodes run in one call.
  Output forward(const torch::Tensor& inputs, const torch::Tensor& state, const torch::Tensor& keep,
                 const EpisodePacking* packing = nullptr);
  /// The same by cells, step by step: what a GPU does without a packing, for any device.
  Output forward_cells(const torch::Tensor& inputs, const torch::Tensor& state,
                       const torch::Tensor& keep) const;

 private:
  Output forward_packed(const torch::Tensor& inputs, const torch::Tensor& state,
                        const EpisodePacking& packing) const;
  /// One step from the products of input and state, without biases; one kernel on a GPU. c (h) is the state
  /// before. Gives h and c (h).
  std::pair<torch::Tensor, torch::Tensor> lstm_cell(const torch::Tensor& of_input,
                                                    const torch::Tensor& of_state,
                                                    const torch::Tensor& c) const;
  torch::Tensor gru_cell(const torch::Tensor& of_input, const torch::Tensor& of_state,
                         const torch::Tensor& h) const;
  Output forward_lstm(const torch::Tensor& gates_input, const torch::Tensor& state,
                      const torch::Tensor& keep);

  Recurrence kind_;
  std::int64_t hidden_;
  torch::Tensor input_weight_;  // [gates * hidden, input], torch's gate order
  torch::Tensor input_bias_;
  torch::Tensor hidden_weight_;  // [gates * hidden, hidden]
  torch::Tensor hidden_bias_;
};
TORCH_MODULE(RecurrentCore);

}  // namespace inknav::learn
