// SPDX-License-Identifier: MIT
#include "task/check/file_recognition.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "task/json_text.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;

class FileRecognition : public ::testing::Test {
 protected:
  FileSort of(const std::string& name, const std::string& text) {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    EXPECT_TRUE(write_json_text(path, text).ok());
    return sort_of(path);
  }
  base::TemporaryFolder folder_;
};

TEST_F(FileRecognition, AListOfEpisodesIsToldByItsOutermostKeys) {
  EXPECT_EQ(of("a.json", R"({"episodes": []})"), FileSort::kList);
  EXPECT_EQ(of("b.json", R"({"vocabulary": {"words": [1, 2]}, "episodes": [{"episode_id": "0"}]})"),
            FileSort::kList);
  EXPECT_EQ(of("c.json.gz", R"({"episodes": [)"), FileSort::kList);  // cut off: its fault is to be told
  EXPECT_EQ(of("d.json", R"({"goals_by_category": {}})"), FileSort::kList);
  EXPECT_EQ(of("e.json", R"({"category_to_task_category_id": {}})"), FileSort::kList);
}

TEST_F(FileRecognition, ANumberOfEpisodesInATableOfResultsMakesNoList) {
  EXPECT_EQ(of("stats.json", R"({"checkpoint": "a", "tracks": {"L1": {"episodes": 200}}})"),
            FileSort::kResult);
  EXPECT_EQ(of("best.json", R"({"checkpoint": 200, "score": 0.9})"), FileSort::kResult);
  EXPECT_EQ(of("bench.json", R"({"device": "cpu", "settings": {"episodes": "9"}, "results": []})"),
            FileSort::kResult);
  EXPECT_EQ(of("check.json", R"({"verdict": "sound", "scenes": [{"episodes": 1}], "findings": []})"),
            FileSort::kResult);
  EXPECT_EQ(of("count.json", R"({"episodes": 200})"), FileSort::kOther);
  EXPECT_EQ(of("inner.json", R"({"of": {"episodes": []}})"), FileSort::kOther);
  EXPECT_EQ(of("text.json", R"({"text": "\"episodes\": []"})"), FileSort::kOther);
  EXPECT_EQ(of("rows.json.gz", R"([{"episodes": []}])"), FileSort::kOther);
}

TEST_F(FileRecognition, AFileNamedLikeASplitAndADamagedPackedOneCountAsLists) {
  EXPECT_EQ(of("train/train.json", "{}"), FileSort::kList);
  EXPECT_EQ(of("val/content/X.json", "{}"), FileSort::kList);
  EXPECT_EQ(of("val/other.json", "{}"), FileSort::kOther);
  EXPECT_EQ(of("val/other.json", "no JSON"), FileSort::kOther);
  ASSERT_TRUE(base::write_text_atomic(folder_ / "x.json.gz", "no gzip").ok());
  EXPECT_EQ(sort_of(folder_ / "x.json.gz"), FileSort::kList);
}

TEST_F(FileRecognition, OtherFilesAreToldByTheirNames) {
  const std::vector<std::pair<const char*, FileSort>> names = {
      {"X.glb", FileSort::kScene},
      {"X.basis.GLB", FileSort::kScene},
      {"mesh_semantic.ply", FileSort::kSemantics},
      {"X.semantic.txt", FileSort::kSemantics},
      {"X.navmesh", FileSort::kNavmesh},
      {"X.stage_config.json", FileSort::kStageConfig},
      {"X.scene_dataset_config.json", FileSort::kDatasetConfig},
      {"X.scene_instance.json", FileSort::kDatasetConfig},
      {"val_unseen_gt.json.gz", FileSort::kGroundTruth},
      {"a_cut1.png", FileSort::kPicture},
      {"ckpt.3.pth", FileSort::kWeights},
      {"ckpt.3.safetensors.tmp-12-3", FileSort::kPartial},
      {"X.glb.crdownload", FileSort::kPartial},
      {"homes.json", FileSort::kIndex},
      {"demos.json", FileSort::kIndex},
      {"shard_00000.inkdemo", FileSort::kShard},
      {"scene-0123.inkscene", FileSort::kCache},
      {"01-23.inknavmesh", FileSort::kCache},
      {"report.html", FileSort::kReport},
      {"config.yaml", FileSort::kConfiguration},
      {"train.log", FileSort::kLog},
      {"events.out.tfevents.1795821741.0001.19705", FileSort::kTensorBoard},
      {"L1_home_00018_epi18.mp4", FileSort::kVideo},
      {"run.lock", FileSort::kOther},
      {"README", FileSort::kOther},
  };
  for (const auto& [name, sort] : names) EXPECT_EQ(sort_of(folder_ / name), sort) << name;
}

TEST_F(FileRecognition, EverySortHasAName) {
  for (int sort = 0; sort <= static_cast<int>(FileSort::kOther); ++sort) {
    EXPECT_FALSE(name_of(static_cast<FileSort>(sort)).empty()) << sort;
  }
}

TEST_F(FileRecognition, APlaceholderIsToldByItsBeginning) {
  const auto in = [&](const std::string& text) {
    EXPECT_TRUE(base::write_text_atomic(folder_ / "p.glb", text).ok());
    return placeholder_in(folder_ / "p.glb");
  };
  EXPECT_EQ(in("version https://git-lfs.github.com/spec/v1\n"), "the pointer of Git LFS");
  EXPECT_EQ(in("  \n<!DOCTYPE html><html>"), "a web page");
  EXPECT_EQ(in("glTF"), "");
  EXPECT_EQ(in(""), "");
  EXPECT_EQ(placeholder_in(folder_ / "none.glb"), "");
}

}  // namespace
}  // namespace inknav::task
