// SPDX-License-Identifier: MIT
#include "app/evaluation_cards.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "app/report/episode_media.h"
#include "app/report/habitat_media.h"
#include "base/contains.h"
#include "base/log.h"
#include "nav/multi_goal.h"
#include "nav/scene_mesh.h"
#include "scene/load.h"
#include "scene/semantic_scene.h"
#include "sim/camera_rotation.h"
#include "sketch/drawing_file.h"
#include "sketch/raster.h"
#include "task/drawing_synthesis.h"
#include "task/env_from_config.h"
#include "task/habitat/goal_boxes.h"
#include "task/habitat/habitat_dataset.h"
#include "task/scene_resolver.h"

namespace inknav::app {
namespace {

using base::contains;

/// An episode's drawing as the agent sees it, and where places of the world lie on it, if that is known.
struct Paper {
  scene::Image picture;
  std::optional<sketch::Correspondence> truth;
};

base::Result<Paper> load_paper(const task::Dataset& dataset, const task::Episode& episode,
                               const sim::World& world) {
  Paper paper;
  if (task::needs_synthesis(dataset, episode)) {
    nav::NavQuery query(world.nav_mesh);
    INKNAV_ASSIGN_OR_RETURN(sketch::DrawingFile drawn,
                            dataset.drawings->draw({dataset, episode, world, query}));
    const int size = dataset.drawings->recipe().picture_size;
    paper.picture = sketch::normalize_picture(sketch::rasterize(drawn.drawing, size));
    paper.truth = std::move(drawn.correspondence);
    return paper;
  }
  const std::filesystem::path path = task::drawing_path(dataset, episode);
  INKNAV_ASSIGN_OR_RETURN(const scene::Image picture, scene::load_image(path, 3));
  paper.picture = sketch::normalize_picture(picture);
  auto file = sketch::load_drawing_file(task::truth_path(path));
  if (file.ok() && !file->correspondence.empty()) paper.truth = file->correspondence;
  return paper;
}

/// What both kinds of cards need of one episode.
struct Shown {
  const EvaluationRequest& request;
  const TrackRun& run;
  const learn::EpisodeOutcome& outcome;
  const task::Episode& episode;
  task::NavigationEnvSettings settings;
  const scene::ResolvedScene& resolved;
  sim::World world;
  MediaSettings media;
  VideoFiles videos;
  base::ThreadPool& pool;

  float measure(std::string_view name) const { return outcome.measures[run.result.index_of(name)]; }
  bool success() const { return measure("success") > 0.5f; }
  std::string title() const {
    return fmt::format("{}: {}, episode {}", run.name, world.scene->name, episode.episode_id);
  }
  std::string words() const {
    return describe_outcome(success(), measure("stop_called") > 0.5f, measure("distance_to_goal"),
                            outcome.steps);
  }
};

base::Result<EpisodeCard> show_drawn(const Shown& shown) {
  WalkedEpisode walked;
  walked.scene = shown.world.scene;
  walked.nav_mesh = shown.world.nav_mesh;
  INKNAV_ASSIGN_OR_RETURN(Paper paper, load_paper(shown.run.dataset, shown.episode, shown.world));
  walked.drawing = std::move(paper.picture);
  walked.title = shown.title();
  walked.success = shown.success();
  walked.outcome = shown.words();
  walked.reads_drawing = shown.request.config.reads_drawing();
  walked.route = shown.episode.reference_path;
  walked.goal = shown.episode.goals.front().position;
  walked.success_distance = shown.settings.success_distance;
  const auto& truth = paper.truth;
  for (const learn::TraceStep& step : shown.outcome.trace) {
    WalkedStep place{step.pose_world_agent, shown.run.believes, step.belief.position, base::Vec2(0.0f),
                     shown.run.believes && truth.has_value()};
    if (place.has_believed_world) place.believed_world = truth->to_world(step.belief.position);
    walked.steps.push_back(place);
  }
  return make_card(walked, shown.media, shown.videos, shown.pool);
}

/// Boxes of an ObjectNav episode's goals. They are an ornament: a damaged descriptor costs them, no more.
std::vector<base::Aabb> boxes_of(const Shown& shown) {
  const auto* habitat = shown.run.dataset.habitat.get();
  if (habitat == nullptr || shown.resolved.semantic_descriptor.empty()) return {};
  const auto semantics = scene::load_semantic_scene(shown.resolved.semantic_descriptor);
  if (semantics.ok()) return task::habitat::goal_boxes(*habitat, shown.episode, *semantics);
  base::log_warning("{}; maps of this scene have no boxes of the goals", semantics.error().message);
  return {};
}

HabitatMarks marks_of(const Shown& shown) {
  const task::habitat::HabitatTaskSettings& task = *shown.settings.habitat;
  const auto places = [&](task::habitat::DistanceTo distance_to) {
    return task::habitat::goal_points(shown.run.dataset.habitat.get(), shown.episode, distance_to);
  };
  HabitatMarks marks;
  marks.start = shown.episode.start;
  marks.goals = places(task::habitat::DistanceTo::kPoint);
  if (task.type == task::habitat::TaskType::kObjectNav) {
    marks.view_points = places(task::habitat::DistanceTo::kViewPoints);
    if (shown.request.config.task_config.task.top_down_map.draw_goal_aabbs) marks.boxes = boxes_of(shown);
  }
  nav::NavQuery query(shown.world.nav_mesh);
  nav::MultiGoal nearest(query, places(task.distance_to));
  marks.shortest_path = nearest.nearest(query, shown.episode.start.position).path.points;
  return marks;
}

base::Result<EpisodeCard> show_habitat(const Shown& shown) {
  HabitatWalk walk;
  walk.scene = shown.world.scene;
  walk.nav_mesh = shown.world.nav_mesh;
  walk.title = shown.title();
  walk.success = shown.success();
  walk.outcome = shown.words();
  walk.marks = marks_of(shown);
  walk.map = habitat_map_settings(shown.request.config);
  const float tilt = shown.settings.simulator.motion.tilt_angle_deg * base::kPi / 180.0f;
  float up = 0.0f;
  for (const learn::TraceStep& step : shown.outcome.trace) {
    walk.steps.push_back({step.pose_world_agent, up});
    const sim::BodyAction action =
        shown.settings.habitat->actions[static_cast<std::size_t>(step.action)].action;
    if (action == sim::BodyAction::kLookUp) up += tilt;
    if (action == sim::BodyAction::kLookDown) up -= tilt;
  }
  return make_habitat_card(walk, shown.media, shown.videos, shown.pool);
}

MediaSettings media_settings(const config::ExperimentConfig& config,
                             const task::NavigationEnvSettings& settings) {
  const sim::SensorSettings& sensors = settings.simulator.sensors;
  MediaSettings media;
  media.camera_position = sensors.camera_position;
  media.camera_rotation = sim::rotation_from_euler(sensors.camera_orientation);
  media.hfov_deg = sensors.camera.hfov_deg;
  media.video_px = config.display_resolution;
  media.top_down_map = contains(config.visualization_option, "top_down_map");
  if (!settings.habitat) return media;
  media.top_down_map |= contains(config.task_config.task.measurements, "top_down_map");
  media.depth = sensors.depth;
  media.min_depth = sensors.min_depth;
  media.max_depth = sensors.max_depth;
  return media;
}

}  // namespace

std::vector<const learn::EpisodeOutcome*> choose_shown(const learn::EvaluationResult& result, int count) {
  std::vector<const learn::EpisodeOutcome*> failures, successes;
  const std::size_t success = result.index_of("success");  // Habitat's tasks have their own order
  for (const learn::EpisodeOutcome& outcome : result.episodes) {
    (outcome.measures[success] > 0.5f ? successes : failures).push_back(&outcome);
  }
  const auto wanted = static_cast<std::size_t>(std::max(0, count));
  const std::size_t num_successes =
      std::min(successes.size(), wanted - std::min(failures.size(), wanted / 2));
  failures.resize(std::min(failures.size(), wanted - std::min(num_successes, wanted)));
  successes.resize(num_successes);
  failures.insert(failures.end(), successes.begin(), successes.end());
  return failures;
}

base::Result<EpisodeCard> show_episode(const EvaluationRequest& request, const TrackRun& run,
                                       const learn::EpisodeOutcome& outcome, run::MetricsWriter* metrics,
                                       base::ThreadPool& pool) {
  const task::Episode& episode = run.dataset.episodes[static_cast<std::size_t>(outcome.episode)];
  const task::NavigationEnvSettings settings = task::env_settings(request.config, {0, 1, 1});
  INKNAV_ASSIGN_OR_RETURN(const scene::ResolvedScene resolved,
                          task::SceneResolver(run.dataset).resolve(episode));
  sim::World world;
  INKNAV_ASSIGN_OR_RETURN(world.scene, scene::load_scene(resolved, {.cache_dir = settings.cache_dir}));
  INKNAV_ASSIGN_OR_RETURN(nav::SceneMesh found,
                          nav::mesh_for_scene(*world.scene, resolved, settings.nav, settings.cache_dir));
  world.nav_mesh = std::move(found.mesh);
  const std::string name = fmt::format("{}_{}_epi{}", run.name, world.scene->name, episode.episode_id);
  VideoFiles videos;
  if (contains(request.config.video_option, "disk")) videos.mp4 = request.video_dir / (name + ".mp4");
  if (metrics != nullptr && contains(request.config.video_option, "tensorboard"))
    videos.gif = request.video_dir / (name + ".gif");
  const MediaSettings media = media_settings(request.config, settings);
  const Shown shown{request,          run,   outcome, episode, settings, resolved,
                    std::move(world), media, videos,  pool};
  const bool drawn = !settings.habitat;
  INKNAV_ASSIGN_OR_RETURN(EpisodeCard card, drawn ? show_drawn(shown) : show_habitat(shown));
  if (!card.video_gif.empty()) {
    const auto [width, height] =
        video_size(media, drawn ? tiles_of_drawn_map(media) : tiles_of_habitat(media));
    metrics->image("Video/" + name, card.video_gif, width, height, request.update);
  }
  return card;
}

HabitatMapSettings habitat_map_settings(const config::ExperimentConfig& config) {
  const config::TopDownMapConfig& from = config.task_config.task.top_down_map;
  HabitatMapSettings to;
  to.map.map_resolution = from.map_resolution;
  to.map.draw_border = from.draw_border;
  to.map.fog_of_war = from.fog_of_war.draw;
  to.map.fov_deg = static_cast<float>(from.fog_of_war.fov);
  to.map.visibility = static_cast<float>(from.fog_of_war.visibility_dist);
  to.map.max_episode_steps = config.task_config.environment.max_episode_steps;
  to.start = from.draw_source;
  to.goals = from.draw_goal_positions;
  to.view_points = from.draw_view_points;
  to.boxes = from.draw_goal_aabbs;
  to.shortest_path = from.draw_shortest_path;
  return to;
}

std::vector<LegendEntry> legend_of(const config::ExperimentConfig& config) {
  if (config.is_habitat_task()) {
    const auto task = task::env_settings(config, {0, 1, 1}).habitat;
    return habitat_legend(habitat_map_settings(config),
                          task && task->type == task::habitat::TaskType::kObjectNav);
  }
  std::vector<LegendEntry> legend = {
      {"#1f7a4d", "start"}, {"#7a3d9e", "goal"}, {"#d8414b", "drawn route"}, {"#2563c9", "walked path"}};
  if (config.reads_drawing() && !config.use_expert_actions)
    legend.push_back({"#e79a2b", "where it believed to be"});
  return legend;
}

}  // namespace inknav::app
