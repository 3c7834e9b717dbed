// SPDX-License-Identifier: MIT
#include "nav/nav_mesh.h"

#include <fmt/format.h>

#include <string>
#include <system_error>

#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "nav/mesh_data.h"
#include "nav/nav_cache.h"
#include "nav/navmesh_file.h"
#include "nav/recast_build.h"
#include "nav/tile_check.h"

namespace inknav::nav {

using internal::FloorTriangle;
using internal::MeshData;

NavMesh::NavMesh(std::unique_ptr<MeshData> data) : data_(std::move(data)) {}
NavMesh::~NavMesh() = default;

base::Result<NavMeshPtr> NavMesh::build(const scene::Scene& scene, const NavSettings& settings) {
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> tile, internal::build_tile(scene, settings));
  INKNAV_RETURN_IF_ERROR(internal::check_tile(tile, scene.name));
  INKNAV_ASSIGN_OR_RETURN(
      std::unique_ptr<MeshData> data,
      internal::make_mesh_data(internal::one_tile(tile, settings), scene.bounds, scene.name));
  return NavMeshPtr(new NavMesh(std::move(data)));
}

base::Result<NavMeshPtr> NavMesh::build_cached(const scene::Scene& scene, const NavSettings& settings,
                                               const std::filesystem::path& cache_dir) {
  INKNAV_RETURN_IF_ERROR(internal::check_settings(settings));
  const std::filesystem::path path = cache_dir / internal::cache_file_name(scene.content_hash, settings);
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    auto cached = internal::read_cache(path, scene.content_hash, settings);
    if (cached.ok()) {
      auto data = internal::make_mesh_data(internal::one_tile(*cached, settings), scene.bounds, scene.name);
      if (data.ok()) return NavMeshPtr(new NavMesh(std::move(data).value()));
      base::log_warning("{}; building the navmesh again", data.error().message);
    } else {
      base::log_warning("{}; building the navmesh again", cached.error().message);
    }
  }
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> tile, internal::build_tile(scene, settings));
  INKNAV_RETURN_IF_ERROR(internal::check_tile(tile, scene.name));
  INKNAV_ASSIGN_OR_RETURN(
      std::unique_ptr<MeshData> data,
      internal::make_mesh_data(internal::one_tile(tile, settings), scene.bounds, scene.name));
  std::filesystem::create_directories(cache_dir, ignored);
  const base::Status written = internal::write_cache(path, scene.content_hash, settings, tile);
  if (!written.ok())
    base::log_warning("{}: the navmesh is not cached: {}", scene.name, written.error().message);
  return NavMeshPtr(new NavMesh(std::move(data)));
}

base::Result<NavMeshPtr> NavMesh::load(const std::filesystem::path& path) {
  INKNAV_ASSIGN_OR_RETURN(const internal::NavMeshFile file, internal::read_navmesh(path));
  INKNAV_ASSIGN_OR_RETURN(std::unique_ptr<MeshData> data,
                          internal::make_mesh_data(file, std::nullopt, path.string()));
  return NavMeshPtr(new NavMesh(std::move(data)));
}

base::Status NavMesh::save(const std::filesystem::path& path) const {
  return base::write_file_atomic(path, internal::navmesh_bytes(internal::to_file(*data_)));
}

const NavSettings& NavMesh::settings() const { return data_->settings; }
int NavMesh::file_version() const { return data_->file_version; }
const base::Aabb& NavMesh::bounds() const { return data_->bounds; }
const std::vector<Island>& NavMesh::islands() const { return data_->islands; }
int NavMesh::largest_island() const { return data_->largest_island; }
float NavMesh::area() const { return data_->area; }
const dtNavMesh& NavMesh::detour() const { return *data_->detour; }

int NavMesh::island_of(PolyRef poly) const {
  const std::int32_t index = data_->index_of(poly);
  return index < 0 ? -1 : data_->poly_island[static_cast<std::size_t>(index)];
}

std::vector<base::Vec3> NavMesh::triangle_soup(int island) const {
  INKNAV_CHECK(island >= -1 && island < static_cast<int>(data_->islands.size()), island);
  const std::size_t begin = island < 0 ? 0 : data_->island_floor[static_cast<std::size_t>(island)];
  const std::size_t end =
      island < 0 ? data_->floor.size() : data_->island_floor[static_cast<std::size_t>(island) + 1];
  std::vector<base::Vec3> soup;
  soup.reserve((end - begin) * 3);
  for (std::size_t i = begin; i < end; ++i) {
    const FloorTriangle& t = data_->floor[i];
    soup.insert(soup.end(), {t.a, t.b, t.c});
  }
  return soup;
}

}  // namespace inknav::nav
