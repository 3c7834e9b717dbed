// SPDX-License-Identifier: MIT
#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace inknav::base {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0)
    return Error{ErrorCode::kUsage, "an even number was wanted, " + std::to_string(value) + " found"};
  return value / 2;
}

Result<int> quarter(int value) {
  INKNAV_ASSIGN_OR_RETURN(const int once, half(value));
  INKNAV_ASSIGN_OR_RETURN(const int twice, half(once));
  return twice;
}

Status check_even(int value) {
  INKNAV_RETURN_IF_ERROR(half(value));
  return ok_status();
}

TEST(Result, CarriesTheValueOrTheError) {
  const Result<int> good = half(4);
  ASSERT_TRUE(good.ok());
  EXPECT_TRUE(static_cast<bool>(good));
  EXPECT_EQ(*good, 2);
  const Result<int> bad = half(3);
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, ErrorCode::kUsage);
  EXPECT_EQ(bad.error().message, "an even number was wanted, 3 found");
}

TEST(Result, MacrosReturnTheFirstError) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().message, "an even number was wanted, 3 found");
  EXPECT_EQ(quarter(5).error().message, "an even number was wanted, 5 found");
  EXPECT_TRUE(check_even(2).ok());
  EXPECT_EQ(check_even(1).error().code, ErrorCode::kUsage);
}

TEST(Result, HoldsWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(5));
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 5);
}

TEST(Result, AStringIsAValueNotAnError) {
  const Result<std::string> result(std::string("text"));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->size(), 4u);
}

TEST(Result, CodesAreTheDocumentedExitCodes) {
  EXPECT_EQ(static_cast<int>(ErrorCode::kUsage), 2);
  EXPECT_EQ(static_cast<int>(ErrorCode::kData), 3);
  EXPECT_EQ(static_cast<int>(ErrorCode::kDiverged), 4);
  EXPECT_EQ(static_cast<int>(ErrorCode::kDeviceMemory), 5);
  EXPECT_EQ(static_cast<int>(ErrorCode::kDisk), 6);
  EXPECT_EQ(static_cast<int>(ErrorCode::kPeer), 7);
  EXPECT_EQ(static_cast<int>(ErrorCode::kPreempted), 75);
}

TEST(ResultDeathTest, ReadingTheWrongSideIsABug) {
  EXPECT_DEATH(static_cast<void>(half(3).value()), "an even number was wanted, 3 found");
  EXPECT_DEATH(static_cast<void>(half(4).error()), "check failed");
}

TEST(CheckDeathTest, PrintsConditionPlaceAndValues) {
  const int found = 7;
  EXPECT_DEATH(
      INKNAV_CHECK(found < 5, found, "five"),
      "result_test\\.cc:[0-9]+: check failed, this is a bug in InkNav: found < 5 \\[7\\] \\[five\\]");
  INKNAV_CHECK(found == 7);
}

TEST(CheckDeathTest, EvaluatesTheConditionOnce) {
  int calls = 0;
  INKNAV_CHECK(++calls == 1, calls);
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace inknav::base
