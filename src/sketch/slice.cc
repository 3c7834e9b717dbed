// SPDX-License-Identifier: MIT
#include "sketch/slice.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace inknav::sketch {
namespace {

using base::Vec2;
using base::Vec3;

constexpr float kStep = 0.1f;           // metres between the heights of the profile
constexpr int kSteps = 36;              // up to 3.6 m
constexpr float kLowestCeiling = 1.9f;  // metres
constexpr float kStands = 0.1f;         // share of the longest slice below which nothing worth drawing stands
constexpr float kShareOfLeast = 0.5f;   // share of the least lower slice that still counts as the walls
constexpr std::size_t kFirstStep = 3;   // the lowest slices see feet and thresholds
constexpr float kCeilingShare = 0.3f;   // share of the floor's area that makes a ceiling or floor

struct Crossing {
  bool is_there = false;
  PlanSegment segment;
};

Crossing cross_triangle(const std::array<Vec3, 3>& p, float height) {
  Crossing crossing;
  int found = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const Vec3& a = p[i];
    const Vec3& b = p[(i + 1) % 3];
    // Half-open, so that a vertex on the plane belongs to one side and shared edges agree.
    if ((a.y < height) == (b.y < height)) continue;
    const float t = (height - a.y) / (b.y - a.y);
    const Vec3 q = a + t * (b - a);
    (found == 0 ? crossing.segment.a : crossing.segment.b) = Vec2(q.x, q.z);
    ++found;
  }
  crossing.is_there = found == 2 && crossing.segment.a != crossing.segment.b;
  return crossing;
}

std::array<Vec3, 3> corners(const scene::Scene& scene, std::size_t triangle) {
  const glm::u32vec3& t = scene.triangles[triangle];
  return {scene.positions[t.x], scene.positions[t.y], scene.positions[t.z]};
}

}  // namespace

std::vector<PlanSegment> slice(const scene::Scene& scene, float height) {
  std::vector<PlanSegment> segments;
  for (std::size_t i = 0; i < scene.num_triangles(); ++i) {
    const Crossing crossing = cross_triangle(corners(scene, i), height);
    if (crossing.is_there) segments.push_back(crossing.segment);
  }
  return segments;
}

float wall_height(const scene::Scene& scene, float floor_y) {
  std::array<float, kSteps + 1> standing{};  // slice length at floor_y + i * kStep
  std::array<float, kSteps + 1> level{};     // area of level triangles by height
  float floor_area = 0.0f;
  for (std::size_t i = 0; i < scene.num_triangles(); ++i) {
    const auto p = corners(scene, i);
    const float low = std::min({p[0].y, p[1].y, p[2].y}) - floor_y,
                high = std::max({p[0].y, p[1].y, p[2].y}) - floor_y;
    const Vec3 normal = glm::cross(p[1] - p[0], p[2] - p[0]);
    if (std::abs(normal.y) > 0.9f * glm::length(normal)) {
      const float area = 0.5f * glm::length(normal);
      const int bin = static_cast<int>(std::floor(0.5f * (low + high) / kStep + 0.5f));
      if (std::abs(bin) <= 2) floor_area += area;
      if (bin > 2 && bin <= kSteps) level[static_cast<std::size_t>(bin)] += area;
      continue;
    }
    const int first = std::max(1, static_cast<int>(std::ceil(low / kStep)));
    const int last = std::min(kSteps, static_cast<int>(std::floor(high / kStep)));
    for (int k = first; k <= last; ++k) {
      const Crossing c = cross_triangle(p, floor_y + kStep * static_cast<float>(k));
      if (c.is_there) standing[static_cast<std::size_t>(k)] += glm::length(c.segment.b - c.segment.a);
    }
  }
  // A mesh without a floor is compared with half of its outline's area.
  floor_area = std::max(floor_area, 0.5f * scene.bounds.size().x * scene.bounds.size().z);
  int top = kSteps;
  for (int k = static_cast<int>(kLowestCeiling / kStep); k <= kSteps; ++k) {
    if (floor_area > 0.0f && level[static_cast<std::size_t>(k)] > kCeilingShare * floor_area) {
      top = k;
      break;
    }
  }
  // Walls stand at every height below their top, clutter only at some: the least of the lower slices is
  // theirs.
  const float most = *std::max_element(standing.begin(), standing.end());
  std::array<float, kSteps + 1> least{};
  float so_far = most;
  for (std::size_t k = kFirstStep; k <= kSteps; ++k) least[k] = so_far = std::min(so_far, standing[k]);
  const auto stands = [&](std::size_t k) {
    return standing[k] > kStands * most && standing[k] >= kShareOfLeast * least[k];
  };
  while (top > 0 && !stands(static_cast<std::size_t>(top))) --top;
  return kStep * static_cast<float>(top);
}

}  // namespace inknav::sketch
