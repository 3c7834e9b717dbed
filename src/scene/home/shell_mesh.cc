// SPDX-License-Identifier: MIT
#include "scene/home/shell_mesh.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/check.h"
#include "scene/home/room_space.h"

namespace inknav::scene::internal {
namespace {

constexpr float kEpsilon = 1e-4f;  // metres; coordinates nearer than this are one line
constexpr float kProbe = 0.02f;    // metres from a wall face to the room it belongs to
constexpr float kPaneThickness = 0.03f;
constexpr float kLeafThickness = 0.05f;
constexpr float kFrame = 0.05f;  // metres, window bars

struct Interval {  // of heights
  float low;
  float high;
  bool operator==(const Interval&) const = default;
};
using Profile = std::vector<Interval>;  // solid heights of a column, rising

/// Heights that are solid in `p` and air in `q`.
Profile minus(const Profile& p, const Profile& q) {
  Profile result;
  for (Interval piece : p) {
    for (const Interval& hole : q) {
      if (hole.high <= piece.low || hole.low >= piece.high) continue;
      if (hole.low > piece.low) result.push_back({piece.low, hole.low});
      piece.low = hole.high;
    }
    if (piece.low < piece.high) result.push_back(piece);
  }
  return result;
}

class Shell {
 public:
  Shell(const FloorPlan& plan, const HomeStyle& style, MeshBuilder& mesh)
      : plan_(plan), style_(style), mesh_(mesh), half_(0.5f * plan.wall_thickness) {
    profiles_ = {{}, {{0.0f, plan.wall_height}}};
    collect_rects();
    cut_lines();
    fill_columns();
  }

  void build() {
    for (std::size_t i = 0; i < plan_.rooms.size(); ++i) {
      for (const PlanRect& part : plan_.rooms[i].parts)
        mesh_.plate(part.min, part.max, 0.0f, true, style_.floors[i]);
    }
    for (int side = 0; side < 4; ++side) add_sides(side);
    add_plates();
    for (const Opening& opening : plan_.openings) {
      if (!opening.is_door) add_pane(opening);
      if (opening.is_front_door()) add_leaf(opening);
    }
  }

 private:
  struct WallRect {
    PlanRect rect;
    int profile;
  };

  bool is_opening_end(const base::Vec2& p) const {
    return std::any_of(plan_.openings.begin(), plan_.openings.end(), [&](const Opening& o) {
      return glm::length(o.a - p) < kEpsilon || glm::length(o.b - p) < kEpsilon;
    });
  }

  PlanRect thick(base::Vec2 a, base::Vec2 b, bool extend_a, bool extend_b) const {
    const bool horizontal = std::abs(a.y - b.y) < kEpsilon;
    const base::Vec2 along = horizontal ? base::Vec2(half_, 0.0f) : base::Vec2(0.0f, half_);
    const base::Vec2 across = horizontal ? base::Vec2(0.0f, half_) : base::Vec2(half_, 0.0f);
    if (extend_a) a -= along;
    if (extend_b) b += along;
    return {a - across, b + across};
  }

  void collect_rects() {
    for (const WallSegment& wall : plan_.walls) {
      rects_.push_back({thick(wall.a, wall.b, !is_opening_end(wall.a), !is_opening_end(wall.b)), 1});
    }
    for (const Opening& opening : plan_.openings) {
      Profile profile;
      if (opening.sill > 0.0f) profile.push_back({0.0f, opening.sill});
      profile.push_back({opening.head, plan_.wall_height});
      const auto known = std::find(profiles_.begin(), profiles_.end(), profile);
      const int index = static_cast<int>(known - profiles_.begin());
      if (known == profiles_.end()) profiles_.push_back(profile);
      rects_.push_back({thick(opening.a, opening.b, false, false), index});
    }
  }

  void cut_lines() {
    for (const WallRect& wall : rects_) {
      xs_.insert(xs_.end(), {wall.rect.min.x, wall.rect.max.x});
      ys_.insert(ys_.end(), {wall.rect.min.y, wall.rect.max.y});
    }
    for (std::vector<float>* lines : {&xs_, &ys_}) {
      std::sort(lines->begin(), lines->end());
      lines->erase(
          std::unique(lines->begin(), lines->end(), [](float a, float b) { return b - a < kEpsilon; }),
          lines->end());
    }
    columns_ = static_cast<int>(xs_.size()) - 1;
    rows_ = static_cast<int>(ys_.size()) - 1;
  }

  static int line_index(const std::vector<float>& lines, float value) {
    const auto it = std::lower_bound(lines.begin(), lines.end(), value - kEpsilon);
    return static_cast<int>(it - lines.begin());
  }

  void fill_columns() {
    cells_.assign(static_cast<std::size_t>(columns_ * rows_), 0);
    for (const WallRect& wall : rects_) {
      const int x1 = line_index(xs_, wall.rect.max.x);
      const int y1 = line_index(ys_, wall.rect.max.y);
      for (int y = line_index(ys_, wall.rect.min.y); y < y1; ++y) {
        for (int x = line_index(xs_, wall.rect.min.x); x < x1; ++x) {
          cells_[static_cast<std::size_t>(y * columns_ + x)] = wall.profile;
        }
      }
    }
  }

  int profile_at(int x, int y) const {
    if (x < 0 || y < 0 || x >= columns_ || y >= rows_) return 0;
    return cells_[static_cast<std::size_t>(y * columns_ + x)];
  }

  int room_at(const base::Vec2& p) const {
    for (std::size_t i = 0; i < plan_.rooms.size(); ++i) {
      for (const PlanRect& part : plan_.rooms[i].parts) {
        if (p.x >= part.min.x && p.x < part.max.x && p.y >= part.min.y && p.y < part.max.y)
          return static_cast<int>(i);
      }
    }
    return -1;
  }

  /// Sides: 0 -y, 1 +y, 2 -x, 3 +x. Faces of equal columns beside equal neighbours are joined along the line.
  void add_sides(int side) {
    const bool horizontal = side < 2;
    const int step = side % 2 == 0 ? -1 : 1;
    const int lines = horizontal ? rows_ : columns_;
    const int extent = horizontal ? columns_ : rows_;
    const std::vector<float>& along = horizontal ? xs_ : ys_;
    for (int line = 0; line < lines; ++line) {
      for (int i = 0; i < extent;) {
        const auto own = [&](int q) { return horizontal ? profile_at(q, line) : profile_at(line, q); };
        const auto next = [&](int q) {
          return horizontal ? profile_at(q, line + step) : profile_at(line + step, q);
        };
        const auto faced_room = [&](int q) {
          const float middle =
              0.5f * (along[static_cast<std::size_t>(q)] + along[static_cast<std::size_t>(q) + 1]);
          const float face = face_line(horizontal, line, step);
          const float probe = face + kProbe * static_cast<float>(step);
          return room_at(horizontal ? base::Vec2(middle, probe) : base::Vec2(probe, middle));
        };
        const int profile = own(i);
        const int neighbour = next(i);
        const int start = i++;
        if (profile == neighbour || profile == 0) continue;
        const int room = faced_room(start);
        while (i < extent && own(i) == profile && next(i) == neighbour && faced_room(i) == room) ++i;
        const Profile heights = minus(profiles_[static_cast<std::size_t>(profile)],
                                      profiles_[static_cast<std::size_t>(neighbour)]);
        const Finish& finish = neighbour != 0 ? style_.trim
                               : room < 0     ? style_.facade
                                              : style_.walls[static_cast<std::size_t>(room)];
        for (const Interval& h : heights) {
          add_face(side, face_line(horizontal, line, step), along[static_cast<std::size_t>(start)],
                   along[static_cast<std::size_t>(i)], h, finish);
        }
      }
    }
  }

  float face_line(bool horizontal, int line, int step) const {
    return (horizontal ? ys_ : xs_)[static_cast<std::size_t>(line + (step > 0 ? 1 : 0))];
  }

  void add_face(int side, float line, float from, float to, const Interval& h, const Finish& finish) {
    const auto p = [&](float s, float y) {
      return side < 2 ? base::Vec3(s, y, line) : base::Vec3(line, y, s);
    };
    const bool flip = side == 0 || side == 3;
    if (flip) std::swap(from, to);
    mesh_.quad({p(from, h.low), p(to, h.low), p(to, h.high), p(from, h.high)}, finish);
  }

  /// Tops of walls and sills, undersides of lintels.
  void add_plates() {
    for (int y = 0; y < rows_; ++y) {
      for (int x = 0; x < columns_;) {
        const int profile = profile_at(x, y);
        const int start = x++;
        if (profile == 0) continue;
        while (x < columns_ && profile_at(x, y) == profile) ++x;
        const base::Vec2 min{xs_[static_cast<std::size_t>(start)], ys_[static_cast<std::size_t>(y)]};
        const base::Vec2 max{xs_[static_cast<std::size_t>(x)], ys_[static_cast<std::size_t>(y) + 1]};
        for (const Interval& h : profiles_[static_cast<std::size_t>(profile)]) {
          mesh_.plate(min, max, h.high, true, h.high < plan_.wall_height ? style_.trim : style_.facade);
          if (h.low > 0.0f) mesh_.plate(min, max, h.low, false, style_.trim);
        }
      }
    }
  }

  /// Local frame with x along the opening, centred in the wall.
  LocalFrame frame_of(const Opening& opening) const {
    const bool horizontal = std::abs(opening.a.y - opening.b.y) < kEpsilon;
    return LocalFrame::from_yaw(0.5f * (opening.a + opening.b), horizontal ? 0.0f : 0.5f * base::kPi);
  }

  void add_pane(const Opening& opening) {
    const LocalFrame frame = frame_of(opening);
    const float w = 0.5f * glm::length(opening.b - opening.a);
    const float t = 0.5f * kPaneThickness;
    mesh_.box(frame, {-w, opening.sill, -t}, {w, opening.head, t}, style_.glass, kNoTop | kNoBottom);
    const float f = 2.0f * t;
    mesh_.box(frame, {-w, opening.sill, -f}, {w, opening.sill + kFrame, f}, style_.trim);
    mesh_.box(frame, {-w, opening.head - kFrame, -f}, {w, opening.head, f}, style_.trim, kNoTop);
    const float low = opening.sill + kFrame;
    const float high = opening.head - kFrame;
    mesh_.box(frame, {-w, low, -f}, {-w + kFrame, high, f}, style_.trim, kNoTop | kNoBottom);
    mesh_.box(frame, {w - kFrame, low, -f}, {w, high, f}, style_.trim, kNoTop | kNoBottom);
    mesh_.box(frame, {-0.5f * kFrame, low, -f}, {0.5f * kFrame, high, f}, style_.trim, kNoTop | kNoBottom);
  }

  void add_leaf(const Opening& opening) {
    const LocalFrame frame = frame_of(opening);
    const float w = 0.5f * glm::length(opening.b - opening.a);
    const float t = 0.5f * kLeafThickness;
    mesh_.box(frame, {-w, 0.0f, -t}, {w, opening.head, t}, style_.front_door, kNoTop | kNoBottom);
    for (const float side : {-1.0f, 1.0f}) {
      const float z = side * (t + 0.02f);
      mesh_.box(frame, {w - 0.16f, 1.0f, std::min(z, side * t)}, {w - 0.06f, 1.04f, std::max(z, side * t)},
                style_.metal, 0u);
    }
  }

  const FloorPlan& plan_;
  const HomeStyle& style_;
  MeshBuilder& mesh_;
  float half_;
  std::vector<WallRect> rects_;
  std::vector<Profile> profiles_;
  std::vector<float> xs_;
  std::vector<float> ys_;
  std::vector<int> cells_;  // index into profiles_
  int columns_ = 0;
  int rows_ = 0;
};

}  // namespace

void add_shell(const FloorPlan& plan, const HomeStyle& style, MeshBuilder& mesh) {
  Shell(plan, style, mesh).build();
}

}  // namespace inknav::scene::internal
