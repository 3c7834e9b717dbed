// SPDX-License-Identifier: MIT
// Meshes that Draco's own encoder compressed, inside a .glb: geometry comes back within the encoder's steps,
// and counts that do not match, other bitstreams and damage are errors that name the primitive.
#include "scene/gltf_draco.h"

#include <draco/compression/encode.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <glm/geometric.hpp>
#include <string>
#include <vector>

#include "scene/damage_testing.h"
#include "scene/load.h"
#include "scene/load_internal.h"
#include "scene/scene_testing.h"

namespace inknav::scene {
namespace {

using testing::Bytes;

constexpr int kSide = 6;  // vertices a side of a wavy sheet
constexpr int kVertices = kSide * kSide;
constexpr int kTriangles = 2 * (kSide - 1) * (kSide - 1);
constexpr int kPositionBits = 14;

base::Vec3 place(int i) {
  const auto x = static_cast<float>(i % kSide);
  const auto y = static_cast<float>(i / kSide);
  return {x, y, 0.25f * std::sin(x) * y};
}

template <typename T>
int add_attribute(draco::Mesh& mesh, draco::GeometryAttribute::Type type, draco::DataType data, int width,
                  const std::vector<T>& values) {
  draco::GeometryAttribute attribute;
  attribute.Init(type, nullptr, static_cast<std::int8_t>(width), data, data == draco::DT_UINT8,
                 static_cast<std::int64_t>(sizeof(T)) * width, 0);
  const int id = mesh.AddAttribute(attribute, true, kVertices);
  for (std::uint32_t i = 0; i < kVertices; ++i) {
    mesh.attribute(id)->SetAttributeValue(draco::AttributeValueIndex(i),
                                          values.data() + i * static_cast<std::size_t>(width));
  }
  return static_cast<int>(mesh.attribute(id)->unique_id());
}

struct Sheet {
  Bytes bytes;
  int position = 0;
  int uv = 0;
  int color = 0;
};

Sheet compress(int method) {
  draco::Mesh mesh;
  mesh.set_num_points(kVertices);
  std::vector<float> positions, uvs;
  std::vector<std::uint8_t> colors;
  for (int i = 0; i < kVertices; ++i) {
    const base::Vec3 p = place(i);
    positions.insert(positions.end(), {p.x, p.y, p.z});
    uvs.insert(uvs.end(), {p.x / kSide, p.y / kSide});
    colors.insert(colors.end(), {static_cast<std::uint8_t>(40 * (i % kSide)),
                                 static_cast<std::uint8_t>(40 * (i / kSide)), 7, 255});
  }
  Sheet sheet;
  sheet.position = add_attribute(mesh, draco::GeometryAttribute::POSITION, draco::DT_FLOAT32, 3, positions);
  sheet.uv = add_attribute(mesh, draco::GeometryAttribute::TEX_COORD, draco::DT_FLOAT32, 2, uvs);
  sheet.color = add_attribute(mesh, draco::GeometryAttribute::COLOR, draco::DT_UINT8, 4, colors);
  for (std::uint32_t y = 0; y + 1 < kSide; ++y) {
    for (std::uint32_t x = 0; x + 1 < kSide; ++x) {
      const draco::PointIndex a(y * kSide + x), b(a.value() + 1), c(a.value() + kSide), d(c.value() + 1);
      mesh.AddFace({a, b, d});
      mesh.AddFace({a, d, c});
    }
  }
  draco::Encoder encoder;
  encoder.SetEncodingMethod(method);
  encoder.SetAttributeQuantization(draco::GeometryAttribute::POSITION, kPositionBits);
  encoder.SetAttributeQuantization(draco::GeometryAttribute::TEX_COORD, 12);
  draco::EncoderBuffer buffer;
  EXPECT_TRUE(encoder.EncodeMeshToBuffer(mesh, &buffer).ok());
  sheet.bytes.assign(buffer.data(), buffer.data() + buffer.size());
  return sheet;
}

/// A .glb of the sheet whose accessors announce `vertices` and `corners`.
Bytes glb_of(const Sheet& sheet, int vertices = kVertices, int corners = 3 * kTriangles,
             const std::string& attributes = {}) {
  const std::string given = attributes.empty() ? fmt::format(R"("POSITION":{},"TEXCOORD_0":{},"COLOR_0":{})",
                                                             sheet.position, sheet.uv, sheet.color)
                                               : attributes;
  const std::string json = fmt::format(
      R"({{"asset":{{"version":"2.0"}},"extensionsUsed":["KHR_draco_mesh_compression"],)"
      R"("extensionsRequired":["KHR_draco_mesh_compression"],"buffers":[{{"byteLength":{0}}}],)"
      R"("bufferViews":[{{"buffer":0,"byteLength":{0}}}],"accessors":[)"
      R"({{"componentType":5126,"type":"VEC3","count":{1}}},{{"componentType":5126,"type":"VEC2","count":{1}}},)"
      R"({{"componentType":5121,"type":"VEC4","count":{1},"normalized":true}},)"
      R"({{"componentType":5123,"type":"SCALAR","count":{2}}}],)"
      R"("images":[{{"uri":"t.png"}}],"textures":[{{"source":0}}],)"
      R"("meshes":[{{"primitives":[{{"attributes":{{"POSITION":0,"TEXCOORD_0":1,"COLOR_0":2}},"indices":3,)"
      R"("extensions":{{"KHR_draco_mesh_compression":{{"bufferView":0,"attributes":{{{3}}}}}}}}}]}}],)"
      R"("nodes":[{{"mesh":0}}],"scenes":[{{"nodes":[0]}}]}})",
      sheet.bytes.size(), vertices, corners, given);
  return testing::make_glb(json, sheet.bytes);
}

base::Result<Scene> read(const Bytes& glb) {
  internal::AssetFolder folder(".");
  return internal::read_gltf(glb, folder);
}

void expect_fault(const Bytes& glb, const std::string& words) {
  const auto scene = read(glb);
  ASSERT_FALSE(scene.ok()) << words;
  EXPECT_EQ(scene.error().code, base::ErrorCode::kData);
  EXPECT_NE(scene.error().message.find("meshes[0].primitives[0]: "), std::string::npos)
      << scene.error().message;
  EXPECT_NE(scene.error().message.find(words), std::string::npos) << scene.error().message;
}

/// Where the stream of `method` holds its first count.
constexpr std::size_t kSequentialFaces = 11;

TEST(Draco, BothMethodsGiveTheSheetBack) {
  for (const int method : {draco::MESH_SEQUENTIAL_ENCODING, draco::MESH_EDGEBREAKER_ENCODING}) {
    const auto scene = read(glb_of(compress(method)));
    ASSERT_TRUE(scene.ok()) << scene.error().message;
    ASSERT_EQ(scene->positions.size(), static_cast<std::size_t>(kVertices));
    ASSERT_EQ(scene->triangles.size(), static_cast<std::size_t>(kTriangles));
    ASSERT_EQ(scene->uvs.size(), scene->positions.size());
    ASSERT_EQ(scene->colors.size(), scene->positions.size());
    // The encoder rounds to 2^14 - 1 steps of the longest side, 5 m: half a step, and float32.
    const float step = 5.0f / ((1 << kPositionBits) - 1);
    std::vector<int> seen(kVertices, 0);
    for (std::size_t i = 0; i < scene->positions.size(); ++i) {
      // Vertices may come in another order; each tells by its place which it is.
      const base::Vec3 p = scene->positions[i];
      const int x = static_cast<int>(std::lround(p.x));
      const int y = static_cast<int>(std::lround(p.y));
      const int k = y * kSide + x;
      ASSERT_TRUE(x >= 0 && x < kSide && y >= 0 && y < kSide);
      ++seen[static_cast<std::size_t>(k)];
      for (int c = 0; c < 3; ++c) EXPECT_NEAR(p[c], place(k)[c], 0.5f * step + 1e-6f);
      // 12 bits of at most 5/6.
      EXPECT_NEAR(scene->uvs[i].x, p.x / kSide, 5e-4f);
      EXPECT_NEAR(scene->uvs[i].y, p.y / kSide, 5e-4f);
      EXPECT_EQ(scene->colors[i], glm::u8vec4(40 * x, 40 * y, 7, 255));
    }
    EXPECT_EQ(seen, std::vector<int>(kVertices, 1));
    double area = 0.0;
    for (const glm::u32vec3& t : scene->triangles) {
      const base::Vec3 n = glm::cross(scene->positions[t.y] - scene->positions[t.x],
                                      scene->positions[t.z] - scene->positions[t.x]);
      EXPECT_GT(n.z, 0.0f);  // all face the same way
      area += 0.5 * static_cast<double>(n.z);
    }
    // Seen along z the sheet is a square of 5 m; its corners are half a step off at most.
    EXPECT_NEAR(area, 25.0, 4 * 5.0 * static_cast<double>(step));
  }
}

TEST(Draco, CountsThatDoNotMatchAreRefused) {
  for (const int method : {draco::MESH_SEQUENTIAL_ENCODING, draco::MESH_EDGEBREAKER_ENCODING}) {
    const Sheet sheet = compress(method);
    expect_fault(glb_of(sheet, kVertices + 1), "37 vertices");
    expect_fault(glb_of(sheet, kVertices, 3 * kTriangles - 3),
                 "147 corners are announced, Draco's bytes hold 50");
    expect_fault(glb_of(sheet, kVertices, 3 * kTriangles + 1), "151 corners");
    expect_fault(glb_of(sheet, kVertices, 3 * kTriangles, R"("POSITION":77)"), "no attribute for POSITION");
    expect_fault(glb_of(sheet, kVertices, 3 * kTriangles, R"("COLOR_0":0)"), "no attribute for POSITION");
    expect_fault(glb_of(sheet, kVertices, 3 * kTriangles, fmt::format(R"("POSITION":{})", sheet.uv)),
                 "POSITION is announced with 36 values of 3, Draco's bytes hold 36 of 2");
  }
}

TEST(Draco, CountsThatOverflowAreRefusedBeforeAnythingIsDecoded) {
  Sheet sheet = compress(draco::MESH_SEQUENTIAL_ENCODING);
  ASSERT_EQ(sheet.bytes[kSequentialFaces], kTriangles);  // one byte: below 128
  // 2^32 - 1 faces, in five bytes instead of one.
  sheet.bytes[kSequentialFaces] = 0xFF;
  sheet.bytes.insert(sheet.bytes.begin() + kSequentialFaces + 1, {0xFF, 0xFF, 0xFF, 0x0F});
  expect_fault(glb_of(sheet), "hold 4294967295 triangles");
  Sheet endless = compress(draco::MESH_EDGEBREAKER_ENCODING);
  std::fill(endless.bytes.begin() + 12, endless.bytes.begin() + 30, std::uint8_t{0xFF});
  expect_fault(glb_of(endless), "end inside their head");
}

TEST(Draco, OtherStreamsAreRefused) {
  const Sheet sheet = compress(draco::MESH_EDGEBREAKER_ENCODING);
  const auto with = [&](std::size_t at, std::uint8_t value) {
    Sheet changed = sheet;
    changed.bytes[at] = value;
    return glb_of(changed);
  };
  expect_fault(with(0, 'd'), "do not start with 'DRACO'");
  expect_fault(with(5, 1), "bitstream 2.2 is wanted, found 1.2");
  expect_fault(with(7, 0), "hold no triangles but points");
  expect_fault(with(8, 9), "method 9 is unknown");
  expect_fault(with(10, 0x80), "hold metadata");
  Sheet empty;
  empty.bytes = {'D', 'R', 'A', 'C', 'O'};
  expect_fault(glb_of(empty), "do not start with");
}

TEST(Draco, DamagedStreamsAreRefusedOrSound) {
  for (const int method : {draco::MESH_SEQUENTIAL_ENCODING, draco::MESH_EDGEBREAKER_ENCODING}) {
    const Sheet sheet = compress(method);
    testing::for_each_damage(sheet.bytes, [&](const Bytes& bytes, bool cut) {
      Sheet damaged = sheet;
      damaged.bytes = bytes;
      if (bytes.empty()) return;  // no view of no bytes
      const auto scene = read(glb_of(damaged));
      if (!scene.ok()) {
        EXPECT_EQ(scene.error().code, base::ErrorCode::kData);
        EXPECT_NE(scene.error().message.find("meshes[0].primitives[0]"), std::string::npos)
            << scene.error().message;
        return;
      }
      EXPECT_FALSE(cut);
      for (const glm::u32vec3& t : scene->triangles)
        EXPECT_LT(std::max({t.x, t.y, t.z}), static_cast<std::uint32_t>(kVertices));
    });
  }
}

}  // namespace
}  // namespace inknav::scene
