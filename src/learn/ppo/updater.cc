// SPDX-License-Identifier: MIT
#include "learn/ppo/updater.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/log.h"
#include "base/philox.h"
#include "learn/low_memory.h"
#include "learn/ppo/returns.h"
#include "run/injected_fault.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

constexpr std::uint32_t kDenoisingKeys = 1u << 16;  // apart from the keys of epochs
constexpr std::uint32_t kPartKeys = 1u << 17;       // and those of the parts of a minibatch from both
constexpr double kAdvantageFloor = 1e-5;            // added to the deviation before dividing

/// A permutation of [0, count) from one philox key (Fisher-Yates).
std::vector<std::int64_t> permutation(std::int64_t count, const base::PhiloxKey& key) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  base::PhiloxStream stream(key);
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[stream.uniform_int(static_cast<std::uint32_t>(i))]);
  }
  return order;
}

}  // namespace

LossWeights loss_weights(const PpoSettings& ppo, const ImitationSettings& imitation, bool predict_goal,
                         std::int64_t update, std::int64_t num_updates) {
  LossWeights weights;
  const bool pure = update < imitation.updates;
  const float left =
      1.0f - static_cast<float>(update) / static_cast<float>(std::max<std::int64_t>(num_updates, 1));
  weights.clip = ppo.use_linear_clip_decay ? ppo.clip_param * left : ppo.clip_param;
  weights.clip_value = ppo.use_clipped_value_loss;
  weights.action = pure ? 0.0f : 1.0f;
  weights.value = ppo.value_loss_coef;
  weights.entropy = ppo.entropy_coef;
  weights.cloning = ppo.use_behavior_cloning ? ppo.behavior_cloning_coef : 0.0f;
  if (pure && weights.cloning == 0.0f) weights.cloning = 1.0f;
  weights.waypoint = imitation.waypoint_coef;
  weights.correction = imitation.correction_coef;
  weights.goal = predict_goal ? ppo.goal_prediction_coef : 0.0f;
  weights.goal_place = ppo.goal_prediction_coef;
  return weights;
}

Updater::Updater(const PpoSettings& settings, std::uint64_t seed, PolicyNetwork& network,
                 FlatParameters& parameters, const DenoisingLoss* denoising, Ranks* ranks)
    : settings_(settings),
      seed_(seed),
      network_(network),
      parameters_(parameters),
      denoising_(denoising),
      ranks_(ranks) {}

/// Every frame weighs the same, whichever rank it comes from.
base::Status Updater::share_frames(const Rollout& rollout) {
  const auto mine = static_cast<double>(rollout.num_steps() * rollout.num_envs());
  double all = ranks_ == nullptr ? mine : mine * ranks_->size();
  if (ranks_ != nullptr && settings_.sync_frac > 0.0) {
    all = mine;
    INKNAV_RETURN_IF_ERROR(ranks_->sum(std::span<double>(&all, 1)));
  }
  frames_ = static_cast<std::int64_t>(all);
  share_ = mine / all;
  return base::ok_status();
}

base::Status Updater::prepare(Rollout& rollout) {
  ReturnArrays arrays;
  arrays.num_steps = rollout.num_steps();
  arrays.num_envs = rollout.num_envs();
  arrays.rewards = rollout.rewards.data_ptr<float>();
  arrays.values = rollout.values.data_ptr<float>();
  arrays.done = rollout.done.data_ptr<float>();
  arrays.bootstrap = rollout.bootstrap.data_ptr<float>();
  arrays.returns = rollout.returns.data_ptr<float>();
  arrays.advantages = rollout.advantages.data_ptr<float>();
  compute_returns({settings_.gamma, settings_.tau, settings_.use_gae}, arrays);
  if (!settings_.normalize_advantage) return base::ok_status();
  const std::int64_t count = arrays.num_steps * arrays.num_envs;
  std::array<double, 3> sums{static_cast<double>(count), 0.0, 0.0};
  for (std::int64_t i = 0; i < count; ++i) {
    const double a = arrays.advantages[i];
    sums[1] += a;
    sums[2] += a * a;
  }
  if (ranks_ != nullptr) INKNAV_RETURN_IF_ERROR(ranks_->sum(std::span<double>(sums)));
  const double mean = sums[1] / sums[0];
  const double deviation = std::sqrt(std::max(sums[2] / sums[0] - mean * mean, 0.0));
  with_second_try([&] { rollout.advantages.sub_(mean); });
  with_second_try([&] { rollout.advantages.div_(deviation + kAdvantageFloor); });
  return base::ok_status();
}

void Updater::differentiate(const UpdateSchedule& schedule, const Minibatch& batch, std::uint32_t key_number,
                            double part_of_batch) {
  PolicyInput input = batch.input;
  Tensor scale;
  if (batch.drawings.defined()) {
    const auto [features, correction] = network_.encode_drawings(batch.drawings);
    input.drawing = features.index_select(0, batch.drawing_index);
    scale = correction.index_select(0, batch.drawing_index);
  }
  const PolicyOutput output = network_.forward(input, batch.state, batch.keep);
  Tensor denoising;
  if (denoising_ != nullptr) {
    const auto rank = static_cast<std::uint32_t>(ranks_ == nullptr ? 0 : ranks_->rank());
    const base::PhiloxKey key{seed_ + schedule.order_key, rank, static_cast<std::uint32_t>(schedule.update),
                              kDenoisingKeys + key_number, base::Purpose::kMinibatchOrder};
    denoising = (*denoising_)(network_.denoiser(), output.condition, batch.labels.plan, key, part_of_batch);
  }
  const Loss loss = minibatch_loss(output, scale, denoising, batch, schedule.weights);
  const double share = part_of_batch * share_;
  (loss.total * share).backward();
  torch::NoGradGuard no_grad;
  parameters_.extra().narrow(0, 0, kNumLossTerms).add_(loss.terms * share);
}

/// Gradients and losses of a minibatch, part by part; false when memory ran out.
bool Updater::fill_bucket(const UpdateSchedule& schedule, const Rollout& rollout, Environments environments,
                          std::uint32_t number) {
  try {
    parameters_.zero_gradients();
    const auto count = static_cast<std::int64_t>(environments.size());
    for (std::int64_t part = 0; part < parts_; ++part) {
      const std::int64_t begin = count * part / parts_, end = count * (part + 1) / parts_;
      const Environments some =
          environments.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
      // Other plans and noise for each part; the first has the key of the whole.
      const std::uint32_t key_number = number + static_cast<std::uint32_t>(part) * kPartKeys;
      differentiate(schedule, rollout.minibatch({some.begin(), some.end()}), key_number,
                    static_cast<double>(end - begin) / static_cast<double>(count));
    }
    return true;
  } catch (const std::exception& fault) {
    if (!is_out_of_memory(fault)) throw;
    return false;
  }
}

/// What all ranks do after memory ran out on some; kDeviceMemory when nothing is left to be done.
base::Status Updater::make_room(std::int64_t update, std::int64_t environments, int ranks_short,
                                bool retried) {
  const int ranks = ranks_ == nullptr ? 1 : ranks_->size();
  const bool speaks = ranks_ == nullptr || ranks_->rank() == 0;
  release_cached_memory();
  if (!retried) {
    if (speaks) {
      base::log_warning("update {}: memory ran out on {} of {} rank(s); caches are emptied, once more",
                        update, ranks_short, ranks);
    }
    return base::ok_status();
  }
  if (parts_ < environments) {
    parts_ = std::min(2 * parts_, environments);
    if (speaks) {
      base::log_warning(
          "update {}: memory ran out again; from here on each minibatch of {} environments is learnt in {} "
          "parts: the same batch, but sums are rounded otherwise, so another run with more memory gives "
          "other "
          "bits; RL.PPO.num_mini_batch {} would need no parts",
          update, environments, parts_, parts_ * settings_.num_mini_batch);
    }
    return base::ok_status();
  }
  return base::Error{
      base::ErrorCode::kDeviceMemory,
      "update " + std::to_string(update) + ": memory for " + std::to_string(settings_.num_steps) +
          " steps of one environment was wanted, it ran out on " + std::to_string(ranks_short) + " of " +
          std::to_string(ranks) +
          " rank(s); lower RL.PPO.num_steps, the camera's size, MODEL.BASE_PLANES or NUM_RANKS"};
}

/// Over all ranks; a rank that ran short of memory adds no gradient, only that it did.
base::Status Updater::sum_bucket(int is_short) {
  torch::NoGradGuard no_grad;
  Tensor& bucket = parameters_.bucket();
  if (is_short != 0) {
    bucket.zero_();
    parameters_.extra().narrow(0, kNumLossTerms, 1).fill_(1.0);
  }
  return ranks_->sum(std::span<float>(bucket.data_ptr<float>(), static_cast<std::size_t>(bucket.numel())));
}

base::Status Updater::minibatch(const UpdateSchedule& schedule, const Rollout& rollout,
                                Environments environments, std::uint32_t number, UpdateOutcome& outcome) {
  for (bool retried = false;; retried = true) {
    int ranks_short = fill_bucket(schedule, rollout, environments, number) ? 0 : 1;
    if (ranks_ != nullptr) {
      run::injected_fault_point("update", schedule.update, ranks_->rank());
      INKNAV_RETURN_IF_ERROR(sum_bucket(ranks_short));
      ranks_short = static_cast<int>(parameters_.extra()[kNumLossTerms].item<float>());
    }
    if (ranks_short == 0) break;
    INKNAV_RETURN_IF_ERROR(
        make_room(schedule.update, static_cast<std::int64_t>(environments.size()), ranks_short, retried));
  }
  step_on_host(schedule, outcome);
  return base::ok_status();
}

/// An optimiser step with the gradients in the bucket, which are those of all ranks.
void Updater::step_on_host(const UpdateSchedule& schedule, UpdateOutcome& outcome) {
  torch::NoGradGuard no_grad;
  Tensor gradients = parameters_.gradients();
  const double norm = with_second_try([&] { return gradients.norm().item<double>(); });
  const Tensor terms = parameters_.extra();
  const float* values = terms.data_ptr<float>();
  if (!std::isfinite(norm) || !std::isfinite(values[kTotalLoss])) {
    ++outcome.skipped;
    return;
  }
  if (settings_.max_grad_norm > 0.0f && norm > settings_.max_grad_norm) {
    with_second_try([&] { gradients.mul_(settings_.max_grad_norm / (norm + 1e-6)); });
  }
  AdamSettings adam;
  adam.lr = schedule.lr;
  adam.special_lr = schedule.goal_lr;
  adam.eps = settings_.eps;
  adam.weight_decay = settings_.weight_decay;
  parameters_.step(adam);
  if (on_step) with_second_try(on_step);
  for (std::size_t i = 0; i < kNumLossTerms; ++i) outcome.terms[i] += values[i];
  outcome.grad_norm += norm;
  ++outcome.minibatches;
}

base::Result<UpdateOutcome> Updater::run(const UpdateSchedule& schedule, Rollout& rollout) {
  INKNAV_CHECK(rollout.num_envs() % settings_.num_mini_batch == 0, rollout.num_envs(),
               settings_.num_mini_batch);
  INKNAV_RETURN_IF_ERROR(share_frames(rollout));
  INKNAV_RETURN_IF_ERROR(prepare(rollout));
  UpdateOutcome outcome;
  outcome.frames = frames_;
  const auto rank = static_cast<std::uint32_t>(ranks_ == nullptr ? 0 : ranks_->rank());
  const std::int64_t part = rollout.num_envs() / settings_.num_mini_batch;
  for (int epoch = 0; epoch < settings_.ppo_epoch; ++epoch) {
    const base::PhiloxKey key{seed_ + schedule.order_key, rank, static_cast<std::uint32_t>(schedule.update),
                              static_cast<std::uint32_t>(epoch), base::Purpose::kMinibatchOrder};
    const std::vector<std::int64_t> order = permutation(rollout.num_envs(), key);
    for (int k = 0; k < settings_.num_mini_batch; ++k) {
      const Environments some =
          Environments(order).subspan(static_cast<std::size_t>(k * part), static_cast<std::size_t>(part));
      INKNAV_RETURN_IF_ERROR(minibatch(schedule, rollout, some,
                                       static_cast<std::uint32_t>(epoch * settings_.num_mini_batch + k),
                                       outcome));
    }
  }
  const double count = std::max(outcome.minibatches, 1);
  for (double& term : outcome.terms) term /= count;
  outcome.grad_norm /= count;
  return outcome;
}

}  // namespace inknav::learn
