// SPDX-License-Identifier: MIT
#include "scene/home/plan_program.h"

#include <utility>

#include "base/check.h"

namespace inknav::scene::internal {
namespace {

struct AreaRange {
  float low;
  float high;
};

AreaRange wanted_area(RoomKind kind, int count_before) {
  switch (kind) {
    case RoomKind::kLiving:
      return {19.0f, 32.0f};
    case RoomKind::kKitchen:
      return {8.0f, 14.0f};
    case RoomKind::kDining:
      return {10.5f, 15.5f};
    case RoomKind::kBedroom:
      return count_before == 0 ? AreaRange{13.0f, 17.5f} : AreaRange{10.0f, 14.5f};
    case RoomKind::kBathroom:
      return count_before == 0 ? AreaRange{5.0f, 7.8f} : AreaRange{4.2f, 6.0f};
    case RoomKind::kStudy:
      return {8.0f, 12.5f};
    case RoomKind::kStorage:
      return {3.0f, 5.0f};
    case RoomKind::kCorridor:
      break;
  }
  return {4.0f, 8.0f};
}

/// Rooms beyond the living room, in the order in which a growing home gets them.
std::vector<RoomKind> growth_order(base::PhiloxStream& stream) {
  using K = RoomKind;
  std::vector<K> order{K::kBathroom, K::kBedroom, K::kKitchen, K::kBedroom};
  std::vector<K> middle{K::kBathroom, K::kStudy, K::kBedroom, K::kDining, K::kStorage};
  for (std::size_t i = middle.size(); i > 1; --i) {
    std::swap(middle[i - 1], middle[stream.uniform_int(static_cast<std::uint32_t>(i))]);
  }
  order.insert(order.end(), middle.begin(), middle.end());
  const std::vector<K> large{K::kBedroom, K::kBathroom, K::kStudy, K::kBedroom, K::kStorage, K::kBathroom};
  order.insert(order.end(), large.begin(), large.end());
  if (stream.bernoulli(0.25f)) std::swap(order[1], order[2]);
  return order;
}

}  // namespace

const RoomLimits& room_limits(RoomKind kind) {
  static constexpr RoomLimits kLiving{15.0f, 42.0f, 31, 1.9f};
  static constexpr RoomLimits kKitchen{6.5f, 17.0f, 21, 2.2f};
  static constexpr RoomLimits kBedroom{8.8f, 20.0f, 25, 1.9f};
  static constexpr RoomLimits kBathroom{3.6f, 9.0f, 16, 2.1f};
  static constexpr RoomLimits kCorridor{1.5f, 40.0f, 11, 100.0f};
  static constexpr RoomLimits kStudy{6.8f, 15.0f, 22, 1.9f};
  static constexpr RoomLimits kDining{9.0f, 19.0f, 27, 1.8f};
  static constexpr RoomLimits kStorage{2.0f, 7.0f, 13, 2.4f};
  switch (kind) {
    case RoomKind::kLiving:
      return kLiving;
    case RoomKind::kKitchen:
      return kKitchen;
    case RoomKind::kBedroom:
      return kBedroom;
    case RoomKind::kBathroom:
      return kBathroom;
    case RoomKind::kStudy:
      return kStudy;
    case RoomKind::kDining:
      return kDining;
    case RoomKind::kStorage:
      return kStorage;
    case RoomKind::kCorridor:
      break;
  }
  return kCorridor;
}

bool is_public(RoomKind kind) {
  return kind == RoomKind::kLiving || kind == RoomKind::kDining || kind == RoomKind::kKitchen;
}

std::vector<RoomSpec> draw_program(base::PhiloxStream& stream, int num_rooms) {
  const std::vector<RoomKind> order = growth_order(stream);
  INKNAV_CHECK(num_rooms >= 1 && num_rooms <= static_cast<int>(order.size()) + 1, num_rooms);
  std::vector<RoomKind> kinds{RoomKind::kLiving};
  kinds.insert(kinds.end(), order.begin(), order.begin() + (num_rooms - 1));

  std::vector<RoomSpec> common;
  std::vector<RoomSpec> rest;
  int counts[8] = {};
  for (const RoomKind kind : kinds) {
    const AreaRange range = wanted_area(kind, counts[static_cast<int>(kind)]++);
    (is_public(kind) ? common : rest).push_back({kind, stream.uniform(range.low, range.high)});
  }
  if (common.size() == 3 && common[1].kind == RoomKind::kKitchen) std::swap(common[1], common[2]);
  for (std::size_t i = rest.size(); i > 1; --i) {
    std::swap(rest[i - 1], rest[stream.uniform_int(static_cast<std::uint32_t>(i))]);
  }
  common.insert(common.end(), rest.begin(), rest.end());
  return common;
}

}  // namespace inknav::scene::internal
