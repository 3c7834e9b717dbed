// SPDX-License-Identifier: MIT
#include "app/report/episode_media.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <span>

#include "app/report/map_painter.h"
#include "app/report/video_writer.h"
#include "base/check.h"
#include "base/file.h"
#include "render/renderer.h"

namespace inknav::app {
namespace {

using base::Vec2;

constexpr std::size_t kMaxVideoBytes = std::size_t{64} << 20;
constexpr int kGap = 8;  // pixels between the tiles of a video

Vec2 flat(const base::Vec3& p) { return {p.x, p.z}; }

/// Where the way leads and where the agent was.
std::vector<base::Vec3> places_of(const WalkedEpisode& episode) {
  std::vector<base::Vec3> places = episode.route;
  for (const WalkedStep& step : episode.steps) places.push_back(step.pose_world_agent.position);
  return places;
}

class EpisodePictures {
 public:
  /// Pictures of `side` pixels.
  EpisodePictures(const WalkedEpisode& episode, int side)
      : episode_(episode),
        side_(side),
        painter_(*episode.scene, *episode.nav_mesh, episode.steps.front().pose_world_agent.position.y, side,
                 places_of(episode)),
        drawing_(resized(episode.drawing, side, side)) {
    for (const base::Vec3& p : episode.route) route_.push_back(flat(p));
    for (const WalkedStep& step : episode.steps) walked_.push_back(flat(step.pose_world_agent.position));
  }

  /// The map as it stands after `count` steps.
  scene::Image map(std::size_t count) const {
    scene::Image image = painter_.background();
    painter_.line(image, route_, kRouteColor, 2.0f);
    painter_.disc(image, flat(episode_.goal), kGoalColor, 5.0f);
    painter_.disc(image, walked_.front(), kStartColor, 5.0f);
    std::vector<Vec2> believed;
    for (std::size_t i = 0; i < count; ++i) {
      if (episode_.steps[i].has_believed_world) believed.push_back(episode_.steps[i].believed_world);
    }
    painter_.line(image, believed, kBelievedColor, 1.0f);
    painter_.line(image, std::span(walked_).first(count), kWalkedColor, 2.0f);
    const base::Pose& pose = episode_.steps[count - 1].pose_world_agent;
    painter_.agent(image, flat(pose.position), base::yaw_from_rotation(pose.rotation), kWalkedColor);
    return image;
  }

  scene::Image drawing(std::size_t count) const {
    scene::Image image = drawing_;
    const WalkedStep& step = episode_.steps[count - 1];
    if (step.has_belief) {
      draw_disc(image, static_cast<float>(side_) * step.believed_paper, kBelievedColor, 5.0f);
    }
    return image;
  }

  const scene::Image& plain_drawing() const { return drawing_; }

 private:
  const WalkedEpisode& episode_;
  int side_;
  MapPainter painter_;
  scene::Image drawing_;
  std::vector<Vec2> route_;
  std::vector<Vec2> walked_;
};

base::Status write_videos(const WalkedEpisode& episode, const MediaSettings& settings,
                          const VideoFiles& videos, base::ThreadPool& pool) {
  const int side = settings.video_px;
  const EpisodePictures pictures(episode, side);
  INKNAV_ASSIGN_OR_RETURN(
      auto renderer, render::make_renderer(render::Backend::kEmbree, {side, side, settings.hfov_deg}, pool));
  INKNAV_ASSIGN_OR_RETURN(const int slot, renderer->add_scene(episode.scene));
  const auto [width, height] = video_size(settings);
  const std::size_t steps = episode.steps.size();
  const std::size_t stride = (steps + kMaxGifFrames - 1) / kMaxGifFrames;
  std::unique_ptr<VideoWriter> mp4, gif;
  if (!videos.mp4.empty()) {
    INKNAV_ASSIGN_OR_RETURN(mp4, VideoWriter::open(videos.mp4, width, height, settings.frames_per_second));
  }
  if (!videos.gif.empty()) {
    INKNAV_ASSIGN_OR_RETURN(gif, VideoWriter::open(videos.gif, width, height, settings.frames_per_second));
  }
  scene::Image seen{side, side, 3, std::vector<std::uint8_t>(static_cast<std::size_t>(3 * side * side))};
  for (std::size_t count = 1; count <= steps; ++count) {
    const bool in_gif = gif && ((count - 1) % stride == 0 || count == steps);
    if (!mp4 && !in_gif) continue;
    render::View view{slot, episode.steps[count - 1].pose_world_agent};
    view.pose_world_camera.position.y += settings.camera_height;
    INKNAV_RETURN_IF_ERROR(renderer->render(std::span(&view, 1), {nullptr, seen.pixels.data()}));
    std::vector<scene::Image> tiles{pictures.drawing(count), seen};
    if (settings.top_down_map) tiles.push_back(pictures.map(count));
    const scene::Image frame = side_by_side(tiles, kGap);
    if (mp4) INKNAV_RETURN_IF_ERROR(mp4->add(frame));
    if (in_gif) INKNAV_RETURN_IF_ERROR(gif->add(frame));
  }
  if (mp4) INKNAV_RETURN_IF_ERROR(mp4->finish());
  return gif ? gif->finish() : base::ok_status();
}

}  // namespace

std::pair<int, int> video_size(const MediaSettings& settings) {
  const int tiles = settings.top_down_map ? 3 : 2;
  return {tiles * settings.video_px + (tiles - 1) * kGap, settings.video_px};
}

base::Result<EpisodeCard> make_card(const WalkedEpisode& episode, const MediaSettings& settings,
                                    const VideoFiles& videos, base::ThreadPool& pool) {
  INKNAV_CHECK(!episode.steps.empty());
  const EpisodePictures pictures(episode, settings.picture_px);
  EpisodeCard card;
  card.title = episode.title;
  card.outcome = episode.outcome;
  card.success = episode.success;
  card.drawing_png = scene::encode_png(pictures.plain_drawing());
  card.map_png = scene::encode_png(pictures.map(episode.steps.size()));
  if (videos.mp4.empty() && videos.gif.empty()) return card;
  INKNAV_RETURN_IF_ERROR(write_videos(episode, settings, videos, pool));
  if (!videos.mp4.empty()) {
    INKNAV_ASSIGN_OR_RETURN(card.video_mp4, base::read_file(videos.mp4, kMaxVideoBytes));
  }
  if (!videos.gif.empty()) {
    INKNAV_ASSIGN_OR_RETURN(card.video_gif, base::read_file(videos.gif, kMaxVideoBytes));
    std::error_code ignored;
    std::filesystem::remove(videos.gif, ignored);
  }
  return card;
}

std::string describe_outcome(bool success, bool stop_called, float distance_to_goal, int steps) {
  if (success) return fmt::format("Said STOP {:.2f} m from the goal after {} steps", distance_to_goal, steps);
  if (stop_called) {
    return fmt::format("Said STOP too early or in the wrong place: {:.2f} m from the goal after {} steps",
                       distance_to_goal, steps);
  }
  return fmt::format("Never said STOP: out of time {:.2f} m from the goal after {} steps", distance_to_goal,
                     steps);
}

}  // namespace inknav::app
