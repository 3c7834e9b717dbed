// SPDX-License-Identifier: MIT
#pragma once
// Bad input for every reader of files, one table of what can be wrong with any file: it is empty, cut at 50
// places, has one byte changed at 500 places, is a folder, is not there, may not be read; and what is
// particular to its format (another version, counts beyond 32 bits, numbers that are not finite), which the
// caller gives. Tests only.
//
// Each must come back (a crash or a hang fails the test program, the sanitized one finds what would be luck),
// and an error must have the wanted code and name the file. Files are written plainly, without flushing to
// the disk. Deterministic: the changed bytes come from philox.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/philox.h"
#include "base/result.h"

namespace inknav::base::testing {

struct BadInput {
  std::filesystem::path file;  // sound when expect_typed_errors is called; put back at its end
  std::function<Status(const std::filesystem::path&)> read;
  ErrorCode code = ErrorCode::kData;
  bool named = true;  // errors name the file; false: a part beside it, or one that is named otherwise
  bool empty_is_fault = true;    // an empty file is refused
  bool change_is_fault = false;  // any changed byte is refused, as by a checksum
  bool required = true;          // a missing file is refused
  /// What has to be refused besides: what it is, and the bytes.
  std::vector<std::pair<std::string, std::string>> hostile = {};
};

inline std::string bytes_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void put_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

class BadInputRun {
 public:
  explicit BadInputRun(const BadInput& input) : input_(input), sound_(bytes_of_file(input.file)) {}

  void run() {
    ASSERT_FALSE(sound_.empty()) << input_.file;
    const Status status = input_.read(input_.file);
    ASSERT_TRUE(status.ok()) << status.error().message;
    bytes("empty", "", input_.empty_is_fault);
    for (std::size_t k = 0; k < 50; ++k) {
      const std::size_t length = k * sound_.size() / 50;
      bytes("cut after " + std::to_string(length), sound_.substr(0, length), false);
    }
    change_bytes();
    for (const auto& [what, text] : input_.hostile) bytes(what, text, true);
    other_kinds_of_file();
    put_bytes(input_.file, sound_);
    EXPECT_TRUE(input_.read(input_.file).ok()) << input_.file;
  }

 private:
  void bytes(const std::string& what, const std::string& text, bool must_fail) {
    put_bytes(input_.file, text);
    expect(what, must_fail);
  }

  void expect(const std::string& what, bool must_fail) {
    const Status status = input_.read(input_.file);
    if (status.ok()) {
      EXPECT_FALSE(must_fail) << input_.file << ": " << what << " was read";
      return;
    }
    const Error& error = status.error();
    EXPECT_EQ(error.code, input_.code) << what << ": " << error.message;
    EXPECT_LT(error.message.size(), 2000u) << what;
    if (!input_.named) return;
    EXPECT_NE(error.message.find(input_.file.filename().string()), std::string::npos)
        << what << ": " << error.message;
  }

  void change_bytes() {
    PhiloxStream random({.seed = sound_.size()});
    for (int k = 0; k < 500; ++k) {
      std::string changed = sound_;
      const std::size_t at = random.uniform_int(static_cast<std::uint32_t>(sound_.size()));
      const auto bits = static_cast<char>(1u + random.uniform_int(255u));
      changed[at] = static_cast<char>(changed[at] ^ bits);
      bytes("byte " + std::to_string(at) + " changed", changed, input_.change_is_fault);
    }
  }

  void other_kinds_of_file() {
    std::filesystem::remove(input_.file);
    expect("missing", input_.required);
    std::filesystem::create_directory(input_.file);
    expect("a folder", true);
    std::filesystem::remove(input_.file);
    if (::geteuid() == 0) return;  // root may read everything
    put_bytes(input_.file, sound_);
    std::filesystem::permissions(input_.file, std::filesystem::perms::none);
    expect("without the right to read", true);
    std::filesystem::permissions(input_.file, std::filesystem::perms::owner_all);
  }

  const BadInput& input_;
  std::string sound_;
};

inline void expect_typed_errors(const BadInput& input) {
  SCOPED_TRACE(input.file.string());
  BadInputRun(input).run();
}

/// The Status of a Result of anything.
template <typename T>
Status status_of(const Result<T>& result) {
  return result.ok() ? ok_status() : Status(result.error());
}

/// `text` with the first `from` replaced, which must be in it.
inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/// `text` with the bytes of `value` at `at`.
template <typename T>
std::string with_value(std::string text, std::size_t at, const T& value) {
  return text.replace(at, sizeof(T), std::string(reinterpret_cast<const char*>(&value), sizeof(T)));
}

}  // namespace inknav::base::testing
