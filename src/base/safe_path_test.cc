// SPDX-License-Identifier: MIT
#include "base/safe_path.h"

#include <gtest/gtest.h>

#include <string>

namespace inknav::base {
namespace {

using namespace std::string_view_literals;

TEST(SafePath, GrammarAcceptsSceneIdsAndNothingClever) {
  for (const auto good : {"mp3d/X/X.glb", "home_00001.glb", "a", "00006-HkseAnWCgqk/HkseAnWCgqk.basis.glb"}) {
    EXPECT_TRUE(is_safe_relative_path(good)) << good;
  }
  for (const auto bad :
       {""sv, "."sv, ".."sv, "../x"sv, "a/../b"sv, "/abs"sv, "a//b"sv, "a/"sv, ".hidden"sv, "a/./b"sv,
        "a\\b"sv, "a b"sv, "a\0b"sv, "~"sv, "a/b/c/d/e/f/g"sv, "file:x"sv, "\xC3\xA9"sv}) {
    EXPECT_FALSE(is_safe_relative_path(bad)) << bad;
  }
  EXPECT_TRUE(is_safe_relative_path(std::string(128, 'a')));
  EXPECT_FALSE(is_safe_relative_path(std::string(129, 'a')));
}

TEST(SafePath, LinksMustStayBeneathTheRoot) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "inknav_safe_path";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder / "root" / "inner");
  std::filesystem::create_directories(folder / "root_evil");
  std::filesystem::create_symlink(folder / "root" / "inner", folder / "root" / "good");
  std::filesystem::create_symlink(folder / "root_evil", folder / "root" / "evil");
  std::filesystem::create_symlink("/", folder / "root" / "slash");
  EXPECT_TRUE(resolve_beneath(folder / "root", "good/file").ok());
  for (const auto bad : {"evil/file", "slash/etc/passwd", "evil", "../root_evil/file"}) {
    const auto result = resolve_beneath(folder / "root", bad);
    ASSERT_FALSE(result.ok()) << bad;
    EXPECT_EQ(result.error().code, ErrorCode::kData);
    EXPECT_NE(result.error().message.find(bad), std::string::npos);
  }
}

}  // namespace
}  // namespace inknav::base
