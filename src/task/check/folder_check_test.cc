// SPDX-License-Identifier: MIT
#include "task/check/folder_check.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "nav/scene_mesh.h"
#include "task/check/folder_report.h"
#include "task/check/planted_folder.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;
using testing::differences;
using testing::PlantedFolder;

nav::NavMeshPtr mesh_of(const scene::ScenePtr& scene, const nav::NavSettings& settings = {}) {
  return nav::testing::build_mesh(scene, settings);
}

void save(const nav::NavMeshPtr& mesh, const fs::path& path) { INKNAV_CHECK(mesh->save(path).ok()); }

FolderCheck check(const fs::path& root, base::ThreadPool& pool) {
  FolderCheckSettings settings;
  settings.path = root;
  auto result = check_folder(settings, pool);
  INKNAV_CHECK(result.ok(), result.error().message);
  return std::move(result).value();
}

TEST(FolderCheck, ASoundFolderIsSoundAndSaysWhatIsInIt) {
  base::ThreadPool pool(2);
  PlantedFolder folder(3, 3, pool);
  folder.save_lists();
  const FolderCheck found = check(folder.root(), pool);
  EXPECT_EQ(differences(folder, found), "");
  EXPECT_EQ(found.verdict, Verdict::kSound);
  EXPECT_TRUE(found.passed_over.empty());
  ASSERT_EQ(found.scenes.size(), 3u);
  const SceneRow& row = found.scenes[0];
  EXPECT_EQ(row.file, folder.scene(0));
  EXPECT_EQ(row.triangles, 62u);  // four walls and a block of 12, a floor of 2
  EXPECT_EQ(row.vertices, 124u);  // four for each of 31 quads
  EXPECT_FLOAT_EQ(row.bounds.size().x, 4.2f);
  EXPECT_FLOAT_EQ(row.bounds.size().y, 2.5f);
  EXPECT_EQ(row.mesh, MeshOrigin::kBuilt);
  EXPECT_EQ(row.islands, 1u);
  // 4 x 3.2 m less 0.1 m along the walls and the block with 0.1 m around: 3.8 * 3.0 - 0.8 * 0.8, to a few
  // cells of 5 cm along the edges.
  EXPECT_NEAR(row.area, 10.76f, 0.7f);
  EXPECT_EQ(row.episodes, 1);
  EXPECT_EQ(row.reachable, 1);
  ASSERT_EQ(found.files.size(), 1u);
  EXPECT_EQ(found.files[0].episodes, 3);
  EXPECT_NE(found.files[0].summary.find("3 episodes in 3 scenes"), std::string::npos);
  EXPECT_NE(found.files[0].summary.find("start mark 3, goal mark 3"), std::string::npos);
  const std::string text = format_report(found, folder.root(), 2);
  EXPECT_NE(text.find("and 1 scene more, all sound"), std::string::npos) << text;
  EXPECT_EQ(text.substr(text.size() - 6), "sound\n") << text;
}

TEST(FolderCheck, AFewBadEpisodesAreSkippedByTrainingAndUsable) {
  base::ThreadPool pool(2);
  PlantedFolder folder(1, 1, pool);
  std::vector<Episode>& episodes = folder.episodes_of_list(0);
  for (int k = 1; k < 100; ++k) {
    episodes.push_back(folder.episode(0));
    episodes.back().episode_id = std::to_string(1000 + k);
  }
  episodes[7].start.position.x = 50.0f;
  FolderCheckSettings settings;
  settings.path = folder.root();
  settings.with_drawings = false;
  folder.save_lists();
  auto found = check_folder(settings, pool);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->verdict, Verdict::kUsable);  // 1 of 100
  EXPECT_EQ(found->files[0].bad_episodes, 1);
  episodes[8].start.position.x = 50.0f;
  folder.save_lists();
  found = check_folder(settings, pool);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->verdict, Verdict::kNotSound);
  EXPECT_EQ(found->scenes[0].starts_off, 2);
  EXPECT_EQ(found->scenes[0].reachable, 98);
}

TEST(FolderCheck, OneFileIsCheckedWithWhatBelongsToIt) {
  base::ThreadPool pool(1);
  PlantedFolder folder(2, 2, pool);
  folder.save_lists();
  save(mesh_of(folder.room(0)), folder.beside(0, ".navmesh"));
  FolderCheck found = check(folder.scene(0), pool);
  ASSERT_EQ(found.scenes.size(), 1u);
  EXPECT_EQ(found.scenes[0].mesh, MeshOrigin::kFile);
  found = check(folder.beside(0, ".stage_config.json"), pool);
  EXPECT_EQ(found.scenes.size(), 1u);
  found = check(folder.list(0), pool);
  EXPECT_EQ(found.scenes.size(), 2u);
  EXPECT_EQ(found.files.size(), 1u);
  EXPECT_EQ(found.verdict, Verdict::kSound);
  found = check(folder.beside(0, ".navmesh"), pool);
  ASSERT_EQ(found.files.size(), 1u);
  EXPECT_NE(found.files[0].summary.find("m2 in 1 islands"), std::string::npos) << found.files[0].summary;
  found = check(folder.picture(1), pool);
  ASSERT_EQ(found.files.size(), 1u);
  EXPECT_NE(found.files[0].summary.find("start at 20 % of the width"), std::string::npos)
      << found.files[0].summary;
  base::Status written =
      base::write_text_atomic(fs::path(folder.picture(1)).replace_extension(".json"), "{}");
  ASSERT_TRUE(written.ok());
  found = check(fs::path(folder.picture(1)).replace_extension(".json"), pool);
  ASSERT_EQ(found.findings.size(), 1u);  // a truth is checked with its picture
  EXPECT_EQ(found.findings[0].code, CheckCode::kDrawingTruthUnreadable);
  folder.draw(folder.picture(1), false, false);
  EXPECT_EQ(check(folder.picture(1), pool).verdict, Verdict::kNotSound);
}

TEST(FolderCheck, NothingToCheckIsAUsageError) {
  base::ThreadPool pool(1);
  const base::TemporaryFolder folder;
  FolderCheckSettings settings;
  for (const fs::path& path : {folder.path(), folder / "nowhere"}) {
    settings.path = path;
    const auto result = check_folder(settings, pool);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, base::ErrorCode::kUsage);
    EXPECT_NE(result.error().message.find(path.string()), std::string::npos);
  }
}

TEST(FolderCheck, AStopEndsItBetweenTwoFiles) {
  base::ThreadPool pool(1);
  PlantedFolder folder(5, 5, pool);
  folder.save_lists();
  FolderCheckSettings settings;
  settings.path = folder.root();
  std::vector<std::string> heard;
  settings.progress = [&](std::string_view stage, std::int64_t done, std::int64_t total) {
    std::ostringstream text;
    text << stage << " " << done << "/" << total;
    heard.push_back(text.str());
  };
  settings.cancelled = [&] { return heard.size() == 3; };
  const auto found = check_folder(settings, pool);
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->interrupted);
  EXPECT_EQ(heard, (std::vector<std::string>{"lists 1/1", "scenes 1/5", "scenes 2/5"}));
  EXPECT_EQ(found->scenes.size(), 2u);
  EXPECT_NE(found->files.at(0).summary.find("; drawings not looked at"), std::string::npos);
  EXPECT_NE(format_report(*found, folder.root(), 10).find("stopped before its end"), std::string::npos);
}

TEST(FolderReport, FindingsAreGroupedAndCutToTheirNumber) {
  base::ThreadPool pool(1);
  PlantedFolder folder(12, 12, pool);
  for (int i = 0; i < 8; ++i) folder.listed(i).start.position.x = 50.0f;
  folder.save_lists();
  const FolderCheck found = check(folder.root(), pool);
  const std::string text = format_report(found, folder.root(), 5);
  EXPECT_NE(text.find("8 faults of 1 kind\nepisode.start-off-mesh (8): "), std::string::npos) << text;
  EXPECT_NE(text.find("list_0/list_0.json.gz: episode 4 ('4'): "), std::string::npos) << text;
  EXPECT_EQ(text.find("episode 5 ('5')"), std::string::npos) << text;
  EXPECT_NE(text.find("and 3 more\n"), std::string::npos) << text;
  EXPECT_NE(text.find("not sound\n"), std::string::npos) << text;
  EXPECT_NE(report_json(found, folder.root()).find("\"code\":\"episode.start-off-mesh\""), std::string::npos);
}

TEST(CheckFindings, EveryCodeIsExplainedInTheGuides) {
  for (const char* guide : {"docs/coming-from-habitat.md", "docs/coming-from-habitat.zh-CN.md"}) {
    const auto text = base::read_text_file(guide, std::size_t{1} << 24);
    ASSERT_TRUE(text.ok()) << text.error().message;
    for (const CheckCodeInfo& info : all_check_codes()) {
      std::string quoted = "`";
      quoted.append(info.name).append("`");
      EXPECT_NE(text->find(quoted), std::string::npos) << guide << ": " << info.name;
      EXPECT_EQ(&info_of(info.code), &info);
    }
  }
}

}  // namespace
}  // namespace inknav::task
