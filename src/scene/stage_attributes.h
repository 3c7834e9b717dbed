// SPDX-License-Identifier: MIT
#pragma once
// StageAttributes: what Habitat's stage configs say of a scene (spec/habitat.md section 2), checked.
//
// Sources, later ones over earlier ones: `stages.default_attributes` of a scene dataset config, the
// "<stem>.stage_config.json" beside the scene file, an entry of `stages.configs` (scene/scene_dataset.h).
// Place of a vertex: world = origin + scale * units_to_meters * (R * p), R having the rows right, up, -front,
// so that scale acts along the world's axes and origin is a point of the world in metres. Habitat 0.3.3
// places stages by R and scale alone; it reads origin and units_to_meters and draws nothing with them. Read,
// checked, and without effect here: gravity, friction and the like (nothing falls), force_flat_shading and
// shader_type (shading is always flat, as Habitat's stages without lights are), semantic_up, semantic_front
// and semantic_asset (no semantic camera), collision_asset (agents walk on the navmesh),
// has_semantic_textures, is_collidable, margin, types of assets (content tells), user_defined, marker_sets.
// Any other key is warned of once a file. A known key of the wrong type is an error (kData) that names file
// and key.

#include <filesystem>
#include <glm/mat3x3.hpp>
#include <glm/vec3.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace inknav::scene {

/// In a file name of default attributes: replaced by the stage's own name, "X" of "X.basis.glb".
inline constexpr std::string_view kStageNameTag = "%%CONFIG_NAME_AS_ASSET_FILENAME%%";

/// A file that a config names. Relative to `folder`, or to the stage's folder where that is empty.
struct StageAsset {
  std::string name;  // empty: not given
  std::filesystem::path folder;
};

struct StageAttributes {
  /// Whether a config file or default attributes took part. If so, the frame is theirs or up Y, front -Z; if
  /// not, it follows the file's ending: ".glb" up Z, front Y; every other one up Y, front -Z. (An entry of
  /// `stages.configs` for an existing stage leaves this as it is.)
  bool configured = false;
  std::optional<glm::dvec3> up;     // unit vectors, orthogonal; both or neither
  std::optional<glm::dvec3> front;  // in the file's axes
  glm::dvec3 scale{1.0};            // along the world's axes; no component is 0
  double units_to_meters = 1.0;     // > 0
  glm::dvec3 origin{0.0};           // metres, world
  StageAsset render_asset;
  StageAsset nav_asset;
  StageAsset semantic_asset;
  StageAsset semantic_descriptor;
};

/// How a file's vertices come into the world.
struct StageFrame {
  glm::dmat3 world_from_file{1.0};  // scale * units * rotation
  glm::dvec3 origin{0.0};
};

/// `file_name` is the render asset's; only its ending matters, and only to attributes that no config made.
StageFrame stage_frame(const StageAttributes& attributes, std::string_view file_name);

/// "a/X.basis.glb" and "X.stage_config.json" -> "X": the name without folder and its last two endings.
std::string stage_name(const std::filesystem::path& file);

}  // namespace inknav::scene
