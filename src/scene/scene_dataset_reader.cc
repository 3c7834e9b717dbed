// SPDX-License-Identifier: MIT
// SceneDataset::load(): the config's lists, the files that its paths match, and the scene instances' own
// files.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "scene/asset_folder.h"
#include "scene/json_fields.h"
#include "scene/limits.h"
#include "scene/path_pattern.h"
#include "scene/scene_dataset.h"
#include "scene/scene_files.h"
#include "scene/stage_config.h"

namespace inknav::scene {

namespace fs = std::filesystem;
using internal::Json;
using internal::json_error;
using internal::JsonPlace;

namespace {

constexpr std::string_view kInstanceEnding = ".scene_instance.json";
const JsonPlace kDefaults{"stages.default_attributes", 0, false};

base::Result<Json> read_json_file(const fs::path& path) {
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> text, base::read_file(path, kMaxStageConfigBytes));
  base::Result<Json> json = internal::parse_json(text);
  if (!json.ok())
    return base::Error{json.error().code, fmt::format("{}: {}", path.string(), json.error().message)};
  return json;
}

bool is_zero(const std::array<double, 3>& v) { return v[0] == 0.0 && v[1] == 0.0 && v[2] == 0.0; }

/// How many there are in an array, or in the arrays of "paths" and "configs" of a group.
std::size_t count_entries(const Json& json) {
  if (json.is_array()) return json.size();
  std::size_t count = 0;
  if (!json.is_object()) return count;
  for (const auto& [key, value] : json.items()) {
    if (key == "configs" && value.is_array()) count += value.size();
    if (key != "paths" || !value.is_object()) continue;
    for (const auto& [ending, list] : value.items()) count += list.is_array() ? list.size() : 0;
  }
  return count;
}

}  // namespace

class SceneDatasetReader {
 public:
  SceneDatasetReader(const Json& json, SceneDataset& out) : json_(json), out_(out) {}

  base::Status run() {
    INKNAV_RETURN_IF_ERROR(read_stages());
    INKNAV_RETURN_IF_ERROR(read_instances());
    INKNAV_RETURN_IF_ERROR(read_map("navmesh_instances", out_.nav_meshes_));
    INKNAV_RETURN_IF_ERROR(read_map("semantic_scene_descriptor_instances", out_.semantic_descriptors_));
    note_the_rest();
    return base::ok_status();
  }

 private:
  base::Status read_stages() {
    INKNAV_ASSIGN_OR_RETURN(const Json* stages, internal::find_object(json_, "stages", {}));
    if (stages == nullptr) return base::ok_status();
    const JsonPlace place{"stages", 0, false};
    INKNAV_ASSIGN_OR_RETURN(const Json* defaults,
                            internal::find_object(*stages, "default_attributes", place));
    if (defaults != nullptr) {
      INKNAV_RETURN_IF_ERROR(internal::lay_over(*defaults, kDefaults, {}, out_.defaults_, unknown_));
    }
    INKNAV_RETURN_IF_ERROR(each_path(*stages, place, internal::kStageConfigEnding,
                                     [&](const fs::path& file) { return add_stage(file); }));
    return read_stage_configs(*stages, place);
  }

  base::Status read_instances() {
    INKNAV_ASSIGN_OR_RETURN(const Json* instances, internal::find_object(json_, "scene_instances", {}));
    if (instances == nullptr) return base::ok_status();
    const JsonPlace place{"scene_instances", 0, false};
    return each_path(*instances, place, kInstanceEnding, [&](const fs::path& file) {
      // An ending of another kind is a list of scene files, which need no instance of their own.
      return file.filename().string().ends_with(kInstanceEnding) ? add_instance(file) : base::ok_status();
    });
  }

  /// Calls `add` with every file that "paths" of `group` match. `config_ending` stands for the key ".json".
  template <typename Add>
  base::Status each_path(const Json& group, const JsonPlace& place, std::string_view config_ending,
                         const Add& add) {
    INKNAV_ASSIGN_OR_RETURN(const Json* paths, internal::find_object(group, "paths", place));
    if (paths == nullptr) return base::ok_status();
    for (const auto& [key, list] : paths->items()) {
      const std::string where = fmt::format("{}.paths['{}']", place.list, key.substr(0, 60));
      const JsonPlace at{where.c_str(), 0, false};
      if (!list.is_array()) return json_error(at, "must be an array of paths");
      const std::string ending = key.find(".json") != std::string::npos ? std::string(config_ending) : key;
      if (!ending.starts_with('.')) return json_error(at, "an ending such as '.glb' or '.json' is wanted");
      for (std::size_t i = 0; i < list.size(); ++i) {
        const JsonPlace entry{where.c_str(), i};
        if (!list[i].is_string()) return json_error(entry, "must be a path");
        std::string pattern;
        list[i].get_to(pattern);
        INKNAV_RETURN_IF_ERROR(each_match(pattern, ending, entry, add));
      }
    }
    return base::ok_status();
  }

  template <typename Add>
  base::Status each_match(const std::string& pattern, const std::string& ending, const JsonPlace& place,
                          const Add& add) {
    const auto matches = internal::match_paths(out_.root_, pattern, ending);
    if (!matches.ok()) return json_error(place, matches.error().message);
    if (matches->empty()) {
      out_.notes_.push_back(fmt::format("{}: {}: '{}' matches no file that ends in {}", out_.config_.string(),
                                        place.text(), pattern.substr(0, 120), ending));
    }
    for (const fs::path& file : *matches) INKNAV_RETURN_IF_ERROR(add(file));
    return base::ok_status();
  }

  std::string handle_of(const fs::path& file) const {
    return file.lexically_relative(out_.root_).generic_string();
  }

  base::Status add_stage(const fs::path& file) {
    SceneDataset::Stage stage{file, out_.defaults_};
    const bool is_config = file.filename().string().ends_with(internal::kStageConfigEnding);
    if (!is_config && !internal::is_mesh_name(file)) {
      return json_error({"stages.paths", 0, false},
                        fmt::format("'{}' is no stage: .glb, .gltf, .ply, .obj or {} is wanted",
                                    handle_of(file), internal::kStageConfigEnding));
    }
    const fs::path config = is_config ? file : internal::stage_config_path(file);
    std::error_code none;
    if (fs::exists(config, none)) {
      INKNAV_ASSIGN_OR_RETURN(stage.attributes, internal::read_stage_config(config, out_.defaults_));
    }
    out_.stages_.insert_or_assign(handle_of(file), std::move(stage));
    return base::ok_status();
  }

  base::Status read_stage_configs(const Json& stages, const JsonPlace& place) {
    INKNAV_ASSIGN_OR_RETURN(const Json* list, internal::find_array(stages, "configs", place));
    if (list == nullptr) return base::ok_status();
    for (std::size_t i = 0; i < list->size(); ++i) {
      const JsonPlace at{"stages.configs", i};
      if (!(*list)[i].is_object()) return json_error(at, "must be an object");
      INKNAV_RETURN_IF_ERROR(read_stage_entry((*list)[i], at));
    }
    return base::ok_status();
  }

  base::Status read_stage_entry(const Json& entry, const JsonPlace& place) {
    INKNAV_ASSIGN_OR_RETURN(const std::string original,
                            internal::read_string(entry, "original_file", "", place));
    INKNAV_ASSIGN_OR_RETURN(std::string handle, internal::read_string(entry, "template_name", "", place));
    INKNAV_ASSIGN_OR_RETURN(handle, internal::read_string(entry, "template_handle", handle, place));
    INKNAV_ASSIGN_OR_RETURN(const Json* attributes, internal::find_object(entry, "attributes", place));
    if (attributes == nullptr) return json_error(place, "'attributes' is wanted, it is not there");
    if (original.empty() && handle.empty())
      return json_error(place, "'original_file' or 'template_handle' is wanted, neither is there");
    SceneDataset::Stage stage{{}, out_.defaults_};
    fs::path folder = out_.root_;
    if (!original.empty()) {
      INKNAV_ASSIGN_OR_RETURN(const std::string base_handle, listed_stage(original, place));
      stage = out_.stages_.at(base_handle);
      if (!stage.file.empty()) folder = stage.file.parent_path();
      if (handle.empty()) handle = base_handle;
    }
    // A stage that took its frame from its ending keeps it under an entry without up and front, as in
    // Habitat.
    const bool configured = original.empty() || stage.attributes.configured;
    INKNAV_RETURN_IF_ERROR(internal::lay_over(*attributes, place, folder, stage.attributes, unknown_));
    stage.attributes.configured = configured;
    out_.stages_.insert_or_assign(handle, std::move(stage));
    return base::ok_status();
  }

  /// The handle of a stage read before, or of a file that becomes one now.
  base::Result<std::string> listed_stage(const std::string& name, const JsonPlace& place) {
    for (const auto& [handle, stage] : out_.stages_) {
      if (handle == name || handle.ends_with("/" + name)) return handle;
    }
    const auto found = internal::find_beneath(out_.root_, out_.root_, name);
    if (!found.ok()) return json_error(place, "'original_file': " + found.error().message);
    std::error_code none;
    if (!*found || !fs::is_regular_file(**found, none)) {
      return json_error(place, fmt::format("'original_file' names '{}': a stage of 'paths' or a file is "
                                           "wanted, there is neither",
                                           name.substr(0, 120)));
    }
    INKNAV_RETURN_IF_ERROR(add_stage(**found));
    return handle_of(**found);
  }

  base::Status add_instance(const fs::path& file) {
    INKNAV_ASSIGN_OR_RETURN(const Json json, read_json_file(file));
    SceneDataset::Instance instance;
    instance.file = file;
    const base::Status read = read_instance(json, instance);
    if (!read.ok())
      return base::Error{read.error().code, fmt::format("{}: {}", file.string(), read.error().message)};
    out_.instances_.insert_or_assign(handle_of(file), std::move(instance));
    return base::ok_status();
  }

  base::Status read_instance(const Json& json, SceneDataset::Instance& instance) {
    INKNAV_ASSIGN_OR_RETURN(const Json* stage, internal::find_object(json, "stage_instance", {}));
    const JsonPlace place{"stage_instance", 0, false};
    if (stage == nullptr) return json_error({}, "'stage_instance' is wanted, it is not there");
    INKNAV_ASSIGN_OR_RETURN(instance.stage, internal::read_string(*stage, "template_name", "", place));
    if (instance.stage.empty()) return json_error(place, "'template_name' is wanted, it is not there");
    INKNAV_ASSIGN_OR_RETURN(instance.nav_mesh, internal::read_string(json, "navmesh_instance", "", {}));
    INKNAV_ASSIGN_OR_RETURN(instance.semantic_descriptor,
                            internal::read_string(json, "semantic_scene_instance", "", {}));
    std::array<double, 3> translation{0.0, 0.0, 0.0};
    std::array<double, 4> rotation{1.0, 0.0, 0.0, 0.0};  // w, x, y, z
    std::array<double, 3> scale{1.0, 1.0, 1.0};
    INKNAV_RETURN_IF_ERROR(internal::read_numbers(*stage, "translation", translation, place));
    INKNAV_RETURN_IF_ERROR(internal::read_numbers(*stage, "rotation", rotation, place));
    INKNAV_RETURN_IF_ERROR(internal::read_numbers(*stage, "non_uniform_scale", scale, place));
    INKNAV_ASSIGN_OR_RETURN(const double uniform, internal::read_number(*stage, "uniform_scale", 1.0, place));
    const bool turned = rotation[1] != 0.0 || rotation[2] != 0.0 || rotation[3] != 0.0;
    if (!is_zero(translation) || turned || uniform != 1.0 || scale != std::array<double, 3>{1.0, 1.0, 1.0}) {
      instance.notes.push_back(
          fmt::format("{}: translation, rotation and scale of 'stage_instance' are not "
                      "applied",
                      instance.file.string()));
    }
    for (const char* key : {"object_instances", "articulated_object_instances"}) {
      INKNAV_ASSIGN_OR_RETURN(const Json* list, internal::find_array(json, key, {}));
      if (list == nullptr || list->empty()) continue;
      instance.notes.push_back(
          fmt::format("{}: {} {} are not loaded", instance.file.string(), list->size(), key));
    }
    return base::ok_status();
  }

  base::Status read_map(const char* key, std::map<std::string, fs::path>& out) {
    INKNAV_ASSIGN_OR_RETURN(const Json* map, internal::find_object(json_, key, {}));
    if (map == nullptr) return base::ok_status();
    const JsonPlace place{key, 0, false};
    for (const auto& [name, value] : map->items()) {
      if (name == "default_attributes" || name == "paths" || name == "configs") continue;
      if (!value.is_string())
        return json_error(place, fmt::format("'{}' must be a file", name.substr(0, 60)));
      const auto found = internal::find_beneath(out_.root_, out_.root_, value.get_ref<const std::string&>());
      if (!found.ok())
        return json_error(place, fmt::format("'{}': {}", name.substr(0, 60), found.error().message));
      if (!*found) {
        out_.notes_.push_back(fmt::format("{}: {}: '{}' names '{}', which is not there",
                                          out_.config_.string(), key, name.substr(0, 60),
                                          value.get_ref<const std::string&>().substr(0, 120)));
        continue;
      }
      out.emplace(name, **found);
    }
    return base::ok_status();
  }

  void note_the_rest() {
    static constexpr std::array<std::string_view, 6> kRead = {
        "stages",      "scene_instances",   "navmesh_instances", "semantic_scene_descriptor_instances",
        "user_custom", "default_attributes"};
    static constexpr std::array<std::string_view, 4> kNotLoaded = {"objects", "articulated_objects",
                                                                   "light_setups", "pbr_ibl_configs"};
    for (const auto& [key, value] : json_.items()) {
      if (std::find(kNotLoaded.begin(), kNotLoaded.end(), key) != kNotLoaded.end()) {
        const std::size_t count = count_entries(value);
        if (count > 0)
          out_.notes_.push_back(
              fmt::format("{}: {} entries of '{}' are not loaded", out_.config_.string(), count, key));
      } else if (std::find(kRead.begin(), kRead.end(), key) == kRead.end()) {
        unknown_.insert(key);
      }
    }
    internal::warn_of_keys(out_.config_, unknown_);
  }

  const Json& json_;
  SceneDataset& out_;
  std::set<std::string> unknown_;
};

base::Result<SceneDatasetPtr> SceneDataset::load(const fs::path& config) {
  INKNAV_ASSIGN_OR_RETURN(const Json json, read_json_file(config));
  auto dataset = std::make_shared<SceneDataset>();
  dataset->config_ = config;
  INKNAV_ASSIGN_OR_RETURN(dataset->root_, internal::canonical_folder(config));
  const base::Status read = SceneDatasetReader(json, *dataset).run();
  if (!read.ok()) {
    const std::string& message = read.error().message;
    // Faults of other files name them already.
    const bool named = message.starts_with(dataset->root_.string());
    return base::Error{read.error().code, named ? message : fmt::format("{}: {}", config.string(), message)};
  }
  return SceneDatasetPtr(std::move(dataset));
}

}  // namespace inknav::scene
