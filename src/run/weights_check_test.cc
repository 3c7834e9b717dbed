// SPDX-License-Identifier: MIT
#include "run/weights_check.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "run/torch_weights.h"

namespace inknav::run {
namespace {

template <typename T>
std::span<const std::uint8_t> bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(T)};
}

class WeightsCheck : public ::testing::Test {
 protected:
  base::TemporaryFolder folder_;
  std::vector<float> numbers_ = {1.0f, -2.0f, 3.5f};
  std::vector<std::int64_t> steps_ = {7};
};

TEST_F(WeightsCheck, ASoundCheckpointIsDescribed) {
  const std::vector<NamedSpan> spans = {{"value/w", SpanType::kF32, {3}, bytes_of(numbers_)},
                                        {"value/b", SpanType::kF32, {3}, bytes_of(numbers_)},
                                        {"adam_step", SpanType::kI64, {}, bytes_of(steps_)}};
  ASSERT_TRUE(write_safetensors(folder_ / "a.safetensors", spans, {{"policy", "{}"}}).ok());
  const WeightsReport report = inspect_weights(folder_ / "a.safetensors");
  EXPECT_EQ(report.fault, WeightsFault::kNone) << report.what;
  EXPECT_TRUE(report.verified);
  EXPECT_EQ(summary_of(report),
            "3 tensors with 7 numbers (0.0 MB), checksums verified: adam_step 1, value 2");
  ASSERT_TRUE(write_torch_weights(folder_ / "a.pth", std::span(spans).first(2), {}).ok());
  const WeightsReport torch = inspect_weights(folder_ / "a.pth");
  EXPECT_EQ(torch.fault, WeightsFault::kNone) << torch.what;
  EXPECT_FALSE(torch.verified);
  EXPECT_EQ(torch.elements, 6u);
}

TEST_F(WeightsCheck, WhatIsNotFiniteIsFoundInEveryType) {
  const std::vector<double> doubles = {0.0, std::nan("")};
  const std::vector<float> floats = {std::numeric_limits<float>::infinity(), 1.0f, -INFINITY};
  // f16: 1.0, infinity, NaN, the largest number (65504). bf16: 1.0, -infinity, NaN, the largest.
  const std::vector<std::uint16_t> f16 = {0x3C00, 0x7C00, 0xFE00, 0x7BFF};
  const std::vector<std::uint16_t> bf16 = {0x3F80, 0xFF80, 0x7FC0, 0x7F7F};
  EXPECT_EQ(count_not_finite({"", SpanType::kF64, {2}, bytes_of(doubles)}), 1u);
  EXPECT_EQ(count_not_finite({"", SpanType::kF32, {3}, bytes_of(floats)}), 2u);
  EXPECT_EQ(count_not_finite({"", SpanType::kF16, {4}, bytes_of(f16)}), 2u);
  EXPECT_EQ(count_not_finite({"", SpanType::kBF16, {4}, bytes_of(bf16)}), 2u);
  EXPECT_EQ(count_not_finite({"", SpanType::kI16, {4}, bytes_of(f16)}), 0u);
  const std::vector<NamedSpan> spans = {{"a", SpanType::kF32, {3}, bytes_of(numbers_)},
                                        {"b", SpanType::kF16, {4}, bytes_of(f16)}};
  ASSERT_TRUE(write_safetensors(folder_ / "n.safetensors", spans, {}).ok());
  const WeightsReport report = inspect_weights(folder_ / "n.safetensors");
  EXPECT_EQ(report.fault, WeightsFault::kNotFinite);
  EXPECT_EQ(report.where, "tensor 'b'");
  EXPECT_EQ(report.what, "finite numbers were wanted, 2 of 4 are not");
  EXPECT_EQ(report.tensors, 2u);
}

TEST_F(WeightsCheck, DamageAndOtherFilesAreToldWithoutThePath) {
  const std::vector<NamedSpan> spans = {{"value/w", SpanType::kF32, {3}, bytes_of(numbers_)}};
  const auto path = folder_ / "a.safetensors";
  ASSERT_TRUE(write_safetensors(path, spans, {}).ok());
  auto bytes = *base::read_file(path, 1u << 20);
  bytes.back() ^= 1u;
  ASSERT_TRUE(base::write_file_atomic(path, bytes).ok());
  const WeightsReport flipped = inspect_weights(path);
  EXPECT_EQ(flipped.fault, WeightsFault::kUnreadable);
  EXPECT_FALSE(flipped.what.empty());
  EXPECT_EQ(flipped.what.find(path.string()), std::string::npos) << flipped.what;
  EXPECT_EQ(summary_of(flipped), "");
  ASSERT_TRUE(base::write_text_atomic(folder_ / "a.pth", "no archive").ok());
  EXPECT_EQ(inspect_weights(folder_ / "a.pth").fault, WeightsFault::kUnreadable);
  EXPECT_EQ(inspect_weights(folder_ / "none.safetensors").fault, WeightsFault::kUnreadable);
  ASSERT_TRUE(write_safetensors(folder_ / "empty.safetensors", {}, {}).ok());
  EXPECT_EQ(inspect_weights(folder_ / "empty.safetensors").fault, WeightsFault::kEmpty);
}

}  // namespace
}  // namespace inknav::run
