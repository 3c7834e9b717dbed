// SPDX-License-Identifier: MIT
#include "task/check/scene_root.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <system_error>
#include <utility>

#include "nav/scene_mesh.h"
#include "scene/load.h"
#include "task/check/episode_place_check.h"
#include "task/check/file_recognition.h"
#include "task/episode_truth.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTriedScenes = 256;    // by which roots are compared
constexpr std::size_t kFittedScenes = 3;     // that are read where names do not decide
constexpr std::size_t kTriedToRead = 12;     // for these
constexpr std::size_t kFittedEpisodes = 24;  // of each
constexpr int kNear = 1;                     // folder above the list's
constexpr int kFar = 5;  // "datasets/pointnav/gibson/v1/train" lies so deep beside "scene_datasets"

/// An episode of each of the list's scenes.
using Samples = std::map<std::string, const Episode*>;

Dataset places_of(const SceneSearch& search, const fs::path& root) {
  Dataset places;
  places.scenes_dir = root;
  places.scene_dataset = search.scene_dataset;
  return places;
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> folders;
  std::error_code code;
  for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code)) {
    if (it->is_directory(code)) folders.push_back(it->path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

/// Those where data sets have their scenes by custom, `from` to `to` folders above the list's.
std::vector<fs::path> customary_roots(const fs::path& list, int from, int to) {
  const fs::path folder = fs::absolute(list).lexically_normal().parent_path();
  const fs::path split = folder.filename() == "content" ? folder.parent_path() : folder;
  std::vector<fs::path> roots;
  fs::path at = split;
  for (int level = 0; level <= to && at.has_relative_path(); ++level, at = at.parent_path()) {
    if (level < from) continue;
    for (const char* name : {"scenes", "scene_datasets", "homes"}) roots.push_back(at / name);
    roots.push_back(at / "homes" / split.filename());
    for (fs::path& homes : folders_in(at / "homes")) roots.push_back(std::move(homes));
    if (level <= kNear) roots.push_back(at);
  }
  return roots;
}

struct Root {
  fs::path path;
  std::size_t scenes = 0;  // of those tried, that are there
  // Of the episodes on some of them:
  std::size_t episodes = 0;
  std::size_t points = 0;  // 2 for one that stands as the list says
};

/// The roots beneath which scenes of the list are.
class Roots {
 public:
  Roots(const SceneSearch& search, const Samples& samples) : search_(search) {
    for (const auto& [key, episode] : samples) {
      if (tried_.size() < kTriedScenes) tried_.push_back(episode);
    }
  }

  void consider(const std::vector<fs::path>& roots) {
    for (const fs::path& path : roots) {
      std::error_code code;
      const fs::path canonical = fs::canonical(path, code);
      if (code || !fs::is_directory(canonical, code) || !known_.insert(canonical).second) continue;
      const std::size_t scenes = count(path);
      most_ = std::max(most_, scenes);
      if (scenes > 0) roots_.push_back({path, scenes});
    }
  }

  /// Those with at least half as many as the best has.
  std::vector<Root> take() {
    std::erase_if(roots_, [&](const Root& root) { return 2 * root.scenes < most_; });
    return std::move(roots_);
  }

  const std::vector<const Episode*>& tried() const { return tried_; }
  bool all_found() const { return most_ == tried_.size(); }

 private:
  std::size_t count(const fs::path& root) const {
    const Dataset places = places_of(search_, root);
    SceneResolver resolver(places);
    std::size_t found = 0;
    for (const Episode* episode : tried_) found += find_scene(resolver, places, *episode).ok() ? 1 : 0;
    return found;
  }

  const SceneSearch& search_;
  std::vector<const Episode*> tried_;
  std::size_t most_ = 0;
  std::set<fs::path> known_;
  std::vector<Root> roots_;
};

nav::NavMeshPtr mesh_of(SceneResolver& resolver, const Episode& episode, const nav::NavSettings& settings) {
  const auto resolved = resolver.resolve(episode);
  if (!resolved.ok()) return nullptr;
  const auto scene = scene::load_scene(*resolved);
  if (!scene.ok()) return nullptr;
  const auto found = nav::mesh_for_scene(**scene, *resolved, settings, std::nullopt);
  return found.ok() ? found->mesh : nullptr;
}

/// How well the episodes stand on the scenes beneath the root: a point for the place, one for the distance.
void fit(const SceneSearch& search, const Samples& samples, Root& root) {
  const Dataset places = places_of(search, root.path);
  SceneResolver resolver(places);
  std::size_t tried = 0, read = 0;
  for (const auto& [key, sample] : samples) {
    if (++tried > kTriedToRead || read == kFittedScenes) break;
    const nav::NavMeshPtr mesh = mesh_of(resolver, *sample, search.nav);
    if (mesh == nullptr) continue;
    ++read;
    nav::NavQuery query(mesh);
    std::size_t fitted = 0;
    for (const Episode& episode : search.episodes) {
      if (scene_key(places, episode) != key) continue;
      if (++fitted > kFittedEpisodes) break;
      const EpisodePlace place = place_of(query, episode);
      const bool good = place == EpisodePlace::kGood;
      ++root.episodes;
      root.points += good || place == EpisodePlace::kNoGoal ? 1 : 0;
      root.points += good && has_stated_distance(query, episode) ? 1 : 0;
    }
  }
}

/// Points an episode first, then scenes.
bool is_better(const Root& a, const Root& b) {
  const std::size_t of_a = a.points * b.episodes, of_b = b.points * a.episodes;
  return of_a != of_b ? of_a > of_b : a.scenes > b.scenes;
}

}  // namespace

SceneNames::SceneNames(std::span<const fs::path> scenes) {
  for (const fs::path& scene : scenes) {
    files_.emplace(scene.filename().string(), fs::absolute(scene).lexically_normal());
  }
}

void SceneNames::add_roots(std::string_view scene_id, std::vector<fs::path>& roots) const {
  const fs::path id = fs::path(below_scenes(scene_id)).lexically_normal();
  const auto [first, last] = files_.equal_range(id.filename().string());
  for (auto file = first; file != last; ++file) {
    fs::path root = file->second, part = id;
    while (!part.empty() && part.filename() == root.filename() && root.has_relative_path()) {
      root = root.parent_path();
      part = part.parent_path();
    }
    if (part.empty()) roots.push_back(root);
  }
}

base::Result<SceneFile> find_scene(SceneResolver& resolver, const Dataset& places, const Episode& episode) {
  const bool has_config = scene_key(places, episode) != episode.scene_id;
  const auto path = scene_path(places, episode);
  std::error_code code;
  if (!has_config && path.ok() && sort_of(*path) == FileSort::kScene && fs::is_regular_file(*path, code)) {
    return SceneFile{*path, std::nullopt};
  }
  INKNAV_ASSIGN_OR_RETURN(scene::ResolvedScene resolved, resolver.resolve(episode));
  fs::path file = resolved.file;
  return SceneFile{std::move(file), std::move(resolved)};
}

fs::path choose_scene_root(const SceneSearch& search) {
  Samples samples;
  const Dataset places = places_of(search, {});
  for (const Episode& episode : search.episodes) samples.emplace(scene_key(places, episode), &episode);
  Roots found(search, samples);
  std::vector<fs::path> near = customary_roots(search.list, 0, kNear);
  const fs::path likeliest = near.empty() ? fs::path("scenes") : near.front();
  for (const Episode* episode : found.tried()) search.names.add_roots(episode->scene_id, near);
  found.consider(near);
  if (!found.all_found()) found.consider(customary_roots(search.list, kNear + 1, kFar));
  std::vector<Root> roots = found.take();
  if (roots.empty()) return likeliest;
  const Root* best = &roots.front();
  if (roots.size() == 1) return best->path;
  for (Root& root : roots) fit(search, samples, root);
  for (const Root& root : roots) {
    if (is_better(root, *best)) best = &root;
  }
  return best->path;
}

}  // namespace inknav::task
