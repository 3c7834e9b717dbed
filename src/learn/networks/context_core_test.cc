// SPDX-License-Identifier: MIT
#include "learn/networks/context_core.h"

#include <gtest/gtest.h>

#include "learn/networks/encoders.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

class ContextLaws : public ::testing::TestWithParam<Recurrence> {
 protected:
  ContextLaws() : core_(GetParam(), ContextShape{4, 16, 4, 2, 2}) {
    initialize(*core_, 3);
    torch::NoGradGuard no_grad;
    // What begins at zero would hide mistakes.
    auto generator = at::detail::createCPUGenerator(5);
    for (Tensor& parameter : core_->parameters())
      parameter.add_(0.1f * torch::randn(parameter.sizes(), generator));
    inputs_ = torch::randn({9, 3, 16}, generator);
    keep_ = torch::ones({9, 3});
    keep_[0].zero_();
    keep_[5][1] = 0.0f;
    state_ = torch::zeros({3, core_->state_size()});
  }
  ContextCore core_;
  Tensor inputs_, keep_, state_;
};

TEST_P(ContextLaws, ASequenceEqualsItsSteps) {
  torch::NoGradGuard no_grad;
  const auto whole = core_->forward(inputs_, state_, keep_);
  Tensor state = state_;
  for (std::int64_t t = 0; t < 9; ++t) {
    const auto step = core_->forward(inputs_.narrow(0, t, 1), state, keep_.narrow(0, t, 1));
    EXPECT_TRUE(torch::allclose(step.features[0], whole.features[t], 1e-5, 1e-6)) << t;  // batched products
    state = step.state;
  }
  EXPECT_TRUE(torch::equal(state, whole.state));
}

TEST_P(ContextLaws, NothingLaterAndNothingOfAnotherEpisodeIsSeen) {
  torch::NoGradGuard no_grad;
  const auto before = core_->forward(inputs_, state_, keep_);
  Tensor poisoned = inputs_.clone();
  poisoned.narrow(0, 6, 3).fill_(100.0f);  // the future of step 5
  const auto after = core_->forward(poisoned, state_, keep_);
  EXPECT_TRUE(torch::equal(before.features.narrow(0, 0, 6), after.features.narrow(0, 0, 6)));
  EXPECT_FALSE(torch::equal(before.features[6], after.features[6]));
  Tensor other = inputs_.clone();
  other.narrow(0, 0, 5).select(1, 1).fill_(100.0f);  // the episode of row 1 that ended before step 5
  const auto fresh = core_->forward(other, state_, keep_);
  EXPECT_TRUE(torch::equal(before.features.narrow(0, 5, 4).select(1, 1),
                           fresh.features.narrow(0, 5, 4).select(1, 1)));
}

TEST_P(ContextLaws, TheWindowEnds) {
  torch::NoGradGuard no_grad;
  const auto before = core_->forward(inputs_, state_, keep_);
  Tensor old = inputs_.clone();
  old[0].fill_(100.0f);  // five steps before step 5, the window holds four
  const auto after = core_->forward(old, state_, keep_);
  EXPECT_FALSE(torch::equal(before.features[3].select(0, 0), after.features[3].select(0, 0)));
  EXPECT_TRUE(torch::equal(before.features[5], after.features[5]));
}

TEST_P(ContextLaws, GradientsReachThePast) {
  Tensor inputs = inputs_.clone().requires_grad_();
  core_->forward(inputs, state_, keep_).features[3].sum().backward();
  EXPECT_GT(inputs.grad()[1].abs().sum().item<float>(), 0.0f);
  EXPECT_EQ(inputs.grad()[4].abs().sum().item<float>(), 0.0f);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ContextLaws, ::testing::Values(Recurrence::kTransformer, Recurrence::kStack));

}  // namespace
}  // namespace inknav::learn
