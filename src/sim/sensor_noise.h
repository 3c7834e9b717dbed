// SPDX-License-Identifier: MIT
#pragma once
// Sensor noise: Habitat's models for colour and depth cameras (spec/habitat.md 2), applied to one image in
// place.
//
// Every pixel draws from philox by (seed, agent, episode, step) and its index, so results do not depend on
// threads, batches or what was rendered before. Depth noise takes metres before clipping, 0 where nothing was
// hit, and gives the same. Threads: const. No allocation after construction.

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/philox.h"
#include "base/result.h"

namespace inknav::sim {

enum class ColourNoise : std::uint8_t { kNone, kGaussian, kSpeckle, kPoisson, kSaltAndPepper };
enum class DepthNoise : std::uint8_t { kNone, kRedwood };

struct ColourNoiseSettings {
  ColourNoise model = ColourNoise::kNone;
  float intensity_constant = 0.2f;  // kGaussian, kSpeckle: of the noise
  float mean = 0.0f;
  float sigma = 1.0f;    // standard deviation
  float s_vs_p = 0.5f;   // kSaltAndPepper: part of the changed values that are salt
  float amount = 0.05f;  // kSaltAndPepper: part of all values that are changed
};

struct DepthNoiseSettings {
  DepthNoise model = DepthNoise::kNone;
  float multiplier = 1.0f;
  std::filesystem::path distortion_file;  // kRedwood: its 80 x 80 x 5 table, see load_distortion()
};

/// Which image: key of all its noise.
struct NoiseKey {
  std::uint64_t seed = 0;
  std::uint32_t agent = 0;  // global
  std::uint32_t episode = 0;
  std::uint32_t step = 0;
};

/// [height, width, 3] u8 in place.
void add_colour_noise(const ColourNoiseSettings& settings, const NoiseKey& key, int width, int height,
                      std::uint8_t* rgb);

/// The Redwood model's distortion table, [80 rows, 80 columns, 5 depths] of factors.
class DistortionTable {
 public:
  static constexpr int kSide = 80;
  static constexpr int kDepths = 5;
  static constexpr std::size_t kSize = std::size_t{kSide} * kSide * kDepths;

  explicit DistortionTable(std::vector<float> factors);
  float at(int row, int column, int depth) const {
    return factors_[static_cast<std::size_t>((row * kSide + column) * kDepths + depth)];
  }

 private:
  std::vector<float> factors_;
};
using DistortionTablePtr = std::shared_ptr<const DistortionTable>;

/// A NumPy array (.npy, float32 or float64, [80, 80, 5] or [32000]) as habitat-sim has it, or the Redwood
/// project's dist-model.txt. Error kData naming the file and what is wrong.
base::Result<DistortionTablePtr> load_distortion(const std::filesystem::path& path);

/// A depth image and the key of its noise.
struct DepthFrame {
  NoiseKey key;
  int width = 0;
  int height = 0;
  const float* depth = nullptr;  // [height, width] metres, 0 where nothing was hit
};

/// Redwood's model: pixels shaken by a quarter of a pixel and read at half the resolution, distorted by the
/// table, blind from 10 m on, and rounded to eighths of a disparity. `out` [height, width] is other memory
/// than the frame's.
void add_depth_noise(const DistortionTable& table, float multiplier, const DepthFrame& frame, float* out);

}  // namespace inknav::sim
