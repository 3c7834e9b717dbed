// SPDX-License-Identifier: MIT
#pragma once
// What the readers behind load_scene() have in common. Internal to the module. A reader turns checked bytes
// into an unfinished Scene in the file's own frame; load_scene() turns the frame and calls finish().

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "scene/asset_folder.h"
#include "scene/image.h"
#include "scene/scene.h"

namespace inknav::scene::internal {

base::Result<Scene> read_gltf(std::span<const std::uint8_t> bytes, AssetFolder& folder);
base::Result<Scene> read_ply(std::span<const std::uint8_t> bytes, AssetFolder& folder);
base::Result<Scene> read_obj(std::span<const std::uint8_t> bytes, AssetFolder& folder);

/// Makes `image` (RGBA) the next texture of `scene`; error when it, or all of them together, pass the limits.
base::Result<std::int32_t> add_texture(Image image, std::string_view name, Scene& scene);

/// Triangles without area, which finish() leaves out.
std::size_t count_degenerate(const Scene& scene);

/// Default material for meshes that name none: white, both sides (such meshes seldom have consistent sides).
Material plain_material();

}  // namespace inknav::scene::internal
