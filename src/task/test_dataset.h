// SPDX-License-Identifier: MIT
#pragma once
// A small dataset on disk for tests: two scenes of nav/test_scenes.h as .glb, walkable episodes on them, and
// drawings made of plain coloured strokes. Removed when the object goes.

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "base/philox.h"
#include "nav/test_scenes.h"
#include "scene/image.h"
#include "scene/load.h"
#include "scene/write_glb.h"
#include "task/episode_sampling.h"
#include "task/navigation_env.h"

namespace inknav::task::testing {

class TestDataset {
 public:
  explicit TestDataset(int episodes_a_scene) {
    static int serial = 0;
    folder_ = std::filesystem::temp_directory_path() /
              ("inknav_task_test_" + std::to_string(::getpid()) + "_" + std::to_string(serial++));
    std::filesystem::create_directories(folder_ / "scenes");
    std::filesystem::create_directories(folder_ / "sketches");
    dataset_.scenes_dir = folder_ / "scenes";
    dataset_.sketch_dir = folder_ / "sketches";
    add_scene(*nav::testing::rooms_scene(), "rooms", episodes_a_scene);
    add_scene(*nav::testing::rooms_scene(), "twin", episodes_a_scene);
  }
  ~TestDataset() { std::filesystem::remove_all(folder_); }
  TestDataset(const TestDataset&) = delete;
  TestDataset& operator=(const TestDataset&) = delete;

  Dataset& dataset() { return dataset_; }
  const std::filesystem::path& folder() const { return folder_; }

  /// White paper, a blue start, a purple goal and a red bar whose height names the episode.
  void draw_all() {
    for (std::size_t i = 0; i < dataset_.episodes.size(); ++i) {
      scene::Image picture;
      picture.width = picture.height = 128;
      picture.channels = 3;
      picture.pixels.assign(128 * 128 * 3, 255);
      const auto fill = [&](int x0, int y0, int x1, int y1, std::uint8_t r, std::uint8_t g, std::uint8_t b) {
        for (int y = y0; y < y1; ++y) {
          for (int x = x0; x < x1; ++x) {
            std::uint8_t* pixel = picture.pixels.data() + 3 * (y * 128 + x);
            pixel[0] = r, pixel[1] = g, pixel[2] = b;
          }
        }
      };
      fill(10, 10, 118, 13, 30, 30, 30);
      fill(60, 30, 64, 40 + static_cast<int>(i % 60), 220, 20, 20);
      fill(20, 100, 30, 110, 20, 40, 220);
      fill(100, 30, 110, 40, 150, 30, 170);
      INKNAV_CHECK(scene::save_png(drawing_path(dataset_, dataset_.episodes[i]), picture).ok());
    }
  }

 private:
  void add_scene(const scene::Scene& scene, const std::string& name, int episodes) {
    const std::filesystem::path path = dataset_.scenes_dir / (name + ".glb");
    INKNAV_CHECK(scene::write_glb(path, scene).ok());
    const auto loaded = scene::load_scene(path);
    INKNAV_CHECK(loaded.ok(), loaded.error().message);
    nav::NavQuery query(*nav::NavMesh::build(**loaded, nav::NavSettings{}));
    for (int k = 0; k < episodes; ++k) {
      base::PhiloxStream stream(
          {5, static_cast<std::uint32_t>(dataset_.episodes.size()), 0, 0, base::Purpose::kTest});
      auto episode = sample_episode(query, {}, query.mesh().largest_island(), SamplingSettings{}, stream);
      INKNAV_CHECK(episode.has_value());
      episode->episode_id = std::to_string(k);
      episode->scene_id = name + ".glb";
      dataset_.episodes.push_back(std::move(*episode));
    }
  }

  std::filesystem::path folder_;
  Dataset dataset_;
};

/// Small cameras and maps, no drawings, the expert's path.
inline NavigationEnvSettings small_env(int num_envs) {
  NavigationEnvSettings settings;
  settings.num_envs = settings.total_envs = num_envs;
  settings.simulator.sensors.camera.width = 12;
  settings.simulator.sensors.camera.height = 8;
  settings.simulator.mapper.grid_size = 96;
  settings.drawing_size = 32;
  settings.with_drawings = false;
  settings.expert_path_points = 16;
  return settings;
}

inline std::unique_ptr<NavigationEnv> make_env(const NavigationEnvSettings& settings, const Dataset& dataset,
                                               base::ThreadPool& pool) {
  auto env = NavigationEnv::create(settings, dataset, pool);
  INKNAV_CHECK(env.ok(), env.error().message);
  return std::move(env).value();
}

/// Of all fields, as they are now.
inline base::Hash128 hash_of_observations(const VectorEnv& env) {
  base::Hasher hasher;
  for (const FieldSpec& field : env.spec().fields) {
    const base::TensorView view = env.observation(field.name);
    hasher.update(view.data, view.num_bytes());
  }
  return hasher.digest();
}

}  // namespace inknav::task::testing
