// SPDX-License-Identifier: MIT
#pragma once
// TensorView: a plain, non-owning description of an n-dimensional array, so that task and render can hand
// memory to learn without knowing libtorch. Strides are in elements. The owner keeps the memory alive.

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/check.h"

namespace inknav::base {

enum class DType : std::uint8_t { kU8, kI32, kI64, kF32 };
enum class DeviceKind : std::uint8_t { kCpu, kCuda };

constexpr std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::kU8:
      return 1;
    case DType::kI32:
      return 4;
    case DType::kI64:
      return 8;
    case DType::kF32:
      return 4;
  }
  return 0;
}

template <typename T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<std::uint8_t>() {
  return DType::kU8;
}
template <>
constexpr DType dtype_of<std::int32_t>() {
  return DType::kI32;
}
template <>
constexpr DType dtype_of<std::int64_t>() {
  return DType::kI64;
}
template <>
constexpr DType dtype_of<float>() {
  return DType::kF32;
}

struct TensorView {
  static constexpr int kMaxRank = 6;

  void* data = nullptr;
  DType dtype = DType::kF32;
  DeviceKind device = DeviceKind::kCpu;
  int device_index = 0;
  int rank = 0;
  std::array<std::int64_t, kMaxRank> shape{};
  std::array<std::int64_t, kMaxRank> strides{};

  std::int64_t num_elements() const {
    std::int64_t count = 1;
    for (int i = 0; i < rank; ++i) count *= shape[static_cast<std::size_t>(i)];
    return count;
  }
  std::size_t num_bytes() const { return static_cast<std::size_t>(num_elements()) * size_of(dtype); }

  template <typename T>
  T* as() const {
    INKNAV_CHECK(dtype == dtype_of<T>());
    return static_cast<T*>(data);
  }
};

/// Row-major view of `data` with the given shape.
template <typename T, typename... Extents>
TensorView make_view(T* data, Extents... extents) {
  static_assert(sizeof...(Extents) <= TensorView::kMaxRank);
  TensorView view;
  view.data = data;
  view.dtype = dtype_of<T>();
  view.rank = static_cast<int>(sizeof...(Extents));
  view.shape = {static_cast<std::int64_t>(extents)...};
  std::int64_t stride = 1;
  for (int i = view.rank - 1; i >= 0; --i) {
    view.strides[static_cast<std::size_t>(i)] = stride;
    stride *= view.shape[static_cast<std::size_t>(i)];
  }
  return view;
}

}  // namespace inknav::base
