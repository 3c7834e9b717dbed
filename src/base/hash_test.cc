// SPDX-License-Identifier: MIT
#include "base/hash.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <string>
#include <vector>

namespace inknav::base {
namespace {

// The examples of FIPS 180-4.
TEST(Sha256, PublishedExamples) {
  EXPECT_EQ(sha256_hex("abc", 3), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("", 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const std::string million(1000000, 'a');
  EXPECT_EQ(sha256_hex(million.data(), million.size()),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// XXH3-128 of nothing with seed 0, as xxHash's own sanity tests state it.
TEST(Xxh3, EmptyInput) { EXPECT_EQ(xxh3_128("", 0).hex(), "99aa06d3014798d86001c324468d497f"); }

// Law: update(a), update(b) == one hash of the concatenation, wherever it is cut.
TEST(Hasher, CutsDoNotMatter) {
  std::vector<std::uint8_t> bytes(3000);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  const Hash128 whole = xxh3_128(bytes.data(), bytes.size());
  for (std::size_t cut = 0; cut <= bytes.size(); cut += 37) {
    Hasher hasher;
    hasher.update(bytes.data(), cut);
    hasher.update(bytes.data() + cut, bytes.size() - cut);
    ASSERT_EQ(hasher.digest(), whole) << cut;
  }
}

TEST(Hasher, DigestMayBeTakenOnTheWay) {
  Hasher hasher;
  hasher.update("ab", 2);
  EXPECT_EQ(hasher.digest(), xxh3_128("ab", 2));
  hasher.update("c", 1);
  EXPECT_EQ(hasher.digest(), xxh3_128("abc", 3));
}

TEST(Hasher, ValuesAreTheirBytes) {
  Hasher hasher;
  hasher.update_value(std::uint32_t{0x64636261});
  EXPECT_EQ(hasher.digest(), xxh3_128("abcd", 4));
}

// Law: any flipped bit changes the hash.
TEST(Xxh3, EveryBitMatters) {
  std::vector<std::uint8_t> bytes(200, 0x5a);
  std::set<std::string> seen = {xxh3_128(std::span<const std::uint8_t>(bytes)).hex()};
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    EXPECT_TRUE(seen.insert(xxh3_128(std::span<const std::uint8_t>(bytes)).hex()).second) << bit;
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
  }
}

TEST(Hash128, HexIsHighThenLow) {
  EXPECT_EQ((Hash128{0x1, 0xabc}.hex()), "0000000000000abc0000000000000001");
}

}  // namespace
}  // namespace inknav::base
