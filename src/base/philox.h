// SPDX-License-Identifier: MIT
#pragma once
// Counter-based randomness: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
// SC'11).
//
// Every random decision is philox(seed, environment, episode, step, purpose): no hidden state, so results
// do not depend on the number of threads or on timing, and resume needs no generator state.
// PhiloxStream hands out a sequence for one such key; two streams with different keys are independent.
// Host code; no allocation, about 10 ns a block of four numbers.

#include <array>
#include <cmath>
#include <cstdint>

#include "base/check.h"

namespace inknav::base {

/// What a random number is for. Values are part of every stored result: never renumber, only append.
enum class Purpose : std::uint32_t {
  kTest = 0,
  kHomePlan = 1,
  kHomeFurniture = 2,
  kHomeTexture = 3,
  kNavRandomPoint = 4,
  kEpisodeGeneration = 5,
  kEpisodeOrder = 6,
  kDrawerHabits = 7,
  kDrawing = 8,
  kPen = 9,
  kPaper = 10,
  kActionSampling = 11,
  kActionNoise = 12,
  kMinibatchOrder = 13,
  kNetworkInit = 14,
  kImitationMix = 15,
  kBeliefNoise = 16,
  kControl = 17,
  kBenchmark = 18,
  kAugmentation = 19,
  kDiffusionSampling = 20,
  kDemonstrationStart = 22,
  kDemonstrationNoise = 23,
  kRegistration = 24,
  kStudentMix = 25,
  kColourNoise = 30,
  kDepthNoise = 31,
};

struct PhiloxKey {
  std::uint64_t seed = 0;
  std::uint32_t environment = 0;
  std::uint32_t episode = 0;
  std::uint32_t step = 0;
  Purpose purpose = Purpose::kTest;
};

using PhiloxBlock = std::array<std::uint32_t, 4>;

/// One application of Philox4x32-10.
constexpr PhiloxBlock philox4x32(PhiloxBlock counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = 0xD2511F53ull * counter[0];
    const std::uint64_t product1 = 0xCD9E8D57ull * counter[2];
    counter = {static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key[0],
               static_cast<std::uint32_t>(product1),
               static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(product0)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

class PhiloxStream {
 public:
  explicit PhiloxStream(const PhiloxKey& key) {
    // Seed and purpose key the cipher; environment, episode and step are the counter. The block index takes
    // the last counter word together with the purpose's high bits, so 2^32 blocks are there per key.
    key_ = {static_cast<std::uint32_t>(key.seed) ^ (static_cast<std::uint32_t>(key.purpose) * 0x85EBCA6Bu),
            static_cast<std::uint32_t>(key.seed >> 32) + static_cast<std::uint32_t>(key.purpose)};
    counter_ = {0u, key.environment, key.episode, key.step};
  }
  /// The same key's sequence from its block `first_block` on (four numbers a block).
  PhiloxStream(const PhiloxKey& key, std::uint32_t first_block) : PhiloxStream(key) {
    counter_[0] = first_block;
  }

  std::uint32_t next_u32() {
    if (used_ == 4) {
      block_ = philox4x32(counter_, key_);
      ++counter_[0];
      used_ = 0;
    }
    return block_[used_++];
  }

  /// Uniform in [0, 1), 24 bits.
  float uniform() { return static_cast<float>(next_u32() >> 8) * 0x1.0p-24f; }
  float uniform(float low, float high) { return low + (high - low) * uniform(); }

  /// Uniform integer in [0, n), unbiased (Lemire's method). n >= 1.
  std::uint32_t uniform_int(std::uint32_t n) {
    INKNAV_CHECK(n >= 1, n);
    std::uint64_t product = std::uint64_t{next_u32()} * n;
    if (static_cast<std::uint32_t>(product) < n) {
      const std::uint32_t threshold = (0u - n) % n;
      while (static_cast<std::uint32_t>(product) < threshold) product = std::uint64_t{next_u32()} * n;
    }
    return static_cast<std::uint32_t>(product >> 32);
  }
  /// Uniform integer in [low, high], both ends included.
  int uniform_int(int low, int high) {
    return low + static_cast<int>(uniform_int(static_cast<std::uint32_t>(high - low + 1)));
  }

  /// Standard normal (Box-Muller; one of the pair is used so that the stream position is easy to reason
  /// about).
  float normal() {
    const float u = (static_cast<float>(next_u32() >> 8) + 0.5f) * 0x1.0p-24f;
    const float v = uniform();
    return std::sqrt(-2.0f * std::log(u)) * std::cos(6.28318530717958648f * v);
  }
  float normal(float mean, float stddev) { return mean + stddev * normal(); }
  bool bernoulli(float probability) { return uniform() < probability; }

 private:
  std::array<std::uint32_t, 2> key_{};
  PhiloxBlock counter_{};
  PhiloxBlock block_{};
  unsigned used_ = 4;
};

}  // namespace inknav::base
