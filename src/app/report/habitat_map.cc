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
    kGoal{200, 0, 0}, kShortest{0, 200, 0}, kView{245, 150, 150};
constexpr int kShades = 246;     // of the way, from blue to red
constexpr float kUnseen = 0.5f;  // of the brightness
constexpr int kCells = 1024;     // of the map's shorter side
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
                                            int side) {
  nav::NavQuery query(mesh);
  const float height = marks.start.position.y;
  habitat::TopDownMapSettings settings;
  settings.map_resolution = std::min(kCells, kCellsAPixel * side);
  settings.max_episode_steps = marks.max_episode_steps;
  INKNAV_ASSIGN_OR_RETURN(habitat::TopDownMap map, habitat::TopDownMap::create(query, height, settings));
  for (const base::Vec3& place : marks.view_points) {
    if (on_storey(place, height)) map.mark(place, habitat::kViewPoint);
  }
  for (const base::Vec3& place : marks.goals) {
    if (on_storey(place, height)) map.mark(place, habitat::kGoal);
  }
  map.draw_path(marks.shortest_path);
  map.mark(marks.start.position, habitat::kSource);
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

std::vector<LegendEntry> habitat_legend(bool view_points) {
  std::vector<LegendEntry> legend = {{"#0000c8", "start"}, {"#c80000", "goal"}};
  if (view_points) legend.push_back({"#f59696", "view points of the goals"});
  const std::string jet = "linear-gradient(90deg,#000080,#0060ff,#00ffff,#ffff00,#ff4000,#800000)";
  legend.insert(legend.end(), {{"#00c800", "shortest path"},
                               {jet, "walked; red when the steps run out"},
                               {"#969696", "floor it has seen"},
                               {"#4b4b4b", "floor it has not"}});
  return legend;
}

}  // namespace inknav::app
