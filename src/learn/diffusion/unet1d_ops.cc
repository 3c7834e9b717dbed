// SPDX-License-Identifier: MIT
#include "learn/diffusion/unet1d_ops.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "learn/diffusion/denoiser_kernels.h"

namespace inknav::learn {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t kLanes = 8;

void check_rows(const Tensor& x) {
  INKNAV_CHECK(x.dim() == 3 && x.is_contiguous() && x.scalar_type() == torch::kFloat32);
}

/// Shape of a convolution over rows.
struct Taps {
  std::int64_t batch, rows, channels, kernel, stride;
  std::int64_t out_rows() const { return (rows - 1) / stride + 1; }
  std::int64_t pad() const { return kernel / 2; }
};

/// f(column of the first tap inside, first row inside, taps inside) for every output row: taps are
/// consecutive rows.
template <typename Function>
void for_each_window(const Taps& taps, Function&& f) {
  for (std::int64_t t = 0; t < taps.out_rows(); ++t) {
    const std::int64_t first = t * taps.stride - taps.pad();
    const std::int64_t begin = std::max<std::int64_t>(first, 0),
                       end = std::min(first + taps.kernel, taps.rows);
    f(t, begin - first, begin, end - begin);
  }
}

/// [B, T, C] -> [B * T', k * C]
Tensor windows_of(const Tensor& x, const Taps& taps) {
  if (taps.kernel == 1 && taps.stride == 1) return x.view({taps.batch * taps.rows, taps.channels});
  const std::int64_t width = taps.kernel * taps.channels;
  Tensor windows = torch::zeros({taps.batch * taps.out_rows(), width}, x.options());
  const float* in = x.data_ptr<float>();
  float* out = windows.data_ptr<float>();
  for (std::int64_t b = 0; b < taps.batch; ++b, in += taps.rows * taps.channels) {
    for_each_window(taps, [&](std::int64_t, std::int64_t tap, std::int64_t row, std::int64_t count) {
      std::memcpy(out + tap * taps.channels, in + row * taps.channels,
                  static_cast<std::size_t>(count * taps.channels) * sizeof(float));
      out += width;
    });
  }
  return windows;
}

/// The adjoint of windows_of.
Tensor sum_of_windows(const Tensor& windows, const Taps& taps) {
  if (taps.kernel == 1 && taps.stride == 1) return windows.view({taps.batch, taps.rows, taps.channels});
  const std::int64_t width = taps.kernel * taps.channels;
  Tensor x = torch::zeros({taps.batch, taps.rows, taps.channels}, windows.options());
  const float* in = windows.data_ptr<float>();
  float* out = x.data_ptr<float>();
  for (std::int64_t b = 0; b < taps.batch; ++b, out += taps.rows * taps.channels) {
    for_each_window(taps, [&](std::int64_t, std::int64_t tap, std::int64_t row, std::int64_t count) {
      const float* from = in + tap * taps.channels;
      float* to = out + row * taps.channels;
      for (std::int64_t i = 0; i < count * taps.channels; ++i) to[i] += from[i];
      in += width;
    });
  }
  return x;
}

class ConvRows : public torch::autograd::Function<ConvRows> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, const Tensor& bias,
                        std::int64_t stride) {
    check_rows(x);
    const Taps taps{x.size(0), x.size(1), x.size(2), weight.size(2), stride};
    const Tensor windows = windows_of(x, taps);
    const Tensor matrix = weight.permute({0, 2, 1}).reshape({weight.size(0), taps.kernel * taps.channels});
    context->save_for_backward({windows, matrix});
    context->saved_data["rows"] = taps.rows;
    context->saved_data["kernel"] = taps.kernel;
    context->saved_data["stride"] = stride;
    context->saved_data["batch"] = taps.batch;
    return torch::addmm(bias, windows, matrix.t()).view({taps.batch, taps.out_rows(), weight.size(0)});
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &windows = saved[0], &matrix = saved[1];
    const std::int64_t kernel = context->saved_data["kernel"].toInt(), outs = matrix.size(0);
    const Taps taps{context->saved_data["batch"].toInt(), context->saved_data["rows"].toInt(),
                    matrix.size(1) / kernel, kernel, context->saved_data["stride"].toInt()};
    const Tensor grad = gradients[0].contiguous().view({-1, outs});
    const Tensor d_weight = grad.t().mm(windows).view({outs, kernel, taps.channels}).permute({0, 2, 1});
    Tensor d_x;
    if (context->needs_input_grad(0)) d_x = sum_of_windows(grad.mm(matrix), taps);
    return {d_x, d_weight, grad.sum(0), Tensor()};
  }
};

constexpr Taps up_taps(std::int64_t batch, std::int64_t out_rows, std::int64_t channels) {
  return {batch, out_rows, channels, 4, 2};
}

/// Output row 2 t - 1 + j gets tap j of input row t: the adjoint of windows of 4 rows at stride 2 with one
/// row of padding. Their centre is between two rows, so the window begins one row before 2 t.
template <typename Function>
void for_each_up_window(const Taps& taps, Function&& f) {
  for (std::int64_t t = 0; t < taps.rows / 2; ++t) {
    const std::int64_t first = 2 * t - 1;
    const std::int64_t begin = std::max<std::int64_t>(first, 0), end = std::min(first + 4, taps.rows);
    f(begin - first, begin, end - begin);
  }
}

class TransposedConvRows : public torch::autograd::Function<TransposedConvRows> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, const Tensor& bias) {
    check_rows(x);
    const std::int64_t batch = x.size(0), rows = x.size(1), in_channels = x.size(2), outs = weight.size(1);
    const Tensor matrix = weight.permute({0, 2, 1}).reshape({in_channels, 4 * outs});
    const Tensor flat = x.view({batch * rows, in_channels});
    const Tensor windows = flat.mm(matrix);
    Tensor out = bias.expand({batch, 2 * rows, outs}).contiguous();
    const Taps taps = up_taps(batch, 2 * rows, outs);
    const float* from = windows.data_ptr<float>();
    float* to = out.data_ptr<float>();
    for (std::int64_t b = 0; b < batch; ++b, to += taps.rows * outs) {
      for_each_up_window(taps, [&](std::int64_t tap, std::int64_t row, std::int64_t count) {
        for (std::int64_t i = 0; i < count * outs; ++i) to[row * outs + i] += from[tap * outs + i];
        from += 4 * outs;
      });
    }
    context->save_for_backward({flat, matrix});
    context->saved_data["batch"] = batch;
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &flat = saved[0], &matrix = saved[1];
    const Tensor grad = gradients[0].contiguous();
    const std::int64_t batch = context->saved_data["batch"].toInt(), outs = grad.size(2);
    const Taps taps = up_taps(batch, grad.size(1), outs);
    Tensor windows = torch::zeros({flat.size(0), 4 * outs}, grad.options());
    const float* from = grad.data_ptr<float>();
    float* to = windows.data_ptr<float>();
    for (std::int64_t b = 0; b < batch; ++b, from += taps.rows * outs) {
      for_each_up_window(taps, [&](std::int64_t tap, std::int64_t row, std::int64_t count) {
        std::memcpy(to + tap * outs, from + row * outs,
                    static_cast<std::size_t>(count * outs) * sizeof(float));
        to += 4 * outs;
      });
    }
    const std::int64_t in_channels = flat.size(1);
    const Tensor d_x = windows.mm(matrix.t()).view({batch, taps.rows / 2, in_channels});
    const Tensor d_weight = flat.t().mm(windows).view({in_channels, 4, outs}).permute({0, 2, 1});
    return {d_x, d_weight, grad.sum(at::IntArrayRef{0, 1})};
  }
};

/// mish and its derivative t + x t' with t = n / (n + 2), n = e^x (e^x + 2), t' = 4 e^x (e^x + 1) / (n +
/// 2)^2.
inline void mish_and_slope(__m256 x, __m256& value, __m256& slope) {
  const __m256 one = _mm256_set1_ps(1.0f), two = _mm256_set1_ps(2.0f);
  const __m256 e = exp8(_mm256_min_ps(_mm256_set1_ps(20.0f), _mm256_max_ps(_mm256_set1_ps(-87.0f), x)));
  const __m256 n = _mm256_mul_ps(e, _mm256_add_ps(e, two));
  const __m256 inverse = _mm256_div_ps(one, _mm256_add_ps(n, two));
  const __m256 t = _mm256_mul_ps(n, inverse);
  const __m256 rise = _mm256_mul_ps(_mm256_mul_ps(_mm256_set1_ps(4.0f), e),
                                    _mm256_mul_ps(_mm256_add_ps(e, one), _mm256_mul_ps(inverse, inverse)));
  value = _mm256_mul_ps(x, t);
  slope = _mm256_add_ps(t, _mm256_mul_ps(x, rise));
}

inline __m256 load(const float* p) { return _mm256_loadu_ps(p); }
inline void store(float* p, __m256 v) { _mm256_storeu_ps(p, v); }
inline void add_to(float* p, __m256 v) { store(p, _mm256_add_ps(load(p), v)); }

/// Means over the rows and channels of each group of what is summed per channel, written to every channel of
/// it.
void spread_group_means(std::vector<float>& sums, std::int64_t groups, std::int64_t rows) {
  const auto width = static_cast<std::int64_t>(sums.size()) / groups;
  for (std::int64_t g = 0; g < groups; ++g) {
    const auto begin = sums.begin() + g * width, end = begin + width;
    float sum = 0.0f;
    for (auto it = begin; it != end; ++it) sum += *it;
    std::fill(begin, end, sum / static_cast<float>(width * rows));
  }
}

/// An empty tensor stands for none: autograd functions want defined ones.
std::int64_t columns_of(const Tensor& film) { return film.numel() == 0 ? 0 : film.size(1); }

struct NormShape {
  std::int64_t batch, rows, channels, groups;
  std::int64_t film_columns;  // 0, C or 2 C
  bool scales() const { return film_columns > channels; }
};

class NormMishRows : public torch::autograd::Function<NormMishRows> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& y, const Tensor& gain, const Tensor& bias,
                        const Tensor& film, std::int64_t groups, double epsilon) {
    check_rows(y);
    const NormShape shape{y.size(0), y.size(1), y.size(2), groups, columns_of(film)};
    INKNAV_CHECK(shape.channels % kLanes == 0 && shape.channels % groups == 0, shape.channels, groups);
    const auto channels = static_cast<std::size_t>(shape.channels);
    Tensor out = torch::empty_like(y);
    Tensor moments = torch::empty({shape.batch, 2 * shape.channels}, y.options());  // means, 1 / deviations
    const Tensor films = film.contiguous();
    std::vector<float> sums(channels);
    for (std::int64_t b = 0; b < shape.batch; ++b) {
      const float* in = y.data_ptr<float>() + b * shape.rows * shape.channels;
      float* mean = moments.data_ptr<float>() + b * 2 * shape.channels;
      float* inverse = mean + shape.channels;
      sum_rows(in, shape, sums, [](__m256 v, std::int64_t) { return v; });
      spread_group_means(sums, groups, shape.rows);
      std::copy(sums.begin(), sums.end(), mean);
      sum_rows(in, shape, sums, [&](__m256 v, std::int64_t c) {
        const __m256 off = _mm256_sub_ps(v, load(mean + c));
        return _mm256_mul_ps(off, off);
      });
      spread_group_means(sums, groups, shape.rows);
      for (std::size_t c = 0; c < channels; ++c) {
        inverse[c] = 1.0f / std::sqrt(sums[c] + static_cast<float>(epsilon));
      }
      const float* row_film =
          shape.film_columns > 0 ? films.data_ptr<float>() + b * shape.film_columns : nullptr;
      write_row(shape, in, mean, gain.data_ptr<float>(), bias.data_ptr<float>(), row_film,
                out.data_ptr<float>() + b * shape.rows * shape.channels);
    }
    context->save_for_backward({y, gain, bias, moments, films});
    context->saved_data["groups"] = groups;
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &y = saved[0], &gain = saved[1], &bias = saved[2], &moments = saved[3], &films = saved[4];
    const NormShape shape{y.size(0), y.size(1), y.size(2), context->saved_data["groups"].toInt(),
                          columns_of(films)};
    const Tensor grad = gradients[0].contiguous();
    Tensor d_y = torch::empty_like(y);
    Tensor d_gain = torch::zeros_like(gain), d_bias = torch::zeros_like(bias);
    Tensor d_film = torch::zeros_like(films);
    const auto channels = static_cast<std::size_t>(shape.channels);
    std::vector<float> plain(channels), weighted(channels);
    for (std::int64_t b = 0; b < shape.batch; ++b) {
      const std::int64_t at = b * shape.rows * shape.channels;
      const float* mean = moments.data_ptr<float>() + b * 2 * shape.channels;
      const float* inverse = mean + shape.channels;
      const float* film = shape.film_columns > 0 ? films.data_ptr<float>() + b * shape.film_columns : nullptr;
      float* film_out = shape.film_columns > 0 ? d_film.data_ptr<float>() + b * shape.film_columns : nullptr;
      std::fill(plain.begin(), plain.end(), 0.0f);
      std::fill(weighted.begin(), weighted.end(), 0.0f);
      const float* in = y.data_ptr<float>() + at;
      const float* g = grad.data_ptr<float>() + at;
      float* out = d_y.data_ptr<float>() + at;
      for (std::int64_t c = 0; c < shape.channels; c += kLanes) {
        const __m256 m = load(mean + c), inv = load(inverse + c), a = load(gain.data_ptr<float>() + c),
                     s = load(bias.data_ptr<float>() + c);
        const __m256 scale = shape.scales() ? load(film + c) : _mm256_set1_ps(1.0f);
        __m256 sum_gain = _mm256_setzero_ps(), sum_bias = sum_gain, sum_scale = sum_gain,
               sum_shift = sum_gain, sum_plain = sum_gain, sum_weighted = sum_gain;
        for (std::int64_t t = 0; t < shape.rows; ++t) {
          const std::int64_t i = t * shape.channels + c;
          const __m256 normed = _mm256_mul_ps(_mm256_sub_ps(load(in + i), m), inv);
          __m256 value, slope;
          mish_and_slope(_mm256_add_ps(_mm256_mul_ps(a, normed), s), value, slope);
          const __m256 incoming = load(g + i);
          sum_scale = _mm256_add_ps(sum_scale, _mm256_mul_ps(incoming, value));
          sum_shift = _mm256_add_ps(sum_shift, incoming);
          const __m256 inner = _mm256_mul_ps(_mm256_mul_ps(incoming, scale), slope);
          sum_gain = _mm256_add_ps(sum_gain, _mm256_mul_ps(inner, normed));
          sum_bias = _mm256_add_ps(sum_bias, inner);
          const __m256 outer = _mm256_mul_ps(inner, a);
          sum_plain = _mm256_add_ps(sum_plain, outer);
          sum_weighted = _mm256_add_ps(sum_weighted, _mm256_mul_ps(outer, normed));
          store(out + i, outer);
        }
        add_to(d_gain.data_ptr<float>() + c, sum_gain);
        add_to(d_bias.data_ptr<float>() + c, sum_bias);
        store(plain.data() + c, sum_plain);
        store(weighted.data() + c, sum_weighted);
        if (film_out == nullptr) continue;
        if (shape.scales()) store(film_out + c, sum_scale);
        store(film_out + (shape.scales() ? shape.channels : 0) + c, sum_shift);
      }
      spread_group_means(plain, shape.groups, shape.rows);
      spread_group_means(weighted, shape.groups, shape.rows);
      for (std::int64_t t = 0; t < shape.rows; ++t) {
        for (std::int64_t c = 0; c < shape.channels; c += kLanes) {
          const std::int64_t i = t * shape.channels + c;
          const __m256 inv = load(inverse + c);
          const __m256 normed = _mm256_mul_ps(_mm256_sub_ps(load(in + i), load(mean + c)), inv);
          const __m256 off =
              _mm256_add_ps(load(plain.data() + c), _mm256_mul_ps(normed, load(weighted.data() + c)));
          store(out + i, _mm256_mul_ps(inv, _mm256_sub_ps(load(out + i), off)));
        }
      }
    }
    return {d_y, d_gain, d_bias, d_film, Tensor(), Tensor()};
  }

 private:
  template <typename Function>
  static void sum_rows(const float* in, const NormShape& shape, std::vector<float>& sums, Function&& f) {
    for (std::int64_t c = 0; c < shape.channels; c += kLanes) {
      __m256 sum = _mm256_setzero_ps();
      for (std::int64_t t = 0; t < shape.rows; ++t)
        sum = _mm256_add_ps(sum, f(load(in + t * shape.channels + c), c));
      store(sums.data() + c, sum);
    }
  }

  static void write_row(const NormShape& shape, const float* in, const float* mean, const float* gain,
                        const float* bias, const float* film, float* out) {
    const float* inverse = mean + shape.channels;
    for (std::int64_t c = 0; c < shape.channels; c += kLanes) {
      const __m256 m = load(mean + c), inv = load(inverse + c), a = load(gain + c), s = load(bias + c);
      const __m256 scale = shape.scales() ? load(film + c) : _mm256_set1_ps(1.0f);
      const __m256 shift =
          film != nullptr ? load(film + (shape.scales() ? shape.channels : 0) + c) : _mm256_setzero_ps();
      for (std::int64_t t = 0; t < shape.rows; ++t) {
        const std::int64_t i = t * shape.channels + c;
        const __m256 normed = _mm256_mul_ps(_mm256_sub_ps(load(in + i), m), inv);
        const __m256 value = mish8(_mm256_add_ps(_mm256_mul_ps(a, normed), s));
        store(out + i, _mm256_add_ps(_mm256_mul_ps(scale, value), shift));
      }
    }
  }
};

}  // namespace

Tensor conv_rows(const Tensor& x, const Tensor& weight, const Tensor& bias, std::int64_t stride) {
  return ConvRows::apply(x.contiguous(), weight, bias, stride);
}

Tensor transposed_conv_rows(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return TransposedConvRows::apply(x.contiguous(), weight, bias);
}

Tensor norm_mish_rows(const Tensor& y, const Tensor& gain, const Tensor& bias, const Tensor& film,
                      std::int64_t groups, double epsilon) {
  return NormMishRows::apply(y.contiguous(), gain, bias,
                             film.defined() ? film : torch::empty({0}, y.options()), groups, epsilon);
}

}  // namespace inknav::learn
