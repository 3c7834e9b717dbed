// SPDX-License-Identifier: MIT
#include "scene/home/plan_openings.h"

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "scene/home/plan_corridor.h"

namespace inknav::scene::internal {
namespace {

constexpr float kJamb = 0.12f;       // metres of wall kept between an opening and the end of its run
constexpr float kWindowGap = 0.5f;   // metres between windows of one wall
constexpr float kWindowHead = 2.1f;  // metres
constexpr float kLongWall = 1.5f;    // metres; shorter outer walls have no window

struct Cut {  // an opening in the making: an interval of a run, metres along the run
  std::size_t run = 0;
  float from = 0.0f;
  float to = 0.0f;
  bool is_door = true;
  float sill = 0.0f;
  float head = 0.0f;
};

class Opener {
 public:
  Opener(base::PhiloxStream& stream, const Layout& layout, FloorPlan& plan)
      : stream_(stream), layout_(layout), plan_(plan), runs_(layout.grid.wall_runs()) {
    parent_.resize(layout.rooms.size());
    for (std::size_t i = 0; i < parent_.size(); ++i) parent_[i] = static_cast<int>(i);
    door_width_ = 0.8f + 0.05f * static_cast<float>(stream_.uniform_int(0, 3));
    for (std::size_t i = 0; i < layout.rooms.size(); ++i) {
      if (layout.rooms[i].kind == RoomKind::kCorridor) corridor_ = static_cast<int>(i);
      if (layout.rooms[i].kind == RoomKind::kDining) dining_ = static_cast<int>(i);
      if (layout.rooms[i].kind == RoomKind::kKitchen) kitchen_ = static_cast<int>(i);
    }
  }

  bool run() {
    if (!connect_public() || !connect_private() || !all_connected()) return false;
    if (!add_front_door()) return false;
    add_loops();
    add_windows();
    write_plan();
    return true;
  }

 private:
  RoomKind kind(int room) const { return layout_.rooms[static_cast<std::size_t>(room)].kind; }
  int num_rooms() const { return static_cast<int>(layout_.rooms.size()); }

  int root(int room) {
    while (parent_[static_cast<std::size_t>(room)] != room) room = parent_[static_cast<std::size_t>(room)];
    return room;
  }

  std::optional<std::size_t> longest_run(int a, int b) const {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      const WallRun& run = runs_[i];
      if (!(run.low == a && run.high == b) && !(run.low == b && run.high == a)) continue;
      if (run.length() < kDoorWall) continue;
      if (!best || run.length() > runs_[*best].length()) best = i;
    }
    return best;
  }

  bool fits(int a, int b) const { return a >= 0 && b >= 0 && a != b && longest_run(a, b).has_value(); }

  static float length_m(const WallRun& run) { return static_cast<float>(run.length()) * kPlanUnit; }

  void connect(int a, int b, bool wide) {
    const std::optional<std::size_t> index = longest_run(a, b);
    INKNAV_CHECK(index.has_value(), a, b);
    const float length = length_m(runs_[*index]);
    const float room = length - 2.0f * kJamb;
    float width = door_width_;
    if (kind(a) == RoomKind::kBathroom || kind(b) == RoomKind::kBathroom) width = 0.8f;
    if (wide && room > 1.3f) width = stream_.uniform(1.3f, std::min(room, 2.4f));
    width = std::min(width, room);
    const float spare = length - width - 2.0f * kJamb;
    float start = kJamb;
    if (wide) {
      start += 0.5f * spare;
    } else if (stream_.bernoulli(0.75f)) {
      const float offset = std::min(spare, stream_.uniform(0.05f, 0.3f));
      start += stream_.bernoulli(0.5f) ? offset : spare - offset;
    } else {
      start += spare * stream_.uniform();
    }
    cuts_.push_back({*index, start, start + width, true, 0.0f, plan_.door_height});
    parent_[static_cast<std::size_t>(root(a))] = root(b);
  }

  bool joined(int a, int b) const {
    return std::any_of(cuts_.begin(), cuts_.end(), [&](const Cut& cut) {
      return cut.is_door && runs_[cut.run].touches(a) && runs_[cut.run].other(a) == b;
    });
  }

  bool connect_public() {
    constexpr int kHub = 0;
    if (fits(dining_, kHub)) {
      connect(dining_, kHub, stream_.bernoulli(0.7f));
    } else if (dining_ >= 0 && fits(dining_, corridor_)) {
      connect(dining_, corridor_, false);
    }
    if (kitchen_ >= 0) {
      if (fits(kitchen_, dining_)) {
        connect(kitchen_, dining_, stream_.bernoulli(0.4f));
      } else if (fits(kitchen_, kHub)) {
        connect(kitchen_, kHub, stream_.bernoulli(0.45f));
      } else if (fits(kitchen_, corridor_)) {
        connect(kitchen_, corridor_, false);
      } else {
        return false;
      }
    }
    if (corridor_ < 0) return true;
    if (fits(corridor_, kHub)) {
      connect(corridor_, kHub, stream_.bernoulli(0.35f));
    } else if (fits(corridor_, dining_)) {
      connect(corridor_, dining_, false);
    } else {
      return false;
    }
    return true;
  }

  bool connect_private() {
    bool common_bathroom = false;
    std::vector<int> behind;  // rooms that only another private room reaches
    for (int room = 1; room < num_rooms(); ++room) {
      if (is_public(kind(room)) || kind(room) == RoomKind::kCorridor) continue;
      if (fits(room, corridor_)) {
        connect(room, corridor_, false);
      } else if (fits(room, 0)) {
        connect(room, 0, false);
      } else if (fits(room, dining_)) {
        connect(room, dining_, false);
      } else {
        behind.push_back(room);
        continue;
      }
      common_bathroom = common_bathroom || kind(room) == RoomKind::kBathroom;
    }
    for (const int room : behind) {
      if (kind(room) != RoomKind::kBathroom && kind(room) != RoomKind::kStorage) return false;
      if (kind(room) == RoomKind::kBathroom && !common_bathroom) return false;
      int host = -1;
      for (int other = 1; other < num_rooms(); ++other) {
        const bool suits = kind(other) == RoomKind::kBedroom ||
                           (kind(room) == RoomKind::kStorage && kind(other) == RoomKind::kKitchen);
        if (suits && host < 0 && fits(room, other)) host = other;
      }
      if (host < 0) return false;
      connect(room, host, false);
    }
    return true;
  }

  bool all_connected() {
    for (int room = 1; room < num_rooms(); ++room) {
      if (root(room) != root(0)) return false;
    }
    return true;
  }

  void add_loops() {
    if (fits(kitchen_, corridor_) && !joined(kitchen_, corridor_) && stream_.bernoulli(0.4f)) {
      connect(kitchen_, corridor_, false);
    }
    if (fits(kitchen_, 0) && !joined(kitchen_, 0) && stream_.bernoulli(0.4f)) connect(kitchen_, 0, false);
    if (fits(dining_, corridor_) && !joined(dining_, corridor_) && stream_.bernoulli(0.3f)) {
      connect(dining_, corridor_, false);
    }
  }

  bool add_front_door() {
    constexpr float kWidth = 0.95f;
    std::optional<std::size_t> best;
    int best_rank = 0;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      const WallRun& run = runs_[i];
      if (!run.touches(kOutside) || length_m(run) < kWidth + 2.0f * kJamb) continue;
      const int room = run.other(kOutside);
      int rank = 0;
      if (room == corridor_) rank = 4;
      if (room == 0) rank = 3;
      if (room == dining_) rank = 2;
      if (room == kitchen_) rank = 1;
      if (rank > best_rank) {
        best = i;
        best_rank = rank;
      }
    }
    if (!best) return false;
    const float spare = length_m(runs_[*best]) - kWidth - 2.0f * kJamb;
    const float start = kJamb + std::min(spare, spare * stream_.uniform());
    cuts_.push_back({*best, start, start + kWidth, true, 0.0f, plan_.door_height});
    return true;
  }

  void add_windows() {
    const std::size_t num_doors = cuts_.size();
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      const WallRun& run = runs_[i];
      if (!run.touches(kOutside)) continue;
      const RoomKind room = kind(run.other(kOutside));
      const float length = length_m(run);
      if (room == RoomKind::kStorage || length < (room == RoomKind::kCorridor ? 1.0f : kLongWall)) continue;
      if (room == RoomKind::kBathroom && stream_.bernoulli(0.5f)) continue;
      if (room == RoomKind::kCorridor && stream_.bernoulli(0.5f)) continue;
      if (length < 2.4f && stream_.bernoulli(0.4f)) continue;
      const bool little = room == RoomKind::kBathroom || room == RoomKind::kCorridor;
      const float sill = room == RoomKind::kBathroom  ? 1.35f
                         : room == RoomKind::kKitchen ? 1.05f
                                                      : stream_.uniform(0.75f, 0.95f);
      const float wanted = little ? stream_.uniform(0.6f, 0.8f) : stream_.uniform(1.0f, 1.9f);
      const int count = little ? 1 : std::clamp(static_cast<int>(length / 2.8f), 1, 3);
      const float share = length / static_cast<float>(count);
      const float width = std::min(wanted, share - kWindowGap);
      for (int w = 0; w < count; ++w) {
        const float middle = share * (static_cast<float>(w) + 0.5f);
        const Cut cut{i, middle - 0.5f * width, middle + 0.5f * width, false, sill, kWindowHead};
        const bool clear = std::none_of(
            cuts_.begin(), cuts_.begin() + static_cast<std::ptrdiff_t>(num_doors), [&](const Cut& door) {
              return door.run == i && door.from < cut.to + 0.15f && cut.from < door.to + 0.15f;
            });
        if (clear) cuts_.push_back(cut);
      }
    }
  }

  base::Vec2 place(const WallRun& run, float along) const {
    const float line = kPlanUnit * static_cast<float>(run.line);
    const float from = kPlanUnit * static_cast<float>(run.from);
    const base::Vec2 p = run.horizontal ? base::Vec2(from + along, line) : base::Vec2(line, from + along);
    return p - offset();
  }

  base::Vec2 offset() const {
    return base::Vec2(kPlanUnit * static_cast<float>(layout_.grid.width() / 2),
                      kPlanUnit * static_cast<float>(layout_.grid.height() / 2));
  }

  void write_plan() {
    const auto corner = [&](int x, int y) {
      return base::Vec2(kPlanUnit * static_cast<float>(x), kPlanUnit * static_cast<float>(y)) - offset();
    };
    const std::vector<Region> regions = layout_.grid.regions(num_rooms());
    for (int label = 0; label < num_rooms(); ++label) {
      Room room;
      room.kind = kind(label);
      for (const IntRect& r :
           layout_.grid.rectangles(label, regions[static_cast<std::size_t>(label)].bounds)) {
        room.parts.push_back({corner(r.x0, r.y0), corner(r.x1, r.y1)});
      }
      plan_.rooms.push_back(std::move(room));
    }
    for (const Cut& cut : cuts_) {
      const WallRun& run = runs_[cut.run];
      plan_.openings.push_back(
          {place(run, cut.from), place(run, cut.to), run.low, run.high, cut.is_door, cut.sill, cut.head});
    }
    write_walls();
  }

  /// Runs on one line that touch are one wall; openings cut it.
  void write_walls() {
    for (std::size_t first = 0; first < runs_.size();) {
      std::size_t last = first;
      while (last + 1 < runs_.size() && runs_[last + 1].horizontal == runs_[first].horizontal &&
             runs_[last + 1].line == runs_[first].line && runs_[last + 1].from == runs_[last].to) {
        ++last;
      }
      std::vector<std::pair<base::Vec2, base::Vec2>> holes;
      for (std::size_t i = first; i <= last; ++i) {
        for (const Cut& cut : cuts_) {
          if (cut.run == i) holes.push_back({place(runs_[i], cut.from), place(runs_[i], cut.to)});
        }
      }
      std::sort(holes.begin(), holes.end(),
                [](const auto& p, const auto& q) { return p.first.x + p.first.y < q.first.x + q.first.y; });
      base::Vec2 from = place(runs_[first], 0.0f);
      for (const auto& hole : holes) {
        plan_.walls.push_back({from, hole.first});
        from = hole.second;
      }
      plan_.walls.push_back({from, place(runs_[last], length_m(runs_[last]))});
      first = last + 1;
    }
  }

  base::PhiloxStream& stream_;
  const Layout& layout_;
  FloorPlan& plan_;
  std::vector<WallRun> runs_;
  std::vector<Cut> cuts_;
  std::vector<int> parent_;
  float door_width_ = 0.8f;
  int corridor_ = -1;
  int dining_ = -1;
  int kitchen_ = -1;
};

}  // namespace

bool make_openings(base::PhiloxStream& stream, const Layout& layout, FloorPlan& plan) {
  return Opener(stream, layout, plan).run();
}

}  // namespace inknav::scene::internal
