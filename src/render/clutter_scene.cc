// SPDX-License-Identifier: MIT
#include "render/clutter_scene.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"

namespace inknav::render {
namespace {

using base::Vec2;
using base::Vec3;

constexpr float kWallHeight = 2.6f;
constexpr float kEyeHeight = 1.25f;

class ClutterBuilder {
 public:
  explicit ClutterBuilder(const ClutterSpec& spec)
      : spec_(spec), stream_({spec.seed, 0, 0, 0, base::Purpose::kBenchmark}) {
    std::vector<std::uint8_t> texels;
    for (int i = 0; i < 64 * 64; ++i) {
      const auto value = static_cast<std::uint8_t>(100 + stream_.uniform_int(100u));
      texels.insert(texels.end(), {value, static_cast<std::uint8_t>(value / 2 + 60), 90, 255});
    }
    scene_.textures.push_back(scene::make_texture(64, 64, std::move(texels)));
    scene_.materials.push_back({{1, 1, 1, 1}, 0, false});
    scene_.materials.push_back({{0.8f, 0.9f, 1, 1}, -1, true});
  }

  scene::ScenePtr build() {
    const float side = kClutterRoomSide * static_cast<float>(spec_.rooms_per_side);
    add_quad({0, 0, side}, {side, 0, 0}, {0, 0, -side});
    for (int i = 0; i <= spec_.rooms_per_side; ++i) {
      for (int j = 0; j < spec_.rooms_per_side; ++j) add_wall_with_gap(i, j);
    }
    const int rooms = spec_.rooms_per_side * spec_.rooms_per_side;
    const int spheres_per_room = 8;
    const auto per_sphere = static_cast<double>(spec_.target_triangles) / (rooms * spheres_per_room);
    const int rings = std::max(2, static_cast<int>(std::sqrt(per_sphere / 4.0)));
    for (int room = 0; room < rooms; ++room) {
      for (int k = 0; k < spheres_per_room; ++k) add_sphere(random_centre(room), rings);
    }
    scene_.name = "clutter";
    auto finished = scene::finish(std::move(scene_));
    INKNAV_CHECK(finished.ok(), finished.ok() ? "" : finished.error().message);
    return std::move(finished).value();
  }

 private:
  std::uint32_t add_vertex(const Vec3& p, const Vec2& uv) {
    scene_.positions.push_back(p);
    scene_.uvs.push_back(uv);
    scene_.colors.push_back({200 + stream_.uniform_int(56u), 220, 255 - stream_.uniform_int(40u), 255});
    return static_cast<std::uint32_t>(scene_.positions.size() - 1);
  }

  void add_triangle(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t material) {
    scene_.triangles.push_back({a, b, c});
    scene_.triangle_material.push_back(material);
  }

  void add_quad(const Vec3& corner, const Vec3& e1, const Vec3& e2) {
    const float u = glm::length(e1), v = glm::length(e2);
    const std::uint32_t a = add_vertex(corner, {0, 0}), b = add_vertex(corner + e1, {u, 0});
    const std::uint32_t c = add_vertex(corner + e1 + e2, {u, v}), d = add_vertex(corner + e2, {0, v});
    add_triangle(a, b, c, 1);
    add_triangle(a, c, d, 1);
  }

  /// Wall line i, room j, once along x and once along z, with a 1 m gap in the middle of inner walls.
  void add_wall_with_gap(int i, int j) {
    const float line = kClutterRoomSide * static_cast<float>(i);
    const float from = kClutterRoomSide * static_cast<float>(j), to = from + kClutterRoomSide;
    const float gap = i == 0 || i == spec_.rooms_per_side ? 0.0f : 0.5f;
    const float middle = 0.5f * (from + to);
    const Vec3 up(0, kWallHeight, 0);
    for (const auto& [a, b] : {std::pair{from, middle - gap}, std::pair{middle + gap, to}}) {
      add_quad({a, 0, line}, {b - a, 0, 0}, up);
      add_quad({line, 0, a}, {0, 0, b - a}, up);
    }
  }

  Vec3 random_centre(int room) {
    const float x = static_cast<float>(room % spec_.rooms_per_side),
                z = static_cast<float>(room / spec_.rooms_per_side);
    return {kClutterRoomSide * (x + stream_.uniform(0.1f, 0.9f)), stream_.uniform(0.1f, 1.5f),
            kClutterRoomSide * (z + stream_.uniform(0.1f, 0.9f))};
  }

  void add_sphere(const Vec3& centre, int rings) {
    const int segments = 2 * rings;
    const float radius = stream_.uniform(0.15f, 0.45f);
    const auto first = static_cast<std::uint32_t>(scene_.positions.size());
    for (int i = 0; i <= rings; ++i) {
      const float theta = base::kPi * static_cast<float>(i) / static_cast<float>(rings);
      for (int j = 0; j <= segments; ++j) {
        const float phi = 2.0f * base::kPi * static_cast<float>(j) / static_cast<float>(segments);
        const Vec3 n(std::sin(theta) * std::cos(phi), std::cos(theta), std::sin(theta) * std::sin(phi));
        add_vertex(centre + radius * n, {phi, theta});
      }
    }
    const auto at = [&](int i, int j) { return first + static_cast<std::uint32_t>(i * (segments + 1) + j); };
    for (int i = 0; i < rings; ++i) {
      for (int j = 0; j < segments; ++j) {
        add_triangle(at(i, j), at(i + 1, j + 1), at(i + 1, j), 0);
        add_triangle(at(i, j), at(i, j + 1), at(i + 1, j + 1), 0);
      }
    }
  }

  ClutterSpec spec_;
  base::PhiloxStream stream_;
  scene::Scene scene_;
};

}  // namespace

scene::ScenePtr make_clutter_scene(const ClutterSpec& spec) { return ClutterBuilder(spec).build(); }

base::Pose random_clutter_pose(const ClutterSpec& spec, base::PhiloxStream& stream) {
  const float side = kClutterRoomSide * static_cast<float>(spec.rooms_per_side);
  base::Pose pose;
  pose.position = {stream.uniform(0.3f, side - 0.3f), kEyeHeight, stream.uniform(0.3f, side - 0.3f)};
  pose.rotation = base::rotation_from_yaw(stream.uniform(-base::kPi, base::kPi));
  return pose;
}

}  // namespace inknav::render
