// SPDX-License-Identifier: MIT
#include "app/report/episode_media.h"

#include <fmt/format.h>

#include <algorithm>
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

Vec2 flat(const base::Vec3& p) { return {p.x, p.z}; }

class EpisodePictures {
 public:
  EpisodePictures(const WalkedEpisode& episode, const MediaSettings& settings)
      : episode_(episode),
        settings_(settings),
        painter_(*episode.scene, *episode.nav_mesh, episode.steps.front().pose_world_agent.position.y,
                 settings.panel_px),
        drawing_(resized(episode.drawing, settings.panel_px, settings.panel_px)) {
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
      draw_disc(image, static_cast<float>(settings_.panel_px) * step.believed_paper, kBelievedColor, 5.0f);
    }
    return image;
  }

  const scene::Image& plain_drawing() const { return drawing_; }

 private:
  const WalkedEpisode& episode_;
  const MediaSettings& settings_;
  MapPainter painter_;
  scene::Image drawing_;
  std::vector<Vec2> route_;
  std::vector<Vec2> walked_;
};

base::Status write_video(const WalkedEpisode& episode, const EpisodePictures& pictures,
                         const MediaSettings& settings, const std::filesystem::path& path,
                         base::ThreadPool& pool) {
  constexpr int kGap = 8;
  const int side = settings.panel_px;
  INKNAV_ASSIGN_OR_RETURN(
      auto renderer, render::make_renderer(render::Backend::kEmbree, {side, side, settings.hfov_deg}, pool));
  INKNAV_ASSIGN_OR_RETURN(const int slot, renderer->add_scene(episode.scene));
  INKNAV_ASSIGN_OR_RETURN(auto writer,
                          VideoWriter::open(path, 3 * side + 2 * kGap, side, settings.frames_per_second));
  scene::Image seen{side, side, 3, std::vector<std::uint8_t>(static_cast<std::size_t>(3 * side * side))};
  for (std::size_t count = 1; count <= episode.steps.size(); ++count) {
    render::View view{slot, episode.steps[count - 1].pose_world_agent};
    view.pose_world_camera.position.y += settings.camera_height;
    renderer->render(std::span(&view, 1), {nullptr, seen.pixels.data()});
    const scene::Image panels[3] = {pictures.drawing(count), seen, pictures.map(count)};
    INKNAV_RETURN_IF_ERROR(writer->add(side_by_side(panels, kGap)));
  }
  return writer->finish();
}

}  // namespace

base::Result<EpisodeCard> make_card(const WalkedEpisode& episode, const MediaSettings& settings,
                                    const std::filesystem::path& video_path, base::ThreadPool& pool) {
  INKNAV_CHECK(!episode.steps.empty());
  const EpisodePictures pictures(episode, settings);
  EpisodeCard card;
  card.title = episode.title;
  card.outcome = episode.outcome;
  card.success = episode.success;
  card.drawing_png = scene::encode_png(pictures.plain_drawing());
  card.map_png = scene::encode_png(pictures.map(episode.steps.size()));
  if (!video_path.empty()) {
    INKNAV_RETURN_IF_ERROR(write_video(episode, pictures, settings, video_path, pool));
    INKNAV_ASSIGN_OR_RETURN(card.video_mp4, base::read_file(video_path, kMaxVideoBytes));
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
