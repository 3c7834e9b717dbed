// SPDX-License-Identifier: MIT
#include "run/progress.h"

#include <gtest/gtest.h>

#include "run/train_log.h"

namespace inknav::run {
namespace {

const ProgressState kState{"training", "updates", 30, 120, 90.0, 270.0, "812 frames/s  success 0.31"};

TEST(Progress, LinesSayWhatAPersonWantsToKnow) {
  const std::string plain = progress_plain_line(kState);
  EXPECT_EQ(plain, "training: 30/120 updates  812 frames/s  success 0.31  1 min 30 s, 4 min 30 s left");
  const std::string line = progress_bar_line(kState, 200);
  EXPECT_NE(line.find(" 25 %"), std::string::npos);
  EXPECT_NE(line.find("success 0.31"), std::string::npos);
}

TEST(Progress, ALineIsNeverWiderThanTheTerminal) {
  for (int columns = 2; columns < 120; ++columns) {
    int shown = 0;
    for (const char c : progress_bar_line(kState, columns)) shown += (c & 0xC0) != 0x80 ? 1 : 0;
    EXPECT_LT(shown, columns);
  }
}

TEST(TrainLog, DurationsAreForPeople) {
  EXPECT_EQ(format_duration(45.2), "45 s");
  EXPECT_EQ(format_duration(750), "12 min 30 s");
  EXPECT_EQ(format_duration(7800), "2 h 10 min");
  EXPECT_EQ(format_duration(3 * 86400 + 4 * 3600), "3 d 4 h");
}

TEST(TrainLog, StatusLineHasTheDocumentedFields) {
  TrainStatus status{120, 10000, 61440, 812.0, 1.9, 3.2, 2.14, 0.31, 0.25, 7800.0};
  EXPECT_EQ(format_status(status),
            "update 120/10000  frames 61440  fps 812  env 1.90 s  network 3.20 s  reward 2.14  success 0.31  "
            "spl 0.25  "
            "eta 2 h 10 min");
}

TEST(TrainLog, WritesWhatTheLogSays) {
  const auto path = std::filesystem::path(testing::TempDir()) / "inknav_train.log";
  std::filesystem::remove(path);
  {
    const auto log = TrainLog::open(path);
    ASSERT_TRUE(log.ok());
  }
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_FALSE(TrainLog::open("/proc/nowhere/train.log").ok());
}

}  // namespace
}  // namespace inknav::run
