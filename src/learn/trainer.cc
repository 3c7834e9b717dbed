// SPDX-License-Identifier: MIT
#include "learn/trainer.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <deque>
#include <numeric>
#include <optional>

#include "base/check.h"
#include "base/log.h"
#include "learn/checkpoint.h"
#include "learn/diffusion/denoising_loss.h"
#include "learn/diffusion/ema.h"
#include "learn/experience.h"
#include "learn/low_memory.h"
#include "learn/placement.h"
#include "learn/ppo/rollout.h"
#include "learn/ppo/updater.h"
#include "learn/torch_setup.h"
#include "run/injected_fault.h"
#include "task/measures.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

constexpr int kSkipsInRow = 3;                // so many updates skipped in a row ...
constexpr int kSkipsInWindow = 10;            // ... or so many ...
constexpr std::int64_t kSkipWindow = 1000;    // ... of these make a rollback
constexpr int kMaxRollbacks = 2;              // without recovery between them
constexpr std::int64_t kRecovered = 1000;     // updates without a skip after which rollbacks are forgotten
constexpr double kLeastRollout = 0.25;        // of a rollout, before it is cut for others
constexpr std::size_t kAveragedLosses = 100;  // updates of Training/Avg_Loss

class TrainerImpl final : public Trainer {
 public:
  TrainerImpl(const TrainerSettings& settings, task::VectorEnv& env, Ranks* ranks, base::ThreadPool& pool,
              task::VectorEnv* recorded)
      : settings_(completed(settings, env)),
        ranks_(ranks),
        placement_(placement_of(settings_.compute)),
        network_(make_network(settings_, placement_)),
        parameters_(*network_, kBucketExtra, "goal_head"),
        live_("", collector_settings(env), env, network_, Workplace{pool, placement_}),
        rollout_(settings_.policy, settings_.ppo.num_steps, env.spec().num_envs, placement_),
        denoising_(denoising_of(settings_, world())),
        updater_(settings_.ppo, settings_.seed, *network_, parameters_, denoising_ ? &*denoising_ : nullptr,
                 ranks, placement_) {
    skips_.fill(-1);
    if (recorded != nullptr) {
      INKNAV_CHECK(recorded->spec().num_envs == env.spec().num_envs, recorded->spec().num_envs);
      recorded_.emplace(kRecordedPrefix, collector_settings(*recorded), *recorded, network_,
                        Workplace{pool, placement_});
    }
    if (settings_.policy.diffusion.enabled) {
      EmaSettings ema;
      ema.power = settings_.diffusion.ema_power;
      ema.max_value = settings_.diffusion.ema_max;
      ema_.emplace(parameters_.values(), ema);
      updater_.on_step = [this](const Tensor& skipped) { ema_->update(parameters_.values(), skipped); };
    }
    parameters_.keep_snapshot();
    if (ranks_ != nullptr) {
      live_.collector.on_step = [this](std::int64_t steps_done) { return after_step(steps_done); };
      if (recorded_) recorded_->collector.on_step = live_.collector.on_step;
    }
  }

  base::Result<UpdateReport> update() override;
  base::Result<std::vector<NamedBytes>> save_state() override;
  base::Status restore_state(const std::vector<NamedBytes>& state) override;
  base::Status load_weights(const std::vector<NamedBytes>& state) override;
  base::Hash128 state_hash() override;

  std::int64_t updates_done() const override { return update_; }
  std::int64_t frames_done() const override { return frames_; }
  bool finished() const override { return update_ >= settings_.num_updates; }
  std::shared_ptr<PolicyNetwork> network() const override { return network_; }
  float prior_log_scale() const override { return live_.prior_log_scale(); }

 private:
  static TrainerSettings completed(TrainerSettings settings, const task::VectorEnv& env) {
    setup_torch();
    complete_settings(settings.policy, env.spec());
    return settings;
  }
  static std::optional<DenoisingLoss> denoising_of(const TrainerSettings& settings, std::int64_t world) {
    if (!settings.policy.diffusion.enabled) return std::nullopt;
    const std::int64_t rows = std::max<std::int64_t>(settings.diffusion.batch_size / world, 1);
    auto loss = DenoisingLoss::make(settings.policy.diffusion, rows, settings.diffusion.coef);
    INKNAV_CHECK(loss.ok());  // the settings were validated with the configuration
    return std::move(loss).value();
  }
  std::int64_t rank() const { return ranks_ == nullptr ? 0 : ranks_->rank(); }
  std::int64_t world() const { return ranks_ == nullptr ? 1 : ranks_->size(); }
  std::string local_name(const std::string& name) const {
    return "rank" + std::to_string(rank()) + "/" + name;
  }

  CollectorSettings collector_settings(const task::VectorEnv& env) const {
    return {settings_.seed, rank() * env.spec().num_envs, settings_.imitation, settings_.two_halves,
            settings_.lanes};
  }
  /// Updates that learn from recorded walks are spread evenly.
  bool learns_from_recorded() const {
    const auto whole = [&](std::int64_t update) {
      return std::floor(settings_.diffusion.demo_share * static_cast<double>(update));
    };
    return recorded_.has_value() && whole(update_ + 1) > whole(update_);
  }
  /// False when this rank is to cut its rollout: enough others have theirs.
  bool after_step(std::int64_t steps_done) {
    run::Peers& peers = ranks_->peers();
    peers.beat();
    run::injected_fault_point("rollout", update_, ranks_->rank());
    if (settings_.ppo.sync_frac <= 0.0) return true;
    const bool enough_steps =
        static_cast<double>(steps_done) >= kLeastRollout * static_cast<double>(rollout_.max_steps());
    const bool cut = enough_steps && peers.announced(update_ + 1) >=
                                         settings_.ppo.sync_frac * static_cast<double>(ranks_->size());
    if (cut || steps_done == rollout_.max_steps()) peers.announce(update_ + 1);
    return !cut;
  }
  void start();
  base::Status collect(Experience& experience, const CollectMode& mode, PhaseTimes& seconds);
  void set_prior(float log_scale);
  void note_episode(const task::EpisodeResult& episode);
  base::Status note_skip(bool skipped);
  base::Status reduce_statistics(UpdateReport& report, const CollectTotals& totals,
                                 const UpdateOutcome& outcome, double lr);
  std::vector<NamedBytes> local_state();
  std::vector<NamedBytes> shared_state();
  base::Result<Tensor> need(const std::vector<NamedBytes>& state, const std::string& name,
                            std::int64_t elements) const;
  base::Status restore_experience(const std::vector<NamedBytes>& state, Experience& experience);
  base::Status restore_recorded(const std::vector<NamedBytes>& state);
  base::Status restore_local(const std::vector<NamedBytes>& state);
  base::Status restore_ema(const std::vector<NamedBytes>& state);

  TrainerSettings settings_;
  Ranks* ranks_;
  Placement placement_;
  std::shared_ptr<PolicyNetwork> network_;
  FlatParameters parameters_;
  Experience live_;
  std::optional<Experience> recorded_;
  Rollout rollout_;
  std::optional<DenoisingLoss> denoising_;
  Updater updater_;
  std::optional<Ema> ema_;

  bool started_ = false;
  std::int64_t update_ = 0;
  std::int64_t frames_ = 0;
  double lr_factor_ = 1.0;      // halved by a rollback
  std::int64_t order_key_ = 0;  // bumped by a rollback
  std::int64_t skips_in_row_ = 0;
  std::int64_t rollbacks_ = 0;
  std::array<std::int64_t, kSkipsInWindow> skips_{};  // the last skipped updates, -1 = none
  double prior_count_ = 0.0;
  double prior_sum_ = 0.0;
  std::deque<double> losses_;               // of the denoiser in the last updates
  std::deque<std::vector<double>> window_;  // reward, steps, measures of the last episodes of this rank
};

void TrainerImpl::note_episode(const task::EpisodeResult& episode) {
  std::vector<double> row{episode.reward, static_cast<double>(episode.steps)};
  row.insert(row.end(), episode.measures.begin(), episode.measures.end());
  window_.push_back(std::move(row));
  const auto size = std::max<std::int64_t>(settings_.ppo.reward_window_size / world(), 1);
  while (static_cast<std::int64_t>(window_.size()) > size) window_.pop_front();
}

base::Status TrainerImpl::note_skip(bool skipped) {
  if (!skipped) {
    skips_in_row_ = 0;
    const std::int64_t last = *std::max_element(skips_.begin(), skips_.end());
    if (last >= 0 && update_ - last > kRecovered) rollbacks_ = 0;
    return base::ok_status();
  }
  ++skips_in_row_;
  std::rotate(skips_.begin(), skips_.begin() + 1, skips_.end());
  skips_.back() = update_;
  const bool crowded = skips_.front() >= 0 && update_ - skips_.front() < kSkipWindow;
  if (rank() == 0)
    base::log_warning("update {}: a loss or gradient is not finite; skipped on all ranks", update_);
  if (skips_in_row_ < kSkipsInRow && !crowded) return base::ok_status();
  if (rollbacks_ >= kMaxRollbacks) {
    return base::Error{base::ErrorCode::kDiverged,
                       "update " + std::to_string(update_) +
                           ": finite losses are wanted, they are still not after " +
                           std::to_string(rollbacks_) +
                           " rollbacks with halved learning rate; lower RL.PPO.lr or "
                           "RL.PPO.max_grad_norm, or look for bad numbers in the observations"};
  }
  ++rollbacks_;
  parameters_.restore_snapshot();
  lr_factor_ *= 0.5;
  ++order_key_;
  skips_in_row_ = 0;
  skips_.fill(-1);
  skips_.back() = update_;
  if (rank() == 0) {
    base::log_warning(
        "update {}: weights rolled back to the last checkpoint, learning rate halved to {} of the "
        "configured one",
        update_, lr_factor_);
  }
  return base::ok_status();
}

void TrainerImpl::start() {
  if (started_) return;
  live_.start();
  if (recorded_) recorded_->start();
  started_ = true;
}

void TrainerImpl::set_prior(float log_scale) {
  live_.set_prior(log_scale);
  if (recorded_) recorded_->set_prior(log_scale);
}

/// Fills the rollout. Memory that runs out on one rank is kDeviceMemory on all of them: none waits for
/// another that has given up.
base::Status TrainerImpl::collect(Experience& experience, const CollectMode& mode, PhaseTimes& seconds) {
  std::int64_t memory_ran_out = 0;
  try {
    experience.collector.collect(update_, mode, rollout_, seconds,
                                 [this](const task::EpisodeResult& episode) { note_episode(episode); });
  } catch (const std::exception& fault) {
    if (!is_out_of_memory(fault)) throw;
    base::log_error("update {}: rank {}: {}", update_, rank(), fault.what());
    memory_ran_out = 1;
  }
  if (ranks_ != nullptr) {
    INKNAV_ASSIGN_OR_RETURN(memory_ran_out, ranks_->max(memory_ran_out));
  }
  if (memory_ran_out == 0) return base::ok_status();
  release_cached_memory();
  return base::Error{base::ErrorCode::kDeviceMemory,
                     "update " + std::to_string(update_) +
                         ": memory for a rollout was wanted, it ran out; lower NUM_PROCESSES, NUM_RANKS, "
                         "RL.PPO.num_steps or the camera's size"};
}

base::Result<UpdateReport> TrainerImpl::update() {
  const auto start_time = std::chrono::steady_clock::now();
  start();
  UpdateReport report;
  const CollectMode mode = collect_mode(settings_.imitation, settings_.policy.reading.belief_gain, update_);
  Experience& experience = learns_from_recorded() ? *recorded_ : live_;
  INKNAV_RETURN_IF_ERROR(collect(experience, mode, report.seconds));

  const auto learn_start = std::chrono::steady_clock::now();
  UpdateSchedule schedule;
  schedule.update = update_;
  schedule.order_key = static_cast<std::uint64_t>(order_key_);
  const double left = settings_.ppo.use_linear_lr_decay
                          ? 1.0 - static_cast<double>(update_) / static_cast<double>(settings_.num_updates)
                          : 1.0;
  schedule.lr = settings_.ppo.lr * lr_factor_ * left;
  schedule.goal_lr = settings_.ppo.goal_prediction_lr * lr_factor_ * left;
  schedule.weights = loss_weights(settings_.ppo, settings_.imitation, settings_.policy.predict_goal, update_,
                                  settings_.num_updates);
  INKNAV_ASSIGN_OR_RETURN(const UpdateOutcome outcome, updater_.run(schedule, rollout_));
  report.seconds.learning =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - learn_start).count();

  // When direct, a step that was skipped was not counted.
  if (ema_ && !placement_.direct()) ema_->uncount(outcome.skipped);
  report.skipped = outcome.skipped > 0;
  INKNAV_RETURN_IF_ERROR(note_skip(report.skipped));
  ++update_;
  frames_ += outcome.frames;
  report.update = update_;
  report.frames = frames_;
  INKNAV_RETURN_IF_ERROR(reduce_statistics(report, experience.collector.totals(), outcome, schedule.lr));
  report.seconds.total = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_time).count();
  return report;
}

base::Status TrainerImpl::reduce_statistics(UpdateReport& report, const CollectTotals& totals,
                                            const UpdateOutcome& outcome, double lr) {
  const std::vector<std::string>& measures = live_.env.measure_names();
  std::vector<double> sums{totals.belief_error, totals.belief_rows, totals.log_scale,
                           static_cast<double>(window_.size())};
  const std::size_t head = sums.size();
  sums.resize(head + 2 + measures.size(), 0.0);
  for (const std::vector<double>& row : window_) {
    for (std::size_t i = 0; i < row.size(); ++i) sums[head + i] += row[i];
  }
  if (ranks_ != nullptr) INKNAV_RETURN_IF_ERROR(ranks_->sum(std::span<double>(sums)));
  auto& metrics = report.metrics;
  const double episodes = sums[3];
  if (episodes > 0.0) {
    metrics.emplace_back("Environment/Reward", sums[head] / episodes);
    metrics.emplace_back("Environment/Episode_length", sums[head + 1] / episodes);
    for (std::size_t i = 0; i < measures.size(); ++i) {
      metrics.emplace_back(task::metric_name(measures[i]), sums[head + 2 + i] / episodes);
    }
  }
  metrics.emplace_back("Policy/Learning_Rate", lr);
  if (outcome.minibatches > 0) {
    metrics.emplace_back("Policy/Value_Loss", outcome.terms[kValueLoss]);
    metrics.emplace_back("Policy/Action_Loss", outcome.terms[kActionLoss]);
    metrics.emplace_back("Policy/Entropy", outcome.terms[kEntropy]);
    metrics.emplace_back("Policy/Goal_Prediction_Loss", outcome.terms[kGoalLoss]);
    metrics.emplace_back("Policy/Cloning_Loss", outcome.terms[kCloningLoss]);
    metrics.emplace_back("Policy/Waypoint_Loss", outcome.terms[kWaypointLoss]);
    metrics.emplace_back("Policy/Remaining_Loss", outcome.terms[kRemainingLoss]);
    metrics.emplace_back("Policy/Correction_Loss", outcome.terms[kCorrectionLoss]);
    metrics.emplace_back("Policy/Scale_Loss", outcome.terms[kScaleLoss]);
    if (ema_) {
      metrics.emplace_back("Training/Loss", outcome.terms[kDenoisingLoss]);
      losses_.push_back(outcome.terms[kDenoisingLoss]);
      if (losses_.size() > kAveragedLosses) losses_.pop_front();
      metrics.emplace_back("Training/Avg_Loss", std::accumulate(losses_.begin(), losses_.end(), 0.0) /
                                                    static_cast<double>(losses_.size()));
      metrics.emplace_back("Training/Learning_Rate", lr);
      metrics.emplace_back("Policy/Goal_Place_Loss", outcome.terms[kGoalPlaceLoss]);
    }
    metrics.emplace_back("Policy/Clipped_Fraction", outcome.terms[kClippedFraction]);
    metrics.emplace_back("Policy/Approximate_KL", outcome.terms[kApproximateKl]);
    metrics.emplace_back("Policy/Gradient_Norm", outcome.grad_norm);
  }
  if (sums[1] > 0.0) {
    metrics.emplace_back("Reading/Belief_Error", sums[0] / sums[1]);
    prior_count_ += sums[1];
    prior_sum_ += sums[2];
    set_prior(static_cast<float>(prior_sum_ / prior_count_));
  }
  return base::ok_status();
}

std::vector<NamedBytes> TrainerImpl::shared_state() {
  std::vector<NamedBytes> state;
  for (const auto& [name, tensor] : parameters_.named_values()) state.push_back(bytes_of(name, tensor));
  for (const auto& [name, tensor] : parameters_.named_moments()) state.push_back(bytes_of(name, tensor));
  if (ema_) {
    for (const auto& [name, tensor] : parameters_.named("ema/", ema_->values())) {
      state.push_back(bytes_of(name, tensor));
    }
    state.push_back(bytes_of("trainer/ema_calls", torch::tensor({ema_->calls()}, torch::kInt64)));
    state.push_back(
        bytes_of("trainer/losses",
                 torch::tensor(std::vector<double>(losses_.begin(), losses_.end()), torch::kFloat64)));
  }
  const std::vector<std::int64_t> counters{update_, frames_, order_key_, skips_in_row_, rollbacks_, world()};
  state.push_back(bytes_of("trainer/counters", torch::tensor(counters, torch::kInt64)));
  state.push_back(
      bytes_of("trainer/skips",
               torch::tensor(std::vector<std::int64_t>(skips_.begin(), skips_.end()), torch::kInt64)));
  const std::vector<double> numbers{lr_factor_, prior_count_, prior_sum_, prior_log_scale()};
  state.push_back(bytes_of("trainer/numbers", torch::tensor(numbers, torch::kFloat64)));
  return state;
}

std::vector<NamedBytes> TrainerImpl::local_state() {
  std::vector<NamedBytes> state;
  live_.append_state(local_name(""), state);
  if (recorded_) recorded_->append_state(local_name(""), state);
  std::vector<double> window;
  for (const std::vector<double>& row : window_) window.insert(window.end(), row.begin(), row.end());
  const auto columns = static_cast<std::int64_t>(2 + live_.env.measure_names().size());
  state.push_back(bytes_of(local_name("window"), torch::tensor(window, torch::kFloat64).view({-1, columns})));
  return state;
}

base::Result<std::vector<NamedBytes>> TrainerImpl::save_state() {
  start();
  parameters_.keep_snapshot();
  std::vector<NamedBytes> state = shared_state();
  std::vector<NamedBytes> local = local_state();
  if (ranks_ == nullptr) {
    std::move(local.begin(), local.end(), std::back_inserter(state));
    return state;
  }
  const std::vector<std::uint8_t> mine = pack(local);
  INKNAV_ASSIGN_OR_RETURN(const auto blocks, ranks_->gather(mine));
  if (rank() != 0) return std::vector<NamedBytes>{};
  for (const std::vector<std::uint8_t>& block : blocks) {
    INKNAV_ASSIGN_OR_RETURN(std::vector<NamedBytes> entries, unpack(block));
    std::move(entries.begin(), entries.end(), std::back_inserter(state));
  }
  return state;
}

base::Status TrainerImpl::load_weights(const std::vector<NamedBytes>& state) {
  std::string missing;
  if (!parameters_.assign_values(tensors_with_prefix(state, "value/"), &missing)) {
    return base::Error{base::ErrorCode::kData,
                       "checkpoint: tensor \"" + missing +
                           "\" of the network's shape is wanted and is not there; "
                           "use the network settings the checkpoint was trained with"};
  }
  const NamedBytes* numbers = find_entry(state, "trainer/numbers");
  if (numbers != nullptr && numbers->bytes.size() == 4 * sizeof(double)) {
    set_prior(static_cast<float>(tensor_of(*numbers)[3].item<double>()));
  }
  if (ema_) ema_->restore(parameters_.values().clone(), 0);
  parameters_.keep_snapshot();
  return base::ok_status();
}

base::Status TrainerImpl::restore_ema(const std::vector<NamedBytes>& state) {
  Tensor values = ema_->values().clone();
  const NamedBytes* calls = find_entry(state, "trainer/ema_calls");
  std::string missing = "trainer/ema_calls";
  if (calls == nullptr || calls->bytes.size() != 8 ||
      !parameters_.assign(tensors_with_prefix(state, "ema/"), "ema/", values, &missing)) {
    return base::Error{base::ErrorCode::kData,
                       "checkpoint: \"" + missing +
                           "\" of the averaged weights is wanted and is not there; resume "
                           "from a checkpoint of a diffusion policy"};
  }
  ema_->restore(values, tensor_of(*calls).item<std::int64_t>());
  losses_.clear();
  const NamedBytes* losses = find_entry(state, "trainer/losses");  // not in earlier versions
  if (losses != nullptr && losses->dtype == "F64") {
    const Tensor numbers = tensor_of(*losses);
    for (std::int64_t i = 0; i < numbers.numel(); ++i) losses_.push_back(numbers[i].item<double>());
  }
  return base::ok_status();
}

/// A tensor of this rank's; `elements` -1: any number of them.
base::Result<Tensor> TrainerImpl::need(const std::vector<NamedBytes>& state, const std::string& name,
                                       std::int64_t elements) const {
  const NamedBytes* entry = find_entry(state, local_name(name));
  if (entry == nullptr) {
    return base::Error{base::ErrorCode::kData, "checkpoint: \"" + local_name(name) +
                                                   "\" is wanted and is not there; resume with the number of "
                                                   "ranks and environments and the data of the run"};
  }
  Tensor tensor = tensor_of(*entry);
  if (elements >= 0 && tensor.numel() != elements) {
    return base::Error{base::ErrorCode::kData,
                       "checkpoint: \"" + local_name(name) + "\" of " + std::to_string(elements) +
                           " numbers is wanted, it has " + std::to_string(tensor.numel()) +
                           "; resume with the environments and the network of the run"};
  }
  return tensor;
}

base::Status TrainerImpl::restore_experience(const std::vector<NamedBytes>& state, Experience& experience) {
  return experience.restore(
      [&](const std::string& name, std::int64_t elements) { return need(state, name, elements); });
}

/// A run that learns from recorded walks only from now on has none of their state.
base::Status TrainerImpl::restore_recorded(const std::vector<NamedBytes>& state) {
  if (find_entry(state, local_name(recorded_->prefix + "env")) != nullptr)
    return restore_experience(state, *recorded_);
  recorded_->start();
  return base::ok_status();
}

base::Status TrainerImpl::restore_local(const std::vector<NamedBytes>& state) {
  INKNAV_RETURN_IF_ERROR(restore_experience(state, live_));
  if (recorded_) INKNAV_RETURN_IF_ERROR(restore_recorded(state));
  INKNAV_ASSIGN_OR_RETURN(const Tensor window, need(state, "window", -1));
  window_.clear();
  for (std::int64_t i = 0; i < window.size(0); ++i) {
    const double* row = window.data_ptr<double>() + i * window.size(1);
    window_.emplace_back(row, row + window.size(1));
  }
  return base::ok_status();
}

base::Status TrainerImpl::restore_state(const std::vector<NamedBytes>& state) {
  const NamedBytes* counters_entry = find_entry(state, "trainer/counters");
  const NamedBytes* numbers_entry = find_entry(state, "trainer/numbers");
  const NamedBytes* skips_entry = find_entry(state, "trainer/skips");
  if (counters_entry == nullptr || numbers_entry == nullptr || skips_entry == nullptr ||
      counters_entry->bytes.size() != 6 * 8 || numbers_entry->bytes.size() != 4 * 8 ||
      skips_entry->bytes.size() != kSkipsInWindow * 8) {
    return base::Error{
        base::ErrorCode::kData,
        "checkpoint: \"trainer/counters\", \"trainer/numbers\" and \"trainer/skips\" are wanted, it "
        "has weights only; resume from a checkpoint of a run, or start anew from these weights"};
  }
  const Tensor counters = tensor_of(*counters_entry);
  const std::int64_t* c = counters.data_ptr<std::int64_t>();
  if (c[5] != world()) {
    return base::Error{base::ErrorCode::kData, "checkpoint: it was written by " + std::to_string(c[5]) +
                                                   " ranks, this run has " + std::to_string(world()) +
                                                   "; resume with the same number of ranks"};
  }
  INKNAV_RETURN_IF_ERROR(load_weights(state));
  std::string missing;
  if (!parameters_.assign_moments(tensors_with_prefix(state, "adam_"), &missing)) {
    return base::Error{base::ErrorCode::kData, "checkpoint: optimiser state \"" + missing +
                                                   "\" is wanted and is not there; use another checkpoint"};
  }
  if (ema_) INKNAV_RETURN_IF_ERROR(restore_ema(state));
  INKNAV_RETURN_IF_ERROR(restore_local(state));
  update_ = c[0];
  frames_ = c[1];
  order_key_ = c[2];
  skips_in_row_ = c[3];
  rollbacks_ = c[4];
  const Tensor skips = tensor_of(*skips_entry);
  std::copy_n(skips.data_ptr<std::int64_t>(), skips_.size(), skips_.begin());
  const Tensor numbers = tensor_of(*numbers_entry);
  lr_factor_ = numbers[0].item<double>();
  prior_count_ = numbers[1].item<double>();
  prior_sum_ = numbers[2].item<double>();
  started_ = true;
  parameters_.keep_snapshot();
  return base::ok_status();
}

base::Hash128 TrainerImpl::state_hash() {
  base::Hasher hasher;
  for (const auto& part : {shared_state(), local_state()}) {
    for (const NamedBytes& entry : part) {
      hasher.update(entry.name.data(), entry.name.size());
      hasher.update(entry.bytes.data(), entry.bytes.size());
    }
  }
  return hasher.digest();
}

}  // namespace

std::unique_ptr<Trainer> Trainer::create(const TrainerSettings& settings, task::VectorEnv& env, Ranks* ranks,
                                         base::ThreadPool& pool, task::VectorEnv* recorded) {
  return std::make_unique<TrainerImpl>(settings, env, ranks, pool, recorded);
}

}  // namespace inknav::learn
