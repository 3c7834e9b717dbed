// SPDX-License-Identifier: MIT
// What glTF can say and load_scene() must understand, each against values worked out by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <glm/geometric.hpp>
#include <string>

#include "scene/image.h"
#include "scene/load.h"
#include "scene/scene_testing.h"

namespace inknav::scene {
namespace {

/// One document under construction: arrays go into the binary chunk, their descriptions into the lists.
class Document {
 public:
  template <typename T>
  int accessor(const std::vector<T>& values, int component, const std::string& type, std::size_t count,
               const std::string& more = "") {
    binary_.resize((binary_.size() + 3) / 4 * 4);
    views_ += comma(views_) + "{\"buffer\":0,\"byteOffset\":" + std::to_string(binary_.size()) +
              ",\"byteLength\":" + std::to_string(values.size() * sizeof(T)) + "}";
    testing::append(binary_, values);
    accessors_ += comma(accessors_) + "{\"bufferView\":" + std::to_string(num_views_++) +
                  ",\"componentType\":" + std::to_string(component) + ",\"type\":\"" + type +
                  "\",\"count\":" + std::to_string(count) + more + "}";
    return num_accessors_++;
  }
  int raw_accessor(const std::string& json) {
    accessors_ += comma(accessors_) + json;
    return num_accessors_++;
  }

  int view(const std::vector<std::uint8_t>& bytes, const std::string& more = "") {
    binary_.resize((binary_.size() + 3) / 4 * 4);
    views_ += comma(views_) + "{\"buffer\":0,\"byteOffset\":" + std::to_string(binary_.size()) +
              ",\"byteLength\":" + std::to_string(bytes.size()) + more + "}";
    testing::append(binary_, bytes);
    return num_views_++;
  }

  /// `rest` holds meshes, nodes and so on, starting with a comma.
  base::Result<ScenePtr> load(const std::string& rest) {
    const std::string json =
        "{\"asset\":{\"version\":\"2.0\"},\"buffers\":[{\"byteLength\":" + std::to_string(binary_.size()) +
        "}],\"bufferViews\":[" + views_ + "],\"accessors\":[" + accessors_ + "]" + rest + "}";
    testing::write_bytes(folder_ / "t.glb", testing::make_glb(json, binary_));
    return load_scene(folder_ / "t.glb", {.cache_dir = {}, .up = UpAxis::kY});
  }

  const testing::TemporaryFolder& folder() const { return folder_; }

 private:
  static std::string comma(const std::string& list) { return list.empty() ? "" : ","; }
  testing::TemporaryFolder folder_;
  std::vector<std::uint8_t> binary_;
  std::string views_;
  std::string accessors_;
  int num_views_ = 0;
  int num_accessors_ = 0;
};

const std::vector<float> kSquare = {0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0};
const std::string kOneNode = R"(,"nodes":[{"mesh":0}],"scenes":[{"nodes":[0]}])";

std::string mesh_of(const std::string& primitive) {
  return R"(,"meshes":[{"primitives":[)" + primitive + "]}]";
}

TEST(LoadGltf, EveryKindOfIndexGivesTheSameTriangles) {
  for (const int component : {5121, 5123, 5125}) {
    Document document;
    document.accessor(kSquare, 5126, "VEC3", 4);
    if (component == 5121) document.accessor<std::uint8_t>({0, 1, 2, 0, 2, 3}, component, "SCALAR", 6);
    if (component == 5123) document.accessor<std::uint16_t>({0, 1, 2, 0, 2, 3}, component, "SCALAR", 6);
    if (component == 5125) document.accessor<std::uint32_t>({0, 1, 2, 0, 2, 3}, component, "SCALAR", 6);
    const auto scene = document.load(mesh_of(R"({"attributes":{"POSITION":0},"indices":1})") + kOneNode);
    ASSERT_TRUE(scene.ok()) << scene.error().message;
    EXPECT_EQ((*scene)->triangles, (std::vector<glm::u32vec3>{{0, 1, 2}, {0, 2, 3}}));
    EXPECT_FALSE((*scene)->materials[0].double_sided);
  }
}

TEST(LoadGltf, StripsAndFansKeepTheirWinding) {
  const std::vector<float> zigzag = {0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0, 0, 2, 0};
  Document strip;
  strip.accessor(zigzag, 5126, "VEC3", 5);
  auto scene = strip.load(mesh_of(R"({"attributes":{"POSITION":0},"mode":5})") + kOneNode);
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  ASSERT_EQ((*scene)->num_triangles(), 3u);
  for (const glm::u32vec3& t : (*scene)->triangles) {
    const auto& p = (*scene)->positions;
    EXPECT_GT(glm::cross(p[t.y] - p[t.x], p[t.z] - p[t.x]).z, 0.0f);
  }
  Document fan;
  fan.accessor(kSquare, 5126, "VEC3", 4);
  scene = fan.load(
      mesh_of(R"({"attributes":{"POSITION":0},"mode":6},{"attributes":{"POSITION":0},"mode":1})") + kOneNode);
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  EXPECT_EQ((*scene)->triangles, (std::vector<glm::u32vec3>{{1, 2, 0}, {2, 3, 0}}));
}

TEST(LoadGltf, NodesAreMovedTurnedScaledAndMirrored) {
  Document document;
  document.accessor(kSquare, 5126, "VEC3", 4);
  document.accessor<std::uint8_t>({0, 1, 2}, 5121, "SCALAR", 3);
  // Parent: moved by 10 in x. Child: turned 90 degrees about z, scaled by 2. Grandchild: mirrored in x.
  const auto scene =
      document.load(mesh_of(R"({"attributes":{"POSITION":0},"indices":1})") +
                    R"(,"nodes":[{"matrix":[1,0,0,0, 0,1,0,0, 0,0,1,0, 10,0,0,1],"children":[1]},
         {"rotation":[0,0,0.70710678118654752,0.70710678118654752],"scale":[2,2,2],"mesh":0,"children":[2]},
         {"scale":[-1,1,1],"mesh":0}],"scenes":[{"nodes":[0]}])");
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  const auto& p = (*scene)->positions;
  ASSERT_EQ(p.size(), 8u);
  EXPECT_LT(glm::length(p[1] - base::Vec3(10, 2, 0)), 1e-6f);
  EXPECT_LT(glm::length(p[3] - base::Vec3(8, 0, 0)), 1e-6f);
  EXPECT_LT(glm::length(p[5] - base::Vec3(10, -2, 0)), 1e-6f);
  EXPECT_EQ((*scene)->triangles[0], glm::u32vec3(0, 1, 2));
  EXPECT_EQ((*scene)->triangles[1], glm::u32vec3(4, 6, 5));  // a mirror turns the winding
  for (const glm::u32vec3& t : (*scene)->triangles) {
    EXPECT_GT(glm::cross(p[t.y] - p[t.x], p[t.z] - p[t.x]).z, 0.0f);
  }
}

TEST(LoadGltf, VertexColoursOfEveryKind) {
  for (const int component : {5121, 5123, 5126}) {
    Document document;
    document.accessor(kSquare, 5126, "VEC3", 4);
    if (component == 5121) {
      document.accessor<std::uint8_t>({255, 0, 51, 0, 255, 0, 0, 0, 0, 0, 0, 0}, component, "VEC3", 4);
    } else if (component == 5123) {
      document.accessor<std::uint16_t>({65535, 0, 13107, 65535, 0, 65535, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
                                       component, "VEC4", 4);
    } else {
      document.accessor<float>({1, 0, 0.2f, 0, 1, 0, 2, -1, 0, 0, 0, 0}, component, "VEC3", 4);
    }
    const auto scene =
        document.load(mesh_of(R"({"attributes":{"POSITION":0,"COLOR_0":1},"mode":6})") + kOneNode);
    ASSERT_TRUE(scene.ok()) << scene.error().message;
    EXPECT_EQ((*scene)->colors[0], glm::u8vec4(255, 0, 51, 255)) << component;
  }
}

TEST(LoadGltf, SparseAccessorsReplaceElements) {
  Document document;
  document.accessor(kSquare, 5126, "VEC3", 4);
  const int indices = document.view({2, 0, 0, 0});
  std::vector<std::uint8_t> value;
  testing::append<float>(value, {5, 6, 7});
  const int values = document.view(value);
  document.raw_accessor(R"({"bufferView":0,"componentType":5126,"type":"VEC3","count":4,"sparse":{"count":1,
      "indices":{"bufferView":)" +
                        std::to_string(indices) + R"(,"componentType":5121},"values":{"bufferView":)" +
                        std::to_string(values) + "}}}");
  const auto scene = document.load(mesh_of(R"({"attributes":{"POSITION":1},"mode":6})") + kOneNode);
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  EXPECT_EQ((*scene)->positions[2], base::Vec3(5, 6, 7));
  EXPECT_EQ((*scene)->positions[1], base::Vec3(1, 0, 0));
}

TEST(LoadGltf, InterleavedViewsAndQuantizedPositions) {
  Document document;
  // Positions as signed 16-bit numbers, 8 bytes apart.
  std::vector<std::uint8_t> bytes;
  testing::append<std::int16_t>(bytes, {0, 0, 0, 9, 32767, 0, 0, 9, 0, -32768, 0, 9});
  const int view = document.view(bytes, ",\"byteStride\":8");
  document.raw_accessor("{\"bufferView\":" + std::to_string(view) +
                        R"(,"componentType":5122,"normalized":true,"type":"VEC3","count":3})");
  const auto scene = document.load(R"(,"extensionsRequired":["KHR_mesh_quantization"])" +
                                   mesh_of(R"({"attributes":{"POSITION":0}})") + kOneNode);
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  EXPECT_EQ((*scene)->positions[1], base::Vec3(1, 0, 0));
  EXPECT_EQ((*scene)->positions[2], base::Vec3(0, -1, 0));
}

TEST(LoadGltf, DefaultSceneOfSeveralAndNoSceneAtAll) {
  const std::string meshes = R"(,"meshes":[{"primitives":[{"attributes":{"POSITION":0},"mode":6}]}])";
  const std::string nodes = R"(,"nodes":[{"mesh":0},{"mesh":0,"translation":[0,0,5]}])";
  for (const auto& [scenes, z] :
       {std::pair<std::string, float>{R"(,"scenes":[{"nodes":[0]},{"nodes":[1]}],"scene":1)", 5.0f},
        {R"(,"scenes":[{"nodes":[0]},{"nodes":[1]}])", 0.0f}}) {
    Document document;
    document.accessor(kSquare, 5126, "VEC3", 4);
    const auto scene = document.load(meshes + nodes + scenes);
    ASSERT_TRUE(scene.ok()) << scene.error().message;
    EXPECT_EQ((*scene)->positions.size(), 4u);
    EXPECT_EQ((*scene)->positions[0].z, z);
  }
  Document document;
  document.accessor(kSquare, 5126, "VEC3", 4);
  const auto scene = document.load(meshes + nodes);
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  EXPECT_EQ((*scene)->positions.size(), 8u);
}

Image two_by_one() {
  Image image;
  image.width = 2;
  image.height = 1;
  image.channels = 3;
  image.pixels = {255, 0, 0, 0, 0, 255};
  return image;
}

TEST(LoadGltf, TextureTransformSecondSetAndMirroredWrap) {
  Document document;
  document.accessor(kSquare, 5126, "VEC3", 4);
  document.accessor<float>({0, 0, 0, 0, 0, 0, 0, 0}, 5126, "VEC2", 4);
  document.accessor<float>({0, 0, 1, 0, 1, 1, 0, 1}, 5126, "VEC2", 4);
  const int view = document.view(encode_png(two_by_one()));
  const auto scene = document.load(
      mesh_of(R"({"attributes":{"POSITION":0,"TEXCOORD_0":1,"TEXCOORD_1":2},"mode":6,"material":0})") +
      kOneNode + R"(,"images":[{"bufferView":)" + std::to_string(view) + R"(,"mimeType":"image/png"}],
         "samplers":[{"wrapS":33648}],"textures":[{"source":0,"sampler":0}],
         "materials":[{"pbrMetallicRoughness":{"baseColorTexture":{"index":0,"texCoord":1,
           "extensions":{"KHR_texture_transform":{"offset":[0.5,0.25],"scale":[2,3],"rotation":1.5707963267948966}}}}}])");
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  const auto& uvs = (*scene)->uvs;
  // (u, v) -> scale (2u, 3v) -> quarter turn (3v, -2u) -> offset; u halves because the picture was mirrored.
  EXPECT_LT(glm::length(uvs[0] - base::Vec2(0.25f, 0.25f)), 1e-6f);
  EXPECT_LT(glm::length(uvs[1] - base::Vec2(0.25f, -1.75f)), 1e-6f);
  EXPECT_LT(glm::length(uvs[3] - base::Vec2(1.75f, 0.25f)), 1e-6f);
  const Texture& texture = (*scene)->textures[0];
  EXPECT_EQ(texture.levels[0].width, 4);
  const std::vector<std::uint8_t> row(texture.rgba.begin(), texture.rgba.begin() + 16);
  EXPECT_EQ(row, (std::vector<std::uint8_t>{255, 0, 0, 255, 0, 0, 255, 255, 0, 0, 255, 255, 255, 0, 0, 255}));
}

TEST(LoadGltf, AFlippedTextureOfOneChannelUnderAFactor) {
  Document document;
  document.accessor(kSquare, 5126, "VEC3", 4);
  document.accessor<std::uint16_t>({0, 0, 65535, 0, 65535, 65535, 0, 32768}, 5123, "VEC2", 4,
                                   ",\"normalized\":true");
  Image grey;
  grey.width = 2;
  grey.height = 1;
  grey.channels = 1;
  grey.pixels = {10, 200};
  const int view = document.view(encode_png(grey));
  const auto scene =
      document.load(mesh_of(R"({"attributes":{"POSITION":0,"TEXCOORD_0":1},"mode":6,"material":0})") +
                    kOneNode + R"(,"images":[{"bufferView":)" + std::to_string(view) +
                    R"(,"mimeType":"image/png"}],"textures":[{"source":0}],
         "extensionsRequired":["KHR_mesh_quantization","KHR_texture_transform"],
         "materials":[{"pbrMetallicRoughness":{"baseColorFactor":[0.5,0.25,1,1],"baseColorTexture":{"index":0,
           "extensions":{"KHR_texture_transform":{"offset":[0,1],"scale":[1,-1]}}}}}])");
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  // (u, v) -> (u, 1 - v)
  EXPECT_EQ((*scene)->uvs[0], base::Vec2(0, 1));
  EXPECT_EQ((*scene)->uvs[2], base::Vec2(1, 0));
  EXPECT_NEAR((*scene)->uvs[3].y, 1.0f - 32768.0f / 65535.0f, 1e-6f);
  const Texture& texture = (*scene)->textures[0];
  const std::vector<std::uint8_t> row(texture.rgba.begin(), texture.rgba.begin() + 8);
  EXPECT_EQ(row, (std::vector<std::uint8_t>{10, 10, 10, 255, 200, 200, 200, 255}));
  EXPECT_EQ((*scene)->materials[0].base_color, base::Vec4(0.5f, 0.25f, 1, 1));
}

TEST(LoadGltf, SeparateFilesAndDataUris) {
  const testing::TemporaryFolder folder;
  std::vector<std::uint8_t> binary;
  testing::append(binary, kSquare);
  testing::append<float>(binary, {0, 0, 1, 0, 1, 1, 0, 1});
  testing::write_bytes(folder / "my data.bin", binary);
  std::filesystem::create_directory(folder / "tex");
  ASSERT_TRUE(save_png(folder / "tex/a b.png", two_by_one()).ok());
  testing::write_text(folder / "t.gltf", R"({"asset":{"version":"2.0"},
    "buffers":[{"byteLength":80,"uri":"my%20data.bin"},{"byteLength":4,"uri":"data:application/octet-stream;base64,AAECAw=="}],
    "bufferViews":[{"buffer":0,"byteLength":48},{"buffer":0,"byteOffset":48,"byteLength":32},{"buffer":1,"byteLength":4}],
    "accessors":[{"bufferView":0,"componentType":5126,"type":"VEC3","count":4},
      {"bufferView":1,"componentType":5126,"type":"VEC2","count":4},
      {"bufferView":2,"componentType":5121,"type":"SCALAR","count":3}],
    "images":[{"uri":"tex/a%20b.png"}],"textures":[{"source":0}],
    "materials":[{"pbrMetallicRoughness":{"baseColorTexture":{"index":0}},"doubleSided":true}],
    "meshes":[{"primitives":[{"attributes":{"POSITION":0,"TEXCOORD_0":1},"indices":2,"material":0}]}],
    "nodes":[{"mesh":0}],"scenes":[{"nodes":[0]}]})");
  const auto scene = load_scene(folder / "t.gltf");
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  EXPECT_EQ((*scene)->num_triangles(), 1u);
  EXPECT_EQ((*scene)->textures[0].rgba[0], 255);
  EXPECT_TRUE((*scene)->materials[0].double_sided);
  EXPECT_EQ((*scene)->uvs[2], base::Vec2(1, 1));
}

}  // namespace
}  // namespace inknav::scene
