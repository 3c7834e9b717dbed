// SPDX-License-Identifier: MIT
#include "sketch/drawing_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "base/philox.h"
#include "sketch/test_util.h"

namespace inknav::sketch {
namespace {

Drawing random_drawing(std::uint64_t seed) {
  base::PhiloxStream stream({seed, 0, 0, 0, base::Purpose::kTest});
  Drawing d;
  d.seed = (std::uint64_t{stream.next_u32()} << 32) | stream.next_u32();
  for (int s = 0; s < 30; ++s) {
    Stroke stroke;
    stroke.kind = static_cast<StrokeKind>(s % 5);
    stroke.medium = static_cast<Medium>(s % 3);
    stroke.width = stream.uniform() * 0.01f;
    for (auto& c : stroke.color) c = static_cast<std::uint8_t>(stream.uniform_int(256u));
    for (int i = 0; i < 40; ++i) {
      stroke.points.push_back({stream.normal(), stream.uniform()});
      stroke.pressure.push_back(1.0f - stream.uniform());
    }
    d.strokes.push_back(std::move(stroke));
  }
  d.paper = {stream.uniform(), stream.uniform(), 0.4f * stream.uniform(), 0.1f * stream.uniform(), 77};
  d.start = {true, {stream.uniform(), stream.uniform()}, true, stream.normal()};
  d.goal = {true, {stream.uniform(), stream.uniform()}, false, 0.0f};
  for (int i = 0; i < 50; ++i) d.route.push_back({stream.uniform(), std::ldexp(stream.uniform(), -20)});
  return d;
}

void expect_equal(const Drawing& a, const Drawing& b) {
  EXPECT_EQ(a.seed, b.seed);
  ASSERT_EQ(a.strokes.size(), b.strokes.size());
  for (std::size_t i = 0; i < a.strokes.size(); ++i) {
    EXPECT_EQ(a.strokes[i].kind, b.strokes[i].kind);
    EXPECT_EQ(a.strokes[i].medium, b.strokes[i].medium);
    EXPECT_EQ(a.strokes[i].color, b.strokes[i].color);
    EXPECT_EQ(a.strokes[i].width, b.strokes[i].width);
    EXPECT_EQ(a.strokes[i].points, b.strokes[i].points);
    EXPECT_EQ(a.strokes[i].pressure, b.strokes[i].pressure);
  }
  EXPECT_EQ(a.paper.shade, b.paper.shade);
  EXPECT_EQ(a.paper.grain, b.paper.grain);
  EXPECT_EQ(a.paper.perspective, b.paper.perspective);
  EXPECT_EQ(a.paper.blur, b.paper.blur);
  EXPECT_EQ(a.paper.jpeg_quality, b.paper.jpeg_quality);
  for (const auto& [m, n] : {std::pair(a.start, b.start), std::pair(a.goal, b.goal)}) {
    EXPECT_EQ(m.present, n.present);
    EXPECT_EQ(m.position, n.position);
    EXPECT_EQ(m.has_heading, n.has_heading);
    EXPECT_EQ(m.heading, n.heading);
  }
  EXPECT_EQ(a.route, b.route);
}

TEST(DrawingFile, RoundTripIsExact) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    DrawingFile file{random_drawing(seed), Correspondence(testing::random_warp(seed))};
    const std::string text = drawing_file_to_json(file);
    const auto again = drawing_file_from_json(text, "d.json");
    ASSERT_TRUE(again.ok()) << again.error().message;
    expect_equal(file.drawing, again->drawing);
    EXPECT_EQ(file.correspondence.to_json(), again->correspondence.to_json());
    EXPECT_EQ(drawing_file_to_json(*again), text);
  }
}

TEST(DrawingFile, SavesAndLoadsWithoutACorrespondence) {
  const auto path =
      std::filesystem::temp_directory_path() / ("inknav_drawing_" + std::to_string(::getpid()) + ".json");
  ASSERT_TRUE(save_drawing_file(path, {random_drawing(1), {}}).ok());
  const auto file = load_drawing_file(path);
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_TRUE(file->correspondence.empty());
  expect_equal(random_drawing(1), file->drawing);
  std::filesystem::remove(path);
  const auto missing = load_drawing_file(path);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, base::ErrorCode::kData);
  EXPECT_NE(missing.error().message.find(path.string()), std::string::npos) << missing.error().message;
}

struct BadCase {
  const char* find;
  const char* replace;
  const char* message;
};

TEST(DrawingFile, BadFilesAreRefusedByName) {
  Drawing d;
  d.seed = 5;
  d.strokes.push_back(
      {StrokeKind::kWall, Medium::kPen, {1, 2, 3}, 0.5f, {{0.25f, 0.5f}, {0.75f, 0.5f}}, {1.0f, 0.5f}});
  const std::string good = drawing_file_to_json({d, {}});
  ASSERT_TRUE(drawing_file_from_json(good, "d.json").ok());
  const BadCase cases[] = {
      {"inknav-drawing", "other", "d.json.format: \"inknav-drawing\" is wanted, found \"other\""},
      {"\"version\":1,\n", "\"version\":9,\n", "d.json.version: an integer in [1, 1] is wanted, found 9"},
      {"\"wall\"", "\"moat\"",
       "d.json.drawing.strokes[0].kind: one of wall, route, start, goal, other is wanted, found \"moat\""},
      {"[1,2,3]", "[1,2,300]",
       "d.json.drawing.strokes[0].color[2]: a number within +-255 is wanted, found 300"},
      {"[1,2,3]", "[1,-2,3]",
       "d.json.drawing.strokes[0].color: whole numbers in [0, 255] are wanted, found -2"},
      {"[1,2,3]", "[1,2]", "d.json.drawing.strokes[0].color: a multiple of 3 numbers is wanted, found 2"},
      {"[1.0,0.5]", "[1.0]", "d.json.drawing.strokes[0].pressure: one number a point (2) is wanted, found 1"},
      {"[1.0,0.5]", "[1.0,0]", "d.json.drawing.strokes[0].pressure: numbers in (0, 1] are wanted, found 0"},
      {"0.25,0.5,0.75", "0.25,0.5,1e30",
       "d.json.drawing.strokes[0].points[2]: a number within +-16 is wanted"},
      {"\"width\":0.5", "\"width\":-1",
       "d.json.drawing.strokes[0].width: a number in [0, 1] is wanted, found -1"},
      {"\"seed\":5", "\"seed\":-5", "d.json.drawing.seed: a non-negative integer is wanted, found -5"},
      {"\"route\":[]", "\"route\":[0.5]", "d.json.drawing.route: a multiple of 2 numbers is wanted, found 1"},
      {"\"jpeg_quality\":0", "\"jpeg_quality\":0.5",
       "d.json.drawing.paper.jpeg_quality: an integer in [0, 100] is wanted"},
      {"\"shade\":0.0", "\"shade\":0.0,\"tint\":1", "d.json.drawing.paper.tint: unknown key"},
      {"\"correspondence\":null", "\"correspondence\":[]",
       "d.json.correspondence: a JSON object is wanted, found array"},
  };
  for (const BadCase& bad : cases) {
    std::string text = good;
    const auto at = text.find(bad.find);
    ASSERT_NE(at, std::string::npos) << bad.find << "\n" << good;
    text.replace(at, std::string(bad.find).size(), bad.replace);
    const auto read = drawing_file_from_json(text, "d.json");
    ASSERT_FALSE(read.ok()) << bad.replace;
    EXPECT_EQ(read.error().code, base::ErrorCode::kData);
    EXPECT_NE(read.error().message.find(bad.message), std::string::npos) << read.error().message;
  }
}

TEST(DrawingFile, TruncatedAndFlippedBytesNeverCrash) {
  const std::string good = drawing_file_to_json({random_drawing(3), Correspondence(testing::random_warp(3))});
  for (std::size_t length = 0; length + 2 < good.size(); length += 499) {
    EXPECT_FALSE(drawing_file_from_json(good.substr(0, length), "cut").ok());
  }
  base::PhiloxStream stream({9, 0, 0, 0, base::Purpose::kTest});
  for (int i = 0; i < 300; ++i) {
    std::string text = good;
    text[stream.uniform_int(static_cast<std::uint32_t>(text.size()))] ^=
        static_cast<char>(1 << stream.uniform_int(8u));
    const auto read = drawing_file_from_json(text, "flipped");  // may still be valid
    if (!read.ok()) {
      EXPECT_FALSE(read.error().message.empty());
    }
  }
}

}  // namespace
}  // namespace inknav::sketch
