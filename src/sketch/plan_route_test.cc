// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "sketch/raster.h"
#include "sketch/read_internal.h"
#include "sketch/test_util.h"

namespace inknav::sketch {
namespace {

using base::Vec2;
using internal::kPictureSide;

Mark mark_at(float x, float y) {
  Mark mark;
  mark.present = true;
  mark.position = {x, y};
  return mark;
}

/// Two rooms side by side, 0.1 to 0.9 of the page, with a door of `door` in the wall between them at the top.
cv::Mat two_rooms(float door) {
  cv::Mat walls = cv::Mat::zeros(kPictureSide, kPictureSide, CV_32F);
  const auto line = [&](float x0, float y0, float x1, float y1) {
    cv::line(walls, cv::Point(cvRound(x0 * 512), cvRound(y0 * 512)),
             cv::Point(cvRound(x1 * 512), cvRound(y1 * 512)), cv::Scalar(1.0), 3);
  };
  line(0.1f, 0.1f, 0.9f, 0.1f);
  line(0.1f, 0.9f, 0.9f, 0.9f);
  line(0.1f, 0.1f, 0.1f, 0.9f);
  line(0.9f, 0.1f, 0.9f, 0.9f);
  line(0.5f, 0.2f + door, 0.5f, 0.9f);
  line(0.5f, 0.1f, 0.5f, 0.2f);
  return walls;
}

/// Pixels of full ink under the line.
int ink_crossed(const cv::Mat& walls, const std::vector<Vec2>& line) {
  cv::Mat drawn = cv::Mat::zeros(walls.size(), CV_32F);
  for (std::size_t i = 1; i < line.size(); ++i) {
    cv::line(drawn, cv::Point(cvRound(line[i - 1].x * 512), cvRound(line[i - 1].y * 512)),
             cv::Point(cvRound(line[i].x * 512), cvRound(line[i].y * 512)), cv::Scalar(1.0), 1);
  }
  return cv::countNonZero((drawn > 0.5) & (walls > 0.5));
}

TEST(PlanRoute, GoesThroughTheDoorAndClearOfItsJambs) {
  const cv::Mat walls = two_rooms(0.1f);
  const auto line = internal::plan_route(walls, mark_at(0.3f, 0.8f), mark_at(0.7f, 0.8f));
  ASSERT_GE(line.size(), 10u);
  EXPECT_EQ(line.front(), Vec2(0.3f, 0.8f));
  EXPECT_EQ(line.back(), Vec2(0.7f, 0.8f));
  EXPECT_EQ(ink_crossed(walls, line), 0);
  for (std::size_t i = 1; i < line.size(); ++i) {
    if ((line[i - 1].x < 0.5f) == (line[i].x < 0.5f)) continue;
    EXPECT_NEAR(line[i].y, 0.25f, 0.03f);  // the door is at 0.2 to 0.3
  }
}

TEST(PlanRoute, CrossesAClosedDoorOnceRatherThanGivingUp) {
  const cv::Mat walls = two_rooms(0.0f);
  const auto line = internal::plan_route(walls, mark_at(0.3f, 0.5f), mark_at(0.7f, 0.5f));
  const int crossed = ink_crossed(walls, line);
  EXPECT_GE(crossed, 1);
  EXPECT_LE(crossed, 8);
}

TEST(PlanRoute, DoesNotLeaveTheHouseThroughGapsOfTheHand) {
  cv::Mat walls = two_rooms(0.0f);
  // Corners that do not quite meet, beside both marks; the inner door is far off.
  walls(cv::Rect(60, 452, 12, 16)).setTo(0.0f);
  walls(cv::Rect(440, 452, 12, 16)).setTo(0.0f);
  walls(cv::Rect(250, 60, 14, 40)).setTo(0.0f);  // the inner door at the top
  const auto line = internal::plan_route(walls, mark_at(0.15f, 0.85f), mark_at(0.85f, 0.85f));
  for (const Vec2& p : line) EXPECT_LT(p.y, 0.9f);
}

TEST(PlanRoute, MarksAloneGiveTheStraightLine) {
  const cv::Mat walls = cv::Mat::zeros(kPictureSide, kPictureSide, CV_32F);
  const auto line = internal::plan_route(walls, mark_at(0.2f, 0.2f), mark_at(0.7f, 0.7f));
  for (const Vec2& p : line) EXPECT_NEAR(p.x, p.y, 0.01f);
}

TEST(ReadPicture, PlansARouteWhereNoneIsDrawn) {
  const auto house = testing::small_house();
  int clean = 0;
  for (std::uint32_t k = 0; k < 20; ++k) {
    SynthesisSettings settings;
    settings.route_probability = 0.0f;
    settings.heading_probability = 0.0f;
    const Drawing drawing = synthesize(house.input(), settings, k, k).drawing;
    ASSERT_TRUE(drawing.route.empty());
    const ReadPlanes read = read_picture(normalize_picture(rasterize(drawing, kPictureSide)), 128);
    ASSERT_TRUE(read.route_planned);
    ASSERT_GE(read.route.size(), 2u);
    EXPECT_LT(glm::length(read.route.front() - drawing.start.position), 0.01f);
    EXPECT_LT(glm::length(read.route.back() - drawing.goal.position), 0.01f);
    EXPECT_TRUE(read.start.has_heading);  // from the way's first piece
    // The plane shows it: the middle of the way is inked.
    const Vec2 middle = read.route[read.route.size() / 2];
    const auto at =
        static_cast<std::size_t>(middle.y * 128.0f) * 128 + static_cast<std::size_t>(middle.x * 128.0f);
    EXPECT_GT(read.planes[128 * 128 + at], 60);
    cv::Mat walls(128, 128, CV_8U, const_cast<std::uint8_t*>(read.planes.data()));
    cv::Mat large;
    cv::resize(walls, large, cv::Size(kPictureSide, kPictureSide), 0.0, 0.0, cv::INTER_LINEAR);
    large.convertTo(large, CV_32F, 1.0 / 255.0);
    clean += ink_crossed(large, read.route) == 0 ? 1 : 0;
  }
  EXPECT_GE(clean, 19);  // L1 leaves every door open; a gap may close in one picture by the pen's width
}

TEST(ReadPicture, ARouteThatIsDrawnIsTracedNotPlanned) {
  const auto house = testing::small_house();
  const Drawing drawing = synthesize(house.input(), {}, 1, 1).drawing;
  EXPECT_FALSE(read_picture(normalize_picture(rasterize(drawing, kPictureSide)), 64).route_planned);
}

TEST(Synthesis, WithoutWallsRouteAndMarksAreWhereTheyWere) {
  const auto house = testing::small_house();
  SynthesisSettings settings;
  const Drawing full = synthesize(house.input(), settings, 2, 9).drawing;
  settings.walls_probability = 0.0f;
  const Drawing bare = synthesize(house.input(), settings, 2, 9).drawing;
  EXPECT_EQ(bare.route, full.route);
  EXPECT_EQ(bare.start.position, full.start.position);
  for (const Stroke& stroke : bare.strokes) EXPECT_NE(stroke.kind, StrokeKind::kWall);
  EXPECT_GT(full.strokes.size(), bare.strokes.size());
}

}  // namespace
}  // namespace inknav::sketch
