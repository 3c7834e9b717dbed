// SPDX-License-Identifier: MIT
#include "task/drawing_synthesis.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <system_error>

#include "base/file.h"
#include "base/log.h"
#include "base/philox.h"
#include "nav/multi_goal.h"
#include "scene/image.h"
#include "sketch/raster.h"
#include "task/episode_generation.h"
#include "task/episode_truth.h"
#include "task/habitat/habitat_dataset.h"

namespace inknav::task {

namespace fs = std::filesystem;

namespace {

constexpr float kFloorStep = 0.2f;         // metres: starts of one floor differ by the mesh's cells, 0.1 m
constexpr std::size_t kMaxFloors = 64;     // walls kept, about 0.1 MB each
constexpr int kPictureCompression = 1;     // a third larger than usual, in a quarter of the time
constexpr std::uint32_t kMissingStep = 1;  // of the philox key: `generate episodes` has 0
constexpr int kRecipeVersion = 1;          // raise it when the same recipe shall give other drawings

std::uint32_t short_hash(const base::Hash128& hash) { return static_cast<std::uint32_t>(hash.low); }

void hash_text(base::Hasher& hasher, const std::string& text) {
  hasher.update_value(text.size());
  hasher.update(text.data(), text.size());
}

/// All that a drawing of the episode depends on but recipe and scene.
base::Hash128 episode_hash(const DrawingPlace& place) {
  base::Hasher hasher;
  const Episode& episode = place.episode;
  hash_text(hasher, episode.episode_id);
  hasher.update_value(episode.start.position);
  hasher.update_value(episode.start.rotation);
  hasher.update(episode.reference_path.data(), episode.reference_path.size() * sizeof(base::Vec3));
  for (const Goal& goal : episode.goals) hasher.update_value(goal.position);
  if (place.dataset.habitat != nullptr) {
    const std::string category(place.dataset.habitat->object_category(episode));
    hash_text(hasher, category);
  }
  return hasher.digest();
}

base::Error no_way(const Episode& episode, const char* reason) {
  return base::Error{base::ErrorCode::kData, "episode '" + episode.episode_id + "' of scene '" +
                                                 episode.scene_id + "': a way to draw is wanted, " + reason};
}

}  // namespace

sketch::DrawerSplit drawers_of_split(std::string_view split) {
  if (split == "train") return sketch::DrawerSplit::kTrain;
  return split == "test" ? sketch::DrawerSplit::kTest : sketch::DrawerSplit::kVal;
}

bool needs_synthesis(const Dataset& dataset, const Episode& episode) {
  if (dataset.drawings == nullptr) return false;
  const fs::path picture = drawing_path(dataset, episode);
  std::error_code none;
  return picture.empty() || !fs::exists(picture, none);
}

std::optional<Goal> drawn_goal(const Dataset& dataset, const Episode& episode, nav::NavQuery& query) {
  if (episode.goals.empty()) return std::nullopt;
  Goal goal = episode.goals.front();
  if (dataset.habitat == nullptr || dataset.habitat->goals(episode).empty()) return goal;
  const std::vector<base::Vec3> points =
      habitat::goal_points(dataset.habitat.get(), episode, habitat::DistanceTo::kViewPoints);
  nav::MultiGoal goals(query, points);
  const int nearest = goals.nearest(query, episode.start.position).goal;
  if (nearest >= 0) goal.position = points[static_cast<std::size_t>(nearest)];
  return goal;
}

std::shared_ptr<const DrawingSynthesis::Floor> DrawingSynthesis::floor(const scene::Scene& scene, float y) {
  const int level = static_cast<int>(std::lround(y / kFloorStep));
  std::shared_ptr<Floor> found;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& known : floors_) {
      if (known->scene == scene.content_hash && known->level == level) found = known;
    }
    if (found == nullptr) {
      found = std::make_shared<Floor>();
      found->scene = scene.content_hash;
      found->level = level;
      floors_.push_back(found);
      if (floors_.size() > kMaxFloors) floors_.pop_front();
    }
  }
  std::call_once(found->once, [&] {
    const float height = static_cast<float>(level) * kFloorStep;
    found->walls = sketch::extract_walls(scene, height, tolerance_of(recipe_.level));
  });
  return found;
}

base::Result<sketch::DrawingFile> DrawingSynthesis::draw(const DrawingPlace& place) {
  const auto goal = drawn_goal(place.dataset, place.episode, place.query);
  if (!goal) return no_way(place.episode, "the episode has no goal (a test split?)");
  Episode episode = place.episode;
  episode.goals.assign(1, *goal);
  INKNAV_RETURN_IF_ERROR(check_episode(place.query, episode));
  sketch::SynthesisInput input;
  input.route = walkable_points(place.query, episode);
  input.start = episode.start;
  input.goal = goal->position;
  if (input.route.size() < 2) return no_way(place.episode, "start and goal are the same place");
  const scene::Scene& scene = *place.world.scene;
  const sketch::WallMap walls =
      sketch::surroundings(floor(scene, episode.start.position.y)->walls, input.route, recipe_.surroundings);
  input.walls = &walls;
  sketch::SynthesisSettings settings;
  settings.level = recipe_.level;
  settings.split = recipe_.drawers;
  base::PhiloxStream stream({recipe_.seed, short_hash(scene.content_hash), short_hash(episode_hash(place)),
                             kMissingStep, base::Purpose::kEpisodeGeneration});
  const std::uint32_t drawer = stream.uniform_int(static_cast<std::uint32_t>(recipe_.num_drawers));
  const std::uint64_t low = stream.next_u32();
  const std::uint64_t seed = low | (std::uint64_t{stream.next_u32()} << 32);
  sketch::SynthesizedDrawing drawn = sketch::synthesize(input, settings, drawer, seed);
  return sketch::DrawingFile{std::move(drawn.drawing), std::move(drawn.correspondence)};
}

base::Status DrawingSynthesis::write(const DrawingPlace& place, const fs::path& picture) {
  INKNAV_ASSIGN_OR_RETURN(const sketch::DrawingFile file, draw(place));
  const std::vector<std::uint8_t> png =
      scene::encode_png(sketch::rasterize(file.drawing, recipe_.picture_size), kPictureCompression);
  // The picture comes last: where it is, its truth is.
  INKNAV_RETURN_IF_ERROR(base::write_text_atomic(truth_path(picture), sketch::drawing_file_to_json(file)));
  return base::write_file_atomic(picture, std::span<const std::uint8_t>(png));
}

/// Empty without a cache folder, or where none can be made.
fs::path DrawingSynthesis::cached_path(const DrawingPlace& place) const {
  if (!recipe_.cache_dir) return {};
  base::Hasher hasher;
  hasher.update_value(kRecipeVersion);
  hasher.update_value(recipe_.seed);
  hasher.update_value(recipe_.level);
  hasher.update_value(recipe_.drawers);
  hasher.update_value(recipe_.num_drawers);
  hasher.update_value(recipe_.surroundings);
  hasher.update_value(recipe_.picture_size);
  hasher.update_value(place.world.scene->content_hash);
  hasher.update_value(episode_hash(place));
  const std::string name = hasher.digest().hex();
  const fs::path folder = *recipe_.cache_dir / "drawings" / name.substr(0, 2);
  std::error_code code;
  fs::create_directories(folder, code);
  if (code) return {};
  return folder / (name + ".png");
}

base::Result<std::shared_ptr<const DrawingReading>> DrawingSynthesis::read(const DrawingPlace& place,
                                                                           int size) {
  const fs::path picture = cached_path(place);
  std::error_code none;
  if (!picture.empty()) {
    const bool is_whole = fs::exists(picture, none) && check_picture(picture).ok() &&
                          sketch::load_drawing_file(truth_path(picture)).ok();
    const base::Status written = is_whole ? base::ok_status() : write(place, picture);
    if (written.ok()) return load_drawing(picture, size);
    if (written.error().code != base::ErrorCode::kDisk) return written.error();
    base::log_warning("{}; the drawing is made each time it is needed", written.error().message);
  }
  INKNAV_ASSIGN_OR_RETURN(sketch::DrawingFile file, draw(place));
  auto reading = std::make_shared<DrawingReading>();
  const scene::Image drawn = sketch::rasterize(file.drawing, recipe_.picture_size);
  reading->planes = sketch::read_picture(sketch::normalize_picture(drawn), size);
  reading->correspondence = std::move(file.correspondence);
  return std::shared_ptr<const DrawingReading>(std::move(reading));
}

}  // namespace inknav::task
