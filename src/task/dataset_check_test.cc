// SPDX-License-Identifier: MIT
#include "task/dataset_check.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/file.h"
#include "task/test_dataset.h"

namespace inknav::task {
namespace {

using testing::TestDataset;

class DatasetCheck : public ::testing::Test {
 protected:
  DatasetCheckReport check() {
    DatasetCheckSettings settings;
    settings.list = data_.folder() / "list.json.gz";
    settings.scenes_dir = data_.dataset().scenes_dir;
    settings.sketch_dir = data_.dataset().sketch_dir;
    INKNAV_CHECK(save_episodes(settings.list, data_.dataset().episodes).ok());
    const auto report = check_dataset(settings, pool_);
    INKNAV_CHECK(report.ok(), report.error().message);
    return *report;
  }

  TestDataset data_{4};
  base::ThreadPool pool_{2};
};

TEST_F(DatasetCheck, ASoundDatasetIsSound) {
  data_.draw_all();
  const DatasetCheckReport report = check();
  EXPECT_TRUE(report.usable());
  EXPECT_TRUE(report.faults.empty());
  EXPECT_EQ(report.episodes, 8);
  EXPECT_EQ(report.scenes, 2);
  EXPECT_EQ(report.with_start, 8);
  EXPECT_EQ(report.with_goal, 8);
  EXPECT_GE(report.shortest, 3.0f);
  EXPECT_NE(format_report(report, 10).find("sound"), std::string::npos);
}

TEST_F(DatasetCheck, EveryFaultIsListed) {
  data_.draw_all();
  auto& episodes = data_.dataset().episodes;
  episodes[1].start.position = {50.0f, 0.0f, 0.0f};
  episodes[2].scene_id = "nowhere.glb";
  std::filesystem::remove(drawing_path(data_.dataset(), episodes[3]));
  ASSERT_TRUE(base::write_text_atomic(drawing_path(data_.dataset(), episodes[4]), "no picture").ok());
  episodes[5].geodesic_distance = 99.0f;
  const DatasetCheckReport report = check();
  EXPECT_FALSE(report.usable());
  ASSERT_EQ(report.faults.size(), 4u);
  EXPECT_NE(report.faults[0].find("navigation mesh"), std::string::npos) << report.faults[0];
  EXPECT_NE(report.faults[1].find("nowhere.glb"), std::string::npos) << report.faults[1];
  EXPECT_NE(report.faults[2].find("_cut1.png"), std::string::npos) << report.faults[2];
  EXPECT_NE(report.faults[3].find("PNG or JPEG"), std::string::npos) << report.faults[3];
  ASSERT_EQ(report.warnings.size(), 1u);
  EXPECT_NE(report.warnings[0].find("info.geodesic_distance says 99.00"), std::string::npos)
      << report.warnings[0];
  const std::string text = format_report(report, 2);
  EXPECT_NE(text.find("and 2 more"), std::string::npos) << text;
  EXPECT_NE(text.find("not usable"), std::string::npos) << text;
}

TEST_F(DatasetCheck, AnUnreadableListIsAnError) {
  DatasetCheckSettings settings;
  settings.list = data_.folder() / "nowhere.json";
  const auto report = check_dataset(settings, pool_);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, base::ErrorCode::kData);
}

}  // namespace
}  // namespace inknav::task
