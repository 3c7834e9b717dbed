// SPDX-License-Identifier: MIT
// Hostile and damaged scenes: every one gives an Error (kData) that says what is wrong, or a valid Scene.
// Mutants of one valid file a format: truncations, single flipped bits, runs of random bytes.
// INKNAV_MUTANTS sets how many of each kind are tried (2,000 by default).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

#include "base/philox.h"
#include "scene/image.h"
#include "scene/load.h"
#include "scene/load_internal.h"
#include "scene/robot_map.h"
#include "scene/scene_testing.h"
#include "scene/write_glb.h"

namespace inknav::scene {
namespace {

void expect_refused(const base::Result<ScenePtr>& scene, const std::string& words) {
  ASSERT_FALSE(scene.ok()) << words;
  EXPECT_EQ(scene.error().code, base::ErrorCode::kData);
  EXPECT_NE(scene.error().message.find(words), std::string::npos) << scene.error().message;
  EXPECT_LT(scene.error().message.size(), 600u);
}

/// A square of floats as base64, so that a .gltf needs no other file.
constexpr const char* kBuffer =
    R"("buffers":[{"byteLength":36,"uri":"data:application/octet-stream;base64,AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA"}],)"
    R"("bufferViews":[{"buffer":0,"byteLength":36}],)";
constexpr const char* kAccessor =
    R"("accessors":[{"bufferView":0,"componentType":5126,"type":"VEC3","count":3}],)";
constexpr const char* kMesh = R"("meshes":[{"primitives":[{"attributes":{"POSITION":0}}]}],)";
constexpr const char* kNodes = R"("nodes":[{"mesh":0}],"scenes":[{"nodes":[0]}])";

class BadScene : public ::testing::Test {
 protected:
  base::Result<ScenePtr> gltf(const std::string& body) {
    testing::write_text(folder_ / "t.gltf", R"({"asset":{"version":"2.0"},)" + body + "}");
    return load_scene(folder_ / "t.gltf");
  }
  testing::TemporaryFolder folder_;
};

TEST_F(BadScene, TheValidOneIsValid) {
  const auto scene = gltf(std::string(kBuffer) + kAccessor + kMesh + kNodes);
  EXPECT_TRUE(scene.ok()) << scene.error().message;
}

TEST_F(BadScene, FilesThatAreNoScenes) {
  expect_refused(load_scene(folder_ / "absent.glb"), "not there");
  testing::write_text(folder_ / "empty.glb", "");
  expect_refused(load_scene(folder_ / "empty.glb"), "empty");
  testing::write_text(folder_ / "text.glb", "this is no scene at all");
  expect_refused(load_scene(folder_ / "text.glb"), "valid JSON");
  testing::write_text(folder_ / "x.fbx", "Kaydara");
  expect_refused(load_scene(folder_ / "x.fbx"), "ends in .glb");
  std::filesystem::create_directory(folder_ / "dir.glb");
  expect_refused(load_scene(folder_ / "dir.glb"), "plain file");
  auto glb = testing::make_glb("{}", {});
  glb[4] = 1;
  testing::write_bytes(folder_ / "v1.glb", glb);
  expect_refused(load_scene(folder_ / "v1.glb"), "version 1");
}

TEST_F(BadScene, StructureOfGltf) {
  const std::string start = std::string(kBuffer) + kAccessor + kMesh;
  expect_refused(
      gltf(start + R"("nodes":[{"children":[1]},{"children":[0],"mesh":0}],"scenes":[{"nodes":[0]}])"),
      "cycle");
  expect_refused(gltf(start + R"("nodes":[{"children":[0],"mesh":0}])"), "cycle");
  expect_refused(gltf(start + R"("nodes":[{"children":[7]}],"scenes":[{"nodes":[0]}])"),
                 "node numbers below 1");
  expect_refused(gltf(start + R"("nodes":[{"mesh":3}],"scenes":[{"nodes":[0]}])"),
                 "'mesh' must be a whole number below 1");
  expect_refused(gltf(start + R"("nodes":[{"mesh":-1}],"scenes":[{"nodes":[0]}])"), "found -1");
  expect_refused(gltf(start + R"("nodes":[{"mesh":0.5}],"scenes":[{"nodes":[0]}])"), "found 0.5");
  expect_refused(gltf(start + R"("nodes":[{"mesh":0,"rotation":[0,0,0,0]}],"scenes":[{"nodes":[0]}])"),
                 "rotation");
  expect_refused(gltf(start + R"("nodes":[{"mesh":0,"scale":[1,1]}],"scenes":[{"nodes":[0]}])"), "3 numbers");
  expect_refused(gltf(start + R"("nodes":[{"mesh":0,"scale":[1,1,1e999]}],"scenes":[{"nodes":[0]}])"),
                 "valid JSON");
  expect_refused(gltf(start + R"("nodes":[{"mesh":0,"translation":[1e30,0,0]}],"scenes":[{"nodes":[0]}])"),
                 "coordinates must be");
  expect_refused(gltf(start + R"("nodes":[],"scenes":[{"nodes":[]}])"), "at least one triangle");
  expect_refused(gltf(start + R"("scene":4,"nodes":[],"scenes":[{"nodes":[]}])"), "'scene' must be");
  expect_refused(gltf(start + R"("nodes":7)"), "must be an array");
  expect_refused(
      gltf(std::string(kBuffer) + kAccessor + R"("extensionsRequired":["EXT_meshopt_compression"])"),
      "EXT_meshopt_compression");
  std::string deep = R"("nodes":[)";
  for (int i = 0; i < 299; ++i) deep += "{\"children\":[" + std::to_string(i + 1) + "]},";
  expect_refused(gltf(start + deep + R"({"mesh":0}],"scenes":[{"nodes":[0]}])"), "at most 256 deep");
  expect_refused(gltf("\"extras\":" + std::string(100, '[') + std::string(100, ']')),
                 "nested deeper than 64");
  testing::write_text(folder_ / "old.gltf", R"({"asset":{"version":"1.0"}})");
  expect_refused(load_scene(folder_ / "old.gltf"), "version '1.0'");
}

TEST_F(BadScene, ArraysOfGltf) {
  const std::string end = std::string(kMesh) + kNodes;
  const auto accessor = [&](const std::string& json) {
    return gltf(kBuffer + ("\"accessors\":[" + json + "],") + end);
  };
  expect_refused(accessor(R"({"bufferView":0,"componentType":5126,"type":"VEC3","count":200000000})"),
                 "the view has 36");
  expect_refused(
      accessor(R"({"bufferView":0,"componentType":5126,"type":"VEC3","count":18446744073709551615})"),
      "whole number");
  expect_refused(accessor(R"({"componentType":5126,"type":"VEC3","count":200000000})"),
                 "without a bufferView");
  expect_refused(accessor(R"({"bufferView":0,"byteOffset":8,"componentType":5126,"type":"VEC3","count":3})"),
                 "from byte 8");
  expect_refused(accessor(R"({"bufferView":1,"componentType":5126,"type":"VEC3","count":3})"), "below 1");
  expect_refused(accessor(R"({"bufferView":0,"componentType":5124,"type":"VEC3","count":3})"),
                 "componentType");
  expect_refused(accessor(R"({"bufferView":0,"componentType":5126,"type":"VEC2","count":3})"),
                 "three components");
  expect_refused(
      accessor(R"({"componentType":5126,"type":"VEC3","count":3,"sparse":{"count":1,"indices":{"bufferView":0,
                 "componentType":5125,"byteOffset":12},"values":{"bufferView":0}}})"),
      "sparse index");
  expect_refused(
      accessor(R"({"componentType":5126,"type":"VEC3","count":3,"sparse":{"count":4,"indices":{"bufferView":0,
                 "componentType":5121},"values":{"bufferView":0}}})"),
      "count not above");
  const std::string far = R"("buffers":[{"byteLength":4000000000,"uri":"data:;base64,AAAA"}],)";
  expect_refused(gltf(far + kAccessor + end), "4000000000 bytes are wanted, 3 are there");
  expect_refused(
      gltf(
          R"("buffers":[{"byteLength":3,"uri":"data:;base64,AAAA"}],"bufferViews":[{"buffer":0,"byteOffset":2,"byteLength":5}],)" +
          std::string(kAccessor) + end),
      "the buffer has 3");
  expect_refused(
      gltf(kBuffer +
           std::string(R"("accessors":[{"bufferView":0,"componentType":5126,"type":"VEC3","count":3},
                 {"bufferView":0,"componentType":5121,"type":"SCALAR","count":36}],
                 "meshes":[{"primitives":[{"attributes":{"POSITION":0},"indices":1}]}],)") +
           kNodes),
      "names vertex 128");
}

TEST_F(BadScene, NotANumberInTheVertices) {
  std::vector<std::uint8_t> binary;
  testing::append<float>(binary, {0, 0, 0, std::nanf(""), 0, 0, 0, 1, 0});
  testing::write_bytes(
      folder_ / "nan.glb",
      testing::make_glb(std::string(R"({"asset":{"version":"2.0"},"buffers":[{"byteLength":36}],
                       "bufferViews":[{"buffer":0,"byteLength":36}],)") +
                            kAccessor + kMesh + kNodes + "}",
                        binary));
  expect_refused(load_scene(folder_ / "nan.glb"), "vertex 1 is");
}

TEST_F(BadScene, NamesThatLeaveTheFolder) {
  const testing::TemporaryFolder elsewhere;
  testing::write_text(elsewhere / "secret.bin", std::string(36, 'x'));
  std::filesystem::create_symlink(elsewhere / "secret.bin", folder_ / "link.bin");
  const auto buffer = [&](const std::string& uri) {
    return gltf(R"("buffers":[{"byteLength":36,"uri":")" + uri +
                R"("}],"bufferViews":[{"buffer":0,"byteLength":36}],)" + kAccessor + kMesh + kNodes);
  };
  expect_refused(buffer("../secret.bin"), "'..'");
  expect_refused(buffer("a/../../secret.bin"), "'..'");
  expect_refused(buffer("%2e%2e/secret.bin"), "'..'");
  expect_refused(buffer("/etc/passwd"), "not relative");
  expect_refused(buffer("file:///etc/passwd"), "scheme");
  expect_refused(buffer("http://host/x.bin"), "scheme");
  expect_refused(buffer("C:\\\\x.bin"), "scheme");
  expect_refused(buffer("a\\\\x.bin"), "backslash");
  expect_refused(buffer("~/x.bin"), "not relative");
  expect_refused(buffer("x%00.bin"), "control character");
  expect_refused(buffer("x%2.bin"), "escape");
  expect_refused(buffer("link.bin"), "link leads out");
  expect_refused(buffer("none.bin"), "none.bin");
  expect_refused(buffer("."), "plain file");
  expect_refused(buffer("data:;base64,@@@@"), "base64");
  expect_refused(buffer("data:text/plain,hello"), "base64");
}

TEST_F(BadScene, MissingAndDamagedTextures) {
  const auto textured = [&](const std::string& image) {
    return gltf(std::string(kBuffer) + kAccessor + R"("images":[)" + image + R"(],"textures":[{"source":0}],
      "materials":[{"pbrMetallicRoughness":{"baseColorTexture":{"index":0}}}],
      "meshes":[{"primitives":[{"attributes":{"POSITION":0},"material":0}]}],)" +
                kNodes);
  };
  expect_refused(textured(R"({"uri":"none.png"})"), "none.png");
  expect_refused(textured(R"({"bufferView":0})"), "PNG or JPEG");
  expect_refused(textured(R"({"bufferView":0,"uri":"a.png"})"), "either");
  testing::write_text(folder_ / "cut.png", "\x89PNG\r\n\x1a\n");
  expect_refused(textured(R"({"uri":"cut.png"})"), "too early");
}

TEST_F(BadScene, TruncatedGlbAtEveryLength) {
  ASSERT_TRUE(write_glb(folder_ / "s.glb", testing::small_scene()).ok());
  const auto whole = testing::read_bytes(folder_ / "s.glb");
  for (std::size_t length = 0; length < whole.size(); length += 1 + whole.size() / 500) {
    testing::write_bytes(folder_ / "s.glb",
                         {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)});
    const auto scene = load_scene(folder_ / "s.glb");
    ASSERT_FALSE(scene.ok()) << length;
    EXPECT_EQ(scene.error().code, base::ErrorCode::kData);
  }
}

std::uint32_t num_mutants() {
  const char* given = std::getenv("INKNAV_MUTANTS");
  return given != nullptr ? static_cast<std::uint32_t>(std::atoi(given)) : 2000u;
}

/// Calls `check` with mutants of `whole`: truncated, one bit flipped, up to 8 bytes overwritten.
void for_each_mutant(const std::vector<std::uint8_t>& whole, std::uint32_t seed,
                     const std::function<void(const std::vector<std::uint8_t>&)>& check,
                     std::uint32_t count = num_mutants()) {
  const auto size = static_cast<std::uint32_t>(whole.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    base::PhiloxStream random({.seed = seed, .step = i});
    auto mutant = whole;
    mutant.resize(random.uniform_int(size));
    check(mutant);
    mutant = whole;
    mutant[random.uniform_int(size)] ^= static_cast<std::uint8_t>(1u << random.uniform_int(8u));
    check(mutant);
    mutant = whole;
    const std::uint32_t at = random.uniform_int(size);
    const std::uint32_t run = 1 + random.uniform_int(8u);
    for (std::uint32_t k = at; k < std::min(size, at + run); ++k) {
      mutant[k] = random.bernoulli(0.5f) ? 0xFF : static_cast<std::uint8_t>(random.uniform_int(256u));
    }
    check(mutant);
  }
}

class Mutants : public ::testing::Test {
 protected:
  /// In memory, without load_scene's own reading of the file: thousands of files a second are a test of the
  /// disk.
  using Read = base::Result<Scene> (*)(std::span<const std::uint8_t>, internal::AssetFolder&);
  void check_scenes(const char* what, Read read, const std::vector<std::uint8_t>& whole, std::uint32_t seed) {
    internal::AssetFolder folder(folder_.path());
    ASSERT_TRUE(read(whole, folder).ok()) << read(whole, folder).error().message;
    std::size_t accepted = 0;
    for_each_mutant(whole, seed, [&](const std::vector<std::uint8_t>& mutant) {
      base::Result<Scene> parsed = read(mutant, folder);
      const auto scene =
          parsed.ok() ? finish(std::move(parsed).value()) : base::Result<ScenePtr>(parsed.error());
      if (scene.ok()) {
        EXPECT_TRUE((*scene)->validate().ok());
        ++accepted;
      } else {
        EXPECT_EQ(scene.error().code, base::ErrorCode::kData) << scene.error().message;
        EXPECT_FALSE(scene.error().message.empty());
      }
    });
    std::printf("%s: %u mutants, %zu still valid scenes\n", what, 3 * num_mutants(), accepted);
  }
  testing::TemporaryFolder folder_;
};

TEST_F(Mutants, OfGlb) {
  ASSERT_TRUE(write_glb(folder_ / "m.glb", testing::small_scene()).ok());
  check_scenes("glb", internal::read_gltf, testing::read_bytes(folder_ / "m.glb"), 1);
}

TEST_F(Mutants, OfGltfText) {
  const std::string text =
      std::string(R"({"asset":{"version":"2.0"},)") + kBuffer +
      R"("accessors":[{"bufferView":0,"componentType":5126,"type":"VEC3","count":3},
      {"bufferView":0,"componentType":5126,"type":"VEC3","count":2,"sparse":{"count":1,"indices":{"bufferView":0,
      "componentType":5121},"values":{"bufferView":0}}}],)" +
      kMesh +
      R"("nodes":[{"children":[1],"translation":[1,2,3]},{"mesh":0,"rotation":[0,0,0,1],"scale":[2,2,2]}],
      "scene":0,"scenes":[{"nodes":[0]}]})";
  check_scenes("gltf", internal::read_gltf, {text.begin(), text.end()}, 2);
}

TEST_F(Mutants, OfPly) {
  const std::string head =
      "element vertex 4\nproperty float x\nproperty float y\nproperty float z\nproperty uchar red\nproperty "
      "uchar "
      "green\nproperty uchar blue\nelement face 2\nproperty list uchar int vertex_indices\nend_header\n";
  const std::string ascii = "ply\nformat ascii 1.0\n" + head +
                            "0 0 0 1 2 3\n1 0 0 4 5 6\n1 1 0 7 8 9\n0 1 0 1 1 1\n4 0 1 2 3\n3 0 1 2\n";
  check_scenes("ascii ply", internal::read_ply, {ascii.begin(), ascii.end()}, 3);
  const std::string start = "ply\nformat binary_little_endian 1.0\n" + head;
  std::vector<std::uint8_t> binary(start.begin(), start.end());
  for (int v = 0; v < 4; ++v) {
    testing::append<float>(binary, {static_cast<float>(v % 2), static_cast<float>(v / 2), 0.0f});
    testing::append<std::uint8_t>(binary, {1, 2, 3});
  }
  testing::append<std::uint8_t>(binary, {3});
  testing::append<std::int32_t>(binary, {0, 1, 2});
  testing::append<std::uint8_t>(binary, {4});
  testing::append<std::int32_t>(binary, {0, 1, 3, 2});
  check_scenes("binary ply", internal::read_ply, binary, 4);
}

TEST_F(Mutants, OfObj) {
  testing::write_text(folder_ / "m.mtl", "newmtl red\nKd 1 0 0\n");
  const std::string text =
      "mtllib m.mtl\nv 0 0 0\nv 1 0 0 0.5 0.5 0.5\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 1\nvn 0 0 1\no box\ng a "
      "b\ns 1\n"
      "usemtl red\nf 1/1/1 2/2/1 3/1/1 4/2/1\nf -1 -2 -3\nl 1 2 3\n";
  check_scenes("obj", internal::read_obj, {text.begin(), text.end()}, 5);
}

TEST_F(Mutants, OfPictures) {
  Image image;
  image.width = 31;
  image.height = 17;
  image.channels = 3;
  for (int i = 0; i < 31 * 17 * 3; ++i) image.pixels.push_back(static_cast<std::uint8_t>(i * i / 7));
  std::uint32_t seed = 6;
  for (const auto& whole : {encode_png(image), encode_jpeg(image, 80)}) {
    std::size_t accepted = 0;
    for_each_mutant(whole, seed++, [&](const std::vector<std::uint8_t>& mutant) {
      const auto read = decode_image(mutant, "m", 4);
      if (read.ok()) {
        EXPECT_EQ(read->pixels.size(), static_cast<std::size_t>(4 * read->width * read->height));
        ++accepted;
      } else {
        EXPECT_EQ(read.error().code, base::ErrorCode::kData);
      }
    });
    std::printf("picture: %u mutants, %zu still decode\n", 3 * num_mutants(), accepted);
  }
}

TEST_F(Mutants, OfRobotMaps) {
  const std::string yaml =
      "image: m.pgm\nresolution: 0.05\norigin: [-1.0, -2.0, 0.0]\nnegate: 0\noccupied_thresh: "
      "0.65\nfree_thresh: "
      "0.196\nmode: trinary\n";
  const std::string pgm = "P5\n# c\n6 4\n255\n" + std::string(24, '\xFE');
  testing::write_text(folder_ / "m.pgm", pgm);
  for_each_mutant(
      {yaml.begin(), yaml.end()}, 8,
      [&](const std::vector<std::uint8_t>& mutant) {
        testing::write_bytes(folder_ / "m.yaml", mutant);
        const auto map = load_robot_map(folder_ / "m.yaml");
        if (!map.ok()) {
          EXPECT_EQ(map.error().code, base::ErrorCode::kData);
        }
      },
      num_mutants() / 20);
  testing::write_text(folder_ / "m.yaml", yaml);
  for_each_mutant(
      {pgm.begin(), pgm.end()}, 9,
      [&](const std::vector<std::uint8_t>& mutant) {
        testing::write_bytes(folder_ / "m.pgm", mutant);
        const auto map = load_robot_map(folder_ / "m.yaml");
        if (!map.ok()) {
          EXPECT_EQ(map.error().code, base::ErrorCode::kData);
        }
      },
      num_mutants() / 20);
}

}  // namespace
}  // namespace inknav::scene
