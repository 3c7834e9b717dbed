// SPDX-License-Identifier: MIT
#include "base/safe_path.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <functional>

#include "base/safe_path_internal.h"
#include "base/temporary_folder.h"

namespace inknav::base {
namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

TEST(SafePath, Grammar) {
  for (const std::string_view good : {"a"sv, "17DRP5sb8fy.glb"sv, "mp3d/17DRP5sb8fy/17DRP5sb8fy.glb"sv,
                                      "a/b/c/d/e/f"sv, "A-b_c.d..e"sv, "x."sv}) {
    EXPECT_TRUE(is_safe_relative_path(good)) << good;
  }
  EXPECT_TRUE(is_safe_relative_path(std::string(128, 'x')));
  for (const std::string_view bad :
       {""sv,     "/"sv,       "/etc/passwd"sv, "a/"sv,   "a//b"sv,          "."sv,    ".."sv,   "a/../b"sv,
        "../x"sv, ".hidden"sv, "-flag"sv,       "_x"sv,   "a/b/c/d/e/f/g"sv, "a b"sv,  "a\\b"sv, "a\0b"sv,
        "C:x"sv,  "file:x"sv,  "h\xc3\xa9"sv,   "a\nb"sv, "a%2e"sv,          "~root"sv}) {
    EXPECT_FALSE(is_safe_relative_path(bad)) << bad;
  }
  EXPECT_FALSE(is_safe_relative_path(std::string(129, 'x')));
}

// Both ways of resolving, on the same tree.
class ResolveTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    root_ = base_ / "scene";
    fs::create_directories(root_ / "sub");
    fs::create_directories(base_ / "scene_evil");
    for (const fs::path& file :
         {root_ / "a.glb", root_ / "sub/b.glb", base_ / "scene_evil/c.glb", base_ / "d.glb"}) {
      std::ofstream(file) << "x";
    }
  }

  Result<fs::path> resolve(std::string_view relative) const { return resolve(root_, relative); }
  Result<fs::path> resolve(const fs::path& root, std::string_view relative) const {
    return GetParam() ? internal::resolve_beneath_portable(root, relative) : resolve_beneath(root, relative);
  }
  void expect_outside(std::string_view relative) const {
    const auto found = resolve(relative);
    ASSERT_FALSE(found.ok()) << relative;
    EXPECT_EQ(found.error().code, ErrorCode::kData);
    EXPECT_NE(found.error().message.find("leads outside it through a link"), std::string::npos)
        << found.error().message;
    EXPECT_NE(found.error().message.find(root_.string()), std::string::npos);
  }
  TemporaryFolder temporary_;
  const fs::path base_ = temporary_.path();
  fs::path root_;
};

TEST_P(ResolveTest, FindsFilesBeneath) {
  const auto found = resolve("sub/b.glb");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, fs::canonical(root_) / "sub/b.glb");
}

TEST_P(ResolveTest, FilesStillToBeWritten) {
  const auto found = resolve("sub/new.glb");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, fs::canonical(root_) / "sub/new.glb");
  EXPECT_TRUE(resolve("new/new/new.glb").ok());
}

TEST_P(ResolveTest, LinksInsideAreFollowed) {
  fs::create_symlink("sub/b.glb", root_ / "link.glb");
  fs::create_directory_symlink("sub", root_ / "folder");
  fs::create_symlink("../a.glb", root_ / "sub/up.glb");
  EXPECT_TRUE(resolve("link.glb").ok());
  EXPECT_TRUE(resolve("folder/b.glb").ok());
  EXPECT_TRUE(resolve("sub/up.glb").ok());
  fs::create_directory_symlink(root_ / "sub", root_ / "absolute");
  EXPECT_EQ(resolve("absolute/b.glb").value(), fs::canonical(root_) / "sub/b.glb");
}

TEST_P(ResolveTest, LinksOutsideAreRefused) {
  fs::create_symlink("/etc/passwd", root_ / "absolute");
  fs::create_symlink("../d.glb", root_ / "relative");
  fs::create_directory_symlink("../scene_evil", root_ / "evil");
  fs::create_symlink("../scene_evil/c.glb", root_ / "evil.glb");
  fs::create_symlink("relative", root_ / "chain");
  for (const std::string_view name :
       {"absolute", "relative", "evil/c.glb", "evil/new", "evil.glb", "chain"}) {
    expect_outside(name);
  }
}

TEST_P(ResolveTest, LinksWithoutTargetAreRefused) {
  fs::create_symlink(base_ / "not_there", root_ / "dangling");
  fs::create_symlink("../not_there", root_ / "dangling_relative");
  expect_outside("dangling");
  expect_outside("dangling_relative");
}

TEST_P(ResolveTest, LinkLoopsAreRefused) {
  fs::create_symlink("loop_b", root_ / "loop_a");
  fs::create_symlink("loop_a", root_ / "loop_b");
  EXPECT_FALSE(resolve("loop_a").ok());
}

TEST_P(ResolveTest, TheRootMayBeALink) {
  fs::create_directory_symlink(root_, base_ / "alias");
  const auto found = resolve(base_ / "alias", "sub/b.glb");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, fs::canonical(root_) / "sub/b.glb");
}

TEST_P(ResolveTest, TheRootMayBeMissing) {
  const auto found = resolve(base_ / "missing", "a.glb");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, fs::canonical(base_) / "missing/a.glb");
}

INSTANTIATE_TEST_SUITE_P(Ways, ResolveTest, ::testing::Bool(),
                         [](const auto& way) { return way.param ? "Portable" : "Kernel"; });

TEST(SafePath, BadNamesAreQuotedInTheMessage) {
  const auto found = resolve_beneath("/tmp", "../a\n\x1b[31m");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, ErrorCode::kData);
  EXPECT_NE(found.error().message.find("'../a\\x0a\\x1b[31m'"), std::string::npos) << found.error().message;
}

}  // namespace
}  // namespace inknav::base
