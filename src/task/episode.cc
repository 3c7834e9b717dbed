// SPDX-License-Identifier: MIT
#include "task/episode.h"

#include "base/safe_path.h"
#include "task/json_text.h"
#include "task/scene_resolver.h"

namespace inknav::task {
namespace {

void append_episode(JsonText& out, const Episode& episode) {
  const base::Quat& q = episode.start.rotation;
  const float xyzw[4] = {q.x, q.y, q.z, q.w};
  out.line().begin('{');
  out.key("episode_id").text(episode.episode_id).key("trajectory_id").text(episode.trajectory_id);
  out.key("scene_id").text(episode.scene_id);
  if (!episode.scene_dataset_config.empty()) {
    out.key("scene_dataset_config").text(episode.scene_dataset_config);
  }
  out.key("start_position").numbers(&episode.start.position.x, 3).key("start_rotation").numbers(xyzw, 4);
  out.key("info").begin('{').key("geodesic_distance").number(episode.geodesic_distance).end('}');
  out.key("goals").begin('[');
  for (const Goal& goal : episode.goals) {
    out.begin('{').key("position").numbers(&goal.position.x, 3).key("radius").number(goal.radius).end('}');
  }
  out.end(']').key("reference_path").begin('[');
  for (const base::Vec3& point : episode.reference_path) out.numbers(&point.x, 3);
  out.end(']').end('}');
}

}  // namespace

base::Status save_episodes(const std::filesystem::path& path, const std::vector<Episode>& episodes) {
  JsonText out;
  out.begin('{').key("episodes").begin('[');
  for (const Episode& episode : episodes) append_episode(out, episode);
  out.end_line().end(']').end('}').end_line();
  return write_json_text(path, out.text());
}

base::Result<std::filesystem::path> scene_path(const Dataset& dataset, const Episode& episode) {
  return base::resolve_beneath(dataset.scenes_dir, below_scenes(episode.scene_id));
}

std::filesystem::path drawing_path(const Dataset& dataset, const Episode& episode) {
  const std::string stem = std::filesystem::path(below_scenes(episode.scene_id)).stem().string();
  const std::string file = stem + "_epi" + episode.episode_id + "_cut1.png";
  if (!base::is_safe_relative_path(file)) return {};
  return dataset.sketch_dir / file;
}

}  // namespace inknav::task
