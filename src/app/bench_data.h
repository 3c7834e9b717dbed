// SPDX-License-Identifier: MIT
#pragma once
// What benchmarks of whole systems run on: generated homes and episodes in a folder that goes away.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace inknav::app {

class BenchData {
 public:
  static base::Result<BenchData> make(int homes, int episodes);
  ~BenchData();
  BenchData(BenchData&& other) noexcept;
  BenchData& operator=(BenchData&&) = delete;
  BenchData(const BenchData&) = delete;
  BenchData& operator=(const BenchData&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  /// KEY VALUE ... by which an experiment finds scenes, episodes and drawings; the split is "train".
  std::vector<std::string> overrides() const;

 private:
  explicit BenchData(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;  // empty: moved from
};

}  // namespace inknav::app
