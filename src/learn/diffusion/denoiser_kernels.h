// SPDX-License-Identifier: MIT
#pragma once
// The two inner loops of FastDenoiser, written for AVX2 with FMA (x86-64-v3, what the whole program is built
// for).
//
// matmul_rows: rows that may overlap times a packed matrix. A convolution over [T, C] with C contiguous is
// one: the taps of output t are the consecutive floats that begin at row t, so nothing is gathered (no
// im2col).
//   Every output is bias, then one FMA per element in order, whatever the tile: bit-identical for any batch.
// norm_mish: GroupNorm, Mish, FiLM and the residual in two passes over data that lies in the first-level
// cache. No allocation, no shared state.

#include <immintrin.h>

#include <cstddef>
#include <span>
#include <vector>

namespace inknav::learn {

/// Floats that begin at a cache line.
class AlignedFloats {
 public:
  void resize(std::size_t size) { lines_.resize((size + kLine - 1) / kLine); }
  std::size_t capacity() const { return lines_.size() * kLine; }
  float* data() { return lines_.empty() ? nullptr : lines_.front().values; }
  const float* data() const { return lines_.empty() ? nullptr : lines_.front().values; }

 private:
  static constexpr std::size_t kLine = 16;
  struct alignas(64) Line {
    float values[kLine] = {};
  };
  std::vector<Line> lines_;
};

/// A matrix [length, out] with bias [out], cut into blocks of 8, 16 or 24 columns that lie one after the
/// other.
class PackedMatrix {
 public:
  /// weights row-major [length, out]; bias may be empty (zeros). Columns are padded with zeros to a multiple
  /// of 8.
  PackedMatrix(std::span<const float> weights, int length, int out, std::span<const float> bias);

  int length() const { return length_; }
  int padded_out() const { return padded_out_; }

 private:
  friend struct MatmulKernel;
  struct Block {
    int column = 0;
    int vectors = 0;         // of 8 columns
    std::size_t offset = 0;  // of its weights [length, 8 * vectors]
  };
  int length_, padded_out_;
  std::vector<Block> blocks_;
  AlignedFloats weights_, bias_;
};

struct RowsJob {
  const float* x = nullptr;  // row r is the `length` floats from x + r * x_step
  std::ptrdiff_t x_step = 0;
  float* out = nullptr;  // row r is the padded_out floats from out + r * out_step
  std::ptrdiff_t out_step = 0;
  int rows = 0;
};

/// The same matrix for several jobs (samples), so that its blocks are fetched once for all of them.
void matmul_rows(const PackedMatrix& matrix, std::span<const RowsJob> jobs);

/// e^x for x in [-87, 88]: relative error below 2.5e-7 (test).
inline __m256 exp8(__m256 x) {
  const __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504088896341f)),
                                   _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  // ln 2 in two parts; the first has nine bits, so that n times it is exact.
  __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), x);
  r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440054690583e-4f), r);
  // Taylor's series to r^7: |r| <= ln 2 / 2, the rest is below 6e-9.
  __m256 sum = _mm256_set1_ps(1.0f / 5040.0f);
  for (const float c : {1.0f / 720.0f, 1.0f / 120.0f, 1.0f / 24.0f, 1.0f / 6.0f, 0.5f, 1.0f, 1.0f}) {
    sum = _mm256_fmadd_ps(sum, r, _mm256_set1_ps(c));
  }
  const __m256i power =
      _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
  return _mm256_mul_ps(sum, _mm256_castsi256_ps(power));
}

/// x tanh(ln(1 + e^x)) = x n / (n + 2) with n = e^x (e^x + 2). Relative error below 1e-6 for x >= -87,
/// absolute error below 1e-35 under it (test); NaN stays NaN.
inline __m256 mish8(__m256 x) {
  const __m256 two = _mm256_set1_ps(2.0f);
  const __m256 e = exp8(_mm256_min_ps(_mm256_set1_ps(20.0f), _mm256_max_ps(_mm256_set1_ps(-87.0f), x)));
  const __m256 n = _mm256_mul_ps(e, _mm256_add_ps(e, two));
  return _mm256_mul_ps(x, _mm256_div_ps(n, _mm256_add_ps(n, two)));
}

/// mish8 over an array.
void mish(std::span<const float> x, std::span<float> out);

struct NormWeights {
  std::vector<float> gain, bias;  // [channels], a multiple of 8 and of the groups
};

struct NormJob {
  const float* y = nullptr;  // [rows, channels] dense
  int rows = 0;
  const float* film_cond =
      nullptr;  // [channels] or, with scale, scale then bias [2 * channels]; null: no FiLM
  const float* film_time = nullptr;  // is added to film_cond
  bool film_scale = false;
  const float* residual = nullptr;  // null: none
  std::ptrdiff_t residual_step = 0;
  float* out = nullptr;
  std::ptrdiff_t out_step = 0;
  float* second_out = nullptr;  // null: none
  std::ptrdiff_t second_step = 0;
};

/// out = film(mish(group_norm(y))) + residual. scratch: [2 * channels].
void norm_mish(const NormWeights& weights, int groups, float epsilon, const NormJob& job, float* scratch);

}  // namespace inknav::learn
