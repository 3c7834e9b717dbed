// SPDX-License-Identifier: MIT
// Scene dataset configs in the layouts of HM3D, Matterport and ReplicaCAD, written by hand.
#include "scene/scene_dataset.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "scene/damage_testing.h"
#include "scene/load.h"
#include "scene/path_pattern.h"
#include "scene/scene_testing.h"

namespace inknav::scene {
namespace {

namespace fs = std::filesystem;

/// One triangle with the corner (1, 2, 4).
constexpr const char* kObj = "v 1 2 4\nv 1 3 4\nv 2 2 4\nf 1 2 3\n";

class DatasetConfig : public ::testing::Test {
 protected:
  void write(const std::string& name, std::string_view text) {
    fs::create_directories((root_ / name).parent_path());
    testing::write_text(root_ / name, text);
  }
  base::Result<SceneDatasetPtr> load(std::string_view text) {
    write("x.scene_dataset_config.json", text);
    return SceneDataset::load(root_ / "x.scene_dataset_config.json");
  }
  /// Resolved by name alone.
  ResolvedScene resolve(const SceneDatasetPtr& dataset, const std::string& id,
                        const fs::path& fallback = {}) {
    auto scene = dataset->resolve(id, fallback);
    EXPECT_TRUE(scene.ok()) << id << ": " << scene.error().message;
    return scene.ok() ? std::move(scene).value() : ResolvedScene{};
  }
  std::string fault(const SceneDatasetPtr& dataset, const std::string& id) {
    const auto scene = dataset->resolve(id, {});
    EXPECT_FALSE(scene.ok()) << id;
    if (scene.ok()) return {};
    EXPECT_EQ(scene.error().code, base::ErrorCode::kData);
    return scene.error().message;
  }
  void expect_fault(std::string_view text, const std::string& words) {
    const auto dataset = load(text);
    ASSERT_FALSE(dataset.ok()) << text;
    EXPECT_EQ(dataset.error().code, base::ErrorCode::kData);
    EXPECT_NE(dataset.error().message.find(words), std::string::npos) << dataset.error().message;
    EXPECT_NE(dataset.error().message.find(".json"), std::string::npos) << dataset.error().message;
  }
  base::Vec3 corner(const ResolvedScene& scene) {
    const auto loaded = load_scene(scene);
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    return loaded.ok() ? (*loaded)->positions[0] : base::Vec3(0.0f);
  }

  testing::TemporaryFolder folder_;
  fs::path root_ = fs::canonical(folder_.path()) / "set";
};

TEST_F(DatasetConfig, LikeHm3d) {
  write("val/00800-TEE/TEE.basis.obj", kObj);
  write("val/00800-TEE/TEE.basis.navmesh", "n");
  write("val/00800-TEE/TEE.semantic.txt", "HM3D");
  write("val/00801-XYZ/XYZ.basis.obj", kObj);
  const auto dataset = load(R"({"stages": {
      "default_attributes": {"shader_type": "flat", "up": [0,0,1], "front": [0,1,0], "origin": [0,0,0],
        "nav_asset": "%%CONFIG_NAME_AS_ASSET_FILENAME%%.basis.navmesh",
        "semantic_descriptor_filename": "%%CONFIG_NAME_AS_ASSET_FILENAME%%.semantic.txt"},
      "paths": {".obj": ["val/*/"]}},
    "scene_instances": {"default_attributes": {"default_lighting": "no_lights"}}})");
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  EXPECT_EQ((*dataset)->stages(),
            (std::vector<std::string>{"val/00800-TEE/TEE.basis.obj", "val/00801-XYZ/XYZ.basis.obj"}));
  EXPECT_TRUE((*dataset)->notes().empty());
  for (const char* id : {"TEE", "TEE.basis", "TEE.basis.obj", "val/00800-TEE/TEE.basis.obj",
                         "00800-TEE/TEE.basis.obj", "set/val/00800-TEE/TEE.basis.obj", "00800", "./TEE"}) {
    const ResolvedScene scene = resolve(*dataset, id);
    EXPECT_EQ(scene.file, root_ / "val/00800-TEE/TEE.basis.obj") << id;
    EXPECT_EQ(scene.name, "TEE.basis");
    EXPECT_EQ(scene.nav_mesh, root_ / "val/00800-TEE/TEE.basis.navmesh");
    EXPECT_EQ(scene.semantic_descriptor, root_ / "val/00800-TEE/TEE.semantic.txt");
    EXPECT_EQ(corner(scene), base::Vec3(1, 4, -2));
  }
  // What default attributes name and a stage does not have is no fault.
  const ResolvedScene bare = resolve(*dataset, "XYZ");
  EXPECT_TRUE(bare.nav_mesh.empty());
  EXPECT_TRUE(bare.semantic_descriptor.empty());
}

TEST_F(DatasetConfig, WithoutDefaultAttributesTheEndingDecidesAndWithThemUpIsY) {
  write("a.obj", kObj);
  std::vector<std::uint8_t> binary;
  testing::append<float>(binary, {1, 2, 4, 1, 3, 4, 2, 2, 4});
  write("b.glb", "");
  testing::write_bytes(
      root_ / "b.glb",
      testing::make_glb(
          R"({"asset":{"version":"2.0"},"buffers":[{"byteLength":36}],"bufferViews":[{"buffer":0,"byteLength":36}],)"
          R"("accessors":[{"bufferView":0,"componentType":5126,"type":"VEC3","count":3}],)"
          R"("meshes":[{"primitives":[{"attributes":{"POSITION":0}}]}],"nodes":[{"mesh":0}],"scenes":[{"nodes":[0]}]})",
          binary));
  auto dataset = load(R"({"stages": {"paths": {".obj": ["*"], ".glb": ["."]},
      "configs": [{"original_file": "b.glb", "template_handle": "twice", "attributes": {"scale": 2}},
                  {"template_handle": "new", "attributes": {"render_asset": "b.glb"}}]}})");
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  EXPECT_EQ(corner(resolve(*dataset, "a")), base::Vec3(1, 2, 4));
  EXPECT_EQ(corner(resolve(*dataset, "b")), base::Vec3(1, 4, -2));
  EXPECT_EQ(corner(resolve(*dataset, "twice")), base::Vec3(2, 8, -4));
  EXPECT_EQ(corner(resolve(*dataset, "new")), base::Vec3(1, 2, 4));
  dataset = load(R"({"stages": {"default_attributes": {"scale": 2}, "paths": {".glb": ["b.glb"]}}})");
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  EXPECT_EQ(corner(resolve(*dataset, "b")), base::Vec3(2, 4, 8));
}

TEST_F(DatasetConfig, LaterLayersWin) {
  write("a.obj", kObj);
  write("a.stage_config.json", R"({"scale": 2, "origin": [1, 0, 0]})");
  const auto dataset = load(R"({"stages": {
      "default_attributes": {"scale": 7, "up": [0,0,1], "front": [0,1,0]},
      "paths": {".obj": ["a.obj"]},
      "configs": [{"original_file": "a.obj", "attributes": {"origin": [0, 0, 9]}},
                  {"original_file": "a.obj", "template_handle": "twice", "attributes": {"scale": 4}},
                  {"template_name": "new", "attributes": {"render_asset": "a.obj", "scale": 1}}]}})");
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  // (1,2,4) turned as the defaults say is (1,4,-2); scale of the stage config; origin of the entry.
  EXPECT_EQ(corner(resolve(*dataset, "a.obj")), base::Vec3(2, 8, 5));
  EXPECT_EQ(corner(resolve(*dataset, "twice")), base::Vec3(4, 16, 1));
  // A template of its own starts from the defaults.
  EXPECT_EQ(corner(resolve(*dataset, "new")), base::Vec3(1, 4, -2));
}

TEST_F(DatasetConfig, LikeReplicaCad) {
  write("stages/apt.obj", kObj);
  write("configs/stages/apt.stage_config.json",
        R"({"render_asset": "../../stages/apt.obj", "up": [0,1,0], "front": [0,0,-1]})");
  write("navmeshes/apt_0.navmesh", "n");
  write("configs/ssd/apt.json", "{}");
  write("configs/scenes/apt_0.scene_instance.json",
        R"({"stage_instance": {"template_name": "stages/apt", "translation": [0,0,0], "rotation": [1,0,0,0]},
            "default_lighting": "lighting/a", "navmesh_instance": "apt_0_nav",
            "semantic_scene_instance": "apt_ssd",
            "object_instances": [{"template_name": "chair"}, {"template_name": "table"}],
            "articulated_object_instances": [{"template_name": "fridge"}]})");
  write("configs/scenes/apt_1.scene_instance.json", R"({"stage_instance": {"template_name": "apt"}})");
  const auto dataset = load(R"({"stages": {"paths": {".json": ["configs/stages"]}},
      "objects": {"paths": {".json": ["configs/objects", "configs/more"]}},
      "scene_instances": {"paths": {".json": ["configs/scenes"]}},
      "navmesh_instances": {"apt_0_nav": "navmeshes/apt_0.navmesh", "gone": "navmeshes/gone.navmesh"},
      "semantic_scene_descriptor_instances": {"apt_ssd": "configs/ssd/apt.json", "paths": {}}})");
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  ASSERT_EQ((*dataset)->notes().size(), 2u);
  EXPECT_NE((*dataset)->notes()[0].find("'gone' names"), std::string::npos);
  EXPECT_NE((*dataset)->notes()[1].find("2 entries of 'objects' are not loaded"), std::string::npos);
  EXPECT_EQ((*dataset)->scene_instances().size(), 2u);
  const ResolvedScene scene = resolve(*dataset, "apt_0");
  EXPECT_EQ(scene.file, root_ / "stages/apt.obj");
  EXPECT_EQ(scene.name, "apt_0");
  EXPECT_EQ(scene.nav_mesh, root_ / "navmeshes/apt_0.navmesh");
  EXPECT_EQ(scene.semantic_descriptor, root_ / "configs/ssd/apt.json");
  ASSERT_EQ(scene.notes.size(), 2u);
  EXPECT_NE(scene.notes[0].find("2 object_instances are not loaded"), std::string::npos);
  EXPECT_EQ(corner(scene), base::Vec3(1, 2, 4));
  EXPECT_TRUE(resolve(*dataset, "apt_1").nav_mesh.empty());
  EXPECT_EQ(resolve(*dataset, "apt").name, "apt");  // the stage itself: its whole name comes before parts
  EXPECT_NE(fault(*dataset, "apt_").find("apt_0.scene_instance.json"), std::string::npos);
  EXPECT_NE(fault(*dataset, "apt_").find("give more of the name"), std::string::npos);
}

TEST_F(DatasetConfig, AStageThatIsMovedByItsInstanceIsToldOf) {
  write("a.obj", kObj);
  write("i.scene_instance.json", R"({"stage_instance": {"template_name": "a", "translation": [1, 0, 0]}})");
  const auto dataset =
      load(R"({"stages": {"paths": {".obj": ["a.obj"]}}, "scene_instances": {"paths": {".json": ["."]}}})");
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  const ResolvedScene scene = resolve(*dataset, "i");
  ASSERT_EQ(scene.notes.size(), 1u);
  EXPECT_NE(scene.notes[0].find("translation, rotation and scale"), std::string::npos);
  EXPECT_EQ(corner(scene), base::Vec3(1, 2, 4));
}

TEST_F(DatasetConfig, AFileThatIsNotListedStandsAsTheDefaultsSay) {
  write("a.obj", kObj);
  const fs::path other = folder_ / "other.obj";
  testing::write_text(other, kObj);
  const auto dataset =
      load(R"({"stages": {"default_attributes": {"scale": 2}, "paths": {".obj": ["a.obj"]}}})");
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  EXPECT_EQ(corner(resolve(*dataset, "hm3d/other.obj", other)), base::Vec3(2, 4, 8));
  testing::write_text(folder_ / "other.stage_config.json", R"({"origin": [1, 0, 0]})");
  EXPECT_EQ(corner(resolve(*dataset, "hm3d/other.obj", other)), base::Vec3(3, 4, 8));
  // A listed file is found by where it is, whatever it is called in the episode.
  EXPECT_EQ(resolve(*dataset, "any/name.obj", root_ / "a.obj").file, root_ / "a.obj");
  EXPECT_NE(fault(*dataset, "hm3d/none.obj").find("none of its 0 scene instances and 1 stages"),
            std::string::npos);
  EXPECT_NE(fault(*dataset, "").find("it is empty"), std::string::npos);
}

TEST_F(DatasetConfig, NamesMayGoUpToTheConfigsFolderAndNoFurther) {
  testing::write_text(folder_ / "secret.obj", kObj);
  write("in/a.stage_config.json", R"({"render_asset": "../../secret.obj"})");
  auto dataset = load(R"({"stages": {"paths": {".json": ["in"]}}})");
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  EXPECT_NE(fault(*dataset, "a").find("it lies outside"), std::string::npos);
  fs::create_directory_symlink(folder_.path(), root_ / "link");
  expect_fault(R"({"stages": {"paths": {".obj": ["link"]}}})", "a link that leads out");
  expect_fault(R"({"stages": {"paths": {".obj": ["../"]}}})", "leaves the folder");
  expect_fault(R"({"stages": {"paths": {".obj": ["/etc"]}}})", "leaves the folder");
  expect_fault(R"({"navmesh_instances": {"a": "../secret.obj"}})", "it lies outside");
  expect_fault(R"({"navmesh_instances": {"a": "link/secret.obj"}})", "it lies outside");
  expect_fault(R"({"stages": {"configs": [{"original_file": "../secret.obj", "attributes": {}}]}})",
               "it lies outside");
}

TEST_F(DatasetConfig, ConfigsThatNameThemselvesEnd) {
  write("self.stage_config.json", R"({"render_asset": "self.stage_config.json"})");
  write("self.scene_instance.json", R"({"stage_instance": {"template_name": "self.scene_instance"}})");
  const auto dataset = load(R"({"stages": {"paths": {".json": [".", "x.scene_dataset_config.json"]}},
                                "scene_instances": {"paths": {".json": ["."]}}})");
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  EXPECT_NE(fault(*dataset, "self.stage_config.json").find("'render_asset' must be a mesh"),
            std::string::npos);
  EXPECT_NE(fault(*dataset, "self.scene_instance.json").find("is no stage of"), std::string::npos);
}

TEST_F(DatasetConfig, FaultsNameFileAndPlace) {
  write("a.obj", kObj);
  write("bad.stage_config.json", R"({"up": 3})");
  write("bad.scene_instance.json", R"({"stage_instance": {}})");
  expect_fault("", "valid JSON");
  expect_fault("[]", "a JSON object is wanted");
  expect_fault(R"({"stages": 1})", "'stages' must be an object");
  expect_fault(R"({"stages": {"default_attributes": 1}})", "'default_attributes' must be an object");
  expect_fault(R"({"stages": {"default_attributes": {"up": [0,1,0]}}})",
               "stages.default_attributes: 'up' and");
  expect_fault(R"({"stages": {"paths": []}})", "'paths' must be an object");
  expect_fault(R"({"stages": {"paths": {".glb": "x"}}})", "stages.paths['.glb']: must be an array");
  expect_fault(R"({"stages": {"paths": {".glb": [1]}}})", "stages.paths['.glb'][0]: must be a path");
  expect_fault(R"({"stages": {"paths": {"glb": ["x"]}}})", "an ending such as");
  expect_fault(R"({"stages": {"paths": {".json": ["bad"]}}})",
               "bad.stage_config.json: the file: 'up' must be");
  expect_fault(R"({"stages": {"configs": [1]}})", "stages.configs[0]: must be an object");
  expect_fault(R"({"stages": {"configs": [{"attributes": {}}]}})", "'original_file' or 'template_handle'");
  expect_fault(R"({"stages": {"configs": [{"template_handle": "x"}]}})", "'attributes' is wanted");
  expect_fault(R"({"stages": {"configs": [{"original_file": "no.obj", "attributes": {}}]}})",
               "there is neither");
  expect_fault(R"({"scene_instances": {"paths": {".json": ["bad"]}}})",
               "bad.scene_instance.json: stage_instance: 'template_name' is wanted");
  expect_fault(R"({"navmesh_instances": []})", "'navmesh_instances' must be an object");
  expect_fault(R"({"navmesh_instances": {"a": 1}})", "navmesh_instances: 'a' must be a file");
  EXPECT_FALSE(SceneDataset::load(root_ / "none.json").ok());
  EXPECT_FALSE(SceneDataset::load(root_).ok());  // a folder
  const auto dataset = load(R"({"stages": {"paths": {".obj": ["no/*.obj", "a"]}}})");
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  ASSERT_EQ((*dataset)->notes().size(), 1u);
  EXPECT_NE((*dataset)->notes()[0].find("'no/*.obj' matches no file that ends in .obj"), std::string::npos);
  write(
      "i.scene_instance.json",
      R"({"stage_instance": {"template_name": "a"}, "navmesh_instance": "n", "semantic_scene_instance": "s"})");
  const auto mapped =
      load(R"({"stages": {"paths": {".obj": ["a"]}}, "scene_instances": {"paths": {".json": ["i"]}}})");
  ASSERT_TRUE(mapped.ok()) << mapped.error().message;
  EXPECT_NE(fault(*mapped, "i").find("navmesh_instances: 'n' is wanted"), std::string::npos);
}

TEST_F(DatasetConfig, AFileThatMayNotBeReadIsAnError) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  ASSERT_TRUE(load("{}").ok());
  fs::permissions(root_ / "x.scene_dataset_config.json", fs::perms::none);
  EXPECT_FALSE(SceneDataset::load(root_ / "x.scene_dataset_config.json").ok());
}

TEST_F(DatasetConfig, DamagedConfigsAreRefusedOrSound) {
  write("stages/a.obj", kObj);
  const std::string config =
      R"({"stages": {"default_attributes": {"scale": 2, "up": [0,0,1], "front": [0,1,0]},
    "paths": {".obj": ["sta*/*"]}, "configs": [{"original_file": "a.obj", "attributes": {"origin": [1,2,3]}}]},
    "scene_instances": {"paths": {".json": ["i"]}}, "navmesh_instances": {"n": "stages/a.obj"}})";
  const std::string instance = R"({"stage_instance": {"template_name": "stages/a", "translation": [0,0,0]},
    "object_instances": [], "navmesh_instance": "n"})";
  const std::string stage = R"({"render_asset": "a.obj", "scale": [1,2,3], "units_to_meters": 0.5})";
  const std::pair<const char*, const std::string*> files[] = {{"x.scene_dataset_config.json", &config},
                                                              {"i.scene_instance.json", &instance},
                                                              {"stages/a.stage_config.json", &stage}};
  for (const auto& [name, text] : files) write(name, *text);
  const auto load_all = [&]() -> base::Result<ScenePtr> {
    INKNAV_ASSIGN_OR_RETURN(const SceneDatasetPtr dataset,
                            SceneDataset::load(root_ / "x.scene_dataset_config.json"));
    INKNAV_ASSIGN_OR_RETURN(const ResolvedScene scene, dataset->resolve("i", {}));
    return load_scene(scene);
  };
  ASSERT_TRUE(load_all().ok()) << load_all().error().message;
  for (const auto& [name, text] : files) {
    int refused = 0;
    testing::for_each_damage(testing::bytes_of(*text), [&](const testing::Bytes& bytes, bool cut) {
      testing::write_bytes(root_ / name, bytes);
      const auto scene = load_all();
      if (scene.ok()) {
        EXPECT_FALSE(cut) << name;
        return;
      }
      ++refused;
      EXPECT_EQ(scene.error().code, base::ErrorCode::kData);
      EXPECT_FALSE(scene.error().message.empty());
    });
    EXPECT_GT(refused, 250) << name;  // of 550; a changed number or name is often another valid one
    write(name, *text);
  }
}

TEST(PathPattern, StarsAndQuestionMarks) {
  const auto matches = internal::matches_wildcards;
  EXPECT_TRUE(matches("", ""));
  EXPECT_TRUE(matches("", "*"));
  EXPECT_TRUE(matches("abc", "a*c"));
  EXPECT_TRUE(matches("abc", "***"));
  EXPECT_TRUE(matches("abc", "?b?"));
  EXPECT_TRUE(matches("aXbXc", "a*X*c"));
  EXPECT_FALSE(matches("abc", "a?"));
  EXPECT_FALSE(matches("abc", "b*"));
  EXPECT_FALSE(matches("ab", "a*bc"));
  // Ends although naive matching would take 2^n steps.
  EXPECT_FALSE(matches(std::string(1000, 'a'), "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"));
}

TEST(PathPattern, FilesOfFoldersAndFilesThemselves) {
  const testing::TemporaryFolder folder;
  const fs::path root = fs::canonical(folder.path());
  fs::create_directories(root / "v1/deep");
  fs::create_directories(root / "v2");
  fs::create_directories(root / ".v3");
  for (const char* name : {"v1/a.glb", "v1/b.ply", "v1/deep/c.glb", "v2/d.glb", ".v3/e.glb", "f.glb"})
    testing::write_text(root / name, "x");
  const auto names = [&](std::string_view pattern) {
    const auto files = internal::match_paths(root, pattern, ".glb");
    std::string all = files.ok() ? "" : files.error().message;
    if (files.ok()) {
      for (const fs::path& file : *files) all += file.lexically_relative(root).string() + " ";
    }
    return all;
  };
  EXPECT_EQ(names("v?/"), "v1/a.glb v2/d.glb ");
  EXPECT_EQ(names("*"), "f.glb v1/a.glb v2/d.glb ");
  EXPECT_EQ(names(".*"), ".v3/e.glb ");
  EXPECT_EQ(names("v*/*"), "v1/a.glb v1/deep/c.glb v2/d.glb ");
  EXPECT_EQ(names("v1/a"), "v1/a.glb ");
  EXPECT_EQ(names("v1/a.glb"), "v1/a.glb ");
  EXPECT_EQ(names("v1/b.ply"), "");
  EXPECT_EQ(names("nowhere/*"), "");
  EXPECT_NE(names("v1/../../x").find("leaves the folder"), std::string::npos);
  EXPECT_NE(names("").find("1 to 1024"), std::string::npos);
}

}  // namespace
}  // namespace inknav::scene
