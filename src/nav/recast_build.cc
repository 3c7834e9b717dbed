// SPDX-License-Identifier: MIT
#include "nav/recast_build.h"

#include <DetourAlloc.h>
#include <DetourNavMeshBuilder.h>
#include <Recast.h>
#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <string>

namespace inknav::nav::internal {
namespace {

using base::Error;
using base::ErrorCode;

/// Keeps Recast's last complaint for the message of our own error.
class Context : public rcContext {
 public:
  Context() : rcContext(true) { enableTimer(false); }
  const std::string& complaint() const { return complaint_; }

 protected:
  void doLog(const rcLogCategory category, const char* message, const int length) override {
    if (category != RC_LOG_PROGRESS) complaint_.assign(message, static_cast<std::size_t>(length));
  }

 private:
  std::string complaint_;
};

template <typename T, void (*release)(T*)>
struct Releaser {
  void operator()(T* object) const { release(object); }
};
using HeightfieldPtr = std::unique_ptr<rcHeightfield, Releaser<rcHeightfield, rcFreeHeightField>>;
using CompactPtr =
    std::unique_ptr<rcCompactHeightfield, Releaser<rcCompactHeightfield, rcFreeCompactHeightfield>>;
using ContourSetPtr = std::unique_ptr<rcContourSet, Releaser<rcContourSet, rcFreeContourSet>>;
using PolyMeshPtr = std::unique_ptr<rcPolyMesh, Releaser<rcPolyMesh, rcFreePolyMesh>>;
using DetailPtr = std::unique_ptr<rcPolyMeshDetail, Releaser<rcPolyMeshDetail, rcFreePolyMeshDetail>>;

/// The settings in voxels, as Habitat derives them.
rcConfig voxel_config(const NavSettings& s, const base::Aabb& bounds) {
  rcConfig config{};
  config.cs = s.cell_size;
  config.ch = s.cell_height;
  config.walkableSlopeAngle = s.agent_max_slope_deg;
  config.walkableHeight = static_cast<int>(std::ceil(s.agent_height / s.cell_height));
  config.walkableClimb = static_cast<int>(std::floor(s.agent_max_climb / s.cell_height));
  config.walkableRadius = static_cast<int>(std::ceil(s.agent_radius / s.cell_size));
  config.maxEdgeLen = static_cast<int>(s.edge_max_len / s.cell_size);
  config.maxSimplificationError = s.edge_max_error;
  config.minRegionArea = static_cast<int>(s.region_min_size * s.region_min_size);
  config.mergeRegionArea = static_cast<int>(s.region_merge_size * s.region_merge_size);
  config.maxVertsPerPoly = s.verts_per_poly;
  config.detailSampleDist = s.detail_sample_dist < 0.9f ? 0.0f : s.cell_size * s.detail_sample_dist;
  config.detailSampleMaxError = s.cell_height * s.detail_sample_max_error;
  for (int axis = 0; axis < 3; ++axis) {
    config.bmin[axis] = bounds.min[axis];
    config.bmax[axis] = bounds.max[axis];
  }
  rcCalcGridSize(config.bmin, config.bmax, config.cs, &config.width, &config.height);
  return config;
}

base::Status rasterize(Context& context, const scene::Scene& scene, const rcConfig& config,
                       rcHeightfield& solid) {
  if (!rcCreateHeightfield(&context, solid, config.width, config.height, config.bmin, config.bmax, config.cs,
                           config.ch)) {
    return Error{ErrorCode::kData, fmt::format("{}: no memory for the navmesh's {} x {} voxel grid ({})",
                                               scene.name, config.width, config.height, context.complaint())};
  }
  const int num_vertices = static_cast<int>(scene.positions.size());
  const int num_triangles = static_cast<int>(scene.triangles.size());
  std::vector<int> indices;
  indices.reserve(scene.triangles.size() * 3);
  for (const glm::u32vec3& triangle : scene.triangles) {
    for (int corner = 0; corner < 3; ++corner) indices.push_back(static_cast<int>(triangle[corner]));
  }
  std::vector<unsigned char> areas(scene.triangles.size(), RC_NULL_AREA);
  const float* vertices = &scene.positions[0].x;
  rcMarkWalkableTriangles(&context, config.walkableSlopeAngle, vertices, num_vertices, indices.data(),
                          num_triangles, areas.data());
  if (!rcRasterizeTriangles(&context, vertices, num_vertices, indices.data(), areas.data(), num_triangles,
                            solid, config.walkableClimb)) {
    return Error{
        ErrorCode::kData,
        fmt::format("{}: voxelising {} triangles for the navmesh failed ({}); use a larger cell size",
                    scene.name, num_triangles, context.complaint())};
  }
  return base::ok_status();
}

base::Status build_regions(Context& context, const scene::Scene& scene, const NavSettings& settings,
                           const rcConfig& config, rcCompactHeightfield& compact) {
  HeightfieldPtr solid(rcAllocHeightfield());
  INKNAV_CHECK(solid != nullptr);
  INKNAV_RETURN_IF_ERROR(rasterize(context, scene, config, *solid));
  if (settings.filter_low_hanging_obstacles) {
    rcFilterLowHangingWalkableObstacles(&context, config.walkableClimb, *solid);
  }
  if (settings.filter_ledge_spans) {
    rcFilterLedgeSpans(&context, config.walkableHeight, config.walkableClimb, *solid);
  }
  if (settings.filter_walkable_low_height_spans) {
    rcFilterWalkableLowHeightSpans(&context, config.walkableHeight, *solid);
  }
  const bool built =
      rcBuildCompactHeightfield(&context, config.walkableHeight, config.walkableClimb, *solid, compact) &&
      rcErodeWalkableArea(&context, config.walkableRadius, compact) &&
      rcBuildDistanceField(&context, compact) &&
      rcBuildRegions(&context, compact, 0, config.minRegionArea, config.mergeRegionArea);
  if (!built) {
    return Error{ErrorCode::kData,
                 fmt::format("{}: dividing the navmesh's floor into regions failed ({}); use a "
                             "larger cell size",
                             scene.name, context.complaint())};
  }
  return base::ok_status();
}

base::Result<std::vector<std::uint8_t>> detour_bytes(const scene::Scene& scene, const NavSettings& settings,
                                                     const rcConfig& config, rcPolyMesh& mesh,
                                                     const rcPolyMeshDetail& detail) {
  for (int i = 0; i < mesh.npolys; ++i) {
    if (mesh.areas[i] != RC_WALKABLE_AREA) continue;
    mesh.areas[i] = 0;
    mesh.flags[i] = kFlagWalk;
  }
  dtNavMeshCreateParams params{};
  params.verts = mesh.verts;
  params.vertCount = mesh.nverts;
  params.polys = mesh.polys;
  params.polyAreas = mesh.areas;
  params.polyFlags = mesh.flags;
  params.polyCount = mesh.npolys;
  params.nvp = mesh.nvp;
  params.detailMeshes = detail.meshes;
  params.detailVerts = detail.verts;
  params.detailVertsCount = detail.nverts;
  params.detailTris = detail.tris;
  params.detailTriCount = detail.ntris;
  params.walkableHeight = settings.agent_height;
  params.walkableRadius = settings.agent_radius;
  params.walkableClimb = settings.agent_max_climb;
  rcVcopy(params.bmin, mesh.bmin);
  rcVcopy(params.bmax, mesh.bmax);
  params.cs = config.cs;
  params.ch = config.ch;
  params.buildBvTree = true;
  unsigned char* data = nullptr;
  int size = 0;
  if (mesh.npolys > kMaxTilePolys || !dtCreateNavMeshData(&params, &data, &size)) {
    return Error{
        ErrorCode::kData,
        fmt::format("{}: a navmesh of {} polygons and {} vertices does not fit one Detour tile (32,767 and "
                    "65,534 at most); use a larger cell size or a greater edge error",
                    scene.name, mesh.npolys, mesh.nverts)};
  }
  std::vector<std::uint8_t> bytes(data, data + size);
  dtFree(data);
  return bytes;
}

Error no_floor(const scene::Scene& scene, const NavSettings& s) {
  const float least = s.region_min_size * s.region_min_size * s.cell_size * s.cell_size;
  return Error{
      ErrorCode::kData,
      fmt::format("{}: a floor for an agent {} m high with radius {} m was wanted, none of at least {:.2f} "
                  "m2 was found in {} triangles; is +Y up, and do floors face upwards?",
                  scene.name, s.agent_height, s.agent_radius, least, scene.triangles.size())};
}

}  // namespace

base::Status check_settings(const NavSettings& s) {
  const auto bad = [](const char* what, double found, const char* wanted) {
    return Error{ErrorCode::kUsage, fmt::format("navmesh settings: {} = {}, wanted {}", what, found, wanted)};
  };
  if (!(s.cell_size >= 0.005f && s.cell_size <= 10.0f)) return bad("cell_size", s.cell_size, "0.005 to 10 m");
  if (!(s.cell_height >= 0.005f && s.cell_height <= 10.0f))
    return bad("cell_height", s.cell_height, "0.005 to 10 m");
  if (!(s.agent_height > 0.0f && s.agent_height <= 100.0f))
    return bad("agent_height", s.agent_height, "0 to 100 m");
  if (!(s.agent_radius >= 0.0f && s.agent_radius <= 10.0f))
    return bad("agent_radius", s.agent_radius, "0 to 10 m");
  if (!(s.agent_radius / s.cell_size <= 100.0f)) {
    return bad("agent_radius / cell_size", s.agent_radius / s.cell_size, "at most 100");
  }
  if (!(s.agent_max_climb >= 0.0f && s.agent_max_climb <= 10.0f)) {
    return bad("agent_max_climb", s.agent_max_climb, "0 to 10 m");
  }
  if (!(s.agent_max_slope_deg >= 0.0f && s.agent_max_slope_deg < 90.0f)) {
    return bad("agent_max_slope_deg", s.agent_max_slope_deg, "0 to below 90");
  }
  if (!(s.region_min_size >= 0.0f && s.region_min_size <= 150.0f)) {
    return bad("region_min_size", s.region_min_size, "0 to 150 cells");
  }
  if (!(s.region_merge_size >= 0.0f && s.region_merge_size <= 150.0f)) {
    return bad("region_merge_size", s.region_merge_size, "0 to 150 cells");
  }
  if (!(s.edge_max_len >= 0.0f && s.edge_max_len <= 1000.0f))
    return bad("edge_max_len", s.edge_max_len, "0 to 1000 m");
  if (!(s.edge_max_error >= 0.0f && s.edge_max_error <= 100.0f)) {
    return bad("edge_max_error", s.edge_max_error, "0 to 100 cells");
  }
  if (s.verts_per_poly < 3 || s.verts_per_poly > 6) return bad("verts_per_poly", s.verts_per_poly, "3 to 6");
  if (!(s.detail_sample_dist >= 0.0f && s.detail_sample_dist <= 1000.0f)) {
    return bad("detail_sample_dist", s.detail_sample_dist, "0 to 1000 cells");
  }
  if (!(s.detail_sample_max_error >= 0.0f && s.detail_sample_max_error <= 1000.0f)) {
    return bad("detail_sample_max_error", s.detail_sample_max_error, "0 to 1000 cells");
  }
  return base::ok_status();
}

base::Result<std::vector<std::uint8_t>> build_tile(const scene::Scene& scene, const NavSettings& settings) {
  INKNAV_RETURN_IF_ERROR(check_settings(settings));
  const base::Vec3 size = scene.bounds.size();
  const double cells =
      (double{size.x} / settings.cell_size + 1.0) * (double{size.z} / settings.cell_size + 1.0);
  if (!(cells <= static_cast<double>(kMaxGridCells))) {
    return Error{
        ErrorCode::kData,
        fmt::format("{}: a navmesh of {:.0f} x {:.0f} m in cells of {} m needs {:.0f} cells, at most {} are "
                    "allowed; use a larger cell size or a smaller scene",
                    scene.name, size.x, size.z, settings.cell_size, cells, kMaxGridCells)};
  }
  Context context;
  const rcConfig config = voxel_config(settings, scene.bounds);
  if (config.width < 1 || config.height < 1)
    return no_floor(scene, settings);  // Recast writes outside such a grid
  CompactPtr compact(rcAllocCompactHeightfield());
  ContourSetPtr contours(rcAllocContourSet());
  PolyMeshPtr mesh(rcAllocPolyMesh());
  DetailPtr detail(rcAllocPolyMeshDetail());
  INKNAV_CHECK(compact != nullptr && contours != nullptr && mesh != nullptr && detail != nullptr);
  INKNAV_RETURN_IF_ERROR(build_regions(context, scene, settings, config, *compact));
  const bool built =
      rcBuildContours(&context, *compact, config.maxSimplificationError, config.maxEdgeLen, *contours) &&
      rcBuildPolyMesh(&context, *contours, config.maxVertsPerPoly, *mesh) &&
      rcBuildPolyMeshDetail(&context, *mesh, *compact, config.detailSampleDist, config.detailSampleMaxError,
                            *detail);
  if (!built) {
    return Error{ErrorCode::kData,
                 fmt::format("{}: making the navmesh's polygons failed ({}); use a larger cell size",
                             scene.name, context.complaint())};
  }
  if (mesh->npolys == 0) return no_floor(scene, settings);
  return detour_bytes(scene, settings, config, *mesh, *detail);
}

}  // namespace inknav::nav::internal
