// SPDX-License-Identifier: MIT
#include "app/report/film.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <system_error>
#include <vector>

#include "app/report/map_painter.h"
#include "app/report/video_writer.h"
#include "base/file.h"
#include "sim/camera_rotation.h"

namespace inknav::app {
namespace {

constexpr std::size_t kMaxVideoBytes = std::size_t{64} << 20;

base::Status put_into_card(const VideoFiles& files, EpisodeCard& card) {
  if (!files.mp4.empty()) {
    INKNAV_ASSIGN_OR_RETURN(card.video_mp4, base::read_file(files.mp4, kMaxVideoBytes));
  }
  if (files.gif.empty()) return base::ok_status();
  INKNAV_ASSIGN_OR_RETURN(card.video_gif, base::read_file(files.gif, kMaxVideoBytes));
  std::error_code ignored;
  std::filesystem::remove(files.gif, ignored);
  return base::ok_status();
}

}  // namespace

std::pair<int, int> video_size(const MediaSettings& settings, int tiles) {
  return {tiles * settings.video_px + (tiles - 1) * kTileGap, settings.video_px};
}

base::Status film(const VideoFiles& files, std::size_t frames, std::pair<int, int> size,
                  int frames_per_second, const FrameFunction& frame, EpisodeCard& card) {
  const auto [width, height] = size;
  const std::size_t stride = (frames + kMaxGifFrames - 1) / kMaxGifFrames;
  std::unique_ptr<VideoWriter> mp4, gif;
  if (!files.mp4.empty()) {
    INKNAV_ASSIGN_OR_RETURN(mp4, VideoWriter::open(files.mp4, width, height, frames_per_second));
  }
  if (!files.gif.empty()) {
    INKNAV_ASSIGN_OR_RETURN(gif, VideoWriter::open(files.gif, width, height, frames_per_second));
  }
  if (!mp4 && !gif) return base::ok_status();
  for (std::size_t i = 0; i < frames; ++i) {
    const bool in_gif = gif && (i % stride == 0 || i + 1 == frames);
    if (!mp4 && !in_gif) continue;
    INKNAV_ASSIGN_OR_RETURN(const scene::Image image, frame(i));
    if (mp4) INKNAV_RETURN_IF_ERROR(mp4->add(image));
    if (in_gif) INKNAV_RETURN_IF_ERROR(gif->add(image));
  }
  if (mp4) INKNAV_RETURN_IF_ERROR(mp4->finish());
  if (gif) INKNAV_RETURN_IF_ERROR(gif->finish());
  return put_into_card(files, card);
}

base::Result<std::unique_ptr<WalkCamera>> WalkCamera::create(const scene::ScenePtr& scene,
                                                             const MediaSettings& settings, int side,
                                                             base::ThreadPool& pool) {
  std::unique_ptr<WalkCamera> camera(new WalkCamera(settings, side));
  INKNAV_ASSIGN_OR_RETURN(camera->renderer_, render::make_renderer(render::Backend::kBundle,
                                                                   {side, side, settings.hfov_deg}, pool));
  INKNAV_ASSIGN_OR_RETURN(camera->slot_, camera->renderer_->add_scene(scene));
  return camera;
}

base::Result<WalkCamera::Sight> WalkCamera::see(const base::Pose& pose_world_agent, float tilt) {
  const std::size_t pixels = static_cast<std::size_t>(side_) * static_cast<std::size_t>(side_);
  render::View view{slot_, pose_world_agent};
  view.pose_world_camera.position += pose_world_agent.rotation * settings_.camera_position;
  view.pose_world_camera.rotation =
      pose_world_agent.rotation * settings_.camera_rotation * sim::rotation_about_x(tilt);
  Sight sight{{side_, side_, 3, std::vector<std::uint8_t>(3 * pixels)}, {}};
  std::vector<float> metres(settings_.depth ? pixels : 0);
  INKNAV_RETURN_IF_ERROR(renderer_->render(
      std::span(&view, 1), {settings_.depth ? metres.data() : nullptr, sight.rgb.pixels.data()}));
  if (!settings_.depth) return sight;
  sight.depth = {side_, side_, 3, std::vector<std::uint8_t>(3 * pixels)};
  const float span = settings_.max_depth - settings_.min_depth;
  for (std::size_t i = 0; i < pixels; ++i) {
    const float share = std::clamp((metres[i] - settings_.min_depth) / span, 0.0f, 1.0f);
    std::fill_n(sight.depth.pixels.begin() + static_cast<std::ptrdiff_t>(3 * i), 3,
                static_cast<std::uint8_t>(std::lround(255.0f * share)));
  }
  return sight;
}

}  // namespace inknav::app
