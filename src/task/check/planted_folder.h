// SPDX-License-Identifier: MIT
#pragma once
// PlantedFolder: a data set of small rooms on disk with episodes and drawings, sound by construction, in
// which a test breaks one thing after another and remembers what a check has to find. Tests only.
//
// Room i is a box of its own size with a block in a corner; its episode goes straight from corner to corner,
// so its distance is known by hand. Lists hold 30 rooms each: <root>/list_0/list_0.json.gz, list_0/sketches.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "base/thread_pool.h"
#include "nav/test_scenes.h"
#include "scene/image.h"
#include "scene/scene_testing.h"
#include "task/check/folder_check.h"
#include "task/episode.h"

namespace inknav::task::testing {

struct RoomSize {
  float width = 0.0f;
  float depth = 0.0f;
  base::Vec3 start() const { return {0.6f, 0.0f, 0.6f}; }
  base::Vec3 goal() const { return {width - 0.6f, 0.0f, depth - 0.6f}; }
};

/// What a check must say: code, file beneath the root, and how `where` begins.
struct Planted {
  CheckCode code;
  std::string file;
  std::string where;
  auto key() const { return std::tie(code, file, where); }
  bool operator<(const Planted& other) const { return key() < other.key(); }
};

class PlantedFolder {
 public:
  static constexpr int kListSize = 30;

  /// `drawn` rooms have an episode with a drawing.
  PlantedFolder(int rooms, int drawn, base::ThreadPool& pool) : rooms_(rooms), drawn_(drawn) {
    std::filesystem::create_directories(root() / "scenes");
    pool.parallel_for(rooms, 1, [&](std::int64_t begin, std::int64_t end, int) {
      for (auto i = static_cast<int>(begin); i < static_cast<int>(end); ++i) write_room(i, *room(i));
    });
    for (int i = 0; i < drawn_; ++i) {
      std::filesystem::create_directories(root() / list_name(i) / "sketches");
      lists_[i / kListSize].push_back(episode(i));
      if (i == 0) {
        draw(picture(i), true, true);
      } else {
        std::filesystem::copy_file(picture(0), picture(i));
      }
    }
  }

  const std::filesystem::path& root() const { return folder_.path(); }
  std::vector<Planted>& planted() { return planted_; }
  void plant(CheckCode code, const std::filesystem::path& file, const std::string& where = "") {
    planted_.push_back({code, file.lexically_relative(root()).string(), where});
  }

  static RoomSize size(int i) {
    return {4.0f + 0.13f * static_cast<float>(i % 17), 3.2f + 0.11f * static_cast<float>(i / 17 % 13)};
  }
  static std::string name(int i) {
    const std::string number = std::to_string(i);
    std::string name = "room_";
    return name.append(4 - number.size(), '0').append(number);
  }
  std::filesystem::path scene(int i) const { return root() / "scenes" / (name(i) + ".glb"); }
  std::filesystem::path beside(int i, const std::string& ending) const {
    return root() / "scenes" / (name(i) + ending);
  }
  std::string list_name(int i) const { return std::string("list_").append(std::to_string(i / kListSize)); }
  std::filesystem::path list(int i) const { return root() / list_name(i) / (list_name(i) + ".json.gz"); }
  std::filesystem::path picture(int i) const {
    return root() / list_name(i) / "sketches" / (name(i) + "_epi" + std::to_string(i) + "_cut1.png");
  }
  /// The episode of room i in its list.
  Episode& listed(int i) { return lists_[i / kListSize].at(static_cast<std::size_t>(i % kListSize)); }
  std::vector<Episode>& episodes_of_list(int i) { return lists_[i / kListSize]; }

  /// The room as a scene; `shift` moves it.
  static scene::ScenePtr room(int i, const base::Vec3& shift = base::Vec3(0.0f)) {
    nav::testing::SceneBuilder b = walls(i, shift);
    const RoomSize s = size(i);
    b.floor(shift.x, shift.z, shift.x + s.width, shift.z + s.depth, shift.y);
    return b.finish(name(i));
  }
  /// Four rooms in its place: of a single one it cannot be told which side is up.
  static scene::ScenePtr flat(int i) {
    scene::Scene scene = *nav::testing::rooms_scene();
    for (base::Vec3& p : scene.positions) p.x *= 1.0f + 0.001f * static_cast<float>(i);
    auto finished = scene::finish(std::move(scene));
    INKNAV_CHECK(finished.ok());
    return *finished;
  }
  static nav::testing::SceneBuilder walls(int i, const base::Vec3& shift = base::Vec3(0.0f)) {
    const RoomSize s = size(i);
    nav::testing::SceneBuilder b;
    const auto wall = [&](float x0, float z0, float x1, float z1) {
      b.wall(shift.x + x0, shift.z + z0, shift.x + x1, shift.z + z1, shift.y);
    };
    wall(-0.1f, -0.1f, s.width + 0.1f, 0.0f);
    wall(-0.1f, s.depth, s.width + 0.1f, s.depth + 0.1f);
    wall(-0.1f, 0.0f, 0.0f, s.depth);
    wall(s.width, 0.0f, s.width + 0.1f, s.depth);
    const float high = 0.4f + 0.05f * static_cast<float>(i / 221);  // so that no two rooms are the same
    b.box(shift + base::Vec3(s.width - 1.2f, 0.0f, 0.3f), shift + base::Vec3(s.width - 0.6f, high, 0.9f));
    return b;
  }
  /// Plain writing: thousands of files that are each flushed to the disk would be a test of the disk. What
  /// write_glb would refuse can be written too.
  void write_room(int i, const scene::Scene& scene) const {
    std::ofstream(beside(i, ".stage_config.json")) << kUpright;
    write_mesh(this->scene(i), scene);
  }
  static constexpr const char* kUpright = R"({"up": [0, 1, 0], "front": [0, 0, -1]})";
  static void write_mesh(const std::filesystem::path& file, const scene::Scene& scene) {
    std::vector<std::uint8_t> binary;
    scene::testing::append(binary, scene.triangles);
    scene::testing::append(binary, scene.positions);
    const std::size_t indices = 12 * scene.triangles.size(), vertices = 12 * scene.positions.size();
    std::ostringstream json;
    json << R"({"asset":{"version":"2.0"},"buffers":[{"byteLength":)" << binary.size()
         << R"(}],"bufferViews":[{"buffer":0,"byteLength":)" << indices << R"(},{"buffer":0,"byteOffset":)"
         << indices << R"(,"byteLength":)" << vertices
         << R"(}],"accessors":[{"bufferView":0,"componentType":5125,"type":"SCALAR","count":)" << indices / 4
         << R"(},{"bufferView":1,"componentType":5126,"type":"VEC3","count":)" << vertices / 12
         << R"(}],"meshes":[{"primitives":[{"attributes":{"POSITION":1},"indices":0}]}],)"
         << R"("nodes":[{"mesh":0}],"scenes":[{"nodes":[0]}]})";
    scene::testing::write_bytes(file, scene::testing::make_glb(json.str(), binary));
  }

  static Episode episode(int i) {
    const RoomSize s = size(i);
    Episode episode;
    episode.episode_id = std::to_string(i);
    episode.scene_id = name(i) + ".glb";
    episode.start = {s.start(), base::rotation_from_yaw(0.1f * static_cast<float>(i % 60))};
    episode.goals = {Goal{s.goal(), 0.0f}};
    episode.geodesic_distance = glm::length(s.goal() - s.start());
    episode.reference_path = {s.start(), 0.5f * (s.start() + s.goal()), s.goal()};
    return episode;
  }

  /// White paper with a wall, a route and, where wanted, a blue start and a purple goal.
  static void draw(const std::filesystem::path& path, bool ink, bool goal) {
    scene::Image picture;
    picture.width = picture.height = 128;
    picture.channels = 3;
    picture.pixels.assign(std::size_t{128} * 128 * 3, 255);
    const auto fill = [&](int x0, int y0, int x1, int y1, const std::vector<std::uint8_t>& rgb) {
      for (int y = y0; y < y1; ++y) {
        for (int x = x0; x < x1; ++x) {
          std::copy(rgb.begin(), rgb.end(), picture.pixels.begin() + 3 * (y * 128 + x));
        }
      }
    };
    if (ink) {
      fill(10, 10, 118, 13, {30, 30, 30});
      fill(60, 30, 64, 60, {220, 20, 20});
      fill(20, 100, 30, 110, {20, 40, 220});
      if (goal) fill(100, 30, 110, 40, {150, 30, 170});
    }
    INKNAV_CHECK(scene::save_png(path, picture).ok());
  }

  void save_lists() {
    for (const auto& [l, episodes] : lists_) {
      const base::Status saved = save_episodes(list(l * kListSize), episodes);
      INKNAV_CHECK(saved.ok(), saved.error().message);
    }
  }
  /// The text of a list, for faults that save_episodes would not write.
  static std::string text_of(const std::vector<Episode>& episodes, const std::filesystem::path& scratch) {
    INKNAV_CHECK(save_episodes(scratch, episodes).ok());
    return *base::read_text_file(scratch, std::size_t{1} << 24);
  }

 private:
  base::TemporaryFolder folder_;
  int rooms_ = 0;
  int drawn_ = 0;
  std::map<int, std::vector<Episode>> lists_;
  std::vector<Planted> planted_;
};

/// One line for each finding that was not planted and for each planted one that was not found.
inline std::string differences(PlantedFolder& f, const FolderCheck& check) {
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

}  // namespace inknav::task::testing
