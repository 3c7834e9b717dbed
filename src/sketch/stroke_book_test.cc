// SPDX-License-Identifier: MIT
#include "sketch/stroke_book.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/philox.h"
#include "sketch/pen.h"
#include "sketch/test_util.h"

namespace inknav::sketch {
namespace {

/// A drawing of one stroke from (5, -50), 90 units along x, `bow` units up in its middle, `rise` up at its
/// end.
std::string stroke_text(double bow, double rise) {
  std::string text = "START\n";
  for (int i = 0; i <= 30; ++i) {
    const double t = i / 30.0;
    text += std::to_string(5.0 + 90.0 * t) + "," +
            std::to_string(-50.0 + rise * t + 4.0 * bow * t * (1.0 - t)) + "," + std::to_string(20 * i) +
            "\n";
  }
  return text + "BREAK\n";
}

class StrokeFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::path(::testing::TempDir()) /
        (std::string("inknav_strokes_") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ / "letters");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / "letters" / name) << text;
  }
  std::string error() {
    const auto book = StrokeBook::load(folder_);
    return book.ok() ? std::string() : book.error().message;
  }
  std::filesystem::path folder_;
};

TEST_F(StrokeFolder, PersonsAreToldApartByTheFileName) {
  write("0001_01.txt", stroke_text(3.0, 0.0));
  write("0002_01.txt", stroke_text(-2.0, 0.0));
  write("0001_02.txt", stroke_text(1.0, 9.0));
  write("._0001_02.txt", "not a drawing");
  const auto book = StrokeBook::load(folder_);
  ASSERT_TRUE(book.ok()) << book.error().message;
  EXPECT_EQ(book->num_persons(), 2u);
  EXPECT_EQ(book->num_strokes(), 3u);
  base::PhiloxStream stream({1, 0, 0, 0, base::Purpose::kTest});
  const RecordedStroke& second = book->pick(1, stream);
  EXPECT_NEAR(second.angle, -std::atan2(9.0, 90.0), 1e-9);  // up on paper is minus y
  EXPECT_EQ(&book->pick(3, stream), &second);
}

TEST_F(StrokeFolder, DeviationsAreThoseOfTheStroke) {
  write("0001_01.txt", stroke_text(9.0, 0.0));  // a tenth of its length
  const auto book = StrokeBook::load(folder_);
  ASSERT_TRUE(book.ok());
  base::PhiloxStream stream({1, 0, 0, 0, base::Purpose::kTest});
  const std::vector<double> offset = replayed(book->pick(0, stream), 101, 2.0);
  EXPECT_DOUBLE_EQ(offset.front(), 0.0);
  EXPECT_DOUBLE_EQ(offset.back(), 0.0);
  for (std::size_t i = 10; i <= 90; ++i) {
    const double t = static_cast<double>(i) / 100.0;
    // Upwards is negative on paper. 33 places along the stroke: a parabola between them is off by 0.1 % of
    // its length.
    EXPECT_NEAR(offset[i], -2.0 * 0.4 * t * (1.0 - t), 0.005) << i;
  }
}

TEST_F(StrokeFolder, OnlyStrokesLikeWallsAreKept) {
  write("0001_01.txt", stroke_text(40.0, 0.0));                      // too bent
  write("0002_01.txt", stroke_text(0.0, 60.0));                      // 34 degrees
  write("0003_01.txt", "START\n1,-1,0\n20,-1,5\n30,-1,9\nBREAK\n");  // short
  EXPECT_NE(error().find("strokes that could be walls are wanted, 3 files have none"), std::string::npos)
      << error();
  write("0004_01.txt", stroke_text(2.0, 3.0));
  EXPECT_EQ(error(), "");
}

TEST_F(StrokeFolder, FaultsAreNamedWithFileAndLine) {
  EXPECT_NE(error().find("a folder with pen strokes as .txt files is wanted, found none"), std::string::npos);
  write("0001_01.txt", "START\n1,-1,0\n2;-1;7\n");
  EXPECT_NE(error().find("0001_01.txt:3: START, BREAK or x,y,milliseconds is wanted, found \"2;-1;7\""),
            std::string::npos)
      << error();
  write("0001_01.txt", "START\n1,nan,0\n");
  EXPECT_NE(error().find(":2:"), std::string::npos);
  write("0001_01.txt", "START\n1,1e300,0\n");
  EXPECT_NE(error().find(":2:"), std::string::npos);
  std::filesystem::remove_all(folder_);
  EXPECT_NE(error().find("No such file or directory"), std::string::npos);
}

TEST_F(StrokeFolder, WallsAreDrawnWithThem) {
  write("0001_01.txt", stroke_text(2.0, 1.0));
  const auto book = StrokeBook::load(folder_);
  ASSERT_TRUE(book.ok());
  const auto house = testing::small_house();
  SynthesisSettings settings;
  settings.level = Level::kL2;
  const SynthesizedDrawing made_up = synthesize(house.input(), settings, 3, 4);
  settings.strokes = &*book;
  const SynthesizedDrawing replay = synthesize(house.input(), settings, 3, 4);
  ASSERT_FALSE(replay.drawing.strokes.empty());
  EXPECT_NE(replay.drawing.strokes.front().points, made_up.drawing.strokes.front().points);
  EXPECT_EQ(replay.drawing.strokes.front().points,
            synthesize(house.input(), settings, 3, 4).drawing.strokes.front().points);

  // One stroke alone: a bow of 2 in 90 to the side that the record has, the record's slant.
  HandSettings hand;
  base::PhiloxStream stream({1, 0, 0, 0, base::Purpose::kTest});
  hand.recorded = &book->pick(0, stream);
  const PenStroke stroke = hand_stroke({{0.2, 0.5}, {0.8, 0.5}}, hand, Drawer{}, stream);
  const glm::dvec2 middle = stroke.points[stroke.points.size() / 2];
  EXPECT_NEAR(middle.y, 0.5 - 0.6 * 2.0 / 90.0, 0.6 * 0.003);
  EXPECT_LT(stroke.points.back().y, 0.5);
}

}  // namespace
}  // namespace inknav::sketch
