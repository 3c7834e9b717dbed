// SPDX-License-Identifier: MIT
#pragma once
// KHR_draco_mesh_compression: a primitive's compressed bytes become plain arrays of the document, with
// accessors of their own, so that whoever reads the primitive sees no difference. Internal to the module.
//
// Google's library decodes (dependencies.md). What it is about to allocate is checked first: the counts in
// the stream's head must be those of the primitive's accessors, which have limits. Afterwards every count,
// width and index is checked again. Only bitstream 2.2 is read, the one that glTF allows. Errors: kData,
// naming the primitive.

#include <string>

#include "base/result.h"
#include "scene/gltf_document.h"
#include "scene/json_fields.h"

namespace inknav::scene::internal {

inline constexpr const char* kDracoExtension = "KHR_draco_mesh_compression";

/// If `entry` (the primitive's JSON) has the extension and its accessors no bytes, decodes and points
/// `primitive` to the decoded arrays. `label` is "meshes[1].primitives[0]".
base::Status decode_draco(const Json& entry, const std::string& label, GltfDocument& document,
                          GltfPrimitive& primitive);

}  // namespace inknav::scene::internal
