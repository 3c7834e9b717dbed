// SPDX-License-Identifier: MIT
#include "sim/sensor_noise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "sim/sim_testing.h"

namespace inknav::sim {
namespace {

using namespace testing;  // NOLINT: test helpers

constexpr int kSide = 64;
constexpr std::size_t kValues = std::size_t{kSide} * kSide * 3;

std::vector<std::uint8_t> flat(std::uint8_t value) { return std::vector<std::uint8_t>(kValues, value); }

std::vector<std::uint8_t> noisy(const ColourNoiseSettings& settings, std::vector<std::uint8_t> image,
                                const NoiseKey& key = {1, 2, 3, 4}) {
  add_colour_noise(settings, key, kSide, kSide, image.data());
  return image;
}

struct Moments {
  double mean = 0.0, deviation = 0.0;
};
Moments moments(const std::vector<std::uint8_t>& values) {
  Moments m;
  const auto count = static_cast<double>(values.size());
  for (const std::uint8_t v : values) m.mean += v / count;
  double square = 0.0;
  for (const std::uint8_t v : values) square += (v - m.mean) * (v - m.mean) / count;
  m.deviation = std::sqrt(square);
  return m;
}

// Bounds below: the mean of 12,288 values of deviation s is off by s / 111 at most one time in three; five
// of those. Cutting off to whole bytes lowers a mean by 0.5 and adds 1/12 to a variance.

TEST(ColourNoise, Gaussian) {
  const ColourNoiseSettings settings{.model = ColourNoise::kGaussian, .intensity_constant = 0.1f};
  const Moments grey = moments(noisy(settings, flat(128)));
  EXPECT_NEAR(grey.mean, 127.5, 5.0 * 25.5 / 111.0);
  EXPECT_NEAR(grey.deviation, 25.5, 5.0 * 25.5 / 111.0);
  // On black half of it is lost: the mean of the positive half is deviation / sqrt(2 pi).
  const Moments black = moments(noisy(settings, flat(0)));
  EXPECT_NEAR(black.mean, 25.5 * 0.39894 - 0.25, 0.8);
  const ColourNoiseSettings shifted{
      .model = ColourNoise::kGaussian, .intensity_constant = 0.1f, .mean = 2.0f, .sigma = 0.5f};
  const Moments moved = moments(noisy(shifted, flat(100)));
  EXPECT_NEAR(moved.mean, 100.0 + 51.0 - 0.5, 5.0 * 12.75 / 111.0);
  EXPECT_NEAR(moved.deviation, 12.75, 5.0 * 12.75 / 111.0);
}

TEST(ColourNoise, SpeckleGrowsWithTheValue) {
  const ColourNoiseSettings settings{.model = ColourNoise::kSpeckle, .intensity_constant = 0.1f};
  EXPECT_EQ(noisy(settings, flat(0)), flat(0));
  for (const int value : {60, 150}) {
    const Moments m = moments(noisy(settings, flat(static_cast<std::uint8_t>(value))));
    const double deviation = 0.1 * value;
    EXPECT_NEAR(m.mean, value - 0.5, 5.0 * deviation / 111.0 + 0.01);
    EXPECT_NEAR(m.deviation, std::sqrt(deviation * deviation + 1.0 / 12.0), 5.0 * deviation / 111.0);
  }
}

TEST(ColourNoise, PoissonCountsInAsManyLevelsAsTheImageHas) {
  const ColourNoiseSettings settings{.model = ColourNoise::kPoisson};
  EXPECT_EQ(noisy(settings, flat(0)), flat(0));
  // One value and the opaque fourth channel: 2 levels, so counts are 0, 1, and all from 2 on are white.
  const double mean = 51.0 / 255.0 * 2.0;  // 0.4
  int counts[3] = {};
  for (const std::uint8_t v : noisy(settings, flat(51))) {
    ASSERT_TRUE(v == 0 || v == 127 || v == 255) << int{v};
    ++counts[v == 0 ? 0 : v == 127 ? 1 : 2];
  }
  const auto part = [&](double p) { return 5.0 * std::sqrt(p * (1 - p) * double{kValues}); };
  const double none = std::exp(-mean), one = mean * none;
  EXPECT_NEAR(counts[0], none * double{kValues}, part(none));
  EXPECT_NEAR(counts[1], one * double{kValues}, part(one));
  // With every value there, 256 levels: mean and variance of value v are v * 256 / 255 each.
  std::vector<std::uint8_t> all = flat(128);
  for (std::size_t i = 0; i < 256; ++i) all[i] = static_cast<std::uint8_t>(i);
  std::vector<std::uint8_t> found = noisy(settings, all);
  found.erase(found.begin(), found.begin() + 256);
  const Moments m = moments(found);
  const double deviation = std::sqrt(128.0 * 256.0 / 255.0) * 255.0 / 256.0;
  EXPECT_NEAR(m.mean, 128.0 - 0.5, 5.0 * deviation / 109.0);
  EXPECT_NEAR(m.deviation, deviation, 5.0 * deviation / 109.0);
  // Means below 10 are drawn another way.
  std::vector<std::uint8_t> dark = flat(5);
  for (std::size_t i = 0; i < 256; ++i) dark[i] = static_cast<std::uint8_t>(i);
  found = noisy(settings, dark);
  found.erase(found.begin(), found.begin() + 256);
  const Moments low = moments(found);
  EXPECT_NEAR(low.deviation, std::sqrt(5.0), 5.0 * std::sqrt(5.0) / 109.0);
  EXPECT_NEAR(low.mean, 5.0 - 0.95, 0.15);  // counts of 1 and more lose up to 1 when cut off
}

TEST(ColourNoise, SaltAndPepperIsWhereHabitatPutsIt) {
  ColourNoiseSettings settings{.model = ColourNoise::kSaltAndPepper};
  const std::vector<std::uint8_t> found = noisy(settings, flat(200));
  int salt = 0, pepper = 0;
  for (std::size_t i = 0; i < kValues; ++i) {
    if (found[i] == 200) continue;
    ASSERT_LE(found[i], 1);
    ++(found[i] == 1 ? salt : pepper);
    EXPECT_LT(i / 3 % kSide, std::size_t{kSide} - 1);
    EXPECT_LT(i / 3 / kSide, std::size_t{kSide} - 1);
  }
  // 5 % of 64 * 64 * 4 values, half each: ceil(409.6) draws of 11,907 places, some twice.
  EXPECT_LE(salt, 410);
  EXPECT_LE(pepper, 410);
  EXPECT_GT(salt, 370);  // 410 - 410^2 / (2 * 11907) = 403 different ones, less those that pepper covers
  EXPECT_GT(pepper, 390);
  settings.s_vs_p = 1.0f;
  const std::vector<std::uint8_t> salted = noisy(settings, flat(200));
  EXPECT_EQ(std::count(salted.begin(), salted.end(), std::uint8_t{0}), 0);
  settings.amount = 0.0f;
  EXPECT_EQ(noisy(settings, flat(200)), flat(200));
  std::vector<std::uint8_t> tiny = {7, 8, 9};
  settings.amount = 1.0f;
  add_colour_noise(settings, {}, 1, 1, tiny.data());
  EXPECT_LE(*std::min_element(tiny.begin(), tiny.end()), 1);
}

TEST(ColourNoise, BelongsToItsKeyAndItsPixel) {
  for (const ColourNoise model :
       {ColourNoise::kGaussian, ColourNoise::kSpeckle, ColourNoise::kPoisson, ColourNoise::kSaltAndPepper}) {
    const ColourNoiseSettings settings{.model = model};
    std::vector<std::uint8_t> image = flat(100);
    image[5] = 30;
    const auto first = noisy(settings, image);
    EXPECT_EQ(noisy(settings, image), first);
    for (const NoiseKey& other : {NoiseKey{2, 2, 3, 4}, {1, 3, 3, 4}, {1, 2, 4, 4}, {1, 2, 3, 5}})
      EXPECT_NE(noisy(settings, image, other), first);
    // Another value in one pixel (the same two are there) changes no other.
    std::vector<std::uint8_t> changed = image;
    changed[3000] = 30;
    const auto second = noisy(settings, changed);
    for (std::size_t i = 0; i < kValues; ++i) {
      if (i / 3 == 1000) continue;
      ASSERT_EQ(second[i], first[i]) << i;
    }
  }
  EXPECT_EQ(noisy({}, flat(9)), flat(9));
}

DistortionTable table_of(const std::vector<float>& by_depth) {
  std::vector<float> factors;
  for (std::size_t i = 0; i < DistortionTable::kSize; ++i) factors.push_back(by_depth[i % by_depth.size()]);
  return DistortionTable(factors);
}

/// The whole image at one depth.
std::vector<float> measured(const DistortionTable& table, float multiplier, const std::vector<float>& depth,
                            int width = 8) {
  std::vector<float> out(depth.size());
  const int height = static_cast<int>(depth.size()) / width;
  add_depth_noise(table, multiplier, {{1, 2, 3, 4}, width, height, depth.data()}, out.data());
  return out;
}

TEST(DepthNoise, RoundsToEighthsOfADisparity) {
  const DistortionTable exact = table_of({1, 1, 1, 1, 1});
  const auto at = [&](float d) { return measured(exact, 0.0f, std::vector<float>(32, d))[11]; };
  EXPECT_NEAR(at(2.0f), 281.04 / 141.0, 1e-6);  // 35.13 / 2 * 8 = 140.52
  EXPECT_NEAR(at(1.0f), 281.04 / 281.0, 1e-6);
  EXPECT_NEAR(at(5.0f), 281.04 / 56.0, 1e-6);  // 56.208
  EXPECT_NEAR(at(9.9f), 281.04 / 28.0, 1e-5);  // 28.39
  EXPECT_EQ(at(10.0f), 0.0f);
  EXPECT_EQ(at(700.0f), 0.0f);
  EXPECT_EQ(at(0.0f), 0.0f) << "no hit stays no hit";
}

TEST(DepthNoise, DistortsByTheTableBetweenItsDepths) {
  // Factors at 1, 3, 5, 7 and 9 m. At 2 m the mean of the first two, 2, so the sensor takes it for 1 m.
  const DistortionTable table = table_of({1, 3, 4, 2, 1});
  const auto at = [&](float d) { return measured(table, 0.0f, std::vector<float>(32, d))[11]; };
  EXPECT_NEAR(at(2.0f), 281.04 / 281.0, 1e-6);
  EXPECT_NEAR(at(6.0f), 281.04 / 141.0, 1e-6);  // (4 + 2) / 2 = 3, so 2 m
  EXPECT_NEAR(at(0.5f), 281.04 / 562.0, 1e-6);  // below the first: its own factor, 562.08
  EXPECT_NEAR(at(9.5f), 281.04 / 30.0, 1e-5);   // beyond the last likewise: 29.58
  EXPECT_EQ(measured(table_of({0, 0, 0, 0, 0}), 0.0f, std::vector<float>(32, 2.0f))[3], 0.0f);
}

TEST(DepthNoise, ReadsItsTableAtThePlaceInTheSensorsImage) {
  std::vector<float> factors(DistortionTable::kSize, 1.0f);
  // Row 79 (the bottom), columns 0 to 39 (the left half): twice as far as it seems.
  for (int column = 0; column < 40; ++column) {
    for (int depth = 0; depth < 5; ++depth)
      factors[static_cast<std::size_t>((79 * 80 + column) * 5 + depth)] = 2;
  }
  const std::vector<float> out = measured(DistortionTable(factors), 0.0f, std::vector<float>(64, 2.0f), 8);
  for (int row = 0; row < 8; ++row) {
    for (int column = 0; column < 8; ++column) {
      // Columns 0 to 3 of 8 lie at 0, 91, 183 and 274 of 639, so left of 320; the last row at 479.
      const bool twice = row == 7 && column < 4;
      EXPECT_NEAR(out[static_cast<std::size_t>(row * 8 + column)], twice ? 281.04 / 281.0 : 281.04 / 141.0,
                  1e-6)
          << row << " " << column;
    }
  }
}

TEST(DepthNoise, SeesHalfTheResolution) {
  std::vector<float> depth(16 * 8);
  for (std::size_t i = 0; i < depth.size(); ++i) depth[i] = i % 2 == 0 && i / 16 % 2 == 0 ? 1.0f : 4.0f;
  for (const float d : measured(table_of({1}), 0.0f, depth, 16)) EXPECT_NEAR(d, 281.04 / 281.0, 1e-6);
}

TEST(DepthNoise, JittersByItsDeviation) {
  // Disparity 35.13 / 2 * 8 = 140.52 with a deviation of 0.027778 * 8 = 0.2222 steps, rounded: half of the
  // draws are above 140.5.. exactly P(z > (140.5 - 140.52) / 0.2222) = P(z > -0.09) = 0.5359.
  const std::vector<float> out = measured(table_of({1}), 1.0f, std::vector<float>(10000, 2.0f), 100);
  int above = 0, other = 0;
  for (const float d : out) {
    const double steps = 281.04 / static_cast<double>(d);
    if (std::abs(steps - 141.0) < 1e-3) {
      ++above;
    } else if (std::abs(steps - 140.0) > 1e-3) {
      ++other;
    }
  }
  EXPECT_EQ(other, 0) << "a whole step off is 4.4 deviations";
  EXPECT_NEAR(above, 5359, 5 * 50);  // the deviation of that count is 50
}

TEST(DepthNoise, ShakesEdges) {
  // A step in the middle of the image: pixels beside it may come from the other side, those away may not.
  std::vector<float> depth(64 * 64, 1.0f);
  for (std::size_t i = 0; i < depth.size(); ++i) depth[i] = i % 64 < 32 ? 1.0f : 3.0f;
  const std::vector<float> out = measured(table_of({1}), 1.0f, depth, 64);
  int crossed = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const bool is_near = out[i] < 2.0f;
    const bool was_near = i % 64 < 32;
    if (is_near == was_near) continue;
    ++crossed;
    EXPECT_TRUE(i % 64 == 31 || i % 64 == 32) << "two pixels would be 6 deviations of a quarter pixel";
  }
  // Half a pixel is two deviations: 2.3 % of 128.
  EXPECT_GT(crossed, 0);
  EXPECT_LT(crossed, 13);
  EXPECT_EQ(measured(table_of({1}), 1.0f, {2.0f}, 1).size(), 1u) << "one pixel";
}

SimulatorSettings noisy_cameras(int agents) {
  SimulatorSettings settings = small_settings(agents);
  settings.sensors.rgb = true;
  settings.sensors.rgb_noise.model = ColourNoise::kPoisson;
  return settings;
}

TEST(NoisyCameras, PartsAndThreadsDoNotMatter) {
  base::ThreadPool one(1), three(3);
  const auto whole = make(noisy_cameras(6), one, rooms_world()),
             parts = make(noisy_cameras(6), three, rooms_world());
  for (Simulator* simulator : {whole.get(), parts.get()}) {
    for (int i = 0; i < 6; ++i)
      simulator->place(i, 0,
                       pose_at(2.0f + static_cast<float>(i), 4.0f, 60.0f * static_cast<float>(i), 0.2f));
  }
  whole->observe({});
  parts->observe(std::vector<std::uint8_t>{1, 0, 1, 0, 1, 1});
  parts->observe(std::vector<std::uint8_t>{0, 1, 0, 1, 0, 0});
  EXPECT_EQ(hash_of(*whole), hash_of(*parts));
  const base::Hash128 before = hash_of(*whole);
  whole->observe({});
  EXPECT_EQ(hash_of(*whole), before) << "the same step looks the same";
  std::set<std::string> pictures;
  for (int i = 0; i < 20; ++i) {  // the same pose, another step
    whole->step(std::vector<nav::Action>(6, nav::Action::kStop));
    whole->observe({});
    pictures.insert(base::xxh3_128(whole->rgb().as<std::uint8_t>(), 16 * 12 * 3).hex());
  }
  EXPECT_EQ(pictures.size(), 20u);
}

}  // namespace
}  // namespace inknav::sim
