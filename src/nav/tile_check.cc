// SPDX-License-Identifier: MIT
#include "nav/tile_check.h"

#include <DetourNavMesh.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>

namespace inknav::nav::internal {
namespace {

using base::Error;
using base::ErrorCode;
using base::Status;

constexpr int kMaxPolys = 32767;    // a neighbour number with its high bit set means another tile
constexpr int kMaxCount = 1 << 24;  // vertices, links, detail triangles
constexpr float kMaxCoordinate = 2.0e5f;
/// Metres by which a vertex may leave its tile's box: voxels at the rim, heights of the detail mesh.
constexpr float kOutside = 4.0f;
constexpr std::int64_t kMaxCell = 1 << 20;  // Detour adds one to a tile's place
constexpr std::size_t kCountsAt = 24;       // bytes from the tile's beginning
constexpr std::size_t kLinksAt = 32;

static_assert(sizeof(dtMeshHeader) == 100 && sizeof(dtPoly) == 32 && sizeof(dtLink) == 12);
static_assert(sizeof(dtPolyDetail) == 12 && sizeof(dtBVNode) == 16);

/// Byte offsets of the tile's sections, in Detour's order.
struct Layout {
  std::size_t verts, polys, links, detail_meshes, detail_verts, detail_tris, bv_nodes, end;
};

Layout layout_of(const dtMeshHeader& h) {
  Layout l{};
  const auto count = [](int n) { return static_cast<std::size_t>(n); };
  l.verts = sizeof(dtMeshHeader);
  l.polys = l.verts + 12 * count(h.vertCount);
  l.links = l.polys + sizeof(dtPoly) * count(h.polyCount);
  l.detail_meshes = l.links + sizeof(dtLink) * count(h.maxLinkCount);
  l.detail_verts = l.detail_meshes + sizeof(dtPolyDetail) * count(h.detailMeshCount);
  l.detail_tris = l.detail_verts + 12 * count(h.detailVertCount);
  l.bv_nodes = l.detail_tris + 4 * count(h.detailTriCount);
  l.end = l.bv_nodes + sizeof(dtBVNode) * count(h.bvNodeCount);
  return l;
}

class Checker {
 public:
  Checker(std::span<const std::uint8_t> bytes, std::string_view name, std::size_t first_byte)
      : bytes_(bytes), name_(name), first_byte_(first_byte) {}

  Status run() {
    if (bytes_.size() < sizeof(dtMeshHeader)) {
      return fault(0, "a tile header of 100 bytes", fmt::format("{} bytes", bytes_.size()));
    }
    std::memcpy(&header_, bytes_.data(), sizeof(header_));
    INKNAV_RETURN_IF_ERROR(check_header());
    layout_ = layout_of(header_);
    if (layout_.end != bytes_.size()) {
      return fault(kCountsAt, fmt::format("{} bytes by the header's counts", layout_.end),
                   fmt::format("{}", bytes_.size()));
    }
    INKNAV_RETURN_IF_ERROR(check_coordinates(layout_.verts, header_.vertCount, "vertex"));
    INKNAV_RETURN_IF_ERROR(check_coordinates(layout_.detail_verts, header_.detailVertCount, "detail vertex"));
    int num_links = 0;
    int num_triangles = 0;
    for (int i = 0; i < header_.polyCount; ++i) {
      INKNAV_RETURN_IF_ERROR(check_poly(i, num_links));
      INKNAV_RETURN_IF_ERROR(check_detail(i, num_triangles));
    }
    if (header_.maxLinkCount < std::max(1, num_links)) {
      return fault(kLinksAt, fmt::format("room for {} links", num_links),
                   fmt::format("{}", header_.maxLinkCount));
    }
    return check_bv_tree();
  }

 private:
  /// `at` is counted from the tile's first byte.
  Error fault(std::size_t at, std::string_view wanted, std::string_view found) const {
    return Error{ErrorCode::kData,
                 fmt::format("{}: navmesh tile: wanted {}, found {} at byte {}; the data is damaged, build "
                             "the navmesh again",
                             name_, wanted, found, first_byte_ + at)};
  }

  template <typename T>
  T item(std::size_t section, std::size_t index) const {
    T value;
    std::memcpy(&value, bytes_.data() + section + index * sizeof(T), sizeof(T));
    return value;
  }

  Status check_header() const {
    const dtMeshHeader& h = header_;
    if (h.magic != DT_NAVMESH_MAGIC)
      return fault(0, "magic DNAV", fmt::format("{:#x}", static_cast<unsigned>(h.magic)));
    if (h.version != DT_NAVMESH_VERSION) return fault(4, "tile version 7", fmt::format("{}", h.version));
    for (const int cell : {h.x, h.y, h.layer}) {
      if (std::abs(std::int64_t{cell}) > kMaxCell)
        return fault(8, "a tile's place within 2^20", fmt::format("{}", cell));
    }
    if (h.polyCount < 1 || h.polyCount > kMaxPolys)
      return fault(24, "1 to 32767 polygons", fmt::format("{}", h.polyCount));
    if (h.detailMeshCount != h.polyCount) {
      return fault(36, fmt::format("{} detail meshes, one a polygon", h.polyCount),
                   fmt::format("{}", h.detailMeshCount));
    }
    if (h.vertCount < 3 || h.vertCount > 65535)
      return fault(28, "3 to 65535 vertices", fmt::format("{}", h.vertCount));
    for (const int n : {h.maxLinkCount, h.detailVertCount, h.detailTriCount}) {
      if (n < 0 || n > kMaxCount) return fault(kCountsAt, "a count up to 2^24", fmt::format("{}", n));
    }
    if (h.bvNodeCount < 0 || h.bvNodeCount > 2 * kMaxPolys) {
      return fault(48, "0 to 65534 tree nodes", fmt::format("{}", h.bvNodeCount));
    }
    if (h.offMeshConCount != 0) return fault(52, "no off-mesh links", fmt::format("{}", h.offMeshConCount));
    for (int axis = 0; axis < 3; ++axis) {
      const float low = h.bmin[axis], high = h.bmax[axis];
      if (!(std::abs(low) <= kMaxCoordinate && std::abs(high) <= kMaxCoordinate && low <= high)) {
        return fault(72 + 4 * static_cast<std::size_t>(axis), "finite, ordered bounds",
                     fmt::format("{} to {}", low, high));
      }
    }
    for (const float length : {h.walkableHeight, h.walkableRadius, h.walkableClimb}) {
      if (!(length >= 0.0f && length <= 1000.0f))
        return fault(60, "an agent size of 0 to 1000 m", fmt::format("{}", length));
    }
    if (!(h.bvQuantFactor > 0.0f && h.bvQuantFactor <= 1000.0f)) {
      return fault(96, "a tree scale of 0 to 1000", fmt::format("{}", h.bvQuantFactor));
    }
    return base::ok_status();
  }

  Status check_coordinates(std::size_t section, int count, std::string_view what) const {
    for (std::size_t i = 0; i < static_cast<std::size_t>(count) * 3; ++i) {
      const auto value = item<float>(section, i);
      if (!(std::abs(value) <= kMaxCoordinate)) {
        return fault(section + 4 * i, "coordinates within 2e5 m",
                     fmt::format("{} at {} {}", value, what, i / 3));
      }
      const float low = header_.bmin[i % 3], high = header_.bmax[i % 3];
      if (!(value >= low - kOutside && value <= high + kOutside)) {
        return fault(section + 4 * i, fmt::format("coordinates inside the tile's {} to {}", low, high),
                     fmt::format("{} at {} {}", value, what, i / 3));
      }
    }
    return base::ok_status();
  }

  Status check_poly(int index, int& num_links) const {
    const auto poly = item<dtPoly>(layout_.polys, static_cast<std::size_t>(index));
    const std::size_t at = layout_.polys + sizeof(dtPoly) * static_cast<std::size_t>(index);
    if (poly.vertCount < 3 || poly.vertCount > DT_VERTS_PER_POLYGON) {
      return fault(at + offsetof(dtPoly, vertCount), "3 to 6 vertices a polygon",
                   fmt::format("{} at polygon {}", poly.vertCount, index));
    }
    if (poly.getType() != DT_POLYTYPE_GROUND) {
      return fault(at + offsetof(dtPoly, areaAndtype), "ground polygons",
                   fmt::format("type {} at polygon {}", poly.getType(), index));
    }
    for (int edge = 0; edge < poly.vertCount; ++edge) {
      if (poly.verts[edge] >= header_.vertCount) {
        return fault(at + offsetof(dtPoly, verts) + 2 * static_cast<std::size_t>(edge),
                     fmt::format("a vertex below {}", header_.vertCount),
                     fmt::format("{} at polygon {}", poly.verts[edge], index));
      }
      const unsigned short neighbour = poly.neis[edge];
      if (neighbour == 0) continue;
      ++num_links;
      const std::size_t neighbour_at = at + offsetof(dtPoly, neis) + 2 * static_cast<std::size_t>(edge);
      if ((neighbour & DT_EXT_LINK) != 0) {
        return fault(
            neighbour_at,
            "neighbours inside the tile (Habitat never divides a mesh into linked tiles; build it in "
            "one)",
            fmt::format("a link to another tile at polygon {}", index));
      }
      if (neighbour > header_.polyCount || neighbour - 1 == index || !is_neighbour(neighbour - 1, index)) {
        return fault(neighbour_at, "mutual neighbours inside the tile",
                     fmt::format("{} at polygon {}", neighbour, index));
      }
    }
    return base::ok_status();
  }

  bool is_neighbour(int of, int wanted) const {
    const auto poly = item<dtPoly>(layout_.polys, static_cast<std::size_t>(of));
    for (int edge = 0; edge < DT_VERTS_PER_POLYGON; ++edge) {
      if (poly.neis[edge] == wanted + 1) return true;
    }
    return false;
  }

  /// Adds the polygon's triangles to `num_triangles`: ranges may not overlap, or a small file could stand for
  /// a mesh that fills the memory.
  Status check_detail(int index, int& num_triangles) const {
    const auto poly = item<dtPoly>(layout_.polys, static_cast<std::size_t>(index));
    const auto detail = item<dtPolyDetail>(layout_.detail_meshes, static_cast<std::size_t>(index));
    const std::size_t at = layout_.detail_meshes + sizeof(dtPolyDetail) * static_cast<std::size_t>(index);
    if (std::uint64_t{detail.vertBase} + detail.vertCount >
            static_cast<std::uint64_t>(header_.detailVertCount) ||
        std::uint64_t{detail.triBase} + detail.triCount >
            static_cast<std::uint64_t>(header_.detailTriCount)) {
      return fault(at, "detail ranges inside their sections", fmt::format("others at polygon {}", index));
    }
    num_triangles += detail.triCount;
    if (num_triangles > header_.detailTriCount) {
      return fault(at, fmt::format("{} detail triangles in all", header_.detailTriCount),
                   fmt::format("more up to polygon {}", index));
    }
    for (std::size_t t = 0; t < detail.triCount; ++t) {
      const auto triangle = item<std::array<std::uint8_t, 4>>(layout_.detail_tris, detail.triBase + t);
      for (int corner = 0; corner < 3; ++corner) {
        if (triangle[static_cast<std::size_t>(corner)] >= poly.vertCount + detail.vertCount) {
          return fault(layout_.detail_tris + 4 * (detail.triBase + t),
                       "detail corners inside the polygon's vertices",
                       fmt::format("others at polygon {}", index));
        }
      }
    }
    return base::ok_status();
  }

  /// A leaf names a polygon; an inner node's negative escape must lead forward and not beyond the end.
  Status check_bv_tree() const {
    for (int i = 0; i < header_.bvNodeCount; ++i) {
      const auto node = item<dtBVNode>(layout_.bv_nodes, static_cast<std::size_t>(i));
      const std::int64_t value = node.i;
      const bool good = value >= 0 ? value < header_.polyCount : i - value <= header_.bvNodeCount;
      if (!good) {
        return fault(layout_.bv_nodes + sizeof(dtBVNode) * static_cast<std::size_t>(i),
                     "tree nodes that lead inside the tile", fmt::format("{} at node {}", value, i));
      }
    }
    return base::ok_status();
  }

  std::span<const std::uint8_t> bytes_;
  std::string_view name_;
  std::size_t first_byte_;
  dtMeshHeader header_{};
  Layout layout_{};
};

}  // namespace

Status check_tile(std::span<const std::uint8_t> bytes, std::string_view name, std::size_t first_byte) {
  return Checker(bytes, name, first_byte).run();
}

}  // namespace inknav::nav::internal
