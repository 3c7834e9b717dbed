// SPDX-License-Identifier: MIT
#pragma once
// Reading of stage configs (scene/stage_attributes.h says what their keys mean) and the frame put to use.
// Internal to the module. Errors: kData, naming the key; read_stage_config() adds the file.

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "scene/json_fields.h"
#include "scene/load.h"
#include "scene/scene.h"
#include "scene/stage_attributes.h"

namespace inknav::scene::internal {

inline constexpr std::string_view kStageConfigEnding = ".stage_config.json";

/// Lays the keys of `json` over `attributes`. `folder` is the config's, empty for default attributes. Keys
/// without a meaning are added to `unknown`.
base::Status lay_over(const Json& json, const JsonPlace& place, const std::filesystem::path& folder,
                      StageAttributes& attributes, std::set<std::string>& unknown);

/// `attributes` with the config laid over them. Warns of keys without a meaning, once a file and process.
base::Result<StageAttributes> read_stage_config(const std::filesystem::path& config,
                                                StageAttributes attributes);
void warn_of_keys(const std::filesystem::path& config, const std::set<std::string>& unknown);

/// "a/X.basis.glb" -> "a/X.basis.stage_config.json"
std::filesystem::path stage_config_path(const std::filesystem::path& file);

/// Turns and moves every vertex. A frame with negative determinant also turns the triangles' winding.
void apply(const StageFrame& frame, Scene& scene);

}  // namespace inknav::scene::internal
