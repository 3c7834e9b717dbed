// SPDX-License-Identifier: MIT
#include "sim/sensor_noise.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cmath>

#include "base/check.h"

namespace inknav::sim {

namespace {

using base::PhiloxStream;

/// Blocks of four numbers that a pixel may draw; more than any model needs.
constexpr std::uint32_t kBlocksOfPixel = 256;
constexpr std::size_t kChannels = 3;
/// Habitat's images have a fourth channel while noise is added, opaque everywhere.
constexpr double kHabitatChannels = 4.0;

base::PhiloxKey key_of(const NoiseKey& key, base::Purpose purpose) {
  return {key.seed, key.agent, key.episode, key.step, purpose};
}

PhiloxStream pixel_stream(const base::PhiloxKey& key, std::size_t pixel) {
  return PhiloxStream(key, static_cast<std::uint32_t>(pixel) * kBlocksOfPixel);
}

/// [0, 1] -> byte, cut off as Habitat does it.
std::uint8_t as_byte(float value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0.0f, 1.0f) * 255.0f);
}

void add_gaussian(const ColourNoiseSettings& settings, const base::PhiloxKey& key, std::size_t pixels,
                  std::uint8_t* rgb) {
  const bool speckle = settings.model == ColourNoise::kSpeckle;
  for (std::size_t p = 0; p < pixels; ++p) {
    PhiloxStream stream = pixel_stream(key, p);
    for (std::size_t c = 0; c < kChannels; ++c) {
      std::uint8_t& value = rgb[kChannels * p + c];
      const float exact = static_cast<float>(value) / 255.0f;
      const float noise = stream.normal(settings.mean, settings.sigma) * settings.intensity_constant;
      value = as_byte(exact + (speckle ? exact * noise : noise));
    }
  }
}

/// Inversion, for small means.
double small_poisson(double mean, PhiloxStream& stream) {
  const double least = std::exp(-mean);
  double product = double{stream.uniform()};
  double count = 0.0;
  for (; product > least; ++count) product *= double{stream.uniform()};
  return count;
}

/// Transformed rejection (Hörmann, "The transformed rejection method for generating Poisson random
/// variables", 1993, algorithm PTRS), for means of at least 10.
double large_poisson(double mean, PhiloxStream& stream) {
  const double b = 0.931 + 2.53 * std::sqrt(mean);
  const double a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
  const double v_r = 0.9277 - 3.6224 / (b - 2.0);
  for (;;) {
    const double u = double{stream.uniform()} - 0.5;
    const double v = double{stream.uniform()};
    const double us = 0.5 - std::abs(u);
    const double k = std::floor((2.0 * a / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= v_r) return k;
    if (k < 0.0 || (us < 0.013 && v > us)) continue;
    const double left = std::log(v * inverse_alpha / (a / (us * us) + b));
    if (left <= -mean + k * std::log(mean) - std::lgamma(k + 1.0)) return k;
  }
}

double poisson(double mean, PhiloxStream& stream) {
  if (mean <= 0.0) return 0.0;
  return mean < 10.0 ? small_poisson(mean, stream) : large_poisson(mean, stream);
}

void add_poisson(const base::PhiloxKey& key, std::size_t pixels, std::uint8_t* rgb) {
  std::bitset<256> seen;
  seen.set(255);  // of the fourth channel
  for (std::size_t i = 0; i < kChannels * pixels; ++i) seen.set(rgb[i]);
  double levels = 1.0;
  while (levels < static_cast<double>(seen.count())) levels *= 2.0;
  for (std::size_t p = 0; p < pixels; ++p) {
    PhiloxStream stream = pixel_stream(key, p);
    for (std::size_t c = 0; c < kChannels; ++c) {
      std::uint8_t& value = rgb[kChannels * p + c];
      const double count = poisson(static_cast<double>(value) / 255.0 * levels, stream);
      value = static_cast<std::uint8_t>(std::min(count / levels, 1.0) * 255.0);
    }
  }
}

/// Habitat draws places with replacement and never in the last row and column; its salt has the value 1.
void add_salt_and_pepper(const ColourNoiseSettings& settings, const base::PhiloxKey& key,
                         const std::array<int, 2>& size, std::uint8_t* rgb) {
  const auto [width, height] = size;
  const double values = double{settings.amount} * kHabitatChannels * width * height;
  const auto salt = static_cast<std::uint32_t>(std::ceil(values * double{settings.s_vs_p}));
  const auto pepper = static_cast<std::uint32_t>(std::ceil(values * (1.0 - double{settings.s_vs_p})));
  const auto rows = static_cast<std::uint32_t>(std::max(height - 1, 1));
  const auto columns = static_cast<std::uint32_t>(std::max(width - 1, 1));
  for (std::uint32_t n = 0; n < salt + pepper; ++n) {
    PhiloxStream stream(key, n);
    const std::size_t row = stream.uniform_int(rows), column = stream.uniform_int(columns);
    const std::size_t channel = stream.uniform_int(std::uint32_t{kChannels});
    rgb[kChannels * (row * static_cast<std::size_t>(width) + column) + channel] = n < salt ? 1 : 0;
  }
}

/// What the sensor would take for `z` metres at a place of its own 640 x 480 image; 0: nothing.
float distorted(const DistortionTable& table, int x, int y, float z) {
  const int far = static_cast<int>((z + 1.0f) / 2.0f);
  const int near = far - 1;
  const float part = (z - (static_cast<float>(near) * 2.0f + 1.0f)) / 2.0f;
  constexpr int kLast = DistortionTable::kDepths - 1;
  const float factor = (1.0f - part) * table.at(y / 6, x / 8, std::clamp(near, 0, kLast)) +
                       part * table.at(y / 6, x / 8, std::min(far, kLast));
  return factor < 1.0e-5f ? 0.0f : z / factor;
}

/// A place `shift` pixels beside `i`, rounded, within [0, last].
int shaken(int i, float shift, int last) {
  return static_cast<int>(std::clamp(static_cast<float>(i) + shift, 0.0f, static_cast<float>(last)) + 0.5f);
}

/// Place `i` of [0, last] on an axis of the sensor's own image.
int on_sensor(int i, int last, int sensor_last) {
  if (last == 0) return 0;
  return static_cast<int>(static_cast<float>(i) / static_cast<float>(last) * static_cast<float>(sensor_last) +
                          0.5f);
}

}  // namespace

void add_colour_noise(const ColourNoiseSettings& settings, const NoiseKey& key, int width, int height,
                      std::uint8_t* rgb) {
  const base::PhiloxKey own = key_of(key, base::Purpose::kColourNoise);
  const std::size_t pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  switch (settings.model) {
    case ColourNoise::kNone:
      return;
    case ColourNoise::kGaussian:
    case ColourNoise::kSpeckle:
      return add_gaussian(settings, own, pixels, rgb);
    case ColourNoise::kPoisson:
      return add_poisson(own, pixels, rgb);
    case ColourNoise::kSaltAndPepper:
      return add_salt_and_pepper(settings, own, {width, height}, rgb);
  }
}

void add_depth_noise(const DistortionTable& table, float multiplier, const DepthFrame& frame, float* out) {
  constexpr float kShake = 0.25f;        // pixels, standard deviation
  constexpr float kBlind = 10.0f;        // metres; nothing is seen from there on
  constexpr float kDisparity = 35.130f;  // metres * disparity
  constexpr float kJitter = 0.027778f;   // disparities, standard deviation
  constexpr float kSteps = 8.0f;         // of a disparity
  const base::PhiloxKey own = key_of(frame.key, base::Purpose::kDepthNoise);
  const int last_row = frame.height - 1, last_column = frame.width - 1;
  for (int j = 0; j < frame.height; ++j) {
    for (int i = 0; i < frame.width; ++i) {
      const std::size_t pixel =
          static_cast<std::size_t>(j) * static_cast<std::size_t>(frame.width) + static_cast<std::size_t>(i);
      PhiloxStream stream = pixel_stream(own, pixel);
      const int y = shaken(j, stream.normal() * kShake * multiplier, last_row);
      const int x = shaken(i, stream.normal() * kShake * multiplier, last_column);
      const float jitter = stream.normal() * kJitter * multiplier;
      const float d = frame.depth[static_cast<std::ptrdiff_t>(y - y % 2) * frame.width + (x - x % 2)];
      out[pixel] = 0.0f;
      if (!(d < kBlind)) continue;
      const float seen = distorted(table, on_sensor(x, last_column, 639), on_sensor(y, last_row, 479), d);
      if (seen == 0.0f) continue;
      const float steps = std::nearbyint((kDisparity / seen + jitter) * kSteps);
      if (steps > 1.0e-5f) out[pixel] = kDisparity * kSteps / steps;
    }
  }
}

}  // namespace inknav::sim
