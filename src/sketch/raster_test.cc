// SPDX-License-Identifier: MIT
#include "sketch/raster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <vector>

#include "base/philox.h"
#include "sketch/synthesis.h"
#include "sketch/test_util.h"

namespace inknav::sketch {
namespace {

using base::Vec2;
using testing::small_house;

float median(std::vector<float> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

float hausdorff(const std::vector<Vec2>& p, const std::vector<Vec2>& q) {
  const auto one_way = [](const std::vector<Vec2>& from, const std::vector<Vec2>& to) {
    float worst = 0.0f;
    for (const Vec2& a : from) {
      float least = 9.0f;
      for (const Vec2& b : to) least = std::min(least, glm::length(a - b));
      worst = std::max(worst, least);
    }
    return worst;
  };
  return std::max(one_way(p, q), one_way(q, p));
}

struct ReadingErrors {
  std::vector<float> start, goal, heading_deg, route;
  int missed = 0;
};

ReadingErrors read_many(Level level, DrawerSplit split, bool photo, std::uint32_t count) {
  const auto house = small_house();
  ReadingErrors errors;
  for (std::uint32_t k = 0; k < count; ++k) {
    const Drawing drawing = synthesize(house.input(), {level, split, 1.0f, 1.0f, photo}, k, k).drawing;
    const ReadPlanes read = read_picture(normalize_picture(rasterize(drawing, 512)), 128);
    if (!read.start.present || !read.goal.present || read.route.empty() || !read.start.has_heading) {
      ++errors.missed;
      continue;
    }
    errors.start.push_back(glm::length(read.start.position - drawing.start.position));
    errors.goal.push_back(glm::length(read.goal.position - drawing.goal.position));
    errors.heading_deg.push_back(std::abs(base::wrap_angle(read.start.heading - drawing.start.heading)) *
                                 180.0f / base::kPi);
    errors.route.push_back(hausdorff(read.route, drawing.route));
  }
  return errors;
}

TEST(ReadPicture, FindsMarksHeadingAndRouteOfDrawings) {
  for (const bool photo : {false, true}) {
    for (const Level level : {Level::kClean, Level::kL1, Level::kL2, Level::kL3}) {
      ReadingErrors all;
      for (const DrawerSplit split : {DrawerSplit::kTrain, DrawerSplit::kVal, DrawerSplit::kTest}) {
        const ReadingErrors some = read_many(level, split, photo, 8);
        all.start.insert(all.start.end(), some.start.begin(), some.start.end());
        all.goal.insert(all.goal.end(), some.goal.begin(), some.goal.end());
        all.heading_deg.insert(all.heading_deg.end(), some.heading_deg.begin(), some.heading_deg.end());
        all.route.insert(all.route.end(), some.route.begin(), some.route.end());
        all.missed += some.missed;
      }
      ASSERT_FALSE(all.start.empty());
      std::printf(
          "  level %d%s: start %.4f goal %.4f paper units, heading %.1f degrees, route %.4f (medians), "
          "missed %d\n",
          static_cast<int>(level), photo ? " photo" : "", median(all.start), median(all.goal),
          median(all.heading_deg), median(all.route), all.missed);
      EXPECT_LT(median(all.start), 0.005f);
      EXPECT_LT(median(all.goal), 0.005f);
      EXPECT_LT(median(all.heading_deg), 6.0f);
      EXPECT_LT(median(all.route), 0.015f);
      EXPECT_LE(all.missed, 1);
    }
  }
}

TEST(ReadPicture, WithoutAHeadingOnTheMarkTheRoutesFirstPieceGivesIt) {
  const auto house = small_house();
  std::vector<float> off;
  for (std::uint32_t k = 0; k < 20; ++k) {
    const Drawing drawing =
        synthesize(house.input(), {Level::kL1, DrawerSplit::kTrain, 1.0f, 0.0f, false}, k, k).drawing;
    ASSERT_FALSE(drawing.start.has_heading);
    const ReadPlanes read = read_picture(normalize_picture(rasterize(drawing, 512)), 64);
    ASSERT_TRUE(read.start.has_heading);
    const Vec2 d = drawing.route[8] - drawing.route[0];
    off.push_back(std::abs(base::wrap_angle(read.start.heading - std::atan2(-d.x, -d.y))) * 180.0f /
                  base::kPi);
  }
  EXPECT_LT(median(off), 15.0f);
}

/// A drawing that is nothing but a route and its marks.
Drawing route_only(const std::vector<Vec2>& route) {
  Drawing drawing;
  drawing.seed = 5;
  drawing.route = route;
  drawing.strokes.push_back({StrokeKind::kRoute,
                             Medium::kPen,
                             {210, 30, 30},
                             0.006f,
                             route,
                             std::vector<float>(route.size(), 1.0f)});
  const auto dot = [&](StrokeKind kind, const Vec2& p, std::array<std::uint8_t, 3> color) {
    drawing.strokes.push_back({kind, Medium::kPen, color, 0.025f, {p, p + Vec2(0.001f, 0.0f)}, {1.0f, 1.0f}});
  };
  dot(StrokeKind::kStart, route.front(), {30, 70, 220});
  dot(StrokeKind::kGoal, route.back(), {140, 40, 180});
  return drawing;
}

TEST(ReadPicture, ARouteThatCrossesItselfIsFollowedStraightOn) {
  std::vector<Vec2> loop;  // down from the left, a loop, crosses itself, up to the right
  for (int i = 0; i <= 120; ++i) {
    const float t = -1.8f + 3.6f * static_cast<float>(i) / 120.0f;
    loop.emplace_back(0.5f + 0.18f * (t * t * t - 2.0f * t), 0.15f + 0.22f * t * t);
  }
  float want = 0.0f;
  for (std::size_t i = 1; i < loop.size(); ++i) want += glm::length(loop[i] - loop[i - 1]);
  const ReadPlanes read = read_picture(rasterize(route_only(loop), 512), 64);
  ASSERT_FALSE(read.route.empty());
  EXPECT_LT(hausdorff(read.route, loop), 0.03f);
  // The whole loop is walked, once.
  float length = 0.0f;
  for (std::size_t i = 1; i < read.route.size(); ++i)
    length += glm::length(read.route[i] - read.route[i - 1]);
  EXPECT_NEAR(length, want, 0.1f * want);

  std::vector<Vec2> eight;  // figure of eight
  for (int i = 4; i <= 116; ++i) {
    const float a = 2.0f * base::kPi * static_cast<float>(i) / 120.0f;
    eight.emplace_back(0.5f + 0.35f * std::sin(a), 0.5f + 0.25f * std::sin(2.0f * a) + 0.02f * a);
  }
  const ReadPlanes crossed = read_picture(rasterize(route_only(eight), 512), 64);
  ASSERT_FALSE(crossed.route.empty());
  EXPECT_LT(hausdorff(crossed.route, eight), 0.03f);
}

TEST(ReadPicture, GapsInTheRouteAreBridged) {
  std::vector<Vec2> line;
  for (int i = 0; i <= 40; ++i)
    line.emplace_back(0.1f + 0.02f * static_cast<float>(i),
                      0.5f + 0.1f * std::sin(0.2f * static_cast<float>(i)));
  Drawing drawing = route_only(line);
  const Stroke whole = drawing.strokes.front();
  drawing.strokes.erase(drawing.strokes.begin());
  for (const auto& [from, to] : {std::pair(0, 12), std::pair(14, 26), std::pair(29, 40)}) {
    Stroke piece = whole;
    piece.points.assign(whole.points.begin() + from, whole.points.begin() + to + 1);
    piece.pressure.resize(piece.points.size());
    drawing.strokes.insert(drawing.strokes.begin(), piece);
  }
  const ReadPlanes read = read_picture(rasterize(drawing, 512), 64);
  EXPECT_LT(hausdorff(read.route, line), 0.03f);
}

TEST(ReadPicture, PlanesSeparateTheInks) {
  const auto house = small_house();
  const Drawing drawing =
      synthesize(house.input(), {Level::kL1, DrawerSplit::kTrain, 1.0f, 1.0f, false}, 1, 1).drawing;
  for (const int size : {16, 64, 128, 512}) {
    const ReadPlanes read = read_picture(rasterize(drawing, 512), size);
    ASSERT_EQ(read.size, size);
    ASSERT_EQ(read.planes.size(), 4u * static_cast<std::size_t>(size * size));
  }
  const ReadPlanes read = read_picture(rasterize(drawing, 512), 512);
  const auto ink_at = [&](int plane, const Vec2& p) {
    int most = 0;
    for (int dy = -3; dy <= 3; ++dy) {
      for (int dx = -3; dx <= 3; ++dx) {
        const int x = std::clamp(static_cast<int>(p.x * 512.0f) + dx, 0, 511),
                  y = std::clamp(static_cast<int>(p.y * 512.0f) + dy, 0, 511);
        most = std::max(most,
                        static_cast<int>(read.planes[static_cast<std::size_t>((plane * 512 + y) * 512 + x)]));
      }
    }
    return most;
  };
  int hits = 0, points = 0;
  for (const Stroke& stroke : drawing.strokes) {
    for (const Vec2& p : stroke.points) {
      ++points;
      hits += ink_at(static_cast<int>(stroke.kind), p) > 100 ? 1 : 0;
    }
  }
  EXPECT_GT(hits, points * 95 / 100);
}

scene::Image flat_picture(int width, int height, std::array<std::uint8_t, 3> color) {
  scene::Image image{width, height, 3, {}};
  for (int i = 0; i < width * height; ++i)
    image.pixels.insert(image.pixels.end(), color.begin(), color.end());
  return image;
}

TEST(ReadPicture, OddPicturesGiveNoMarksAndNeverCrash) {
  const scene::Image pictures[] = {
      flat_picture(512, 512, {255, 255, 255}), flat_picture(512, 512, {0, 0, 0}),
      flat_picture(300, 200, {128, 128, 128}), flat_picture(1, 1, {255, 255, 255}),
      flat_picture(1, 1, {0, 0, 0}),           flat_picture(4000, 2, {90, 90, 90}),
      flat_picture(2, 4000, {255, 250, 230}),  flat_picture(640, 480, {230, 40, 40})};
  for (const scene::Image& picture : pictures) {
    const scene::Image square = normalize_picture(picture);
    ASSERT_EQ(square.width, 512);
    ASSERT_EQ(square.height, 512);
    const ReadPlanes read = read_picture(square, 64);
    EXPECT_FALSE(read.start.present);
    EXPECT_FALSE(read.goal.present);
  }
  base::PhiloxStream stream({1, 0, 0, 0, base::Purpose::kTest});
  scene::Image noise = flat_picture(512, 512, {0, 0, 0});
  for (std::uint8_t& v : noise.pixels) v = static_cast<std::uint8_t>(stream.next_u32());
  read_picture(noise, 128);
}

TEST(ReadPicture, AGreyPhotographThatIsNotSquareHasNoFrame) {
  for (const bool upright : {false, true}) {
    scene::Image photo = upright ? flat_picture(480, 640, {0, 0, 0}) : flat_picture(640, 480, {0, 0, 0});
    for (int y = 0; y < photo.height; ++y) {
      for (int x = 0; x < photo.width; ++x) {
        // Paper in uneven light, and one wall across its middle.
        const float light = 120.0f + 0.1f * static_cast<float>(x) + 0.08f * static_cast<float>(y);
        const bool ink = std::abs(y - photo.height / 2) < 3 && std::abs(x - photo.width / 2) < 100;
        for (std::size_t c = 0; c < 3; ++c)
          photo.pixels[static_cast<std::size_t>(3 * (y * photo.width + x)) + c] =
              static_cast<std::uint8_t>(ink ? 20.0f : light);
      }
    }
    const ReadPlanes read = read_picture(normalize_picture(photo), 128);
    int ink = 0;
    for (int y = 0; y < 128; ++y) {
      for (int x = 0; x < 128; ++x) {
        if (read.planes[static_cast<std::size_t>(y * 128 + x)] < 32) continue;
        ++ink;
        EXPECT_TRUE(std::abs(y - 64) < 4 && std::abs(x - 64) < 24) << x << " " << y;
      }
    }
    EXPECT_GT(ink, 40);
  }
}

TEST(ReadPicture, ABroadStrokeBesideWhiteIsNotTakenForPaper) {
  scene::Image picture = flat_picture(512, 512, {255, 255, 255});
  for (int y = 40; y < 60; ++y) {  // the first ink from above, 20 pixels broad
    for (int x = 40; x < 470; ++x) {
      for (std::size_t c = 0; c < 3; ++c)
        picture.pixels[static_cast<std::size_t>(3 * (y * 512 + x)) + c] = 30;
    }
  }
  const ReadPlanes read = read_picture(normalize_picture(picture), 128);
  for (int y = 0; y < 128; ++y) {
    for (int x = 0; x < 128; ++x) {
      const bool inside = y >= 10 && y < 15 && x >= 10 && x < 118;
      const int ink = read.planes[static_cast<std::size_t>(y * 128 + x)];
      const bool beside = y < 9 || y > 15 || x < 9 || x > 118;
      EXPECT_TRUE(!inside || ink > 120) << ink << " at " << x << " " << y;  // half where the stroke ends
      EXPECT_TRUE(!beside || ink == 0) << ink << " at " << x << " " << y;
    }
  }
}

TEST(ReadPicture, GreyAndAlphaPicturesAreTaken) {
  scene::Image grey{8, 4, 1, std::vector<std::uint8_t>(32, 200)};
  EXPECT_EQ(normalize_picture(grey).pixels[3 * (512 * 256 + 256)], 200);
  scene::Image clear{8, 4, 4, std::vector<std::uint8_t>(128, 0)};  // transparent black is white paper
  EXPECT_EQ(normalize_picture(clear).pixels[3 * (512 * 256 + 256)], 255);
}

TEST(NormalizePicture, PadsWithWhiteToACentredSquare) {
  const scene::Image square = normalize_picture(flat_picture(1024, 512, {10, 20, 30}));
  const auto at = [&square](int x, int y) {
    return &square.pixels[static_cast<std::size_t>(3 * (y * 512 + x))];
  };
  EXPECT_EQ(at(256, 100)[0], 255);
  EXPECT_EQ(at(256, 127)[0], 255);
  EXPECT_EQ(at(256, 128)[0], 10);
  EXPECT_EQ(at(0, 383)[2], 30);
  EXPECT_EQ(at(256, 384)[2], 255);
  const scene::Image same = normalize_picture(flat_picture(512, 512, {1, 2, 3}));
  EXPECT_EQ(same.pixels, flat_picture(512, 512, {1, 2, 3}).pixels);
}

TEST(Rasterize, IsDeterministicAtEverySize) {
  const auto house = small_house();
  const Drawing drawing =
      synthesize(house.input(), {Level::kL3, DrawerSplit::kTrain, 1.0f, 1.0f, true}, 2, 9).drawing;
  for (const int size : {1, 7, 64, 512}) {
    const scene::Image a = rasterize(drawing, size), b = rasterize(drawing, size);
    EXPECT_EQ(a.width, size);
    EXPECT_EQ(a.pixels, b.pixels);
  }
  Drawing tilted = drawing;
  tilted.paper.perspective = 0.1f;
  EXPECT_NE(rasterize(tilted, 128).pixels, rasterize(drawing, 128).pixels);
}

TEST(Rasterize, ReportsItsTime) {
  const auto house = small_house();
  const auto milliseconds = [](std::clock_t t) { return 1000.0f * static_cast<float>(t) / CLOCKS_PER_SEC; };
  std::vector<float> plain, photo, reading;
  for (std::uint32_t k = 0; k < 15; ++k) {
    for (const bool is_photo : {false, true}) {
      const Drawing drawing =
          synthesize(house.input(), {Level::kL2, DrawerSplit::kTrain, 1.0f, 1.0f, is_photo}, k, k).drawing;
      const std::clock_t start = std::clock();
      const scene::Image image = rasterize(drawing, 512);
      const std::clock_t middle = std::clock();
      read_picture(image, 128);
      const std::clock_t end = std::clock();
      (is_photo ? photo : plain).push_back(milliseconds(middle - start));
      reading.push_back(milliseconds(end - middle));
    }
  }
  std::printf("  512 px on one core: plain %.1f ms, photo %.1f ms, reading %.1f ms (medians)\n",
              median(plain), median(photo), median(reading));
}

}  // namespace
}  // namespace inknav::sketch
