// SPDX-License-Identifier: MIT
#include "nav/nav_mesh.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>

#include "nav/mesh_data.h"
#include "nav/recast_build.h"
#include "nav/test_scenes.h"

namespace inknav::nav {
namespace {

using base::Vec3;
using testing::build_mesh;
using testing::SceneBuilder;

float soup_area(const std::vector<Vec3>& soup) {
  float area = 0.0f;
  for (std::size_t i = 0; i + 2 < soup.size(); i += 3) {
    area += 0.5f * glm::length(glm::cross(soup[i + 1] - soup[i], soup[i + 2] - soup[i]));
  }
  return area;
}

TEST(NavMeshTest, DefaultsAreHabitats) {
  const NavSettings s;
  EXPECT_EQ(s.cell_size, 0.05f);
  EXPECT_EQ(s.cell_height, 0.2f);
  EXPECT_EQ(s.agent_height, 1.5f);
  EXPECT_EQ(s.agent_radius, 0.1f);
  EXPECT_EQ(s.agent_max_climb, 0.2f);
  EXPECT_EQ(s.agent_max_slope_deg, 45.0f);
  EXPECT_EQ(s.region_min_size, 20.0f);
  EXPECT_EQ(s.region_merge_size, 20.0f);
  EXPECT_EQ(s.edge_max_len, 12.0f);
  EXPECT_EQ(s.edge_max_error, 1.3f);
  EXPECT_EQ(s.verts_per_poly, 6);
  EXPECT_EQ(s.detail_sample_dist, 6.0f);
  EXPECT_EQ(s.detail_sample_max_error, 1.0f);
}

TEST(NavMeshTest, FloorIsErodedByTheRadiusOnly) {
  const NavMeshPtr mesh = build_mesh(SceneBuilder().floor(0, 0, 6, 4).finish("floor"));
  ASSERT_EQ(mesh->islands().size(), 1u);
  // 0.1 m radius = 2 cells from each side; the ledge filter takes one more cell.
  EXPECT_GT(mesh->area(), (6.0f - 0.4f) * (4.0f - 0.4f));
  EXPECT_LE(mesh->area(), (6.0f - 0.2f) * (4.0f - 0.2f) + 1e-3f);
  EXPECT_NEAR(mesh->bounds().min.x, 0.0f, 1e-6f);
  EXPECT_NEAR(mesh->bounds().max.x, 6.0f, 1e-6f);
}

TEST(NavMeshTest, IslandsAreNumberedInPolygonOrderAndAddUp) {
  const NavMeshPtr mesh = build_mesh(testing::rooms_scene());
  const internal::MeshData& data = mesh->data();
  int next = 0;
  for (std::size_t i = 0; i < data.polys.size(); ++i) {
    const int island = mesh->island_of(data.ref_of(static_cast<std::int32_t>(i)));
    ASSERT_LE(island, next);
    if (island == next) ++next;
    for (std::size_t e = 0; e < data.polys[i].num_verts; ++e) {
      const std::int32_t other = data.polys[i].neighbors[e];
      if (other < 0) continue;
      EXPECT_EQ(data.poly_island[static_cast<std::size_t>(other)], island);
    }
  }
  EXPECT_EQ(next, static_cast<int>(mesh->islands().size()));
  ASSERT_EQ(mesh->islands().size(), 3u);  // the rooms, and the tops of the two blocks
  float sum = 0.0f;
  for (int i = 0; i < next; ++i) {
    const Island& island = mesh->islands()[static_cast<std::size_t>(i)];
    EXPECT_NEAR(soup_area(mesh->triangle_soup(i)), island.area, 1e-3f);
    EXPECT_LE(island.area, mesh->islands()[static_cast<std::size_t>(mesh->largest_island())].area);
    EXPECT_GT(island.radius, 0.0f);
    sum += island.area;
  }
  EXPECT_NEAR(sum, mesh->area(), 1e-3f);
  EXPECT_NEAR(soup_area(mesh->triangle_soup(-1)), mesh->area(), 1e-3f);
  EXPECT_EQ(mesh->island_of(0), -1);
}

TEST(NavMeshTest, SlopeAndHeadroomLimitTheFloor) {
  const auto area_of_ramp = [](float rise) {
    SceneBuilder b;
    b.ramp_x(0, 0, 4, 4, 0, rise);
    auto mesh = NavMesh::build(*b.finish("ramp"), {});
    return mesh.ok() ? (*mesh)->area() : 0.0f;
  };
  EXPECT_GT(area_of_ramp(3.5f), 12.0f);  // 41 degrees
  EXPECT_EQ(area_of_ramp(4.6f), 0.0f);   // 49 degrees

  SceneBuilder low;
  low.floor(0, 0, 8, 4).box({4, 1.0f, 0}, {8, 1.2f, 4});  // 1 m of headroom under the right half
  const NavMeshPtr mesh = build_mesh(low.finish("low"));
  NavQuery query(mesh);
  EXPECT_TRUE(query.is_navigable({2, 0.2f, 2}));
  EXPECT_FALSE(query.is_navigable({6, 0.2f, 2}));
}

TEST(NavMeshTest, StairsJoinStoreys) {
  const NavMeshPtr mesh = build_mesh(testing::storeys_scene());
  EXPECT_EQ(mesh->islands().size(), 1u);
  NavQuery query(mesh);
  const float up = query.geodesic({9.5f, 0, 1}, {1, 3, -2}).length;
  EXPECT_GT(up, 8.0f);
  EXPECT_LT(up, 20.0f);
}

TEST(NavMeshTest, BuildIsDeterministic) {
  const auto scene = testing::clutter_scene(3);
  const auto a = internal::build_tile(*scene, {});
  const auto b = internal::build_tile(*scene, {});
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(*a, *b);
}

TEST(NavMeshBadInput, SceneWithoutFloor) {
  SceneBuilder b;
  b.quad({0, 0, 0}, {5, 0, 0}, {5, 3, 0}, {0, 3, 0});
  const auto mesh = NavMesh::build(*b.finish("a wall"), {});
  ASSERT_FALSE(mesh.ok());
  EXPECT_EQ(mesh.error().code, base::ErrorCode::kData);
  EXPECT_NE(mesh.error().message.find("a wall: a floor for an agent 1.5 m high"), std::string::npos)
      << mesh.error().message;
  EXPECT_NE(mesh.error().message.find("is +Y up"), std::string::npos);
}

TEST(NavMeshBadInput, SceneTooLargeForItsCells) {
  SceneBuilder b;
  b.floor(0, 0, 400, 400);
  const auto scene = b.finish("plain");
  const auto mesh = NavMesh::build(*scene, {});
  ASSERT_FALSE(mesh.ok());
  EXPECT_EQ(mesh.error().code, base::ErrorCode::kData);
  EXPECT_NE(mesh.error().message.find("plain: a navmesh of 400 x 400 m in cells of 0.05 m"),
            std::string::npos)
      << mesh.error().message;
  EXPECT_NE(mesh.error().message.find("use a larger cell size"), std::string::npos);
  NavSettings coarse;
  coarse.cell_size = 2.0f;
  coarse.agent_radius = 2.0f;
  EXPECT_TRUE(NavMesh::build(*scene, coarse).ok());
}

TEST(NavMeshBadInput, EachSettingOutOfRangeIsNamed) {
  struct Case {
    const char* name;
    void (*spoil)(NavSettings&);
  };
  const std::array<Case, 13> cases = {{
      {"cell_size", [](NavSettings& s) { s.cell_size = 0.0f; }},
      {"cell_height", [](NavSettings& s) { s.cell_height = std::numeric_limits<float>::quiet_NaN(); }},
      {"agent_height", [](NavSettings& s) { s.agent_height = -1.0f; }},
      {"agent_radius", [](NavSettings& s) { s.agent_radius = 11.0f; }},
      {"agent_radius / cell_size", [](NavSettings& s) { s.agent_radius = 9.0f; }},
      {"agent_max_climb", [](NavSettings& s) { s.agent_max_climb = std::numeric_limits<float>::infinity(); }},
      {"agent_max_slope_deg", [](NavSettings& s) { s.agent_max_slope_deg = 90.0f; }},
      {"region_min_size", [](NavSettings& s) { s.region_min_size = 1e6f; }},
      {"region_merge_size", [](NavSettings& s) { s.region_merge_size = -1.0f; }},
      {"edge_max_len", [](NavSettings& s) { s.edge_max_len = 1e9f; }},
      {"edge_max_error", [](NavSettings& s) { s.edge_max_error = -0.1f; }},
      {"verts_per_poly", [](NavSettings& s) { s.verts_per_poly = 7; }},
      {"detail_sample_dist", [](NavSettings& s) { s.detail_sample_dist = 1e9f; }},
  }};
  const auto scene = SceneBuilder().floor(0, 0, 3, 3).finish("floor");
  for (const Case& c : cases) {
    NavSettings settings;
    c.spoil(settings);
    const auto mesh = NavMesh::build(*scene, settings);
    ASSERT_FALSE(mesh.ok()) << c.name;
    EXPECT_EQ(mesh.error().code, base::ErrorCode::kUsage);
    EXPECT_NE(mesh.error().message.find(std::string("navmesh settings: ") + c.name + " ="), std::string::npos)
        << mesh.error().message;
    EXPECT_NE(mesh.error().message.find("wanted"), std::string::npos);
  }
}

}  // namespace
}  // namespace inknav::nav
