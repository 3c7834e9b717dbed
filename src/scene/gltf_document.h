// SPDX-License-Identifier: MIT
#pragma once
// A glTF 2.0 file (.gltf or .glb) as checked plain data: what a static, flat-shaded mesh needs and no more.
// Internal to the module; scene/load_gltf.cc makes a Scene of it.
//
// The JSON is parsed by nlohmann/json; every number that is later used as an index, offset or length is
// checked here, once: indices in range, views within their buffers, accessors (sparse ones too) within their
// views, finite transforms. After read_gltf_document() succeeded, no other check is needed to read memory
// safely. Buffers are spans into the file's bytes where possible. Errors: kData, naming the entry.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <glm/mat4x4.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/geometry.h"
#include "base/result.h"
#include "scene/asset_folder.h"

namespace inknav::scene::internal {

enum class Component : std::uint16_t {
  kI8 = 5120,
  kU8 = 5121,
  kI16 = 5122,
  kU16 = 5123,
  kU32 = 5125,
  kF32 = 5126,
};
std::size_t size_of(Component component);

struct GltfView {
  std::span<const std::uint8_t> bytes;
  std::size_t stride = 0;  // 0: tight
};

/// `count` elements of `size` bytes, `stride` apart, all inside `bytes`.
struct GltfArray {
  std::span<const std::uint8_t> bytes;
  std::size_t stride = 0;
  Component component = Component::kF32;
};

struct GltfAccessor {
  bool has_base = false;  // otherwise zeros
  GltfArray base;
  int num_components = 1;  // 1 to 4; 0 for matrices, which nothing here reads
  bool normalized = false;
  std::size_t count = 0;
  std::size_t sparse_count = 0;
  GltfArray sparse_indices;
  GltfArray sparse_values;
};

struct GltfImage {
  std::string label;                    // for messages
  std::span<const std::uint8_t> bytes;  // encoded, if inside a buffer
  std::string uri;                      // otherwise
};

enum class Wrap : int { kRepeat = 10497, kClamp = 33071, kMirror = 33648 };

struct GltfTexture {
  int image = -1;
  Wrap wrap_s = Wrap::kRepeat;
  Wrap wrap_t = Wrap::kRepeat;
};

struct GltfMaterial {
  base::Vec4 base_color{1.0f};
  int texture = -1;
  int uv_set = 0;
  base::Vec2 uv_offset{0.0f};  // KHR_texture_transform
  base::Vec2 uv_scale{1.0f};
  float uv_rotation = 0.0f;
  bool double_sided = false;
};

struct GltfPrimitive {
  int mode = 4;  // 4 triangles, 5 strip, 6 fan
  int positions = -1;
  int colors = -1;
  int indices = -1;
  int material = -1;
  std::vector<int> uv_sets;  // accessor of TEXCOORD_i
};

struct GltfMesh {
  std::vector<GltfPrimitive> primitives;
};

struct GltfNode {
  glm::dmat4 local{1.0};
  int mesh = -1;
  std::vector<int> children;
};

struct GltfDocument {
  std::deque<std::vector<std::uint8_t>> storage;  // of buffers that are not part of the file itself
  std::vector<std::span<const std::uint8_t>> buffers;
  std::vector<GltfView> views;
  std::vector<GltfAccessor> accessors;
  std::vector<GltfImage> images;
  std::vector<GltfTexture> textures;
  std::vector<GltfMaterial> materials;
  std::vector<GltfMesh> meshes;
  std::vector<GltfNode> nodes;
  std::vector<int> roots;  // of the default scene
};

/// `bytes` must outlive the document. Tells .glb from .gltf by the first four bytes.
base::Result<GltfDocument> read_gltf_document(std::span<const std::uint8_t> bytes, AssetFolder& folder);

}  // namespace inknav::scene::internal
