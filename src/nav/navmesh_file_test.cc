// SPDX-License-Identifier: MIT
#include "nav/navmesh_file.h"

#include <DetourNavMesh.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string>

#include "base/philox.h"
#include "nav/mesh_data.h"
#include "nav/navmesh_testing.h"
#include "nav/test_scenes.h"
#include "scene/scene_testing.h"

namespace inknav::nav {
namespace {

using base::Vec3;
using internal::navmesh_bytes;
using internal::NavMeshFile;
using internal::parse_navmesh;
using scene::testing::read_bytes;
using scene::testing::write_bytes;
using testing::rectangle;
using testing::room_file;
using testing::room_sketch;
using testing::TileSketch;
using testing::version_1_bytes;
using Bytes = std::vector<std::uint8_t>;

template <typename T>
T get(const Bytes& bytes, std::size_t at) {
  T value;
  std::memcpy(&value, &bytes[at], sizeof(T));
  return value;
}

class NavMeshFileTest : public ::testing::Test {
 protected:
  NavMeshPtr load(const Bytes& bytes) {
    const auto path = folder_ / "some.navmesh";
    write_bytes(path, bytes);
    auto mesh = NavMesh::load(path);
    INKNAV_CHECK(mesh.ok(), mesh.error().message);
    return *mesh;
  }
  Bytes saved(const NavMesh& mesh) {
    const auto path = folder_ / "saved.navmesh";
    INKNAV_CHECK(mesh.save(path).ok());
    return read_bytes(path);
  }
  scene::testing::TemporaryFolder folder_;
};

// ---- golden values of spec/habitat.md 1

TEST_F(NavMeshFileTest, SizesOfVanGoghRoom) {
  const Bytes tile = room_sketch().bytes();
  EXPECT_EQ(get<std::int32_t>(tile, 24), 10);  // polygons
  EXPECT_EQ(get<std::int32_t>(tile, 28), 25);  // vertices
  EXPECT_EQ(get<std::int32_t>(tile, 32), 41);  // links
  EXPECT_EQ(get<std::int32_t>(tile, 40), 0);   // detail vertices
  EXPECT_EQ(get<std::int32_t>(tile, 44), 21);  // detail triangles
  EXPECT_EQ(get<std::int32_t>(tile, 48), 20);  // tree nodes
  EXPECT_EQ(tile.size(), 100u + 25 * 12 + 10 * 32 + 41 * 12 + 10 * 12 + 0 + 21 * 4 + 20 * 16);
  EXPECT_EQ(tile.size(), 1736u);
  EXPECT_EQ(version_1_bytes(room_file()).size(), 1784u);
  EXPECT_EQ(navmesh_bytes(room_file()).size(), 1784u + 56u);
}

TEST_F(NavMeshFileTest, BytesOfTheHeader) {
  const Bytes bytes = navmesh_bytes(room_file());
  EXPECT_EQ(std::string(bytes.begin(), bytes.begin() + 4), "TESM");
  EXPECT_EQ(get<std::int32_t>(bytes, 4), 2);
  EXPECT_EQ(get<std::int32_t>(bytes, 8), 1);
  EXPECT_EQ(get<std::int32_t>(bytes, 36), 16);
  const std::array<float, 13> settings = {0.05f, 0.2f,  1.5f, 0.1f, 0.2f, 45.0f, 20.0f,
                                          20.0f, 12.0f, 1.3f, 6.0f, 6.0f, 1.0f};
  for (std::size_t i = 0; i < 13; ++i) EXPECT_EQ(get<float>(bytes, 40 + 4 * i), settings[i]) << i;
  EXPECT_EQ(get<std::uint32_t>(bytes, 92), 0x00010101u);
  EXPECT_EQ(get<std::uint32_t>(bytes, 96), 16u);
  EXPECT_EQ(get<std::int32_t>(bytes, 100), 1736);
  EXPECT_EQ(std::string(bytes.begin() + 104, bytes.begin() + 108), "VAND");
}

TEST_F(NavMeshFileTest, ReferencesOfTestScenes) {
  // Room for 16 and 256 polygons in one tile: 4 and 8 bits below the salt. 179 polygons, as skokloster has,
  // need the same 8 bits when the exact count is stored.
  const NavMeshPtr room = load(version_1_bytes(room_file()));
  EXPECT_EQ(room->data().ref_of(0), 16u);
  EXPECT_EQ(room->data().ref_of(9), 25u);
  TileSketch castle;
  for (int i = 0; i < 179; ++i) castle.polygons.push_back(rectangle(i, 10, i + 1, 20));
  NavMeshFile file = internal::one_tile(castle.bytes(), {});
  const auto exact = internal::make_mesh_data(file, std::nullopt, "castle");
  ASSERT_TRUE(exact.ok());
  EXPECT_EQ((*exact)->ref_of(0), 256u);
  file.grid.max_polys = 256;
  file.tiles[0].ref = 256;
  EXPECT_EQ(load(navmesh_bytes(file))->data().ref_of(178), 256u + 178u);
}

TEST_F(NavMeshFileTest, AreaIslandsAndBoundsByHand) {
  const NavMeshPtr mesh = load(version_1_bytes(room_file()));
  // Voxels of 5 cm: 5 x (0.5 m x 1 m), and 4 x (0.5 x 1) + 0.5 x 1 + 0.1. Tolerance: float32 corners, 1e-6 m
  // on sides of 1 m.
  ASSERT_EQ(mesh->islands().size(), 2u);
  EXPECT_NEAR(mesh->islands()[0].area, 2.5f, 1e-5f);
  EXPECT_NEAR(mesh->islands()[1].area, 2.6f, 1e-5f);
  EXPECT_NEAR(mesh->area(), 5.1f, 1e-5f);
  EXPECT_EQ(mesh->largest_island(), 1);
  // Five rectangles have their corners' mean in the middle, and the farthest corner 1.25 m and 0.5 m away.
  EXPECT_NEAR(mesh->islands()[0].radius, std::hypot(1.25f, 0.5f), 1e-5f);
  EXPECT_EQ(mesh->bounds().min, Vec3(0.0f));
  EXPECT_EQ(mesh->bounds().max, Vec3(10.0f, 4.0f, 10.0f));
}

TEST_F(NavMeshFileTest, BoundsAfterBuildingAndAfterLoading) {
  // A box with the bounds of skokloster-castle. After building, the bounds are the scene's, bit for bit;
  // after loading, the tile's: Recast lifts its top by the agent's height in voxels, 8 x 0.2 m.
  const Vec3 low(-9.75916f, -0.390081f, 0.973853f), high(8.56903f, 6.43441f, 25.5983f);
  const auto scene = testing::SceneBuilder().box(low, high).finish("castle");
  const NavMeshPtr built = testing::build_mesh(scene);
  EXPECT_EQ(built->bounds().min, low);
  EXPECT_EQ(built->bounds().max, high);
  const NavMeshPtr loaded = load(saved(*built));
  EXPECT_EQ(loaded->bounds().min, low);
  EXPECT_EQ(loaded->bounds().max.x, high.x);
  EXPECT_EQ(loaded->bounds().max.y, high.y + 8 * 0.2f);
  EXPECT_EQ(loaded->bounds().max.z, high.z);
}

TEST_F(NavMeshFileTest, PathRoundACornerIsTheSumOfItsChords) {
  // An L of three squares of 1 m: the path bends at its inner corner (2, 0, 2).
  TileSketch sketch;
  sketch.polygons = {rectangle(20, 20, 40, 40), rectangle(40, 20, 60, 40), rectangle(20, 40, 40, 60)};
  NavQuery query(load(navmesh_bytes([&] {
    NavMeshFile file = internal::one_tile(sketch.bytes(), {});
    file.tiles[0].ref = 1u << 2;
    return file;
  }())));
  const Vec3 from(2.9f, 0.0f, 1.3f), to(1.2f, 0.0f, 2.8f);
  const GeodesicPath path = query.geodesic(from, to);
  ASSERT_EQ(path.points.size(), 3u);
  EXPECT_EQ(path.points[1], Vec3(2.0f, 0.0f, 2.0f));
  const float length = glm::length(path.points[1] - path.points[0]) + glm::length(to - path.points[1]);
  EXPECT_EQ(path.length, length);
  // 6e-8 of the length is one unit in the last place, the agreement measured against Habitat's Detour.
  EXPECT_NEAR(path.length, std::hypot(0.9, 0.7) + std::hypot(0.8, 0.8), 3e-7);
}

// ---- round trip

void expect_same_answers(const NavMeshPtr& a, const NavMeshPtr& b, const base::Aabb& around) {
  NavQuery qa(a), qb(b);
  base::PhiloxStream stream({.seed = 17});
  const auto point = [&] {
    return Vec3(stream.uniform(around.min.x - 1.0f, around.max.x + 1.0f),
                stream.uniform(around.min.y - 1.0f, around.max.y + 1.0f),
                stream.uniform(around.min.z - 1.0f, around.max.z + 1.0f));
  };
  int found = 0;
  for (int i = 0; i < 10000; ++i) {
    const Vec3 p = point(), q = point();
    const auto pa = qa.project(p), pb = qb.project(p);
    ASSERT_EQ(pa.has_value(), pb.has_value());
    if (pa) {
      ++found;
      ASSERT_EQ(pa->position, pb->position);
      ASSERT_EQ(pa->poly, pb->poly);
    }
    ASSERT_EQ(qa.is_navigable(p), qb.is_navigable(p));
    ASSERT_EQ(qa.geodesic(p, q).length, qb.geodesic(p, q).length);
    ASSERT_EQ(qa.distance_to_wall(p), qb.distance_to_wall(p));
    for (const bool slide : {true, false}) ASSERT_EQ(qa.try_step(p, q, slide), qb.try_step(p, q, slide));
  }
  EXPECT_GT(found, 1000);
  EXPECT_EQ(a->area(), b->area());
  ASSERT_EQ(a->islands().size(), b->islands().size());
  for (std::size_t i = 0; i < a->islands().size(); ++i) {
    EXPECT_EQ(a->islands()[i].radius, b->islands()[i].radius);
  }
}

TEST_F(NavMeshFileTest, RoundTripOfVersion1) {
  const NavMeshPtr first = load(version_1_bytes(room_file()));
  const Bytes written = saved(*first);
  const NavMeshPtr second = load(written);
  expect_same_answers(first, second, first->bounds());
  EXPECT_TRUE(habitat_equal(first->settings(), NavSettings{}));
  EXPECT_EQ(saved(*second), written);
}

TEST_F(NavMeshFileTest, RoundTripOfVersion2) {
  NavSettings settings;
  settings.agent_height = 0.88f;
  settings.agent_radius = 0.18f;
  settings.include_static_objects = true;
  for (const auto& scene : {testing::rooms_scene(), testing::storeys_scene()}) {
    const NavMeshPtr built = testing::build_mesh(scene, settings);
    const Bytes written = saved(*built);
    const NavMeshPtr loaded = load(written);
    expect_same_answers(built, loaded, scene->bounds);
    EXPECT_TRUE(habitat_equal(loaded->settings(), settings));
    EXPECT_EQ(saved(*loaded), written) << "read -> write -> read gives the same bytes";
  }
}

TEST_F(NavMeshFileTest, UndefinedFieldsDoNotMatter) {
  // Links and first links are Detour's own and are made again; padding stays as it is.
  const Bytes good = saved(*load(version_1_bytes(room_file())));
  constexpr std::size_t kTile = 104, kPolys = kTile + 100 + 25 * 12, kLinks = kPolys + 10 * 32;
  Bytes odd = good;
  for (std::size_t i = 0; i < 41 * 12; ++i) odd[kLinks + i] = 0xee;
  for (std::size_t p = 0; p < 10; ++p) std::memset(&odd[kPolys + 32 * p], 0xdd, 4);
  odd[95] = 0xcc;  // static objects: padding in old files
  const NavMeshPtr mesh = load(odd);
  EXPECT_FALSE(mesh->settings().include_static_objects);
  expect_same_answers(load(good), mesh, mesh->bounds());
  const Bytes again = saved(*mesh);
  ASSERT_EQ(again.size(), good.size());
  int different = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    if (again[i] == good[i]) continue;
    ++different;
    EXPECT_TRUE(i >= kLinks && i < kLinks + 41 * 12) << i;  // unused links keep what they held
  }
  EXPECT_GT(different, 0);
}

// ---- several tiles

NavMeshFile tiled_file(int count) {
  NavMeshFile file;
  file.grid = {Vec3(0.0f), 10.0f, 10.0f, count, 4};
  int bits = 0;
  while ((1 << bits) < count) ++bits;
  for (int i = 0; i < count; ++i) {
    TileSketch sketch;
    sketch.tile_x = i % 64;
    sketch.tile_y = i / 64;
    sketch.low =
        Vec3(10.0f * static_cast<float>(sketch.tile_x), 0.0f, 10.0f * static_cast<float>(sketch.tile_y));
    sketch.high = sketch.low + Vec3(10.0f, 4.0f, 10.0f);
    sketch.polygons = {rectangle(20, 20, 100, 60), rectangle(20, 60, 100, 100)};
    const auto place = static_cast<std::uint32_t>(i);
    file.tiles.push_back({(1u << (bits + 2)) | (place << 2), sketch.bytes()});
  }
  return file;
}

TEST_F(NavMeshFileTest, TilesAreIslandsOfOneMesh) {
  const NavMeshPtr mesh = load(navmesh_bytes(tiled_file(2)));
  ASSERT_EQ(mesh->islands().size(), 2u);
  EXPECT_NEAR(mesh->area(), 32.0f, 1e-4f);
  EXPECT_EQ(mesh->bounds().max, Vec3(20.0f, 4.0f, 10.0f));
  NavQuery query(mesh);
  for (const float x : {3.0f, 13.0f}) {
    const Vec3 p(x, 0.0f, 2.0f), q(x, 0.0f, 4.5f);
    ASSERT_TRUE(query.is_navigable(p));
    EXPECT_EQ(query.geodesic(p, q).length, 2.5f);
    const auto at = query.project(p);
    EXPECT_EQ(mesh->island_of(at->poly), x < 10.0f ? 0 : 1);
    EXPECT_EQ(query.step(*at, p + Vec3(0.0f, 0.0f, 1.5f), true).position, p + Vec3(0.0f, 0.0f, 1.5f));
    EXPECT_EQ(query.locate(q)->poly, query.project(q)->poly);
  }
  EXPECT_TRUE(std::isinf(query.geodesic({3, 0, 2}, {13, 0, 2}).length));
  expect_same_answers(mesh, load(saved(*mesh)), mesh->bounds());
}

TEST_F(NavMeshFileTest, UpTo4096Tiles) {
  const NavMeshPtr mesh = load(navmesh_bytes(tiled_file(4096)));
  EXPECT_EQ(mesh->islands().size(), 4096u);
  NavQuery query(mesh);
  EXPECT_EQ(query.geodesic({633, 0, 632}, {633, 0, 634.5f}).length, 2.5f);
  const auto more = parse_navmesh(navmesh_bytes(tiled_file(4097)), "many.navmesh");
  ASSERT_FALSE(more.ok());
  EXPECT_NE(more.error().message.find(
                "many.navmesh: Habitat navmesh: wanted 1 to 4096 tiles, found 4097 at byte 8"),
            std::string::npos)
      << more.error().message;
}

TEST_F(NavMeshFileTest, AnEmptyTileEndsTheFileAsInHabitat) {
  Bytes bytes = navmesh_bytes(tiled_file(2));
  const std::size_t second = 96 + 8 + static_cast<std::size_t>(get<std::int32_t>(bytes, 100));
  bytes.resize(second + 8);
  std::memset(&bytes[second], 0, 8);
  EXPECT_EQ(load(bytes)->islands().size(), 1u);
  bytes.push_back(0);
  EXPECT_FALSE(parse_navmesh(bytes, "x").ok());
}

// ---- settings

TEST(NavSettings, EqualityIsHabitatsWithItsGap) {
  const NavSettings a;
  NavSettings b;
  EXPECT_TRUE(habitat_equal(a, b));
  b.region_merge_size = 5.0f;
  EXPECT_TRUE(habitat_equal(a, b)) << "Habitat compares region_min_size twice instead";
  b.region_min_size = 5.0f;
  EXPECT_FALSE(habitat_equal(a, b));
  b = a;
  b.agent_radius += 0.9e-5f;
  EXPECT_TRUE(habitat_equal(a, b));
  b.agent_radius += 0.3e-5f;
  EXPECT_FALSE(habitat_equal(a, b));
  b = a;
  b.agent_height = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(habitat_equal(a, b));
  NavSettings small;
  small.agent_height = 0.88f;
  small.agent_radius = 0.18f;
  small.include_static_objects = true;
  EXPECT_EQ(describe_difference(small, a),
            "agent_height 0.88, not 1.5; agent_radius 0.18, not 0.1; include_static_objects true, not false");
}

}  // namespace
}  // namespace inknav::nav
