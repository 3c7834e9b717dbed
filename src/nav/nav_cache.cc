// SPDX-License-Identifier: MIT
#include "nav/nav_cache.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <span>

#include "base/file.h"
#include "nav/tile_check.h"

namespace inknav::nav::internal {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 30;

/// Raise the version when the build's steps change: old files are then not found.
constexpr std::uint32_t kVersion = 1;

struct Head {
  std::array<char, 8> magic;
  std::uint32_t version;
  std::uint32_t reserved;
  base::Hash128 scene;
  base::Hash128 settings;
  std::uint64_t tile_bytes;
};
static_assert(sizeof(Head) == 56 && sizeof(base::Hash128) == 16);

base::Hash128 settings_hash(const NavSettings& s) {
  base::Hasher hasher;
  hasher.update_value(kVersion);
  for (const float value : {s.cell_size, s.cell_height, s.agent_height, s.agent_radius, s.agent_max_climb,
                            s.agent_max_slope_deg, s.region_min_size, s.region_merge_size, s.edge_max_len,
                            s.edge_max_error, s.detail_sample_dist, s.detail_sample_max_error}) {
    hasher.update_value(value);
  }
  hasher.update_value(s.verts_per_poly);
  for (const bool value :
       {s.filter_low_hanging_obstacles, s.filter_ledge_spans, s.filter_walkable_low_height_spans}) {
    hasher.update_value(static_cast<std::uint8_t>(value));
  }
  return hasher.digest();
}

Head head_of(const base::Hash128& scene, const NavSettings& settings, std::size_t tile_bytes) {
  return Head{
      {'I', 'N', 'K', 'N', 'A', 'V', 'N', 'M'}, kVersion, 0, scene, settings_hash(settings), tile_bytes};
}

std::span<const std::uint8_t> bytes_of(const void* data, std::size_t size) {
  return {static_cast<const std::uint8_t*>(data), size};
}

}  // namespace

std::string cache_file_name(const base::Hash128& scene, const NavSettings& settings) {
  return fmt::format("{}-{}.inknavmesh", scene.hex(), settings_hash(settings).hex());
}

base::Status write_cache(const std::filesystem::path& path, const base::Hash128& scene,
                         const NavSettings& settings, const std::vector<std::uint8_t>& tile) {
  const Head head = head_of(scene, settings, tile.size());
  base::Hasher hasher;
  hasher.update_value(head);
  hasher.update(tile.data(), tile.size());
  const base::Hash128 checksum = hasher.digest();
  const std::array<std::span<const std::uint8_t>, 3> parts = {bytes_of(&head, sizeof(head)),
                                                              bytes_of(tile.data(), tile.size()),
                                                              bytes_of(&checksum, sizeof(checksum))};
  return base::write_file_atomic(path, parts);
}

base::Result<std::vector<std::uint8_t>> read_cache(const std::filesystem::path& path,
                                                   const base::Hash128& scene, const NavSettings& settings) {
  INKNAV_ASSIGN_OR_RETURN(std::vector<std::uint8_t> bytes, base::read_file(path, kMaxFileBytes));
  const auto damaged = [&](const char* what) {
    return Error{ErrorCode::kData,
                 fmt::format("{}: a navmesh cache file was wanted, {} was found", path.string(), what)};
  };
  if (bytes.size() < sizeof(Head) + sizeof(base::Hash128)) return damaged("a file too short");
  const std::size_t body = bytes.size() - sizeof(base::Hash128);
  base::Hash128 checksum;
  std::memcpy(&checksum, bytes.data() + body, sizeof(checksum));
  if (base::xxh3_128(bytes.data(), body) != checksum) return damaged("a wrong checksum");
  const Head wanted = head_of(scene, settings, body - sizeof(Head));
  if (std::memcmp(bytes.data(), &wanted, sizeof(Head)) != 0)
    return damaged("another scene, setting or version");
  std::vector<std::uint8_t> tile(bytes.begin() + sizeof(Head),
                                 bytes.begin() + static_cast<std::ptrdiff_t>(body));
  INKNAV_RETURN_IF_ERROR(check_tile(tile, path.string()));
  return tile;
}

}  // namespace inknav::nav::internal
