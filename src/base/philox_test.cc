// SPDX-License-Identifier: MIT
#include "base/philox.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace inknav::base {
namespace {

PhiloxKey key_of(std::uint64_t seed, std::uint32_t environment = 0, std::uint32_t episode = 0,
                 std::uint32_t step = 0, Purpose purpose = Purpose::kTest) {
  return {seed, environment, episode, step, purpose};
}

std::vector<std::uint32_t> first_words(const PhiloxKey& key, int count) {
  PhiloxStream stream(key);
  std::vector<std::uint32_t> words;
  for (int i = 0; i < count; ++i) words.push_back(stream.next_u32());
  return words;
}

// The vectors that the authors publish with Random123 (kat_vectors, philox4x32 10).
TEST(Philox, PublishedKnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (PhiloxBlock{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}));
  const std::uint32_t ones = 0xffffffffu;
  EXPECT_EQ(philox4x32({ones, ones, ones, ones}, {ones, ones}),
            (PhiloxBlock{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu}));
  EXPECT_EQ(philox4x32({0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}, {0xa4093822u, 0x299f31d0u}),
            (PhiloxBlock{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u}));
}

TEST(Philox, IsConstexpr) { static_assert(philox4x32({0, 0, 0, 0}, {0, 0})[0] == 0x6627e8d5u); }

// A slow twin: the round as it stands in the paper, with 128-bit arithmetic and no shortcuts.
TEST(Philox, EqualsThePaperWordByWord) {
  const auto twin = [](PhiloxBlock x, std::uint32_t k0, std::uint32_t k1) {
    for (int round = 0; round < 10; ++round) {
      const unsigned __int128 p0 = static_cast<unsigned __int128>(0xD2511F53u) * x[0];
      const unsigned __int128 p1 = static_cast<unsigned __int128>(0xCD9E8D57u) * x[2];
      const auto high = [](unsigned __int128 p) { return static_cast<std::uint32_t>(p >> 32); };
      const auto low = [](unsigned __int128 p) { return static_cast<std::uint32_t>(p & 0xffffffffu); };
      x = {high(p1) ^ x[1] ^ k0, low(p1), high(p0) ^ x[3] ^ k1, low(p0)};
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    return x;
  };
  PhiloxStream source(key_of(1));
  for (int i = 0; i < 1000; ++i) {
    const PhiloxBlock counter = {source.next_u32(), source.next_u32(), source.next_u32(), source.next_u32()};
    const std::uint32_t k0 = source.next_u32();
    const std::uint32_t k1 = source.next_u32();
    ASSERT_EQ(philox4x32(counter, {k0, k1}), twin(counter, k0, k1));
  }
}

// Law: every part of the key matters, and the same key gives the same numbers.
TEST(Philox, EveryPartOfTheKeyMatters) {
  const PhiloxKey base = key_of(7, 1, 2, 3);
  std::vector<PhiloxKey> keys = {base};
  keys.push_back(key_of(8, 1, 2, 3));
  keys.push_back(key_of(7 + (std::uint64_t{1} << 32), 1, 2, 3));
  keys.push_back(key_of(7, 2, 2, 3));
  keys.push_back(key_of(7, 1, 3, 3));
  keys.push_back(key_of(7, 1, 2, 4));
  keys.push_back(key_of(7, 1, 2, 3, Purpose::kPen));
  std::set<std::vector<std::uint32_t>> seen;
  for (const PhiloxKey& key : keys) {
    EXPECT_EQ(first_words(key, 16), first_words(key, 16));
    EXPECT_TRUE(seen.insert(first_words(key, 16)).second);
  }
}

// Law: streams of neighbouring keys share no block (a birthday bound would allow about 0.0001 shared words).
TEST(Philox, NeighbouringStreamsDoNotOverlap) {
  std::set<std::uint64_t> seen;
  int count = 0;
  for (std::uint32_t environment = 0; environment < 8; ++environment) {
    for (std::uint32_t step = 0; step < 8; ++step) {
      for (const Purpose purpose : {Purpose::kTest, Purpose::kHomePlan, Purpose::kAugmentation}) {
        PhiloxStream stream(key_of(3, environment, 0, step, purpose));
        for (int i = 0; i < 200; ++i, ++count) {
          const std::uint64_t high = stream.next_u32();
          seen.insert(high << 32 | stream.next_u32());
        }
      }
    }
  }
  EXPECT_EQ(static_cast<int>(seen.size()), count);
}

// Pearson's correlation of two streams stays within four standard errors.
TEST(Philox, NeighbouringStreamsAreUncorrelated) {
  constexpr int kCount = 100000;
  const std::vector<PhiloxKey> keys = {key_of(0),          key_of(1),
                                       key_of(0, 1),       key_of(0, 0, 1),
                                       key_of(0, 0, 0, 1), key_of(0, 0, 0, 0, Purpose::kPaper)};
  for (std::size_t a = 0; a < keys.size(); ++a) {
    for (std::size_t b = a + 1; b < keys.size(); ++b) {
      PhiloxStream first(keys[a]);
      PhiloxStream second(keys[b]);
      double sum = 0.0;
      for (int i = 0; i < kCount; ++i) sum += (first.uniform() - 0.5) * (second.uniform() - 0.5) * 12.0;
      EXPECT_LT(std::abs(sum / kCount), 4.0 / std::sqrt(kCount)) << a << " " << b;
    }
  }
}

TEST(Philox, UniformIsUniform) {
  constexpr int kBins = 64;
  constexpr int kCount = 1 << 18;
  PhiloxStream stream(key_of(11));
  std::vector<int> bins(kBins);
  double sum = 0.0;
  for (int i = 0; i < kCount; ++i) {
    const float u = stream.uniform();
    ASSERT_GE(u, 0.0f);
    ASSERT_LT(u, 1.0f);
    ++bins[static_cast<std::size_t>(u * kBins)];
    sum += u;
  }
  double chi2 = 0.0;
  const double expected = static_cast<double>(kCount) / kBins;
  for (const int bin : bins) chi2 += (bin - expected) * (bin - expected) / expected;
  // 63 degrees of freedom: mean 63, standard deviation sqrt(126); four of them either side.
  EXPECT_GT(chi2, 63.0 - 45.0);
  EXPECT_LT(chi2, 63.0 + 45.0);
  EXPECT_NEAR(sum / kCount, 0.5, 4.0 * 0.2887 / std::sqrt(kCount));
}

TEST(Philox, UniformRangeKeepsItsEnds) {
  PhiloxStream stream(key_of(12));
  for (int i = 0; i < 100000; ++i) {
    const float u = stream.uniform(-3.0f, 5.0f);
    ASSERT_GE(u, -3.0f);
    ASSERT_LT(u, 5.0f);
  }
}

TEST(Philox, UniformIntegersAreUnbiasedAndCoverTheirRange) {
  PhiloxStream stream(key_of(13));
  for (const std::uint32_t n : {1u, 2u, 3u, 7u, 10u, 100u}) {
    constexpr int kCount = 200000;
    std::vector<int> bins(n);
    for (int i = 0; i < kCount; ++i) ++bins.at(stream.uniform_int(n));
    const double expected = static_cast<double>(kCount) / n;
    for (const int bin : bins) EXPECT_NEAR(bin, expected, 5.0 * std::sqrt(expected)) << n;
  }
  // Close to 2^32 the rejection of Lemire's method is at work.
  for (int i = 0; i < 1000; ++i) EXPECT_LT(stream.uniform_int(0xfffffffeu), 0xfffffffeu);
  std::set<int> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(stream.uniform_int(-2, 2));
  EXPECT_EQ(seen, (std::set<int>{-2, -1, 0, 1, 2}));
}

TEST(Philox, AFullIntegerRangeIsABug) {
  PhiloxStream stream(key_of(13));
  EXPECT_DEATH(stream.uniform_int(0u), "check failed");
}

TEST(Philox, NormalHasTheMomentsOfANormal) {
  constexpr int kCount = 400000;
  PhiloxStream stream(key_of(14));
  double m1 = 0.0, m2 = 0.0, m3 = 0.0, m4 = 0.0;
  for (int i = 0; i < kCount; ++i) {
    const double x = stream.normal();
    ASSERT_TRUE(std::isfinite(x));
    m1 += x;
    m2 += x * x;
    m3 += x * x * x;
    m4 += x * x * x * x;
  }
  const double error = 1.0 / std::sqrt(kCount);
  EXPECT_NEAR(m1 / kCount, 0.0, 4.0 * error);
  EXPECT_NEAR(m2 / kCount, 1.0, 4.0 * std::sqrt(2.0) * error);
  EXPECT_NEAR(m3 / kCount, 0.0, 4.0 * std::sqrt(15.0) * error);
  EXPECT_NEAR(m4 / kCount, 3.0, 4.0 * std::sqrt(96.0) * error);
}

TEST(Philox, BernoulliKeepsItsProbability) {
  constexpr int kCount = 100000;
  PhiloxStream stream(key_of(15));
  int hits = 0;
  for (int i = 0; i < kCount; ++i) hits += stream.bernoulli(0.3f);
  EXPECT_NEAR(hits, 0.3 * kCount, 4.0 * std::sqrt(0.21 * kCount));
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(stream.bernoulli(0.0f));
    EXPECT_TRUE(stream.bernoulli(1.0f));
  }
}

}  // namespace
}  // namespace inknav::base
