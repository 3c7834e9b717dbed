// SPDX-License-Identifier: MIT
#include "base/plugin.h"

#include <gtest/gtest.h>

#include <array>

namespace inknav::base {
namespace {

constexpr Plugin kPlugin = {"test of plug-ins",      "libnowhere.so",       "nowhere_api",
                            "INKNAV_NO_SUCH_PLUGIN", "build the target it", 4};

TEST(Plugin, AnotherVersionIsRefused) {
  EXPECT_TRUE(check_version(kPlugin, "p.so", 4).ok());
  const Status other = check_version(kPlugin, "p.so", 5);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::kUsage);
  EXPECT_EQ(other.error().message,
            "test of plug-ins: version 4 of the plug-in was wanted, p.so is version 5; build program and "
            "plug-in from the same sources");
}

TEST(Plugin, TheFirstTypeOfAnotherSizeIsNamed) {
  std::array<SharedType, 3> types = {{{"table", 8, 8}, {"view", 72, 64}, {"camera", 1, 2}}};
  const Status other = check_sizes(kPlugin, "p.so", types);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().message,
            "test of plug-ins: a view of 64 bytes was wanted, found one of 72 in p.so; build program and "
            "plug-in from the same sources with the same compiler");
  types[1].found = 64;
  types[2].found = 2;
  EXPECT_TRUE(check_sizes(kPlugin, "p.so", types).ok());
}

struct Api {
  std::uint32_t abi_version;
  std::uint32_t api_bytes;
};

TEST(Plugin, AMissingFileIsNamedWithWhatToDo) {
  const auto missing = open_plugin<Api>(kPlugin, "/nowhere/libnowhere.so");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().message,
            "test of plug-ins: the plug-in was wanted at /nowhere/libnowhere.so, no file is there; build "
            "the target it or name the file in INKNAV_NO_SUCH_PLUGIN");
}

TEST(Plugin, ALibraryWithoutTheEntryIsNoPlugin) {
  const std::filesystem::path library = "/lib/x86_64-linux-gnu/libc.so.6";
  if (!std::filesystem::exists(library)) GTEST_SKIP() << library << " is not on this machine";
  const auto other = open_plugin<Api>(kPlugin, library);
  ASSERT_FALSE(other.ok());
  EXPECT_NE(other.error().message.find("without nowhere_api, so it is not InkNav's plug-in"),
            std::string::npos)
      << other.error().message;
}

}  // namespace
}  // namespace inknav::base
