// SPDX-License-Identifier: MIT
#include "task/check/scene_frame_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <glm/geometric.hpp>
#include <utility>
#include <vector>

namespace inknav::task {
namespace {

constexpr float kMaxHeight = 100.0f;   // metres, of a building
constexpr float kMaxWidth = 2000.0f;   // metres
constexpr float kMinWidth = 1.0f;      // metres
constexpr float kMinStorey = 1.5f;     // metres, of a height that makes sense in another unit
constexpr float kMaxStoreys = 50.0f;   // metres, likewise
constexpr float kStorey = 3.0f;        // metres, of most buildings in meshes
constexpr float kFacing = 0.7f;        // cosine between a normal and the direction that it counts for
constexpr float kLevelHeight = 0.25f;  // metres
constexpr std::size_t kMaxLevels = 4096;
constexpr float kMoreLevel = 1.2f;   // times the area of the stated frame's level
constexpr float kMoreFloor = 2.0f;   // times the stated frame's floor
constexpr float kLeastFloor = 4.0f;  // square metres
constexpr float kAgentHeight = 1.5f;
constexpr float kMaxPlate = 6.0f;    // metres from floor to ceiling of a storey, at most
constexpr float kPlate = 5.0f;       // times as wide and as high as that
constexpr float kLowLevel = 0.4f;    // part of the height below which the lowest level lies
constexpr float kHighFloor = 0.6f;   // part of the height above which a floor is a roof
constexpr float kLevelPart = 0.25f;  // of the largest level: what counts as one
constexpr float kFacesDown = 3.0f;   // times as much as faces up
constexpr float kNear = 0.5f;        // metres, in the plane and in height
constexpr std::size_t kSamples = 3000;

/// Surface by level along one axis, in the direction of the axis and against it.
struct Levels {
  float low = 0.0f;
  float height = kLevelHeight;
  std::vector<double> with, against;  // square metres a level
};

std::array<Levels, 3> measure_levels(const scene::Scene& scene) {
  std::array<Levels, 3> all;
  const base::Vec3 size = scene.bounds.size();
  for (int axis = 0; axis < 3; ++axis) {
    Levels& levels = all[static_cast<std::size_t>(axis)];
    levels.low = scene.bounds.min[axis];
    levels.height = std::max(kLevelHeight, size[axis] / static_cast<float>(kMaxLevels));
    const auto count = static_cast<std::size_t>(size[axis] / levels.height) + 2;  // one spare, for the sums
    levels.with.assign(count, 0.0);
    levels.against.assign(count, 0.0);
  }
  for (const glm::u32vec3& t : scene.triangles) {
    const base::Vec3 &a = scene.positions[t.x], &b = scene.positions[t.y], &c = scene.positions[t.z];
    const glm::dvec3 normal = 0.5 * glm::cross(glm::dvec3(b - a), glm::dvec3(c - a));
    const double area = glm::length(normal);
    for (int axis = 0; axis < 3; ++axis) {
      if (!(std::abs(normal[axis]) > double{kFacing} * area)) continue;
      Levels& levels = all[static_cast<std::size_t>(axis)];
      const float middle = (a[axis] + b[axis] + c[axis]) / 3.0f;
      const auto level =
          std::min(static_cast<std::size_t>(std::max(0.0f, middle - levels.low) / levels.height),
                   levels.with.size() - 2);
      (normal[axis] > 0.0 ? levels.with : levels.against)[level] += std::abs(normal[axis]);
    }
  }
  return all;
}

/// The most that lies on one level; two neighbours count together, as a level may lie on their border.
double largest(const std::vector<double>& levels) {
  double most = 0.0;
  for (std::size_t i = 0; i + 1 < levels.size(); ++i) most = std::max(most, levels[i] + levels[i + 1]);
  return most;
}

/// Heights of an island's middle, as part of the scene's.
float island_height(const nav::NavMesh& mesh, int island, const base::Aabb& bounds) {
  const std::vector<base::Vec3> soup = mesh.triangle_soup(island);
  double sum = 0.0;
  for (const base::Vec3& p : soup) sum += p.y;
  const double middle = sum / static_cast<double>(std::max<std::size_t>(soup.size(), 1));
  return (static_cast<float>(middle) - bounds.min.y) / std::max(bounds.size().y, 1e-3f);
}

/// Area of the largest connected floor that is no roof; 0 when there is none.
float largest_floor(const nav::NavMesh* mesh, const base::Aabb& bounds) {
  float most = 0.0f;
  if (mesh == nullptr) return most;
  for (std::size_t i = 0; i < mesh->islands().size(); ++i) {
    const float area = mesh->islands()[i].area;
    if (area > most && island_height(*mesh, static_cast<int>(i), bounds) < kHighFloor) most = area;
  }
  return most;
}

/// The triangles alone, turned so that `up` of the scene points up; turned over when `reversed`.
base::Result<scene::ScenePtr> turned(const scene::Scene& scene, const base::Vec3& up, bool reversed) {
  scene::Scene copy;
  copy.name = scene.name;
  copy.triangles = scene.triangles;
  copy.triangle_material.assign(copy.triangles.size(), 0u);
  copy.materials.resize(1);
  copy.positions.reserve(scene.positions.size());
  const base::Vec3 right =
      std::abs(up.x) < 0.5f ? base::Vec3(1.0f, 0.0f, 0.0f) : base::Vec3(0.0f, 1.0f, 0.0f);
  const base::Vec3 back = glm::cross(right, up);
  for (const base::Vec3& p : scene.positions) {
    copy.positions.emplace_back(glm::dot(p, right), glm::dot(p, up), glm::dot(p, back));
  }
  if (reversed) {
    for (glm::u32vec3& t : copy.triangles) std::swap(t.y, t.z);
  }
  return scene::finish(std::move(copy));
}

/// Area of the largest floor after turning; 0 when there is none.
float floor_after(const scene::Scene& scene, const base::Vec3& up, bool reversed,
                  const nav::NavSettings& settings) {
  const auto copy = turned(scene, up, reversed);
  if (!copy.ok()) return 0.0f;
  const auto mesh = nav::NavMesh::build(**copy, settings);
  return mesh.ok() ? largest_floor(mesh->get(), (*copy)->bounds) : 0.0f;
}

nav::NavSettings for_people(nav::NavSettings settings) {
  settings.agent_height = std::max(settings.agent_height, kAgentHeight);
  return settings;
}

struct Direction {
  int axis = 0;
  bool positive = true;
  double level = 0.0;  // square metres of the largest level that faces it
  float floor = 0.0f;  // square metres of the largest floor with it up
  std::string name() const { return fmt::format("{}{}", positive ? '+' : '-', "xyz"[axis]); }
  base::Vec3 vector() const {
    base::Vec3 v(0.0f);
    v[axis] = positive ? 1.0f : -1.0f;
    return v;
  }
};

/// Those other than up that a larger level faces than the one of the stated frame, the largest first; all
/// with a level to speak of where that frame has no floor.
std::vector<Direction> likely_directions(const scene::Scene& scene, bool has_floor) {
  constexpr std::size_t kMost = 3;  // that are tried where there is a floor
  const std::array<Levels, 3> levels = measure_levels(scene);
  const double stated = largest(levels[1].with);
  std::vector<Direction> directions;
  for (int axis = 0; axis < 3; ++axis) {
    const Levels& along = levels[static_cast<std::size_t>(axis)];
    for (const bool positive : {true, false}) {
      if (axis == 1 && positive) continue;
      const Direction direction{axis, positive, largest(positive ? along.with : along.against), 0.0f};
      const bool more = direction.level >= double{kMoreLevel} * stated;
      if (direction.level >= double{kLeastFloor} && (more || !has_floor)) directions.push_back(direction);
    }
  }
  std::stable_sort(directions.begin(), directions.end(),
                   [](const Direction& a, const Direction& b) { return a.level > b.level; });
  if (has_floor && directions.size() > kMost) directions.resize(kMost);
  return directions;
}

/// What the floor of `best` must stand out from where the stated frame has none, as any wall is then a better
/// one: the floors of directions along other axes, and what is walkable high up.
float floor_of_others(const std::vector<Direction>& directions, const Direction& best,
                      const nav::NavMesh* mesh) {
  float most = 0.0f;
  if (mesh != nullptr && !mesh->islands().empty())
    most = mesh->islands()[static_cast<std::size_t>(mesh->largest_island())].area;
  for (const Direction& direction : directions) {
    if (direction.axis != best.axis) most = std::max(most, direction.floor);
  }
  return most;
}

std::string size_text(const base::Vec3& size) {
  return fmt::format("{:.4g} x {:.4g} m, {:.4g} m high", size.x, size.z, size.y);
}

}  // namespace

std::optional<std::string> suspect_units(const base::Aabb& bounds) {
  const base::Vec3 size = bounds.size();
  const float width = std::max(size.x, size.z);
  const bool large = size.y > kMaxHeight || width > kMaxWidth;
  const bool small = std::max(width, size.y) < kMinWidth;
  if (!large && !small) return std::nullopt;
  struct Unit {
    float metres;
    const char* name;
  };
  constexpr Unit kUnits[] = {
      {0.001f, "millimetres"}, {0.01f, "centimetres"},         {0.0254f, "inches"},
      {0.3048f, "feet"},       {100.0f, "hundreds of metres"}, {1000.0f, "kilometres"}};
  const Unit* best = nullptr;
  float least = 0.0f;
  for (const Unit& unit : kUnits) {
    const float height = size.y * unit.metres;
    if ((unit.metres < 1.0f) != large || height < kMinStorey || height > kMaxStoreys) continue;
    const float difference = std::abs(std::log(height / kStorey));
    if (best != nullptr && difference >= least) continue;
    best = &unit;
    least = difference;
  }
  std::string text = fmt::format("a building in metres was wanted, found {}", size_text(size));
  if (best != nullptr) text += fmt::format("; as {} it is {}", best->name, size_text(size * best->metres));
  return text;
}

std::optional<std::string> suspect_plate(const base::Aabb& bounds) {
  const base::Vec3 size = bounds.size();
  const float deep = std::min(size.x, size.z), wide = std::max(size.x, size.z);
  if (deep < kMinWidth || deep > kMaxPlate) return std::nullopt;
  if (std::min(size.y, wide) < kPlate * deep) return std::nullopt;
  return fmt::format(
      "a scene with its floor facing up (+y) was wanted, found a plate that stands on edge: {}",
      size_text(size));
}

std::optional<std::string> suspect_frame(const scene::Scene& scene, const nav::NavMesh* mesh,
                                         const nav::NavSettings& settings) {
  const float stated = largest_floor(mesh, scene.bounds);
  const bool has_floor = stated > 0.0f;
  std::vector<Direction> directions = likely_directions(scene, has_floor);
  const Direction* best = nullptr;
  for (Direction& direction : directions) {
    direction.floor = floor_after(scene, direction.vector(), false, for_people(settings));
    if (direction.floor > (best == nullptr ? 0.0f : best->floor)) best = &direction;
  }
  if (best == nullptr) return std::nullopt;
  const float other = has_floor ? stated : floor_of_others(directions, *best, mesh);
  if (best->floor < std::max(kLeastFloor, kMoreFloor * other)) return std::nullopt;
  return fmt::format(
      "a scene with its floor facing up (+y) was wanted, whose largest floor has {:.1f} m2; with {} of the "
      "world up it has {:.1f} m2",
      stated, best->name(), best->floor);
}

std::optional<std::string> suspect_inside_out(const scene::Scene& scene, const nav::NavMesh* mesh,
                                              const nav::NavSettings& settings) {
  const float stated = largest_floor(mesh, scene.bounds);  // the inside of a wardrobe, say
  const Levels levels = measure_levels(scene)[1];
  std::vector<double> both(levels.with.size());
  for (std::size_t i = 0; i < both.size(); ++i) both[i] = levels.with[i] + levels.against[i];
  const double least = double{kLevelPart} * largest(both);
  std::size_t lowest = 0;
  while (lowest + 2 < both.size() && both[lowest] + both[lowest + 1] < least) ++lowest;
  const float low = static_cast<float>(lowest) * levels.height;
  const double up = levels.with[lowest] + levels.with[lowest + 1];
  const double down = levels.against[lowest] + levels.against[lowest + 1];
  if (low > kLowLevel * std::max(scene.bounds.size().y, 2.0f * kLevelHeight) ||
      down < double{kFacesDown} * up) {
    return std::nullopt;
  }
  const float floor = floor_after(scene, {0.0f, 1.0f, 0.0f}, true, for_people(settings));
  if (floor < std::max(kLeastFloor, kMoreFloor * stated)) return std::nullopt;
  return fmt::format(
      "a floor that faces up was wanted, found {:.1f} m2 of the lowest level facing down; turned over, it is "
      "a floor of {:.1f} m2",
      down, floor);
}

float common_share(const nav::NavMesh& mesh, const nav::NavMeshPtr& other) {
  const std::vector<base::Vec3> soup = mesh.triangle_soup(-1);
  nav::NavQuery query(other);
  const std::size_t count = soup.size() / 3;
  const std::size_t stride = std::max<std::size_t>(1, count / kSamples);
  double all = 0.0, common = 0.0;
  for (std::size_t i = 0; i < count; i += stride) {
    const base::Vec3 &a = soup[3 * i], &b = soup[3 * i + 1], &c = soup[3 * i + 2];
    const double area = double{glm::length(glm::cross(b - a, c - a))};
    const base::Vec3 middle = (a + b + c) / 3.0f;
    all += area;
    const auto on_other = query.project(middle);
    if (!on_other) continue;
    const base::Vec3 offset = on_other->position - middle;
    if (std::hypot(offset.x, offset.z) <= kNear && std::abs(offset.y) <= kNear) common += area;
  }
  return all > 0.0 ? static_cast<float>(common / all) : 0.0f;
}

}  // namespace inknav::task
