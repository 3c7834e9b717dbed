// SPDX-License-Identifier: MIT
#include "scene/scene.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/philox.h"
#include "scene/limits.h"

namespace inknav::scene {
namespace {

Scene one_triangle() {
  Scene scene;
  scene.name = "test";
  scene.positions = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}};
  scene.triangles = {{0, 1, 2}};
  scene.triangle_material = {0};
  scene.materials = {{}};
  return scene;
}

void expect_refused(Scene scene, const std::string& words) {
  const auto result = finish(std::move(scene));
  ASSERT_FALSE(result.ok()) << words;
  EXPECT_EQ(result.error().code, base::ErrorCode::kData);
  EXPECT_NE(result.error().message.find(words), std::string::npos) << result.error().message;
}

TEST(Scene, FinishSetsBoundsAndHash) {
  const auto scene = finish(one_triangle());
  ASSERT_TRUE(scene.ok());
  EXPECT_EQ((*scene)->bounds.max, base::Vec3(1, 1, 0));
  Scene other = one_triangle();
  other.name = "another name";
  EXPECT_EQ(finish(other).value()->content_hash, (*scene)->content_hash);
  other.materials[0].double_sided = true;
  EXPECT_FALSE(finish(other).value()->content_hash == (*scene)->content_hash);
}

TEST(Scene, BrokenInvariantsAreNamed) {
  Scene scene = one_triangle();
  scene.positions[1].y = std::numeric_limits<float>::quiet_NaN();
  expect_refused(scene, "vertex 1");
  scene = one_triangle();
  scene.positions[2].x = 2.0e5f;
  expect_refused(scene, "vertex 2");
  scene = one_triangle();
  scene.triangles[0].z = 3;
  expect_refused(scene, "triangle 0 names vertex 3 of 3");
  scene = one_triangle();
  scene.triangle_material[0] = 1;
  expect_refused(scene, "names material 1 of 1");
  scene = one_triangle();
  scene.materials[0].texture = 0;
  expect_refused(scene, "names texture 0 of 0");
  scene = one_triangle();
  scene.triangles.clear();
  scene.triangle_material.clear();
  expect_refused(scene, "at least one triangle");
  scene = one_triangle();
  scene.uvs.resize(2);
  expect_refused(scene, "texture coordinates");
  scene = one_triangle();
  scene.colors.resize(4);
  expect_refused(scene, "vertex colours");
  scene = one_triangle();
  scene.triangles[0] = {0, 1, 1};
  expect_refused(scene, "every triangle is degenerate");
  scene = one_triangle();
  scene.textures.push_back(make_texture(2, 2, std::vector<std::uint8_t>(16, 7)));
  scene.textures[0].levels.pop_back();
  expect_refused(scene, "levels of texture 0");
  scene = one_triangle();
  scene.materials[0].base_color.x = std::numeric_limits<float>::infinity();
  expect_refused(scene, "base colour");
}

TEST(Scene, DegenerateTrianglesAreDroppedAndTheOthersKeepTheirOrder) {
  Scene scene = one_triangle();
  scene.positions.push_back({2, 0, 0});
  scene.triangles = {{0, 1, 3}, {0, 1, 2}, {1, 1, 2}, {0, 3, 2}};
  scene.triangle_material = {0, 0, 0, 1};
  scene.materials.push_back({});
  const auto done = finish(scene);
  ASSERT_TRUE(done.ok());
  ASSERT_EQ((*done)->triangles.size(), 2u);
  EXPECT_EQ((*done)->triangles[1], glm::u32vec3(0, 3, 2));
  EXPECT_EQ((*done)->triangle_material[1], 1u);
}

TEST(Texture, LevelsHalveDownToOneTexel) {
  const Texture texture = make_texture(5, 3, std::vector<std::uint8_t>(60, 9));
  ASSERT_EQ(texture.levels.size(), 3u);
  EXPECT_EQ(texture.levels[1].width, 2);
  EXPECT_EQ(texture.levels[1].height, 1);
  EXPECT_EQ(texture.levels[2].width, 1);
  for (const std::uint8_t byte : texture.rgba) EXPECT_EQ(byte, 9);
}

/// Mean over the exact area that a texel of the next level covers, in double precision.
double box_mean(const std::vector<std::uint8_t>& rgba, int width, int height, int next_width, int next_height,
                int x, int y, int c) {
  const double scale_x = static_cast<double>(width) / next_width;
  const double scale_y = static_cast<double>(height) / next_height;
  double sum = 0.0;
  for (int j = 0; j < height; ++j) {
    const double covered_y =
        std::min((y + 1) * scale_y, j + 1.0) - std::max(y * scale_y, static_cast<double>(j));
    if (covered_y <= 0.0) continue;
    for (int i = 0; i < width; ++i) {
      const double covered_x =
          std::min((x + 1) * scale_x, i + 1.0) - std::max(x * scale_x, static_cast<double>(i));
      if (covered_x > 0.0)
        sum += covered_x * covered_y * rgba[static_cast<std::size_t>(4 * (j * width + i) + c)];
    }
  }
  return sum / (scale_x * scale_y);
}

TEST(Texture, EveryLevelIsTheExactBoxMeanOfTheOneBefore) {
  base::PhiloxStream random({.seed = 3});
  const int sizes[][2] = {{8, 8}, {7, 5}, {16, 3}, {1, 9}, {6, 1}, {13, 13}};
  for (const auto& size : sizes) {
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(4 * size[0] * size[1]));
    for (auto& byte : pixels) byte = static_cast<std::uint8_t>(random.uniform_int(256u));
    const Texture texture = make_texture(size[0], size[1], pixels);
    for (std::size_t l = 1; l < texture.levels.size(); ++l) {
      const TextureLevel& from = texture.levels[l - 1];
      const TextureLevel& to = texture.levels[l];
      const std::vector<std::uint8_t> source(texture.rgba.begin() + static_cast<std::ptrdiff_t>(from.offset),
                                             texture.rgba.begin() + static_cast<std::ptrdiff_t>(to.offset));
      for (int y = 0; y < to.height; ++y) {
        for (int x = 0; x < to.width; ++x) {
          for (int c = 0; c < 4; ++c) {
            const double wanted = box_mean(source, from.width, from.height, to.width, to.height, x, y, c);
            const int got = texture.rgba[to.offset + static_cast<std::size_t>(4 * (y * to.width + x) + c)];
            EXPECT_NEAR(got, wanted, 0.5001) << from.width << "x" << from.height;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace inknav::scene
