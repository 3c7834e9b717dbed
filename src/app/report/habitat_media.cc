// SPDX-License-Identifier: MIT
#include "app/report/habitat_media.h"

#include <optional>
#include <utility>

#include "app/report/map_painter.h"
#include "base/check.h"

namespace inknav::app {
namespace {

base::Status add_pictures(const HabitatWalk& walk, const MediaSettings& settings, base::ThreadPool& pool,
                          EpisodeCard& card) {
  INKNAV_ASSIGN_OR_RETURN(HabitatMap map,
                          HabitatMap::create(walk.nav_mesh, walk.marks, walk.map, settings.picture_px));
  for (std::size_t i = 1; i < walk.steps.size(); ++i) map.step(walk.steps[i].pose_world_agent);
  INKNAV_ASSIGN_OR_RETURN(const auto camera,
                          WalkCamera::create(walk.scene, settings, settings.picture_px, pool));
  const HabitatStep& last = walk.steps.back();
  INKNAV_ASSIGN_OR_RETURN(const WalkCamera::Sight sight,
                          camera->see(last.pose_world_agent, last.camera_tilt));
  card.pictures = {{"The top-down map and what it walked", scene::encode_png(map.picture())},
                   {"Where it looked at the end", scene::encode_png(sight.rgb)}};
  return base::ok_status();
}

}  // namespace

int tiles_of_habitat(const MediaSettings& settings) {
  return 1 + (settings.depth ? 1 : 0) + (settings.top_down_map ? 1 : 0);
}

base::Result<EpisodeCard> make_habitat_card(const HabitatWalk& walk, const MediaSettings& settings,
                                            const VideoFiles& videos, base::ThreadPool& pool) {
  INKNAV_CHECK(!walk.steps.empty());
  EpisodeCard card;
  card.title = walk.title;
  card.outcome = walk.outcome;
  card.success = walk.success;
  INKNAV_RETURN_IF_ERROR(add_pictures(walk, settings, pool, card));
  if (videos.mp4.empty() && videos.gif.empty()) return card;
  INKNAV_ASSIGN_OR_RETURN(const auto camera,
                          WalkCamera::create(walk.scene, settings, settings.video_px, pool));
  std::optional<HabitatMap> map;
  if (settings.top_down_map) {
    INKNAV_ASSIGN_OR_RETURN(map, HabitatMap::create(walk.nav_mesh, walk.marks, walk.map, settings.video_px));
  }
  std::size_t drawn = 0;  // the step that the map shows
  const auto frame = [&](std::size_t i) -> base::Result<scene::Image> {
    const HabitatStep& step = walk.steps[i];
    INKNAV_ASSIGN_OR_RETURN(WalkCamera::Sight sight, camera->see(step.pose_world_agent, step.camera_tilt));
    std::vector<scene::Image> tiles{std::move(sight.rgb)};
    if (settings.depth) tiles.push_back(std::move(sight.depth));
    while (map && drawn < i) map->step(walk.steps[++drawn].pose_world_agent);
    if (map) tiles.push_back(map->picture());
    return side_by_side(tiles, kTileGap);
  };
  INKNAV_RETURN_IF_ERROR(film(videos, walk.steps.size(), video_size(settings, tiles_of_habitat(settings)),
                              settings.frames_per_second, frame, card));
  return card;
}

}  // namespace inknav::app
