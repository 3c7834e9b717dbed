// SPDX-License-Identifier: MIT
#pragma once
// NoiseSchedule: how much noise each of T levels holds, and the rules of one sampling step between two
// levels.
//
// Level t keeps sqrt(a_t) of the signal, a_t = alpha_cumprod[t]: x_t = sqrt(a_t) x0 + sqrt(1 - a_t) noise.
// Rules: DDPM (Ho et al. 2020), DDIM (Song et al. 2021), v prediction (Salimans and Ho 2022), zero terminal
// signal-to-noise ratio and "trailing" levels (Lin et al. 2024); conventions of the common schedulers: the
// level before t is t - T / n (integer division) whatever the spacing, and DDIM's noise direction is the raw
// model output even when x0 was clipped, unless use_clipped_model_output. All numbers are double. Values
// only, no shared state; a step is a handful of multiplications and no allocation. Settings that contradict
// each other are refused by validate() with the key of RL.DIFFUSION (ErrorCode::kUsage).

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace inknav::learn {

enum class BetaSchedule : std::uint8_t { kLinear, kScaledLinear, kSquaredCosine, kSigmoid };
enum class PredictionType : std::uint8_t { kEpsilon, kSample, kV };
/// Which n of the T levels are visited. kLeading: multiples of T / n from 0; kTrailing: back from T - 1;
/// kLinspace: both ends.
enum class TimestepSpacing : std::uint8_t { kLeading, kTrailing, kLinspace };
/// Of the noise that a DDPM step adds; both are the posterior's, the second by way of its logarithm.
enum class DdpmVariance : std::uint8_t { kFixedSmall, kFixedSmallLog };

struct NoiseScheduleSettings {
  int num_train_timesteps = 1000;  // T, noise levels
  double beta_start = 1e-4;        // variance added by the first level; unused by kSquaredCosine
  double beta_end = 0.02;          // and by the last
  BetaSchedule beta_schedule = BetaSchedule::kLinear;
  PredictionType prediction_type = PredictionType::kEpsilon;
  TimestepSpacing spacing = TimestepSpacing::kLeading;
  int steps_offset = 0;     // added to every level of kLeading
  bool clip_sample = true;  // x0 is kept within +-clip_sample_range before it is used
  double clip_sample_range = 1.0;
  bool set_alpha_to_one = true;  // DDIM ends at a = 1, else at a_0
  bool zero_snr = false;         // rescaled so that the last level is pure noise
  double eta = 0.0;              // DDIM's share of fresh noise, 0 (none) to 1 (as much as DDPM)
  DdpmVariance variance = DdpmVariance::kFixedSmall;
  bool use_clipped_model_output = false;  // DDIM recomputes the noise direction from the clipped x0

  base::Status validate() const;
};

struct StepResult {
  double x = 0.0;   // the sample at the previous level
  double x0 = 0.0;  // the clean sample as the model has it, clipped if the settings say so
};

/// One sampling step as numbers, so that it can be applied to many elements.
class StepRule {
 public:
  /// `z` is a standard normal number; ignored when noise() is 0.
  StepResult apply(double x, double model_output, double z) const;
  double noise() const { return noise_; }  // standard deviation of the fresh noise

  /// apply() written out for arrays of any kind: x' = keep * x + from_x0 * clamp(x0, +-clip) + from_eps * eps
  /// (+ noise() * z), with x0 and eps linear in x and the output, or eps in x and the clamped x0.
  struct Numbers {
    double x0_of_x = 0.0, x0_of_output = 0.0, clip = 0.0;
    bool eps_from_x0 = false;
    double eps_of_x = 0.0, eps_of_other = 0.0;  // of the output, or of x0
    double keep = 0.0, from_x0 = 0.0, from_eps = 0.0;
  };
  Numbers numbers() const {
    return {x0_.of_x,
            x0_.of_output,
            clip_,
            eps_from_x0_,
            eps_from_x0_ ? eps_of_x_ : eps_.of_x,
            eps_from_x0_ ? eps_of_x0_ : eps_.of_output,
            from_x_,
            from_x0_,
            from_eps_};
  }

 private:
  friend class NoiseSchedule;
  struct Pair {
    double of_x = 0.0;
    double of_output = 0.0;
  };
  Pair x0_;            // x0 = of_x * x + of_output * output
  Pair eps_;           // the noise in x, likewise
  double clip_ = 0.0;  // infinity: no clipping
  bool eps_from_x0_ = false;
  double eps_of_x_ = 0.0, eps_of_x0_ = 0.0;               // used when eps_from_x0_
  double from_x_ = 0.0, from_x0_ = 0.0, from_eps_ = 0.0;  // x' = their sum + noise * z
  double noise_ = 0.0;
};

class NoiseSchedule {
 public:
  static base::Result<NoiseSchedule> make(const NoiseScheduleSettings& settings);

  const NoiseScheduleSettings& settings() const { return settings_; }
  int size() const { return settings_.num_train_timesteps; }
  std::span<const double> betas() const { return betas_; }                  // [T]
  std::span<const double> alpha_cumprod() const { return alpha_cumprod_; }  // [T]

  /// The n levels that sampling visits, first to last (falling). Refused: n < 1, n > T, levels beyond T - 1
  /// (steps_offset), and a single level when that would be t = 0 (kLeading, kLinspace): it returns the noise.
  base::Result<std::vector<int>> timesteps(int n) const;

  double add_noise(double x0, double noise, int t) const;
  double v_target(double x0, double noise, int t) const;
  /// What the model shall say for add_noise(x0, noise, t), by prediction_type.
  double target(double x0, double noise, int t) const;
  double x0_from_output(double x, double model_output, int t) const;  // before clipping

  /// Rules of a step from level t in a run of n levels.
  StepRule ddim_rule(int t, int n) const;
  StepRule ddpm_rule(int t, int n) const;
  StepResult ddim_step(double x, double model_output, int t, int n, double z = 0.0) const;
  StepResult ddpm_step(double x, double model_output, int t, int n, double z = 0.0) const;
  /// Variance of the fresh noise of ddpm_rule(t, n), before "none at t = 0".
  double ddpm_variance(int t, int n) const;

 private:
  explicit NoiseSchedule(const NoiseScheduleSettings& settings);
  double alpha(int t) const;
  StepRule prediction_rule(int t) const;

  NoiseScheduleSettings settings_;
  std::vector<double> betas_;
  std::vector<double> alpha_cumprod_;
};

}  // namespace inknav::learn
