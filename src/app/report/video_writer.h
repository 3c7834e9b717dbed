// SPDX-License-Identifier: MIT
#pragma once
// VideoWriter: RGB frames -> an H.264 .mp4 that browsers play, or a .gif (256 colours) that TensorBoard
// shows, by the path's ending, through ffmpeg's libraries.
//
// Frames must have equal sizes; odd sizes lose their last row or column (H.264 4:2:0 wants even ones).
// The file is written under a temporary name and renamed by finish(); a writer that is destroyed before
// leaves nothing behind. Errors: kDisk (file), kData (no encoder).

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "scene/image.h"

namespace inknav::app {

class VideoWriter {
 public:
  static base::Result<std::unique_ptr<VideoWriter>> open(const std::filesystem::path& path, int width,
                                                         int height, int frames_per_second);
  ~VideoWriter();
  VideoWriter(const VideoWriter&) = delete;
  VideoWriter& operator=(const VideoWriter&) = delete;

  base::Status add(const scene::Image& frame);  // 3 channels
  base::Status finish();

 private:
  struct Impl;
  explicit VideoWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace inknav::app
