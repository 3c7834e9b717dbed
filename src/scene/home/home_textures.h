// SPDX-License-Identifier: MIT
#pragma once
// Procedural textures of a home: wood, tiles, carpet, plaster, wood grain and cloth, a few small pictures a
// home, nearly white, so that vertex colours tint them. They repeat without a seam. Pure function of the
// seed.

#include <array>
#include <cstdint>
#include <vector>

#include "scene/scene.h"

namespace inknav::scene::internal {

enum class Surface : std::uint8_t { kPlain, kParquet, kTiles, kCarpet, kPlaster, kGrain, kCloth };
inline constexpr std::size_t kNumSurfaces = 7;

/// Side of the square that one repeat covers, metres.
float surface_size(Surface surface);

struct HomeTextures {
  std::vector<Texture> textures;
  std::array<std::int32_t, kNumSurfaces> texture_of_surface{};  // -1 none
};

HomeTextures make_home_textures(std::uint64_t seed);

}  // namespace inknav::scene::internal
