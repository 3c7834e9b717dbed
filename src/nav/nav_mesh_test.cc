// SPDX-License-Identifier: MIT
#include "nav/nav_mesh.h"

#include <gtest/gtest.h>

#include "nav/test_scenes.h"

namespace inknav::nav {
namespace {

using base::Vec3;

NavMeshPtr build(const scene::ScenePtr& scene, const NavSettings& settings = {}) {
  auto mesh = NavMesh::build(*scene, settings);
  INKNAV_CHECK(mesh.ok(), mesh.error().message);
  return *mesh;
}

TEST(NavMeshTest, RoomsAreOneIslandOverTheFloor) {
  const NavMeshPtr mesh = build(testing::rooms_scene());
  const Island& largest = mesh->islands()[static_cast<std::size_t>(mesh->largest_island())];
  EXPECT_GT(largest.area, 70.0f);
  EXPECT_LT(largest.area, 96.0f);
  NavQuery query(mesh);
  const GeodesicPath path = query.geodesic({1, 0, 1}, {11, 0, 7});
  EXPECT_GT(path.length, 11.6f);
  EXPECT_LT(path.length, 15.0f);
}

}  // namespace
}  // namespace inknav::nav
