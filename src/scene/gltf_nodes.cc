// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <glm/gtc/quaternion.hpp>
#include <utility>

#include "scene/gltf_draco.h"
#include "scene/gltf_sections.h"
#include "scene/limits.h"

namespace inknav::scene::internal {
namespace {

/// `accessors` counts those of the file; decoded primitives add more.
base::Status read_primitive(const Json& entry, const std::string& label, std::size_t accessors,
                            GltfDocument& document, GltfPrimitive& primitive) {
  const JsonPlace place{label.c_str(), 0, false};
  if (!entry.is_object()) return json_error(place, "a primitive must be an object");
  INKNAV_ASSIGN_OR_RETURN(const Json* attributes, find_object(entry, "attributes", place));
  if (attributes == nullptr) return json_error(place, "a primitive has no 'attributes'");
  INKNAV_ASSIGN_OR_RETURN(primitive.positions, read_index(*attributes, "POSITION", accessors, place));
  INKNAV_ASSIGN_OR_RETURN(primitive.colors, read_index(*attributes, "COLOR_0", accessors, place));
  for (int set = 0; set < 16; ++set) {
    const std::string key = fmt::format("TEXCOORD_{}", set);
    INKNAV_ASSIGN_OR_RETURN(const int accessor, read_index(*attributes, key.c_str(), accessors, place));
    if (accessor < 0) break;
    primitive.uv_sets.push_back(accessor);
  }
  INKNAV_ASSIGN_OR_RETURN(primitive.indices, read_index(entry, "indices", accessors, place));
  INKNAV_ASSIGN_OR_RETURN(primitive.material,
                          read_index(entry, "material", document.materials.size(), place));
  INKNAV_ASSIGN_OR_RETURN(primitive.mode, read_index(entry, "mode", 7, place, 4));
  return decode_draco(entry, label, document, primitive);
}

base::Status read_meshes(const Json& root, GltfDocument& document) {
  INKNAV_ASSIGN_OR_RETURN(const Json* list, find_array(root, "meshes", {}));
  if (list == nullptr) return base::ok_status();
  const std::size_t accessors = document.accessors.size();
  for (std::size_t i = 0; i < list->size(); ++i) {
    const JsonPlace place{"meshes", i};
    if (!(*list)[i].is_object()) return json_error(place, "must be an object");
    INKNAV_ASSIGN_OR_RETURN(const Json* primitives, find_array((*list)[i], "primitives", place));
    GltfMesh mesh;
    for (std::size_t p = 0; primitives != nullptr && p < primitives->size(); ++p) {
      INKNAV_RETURN_IF_ERROR(read_primitive((*primitives)[p],
                                            fmt::format("{}.primitives[{}]", place.text(), p), accessors,
                                            document, mesh.primitives.emplace_back()));
    }
    document.meshes.push_back(std::move(mesh));
  }
  return base::ok_status();
}

base::Status read_transform(const Json& entry, const JsonPlace& place, glm::dmat4& local) {
  std::array<double, 16> matrix{};
  INKNAV_ASSIGN_OR_RETURN(const bool has_matrix, read_numbers(entry, "matrix", matrix, place));
  if (has_matrix) {
    for (int column = 0; column < 4; ++column) {
      for (int row = 0; row < 4; ++row)
        local[column][row] = matrix[static_cast<std::size_t>(4 * column + row)];
    }
    const double skew =
        std::abs(matrix[3]) + std::abs(matrix[7]) + std::abs(matrix[11]) + std::abs(matrix[15] - 1.0);
    if (skew > 1e-5) {
      return json_error(place, "'matrix' must be affine (last row 0 0 0 1)");
    }
    return base::ok_status();
  }
  std::array<double, 3> translation{0.0, 0.0, 0.0};
  std::array<double, 4> rotation{0.0, 0.0, 0.0, 1.0};  // x, y, z, w
  std::array<double, 3> scale{1.0, 1.0, 1.0};
  INKNAV_RETURN_IF_ERROR(read_numbers(entry, "translation", translation, place));
  INKNAV_RETURN_IF_ERROR(read_numbers(entry, "rotation", rotation, place));
  INKNAV_RETURN_IF_ERROR(read_numbers(entry, "scale", scale, place));
  glm::dquat quaternion(rotation[3], rotation[0], rotation[1], rotation[2]);
  const double length = glm::length(quaternion);
  if (!(length > 1e-6) || !std::isfinite(length)) return json_error(place, "'rotation' must not be zero");
  quaternion /= length;
  const glm::dmat3 turn = glm::mat3_cast(quaternion);
  for (int c = 0; c < 3; ++c) local[c] = glm::dvec4(turn[c] * scale[static_cast<std::size_t>(c)], 0.0);
  local[3] = glm::dvec4(translation[0], translation[1], translation[2], 1.0);
  return base::ok_status();
}

base::Status read_children(const Json& entry, const char* key, std::size_t num_nodes, const JsonPlace& place,
                           std::vector<int>& out) {
  INKNAV_ASSIGN_OR_RETURN(const Json* list, find_array(entry, key, place));
  if (list == nullptr) return base::ok_status();
  for (const Json& value : *list) {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() >= num_nodes) {
      return json_error(place, fmt::format("'{}' must hold node numbers below {}", key, num_nodes));
    }
    out.push_back(static_cast<int>(value.get<std::uint64_t>()));
  }
  return base::ok_status();
}

base::Status read_node_list(const Json& root, GltfDocument& document) {
  INKNAV_ASSIGN_OR_RETURN(const Json* list, find_array(root, "nodes", {}));
  if (list == nullptr) return base::ok_status();
  if (list->size() > kMaxNodes) {
    return json_error({}, fmt::format("at most {} nodes are read, {} are there", kMaxNodes, list->size()));
  }
  document.nodes.resize(list->size());
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Json& entry = (*list)[i];
    const JsonPlace place{"nodes", i};
    if (!entry.is_object()) return json_error(place, "must be an object");
    GltfNode& node = document.nodes[i];
    INKNAV_RETURN_IF_ERROR(read_transform(entry, place, node.local));
    INKNAV_ASSIGN_OR_RETURN(node.mesh, read_index(entry, "mesh", document.meshes.size(), place));
    INKNAV_RETURN_IF_ERROR(read_children(entry, "children", document.nodes.size(), place, node.children));
  }
  return base::ok_status();
}

/// glTF's node graph is a strict forest; a second way to a node is a cycle or a node with two parents.
base::Status check_forest(const GltfDocument& document) {
  std::vector<bool> seen(document.nodes.size(), false);
  struct Visit {
    int node;
    int depth;
  };
  std::vector<Visit> stack;
  for (const int root : document.roots) stack.push_back({root, 1});
  while (!stack.empty()) {
    const Visit visit = stack.back();
    stack.pop_back();
    const JsonPlace place{"nodes", static_cast<std::size_t>(visit.node)};
    if (seen[place.index]) return json_error(place, "is part of a cycle or has two parents");
    if (visit.depth > kMaxNodeDepth) {
      return json_error(place, fmt::format("nodes are nested at most {} deep", kMaxNodeDepth));
    }
    seen[place.index] = true;
    for (const int child : document.nodes[place.index].children) stack.push_back({child, visit.depth + 1});
  }
  return base::ok_status();
}

/// Nodes that are nobody's child: what a file without scenes shows.
std::vector<int> orphans(const GltfDocument& document) {
  std::vector<bool> is_child(document.nodes.size(), false);
  for (const GltfNode& node : document.nodes) {
    for (const int child : node.children) is_child[static_cast<std::size_t>(child)] = true;
  }
  std::vector<int> roots;
  for (std::size_t i = 0; i < is_child.size(); ++i) {
    if (!is_child[i]) roots.push_back(static_cast<int>(i));
  }
  return roots;
}

}  // namespace

base::Status read_gltf_nodes(const Json& root, GltfDocument& document) {
  INKNAV_RETURN_IF_ERROR(read_meshes(root, document));
  INKNAV_RETURN_IF_ERROR(read_node_list(root, document));
  INKNAV_ASSIGN_OR_RETURN(const Json* scenes, find_array(root, "scenes", {}));
  const std::size_t num_scenes = scenes == nullptr ? 0 : scenes->size();
  INKNAV_ASSIGN_OR_RETURN(const int scene, read_index(root, "scene", num_scenes, {}, 0));
  if (num_scenes == 0) {
    document.roots = orphans(document);
    if (document.roots.empty() && !document.nodes.empty())
      return json_error({"nodes", 0}, "is part of a cycle");
  } else {
    const JsonPlace place{"scenes", static_cast<std::size_t>(scene)};
    const Json& entry = (*scenes)[place.index];
    if (!entry.is_object()) return json_error(place, "must be an object");
    INKNAV_RETURN_IF_ERROR(read_children(entry, "nodes", document.nodes.size(), place, document.roots));
  }
  return check_forest(document);
}

}  // namespace inknav::scene::internal
