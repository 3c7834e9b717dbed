// SPDX-License-Identifier: MIT
#include "base/tensor_view.h"

#include <gtest/gtest.h>

#include <vector>

namespace inknav::base {
namespace {

TEST(TensorView, ViewsAreRowMajor) {
  std::vector<float> data(2 * 3 * 4);
  const TensorView view = make_view(data.data(), 2, 3, 4);
  EXPECT_EQ(view.rank, 3);
  EXPECT_EQ(view.shape[0], 2);
  EXPECT_EQ(view.shape[2], 4);
  EXPECT_EQ(view.strides[0], 12);
  EXPECT_EQ(view.strides[1], 4);
  EXPECT_EQ(view.strides[2], 1);
  EXPECT_EQ(view.num_elements(), 24);
  EXPECT_EQ(view.num_bytes(), 96u);
  EXPECT_EQ(view.as<float>(), data.data());
}

TEST(TensorView, EveryTypeKnowsItsSize) {
  std::uint8_t u8 = 0;
  std::int32_t i32 = 0;
  std::int64_t i64 = 0;
  float f32 = 0.0f;
  EXPECT_EQ(make_view(&u8, 1).num_bytes(), sizeof(u8));
  EXPECT_EQ(make_view(&i32, 1).num_bytes(), sizeof(i32));
  EXPECT_EQ(make_view(&i64, 1).num_bytes(), sizeof(i64));
  EXPECT_EQ(make_view(&f32, 1).num_bytes(), sizeof(f32));
}

TEST(TensorView, ScalarsAndEmptyViews) {
  float value = 3.0f;
  EXPECT_EQ(make_view(&value).num_elements(), 1);
  EXPECT_EQ(make_view(&value, 0, 5).num_elements(), 0);
  EXPECT_EQ(make_view(&value, 0, 5).num_bytes(), 0u);
}

TEST(TensorViewDeathTest, TheWrongTypeIsABug) {
  float value = 3.0f;
  const TensorView view = make_view(&value, 1);
  EXPECT_DEATH(view.as<std::uint8_t>(), "check failed");
}

}  // namespace
}  // namespace inknav::base
