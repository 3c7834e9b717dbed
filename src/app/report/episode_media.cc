// SPDX-License-Identifier: MIT
#include "app/report/episode_media.h"

#include <fmt/format.h>

#include <span>
#include <utility>
#include <vector>

#include "app/report/map_painter.h"
#include "base/check.h"
#include "base/counted.h"

namespace inknav::app {
namespace {

using base::Vec2;

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

}  // namespace

int tiles_of_drawn_map(const MediaSettings& settings) { return settings.top_down_map ? 3 : 2; }

base::Result<EpisodeCard> make_card(const WalkedEpisode& episode, const MediaSettings& settings,
                                    const VideoFiles& videos, base::ThreadPool& pool) {
  INKNAV_CHECK(!episode.steps.empty());
  const EpisodePictures pictures(episode, settings.picture_px);
  EpisodeCard card;
  card.title = episode.title;
  card.outcome = episode.outcome;
  card.success = episode.success;
  card.pictures = {
      {episode.reads_drawing ? "The drawing it was given" : "The drawing, which it did not see",
       scene::encode_png(pictures.plain_drawing())},
      {"The true map and what it walked", scene::encode_png(pictures.map(episode.steps.size()))}};
  if (videos.mp4.empty() && videos.gif.empty()) return card;
  const EpisodePictures tiles_of(episode, settings.video_px);
  INKNAV_ASSIGN_OR_RETURN(const auto camera,
                          WalkCamera::create(episode.scene, settings, settings.video_px, pool));
  const auto frame = [&](std::size_t i) -> base::Result<scene::Image> {
    INKNAV_ASSIGN_OR_RETURN(WalkCamera::Sight sight, camera->see(episode.steps[i].pose_world_agent));
    std::vector<scene::Image> tiles{tiles_of.drawing(i + 1), std::move(sight.rgb)};
    if (settings.top_down_map) tiles.push_back(tiles_of.map(i + 1));
    return side_by_side(tiles, kTileGap);
  };
  INKNAV_RETURN_IF_ERROR(film(videos, episode.steps.size(),
                              video_size(settings, tiles_of_drawn_map(settings)), settings.frames_per_second,
                              frame, card));
  return card;
}

std::string describe_outcome(bool success, bool stop_called, float distance_to_goal, int steps) {
  const std::string_view ended = success       ? "Said STOP"
                                 : stop_called ? "Said STOP too early or in the wrong place:"
                                               : "Never said STOP: out of time";
  return fmt::format("{} {:.2f} m from the goal after {}", ended, distance_to_goal,
                     base::counted(static_cast<std::size_t>(steps), "step"));
}

}  // namespace inknav::app
