// SPDX-License-Identifier: MIT
#pragma once
// Basis Universal textures: KTX2 files (KHR_texture_basisu) and the older ".basis" container that HM3D's
// ".basis.glb" hold. Internal to the module.
//
// Read are pictures in ETC1S (BasisLZ) and in UASTC (plain or under Zstandard): level 0 of layer 0 of face 0,
// as RGBA with the top row first (a flipped picture is turned). Texels are the reference decoder's, bit for
// bit. Smaller levels in the file are not read; make_texture() makes its own. KTX2 without Basis is an error
// that says what it is and how to convert the file; so is a damaged one. Every offset is checked, checksums
// where the container has them.

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "scene/image.h"

namespace inknav::scene::internal {

bool is_ktx2(std::span<const std::uint8_t> bytes);
bool is_basis(std::span<const std::uint8_t> bytes);

/// Of bytes for which one of the two is true. `name` is used in messages.
base::Result<Image> decode_basis_texture(std::span<const std::uint8_t> bytes, std::string_view name);

}  // namespace inknav::scene::internal
