// SPDX-License-Identifier: MIT
#include <DetourNavMeshQuery.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"
#include "nav/mesh_data.h"
#include "nav/nav_mesh.h"
#include "nav/recast_build.h"
#include "nav/walk_mesh.h"

namespace inknav::nav {
namespace {

using base::Vec3;
using internal::MeshData;
using internal::SurfaceWalk;

constexpr int kMaxNodes = 2048;
constexpr int kMaxPathPolys = 256;
constexpr int kMaxCorners = 2 * kMaxPathPolys;
const Vec3 kProjectionBox(2.0f, 4.0f, 2.0f);  // half extents
/// A first, cheap look. Its answer is the full box's answer when it is nearer than the box is wide.
const Vec3 kNearBox(0.4f, 0.9f, 0.4f);
/// How far a point that landed on another island's border is moved back.
constexpr float kNudge = 1.0e-4f;

/// Detour turns coordinates into whole numbers of tiles, which fails for very large ones.
bool is_place(const Vec3& p) {
  constexpr float kMost = 1.0e6f;  // metres
  return std::abs(p.x) <= kMost && std::abs(p.y) <= kMost && std::abs(p.z) <= kMost;
}

/// Detour's search for the nearest polygon, among those of one island.
class NearestOnIsland : public dtPolyQuery {
 public:
  NearestOnIsland(const dtNavMeshQuery& query, const MeshData& data, const Vec3& p, int island)
      : query_(query), data_(data), p_(p), island_(island) {}

  void process(const dtMeshTile* tile, dtPoly**, dtPolyRef* refs, int count) override {
    for (int i = 0; i < count; ++i) {
      const std::int32_t index = data_.index_of(refs[i]);
      if (index < 0 || data_.poly_island[static_cast<std::size_t>(index)] != island_) continue;
      Vec3 closest(0.0f);
      bool over = false;
      query_.closestPointOnPoly(refs[i], &p_.x, &closest.x, &over);
      const Vec3 gap = p_ - closest;
      const float above = std::max(0.0f, std::abs(gap.y) - tile->header->walkableClimb);
      const float measure = over ? above * above : glm::dot(gap, gap);
      if (measure >= nearest_) continue;
      nearest_ = measure;
      found_ = NavPoint{closest, refs[i]};
    }
  }
  const std::optional<NavPoint>& found() const { return found_; }

 private:
  const dtNavMeshQuery& query_;
  const MeshData& data_;
  const Vec3 p_;
  const int island_;
  float nearest_ = std::numeric_limits<float>::infinity();
  std::optional<NavPoint> found_;
};

struct QueryRelease {
  void operator()(dtNavMeshQuery* query) const { dtFreeNavMeshQuery(query); }
};

NavPoint random_point_in(const MeshData& data, const internal::FloorTriangle& t, base::PhiloxStream& stream) {
  const float root = std::sqrt(stream.uniform());
  const float v = stream.uniform();
  return {(1.0f - root) * t.a + root * (1.0f - v) * t.b + root * v * t.c, data.ref_of(t.poly)};
}

}  // namespace

struct NavQuery::Impl {
  explicit Impl(NavMeshPtr navmesh) : mesh(std::move(navmesh)), data(mesh->data()), walk(data.polys) {
    query.reset(dtAllocNavMeshQuery());
    INKNAV_CHECK(query != nullptr && dtStatusSucceed(query->init(data.detour.get(), kMaxNodes)));
    filter.setIncludeFlags(internal::kFlagWalk);
    filter.setExcludeFlags(0);
  }

  NavMeshPtr mesh;
  const MeshData& data;
  SurfaceWalk walk;
  std::unique_ptr<dtNavMeshQuery, QueryRelease> query;
  dtQueryFilter filter;
  NoSlideRule no_slide_rule = NoSlideRule::kHabitat033;
  std::array<Vec3, kMaxCorners> corners;  // of the last pulled path

  bool nearest(const Vec3& p, const Vec3& half_extents, NavPoint& out, bool& over) const {
    dtPolyRef ref = 0;
    Vec3 position(0.0f);
    over = false;
    const dtStatus status = query->findNearestPoly(&p.x, &half_extents.x, &filter, &ref, &position.x, &over);
    if (dtStatusFailed(status) || ref == 0) return false;
    out = {position, ref};
    return true;
  }

  /// Detour's measure of nearness: height beyond a climb counts above a polygon, distance beside it.
  float nearness(const Vec3& p, const NavPoint& found, bool over) const {
    if (over) return std::max(0.0f, std::abs(p.y - found.position.y) - data.walkable_climb);
    return glm::length(p - found.position);
  }

  bool project(const Vec3& p, NavPoint& out) const {
    if (!is_place(p)) return false;
    bool over = false;
    const float sure = std::min(kNearBox.x, kNearBox.y - data.walkable_climb);
    if (sure > 0.0f && nearest(p, kNearBox, out, over) && nearness(p, out, over) < sure) return true;
    return nearest(p, kProjectionBox, out, over);
  }

  std::int32_t island_of(PolyRef poly) const {
    const std::int32_t index = data.index_of(poly);
    return index < 0 ? -1 : data.poly_island[static_cast<std::size_t>(index)];
  }

  /// Whether `to`, the target of a walk from `from`, projects to `island`.
  bool target_on_island(const NavPoint& from, const Vec3& to, std::int32_t island) const {
    const Vec3 way = to - from.position;
    const bool is_near = glm::dot(way, way) < internal::IslandGrid::kReach * internal::IslandGrid::kReach;
    if (is_near && (data.islands.size() == 1 || data.island_grid.only_island_near(to) == island)) return true;
    NavPoint target;
    return project(to, target) && island_of(target.poly) == island;
  }

  /// Detour's path between points of one island into `corners`; any status but clean success is failure.
  bool pull_path(const NavPoint& start, const NavPoint& end, const Vec3& from, const Vec3& to,
                 int& num_corners) {
    if (island_of(start.poly) != island_of(end.poly)) return false;
    std::array<dtPolyRef, kMaxPathPolys> path;
    int num_polys = 0;
    const dtStatus found = query->findPath(start.poly, end.poly, &start.position.x, &end.position.x, &filter,
                                           path.data(), &num_polys, kMaxPathPolys);
    if (found != DT_SUCCESS || num_polys == 0) return false;
    const dtStatus pulled = query->findStraightPath(&from.x, &to.x, path.data(), num_polys, &corners[0].x,
                                                    nullptr, nullptr, &num_corners, kMaxCorners);
    return pulled == DT_SUCCESS && num_corners > 0;
  }

  float corners_length(int num_corners) const {
    float length = 0.0f;
    for (std::size_t i = 1; i < static_cast<std::size_t>(num_corners); ++i) {
      length += glm::length(corners[i] - corners[i - 1]);
    }
    return length;
  }

  void settle_on_island(std::int32_t island, Vec3& position, std::int32_t poly) const {
    if (data.islands.size() == 1 || data.island_grid.only_island_near(position) == island) return;
    NavPoint found;
    if (project(position, found) && island_of(found.poly) == island) return;
    const internal::WalkPoly& last = data.polys[static_cast<std::size_t>(poly)];
    Vec3 centre(0.0f);
    for (std::size_t v = 0; v < last.num_verts; ++v) centre += last.verts[v];
    centre /= static_cast<float>(last.num_verts);
    const Vec3 way = centre - position;
    const float length = glm::length(way);
    if (length > 0.0f) position += way * (kNudge / length);
  }
};

NavQuery::NavQuery(NavMeshPtr mesh) : impl_(std::make_unique<Impl>(std::move(mesh))) {}
NavQuery::~NavQuery() = default;
NavQuery::NavQuery(NavQuery&&) noexcept = default;
NavQuery& NavQuery::operator=(NavQuery&&) noexcept = default;

const NavMesh& NavQuery::mesh() const { return *impl_->mesh; }
const NavMeshPtr& NavQuery::mesh_ptr() const { return impl_->mesh; }
void NavQuery::set_no_slide_rule(NoSlideRule rule) { impl_->no_slide_rule = rule; }

std::optional<NavPoint> NavQuery::project(const Vec3& p) {
  NavPoint point;
  if (!impl_->project(p, point)) return std::nullopt;
  return point;
}

std::optional<NavPoint> NavQuery::project_to_island(const Vec3& p, int island) {
  INKNAV_CHECK(island >= 0 && island < static_cast<int>(impl_->data.islands.size()), island);
  if (!is_place(p)) return std::nullopt;
  NearestOnIsland nearest(*impl_->query, impl_->data, p, island);
  impl_->query->queryPolygons(&p.x, &kProjectionBox.x, &impl_->filter, &nearest);
  return nearest.found();
}

bool NavQuery::is_navigable(const Vec3& p, float max_y_delta) {
  NavPoint point;
  if (!impl_->project(p, point)) return false;
  const float dx = point.position.x - p.x;
  const float dz = point.position.z - p.z;
  return std::abs(point.position.y - p.y) <= max_y_delta && dx * dx + dz * dz <= 0.01f * 0.01f;
}

NavPoint NavQuery::step(const NavPoint& from, const Vec3& to, bool allow_sliding) {
  Impl& impl = *impl_;
  const std::int32_t start = impl.data.index_of(from.poly);
  INKNAV_CHECK(start >= 0, from.poly);
  const std::int32_t island = impl.data.poly_island[static_cast<std::size_t>(start)];
  if (!impl.target_on_island(from, to, island)) return from;
  SurfaceWalk::Stop stop;
  if (allow_sliding) {
    stop = impl.walk.slide(start, from.position, to);
  } else if (impl.no_slide_rule == NoSlideRule::kHabitat033) {
    stop = impl.walk.stop_at_walls(start, from.position, to);
  } else {
    stop = impl.walk.slide_then_cut(start, from.position, to);
  }
  const PolyRef ref = impl.data.ref_of(stop.poly);
  float height = stop.position.y;
  if (dtStatusSucceed(impl.query->getPolyHeight(ref, &stop.position.x, &height))) stop.position.y = height;
  impl.settle_on_island(island, stop.position, stop.poly);
  return {stop.position, ref};
}

Vec3 NavQuery::try_step(const Vec3& from, const Vec3& to, bool allow_sliding) {
  NavPoint start;
  NavPoint target;
  if (!impl_->project(from, start) || !impl_->project(to, target)) return from;
  if (impl_->island_of(start.poly) != impl_->island_of(target.poly)) return from;
  return step(start, to, allow_sliding).position;
}

GeodesicPath NavQuery::geodesic(const Vec3& from, const Vec3& to) {
  Impl& impl = *impl_;
  GeodesicPath path;
  NavPoint start;
  NavPoint end;
  if (!impl.project(from, start) || !impl.project(to, end)) return path;
  if (start.position == end.position) return {0.0f, {from, to}};
  int num_corners = 0;
  if (!impl.pull_path(start, end, from, to, num_corners)) return path;
  path.points.assign(impl.corners.begin(), impl.corners.begin() + num_corners);
  path.length = impl.corners_length(num_corners);
  return path;
}

float NavQuery::geodesic_length(const Vec3& from, const Vec3& to) {
  Impl& impl = *impl_;
  NavPoint start;
  NavPoint end;
  if (!impl.project(from, start) || !impl.project(to, end)) return std::numeric_limits<float>::infinity();
  if (start.position == end.position) return 0.0f;
  int num_corners = 0;
  if (!impl.pull_path(start, end, from, to, num_corners)) return std::numeric_limits<float>::infinity();
  return impl.corners_length(num_corners);
}

std::span<const Vec3> NavQuery::corners(const NavPoint& from, const Vec3& to) {
  Impl& impl = *impl_;
  const std::optional<NavPoint> end = locate(to);
  int num_corners = 0;
  if (!end || !impl.pull_path(from, *end, from.position, end->position, num_corners)) return {};
  constexpr float kSamePoint = 1.0e-3f;  // a start on a corner bends there at once
  if (num_corners == 1) impl.corners[0] = end->position;
  const std::span<const Vec3> all(impl.corners.data(), static_cast<std::size_t>(num_corners));
  std::size_t first = all.size() > 1 ? 1 : 0;
  while (first + 1 < all.size() && glm::length(all[first] - from.position) <= kSamePoint) ++first;
  return all.subspan(first);
}

std::optional<NavQuery::FirstLeg> NavQuery::first_leg(const NavPoint& from, const Vec3& to) {
  const std::span<const Vec3> ahead = corners(from, to);
  if (ahead.empty()) return std::nullopt;
  const Vec3* last = ahead.data() + ahead.size();
  return FirstLeg{ahead.front(), impl_->corners_length(static_cast<int>(last - impl_->corners.data()))};
}

std::optional<NavPoint> NavQuery::locate(const Vec3& p) {
  const MeshData& data = impl_->data;
  const std::int32_t entry = data.surface_grid.find(data.polys, p);
  if (entry < 0) return std::nullopt;
  const std::int32_t poly = data.surface_grid.entries()[static_cast<std::size_t>(entry)].poly;
  return NavPoint{internal::nearest_point(data.polys[static_cast<std::size_t>(poly)], p), data.ref_of(poly)};
}

bool NavQuery::is_clear(const NavPoint& from, const Vec3& to) {
  const std::int32_t start = impl_->data.index_of(from.poly);
  INKNAV_CHECK(start >= 0, from.poly);
  return impl_->walk.sees(start, from.position, to);
}

NavQuery::Wall NavQuery::nearest_wall(const NavPoint& from, float max_radius) {
  Wall wall;
  Vec3 hit(0.0f);
  const dtStatus status = impl_->query->findDistanceToWall(
      from.poly, &from.position.x, max_radius, &impl_->filter, &wall.distance, &hit.x, &wall.away.x);
  if (dtStatusFailed(status)) return Wall{};
  constexpr float kOnTheWall = 1.0e-4f;
  if (wall.distance < kOnTheWall || wall.distance >= max_radius) wall.away = Vec3(0.0f);
  return wall;
}

float NavQuery::distance_to_wall(const Vec3& p, float max_radius) {
  NavPoint point;
  if (!impl_->project(p, point)) return std::numeric_limits<float>::infinity();
  float distance = std::numeric_limits<float>::infinity();
  Vec3 hit(0.0f);
  Vec3 normal(0.0f);
  const dtStatus status = impl_->query->findDistanceToWall(point.poly, &point.position.x, max_radius,
                                                           &impl_->filter, &distance, &hit.x, &normal.x);
  return dtStatusSucceed(status) ? distance : std::numeric_limits<float>::infinity();
}

NavPoint NavQuery::random_point(base::PhiloxStream& stream, int island) {
  const MeshData& data = impl_->data;
  INKNAV_CHECK(island >= -1 && island < static_cast<int>(data.islands.size()), island);
  const std::size_t begin = island < 0 ? 0 : data.island_floor[static_cast<std::size_t>(island)];
  const std::size_t end =
      island < 0 ? data.floor.size() : data.island_floor[static_cast<std::size_t>(island) + 1];
  const auto first = data.floor_area_before.begin();
  const double low = data.floor_area_before[begin];
  const double high = data.floor_area_before[end];
  const double area = low + (high - low) * double{stream.uniform()};
  const auto after = std::upper_bound(first + static_cast<std::ptrdiff_t>(begin),
                                      first + static_cast<std::ptrdiff_t>(end), area);
  const std::size_t index = std::clamp(static_cast<std::size_t>(after - first) - 1, begin, end - 1);
  return random_point_in(data, data.floor[index], stream);
}

std::optional<NavPoint> NavQuery::random_point_near(base::PhiloxStream& stream, int island,
                                                    const Vec3& centre, float radius) {
  const MeshData& data = impl_->data;
  INKNAV_CHECK(island >= -1 && island < static_cast<int>(data.islands.size()), island);
  constexpr int kMostDraws = 1000;
  const auto begin = island < 0 ? 0 : data.island_floor[static_cast<std::size_t>(island)];
  const auto end = island < 0 ? data.floor.size() : data.island_floor[static_cast<std::size_t>(island) + 1];
  std::vector<std::size_t> candidates;
  std::vector<double> area_up_to;
  for (std::size_t i = begin; i < end; ++i) {
    const internal::FloorTriangle& t = data.floor[i];
    const Vec3 low = glm::min(glm::min(t.a, t.b), t.c), high = glm::max(glm::max(t.a, t.b), t.c);
    const float dx = std::max({low.x - centre.x, centre.x - high.x, 0.0f});
    const float dz = std::max({low.z - centre.z, centre.z - high.z, 0.0f});
    if (!(dx * dx + dz * dz < radius * radius)) continue;
    candidates.push_back(i);
    area_up_to.push_back((area_up_to.empty() ? 0.0 : area_up_to.back()) + data.floor_area_before[i + 1] -
                         data.floor_area_before[i]);
  }
  for (int draw = 0; draw < kMostDraws && !candidates.empty(); ++draw) {
    const double area = area_up_to.back() * double{stream.uniform()};
    const auto at = std::upper_bound(area_up_to.begin(), area_up_to.end() - 1, area) - area_up_to.begin();
    const NavPoint point =
        random_point_in(data, data.floor[candidates[static_cast<std::size_t>(at)]], stream);
    const Vec3 gap = point.position - centre;
    if (gap.x * gap.x + gap.z * gap.z < radius * radius) return point;
  }
  return std::nullopt;
}

}  // namespace inknav::nav
