// SPDX-License-Identifier: MIT
#include "scene/home/home_style.h"

#include <array>

#include "base/philox.h"

namespace inknav::scene::internal {
namespace {

template <std::size_t kCount>
base::Vec3 pick(base::PhiloxStream& stream, const std::array<base::Vec3, kCount>& colors) {
  const base::Vec3 color = colors[stream.uniform_int(static_cast<std::uint32_t>(kCount))];
  return color +
         base::Vec3(stream.uniform(-8.0f, 8.0f), stream.uniform(-8.0f, 8.0f), stream.uniform(-8.0f, 8.0f));
}

constexpr std::array<base::Vec3, 8> kPaints{base::Vec3(246, 243, 235), {241, 236, 222}, {226, 234, 236},
                                            {233, 238, 226},           {244, 232, 222}, {232, 228, 238},
                                            {247, 240, 214},           {222, 230, 224}};
constexpr std::array<base::Vec3, 5> kWoods{
    base::Vec3(201, 164, 118), {176, 132, 88}, {152, 106, 68}, {219, 191, 152}, {124, 88, 62}};
constexpr std::array<base::Vec3, 6> kTileColors{base::Vec3(224, 224, 220), {206, 214, 220}, {214, 200, 180},
                                                {188, 202, 206},           {230, 222, 210}, {170, 176, 180}};
constexpr std::array<base::Vec3, 5> kCarpets{
    base::Vec3(178, 170, 158), {150, 160, 176}, {186, 164, 150}, {158, 172, 152}, {196, 184, 164}};
constexpr std::array<base::Vec3, 7> kCloths{base::Vec3(96, 112, 134), {140, 92, 80}, {108, 124, 98},
                                            {168, 152, 132},          {92, 92, 98},  {176, 128, 84},
                                            {120, 100, 136}};
constexpr std::array<base::Vec3, 6> kBeddings{base::Vec3(214, 220, 230), {226, 206, 196}, {182, 200, 190},
                                              {170, 184, 210},           {232, 226, 208}, {200, 170, 170}};
constexpr std::array<base::Vec3, 5> kDoors{
    base::Vec3(120, 72, 52), {62, 84, 76}, {70, 82, 110}, {140, 60, 56}, {96, 84, 76}};

}  // namespace

HomeStyle make_style(std::uint64_t seed, const FloorPlan& plan) {
  base::PhiloxStream stream({seed, 0, 0, 100, base::Purpose::kHomeTexture});
  HomeStyle style;
  const Finish wood_floor{pick(stream, kWoods), Surface::kParquet};
  const Finish tile_floor{pick(stream, kTileColors), Surface::kTiles};
  const bool carpeted = stream.bernoulli(0.3f);
  const Finish hall_paint{pick(stream, kPaints), Surface::kPlaster};
  for (const Room& room : plan.rooms) {
    const Finish paint{pick(stream, kPaints), Surface::kPlaster};
    const Finish carpet{pick(stream, kCarpets), Surface::kCarpet};
    const Finish bath_tiles{pick(stream, kTileColors), Surface::kTiles};
    switch (room.kind) {
      case RoomKind::kBathroom:
        style.walls.push_back(bath_tiles);
        style.floors.push_back(tile_floor);
        break;
      case RoomKind::kKitchen:
      case RoomKind::kStorage:
        style.walls.push_back(paint);
        style.floors.push_back(tile_floor);
        break;
      case RoomKind::kBedroom:
        style.walls.push_back(paint);
        style.floors.push_back(carpeted ? carpet : wood_floor);
        break;
      case RoomKind::kCorridor:
        style.walls.push_back(hall_paint);
        style.floors.push_back(wood_floor);
        break;
      default:
        style.walls.push_back(paint);
        style.floors.push_back(wood_floor);
        break;
    }
  }
  style.facade = {{206.0f, 198.0f, 186.0f}, Surface::kPlaster};
  style.trim = {stream.bernoulli(0.7f) ? base::Vec3(240.0f) : pick(stream, kWoods), Surface::kPlain};
  style.front_door = {pick(stream, kDoors), Surface::kGrain};
  style.glass = {{176.0f, 208.0f, 232.0f}, Surface::kPlain};
  style.wood = {pick(stream, kWoods), Surface::kGrain};
  style.dark_wood = {pick(stream, kWoods) * 0.72f, Surface::kGrain};
  style.white = {{240.0f, 240.0f, 238.0f}, Surface::kPlain};
  style.cloth = {pick(stream, kCloths), Surface::kCloth};
  style.bedding = {pick(stream, kBeddings), Surface::kCloth};
  style.metal = {{168.0f, 172.0f, 178.0f}, Surface::kPlain};
  style.leaves = {{74.0f + stream.uniform(-14.0f, 14.0f), 128.0f, 70.0f}, Surface::kCarpet};
  return style;
}

}  // namespace inknav::scene::internal
