// SPDX-License-Identifier: MIT
// Every reader of this module through files, as commands use them (base/bad_input.h). bad_input_test.cc
// beside tries many more mutants of the same formats in memory.
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "base/bad_input.h"
#include "scene/image.h"
#include "scene/image_codec.h"
#include "scene/load.h"
#include "scene/robot_map.h"
#include "scene/scene_testing.h"
#include "scene/write_glb.h"

namespace inknav::scene {
namespace {

namespace fs = std::filesystem;
using namespace base::testing;  // NOLINT: test helpers

base::Status read_scene(const fs::path& path) { return status_of(load_scene(path)); }

class SceneReaders : public ::testing::Test {
 protected:
  testing::TemporaryFolder folder_;
};

TEST_F(SceneReaders, Glb) {
  const fs::path path = folder_ / "s.glb";
  ASSERT_TRUE(write_glb(path, testing::small_scene()).ok());
  const std::string sound = bytes_of_file(path);
  expect_typed_errors({.file = path,
                       .read = read_scene,
                       .hostile = {{"version 1", with_value(sound, 4, std::uint32_t{1})},
                                   {"version 3", with_value(sound, 4, std::uint32_t{3})},
                                   {"4 GiB of JSON", with_value(sound, 12, std::uint32_t{0xFFFFFFFF})},
                                   {"no magic", with_value(sound, 0, std::uint32_t{0})}}});
}

TEST_F(SceneReaders, Gltf) {
  const fs::path path = folder_ / "s.gltf";
  const std::string sound =
      R"({"asset":{"version":"2.0"},"buffers":[{"byteLength":36,"uri":"data:;base64,)"
      R"(AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA"}],"bufferViews":[{"buffer":0,"byteLength":36}],)"
      R"("accessors":[{"bufferView":0,"componentType":5126,"type":"VEC3","count":3}],)"
      R"("meshes":[{"primitives":[{"attributes":{"POSITION":0}}]}],"nodes":[{"mesh":0}],"scenes":[{"nodes":[0]}]})";
  put_bytes(path, sound);
  expect_typed_errors(
      {.file = path,
       .read = read_scene,
       .hostile = {{"another version", replaced(sound, "\"2.0\"", "\"7.0\"")},
                   {"2^32 vertices", replaced(sound, "\"count\":3", "\"count\":4294967299")},
                   {"2^64 bytes", replaced(sound, "\"byteLength\":36}],\"acc",
                                           "\"byteLength\":18446744073709551615}],\"acc")},
                   {"not finite", replaced(sound, "AAAAAAAAAAAAAAAAAACAPwAA", "AADAfwAAAAAAAAAAAACAPwAA")}}});
}

TEST_F(SceneReaders, Ply) {
  const fs::path path = folder_ / "s.ply";
  const std::string head =
      "element vertex 3\nproperty float x\nproperty float y\nproperty float z\nelement face 1\nproperty list "
      "uchar "
      "int vertex_indices\nend_header\n";
  std::string ascii = "ply\nformat ascii 1.0\n";
  ascii.append(head).append("0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n");
  put_bytes(path, ascii);
  expect_typed_errors({.file = path,
                       .read = read_scene,
                       .hostile = {{"another version", replaced(ascii, "ascii 1.0", "ascii 2.0")},
                                   {"2^32 vertices", replaced(ascii, "vertex 3", "vertex 4294967299")},
                                   {"2^64 faces", replaced(ascii, "face 1", "face 18446744073709551617")},
                                   {"not finite", replaced(ascii, "1 0 0\n", "nan 0 0\n")}}});
  std::string binary = "ply\nformat binary_little_endian 1.0\n";
  binary.append(head);
  const float corners[9] = {0, 0, 0, 1, 0, 0, 0, 1, 0};
  binary.append(reinterpret_cast<const char*>(corners), sizeof(corners));
  const std::size_t face = binary.size();
  binary.append(1, '\3').append(std::string("\0\0\0\0\1\0\0\0\2\0\0\0", 12));
  put_bytes(path, binary);
  expect_typed_errors(
      {.file = path,
       .read = read_scene,
       .hostile = {{"a corner beyond the vertices", with_value(binary, face + 1, std::int32_t{3})},
                   {"a corner below 0", with_value(binary, face + 1, std::int32_t{-1})},
                   {"not finite", with_value(binary, face - 8, std::numeric_limits<float>::infinity())}}});
}

TEST_F(SceneReaders, Obj) {
  const fs::path path = folder_ / "s.obj";
  const std::string sound = "v 0 0 0\nv 1 0 0\nv 0 1 0\nvn 0 0 1\nvt 0 0\nf 1/1/1 2/1/1 3/1/1\n";
  put_bytes(path, sound);
  expect_typed_errors({.file = path,
                       .read = read_scene,
                       .hostile = {{"2^32 as a corner", replaced(sound, "f 1/", "f 4294967297/")},
                                   {"2^31 as a corner", replaced(sound, "f 1/", "f 2147483648/")},
                                   {"a corner 0", replaced(sound, "f 1/", "f 0/")},
                                   {"not finite", replaced(sound, "v 1 0 0", "v nan 0 0")},
                                   {"out of range", replaced(sound, "v 1 0 0", "v 1e39 0 0")}}});
}

TEST_F(SceneReaders, StageConfig) {
  ASSERT_TRUE(write_glb(folder_ / "s.glb", testing::small_scene()).ok());
  const fs::path path = folder_ / "s.stage_config.json";
  const std::string sound = R"({"up": [0, 1, 0], "front": [0, 0, -1], "scale": 2, "units_to_meters": 1})";
  put_bytes(path, sound);
  // A turn or a scale with one digit changed may leave no area, which is told of the scene.
  expect_typed_errors({.file = path,
                       .read = [&](const fs::path&) { return read_scene(folder_ / "s.glb"); },
                       .named = false,
                       .required = false,
                       .hostile = {{"not finite", replaced(sound, "2", "1e999")},
                                   {"no direction", replaced(sound, "[0, 1, 0]", "[0, 0, 0]")},
                                   {"too deep", std::string(100'000, '[')}}});
}

TEST_F(SceneReaders, Pictures) {
  Image image{9, 7, 3, {}};
  for (int i = 0; i < 9 * 7 * 3; ++i) image.pixels.push_back(static_cast<std::uint8_t>(37 * i));
  const auto read = [](const fs::path& path) { return status_of(load_image(path, 3)); };
  ASSERT_TRUE(save_png(folder_ / "p.png", image).ok());
  const std::string png = bytes_of_file(folder_ / "p.png");
  expect_typed_errors({.file = folder_ / "p.png",
                       .read = read,
                       .hostile = {{"2^31 pixels wide", with_value(png, 16, std::uint32_t{0xFFFFFF7F})}}});
  const std::vector<std::uint8_t> jpeg = encode_jpeg(image, 80);
  put_bytes(folder_ / "p.jpg", std::string(jpeg.begin(), jpeg.end()));
  expect_typed_errors({.file = folder_ / "p.jpg", .read = read});
}

TEST_F(SceneReaders, RobotMaps) {
  std::string picture = "P5 9 6 255\n";
  put_bytes(folder_ / "m.pgm", picture.append(54, '\xFE'));
  const fs::path path = folder_ / "m.yaml";
  const std::string sound =
      "image: m.pgm\nresolution: 0.5\norigin: [0, 0, 0]\nnegate: 0\noccupied_thresh: 0.65\nfree_thresh: "
      "0.196\n";
  put_bytes(path, sound);
  const auto read = [&](const fs::path&) {
    const auto map = load_robot_map(path);
    return map.ok() ? status_of(make_robot_map_scene(*map)) : base::Status(map.error());
  };
  // The error may be about the picture that a changed name leads to.
  expect_typed_errors({.file = path,
                       .read = read,
                       .named = false,
                       .hostile = {{"not finite", replaced(sound, "0.5", ".nan")},
                                   {"no size", replaced(sound, "0.5", "0")},
                                   {"huge cells", replaced(sound, "0.5", "1e30")}}});
  picture = bytes_of_file(folder_ / "m.pgm");
  expect_typed_errors({.file = folder_ / "m.pgm",
                       .read = read,
                       .named = false,
                       .hostile = {{"2^32 wide", replaced(picture, "9 6", "4294967305 6")},
                                   {"too many", replaced(picture, "9 6", "90000 90000")},
                                   {"none", replaced(picture, "9 6", "0 6")}}});
}

}  // namespace
}  // namespace inknav::scene
