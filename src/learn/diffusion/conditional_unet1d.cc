// SPDX-License-Identifier: MIT
#include "learn/diffusion/conditional_unet1d.h"

#include <ATen/autocast_mode.h>

#include <cmath>

#include "base/check.h"
#include "learn/diffusion/unet1d_ops.h"

namespace inknav::learn {

using torch::Tensor;

namespace {

torch::nn::Conv1d conv1d(int in, int out, int kernel_size, int stride = 1) {
  return torch::nn::Conv1d(
      torch::nn::Conv1dOptions(in, out, kernel_size).stride(stride).padding(kernel_size / 2));
}

/// A module whose only child is `child` under `name`: gives parameters the path they have elsewhere.
class Wrapper : public torch::nn::Module {
 public:
  Wrapper(const std::string& name, std::shared_ptr<torch::nn::Module> child) {
    register_module(name, std::move(child));
  }
};

/// Our own layers are for the CPU and its plain f32.
bool is_fast(const Tensor& x) {
  return x.is_cpu() && x.scalar_type() == torch::kFloat32 && !at::autocast::is_autocast_enabled(torch::kCPU);
}

/// A layer of torch's on [B, T, C].
template <typename Layer>
Tensor on_rows(Layer& layer, const Tensor& x) {
  return layer(x.transpose(1, 2)).transpose(1, 2);
}

Tensor convolved(torch::nn::Conv1d& conv, const Tensor& x) {
  return is_fast(x) ? conv_rows(x, conv->weight, conv->bias, (*conv->options.stride())[0]) : on_rows(conv, x);
}

Tensor convolved(torch::nn::ConvTranspose1d& conv, const Tensor& x) {
  return is_fast(x) ? transposed_conv_rows(x, conv->weight, conv->bias) : on_rows(conv, x);
}

/// time [B] -> [B, dim], in time's own type.
Tensor embed_time(const Tensor& time, int dim) {
  const int half = dim / 2;
  const Tensor index = torch::arange(half, time.options());
  const Tensor angle = time.unsqueeze(1) * torch::exp(index * (-std::log(10000.0) / (half - 1)));
  return torch::cat({angle.sin(), angle.cos()}, 1);
}

}  // namespace

Conv1dBlockImpl::Conv1dBlockImpl(int in, int out, int kernel_size) {
  conv_ = conv1d(in, out, kernel_size);
  norm_ = torch::nn::GroupNorm(
      torch::nn::GroupNormOptions(Unet1dSettings::kNumGroups, out).eps(Unet1dSettings::kNormEpsilon));
  register_module("block", torch::nn::Sequential(conv_, norm_, torch::nn::Mish()));
}

Tensor Conv1dBlockImpl::forward(const Tensor& x, const Tensor& film) {
  const Tensor y = convolved(conv_, x);
  if (is_fast(x)) {
    return norm_mish_rows(y, norm_->weight, norm_->bias, film, Unet1dSettings::kNumGroups,
                          Unet1dSettings::kNormEpsilon);
  }
  const Tensor out = torch::mish(on_rows(norm_, y));
  if (!film.defined()) return out;
  const std::int64_t channels = out.size(2);
  if (film.size(1) == channels) return out + film.unsqueeze(1);
  return film.narrow(1, 0, channels).unsqueeze(1) * out + film.narrow(1, channels, channels).unsqueeze(1);
}

ConditionalResidualBlock1dImpl::ConditionalResidualBlock1dImpl(int in, int out, int cond_dim, int kernel_size,
                                                               bool film_scale)
    : film_scale_(film_scale), out_(out), first_(in, out, kernel_size), second_(out, out, kernel_size) {
  torch::nn::ModuleList blocks;
  blocks->push_back(first_);
  blocks->push_back(second_);
  register_module("blocks", blocks);
  film_ = torch::nn::Linear(cond_dim, film_scale ? 2 * out : out);
  torch::nn::Sequential encoder(torch::nn::Mish(), film_);
  register_module("cond_encoder", encoder);
  if (in != out) residual_ = register_module("residual_conv", conv1d(in, out, 1));
}

Tensor ConditionalResidualBlock1dImpl::film_of_time(const Tensor& time, std::int64_t time_dim) const {
  return torch::linear(time, film_->weight.narrow(1, 0, time_dim));
}

Tensor ConditionalResidualBlock1dImpl::film_of_condition(const Tensor& cond, std::int64_t time_dim) const {
  return torch::linear(cond, film_->weight.narrow(1, time_dim, film_->weight.size(1) - time_dim),
                       film_->bias);
}

Tensor ConditionalResidualBlock1dImpl::forward(const Tensor& x, const Tensor& film) {
  const Tensor out = second_(first_(x, film));
  return out + (residual_.is_empty() ? x : convolved(residual_, x));
}

void ConditionalResidualBlock1dImpl::reset_film() {
  torch::NoGradGuard no_grad;
  if (film_scale_) film_->bias.narrow(0, 0, out_).fill_(1.0);
}

ConditionalUnet1dImpl::ConditionalUnet1dImpl(const Unet1dSettings& settings) : settings_(settings) {
  const base::Status status = settings.validate();
  INKNAV_CHECK(status.ok(), status.error().message);
  const int time_dim = settings.time_dim, cond_dim = time_dim + settings.cond_dim;
  const std::vector<int>& dims = settings.down_dims;
  time_first_ = torch::nn::Linear(time_dim, 4 * time_dim);
  time_second_ = torch::nn::Linear(4 * time_dim, time_dim);
  // Position 0 is the embedding, which has no parameters.
  torch::nn::Sequential time_encoder(torch::nn::Identity(), time_first_, torch::nn::Mish(), time_second_);
  register_module("diffusion_step_encoder", time_encoder);

  torch::nn::ModuleList down, middle, up;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const int in = i == 0 ? settings.action_dim : dims[i - 1];
    down_.push_back(make_level(in, dims[i], cond_dim, down, i + 1 < dims.size(), false));
  }
  for (ConditionalResidualBlock1d* block : {&middle_.first, &middle_.second}) {
    *block = ConditionalResidualBlock1d(dims.back(), dims.back(), cond_dim, settings.kernel_size,
                                        settings.film_scale);
    middle->push_back(*block);
  }
  for (std::size_t i = dims.size() - 1; i >= 1; --i) {
    up_.push_back(make_level(2 * dims[i], dims[i - 1], cond_dim, up, false, true));
  }
  register_module("mid_modules", middle);
  register_module("up_modules", up);
  register_module("down_modules", down);
  final_block_ = Conv1dBlock(dims[0], dims[0], settings.kernel_size);
  final_ = conv1d(dims[0], settings.action_dim, 1);
  torch::nn::ModuleList last;
  last->push_back(final_block_);
  last->push_back(final_);
  register_module("final_conv", last);
}

ConditionalUnet1dImpl::Level ConditionalUnet1dImpl::make_level(int in, int out, int cond_dim,
                                                               torch::nn::ModuleList& parent, bool down,
                                                               bool up) {
  Level level;
  torch::nn::ModuleList modules;
  level.first = ConditionalResidualBlock1d(in, out, cond_dim, settings_.kernel_size, settings_.film_scale);
  level.second = ConditionalResidualBlock1d(out, out, cond_dim, settings_.kernel_size, settings_.film_scale);
  modules->push_back(level.first);
  modules->push_back(level.second);
  if (down) {
    level.down = conv1d(out, out, 3, 2);
    modules->push_back(std::make_shared<Wrapper>("conv", level.down.ptr()));
  }
  if (up) {
    level.up =
        torch::nn::ConvTranspose1d(torch::nn::ConvTranspose1dOptions(out, out, 4).stride(2).padding(1));
    modules->push_back(std::make_shared<Wrapper>("conv", level.up.ptr()));
  }
  parent->push_back(modules);
  return level;
}

Tensor ConditionalUnet1dImpl::embedded(const Tensor& time, torch::ScalarType type) {
  return time_second_(torch::mish(time_first_(embed_time(time.to(type), settings_.time_dim))));
}

Tensor ConditionalUnet1dImpl::forward(const Tensor& x, const Tensor& time, const Tensor& cond) {
  // Every block's projection begins with the mish.
  const Tensor all = torch::mish(torch::cat({embedded(time, x.scalar_type()), cond}, 1));
  return run(x, [&](ConditionalResidualBlock1d& block) { return block->film_of(all); });
}

Tensor ConditionalUnet1dImpl::run(const Tensor& x,
                                  const std::function<Tensor(ConditionalResidualBlock1d&)>& film) {
  const auto through = [&](ConditionalResidualBlock1d& block, const Tensor& in) {
    const Tensor projection = film(block);
    return block->forward(in, projection);
  };
  Tensor h = x;
  std::vector<Tensor> skips;
  for (Level& level : down_) {
    h = through(level.first, h);
    h = through(level.second, h);
    skips.push_back(h);
    if (!level.down.is_empty()) h = convolved(level.down, h);
  }
  h = through(middle_.first, h);
  h = through(middle_.second, h);
  for (Level& level : up_) {
    h = torch::cat({h, skips.back()}, 2);
    skips.pop_back();
    h = through(level.first, h);
    h = convolved(level.up, through(level.second, h));
  }
  return convolved(final_, final_block_(h));
}

std::vector<ConditionalResidualBlock1d> ConditionalUnet1dImpl::blocks() {
  std::vector<ConditionalResidualBlock1d> all;
  const auto add = [&](Level& level) {
    all.push_back(level.first);
    all.push_back(level.second);
  };
  for (Level& level : down_) add(level);
  add(middle_);
  for (Level& level : up_) add(level);
  return all;
}

std::vector<Tensor> ConditionalUnet1dImpl::films_of_times(const Tensor& times) {
  const Tensor active = torch::mish(embedded(times, time_first_->weight.scalar_type()));
  std::vector<Tensor> films;
  for (ConditionalResidualBlock1d& block : blocks()) {
    films.push_back(block->film_of_time(active, settings_.time_dim));
  }
  return films;
}

std::vector<Tensor> ConditionalUnet1dImpl::films_of_conditions(const Tensor& cond) {
  const Tensor active = torch::mish(cond);
  std::vector<Tensor> films;
  for (ConditionalResidualBlock1d& block : blocks()) {
    films.push_back(block->film_of_condition(active, settings_.time_dim));
  }
  return films;
}

Tensor ConditionalUnet1dImpl::forward_films(const Tensor& x, const std::vector<Tensor>& films) {
  std::size_t next = 0;
  return run(x, [&](ConditionalResidualBlock1d&) { return films[next++]; });
}

void ConditionalUnet1dImpl::reset_film_and_output() {
  torch::NoGradGuard no_grad;
  for (std::vector<Level>* levels : {&down_, &up_}) {
    for (Level& level : *levels) {
      level.first->reset_film();
      level.second->reset_film();
    }
  }
  middle_.first->reset_film();
  middle_.second->reset_film();
  final_->weight.zero_();
  final_->bias.zero_();
}

}  // namespace inknav::learn
