// SPDX-License-Identifier: MIT
#include "scene/scene_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <system_error>
#include <utility>

#include "scene/asset_folder.h"
#include "scene/scene_files.h"
#include "scene/stage_config.h"

namespace inknav::scene {
namespace {

namespace fs = std::filesystem;

/// How a handle answers to a name; less is better.
enum class Match { kPath, kName, kWithin, kNone };

bool ends_with_path(std::string_view path, std::string_view tail) {
  return path.ends_with(tail) && (path.size() == tail.size() || path[path.size() - tail.size() - 1] == '/');
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

Match match(const fs::path& root, std::string_view handle, std::string_view id) {
  if (ends_with_path((root / handle).generic_string(), id)) return Match::kPath;
  const std::string name = stage_name(fs::path(handle));
  if (name == id || fs::path(handle).stem() == fs::path(id)) return Match::kName;
  return lower(handle).find(lower(id)) != std::string::npos ? Match::kWithin : Match::kNone;
}

/// The one entry of `entries` that answers to `id` as well as `wanted` and no better; null where there is
/// none.
template <typename Map>
base::Result<const typename Map::value_type*> find(const Map& entries, std::string_view id, Match wanted,
                                                   const fs::path& root) {
  const typename Map::value_type* found = nullptr;
  std::string others;
  for (const auto& entry : entries) {
    if (match(root, entry.first, id) != wanted) continue;
    if (found == nullptr) {
      found = &entry;
    } else if (others.size() < 200) {
      others += fmt::format(", {}", entry.first);
    }
  }
  if (!others.empty()) {
    return base::Error{base::ErrorCode::kData,
                       fmt::format("{}: one scene '{}' is wanted, {}{} answer to it; give more of the name",
                                   root.string(), id, found->first, others)};
  }
  return found;
}

}  // namespace

std::vector<std::string> SceneDataset::stages() const {
  std::vector<std::string> handles;
  for (const auto& [handle, stage] : stages_) handles.push_back(handle);
  return handles;
}

std::vector<std::string> SceneDataset::scene_instances() const {
  std::vector<std::string> handles;
  for (const auto& [handle, instance] : instances_) handles.push_back(handle);
  return handles;
}

base::Result<ResolvedScene> SceneDataset::resolve_stage(const std::string& handle, const Stage& stage) const {
  const bool is_config = stage.file.filename().string().ends_with(internal::kStageConfigEnding);
  internal::StagePlace place;
  place.root = root_;
  place.folder = root_;
  place.name = stage_name(fs::path(handle));
  place.label = fmt::format("{}: stage '{}'", config_.string(), handle);
  if (!stage.file.empty()) {
    INKNAV_ASSIGN_OR_RETURN(place.folder, internal::canonical_folder(stage.file));
    if (!internal::lies_beneath(root_, place.folder)) place.root = place.folder;
    if (!is_config) place.mesh = stage.file;
  }
  return internal::complete_stage(place, stage.attributes);
}

base::Status SceneDataset::add_mapped(const std::string& nav_key, const std::string& semantic_key,
                                      ResolvedScene& scene) const {
  const auto missing = [&](const char* list, const std::string& key) {
    return base::Error{base::ErrorCode::kData,
                       fmt::format("{}: {}: '{}' is wanted, it is not there", config_.string(), list, key)};
  };
  if (!nav_key.empty()) {
    const auto found = nav_meshes_.find(nav_key);
    if (found == nav_meshes_.end()) return missing("navmesh_instances", nav_key);
    scene.nav_mesh = found->second;
  }
  if (!semantic_key.empty()) {
    const auto found = semantic_descriptors_.find(semantic_key);
    if (found == semantic_descriptors_.end())
      return missing("semantic_scene_descriptor_instances", semantic_key);
    scene.semantic_descriptor = found->second;
  }
  return base::ok_status();
}

base::Result<ResolvedScene> SceneDataset::resolve_instance(const std::string& handle,
                                                           const Instance& instance) const {
  for (const Match wanted : {Match::kPath, Match::kName, Match::kWithin}) {
    INKNAV_ASSIGN_OR_RETURN(const auto* stage, find(stages_, instance.stage, wanted, root_));
    if (stage == nullptr) continue;
    INKNAV_ASSIGN_OR_RETURN(ResolvedScene scene, resolve_stage(stage->first, stage->second));
    INKNAV_RETURN_IF_ERROR(add_mapped(instance.nav_mesh, instance.semantic_descriptor, scene));
    scene.name = stage_name(fs::path(handle));
    scene.notes.insert(scene.notes.end(), instance.notes.begin(), instance.notes.end());
    return scene;
  }
  return base::Error{base::ErrorCode::kData,
                     fmt::format("{}: stage_instance.template_name: '{}' is no stage of {}",
                                 instance.file.string(), instance.stage, config_.string())};
}

base::Result<SceneDataset::Stage> SceneDataset::unlisted_stage(const fs::path& file) const {
  Stage stage{file, defaults_};
  const fs::path config = internal::stage_config_path(file);
  std::error_code none;
  if (fs::exists(config, none)) {
    INKNAV_ASSIGN_OR_RETURN(stage.attributes, internal::read_stage_config(config, defaults_));
  }
  return stage;
}

base::Result<ResolvedScene> SceneDataset::resolve(std::string_view scene_id, const fs::path& fallback) const {
  if (scene_id.starts_with("./")) scene_id.remove_prefix(2);
  if (scene_id.empty()) {
    return base::Error{base::ErrorCode::kData,
                       fmt::format("{}: the name of a scene is wanted, it is empty", config_.string())};
  }
  std::error_code none;
  if (!fallback.empty() && fs::is_regular_file(fallback, none)) {
    const auto listed =
        stages_.find(fs::canonical(fallback, none).lexically_relative(root_).generic_string());
    if (listed != stages_.end()) return resolve_stage(listed->first, listed->second);
  }
  for (const Match wanted : {Match::kPath, Match::kName, Match::kWithin}) {
    if (wanted == Match::kWithin && !fallback.empty() && fs::is_regular_file(fallback, none)) {
      INKNAV_ASSIGN_OR_RETURN(const Stage stage, unlisted_stage(fallback));
      return resolve_stage(fallback.string(), stage);
    }
    INKNAV_ASSIGN_OR_RETURN(const auto* instance, find(instances_, scene_id, wanted, root_));
    if (instance != nullptr) return resolve_instance(instance->first, instance->second);
    INKNAV_ASSIGN_OR_RETURN(const auto* stage, find(stages_, scene_id, wanted, root_));
    if (stage != nullptr) return resolve_stage(stage->first, stage->second);
  }
  return base::Error{
      base::ErrorCode::kData,
      fmt::format("{}: a scene '{}' is wanted; none of its {} scene instances and {} stages is called so",
                  config_.string(), scene_id.substr(0, 120), instances_.size(), stages_.size())};
}

}  // namespace inknav::scene
