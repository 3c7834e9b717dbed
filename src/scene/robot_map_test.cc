// SPDX-License-Identifier: MIT
#include "scene/robot_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <glm/geometric.hpp>
#include <string>

#include "base/philox.h"
#include "scene/convert.h"
#include "scene/grid_outline.h"
#include "scene/image.h"
#include "scene/pgm.h"
#include "scene/scene_testing.h"

namespace inknav::scene {
namespace {

constexpr const char* kYaml =
    "image: map.pgm\nresolution: 0.05\norigin: [-1.0, -2.0, 0.0]\nnegate: 0\noccupied_thresh: 0.65\n"
    "free_thresh: 0.196\n";

/// A P5 file from rows of characters: '#' occupied, '.' free, anything else unknown.
std::string pgm_of(const std::vector<std::string>& rows) {
  std::string file = "P5\n# made by a test\n" + std::to_string(rows[0].size()) + " " +
                     std::to_string(rows.size()) + "\n255\n";
  for (const std::string& row : rows) {
    for (const char c : row) file.push_back(c == '#' ? '\0' : c == '.' ? '\xFE' : '\xCD');
  }
  return file;
}

base::Result<RobotMap> load_map(const testing::TemporaryFolder& folder, const std::string& yaml,
                                const std::string& picture) {
  testing::write_text(folder / "map.yaml", yaml);
  testing::write_text(folder / "map.pgm", picture);
  return load_robot_map(folder / "map.yaml");
}

TEST(RobotMap, CellsAndFrameFollowMapServer) {
  const testing::TemporaryFolder folder;
  const auto map = load_map(folder, kYaml, pgm_of({"#.?", "..#"}));
  ASSERT_TRUE(map.ok()) << map.error().message;
  EXPECT_EQ(map->at(0, 0), MapCell::kOccupied);
  EXPECT_EQ(map->at(1, 0), MapCell::kFree);
  EXPECT_EQ(map->at(2, 0), MapCell::kUnknown);
  EXPECT_EQ(map->at(2, 1), MapCell::kOccupied);
  // The lower left corner of the picture is the origin; map y is -z.
  const base::Vec3 corner = map->world_from_cells(0, 2);
  EXPECT_FLOAT_EQ(corner.x, -1.0f);
  EXPECT_FLOAT_EQ(corner.z, 2.0f);
  const base::Vec3 upper_right = map->world_from_cells(3, 0);
  EXPECT_FLOAT_EQ(upper_right.x, -1.0f + 0.15f);
  EXPECT_FLOAT_EQ(upper_right.z, 2.0f - 0.1f);
}

TEST(RobotMap, YawTurnsAboutTheOrigin) {
  const testing::TemporaryFolder folder;
  std::string yaml = kYaml;
  yaml.replace(yaml.find("0.0]"), 3, "1.5707963267948966");
  const auto map = load_map(folder, yaml, pgm_of({"..", ".."}));
  ASSERT_TRUE(map.ok()) << map.error().message;
  // One cell along the picture's row is one cell along map y, that is -z.
  const base::Vec3 a = map->world_from_cells(0, 2);
  const base::Vec3 b = map->world_from_cells(1, 2);
  EXPECT_NEAR(b.x - a.x, 0.0f, 1e-6f);
  EXPECT_NEAR(b.z - a.z, -0.05f, 1e-6f);
}

TEST(RobotMap, ModesNegateAndThresholds) {
  const testing::TemporaryFolder folder;
  const std::string picture = "P2\n5 1\n255\n0 60 128 220 255\n";
  const auto cells = [&](const std::string& extra) {
    const auto map = load_map(folder, std::string(kYaml) + extra, picture);
    EXPECT_TRUE(map.ok()) << map.error().message;
    std::string text;
    for (const MapCell cell : map->cells)
      text.push_back(cell == MapCell::kFree ? '.' : cell == MapCell::kOccupied ? '#' : '?');
    return text;
  };
  EXPECT_EQ(cells(""), "##?..");
  EXPECT_EQ(cells("mode: scale\n"), "###..");
  EXPECT_EQ(cells("negate: 1\n"), ".??##");
  EXPECT_EQ(cells("mode: raw\n"), ".???" + std::string("?"));
  EXPECT_EQ(cells("origin:\n - 0\n - 0\n - 0\n"), "##?..");
}

TEST(RobotMap, PictureKinds) {
  const testing::TemporaryFolder folder;
  // 16 bits, most significant byte first.
  const std::string wide("P5 2 1 65535\n\x00\x00\xFF\xFF", 17);
  auto map = load_map(folder, kYaml, wide);
  ASSERT_TRUE(map.ok()) << map.error().message;
  EXPECT_EQ(map->at(0, 0), MapCell::kOccupied);
  EXPECT_EQ(map->at(1, 0), MapCell::kFree);
  Image image;
  image.width = 2;
  image.height = 1;
  image.channels = 4;
  image.pixels = {255, 255, 255, 255, 255, 255, 255, 0};  // free, and nothing there
  ASSERT_TRUE(save_png(folder / "map.pgm", image).ok());
  map = load_robot_map(folder / "map.yaml");
  ASSERT_TRUE(map.ok()) << map.error().message;
  EXPECT_EQ(map->at(0, 0), MapCell::kFree);
  EXPECT_EQ(map->at(1, 0), MapCell::kUnknown);
}

TEST(RobotMap, FaultsAreNamed) {
  const testing::TemporaryFolder folder;
  const std::string good = pgm_of({".."});
  const auto refused = [&](const std::string& yaml, const std::string& picture, const char* words) {
    const auto map = load_map(folder, yaml, picture);
    ASSERT_FALSE(map.ok()) << words;
    EXPECT_EQ(map.error().code, base::ErrorCode::kData);
    EXPECT_NE(map.error().message.find(words), std::string::npos) << map.error().message;
  };
  const std::string yaml = kYaml;
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = yaml;
    return changed.replace(changed.find(from), from.size(), to);
  };
  refused("", good, "'image' is missing");
  refused(with("0.05", "0"), good, "'resolution' must be a number");
  refused(with("0.05", "nan"), good, "'resolution' must be a number");
  refused(with("-2.0, ", ""), good, "'origin' must be three numbers");
  refused(with("0.196", "0.8"), good, "must be below");
  refused(with("map.pgm", "../map.pgm"), good, "'..'");
  refused(with("map.pgm", "/etc/passwd"), good, "not relative");
  refused(with("map.pgm", "none.pgm"), good, "none.pgm");
  refused(yaml + "mode: quaternary\n", good, "'mode' must be");
  refused(yaml + "negate: maybe\n", good, "'negate' must be");
  refused(yaml, "P5\n2 1\n255\n\x01", "cut off");
  refused(yaml, "P2\n2 1\n255\n300 0\n", "cut off");
  refused(yaml, "P5\n99999 99999\n255\n", "99999");
  refused(yaml, "P5\n0 1\n255\n", "0 x 1");
  refused(yaml, "hello", "PNG or JPEG");
  refused(yaml, "", "empty");
  EXPECT_FALSE(load_robot_map(folder / "absent.yaml").ok());
}

using internal::CellRect;
using internal::MaskView;

std::vector<std::uint8_t> random_mask(int width, int height, std::uint32_t step, float density) {
  base::PhiloxStream random({.seed = 11, .step = step});
  std::vector<std::uint8_t> cells(static_cast<std::size_t>(width * height));
  for (auto& cell : cells) cell = random.bernoulli(density) ? 1 : 0;
  return cells;
}

TEST(GridOutline, SignedAreasAddUpToTheCells) {
  for (std::uint32_t trial = 0; trial < 60; ++trial) {
    const int width = 1 + static_cast<int>(trial % 13);
    const int height = 1 + static_cast<int>(trial % 9);
    const auto cells = random_mask(width, height, trial, 0.1f * static_cast<float>(trial % 10));
    double area = 0.0;
    std::size_t length = 0;
    for (const auto& outline : internal::trace_outlines(MaskView{cells, width, height})) {
      ASSERT_GE(outline.size(), 4u);
      for (std::size_t i = 0; i < outline.size(); ++i) {
        const glm::ivec2 a = outline[i];
        const glm::ivec2 b = outline[(i + 1) % outline.size()];
        ASSERT_NE(a.x == b.x, a.y == b.y);  // axis-aligned, not empty
        const glm::ivec2 c = outline[(i + 2) % outline.size()];
        EXPECT_FALSE((a.x == b.x && b.x == c.x) || (a.y == b.y && b.y == c.y));  // corners only
        area += 0.5 * (a.x * b.y - a.y * b.x);
        length += static_cast<std::size_t>(std::abs(a.x - b.x) + std::abs(a.y - b.y));
      }
    }
    EXPECT_DOUBLE_EQ(area, static_cast<double>(std::count(cells.begin(), cells.end(), 1)));
    const MaskView mask{cells, width, height};
    std::size_t borders = 0;
    for (int row = 0; row <= height; ++row) {
      for (int column = 0; column <= width; ++column) {
        borders += mask.inside(column, row) != mask.inside(column - 1, row);
        borders += mask.inside(column, row) != mask.inside(column, row - 1);
      }
    }
    EXPECT_EQ(length, borders);
  }
}

TEST(GridOutline, RectanglesCoverEveryCellOnce) {
  for (std::uint32_t trial = 0; trial < 40; ++trial) {
    const auto cells = random_mask(17, 11, trial, 0.025f * static_cast<float>(trial));
    std::vector<std::uint8_t> covered(cells.size(), 0);
    for (const CellRect& r : internal::cover_by_rectangles(MaskView{cells, 17, 11})) {
      for (int row = r.y0; row < r.y1; ++row) {
        for (int column = r.x0; column < r.x1; ++column)
          ++covered[static_cast<std::size_t>(17 * row + column)];
      }
    }
    EXPECT_EQ(covered, cells);
  }
}

/// Two rooms of 2 x 2 m with a door of 0.8 m between them, a table, two dots of noise.
RobotMap two_rooms() {
  RobotMap map;
  map.name = "rooms";
  map.width = 100;
  map.height = 60;
  map.cells.assign(6000, MapCell::kUnknown);
  const auto fill = [&](int x0, int y0, int x1, int y1, MapCell cell) {
    for (int y = y0; y < y1; ++y) {
      for (int x = x0; x < x1; ++x) map.cells[static_cast<std::size_t>(100 * y + x)] = cell;
    }
  };
  fill(8, 8, 92, 52, MapCell::kOccupied);
  fill(10, 10, 49, 50, MapCell::kFree);
  fill(51, 10, 90, 50, MapCell::kFree);
  fill(49, 22, 51, 38, MapCell::kFree);
  fill(60, 20, 70, 26, MapCell::kOccupied);
  fill(20, 20, 21, 21, MapCell::kOccupied);
  fill(30, 20, 33, 23, MapCell::kUnknown);
  return map;
}

TEST(RobotMapScene, WallsFaceTheFreeSpaceAndMetresAreKept) {
  const RobotMap map = two_rooms();
  RobotMapOptions options;
  options.furniture_height = 0.0f;
  const auto scene = make_robot_map_scene(map, options);
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  const Scene& s = **scene;
  std::size_t walls = 0;
  float floor = 0.0f;
  for (std::size_t i = 0; i < s.triangles.size(); ++i) {
    const glm::u32vec3 t = s.triangles[i];
    const base::Vec3 a = s.positions[t.x];
    const base::Vec3 b = s.positions[t.y];
    const base::Vec3 c = s.positions[t.z];
    const base::Vec3 normal = glm::cross(b - a, c - a);
    if (s.triangle_material[i] == 0) {
      EXPECT_GT(normal.y, 0.0f);
      EXPECT_EQ(a.y, 0.0f);
      floor += 0.5f * normal.y;
    } else if (s.triangle_material[i] == 2) {
      EXPECT_LT(normal.y, 0.0f);
      EXPECT_FLOAT_EQ(a.y, 2.5f);
    } else {
      ++walls;
      EXPECT_NEAR(normal.y, 0.0f, 1e-6f);
      // Half a cell in front of the wall is free, half a cell behind it is not.
      const base::Vec3 unit = glm::normalize(normal);
      const base::Vec3 middle = (a + b + c) / 3.0f;
      const auto cell_at = [&](const base::Vec3& p) {
        return map.at(static_cast<int>(std::floor(p.x / 0.05f)),
                      60 - 1 - static_cast<int>(std::floor(-p.z / 0.05f)));
      };
      EXPECT_EQ(cell_at(middle + 0.025f * unit), MapCell::kFree);
      EXPECT_NE(cell_at(middle - 0.025f * unit), MapCell::kFree);
    }
  }
  // Outline of the rooms with the door: 12 corners; the table: 4; the dots are gone.
  EXPECT_EQ(walls, 2u * (12 + 4));
  const float free = 0.0025f * (2 * 39 * 40 + 2 * 16 - 60);
  EXPECT_GT(floor, free);
  EXPECT_LT(floor, free + 0.12f * 0.05f * 400);
}

/// Whether a triangle of the material lies above or below the place.
bool covers(const Scene& scene, std::uint32_t material, const base::Vec2& place) {
  for (std::size_t i = 0; i < scene.triangles.size(); ++i) {
    if (scene.triangle_material[i] != material) continue;
    const glm::u32vec3 t = scene.triangles[i];
    const base::Vec3 corners[3] = {scene.positions[t.x], scene.positions[t.y], scene.positions[t.z]};
    int left = 0;
    for (int k = 0; k < 3; ++k) {
      const base::Vec2 a(corners[k].x, corners[k].z), b(corners[(k + 1) % 3].x, corners[(k + 1) % 3].z);
      left += (b.x - a.x) * (place.y - a.y) - (b.y - a.y) * (place.x - a.x) > 0.0f ? 1 : 0;
    }
    if (left == 0 || left == 3) return true;
  }
  return false;
}

TEST(RobotMapScene, WhatStandsInARoomIsFurniture) {
  // The table of 0.5 x 0.3 m at (60..70, 20..26) cells, and nothing else, is lower than the walls.
  const auto scene = make_robot_map_scene(two_rooms());
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  const Scene& s = **scene;
  std::size_t sides = 0, walls = 0;
  float top = 0.0f;
  for (std::size_t i = 0; i < s.triangles.size(); ++i) {
    const glm::u32vec3 t = s.triangles[i];
    const base::Vec3 a = s.positions[t.x], b = s.positions[t.y], c = s.positions[t.z];
    const base::Vec3 normal = glm::cross(b - a, c - a);
    if (s.triangle_material[i] == 1) ++walls;
    if (s.triangle_material[i] != 3) continue;
    EXPECT_LE(std::max({a.y, b.y, c.y}), 1.1f);
    for (const base::Vec3& p : {a, b, c}) {
      EXPECT_NEAR(p.x, 3.25f, 0.26f);
      EXPECT_NEAR(-p.z, 1.85f, 0.16f);
    }
    if (std::abs(normal.y) < 1e-6f) ++sides;
    top += 0.5f * normal.y;
  }
  EXPECT_EQ(sides, 2u * 4u);
  EXPECT_EQ(walls, 2u * 12u);
  EXPECT_NEAR(top, 0.15f, 0.01f);
  const base::Vec2 middle(3.25f, -1.85f);
  EXPECT_TRUE(covers(s, 3, middle));  // the table's top
  EXPECT_TRUE(covers(s, 2, middle));  // the ceiling goes on above it
}

TEST(RobotMapScene, LongWallsAndWideShaftsAreNoFurniture) {
  RobotMap map = two_rooms();
  const auto low_triangles = [&](int width, int height) {
    RobotMap changed = map;
    for (int y = 28; y < 28 + height; ++y) {  // in the left room, clear of its walls
      for (int x = 16; x < 16 + width; ++x)
        changed.cells[static_cast<std::size_t>(100 * y + x)] = MapCell::kOccupied;
    }
    const auto scene = make_robot_map_scene(changed);
    EXPECT_TRUE(scene.ok());
    return std::count((*scene)->triangle_material.begin(), (*scene)->triangle_material.end(), 3u);
  };
  const auto table_only = low_triangles(0, 0);
  EXPECT_EQ(low_triangles(28, 3), table_only);   // 1.4 x 0.15 m: a piece of wall
  EXPECT_GT(low_triangles(28, 10), table_only);  // 1.4 x 0.5 m: a table
  map.resolution = 0.1;
  EXPECT_EQ(low_triangles(20, 17), low_triangles(0, 0));  // 2 x 1.7 m: a shaft
}

TEST(RobotMapScene, NothingFreeIsAnError) {
  RobotMap map = two_rooms();
  for (MapCell& cell : map.cells) cell = cell == MapCell::kFree ? MapCell::kUnknown : cell;
  const auto scene = make_robot_map_scene(map);
  ASSERT_FALSE(scene.ok());
  EXPECT_EQ(scene.error().code, base::ErrorCode::kData);
  EXPECT_NE(scene.error().message.find("free patch"), std::string::npos);
}

TEST(RobotMapScene, ConvertWritesAGlbThatReadsBack) {
  const testing::TemporaryFolder folder;
  ASSERT_TRUE(load_map(folder, kYaml, pgm_of(std::vector<std::string>(40, std::string(40, '.')))).ok());
  const auto written = convert_scene(folder / "map.yaml", folder / "out.glb", {});
  ASSERT_TRUE(written.ok()) << written.error().message;
  const auto read = load_scene(folder / "out.glb");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ((*read)->positions, written->scene->positions);
  EXPECT_EQ((*read)->bounds.size().y, 2.5f);
  const auto refused = convert_scene(folder / "map.yaml", folder / "out.obj", {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kUsage);
}

TEST(RobotMapScene, RecordedMapsBecomeScenes) {
  const auto data = testing::shared_data();
  if (!data) GTEST_SKIP() << "no shared data folder here";
  for (const char* name : {"maps/1/1", "maps/1n/1n", "maps/1s/1s", "maps/2/2", "maps/3/3", "maps/3ne/3ne",
                           "maps/4/4", "other_maps/intel", "other_maps/freehand", "other_maps/freehand-2"}) {
    const auto map = load_robot_map(*data / "gdc_building" / (std::string(name) + ".yaml"));
    ASSERT_TRUE(map.ok()) << map.error().message;
    const auto scene = make_robot_map_scene(*map);
    ASSERT_TRUE(scene.ok()) << scene.error().message;
    EXPECT_LT((*scene)->num_triangles(), 100'000u) << name;
  }
}

}  // namespace
}  // namespace inknav::scene
