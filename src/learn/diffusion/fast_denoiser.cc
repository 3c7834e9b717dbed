// SPDX-License-Identifier: MIT
#include "learn/diffusion/fast_denoiser.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace inknav::learn {

/// Lays the network out as a list of operations over one arena.
class FastDenoiser::Builder {
 public:
  Builder(FastDenoiser& engine, const WeightSource& weights)
      : engine_(engine), weights_(weights), s_(engine.settings_), pad_(std::max(s_.kernel_size / 2, 1)) {}

  void build() {
    const std::vector<int>& dims = s_.down_dims;
    int widest_rows = 0;
    for (std::size_t i = 0; i < dims.size(); ++i) widest_rows = std::max(widest_rows, dims[i] * rows(i));
    engine_.widest_ = *std::max_element(dims.begin(), dims.end());
    raw_ = reserve(static_cast<std::size_t>(widest_rows));
    short_cut_ = reserve(static_cast<std::size_t>(widest_rows));
    std::vector<Plane> joined(dims.size());  // beside each other: from below, and the skip
    for (std::size_t i = 1; i < dims.size(); ++i) joined[i] = plane(rows(i), 2 * dims[i]);

    Plane x = plane(s_.horizon, s_.action_dim);
    engine_.input_ = x.offset;
    for (std::size_t i = 0; i < dims.size(); ++i) {
      const std::string name = "down_modules." + std::to_string(i) + ".";
      const Plane middle = plane(rows(i), dims[i]), end = plane(rows(i), dims[i]);
      block(x, name + "0.", dims[i], target(middle));
      block(middle, name + "1.", dims[i], target(end), i == 0 ? Target{kNone, 0} : half(joined[i], dims[i]));
      x = end;
      if (i + 1 < dims.size()) {
        x = plane(rows(i + 1), dims[i]);
        convolve(end, name + "2.conv.", 3, dims[i], 2, target(x), rows(i + 1));
      }
    }
    const std::size_t last = dims.size() - 1;
    const Plane middle = plane(rows(last), dims[last]), tail = plane(s_.horizon, dims[0]);
    block(x, "mid_modules.0.", dims[last], target(middle));
    block(middle, "mid_modules.1.", dims[last], last == 0 ? target(tail) : half(joined[last], 0));
    for (std::size_t i = last; i >= 1; --i) {
      const std::string name = "up_modules." + std::to_string(last - i) + ".";
      const Plane first = plane(rows(i), dims[i - 1]), second = plane(rows(i), dims[i - 1]);
      block(joined[i], name + "0.", dims[i - 1], target(first));
      block(first, name + "1.", dims[i - 1], target(second));
      spread(second, name + "2.conv.", i == 1 ? target(tail) : half(joined[i - 1], 0));
    }
    finish(tail);
  }

 private:
  int rows(std::size_t level) const { return s_.horizon >> level; }

  std::size_t reserve(std::size_t size) {
    const std::size_t offset = engine_.arena_size_;
    engine_.arena_size_ += (size + 15) / 16 * 16;
    return offset;
  }
  Plane plane(int rows, int channels) {
    const auto c = static_cast<std::size_t>(channels), p = static_cast<std::size_t>(pad_);
    const std::size_t margin = (p * c + 15) / 16 * 16;  // row 0 begins at a cache line
    return {reserve(margin + (static_cast<std::size_t>(rows) + p) * c) + margin, rows, channels};
  }
  static Target target(const Plane& plane) { return {plane.offset, plane.channels}; }
  static Target half(const Plane& plane, int begin) {
    return {plane.offset + static_cast<std::size_t>(begin), plane.channels};
  }

  std::span<const float> weight(const std::string& name, std::size_t size) const {
    const std::span<const float> found = weights_(name);
    INKNAV_CHECK(found.size() == size, name, found.size(), size);
    return found;
  }

  /// One matrix out of taps[i] of a kernel stored as value(in, out, tap).
  template <typename Value>
  void multiply(int in, int out, std::span<const int> taps, Value&& value, const std::string& bias_name,
                MatmulOp op) {
    std::vector<float> packed;
    packed.reserve(taps.size() * static_cast<std::size_t>(in * out));
    for (const int tap : taps) {
      for (int c = 0; c < in; ++c) {
        for (int o = 0; o < out; ++o) packed.push_back(value(c, o, tap));
      }
    }
    op.matrix = engine_.matrices_.size();
    engine_.matrices_.emplace_back(packed, static_cast<int>(taps.size()) * in, out,
                                   weight(bias_name, static_cast<std::size_t>(out)));
    engine_.operations_.emplace_back(op);
  }

  void convolve(const Plane& x, const std::string& name, int kernel, int out, int stride, Target to,
                int out_rows) {
    const std::span<const float> w = weight(
        name + "weight", static_cast<std::size_t>(out) * static_cast<std::size_t>(x.channels * kernel));
    std::vector<int> taps;
    for (int k = 0; k < kernel; ++k) taps.push_back(k);
    MatmulOp op;
    op.x = x.offset - static_cast<std::size_t>(kernel / 2 * x.channels);
    op.x_step = std::ptrdiff_t{stride} * x.channels;
    op.out = to;
    op.rows = out_rows;
    const auto value = [&](int c, int o, int k) {
      return w[static_cast<std::size_t>((o * x.channels + c) * kernel + k)];
    };
    multiply(x.channels, out, taps, value, name + "bias", op);
  }

  /// ConvTranspose1d(k4, s2, p1): even rows see taps 3 and 1 of rows t - 1 and t, odd ones 2 and 0 of t and t
  /// + 1.
  void spread(const Plane& x, const std::string& name, Target to) {
    const int c = x.channels;
    const std::span<const float> w = weight(name + "weight", static_cast<std::size_t>(c * c * 4));
    const auto value = [&](int in, int out, int k) {
      return w[static_cast<std::size_t>((in * c + out) * 4 + k)];
    };
    for (const int odd : {0, 1}) {
      MatmulOp op;
      op.x = x.offset - (odd == 0 ? static_cast<std::size_t>(c) : 0u);
      op.x_step = c;
      op.out = {to.offset + static_cast<std::size_t>(odd * to.step), 2 * to.step};
      op.rows = x.rows;
      const int taps[2][2] = {{3, 1}, {2, 0}};
      multiply(c, c, taps[odd], value, name + "bias", op);
    }
  }

  NormOp normalise(const std::string& name, int channels, int row_count) {
    NormOp op;
    op.norm = engine_.norms_.size();
    op.y = raw_;
    op.rows = row_count;
    const auto size = static_cast<std::size_t>(channels);
    const auto gain = weight(name + "weight", size), bias = weight(name + "bias", size);
    engine_.norms_.push_back({{gain.begin(), gain.end()}, {bias.begin(), bias.end()}});
    return op;
  }

  void block(const Plane& x, const std::string& name, int out, Target to, Target second = {kNone, 0}) {
    const Plane inner = plane(x.rows, out);
    convolve(x, name + "blocks.0.block.0.", s_.kernel_size, out, 1, {raw_, out}, x.rows);
    NormOp first = normalise(name + "blocks.0.block.1.", out, x.rows);
    first.film = engine_.film_size_;
    first.out = target(inner);
    engine_.operations_.emplace_back(first);
    engine_.film_size_ += static_cast<std::size_t>(s_.film_scale ? 2 * out : out);
    films.push_back(name + "cond_encoder.1.");

    Target residual = target(x);
    if (x.channels != out) {
      residual = {short_cut_, out};
      convolve(x, name + "residual_conv.", 1, out, 1, residual, x.rows);
    }
    convolve(inner, name + "blocks.1.block.0.", s_.kernel_size, out, 1, {raw_, out}, x.rows);
    NormOp last = normalise(name + "blocks.1.block.1.", out, x.rows);
    last.residual = residual;
    last.out = to;
    last.second = second;
    engine_.operations_.emplace_back(last);
  }

  void finish(const Plane& x) {
    convolve(x, "final_conv.0.block.0.", s_.kernel_size, x.channels, 1, {raw_, x.channels}, x.rows);
    const Plane end = plane(x.rows, x.channels);
    NormOp op = normalise("final_conv.0.block.1.", x.channels, x.rows);
    op.out = target(end);
    engine_.operations_.emplace_back(op);
    engine_.result_step_ = (s_.action_dim + 7) / 8 * 8;
    engine_.result_ = reserve(static_cast<std::size_t>(engine_.result_step_ * x.rows));
    convolve(end, "final_conv.1.", 1, s_.action_dim, 1, {engine_.result_, engine_.result_step_}, x.rows);
  }

  FastDenoiser& engine_;
  const WeightSource& weights_;
  const Unet1dSettings& s_;
  int pad_;
  std::size_t raw_ = 0, short_cut_ = 0;  // scratch: a convolution's output, the residual's

 public:
  std::vector<std::string> films;  // prefixes of the FiLM projections, in the order of their columns
};

namespace {

/// y = W x + b in double, W row-major [out, in].
std::vector<double> linear(std::span<const float> w, std::span<const float> b, const std::vector<double>& x) {
  std::vector<double> y(b.begin(), b.end());
  INKNAV_CHECK(w.size() == x.size() * y.size(), w.size(), x.size(), y.size());
  for (std::size_t o = 0; o < y.size(); ++o) {
    for (std::size_t i = 0; i < x.size(); ++i) y[o] += double{w[o * x.size() + i]} * x[i];
  }
  return y;
}

void mish_in_place(std::vector<double>& x) {
  for (double& value : x) value *= std::tanh(std::log1p(std::exp(value)));
}

}  // namespace

FastDenoiser::FastDenoiser(const Unet1dSettings& settings, const WeightSource& weights,
                           const Sampler& sampler)
    : settings_(settings), sampler_(sampler) {
  const base::Status status = settings.validate();
  INKNAV_CHECK(status.ok(), status.error().message);
  Builder builder(*this, weights);
  builder.build();

  // All FiLM projections beside each other, split into the columns of the time and those of the condition.
  const auto time = static_cast<std::size_t>(settings.time_dim),
             cond = static_cast<std::size_t>(settings.cond_dim);
  std::vector<float> of_cond(cond * film_size_), of_time(time * film_size_), bias(film_size_);
  std::size_t column = 0;
  for (const std::string& name : builder.films) {
    const std::span<const float> w = weights(name + "weight"), b = weights(name + "bias");
    INKNAV_CHECK(w.size() == b.size() * (time + cond), name, w.size(), b.size());
    for (std::size_t o = 0; o < b.size(); ++o, ++column) {
      const std::span<const float> row = w.subspan(o * (time + cond), time + cond);
      for (std::size_t i = 0; i < time; ++i) of_time[i * film_size_ + column] = row[i];
      for (std::size_t i = 0; i < cond; ++i) of_cond[i * film_size_ + column] = row[time + i];
      bias[column] = b[o];
    }
  }
  INKNAV_CHECK(column == film_size_, column, film_size_);
  film_matrix_.emplace_back(of_cond, settings.cond_dim, static_cast<int>(film_size_),
                            std::span<const float>());
  make_time_table(weights, PackedMatrix(of_time, settings.time_dim, static_cast<int>(film_size_), bias));
}

void FastDenoiser::make_time_table(const WeightSource& weights, const PackedMatrix& projection) {
  const std::span<const double> times = sampler_.times();
  film_time_.resize(times.size() * film_size_);
  std::vector<float> row(static_cast<std::size_t>(settings_.time_dim));
  for (std::size_t k = 0; k < times.size(); ++k) {
    std::vector<double> x = time_embedding(times[k], settings_.time_dim);
    x = linear(weights("diffusion_step_encoder.1.weight"), weights("diffusion_step_encoder.1.bias"), x);
    mish_in_place(x);
    x = linear(weights("diffusion_step_encoder.3.weight"), weights("diffusion_step_encoder.3.bias"), x);
    mish_in_place(x);
    std::transform(x.begin(), x.end(), row.begin(), [](double value) { return static_cast<float>(value); });
    const RowsJob job{row.data(), 0, film_time_.data() + k * film_size_, 0, 1};
    matmul_rows(projection, {&job, 1});
  }
}

void FastDenoiser::reserve(std::int64_t conditions, int workers) {
  const auto count = static_cast<std::size_t>(conditions);
  if (film_cond_.capacity() < count * film_size_) film_cond_.resize(count * film_size_);
  if (active_.size() < count * static_cast<std::size_t>(settings_.cond_dim)) {
    active_.resize(count * static_cast<std::size_t>(settings_.cond_dim));
  }
  const auto row_size = static_cast<std::size_t>(settings_.horizon * settings_.action_dim);
  while (workspaces_.size() < static_cast<std::size_t>(workers)) {
    Workspace& workspace = workspaces_.emplace_back();
    workspace.arenas.resize(kGroup * arena_size_);
    workspace.scratch.resize(2 * static_cast<std::size_t>(widest_));
    workspace.output.resize(row_size);
    workspace.heun.resize(kGroup * 2 * row_size);
    workspace.rows.resize(kGroup, SampleRow{{}, {}, base::PhiloxStream({})});
  }
}

void FastDenoiser::project_conditions(std::span<const float> conditions, base::ThreadPool* pool) {
  const std::int64_t dim = settings_.cond_dim, count = std::ssize(conditions) / dim;
  const auto project = [&](std::int64_t begin, std::int64_t end, int) {
    const std::span<float> active = std::span<float>(active_).subspan(
        static_cast<std::size_t>(begin * dim), static_cast<std::size_t>((end - begin) * dim));
    mish(conditions.subspan(static_cast<std::size_t>(begin * dim), active.size()), active);
    const auto step = static_cast<std::ptrdiff_t>(film_size_);
    const RowsJob job{active.data(), dim, film_cond_.data() + begin * step, step,
                      static_cast<int>(end - begin)};
    matmul_rows(film_matrix_.front(), {&job, 1});
  };
  if (pool != nullptr) {
    pool->parallel_for(count, kGroup, project);
  } else {
    project(0, count, 0);
  }
}

void FastDenoiser::load(std::span<const float> x, std::size_t slot, Workspace& workspace) const {
  std::copy(x.begin(), x.end(), workspace.arenas.data() + slot * arena_size_ + input_);
}

void FastDenoiser::unload(std::span<float> output, std::size_t slot, const Workspace& workspace) const {
  const float* result = workspace.arenas.data() + slot * arena_size_ + result_;
  for (int t = 0; t < settings_.horizon; ++t) {
    std::copy_n(result + t * result_step_, settings_.action_dim, output.data() + t * settings_.action_dim);
  }
}

void FastDenoiser::evaluate(std::int64_t first, std::int64_t count, std::int64_t samples_per_condition,
                            int evaluation, Workspace& workspace) {
  RowsJob jobs[kGroup];
  const float* time = film_time_.data() + static_cast<std::size_t>(evaluation) * film_size_;
  const auto arena = [&](std::int64_t i) {
    return workspace.arenas.data() + static_cast<std::size_t>(i) * arena_size_;
  };
  for (const auto& operation : operations_) {
    if (const auto* matmul = std::get_if<MatmulOp>(&operation)) {
      for (std::int64_t i = 0; i < count; ++i) {
        jobs[i] = {arena(i) + matmul->x, matmul->x_step, arena(i) + matmul->out.offset, matmul->out.step,
                   matmul->rows};
      }
      matmul_rows(matrices_[matmul->matrix], {jobs, static_cast<std::size_t>(count)});
      continue;
    }
    const auto& norm = std::get<NormOp>(operation);
    for (std::int64_t i = 0; i < count; ++i) {
      NormJob job;
      job.y = arena(i) + norm.y;
      job.rows = norm.rows;
      if (norm.film != kNone) {
        const auto condition = static_cast<std::size_t>((first + i) / samples_per_condition);
        job.film_cond = film_cond_.data() + condition * film_size_ + norm.film;
        job.film_time = time + norm.film;
        job.film_scale = settings_.film_scale;
      }
      if (norm.residual.offset != kNone) {
        job.residual = arena(i) + norm.residual.offset;
        job.residual_step = norm.residual.step;
      }
      job.out = arena(i) + norm.out.offset;
      job.out_step = norm.out.step;
      if (norm.second.offset != kNone) {
        job.second_out = arena(i) + norm.second.offset;
        job.second_step = norm.second.step;
      }
      norm_mish(norms_[norm.norm], Unet1dSettings::kNumGroups,
                static_cast<float>(Unet1dSettings::kNormEpsilon), job, workspace.scratch.data());
    }
  }
}

void FastDenoiser::run_group(const DenoiseRequest& request, std::span<float> plans, std::int64_t begin,
                             std::int64_t end, Workspace& workspace) {
  const auto row_size = static_cast<std::size_t>(settings_.horizon * settings_.action_dim);
  const SampleRequest& sampling = request.sampling;
  const bool warm = !sampling.previous.empty();
  const int start = warm ? sampler_.first_evaluation(sampling.fraction) : 0;
  const auto slots = static_cast<std::size_t>(end - begin);
  for (std::size_t slot = 0; slot < slots; ++slot) {
    const std::size_t b = static_cast<std::size_t>(begin) + slot;
    SampleRow& row = workspace.rows[slot];
    row.x = plans.subspan(b * row_size, row_size);
    row.scratch = std::span<float>(workspace.heun).subspan(slot * 2 * row_size, 2 * row_size);
    if (warm) {
      sampler_.begin_from(sampling.keys[b], sampling.previous.subspan(b * row_size, row_size), start, row);
    } else {
      sampler_.begin(sampling.keys[b], row);
    }
  }
  for (int evaluation = start; evaluation < sampler_.num_evaluations(); ++evaluation) {
    for (std::size_t slot = 0; slot < slots; ++slot) load(workspace.rows[slot].x, slot, workspace);
    evaluate(begin, end - begin, request.samples_per_condition, evaluation, workspace);
    for (std::size_t slot = 0; slot < slots; ++slot) {
      unload(workspace.output, slot, workspace);
      sampler_.advance(evaluation, workspace.output, workspace.rows[slot]);
    }
  }
}

void FastDenoiser::sample(const DenoiseRequest& request, std::span<float> plans, base::ThreadPool* pool) {
  const std::int64_t count = std::ssize(request.sampling.keys);
  const std::int64_t conditions = std::ssize(request.conditions) / settings_.cond_dim;
  INKNAV_CHECK(request.samples_per_condition >= 1 && count == conditions * request.samples_per_condition,
               count, conditions, request.samples_per_condition);
  INKNAV_CHECK(std::ssize(request.conditions) == conditions * settings_.cond_dim, request.conditions.size());
  INKNAV_CHECK(std::ssize(plans) == count * settings_.horizon * settings_.action_dim, plans.size(), count);
  INKNAV_CHECK(request.sampling.previous.empty() || request.sampling.previous.size() == plans.size(),
               request.sampling.previous.size(), plans.size());
  const int threads = pool != nullptr ? pool->num_threads() : 1;
  reserve(conditions, threads);
  project_conditions(request.conditions, pool);
  const std::int64_t group = std::clamp<std::int64_t>((count + threads - 1) / threads, 1, kGroup);
  const auto run = [&](std::int64_t begin, std::int64_t end, int worker) {
    run_group(request, plans, begin, end, workspaces_[static_cast<std::size_t>(worker)]);
  };
  if (pool != nullptr) {
    pool->parallel_for(count, group, run);
  } else {
    for (std::int64_t begin = 0; begin < count; begin += group) run(begin, std::min(count, begin + group), 0);
  }
}

void FastDenoiser::predict(std::span<const float> x, std::span<const float> conditions, int evaluation,
                           std::span<float> output) {
  const std::int64_t count = std::ssize(conditions) / settings_.cond_dim;
  const auto row_size = static_cast<std::size_t>(settings_.horizon * settings_.action_dim);
  INKNAV_CHECK(x.size() == static_cast<std::size_t>(count) * row_size && output.size() == x.size(), x.size(),
               count);
  INKNAV_CHECK(evaluation >= 0 && evaluation < sampler_.num_evaluations(), evaluation);
  reserve(count, 1);
  project_conditions(conditions, nullptr);
  for (std::int64_t begin = 0; begin < count; begin += kGroup) {
    const std::int64_t size = std::min(kGroup, count - begin);
    for (std::int64_t i = 0; i < size; ++i) {
      load(x.subspan(static_cast<std::size_t>(begin + i) * row_size, row_size), static_cast<std::size_t>(i),
           workspaces_[0]);
    }
    evaluate(begin, size, 1, evaluation, workspaces_[0]);
    for (std::int64_t i = 0; i < size; ++i) {
      unload(output.subspan(static_cast<std::size_t>(begin + i) * row_size, row_size),
             static_cast<std::size_t>(i), workspaces_[0]);
    }
  }
}

}  // namespace inknav::learn
