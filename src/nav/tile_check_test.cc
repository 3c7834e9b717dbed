// SPDX-License-Identifier: MIT
#include "nav/tile_check.h"

#include <DetourNavMesh.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "base/philox.h"
#include "nav/distance_field.h"
#include "nav/mesh_data.h"
#include "nav/recast_build.h"
#include "nav/test_scenes.h"

namespace inknav::nav {
namespace {

using internal::check_tile;

std::vector<std::uint8_t> good_tile() { return *internal::build_tile(*testing::rooms_scene(), {}); }

template <typename T>
void put(std::vector<std::uint8_t>& tile, std::size_t offset, const T& value) {
  std::memcpy(tile.data() + offset, &value, sizeof(T));
}

void expect_refused(const std::vector<std::uint8_t>& tile, const std::string& part) {
  const base::Status status = check_tile(tile, "x.navmesh");
  ASSERT_FALSE(status.ok()) << part;
  EXPECT_EQ(status.error().code, base::ErrorCode::kData);
  EXPECT_EQ(status.error().message.rfind("x.navmesh: navmesh tile: wanted ", 0), 0u)
      << status.error().message;
  EXPECT_NE(status.error().message.find(part), std::string::npos) << status.error().message;
}

TEST(TileCheck, BuiltTilesPass) {
  for (const auto& scene : {testing::rooms_scene(), testing::storeys_scene(), testing::clutter_scene(1)}) {
    const auto tile = internal::build_tile(*scene, {});
    ASSERT_TRUE(tile.ok());
    const base::Status status = check_tile(*tile, scene->name);
    EXPECT_TRUE(status.ok()) << status.error().message;
  }
}

TEST(TileCheckBadInput, EachHeaderField) {
  const std::vector<std::uint8_t> good = good_tile();
  const auto with = [&](std::size_t offset, auto value) {
    std::vector<std::uint8_t> tile = good;
    put(tile, offset, value);
    return tile;
  };
  expect_refused(with(0, 1), "magic DNAV");
  expect_refused(with(4, 6), "tile version 7");
  expect_refused(with(24, 0), "1 to 32767 polygons");
  expect_refused(with(24, 70000), "1 to 32767 polygons");
  expect_refused(with(28, -5), "3 to 65535 vertices");
  expect_refused(with(32, -1), "a count up to 2^24");
  expect_refused(with(36, 1), "detail meshes, one a polygon");
  expect_refused(with(40, 0x7fffffff), "a count up to 2^24");
  expect_refused(with(44, 17), "bytes by the header's counts");
  expect_refused(with(48, 0x7fffffff), "tree nodes");
  expect_refused(with(52, 1), "no off-mesh links");
  expect_refused(with(60, -1.0f), "an agent size");
  expect_refused(with(72, std::numeric_limits<float>::quiet_NaN()), "finite, ordered bounds");
  expect_refused(with(96, 0.0f), "a tree scale");
  expect_refused(with(100, std::numeric_limits<float>::infinity()), "coordinates within 2e5 m");
  expect_refused({good.begin(), good.begin() + 99}, "a tile header of 100 bytes");
}

TEST(TileCheckBadInput, LinksThatLeadOutside) {
  const std::vector<std::uint8_t> good = good_tile();
  int num_verts = 0, num_polys = 0, num_links = 0;
  std::memcpy(&num_polys, &good[24], 4);
  std::memcpy(&num_verts, &good[28], 4);
  std::memcpy(&num_links, &good[32], 4);
  const std::size_t polys = 100 + 12 * static_cast<std::size_t>(num_verts);
  const std::size_t details =
      polys + 32 * static_cast<std::size_t>(num_polys) + 12 * static_cast<std::size_t>(num_links);
  auto tile = good;
  put(tile, polys + 4, static_cast<std::uint16_t>(num_verts));
  expect_refused(tile, "a vertex below");
  tile = good;
  put(tile, polys + 16, static_cast<std::uint16_t>(num_polys + 1));
  expect_refused(tile, "mutual neighbours");
  tile = good;
  put(tile, polys + 16, static_cast<std::uint16_t>(1));
  expect_refused(tile, "mutual neighbours");
  tile = good;
  put(tile, polys + 30, std::uint8_t{7});
  expect_refused(tile, "3 to 6 vertices");
  tile = good;
  put(tile, polys + 31, std::uint8_t{0x40});
  expect_refused(tile, "ground polygons");
  tile = good;
  put(tile, details + 4, std::uint32_t{0xfffffff0});
  expect_refused(tile, "detail ranges");
  tile = good;
  put(tile, tile.size() - 16 + 12, 0x7fffffff);
  expect_refused(tile, "tree nodes that lead inside");
}

/// Whatever passes the check may be nonsense, but must not hurt: queries on it end and stay inside memory.
void use(const std::vector<std::uint8_t>& tile) {
  auto data = internal::make_mesh_data(internal::one_tile(tile, {}), std::nullopt, "mutant");
  if (!data.ok()) return;
  internal::SurfaceWalk walk((*data)->polys);
  for (std::size_t i = 0; i < (*data)->polys.size(); i += 7) {
    const auto poly = static_cast<std::int32_t>(i);
    const base::Vec3 p = (*data)->polys[i].verts[0];
    walk.slide(poly, p, p + base::Vec3(0.3f, 0.0f, 0.2f));
    walk.stop_at_walls(poly, p, p + base::Vec3(-0.3f, 0.0f, 0.2f));
    (*data)->surface_grid.find((*data)->polys, p);
  }
}

TEST(TileCheck, FlippedBitsNeverHurt) {
  const std::vector<std::uint8_t> good = good_tile();
  base::PhiloxStream stream({.seed = 11});
  int accepted = 0;
  for (int i = 0; i < 3000; ++i) {
    std::vector<std::uint8_t> tile = good;
    // Half of the flips go into the header and the first polygons, where the counts are.
    const auto range =
        static_cast<std::uint32_t>(i % 2 == 0 ? tile.size() : std::min<std::size_t>(2400, tile.size()));
    const int flips = 1 + static_cast<int>(stream.uniform_int(3u));
    for (int f = 0; f < flips; ++f) {
      std::uint8_t& byte = tile[stream.uniform_int(range)];
      byte = static_cast<std::uint8_t>(byte ^ (1u << stream.uniform_int(8u)));
    }
    if (!check_tile(tile, "mutant").ok()) continue;
    ++accepted;
    if (accepted % 8 == 0) use(tile);
  }
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, 3000);
}

TEST(TileCheck, TruncationsAreRefused) {
  const std::vector<std::uint8_t> good = good_tile();
  for (std::size_t size = 0; size < good.size(); size += 13) {
    const std::vector<std::uint8_t> tile(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(check_tile(tile, "cut").ok());
  }
}

}  // namespace
}  // namespace inknav::nav
