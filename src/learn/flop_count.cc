// SPDX-License-Identifier: MIT
#include "learn/flop_count.h"

#include <ATen/record_function.h>
#include <torch/torch.h>

#include <cstring>
#include <string_view>

namespace inknav::learn {
namespace {

thread_local std::int64_t counted = 0;

/// Of [.., m, k] x [.., k, n].
std::int64_t product(const c10::IValue& left, const c10::IValue& right) {
  return 2 * left.toTensor().numel() * right.toTensor().size(-1);
}

/// inputs: input, weight [out, in / groups, kernel...], bias or its sizes, stride, padding, dilation,
/// transposed, ...
std::int64_t convolution(c10::ArrayRef<const c10::IValue> inputs) {
  const torch::Tensor &in = inputs[0].toTensor(), &weight = inputs[1].toTensor();
  const std::int64_t of_one = 2 * weight.numel();  // multiplications and additions at one place
  if (inputs[6].toBool()) return of_one * in.numel() / in.size(1);
  const auto stride = inputs[3].toIntVector(), padding = inputs[4].toIntVector();
  const auto dilation = inputs[5].toIntVector();
  std::int64_t places = in.size(0);
  for (std::size_t i = 0; i < stride.size(); ++i) {
    const auto axis = static_cast<std::int64_t>(i) + 2;
    const std::int64_t reach = dilation[i] * (weight.size(axis) - 1) + 1;
    places *= (in.size(axis) + 2 * padding[i] - reach) / stride[i] + 1;
  }
  return of_one * places;
}

/// inputs: gradient of the output, those of the convolution to `groups`, which of input, weight and bias are
/// asked for.
std::int64_t convolution_backward(c10::ArrayRef<const c10::IValue> inputs) {
  const c10::List<bool> asked = inputs[10].toBoolList();
  return convolution(inputs.slice(1)) * (int{asked[0]} + int{asked[1]});
}

std::unique_ptr<at::ObserverContext> note(const at::RecordFunction& function) {
  const std::string_view name = function.name();
  const auto inputs = function.inputs();
  if (name == "aten::mm" || name == "aten::bmm") {
    counted += product(inputs[0], inputs[1]);
  } else if (name == "aten::addmm" || name == "aten::baddbmm") {
    counted += product(inputs[1], inputs[2]);
  } else if (name == "aten::convolution") {
    counted += convolution(inputs);
  } else if (name == "aten::convolution_backward") {
    counted += convolution_backward(inputs);
  }
  return nullptr;
}

}  // namespace

std::int64_t count_flops(const std::function<void()>& work) {
  counted = 0;
  const at::CallbackHandle handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback(note).needsInputs(true).scopes({at::RecordScope::FUNCTION}));
  work();
  at::removeCallback(handle);
  return counted;
}

std::int64_t flops_so_far() { return counted; }

}  // namespace inknav::learn
