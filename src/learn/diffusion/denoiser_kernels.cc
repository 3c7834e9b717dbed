// SPDX-License-Identifier: MIT
#include "learn/diffusion/denoiser_kernels.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"

namespace inknav::learn {
namespace {

constexpr int kLanes = 8;

/// Calls f(0), ..., f(N - 1) with indices known to the compiler, so that arrays they index become registers
/// (a loop is unrolled too late for that).
template <int N, typename Function>
inline void unrolled(Function&& f) {
  [&]<int... I>(std::integer_sequence<int, I...>) { (f(std::integral_constant<int, I>()), ...); }
  (std::make_integer_sequence<int, N>());
}

/// A part of the sums: elements [first, first + count) of every row, weights of one block of columns from
/// there on.
struct Part {
  int first = 0, count = 0;
  const float* weights = nullptr;
  const float* bias = nullptr;  // of the block's columns; the sums so far lie in the output when first > 0
  int column = 0;
};

/// R rows times V vectors of columns; all accumulators are registers.
template <int R, int V>
void tile(const RowsJob& job, int row, const Part& part) {
  constexpr std::ptrdiff_t kWidth = kLanes * V;
  // Rows of weights ahead that are fetched: far enough for the third-level cache, near enough not to be
  // evicted.
  constexpr std::ptrdiff_t kAhead = 64 * kWidth;
  const std::ptrdiff_t step = job.x_step, out_step = job.out_step;
  const float* x = job.x + row * step + part.first;
  float* out = job.out + row * out_step + part.column;
  const float* weights = part.weights;
  __m256 sum[R * V];
  if (part.first == 0) {
    unrolled<R * V>([&](auto i) { sum[i] = _mm256_load_ps(part.bias + kLanes * (i % V)); });
  } else {
    unrolled<R * V>([&](auto i) { sum[i] = _mm256_loadu_ps(out + i / V * out_step + kLanes * (i % V)); });
  }
  for (int q = 0; q < part.count; ++q) {
    _mm_prefetch(weights + kAhead, _MM_HINT_T0);
    if constexpr (V == 3) _mm_prefetch(weights + kAhead + 16, _MM_HINT_T0);
    __m256 w[V], value[R];
    unrolled<V>([&](auto v) { w[v] = _mm256_load_ps(weights + kLanes * v); });
    unrolled<R>([&](auto r) { value[r] = _mm256_broadcast_ss(x + r * step); });
    unrolled<R * V>([&](auto i) { sum[i] = _mm256_fmadd_ps(value[i / V], w[i % V], sum[i]); });
    weights += kWidth;
    ++x;
  }
  unrolled<R * V>([&](auto i) { _mm256_storeu_ps(out + i / V * out_step + kLanes * (i % V), sum[i]); });
}

template <int V>
void block_rows(const RowsJob& job, const Part& part) {
  int row = 0;
  for (; row + 4 <= job.rows; row += 4) tile<4, V>(job, row, part);
  switch (job.rows - row) {
    case 3:
      return tile<3, V>(job, row, part);
    case 2:
      return tile<2, V>(job, row, part);
    case 1:
      return tile<1, V>(job, row, part);
    default:
      return;
  }
}

}  // namespace

PackedMatrix::PackedMatrix(std::span<const float> weights, int length, int out, std::span<const float> bias)
    : length_(length), padded_out_((out + kLanes - 1) / kLanes * kLanes) {
  INKNAV_CHECK(weights.size() == static_cast<std::size_t>(length) * static_cast<std::size_t>(out),
               weights.size(), length, out);
  INKNAV_CHECK(bias.empty() || bias.size() == static_cast<std::size_t>(out), bias.size(), out);
  weights_.resize(static_cast<std::size_t>(length) * static_cast<std::size_t>(padded_out_));
  bias_.resize(static_cast<std::size_t>(padded_out_));
  std::copy(bias.begin(), bias.end(), bias_.data());
  std::size_t offset = 0;
  for (int column = 0; column < padded_out_;) {
    // Twelve accumulators (24 columns of 4 rows) hide the FMA's latency best; four vectors are 2 + 2, not 3
    // + 1.
    const int left = (padded_out_ - column) / kLanes;
    const int vectors = left == 4 ? 2 : std::min(left, 3);
    blocks_.push_back({column, vectors, offset});
    const int width = kLanes * vectors;
    for (int q = 0; q < length; ++q) {
      for (int c = column; c < std::min(column + width, out); ++c) {
        weights_.data()[offset + static_cast<std::size_t>(q * width + c - column)] =
            weights[static_cast<std::size_t>(q) * static_cast<std::size_t>(out) +
                    static_cast<std::size_t>(c)];
      }
    }
    offset += static_cast<std::size_t>(length) * static_cast<std::size_t>(width);
    column += width;
  }
}

struct MatmulKernel {
  /// Elements of a row that are done for all jobs before the next ones: 24 columns of them fill three
  /// quarters of a 32 KiB cache.
  static constexpr int kPart = 256;

  static void run(const PackedMatrix& matrix, std::span<const RowsJob> jobs) {
    for (const PackedMatrix::Block& block : matrix.blocks_) {
      Part part;
      part.bias = matrix.bias_.data() + block.column;
      part.column = block.column;
      for (part.first = 0; part.first < matrix.length_; part.first += kPart) {
        part.count = std::min(kPart, matrix.length_ - part.first);
        part.weights =
            matrix.weights_.data() + block.offset +
            static_cast<std::size_t>(part.first) * static_cast<std::size_t>(kLanes * block.vectors);
        for (const RowsJob& job : jobs) {
          if (block.vectors == 3) {
            block_rows<3>(job, part);
          } else if (block.vectors == 2) {
            block_rows<2>(job, part);
          } else {
            block_rows<1>(job, part);
          }
        }
      }
    }
  }
};

void matmul_rows(const PackedMatrix& matrix, std::span<const RowsJob> jobs) {
  MatmulKernel::run(matrix, jobs);
}

void mish(std::span<const float> x, std::span<float> out) {
  INKNAV_CHECK(x.size() == out.size(), x.size(), out.size());
  std::size_t i = 0;
  for (; i + kLanes <= x.size(); i += kLanes) {
    _mm256_storeu_ps(out.data() + i, mish8(_mm256_loadu_ps(x.data() + i)));
  }
  if (i < x.size()) {
    float rest[kLanes] = {};
    std::copy(x.begin() + static_cast<std::ptrdiff_t>(i), x.end(), rest);
    _mm256_storeu_ps(rest, mish8(_mm256_loadu_ps(rest)));
    std::copy(rest, rest + (x.size() - i), out.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

namespace {

/// sums[c] = sum over rows of f(y[row][c]); f gets the vector of the subtrahends too.
template <typename Function>
void column_sums(const float* y, int rows, int channels, float* sums, Function&& f) {
  for (int c = 0; c < channels; c += kLanes) {
    __m256 sum = _mm256_setzero_ps();
    for (int t = 0; t < rows; ++t) sum = _mm256_add_ps(sum, f(_mm256_loadu_ps(y + t * channels + c), c));
    _mm256_storeu_ps(sums + c, sum);
  }
}

float group_mean(const float* sums, int width, int rows) {
  float sum = 0.0f;
  for (int c = 0; c < width; ++c) sum += sums[c];
  return sum / static_cast<float>(width * rows);
}

}  // namespace

void norm_mish(const NormWeights& weights, int groups, float epsilon, const NormJob& job, float* scratch) {
  const int channels = static_cast<int>(weights.gain.size()), width = channels / groups;
  float* gain = scratch;              // becomes gamma / deviation
  float* shift = scratch + channels;  // the means, then beta - mean * gain
  column_sums(job.y, job.rows, channels, gain, [](__m256 value, int) { return value; });
  for (int g = 0; g < groups; ++g) {
    std::fill_n(shift + g * width, width, group_mean(gain + g * width, width, job.rows));
  }
  column_sums(job.y, job.rows, channels, gain, [&](__m256 value, int c) {
    const __m256 off = _mm256_sub_ps(value, _mm256_loadu_ps(shift + c));
    return _mm256_mul_ps(off, off);
  });
  for (int g = 0; g < groups; ++g) {
    const float inverse = 1.0f / std::sqrt(group_mean(gain + g * width, width, job.rows) + epsilon);
    for (int c = g * width; c < (g + 1) * width; ++c) {
      const auto i = static_cast<std::size_t>(c);
      gain[c] = weights.gain[i] * inverse;
      shift[c] = weights.bias[i] - shift[c] * gain[c];
    }
  }
  const int film_bias = job.film_scale ? channels : 0;
  for (int c = 0; c < channels; c += kLanes) {
    const __m256 a = _mm256_loadu_ps(gain + c), b = _mm256_loadu_ps(shift + c);
    __m256 scale = _mm256_set1_ps(1.0f), bias = _mm256_setzero_ps();
    if (job.film_cond != nullptr) {
      const auto film = [&](int at) {
        return _mm256_add_ps(_mm256_loadu_ps(job.film_cond + at), _mm256_loadu_ps(job.film_time + at));
      };
      if (job.film_scale) scale = film(c);
      bias = film(film_bias + c);
    }
    for (int t = 0; t < job.rows; ++t) {
      const __m256 normal = _mm256_fmadd_ps(_mm256_loadu_ps(job.y + t * channels + c), a, b);
      __m256 value = _mm256_fmadd_ps(mish8(normal), scale, bias);
      if (job.residual != nullptr) {
        value = _mm256_add_ps(value, _mm256_loadu_ps(job.residual + t * job.residual_step + c));
      }
      _mm256_storeu_ps(job.out + t * job.out_step + c, value);
      if (job.second_out != nullptr) _mm256_storeu_ps(job.second_out + t * job.second_step + c, value);
    }
  }
}

}  // namespace inknav::learn
