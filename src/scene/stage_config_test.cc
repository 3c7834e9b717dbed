// SPDX-License-Identifier: MIT
// How a scene file stands in the world: the rule by ending, and what stage configs change. Expected places
// are worked out by hand from the rule in scene/stage_attributes.h.
#include "scene/stage_config.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <glm/geometric.hpp>
#include <memory>
#include <sstream>
#include <string>

#include "scene/load.h"
#include "scene/scene_dataset.h"
#include "scene/scene_testing.h"
#include "scene/write_glb.h"

namespace inknav::scene {
namespace {

namespace fs = std::filesystem;

/// What is logged while it lives.
class CapturedLog {
 public:
  CapturedLog() {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "captured", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_)));
  }
  ~CapturedLog() { spdlog::set_default_logger(before_); }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;
  int count(const std::string& words) const {
    const std::string text = text_.str();
    int found = 0;
    for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++found;
    return found;
  }

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

/// One triangle with the corner (1, 2, 4).
constexpr const char* kObj = "v 1 2 4\nv 1 3 4\nv 2 2 4\nf 1 2 3\n";
constexpr const char* kPly =
    "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
    "element face 1\nproperty list uchar int vertex_indices\nend_header\n1 2 4\n1 3 4\n2 2 4\n3 0 1 2\n";

class StageConfig : public ::testing::Test {
 protected:
  /// Where the corner (1, 2, 4) of `name` comes to lie.
  base::Vec3 corner(const std::string& name, const LoadOptions& options = {}) {
    const auto scene = load_scene(folder_ / name, options);
    EXPECT_TRUE(scene.ok()) << scene.error().message;
    return scene.ok() ? (*scene)->positions[0] : base::Vec3(0.0f);
  }
  void write_scenes() {
    testing::write_text(folder_ / "a.obj", kObj);
    testing::write_text(folder_ / "a.ply", kPly);
    testing::write_text(folder_ / "a_semantic.ply", kPly);
    write_gltf(folder_ / "a.gltf");
    std::vector<std::uint8_t> binary;
    testing::append<float>(binary, {1, 2, 4, 1, 3, 4, 2, 2, 4});
    testing::write_bytes(folder_ / "a.glb", testing::make_glb(kJson + "}", binary));
    testing::write_bytes(folder_ / "a.basis.glb", testing::make_glb(kJson + "}", binary));
  }
  void write_gltf(const fs::path& path) {
    std::vector<std::uint8_t> binary;
    testing::append<float>(binary, {1, 2, 4, 1, 3, 4, 2, 2, 4});
    testing::write_bytes(folder_ / "a.bin", binary);
    std::string json = kJson + "}";
    json.replace(json.find(R"({"byteLength":36})"), 17, R"({"byteLength":36,"uri":"a.bin"})");
    testing::write_text(path, json);
  }
  void config(const std::string& text, const std::string& name = "a.stage_config.json") {
    testing::write_text(folder_ / name, text);
  }
  void expect_fault(const std::string& text, const std::string& words) {
    config(text);
    const auto scene = load_scene(folder_ / "a.glb");
    ASSERT_FALSE(scene.ok()) << text;
    EXPECT_EQ(scene.error().code, base::ErrorCode::kData);
    EXPECT_NE(scene.error().message.find(words), std::string::npos) << scene.error().message;
    EXPECT_NE(scene.error().message.find("a.stage_config.json"), std::string::npos) << scene.error().message;
  }

  const std::string kJson =
      R"({"asset":{"version":"2.0"},"buffers":[{"byteLength":36}],"bufferViews":[{"buffer":0,"byteLength":36}],)"
      R"("accessors":[{"bufferView":0,"componentType":5126,"type":"VEC3","count":3}],)"
      R"("meshes":[{"primitives":[{"attributes":{"POSITION":0}}]}],"nodes":[{"mesh":0}],"scenes":[{"nodes":[0]}])";
  testing::TemporaryFolder folder_;
};

TEST_F(StageConfig, WithoutOneTheEndingDecides) {
  write_scenes();
  // Only ".glb" is turned: (x, y, z) -> (x, z, -y).
  EXPECT_EQ(corner("a.glb"), base::Vec3(1, 4, -2));
  EXPECT_EQ(corner("a.basis.glb"), base::Vec3(1, 4, -2));
  for (const char* name : {"a.gltf", "a.obj", "a.ply", "a_semantic.ply"}) {
    EXPECT_EQ(corner(name), base::Vec3(1, 2, 4)) << name;
  }
}

TEST_F(StageConfig, UpAndFrontCountForEveryEnding) {
  write_scenes();
  config(R"({"up": [0, 0, 1], "front": [0, 1, 0]})");
  for (const char* name : {"a.glb", "a.gltf", "a.obj", "a.ply"}) {
    EXPECT_EQ(corner(name), base::Vec3(1, 4, -2)) << name;
  }
  EXPECT_EQ(corner("a_semantic.ply"), base::Vec3(1, 2, 4));  // another stem: not its config
  config(R"({"up": [0, 1, 0], "front": [0, 0, -1]})");
  EXPECT_EQ(corner("a.glb"), base::Vec3(1, 2, 4));
  // right = front x up = (1,0,0) x (0,0,1) = (0,-1,0); lengths do not matter.
  config(R"({"up": [0, 0, 5], "front": [0.5, 0, 0]})");
  EXPECT_EQ(corner("a.obj"), base::Vec3(-2, 4, -1));
}

TEST_F(StageConfig, AConfigWithoutUpAndFrontMeansUpY) {
  // So does Habitat: only a stage that no config made takes its frame from the ending.
  write_scenes();
  config("{}");
  EXPECT_EQ(corner("a.glb"), base::Vec3(1, 2, 4));
  config(R"({"units_to_meters": 0.5})");
  EXPECT_EQ(corner("a.glb"), base::Vec3(0.5f, 1, 2));
}

TEST_F(StageConfig, FirstTheTurnThenScaleAndUnitsThenOrigin) {
  write_scenes();
  // (1,2,4) turned is (1,4,-2); times (2,3,5) and 0.5 is (1,6,-5); moved by (10,20,30) it is (11,26,25).
  config(
      R"({"up": [0,0,1], "front": [0,1,0], "scale": [2,3,5], "units_to_meters": 0.5, "origin": [10,20,30]})");
  EXPECT_EQ(corner("a.glb"), base::Vec3(11, 26, 25));
  config(R"({"up": [0,0,1], "front": [0,1,0], "scale": 3})");
  EXPECT_EQ(corner("a.glb"), base::Vec3(3, 12, -6));
}

TEST_F(StageConfig, AMirrorKeepsTheFrontsOfTriangles) {
  write_scenes();
  const auto normal = [&]() {
    const auto scene = load_scene(folder_ / "a.obj");
    const glm::u32vec3 t = (*scene)->triangles[0];
    const auto& p = (*scene)->positions;
    return glm::normalize(glm::cross(p[t.y] - p[t.x], p[t.z] - p[t.x]));
  };
  const base::Vec3 before = normal();
  config(R"({"scale": [-1, 1, 1]})");
  // A triangle in a plane of constant z, seen in a mirror across x, faces the way it did.
  EXPECT_EQ(normal(), before);
}

TEST_F(StageConfig, AnUpAxisThatIsAskedForTakesThePlaceOfTheConfig) {
  write_scenes();
  config(R"({"up": [0,0,1], "front": [0,1,0], "scale": 3, "origin": [1,1,1]})");
  LoadOptions options;
  options.up = UpAxis::kY;
  EXPECT_EQ(corner("a.obj", options), base::Vec3(1, 2, 4));
  options.up = UpAxis::kZ;
  EXPECT_EQ(corner("a.obj", options), base::Vec3(1, 4, -2));
}

TEST_F(StageConfig, TheCacheKnowsTheFrame) {
  write_scenes();
  LoadOptions options;
  options.cache_dir = folder_ / "cache";
  EXPECT_EQ(corner("a.glb", options), base::Vec3(1, 4, -2));
  EXPECT_EQ(corner("a.glb", options), base::Vec3(1, 4, -2));
  config(R"({"up": [0,0,1], "front": [0,1,0], "origin": [1, 0, 0]})");
  EXPECT_EQ(corner("a.glb", options), base::Vec3(2, 4, -2));
}

TEST_F(StageConfig, OtherFilesAreNamedByIt) {
  write_scenes();
  fs::create_directory(folder_ / "meshes");
  fs::rename(folder_ / "a.obj", folder_ / "meshes" / "b.obj");
  testing::write_text(folder_ / "n.navmesh", "x");
  testing::write_text(folder_ / "d.scn", "{}");
  config(R"({"render_asset": "meshes/b.obj", "nav_asset": "n.navmesh", "semantic_asset": "s.ply",
             "semantic_descriptor_filename": "d.scn", "up": [0,0,1], "front": [0,1,0]})",
         "room.stage_config.json");
  const auto scene = resolve_scene(folder_ / "room.stage_config.json");
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  EXPECT_EQ(scene->name, "room");
  EXPECT_TRUE(fs::equivalent(scene->file, folder_ / "meshes" / "b.obj"));
  EXPECT_TRUE(fs::equivalent(scene->nav_mesh, folder_ / "n.navmesh"));
  EXPECT_TRUE(fs::equivalent(scene->semantic_descriptor, folder_ / "d.scn"));
  EXPECT_TRUE(scene->semantic_asset.empty());  // not there
  EXPECT_EQ(corner("room.stage_config.json"), base::Vec3(1, 4, -2));
}

TEST_F(StageConfig, TheDescriptorBesideTheSceneIsFound) {
  write_scenes();
  const auto found = [&](const std::string& scene) {
    const auto resolved = resolve_scene(folder_ / scene);
    return resolved.ok() ? resolved->semantic_descriptor.filename().string() : resolved.error().message;
  };
  EXPECT_EQ(found("a.basis.glb"), "");
  // From the last that is looked for to the first.
  for (const char* name : {"info_semantic.json", "a.semantic.txt", "a_semantic.txt", "a.basis_semantic.txt",
                           "a.basis.scn", "a.basis.house"}) {
    testing::write_text(folder_ / name, "x");
    EXPECT_EQ(found("a.basis.glb"), name);
  }
  EXPECT_EQ(found("a.ply"), "a_semantic.txt");
}

TEST_F(StageConfig, AFolderIsTheSceneInIt) {
  fs::create_directories(folder_ / "room_0" / "habitat");
  EXPECT_NE(load_scene(folder_ / "room_0").error().message.find("name the file"), std::string::npos);
  testing::write_text(folder_ / "room_0" / "only.ply", kPly);
  auto scene = resolve_scene(folder_ / "room_0");
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  EXPECT_EQ(scene->file.filename(), "only.ply");
  EXPECT_EQ(scene->name, "room_0");
  testing::write_text(folder_ / "room_0" / "second.obj", kObj);
  EXPECT_FALSE(resolve_scene(folder_ / "room_0").ok());
  // Replica's two meshes, the one that Habitat reads first.
  testing::write_text(folder_ / "room_0" / "mesh.ply", kPly);
  EXPECT_EQ(resolve_scene(folder_ / "room_0")->file.filename(), "mesh.ply");
  EXPECT_TRUE(resolve_scene(folder_ / "room_0")->notes.empty());
  fs::create_directory(folder_ / "room_0" / "textures");
  ASSERT_EQ(resolve_scene(folder_ / "room_0")->notes.size(), 1u);
  EXPECT_NE(resolve_scene(folder_ / "room_0")->notes[0].find("(Ptex) are not read; the colours"),
            std::string::npos);
  testing::write_text(folder_ / "room_0" / "habitat" / "mesh_semantic.ply", kPly);
  testing::write_text(folder_ / "room_0" / "habitat" / "info_semantic.json", "{}");
  scene = resolve_scene(folder_ / "room_0/");
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  EXPECT_EQ(scene->file.filename(), "mesh_semantic.ply");
  EXPECT_EQ(scene->semantic_descriptor.filename(), "info_semantic.json");
  EXPECT_EQ(scene->name, "room_0");
  EXPECT_EQ(corner("room_0"), base::Vec3(1, 2, 4));
}

TEST_F(StageConfig, KeysWithoutEffectAreReadAndOthersAreWarnedOfOnce) {
  write_scenes();
  config(
      R"({"up": [0,0,1], "front": [0,1,0], "gravity": [0,-9.8,0], "margin": 0.04, "force_flat_shading": true,
             "shader_type": "pbr", "semantic_up": [0,0,1], "semantic_front": [0,1,0], "is_collidable": true,
             "friction_coefficient": 0.5, "rolling_friction_coefficient": 0.1, "restitution_coefficient": 0.1,
             "spinning_friction_coefficient": 0.1, "collision_asset": "c.glb", "collision_asset_size": [1,1,1],
             "render_asset_type": "mp3d", "has_semantic_textures": true, "user_defined": {"a": 1},
             "marker_sets": {}})");
  const CapturedLog log;
  EXPECT_EQ(corner("a.glb"), base::Vec3(1, 4, -2));
  EXPECT_EQ(log.count("warn"), 0);
  config(R"({"up": [0,0,1], "front": [0,1,0], "colour": "red", "weight": 3})");
  corner("a.glb");
  corner("a.glb");
  EXPECT_EQ(log.count("keys without a meaning here are ignored: colour, weight"), 1);
}

TEST_F(StageConfig, FaultsNameFileAndKey) {
  write_scenes();
  expect_fault(R"({"up": [0, 1, 0]})", "'up' and 'front' must be given together");
  expect_fault(R"({"up": [0, 1, 0], "front": [0, 1, 0]})", "orthogonal");
  expect_fault(R"({"up": [0, 0, 0], "front": [0, 1, 0]})", "orthogonal");
  expect_fault(R"({"up": [1e200, 0, 0], "front": [0, 1, 0]})", "orthogonal");
  expect_fault(R"({"up": [0, 1], "front": [0, 0, -1]})", "'up' must be an array of 3 numbers");
  expect_fault(R"({"up": [0, "y", 0], "front": [0, 0, -1]})", "'up' must be an array of 3 finite numbers");
  expect_fault(R"({"scale": 0})", "'scale' must not be zero");
  expect_fault(R"({"scale": [1, 0, 1]})", "'scale' must not be zero");
  expect_fault(R"({"scale": [1, 1]})", "'scale' must be an array of 3 numbers");
  expect_fault(R"({"units_to_meters": -1})", "'units_to_meters' must be above zero");
  expect_fault(R"({"units_to_meters": "1"})", "'units_to_meters' must be a finite number");
  expect_fault(R"({"origin": 3})", "'origin' must be an array of 3 numbers");
  expect_fault(R"({"gravity": [0, -9.8]})", "'gravity' must be an array of 3 finite numbers");
  expect_fault(R"({"semantic_up": "z"})", "'semantic_up' must be");
  expect_fault(R"({"margin": "wide"})", "'margin' must be a finite number");
  expect_fault(R"({"force_flat_shading": 1})", "'force_flat_shading' must be true or false");
  expect_fault(R"({"shader_type": 2})", "'shader_type' must be a string");
  expect_fault(R"({"user_defined": 2})", "'user_defined' must be an object or an array");
  expect_fault(R"({"render_asset": 2})", "'render_asset' must be a string");
  expect_fault(R"({"render_asset": "a.stage_config.json"})", "'render_asset' must be a mesh");
  expect_fault(R"({"render_asset": "../a.glb"})", "it lies outside");
  expect_fault(R"({"render_asset": "/etc/passwd"})", "a relative path");
  expect_fault(R"({"nav_asset": "no.navmesh"})", "'nav_asset' names 'no.navmesh', which is not there");
  expect_fault(R"({"nav_asset": "../x.navmesh"})", "it lies outside");
  expect_fault("[1]", "a JSON object is wanted");
  expect_fault("", "valid JSON");
  expect_fault(R"({"scale": )", "valid JSON");
  expect_fault(R"({"scale": 1e999})", "valid JSON");
  expect_fault(R"({"up": NaN})", "valid JSON");
  fs::remove(folder_ / "a.stage_config.json");
  fs::create_directory(folder_ / "a.stage_config.json");
  const auto scene = load_scene(folder_ / "a.glb");
  ASSERT_FALSE(scene.ok());
  EXPECT_NE(scene.error().message.find("a.stage_config.json"), std::string::npos);
}

TEST_F(StageConfig, AMeshThatIsNotThereIsTheOneBesideTheConfig) {
  write_scenes();
  config(R"({"render_asset": "renamed.glb", "up": [0,0,1], "front": [0,1,0]})");
  const CapturedLog log;
  EXPECT_EQ(corner("a.glb"), base::Vec3(1, 4, -2));
  EXPECT_EQ(log.count("names 'renamed.glb', which is not there; a.glb is used"), 1);
  config(R"({"up": [0,0,1], "front": [0,1,0]})", "b.stage_config.json");
  const auto scene = resolve_scene(folder_ / "b.stage_config.json");
  ASSERT_FALSE(scene.ok());
  EXPECT_NE(scene.error().message.find("'render_asset' is wanted"), std::string::npos)
      << scene.error().message;
}

TEST(StageName, IsTheFileWithoutFolderAndTwoEndings) {
  EXPECT_EQ(stage_name("a/TEEsavR23oF.basis.glb"), "TEEsavR23oF");
  EXPECT_EQ(stage_name("apt_0.stage_config.json"), "apt_0");
  EXPECT_EQ(stage_name("x.ply"), "x");
}

}  // namespace
}  // namespace inknav::scene
