// SPDX-License-Identifier: MIT
#include "task/check/scene_frame_check.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "nav/test_scenes.h"

namespace inknav::task {
namespace {

using nav::testing::rooms_scene;
using nav::testing::SceneBuilder;

base::Aabb box(float x, float y, float z) { return {{0.0f, 0.0f, 0.0f}, {x, y, z}}; }

scene::ScenePtr changed(const scene::Scene& scene, const std::function<void(scene::Scene&)>& change) {
  scene::Scene copy = scene;
  change(copy);
  auto result = scene::finish(std::move(copy));
  INKNAV_CHECK(result.ok(), result.error().message);
  return *result;
}

/// Every position through `turn`.
scene::ScenePtr turned(const scene::Scene& scene, base::Vec3 (*turn)(const base::Vec3&)) {
  return changed(scene, [turn](scene::Scene& copy) {
    for (base::Vec3& p : copy.positions) p = turn(p);
  });
}

scene::ScenePtr reversed(const scene::Scene& scene) {
  return changed(scene, [](scene::Scene& copy) {
    for (glm::u32vec3& t : copy.triangles) std::swap(t.y, t.z);
  });
}

/// A room of boxes with a floor and a ceiling, both seen from within.
scene::ScenePtr closed_rooms() {
  return changed(*rooms_scene(), [](scene::Scene& copy) {
    const auto first = static_cast<std::uint32_t>(copy.positions.size());
    copy.positions.insert(copy.positions.end(), {{0, 2.5f, 0}, {12, 2.5f, 0}, {12, 2.5f, 8}, {0, 2.5f, 8}});
    copy.triangles.push_back({first, first + 1, first + 2});
    copy.triangles.push_back({first, first + 2, first + 3});
    copy.triangle_material.insert(copy.triangle_material.end(), {0u, 0u});
  });
}

struct Suspicions {
  bool frame = false;
  bool inside_out = false;
};

Suspicions suspect(const scene::Scene& scene) {
  const nav::NavSettings settings;
  const auto mesh = nav::NavMesh::build(scene, settings);
  const nav::NavMesh* found = mesh.ok() ? mesh->get() : nullptr;
  return {suspect_frame(scene, found, settings).has_value(),
          suspect_inside_out(scene, found, settings).has_value()};
}

TEST(SceneUnits, BuildingsInMetresAreNotSuspected) {
  EXPECT_FALSE(suspect_units(box(3.0f, 2.5f, 2.0f)));        // a bathroom
  EXPECT_FALSE(suspect_units(box(12.0f, 2.6f, 8.0f)));       // a home
  EXPECT_FALSE(suspect_units(box(40.0f, 90.0f, 40.0f)));     // a tower
  EXPECT_FALSE(suspect_units(box(1500.0f, 30.0f, 900.0f)));  // an airport
  EXPECT_FALSE(suspect_units(box(30.0f, 0.0f, 20.0f)));      // a bare floor
}

TEST(SceneUnits, OtherUnitsAreNamed) {
  const auto found = [](float x, float y, float z) {
    return suspect_units(box(x, y, z)).value_or("nothing");
  };
  EXPECT_NE(found(10200.0f, 2600.0f, 8100.0f).find("as millimetres it is 10.2 x 8.1 m, 2.6 m high"),
            std::string::npos)
      << found(10200.0f, 2600.0f, 8100.0f);
  EXPECT_NE(found(1020.0f, 260.0f, 810.0f).find("as centimetres it is 10.2 x 8.1 m, 2.6 m high"),
            std::string::npos)
      << found(1020.0f, 260.0f, 810.0f);
  EXPECT_NE(found(400.0f, 102.0f, 315.0f).find("as inches it is 10.16 x 8.001 m, 2.591 m high"),
            std::string::npos)
      << found(400.0f, 102.0f, 315.0f);
  EXPECT_NE(found(0.0102f, 0.0026f, 0.0081f).find("as kilometres"), std::string::npos);
  EXPECT_NE(found(5000.0f, 2.6f, 10.0f), "nothing");  // no unit makes sense of it; it is told all the same
}

TEST(ScenePlate, AStoreyOnEdgeIsAPlate) {
  EXPECT_TRUE(suspect_plate(box(74.7f, 58.3f, 3.0f)));
  EXPECT_TRUE(suspect_plate(box(3.0f, 21.5f, 55.7f)));
  EXPECT_FALSE(suspect_plate(box(74.7f, 3.0f, 58.3f)));
  EXPECT_FALSE(suspect_plate(box(3.5f, 10.6f, 12.0f)));  // a narrow house of four storeys
  EXPECT_FALSE(suspect_plate(box(4.0f, 20.0f, 6.0f)));   // a stairwell
  EXPECT_FALSE(suspect_plate(box(2.0f, 2.6f, 40.0f)));   // a corridor
}

TEST(SceneFrame, UprightScenesAreNotSuspected) {
  SceneBuilder corridor;  // its walls have more area than its floor
  corridor.floor(0, 0, 20, 1.6f).wall(0, -0.1f, 20, 0).wall(0, 1.6f, 20, 1.7f);
  SceneBuilder slab;  // on a thick foundation, whose underside is the lowest level
  slab.box({0, -3, 0}, {10, 0, 8}).wall(0, 0, 10, 0.1f).wall(0, 7.9f, 10, 8);
  for (const scene::ScenePtr& scene :
       {rooms_scene(), closed_rooms(), nav::testing::storeys_scene(), nav::testing::clutter_scene(3),
        corridor.finish("corridor"), slab.finish("slab"), SceneBuilder().floor(0, 0, 9, 7).finish("floor")}) {
    const Suspicions found = suspect(*scene);
    EXPECT_FALSE(found.frame) << scene->name;
    EXPECT_FALSE(found.inside_out) << scene->name;
  }
}

TEST(SceneFrame, TurnedScenesAreSuspected) {
  constexpr base::Vec3 (*kTurns[])(const base::Vec3&) = {
      [](const base::Vec3& p) { return base::Vec3(p.x, p.z, -p.y); },
      [](const base::Vec3& p) { return base::Vec3(p.x, -p.z, p.y); },
      [](const base::Vec3& p) { return base::Vec3(p.y, -p.x, p.z); },
      [](const base::Vec3& p) { return base::Vec3(-p.y, p.x, p.z); }};
  for (const scene::ScenePtr& scene : {rooms_scene(), closed_rooms()}) {
    for (const auto turn : kTurns) {
      const Suspicions found = suspect(*turned(*scene, turn));
      EXPECT_TRUE(found.frame) << scene->name;
      EXPECT_FALSE(found.inside_out) << scene->name;
    }
  }
}

TEST(SceneFrame, WallsWithoutAFloorAreNotSuspected) {
  SceneBuilder walls;
  walls.wall(0, -0.1f, 5, 0).wall(0, 4, 5, 4.1f).wall(-0.1f, 0, 0, 4).wall(5, 0, 5.1f, 4);
  const Suspicions found = suspect(*walls.finish("walls"));
  EXPECT_FALSE(found.frame);
  EXPECT_FALSE(found.inside_out);
}

TEST(SceneInsideOut, TrianglesThatFaceTheWrongWayAreFound) {
  EXPECT_TRUE(suspect(*reversed(*rooms_scene())).inside_out);
  EXPECT_TRUE(suspect(*reversed(*closed_rooms())).inside_out);
}

TEST(CommonShare, IsOneForTheSameSceneAndLittleForAnother) {
  const auto rooms = nav::testing::build_mesh(rooms_scene());
  EXPECT_FLOAT_EQ(common_share(*rooms, rooms), 1.0f);
  // 2 m higher, nothing is within 0.5 m; 6 m to the side, half of the 12 m is beyond the border.
  const auto above = turned(*rooms_scene(), [](const base::Vec3& p) { return p + base::Vec3(0, 2, 0); });
  EXPECT_FLOAT_EQ(common_share(*rooms, nav::testing::build_mesh(above)), 0.0f);
  const auto aside = turned(*rooms_scene(), [](const base::Vec3& p) { return p + base::Vec3(6, 0, 0); });
  EXPECT_LT(common_share(*rooms, nav::testing::build_mesh(aside)), 0.75f);
}

}  // namespace
}  // namespace inknav::task
