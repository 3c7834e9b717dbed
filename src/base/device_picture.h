// SPDX-License-Identifier: MIT
#pragma once
// DevicePicture: where a camera is to leave its pictures of N environments: in whatever memory the learner
// reads them from, so that none takes the way over the host.
//
// Plain data. Whoever asks for pictures owns the memory and takes it back (data = null) before it goes.
// Values of a picture lie as [row, column] with `pixel_stride` values from one pixel to the next and no gap
// between rows, so that several pictures can share one tensor [N, H, W, C]. A camera writes in the order of
// one stream: work that was put there before it may still read the last picture, work put there after it
// reads the new one, and the host waits for neither. Which stream, it asks anew each time that it writes.

#include <cstdint>

namespace inknav::base {

/// kU8: colours, 0 to 255. Colours as kF32 or kBf16 are a 255th of that. kBf16 is rounded to nearest even.
enum class PictureValue : std::uint8_t { kU8, kF32, kBf16 };

struct DevicePicture {
  void* data = nullptr;  // first value of environment 0; null: none is wanted
  PictureValue value = PictureValue::kF32;
  std::int32_t gpu = -1;          // whose memory; -1: the host's
  std::int64_t image_stride = 0;  // values from one environment's picture to the next one's
  std::int64_t pixel_stride = 1;
  /// The stream (cudaStream_t) of that GPU which the calling thread is at work on; null: the default one.
  void* (*current_stream)(std::int32_t gpu) = nullptr;
};

}  // namespace inknav::base
