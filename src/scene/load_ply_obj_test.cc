// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <glm/geometric.hpp>
#include <string>

#include "base/philox.h"
#include "scene/image.h"
#include "scene/load.h"
#include "scene/scene_testing.h"
#include "scene/triangulate.h"

namespace inknav::scene {
namespace {

base::Result<ScenePtr> load_text(const testing::TemporaryFolder& folder, const char* name,
                                 const std::string& text) {
  testing::write_text(folder / name, text);
  return load_scene(folder / name);
}

void expect_refused(const base::Result<ScenePtr>& scene, const char* words) {
  ASSERT_FALSE(scene.ok()) << words;
  EXPECT_EQ(scene.error().code, base::ErrorCode::kData);
  EXPECT_NE(scene.error().message.find(words), std::string::npos) << scene.error().message;
}

constexpr const char* kPlyHead =
    "property float x\nproperty float y\nproperty float z\nproperty uchar red\nproperty uchar green\n"
    "property uchar blue\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n";

TEST(LoadPly, AsciiAndBothByteOrdersAgree) {
  const testing::TemporaryFolder folder;
  const auto ascii =
      load_text(folder, "a.ply",
                std::string("ply\r\nformat ascii 1.0\ncomment hello\nelement vertex 4\n") + kPlyHead +
                    "0 0 0 255 0 0\n+1 0 0 0 255 0\n1 1e0 0 0 0 255\n0 1 0 9 9 9\n4 0 1 2 3");
  ASSERT_TRUE(ascii.ok()) << ascii.error().message;
  EXPECT_EQ((*ascii)->num_triangles(), 2u);
  EXPECT_EQ((*ascii)->colors[3], glm::u8vec4(9, 9, 9, 255));
  EXPECT_TRUE((*ascii)->materials[0].double_sided);
  for (const bool big : {false, true}) {
    std::vector<std::uint8_t> body;
    const auto put = [&](auto value) {
      std::uint8_t raw[sizeof(value)];
      std::memcpy(raw, &value, sizeof(value));
      if (big) std::reverse(raw, raw + sizeof(value));
      body.insert(body.end(), raw, raw + sizeof(value));
    };
    const float xs[4][2] = {{0, 0}, {1, 0}, {1, 1}, {0, 1}};
    const std::uint8_t colors[4][3] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {9, 9, 9}};
    for (int v = 0; v < 4; ++v) {
      put(xs[v][0]);
      put(xs[v][1]);
      put(0.0f);
      for (const std::uint8_t c : colors[v]) put(c);
    }
    put(std::uint8_t{4});
    for (std::int32_t i = 0; i < 4; ++i) put(i);
    std::string text = std::string("ply\nformat ") + (big ? "binary_big_endian" : "binary_little_endian") +
                       " 1.0\nelement vertex 4\n" + kPlyHead;
    text.append(body.begin(), body.end());
    const auto binary = load_text(folder, "b.ply", text);
    ASSERT_TRUE(binary.ok()) << binary.error().message;
    EXPECT_EQ((*binary)->content_hash, (*ascii)->content_hash);
  }
}

TEST(LoadPly, AMeshLikeReplicas) {
  // Quads with an object's number, vertices with normals and colours.
  const testing::TemporaryFolder folder;
  const auto scene = load_text(
      folder, "mesh_semantic.ply",
      "ply\nformat ascii 1.0\nelement vertex 6\nproperty float x\nproperty float y\nproperty float z\n"
      "property float nx\nproperty float ny\nproperty float nz\nproperty uchar red\nproperty uchar green\n"
      "property uchar blue\nelement face 2\nproperty list uchar int vertex_indices\nproperty int object_id\n"
      "end_header\n0 0 0 0 0 1 1 2 3\n1 0 0 0 0 1 1 2 3\n1 1 0 0 0 1 1 2 3\n0 1 0 0 0 1 1 2 3\n"
      "2 0 0 0 0 1 7 8 9\n2 1 0 0 0 1 7 8 9\n4 0 1 2 3 17\n4 1 4 5 2 -1\n");
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  EXPECT_EQ((*scene)->num_triangles(), 4u);
  EXPECT_EQ((*scene)->colors[5], glm::u8vec4(7, 8, 9, 255));
  EXPECT_EQ((*scene)->bounds.max, base::Vec3(2, 1, 0));  // not turned
}

TEST(LoadPly, TexturesStripsAndUnknownElements) {
  const testing::TemporaryFolder folder;
  Image image;
  image.width = image.height = 1;
  image.channels = 3;
  image.pixels = {1, 2, 3};
  ASSERT_TRUE(save_png(folder / "my tex.png", image).ok());
  const auto wedge = load_text(
      folder, "w.ply",
      "ply\nformat ascii 1.0\ncomment TextureFile my tex.png\nelement camera 1\nproperty list uchar "
      "float k\nproperty double f\nelement vertex 3\nproperty double x\nproperty double y\nproperty "
      "double z\nelement face 1\nproperty list uchar uint vertex_index\nproperty list uchar float "
      "texcoord\nend_header\n2 1 2 3\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2 6 0 0 1 0 0.5 1\n");
  ASSERT_TRUE(wedge.ok()) << wedge.error().message;
  EXPECT_EQ((*wedge)->textures[0].rgba[1], 2);
  const glm::u32vec3 t = (*wedge)->triangles[0];
  EXPECT_EQ((*wedge)->uvs[t.z], base::Vec2(0.5f, 0.0f));  // v from the top
  const auto strip = load_text(
      folder, "s.ply",
      "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
      "element tristrips 1\nproperty list int int vertex_indices\nend_header\n"
      "0 0 0\n1 0 0\n0 1 0\n1 1 0\n8 0 1 2 3 -1 0 1 2\n");
  ASSERT_TRUE(strip.ok()) << strip.error().message;
  EXPECT_EQ((*strip)->num_triangles(), 3u);
}

TEST(LoadPly, FaultsAreNamed) {
  const testing::TemporaryFolder folder;
  const std::string head = std::string("ply\nformat ascii 1.0\nelement vertex 3\n") + kPlyHead;
  expect_refused(load_text(folder, "a.ply", "plx\n"), "does not begin with 'ply'");
  expect_refused(load_text(folder, "a.ply", "ply\nformat ascii 1.0\n"), "no end");
  expect_refused(load_text(folder, "a.ply", "ply\nend_header\n"), "no format");
  expect_refused(load_text(folder, "a.ply", "ply\nformat ascii 2.0\nend_header\n"), "not understood");
  expect_refused(
      load_text(folder, "a.ply",
                "ply\nformat ascii 1.0\nelement vertex 4000000000\nproperty float x\nend_header\n"),
      "4000000000 'vertex' are announced");
  expect_refused(load_text(folder, "a.ply", head + "0 0 0 1 1 1\n1 0 0 1 1 1\n0 1 0 1 1"), "cut off");
  expect_refused(load_text(folder, "a.ply", head + "0 0 0 1 1 1\n1 0 0 1 1 1\n0 1 0 1 1 1\n3 0 1 3\n"),
                 "names vertex 3");
  expect_refused(load_text(folder, "a.ply", head + "0 0 0 1 1 1\n1 0 0 1 1 1\n0 1 0 1 1 1\n3 0 1 -1\n"),
                 "names vertex -1");
  expect_refused(load_text(folder, "a.ply", head + "0 0 0 1 1 1\nnan 0 0 1 1 1\n0 1 0 1 1 1\n3 0 1 2\n"),
                 "vertex 1");
  expect_refused(load_text(folder, "a.ply", head + "0 0 0 1 1 1\n1 0 0 1 1 1\n0 1 0 1 1 1\n2 0 1\n"),
                 "at least one triangle");
  expect_refused(
      load_text(folder, "a.ply", "ply\nformat ascii 1.0\ncomment TextureFile ../x.png\nend_header\n"),
      "'..'");
}

TEST(LoadObj, FacesMaterialsAndRelativeIndices) {
  const testing::TemporaryFolder folder;
  Image image;
  image.width = image.height = 1;
  image.channels = 3;
  image.pixels = {1, 2, 3};
  std::filesystem::create_directory(folder / "tex");
  ASSERT_TRUE(save_png(folder / "tex/a.png", image).ok());
  testing::write_text(folder / "m.mtl", "newmtl red\nKd 1 0 0\nnewmtl pic\nmap_Kd tex\\a.png\n");
  const auto scene =
      load_text(folder, "a.obj",
                "# comment\nmtllib m.mtl\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\n"
                "usemtl red\nf 1 2 3 4\nusemtl pic\nf -4/1 -3/2 -2/3\nl 1 2\n");
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  EXPECT_EQ((*scene)->num_triangles(), 3u);
  EXPECT_EQ((*scene)->materials[(*scene)->triangle_material[0]].base_color, base::Vec4(1, 0, 0, 1));
  EXPECT_EQ((*scene)->materials[(*scene)->triangle_material[2]].texture, 0);
  EXPECT_EQ((*scene)->uvs[(*scene)->triangles[2].z], base::Vec2(1, 0));
}

TEST(LoadObj, FaultsAreNamed) {
  const testing::TemporaryFolder folder;
  const std::string square = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n";
  expect_refused(load_text(folder, "a.obj", square + "f 1 2 9\n"), "names vertex 9");
  expect_refused(load_text(folder, "a.obj", square + "f 1/7 2/8 3/9\n"), "texture coordinate");
  expect_refused(load_text(folder, "a.obj", square), "at least one triangle");
  expect_refused(load_text(folder, "a.obj", "mtllib ../secret.mtl\n" + square + "f 1 2 3\n"), "'..'");
  expect_refused(load_text(folder, "a.obj", "mtllib none.mtl\n" + square + "f 1 2 3\n"), "none.mtl");
  testing::write_text(folder / "m.mtl", "newmtl a\nmap_Kd none.png\n");
  expect_refused(load_text(folder, "a.obj", "mtllib m.mtl\n" + square + "usemtl a\nf 1 2 3\n"), "none.png");
  expect_refused(load_text(folder, "a.obj", std::string("v 0 0\0 0\n", 9)), "zero bytes");
}

double area_of(const std::vector<glm::dvec2>& polygon, const glm::u32vec3& t) {
  const glm::dvec2 a = polygon[t.y] - polygon[t.x];
  const glm::dvec2 b = polygon[t.z] - polygon[t.x];
  return 0.5 * (a.x * b.y - a.y * b.x);
}

TEST(Triangulate, AreasOfSimplePolygonsAddUp) {
  base::PhiloxStream random({.seed = 21});
  for (int trial = 0; trial < 200; ++trial) {
    // A star about the origin is simple whatever its radii.
    const int n = random.uniform_int(3, 40);
    std::vector<glm::dvec2> polygon;
    for (int i = 0; i < n; ++i) {
      const double angle = 6.283185307179586 * i / n;
      const double radius = random.uniform(0.2f, 3.0f);
      polygon.emplace_back(radius * std::cos(angle), radius * std::sin(angle));
    }
    if (trial % 2 == 1) std::reverse(polygon.begin(), polygon.end());
    double wanted = 0.0;
    for (std::size_t i = 0; i < polygon.size(); ++i) {
      const glm::dvec2& a = polygon[i];
      const glm::dvec2& b = polygon[(i + 1) % polygon.size()];
      wanted += 0.5 * (a.x * b.y - a.y * b.x);
    }
    std::vector<glm::u32vec3> triangles;
    internal::triangulate_polygon(std::span<const glm::dvec2>(polygon), triangles);
    ASSERT_EQ(triangles.size(), polygon.size() - 2);
    double sum = 0.0;
    for (const glm::u32vec3& t : triangles) {
      const double area = area_of(polygon, t);
      EXPECT_GE(area * wanted, -1e-12);  // the polygon's own winding
      sum += area;
    }
    EXPECT_NEAR(sum, wanted, 1e-9);
  }
}

TEST(Triangulate, PolygonsInSpaceKeepTheirSide) {
  // An L in the plane x = 2, seen from +x counter-clockwise.
  const std::vector<base::Vec3> corners = {{2, 0, 0}, {2, 2, 0}, {2, 2, 1}, {2, 1, 1}, {2, 1, 2}, {2, 0, 2}};
  std::vector<glm::u32vec3> triangles;
  internal::triangulate_polygon(std::span<const base::Vec3>(corners), triangles);
  ASSERT_EQ(triangles.size(), 4u);
  float area = 0.0f;
  for (const glm::u32vec3& t : triangles) {
    const base::Vec3 normal = glm::cross(corners[t.y] - corners[t.x], corners[t.z] - corners[t.x]);
    EXPECT_GT(normal.x, 0.0f);
    area += 0.5f * normal.x;
  }
  EXPECT_FLOAT_EQ(area, 3.0f);
}

}  // namespace
}  // namespace inknav::scene
