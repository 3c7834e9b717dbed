// SPDX-License-Identifier: MIT
// The rasteriser against the CPU's ray tracer: 1,000 views of homes, clutter and textured scenes, depth
// and colour.
//
// Rule. A pixel agrees when both see nothing, or both depths differ by at most kDepthTolerance of the depth,
// and no colour channel by more than kColorTolerance. All others together are at most 0.2 % of the pixels,
// and each lies at a silhouette in this sense: the pixel's centre is closer than kEdgeShift to the projected
// edge of a triangle, and what the rasteriser shows is right if edges may move by that much. In double
// precision and over every triangle: one whose edges moved outwards reach the centre has just the depth and
// colour that were drawn (or nothing was drawn), and no triangle that covers the centre even with its edges
// moved inwards is nearer. A rasteriser rounds corners to a grid of 1/256 of a pixel; where surfaces meet
// without sharing corners, that opens or closes gaps no wider than this.
#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "render/clutter_scene.h"
#include "render/renderer_testing.h"
#include "render/shading.h"
#include "scene/home/home.h"

namespace inknav::render {
namespace {

using base::Pose;
using base::Vec3;

// Both compute depth in single precision, relative to the camera, by other sums.
constexpr float kDepthTolerance = 1e-5f;
// Levels. Drivers filter textures with weights of 8 bits, three times (u, v and level).
constexpr int kColorTolerance = 4;
constexpr double kMostDiffering = 0.002;
// Pixels. Half a step of the rasteriser's grid moves a corner by 1/362; the rest is the rounding of the
// projection.
constexpr double kEdgeShift = 1.0 / 128.0;

struct Case {
  const char* name;
  std::function<scene::ScenePtr()> make;
  int views;
};

scene::ScenePtr home(std::uint64_t seed) { return scene::generate_home(seed, {}).scene; }

/// Panels with textures of odd sizes that repeat up to 40 times, tinted, some of them seen from both sides.
scene::ScenePtr gallery() {
  scene::Scene scene;
  scene.name = "gallery";
  base::PhiloxStream stream({15, 0, 0, 0, base::Purpose::kTest});
  for (const auto& [width, height] : {std::pair{48, 20}, {64, 64}, {7, 33}, {1, 16}}) {
    std::vector<std::uint8_t> texels;
    for (int i = 0; i < 4 * width * height; ++i)
      texels.push_back(static_cast<std::uint8_t>(stream.uniform_int(256u)));
    scene.textures.push_back(scene::make_texture(width, height, std::move(texels)));
    const auto texture = static_cast<std::int32_t>(scene.textures.size()) - 1;
    scene.materials.push_back({{0.9f, 0.7f, 1.0f, 1.0f}, texture, texture % 2 == 0});
  }
  scene.materials.push_back({{0.2f, 0.4f, 0.6f, 1.0f}, -1, false});
  for (std::uint32_t i = 0; i < 120; ++i) {
    const auto first = static_cast<std::uint32_t>(scene.positions.size());
    const auto vector = [&](float reach) {
      const float x = stream.uniform(-reach, reach), y = stream.uniform(-reach, reach);
      return Vec3(x, y, stream.uniform(-reach, reach));
    };
    const Vec3 corner = vector(5.0f), e1 = vector(2.0f), e2 = vector(2.0f);
    scene.positions.insert(scene.positions.end(), {corner, corner + e1, corner + e1 + e2, corner + e2});
    const float u = stream.uniform(-3.0f, 3.0f), repeats = stream.uniform(0.2f, 40.0f);
    scene.uvs.insert(scene.uvs.end(), {{u, 0}, {u + repeats, 0}, {u + repeats, repeats}, {u, repeats}});
    scene.triangles.insert(scene.triangles.end(),
                           {{first, first + 1, first + 2}, {first, first + 2, first + 3}});
    scene.triangle_material.insert(scene.triangle_material.end(), 2, i % 5);
  }
  return scene::finish(std::move(scene)).value();
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {{"home_1", [] { return home(1); }, 200},
                                        {"home_2", [] { return home(2); }, 200},
                                        {"home_3", [] { return home(3); }, 200},
                                        {"gallery", gallery, 200},
                                        {"clutter",
                                         [] {
                                           return make_clutter_scene({7, 3, 3000});
                                         },
                                         100},
                                        {"fine_clutter",
                                         [] {
                                           return make_clutter_scene({8, 3, 20000});
                                         },
                                         100}};
  return all;
}

std::vector<Pose> random_poses(const base::Aabb& box, int count) {
  base::PhiloxStream stream({12, 0, 0, 0, base::Purpose::kTest});
  std::vector<Pose> poses(static_cast<std::size_t>(count));
  for (Pose& pose : poses) {
    for (int axis = 0; axis < 3; ++axis) pose.position[axis] = stream.uniform(box.min[axis], box.max[axis]);
    const float tilt = stream.uniform(-0.5f, 0.5f);
    pose.rotation = base::rotation_from_yaw(stream.uniform(0.0f, 6.28f)) *
                    base::Quat(std::cos(0.5f * tilt), std::sin(0.5f * tilt), 0.0f, 0.0f);
  }
  return poses;
}

bool depths_agree(float a, float b) {
  return a == b || (a > 0.0f && b > 0.0f && std::fabs(a - b) <= kDepthTolerance * b);
}

/// A triangle as one pixel's ray sees it, in double precision.
struct Seen {
  bool reached = false;  // with its edges moved outwards
  bool covers = false;   // even with its edges moved inwards
  double depth = 0.0;    // where the ray meets its plane
  double rounding = 0.0;
  Hit hit;
};

/// Looks along the ray through one pixel at all triangles of a scene.
class PixelOracle {
 public:
  PixelOracle(const scene::Scene& scene, const Shader& shader, const CameraSpec& camera, const Pose& pose,
              int x, int y)
      : scene_(scene),
        shader_(shader),
        camera_(camera),
        frame_(pose),
        pixel_size_(PixelRays(camera).pixel_size()) {
    const PixelRays rays(camera);
    direction_ = frame_.direction(rays.right(x), rays.up(y));
    ray_ = {rays.right(x), rays.up(y), -1.0};
  }

  /// Whether moved edges explain this depth and colour.
  bool explains(float depth, const std::uint8_t* rgb) const {
    bool shown = depth == 0.0f;
    for (std::uint32_t i = 0; i < scene_.num_triangles(); ++i) {
      const Seen seen = look(i);
      const bool in_range =
          seen.depth > static_cast<double>(camera_.near_m) && seen.depth < static_cast<double>(camera_.far_m);
      if (!seen.reached || !in_range) continue;
      const double behind = static_cast<double>(depth) - seen.depth;
      if (seen.covers && (depth == 0.0f || behind > seen.rounding)) return false;
      if (!shown && std::fabs(behind) <= seen.rounding) shown = has_color(seen.hit, rgb);
    }
    return shown;
  }

 private:
  /// Right, up and backward.
  glm::dvec3 in_camera(std::uint32_t vertex) const {
    const glm::dvec3 p = glm::dvec3(scene_.positions[vertex]) - glm::dvec3(frame_.origin);
    return {glm::dot(p, glm::dvec3(frame_.right)), glm::dot(p, glm::dvec3(frame_.up)),
            -glm::dot(p, glm::dvec3(frame_.forward))};
  }

  Seen look(std::uint32_t triangle) const {
    const glm::u32vec3& corner = scene_.triangles[triangle];
    const glm::dvec3 c[3] = {in_camera(corner.x), in_camera(corner.y), in_camera(corner.z)};
    const glm::dvec3 normal = glm::normalize(glm::cross(c[1] - c[0], c[2] - c[0]));
    const double slope = glm::dot(normal, ray_);
    const bool turn = scene_.materials[scene_.triangle_material[triangle]].double_sided && slope > 0.0;
    Seen seen;
    seen.depth = glm::dot(normal, c[0]) / slope;
    // The normal's and the direction's own rounding weighs more the flatter the ray meets the plane.
    seen.rounding = seen.depth * (static_cast<double>(kDepthTolerance) + 1e-6 / std::fabs(slope));
    double inside = INFINITY, weight[3];
    for (int i = 0; i < 3; ++i) {
      // The plane through the camera and an edge; its distance from the centre in the image, positive inside.
      const glm::dvec3 plane = glm::cross(c[(i + 1) % 3], c[(i + 2) % 3]) * (turn ? 1.0 : -1.0);
      weight[i] = glm::dot(plane, ray_);
      inside = std::min(inside, weight[i] / std::max(glm::length(glm::dvec2(plane)), 1e-30) / pixel_size_);
    }
    seen.reached = inside >= -kEdgeShift;
    seen.covers = inside >= kEdgeShift;
    const double sum = weight[0] + weight[1] + weight[2];
    seen.hit = {triangle, static_cast<float>(weight[1] / sum), static_cast<float>(weight[2] / sum),
                static_cast<float>(seen.depth)};
    return seen;
  }

  bool has_color(const Hit& hit, const std::uint8_t* rgb) const {
    const Rgb color = shader_.shade(hit, direction_, static_cast<float>(pixel_size_));
    return std::abs(color.r - rgb[0]) <= kColorTolerance && std::abs(color.g - rgb[1]) <= kColorTolerance &&
           std::abs(color.b - rgb[2]) <= kColorTolerance;
  }

  const scene::Scene& scene_;
  const Shader& shader_;
  CameraSpec camera_;
  CameraFrame frame_;
  double pixel_size_;
  Vec3 direction_;
  glm::dvec3 ray_;
};

class EglAgainstTracer : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    if (const std::string why = why_not(Backend::kEgl); !why.empty()) GTEST_SKIP() << why;
  }
};
INSTANTIATE_TEST_SUITE_P(Scenes, EglAgainstTracer, testing::Range(std::size_t{0}, cases().size()),
                         [](const auto& chosen) { return std::string(cases()[chosen.param].name); });

TEST_P(EglAgainstTracer, DiffersAtSilhouettesOnly) {
  const Case& what = cases()[GetParam()];
  const scene::ScenePtr scene = what.make();
  const CameraSpec camera{64, 48, 90.0f};
  const std::vector<Pose> poses = random_poses(scene->bounds, what.views);
  const Images egl = render_images(Backend::kEgl, camera, scene, poses, 2);
  const Images tracer = render_images(Backend::kBundle, camera, scene, poses, 2);
  const Shader shader(scene);
  const std::size_t pixels = static_cast<std::size_t>(camera.width * camera.height);
  int differing = 0, wrong = 0, hits = 0;
  for (std::size_t i = 0; i < egl.depth.size(); ++i) {
    hits += egl.depth[i] > 0.0f ? 1 : 0;
    int color = 0;
    for (std::size_t c = 3 * i; c < 3 * i + 3; ++c)
      color = std::max(color, std::abs(int{egl.rgb[c]} - int{tracer.rgb[c]}));
    if (depths_agree(egl.depth[i], tracer.depth[i]) && color <= kColorTolerance) continue;
    ++differing;
    const auto x = static_cast<int>(i % pixels) % camera.width,
               y = static_cast<int>(i % pixels) / camera.width;
    if (PixelOracle(*scene, shader, camera, poses[i / pixels], x, y).explains(egl.depth[i], &egl.rgb[3 * i]))
      continue;
    if (++wrong <= 5) {
      ADD_FAILURE() << "view " << i / pixels << ", column " << x << ", row " << y << ": depth "
                    << egl.depth[i] << ", tracer " << tracer.depth[i] << ", colour off by " << color;
    }
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(differing, static_cast<int>(kMostDiffering * static_cast<double>(egl.depth.size())));
  EXPECT_GT(hits, static_cast<int>(egl.depth.size() / 10)) << "the cameras see next to nothing";
  RecordProperty("pixels", static_cast<int>(egl.depth.size()));
  RecordProperty("differing", differing);
}

}  // namespace
}  // namespace inknav::render
