// SPDX-License-Identifier: MIT
#include "learn/ppo/updater.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/philox.h"
#include "learn/low_memory.h"
#include "learn/networks/autocast.h"
#include "learn/ppo/device_returns.h"
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

std::vector<Tensor*> members_of(DenoisingDraw& draw) {
  return {&draw.index, &draw.noise, &draw.signal, &draw.share, &draw.time};
}

std::vector<Tensor*> members_of(Lesson& lesson) {
  std::vector<Tensor*> members = members_of(lesson.batch);
  const std::vector<Tensor*> drawn = members_of(lesson.draw);
  members.insert(members.end(), drawn.begin(), drawn.end());
  return members;
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
                 FlatParameters& parameters, const DenoisingLoss* denoising, Ranks* ranks,
                 const Placement& placement)
    : settings_(settings),
      seed_(seed),
      network_(network),
      parameters_(parameters),
      denoising_(denoising),
      ranks_(ranks),
      placement_(placement),
      gradients_(placement, "a minibatch"),
      step_(placement, "an optimiser step") {
  if (ranks != nullptr) sum_.emplace(parameters, *ranks, settings.overlap_sums);
  if (placement.direct()) return;
  sums_ = torch::zeros({kNumLossTerms + 2}, placement.on_device().dtype(torch::kFloat64));
}

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
  const ReturnSettings settings{settings_.gamma, settings_.tau, settings_.use_gae};
  if (placement_.direct()) {
    ReturnArrays arrays;
    arrays.num_steps = rollout.num_steps();
    arrays.num_envs = rollout.num_envs();
    arrays.rewards = rollout.records.rewards.data_ptr<float>();
    arrays.values = rollout.values.data_ptr<float>();
    arrays.done = rollout.records.done.data_ptr<float>();
    arrays.bootstrap = rollout.bootstrap.data_ptr<float>();
    arrays.returns = rollout.returns.data_ptr<float>();
    arrays.advantages = rollout.advantages.data_ptr<float>();
    compute_returns(settings, arrays);
  } else {
    compute_device_returns(settings, rollout);
  }
  return settings_.normalize_advantage ? normalize(rollout) : base::ok_status();
}

base::Status Updater::normalize(Rollout& rollout) {
  const std::int64_t count = rollout.num_steps() * rollout.num_envs();
  std::array<double, 3> sums{static_cast<double>(count), 0.0, 0.0};
  if (placement_.direct()) {
    const float* advantages = rollout.advantages.data_ptr<float>();
    for (std::int64_t i = 0; i < count; ++i) {
      const double a = advantages[i];
      sums[1] += a;
      sums[2] += a * a;
    }
  } else {
    const Tensor wide = rollout.advantages.narrow(0, 0, rollout.num_steps()).to(torch::kFloat64);
    const Tensor both = torch::stack({wide.sum(), wide.square().sum()}).to(torch::kCPU);
    sums[1] = both[0].item<double>();
    sums[2] = both[1].item<double>();
  }
  if (ranks_ != nullptr) INKNAV_RETURN_IF_ERROR(ranks_->sum(std::span<double>(sums)));
  const double mean = sums[1] / sums[0];
  const double deviation = std::sqrt(std::max(sums[2] / sums[0] - mean * mean, 0.0));
  with_second_try([&] { rollout.advantages.sub_(mean); });
  with_second_try([&] { rollout.advantages.div_(deviation + kAdvantageFloor); });
  return base::ok_status();
}

void Updater::differentiate(const Lesson& lesson, bool first, bool last) {
  const Minibatch& batch = lesson.batch;
  if (first) parameters_.zero_gradients();
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
    const Autocast guard(network_.bf16(), network_.device());
    denoising = (*denoising_)(network_.denoiser(), output.condition, batch.labels.plan, lesson.draw);
  }
  const Loss loss = minibatch_loss(output, scale, denoising, batch, lesson.weights);
  const Tensor total = loss.total * lesson.share;
  if (sum_ && last) sum_->expect(total);
  total.backward();
  if (sum_ && last) sum_->passed();
  torch::NoGradGuard no_grad;
  parameters_.extra().narrow(0, 0, kNumLossTerms).add_(loss.terms * lesson.share);
}

Lesson Updater::make_lesson(const UpdateSchedule& schedule, Minibatch batch, std::uint32_t key_number,
                            double part_of_batch) const {
  Lesson lesson{std::move(batch), {}, schedule.weights, part_of_batch * share_};
  if (is_recorded()) {
    // Among the inputs, since RL.PPO.use_linear_clip_decay changes it at every update.
    lesson.batch.clip = torch::full({}, std::exchange(lesson.weights.clip, 0.0f), placement_.on_device());
  }
  if (denoising_ == nullptr) return lesson;
  const auto rank = static_cast<std::uint32_t>(ranks_ == nullptr ? 0 : ranks_->rank());
  const base::PhiloxKey key{seed_ + schedule.order_key, rank, static_cast<std::uint32_t>(schedule.update),
                            kDenoisingKeys + key_number, base::Purpose::kMinibatchOrder};
  lesson.draw = denoising_->draw(lesson.batch.labels.plan.size(0), key, part_of_batch);
  for (Tensor* part : members_of(lesson.draw)) *part = placement_.up(*part);
  return lesson;
}

/// Gradients and losses of a minibatch, part by part; false when memory ran out.
bool Updater::fill_bucket(const UpdateSchedule& schedule, const Rollout& rollout, Environments environments,
                          std::uint32_t number) {
  const bool packed = placement_.is_gpu() && !gradients_.records();
  try {
    const auto count = static_cast<std::int64_t>(environments.size());
    for (std::int64_t part = 0; part < parts_; ++part) {
      const std::int64_t begin = count * part / parts_, end = count * (part + 1) / parts_;
      const Environments some =
          environments.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
      // Other plans and noise for each part; the first has the key of the whole.
      const std::uint32_t key_number = number + static_cast<std::uint32_t>(part) * kPartKeys;
      Lesson lesson = make_lesson(schedule, rollout.minibatch({some.begin(), some.end()}, packed), key_number,
                                  static_cast<double>(end - begin) / static_cast<double>(count));
      if (is_recorded()) {
        fix(std::move(lesson));
        gradients_.run([this] { differentiate(fixed_, /*first=*/true, /*last=*/true); }, 2);
      } else {
        differentiate(lesson, part == 0, part + 1 == parts_);
      }
    }
    return true;
  } catch (const std::exception& fault) {
    if (!is_out_of_memory(fault)) throw;
    return false;
  }
}

void Updater::fix(Lesson lesson) {
  const std::vector<Tensor*> from = members_of(lesson), to = members_of(fixed_);
  bool fits = lesson.weights == fixed_.weights && lesson.share == fixed_.share;
  for (std::size_t i = 0; fits && i < from.size(); ++i) {
    fits =
        from[i]->defined() == to[i]->defined() && (!to[i]->defined() || from[i]->sizes() == to[i]->sizes());
  }
  Tensor &drawings = lesson.batch.drawings, &room = fixed_.batch.drawings;
  fits = fits && (!drawings.defined() || drawings.size(0) <= room.size(0));
  if (!fits) {
    // Some more room: the number of drawings differs from minibatch to minibatch.
    if (drawings.defined()) {
      const std::int64_t more = std::max<std::int64_t>(drawings.size(0) / 2, 8);
      std::vector<std::int64_t> sizes = drawings.sizes().vec();
      sizes[0] = more;
      drawings = torch::cat({drawings, torch::zeros(sizes, drawings.options())});
    }
    fixed_ = std::move(lesson);
    gradients_.forget();
    ++recordings_;
    return;
  }
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i]->defined()) to[i]->copy_(*from[i]);
  }
  if (drawings.defined()) room.narrow(0, 0, drawings.size(0)).copy_(drawings);
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

base::Status Updater::minibatch(const UpdateSchedule& schedule, const Rollout& rollout,
                                Environments environments, std::uint32_t number, UpdateOutcome& outcome) {
  for (bool retried = false;; retried = true) {
    if (sum_) sum_->open(/*in_pass=*/!is_recorded());
    int ranks_short = fill_bucket(schedule, rollout, environments, number) ? 0 : 1;
    if (sum_) {
      run::injected_fault_point("update", schedule.update, ranks_->rank());
      INKNAV_RETURN_IF_ERROR(sum_->finish(ranks_short != 0));
      ranks_short = static_cast<int>(parameters_.extra()[kNumLossTerms].item<float>());
    }
    if (ranks_short == 0) break;
    INKNAV_RETURN_IF_ERROR(
        make_room(schedule.update, static_cast<std::int64_t>(environments.size()), ranks_short, retried));
  }
  torch::NoGradGuard no_grad;
  AdamSettings adam;
  adam.optimizer = settings_.optimizer;
  adam.lr = schedule.lr;
  adam.special_lr = schedule.goal_lr;
  adam.eps = settings_.eps;
  adam.weight_decay = settings_.weight_decay;
  if (!sums_.defined()) {
    step_on_host(adam, outcome);
    return base::ok_status();
  }
  parameters_.set_rates(adam);
  step_.run([this, adam] { step_on_device(adam); }, 0);  // run twice it would step twice
  if (on_step) on_step(skipped_);
  ++outcome.minibatches;  // until read_sums() knows which were skipped
  return base::ok_status();
}

/// An optimiser step with the gradients in the bucket, which are those of all ranks.
void Updater::step_on_host(const AdamSettings& adam, UpdateOutcome& outcome) {
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
  parameters_.step(adam);
  if (on_step) with_second_try([&] { on_step(Tensor()); });
  for (std::size_t i = 0; i < kNumLossTerms; ++i) outcome.terms[i] += values[i];
  outcome.grad_norm += norm;
  ++outcome.minibatches;
}

void Updater::step_on_device(const AdamSettings& adam) {
  Tensor gradients = parameters_.gradients();
  const Tensor terms = parameters_.extra();
  const Tensor norm = gradients.norm().to(torch::kFloat64);
  const Tensor finite = norm.isfinite().logical_and(terms[kTotalLoss].isfinite());
  if (settings_.max_grad_norm > 0.0f) {
    const double most = settings_.max_grad_norm;
    const Tensor factor = torch::where(norm.gt(most), most / (norm + 1e-6), 1.0);
    gradients.mul_(factor.to(torch::kFloat32));
  }
  skipped_ = finite.logical_not().to(torch::kFloat32);
  parameters_.step(adam, skipped_);
  const Tensor noted = torch::cat({terms.narrow(0, 0, kNumLossTerms).to(torch::kFloat64), norm.view({1}),
                                   torch::ones_like(norm).view({1})});
  sums_.add_(torch::where(finite, noted, 0.0));
}

void Updater::read_sums(UpdateOutcome& outcome) const {
  const int taken = outcome.minibatches;
  const Tensor sums = sums_.to(torch::kCPU);
  const double* values = sums.data_ptr<double>();
  for (std::size_t i = 0; i < kNumLossTerms; ++i) outcome.terms[i] = values[i];
  outcome.grad_norm = values[kNumLossTerms];
  outcome.minibatches = static_cast<int>(values[kNumLossTerms + 1]);
  outcome.skipped = taken - outcome.minibatches;
}

base::Result<UpdateOutcome> Updater::run(const UpdateSchedule& schedule, Rollout& rollout) {
  INKNAV_CHECK(rollout.num_envs() % settings_.num_mini_batch == 0, rollout.num_envs(),
               settings_.num_mini_batch);
  INKNAV_RETURN_IF_ERROR(share_frames(rollout));
  INKNAV_RETURN_IF_ERROR(prepare(rollout));
  UpdateOutcome outcome;
  outcome.frames = frames_;
  if (sums_.defined()) sums_.zero_();
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
  if (sums_.defined()) read_sums(outcome);
  const double count = std::max(outcome.minibatches, 1);
  for (double& term : outcome.terms) term /= count;
  outcome.grad_norm /= count;
  return outcome;
}

}  // namespace inknav::learn
