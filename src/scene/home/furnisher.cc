// SPDX-License-Identifier: MIT
#include "scene/home/furnisher.h"

#include <algorithm>
#include <cmath>

namespace inknav::scene::internal {
namespace {

constexpr float kWallGap = 0.02f;  // metres between a piece and the wall behind it
constexpr float kBesideGap =
    0.1f;                      // metres between pieces that are no group; rows of them stay apart in voxels
constexpr float kStep = 0.1f;  // metres between the places tried along a wall
constexpr int kMaxWalkTests = 14;  // places whose walkability is tested before giving up
constexpr float kChair = 0.45f;    // metres, side of a chair
constexpr float kChairHeight = 0.9f;
constexpr float kSeatGap = 0.03f;  // metres between table and chair

base::Vec2 right_of(int quarter) { return quarter_direction(quarter + 3); }

PlanRect front_zone(const base::Vec2& centre, const base::Vec2& size, int facing, float depth) {
  return footprint(centre + quarter_direction(facing) * (0.5f * (size.y + depth)), {size.x, depth}, facing);
}

}  // namespace

Furniture RoomFurnisher::make(const Piece& piece, const base::Vec2& centre, int quarter) const {
  return {std::string(piece.kind), space_.room(), centre, piece.size, quarter_yaw(quarter & 3), piece.height};
}

bool RoomFurnisher::accept(const std::vector<Furniture>& group) {
  std::vector<PlanRect> rects;
  for (const Furniture& piece : group) {
    const PlanRect rect = footprint(piece);
    if (!space_.fits(rect, piece.height)) return false;
    for (const PlanRect& other : rects) {
      if (overlaps(rect, other)) return false;
    }
    rects.push_back(rect);
  }
  if (!space_.walkable_with(rects)) return false;
  for (const PlanRect& rect : rects) space_.add(rect);
  placed_.insert(placed_.end(), group.begin(), group.end());
  return true;
}

std::vector<RoomFurnisher::Spot> RoomFurnisher::wall_spots(const base::Vec2& size, float height,
                                                           const WallPreference& preference) {
  std::vector<Spot> spots;
  const float jitter_scale = 0.6f;
  for (const WallEdge& edge : space_.edges()) {
    const float spare = edge.length() - size.x;
    if (spare < 2.0f * kWallGap) continue;
    const base::Vec2 along = (edge.b - edge.a) / edge.length();
    const base::Vec2 inward = quarter_direction(edge.facing);
    const float whim = stream_.uniform();
    const int steps = static_cast<int>((spare - 2.0f * kWallGap) / kStep);
    for (int i = 0; i <= steps + 1; ++i) {
      const float offset = i > steps ? spare - kWallGap : kWallGap + kStep * static_cast<float>(i);
      const base::Vec2 centre =
          edge.a + along * (offset + 0.5f * size.x) + inward * (kWallGap + 0.5f * size.y);
      if (!space_.fits(footprint(centre, size, edge.facing), height)) continue;
      const PlanRect front = front_zone(centre, size, edge.facing, preference.front);
      const PlanRect body = footprint(centre, size, edge.facing);
      if (preference.front > 0.0f && !between_walls(space_.parts(), grown(front, -0.02f), 0.0f)) continue;
      const bool blocked = std::any_of(fronts_.begin(), fronts_.end(),
                                       [&](const PlanRect& other) { return overlaps(body, other); }) ||
                           std::any_of(placed_.begin(), placed_.end(), [&](const Furniture& other) {
                             const PlanRect rect = footprint(other);
                             return overlaps(front, rect) || overlaps(grown(body, kBesideGap), rect);
                           });
      if (blocked) continue;
      float score = jitter_scale * whim + 0.1f * stream_.uniform();
      const float from_middle = std::abs(offset - 0.5f * spare) / (0.5f * spare + 0.05f);
      score += preference.corner * from_middle;
      float nearest = 4.0f;
      for (const PlanRect& zone : space_.door_zones()) {
        nearest = std::min(nearest, glm::length(0.5f * (zone.min + zone.max) - centre));
      }
      score += preference.far_from_door * 0.25f * nearest;
      spots.push_back({centre, edge.facing, score});
    }
  }
  std::stable_sort(spots.begin(), spots.end(),
                   [](const Spot& p, const Spot& q) { return p.score > q.score; });
  return spots;
}

std::optional<std::size_t> RoomFurnisher::at_wall(const Piece& piece, const WallPreference& preference) {
  int tests = 0;
  for (const Spot& spot : wall_spots(piece.size, piece.height, preference)) {
    if (++tests > kMaxWalkTests) break;
    if (!accept({make(piece, spot.centre, spot.facing)})) continue;
    if (preference.front > 0.0f) {
      fronts_.push_back(front_zone(spot.centre, piece.size, spot.facing, preference.front));
    }
    return placed_.size() - 1;
  }
  return std::nullopt;
}

std::optional<std::size_t> RoomFurnisher::at(const Piece& piece, const base::Vec2& centre, int quarter) {
  const PlanRect body = footprint(centre, piece.size, quarter);
  for (const PlanRect& front : fronts_) {
    if (overlaps(body, front)) return std::nullopt;
  }
  if (!accept({make(piece, centre, quarter)})) return std::nullopt;
  return placed_.size() - 1;
}

bool RoomFurnisher::bed(const base::Vec2& size) {
  const std::optional<std::size_t> index =
      at_wall({"bed", size, 0.95f}, {0.6f, size.x > 1.3f ? -0.5f : 0.4f, 0.6f});
  if (!index) return false;
  const Furniture bed = placed_[*index];
  const int quarter = static_cast<int>(std::floor(bed.yaw / quarter_yaw(1) + 0.5f));
  const Piece stand{"nightstand", {0.45f, 0.4f}, 0.5f};
  const base::Vec2 back = -quarter_direction(quarter) * (0.5f * (size.y - stand.size.y));
  for (const float side : {-1.0f, 1.0f}) {
    if (size.x < 1.3f && side > 0.0f) break;
    const base::Vec2 aside = right_of(quarter) * (side * 0.5f * (size.x + stand.size.x + 0.06f));
    at(stand, bed.centre + back + aside, quarter);
  }
  return true;
}

std::optional<Furniture> RoomFurnisher::opposite_television(const Spot& sofa, float sofa_depth) {
  const base::Vec2 ahead = quarter_direction(sofa.facing);
  const base::Vec2 along = right_of(sofa.facing);
  const Piece unit{"tv", {stream_.uniform(1.2f, 1.8f), 0.42f}, 1.15f};
  for (const WallEdge& edge : space_.edges()) {
    if (((edge.facing - sofa.facing) & 3) != 2) continue;
    const float distance = glm::dot(edge.a - sofa.centre, ahead) - 0.5f * sofa_depth;
    if (distance < 2.0f || distance > 5.5f) continue;
    const float low =
        std::min(glm::dot(edge.a, along), glm::dot(edge.b, along)) + 0.5f * unit.size.x + kWallGap;
    const float high =
        std::max(glm::dot(edge.a, along), glm::dot(edge.b, along)) - 0.5f * unit.size.x - kWallGap;
    const float wanted = glm::dot(sofa.centre, along);
    const float lateral = std::clamp(wanted, low, std::max(low, high));
    if (high < low || std::abs(lateral - wanted) > 0.6f) continue;
    const base::Vec2 centre = sofa.centre +
                              ahead * (0.5f * sofa_depth + distance - kWallGap - 0.5f * unit.size.y) +
                              along * (lateral - wanted);
    const Furniture tv = make(unit, centre, edge.facing);
    if (space_.fits(footprint(tv), tv.height)) return tv;
  }
  return std::nullopt;
}

bool RoomFurnisher::sofa_group(float sofa_width) {
  const Piece sofa{"sofa", {sofa_width, 0.9f}, 0.82f};
  const Piece table{"coffee_table", {stream_.uniform(0.9f, 1.2f), 0.55f}, 0.45f};
  const float gap = stream_.uniform(0.35f, 0.45f);
  const std::vector<Spot> spots = wall_spots(sofa.size, sofa.height, {0.5f, -0.3f, 0.2f});
  for (const bool with_television : {true, false}) {
    int tests = 0;
    for (const Spot& spot : spots) {
      const base::Vec2 ahead = quarter_direction(spot.facing);
      std::vector<Furniture> group{
          make(sofa, spot.centre, spot.facing),
          make(table, spot.centre + ahead * (0.5f * (sofa.size.y + table.size.y) + gap), spot.facing + 2)};
      if (with_television) {
        const std::optional<Furniture> tv = opposite_television(spot, sofa.size.y);
        if (!tv) continue;
        group.push_back(*tv);
      }
      if (++tests > kMaxWalkTests) break;
      if (!accept(group)) continue;
      fronts_.push_back(front_zone(spot.centre, sofa.size, spot.facing, gap + 0.1f));
      if (with_television) {
        const Furniture& tv = placed_.back();
        fronts_.push_back(front_zone(tv.centre, tv.size, spot.facing + 2, 0.6f));
      }
      return true;
    }
  }
  return false;
}

bool RoomFurnisher::dining_group(const base::Vec2& table, int chairs_a_side, bool ends) {
  const Piece piece{"dining_table", table, 0.75f};
  const Piece chair{"chair", {kChair, kChair}, kChairHeight};
  struct Centre {
    base::Vec2 p;
    int quarter;
    float score;
  };
  std::vector<Centre> centres;
  const base::Vec2 reach{0.5f * table.x + (ends ? 1.0f : 0.25f), 0.5f * table.y + 0.85f};
  for (const PlanRect& part : space_.parts()) {
    const base::Vec2 middle = 0.5f * (part.min + part.max);
    const base::Vec2 size = part.max - part.min;
    for (int quarter = 0; quarter < 2; ++quarter) {
      const base::Vec2 half = quarter == 0 ? reach : base::Vec2(reach.y, reach.x);
      for (float x = part.min.x + half.x; x <= part.max.x - half.x + 1e-3f; x += 0.2f) {
        for (float y = part.min.y + half.y; y <= part.max.y - half.y + 1e-3f; y += 0.2f) {
          const base::Vec2 p{x, y};
          float nearest = 1.5f;
          for (const Furniture& other : placed_) {
            const PlanRect r = footprint(other);
            const base::Vec2 gap = glm::max(glm::max(r.min - p, p - r.max), base::Vec2(0.0f));
            nearest = std::min(nearest, glm::length(gap));
          }
          const float centring = glm::length((p - middle) / size);
          centres.push_back({p, quarter, nearest - 0.6f * centring + 0.15f * stream_.uniform()});
        }
      }
    }
  }
  std::stable_sort(centres.begin(), centres.end(),
                   [](const Centre& p, const Centre& q) { return p.score > q.score; });
  int tests = 0;
  for (const Centre& c : centres) {
    std::vector<Furniture> group{make(piece, c.p, c.quarter)};
    const base::Vec2 ahead = quarter_direction(c.quarter);
    const base::Vec2 along = right_of(c.quarter);
    for (int i = 0; i < chairs_a_side; ++i) {
      const float lateral =
          table.x * ((static_cast<float>(i) + 0.5f) / static_cast<float>(chairs_a_side) - 0.5f);
      const float away = 0.5f * (table.y + kChair) + kSeatGap;
      group.push_back(make(chair, c.p + along * lateral + ahead * away, c.quarter + 2));
      group.push_back(make(chair, c.p + along * lateral - ahead * away, c.quarter));
    }
    if (ends) {
      const float away = 0.5f * (table.x + kChair) + kSeatGap;
      group.push_back(make(chair, c.p + along * away, c.quarter + 1));
      group.push_back(make(chair, c.p - along * away, c.quarter + 3));
    }
    const bool in_front = std::any_of(group.begin(), group.end(), [&](const Furniture& member) {
      return std::any_of(fronts_.begin(), fronts_.end(),
                         [&](const PlanRect& front) { return overlaps(front, footprint(member)); });
    });
    if (in_front || !space_.fits(footprint(group[0]), 0.0f)) continue;
    if (++tests > kMaxWalkTests) break;
    if (accept(group)) return true;
  }
  return false;
}

bool RoomFurnisher::desk_group(float width) {
  const Piece desk{"desk", {width, 0.65f}, 0.75f};
  const Piece chair{"chair", {kChair, kChair}, kChairHeight};
  int tests = 0;
  for (const Spot& spot : wall_spots(desk.size, desk.height, {0.75f, 0.3f, 0.2f})) {
    if (++tests > kMaxWalkTests) break;
    const base::Vec2 seat =
        spot.centre + quarter_direction(spot.facing) * (0.5f * (desk.size.y + kChair) + kSeatGap);
    if (accept({make(desk, spot.centre, spot.facing), make(chair, seat, spot.facing + 2)})) return true;
  }
  return false;
}

bool RoomFurnisher::kitchen_run() {
  bool any = false;
  const float length = std::min(3.2f, 0.9f + 0.2f * area());
  for (const float wanted : {length, 0.8f * length, 0.6f * length}) {
    const std::optional<std::size_t> run = at_wall({"counter", {wanted, 0.62f}, 0.9f}, {0.9f, 0.7f, 0.0f});
    if (!run) continue;
    any = true;
    const Furniture counter = placed_[*run];
    const int quarter = static_cast<int>(std::floor(counter.yaw / quarter_yaw(1) + 0.5f));
    const Piece fridge{"fridge", {0.62f, 0.64f}, 1.85f};
    bool cooled = false;
    for (const float side : {-1.0f, 1.0f}) {
      if (cooled) break;
      const base::Vec2 aside = right_of(quarter) * (side * (0.5f * (wanted + fridge.size.x) + 0.01f));
      cooled = at(fridge, counter.centre + aside + quarter_direction(quarter) * 0.01f, quarter).has_value();
    }
    if (!cooled) at_wall(fridge, {0.7f, 0.5f, 0.0f});
    break;
  }
  if (area() > 9.0f && wants(0.6f)) {
    at_wall({"counter", {stream_.uniform(1.2f, 1.8f), 0.62f}, 0.9f}, {0.9f, 0.7f, 0.0f});
  }
  return any;
}

}  // namespace inknav::scene::internal
