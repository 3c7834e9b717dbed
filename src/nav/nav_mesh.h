// SPDX-License-Identifier: MIT
#pragma once
// NavMesh: where an agent can stand. Built from a Scene by Recast in Habitat's order of steps
// (spec/habitat.md 1); queries by Detour.
//
// A cached file is trusted only after its checksum and every count and index in it were checked; anything
// else is built again with a log line. NavMesh is immutable and shared. NavQuery holds Detour's scratch
// memory: one per thread and mesh, not thread-safe, no allocation after construction except in geodesic().
// Points that do not project (no polygon within (2,4,2) m) give nullopt or infinity, never garbage.

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/geometry.h"
#include "base/philox.h"
#include "base/result.h"
#include "nav/nav_settings.h"
#include "scene/scene.h"

class dtNavMesh;

namespace inknav::nav {

namespace internal {
struct MeshData;
}

using PolyRef = std::uint32_t;

struct NavPoint {
  base::Vec3 position{0.0f};
  PolyRef poly = 0;
};

struct Island {
  float area = 0.0f;    // square metres
  float radius = 0.0f;  // metres, greatest distance of a polygon vertex from their mean
};

struct GeodesicPath {
  float length = std::numeric_limits<float>::infinity();  // metres; infinity when unreachable
  std::vector<base::Vec3> points;                         // funnel corners, start and end included
};

class NavMesh {
 public:
  static base::Result<std::shared_ptr<const NavMesh>> build(const scene::Scene& scene,
                                                            const NavSettings& settings);
  /// build() through a cache file in `cache_dir` named by scene.content_hash and the settings.
  static base::Result<std::shared_ptr<const NavMesh>> build_cached(const scene::Scene& scene,
                                                                   const NavSettings& settings,
                                                                   const std::filesystem::path& cache_dir);
  /// Habitat's file, version 1 or 2 (nav/navmesh_file.h). Its bounds are those of its tiles. Error (kData)
  /// naming the byte.
  static base::Result<std::shared_ptr<const NavMesh>> load(const std::filesystem::path& path);
  /// Version 2, for Habitat or load(). Error kDisk.
  base::Status save(const std::filesystem::path& path) const;
  ~NavMesh();
  NavMesh(const NavMesh&) = delete;
  NavMesh& operator=(const NavMesh&) = delete;

  const NavSettings& settings() const;
  int file_version() const;  // of Habitat's file that it was loaded from; 0: built
  const base::Aabb& bounds() const;
  const std::vector<Island>& islands() const;  // numbered in polygon order
  int largest_island() const;
  int island_of(PolyRef poly) const;
  float area() const;  // square metres of all islands
  const dtNavMesh& detour() const;
  const internal::MeshData& data() const { return *data_; }

  /// Walkable boundary and area for drawings and top-down pictures: triangles of the detail mesh,
  /// three points each, of one island (or all with -1).
  std::vector<base::Vec3> triangle_soup(int island) const;

 private:
  explicit NavMesh(std::unique_ptr<internal::MeshData> data);
  std::unique_ptr<internal::MeshData> data_;
};

using NavMeshPtr = std::shared_ptr<const NavMesh>;

/// What a wall does to a body that must not slide.
enum class NoSlideRule : std::uint8_t {
  kHabitat033,  // up to 0.3.3: stop where the way crosses the wall; all published results
  kHabitat034,  // since 0.3.4: slide, then cut at the crossed wall nearest to the target
};

class NavQuery {
 public:
  explicit NavQuery(NavMeshPtr mesh);
  ~NavQuery();
  NavQuery(NavQuery&&) noexcept;
  NavQuery& operator=(NavQuery&&) noexcept;

  const NavMesh& mesh() const;
  const NavMeshPtr& mesh_ptr() const;

  void set_no_slide_rule(NoSlideRule rule);

  std::optional<NavPoint> project(const base::Vec3& p);
  /// The same with only one island's polygons, as Habitat's snap_point(p, island).
  std::optional<NavPoint> project_to_island(const base::Vec3& p, int island);
  /// Projected point must be within max_y_delta in height and 0.01 m horizontally.
  bool is_navigable(const base::Vec3& p, float max_y_delta = 0.5f);

  /// One body step (spec/habitat.md 1, tryStep). `from` is on the mesh; `to` is the raw target.
  NavPoint step(const NavPoint& from, const base::Vec3& to, bool allow_sliding);
  /// The same from an arbitrary point; returns `from` when it or the target does not project.
  base::Vec3 try_step(const base::Vec3& from, const base::Vec3& to, bool allow_sliding);

  /// Detour's path, as Habitat reports it: A* over edge midpoints, pulled straight; more than 256 polygons
  /// are unreachable. It may take the longer side of an obstacle, so geodesic(a,b) and geodesic(b,a) can
  /// differ; DistanceField gives the true distance. Law: length >= the straight line, and >=
  /// DistanceField::at.
  GeodesicPath geodesic(const base::Vec3& from, const base::Vec3& to);
  /// geodesic(from, to).length, bit for bit, without allocation.
  float geodesic_length(const base::Vec3& from, const base::Vec3& to);
  float distance_to_wall(const base::Vec3& p, float max_radius = 2.0f);

  /// O(1) projection through the mesh's grid, within 2 m in the plane and 4 m in height. Where two polygons
  /// are equally near (a common edge) it may name the other one than project().
  std::optional<NavPoint> locate(const base::Vec3& p);
  /// Whether the straight way from a point of the mesh to `to` (about on the mesh) meets no wall.
  bool is_clear(const NavPoint& from, const base::Vec3& to);
  struct FirstLeg {
    base::Vec3 corner{0.0f};  // where the shortest path bends first, or its end
    float length = 0.0f;      // metres, of the whole path
  };
  /// Beginning of geodesic(from, to), without allocation; nullopt when unreachable.
  std::optional<FirstLeg> first_leg(const NavPoint& from, const base::Vec3& to);
  /// Where geodesic(from, to) bends and ends, without allocation; kept until the next search of a path, empty
  /// when unreachable. Bends lie on the mesh's border.
  std::span<const base::Vec3> corners(const NavPoint& from, const base::Vec3& to);
  struct Wall {
    float distance = std::numeric_limits<float>::infinity();  // metres
    base::Vec3 away{0.0f};  // unit, from the wall to the point; zero on a wall
  };
  /// Nearest wall within max_radius; distance is max_radius when there is none.
  Wall nearest_wall(const NavPoint& from, float max_radius);

  /// Area-weighted uniform point on `island` (-1: any).
  NavPoint random_point(base::PhiloxStream& stream, int island);
  /// The same within `radius` of `centre` in the plane; nullopt if 1,000 draws near it find none.
  std::optional<NavPoint> random_point_near(base::PhiloxStream& stream, int island, const base::Vec3& centre,
                                            float radius);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace inknav::nav
