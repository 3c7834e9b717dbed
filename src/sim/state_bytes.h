// SPDX-License-Identifier: MIT
#pragma once
// StateWriter and StateReader: plain values one after the other, for save_state and restore_state.
// Host byte order (a checkpoint is resumed on the machine kind that wrote it). A reader that runs out of
// bytes or finds another tag keeps failing, gives zeros, and tells so in status().

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "base/result.h"

namespace inknav::sim {

class StateWriter {
 public:
  template <typename T>
  void value(const T& v) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes(&v, sizeof(T));
  }
  template <typename T>
  void array(std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    value(static_cast<std::uint64_t>(values.size()));
    bytes(values.data(), values.size_bytes());
  }
  void bytes(const void* data, std::size_t size) {
    const auto* begin = static_cast<const std::uint8_t*>(data);
    bytes_.insert(bytes_.end(), begin, begin + size);
  }
  std::vector<std::uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<std::uint8_t> bytes_;
};

class StateReader {
 public:
  StateReader(std::span<const std::uint8_t> bytes, std::string name)
      : bytes_(bytes), name_(std::move(name)) {}

  template <typename T>
  T value() {
    static_assert(std::is_trivially_copyable_v<T>);
    T v{};
    bytes(&v, sizeof(T));
    return v;
  }
  /// Exactly `out.size()` values are wanted.
  template <typename T>
  void array(std::span<T> out) {
    const auto count = value<std::uint64_t>();
    if (count != out.size())
      return fail("a list of " + std::to_string(out.size()) + " is wanted, found " + std::to_string(count));
    bytes(out.data(), out.size_bytes());
  }
  /// A list with its length before it, at most `most` long; `what` is said of one that is not.
  template <typename T>
  std::vector<T> list(std::size_t most, const char* what) {
    const auto count = value<std::uint64_t>();
    if (count > most || count > left() / sizeof(T)) fail(what);
    std::vector<T> read;
    if (!ok()) return read;
    read.resize(count);
    bytes(read.data(), count * sizeof(T));
    return read;
  }
  /// The next value must equal `wanted`; `what` names it in the message.
  template <typename T>
  void expect(const T& wanted, const char* what) {
    if (!(value<T>() == wanted)) fail(std::string(what) + " differs from the one that was saved");
  }
  std::span<const std::uint8_t> view(std::size_t size) {
    if (size > bytes_.size() - at_) {
      fail("the saved state ends too early");
      return {};
    }
    const auto part = bytes_.subspan(at_, size);
    at_ += size;
    return part;
  }
  void bytes(void* out, std::size_t size) {
    const auto part = view(size);
    if (part.size() == size && size > 0) std::memcpy(out, part.data(), size);
  }
  void fail(const std::string& what) {
    if (error_.empty())
      error_ = name_ + ": " + what + "; resume with the configuration and data of the checkpoint";
    at_ = bytes_.size();
  }
  bool ok() const { return error_.empty(); }
  std::size_t left() const { return bytes_.size() - at_; }
  base::Status status() const {
    if (ok()) return base::ok_status();
    return base::Error{base::ErrorCode::kData, error_};
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  std::string name_;
  std::string error_;
};

}  // namespace inknav::sim
