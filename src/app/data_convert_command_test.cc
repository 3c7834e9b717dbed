// SPDX-License-Identifier: MIT
#include "app/data_convert_command.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "nav/nav_mesh.h"
#include "nav/test_scenes.h"
#include "scene/load.h"

namespace inknav::app {
namespace {

class DataConvert : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  base::Result<int> run(std::vector<std::string> arguments) {
    CLI::App app;
    const Action action = define_data_convert(app);
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    app.parse(std::move(arguments));
    return action();
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  base::TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
};

TEST_F(DataConvert, ARobotsMapBecomesASceneOfTheWantedHeight) {
  write("m.yaml",
        "image: m.pgm\nresolution: 0.1\norigin: [0, 0, 0]\nnegate: 0\noccupied_thresh: 0.65\nfree_thresh: "
        "0.196\n");
  write("m.pgm", "P5 40 30 255\n" + std::string(1200, '\xFE'));
  const auto code = run({path("m.yaml"), path("m.glb"), "--wall-height", "3"});
  ASSERT_TRUE(code.ok()) << code.error().message;
  EXPECT_EQ(*code, 0);
  const auto scene = scene::load_scene(folder_ / "m.glb");
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  EXPECT_FLOAT_EQ((*scene)->bounds.max.y, 3.0f);
}

TEST_F(DataConvert, AMeshIsTurnedAndGetsAFloor) {
  // A wall standing along z, in a file whose z axis points up.
  write("wall.obj", "v 0 0 0\nv 4 0 0\nv 4 0 2\nv 0 3 2\nf 1 2 3\nf 1 3 4\n");
  const auto code = run({path("wall.obj"), path("wall.glb"), "--up", "z", "--ground-plane"});
  ASSERT_TRUE(code.ok()) << code.error().message;
  const auto scene = scene::load_scene(folder_ / "wall.glb");
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  EXPECT_EQ((*scene)->num_triangles(), 4u);
  EXPECT_FLOAT_EQ((*scene)->bounds.max.y, 2.0f);
  EXPECT_FLOAT_EQ((*scene)->bounds.min.z, -3.0f);
}

TEST_F(DataConvert, AMeshOnItsSideIsTurnedUnlessItsAxisIsNamed) {
  // A wall 20 m along x and 9 m along y, 2.5 m high in z: an .obj has y up by rule.
  write("wall.obj",
        "v 0 0 0\nv 20 0 0\nv 20 0 2.5\nv 0 0 2.5\nv 0 9 0\nv 0 9 2.5\nf 1 2 3\nf 1 3 4\nf 1 4 6\nf 1 6 5\n");
  const auto height = [&](std::vector<std::string> arguments) {
    const auto code = run(std::move(arguments));
    EXPECT_TRUE(code.ok()) << code.error().message;
    return (*scene::load_scene(folder_ / "out" / "wall.glb"))->bounds.size().y;
  };
  EXPECT_FLOAT_EQ(height({path("wall.obj"), path("out/wall.glb")}), 2.5f);
  EXPECT_FLOAT_EQ(height({path("wall.obj"), path("out/wall.glb"), "--up", "y"}), 9.0f);
  // What it wrote has a stage config, which is believed.
  EXPECT_FLOAT_EQ(height({path("out/wall.glb"), path("out/wall.glb")}), 9.0f);
}

TEST_F(DataConvert, ColoursShapeAndFrameOfAMeshAreKept) {
  // A floor of 4 x 3 m whose four corners have colours of their own, and a red wall of 2 m at its end.
  write("room.ply",
        "ply\nformat ascii 1.0\nelement vertex 8\nproperty float x\nproperty float y\nproperty float z\n"
        "property uchar red\nproperty uchar green\nproperty uchar blue\nelement face 2\n"
        "property list uchar int vertex_indices\nend_header\n"
        "0 0 0 10 20 30\n0 0 3 40 50 60\n4 0 3 70 80 90\n4 0 0 100 110 120\n"
        "0 0 0 255 0 0\n4 0 0 255 0 0\n4 2 0 255 0 0\n0 2 0 255 0 0\n4 0 1 2 3\n4 4 5 6 7\n");
  const auto code = run({path("room.ply"), path("room.glb"), "--up", "y"});
  ASSERT_TRUE(code.ok()) << code.error().message;
  EXPECT_TRUE(std::filesystem::exists(folder_ / "room.stage_config.json"));
  const auto before = scene::load_scene(folder_ / "room.ply"),
             after = scene::load_scene(folder_ / "room.glb");
  ASSERT_TRUE(before.ok()) << before.error().message;
  ASSERT_TRUE(after.ok()) << after.error().message;
  ASSERT_EQ((*before)->num_triangles(), 4u);
  ASSERT_EQ((*after)->num_triangles(), 4u);
  ASSERT_FALSE((*before)->colors.empty());
  ASSERT_FALSE((*after)->colors.empty());
  for (std::size_t t = 0; t < 4; ++t) {
    for (std::size_t k = 0; k < 3; ++k) {
      const std::uint32_t a = (*before)->triangles[t][k], b = (*after)->triangles[t][k];
      EXPECT_EQ((*before)->positions[a], (*after)->positions[b]) << t;
      EXPECT_EQ((*before)->colors[a], (*after)->colors[b]) << t;
    }
  }
  // And once more, from .glb to .glb.
  ASSERT_TRUE(run({path("room.glb"), path("again.glb")}).ok());
  const auto again = scene::load_scene(folder_ / "again.glb");
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ((*again)->positions, (*after)->positions);
  EXPECT_EQ((*again)->colors, (*after)->colors);
}

TEST_F(DataConvert, FaultsHaveTheirCodes) {
  write("m.yaml",
        "image: none.pgm\nresolution: 0.1\norigin: [0, 0, 0]\nnegate: 0\noccupied_thresh: 0.65\nfree_thresh: "
        "0.196\n");
  const auto missing = run({path("m.yaml"), path("m.glb")});
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, base::ErrorCode::kData);
  EXPECT_NE(missing.error().message.find("none.pgm"), std::string::npos);
  const auto ending = run({path("m.yaml"), path("m.ply")});
  ASSERT_FALSE(ending.ok());
  EXPECT_EQ(ending.error().code, base::ErrorCode::kUsage);
  write("wall.obj", "v 0 0 0\nv 4 0 0\nv 4 0 2\nf 1 2 3\n");
  const auto folder = run({path("wall.obj"), path("wall.obj/wall.glb")});
  ASSERT_FALSE(folder.ok());
  EXPECT_EQ(folder.error().code, base::ErrorCode::kDisk);
  EXPECT_NE(folder.error().message.find("a folder to write to is wanted"), std::string::npos);
}

TEST_F(DataConvert, ANavmeshOfVersion1BecomesOneOfVersion2) {
  const auto mesh = nav::NavMesh::build(*nav::testing::rooms_scene(), nav::NavSettings{});
  ASSERT_TRUE(mesh.ok());
  ASSERT_TRUE((*mesh)->save(folder_ / "b.navmesh").ok());
  // Version 1 is the same without the 56 bytes of settings behind the header of 40.
  auto bytes = *base::read_file(folder_ / "b.navmesh", std::size_t{1} << 24);
  bytes.erase(bytes.begin() + 40, bytes.begin() + 96);
  bytes[4] = 1;
  ASSERT_TRUE(base::write_file_atomic(folder_ / "a.navmesh", bytes).ok());
  ASSERT_EQ((*nav::NavMesh::load(folder_ / "a.navmesh"))->file_version(), 1);
  const auto code = run({path("a.navmesh"), path("deep/c.navmesh")});
  ASSERT_TRUE(code.ok()) << code.error().message;
  const auto read = nav::NavMesh::load(folder_ / "deep/c.navmesh");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ((*read)->file_version(), 2);
  EXPECT_EQ((*read)->area(), (*mesh)->area());
  const auto same = run({path("a.navmesh"), path("a.navmesh")});
  ASSERT_FALSE(same.ok());
  EXPECT_EQ(same.error().code, base::ErrorCode::kUsage);
}

TEST_F(DataConvert, AListIsPackedAndUnpacked) {
  write("a.json", R"({"episodes": [{"episode_id": "1", "scene_id": "a.glb", "start_position": [0, 0, 0],
        "start_rotation": [0, 0, 0, 1], "goals": [{"position": [1, 0, 0]}], "instruction": "go"}]})");
  ASSERT_TRUE(run({path("a.json"), path("b.json.gz")}).ok());
  ASSERT_TRUE(run({path("b.json.gz"), path("c.json")}).ok());
  EXPECT_EQ(*base::read_text_file(folder_ / "c.json", 4096), *base::read_text_file(folder_ / "a.json", 4096));
}

}  // namespace
}  // namespace inknav::app
