// SPDX-License-Identifier: MIT
#include "scene/home/shell_mesh.h"

#include <gtest/gtest.h>

#include <glm/geometric.hpp>

namespace inknav::scene::internal {
namespace {

/// Volume enclosed by the faces, by the divergence theorem. Faces that are missing at y = 0 count nothing.
double enclosed_volume(const Scene& scene) {
  double sum = 0.0;
  for (const glm::u32vec3& t : scene.triangles) {
    const glm::dvec3 a(scene.positions[t.x]);
    const glm::dvec3 b(scene.positions[t.y]);
    const glm::dvec3 c(scene.positions[t.z]);
    sum += glm::dot(a, glm::cross(b, c)) / 6.0;
  }
  return sum;
}

/// Two rooms of 4 x 3 m side by side.
FloorPlan two_rooms() {
  FloorPlan plan;
  plan.rooms = {{RoomKind::kLiving, {{{0.0f, 0.0f}, {4.0f, 3.0f}}}},
                {RoomKind::kBedroom, {{{4.0f, 0.0f}, {8.0f, 3.0f}}}}};
  plan.walls = {{{0.0f, 0.0f}, {8.0f, 0.0f}},
                {{0.0f, 3.0f}, {8.0f, 3.0f}},
                {{0.0f, 0.0f}, {0.0f, 3.0f}},
                {{4.0f, 0.0f}, {4.0f, 3.0f}},
                {{8.0f, 0.0f}, {8.0f, 3.0f}}};
  return plan;
}

Scene shell_of(const FloorPlan& plan) {
  MeshBuilder mesh(make_home_textures(1));
  add_shell(plan, make_style(1, plan), mesh);
  return mesh.take();
}

constexpr double kSolidPlan = 8.12 * 3.12 - 2.0 * 3.88 * 2.88;  // m2 covered by walls 0.12 m thick

TEST(ShellMesh, walls_enclose_their_volume) {
  EXPECT_NEAR(enclosed_volume(shell_of(two_rooms())), 2.6 * kSolidPlan, 1e-4);
}

TEST(ShellMesh, an_open_door_is_a_hole_up_to_its_head) {
  FloorPlan plan = two_rooms();
  plan.walls[3] = {{4.0f, 0.0f}, {4.0f, 1.0f}};
  plan.walls.push_back({{4.0f, 1.9f}, {4.0f, 3.0f}});
  plan.openings.push_back({{4.0f, 1.0f}, {4.0f, 1.9f}, 0, 1, true, 0.0f, 2.05f});
  const Scene scene = shell_of(plan);
  EXPECT_NEAR(enclosed_volume(scene), 2.6 * kSolidPlan - 0.9 * 0.12 * 2.05, 1e-4);
  int undersides = 0;
  for (const base::Vec3& p : scene.positions) {
    if (std::abs(p.y - 2.05f) < 1e-4f && std::abs(p.x - 4.0f) < 0.061f) ++undersides;
  }
  EXPECT_GE(undersides, 4) << "the lintel has an underside";
}

TEST(ShellMesh, faces_wear_the_paint_of_the_room_they_look_into) {
  const FloorPlan plan = two_rooms();
  const HomeStyle style = make_style(1, plan);
  const Scene scene = shell_of(plan);
  // The face of the middle wall that looks into the living room (towards -x): its colour is the living room's
  // paint times one shading factor.
  for (std::size_t i = 0; i < scene.triangles.size(); ++i) {
    const glm::u32vec3& t = scene.triangles[i];
    const bool on_face = std::abs(scene.positions[t.x].x - 3.94f) < 1e-4f &&
                         std::abs(scene.positions[t.y].x - 3.94f) < 1e-4f &&
                         std::abs(scene.positions[t.z].x - 3.94f) < 1e-4f;
    if (!on_face) continue;
    const base::Vec3 paint = style.walls[0].color;
    const glm::u8vec4 color = scene.colors[t.x];
    EXPECT_NEAR(static_cast<float>(color.r) / paint.x, static_cast<float>(color.g) / paint.y, 0.01f);
    EXPECT_NEAR(static_cast<float>(color.r) / paint.x, static_cast<float>(color.b) / paint.z, 0.01f);
  }
}

}  // namespace
}  // namespace inknav::scene::internal
