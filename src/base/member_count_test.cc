// SPDX-License-Identifier: MIT
#include "base/member_count.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace inknav::base {
namespace {

struct None {};
struct Inner {
  int a = 1;
  float b = 2.0f;
};
enum class Kind { kOne };
struct Outer {
  bool yes = true;
  Inner inner;  // one member, whatever is in it
  std::vector<std::string> names{"x"};
  std::string text = "y";
  Kind kind = Kind::kOne;
  int function() const { return inner.a; }
};

TEST(MemberCount, CountsMembersAndNotWhatIsInThem) {
  EXPECT_EQ(member_count<None>(), 0u);
  EXPECT_EQ(member_count<Inner>(), 2u);
  EXPECT_EQ(member_count<Outer>(), 5u);
}

}  // namespace
}  // namespace inknav::base
