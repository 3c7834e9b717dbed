// SPDX-License-Identifier: MIT
#include "base/file.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <fstream>

#include "base/io_fault.h"

namespace inknav::base {
namespace {

std::filesystem::path fresh_folder(const std::string& name) {
  const auto folder = std::filesystem::path(testing::TempDir()) / ("inknav_file_" + name);
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

std::size_t count_files(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

std::atomic<int> calls_until_fault{-1};
std::atomic<int> fault_errno{0};
int fail_one_call(const char*) { return calls_until_fault-- == 0 ? fault_errno.load() : 0; }

TEST(File, WritesAndReadsBack) {
  const auto path = fresh_folder("round_trip") / "a.txt";
  ASSERT_TRUE(write_text_atomic(path, "first").ok());
  ASSERT_TRUE(write_text_atomic(path, "second").ok());
  EXPECT_EQ(read_text_file(path, 100).value(), "second");
  ASSERT_TRUE(write_text_atomic(path, "").ok());
  EXPECT_EQ(read_text_file(path, 100).value(), "");
}

TEST(File, EveryFailingCallLeavesTheOldFileAndNothingElse) {
  for (const int error : {ENOSPC, EIO}) {
    const auto folder = fresh_folder("fault");
    const auto path = folder / "kept.bin";
    ASSERT_TRUE(write_text_atomic(path, "old").ok());
    bool succeeded = false;
    for (int k = 0; !succeeded; ++k) {
      ASSERT_LT(k, 50);
      fault_errno = error;
      calls_until_fault = k;
      set_io_fault_hook(fail_one_call);
      const Status status = write_text_atomic(path, "new");
      set_io_fault_hook(nullptr);
      succeeded = status.ok();
      EXPECT_EQ(count_files(folder), 1u) << "call " << k;
      const std::string content = read_text_file(path, 100).value();
      if (!succeeded) {
        EXPECT_EQ(status.error().code, ErrorCode::kDisk);
        EXPECT_NE(status.error().message.find("kept.bin"), std::string::npos);
        EXPECT_TRUE(content == "old" || content == "new") << content;
      }
    }
  }
}

TEST(File, InterruptedCallsAreRepeated) {
  const auto path = fresh_folder("eintr") / "a";
  fault_errno = EINTR;
  calls_until_fault = 1;
  set_io_fault_hook(fail_one_call);
  const Status status = write_text_atomic(path, "text");
  set_io_fault_hook(nullptr);
  EXPECT_TRUE(status.ok());
}

TEST(File, UnreadableThingsAreErrorsThatNameThem) {
  const auto folder = fresh_folder("unreadable");
  for (const auto& path : {folder / "missing", folder}) {
    const auto result = read_file(path, 10);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kData);
    EXPECT_NE(result.error().message.find(path.string()), std::string::npos);
  }
  std::ofstream(folder / "big") << "0123456789ab";
  EXPECT_FALSE(read_file(folder / "big", 10).ok());
}

}  // namespace
}  // namespace inknav::base
