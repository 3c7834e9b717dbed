// SPDX-License-Identifier: MIT
#pragma once
// What tests of the simulator share: worlds made by hand, small cameras, poses in degrees, one hash over all
// that a simulator shows. Tests only.

#include <memory>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "nav/test_scenes.h"
#include "sim/simulator.h"

namespace inknav::sim::testing {

inline constexpr float kDegree = base::kPi / 180.0f;

inline World world_of(const scene::ScenePtr& scene) { return {scene, nav::testing::build_mesh(scene)}; }

inline World rooms_world() {
  static const World world = world_of(nav::testing::rooms_scene());
  return world;
}

/// 10 x 10 m of empty floor around the origin. Recast puts the surface 0.2 m (a cell) above a lowest floor,
/// so at 0.1767 m, where Habitat's published trajectory walks (spec/habitat.md 3).
inline World plain_world() {
  static const World world =
      world_of(nav::testing::SceneBuilder().floor(-5, -5, 5, 5, -0.0233f).finish("plain"));
  return world;
}

inline SimulatorSettings small_settings(int agents) {
  SimulatorSettings settings;
  settings.num_agents = agents;
  settings.sensors.camera.width = 16;
  settings.sensors.camera.height = 12;
  settings.mapper.grid_size = 128;
  return settings;
}

/// Bodies only.
inline SimulatorSettings blind_settings(int agents) {
  SimulatorSettings settings = small_settings(agents);
  settings.sensors.depth = false;
  settings.mapper.enabled = false;
  return settings;
}

inline std::unique_ptr<Simulator> make(const SimulatorSettings& settings, base::ThreadPool& pool,
                                       const World& world = rooms_world()) {
  auto simulator = Simulator::create(settings, pool);
  INKNAV_CHECK(simulator.ok(), simulator.error().message);
  INKNAV_CHECK((*simulator)->add_world(world).ok());
  return std::move(simulator).value();
}

inline base::Pose pose_at(float x, float z, float yaw_deg, float y = 0.1f) {
  return {base::Vec3(x, y, z), base::rotation_from_yaw(yaw_deg * kDegree)};
}

inline base::Hash128 hash_of(const Simulator& simulator) {
  base::Hasher hasher;
  hasher.update(simulator.poses().data(), simulator.poses().size_bytes());
  hasher.update(simulator.camera_rotations().data(), simulator.camera_rotations().size_bytes());
  hasher.update(simulator.nav_points().data(), simulator.nav_points().size_bytes());
  hasher.update(simulator.collided().data(), simulator.collided().size_bytes());
  for (const base::TensorView& view :
       {simulator.depth(), simulator.rgb(), simulator.gps(), simulator.compass(), simulator.occupancy()}) {
    if (view.data != nullptr) hasher.update(view.data, view.num_bytes());
  }
  return hasher.digest();
}

}  // namespace inknav::sim::testing
