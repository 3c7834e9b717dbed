// SPDX-License-Identifier: MIT
#pragma once
// Sampler: from noise to a sample in a few evaluations of a model, for a batch of rows [B, H, D] f32.
//
// Kinds: DDPM and DDIM over the levels of a NoiseSchedule, flow matching by Euler or Heun over t in [0, 1].
// Warm start: begin in the middle, from a previous sample that is noised to that level.
// Randomness: row b draws only from its own key (purpose kDiffusionSampling), first H * D numbers for the
// start, then H * D in every step that adds noise. Law: a row's result does not depend on the other rows or
// on threads, as long as the model's does not. Steps are computed in double and stored as f32. After
// SamplerWorkspace has grown nothing is allocated. A Sampler is immutable and may be shared by threads; a
// workspace or row belongs to one.

#include <cstdint>
#include <span>
#include <vector>

#include "base/philox.h"
#include "base/result.h"
#include "learn/diffusion/noise_schedule.h"

namespace inknav::learn {

enum class SamplerKind : std::uint8_t { kDdpm, kDdim, kFlowEuler, kFlowHeun };

struct SamplerSettings {
  SamplerKind kind = SamplerKind::kDdim;
  int num_steps = 10;  // RL.DIFFUSION.num_inference_steps; Heun evaluates twice a step
};

/// What the network's time embedding is given for flow time t in [0, 1], so that both kinds span the same
/// range.
inline double flow_network_time(double t, int num_train_timesteps) { return t * num_train_timesteps; }

/// One row under way. Spans belong to the caller.
struct SampleRow {
  std::span<float> x;        // [H * D], the sample so far; the model's input
  std::span<float> scratch;  // [2 * H * D], Heun's
  base::PhiloxStream noise;
};

struct SampleRequest {
  std::span<const base::PhiloxKey> keys;  // [B]; purpose is set here
  std::span<const float> previous;        // [B, H, D] to start from; empty: pure noise
  double fraction = 1.0;  // of the noise to start with when there is a previous one, in (0, 1]
};

class SamplerWorkspace {
 public:
  void resize(std::size_t rows, std::size_t row_size);

 private:
  friend class Sampler;
  std::vector<float> output_, scratch_;
  std::vector<SampleRow> rows_;
};

class Sampler {
 public:
  /// Fails as NoiseSchedule::timesteps does. The flow kinds use of the schedule only its number of levels.
  static base::Result<Sampler> make(const NoiseSchedule& schedule, const SamplerSettings& settings);

  /// What the network is given as time in each evaluation, in order. [num_evaluations()]
  std::span<const double> times() const { return times_; }
  int num_evaluations() const { return static_cast<int>(times_.size()); }
  /// The evaluation with which a warm start of `fraction` begins: the first whose level is at or below it
  /// (the last one when all are above). 0 for fraction 1. Never Heun's second half.
  int first_evaluation(double fraction) const;

  /// What advance() does, for who computes it elsewhere.
  SamplerKind kind() const { return kind_; }
  const StepRule& rule(int evaluation) const { return rules_[static_cast<std::size_t>(evaluation)]; }
  double flow_step() const { return step_; }

  /// Fills row.x for evaluation 0 with noise.
  void begin(const base::PhiloxKey& key, SampleRow& row) const;
  /// Fills row.x for evaluation `first` with `previous` noised to its level.
  void begin_from(const base::PhiloxKey& key, std::span<const float> previous, int first,
                  SampleRow& row) const;
  /// Carries row.x over evaluation `evaluation`, given the model's output for it. [H * D]
  void advance(int evaluation, std::span<const float> output, SampleRow& row) const;

  /// The whole loop over x [B, H, D]; predict(x, evaluation, output) fills output [B, H, D] for the whole
  /// batch.
  template <typename Predict>
  void sample(const SampleRequest& request, std::span<float> x, SamplerWorkspace& workspace,
              Predict&& predict) const {
    const int first = start(request, x, workspace);
    for (int evaluation = first; evaluation < num_evaluations(); ++evaluation) {
      predict(std::span<const float>(x), evaluation, std::span<float>(workspace.output_));
      advance_all(evaluation, workspace);
    }
  }

 private:
  Sampler() = default;
  int start(const SampleRequest& request, std::span<float> x, SamplerWorkspace& workspace) const;
  void advance_all(int evaluation, SamplerWorkspace& workspace) const;
  bool is_flow() const { return kind_ == SamplerKind::kFlowEuler || kind_ == SamplerKind::kFlowHeun; }

  /// x = signal * sample + noise * z at an evaluation.
  struct Level {
    double signal = 0.0, noise = 1.0;
    double depth = 0.0;  // in [0, 1], 1 = pure noise: what a warm start's fraction is compared with
  };
  SamplerKind kind_ = SamplerKind::kDdim;
  double step_ = 0.0;  // of flow time
  std::vector<double> times_;
  std::vector<Level> levels_;    // [num_evaluations]
  std::vector<StepRule> rules_;  // [num_evaluations] of DDPM and DDIM
};

}  // namespace inknav::learn
