// SPDX-License-Identifier: MIT
// Returns and losses against plain twins: one number at a time, in double precision.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <vector>

#include "base/philox.h"
#include "learn/ppo/collector.h"
#include "learn/ppo/loss.h"
#include "learn/ppo/returns.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

struct Trajectories {
  std::int64_t steps = 9, envs = 4;
  std::vector<float> rewards, values, done, bootstrap, returns, advantages;

  Trajectories() {
    base::PhiloxStream stream({11, 0, 0, 0, base::Purpose::kTest});
    const auto count = static_cast<std::size_t>(steps * envs);
    for (std::size_t i = 0; i < count; ++i) {
      rewards.push_back(stream.normal());
      const bool ends = stream.uniform() < 0.25f;
      done.push_back(ends ? 1.0f : 0.0f);
      bootstrap.push_back(ends && stream.uniform() < 0.5f ? stream.normal() : 0.0f);
    }
    for (std::size_t i = 0; i < count + static_cast<std::size_t>(envs); ++i)
      values.push_back(stream.normal());
    returns.resize(count);
    advantages.resize(count);
  }
  void run(float gamma, float tau, bool use_gae) {
    compute_returns({gamma, tau, use_gae}, {steps, envs, rewards.data(), values.data(), done.data(),
                                            bootstrap.data(), returns.data(), advantages.data()});
  }
  std::size_t at(std::int64_t t, std::int64_t n) const { return static_cast<std::size_t>(t * envs + n); }
};

/// The definition: sum over k of (gamma tau)^k delta, up to the end of the episode or of the rollout.
double advantage_by_definition(const Trajectories& x, std::int64_t t, std::int64_t n, double gamma,
                               double tau) {
  double sum = 0.0, weight = 1.0;
  for (std::int64_t k = t; k < x.steps; ++k) {
    const bool done = x.done[x.at(k, n)] > 0.5f;
    const double next = done ? x.bootstrap[x.at(k, n)] : x.values[x.at(k + 1, n)];
    sum += weight * (x.rewards[x.at(k, n)] + gamma * next - x.values[x.at(k, n)]);
    if (done) break;
    weight *= gamma * tau;
  }
  return sum;
}

TEST(Returns, GaeEqualsItsDefinition) {
  Trajectories x;
  x.run(0.97f, 0.9f, true);
  for (std::int64_t t = 0; t < x.steps; ++t) {
    for (std::int64_t n = 0; n < x.envs; ++n) {
      EXPECT_NEAR(x.advantages[x.at(t, n)], advantage_by_definition(x, t, n, 0.97, 0.9), 1e-5);
      EXPECT_NEAR(x.returns[x.at(t, n)], x.advantages[x.at(t, n)] + x.values[x.at(t, n)], 1e-6);
    }
  }
}

TEST(Returns, GaeWithTauOneEqualsDiscountedReturns) {
  Trajectories a, b;
  a.run(0.97f, 1.0f, true);
  b.run(0.97f, 1.0f, false);
  for (std::size_t i = 0; i < a.returns.size(); ++i) {
    EXPECT_NEAR(a.returns[i], b.returns[i], 1e-4);
    EXPECT_NEAR(a.advantages[i], b.advantages[i], 1e-4);
  }
}

struct LossCase {
  std::int64_t rows = 24, actions = 4;
  Tensor logits, values;
  Minibatch batch;

  LossCase() {
    torch::manual_seed(3);
    logits = torch::randn({rows, actions});
    values = torch::randn({rows});
    batch.actions = torch::randint(actions, {rows}, torch::kInt64);
    batch.old_log_prob =
        torch::log_softmax(torch::randn({rows, actions}), 1).gather(1, batch.actions.unsqueeze(1)).squeeze(1);
    batch.old_values = values + 0.4 * torch::randn({rows});
    batch.returns = torch::randn({rows});
    batch.advantages = torch::randn({rows});
    batch.labels.expert_action = torch::randint(actions, {rows}, torch::kInt64);
  }
};

struct TwinWeights {
  double clip, value, entropy, cloning;
  bool clip_value;
};

/// The total loss of logits and values, written out row by row.
double twin_loss(const LossCase& c, const std::vector<double>& logits, const std::vector<double>& values,
                 const TwinWeights& w) {
  double action = 0.0, value = 0.0, entropy = 0.0, cloning = 0.0;
  for (std::int64_t i = 0; i < c.rows; ++i) {
    const double* row = logits.data() + i * c.actions;
    double sum = 0.0;
    for (std::int64_t a = 0; a < c.actions; ++a) sum += std::exp(row[a]);
    const auto log_prob = [&](std::int64_t a) { return row[a] - std::log(sum); };
    for (std::int64_t a = 0; a < c.actions; ++a) entropy -= std::exp(log_prob(a)) * log_prob(a);
    const double ratio =
        std::exp(log_prob(c.batch.actions[i].item<std::int64_t>()) - c.batch.old_log_prob[i].item<double>());
    const double advantage = c.batch.advantages[i].item<double>();
    const double bounded = std::min(std::max(ratio, 1.0 - w.clip), 1.0 + w.clip);
    action -= std::min(ratio * advantage, bounded * advantage);
    const double v = values[static_cast<std::size_t>(i)], target = c.batch.returns[i].item<double>();
    const double old = c.batch.old_values[i].item<double>();
    const double near = old + std::min(std::max(v - old, -w.clip), w.clip);
    const double plain = (v - target) * (v - target), clipped = (near - target) * (near - target);
    value += 0.5 * (w.clip_value ? std::max(plain, clipped) : plain);
    const std::int64_t expert = c.batch.labels.expert_action[i].item<std::int64_t>();
    cloning -= log_prob(expert) * (expert == 0 ? static_cast<double>(kStopWeight) : 1.0);
  }
  return (action + w.value * value - w.entropy * entropy + w.cloning * cloning) / static_cast<double>(c.rows);
}

std::vector<double> numbers(const Tensor& t) {
  const Tensor flat = t.detach().to(torch::kFloat64).flatten().contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

TEST(Loss, EqualsThePlainTwinInValueAndGradient) {
  for (const bool clip_value : {true, false}) {
    LossCase c;
    c.logits.requires_grad_(true);
    c.values.requires_grad_(true);
    PolicyOutput output;
    output.log_probabilities = torch::log_softmax(c.logits, 1);
    output.value = c.values;
    LossWeights weights;
    weights.clip_value = clip_value;
    weights.cloning = 0.3f;
    weights.entropy = 0.02f;
    const Loss loss = minibatch_loss(output, Tensor(), Tensor(), c.batch, weights);
    loss.total.backward();
    const TwinWeights twin{weights.clip, weights.value, weights.entropy, weights.cloning, clip_value};
    std::vector<double> logits = numbers(c.logits), values = numbers(c.values);
    EXPECT_NEAR(loss.total.item<double>(), twin_loss(c, logits, values, twin), 1e-5);
    const auto check = [&](std::vector<double>& x, const Tensor& gradient) {
      const std::vector<double> expected = numbers(gradient);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double kept = x[i], h = 1e-6;
        x[i] = kept + h;
        const double up = twin_loss(c, logits, values, twin);
        x[i] = kept - h;
        const double down = twin_loss(c, logits, values, twin);
        x[i] = kept;
        EXPECT_NEAR(expected[i], (up - down) / (2.0 * h), 1e-5) << i;
      }
    };
    check(logits, c.logits.grad());
    check(values, c.values.grad());
  }
}

TEST(Collector, SampledActionsFollowTheProbabilities) {
  const std::vector<float> log_prob{std::log(0.1f), std::log(0.2f), std::log(0.3f), std::log(0.4f)};
  std::vector<int> count(4, 0);
  base::PhiloxStream stream({2, 0, 0, 0, base::Purpose::kTest});
  constexpr int kDraws = 40000;
  for (int i = 0; i < kDraws; ++i)
    ++count[static_cast<std::size_t>(pick_action(log_prob.data(), 4, stream.uniform()))];
  for (std::size_t a = 0; a < 4; ++a) {
    EXPECT_NEAR(static_cast<double>(count[a]) / kDraws, std::exp(log_prob[a]), 0.01);
  }
}

TEST(Collector, ScheduleFallsLinearlyAndStays) {
  ImitationSettings settings;
  settings.updates = 10;
  settings.expert_mix_start = 0.6f;
  settings.expert_mix_end = 0.2f;
  settings.expert_mix_updates = 4;
  settings.belief_reset_start = 0.3f;
  settings.belief_reset_end = 0.1f;
  settings.belief_updates = 2;
  EXPECT_FLOAT_EQ(collect_mode(settings, 0.3f, 0).expert_mix, 0.6f);
  EXPECT_FLOAT_EQ(collect_mode(settings, 0.3f, 2).expert_mix, 0.4f);
  EXPECT_FLOAT_EQ(collect_mode(settings, 0.3f, 9).expert_mix, 0.2f);
  EXPECT_FLOAT_EQ(collect_mode(settings, 0.3f, 1).belief_reset, 0.2f);
  EXPECT_TRUE(collect_mode(settings, 0.3f, 9).imitation);
  EXPECT_FALSE(collect_mode(settings, 0.3f, 10).imitation);
}

}  // namespace
}  // namespace inknav::learn
