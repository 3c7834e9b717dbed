// SPDX-License-Identifier: MIT
#pragma once
// FastDenoiser: the whole sampling loop of a ConditionalUnet1D on the CPU, without autograd and without an
// operator library. Weights are repacked once; the time's part of every FiLM projection is a table made once
// for the levels of a Sampler; the condition's part is computed once a decision (both exact: the projection
// is linear behind an element-wise function). One step is then matrix rows and norm_mish of
// denoiser_kernels.h on arrays that stay in the first two cache levels.
//
// Law: a sample is bit-identical for any batch, any number of threads and any place in the batch; it equals
// the
//   torch module up to the rounding of f32 sums in another order (test).
// Cost: [32, 64, 128], k5, H16, condition 256: 54 M multiply-adds for 10 evaluations, see `inknav bench
// infer`. After a call with the largest batch nothing is allocated. Not to be shared by threads (own
// workspace); it spreads over a pool by itself. Rebuild it when the weights have changed (about a millisecond
// per million weights).

#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/thread_pool.h"
#include "learn/diffusion/denoiser_kernels.h"
#include "learn/diffusion/sampler.h"
#include "learn/diffusion/unet1d_settings.h"

namespace inknav::learn {

/// The weights named as in ConditionalUnet1d, row-major in torch's order (denoiser_weights.h makes one).
using WeightSource = std::function<std::span<const float>(const std::string& name)>;

struct DenoiseRequest {
  std::span<const float> conditions;  // [C, cond_dim]
  int samples_per_condition = 1;      // S; sample b belongs to condition b / S
  SampleRequest sampling;             // keys [C * S], previous [C * S, H, D] or empty
};

class FastDenoiser {
 public:
  FastDenoiser(const Unet1dSettings& settings, const WeightSource& weights, const Sampler& sampler);

  /// Fills plans [C * S, H, D].
  void sample(const DenoiseRequest& request, std::span<float> plans, base::ThreadPool* pool = nullptr);

  /// The model's output [B, H, D] for x [B, H, D] with conditions [B, cond_dim] in one evaluation of the
  /// sampler.
  void predict(std::span<const float> x, std::span<const float> conditions, int evaluation,
               std::span<float> output);

  const Unet1dSettings& settings() const { return settings_; }
  const Sampler& sampler() const { return sampler_; }

 private:
  /// Activations [rows, channels] in a sample's arena, with zero rows before and after.
  struct Plane {
    std::size_t offset = 0;  // of row 0
    int rows = 0, channels = 0;
  };
  /// Where an operation writes: row t goes to offset + t * step.
  struct Target {
    std::size_t offset = 0;
    std::ptrdiff_t step = 0;
  };
  struct MatmulOp {
    std::size_t matrix = 0, x = 0;
    std::ptrdiff_t x_step = 0;
    Target out;
    int rows = 0;
  };
  static constexpr std::size_t kNone = ~std::size_t{0};
  struct NormOp {
    std::size_t norm = 0, y = 0;
    int rows = 0;
    std::size_t film = kNone;  // column of the film tables
    Target residual{kNone, 0}, out, second{kNone, 0};
  };
  struct Workspace {
    AlignedFloats arenas;  // [kGroup, arena_size_]
    AlignedFloats scratch;
    std::vector<float> output, heun;
    std::vector<SampleRow> rows;
  };
  static constexpr std::int64_t kGroup = 8;  // samples that one thread carries through a layer together

  class Builder;
  void make_time_table(const WeightSource& weights, const PackedMatrix& projection);
  void reserve(std::int64_t conditions, int workers);
  void project_conditions(std::span<const float> conditions, base::ThreadPool* pool);
  void run_group(const DenoiseRequest& request, std::span<float> plans, std::int64_t begin, std::int64_t end,
                 Workspace& workspace);
  /// One evaluation of `count` samples whose inputs are in the arenas; sample i has condition (first + i) /
  /// S.
  void evaluate(std::int64_t first, std::int64_t count, std::int64_t samples_per_condition, int evaluation,
                Workspace& workspace);
  void load(std::span<const float> x, std::size_t slot, Workspace& workspace) const;
  void unload(std::span<float> output, std::size_t slot, const Workspace& workspace) const;

  Unet1dSettings settings_;
  Sampler sampler_;
  std::vector<PackedMatrix> matrices_;
  std::vector<NormWeights> norms_;
  std::vector<std::variant<MatmulOp, NormOp>> operations_;
  std::size_t arena_size_ = 0, input_ = 0, result_ = 0;
  int result_step_ = 0, widest_ = 0;

  std::size_t film_size_ = 0;              // columns of both film tables
  std::vector<PackedMatrix> film_matrix_;  // [cond_dim, film_size], one
  AlignedFloats film_time_;                // [num_evaluations, film_size]
  AlignedFloats film_cond_;                // [C, film_size]
  std::vector<float> active_;              // mish(conditions) [C, cond_dim]
  std::vector<Workspace> workspaces_;
};

}  // namespace inknav::learn
