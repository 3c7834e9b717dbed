// SPDX-License-Identifier: MIT
#pragma once
// TemporaryFolder: a fresh folder below the system's folder for temporary files, which goes away with the
// object and all that lies in it. Tests only.

#include <stdlib.h>  // mkdtemp

#include <filesystem>
#include <string>
#include <string_view>

#include "base/check.h"

namespace inknav::base {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "inknav_test_XXXXXX").string();
    INKNAV_CHECK(::mkdtemp(pattern.data()) != nullptr, pattern);
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace inknav::base
