// SPDX-License-Identifier: MIT
#include "learn/networks/recurrent.h"

#include <cmath>

#include "base/check.h"
#include "learn/networks/autocast.h"

namespace inknav::learn {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct GruStep {
  std::int64_t rows;
  std::int64_t hidden;
};

/// Finishes one step: gates holds sigmoid(r, z) in its first 2H columns; n is computed into its last H.
void gru_candidate(const GruStep& size, const float* input, const float* recurrent, float* gates,
                   float* candidate_h) {
  const std::int64_t hidden = size.hidden;
  for (std::int64_t row = 0; row < size.rows; ++row) {
    const float* in = input + row * 3 * hidden + 2 * hidden;
    const float* rec = recurrent + row * 3 * hidden + 2 * hidden;
    float* gate = gates + row * 3 * hidden;
    float* kept = candidate_h + row * hidden;
    for (std::int64_t j = 0; j < hidden; ++j) {
      kept[j] = rec[j];
      gate[2 * hidden + j] = in[j] + gate[j] * rec[j];
    }
  }
}

void gru_blend(const GruStep& size, const float* gates, const float* previous, float* out) {
  const std::int64_t hidden = size.hidden;
  for (std::int64_t row = 0; row < size.rows; ++row) {
    const float* gate = gates + row * 3 * hidden;
    const float* h = previous + row * hidden;
    float* o = out + row * hidden;
    for (std::int64_t j = 0; j < hidden; ++j) {
      const float z = gate[hidden + j];
      const float n = gate[2 * hidden + j];
      o[j] = n + z * (h[j] - n);
    }
  }
}

/// Gradients of the gates' inner sums; d_hidden becomes the direct part of the gradient of the state before.
void gru_gradient(const GruStep& size, const float* gates, const float* candidate_h, const float* previous,
                  float* d_hidden, float* d_input, float* d_recurrent) {
  const std::int64_t hidden = size.hidden;
  for (std::int64_t row = 0; row < size.rows; ++row) {
    const float* gate = gates + row * 3 * hidden;
    const float* kept = candidate_h + row * hidden;
    const float* h = previous + row * hidden;
    float* dh = d_hidden + row * hidden;
    float* din = d_input + row * 3 * hidden;
    float* drec = d_recurrent + row * 3 * hidden;
    for (std::int64_t j = 0; j < hidden; ++j) {
      const float r = gate[j];
      const float z = gate[hidden + j];
      const float n = gate[2 * hidden + j];
      const float dn = dh[j] * (1.0f - z) * (1.0f - n * n);
      const float dz = dh[j] * (h[j] - n) * z * (1.0f - z);
      const float dr = dn * kept[j] * r * (1.0f - r);
      din[j] = dr;
      din[hidden + j] = dz;
      din[2 * hidden + j] = dn;
      drec[j] = dr;
      drec[hidden + j] = dz;
      drec[2 * hidden + j] = dn * r;
      dh[j] *= z;
    }
  }
}

class GruSequence : public torch::autograd::Function<GruSequence> {
 public:
  /// input [T, N, 3H] (bias included), state [N, H], keep [T, N, 1], weight [3H, H], bias [3H].
  static Tensor forward(AutogradContext* context, const Tensor& input, const Tensor& state,
                        const Tensor& keep, const Tensor& weight, const Tensor& bias) {
    const std::int64_t steps = input.size(0);
    const GruStep size{input.size(1), state.size(1)};
    const std::int64_t hidden = size.hidden;
    Tensor outputs = torch::empty({steps, size.rows, hidden}, input.options());
    Tensor previous = torch::empty_like(outputs);
    Tensor candidate = torch::empty_like(outputs);
    Tensor gates = torch::empty_like(input);
    Tensor recurrent = torch::empty({size.rows, 3 * hidden}, input.options());
    const Tensor weight_t = weight.t();
    Tensor h = state;
    for (std::int64_t t = 0; t < steps; ++t) {
      Tensor h_in = previous[t];
      torch::mul_out(h_in, h, keep[t]);
      at::addmm_out(recurrent, bias, h_in, weight_t);
      Tensor gate = gates[t];
      Tensor sums = gate.narrow(1, 0, 2 * hidden);
      torch::add_out(sums, input[t].narrow(1, 0, 2 * hidden), recurrent.narrow(1, 0, 2 * hidden));
      sums.sigmoid_();
      gru_candidate(size, input[t].data_ptr<float>(), recurrent.data_ptr<float>(), gate.data_ptr<float>(),
                    candidate[t].data_ptr<float>());
      gate.narrow(1, 2 * hidden, hidden).tanh_();
      h = outputs[t];
      gru_blend(size, gate.data_ptr<float>(), h_in.data_ptr<float>(), h.data_ptr<float>());
    }
    context->save_for_backward({previous, candidate, gates, keep, weight});
    return outputs;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &previous = saved[0], &candidate = saved[1], &gates = saved[2], &keep = saved[3],
                 &weight = saved[4];
    const Tensor grad = gradients[0].contiguous();
    const std::int64_t steps = previous.size(0);
    const GruStep size{previous.size(1), previous.size(2)};
    Tensor d_input = torch::empty_like(gates);
    Tensor d_recurrent = torch::empty_like(gates);
    Tensor d_hidden = torch::zeros({size.rows, size.hidden}, grad.options());
    for (std::int64_t t = steps - 1; t >= 0; --t) {
      d_hidden.add_(grad[t]);
      gru_gradient(size, gates[t].data_ptr<float>(), candidate[t].data_ptr<float>(),
                   previous[t].data_ptr<float>(), d_hidden.data_ptr<float>(), d_input[t].data_ptr<float>(),
                   d_recurrent[t].data_ptr<float>());
      d_hidden.addmm_(d_recurrent[t], weight);
      d_hidden.mul_(keep[t]);
    }
    const Tensor flat = d_recurrent.view({steps * size.rows, 3 * size.hidden});
    const Tensor d_weight = flat.t().mm(previous.view({steps * size.rows, size.hidden}));
    return {d_input, d_hidden, Tensor(), d_weight, flat.sum(0)};
  }
};

/// The same tensors one behind the other in memory, as cuDNN wants them: else it copies them itself, at every
/// call, and says so every time.
std::vector<Tensor> chunked(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> flat;
  std::vector<std::int64_t> sizes;
  for (const Tensor& tensor : tensors) {
    flat.push_back(tensor.flatten());
    sizes.push_back(tensor.numel());
  }
  std::vector<Tensor> parts = torch::cat(flat).split_with_sizes(sizes);
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = parts[i].view(tensors[i].sizes());
  return parts;
}

std::int64_t num_gates(Recurrence kind) { return kind == Recurrence::kLstm ? 4 : 3; }

}  // namespace

RecurrentCoreImpl::RecurrentCoreImpl(Recurrence kind, std::int64_t input_size, std::int64_t hidden_size)
    : kind_(kind), hidden_(hidden_size) {
  INKNAV_CHECK(kind != Recurrence::kNone);
  const std::int64_t rows = num_gates(kind) * hidden_size;
  input_weight_ = register_parameter("input_weight", torch::empty({rows, input_size}));
  input_bias_ = register_parameter("input_bias", torch::zeros({rows}));
  hidden_weight_ = register_parameter("hidden_weight", torch::empty({rows, hidden_size}));
  hidden_bias_ = register_parameter("hidden_bias", torch::zeros({rows}));
}

std::int64_t RecurrentCoreImpl::state_size() const {
  return kind_ == Recurrence::kLstm ? 2 * hidden_ : hidden_;
}

RecurrentCoreImpl::Output RecurrentCoreImpl::forward(const Tensor& inputs, const Tensor& state,
                                                     const Tensor& keep, const EpisodePacking* packing) {
  if (packing != nullptr) return forward_packed(inputs, state, *packing);
  if (!inputs.is_cpu()) return forward_cells(inputs, state, keep);
  const std::int64_t steps = inputs.size(0);
  const std::int64_t rows = inputs.size(1);
  const Tensor sums =
      torch::addmm(input_bias_, inputs.reshape({steps * rows, inputs.size(2)}), input_weight_.t())
          .view({steps, rows, num_gates(kind_) * hidden_})
          .to(torch::kFloat32);  // under Autocast
  if (kind_ == Recurrence::kLstm) return forward_lstm(sums, state, keep);
  const Tensor features =
      GruSequence::apply(sums, state.contiguous(), keep.unsqueeze(2), hidden_weight_, hidden_bias_);
  return {features, features[steps - 1]};
}

RecurrentCoreImpl::Output RecurrentCoreImpl::forward_packed(const Tensor& inputs, const Tensor& state,
                                                            const EpisodePacking& packing) const {
  const WithoutAutocast plain(inputs.device());
  const std::int64_t steps = inputs.size(0), rows = inputs.size(1);
  const Tensor data =
      inputs.reshape({steps * rows, inputs.size(2)}).index_select(0, packing.rows).to(torch::kFloat32);
  const Tensor first = (state.index_select(0, packing.environments) * packing.carried).unsqueeze(0);
  const std::vector<Tensor> weights = chunked({input_weight_, hidden_weight_, input_bias_, hidden_bias_});
  const bool train = torch::GradMode::is_enabled();
  Tensor outputs, last;
  if (kind_ == Recurrence::kLstm) {
    Tensor h, c;
    std::tie(outputs, h, c) =
        at::lstm(data, packing.batch_sizes,
                 {first.narrow(2, 0, hidden_).contiguous(), first.narrow(2, hidden_, hidden_).contiguous()},
                 weights, true, 1, 0.0, train, false);
    last = torch::cat({h[0], c[0]}, 1);
  } else {
    std::tie(outputs, last) = at::gru(data, packing.batch_sizes, first, weights, true, 1, 0.0, train, false);
    last = last[0];
  }
  return {outputs.index_select(0, packing.places).view({steps, rows, hidden_}),
          last.index_select(0, packing.last)};
}

RecurrentCoreImpl::Output RecurrentCoreImpl::forward_cells(const Tensor& inputs, const Tensor& state,
                                                           const Tensor& keep) const {
  const bool lstm = kind_ == Recurrence::kLstm;
  const Tensor of_inputs = torch::linear(inputs, input_weight_).to(torch::kFloat32);  // of all steps at once
  std::vector<Tensor> outputs;
  Tensor h = state.narrow(1, 0, hidden_), c = lstm ? state.narrow(1, hidden_, hidden_) : Tensor();
  for (std::int64_t t = 0; t < inputs.size(0); ++t) {
    const Tensor mask = keep[t].unsqueeze(1), before = h * mask;
    const Tensor of_state = torch::linear(before, hidden_weight_).to(torch::kFloat32);
    const WithoutAutocast plain(inputs.device());
    if (lstm) {
      std::tie(h, c) = lstm_cell(of_inputs[t], of_state, c * mask);
    } else {
      h = gru_cell(of_inputs[t], of_state, before);
    }
    outputs.push_back(h);
  }
  return {torch::stack(outputs), lstm ? torch::cat({h, c}, 1) : h};
}

std::pair<Tensor, Tensor> RecurrentCoreImpl::lstm_cell(const Tensor& of_input, const Tensor& of_state,
                                                       const Tensor& c) const {
  if (c.is_cuda()) {
    const auto cell = at::_thnn_fused_lstm_cell(of_input, of_state, c, input_bias_, hidden_bias_);
    return {std::get<0>(cell), std::get<1>(cell)};
  }
  const std::vector<Tensor> gate = (of_input + input_bias_ + of_state + hidden_bias_).chunk(4, 1);
  const Tensor next = torch::sigmoid(gate[1]) * c + torch::sigmoid(gate[0]) * torch::tanh(gate[2]);
  return {torch::sigmoid(gate[3]) * torch::tanh(next), next};
}

Tensor RecurrentCoreImpl::gru_cell(const Tensor& of_input, const Tensor& of_state, const Tensor& h) const {
  if (h.is_cuda())
    return std::get<0>(at::_thnn_fused_gru_cell(of_input, of_state, h, input_bias_, hidden_bias_));
  const std::vector<Tensor> in = (of_input + input_bias_).chunk(3, 1);
  const std::vector<Tensor> kept = (of_state + hidden_bias_).chunk(3, 1);
  const Tensor z = torch::sigmoid(in[1] + kept[1]);
  const Tensor n = torch::tanh(in[2] + torch::sigmoid(in[0] + kept[0]) * kept[2]);
  return n + z * (h - n);
}

RecurrentCoreImpl::Output RecurrentCoreImpl::forward_lstm(const Tensor& gates_input, const Tensor& state,
                                                          const Tensor& keep) {
  const std::int64_t steps = gates_input.size(0);
  Tensor h = state.narrow(1, 0, hidden_);
  Tensor c = state.narrow(1, hidden_, hidden_);
  std::vector<Tensor> outputs;
  outputs.reserve(static_cast<std::size_t>(steps));
  const Tensor weight_t = hidden_weight_.t();
  for (std::int64_t t = 0; t < steps; ++t) {
    const Tensor mask = keep[t].unsqueeze(1);
    const Tensor sums = gates_input[t] + torch::addmm(hidden_bias_, h * mask, weight_t);
    const std::vector<Tensor> gate = sums.chunk(4, 1);
    c = torch::sigmoid(gate[1]) * (c * mask) + torch::sigmoid(gate[0]) * torch::tanh(gate[2]);
    h = torch::sigmoid(gate[3]) * torch::tanh(c);
    outputs.push_back(h);
  }
  return {torch::stack(outputs), torch::cat({h, c}, 1)};
}

}  // namespace inknav::learn
