// SPDX-License-Identifier: MIT
#include "scene/home/plan_layout.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace inknav::scene::internal {
namespace {

constexpr float kCellsPerSquareMetre = 1.0f / (kPlanUnit * kPlanUnit);
constexpr float kCorridorShare = 1.14f;  // the private rooms give up about this factor to the corridor
constexpr int kCarveMargin = 3;          // cells of a room's width that a corridor may take
constexpr int kSnap = 6;                 // cells; walls nearer than this are brought onto one line
constexpr int kMinWing = 26;             // cells; least width of a side wing of a U
constexpr int kMinReach = 20;            // cells by which it reaches beyond the middle wing
constexpr int kMinNotch = 14;            // cells; least arm width of a room with a corner taken out

int rounded(float value) { return static_cast<int>(std::floor(value + 0.5f)); }

class Slicer {
 public:
  Slicer(base::PhiloxStream& stream, const std::vector<RoomSpec>& rooms, int num_wings)
      : stream_(stream), rooms_(rooms), num_wings_(static_cast<std::size_t>(num_wings)) {
    regions_.resize(rooms.size());
    for (const RoomSpec& room : rooms) {
      cells_.push_back(room.area * kCellsPerSquareMetre * (is_public(room.kind) ? 1.02f : kCorridorShare));
    }
  }

  bool run() {
    for (const IntRect& wing : outline()) add_lines(wing);
    std::size_t first = 0;
    for (std::size_t i = 0; i < wings_.size(); ++i) {
      if (!slice(wings_[i], first, wing_rooms_[i])) return false;
      first += wing_rooms_[i];
    }
    return true;
  }

  Layout result() {
    transform();
    IntRect box{1 << 20, 1 << 20, -(1 << 20), -(1 << 20)};
    for (const IntRect& wing : wings_) {
      box = {std::min(box.x0, wing.x0), std::min(box.y0, wing.y0), std::max(box.x1, wing.x1),
             std::max(box.y1, wing.y1)};
    }
    Layout layout{rooms_, PlanGrid(box.width(), box.height())};
    for (std::size_t i = 0; i < regions_.size(); ++i) {
      for (const IntRect& rect : regions_[i]) {
        layout.grid.paint({rect.x0 - box.x0, rect.y0 - box.y0, rect.x1 - box.x0, rect.y1 - box.y0},
                          static_cast<int>(i));
      }
    }
    return layout;
  }

 private:
  float sum(std::size_t first, std::size_t count) const {
    float total = 0.0f;
    for (std::size_t i = first; i < first + count; ++i) total += cells_[i];
    return total;
  }

  /// Chooses the shape of the home and puts consecutive rooms into its wings.
  const std::vector<IntRect>& outline() {
    const std::size_t n = rooms_.size();
    const std::size_t num_wings = num_wings_;
    wing_rooms_.assign(num_wings, 0);
    if (num_wings == 1) {
      wing_rooms_[0] = n;
    } else {
      std::size_t left = n;
      for (std::size_t i = 0; i + 1 < num_wings; ++i) {
        const std::size_t rest = num_wings - 1 - i;
        const int high = static_cast<int>(std::min(left - 2 * rest, (3 * left) / (2 * (rest + 1))));
        wing_rooms_[i] = static_cast<std::size_t>(stream_.uniform_int(2, std::max(2, high)));
        left -= wing_rooms_[i];
      }
      wing_rooms_.back() = left;
    }
    if (num_wings == 3) {
      make_u();
    } else {
      make_l();
    }
    return wings_;
  }

  void make_l() {
    const float first_area = sum(0, wing_rooms_[0]);
    const float aspect = stream_.uniform(0.75f, wing_rooms_.size() == 1 ? 1.75f : 1.35f);
    const int width = rounded(std::sqrt(first_area * aspect));
    const int height = rounded(first_area / static_cast<float>(width));
    wings_ = {{0, 0, width, height}};
    if (wing_rooms_.size() == 1) return;
    const float second_area = sum(wing_rooms_[0], wing_rooms_[1]);
    const int second_height = rounded(static_cast<float>(height) * stream_.uniform(0.5f, 0.8f));
    const int second_width = rounded(second_area / static_cast<float>(second_height));
    wings_.push_back({width, 0, width + second_width, second_height});
  }

  /// The first wing, which holds the living room, joins two that point the same way.
  void make_u() {
    const std::size_t a = wing_rooms_[0];
    const std::size_t b = wing_rooms_[1];
    const float middle_area = sum(0, a);
    const float left_area = sum(a, b);
    const float right_area = sum(a + b, wing_rooms_[2]);
    const int height = rounded(std::sqrt(middle_area * stream_.uniform(0.5f, 0.8f)));
    const int width = rounded(middle_area / static_cast<float>(height));
    // Narrow enough to reach beyond the middle wing.
    const auto side_width = [&](float area) {
      const int wanted = rounded(std::sqrt(area * stream_.uniform(0.45f, 0.8f)));
      return std::max(kMinWing, std::min(wanted, rounded(area / static_cast<float>(height + kMinReach))));
    };
    const int left_width = side_width(left_area);
    const int right_width = side_width(right_area);
    const int left_height = rounded(left_area / static_cast<float>(left_width));
    const int right_height = rounded(right_area / static_cast<float>(right_width));
    wings_ = {{0, 0, width, height},
              {-left_width, 0, 0, std::max(left_height, height)},
              {width, 0, width + right_width, std::max(right_height, height)}};
  }

  void add_lines(const IntRect& rect) {
    lines_x_.insert(lines_x_.end(), {rect.x0, rect.x1});
    lines_y_.insert(lines_y_.end(), {rect.y0, rect.y1});
  }

  int snapped(int value, int low, int high, std::vector<int>& lines) {
    int best = value;
    int distance = kSnap + 1;
    for (const int line : lines) {
      const int d = std::abs(line - value);
      if (d < distance && line > low + 12 && line < high - 12) {
        best = line;
        distance = d;
      }
    }
    lines.push_back(best);
    return best;
  }

  /// Tries a few cuts; small groups of rooms more often, because they are cheap and fail most.
  bool slice(const IntRect& rect, std::size_t first, std::size_t count) {
    if (count == 1) return give(first, {rect});
    if (count == 2 && stream_.bernoulli(0.45f) && take_corner(rect, first)) return true;
    const int tries = count <= 4 ? 3 : 2;
    for (int i = 0; i < tries; ++i) {
      const std::size_t num_x = lines_x_.size();
      const std::size_t num_y = lines_y_.size();
      if (cut(rect, first, count)) return true;
      lines_x_.resize(num_x);
      lines_y_.resize(num_y);
    }
    return false;
  }

  bool cut(const IntRect& rect, std::size_t first, std::size_t count) {
    std::size_t left = 1;
    float share = 0.5f;
    for (int attempt = 0; attempt < 6; ++attempt) {
      left = 1 + stream_.uniform_int(static_cast<std::uint32_t>(count - 1));
      share = sum(first, left) / sum(first, count);
      if (share > 0.25f && share < 0.75f) break;
    }
    const float aspect = static_cast<float>(rect.width()) / static_cast<float>(rect.height());
    const bool along_x = aspect > 1.25f || (aspect > 0.8f && stream_.bernoulli(0.5f));
    const bool swap = stream_.bernoulli(0.5f);
    const float low_share = swap ? 1.0f - share : share;
    IntRect low = rect;
    IntRect high = rect;
    if (along_x) {
      const int line = rect.x0 + rounded(low_share * static_cast<float>(rect.width()));
      low.x1 = high.x0 = snapped(line, rect.x0, rect.x1, lines_x_);
    } else {
      const int line = rect.y0 + rounded(low_share * static_cast<float>(rect.height()));
      low.y1 = high.y0 = snapped(line, rect.y0, rect.y1, lines_y_);
    }
    if (low.width() < 13 || low.height() < 13 || high.width() < 13 || high.height() < 13) return false;
    return slice(swap ? high : low, first, left) && slice(swap ? low : high, first + left, count - left);
  }

  bool give(std::size_t room, std::vector<IntRect> region) {
    const RoomLimits& limits = room_limits(rooms_[room].kind);
    if (region.size() == 1) {
      const int shorter = std::min(region[0].width(), region[0].height());
      const int longer = std::max(region[0].width(), region[0].height());
      if (shorter < limits.min_side + (rooms_.size() > 4 ? kCarveMargin : 0)) return false;
      if (static_cast<float>(longer) > limits.max_aspect * static_cast<float>(shorter)) return false;
    }
    regions_[room] = std::move(region);
    return true;
  }

  /// The smaller of two rooms takes a corner (the larger becomes an L) or the middle of a side (a U).
  bool take_corner(const IntRect& rect, std::size_t first) {
    const std::size_t small = cells_[first] < cells_[first + 1] ? first : first + 1;
    const std::size_t large = small == first ? first + 1 : first;
    const float share = cells_[small] / (cells_[small] + cells_[large]);
    if (share > 0.38f) return false;
    const float aspect = stream_.uniform(0.65f, 1.5f);
    const int w = rounded(std::sqrt(cells_[small] * aspect));
    const int h = rounded(cells_[small] / static_cast<float>(w));
    const int side = room_limits(rooms_[small].kind).min_side;
    if (w < side || h < side) return false;
    if (rect.width() - w < kMinNotch || rect.height() - h < kMinNotch) return false;
    const bool middle = rect.width() - w >= 2 * kMinNotch && share < 0.25f && stream_.bernoulli(0.3f);
    const int spare = rect.width() - w;
    const int offset = middle ? kMinNotch + static_cast<int>(stream_.uniform_int(
                                                static_cast<std::uint32_t>(spare - 2 * kMinNotch + 1)))
                              : (stream_.bernoulli(0.5f) ? 0 : spare);
    const bool top = stream_.bernoulli(0.5f);
    IntRect hole{rect.x0 + offset, top ? rect.y0 : rect.y1 - h, rect.x0 + offset + w,
                 top ? rect.y0 + h : rect.y1};
    regions_[small] = {hole};
    std::vector<IntRect> rest{{rect.x0, top ? hole.y1 : rect.y0, rect.x1, top ? rect.y1 : hole.y0}};
    if (hole.x0 > rect.x0) rest.push_back({rect.x0, hole.y0, hole.x0, hole.y1});
    if (hole.x1 < rect.x1) rest.push_back({hole.x1, hole.y0, rect.x1, hole.y1});
    regions_[large] = std::move(rest);
    return true;
  }

  /// One of the eight symmetries of the square.
  void transform() {
    const bool transpose = stream_.bernoulli(0.5f);
    const bool flip_x = stream_.bernoulli(0.5f);
    const bool flip_y = stream_.bernoulli(0.5f);
    const auto apply = [&](IntRect& r) {
      if (transpose) r = {r.y0, r.x0, r.y1, r.x1};
      if (flip_x) r = {-r.x1, r.y0, -r.x0, r.y1};
      if (flip_y) r = {r.x0, -r.y1, r.x1, -r.y0};
    };
    for (IntRect& wing : wings_) apply(wing);
    for (std::vector<IntRect>& region : regions_) {
      for (IntRect& rect : region) apply(rect);
    }
  }

  base::PhiloxStream& stream_;
  const std::vector<RoomSpec>& rooms_;
  std::size_t num_wings_;
  std::vector<float> cells_;  // wanted area of each room, cells
  std::vector<IntRect> wings_;
  std::vector<std::size_t> wing_rooms_;  // number of rooms in each wing
  std::vector<std::vector<IntRect>> regions_;
  std::vector<int> lines_x_;
  std::vector<int> lines_y_;
};

}  // namespace

std::optional<Layout> propose_layout(base::PhiloxStream& stream, const std::vector<RoomSpec>& rooms,
                                     int num_wings) {
  INKNAV_CHECK(num_wings >= 1 && num_wings <= 3 && 2 * num_wings <= static_cast<int>(rooms.size()) + 1,
               num_wings);
  INKNAV_CHECK(!rooms.empty() && rooms.size() < 64, rooms.size());
  Slicer slicer(stream, rooms, num_wings);
  if (!slicer.run()) return std::nullopt;
  return slicer.result();
}

bool rooms_plausible(const Layout& layout, bool windows) {
  constexpr int kNarrow = 11;      // cells; no part of a room is narrower
  constexpr int kWindowWall = 14;  // cells of outer wall that a room to live in has
  const std::vector<Region> regions = layout.grid.regions(static_cast<int>(layout.rooms.size()));
  for (std::size_t i = 0; i < regions.size(); ++i) {
    const RoomLimits& limits = room_limits(layout.rooms[i].kind);
    const float metres = static_cast<float>(regions[i].area) / kCellsPerSquareMetre;
    if (metres < limits.min_area || metres > limits.max_area) return false;
  }
  for (std::size_t i = 0; i < regions.size(); ++i) {
    const int label = static_cast<int>(i);
    const Region& region = regions[i];
    const RoomKind kind = layout.rooms[i].kind;
    const bool corridor = kind == RoomKind::kCorridor;
    const int side = room_limits(kind).min_side;
    const bool plain = region.area == region.bounds.area();  // a rectangle
    if (plain) {
      if (std::min(region.bounds.width(), region.bounds.height()) < side) return false;
      continue;
    }
    if (!corridor && 3 * layout.grid.opened_area(label, region.bounds, side) < 2 * region.area) return false;
    if (layout.grid.opened_area(label, region.bounds, kNarrow) != region.area) return false;
    const std::vector<IntRect> parts = layout.grid.rectangles(label, region.bounds);
    if (!joined(parts) || (!corridor && parts.size() > 3)) return false;
  }
  if (!windows) return true;
  std::vector<int> outer_wall(regions.size(), 0);  // longest run, cells
  for (const WallRun& run : layout.grid.wall_runs()) {
    if (!run.touches(kOutside)) continue;
    int& longest = outer_wall[static_cast<std::size_t>(run.other(kOutside))];
    longest = std::max(longest, run.length());
  }
  for (std::size_t i = 0; i < regions.size(); ++i) {
    const RoomKind kind = layout.rooms[i].kind;
    const bool lived_in = kind == RoomKind::kLiving || kind == RoomKind::kBedroom || kind == RoomKind::kStudy;
    if (lived_in && outer_wall[i] < kWindowWall) return false;
  }
  return true;
}

}  // namespace inknav::scene::internal
