// SPDX-License-Identifier: MIT
#pragma once
// Film: what the videos of an evaluation have in common: where they go, how large they are, a camera that
// walks with the agent, and the loop that writes frames into an .mp4 and a .gif.
//
// Frames are made in ascending order and only where one of the files wants them; so a frame may be drawn on
// top of what the one before it left. Errors are those of the renderer and of report/video_writer.h.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <utility>

#include "app/report/html_report.h"
#include "base/geometry.h"
#include "base/result.h"
#include "base/thread_pool.h"
#include "render/renderer.h"
#include "scene/image.h"
#include "scene/scene.h"

namespace inknav::app {

struct MediaSettings {
  int picture_px = 320;      // side of each picture
  int video_px = 320;        // side of a video's tiles
  bool top_down_map = true;  // a tile of the videos, beside drawing and camera
  int frames_per_second = 10;
  base::Vec3 camera_position{0.0f, 1.25f, 0.0f};       // in the agent's body, metres
  base::Quat camera_rotation{1.0f, 0.0f, 0.0f, 0.0f};  // in the agent's body
  float hfov_deg = 90.0f;
  bool depth = false;       // a tile of the videos of Habitat's tasks
  float min_depth = 0.0f;   // metres, black in it
  float max_depth = 10.0f;  // white
};

/// Where videos go; "" makes none. The bytes of both are also put into the card.
struct VideoFiles {
  std::filesystem::path mp4;  // every step
  std::filesystem::path gif;  // at most kMaxGifFrames, evenly chosen; removed once it was read
};
inline constexpr std::size_t kMaxGifFrames = 60;
inline constexpr int kTileGap = 8;  // pixels between the tiles of a video

/// Size of `tiles` squares side by side in pixels: (width, height).
std::pair<int, int> video_size(const MediaSettings& settings, int tiles);

/// RGB of frame 0, 1, ...
using FrameFunction = std::function<base::Result<scene::Image>(std::size_t frame)>;
/// Writes `frames` of them; where the card's videos are wanted they are put into `card`.
base::Status film(const VideoFiles& files, std::size_t frames, std::pair<int, int> size,
                  int frames_per_second, const FrameFunction& frame, EpisodeCard& card);

/// Square pictures of one scene.
class WalkCamera {
 public:
  static base::Result<std::unique_ptr<WalkCamera>> create(const scene::ScenePtr& scene,
                                                          const MediaSettings& settings, int side,
                                                          base::ThreadPool& pool);
  struct Sight {
    scene::Image rgb;
    scene::Image depth;  // grey as RGB; empty unless MediaSettings::depth
  };
  /// `tilt`: radians up about the camera's own X.
  base::Result<Sight> see(const base::Pose& pose_world_agent, float tilt = 0.0f);

 private:
  WalkCamera(const MediaSettings& settings, int side) : settings_(settings), side_(side) {}
  MediaSettings settings_;
  int side_;
  std::unique_ptr<render::Renderer> renderer_;
  int slot_ = 0;
};

}  // namespace inknav::app
