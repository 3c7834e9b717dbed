// SPDX-License-Identifier: MIT
// Damaged and hostile .navmesh files: a typed error that names file and byte, or a mesh whose queries end.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <ctime>
#include <functional>
#include <limits>
#include <optional>
#include <string>

#include "base/philox.h"
#include "nav/distance_field.h"
#include "nav/mesh_data.h"
#include "nav/navmesh_file.h"
#include "nav/navmesh_testing.h"
#include "nav/test_scenes.h"
#include "scene/scene_testing.h"

namespace inknav::nav {
namespace {

namespace fs = std::filesystem;
using base::Vec3;
using internal::navmesh_bytes;
using internal::parse_navmesh;
using testing::room_file;
using testing::version_1_bytes;
using Bytes = std::vector<std::uint8_t>;

// Of the version 2 file of room_file().
constexpr std::size_t kTile = 104;
constexpr std::size_t kPolys = kTile + 100 + 25 * 12;
constexpr std::size_t kDetails = kPolys + 10 * 32 + 41 * 12;
constexpr std::size_t kTree = kDetails + 10 * 12 + 21 * 4;

/// Seconds of processor time that no file takes, however damaged: the bar is 1 s, a sanitizer costs some
/// times that.
constexpr double kMostTime = 5.0;

template <typename T>
Bytes with(Bytes bytes, std::size_t at, T value) {
  std::memcpy(&bytes[at], &value, sizeof(T));
  return bytes;
}

void expect_refused(const Bytes& bytes, const std::string& part) {
  const auto file = parse_navmesh(bytes, "x.navmesh");
  ASSERT_FALSE(file.ok()) << part;
  EXPECT_EQ(file.error().code, base::ErrorCode::kData);
  EXPECT_EQ(file.error().message.rfind("x.navmesh: ", 0), 0u) << file.error().message;
  EXPECT_NE(file.error().message.find(part), std::string::npos) << part << "\nis not in\n"
                                                                << file.error().message;
}

/// Whether the bytes make a mesh; if so all kinds of queries are asked of it.
bool survives(const Bytes& bytes, const fs::path& path) {
  scene::testing::write_bytes(path, bytes);
  const std::clock_t begin = std::clock();
  const auto mesh = NavMesh::load(path);
  if (mesh.ok()) {
    NavQuery query(*mesh);
    base::PhiloxStream stream({.seed = 3});
    for (int i = 0; i < 8; ++i) {
      const Vec3 p = query.random_point(stream, -1).position;
      const Vec3 q(stream.uniform(0.0f, 4.0f), 0.0f, stream.uniform(0.0f, 6.0f));
      query.geodesic(p, q);
      for (const bool slide : {true, false}) query.try_step(p, q, slide);
      query.distance_to_wall(q);
      query.locate(q);
      query.is_navigable(q);
    }
    const Vec3 goal = query.random_point(stream, -1).position;
    DistanceField::compute(query, std::span(&goal, 1))->at({1, 0, 1});
  } else {
    EXPECT_EQ(mesh.error().code, base::ErrorCode::kData);
    EXPECT_NE(mesh.error().message.find(path.string()), std::string::npos) << mesh.error().message;
  }
  EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, kMostTime);
  return mesh.ok();
}

TEST(NavMeshFileBadInput, EachFieldIsNamedWithItsByte) {
  const Bytes good = navmesh_bytes(room_file());
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  expect_refused({}, "found an empty one at byte 0");
  expect_refused(with(good, 0, 0x46546c67), "wanted magic MSET (4d534554), found 46546c67 at byte 0");
  expect_refused(with(good, 0, 0x5445534D), "in the other byte order at byte 0");
  for (const int version : {0, 3, -1, 0x02000000}) {
    expect_refused(with(good, 4, version), "version 1 or 2, found " + std::to_string(version) + " at byte 4");
  }
  for (const int tiles : {0, -1, 4097, 0x7fffffff, 0x01000000}) {
    expect_refused(with(good, 8, tiles), "1 to 4096 tiles, found " + std::to_string(tiles) + " at byte 8");
  }
  expect_refused(with(good, 8, 2), "room for 2 to 4096 tiles, found 1 at byte 32");
  expect_refused(with(good, 16, nan), "an origin within 2e5 m, found nan at byte 16");
  expect_refused(with(good, 12, 50.0f), "a tile that lies from 50 to 60, found 0 to 10 at byte 176");
  expect_refused(with(good, 24, 0.0f), "tiles 0.05 to 4e5 m wide");
  expect_refused(with(good, 28, inf), "tiles 0.05 to 4e5 m wide");
  expect_refused(with(good, 32, 0x7fffffff), "room for 1 to 4096 tiles");
  expect_refused(with(good, 36, 0), "1 to 65536 polygons a tile, found 0 at byte 36");
  expect_refused(with(good, 36, 32), "at byte 96");  // the reference 16 has other bits then
  expect_refused(with(with(good, 32, 4096), 36, 2048), "fit into 22 bits");
  for (std::size_t i = 0; i < 13; ++i) {
    expect_refused(with(good, 40 + 4 * i, nan), "found nan at byte " + std::to_string(40 + 4 * i));
  }
  expect_refused(with(good, 80, 5.5f), "3 to 6 vertices a polygon, found 5.5 at byte 80");
  expect_refused(with(good, 93, std::uint8_t{2}), "a flag of 0 or 1, found 2 at byte 93");
  expect_refused(with(good, 96, 0), "wanted a tile, found an empty tile record at byte 96");
  expect_refused(with(good, 96, 17), "at byte 96");
  expect_refused(with(good, 100, -1), "at most the 1736 bytes left for tile 0, found -1 at byte 100");
  expect_refused(with(good, 100, 0x7fffffff), "found 2147483647 at byte 100");
  expect_refused(with(good, 100, 1732), "found 1732 at byte 128");
  expect_refused(with(good, kTile, 0), "magic DNAV, found 0x0 at byte 104");
  Bytes longer = good;
  longer.resize(good.size() + 7);
  expect_refused(longer, "the end of the file after its tiles, found 7 bytes more at byte 1840");
}

TEST(NavMeshFileBadInput, CountsThatOverflow) {
  const Bytes good = navmesh_bytes(room_file());
  for (std::size_t field = 24; field <= 52; field += 4) {
    for (const std::uint32_t value : {0x7fffffffu, 0x80000000u, 0xffffffffu, 0x15555556u, 0x08000001u}) {
      expect_refused(with(good, kTile + field, value), "at byte ");
    }
  }
}

TEST(NavMeshFileBadInput, ReferencesThatLeadInCircles) {
  const Bytes good = navmesh_bytes(room_file());
  // A polygon that is its own neighbour, one whose neighbour does not know it, a link to another tile.
  const std::size_t neighbour = kPolys + 16;
  expect_refused(with(good, neighbour, std::uint16_t{1}), "mutual neighbours");
  expect_refused(with(good, neighbour, std::uint16_t{9}), "mutual neighbours");
  expect_refused(with(good, neighbour, std::uint16_t{0x8001}), "never divides a mesh into linked tiles");
  // Tree nodes that skip nothing, back, or beyond the end.
  expect_refused(with(good, kTree + 12, -21), "tree nodes that lead inside the tile");
  expect_refused(with(good, kTree + 12, std::numeric_limits<int>::min()), "tree nodes");
  expect_refused(with(good, kTree + 12, 10), "tree nodes");
  // Detail triangles of one polygon used by all others too.
  Bytes shared = good;
  for (std::size_t p = 0; p < 10; ++p) shared = with(shared, kDetails + 12 * p + 4, 0u);
  EXPECT_TRUE(parse_navmesh(shared, "x").ok());
  for (std::size_t p = 0; p < 10; ++p) shared = with(shared, kDetails + 12 * p + 9, std::uint8_t{3});
  expect_refused(shared, "21 detail triangles in all");
  // Two tiles with one reference, or in one place.
  internal::NavMeshFile twice = room_file();
  twice.grid.max_tiles = 2;
  twice.tiles[0].ref = 32;
  twice.tiles.push_back(twice.tiles[0]);
  expect_refused(navmesh_bytes(twice), "a place of its own, no polygon, found 0x20");
  twice.tiles[1].ref = 48;
  expect_refused(navmesh_bytes(twice), "a second tile at (0, 0, 0)");
}

TEST(NavMeshFileBadInput, NumbersThatAreNone) {
  const Bytes good = navmesh_bytes(room_file());
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e30f}) {
    for (std::size_t field = 60; field < 100; field += 4) {
      expect_refused(with(good, kTile + field, bad), "at byte ");
    }
    for (std::size_t i = 0; i < 75; ++i) {
      expect_refused(with(good, kTile + 100 + 4 * i, bad), "at byte " + std::to_string(kTile + 100 + 4 * i));
    }
  }
}

TEST(NavMeshFileBadInput, EveryTruncation) {
  for (const Bytes& good : {navmesh_bytes(room_file()), version_1_bytes(room_file())}) {
    for (std::size_t size = 0; size < good.size(); ++size) {
      expect_refused({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)}, " at byte ");
    }
  }
}

TEST(NavMeshFileBadInput, EveryFlippedBitIsRefusedOrHarmless) {
  const scene::testing::TemporaryFolder folder;
  const Bytes good = navmesh_bytes(room_file());
  int accepted = 0, used = 0;
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1u << (bit % 8)));
    if (!parse_navmesh(bad, "x.navmesh").ok()) continue;
    // Links, flags, low bits of coordinates: another sound mesh.
    if (++accepted % 16 == 0) used += survives(bad, folder / "x.navmesh") ? 1 : 0;
  }
  EXPECT_GT(accepted, 1000);
  EXPECT_GT(used, 50);
}

TEST(NavMeshFileBadInput, ByteChangesInABuiltMesh) {
  const scene::testing::TemporaryFolder folder;
  ASSERT_TRUE(testing::build_mesh(testing::clutter_scene(4))->save(folder / "good.navmesh").ok());
  const Bytes good = scene::testing::read_bytes(folder / "good.navmesh");
  base::PhiloxStream stream({.seed = 21});
  const auto size = static_cast<std::uint32_t>(good.size());
  int accepted = 0;
  for (int i = 0; i < 500; ++i) {
    Bytes bad = good;
    const std::size_t at = stream.uniform_int(size);
    bad[at] = static_cast<std::uint8_t>(bad[at] + 1 + stream.uniform_int(255u));
    accepted += survives(bad, folder / "x.navmesh") ? 1 : 0;
  }
  for (int i = 0; i < 50; ++i) {
    const auto cut = static_cast<std::ptrdiff_t>(stream.uniform_int(size));
    EXPECT_FALSE(survives({good.begin(), good.begin() + cut}, folder / "x.navmesh"));
  }
  EXPECT_GT(accepted, 50);
  EXPECT_LT(accepted, 500);
}

TEST(NavMeshFileBadInput, NoFileAtAll) {
  const scene::testing::TemporaryFolder folder;
  const auto message_of = [](const fs::path& path) {
    const auto mesh = NavMesh::load(path);
    EXPECT_FALSE(mesh.ok());
    if (mesh.ok()) return std::string();
    EXPECT_EQ(mesh.error().code, base::ErrorCode::kData);
    EXPECT_NE(mesh.error().message.find(path.string()), std::string::npos) << mesh.error().message;
    return mesh.error().message;
  };
  message_of(folder / "none.navmesh");
  fs::create_directory(folder / "folder.navmesh");
  message_of(folder / "folder.navmesh");
  const fs::path closed = folder / "closed.navmesh";
  scene::testing::write_bytes(closed, navmesh_bytes(room_file()));
  ASSERT_EQ(::chmod(closed.c_str(), 0), 0);
  ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
  const uid_t user = ::geteuid();
  if (user == 0) {
    ASSERT_EQ(::seteuid(65534), 0);  // root reads everything
  }
  const std::string refusal = message_of(closed);
  if (user == 0) {
    ASSERT_EQ(::seteuid(user), 0);
  }
  EXPECT_NE(refusal.find("ermission"), std::string::npos) << refusal;
}

}  // namespace
}  // namespace inknav::nav
