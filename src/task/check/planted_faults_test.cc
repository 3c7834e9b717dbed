// SPDX-License-Identifier: MIT
// The bar of data check: of a thousand scenes with planted faults of many kinds every one is found and none
// is invented.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "nav/scene_mesh.h"
#include "sketch/drawing_file.h"
#include "sketch/raster.h"
#include "sketch/synthesis.h"
#include "sketch/wall_map.h"
#include "task/check/folder_check.h"
#include "task/check/folder_report.h"
#include "task/check/planted_folder.h"
#include "task/demonstration_file.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;
using testing::differences;
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

void turn_over(scene::Scene& scene) {
  for (glm::u32vec3& t : scene.triangles) std::swap(t.y, t.z);
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
    f.write_room(i, changed(f.room(i), turn_over));
    f.plant(CheckCode::kSceneInsideOut, f.scene(i));
  });
  plants.push_back([](PlantedFolder& f, int i) {  // as before, and the inside of a wardrobe can be stood in
    auto b = f.walls(i);
    b.floor(0, 0, f.size(i).width, f.size(i).depth).box({1.4f, 0.0f, 1.0f}, {2.6f, 2.0f, 2.2f});
    f.write_room(i, changed(b.finish("turned over"), turn_over));
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

/// Three walks that store poses only, joined to these drawings in turn.
void write_demonstrations(const fs::path& folder, const std::vector<std::string>& drawings) {
  constexpr std::uint32_t kWalks = 3;
  fs::create_directories(folder);
  DemonstrationManifest manifest;
  manifest.set = std::string(31, '0') + "a";
  manifest.split = "train";
  manifest.runs = kWalks;
  manifest.shards = 1;
  manifest.format.depth = DepthStorage::kRendered;
  manifest.format.sensors.camera.width = 8;
  manifest.format.sensors.camera.height = 5;
  manifest.generation = "{}";
  INKNAV_CHECK(write_manifest(folder, manifest).ok());
  ShardHeader header{manifest.set, 0, manifest.format, {}};
  std::vector<std::vector<std::uint8_t>> chunks;
  for (std::uint32_t k = 0; k < kWalks; ++k) {
    Demonstration walk;
    walk.width = 8;
    walk.height = 5;
    walk.info.run = k;
    walk.info.episode_id = std::to_string(k);
    walk.info.scene_id = "room.glb";
    walk.info.drawing = drawings[k % drawings.size()];
    walk.info.num_steps = 5;
    walk.steps.resize(5);
    header.chunks.push_back(ChunkEntry{walk.info, 0, 0, {}});
    chunks.push_back(encode_chunk(walk, DepthStorage::kRendered));
  }
  INKNAV_CHECK(write_shard(shard_path(folder, 0), header, chunks).ok());
}

/// `picture` is of room 0, whose drawing is left as it is.
void plant_demonstrations(PlantedFolder& f) {
  const std::string picture = f.picture(0).filename().string();
  write_demonstrations(f.root() / "demos" / f.list_name(0), {picture});  // nothing to be found
  const fs::path undrawn = f.root() / "more" / "demos" / f.list_name(0);
  write_demonstrations(undrawn, {picture, "nowhere_epi0_cut1.png"});
  f.plant(CheckCode::kDemonstrationsNoDrawing, undrawn);
  const fs::path damaged = f.root() / "demos" / "damaged";
  write_demonstrations(damaged, {picture});
  std::fstream shard(shard_path(damaged, 0), std::ios::in | std::ios::out | std::ios::binary);
  shard.seekg(-1, std::ios::end);  // of the last walk's chunk
  const int last = shard.get();
  shard.seekp(-1, std::ios::end);
  shard.put(static_cast<char>(last ^ 1));
  f.plant(CheckCode::kDemonstrationsDamaged, damaged);
  const fs::path bare = f.root() / "demos" / "bare";
  write_demonstrations(bare, {picture});
  fs::remove(manifest_path(bare));
  f.plant(CheckCode::kDemonstrationsUnreadable, bare);
  write_text(f.root() / "demos" / "train" / "demos.json", "{\"format\": 1}");
  f.plant(CheckCode::kDemonstrationsUnreadable, f.root() / "demos" / "train");
}

void plant_others(PlantedFolder& f) {
  write_text(f.root() / "notes.txt", "not looked at");
  const fs::path weights = f.root() / "weights";
  for (const char* name : {"sound.safetensors", "broken.pth", "nan.safetensors", "empty.safetensors"}) {
    write_text(weights / name, "");
  }
  f.plant(CheckCode::kWeightsUnreadable, weights / "broken.pth");
  f.plant(CheckCode::kWeightsNotFinite, weights / "nan.safetensors");
  f.plant(CheckCode::kWeightsEmpty, weights / "empty.safetensors");
  fs::create_symlink("nowhere.glb", f.root() / "scenes" / "link.glb");
  f.plant(CheckCode::kFilePlaceholder, f.root() / "scenes" / "link.glb");
}

/// Stands for the reader of weights, which lies in a module above this one.
WeightsCheck weights(const fs::path& path) {
  WeightsCheck check;
  const std::string name = path.stem().string();
  const auto add = [&](const char* of, CheckCode code) {
    if (name == of) check.findings.push_back({code, path, "", name});
  };
  add("broken", CheckCode::kWeightsUnreadable);
  add("nan", CheckCode::kWeightsNotFinite);
  add("empty", CheckCode::kWeightsEmpty);
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

TEST(PlantedFaults, OfAThousandScenesEveryPlantedFaultIsFoundAndNoneInvented) {
  base::ThreadPool pool(base::available_cores());
  const std::vector<Plant> plants = all_plants();
  constexpr int kPlain = 90, kRooms = 1000;  // the last 90 drawn rooms are for faults of lists
  const int drawn = (static_cast<int>(plants.size()) * 4 / 30 + 1) * 30 + kPlain;
  PlantedFolder folder(kRooms, drawn, pool);
  for (std::size_t k = 0; k < plants.size(); ++k) plants[k](folder, 4 * static_cast<int>(k) + 1);
  plant_frame_of_list(folder, kRooms - 1);
  plant_demonstrations(folder);
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

TEST(PlantedFaults, TheReportDoesNotDependOnThreads) {
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

}  // namespace
}  // namespace inknav::task
