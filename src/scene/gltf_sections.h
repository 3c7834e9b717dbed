// SPDX-License-Identifier: MIT
#pragma once
// The parts of read_gltf_document() (scene/gltf_document.h) that are in files of their own. Each reads its
// lists of the JSON and checks them against the lists read before. Internal to the module.

#include "base/result.h"
#include "scene/gltf_document.h"
#include "scene/json_fields.h"

namespace inknav::scene::internal {

/// Images, textures with their samplers, materials. Needs views.
base::Status read_gltf_materials(const Json& root, GltfDocument& document);

/// Meshes, nodes, and the roots of the default scene. Needs accessors and materials. Every node that can be
/// reached is reached once and at most kMaxNodeDepth deep.
base::Status read_gltf_nodes(const Json& root, GltfDocument& document);

}  // namespace inknav::scene::internal
