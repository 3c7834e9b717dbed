// SPDX-License-Identifier: MIT
#include "task/check/scene_root.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "task/check/folder_check.h"
#include "task/check/folder_report.h"
#include "task/check/planted_folder.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;
using testing::PlantedFolder;

constexpr int kTrain = 6, kUnseen = 3;
constexpr int kOther = 40;  // from this room on, those of homes/unseen

/// What `inknav demo` leaves: two sets of homes that have the same names, three lists, and all that training
/// and evaluation write beside them.
class DemoFolder : public ::testing::Test {
 protected:
  DemoFolder() {
    for (int i = 0; i < kTrain; ++i) write_home("train", i, i);
    for (int i = 0; i < kUnseen; ++i) write_home("unseen", i, kOther + i);
    for (int i = 0; i < kTrain; ++i) lists_["train"].push_back(PlantedFolder::episode(i));
    for (const char* track : {"L1", "L2"}) {
      for (int i = 0; i < kUnseen; ++i) {
        lists_[track].push_back(PlantedFolder::episode(kOther + i));
        lists_[track].back().scene_id = PlantedFolder::name(i) + ".glb";
      }
    }
    save_lists();
    for (const char* name :
         {"ppo/train.log", "ppo/config.yaml", "ppo/tb/events.out.tfevents.1.0001.1", "ppo/video_dir/L1.mp4",
          "ppo/run.lock", "eval/report.html", "cache/scene-01.inkscene", "cache/01-02.inknavmesh"}) {
      write(name, "");
    }
    write("homes/train/homes.json", "{}");
    write("ppo/data/best.json", R"({"checkpoint": 200, "score": 0.91})");
    for (const char* name : {"eval/stats.json", "eval/stats_ppo.json"}) {
      write(name, R"({"checkpoint": "final", "tracks": {"L1": {"episodes": 3, "success": 0.9}}})");
    }
  }

  void write(const fs::path& name, const std::string& text) {
    fs::create_directories((root_ / name).parent_path());
    ASSERT_TRUE(base::write_text_atomic(root_ / name, text).ok());
  }
  void write_home(const std::string& set, int number, int room) {
    const fs::path file = root_ / "homes" / set / (PlantedFolder::name(number) + ".glb");
    write(fs::path("homes") / set / (PlantedFolder::name(number) + ".stage_config.json"),
          PlantedFolder::kUpright);
    PlantedFolder::write_mesh(file, *PlantedFolder::room(room));
  }
  fs::path list(const std::string& name) const { return root_ / "episodes" / name / (name + ".json.gz"); }
  void save_lists() {
    for (const auto& [name, episodes] : lists_) {
      Dataset places;
      places.sketch_dir = root_ / "episodes" / name / "sketches";
      fs::create_directories(places.sketch_dir);
      for (const Episode& episode : episodes) {
        const fs::path picture = drawing_path(places, episode);
        if (!fs::exists(picture)) PlantedFolder::draw(picture, true, true);
      }
      ASSERT_TRUE(save_episodes(list(name), episodes).ok());
    }
  }
  FolderCheck check(const fs::path& path) {
    FolderCheckSettings settings;
    settings.path = path;
    auto found = check_folder(settings, pool_);
    INKNAV_CHECK(found.ok(), found.error().message);
    return std::move(found).value();
  }
  /// "code file where", a line each.
  std::set<std::string> findings(const FolderCheck& check) const {
    std::set<std::string> lines;
    for (const CheckFinding& finding : check.findings) {
      std::string line(info_of(finding.code).name);
      lines.insert(line.append(" ")
                       .append(finding.file.lexically_relative(root_).string())
                       .append(" ")
                       .append(finding.where));
    }
    return lines;
  }

  base::ThreadPool pool_{2};
  base::TemporaryFolder folder_;
  fs::path root_ = fs::canonical(folder_.path());
  std::map<std::string, std::vector<Episode>> lists_;
};

TEST_F(DemoFolder, IsSoundAndSaysWhatIsNoData) {
  const FolderCheck found = check(root_);
  EXPECT_EQ(findings(found), std::set<std::string>{});
  EXPECT_EQ(found.verdict, Verdict::kSound);
  ASSERT_EQ(found.scenes.size(), static_cast<std::size_t>(kTrain + kUnseen));
  for (const SceneRow& row : found.scenes) {
    const bool unseen = row.file.parent_path().filename() == "unseen";
    EXPECT_EQ(row.episodes, unseen ? 2 : 1) << row.file;
    EXPECT_EQ(row.reachable, row.episodes) << row.file;
  }
  ASSERT_EQ(found.files.size(), 3u);
  EXPECT_NE(found.files[0].summary.find((root_ / "homes/unseen").string()), std::string::npos)
      << found.files[0].summary;
  const auto passed = [&](FileSort sort) {
    const auto at = found.passed_over.find(sort);
    return at == found.passed_over.end() ? std::size_t{0} : at->second.files;
  };
  EXPECT_EQ(passed(FileSort::kResult), 3u);  // best.json and two of evaluations
  EXPECT_EQ(passed(FileSort::kCache), 2u);
  for (const FileSort sort : {FileSort::kLog, FileSort::kConfiguration, FileSort::kTensorBoard,
                              FileSort::kVideo, FileSort::kReport, FileSort::kOther}) {
    EXPECT_EQ(passed(sort), 1u) << name_of(sort);
  }
  const std::string text = format_report(found, root_, 10);
  EXPECT_NE(text.find("results: 3 (eval/stats.json, eval/stats_ppo.json, ppo/data/best.json)"),
            std::string::npos)
      << text;
}

TEST_F(DemoFolder, TrueFaultsAreFoundAmongThem) {
  lists_["L1"][1].start.position.x = 50.0f;
  lists_["L2"][2].scene_id = PlantedFolder::name(kTrain - 1) + ".glb";  // there, but of homes/train only
  lists_["train"][0].scene_id = "home_7.glb";
  save_lists();
  fs::rename(root_ / "episodes/train/sketches/home_7_epi0_cut1.png", root_ / "moved.png");
  fs::resize_file(root_ / "homes/unseen" / (PlantedFolder::name(0) + ".glb"), 500);
  write("eval/eval.json", R"({"checkpoint": "final"})");  // named like a split
  const FolderCheck found = check(root_);
  EXPECT_EQ(found.verdict, Verdict::kNotSound);
  const std::string room = PlantedFolder::name(kTrain - 1) + "_epi42_cut1.png";
  EXPECT_EQ(findings(found),
            (std::set<std::string>{
                "episodes.unreadable eval/eval.json ",
                "scene.unreadable homes/unseen/room_0000.glb ",
                "episode.start-off-mesh episodes/L1/L1.json.gz episode 1 ('41')",
                "episode.scene-missing episodes/L2/L2.json.gz episode 2 ('42')",
                "episode.scene-missing episodes/train/train.json.gz episode 0 ('0')",
                "drawing.missing episodes/train/sketches/home_7_epi0_cut1.png episode 0 ('0')",
                "drawing.no-episode episodes/train/sketches/room_0000_epi0_cut1.png ",
                "drawing.no-episode episodes/L2/sketches/room_0002_epi42_cut1.png ",
            }));
}

TEST_F(DemoFolder, AListByItselfFindsItsScenesAbove) {
  for (const char* name : {"L1", "train"}) {
    const FolderCheck found = check(list(name));
    EXPECT_EQ(findings(found), std::set<std::string>{}) << name;
    ASSERT_EQ(found.scenes.size(), lists_[name].size()) << name;
    for (const SceneRow& row : found.scenes) EXPECT_EQ(row.reachable, 1) << row.file;
  }
}

TEST_F(DemoFolder, WhatIsNoDataAloneIsAUsageErrorThatNamesIt) {
  for (const char* name : {"eval", "eval/stats.json"}) {
    FolderCheckSettings settings;
    settings.path = root_ / name;
    const auto found = check_folder(settings, pool_);
    ASSERT_FALSE(found.ok()) << name;
    EXPECT_EQ(found.error().code, base::ErrorCode::kUsage);
    EXPECT_NE(found.error().message.find("stats.json"), std::string::npos) << found.error().message;
    EXPECT_NE(found.error().message.find("results: "), std::string::npos) << found.error().message;
  }
}

/// Rooms that lie on their side but for the config of their dataset, deep below the folder.
TEST(SceneRoot, AnEpisodesDatasetConfigCountsAsInTraining) {
  const base::TemporaryFolder folder;
  const fs::path scenes = folder / "scene_datasets", list = folder / "datasets/nav/own/v1/val/val.json";
  fs::create_directories(scenes / "own");
  fs::create_directories(list.parent_path() / "sketches");
  const auto write_config = [&](const std::string& text) {
    ASSERT_TRUE(base::write_text_atomic(scenes / "own/own.scene_dataset_config.json", text).ok());
  };
  std::string upright(PlantedFolder::kUpright);
  write_config(R"({"stages": {"default_attributes": )" + upright + R"(, "paths": {".glb": ["*"]}}})");
  std::vector<Episode> episodes;
  for (int i = 0; i < 2; ++i) {
    PlantedFolder::write_mesh(scenes / "own" / (PlantedFolder::name(i) + ".glb"), *PlantedFolder::room(i));
    Episode episode = PlantedFolder::episode(i);
    episode.scene_id = i == 0 ? "data/scene_datasets/own/room_0000.glb" : "own/room_0001.glb";
    episode.scene_dataset_config = "./data/scene_datasets/own/own.scene_dataset_config.json";
    episodes.push_back(episode);
  }
  ASSERT_TRUE(save_episodes(list, episodes).ok());
  base::ThreadPool pool(2);
  FolderCheckSettings settings;
  settings.with_drawings = false;
  const auto check = [&](const fs::path& path) {
    settings.path = path;
    auto found = check_folder(settings, pool);
    INKNAV_CHECK(found.ok(), found.error().message);
    return std::move(found).value();
  };
  for (const fs::path& path : {folder.path(), list}) {
    const FolderCheck found = check(path);
    for (const CheckFinding& finding : found.findings) ADD_FAILURE() << path << " " << finding.what;
    ASSERT_EQ(found.scenes.size(), 2u) << path;
    EXPECT_EQ(found.scenes[0].reachable + found.scenes[1].reachable, 2);
  }
  // Without it they have no floor: that they were sound is the config's doing.
  for (Episode& episode : episodes) episode.scene_dataset_config.clear();
  ASSERT_TRUE(save_episodes(list, episodes).ok());
  EXPECT_EQ(check(folder.path()).verdict, Verdict::kNotSound);
  // The user's own config, for lists that name none.
  settings.scene_dataset = scenes / "own/own.scene_dataset_config.json";
  EXPECT_EQ(check(folder.path()).verdict, Verdict::kSound);
  write_config("{\"stages\": ");
  const FolderCheck damaged = check(list);
  ASSERT_EQ(damaged.findings.size(), 2u);
  EXPECT_EQ(damaged.findings[0].code, CheckCode::kEpisodeSceneMissing);
  EXPECT_NE(damaged.findings[0].what.find("own.scene_dataset_config.json"), std::string::npos)
      << damaged.findings[0].what;
}

TEST(SceneNames, GiveTheFoldersBeneathWhichAnIdLies) {
  const std::vector<fs::path> scenes = {"/d/homes/a/X.glb", "/d/homes/b/X.glb", "/d/s/mp3d/X/X.glb"};
  const SceneNames names(scenes);
  const auto roots = [&](const char* id) {
    std::vector<fs::path> found;
    names.add_roots(id, found);
    return std::set<fs::path>(found.begin(), found.end());
  };
  EXPECT_EQ(roots("X.glb"), (std::set<fs::path>{"/d/homes/a", "/d/homes/b", "/d/s/mp3d/X"}));
  EXPECT_EQ(roots("mp3d/X/X.glb"), (std::set<fs::path>{"/d/s"}));
  EXPECT_EQ(roots("data/scene_datasets/mp3d/X/X.glb"), (std::set<fs::path>{"/d/s"}));
  EXPECT_EQ(roots("b/X.glb"), (std::set<fs::path>{"/d/homes"}));
  EXPECT_TRUE(roots("Y.glb").empty());
  EXPECT_TRUE(roots("c/X.glb").empty());
}

}  // namespace
}  // namespace inknav::task
