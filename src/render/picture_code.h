// SPDX-License-Identifier: MIT
#pragma once
// What a DevicePicture's values are: depth clipped and scaled as the sensor is configured, colours as bytes
// or as parts of 1. One set of functions for the CPU and inside the CUDA kernel, equal bit for bit.
//
// Law: coded_depth() of a metre value is what sim's depth sensor shows without noise. No memory is taken;
// nothing fails; a value type that a picture cannot have is refused where it is bound.

#include <cfloat>
#include <cstdint>

#include "base/device_picture.h"
#include "base/host_device.h"
#include "render/surface.h"

namespace inknav::render {

/// Metres d -> (clip(d, min, max) - offset) / range. As it stands it changes nothing.
struct DepthCoding {
  float min_m = 0.0f;
  float max_m = FLT_MAX;
  float offset_m = 0.0f;
  float range_m = 1.0f;
};

/// Clipped to [min, max]; in [0, 1] when `normalized`.
inline DepthCoding depth_coding(float min_m, float max_m, bool normalized) {
  return {min_m, max_m, normalized ? min_m : 0.0f, normalized ? max_m - min_m : 1.0f};
}

INKNAV_HOST_DEVICE inline float coded_depth(const DepthCoding& coding, float metres) {
  const float low = metres < coding.min_m ? coding.min_m : metres;
  const float clipped = coding.max_m < low ? coding.max_m : low;
  return (clipped - coding.offset_m) / coding.range_m;
}

INKNAV_HOST_DEVICE inline float coded_colour(std::uint8_t value) {
  return static_cast<float>(value) * (1.0f / 255.0f);
}

/// The upper half of an f32, rounded to nearest even. Pictures hold no NaN.
INKNAV_HOST_DEVICE inline std::uint16_t bf16_of(float value) {
  const std::uint32_t bits = base::bits_of_float(value);
  return static_cast<std::uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

/// `index` counts values from the picture's first; of kF32 and kBf16.
INKNAV_HOST_DEVICE inline void write_value(const base::DevicePicture& picture, std::int64_t index,
                                           float value) {
  if (picture.value == base::PictureValue::kF32) {
    static_cast<float*>(picture.data)[index] = value;
  } else {
    static_cast<std::uint16_t*>(picture.data)[index] = bf16_of(value);
  }
}

/// Pixel `pixel` (row by row) of environment `row`.
INKNAV_HOST_DEVICE inline std::int64_t value_index(const base::DevicePicture& picture, std::int64_t row,
                                                   std::int64_t pixel) {
  return row * picture.image_stride + pixel * picture.pixel_stride;
}

/// `index`: value_index() of the pixel.
INKNAV_HOST_DEVICE inline void write_colour(const base::DevicePicture& picture, std::int64_t index,
                                            const Rgb& colour) {
  if (picture.value == base::PictureValue::kU8) {
    std::uint8_t* out = static_cast<std::uint8_t*>(picture.data) + index;
    out[0] = colour.r;
    out[1] = colour.g;
    out[2] = colour.b;
    return;
  }
  write_value(picture, index, coded_colour(colour.r));
  write_value(picture, index + 1, coded_colour(colour.g));
  write_value(picture, index + 2, coded_colour(colour.b));
}

}  // namespace inknav::render
