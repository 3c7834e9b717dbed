// SPDX-License-Identifier: MIT
#pragma once
// MetricsWriter: TensorBoard event files ("tb/events.out.tfevents.*"): protobuf records in TFRecord framing.
//
// resume_step: points of the same run at or beyond that step are dropped from the directory's older event
// files, so that a resumed run continues without duplicates.
// A write error never stops training: it is logged once and writing is tried again at the next flush.
// Threads: one writer, one thread. Cost: a few microseconds a scalar, buffered until flush().

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace inknav::run {

class MetricsWriter {
 public:
  static base::Result<std::unique_ptr<MetricsWriter>> open(
      const std::filesystem::path& directory, std::optional<std::int64_t> resume_step = std::nullopt);
  ~MetricsWriter();
  MetricsWriter(const MetricsWriter&) = delete;
  MetricsWriter& operator=(const MetricsWriter&) = delete;

  void scalar(std::string_view tag, double value, std::int64_t step);
  /// An encoded PNG, or a GIF, which TensorBoard plays, of the given size.
  void image(std::string_view tag, std::span<const std::uint8_t> encoded, int width, int height,
             std::int64_t step);
  void text(std::string_view tag, std::string_view markdown, std::int64_t step);
  void flush();

 private:
  struct Impl;
  explicit MetricsWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// One scalar read back, for eval --eval-best and the report's curves.
struct ScalarPoint {
  std::string tag;
  std::int64_t step = 0;
  double value = 0.0;
};

/// All scalars of a directory's event files, by file name then position; a broken tail of a file is skipped.
base::Result<std::vector<ScalarPoint>> read_scalars(const std::filesystem::path& directory);

}  // namespace inknav::run
