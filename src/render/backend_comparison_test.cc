// SPDX-License-Identifier: MIT
// The compressed wide BVH, ray by ray and in bundles on the CPU and where there is one on the GPU, against
// Embree: 13 scenes, real and adversarial, more than a million rays.
//
// Rule. A pixel agrees when both depths are equal or differ by at most 16 units in the last place (single
// precision, two different formulas). Every other pixel is decided in double precision: its ray and eight
// more, turned by kNudge, are tested against every triangle, and the tracer's depth must lie between the
// least and the greatest of these, or be 0 where one of them meets nothing. A silhouette may thus move by
// what rounding moves it, and a grazing surface may be seen as much nearer or farther as the nudge makes it.
// Besides, a depth may be off by 16 units in the last place of the distance to the triangle's farthest
// corner: corners relative to the camera are rounded to single precision, by Embree too, so that 3 cm in
// front of a triangle of 5 m the depth is as exact as the corners at 5 m are. A pixel outside of all that is
// a wrong hit, and there must be none.
#include <algorithm>
#include <cmath>
#include <functional>

#include "render/camera.h"
#include "render/clutter_scene.h"
#include "render/renderer_testing.h"
#include "scene/home/home.h"

namespace inknav::render {
namespace {

using base::Pose;
using base::Vec3;

constexpr float kUlps = 16.0f;
constexpr double kNudge = 2e-6;  // of a direction of length 1 along the axis; 6e-5 of a pixel at 64 px

struct Case {
  const char* name;
  std::function<scene::Scene()> make;
  base::Aabb poses;  // where cameras stand; empty: all over the scene
  CameraSpec camera{64, 64, 90.0f};
};

scene::Scene empty_scene() {
  scene::Scene scene;
  scene.materials = {{{1, 1, 1, 1}, -1, false}, {{1, 0, 0, 1}, -1, true}};
  return scene;
}

void add_triangle(scene::Scene& scene, const Vec3& a, const Vec3& b, const Vec3& c, std::uint32_t material) {
  const auto first = static_cast<std::uint32_t>(scene.positions.size());
  scene.positions.insert(scene.positions.end(), {a, b, c});
  scene.triangles.push_back({first, first + 1, first + 2});
  scene.triangle_material.push_back(material);
}

base::PhiloxStream test_stream(std::uint32_t purpose) {
  return base::PhiloxStream({11, purpose, 0, 0, base::Purpose::kTest});
}

Vec3 random_point(base::PhiloxStream& stream, float reach) {
  const float x = stream.uniform(-reach, reach), y = stream.uniform(-reach, reach);
  return {x, y, stream.uniform(-reach, reach)};
}

/// Triangles of one size all over a cube around `centre`.
scene::Scene dust(int count, const Vec3& centre, float reach, float size) {
  scene::Scene scene = empty_scene();
  base::PhiloxStream stream = test_stream(1);
  for (int i = 0; i < count; ++i) {
    const Vec3 a = centre + random_point(stream, reach);
    const Vec3 b = a + random_point(stream, size), c = a + random_point(stream, size);
    add_triangle(scene, a, b, c, static_cast<std::uint32_t>(i % 2));
  }
  return scene;
}

scene::Scene slivers() {
  scene::Scene scene = empty_scene();
  base::PhiloxStream stream = test_stream(2);
  for (int i = 0; i < 2000; ++i) {
    const Vec3 a = random_point(stream, 5.0f), b = random_point(stream, 5.0f);
    add_triangle(scene, a, b, b + random_point(stream, 1e-3f), static_cast<std::uint32_t>(i % 2));
  }
  return scene;
}

/// Walls of a box, each many times over, cut differently each time.
scene::Scene coplanar_overlaps() {
  scene::Scene scene = empty_scene();
  base::PhiloxStream stream = test_stream(3);
  for (int i = 0; i < 1500; ++i) {
    const int axis = i % 3;
    const float side = i % 2 == 0 ? -3.0f : 3.0f;
    Vec3 corners[3];
    for (Vec3& corner : corners) {
      corner = random_point(stream, 3.0f);
      corner[axis] = side;
    }
    add_triangle(scene, corners[0], corners[1], corners[2], 1);
  }
  return scene;
}

/// A lattice of unit cubes' faces whose planes pass through the cameras' own coordinates.
scene::Scene lattice() {
  scene::Scene scene = empty_scene();
  for (int x = -4; x <= 4; ++x) {
    for (int z = -4; z <= 4; ++z) {
      const auto at = [&](int dx, int y, int dz) {
        return Vec3(static_cast<float>(x + dx), static_cast<float>(y), static_cast<float>(z + dz));
      };
      add_triangle(scene, at(0, -1, 0), at(1, -1, 0), at(1, -1, 1), 1);
      add_triangle(scene, at(0, -1, 0), at(1, -1, 1), at(0, -1, 1), 1);
      if ((x + z) % 2 != 0) continue;
      add_triangle(scene, at(0, -1, 0), at(1, -1, 0), at(1, 1, 0), 1);
      add_triangle(scene, at(0, -1, 0), at(1, 1, 0), at(0, 1, 0), 1);
    }
  }
  return scene;
}

/// A ground of 180 km with a handful of small things on it.
scene::Scene vast_ground() {
  scene::Scene scene = dust(300, Vec3(0, 1, 0), 2.0f, 0.3f);
  const float far = 9e4f;
  add_triangle(scene, {-far, -1, far}, {far, -1, far}, {far, -1, -far}, 1);
  add_triangle(scene, {-far, -1, far}, {far, -1, -far}, {-far, -1, -far}, 1);
  return scene;
}

/// The same triangles ten times, and as many that are nearly without area.
scene::Scene copies() {
  scene::Scene scene = empty_scene();
  base::PhiloxStream stream = test_stream(4);
  for (int i = 0; i < 200; ++i) {
    const Vec3 a = random_point(stream, 3.0f), b = random_point(stream, 3.0f), c = random_point(stream, 3.0f);
    for (int copy = 0; copy < 10; ++copy) {
      add_triangle(scene, a, b, c, 1);
      add_triangle(scene, a, b, 0.5f * (a + b), 1);
    }
  }
  return scene;
}

scene::Scene home(std::uint64_t seed) { return *scene::generate_home(seed, {}).scene; }

scene::Scene clutter(std::size_t triangles) { return *make_clutter_scene({7, 3, triangles}); }

const base::Aabb kOrigin{Vec3(-0.5f), Vec3(0.5f)};
const base::Aabb kFarAway{Vec3(89990.0f), Vec3(90010.0f)};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"home_1", [] { return home(1); }, {}},
      {"home_2", [] { return home(2); }, {}},
      {"home_3", [] { return home(3); }, {}},
      {"home_4", [] { return home(4); }, {}},
      {"clutter", [] { return clutter(3000); }, {}},
      {"fine_clutter", [] { return clutter(40000); }, {}},
      {"slivers", slivers, kOrigin},
      {"coplanar_overlaps", coplanar_overlaps, kOrigin},
      {"huge_coordinates", [] { return dust(2000, Vec3(90000.0f), 8.0f, 1.0f); }, kFarAway},
      {"tiny", [] { return dust(3000, Vec3(0.0f), 0.04f, 1e-3f); }, {Vec3(-0.02f), Vec3(0.02f)}},
      {"vast_ground", vast_ground, kOrigin, {64, 64, 90.0f, 0.01f, 1e5f}},
      {"copies", copies, kOrigin},
      {"lattice", lattice, {Vec3(0.0f), Vec3(0.0f)}, {65, 65, 90.0f}}};
  return all;
}

std::vector<Pose> case_poses(const base::Aabb& box, int count) {
  base::PhiloxStream stream = test_stream(5);
  std::vector<Pose> poses;
  for (int i = 0; i < count; ++i) {
    Pose pose;
    for (int axis = 0; axis < 3; ++axis) pose.position[axis] = stream.uniform(box.min[axis], box.max[axis]);
    // The first views look exactly along the axes, so that rays have components of 0.
    const bool straight = i < 4;
    const float yaw = straight ? 0.5f * base::kPi * static_cast<float>(i) : stream.uniform(0.0f, 6.28f);
    const float tilt = straight ? 0.0f : stream.uniform(-0.4f, 0.4f);
    pose.rotation =
        base::rotation_from_yaw(yaw) * base::Quat(std::cos(0.5f * tilt), std::sin(0.5f * tilt), 0.0f, 0.0f);
    poses.push_back(pose);
  }
  return poses;
}

float tolerance(double depth) { return kUlps * static_cast<float>(depth) * 0x1.0p-23f; }

/// Whether rounding explains `depth` at this pixel; the rule is at the top of the file.
bool is_explained(const scene::Scene& scene, const CameraSpec& camera, const Pose& pose, int pixel,
                  float depth) {
  const PixelRays rays(camera);
  const CameraFrame frame(pose);
  const glm::dvec3 straight(frame.direction(rays.right(pixel % camera.width), rays.up(pixel / camera.width)));
  double least = INFINITY, greatest = 0.0;  // with the rounding of the corners
  for (int turn = 0; turn < 9; ++turn) {    // the first is none
    const double i = (turn + 1) % 3 - 1, j = (turn / 3 + 1) % 3 - 1;
    const glm::dvec3 direction = straight + kNudge * (i * glm::dvec3(frame.right) + j * glm::dvec3(frame.up));
    const ExactHit exact = exact_hit(scene, camera, glm::dvec3(frame.origin), direction);
    if (exact.depth == 0.0) {
      if (depth == 0.0f) return true;
      continue;
    }
    const auto rounding = static_cast<double>(tolerance(std::max(exact.depth, exact.reach)));
    least = std::min(least, exact.depth - rounding);
    greatest = std::max(greatest, exact.depth + rounding);
    if (depth != 0.0f && static_cast<double>(depth) >= least && static_cast<double>(depth) <= greatest)
      return true;
  }
  return false;
}

class WideAgainstEmbree : public testing::TestWithParam<std::tuple<Backend, std::size_t>> {};
std::string case_name(const testing::TestParamInfo<std::tuple<Backend, std::size_t>>& info) {
  return backend_name({std::get<0>(info.param), 0}) + "_" + cases()[std::get<1>(info.param)].name;
}
INSTANTIATE_TEST_SUITE_P(Scenes, WideAgainstEmbree,
                         testing::Combine(testing::Values(Backend::kWideBvh, Backend::kCuda,
                                                          Backend::kBundle),
                                          testing::Range(std::size_t{0}, cases().size())),
                         case_name);

TEST_P(WideAgainstEmbree, NoWrongHit) {
  const Backend backend = std::get<0>(GetParam());
  if (const std::string why = why_not(backend); !why.empty()) GTEST_SKIP() << why;
  const Case& what = cases()[std::get<1>(GetParam())];
  scene::Scene made = what.make();
  made.name = what.name;
  const scene::ScenePtr scene = scene::finish(std::move(made)).value();
  const std::vector<Pose> poses = case_poses(what.poses.empty() ? scene->bounds : what.poses, 20);
  const Images wide = render_images(backend, what.camera, scene, poses, 2);
  const Images embree = render_images(Backend::kEmbree, what.camera, scene, poses, 2);
  const int pixels = what.camera.width * what.camera.height;
  int examined = 0, wrong = 0, hits = 0;
  for (std::size_t i = 0; i < wide.depth.size(); ++i) {
    const float a = wide.depth[i], b = embree.depth[i];
    hits += a > 0.0f ? 1 : 0;
    if (a == b || (a > 0.0f && b > 0.0f && std::fabs(a - b) <= tolerance(std::min(a, b)))) continue;
    ++examined;
    const auto view = i / static_cast<std::size_t>(pixels);
    const int pixel = static_cast<int>(i % static_cast<std::size_t>(pixels));
    if (!is_explained(*scene, what.camera, poses[view], pixel, a)) {
      ++wrong;
      if (wrong <= 5)
        ADD_FAILURE() << "view " << view << ", pixel " << pixel << ": " << a << ", Embree " << b;
    }
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(hits, static_cast<int>(wide.depth.size() / 50)) << "the cameras see next to nothing";
  RecordProperty("rays", static_cast<int>(wide.depth.size()));
  RecordProperty("examined", examined);
}

TEST(WideAgainstBruteForce, TheTraversalFindsWhatTestingEveryTriangleFinds) {
  const CameraSpec camera{32, 32, 90.0f};
  for (const std::size_t index : {std::size_t{4}, std::size_t{6}, std::size_t{7}, std::size_t{11}}) {
    const Case& what = cases()[index];
    const scene::ScenePtr scene = scene::finish(what.make()).value();
    const std::vector<Pose> poses = case_poses(what.poses.empty() ? scene->bounds : what.poses, 6);
    const Images wide = render_images(Backend::kWideBvh, camera, scene, poses, 2);
    const Images oracle = render_images(Backend::kBruteForce, camera, scene, poses, 2);
    int wrong = 0;
    for (std::size_t i = 0; i < wide.depth.size(); ++i) {
      if (std::fabs(wide.depth[i] - oracle.depth[i]) <= tolerance(static_cast<double>(wide.depth[i])))
        continue;
      const auto pixel = static_cast<int>(i % (32 * 32));
      wrong += is_explained(*scene, camera, poses[i / (32 * 32)], pixel, wide.depth[i]) ? 0 : 1;
    }
    EXPECT_EQ(wrong, 0) << what.name;
  }
}

TEST(BundleAgainstItsTwin, ImagesAreEqualBitForBit) {
  // One block, several, odd ones, wide and narrow lenses, depths that end within the scene.
  const CameraSpec lenses[] = {
      {64, 64, 90.0f}, {130, 70, 60.0f}, {7, 200, 30.0f}, {48, 36, 170.0f}, {33, 3, 120.0f, 0.5f, 4.0f}};
  for (const Case& what : cases()) {
    const scene::ScenePtr scene = scene::finish(what.make()).value();
    for (CameraSpec camera : lenses) {
      if (what.camera.far_m > camera.far_m) camera.far_m = what.camera.far_m;
      const std::vector<Pose> poses = case_poses(what.poses.empty() ? scene->bounds : what.poses, 6);
      const Images bundle = render_images(Backend::kBundle, camera, scene, poses, 2);
      const Images twin = render_images(Backend::kWideBvh, camera, scene, poses, 2);
      EXPECT_EQ(bundle.depth, twin.depth) << what.name << ", " << camera.width << " x " << camera.height;
      EXPECT_EQ(bundle.rgb, twin.rgb) << what.name << ", " << camera.width << " x " << camera.height;
    }
  }
}

TEST(CudaAgainstItsTwin, DepthIsEqualBitForBitAndColourWithinOneLevel) {
  if (const std::string why = why_not(Backend::kCuda); !why.empty()) GTEST_SKIP() << why;
  for (const Case& what : cases()) {
    const scene::ScenePtr scene = scene::finish(what.make()).value();
    const std::vector<Pose> poses = case_poses(what.poses.empty() ? scene->bounds : what.poses, 20);
    const Images device = render_images(Backend::kCuda, what.camera, scene, poses, 2);
    const Images twin = render_images(Backend::kWideBvh, what.camera, scene, poses, 2);
    EXPECT_EQ(device.depth, twin.depth) << what.name;
    int worst = 0;
    for (std::size_t i = 0; i < twin.rgb.size(); ++i) {
      worst = std::max(worst, std::abs(int{device.rgb[i]} - int{twin.rgb[i]}));
    }
    EXPECT_LE(worst, 1) << what.name;  // log2 of the two maths libraries may differ in the last place
  }
}

}  // namespace
}  // namespace inknav::render
