// SPDX-License-Identifier: MIT
#pragma once
// Hashes: XXH3-128 for content (caches, determinism checks), SHA-256 where a hash is published.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace inknav::base {

struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const Hash128&) const = default;
  /// 32 lower-case hexadecimal digits.
  std::string hex() const;
};

Hash128 xxh3_128(const void* data, std::size_t num_bytes);

template <typename T>
Hash128 xxh3_128(std::span<const T> values) {
  return xxh3_128(values.data(), values.size_bytes());
}

/// Incremental form of the same hash: update(a) then update(b) equals one update of the concatenation.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  void update(const void* data, std::size_t num_bytes);
  template <typename T>
  void update_value(const T& value) {
    update(&value, sizeof(T));
  }
  Hash128 digest() const;

 private:
  void* state_;
};

/// 64 lower-case hexadecimal digits.
std::string sha256_hex(const void* data, std::size_t num_bytes);

}  // namespace inknav::base
