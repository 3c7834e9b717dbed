// SPDX-License-Identifier: MIT
#include "learn/diffusion/sampler.h"

#include <fmt/format.h>

#include <cmath>

#include "base/check.h"
#include "learn/diffusion/flow.h"

namespace inknav::learn {
namespace {

base::PhiloxStream noise_stream(base::PhiloxKey key) {
  key.purpose = base::Purpose::kDiffusionSampling;
  return base::PhiloxStream(key);
}

}  // namespace

void SamplerWorkspace::resize(std::size_t rows, std::size_t row_size) {
  output_.resize(rows * row_size);
  scratch_.resize(2 * rows * row_size);
  rows_.resize(rows, SampleRow{{}, {}, base::PhiloxStream({})});
}

base::Result<Sampler> Sampler::make(const NoiseSchedule& schedule, const SamplerSettings& settings) {
  Sampler sampler;
  sampler.kind_ = settings.kind;
  const int n = settings.num_steps, size = schedule.size();
  if (sampler.is_flow()) {
    if (n < 1) {
      return base::Error{
          base::ErrorCode::kUsage,
          fmt::format("RL.DIFFUSION.num_inference_steps = {} is not at least 1; 4 to 10 are usual", n)};
    }
    const int halves = settings.kind == SamplerKind::kFlowHeun ? 2 : 1;
    sampler.step_ = 1.0 / n;
    for (int i = 0; i < n; ++i) {
      for (int half = 0; half < halves; ++half) {
        const double t = static_cast<double>(i + half) / n;
        sampler.times_.push_back(flow_network_time(t, size));
        sampler.levels_.push_back({t, 1.0 - t, 1.0 - t});
      }
    }
    return sampler;
  }
  INKNAV_ASSIGN_OR_RETURN(const std::vector<int> steps, schedule.timesteps(n));
  for (const int t : steps) {
    const double a = schedule.alpha_cumprod()[static_cast<std::size_t>(t)];
    sampler.times_.push_back(t);
    sampler.levels_.push_back({std::sqrt(a), std::sqrt(1.0 - a), static_cast<double>(t + 1) / size});
    sampler.rules_.push_back(settings.kind == SamplerKind::kDdpm ? schedule.ddpm_rule(t, n)
                                                                 : schedule.ddim_rule(t, n));
  }
  return sampler;
}

int Sampler::first_evaluation(double fraction) const {
  INKNAV_CHECK(fraction > 0.0 && fraction <= 1.0, fraction);
  const int stride = kind_ == SamplerKind::kFlowHeun ? 2 : 1;
  constexpr double kRounding = 1e-9;  // 1 - 6/10 is not 4/10 in binary
  for (int i = 0; i < num_evaluations(); i += stride) {
    if (levels_[static_cast<std::size_t>(i)].depth <= fraction + kRounding) return i;
  }
  return num_evaluations() - stride;
}

void Sampler::begin(const base::PhiloxKey& key, SampleRow& row) const {
  row.noise = noise_stream(key);
  for (float& value : row.x) value = row.noise.normal();
}

void Sampler::begin_from(const base::PhiloxKey& key, std::span<const float> previous, int first,
                         SampleRow& row) const {
  INKNAV_CHECK(previous.size() == row.x.size(), previous.size(), row.x.size());
  const Level& level = levels_[static_cast<std::size_t>(first)];
  row.noise = noise_stream(key);
  for (std::size_t i = 0; i < row.x.size(); ++i) {
    row.x[i] =
        static_cast<float>(level.signal * double{previous[i]} + level.noise * double{row.noise.normal()});
  }
}

void Sampler::advance(int evaluation, std::span<const float> output, SampleRow& row) const {
  const std::size_t size = row.x.size();
  INKNAV_CHECK(output.size() == size, output.size(), size);
  if (kind_ == SamplerKind::kFlowEuler) {
    for (std::size_t i = 0; i < size; ++i) {
      row.x[i] = static_cast<float>(euler_step(double{row.x[i]}, double{output[i]}, step_));
    }
  } else if (kind_ == SamplerKind::kFlowHeun) {
    INKNAV_CHECK(row.scratch.size() == 2 * size, row.scratch.size(), size);
    const std::span<float> start = row.scratch.first(size), velocity = row.scratch.last(size);
    for (std::size_t i = 0; i < size; ++i) {
      if (evaluation % 2 == 0) {
        start[i] = row.x[i];
        velocity[i] = output[i];
        row.x[i] = static_cast<float>(euler_step(double{start[i]}, double{output[i]}, step_));
      } else {
        row.x[i] =
            static_cast<float>(heun_step(double{start[i]}, double{velocity[i]}, double{output[i]}, step_));
      }
    }
  } else {
    const StepRule& rule = rules_[static_cast<std::size_t>(evaluation)];
    const bool noisy = rule.noise() > 0.0;
    for (std::size_t i = 0; i < size; ++i) {
      const double z = noisy ? double{row.noise.normal()} : 0.0;
      row.x[i] = static_cast<float>(rule.apply(double{row.x[i]}, double{output[i]}, z).x);
    }
  }
}

int Sampler::start(const SampleRequest& request, std::span<float> x, SamplerWorkspace& workspace) const {
  const std::size_t rows = request.keys.size();
  INKNAV_CHECK(rows > 0 && x.size() % rows == 0, rows, x.size());
  const std::size_t row_size = x.size() / rows;
  const bool warm = !request.previous.empty();
  INKNAV_CHECK(!warm || request.previous.size() == x.size(), request.previous.size(), x.size());
  workspace.resize(rows, row_size);
  const int first = warm ? first_evaluation(request.fraction) : 0;
  for (std::size_t b = 0; b < rows; ++b) {
    SampleRow& row = workspace.rows_[b];
    row.x = x.subspan(b * row_size, row_size);
    row.scratch = std::span<float>(workspace.scratch_).subspan(2 * b * row_size, 2 * row_size);
    if (warm) {
      begin_from(request.keys[b], request.previous.subspan(b * row_size, row_size), first, row);
    } else {
      begin(request.keys[b], row);
    }
  }
  return first;
}

void Sampler::advance_all(int evaluation, SamplerWorkspace& workspace) const {
  const std::size_t row_size = workspace.output_.size() / workspace.rows_.size();
  for (std::size_t b = 0; b < workspace.rows_.size(); ++b) {
    advance(evaluation, std::span<const float>(workspace.output_).subspan(b * row_size, row_size),
            workspace.rows_[b]);
  }
}

}  // namespace inknav::learn
