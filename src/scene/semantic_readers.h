// SPDX-License-Identifier: MIT
#pragma once
// The readers behind load_semantic_scene(). Internal to the module. `name` is the file's, for messages.
// Errors: kData, naming line or JSON path.

#include <glm/mat3x3.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "scene/json_fields.h"
#include "scene/semantic_scene.h"

namespace inknav::scene::internal {

inline constexpr std::size_t kMaxSemanticEntries = 1'000'000;  // of one kind

base::Result<SemanticScene> read_house(std::string_view text, const std::string& name);
base::Result<SemanticScene> read_hm3d_semantics(std::string_view text, const std::string& name);
base::Result<SemanticScene> read_gibson_semantics(const Json& json);
base::Result<SemanticScene> read_replica_semantics(const Json& json);

/// A box of the file's frame (up Z) in the world's. None where a side is negative: such boxes are how files
/// say that there is none. `axes` are unit and orthogonal.
std::optional<SemanticBox> world_box(const glm::dvec3& center, const glm::dvec3& half_size,
                                     const glm::dmat3& axes);

/// Finite and at most kMaxCoordinate.
bool is_coordinate(double value);

}  // namespace inknav::scene::internal
