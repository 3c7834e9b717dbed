// SPDX-License-Identifier: MIT
#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include "base/io_fault.h"
#include "base/temporary_folder.h"

namespace inknav::base {
namespace {

namespace fs = std::filesystem;

// The hook is a plain function, so its plan is global: call number `failing_call` (1 = the first) fails.
int failing_call = 0;
int failing_errno = 0;
int calls_seen = 0;
int fail_planned_call(const char*) { return ++calls_seen == failing_call ? failing_errno : 0; }

class ScopedFault {
 public:
  ScopedFault(int call, int error_number) {
    failing_call = call;
    failing_errno = error_number;
    calls_seen = 0;
    set_io_fault_hook(fail_planned_call);
  }
  ~ScopedFault() { set_io_fault_hook(nullptr); }
  ScopedFault(const ScopedFault&) = delete;
  ScopedFault& operator=(const ScopedFault&) = delete;
  /// Whether the operation got as far as the failing call.
  bool reached() const { return calls_seen >= failing_call; }
};

class FileTest : public ::testing::Test {
 protected:
  static std::string contents(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  std::set<std::string> names() const {
    std::set<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_)) found.insert(entry.path().filename().string());
    return found;
  }
  base::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

TEST_F(FileTest, WritesAndReadsBack) {
  const fs::path path = folder_ / "a.bin";
  const std::vector<std::uint8_t> head = {1, 2, 0, 255};
  const std::vector<std::uint8_t> tail(100000, 7);
  const std::vector<std::span<const std::uint8_t>> parts = {head, {}, tail};
  ASSERT_TRUE(write_file_atomic(path, std::span<const std::span<const std::uint8_t>>(parts)).ok());
  const auto read = read_file(path, 1 << 20);
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->size(), head.size() + tail.size());
  EXPECT_TRUE(std::equal(head.begin(), head.end(), read->begin()));
  EXPECT_EQ(read->back(), 7);
  EXPECT_EQ(names(), std::set<std::string>{"a.bin"});
}

TEST_F(FileTest, EmptyFile) {
  const fs::path path = folder_ / "empty";
  ASSERT_TRUE(write_text_atomic(path, "").ok());
  const auto text = read_text_file(path, 0);
  ASSERT_TRUE(text.ok());
  EXPECT_TRUE(text->empty());
}

TEST_F(FileTest, ReadIsBounded) {
  const fs::path path = folder_ / "t";
  ASSERT_TRUE(write_text_atomic(path, "12345").ok());
  EXPECT_TRUE(read_text_file(path, 5).ok());
  EXPECT_TRUE(read_text_file(path, std::numeric_limits<std::size_t>::max()).ok());
  const auto refused = read_text_file(path, 4);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kData);
  EXPECT_NE(refused.error().message.find("at most 4 bytes"), std::string::npos) << refused.error().message;
  // A sparse file that claims a terabyte costs nothing.
  const int descriptor = ::open((folder_ / "huge").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  ASSERT_GE(descriptor, 0);
  ASSERT_EQ(::ftruncate(descriptor, off_t{1} << 40), 0);
  ::close(descriptor);
  EXPECT_FALSE(read_file(folder_ / "huge", 1 << 20).ok());
}

TEST_F(FileTest, TheStartOfAFileIsReadAloneWithTheSizeOfTheWhole) {
  const fs::path path = folder_ / "t";
  ASSERT_TRUE(write_text_atomic(path, "12345").ok());
  const auto start = read_file_start(path, 2, 5);
  ASSERT_TRUE(start.ok());
  EXPECT_EQ(start->bytes, (std::vector<std::uint8_t>{'1', '2'}));
  EXPECT_EQ(start->file_bytes, 5u);
  EXPECT_EQ(read_file_start(path, 9, 5)->bytes.size(), 5u);
  EXPECT_TRUE(read_file_start(path, 0, 5)->bytes.empty());
  const auto refused = read_file_start(path, 2, 4);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("at most 4 bytes"), std::string::npos) << refused.error().message;
  EXPECT_FALSE(read_file_start(folder_, 2, 5).ok());
  fs::resize_file(path, std::uintmax_t{1} << 40);
  EXPECT_EQ(read_file_start(path, 6, std::size_t{1} << 41)->bytes,
            (std::vector<std::uint8_t>{'1', '2', '3', '4', '5', 0}));
}

TEST_F(FileTest, ReadsFilesThatTellNoSize) {
  const auto status = read_text_file("/proc/self/status", 1 << 16);
  ASSERT_TRUE(status.ok());
  EXPECT_NE(status->find("Pid:"), std::string::npos);
  EXPECT_FALSE(read_text_file("/proc/self/status", 10).ok());
}

TEST_F(FileTest, RefusesWhatIsNoFile) {
  const auto missing = read_file(folder_ / "missing", 10);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::kData);
  EXPECT_NE(missing.error().message.find((folder_ / "missing").string()), std::string::npos);
  EXPECT_NE(missing.error().message.find("No such file"), std::string::npos);

  const auto folder = read_file(folder_, 10);
  ASSERT_FALSE(folder.ok());
  EXPECT_NE(folder.error().message.find("directory"), std::string::npos) << folder.error().message;

  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  const auto pipe = read_file(folder_ / "pipe", 10);
  ASSERT_FALSE(pipe.ok());
  EXPECT_NE(pipe.error().message.find("regular file"), std::string::npos) << pipe.error().message;
}

TEST_F(FileTest, WriteErrorsNamePathAndReason) {
  const auto status = write_text_atomic(folder_ / "nowhere" / "f", "x");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kDisk);
  EXPECT_NE(status.error().message.find((folder_ / "nowhere" / "f").string()), std::string::npos);
  EXPECT_NE(status.error().message.find("create the folder first"), std::string::npos);

  fs::create_directory(folder_ / "taken");
  const auto onto_folder = write_text_atomic(folder_ / "taken", "x");
  ASSERT_FALSE(onto_folder.ok());
  EXPECT_EQ(names(), std::set<std::string>{"taken"});
}

// Law: whichever system call fails, a reader finds the whole old file or the whole new one, and nothing else
// lies there.
TEST_F(FileTest, AnySystemCallMayFail) {
  const fs::path path = folder_ / "state";
  for (const int error_number : {ENOSPC, EIO, EROFS, EDQUOT}) {
    bool reached = true;
    int call = 0;
    int failures_with_new_file = 0;
    while (reached) {
      ASSERT_TRUE(write_text_atomic(path, "the old one").ok());
      Status status = ok_status();
      {
        ScopedFault fault(++call, error_number);
        status = write_text_atomic(path, "the new one, longer");
        reached = fault.reached();
      }
      EXPECT_EQ(names(), std::set<std::string>{"state"}) << "call " << call;
      if (status.ok()) {
        EXPECT_EQ(contents(path), "the new one, longer");
        continue;
      }
      EXPECT_EQ(status.error().code, ErrorCode::kDisk);
      EXPECT_NE(status.error().message.find(std::strerror(error_number)), std::string::npos);
      if (status.error().message.find("fsync of its folder") != std::string::npos) {
        EXPECT_EQ(contents(path), "the new one, longer");
        ++failures_with_new_file;
      } else {
        EXPECT_EQ(contents(path), "the old one") << status.error().message;
      }
    }
    EXPECT_GE(call, 10)
        << "open, create, statvfs, reserve, write, fsync, close, rename, fsync and one success";
    EXPECT_EQ(failures_with_new_file, 1);
  }
}

TEST_F(FileTest, InterruptedCallsAreRepeated) {
  const fs::path path = folder_ / "state";
  bool reached = true;
  for (int call = 1; reached; ++call) {
    ScopedFault fault(call, EINTR);
    const auto status = write_text_atomic(path, std::to_string(call));
    ASSERT_TRUE(status.ok()) << status.error().message;
    EXPECT_EQ(contents(path), std::to_string(call));
    reached = fault.reached();
  }
  reached = true;
  for (int call = 1; reached; ++call) {
    ScopedFault fault(call, EINTR);
    EXPECT_TRUE(read_file(path, 100).ok());
    reached = fault.reached();
  }
}

TEST_F(FileTest, AnyReadCallMayFail) {
  const fs::path path = folder_ / "state";
  ASSERT_TRUE(write_text_atomic(path, "text").ok());
  bool reached = true;
  int call = 0;
  while (reached) {
    ScopedFault fault(++call, EIO);
    const auto text = read_text_file(path, 100);
    reached = fault.reached();
    EXPECT_EQ(text.ok(), !reached);
    if (!text.ok()) {
      EXPECT_EQ(text.error().code, ErrorCode::kData);
      EXPECT_NE(text.error().message.find(std::strerror(EIO)), std::string::npos);
    }
  }
  EXPECT_GE(call, 5) << "open, fstat, read, read at the end and one success";
}

TEST_F(FileTest, FileSystemsWithoutFallocateStillWork) {
  const fs::path path = folder_ / "state";
  ScopedFault fault(4, EOPNOTSUPP);
  const auto status = write_text_atomic(path, "text");
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_TRUE(fault.reached());
  EXPECT_EQ(contents(path), "text");
}

TEST_F(FileTest, AFullDiskShowsBeforeAnythingIsReplaced) {
  // A petabyte of address space without memory behind it; nothing reads it.
  constexpr std::size_t kTerabyte = std::size_t{1} << 40;
  void* reserved = ::mmap(nullptr, kTerabyte, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(reserved, MAP_FAILED);
  const std::span<const std::uint8_t> terabyte(static_cast<const std::uint8_t*>(reserved), kTerabyte);
  const std::vector<std::span<const std::uint8_t>> parts(1024, terabyte);
  const fs::path path = folder_ / "state";
  ASSERT_TRUE(write_text_atomic(path, "old").ok());
  const auto status = write_file_atomic(path, std::span<const std::span<const std::uint8_t>>(parts));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kDisk);
  EXPECT_NE(status.error().message.find("reserving its space"), std::string::npos) << status.error().message;
  EXPECT_EQ(contents(path), "old");
  EXPECT_EQ(names(), std::set<std::string>{"state"});
  ::munmap(reserved, kTerabyte);
}

TEST_F(FileTest, ConcurrentWritersLeaveOneWholeFile) {
  const fs::path path = folder_ / "state";
  const auto writer = [&](char letter) {
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(write_text_atomic(path, std::string(5000, letter)).ok());
  };
  std::thread first(writer, 'a');
  std::thread second(writer, 'b');
  for (int i = 0; i < 200; ++i) {
    const std::string seen = contents(path);
    if (!seen.empty()) {
      EXPECT_EQ(seen, std::string(5000, seen.front()));
    }
  }
  first.join();
  second.join();
  EXPECT_EQ(names(), std::set<std::string>{"state"});
}

TEST_F(FileTest, AStaleTemporaryFileIsNoObstacle) {
  for (int serial = 0; serial < 5000; ++serial) {
    std::ofstream(folder_ / ("state.tmp-" + std::to_string(::getpid()) + "-" + std::to_string(serial)));
  }
  EXPECT_TRUE(write_text_atomic(folder_ / "state", "text").ok());
  EXPECT_EQ(contents(folder_ / "state"), "text");
}

}  // namespace
}  // namespace inknav::base
