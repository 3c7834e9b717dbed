// SPDX-License-Identifier: MIT
// Semantic descriptors written by hand in the four forms. The files have up Z; expected boxes are turned by
// hand, (x, y, z) -> (x, z, -y).
#include "scene/semantic_scene.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <string>

#include "scene/damage_testing.h"
#include "scene/scene_testing.h"

namespace inknav::scene {
namespace {

namespace fs = std::filesystem;

/// Two levels (one empty), two rooms, three categories, three objects.
const std::string kHouse =
    "ASCII 1.1\n"
    "H house label  0 0 0 0 1 3 3 2 0 2  0 0 0 0 0  0 0 0 8 6 3  0 0 0 0 0\n"
    "L 0 2 -  1 1 1  0 0 0 8 6 3  0 0 0 0 0\n"
    "L 1 0 -  0 0 0  1e30 1e30 1e30 -1e30 -1e30 -1e30  0 0 0 0 0\n"
    "R 0 0 0 0 b  1 1 1  0 0 0 4 6 3  3  0 0 0 0\n"
    "R 1 0 0 0 k  5 1 1  4 0 0 8 6 3  3  0 0 0 0\n"
    "P 0 0 1 -  4 2 0 4 3 2  0 0 0 0\n"
    "C 0 12 dining#chair 3 chair  0 0 0 0 0\n"
    "C 1 13 counter#top 26 counter#top  0 0 0 0 0\n"
    "C 2 14 void 0 void  0 0 0 0 0\n"
    "O 0 1 0  1 2 3  1 0 0  0 1 0  0.5 0.25 1  0 0 0 0 0 0 0 0\n"
    "O 1 0 1  1 2 3  0 1 0  -1 0 0  0.5 0.25 1  0 0 0 0 0 0 0 0\n"
    "O 2 -1 -1  0 0 0  1 0 0  0 1 0  -1 -1 -1  0 0 0 0 0 0 0 0\n"
    "E 0 0 17 1.5  1 1 1  0 0 0 1 1 1  0 0 0 0 0\n";

const std::string kHm3d =
    "HM3D Semantic Annotations\n"
    "1,A0B1C2,\"ceiling\",0\n"
    "2,00FF00,\"chair, folding\",7\r\n"
    "\n"
    "5,FFFFFF,\"chair\",0\n";

const std::string kGibson =
    R"({"objects": [{"id": 3, "class_": "chair", "location": [1, 2, 3], "size": [1, 0.5, 2]},
                    {"id": 4, "class_": "bed", "location": [0, 0, 0], "size": null},
                    {"id": 9, "class_": "chair", "location": null}]})";

const std::string kReplica =
    R"({"classes": [{"id": 20, "name": "chair"}, {"id": 93, "name": "wall"}],
        "objects": [{"id": 5, "class_id": 20, "class_name": "chair", "oriented_bbox":
                      {"abb": {"center": [1, 0, 0], "sizes": [2, 4, 6]},
                       "orientation": {"translation": [0, 0, 5], "rotation": [0, 0, 0.70710678, 0.70710678]}}},
                    {"id": 6, "class_id": -1}]})";

class Semantics : public ::testing::Test {
 protected:
  base::Result<SemanticScene> read(const std::string& text, const std::string& name = "s.house") {
    testing::write_text(folder_ / name, text);
    return load_semantic_scene(folder_ / name);
  }
  void expect_fault(const std::string& text, const std::string& words) {
    const auto scene = read(text);
    ASSERT_FALSE(scene.ok()) << text;
    EXPECT_EQ(scene.error().code, base::ErrorCode::kData);
    EXPECT_NE(scene.error().message.find(words), std::string::npos) << scene.error().message;
    EXPECT_NE(scene.error().message.find("s.house"), std::string::npos) << scene.error().message;
    EXPECT_LT(scene.error().message.size(), 500u);
  }
  /// `text` with the first `from` replaced.
  static std::string with(std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
  }
  testing::TemporaryFolder folder_;
};

void expect_near(const base::Vec3& a, const base::Vec3& b) {
  // float32 rounding of a rotation by 90 degrees given to 8 digits
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(a[i], b[i], 1e-5f);
}
void expect_bounds(const std::optional<SemanticBox>& box, const base::Vec3& low, const base::Vec3& high) {
  ASSERT_TRUE(box.has_value());
  expect_near(box->bounds().min, low);
  expect_near(box->bounds().max, high);
}

TEST_F(Semantics, OfMatterport) {
  const auto scene = read(kHouse);
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  ASSERT_EQ(scene->levels.size(), 2u);
  // (0..8, 0..6, 0..3) -> (0..8, 0..3, -6..0)
  expect_bounds(scene->levels[0].box, {0, 0, -6}, {8, 3, 0});
  EXPECT_FALSE(scene->levels[1].box.has_value());
  ASSERT_EQ(scene->regions.size(), 2u);
  EXPECT_EQ(scene->regions[0].category, "bedroom");
  EXPECT_EQ(scene->regions[1].category, "kitchen");
  EXPECT_EQ(scene->regions[1].level, 0);
  expect_bounds(scene->regions[1].box, {4, 0, -6}, {8, 3, 0});
  ASSERT_EQ(scene->objects.size(), 3u);
  EXPECT_EQ(scene->objects[0].category, "chair");
  EXPECT_EQ(scene->objects[0].region, 1);
  expect_near(scene->objects[0].box->center, {1, 3, -2});
  // Half sizes 0.5, 0.25, 1 along the file's x, y, z: the world's x, -z, y.
  expect_bounds(scene->objects[0].box, {0.5f, 2, -2.25f}, {1.5f, 4, -1.75f});
  EXPECT_EQ(scene->objects[1].category, "counter top");
  // The first axis along y: 0.5 in the world's z, 0.25 in x.
  expect_bounds(scene->objects[1].box, {0.75f, 2, -2.5f}, {1.25f, 4, -1.5f});
  EXPECT_EQ(scene->objects[2].category, "");
  EXPECT_EQ(scene->objects[2].region, -1);
  EXPECT_FALSE(scene->objects[2].box.has_value());
  EXPECT_EQ(scene->categories(), (std::vector<std::string>{"chair", "counter top"}));
}

TEST_F(Semantics, OfHm3d) {
  const auto scene = read(kHm3d, "x.semantic.txt");
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  ASSERT_EQ(scene->objects.size(), 3u);
  EXPECT_EQ(scene->objects[1].id, 2);
  EXPECT_EQ(scene->objects[1].category, "chair, folding");
  ASSERT_EQ(scene->regions.size(), 2u);
  EXPECT_EQ(scene->regions[0].id, "0");
  EXPECT_EQ(scene->regions[1].id, "7");
  EXPECT_EQ(scene->objects[0].region, 0);
  EXPECT_EQ(scene->objects[1].region, 1);
  EXPECT_EQ(scene->objects[2].region, 0);
  EXPECT_FALSE(scene->objects[0].box.has_value());
  EXPECT_EQ(scene->categories(), (std::vector<std::string>{"ceiling", "chair", "chair, folding"}));
}

TEST_F(Semantics, OfGibson) {
  const auto scene = read(kGibson, "x.scn");
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  ASSERT_EQ(scene->objects.size(), 3u);
  EXPECT_EQ(scene->objects[0].id, 3);
  expect_bounds(scene->objects[0].box, {0.5f, 2, -2.25f}, {1.5f, 4, -1.75f});
  expect_bounds(scene->objects[1].box, {0, 0, 0}, {0, 0, 0});
  EXPECT_FALSE(scene->objects[2].box.has_value());
  EXPECT_EQ(scene->categories(), (std::vector<std::string>{"bed", "chair"}));
}

TEST_F(Semantics, OfReplica) {
  const auto scene = read(kReplica, "info_semantic.json");
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  ASSERT_EQ(scene->objects.size(), 2u);
  EXPECT_EQ(scene->objects[0].category, "chair");
  EXPECT_EQ(scene->objects[1].category, "");
  EXPECT_FALSE(scene->objects[1].box.has_value());
  // A quarter turn about the file's z: (1,0,0) -> (0,1,0), moved to (0,1,5), in the world (0,5,-1). Half
  // sizes 1, 2, 3 come to lie along the file's y, x, z: the world's z, x, y.
  expect_near(scene->objects[0].box->center, {0, 5, -1});
  expect_bounds(scene->objects[0].box, {-2, 2, -2}, {2, 8, 0});
}

TEST_F(Semantics, ReplicaCadHasClassesAndNoObjects) {
  const auto scene = read(R"({"classes": [{"id": 1, "name": "chair"}]})");
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  EXPECT_TRUE(scene->objects.empty());
}

TEST_F(Semantics, FaultsNameLineOrPlace) {
  expect_fault("", "the file is empty");
  expect_fault("chairs and tables", "it starts with other bytes");
  expect_fault("ASCII 1.0\n", "s.house:1: 'ASCII 1.1' is wanted, found 'ASCII 1.0'");
  expect_fault("ASCII 1.1\n", "s.house:2: a line 'H' with the counts is wanted");
  expect_fault(with(kHouse, "L 0 2", "Q 0 2"), "s.house:3: a line of H, L, R");
  expect_fault(with(kHouse, "R 1 0", "R one 0"),
               "s.house:6: a whole number is wanted as word 2, found 'one'");
  expect_fault(with(kHouse, "R 1 0", "R 0 0"), "s.house:6: 'R' 0 appears twice");
  expect_fault(with(kHouse, "R 1 0", "R 1 5"), "s.house:6: level 5 is wanted");
  expect_fault(with(kHouse, "O 0 1 0", "O 0 9 0"), "s.house:11: region 9 is wanted");
  expect_fault(with(kHouse, "O 0 1 0", "O 0 1 9"), "s.house:11: category 9 is wanted");
  expect_fault(with(kHouse, "1 2 3", "1 nan 3"),
               "s.house:11: a finite number is wanted as word 6, found 'nan'");
  expect_fault(with(kHouse, "1 2 3", "1 inf 3"), "found 'inf'");
  expect_fault(with(kHouse, "1 2 3", "1 2e9 3"), "s.house:11: coordinates of at most");
  expect_fault(with(kHouse, "1 3 3 2", "1 99999999999 3 2"), "s.house:2: a whole number is wanted");
  expect_fault(with(kHouse, "1 3 3 2", "1 2147483647 3 2"),
               "2147483647 objects are announced, the file ends after 3");
  expect_fault(with(kHouse, "1 3 3 2", "1 -3 3 2"), "must not be negative");
  expect_fault("ASCII 1.1\nL 0 1\n", "s.house:2: a line 'L' of 13 words is wanted, found 3");
  expect_fault("HM3D Something\n", "s.house:1: 'HM3D Semantic Annotations' is wanted");
  expect_fault("HM3D Semantic Annotations\n", "there are none");
  expect_fault("HM3D Semantic Annotations\n1,AABBCC,\"x\",0\n2,AABBCC\n", "s.house:3: id,colour");
  expect_fault("HM3D Semantic Annotations\n1,AABBC,\"x\",0\n", "s.house:2: a whole number, six hex digits");
  expect_fault("HM3D Semantic Annotations\n1,AABBCC,\"x\",0.5\n", "s.house:2:");
  expect_fault("HM3D Semantic Annotations\n99999999999,AABBCC,\"x\",0\n", "s.house:2:");
  expect_fault("{", "valid JSON");
  expect_fault("{}", "'objects' is wanted");
  expect_fault(R"({"objects": [{"id": 1}]})", "objects[0]: 'class_' is wanted");
  expect_fault(R"({"objects": [{"id": 1.5, "class_": "a"}]})", "objects[0]: 'id' must be a whole number");
  expect_fault(R"({"objects": [{"id": 99999999999, "class_": "a"}]})", "objects[0]: 'id' does not fit");
  expect_fault(R"({"objects": [{"id": 1, "class_": "a", "location": [1, 2]}]})",
               "'location' must be an array of 3");
  expect_fault(R"({"objects": [{"id": 1, "class_": "a", "location": [1, 2, 1e9]}]})",
               "'location' must be of at most");
  expect_fault(with(kReplica, "0.70710678, 0.70710678", "0, 0"), "objects[0]: 'rotation' must be a unit");
  expect_fault(with(kReplica, R"("sizes")", R"("size")"), "objects[0]: 'abb' must have");
  expect_fault(with(kReplica, R"("id": 93)", R"("id": "x")"), "classes[1]: 'id' must be a whole number");
  EXPECT_FALSE(load_semantic_scene(folder_ / "none.scn").ok());
  EXPECT_FALSE(load_semantic_scene(folder_.path()).ok());
  if (::geteuid() != 0) {
    testing::write_text(folder_ / "closed.scn", kGibson);
    fs::permissions(folder_ / "closed.scn", fs::perms::none);
    EXPECT_FALSE(load_semantic_scene(folder_ / "closed.scn").ok());
  }
}

TEST_F(Semantics, DamagedFilesAreRefusedOrSound) {
  for (const std::string& whole : {kHouse, kHm3d, kGibson, kReplica}) {
    int accepted = 0;
    testing::for_each_damage(testing::bytes_of(whole), [&](const testing::Bytes& bytes, bool) {
      testing::write_bytes(folder_ / "d.house", bytes);
      const auto scene = load_semantic_scene(folder_ / "d.house");
      if (!scene.ok()) {
        EXPECT_EQ(scene.error().code, base::ErrorCode::kData);
        EXPECT_NE(scene.error().message.find("d.house"), std::string::npos);
        return;
      }
      ++accepted;
      for (const SemanticObject& object : scene->objects) {
        EXPECT_LT(object.region, static_cast<int>(scene->regions.size()));
        if (object.box) {
          EXPECT_TRUE(std::isfinite(object.box->bounds().size().x));
        }
      }
      for (const SemanticRegion& region : scene->regions)
        EXPECT_LT(region.level, static_cast<int>(scene->levels.size()));
    });
    EXPECT_LT(accepted, 500);  // of 550
  }
}

TEST_F(Semantics, AHouseThatIsCutOffIsRefused) {
  testing::for_each_damage(testing::bytes_of(kHouse), [&](const testing::Bytes& bytes, bool cut) {
    // Behind the last object's sizes comes nothing that is read.
    if (!cut || bytes.size() > kHouse.rfind("-1 -1 -1")) return;
    testing::write_bytes(folder_ / "d.house", bytes);
    EXPECT_FALSE(load_semantic_scene(folder_ / "d.house").ok()) << bytes.size();
  });
}

}  // namespace
}  // namespace inknav::scene
