// SPDX-License-Identifier: MIT
#include "scene/home/plan_corridor.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <queue>
#include <utility>

#include "base/check.h"

namespace inknav::scene::internal {
namespace {

constexpr int kBendCost = 18;        // cells of extra length that avoiding one bend is worth
constexpr int kTouchLength = 10;     // cells of wall along which a corridor must run to serve a room
constexpr int kUncoveredCost = 400;  // a room without access outweighs any length
constexpr int kMaxBranches = 5;
constexpr int kInfinity = std::numeric_limits<int>::max();

struct Step {
  int x = 0;
  int y = 0;
};

/// Graph of the interior walls: vertices are crossings of the lines on which any wall lies.
class WallGraph {
 public:
  WallGraph(const PlanGrid& grid, const std::vector<WallRun>& runs) : grid_(grid) {
    for (const WallRun& run : runs) {
      (run.horizontal ? ys_ : xs_).push_back(run.line);
      (run.horizontal ? xs_ : ys_).insert((run.horizontal ? xs_ : ys_).end(), {run.from, run.to});
    }
    for (std::vector<int>* lines : {&xs_, &ys_}) {
      std::sort(lines->begin(), lines->end());
      lines->erase(std::unique(lines->begin(), lines->end()), lines->end());
    }
    build_edges();
  }

  int num_vertices() const { return static_cast<int>(xs_.size() * ys_.size()); }
  Step place(int vertex) const {
    const int columns = static_cast<int>(xs_.size());
    return {xs_[static_cast<std::size_t>(vertex % columns)], ys_[static_cast<std::size_t>(vertex / columns)]};
  }
  /// Directions: 0 +x, 1 +y, 2 -x, 3 -y. Length 0: no interior wall there.
  int length(int vertex, int direction) const {
    return edges_[static_cast<std::size_t>(vertex)][static_cast<std::size_t>(direction)].length;
  }
  std::uint64_t rooms(int vertex, int direction) const {
    return edges_[static_cast<std::size_t>(vertex)][static_cast<std::size_t>(direction)].rooms;
  }
  int neighbour(int vertex, int direction) const {
    const int columns = static_cast<int>(xs_.size());
    constexpr std::array<int, 4> kX{1, 0, -1, 0};
    constexpr std::array<int, 4> kY{0, 1, 0, -1};
    return vertex + kX[static_cast<std::size_t>(direction)] +
           columns * kY[static_cast<std::size_t>(direction)];
  }

 private:
  struct Edge {
    int length = 0;
    std::uint64_t rooms = 0;  // bit of each room on either side, when the edge is long enough for a door
  };

  void build_edges() {
    const int columns = static_cast<int>(xs_.size());
    const int rows = static_cast<int>(ys_.size());
    edges_.resize(static_cast<std::size_t>(num_vertices()));
    for (int v = 0; v < num_vertices(); ++v) {
      const Step p = place(v);
      if (v % columns + 1 < columns) connect(v, 0, grid_.at(p.x, p.y - 1), grid_.at(p.x, p.y));
      if (v / columns + 1 < rows) connect(v, 1, grid_.at(p.x - 1, p.y), grid_.at(p.x, p.y));
    }
  }

  void connect(int vertex, int direction, int low, int high) {
    if (low == high || low == kOutside || high == kOutside) return;
    const int other = neighbour(vertex, direction);
    const Step a = place(vertex);
    const Step b = place(other);
    Edge edge;
    edge.length = (b.x - a.x) + (b.y - a.y);
    if (edge.length >= kTouchLength) edge.rooms = (std::uint64_t{1} << low) | (std::uint64_t{1} << high);
    edges_[static_cast<std::size_t>(vertex)][static_cast<std::size_t>(direction)] = edge;
    edges_[static_cast<std::size_t>(other)][static_cast<std::size_t>(direction + 2)] = edge;
  }

  const PlanGrid& grid_;
  std::vector<int> xs_;
  std::vector<int> ys_;
  std::vector<std::array<Edge, 4>> edges_;
};

struct Path {
  std::vector<int> vertices;
  std::uint64_t rooms = 0;
  int cost = kInfinity;
};

/// Best path from any of `sources`: least 400 * (wanted rooms not served) + length + bends.
Path best_path(const WallGraph& graph, const std::vector<int>& sources, std::uint64_t wanted) {
  struct State {
    int cost = kInfinity;
    int parent = -1;  // state index
    std::uint64_t rooms = 0;
  };
  Path best;
  const int num_states = graph.num_vertices() * 4;
  for (const int source : sources) {
    std::vector<State> states(static_cast<std::size_t>(num_states));
    using Entry = std::pair<int, int>;  // cost, state
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
    const auto relax = [&](int vertex, int direction, const State& from, int from_state, int turn) {
      const int length = graph.length(vertex, direction);
      if (length == 0) return;
      const int state = graph.neighbour(vertex, direction) * 4 + direction;
      const int cost = from.cost + length + turn;
      State& to = states[static_cast<std::size_t>(state)];
      if (cost >= to.cost) return;
      to = {cost, from_state, from.rooms | graph.rooms(vertex, direction)};
      open.push({cost, state});
    };
    const State start{0, -1, 0};
    for (int direction = 0; direction < 4; ++direction) relax(source, direction, start, -1, 0);
    while (!open.empty()) {
      const auto [cost, index] = open.top();
      open.pop();
      const State state = states[static_cast<std::size_t>(index)];
      if (cost != state.cost) continue;
      const int vertex = index / 4;
      const int missing = __builtin_popcountll(wanted & ~state.rooms);
      const int total = missing * kUncoveredCost + cost;
      if (total < best.cost) {
        best.cost = total;
        best.rooms = state.rooms;
        best.vertices.clear();
        for (int s = index; s >= 0; s = states[static_cast<std::size_t>(s)].parent)
          best.vertices.push_back(s / 4);
        best.vertices.push_back(source);
        std::reverse(best.vertices.begin(), best.vertices.end());
      }
      for (int direction = 0; direction < 4; ++direction) {
        if (direction == (index % 4 + 2) % 4) continue;
        relax(vertex, direction, state, index, direction == index % 4 ? 0 : kBendCost);
      }
    }
  }
  return best;
}

struct Band {  // offsets of the corridor's sides from the wall line it follows
  int below = 0;
  int above = 0;
};

void carve_path(PlanGrid& grid, const WallGraph& graph, const std::vector<int>& vertices, const Band& band,
                int label) {
  for (std::size_t i = 0; i + 1 < vertices.size(); ++i) {
    const Step a = graph.place(vertices[i]);
    const Step b = graph.place(vertices[i + 1]);
    const bool horizontal = a.y == b.y;
    const auto is_bend = [&](std::size_t at) {
      if (at == 0 || at + 1 >= vertices.size()) return false;
      const Step p = graph.place(vertices[at - 1]);
      const Step q = graph.place(vertices[at + 1]);
      return p.x != q.x && p.y != q.y;
    };
    const bool bend_a = is_bend(i);
    const bool bend_b = is_bend(i + 1);
    IntRect rect;
    if (horizontal) {
      const bool forward = a.x < b.x;
      rect = {std::min(a.x, b.x) - ((forward ? bend_a : bend_b) ? band.below : 0), a.y - band.below,
              std::max(a.x, b.x) + ((forward ? bend_b : bend_a) ? band.above : 0), a.y + band.above};
    } else {
      const bool forward = a.y < b.y;
      rect = {a.x - band.below, std::min(a.y, b.y) - ((forward ? bend_a : bend_b) ? band.below : 0),
              a.x + band.above, std::max(a.y, b.y) + ((forward ? bend_b : bend_a) ? band.above : 0)};
    }
    grid.paint_inside(rect, label);
  }
}

bool wants_access(RoomKind kind) { return !is_public(kind) && kind != RoomKind::kCorridor; }

std::uint64_t bit(std::size_t room) { return std::uint64_t{1} << room; }

/// Rooms that no corridor must reach: kitchens and dining rooms beside the living room, and the rooms that a
/// door to the living room serves.
std::uint64_t rooms_to_serve(const Layout& layout, const std::vector<WallRun>& runs, bool spare_hub_rooms) {
  std::uint64_t wanted = 0;
  for (std::size_t i = 0; i < layout.rooms.size(); ++i) {
    const bool at_hub = door_fits(runs, 0, static_cast<int>(i));
    if (i == 0) continue;
    if (wants_access(layout.rooms[i].kind) ? !(spare_hub_rooms && at_hub) : !at_hub) wanted |= bit(i);
  }
  // A kitchen behind the dining room, or the other way round, is served through it.
  for (std::size_t i = 1; i < layout.rooms.size(); ++i) {
    for (std::size_t j = 1; j < layout.rooms.size(); ++j) {
      if (i != j && is_public(layout.rooms[i].kind) && is_public(layout.rooms[j].kind) &&
          door_fits(runs, 0, static_cast<int>(j)) &&
          door_fits(runs, static_cast<int>(i), static_cast<int>(j))) {
        wanted &= ~bit(i);
      }
    }
  }
  return wanted;
}

}  // namespace

bool door_fits(const std::vector<WallRun>& runs, int a, int b) {
  return std::any_of(runs.begin(), runs.end(), [&](const WallRun& run) {
    return run.length() >= kDoorWall && ((run.low == a && run.high == b) || (run.low == b && run.high == a));
  });
}

bool carve_corridor(base::PhiloxStream& stream, Layout& layout, bool windows) {
  INKNAV_CHECK(layout.rooms.size() < 63, layout.rooms.size());
  const std::vector<WallRun> runs = layout.grid.wall_runs();
  const std::uint64_t must = rooms_to_serve(layout, runs, true);
  const bool small = layout.rooms.size() <= 4;
  if (must == 0 && stream.bernoulli(small ? 0.75f : 0.4f)) return rooms_plausible(layout, windows);
  const std::uint64_t wanted = rooms_to_serve(layout, runs, false);
  if (wanted == 0) return rooms_plausible(layout, windows);

  const WallGraph graph(layout.grid, runs);
  std::vector<int> sources;
  for (int v = 0; v < graph.num_vertices(); ++v) {
    const Step p = graph.place(v);
    bool interior = false;
    for (int direction = 0; direction < 4; ++direction) interior = interior || graph.length(v, direction) > 0;
    const bool at_living = layout.grid.at(p.x, p.y) == 0 || layout.grid.at(p.x - 1, p.y) == 0 ||
                           layout.grid.at(p.x, p.y - 1) == 0 || layout.grid.at(p.x - 1, p.y - 1) == 0;
    if (interior && at_living) sources.push_back(v);
  }
  std::vector<std::vector<int>> paths;
  std::uint64_t served = 0;
  for (int branch = 0; branch < kMaxBranches && (wanted & ~served) != 0; ++branch) {
    if (!paths.empty() && (must & ~served) == 0) break;
    const Path path = best_path(graph, sources, wanted & ~served);
    if (path.cost == kInfinity || (path.rooms & wanted & ~served) == 0) break;
    served |= path.rooms;
    if (paths.empty()) sources.clear();
    sources.insert(sources.end(), path.vertices.begin(), path.vertices.end());
    paths.push_back(path.vertices);
  }
  for (std::size_t i = 0; i < layout.rooms.size(); ++i) {
    // A bathroom or a store room may still be entered from the room beside it.
    const RoomKind kind = layout.rooms[i].kind;
    const bool inner = kind == RoomKind::kBathroom || kind == RoomKind::kStorage;
    if (!inner && (must & ~served & bit(i)) != 0) return false;
  }
  if (paths.empty()) return must == 0 && rooms_plausible(layout, windows);

  const int width = stream.uniform_int(12, 15);
  const int first_choice = stream.uniform_int(0, 2);
  const int label = static_cast<int>(layout.rooms.size());
  Layout carved = layout;
  carved.rooms.push_back({RoomKind::kCorridor, 0.0f});
  for (int i = 0; i < 3; ++i) {
    constexpr std::array<int, 3> kPartsBelow{1, 0, 2};  // halves of the width
    const int below = kPartsBelow[static_cast<std::size_t>((first_choice + i) % 3)] * width / 2;
    carved.grid = layout.grid;
    for (const std::vector<int>& path : paths) {
      carve_path(carved.grid, graph, path, {below, width - below}, label);
    }
    if (!rooms_plausible(carved, windows)) continue;
    layout = std::move(carved);
    return true;
  }
  return false;
}

}  // namespace inknav::scene::internal
