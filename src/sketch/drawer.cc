// SPDX-License-Identifier: MIT
#include "sketch/drawer.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/philox.h"

namespace inknav::sketch {
namespace {

constexpr std::uint64_t kDrawerSeed = 0x696e6b6e61760000ull;

using Rgb = std::array<std::uint8_t, 3>;

Rgb from_hsv(float hue_deg, float saturation, float value) {
  Rgb rgb{};
  const std::array<float, 3> shift{5.0f, 3.0f, 1.0f};
  for (std::size_t i = 0; i < 3; ++i) {
    const float k = std::fmod(shift[i] + hue_deg / 60.0f + 6.0f, 6.0f);
    const float c = value * (1.0f - saturation * std::clamp(std::min(k, 4.0f - k), 0.0f, 1.0f));
    rgb[i] = static_cast<std::uint8_t>(std::lround(255.0f * c));
  }
  return rgb;
}

}  // namespace

HabitRanges habit_ranges(DrawerSplit split) {
  // Slant of real strokes is N(1.7, 3) degrees: train takes the middle, val and test the flanks.
  switch (split) {
    case DrawerSplit::kTrain:
      return {{-1.5f, 4.0f},  {0.0f, 0.6f}, {0.65f, 1.0f},    {0.85f, 1.25f},
              {0.15f, 0.45f}, {0.2f, 0.6f}, {0.014f, 0.019f}, {0.5f, 1.1f}};
    case DrawerSplit::kVal:
      return {{4.0f, 5.5f},   {0.6f, 0.75f}, {0.5f, 0.65f},    {1.25f, 1.4f},
              {0.45f, 0.55f}, {0.6f, 0.7f},  {0.019f, 0.020f}, {1.1f, 1.3f}};
    case DrawerSplit::kTest:
      return {{-5.0f, -1.5f}, {0.75f, 1.0f}, {0.3f, 0.5f},     {0.6f, 0.85f},
              {0.55f, 0.75f}, {0.0f, 0.2f},  {0.020f, 0.023f}, {1.3f, 1.6f}};
  }
  INKNAV_CHECK(false, static_cast<int>(split));
  return {};
}

Drawer make_drawer(DrawerSplit split, std::uint32_t number) {
  base::PhiloxStream stream(
      {kDrawerSeed + static_cast<std::uint64_t>(split), number, 0, 0, base::Purpose::kDrawerHabits});
  const HabitRanges ranges = habit_ranges(split);
  const auto pick = [&stream](const Range& range) { return stream.uniform(range.low, range.high); };
  Drawer d;
  d.slant_deg = pick(ranges.slant_deg);
  d.upright_deg = 0.5f * d.slant_deg + stream.normal(0.0f, 1.0f);
  d.pen = pick(ranges.pen);
  d.regularity = pick(ranges.regularity);
  d.tremor = pick(ranges.tremor);
  d.roughness = pick(ranges.roughness);
  d.taper = pick(ranges.taper);
  d.mark_size = pick(ranges.mark_size);
  d.omission = pick(ranges.omission);
  d.overshoot = stream.uniform(-0.6f, 0.8f);
  d.chaining = stream.bernoulli(0.4f) ? 0.0f : stream.uniform(0.2f, 0.9f);
  d.doubling = stream.bernoulli(0.8f) ? 0.0f : stream.uniform(0.1f, 0.4f);
  const float medium = stream.uniform();
  d.medium = medium < 0.5f ? Medium::kPen : medium < 0.75f ? Medium::kPencil : Medium::kMarker;
  d.start_glyph = static_cast<StartGlyph>(stream.uniform_int(4u));
  d.goal_glyph = static_cast<GoalGlyph>(stream.uniform_int(3u));
  const float darkness =
      d.medium == Medium::kPencil ? stream.uniform(0.22f, 0.36f) : stream.uniform(0.04f, 0.2f);
  d.wall_ink = from_hsv(stream.uniform(200.0f, 260.0f), stream.uniform(0.0f, 0.3f), darkness);
  d.route_ink =
      from_hsv(stream.uniform(-10.0f, 10.0f), stream.uniform(0.75f, 0.95f), stream.uniform(0.75f, 0.95f));
  d.start_ink =
      from_hsv(stream.uniform(208.0f, 232.0f), stream.uniform(0.75f, 0.95f), stream.uniform(0.7f, 0.95f));
  d.goal_ink =
      from_hsv(stream.uniform(275.0f, 300.0f), stream.uniform(0.65f, 0.9f), stream.uniform(0.55f, 0.8f));
  return d;
}

}  // namespace inknav::sketch
