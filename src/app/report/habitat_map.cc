// SPDX-License-Identifier: MIT
#include "app/report/habitat_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <opencv2/imgproc.hpp>
#include <string>
#include <utility>

#include "app/report/map_painter.h"

namespace inknav::app {
namespace {

namespace habitat = task::habitat;

// Of habitat-lab's maps.
constexpr Color kOutside{255, 255, 255}, kFloor{150, 150, 150}, kEdge{50, 50, 50}, kStart{0, 0, 200},
    kGoal{200, 0, 0}, kShortest{0, 200, 0}, kView{245, 150, 150}, kBox{0, 175, 0};
constexpr int kShades = 246;     // of the way, from blue to red
constexpr float kUnseen = 0.5f;  // of the brightness
constexpr int kCellsAPixel = 4;  // of the picture's side; more would not be seen
constexpr float kBelow = 0.5f;   // metres below and above the start that are its storey
constexpr float kAbove = 2.0f;
constexpr Color kAgentColor{35, 38, 43};
constexpr float kAgentShare = 1.0f / 32.0f;  // of the map's shorter side

std::array<Color, 256> make_palette() {
  std::array<Color, 256> palette;
  palette.fill(kFloor);
  palette[habitat::kInvalid] = kOutside;
  palette[habitat::kValid] = kFloor;
  palette[habitat::kBorder] = kEdge;
  palette[habitat::kSource] = kStart;
  palette[habitat::kGoal] = kGoal;
  palette[habitat::kShortestPath] = kShortest;
  palette[habitat::kViewPoint] = kView;
  palette[habitat::kBox] = kBox;
  cv::Mat ramp(1, kShades, CV_8UC1), colours;
  for (int i = 0; i < kShades; ++i) ramp.at<std::uint8_t>(0, i) = static_cast<std::uint8_t>(i);
  cv::applyColorMap(ramp, colours, cv::COLORMAP_JET);
  for (int i = 0; i < kShades; ++i) {
    const auto& bgr = colours.at<cv::Vec3b>(0, i);
    palette[static_cast<std::size_t>(habitat::kTrail + i)] = {bgr[2], bgr[1], bgr[0]};
  }
  return palette;
}

bool on_storey(const base::Vec3& place, float height) {
  return place.y >= height - kBelow && place.y < height + kAbove;
}

}  // namespace

base::Result<HabitatMap> HabitatMap::create(const nav::NavMeshPtr& mesh, const HabitatMarks& marks,
                                            const HabitatMapSettings& settings, int side) {
  nav::NavQuery query(mesh);
  const float height = marks.start.position.y;
  habitat::TopDownMapSettings shown = settings.map;
  shown.map_resolution = std::min(shown.map_resolution, kCellsAPixel * side);
  INKNAV_ASSIGN_OR_RETURN(habitat::TopDownMap map, habitat::TopDownMap::create(query, height, shown));
  const auto mark_all = [&](const std::vector<base::Vec3>& places, habitat::MapValue value) {
    for (const base::Vec3& place : places) {
      if (on_storey(place, height)) map.mark(place, value);
    }
  };
  // As habitat-lab: what comes later hides what came before.
  if (settings.view_points) mark_all(marks.view_points, habitat::kViewPoint);
  if (settings.boxes) {
    for (const base::Aabb& box : marks.boxes) {
      if (on_storey(0.5f * (box.min + box.max), height)) map.draw_box(box);
    }
  }
  if (settings.goals) mark_all(marks.goals, habitat::kGoal);
  if (settings.shortest_path) map.draw_path(marks.shortest_path);
  if (settings.start) map.mark(marks.start.position, habitat::kSource);
  map.begin(marks.start);
  return HabitatMap(std::move(map), marks.start, side);
}

void HabitatMap::step(const base::Pose& pose_world_agent) {
  pose_ = pose_world_agent;
  map_.step(pose_, ++steps_);
}

scene::Image HabitatMap::picture() const {
  static const std::array<Color, 256> kPalette = make_palette();
  const auto values = map_.values(), seen = map_.seen();
  scene::Image whole{map_.cols(), map_.rows(), 3, std::vector<std::uint8_t>(3 * values.size())};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool dark = seen[i] == 0 && values[i] != habitat::kInvalid;
    for (std::size_t c = 0; c < 3; ++c) {
      const std::uint8_t value = kPalette[values[i]][c];
      whole.pixels[3 * i + c] = dark ? static_cast<std::uint8_t>(kUnseen * value) : value;
    }
  }
  const int longer = std::max(whole.width, whole.height), shorter = std::min(whole.width, whole.height);
  const float scale = static_cast<float>(side_) / static_cast<float>(longer);
  const auto fitted = [&](int cells) {
    return std::clamp(static_cast<int>(std::lround(scale * static_cast<float>(cells))), 1, side_);
  };
  const scene::Image small = resized(whole, fitted(whole.width), fitted(whole.height));
  scene::Image image{
      side_, side_, 3,
      std::vector<std::uint8_t>(3 * static_cast<std::size_t>(side_) * static_cast<std::size_t>(side_), 255)};
  const int left = (side_ - small.width) / 2, top = (side_ - small.height) / 2;
  for (int y = 0; y < small.height; ++y) {
    std::copy_n(small.pixels.begin() + std::ptrdiff_t{3} * y * small.width, 3 * small.width,
                image.pixels.begin() + std::ptrdiff_t{3} * ((top + y) * side_ + left));
  }
  const habitat::MapCell cell = map_.cell_of(pose_.position);
  const base::Vec2 pixel(static_cast<float>(left) + scale * (static_cast<float>(cell.col) + 0.5f),
                         static_cast<float>(top) + scale * (static_cast<float>(cell.row) + 0.5f));
  draw_agent(image, pixel, base::yaw_from_rotation(pose_.rotation),
             std::max(4.0f, scale * kAgentShare * static_cast<float>(shorter)), kAgentColor);
  return image;
}

std::vector<LegendEntry> habitat_legend(const HabitatMapSettings& settings, bool object_goals) {
  std::vector<LegendEntry> legend;
  const auto add = [&](bool shown, const char* background, const char* text) {
    if (shown) legend.push_back({background, text});
  };
  add(settings.start, "#0000c8", "start");
  add(settings.goals, "#c80000", "goal");
  add(object_goals && settings.view_points, "#f59696", "view points of the goals");
  add(object_goals && settings.boxes, "#00af00", "boxes of the goals, where the scene has them");
  add(settings.shortest_path, "#00c800", "shortest path");
  add(true, "linear-gradient(90deg,#000080,#0060ff,#00ffff,#ffff00,#ff4000,#800000)",
      "walked; red when the steps run out");
  const bool fog = settings.map.fog_of_war;
  add(true, "#969696", fog ? "floor it has seen" : "floor");
  add(fog, "#4b4b4b", "floor it has not");
  return legend;
}

}  // namespace inknav::app
