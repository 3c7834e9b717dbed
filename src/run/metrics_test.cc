// SPDX-License-Identifier: MIT
#include "run/metrics.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "run/record_file.h"

namespace inknav::run {
namespace {

std::filesystem::path fresh_folder(const std::string& name) {
  const auto folder = std::filesystem::path(testing::TempDir()) / ("inknav_metrics_" + name);
  std::filesystem::remove_all(folder);
  return folder;
}

TEST(RecordFile, ChecksumsMatchTheStandard) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);            // check value of CRC-32C
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);  // RFC 3720, B.4
}

TEST(RecordFile, ABrokenTailIsLeftOut) {
  std::string file;
  append_record(file, "first");
  append_record(file, "second");
  ASSERT_EQ(read_records(file).size(), 2u);
  EXPECT_EQ(read_records(file)[1], "second");
  for (std::size_t length = 0; length < file.size(); ++length) {
    EXPECT_LE(read_records(std::string_view(file).substr(0, length)).size(), 1u);
  }
  std::string flipped = file;
  flipped[14] = static_cast<char>(flipped[14] ^ 1);
  EXPECT_TRUE(read_records(flipped).empty());
}

TEST(Metrics, ScalarsAreReadBack) {
  const auto folder = fresh_folder("round_trip");
  {
    auto writer = MetricsWriter::open(folder).value();
    writer->scalar("Environment/SPL", 0.5, 1);
    writer->scalar("Environment/SPL", 0.75, 2);
    writer->text("config", "# heading", 0);
  }
  const auto points = read_scalars(folder).value();
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(points[1].tag, "Environment/SPL");
  EXPECT_EQ(points[1].step, 2);
  EXPECT_DOUBLE_EQ(points[1].value, 0.75);
}

TEST(Metrics, AResumedRunHasNoStepTwice) {
  const auto folder = fresh_folder("resume");
  {
    auto writer = MetricsWriter::open(folder).value();
    for (int step = 1; step <= 5; ++step) writer->scalar("x", step, step);
  }
  {
    auto writer = MetricsWriter::open(folder, 4).value();
    for (int step = 4; step <= 6; ++step) writer->scalar("x", 10 * step, step);
  }
  std::vector<std::int64_t> steps;
  for (const ScalarPoint& point : read_scalars(folder).value()) steps.push_back(point.step);
  EXPECT_EQ(steps, (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6}));
}

TEST(Metrics, AFolderThatCannotBeMadeIsAnError) {
  const auto folder = fresh_folder("blocked");
  std::ofstream(folder) << "a file";
  const auto writer = MetricsWriter::open(folder / "tb");
  ASSERT_FALSE(writer.ok());
  EXPECT_EQ(writer.error().code, base::ErrorCode::kDisk);
  EXPECT_FALSE(read_scalars(folder / "tb").ok());
}

}  // namespace
}  // namespace inknav::run
