// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <glm/mat3x3.hpp>
#include <glm/matrix.hpp>
#include <map>
#include <tuple>
#include <utility>

#include "base/log.h"
#include "scene/basis_texture.h"
#include "scene/gltf_document.h"
#include "scene/limits.h"
#include "scene/load_internal.h"

namespace inknav::scene::internal {
namespace {

base::Error gltf_error(std::string_view what) { return {base::ErrorCode::kData, std::string(what)}; }

template <typename T>
T read_as(const std::uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

/// One component as the specification maps it: normalized whole numbers to [0,1] or [-1,1].
float component_value(const std::uint8_t* bytes, Component component, bool normalized) {
  switch (component) {
    case Component::kI8: {
      const auto value = static_cast<float>(read_as<std::int8_t>(bytes));
      return normalized ? std::max(value / 127.0f, -1.0f) : value;
    }
    case Component::kU8: {
      const auto value = static_cast<float>(*bytes);
      return normalized ? value / 255.0f : value;
    }
    case Component::kI16: {
      const auto value = static_cast<float>(read_as<std::int16_t>(bytes));
      return normalized ? std::max(value / 32767.0f, -1.0f) : value;
    }
    case Component::kU16: {
      const auto value = static_cast<float>(read_as<std::uint16_t>(bytes));
      return normalized ? value / 65535.0f : value;
    }
    case Component::kU32: {
      const auto value = static_cast<double>(read_as<std::uint32_t>(bytes));
      return static_cast<float>(normalized ? value / 4294967295.0 : value);
    }
    case Component::kF32:
      return read_as<float>(bytes);
  }
  return 0.0f;
}

std::uint32_t index_value(const std::uint8_t* bytes, Component component) {
  switch (component) {
    case Component::kU8:
      return *bytes;
    case Component::kU16:
      return read_as<std::uint16_t>(bytes);
    default:
      return read_as<std::uint32_t>(bytes);
  }
}

/// All elements as floats, [count, num_components], sparse replacements applied.
base::Result<std::vector<float>> read_floats(const GltfAccessor& accessor, std::string_view what) {
  const auto width = static_cast<std::size_t>(accessor.num_components);
  const std::size_t step = size_of(accessor.base.component);
  std::vector<float> out(accessor.count * width, 0.0f);
  const auto copy = [&](const GltfArray& array, std::size_t from, std::size_t to) {
    const std::uint8_t* source = array.bytes.data() + from * array.stride;
    for (std::size_t c = 0; c < width; ++c) {
      out[to * width + c] = component_value(source + c * step, array.component, accessor.normalized);
    }
  };
  if (accessor.has_base) {
    for (std::size_t i = 0; i < accessor.count; ++i) copy(accessor.base, i, i);
  }
  const GltfArray& places = accessor.sparse_indices;
  for (std::size_t i = 0; i < accessor.sparse_count; ++i) {
    const std::uint32_t to = index_value(places.bytes.data() + i * places.stride, places.component);
    if (to >= accessor.count) {
      return gltf_error(
          fmt::format("{}: a sparse index is {}, the accessor has {} elements", what, to, accessor.count));
    }
    copy(accessor.sparse_values, i, to);
  }
  return out;
}

base::Result<std::vector<std::uint32_t>> read_indices(const GltfAccessor& accessor) {
  const Component type = accessor.base.component;
  if (accessor.num_components != 1 ||
      (type != Component::kU8 && type != Component::kU16 && type != Component::kU32)) {
    return gltf_error("vertex indices must be single unsigned whole numbers");
  }
  std::vector<std::uint32_t> out(accessor.count, 0u);
  if (accessor.has_base) {
    const GltfArray& array = accessor.base;
    for (std::size_t i = 0; i < accessor.count; ++i)
      out[i] = index_value(array.bytes.data() + i * array.stride, type);
  }
  const GltfArray& places = accessor.sparse_indices;
  const GltfArray& values = accessor.sparse_values;
  for (std::size_t i = 0; i < accessor.sparse_count; ++i) {
    const std::uint32_t to = index_value(places.bytes.data() + i * places.stride, places.component);
    if (to >= accessor.count) return gltf_error("a sparse index of vertex indices is out of range");
    out[to] = index_value(values.bytes.data() + i * values.stride, type);
  }
  return out;
}

std::uint8_t to_byte(float value) {
  // A NaN becomes 0.
  return static_cast<std::uint8_t>(std::lround(std::min(std::max(0.0f, value), 1.0f) * 255.0f));
}

/// The texture `from`, followed by its mirror image along the wanted axes, so that plain repetition mirrors.
Image mirrored(const Image& from, bool mirror_s, bool mirror_t) {
  Image to;
  to.width = from.width * (mirror_s ? 2 : 1);
  to.height = from.height * (mirror_t ? 2 : 1);
  to.channels = 4;
  to.pixels.resize(std::size_t{4} * static_cast<std::size_t>(to.width) * static_cast<std::size_t>(to.height));
  for (int y = 0; y < to.height; ++y) {
    const int source_y = y < from.height ? y : to.height - 1 - y;
    for (int x = 0; x < to.width; ++x) {
      const int source_x = x < from.width ? x : to.width - 1 - x;
      std::memcpy(to.pixels.data() + 4 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(to.width) +
                                          static_cast<std::size_t>(x)),
                  from.pixels.data() +
                      4 * (static_cast<std::size_t>(source_y) * static_cast<std::size_t>(from.width) +
                           static_cast<std::size_t>(source_x)),
                  4);
    }
  }
  return to;
}

class Assembler {
 public:
  Assembler(const GltfDocument& document, AssetFolder& folder) : document_(document), folder_(folder) {}

  base::Result<Scene> run() {
    struct Visit {
      int node;
      glm::dmat4 world;
    };
    std::vector<Visit> stack;
    for (auto root = document_.roots.rbegin(); root != document_.roots.rend(); ++root) {
      stack.push_back({*root, glm::dmat4(1.0)});
    }
    while (!stack.empty()) {
      const Visit visit = stack.back();
      stack.pop_back();
      const GltfNode& node = document_.nodes[static_cast<std::size_t>(visit.node)];
      const glm::dmat4 world = visit.world * node.local;
      if (node.mesh >= 0) INKNAV_RETURN_IF_ERROR(add_mesh(node.mesh, world));
      for (auto child = node.children.rbegin(); child != node.children.rend(); ++child) {
        stack.push_back({*child, world});
      }
    }
    if (scene_.materials.empty()) scene_.materials.push_back({});
    return std::move(scene_);
  }

 private:
  /// Vertices of one node that come from the same arrays, seen through the same texture transform.
  using VertexKey = std::tuple<int, int, int, int>;  // positions, colors, uvs, material if it moves its uvs

  base::Status add_mesh(int mesh, const glm::dmat4& world) {
    std::map<VertexKey, std::uint32_t> placed;
    const bool flip = glm::determinant(glm::dmat3(world)) < 0.0;
    for (const GltfPrimitive& primitive : document_.meshes[static_cast<std::size_t>(mesh)].primitives) {
      if (primitive.mode < 4 || primitive.positions < 0) continue;  // points and lines
      INKNAV_ASSIGN_OR_RETURN(const std::uint32_t material, add_material(primitive.material));
      INKNAV_ASSIGN_OR_RETURN(const std::uint32_t first, place_vertices(primitive, world, placed));
      INKNAV_RETURN_IF_ERROR(add_triangles(primitive, first, material, flip));
    }
    return base::ok_status();
  }

  const GltfAccessor& accessor(int index) const {
    return document_.accessors[static_cast<std::size_t>(index)];
  }

  base::Result<std::uint32_t> place_vertices(const GltfPrimitive& primitive, const glm::dmat4& world,
                                             std::map<VertexKey, std::uint32_t>& placed) {
    const GltfMaterial* material =
        primitive.material < 0 ? nullptr : &document_.materials[static_cast<std::size_t>(primitive.material)];
    const bool textured = material != nullptr && material->texture >= 0;
    // Untextured primitives take part in set 0, so that primitives that share vertices keep sharing them.
    const std::size_t set = textured ? static_cast<std::size_t>(material->uv_set) : 0;
    const bool wanted = textured || !document_.textures.empty();
    const int uvs = wanted && set < primitive.uv_sets.size() ? primitive.uv_sets[set] : -1;
    const int moved_by = textured && moves_uvs(*material) ? primitive.material : -1;
    const VertexKey key{primitive.positions, primitive.colors, uvs, moved_by};
    const auto found = placed.find(key);
    if (found != placed.end()) return found->second;

    const std::size_t count = accessor(primitive.positions).count;
    const std::size_t first = scene_.positions.size();
    if (first + count > kMaxVertices) {
      return gltf_error(fmt::format("the scene has more than {} vertices", kMaxVertices));
    }
    INKNAV_RETURN_IF_ERROR(add_positions(accessor(primitive.positions), world));
    if (uvs >= 0) INKNAV_RETURN_IF_ERROR(add_uvs(accessor(uvs), moved_by, first));
    if (primitive.colors >= 0) INKNAV_RETURN_IF_ERROR(add_colors(accessor(primitive.colors), first));
    if (!scene_.uvs.empty()) scene_.uvs.resize(scene_.positions.size(), base::Vec2(0.0f));
    if (!scene_.colors.empty()) scene_.colors.resize(scene_.positions.size(), glm::u8vec4(255));
    placed.emplace(key, static_cast<std::uint32_t>(first));
    return static_cast<std::uint32_t>(first);
  }

  base::Status add_positions(const GltfAccessor& source, const glm::dmat4& world) {
    if (source.num_components != 3) return gltf_error("vertex positions must have three components");
    INKNAV_ASSIGN_OR_RETURN(const std::vector<float> values, read_floats(source, "vertex positions"));
    scene_.positions.reserve(scene_.positions.size() + source.count);
    for (std::size_t i = 0; i < source.count; ++i) {
      const glm::dvec4 p(values[3 * i], values[3 * i + 1], values[3 * i + 2], 1.0);
      scene_.positions.emplace_back(glm::dvec3(world * p));
    }
    return base::ok_status();
  }

  Wrap wrap_s(const GltfMaterial& m) const {
    return document_.textures[static_cast<std::size_t>(m.texture)].wrap_s;
  }
  Wrap wrap_t(const GltfMaterial& m) const {
    return document_.textures[static_cast<std::size_t>(m.texture)].wrap_t;
  }

  /// Whether the material's texture sees other coordinates than those in the file (or warns about them).
  bool moves_uvs(const GltfMaterial& m) const {
    return m.uv_offset != base::Vec2(0.0f) || m.uv_scale != base::Vec2(1.0f) || m.uv_rotation != 0.0f ||
           wrap_s(m) != Wrap::kRepeat || wrap_t(m) != Wrap::kRepeat;
  }

  base::Status add_uvs(const GltfAccessor& source, int moved_by, std::size_t first) {
    const std::size_t count = scene_.positions.size() - first;
    if (source.num_components != 2 || source.count != count) {
      return gltf_error(fmt::format("{} texture coordinates of two components are wanted, {} of {} are there",
                                    count, source.count, source.num_components));
    }
    INKNAV_ASSIGN_OR_RETURN(const std::vector<float> values, read_floats(source, "texture coordinates"));
    scene_.uvs.resize(first, base::Vec2(0.0f));
    if (moved_by < 0) {
      for (std::size_t i = 0; i < count; ++i) scene_.uvs.emplace_back(values[2 * i], values[2 * i + 1]);
      return base::ok_status();
    }
    const GltfMaterial& material = document_.materials[static_cast<std::size_t>(moved_by)];
    const Wrap s = wrap_s(material);
    const Wrap t = wrap_t(material);
    const base::Vec2 mirror(s == Wrap::kMirror ? 0.5f : 1.0f, t == Wrap::kMirror ? 0.5f : 1.0f);
    // Counter-clockwise as the picture is seen, v pointing down.
    const float cosine = std::cos(material.uv_rotation);
    const float sine = std::sin(material.uv_rotation);
    bool outside = false;
    for (std::size_t i = 0; i < count; ++i) {
      base::Vec2 uv = base::Vec2(values[2 * i], values[2 * i + 1]) * material.uv_scale;
      if (sine != 0.0f) uv = base::Vec2(cosine * uv.x + sine * uv.y, cosine * uv.y - sine * uv.x);
      uv += material.uv_offset;
      outside = outside || (s == Wrap::kClamp && (uv.x < -0.01f || uv.x > 1.01f)) ||
                (t == Wrap::kClamp && (uv.y < -0.01f || uv.y > 1.01f));
      scene_.uvs.push_back(uv * mirror);
    }
    if (outside && !warned_clamp_) {
      base::log_warning("a texture that asks for clamping is used outside [0,1]; it is repeated instead");
      warned_clamp_ = true;
    }
    return base::ok_status();
  }

  base::Status add_colors(const GltfAccessor& source, std::size_t first) {
    const std::size_t count = scene_.positions.size() - first;
    if (source.num_components < 3 || source.count != count) {
      return gltf_error(fmt::format("{} vertex colours of 3 or 4 components are wanted, {} of {} are there",
                                    count, source.count, source.num_components));
    }
    GltfAccessor colors = source;
    colors.normalized = true;  // whole-number colours have no other meaning
    INKNAV_ASSIGN_OR_RETURN(const std::vector<float> values, read_floats(colors, "vertex colours"));
    const auto width = static_cast<std::size_t>(source.num_components);
    scene_.colors.resize(first, glm::u8vec4(255));
    for (std::size_t i = 0; i < count; ++i) {
      const float* c = values.data() + i * width;
      scene_.colors.emplace_back(to_byte(c[0]), to_byte(c[1]), to_byte(c[2]),
                                 width == 4 ? to_byte(c[3]) : 255);
    }
    return base::ok_status();
  }

  base::Status add_triangles(const GltfPrimitive& primitive, std::uint32_t first, std::uint32_t material,
                             bool flip) {
    const std::size_t vertices = accessor(primitive.positions).count;
    std::vector<std::uint32_t> indices;
    if (primitive.indices >= 0) {
      INKNAV_ASSIGN_OR_RETURN(indices, read_indices(accessor(primitive.indices)));
      for (const std::uint32_t index : indices) {
        if (index >= vertices) {
          return gltf_error(fmt::format("a triangle names vertex {}, its mesh has {}", index, vertices));
        }
      }
    }
    const std::size_t corners = primitive.indices >= 0 ? indices.size() : vertices;
    const auto corner = [&](std::size_t i) {
      return first + (primitive.indices >= 0 ? indices[i] : static_cast<std::uint32_t>(i));
    };
    const std::size_t count = primitive.mode == 4 ? corners / 3 : corners < 3 ? 0 : corners - 2;
    if (scene_.triangles.size() + count > kMaxTriangles) {
      return gltf_error(fmt::format("the scene has more than {} triangles", kMaxTriangles));
    }
    for (std::size_t i = 0; i < count; ++i) {
      std::array<std::size_t, 3> t{3 * i, 3 * i + 1, 3 * i + 2};
      if (primitive.mode == 5) t = {i, i + 1 + i % 2, i + 2 - i % 2};
      if (primitive.mode == 6) t = {i + 1, i + 2, 0};
      if (flip) std::swap(t[1], t[2]);
      scene_.triangles.emplace_back(corner(t[0]), corner(t[1]), corner(t[2]));
    }
    scene_.triangle_material.resize(scene_.triangles.size(), material);
    return base::ok_status();
  }

  base::Result<std::uint32_t> add_material(int index) {
    const auto found = materials_.find(index);
    if (found != materials_.end()) return found->second;
    Material material;
    if (index >= 0) {
      const GltfMaterial& source = document_.materials[static_cast<std::size_t>(index)];
      material.base_color = source.base_color;
      material.double_sided = source.double_sided;
      if (source.texture >= 0) {
        INKNAV_ASSIGN_OR_RETURN(material.texture, add_gltf_texture(source.texture));
      }
    }
    const auto number = static_cast<std::uint32_t>(scene_.materials.size());
    scene_.materials.push_back(material);
    materials_.emplace(index, number);
    return number;
  }

  base::Result<std::int32_t> add_gltf_texture(int index) {
    const GltfTexture& texture = document_.textures[static_cast<std::size_t>(index)];
    if (texture.image < 0) {
      return gltf_error(fmt::format(
          "textures[{}] has no PNG, JPEG or Basis source; convert its picture to one of them", index));
    }
    const bool mirror_s = texture.wrap_s == Wrap::kMirror;
    const bool mirror_t = texture.wrap_t == Wrap::kMirror;
    const auto key = std::make_tuple(texture.image, mirror_s, mirror_t);
    const auto found = textures_.find(key);
    if (found != textures_.end()) return found->second;

    const GltfImage& image = document_.images[static_cast<std::size_t>(texture.image)];
    std::vector<std::uint8_t> loaded;
    std::span<const std::uint8_t> bytes = image.bytes;
    std::string label = image.label;
    if (image.uri.starts_with("data:")) {
      INKNAV_ASSIGN_OR_RETURN(loaded, decode_data_uri(image.uri));
      bytes = loaded;
    } else if (!image.uri.empty()) {
      INKNAV_ASSIGN_OR_RETURN(label, percent_decode(image.uri));
      INKNAV_ASSIGN_OR_RETURN(loaded, folder_.read(label, kMaxImageFileBytes));
      bytes = loaded;
    }
    const bool is_compressed = is_ktx2(bytes) || is_basis(bytes);
    INKNAV_ASSIGN_OR_RETURN(
        Image decoded, is_compressed ? decode_basis_texture(bytes, label) : decode_image(bytes, label, 4));
    if (mirror_s || mirror_t) decoded = mirrored(decoded, mirror_s, mirror_t);
    INKNAV_ASSIGN_OR_RETURN(const std::int32_t number, add_texture(std::move(decoded), label, scene_));
    textures_.emplace(key, number);
    return number;
  }

  const GltfDocument& document_;
  AssetFolder& folder_;
  Scene scene_;
  std::map<int, std::uint32_t> materials_;
  std::map<std::tuple<int, bool, bool>, std::int32_t> textures_;
  bool warned_clamp_ = false;
};

}  // namespace

base::Result<Scene> read_gltf(std::span<const std::uint8_t> bytes, AssetFolder& folder) {
  INKNAV_ASSIGN_OR_RETURN(const GltfDocument document, read_gltf_document(bytes, folder));
  return Assembler(document, folder).run();
}

}  // namespace inknav::scene::internal
