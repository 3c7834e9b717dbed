// SPDX-License-Identifier: MIT
#pragma once
// OpenCV runs on the calling thread: work is spread over drawings and episodes, never within a picture, so
// its own threads would only fight with ours. Every entry point of this module that uses OpenCV calls this
// first.

#include <opencv2/core.hpp>

namespace inknav::sketch {

inline void keep_opencv_on_this_thread() {
  static const bool kDone = [] {
    cv::setNumThreads(1);
    return true;
  }();
  static_cast<void>(kDone);
}

}  // namespace inknav::sketch
