// SPDX-License-Identifier: MIT
#include "sketch/read_problems.h"

#include <gtest/gtest.h>

#include "base/philox.h"
#include "sketch/test_util.h"

namespace inknav::sketch {
namespace {

scene::Image paper(int width, int height, std::uint8_t grey = 255) {
  scene::Image image;
  image.width = width;
  image.height = height;
  image.channels = 3;
  image.pixels.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3, grey);
  return image;
}

void fill(scene::Image& image, int x0, int y0, int side, std::array<std::uint8_t, 3> color) {
  for (int y = y0; y < y0 + side; ++y) {
    for (int x = x0; x < x0 + side; ++x) {
      for (std::size_t c = 0; c < 3; ++c) {
        image.pixels[static_cast<std::size_t>(y * image.width + x) * 3 + c] = color[c];
      }
    }
  }
}

constexpr std::array<std::uint8_t, 3> kBlue{30, 70, 220}, kPurple{140, 40, 180}, kDark{20, 20, 24};

std::vector<std::string> problems_of(const scene::Image& image) {
  return reading_problems(read_picture(normalize_picture(image), 128));
}

/// One problem that contains `part`.
void expect_problem(const scene::Image& image, const std::string& part) {
  const auto problems = problems_of(image);
  ASSERT_EQ(problems.size(), 1u) << ::testing::PrintToString(problems);
  EXPECT_NE(problems.front().find(part), std::string::npos) << problems.front();
}

/// A wall, and marks at the given places.
scene::Image drawing(const std::vector<int>& starts, const std::vector<int>& goals) {
  scene::Image image = paper(512, 512);
  for (int x = 40; x < 470; x += 4) fill(image, x, 30, 4, kDark);
  for (const int x : starts) fill(image, x, 300, 14, kBlue);
  for (const int x : goals) fill(image, x, 200, 14, kPurple);
  return image;
}

TEST(ReadProblems, AWholeDrawingHasNone) {
  EXPECT_TRUE(problems_of(drawing({100}, {300})).empty());
  const auto house = testing::small_house();
  for (const Level level : {Level::kL1, Level::kL2, Level::kL3}) {
    int clear = 0;
    for (std::uint32_t k = 0; k < 20; ++k) {
      SynthesisSettings settings;
      settings.level = level;
      settings.photo = k % 2 == 1;
      const auto problems = reading_problems(read_picture(
          normalize_picture(rasterize(synthesize(house.input(), settings, k, k).drawing, 512)), 128));
      clear += problems.empty() ? 1 : 0;
    }
    EXPECT_GE(clear, 19) << static_cast<int>(level);  // a route that crosses a mark may cut one in two
  }
}

TEST(ReadProblems, BlankPaperOfAnySizeIsNamed) {
  expect_problem(paper(512, 512), "the paper is blank");
  expect_problem(paper(1, 1), "the paper is blank");
  expect_problem(paper(3000, 2), "the paper is blank");
  expect_problem(paper(400, 400, 180), "the paper is blank");
}

TEST(ReadProblems, MarksThatAreMissingOrTwice) {
  expect_problem(drawing({}, {300}), "one blue start mark is wanted, found none");
  expect_problem(drawing({100}, {}), "one purple goal mark is wanted, found none");
  expect_problem(drawing({100, 350}, {300}), "one blue start mark is wanted, found 2; the largest, at ");
  expect_problem(drawing({100}, {120, 220, 320}), "one purple goal mark is wanted, found 3");
  EXPECT_EQ(problems_of(drawing({}, {})).size(), 2u);
}

TEST(ReadProblems, APhotographOfSomethingElse) {
  scene::Image image = paper(512, 512);
  base::PhiloxStream stream({5, 0, 0, 0, base::Purpose::kTest});
  for (int i = 0; i < 4000; ++i) {
    const int x = stream.uniform_int(0, 480), y = stream.uniform_int(0, 480);
    const auto level = [&] { return static_cast<std::uint8_t>(stream.uniform_int(0, 255)); };
    fill(image, x, y, 30, {level(), level(), level()});
  }
  expect_problem(image, "is this a photograph of something else?");
}

}  // namespace
}  // namespace inknav::sketch
