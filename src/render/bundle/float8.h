// SPDX-License-Identifier: MIT
#pragma once
// Eight floats at once (AVX2 and FMA, which every processor that InkNav runs on has). The compiler's own
// operators
// + - * / work on them; -ffp-contract=off keeps it from fusing what is not written as fused().

#include <immintrin.h>

#include <cstdint>

namespace inknav::render {

using Float8 = __m256;

inline constexpr int kLanes = 8;

inline Float8 all(float value) { return _mm256_set1_ps(value); }
/// a * b + c, rounded once.
inline Float8 fused(Float8 a, Float8 b, Float8 c) { return _mm256_fmadd_ps(a, b, c); }
inline Float8 absolute(Float8 a) { return _mm256_andnot_ps(all(-0.0f), a); }
inline Float8 lesser(Float8 a, Float8 b) { return _mm256_min_ps(a, b); }
inline Float8 greater(Float8 a, Float8 b) { return _mm256_max_ps(a, b); }

/// Masks: all bits of a lane or none. A comparison with what is no number is false.
inline Float8 at_least(Float8 a, Float8 b) { return _mm256_cmp_ps(a, b, _CMP_GE_OQ); }
inline Float8 above(Float8 a, Float8 b) { return _mm256_cmp_ps(a, b, _CMP_GT_OQ); }
inline Float8 same(Float8 a, Float8 b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
inline Float8 both(Float8 a, Float8 b) { return _mm256_and_ps(a, b); }
inline Float8 either(Float8 a, Float8 b) { return _mm256_or_ps(a, b); }
/// `yes` where the mask is set, else `no`.
inline Float8 choose(Float8 mask, Float8 yes, Float8 no) { return _mm256_blendv_ps(no, yes, mask); }
/// Bit i: lane i of the mask.
inline std::uint32_t bits(Float8 mask) { return static_cast<std::uint32_t>(_mm256_movemask_ps(mask)); }

}  // namespace inknav::render
