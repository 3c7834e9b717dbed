// SPDX-License-Identifier: MIT
// The rows' layers against torch's own in double precision: values, and gradients of every input.
#include "learn/diffusion/unet1d_ops.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "learn/torch_setup.h"

namespace inknav::learn {
namespace {

using torch::Tensor;
using Layer = std::function<Tensor(const std::vector<Tensor>&)>;

/// Largest difference of the output and of every gradient, each relative to the largest number of the twin.
double difference(const Layer& fast, const Layer& slow, const std::vector<Tensor>& inputs) {
  std::vector<Tensor> single, precise;
  for (const Tensor& input : inputs) {
    single.push_back(input.detach().clone().requires_grad_());
    precise.push_back(input.detach().to(torch::kFloat64).requires_grad_());
  }
  const Tensor found = fast(single), wanted = slow(precise);
  EXPECT_EQ(found.sizes(), wanted.sizes());
  const Tensor weights = torch::randn_like(wanted);  // every output counts for itself
  (found * weights.to(torch::kFloat32)).sum().backward();
  (wanted * weights).sum().backward();
  double worst = 0.0;
  const auto compare = [&](const Tensor& a, const Tensor& b) {
    worst = std::max(worst, ((a - b).abs().max() / b.abs().max()).item<double>());
  };
  compare(found.detach(), wanted.detach());
  for (std::size_t i = 0; i < inputs.size(); ++i) compare(single[i].grad(), precise[i].grad());
  return worst;
}

// Sums of up to 64 * 16 products in f32 against f64.
constexpr double kRounding = 2e-5;

Tensor rows(const Tensor& x) { return x.transpose(1, 2); }

TEST(Unet1dOps, ConvolutionEqualsTorchs) {
  setup_torch();
  torch::manual_seed(1);
  for (const auto& [kernel, stride, length] : std::vector<std::array<std::int64_t, 3>>{
           {5, 1, 16}, {3, 2, 16}, {1, 1, 16}, {3, 1, 1}, {7, 1, 4}, {3, 2, 4}, {5, 1, 2}}) {
    SCOPED_TRACE(std::to_string(kernel) + " " + std::to_string(stride) + " " + std::to_string(length));
    const std::int64_t k = kernel, s = stride;
    const Layer fast = [&](const std::vector<Tensor>& in) { return conv_rows(in[0], in[1], in[2], s); };
    const Layer slow = [&](const std::vector<Tensor>& in) {
      return rows(torch::conv1d(rows(in[0]), in[1], in[2], s, k / 2));
    };
    EXPECT_LT(difference(fast, slow,
                         {torch::randn({6, length, 10}), torch::randn({7, 10, kernel}), torch::randn({7})}),
              kRounding);
  }
}

TEST(Unet1dOps, TransposedConvolutionEqualsTorchs) {
  setup_torch();
  torch::manual_seed(2);
  for (const std::int64_t length : {1, 2, 8}) {
    const Layer fast = [](const std::vector<Tensor>& in) {
      return transposed_conv_rows(in[0], in[1], in[2]);
    };
    const Layer slow = [](const std::vector<Tensor>& in) {
      return rows(torch::conv_transpose1d(rows(in[0]), in[1], in[2], 2, 1));
    };
    EXPECT_LT(
        difference(fast, slow, {torch::randn({5, length, 9}), torch::randn({9, 6, 4}), torch::randn({6})}),
        kRounding);
  }
}

TEST(Unet1dOps, NormMishAndFilmEqualTorchs) {
  setup_torch();
  torch::manual_seed(3);
  for (const std::int64_t film_columns : {0, 16, 32}) {
    for (const double spread : {0.01, 1.0, 30.0}) {
      SCOPED_TRACE(std::to_string(film_columns) + " " + std::to_string(spread));
      std::vector<Tensor> inputs = {2.0 + spread * torch::randn({5, 12, 16}), torch::randn({16}),
                                    torch::randn({16})};
      if (film_columns > 0) inputs.push_back(torch::randn({5, film_columns}));
      const Layer fast = [](const std::vector<Tensor>& in) {
        return norm_mish_rows(in[0], in[1], in[2], in.size() > 3 ? in[3] : Tensor(), 8, 1e-5);
      };
      const Layer slow = [](const std::vector<Tensor>& in) {
        const Tensor out = torch::mish(rows(torch::group_norm(rows(in[0]), 8, in[1], in[2], 1e-5)));
        if (in.size() < 4) return out;
        if (in[3].size(1) == 16) return out + in[3].unsqueeze(1);
        return in[3].narrow(1, 0, 16).unsqueeze(1) * out + in[3].narrow(1, 16, 16).unsqueeze(1);
      };
      // With a spread of 0.01 around 2 the deviations have lost two digits before they are scaled up again.
      EXPECT_LT(difference(fast, slow, inputs), spread < 0.1 ? 2e-3 : kRounding);
    }
  }
}

}  // namespace
}  // namespace inknav::learn
