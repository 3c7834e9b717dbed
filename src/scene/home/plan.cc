// SPDX-License-Identifier: MIT
#include "scene/home/plan.h"

#include <optional>
#include <utility>

#include "base/check.h"
#include "scene/home/plan_corridor.h"
#include "scene/home/plan_layout.h"
#include "scene/home/plan_openings.h"

namespace inknav::scene::internal {
namespace {

constexpr int kGoodProposals = 3;  // for homes of at most kChoosyRooms rooms; larger ones take the first
constexpr int kChoosyRooms = 6;
constexpr int kStubbornness = 3000;  // proposals before another outline is drawn
constexpr int kPatience = 12000;     // proposals before rooms without a window are taken (16 rooms need it)
constexpr int kMaxProposals = 1000000;

/// Small is good: floor spent on corridors, and rooms that are far from the area wanted.
float badness(const Layout& layout) {
  float total = 0.0f;
  float corridor = 0.0f;
  float error = 0.0f;
  const std::vector<Region> regions = layout.grid.regions(static_cast<int>(layout.rooms.size()));
  for (std::size_t i = 0; i < layout.rooms.size(); ++i) {
    const float area = static_cast<float>(regions[i].area) * kPlanUnit * kPlanUnit;
    total += area;
    if (layout.rooms[i].kind == RoomKind::kCorridor) {
      corridor += area;
    } else {
      const float d = area / layout.rooms[i].area - 1.0f;
      error += d * d;
    }
  }
  return 2.0f * corridor / total + error / static_cast<float>(layout.rooms.size());
}

int draw_wings(base::PhiloxStream& stream, int num_rooms) {
  const float shape = stream.uniform();
  if (num_rooms >= 7 && shape > 0.8f) return 3;
  return num_rooms >= 4 && shape > 0.45f ? 2 : 1;
}

}  // namespace

FloorPlan make_plan(std::uint64_t seed, const HomeParams& params) {
  INKNAV_CHECK(params.min_rooms >= 1 && params.min_rooms <= params.max_rooms && params.max_rooms <= 16,
               params.min_rooms, params.max_rooms);
  base::PhiloxStream stream({seed, 0, 0, 0, base::Purpose::kHomePlan});
  const int num_rooms = stream.uniform_int(params.min_rooms, params.max_rooms);
  int num_wings = draw_wings(stream, num_rooms);
  std::optional<FloorPlan> best;
  float best_badness = 0.0f;
  int good = 0;
  std::vector<RoomSpec> rooms;
  const int wanted_good = num_rooms <= kChoosyRooms ? kGoodProposals : 1;
  for (int proposal = 0; good < wanted_good; ++proposal) {
    INKNAV_CHECK(proposal < kMaxProposals, seed, num_rooms);
    if (proposal % 16 == 0) rooms = draw_program(stream, num_rooms);
    if (proposal % kStubbornness == kStubbornness - 1) num_wings = draw_wings(stream, num_rooms);
    std::optional<Layout> layout = propose_layout(stream, rooms, num_wings);
    if (!layout || !carve_corridor(stream, *layout, proposal < kPatience)) continue;
    FloorPlan plan;
    if (!make_openings(stream, *layout, plan)) continue;
    ++good;
    const float b = badness(*layout);
    if (best && b >= best_badness) continue;
    best = std::move(plan);
    best_badness = b;
  }
  return std::move(*best);
}

}  // namespace inknav::scene::internal
