// SPDX-License-Identifier: MIT
#include "app/report/habitat_map.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>

#include "nav/test_scenes.h"

namespace inknav::app {
namespace {

using Rgb = std::array<int, 3>;

constexpr int kSide = 300;

// A floor of 12 x 8 m that nothing stands on: the mesh ends 0.1 m (its agent's radius) before the floor does,
// so its bounds are the floor's, and the picture shows 12 m on 300 pixels: 25 pixels a metre, with
// (300 - 200) / 2 = 50 white rows above and below.
class HabitatMapTest : public ::testing::Test {
 protected:
  void SetUp() override {
    nav::testing::SceneBuilder builder;
    const auto built = nav::NavMesh::build(*builder.floor(0, 0, 12, 8).finish("hall"), nav::NavSettings{});
    ASSERT_TRUE(built.ok()) << built.error().message;
    mesh_ = *built;
    marks_.start = {{2.0f, y(), 6.0f}, base::rotation_from_yaw(0.0f)};
    marks_.goals = {{10.0f, y(), 2.0f}};
    marks_.shortest_path = {marks_.start.position, marks_.goals[0]};
    settings_.map.max_episode_steps = 10;
  }
  float y() const { return mesh_->bounds().min.y; }
  HabitatMap make() const {
    auto map = HabitatMap::create(mesh_, marks_, settings_, kSide);
    EXPECT_TRUE(map.ok()) << map.error().message;
    return *std::move(map);
  }
  /// At a place of the world; `picture` is square.
  Rgb at(const scene::Image& picture, float x, float z) const {
    const base::Vec3 span = mesh_->bounds().size();
    const float scale = static_cast<float>(kSide) / span.x;
    const float top = 0.5f * (static_cast<float>(kSide) - scale * span.z);
    const int col = static_cast<int>(scale * (x - mesh_->bounds().min.x));
    const int row = static_cast<int>(top + scale * (z - mesh_->bounds().min.z));
    const auto first = 3 * static_cast<std::size_t>(row * kSide + col);
    return {picture.pixels[first], picture.pixels[first + 1], picture.pixels[first + 2]};
  }
  /// How many pixels of the map before the first step have such a colour.
  int pixels_of(const std::function<bool(const Rgb&)>& wanted) const {
    const scene::Image picture = make().picture();
    int count = 0;
    for (std::size_t i = 0; i < picture.pixels.size(); i += 3)
      count += wanted({picture.pixels[i], picture.pixels[i + 1], picture.pixels[i + 2]}) ? 1 : 0;
    return count;
  }

  nav::NavMeshPtr mesh_;
  HabitatMarks marks_;
  HabitatMapSettings settings_;
};

TEST_F(HabitatMapTest, ColoursAreHabitatsAndWhatWasNotSeenIsDark) {
  const scene::Image picture = make().picture();
  ASSERT_EQ(picture.width, kSide);
  ASSERT_EQ(picture.height, kSide);
  EXPECT_EQ(at(picture, 2.0f, 3.5f), (Rgb{150, 150, 150}));  // ahead, 2.5 m
  EXPECT_EQ(at(picture, 2.0f, 7.5f), (Rgb{75, 75, 75}));     // behind it
  EXPECT_EQ(at(picture, 2.0f, 0.6f), (Rgb{75, 75, 75}));     // ahead, 5.4 m: beyond 5 m
  EXPECT_EQ(at(picture, 10.08f, 1.92f), (Rgb{100, 0, 0}));   // the goal beside the path's end, not seen
  EXPECT_EQ(at(picture, 8.0f, 3.0f), (Rgb{0, 100, 0}));      // on the straight way to it, not seen
  EXPECT_EQ(at(picture, 3.0f, 5.5f), (Rgb{0, 100, 0}));      // 63 degrees aside: not seen, either
  for (const int row : {0, 49, 251, 299})
    EXPECT_EQ(picture.pixels[3 * static_cast<std::size_t>(row * kSide + 150)], 255) << row;
}

TEST_F(HabitatMapTest, TheWayTurnsFromBlueToRedAndHidesWhatItCrosses) {
  HabitatMap map = make();
  const base::Quat west = base::rotation_from_yaw(0.5f * base::kPi);
  map.step({{4.0f, y(), 6.0f}, west});  // step 1 of 10
  for (int i = 2; i < 10; ++i) map.step({{4.0f, y(), 6.0f}, west});
  map.step({{4.0f, y(), 4.0f}, west});  // step 10: the last shade
  const scene::Image picture = map.picture();
  // Shade 24 of 245: Jet is blue (0, 0, 0.5 + 24 * 4 / 255) there, but for the rounding of OpenCV's table.
  const Rgb early = at(picture, 3.0f, 6.0f), late = at(picture, 4.0f, 5.0f);
  EXPECT_EQ(early[0], 0);
  EXPECT_EQ(early[1], 0);
  EXPECT_NEAR(early[2], 128 + 96, 4);
  // Shade 245: dark red (1 - 4 * (245 - 223) / 255 of the brightness), and half of it: looking west, it never
  // saw what lies between (4, 6) and (4, 4).
  EXPECT_NEAR(late[0], (255 - 88) / 2, 2);
  EXPECT_EQ(late[1], 0);
  EXPECT_EQ(late[2], 0);
  EXPECT_EQ(at(picture, 2.0f, 3.5f), (Rgb{150, 150, 150}));  // stays seen
  EXPECT_EQ(at(picture, 1.0f, 4.5f), (Rgb{150, 150, 150}));  // seen from (4, 4), looking to -x
}

TEST_F(HabitatMapTest, OtherStoreysAreLeftOut) {
  marks_.shortest_path.clear();
  marks_.goals[0].y = y() + 2.1f;
  marks_.view_points = {{6.0f, y() - 0.6f, 4.0f}, {6.0f, y() - 0.4f, 1.0f}};
  const scene::Image picture = make().picture();
  EXPECT_EQ(at(picture, 10.0f, 2.0f), (Rgb{75, 75, 75}));
  EXPECT_EQ(at(picture, 6.0f, 4.0f), (Rgb{75, 75, 75}));
  EXPECT_EQ(at(picture, 6.0f, 1.0f), (Rgb{122, 75, 75}));  // half of 245, 150, 150
}

TEST_F(HabitatMapTest, BoxesAreOutlinesBelowTheGoals) {
  marks_.shortest_path.clear();
  marks_.boxes = {{{9.0f, y(), 1.0f}, {11.0f, y() + 1.0f, 3.0f}},
                  {{5.0f, y() + 3.0f, 1.0f}, {7.0f, y() + 4.0f, 3.0f}}};
  const scene::Image picture = make().picture();
  EXPECT_EQ(at(picture, 10.0f, 1.0f), (Rgb{0, 87, 0}));  // half of 175
  EXPECT_EQ(at(picture, 11.0f, 2.0f), (Rgb{0, 87, 0}));
  EXPECT_EQ(at(picture, 10.0f, 2.0f), (Rgb{100, 0, 0}));
  EXPECT_EQ(at(picture, 9.5f, 1.5f), (Rgb{75, 75, 75})) << "nothing inside";
  EXPECT_EQ(at(picture, 6.0f, 1.0f), (Rgb{75, 75, 75})) << "of another storey";
}

TEST_F(HabitatMapTest, WhatTheSettingsLeaveOutIsNotShown) {
  marks_.view_points = {{6.0f, y(), 1.0f}};
  marks_.boxes = {{{9.0f, y(), 6.0f}, {11.0f, y() + 1.0f, 7.0f}}};
  const Rgb floor{75, 75, 75};
  const auto shown = [&](float x, float z) { return at(make().picture(), x, z); };
  const auto expect = [&](bool& setting, float x, float z) {
    EXPECT_NE(shown(x, z), floor) << x << ", " << z;
    setting = false;
    EXPECT_EQ(shown(x, z), floor) << x << ", " << z;
  };
  expect(settings_.shortest_path, 8.0f, 3.0f);
  expect(settings_.view_points, 6.0f, 1.0f);
  expect(settings_.boxes, 10.0f, 7.0f);
  expect(settings_.goals, 10.08f, 1.92f);
  const auto beside_start = [&] {
    HabitatMap map = make();
    map.step({{6.0f, y(), 6.0f}, base::rotation_from_yaw(-0.5f * base::kPi)});  // away from it
    return at(map.picture(), 1.98f, 6.1f);                                      // beside the trail, unseen
  };
  EXPECT_EQ(beside_start(), (Rgb{0, 0, 100}));
  settings_.start = false;
  EXPECT_EQ(beside_start(), floor);
}

TEST_F(HabitatMapTest, FogOfWarAndBorderAreAsTheSettingsSay) {
  const Rgb seen{150, 150, 150}, unseen{75, 75, 75};
  const auto shown = [&](float x, float z) { return at(make().picture(), x, z); };
  EXPECT_EQ(shown(2.0f, 3.5f), seen) << "2.5 m ahead";
  settings_.map.visibility = 2.0f;
  EXPECT_EQ(shown(2.0f, 3.5f), unseen);
  EXPECT_EQ(shown(2.0f, 4.5f), seen);
  EXPECT_EQ(shown(3.5f, 6.0f), unseen) << "beside it";
  settings_.map.fov_deg = 200.0f;
  EXPECT_EQ(shown(3.5f, 6.0f), seen);
  EXPECT_EQ(shown(2.0f, 7.5f), unseen) << "behind it";
  settings_.map.fog_of_war = false;
  EXPECT_EQ(shown(2.0f, 7.5f), seen);
  settings_.map.map_resolution = 64;  // cells of 12 cm: the outline is wider than a pixel
  const auto is_dark_grey = [](const Rgb& c) { return c[0] == c[1] && c[1] == c[2] && c[0] < 120; };
  EXPECT_GT(pixels_of(is_dark_grey), 300);
  settings_.map.draw_border = false;
  EXPECT_EQ(pixels_of(is_dark_grey), 0);
}

TEST_F(HabitatMapTest, FewerCellsMakeCoarserMarks) {
  const auto goal = [](const Rgb& c) { return c[0] == 100 && c[1] == 0; };
  marks_.shortest_path.clear();
  const int fine = pixels_of(goal);
  settings_.map.map_resolution = 100;  // a square of 5 cells of 8 cm instead of 33 of 0.8 cm
  EXPECT_GT(pixels_of(goal), fine);
}

TEST_F(HabitatMapTest, TheAgentStandsOnItAndPointsWhereItLooks) {
  HabitatMap map = make();
  map.step({{6.0f, y(), 4.0f}, base::rotation_from_yaw(-0.5f * base::kPi)});  // to +x
  const scene::Image picture = map.picture();
  // The wedge is 200 / 32 = 6.3 pixels large: its tip 8.1 pixels (0.33 m) ahead, nothing of it beside.
  const Rgb ink{35, 38, 43};
  EXPECT_EQ(at(picture, 6.1f, 4.0f), ink);
  EXPECT_NE(at(picture, 6.0f, 4.36f), ink);
  EXPECT_NE(at(picture, 5.6f, 4.0f), ink);
}

TEST_F(HabitatMapTest, TheLegendNamesTheColoursThatAreDrawn) {
  std::string all;
  for (const LegendEntry& entry : habitat_legend({}, true)) all += entry.background + " " + entry.text + "; ";
  EXPECT_EQ(habitat_legend({}, false).size() + 2, habitat_legend({}, true).size());
  settings_ = {.map = {.fog_of_war = false},
               .start = false,
               .goals = false,
               .view_points = false,
               .boxes = false,
               .shortest_path = false};
  EXPECT_EQ(habitat_legend(settings_, true).size(), 2u) << "the way and the floor";
  for (const char* part :
       {"#0000c8 start", "#c80000 goal", "#00c800 shortest path", "#00af00 boxes", "#969696", "#4b4b4b"})
    EXPECT_NE(all.find(part), std::string::npos) << part;
}

}  // namespace
}  // namespace inknav::app
