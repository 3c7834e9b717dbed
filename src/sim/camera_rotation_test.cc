// SPDX-License-Identifier: MIT
// Where a mounted camera looks: by hand on a rig tilted about two axes, then in pictures.
#include "sim/camera_rotation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/sim_testing.h"

namespace inknav::sim {
namespace {

using namespace testing;  // NOLINT: test helpers

constexpr float kQuarter = 0.5f * base::kPi;

void expect_near(const base::Vec3& found, const base::Vec3& wanted, float bound) {
  for (int axis = 0; axis < 3; ++axis) EXPECT_NEAR(found[axis], wanted[axis], bound) << "axis " << axis;
}

TEST(CameraRotation, IsAboutXThenYThenZ) {
  // A quarter about X looks straight up, with the top edge backward (+Z); a quarter about Y then turns that
  // edge to +X and leaves the way it looks. The other order would look along -X.
  const base::Quat xy = rotation_from_euler({kQuarter, kQuarter, 0.0f});
  expect_near(xy * base::Vec3(0, 0, -1), {0, 1, 0}, 1e-6f);
  expect_near(xy * base::Vec3(0, 1, 0), {1, 0, 0}, 1e-6f);
  // About Y to the left (-X), then about Z: -X goes to -Y.
  const base::Quat yz = rotation_from_euler({0.0f, kQuarter, kQuarter});
  expect_near(yz * base::Vec3(0, 0, -1), {0, -1, 0}, 1e-6f);
  expect_near(yz * base::Vec3(0, 1, 0), {-1, 0, 0}, 1e-6f);
  // About X straight up, then about Z: up goes to -X.
  const base::Quat xz = rotation_from_euler({kQuarter, 0.0f, kQuarter});
  expect_near(xz * base::Vec3(0, 0, -1), {-1, 0, 0}, 1e-6f);
  expect_near(xz * base::Vec3(1, 0, 0), {0, 1, 0}, 1e-6f);
}

TEST(CameraRotation, IsTheProductOfItsMatrices) {
  // 30 degrees down and 40 to the left: Rx (0,0,-1) = (0, -1/2, -sqrt(3)/2); Ry then turns the plane.
  const float down = -30.0f * kDegree, left = 40.0f * kDegree;
  const float level = std::sqrt(0.75f);
  expect_near(rotation_from_euler({down, left, 0.0f}) * base::Vec3(0, 0, -1),
              {-level * std::sin(left), -0.5f, -level * std::cos(left)}, 1e-6f);
}

/// Depth of the middle pixel of a picture with an odd number of rows and columns.
float middle(const Simulator& simulator) {
  const render::CameraSpec& camera = simulator.settings().sensors.camera;
  return simulator.depth().as<float>()[(camera.height / 2) * camera.width + camera.width / 2];
}

SimulatorSettings seeing(const base::Vec3& orientation) {
  SimulatorSettings settings = small_settings(1);
  settings.sensors.camera.width = settings.sensors.camera.height = 33;
  settings.sensors.camera_orientation = orientation;
  settings.sensors.normalize_depth = false;
  settings.sensors.max_depth = 100.0f;
  return settings;
}

TEST(CameraRotation, TheFloorIsWhereATiltedCameraSeesIt) {
  base::ThreadPool pool(1);
  const World world = plain_world();  // the floor itself is at -0.0233, the camera at 1.25 above 0.1767
  const float height = 1.25f + 0.1767f + 0.0233f;
  for (const float left : {0.0f, 40.0f, -70.0f}) {
    const auto simulator = make(seeing({-30.0f * kDegree, left * kDegree, 0.0f}), pool, world);
    simulator->place(0, 0, pose_at(0.0f, 0.0f, 25.0f, 0.1767f));
    simulator->observe({});
    EXPECT_NEAR(middle(*simulator), height / std::sin(30.0f * kDegree), 1e-4f);
    // Looking is about the camera's own X, whichever way it is mounted: 15 degrees further down, twice up.
    const auto look = [&](BodyAction action) {
      const Command command{.action = action};
      simulator->step(std::span<const Command>(&command, 1));
      simulator->observe({});
    };
    look(BodyAction::kLookDown);
    EXPECT_NEAR(middle(*simulator), height / std::sin(45.0f * kDegree), 1e-4f);
    look(BodyAction::kLookUp);
    look(BodyAction::kLookUp);
    EXPECT_NEAR(middle(*simulator), height / std::sin(15.0f * kDegree), 1e-3f);
    look(BodyAction::kLookUp);
    look(BodyAction::kLookUp);
    EXPECT_EQ(middle(*simulator), 0.0f) << "the sky is no hit, which is clipped to the minimum";
  }
}

TEST(CameraRotation, AFullCircleOfLooksSeesTheSame) {
  base::ThreadPool pool(1);
  SimulatorSettings settings = seeing({-0.2f, 0.3f, 0.0f});
  settings.motion.tilt_angle_deg = 30.0f;
  const auto simulator = make(settings, pool, rooms_world());
  simulator->place(0, 0, pose_at(2.0f, 4.0f, -90.0f, 0.2f));
  simulator->observe({});
  const std::vector<float> before(simulator->depth().as<float>(), simulator->depth().as<float>() + 33 * 33);
  const Command command{.action = BodyAction::kLookDown};
  for (int i = 0; i < 12; ++i) simulator->step(std::span<const Command>(&command, 1));
  simulator->observe({});
  // Twelve products round by some 1e-6 rad, which at 100 m would be 0.1 mm; an edge may jump in few pixels.
  int jumped = 0;
  for (std::size_t i = 0; i < before.size(); ++i)
    jumped += std::abs(simulator->depth().as<float>()[i] - before[i]) > 1e-4f ? 1 : 0;
  EXPECT_LE(jumped, 3);
}

TEST(Views, AreWhatAnAgentThereWouldSee) {
  base::ThreadPool pool(2);
  SimulatorSettings settings = small_settings(2);
  settings.sensors.rgb = true;
  settings.sensors.camera_orientation = {-0.3f, 0.1f, 0.0f};
  settings.sensors.rgb_noise.model = ColourNoise::kGaussian;
  const auto simulator = make(settings, pool, rooms_world()), witness = make(settings, pool, rooms_world());
  std::vector<BodyView> views;
  for (std::uint32_t k = 0; k < 5; ++k) {  // more than the agents that memory was taken for
    const float yaw = 50.0f * static_cast<float>(k);
    views.push_back({0, pose_at(1.5f + 0.8f * static_cast<float>(k), 4.0f, yaw, 0.2f), {.episode = k}});
  }
  const Command look{.action = BodyAction::kLookDown};
  simulator->place(0, 0, pose_at(3.0f, 4.0f, 10.0f, 0.2f));
  simulator->place(1, 0, pose_at(9.0f, 4.0f, 10.0f, 0.2f));
  simulator->step(std::vector<Command>(2, look));
  simulator->observe({});
  const base::Hash128 before = hash_of(*simulator);
  const std::size_t frame = 16 * 12;
  std::vector<float> depth(5 * frame);
  std::vector<std::uint8_t> rgb(5 * 3 * frame);
  simulator->render_views(views, {depth.data(), rgb.data()});
  EXPECT_EQ(hash_of(*simulator), before) << "agents, maps and pictures stay";
  for (std::size_t k = 0; k < views.size(); ++k) {
    const base::Pose& pose = views[k].pose_world_agent;
    witness->place(0, 0, pose, pose, views[k].noise.episode);
    witness->observe({});
    EXPECT_TRUE(std::equal(depth.begin() + static_cast<std::ptrdiff_t>(k * frame),
                           depth.begin() + static_cast<std::ptrdiff_t>((k + 1) * frame),
                           witness->depth().as<float>()))
        << k;
    EXPECT_TRUE(std::equal(rgb.begin() + static_cast<std::ptrdiff_t>(3 * k * frame),
                           rgb.begin() + static_cast<std::ptrdiff_t>(3 * (k + 1) * frame),
                           witness->rgb().as<std::uint8_t>()))
        << k;
  }
  std::vector<std::uint8_t> colour_only(5 * 3 * frame);
  simulator->render_views(views, {nullptr, colour_only.data()});
  EXPECT_EQ(colour_only, rgb);
}

TEST(Views, OfScenesNobodyIsInHoldThem) {
  base::ThreadPool pool(1);
  SimulatorSettings settings = small_settings(3);
  settings.resident_triangles = 1;  // no room beside what is in use
  const auto simulator = make(settings, pool, rooms_world());
  const int plain = *simulator->add_world(plain_world());
  const std::vector<BodyView> views = {{0, pose_at(2.0f, 4.0f, -90.0f), {}},
                                       {plain, pose_at(0.0f, 0.0f, 0.0f), {}},
                                       {0, pose_at(2.0f, 4.0f, -90.0f), {}}};
  const std::size_t frame = 16 * 12;
  std::vector<float> depth(3 * frame);
  simulator->render_views(views, {depth.data(), nullptr});
  const std::vector<float> first(depth.begin(), depth.begin() + static_cast<std::ptrdiff_t>(frame));
  EXPECT_TRUE(std::equal(first.begin(), first.end(), depth.begin() + static_cast<std::ptrdiff_t>(2 * frame)));
  EXPECT_FALSE(std::equal(first.begin(), first.end(), depth.begin() + static_cast<std::ptrdiff_t>(frame)));
  EXPECT_GT(*std::max_element(first.begin(), first.end()), 0.0f);
}

/// A map made with a tilted camera, against the scene itself: what is marked stands there, what is free is.
TEST(TiltedMaps, AreTrue) {
  base::ThreadPool pool(1);
  const auto inside = [](float x, float z, const base::Vec4& box, float margin) {
    return x > box.x - margin && z > box.y - margin && x < box.z + margin && z < box.w + margin;
  };
  // Walls, table and block of rooms_scene() as (x0, z0, x1, z1).
  std::vector<base::Vec4> solid = {
      {-0.1f, -0.1f, 12.1f, 0.0f}, {-0.1f, 8.0f, 12.1f, 8.1f}, {-0.1f, 0.0f, 0.0f, 8.0f},
      {12.0f, 0.0f, 12.1f, 8.0f},  {5.95f, 0.0f, 6.05f, 3.3f}, {5.95f, 4.7f, 6.05f, 6.5f},
      {5.95f, 7.4f, 6.05f, 8.0f},  {3.5f, 0.8f, 4.5f, 2.4f},   {8.0f, 5.6f, 10.0f, 7.0f}};
  // Of the last, the low block, 5 cm count as an obstacle, which lie between two rows of these small
  // pictures.
  const base::Vec4 low_block = solid.back();
  for (const float z : {3.3f, 4.6f}) {
    for (const auto& [x0, x1] : {std::pair{0.0f, 2.0f}, {2.9f, 9.0f}, {9.9f, 12.0f}})
      solid.push_back({x0, z, x1, z + 0.1f});
  }
  std::vector<int> seen(4);
  for (std::uint32_t round = 0; round < 60; ++round) {
    base::PhiloxStream stream({6, 0, 0, round, base::Purpose::kTest});
    SimulatorSettings settings = small_settings(1);
    settings.sensors.camera.width = settings.sensors.camera.height = 48;
    settings.sensors.camera_orientation = {stream.uniform(-1.0f, 0.4f), stream.uniform(-3.0f, 3.0f),
                                           stream.uniform(-0.3f, 0.3f)};
    const auto simulator = make(settings, pool, rooms_world());
    const int floor = rooms_world().nav_mesh->largest_island();  // not on the low block
    const base::Vec3 start = simulator->query(0, 0).random_point(stream, floor).position;
    const base::Pose pose{start, base::rotation_from_yaw(stream.uniform(-3.0f, 3.0f))};
    simulator->place(0, 0, pose);
    simulator->observe({});
    const std::uint8_t* grid = simulator->occupancy().as<std::uint8_t>();
    for (int row = 0; row < 128; ++row) {
      for (int col = 0; col < 128; ++col) {
        const std::uint8_t cell = grid[row * 128 + col];
        ++seen[cell];
        if (cell == 0) continue;
        const base::Vec3 at =
            pose.position + pose.rotation * base::Vec3(0.1f * static_cast<float>(col - 64), 0,
                                                       0.1f * static_cast<float>(row - 64));
        // Half a cell's diagonal around the centre, 0.071 m, and some rounding.
        const bool near = std::any_of(solid.begin(), solid.end(),
                                      [&](const base::Vec4& box) { return inside(at.x, at.z, box, 0.072f); });
        const bool in = std::any_of(solid.begin(), solid.end(), [&](const base::Vec4& box) {
          return box != low_block && inside(at.x, at.z, box, -0.08f);
        });
        EXPECT_TRUE(near || cell == 1) << round << ": nothing stands at " << at.x << ", " << at.z;
        EXPECT_FALSE(in && cell == 1) << round << ": free in a block at " << at.x << ", " << at.z;
      }
    }
  }
  EXPECT_GT(seen[1], 10000);
  EXPECT_GT(seen[2], 1000);
  EXPECT_GT(seen[3], 100);
}

TEST(TiltedMaps, AHairsTiltIsTheLevelMapBeyondTheNearestThingSeen) {
  base::ThreadPool pool(1);
  SimulatorSettings settings = small_settings(1);
  settings.sensors.camera.width = settings.sensors.camera.height = 48;
  const auto level = make(settings, pool, rooms_world());
  settings.sensors.camera_orientation = {1e-6f, 0.0f, 0.0f};
  const auto tilted = make(settings, pool, rooms_world());
  int stands = 0, free = 0, differ = 0, nearer = 0;
  for (std::uint32_t round = 0; round < 30; ++round) {
    base::PhiloxStream stream({8, 0, 0, round, base::Purpose::kTest});
    const base::Vec3 start = level->query(0, 0).random_point(stream, -1).position;
    const base::Pose pose{start, base::rotation_from_yaw(stream.uniform(-3.0f, 3.0f))};
    for (Simulator* simulator : {level.get(), tilted.get()}) {
      simulator->place(0, 0, pose);
      simulator->observe({});
    }
    for (int row = 0; row < 128; ++row) {
      for (int col = 0; col < 128; ++col) {
        const int a = level->occupancy().as<std::uint8_t>()[row * 128 + col];
        const int b = tilted->occupancy().as<std::uint8_t>()[row * 128 + col];
        stands += a >= 2 ? 1 : 0;
        free += b == 1 ? 1 : 0;
        if (a == b) continue;
        // The floor is seen from 1.25 m on: the level map thinks what is nearer free, the other says nothing.
        const bool unseen = a == 1 && b == 0 && std::hypot(row - 64, col - 64) < 20.0;
        ++(unseen ? nearer : differ);
      }
    }
  }
  // Cells on the rim of two columns may round either way.
  EXPECT_GT(stands, 1000);
  EXPECT_GT(free, 5000);
  EXPECT_GT(nearer, 1000);
  EXPECT_LT(differ, (stands + free) / 200);
}

}  // namespace
}  // namespace inknav::sim
