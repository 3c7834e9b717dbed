// SPDX-License-Identifier: MIT
#include "nav/navmesh_file.h"

#include <DetourNavMesh.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "nav/tile_check.h"

namespace inknav::nav::internal {
namespace {

using base::Error;
using base::ErrorCode;
using base::Status;

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 30;
constexpr std::uint32_t kMagic = 0x4D534554;         // "MSET"
constexpr std::uint32_t kMagicSwapped = 0x5445534D;  // written on a machine of the other endianness
constexpr int kMaxTiles = 4096;
constexpr int kMaxPolys = 65536;
constexpr int kMaxRefBits = 22;  // Detour keeps ten of 32 for salt
constexpr float kMaxCoordinate = 2.0e5f;
constexpr float kMaxSetting = 1.0e6f;
/// Detour looks at every tile place within four metres of a point; narrower tiles would make that long.
constexpr float kMinTileSize = 0.05f;
/// Part of a tile's size by which its box may leave its place: sums of float32.
constexpr float kPlaceSlack = 1.0e-3f;

struct Head {
  std::uint32_t magic;
  std::int32_t version;
  std::int32_t num_tiles;
  float origin[3];
  float tile_width;
  float tile_height;
  std::int32_t max_tiles;
  std::int32_t max_polys;
};
static_assert(sizeof(Head) == 40);

struct Settings {
  std::array<float, 13> numbers;
  std::array<std::uint8_t, 4> flags;
};
static_assert(sizeof(Settings) == 56);
constexpr std::size_t kFlagsAt = sizeof(Head) + offsetof(Settings, flags);

struct TileHead {
  std::uint32_t ref;
  std::int32_t num_bytes;
};
static_assert(sizeof(TileHead) == 8);

constexpr std::array<float NavSettings::*, 10> kFloatsBeforeVerts = {
    &NavSettings::cell_size,       &NavSettings::cell_height,       &NavSettings::agent_height,
    &NavSettings::agent_radius,    &NavSettings::agent_max_climb,   &NavSettings::agent_max_slope_deg,
    &NavSettings::region_min_size, &NavSettings::region_merge_size, &NavSettings::edge_max_len,
    &NavSettings::edge_max_error};
constexpr std::size_t kVertsPerPoly = 10;
constexpr std::array<bool NavSettings::*, 4> kFlags = {
    &NavSettings::filter_low_hanging_obstacles, &NavSettings::filter_ledge_spans,
    &NavSettings::filter_walkable_low_height_spans, &NavSettings::include_static_objects};
constexpr std::size_t kStaticObjects = 3;

/// Bits for numbers below `count`, as Detour counts them.
int bits_for(int count) {
  int bits = 0;
  while ((1 << bits) < count) ++bits;
  return bits;
}

class Parser {
 public:
  Parser(std::span<const std::uint8_t> bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  base::Result<NavMeshFile> run() {
    INKNAV_RETURN_IF_ERROR(read_head());
    if (file_.version == 2) INKNAV_RETURN_IF_ERROR(read_settings());
    for (int i = 0; i < head_.num_tiles && !ended_; ++i) INKNAV_RETURN_IF_ERROR(read_tile(i));
    if (at_ != bytes_.size()) {
      return fault(at_, "the end of the file after its tiles",
                   fmt::format("{} bytes more", bytes_.size() - at_));
    }
    return std::move(file_);
  }

 private:
  Error fault(std::size_t at, std::string_view wanted, std::string_view found) const {
    return Error{ErrorCode::kData,
                 fmt::format("{}: Habitat navmesh: wanted {}, found {} at byte {}; the file is damaged or is "
                             "something else: copy it again, or remove it to have the navmesh built",
                             name_, wanted, found, at)};
  }

  template <typename T>
  base::Result<T> take(std::string_view what) {
    if (bytes_.size() - at_ < sizeof(T)) {
      return fault(at_, fmt::format("{} of {} bytes", what, sizeof(T)),
                   fmt::format("the end of the file after {}", bytes_.size() - at_));
    }
    T value;
    std::memcpy(&value, bytes_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }

  Status read_head() {
    if (bytes_.empty()) return fault(0, "a file", "an empty one");
    INKNAV_ASSIGN_OR_RETURN(head_, take<Head>("a header"));
    if (head_.magic == kMagicSwapped) {
      return fault(0, "little-endian numbers", "the magic MSET in the other byte order");
    }
    if (head_.magic != kMagic) return fault(0, "magic MSET (4d534554)", fmt::format("{:08x}", head_.magic));
    if (head_.version != 1 && head_.version != 2) {
      return fault(4, "version 1 or 2", fmt::format("{}", head_.version));
    }
    if (head_.num_tiles < 1 || head_.num_tiles > kMaxTiles) {
      return fault(8, "1 to 4096 tiles", fmt::format("{}", head_.num_tiles));
    }
    for (std::size_t axis = 0; axis < 3; ++axis) {
      if (!(std::abs(head_.origin[axis]) <= kMaxCoordinate)) {
        return fault(12 + 4 * axis, "an origin within 2e5 m", fmt::format("{}", head_.origin[axis]));
      }
    }
    for (const float size : {head_.tile_width, head_.tile_height}) {
      if (!(size >= kMinTileSize && size <= 2.0f * kMaxCoordinate)) {
        return fault(24, "tiles 0.05 to 4e5 m wide and deep", fmt::format("{}", size));
      }
    }
    if (head_.max_tiles < head_.num_tiles || head_.max_tiles > kMaxTiles) {
      return fault(32, fmt::format("room for {} to 4096 tiles", head_.num_tiles),
                   fmt::format("{}", head_.max_tiles));
    }
    if (head_.max_polys < 1 || head_.max_polys > kMaxPolys) {
      return fault(36, "room for 1 to 65536 polygons a tile", fmt::format("{}", head_.max_polys));
    }
    tile_bits_ = bits_for(head_.max_tiles);
    poly_bits_ = bits_for(head_.max_polys);
    if (tile_bits_ + poly_bits_ > kMaxRefBits) {
      return fault(32, "tiles and polygons that fit into 22 bits of a reference",
                   fmt::format("{} tiles of {} polygons", head_.max_tiles, head_.max_polys));
    }
    file_.version = head_.version;
    file_.grid = {{head_.origin[0], head_.origin[1], head_.origin[2]},
                  head_.tile_width,
                  head_.tile_height,
                  head_.max_tiles,
                  head_.max_polys};
    return base::ok_status();
  }

  Status read_settings() {
    INKNAV_ASSIGN_OR_RETURN(const Settings raw, take<Settings>("settings"));
    for (std::size_t i = 0; i < raw.numbers.size(); ++i) {
      if (!(raw.numbers[i] >= 0.0f && raw.numbers[i] <= kMaxSetting)) {
        return fault(sizeof(Head) + 4 * i, "settings of 0 to 1e6", fmt::format("{}", raw.numbers[i]));
      }
    }
    const float verts = raw.numbers[kVertsPerPoly];
    if (!(verts >= 3.0f && verts <= 6.0f && verts == std::floor(verts))) {
      return fault(sizeof(Head) + 4 * kVertsPerPoly, "3 to 6 vertices a polygon", fmt::format("{}", verts));
    }
    NavSettings& s = file_.settings;
    for (std::size_t i = 0; i < kVertsPerPoly; ++i) s.*kFloatsBeforeVerts[i] = raw.numbers[i];
    s.verts_per_poly = static_cast<int>(verts);
    s.detail_sample_dist = raw.numbers[kVertsPerPoly + 1];
    s.detail_sample_max_error = raw.numbers[kVertsPerPoly + 2];
    for (std::size_t i = 0; i < kFlags.size(); ++i) {
      if (raw.flags[i] > 1 && i != kStaticObjects) {
        return fault(kFlagsAt + i, "a flag of 0 or 1", fmt::format("{}", raw.flags[i]));
      }
      s.*kFlags[i] = raw.flags[i] == 1;
    }
    return base::ok_status();
  }

  Status read_tile(int number) {
    const std::size_t begin = at_;
    INKNAV_ASSIGN_OR_RETURN(const TileHead head, take<TileHead>(fmt::format("the head of tile {}", number)));
    if (head.ref == 0 || head.num_bytes == 0) return end_early(begin, number);
    if (head.num_bytes < 0 || static_cast<std::size_t>(head.num_bytes) > bytes_.size() - at_) {
      return fault(begin + 4,
                   fmt::format("at most the {} bytes left for tile {}", bytes_.size() - at_, number),
                   fmt::format("{}", head.num_bytes));
    }
    INKNAV_RETURN_IF_ERROR(check_ref(head.ref, begin));
    NavMeshTile tile;
    tile.ref = head.ref;
    const auto first = bytes_.begin() + static_cast<std::ptrdiff_t>(at_);
    tile.bytes.assign(first, first + head.num_bytes);
    INKNAV_RETURN_IF_ERROR(check_tile(tile.bytes, name_, at_));
    INKNAV_RETURN_IF_ERROR(check_place(tile.bytes));
    at_ += tile.bytes.size();
    file_.tiles.push_back(std::move(tile));
    return base::ok_status();
  }

  /// Habitat's readers take the tiles before an empty record.
  Status end_early(std::size_t at, int number) {
    if (number == 0) return fault(at, "a tile", "an empty tile record");
    base::log_warning("{}: tile {} of {} is empty, at byte {}; the tiles before it are used, as Habitat does",
                      name_, number, head_.num_tiles, at);
    ended_ = true;
    return base::ok_status();
  }

  Status check_ref(std::uint32_t ref, std::size_t at) {
    const std::uint32_t poly = ref & ((1u << poly_bits_) - 1u);
    const std::uint32_t index = (ref >> poly_bits_) & ((1u << tile_bits_) - 1u);
    const std::uint32_t salt = ref >> (poly_bits_ + tile_bits_);
    if (poly != 0 || salt == 0 || index >= static_cast<std::uint32_t>(head_.max_tiles) ||
        !indices_.insert(index).second) {
      return fault(at, "a tile's reference: salt, a place of its own, no polygon",
                   fmt::format("{:#x} (salt {}, place {}, polygon {})", ref, salt, index, poly));
    }
    return base::ok_status();
  }

  /// A tile must lie where the grid has it, or no query would ever look at it.
  Status check_place(const std::vector<std::uint8_t>& bytes) {
    dtMeshHeader h;
    std::memcpy(&h, bytes.data(), sizeof(h));
    if (h.polyCount > head_.max_polys) {
      return fault(at_ + offsetof(dtMeshHeader, polyCount),
                   fmt::format("at most {} polygons", head_.max_polys), fmt::format("{}", h.polyCount));
    }
    if (!places_.insert({h.x, h.y, h.layer}).second) {
      return fault(at_ + offsetof(dtMeshHeader, x), "a place of its own for each tile",
                   fmt::format("a second tile at ({}, {}, {})", h.x, h.y, h.layer));
    }
    const std::array<std::array<float, 5>, 2> sides = {
        {{head_.origin[0], head_.tile_width, static_cast<float>(h.x), h.bmin[0], h.bmax[0]},
         {head_.origin[2], head_.tile_height, static_cast<float>(h.y), h.bmin[2], h.bmax[2]}}};
    for (const auto& [origin, size, number, low, high] : sides) {
      const float begin = origin + number * size;
      const float slack = kPlaceSlack * std::max({1.0f, size, 1e-3f * std::abs(begin)});
      if (!(low >= begin - slack && high <= begin + size + slack)) {
        return fault(at_ + offsetof(dtMeshHeader, bmin),
                     fmt::format("a tile that lies from {} to {}", begin, begin + size),
                     fmt::format("{} to {}", low, high));
      }
    }
    return base::ok_status();
  }

  std::span<const std::uint8_t> bytes_;
  std::string_view name_;
  std::size_t at_ = 0;
  Head head_{};
  int tile_bits_ = 0;
  int poly_bits_ = 0;
  bool ended_ = false;
  std::set<std::uint32_t> indices_;
  std::set<std::tuple<int, int, int>> places_;
  NavMeshFile file_;
};

template <typename T>
void append(std::vector<std::uint8_t>& out, const T& value) {
  const std::size_t at = out.size();
  out.resize(at + sizeof(T));
  std::memcpy(out.data() + at, &value, sizeof(T));
}

Settings raw_settings(const NavSettings& s) {
  Settings raw{};
  for (std::size_t i = 0; i < kVertsPerPoly; ++i) raw.numbers[i] = s.*kFloatsBeforeVerts[i];
  raw.numbers[kVertsPerPoly] = static_cast<float>(s.verts_per_poly);
  raw.numbers[kVertsPerPoly + 1] = s.detail_sample_dist;
  raw.numbers[kVertsPerPoly + 2] = s.detail_sample_max_error;
  for (std::size_t i = 0; i < kFlags.size(); ++i) raw.flags[i] = s.*kFlags[i] ? 1 : 0;
  return raw;
}

}  // namespace

NavMeshFile one_tile(std::vector<std::uint8_t> tile, const NavSettings& settings) {
  INKNAV_CHECK(tile.size() >= sizeof(dtMeshHeader), tile.size());
  dtMeshHeader header;
  std::memcpy(&header, tile.data(), sizeof(header));
  NavMeshFile file;
  file.settings = settings;
  file.grid = {{header.bmin[0], header.bmin[1], header.bmin[2]},
               header.bmax[0] - header.bmin[0],
               header.bmax[2] - header.bmin[2],
               1,
               header.polyCount};
  file.tiles.push_back({0, std::move(tile)});
  return file;
}

base::Result<NavMeshFile> parse_navmesh(std::span<const std::uint8_t> bytes, std::string_view name) {
  return Parser(bytes, name).run();
}

base::Result<NavMeshFile> read_navmesh(const std::filesystem::path& path) {
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes, base::read_file(path, kMaxFileBytes));
  return parse_navmesh(bytes, path.string());
}

std::vector<std::uint8_t> navmesh_bytes(const NavMeshFile& file) {
  std::vector<std::uint8_t> out;
  const TileGrid& grid = file.grid;
  append(out, Head{kMagic,
                   2,
                   static_cast<std::int32_t>(file.tiles.size()),
                   {grid.origin.x, grid.origin.y, grid.origin.z},
                   grid.tile_width,
                   grid.tile_height,
                   grid.max_tiles,
                   grid.max_polys});
  append(out, raw_settings(file.settings));
  for (const NavMeshTile& tile : file.tiles) {
    append(out, TileHead{tile.ref, static_cast<std::int32_t>(tile.bytes.size())});
    out.insert(out.end(), tile.bytes.begin(), tile.bytes.end());
  }
  return out;
}

}  // namespace inknav::nav::internal
