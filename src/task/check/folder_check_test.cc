// SPDX-License-Identifier: MIT
#include "task/check/folder_check.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "nav/scene_mesh.h"
#include "sketch/drawing_file.h"
#include "sketch/raster.h"
#include "sketch/synthesis.h"
#include "sketch/wall_map.h"
#include "task/check/folder_report.h"
#include "task/check/planted_folder.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;
using testing::Planted;
using testing::PlantedFolder;
using testing::RoomSize;

void write_text(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  INKNAV_CHECK(base::write_text_atomic(path, text).ok(), path.string());
}

void cut(const fs::path& path) { fs::resize_file(path, fs::file_size(path) / 2); }

nav::NavMeshPtr mesh_of(const scene::ScenePtr& scene, const nav::NavSettings& settings = {}) {
  return nav::testing::build_mesh(scene, settings);
}

void save(const nav::NavMeshPtr& mesh, const fs::path& path) { INKNAV_CHECK(mesh->save(path).ok()); }

scene::Scene changed(const scene::ScenePtr& scene, const std::function<void(scene::Scene&)>& change) {
  scene::Scene copy = *scene;
  change(copy);
  return copy;
}

/// One thing that can be wrong with a room, its navmesh, its episode or its drawing.
using Plant = std::function<void(PlantedFolder&, int room)>;

void plant_scenes(std::vector<Plant>& plants) {
  plants.push_back([](PlantedFolder& f, int i) {
    cut(f.scene(i));
    f.plant(CheckCode::kSceneUnreadable, f.scene(i));
  });
  plants.push_back([](PlantedFolder& f, int i) {
    f.write_room(i, changed(f.room(i), [](scene::Scene& scene) {
                   scene.positions[5].y = std::numeric_limits<float>::quiet_NaN();
                 }));
    f.plant(CheckCode::kSceneUnreadable, f.scene(i));
  });
  plants.push_back([](PlantedFolder& f, int i) {
    write_text(f.beside(i, ".stage_config.json"), "{\"up\": [0, 1, 0], \"front\": ");
    f.plant(CheckCode::kSceneStageConfig, f.beside(i, ".stage_config.json"));
  });
  plants.push_back([](PlantedFolder& f, int i) {
    f.write_room(i, *f.flat(i));
    fs::remove(f.beside(i, ".stage_config.json"));  // then z of the .glb points up
    f.plant(CheckCode::kSceneFrame, f.scene(i));
  });
  plants.push_back([](PlantedFolder& f, int i) {
    save(mesh_of(f.room(i)), f.beside(i, ".navmesh"));
    fs::remove(f.beside(i, ".stage_config.json"));
    f.plant(CheckCode::kSceneFrame, f.scene(i));
  });
}

void plant_misplaced_scenes(std::vector<Plant>& plants) {
  for (const float factor : {1000.0f, 100.0f, 0.01f}) {
    plants.push_back([factor](PlantedFolder& f, int i) {
      f.write_room(i, changed(f.room(i), [factor](scene::Scene& scene) {
                     for (base::Vec3& p : scene.positions) p *= factor;
                   }));
      f.plant(CheckCode::kSceneUnits, f.scene(i));
    });
  }
  plants.push_back([](PlantedFolder& f, int i) {
    f.write_room(i, changed(f.room(i), [](scene::Scene& scene) {
                   for (glm::u32vec3& t : scene.triangles) std::swap(t.y, t.z);
                 }));
    f.plant(CheckCode::kSceneInsideOut, f.scene(i));
  });
  plants.push_back([](PlantedFolder& f, int i) {
    f.write_room(i, *f.walls(i).finish("no floor"));
    f.plant(CheckCode::kNavmeshNotBuilt, f.scene(i));
  });
  plants.push_back([](PlantedFolder& f, int i) {  // the episode is in the first of three equal rooms
    auto b = f.walls(i);
    const RoomSize s = f.size(i);
    for (int k = 0; k < 3; ++k) {
      const float x = static_cast<float>(k) * (s.width + 1.0f);
      b.floor(x, 0, x + s.width, s.depth);
    }
    f.write_room(i, *b.finish("scattered"));
    f.plant(CheckCode::kSceneScattered, f.scene(i));
  });
  plants.push_back([](PlantedFolder& f, int i) {
    f.write_room(i, changed(f.room(i), [](scene::Scene& scene) {
                   for (int k = 0; k < 30; ++k) {
                     scene.triangles.push_back({0, 1, 1});
                     scene.triangle_material.push_back(0);
                   }
                 }));
    f.plant(CheckCode::kSceneDegenerate, f.scene(i));
  });
}

void plant_odd_files(std::vector<Plant>& plants) {
  plants.push_back([](PlantedFolder& f, int i) {  // the later of two is told
    const fs::path twin = f.beside(i, "b.glb");
    fs::copy_file(f.scene(i), twin);
    fs::copy_file(f.beside(i, ".stage_config.json"), f.beside(i, "b.stage_config.json"));
    f.plant(CheckCode::kSceneDuplicate, twin);
  });
  plants.push_back([](PlantedFolder& f, int i) {
    write_text(f.beside(i, "x.stage_config.json"), "{}");
    f.plant(CheckCode::kStageConfigNoScene, f.beside(i, "x.stage_config.json"));
  });
  plants.push_back([](PlantedFolder& f, int i) {
    write_text(f.scene(i), "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12345\n");
    f.plant(CheckCode::kFilePlaceholder, f.scene(i));
  });
  plants.push_back([](PlantedFolder& f, int i) {
    write_text(f.beside(i, "y.glb"), "<!DOCTYPE html><html><body>Sign in</body></html>");
    f.plant(CheckCode::kFilePlaceholder, f.beside(i, "y.glb"));
    write_text(f.beside(i, "z.glb.crdownload"), "half");
    f.plant(CheckCode::kFilePartial, f.beside(i, "z.glb.crdownload"));
  });
}

void plant_navmeshes(std::vector<Plant>& plants) {
  plants.push_back([](PlantedFolder& f, int i) {  // its own: nothing to be found
    save(mesh_of(f.room(i)), f.beside(i, ".navmesh"));
  });
  plants.push_back([](PlantedFolder& f, int i) {
    save(mesh_of(f.room(i)), f.beside(i, ".navmesh"));
    cut(f.beside(i, ".navmesh"));
    f.plant(CheckCode::kNavmeshUnreadable, f.beside(i, ".navmesh"));
  });
  plants.push_back([](PlantedFolder& f, int i) {
    save(mesh_of(f.room(i, {100.0f, 0.0f, 0.0f})), f.beside(i, ".navmesh"));
    f.plant(CheckCode::kNavmeshElsewhere, f.beside(i, ".navmesh"));
  });
  plants.push_back([](PlantedFolder& f, int i) {  // a floor at another height
    save(mesh_of(f.room(i, {0.0f, 1.5f, 0.0f})), f.beside(i, ".navmesh"));
    f.plant(CheckCode::kNavmeshOtherScene, f.beside(i, ".navmesh"));
  });
  plants.push_back([](PlantedFolder& f, int i) {
    nav::NavSettings settings;
    settings.agent_height = 0.88f;
    settings.agent_radius = 0.18f;
    save(mesh_of(f.room(i), settings), f.beside(i, ".navmesh"));
    f.plant(CheckCode::kNavmeshOtherAgent, f.beside(i, ".navmesh"));
  });
  plants.push_back([](PlantedFolder& f, int i) {
    save(mesh_of(f.room(i)), f.beside(i, "_other.navmesh"));
    f.plant(CheckCode::kNavmeshNoScene, f.beside(i, "_other.navmesh"));
  });
}

std::string name_in_list(int i) {
  std::string name = "episode ";
  name.append(std::to_string(i % PlantedFolder::kListSize)).append(" ('");
  return name.append(std::to_string(i)).append("')");
}

void plant_episodes(std::vector<Plant>& plants) {
  const auto episode = [&](CheckCode code, const std::function<void(Episode&, const RoomSize&)>& change) {
    plants.push_back([code, change](PlantedFolder& f, int i) {
      change(f.listed(i), f.size(i));
      f.plant(code, f.list(i), name_in_list(i));
    });
  };
  episode(CheckCode::kEpisodeStartOff, [](Episode& e, const RoomSize& s) {
    e.start.position = {s.width + 2.0f, 0.0f, 0.5f};
  });
  episode(CheckCode::kEpisodeStartOff, [](Episode& e, const RoomSize&) { e.start.position.y = 1.6f; });
  episode(CheckCode::kEpisodeGoalOff, [](Episode& e, const RoomSize& s) {
    e.goals = {Goal{{s.width - 0.9f, 0.0f, -1.0f}, 0.0f}};
  });
  episode(CheckCode::kEpisodeRouteOff, [](Episode& e, const RoomSize& s) {
    e.reference_path = {{1, 0, -3}, {2, 0, -3}, s.goal()};
  });
  episode(CheckCode::kEpisodeRouteLeaves, [](Episode& e, const RoomSize&) { e.reference_path[1].y = 1.4f; });
  episode(CheckCode::kEpisodeDistance,
          [](Episode& e, const RoomSize&) { e.geodesic_distance *= 1.05f; });  // by 0.14 m at least
  episode(CheckCode::kEpisodeDistance, [](Episode& e, const RoomSize&) { e.geodesic_distance = 0.5f; });
  episode(CheckCode::kEpisodeTilted, [](Episode& e, const RoomSize&) {
    e.start.rotation = base::Quat(0.0f, 0.9f, 0.0f, std::sqrt(1.0f - 0.81f));  // w first, as others write it
  });
  plants.push_back([](PlantedFolder& f, int i) {
    f.listed(i).scene_id.insert(0, "no_");
    std::string picture = f.picture(i).filename().string();
    fs::rename(f.picture(i), f.picture(i).parent_path() / picture.insert(0, "no_"));
    f.plant(CheckCode::kEpisodeSceneMissing, f.list(i), name_in_list(i));
  });
  plants.push_back([](PlantedFolder& f, int i) {  // beside the room a smaller floor, where the goal is
    auto b = f.walls(i);
    const RoomSize s = f.size(i);
    b.floor(0, 0, s.width, s.depth).floor(s.width + 1.0f, 0, s.width + 3.0f, s.depth);
    f.write_room(i, *b.finish("islands"));
    f.listed(i).goals = {Goal{{s.width + 2.0f, 0.0f, 1.0f}, 0.0f}};
    f.plant(CheckCode::kEpisodeUnreachable, f.list(i), name_in_list(i));
  });
}

void plant_drawings(std::vector<Plant>& plants) {
  const auto drawing = [&](CheckCode code, const std::function<void(const fs::path&)>& change) {
    plants.push_back([code, change](PlantedFolder& f, int i) {
      change(f.picture(i));
      f.plant(code, f.picture(i), name_in_list(i));
    });
  };
  drawing(CheckCode::kDrawingMissing, [](const fs::path& p) { fs::remove(p); });
  drawing(CheckCode::kDrawingUnreadable, [](const fs::path& p) { cut(p); });
  drawing(CheckCode::kDrawingUnreadable, [](const fs::path& p) { write_text(p, "no picture"); });
  drawing(CheckCode::kDrawingBlank, [](const fs::path& p) { PlantedFolder::draw(p, false, false); });
  drawing(CheckCode::kDrawingMarks, [](const fs::path& p) { PlantedFolder::draw(p, true, false); });
  plants.push_back([](PlantedFolder& f, int i) {
    std::string name = f.picture(i).filename().string();
    const fs::path extra = f.picture(i).parent_path() / name.insert(0, "z_");
    fs::copy_file(f.picture(i), extra);
    f.plant(CheckCode::kDrawingNoEpisode, extra);
  });
  const auto synthesized = [](PlantedFolder& f, int i, bool turned_round) {
    const scene::ScenePtr room = f.room(i);
    const sketch::WallMap walls = sketch::extract_walls(*room, 0.0f, 0.05f);
    const Episode& e = f.listed(i);
    std::vector<base::Vec3> route = e.reference_path;
    const sketch::SynthesisInput input{&walls, route, e.start, e.goals.front().position};
    auto drawn = sketch::synthesize(input, {}, 3, static_cast<std::uint64_t>(i));
    INKNAV_CHECK(scene::save_png(f.picture(i), sketch::rasterize(drawn.drawing, 256)).ok());
    if (turned_round) std::swap(drawn.drawing.start, drawn.drawing.goal);
    fs::path truth = f.picture(i);
    truth.replace_extension(".json");
    INKNAV_CHECK(sketch::save_drawing_file(truth, {drawn.drawing, drawn.correspondence}).ok());
    return truth;
  };
  plants.push_back(
      [synthesized](PlantedFolder& f, int i) { synthesized(f, i, false); });  // nothing to be found
  plants.push_back([synthesized](PlantedFolder& f, int i) {
    const fs::path truth = synthesized(f, i, false);
    cut(truth);
    f.plant(CheckCode::kDrawingTruthUnreadable, truth, name_in_list(i));
  });
  plants.push_back([synthesized](PlantedFolder& f, int i) {
    f.plant(CheckCode::kDrawingTruthOther, synthesized(f, i, true), name_in_list(i));
  });
}

/// Faults of lists take lists of their own, at the end of those with drawings.
void plant_lists(PlantedFolder& f, int first_room) {
  int i = first_room;
  const auto text_of = [&](int room) {
    return f.text_of(f.episodes_of_list(room), f.root() / "scratch_text.json");
  };
  // Three episodes that cannot be read, each in its way, among 30.
  std::string text = text_of(i);
  const auto replace_after = [&](int room, const std::string& from, const std::string& to) {
    const std::size_t id =
        text.find(std::string("\"episode_id\":\"").append(std::to_string(room)).append("\""));
    const std::size_t at = text.find(from, id);
    INKNAV_CHECK(id != std::string::npos && at != std::string::npos, room, from);
    text.replace(at, from.size(), to);
  };
  replace_after(i + 4, "\"start_rotation\":[", "\"start_rotation\":[7");
  f.plant(CheckCode::kEpisodeRotation, f.list(i), "episode 4");
  replace_after(i + 9, f.name(i + 9), f.name(i + 8));
  replace_after(i + 9, std::to_string(i + 9), std::to_string(i + 8));
  f.plant(CheckCode::kEpisodeDuplicate, f.list(i), "episode 9");
  replace_after(i + 20, "\"start_position\"", "\"start_positiom\"");
  f.plant(CheckCode::kEpisodeUnreadable, f.list(i), "episode 20");
  fs::remove(f.list(i));
  const fs::path plain = f.list(i).replace_extension();  // "list_3.json"
  write_text(plain, text);
  for (std::size_t k = 1; k <= 3; ++k) {
    f.planted()[f.planted().size() - k].file = plain.lexically_relative(f.root()).string();
  }
  i += PlantedFolder::kListSize;
  cut(f.list(i));
  f.plant(CheckCode::kListUnreadable, f.list(i));
  i += PlantedFolder::kListSize;
  fs::remove_all(f.root() / f.list_name(i) / "sketches");
  f.plant(CheckCode::kListNoDrawings, f.list(i));
  write_text(f.root() / "none" / "none.json", "{\"episodes\": []}");
  f.plant(CheckCode::kListEmpty, f.root() / "none" / "none.json");
  fs::remove(f.root() / "scratch_text.json");
}

/// Four episodes of one room with z up.
void plant_frame_of_list(PlantedFolder& f, int room) {
  std::vector<Episode> episodes;
  fs::create_directories(f.root() / "zup" / "sketches");
  for (int k = 0; k < 4; ++k) {
    Episode e = f.episode(room);
    e.episode_id = std::to_string(90000 + k);
    e.start.position = {0.8f + 0.2f * static_cast<float>(k), 0.0f, f.size(room).depth - 0.7f};
    const auto z_up = [](base::Vec3& p) { p = {p.x, -p.z, p.y}; };
    z_up(e.start.position);
    z_up(e.goals[0].position);
    for (base::Vec3& p : e.reference_path) z_up(p);
    e.geodesic_distance = 0.0f;
    episodes.push_back(e);
    f.draw(f.root() / "zup" / "sketches" / (f.name(room) + "_epi" + e.episode_id + "_cut1.png"), true, true);
  }
  INKNAV_CHECK(save_episodes(f.root() / "zup" / "zup.json", episodes).ok());
  f.plant(CheckCode::kListFrame, f.root() / "zup" / "zup.json", "scene '" + f.name(room) + ".glb'");
}

void plant_others(PlantedFolder& f) {
  write_text(f.root() / "demos" / "train" / "demos.json", "{\"format\": 1}");
  f.plant(CheckCode::kDemonstrationsUnreadable, f.root() / "demos" / "train");
  write_text(f.root() / "notes.txt", "not looked at");
  for (const char* name : {"sound.safetensors", "broken.pth"}) write_text(f.root() / "weights" / name, "");
  f.plant(CheckCode::kWeightsUnreadable, f.root() / "weights" / "broken.pth");
}

/// Stands for the reader of weights, which lies in a module above this one.
WeightsCheck weights(const fs::path& path) {
  WeightsCheck check;
  if (path.extension() == ".pth")
    check.findings.push_back({CheckCode::kWeightsUnreadable, path, "", "broken"});
  return check;
}

FolderCheck check(const fs::path& root, base::ThreadPool& pool) {
  FolderCheckSettings settings;
  settings.path = root;
  settings.check_weights = weights;
  auto result = check_folder(settings, pool);
  INKNAV_CHECK(result.ok(), result.error().message);
  return std::move(result).value();
}

/// One line for each finding that was not planted and for each planted one that was not found.
std::string differences(PlantedFolder& f, const FolderCheck& check) {
  std::multiset<Planted> wanted(f.planted().begin(), f.planted().end());
  std::ostringstream text;
  for (const CheckFinding& finding : check.findings) {
    const std::string file = finding.file.lexically_relative(f.root()).string();
    const auto same = std::find_if(wanted.begin(), wanted.end(), [&](const Planted& planted) {
      return planted.code == finding.code && planted.file == file && finding.where.starts_with(planted.where);
    });
    if (same != wanted.end()) {
      wanted.erase(same);
    } else {
      text << "invented: " << info_of(finding.code).name << " " << file << " " << finding.where << ": "
           << finding.what << "\n";
    }
  }
  for (const Planted& planted : wanted) {
    text << "not found: " << info_of(planted.code).name << " " << planted.file << " " << planted.where
         << "\n";
  }
  return text.str();
}

std::vector<Plant> all_plants() {
  std::vector<Plant> plants;
  plant_scenes(plants);
  plant_misplaced_scenes(plants);
  plant_odd_files(plants);
  plant_navmeshes(plants);
  plant_episodes(plants);
  plant_drawings(plants);
  return plants;
}

TEST(FolderCheck, OfAThousandScenesEveryPlantedFaultIsFoundAndNoneInvented) {
  base::ThreadPool pool(base::available_cores());
  const std::vector<Plant> plants = all_plants();
  constexpr int kPlain = 90, kRooms = 1000;  // the last 90 drawn rooms are for faults of lists
  const int drawn = (static_cast<int>(plants.size()) * 4 / 30 + 1) * 30 + kPlain;
  PlantedFolder folder(kRooms, drawn, pool);
  for (std::size_t k = 0; k < plants.size(); ++k) plants[k](folder, 4 * static_cast<int>(k) + 1);
  plant_frame_of_list(folder, kRooms - 1);
  plant_others(folder);
  folder.save_lists();
  plant_lists(folder, drawn - kPlain);
  const FolderCheck found = check(folder.root(), pool);
  EXPECT_EQ(differences(folder, found), "");
  std::set<CheckCode> kinds;
  for (const Planted& planted : folder.planted()) kinds.insert(planted.code);
  EXPECT_GE(kinds.size(), 20u);
  std::printf("%zu faults of %zu kinds in %zu scenes\n", folder.planted().size(), kinds.size(),
              found.scenes.size());
  EXPECT_EQ(found.verdict, Verdict::kNotSound);
  for (const SceneRow& row : found.scenes) {
    const bool sound = row.read && row.faults == 0 && row.warnings == 0;
    if (sound) {
      EXPECT_GT(row.area, 4.0f) << row.file;
      EXPECT_EQ(row.reachable, row.episodes) << row.file;
    }
  }
}

TEST(FolderCheck, ASoundFolderIsSoundAndSaysWhatIsInIt) {
  base::ThreadPool pool(2);
  PlantedFolder folder(3, 3, pool);
  folder.save_lists();
  const FolderCheck found = check(folder.root(), pool);
  EXPECT_EQ(differences(folder, found), "");
  EXPECT_EQ(found.verdict, Verdict::kSound);
  EXPECT_EQ(found.not_looked_at, 0);
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
  EXPECT_NE(text.find("and 1 scenes more, all sound"), std::string::npos) << text;
  EXPECT_EQ(text.substr(text.size() - 6), "sound\n") << text;
}

TEST(FolderCheck, TheReportDoesNotDependOnThreads) {
  base::ThreadPool one(1);
  const std::vector<Plant> plants = all_plants();
  PlantedFolder folder(90, 90, one);
  for (std::size_t k = 0; k < plants.size(); ++k) plants[k](folder, 2 * static_cast<int>(k));
  folder.save_lists();
  const std::string alone = report_json(check(folder.root(), one), folder.root());
  for (const int threads : {3}) {
    base::ThreadPool pool(threads);
    EXPECT_EQ(report_json(check(folder.root(), pool), folder.root()), alone) << threads;
  }
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
  EXPECT_NE(format_report(*found, folder.root(), 10).find("stopped before its end"), std::string::npos);
}

TEST(FolderReport, FindingsAreGroupedAndCutToTheirNumber) {
  base::ThreadPool pool(1);
  PlantedFolder folder(12, 12, pool);
  for (int i = 0; i < 8; ++i) folder.listed(i).start.position.x = 50.0f;
  folder.save_lists();
  const FolderCheck found = check(folder.root(), pool);
  const std::string text = format_report(found, folder.root(), 5);
  EXPECT_NE(text.find("8 faults of 1 kinds\nepisode.start-off-mesh (8): "), std::string::npos) << text;
  EXPECT_NE(text.find("list_0/list_0.json.gz: episode 4 ('4'): "), std::string::npos) << text;
  EXPECT_EQ(text.find("episode 5 ('5')"), std::string::npos) << text;
  EXPECT_NE(text.find("and 3 more\n"), std::string::npos) << text;
  EXPECT_NE(text.find("not sound\n"), std::string::npos) << text;
  EXPECT_NE(report_json(found, folder.root()).find("\"code\": \"episode.start-off-mesh\""),
            std::string::npos);
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
