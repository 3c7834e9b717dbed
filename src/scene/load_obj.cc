// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <tiny_obj_loader.h>

#include <algorithm>
#include <istream>
#include <map>
#include <streambuf>
#include <string>
#include <unordered_map>
#include <utility>

#include "scene/limits.h"
#include "scene/load_internal.h"
#include "scene/triangulate.h"

namespace inknav::scene::internal {
namespace {

base::Error obj_error(std::string_view what) { return {base::ErrorCode::kData, std::string(what)}; }

/// An istream over bytes that stay where they are.
class MemoryBuffer : public std::streambuf {
 public:
  explicit MemoryBuffer(std::span<const std::uint8_t> bytes) {
    // streambuf has no const get area; nothing writes through it.
    char* begin = const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));
    setg(begin, begin, begin + bytes.size());
  }
};

/// Opens material libraries beneath the scene's folder only.
class FolderMaterialReader : public tinyobj::MaterialReader {
 public:
  explicit FolderMaterialReader(AssetFolder& folder) : folder_(folder) {}

  bool operator()(const std::string& name, std::vector<tinyobj::material_t>* materials,
                  std::map<std::string, int>* numbers, std::string* warnings, std::string* errors) override {
    const auto bytes = folder_.read(name, kMaxJsonBytes);
    if (!bytes.ok()) {
      if (first_error_.empty()) first_error_ = bytes.error().message;
      return false;
    }
    found_ = true;
    MemoryBuffer buffer(*bytes);
    std::istream stream(&buffer);
    tinyobj::LoadMtl(numbers, materials, &stream, warnings, errors);
    return true;
  }

  /// A library was named and none of its names could be opened.
  bool failed() const { return !found_ && !first_error_.empty(); }
  const std::string& first_error() const { return first_error_; }

 private:
  AssetFolder& folder_;
  std::string first_error_;
  bool found_ = false;
};

class ObjAssembler {
 public:
  ObjAssembler(const tinyobj::attrib_t& attributes, const std::vector<tinyobj::material_t>& materials,
               AssetFolder& folder)
      : attributes_(attributes), materials_(materials), folder_(folder) {}

  base::Status add(const tinyobj::shape_t& shape) {
    std::size_t first = 0;
    for (std::size_t face = 0; face < shape.mesh.num_face_vertices.size(); ++face) {
      const std::size_t corners = shape.mesh.num_face_vertices[face];
      if (corners > shape.mesh.indices.size() - first)
        return obj_error("a face has more corners than indices");
      const std::span<const tinyobj::index_t> indices(shape.mesh.indices.data() + first, corners);
      const int material = face < shape.mesh.material_ids.size() ? shape.mesh.material_ids[face] : -1;
      INKNAV_RETURN_IF_ERROR(add_face(indices, material));
      first += corners;
    }
    return base::ok_status();
  }

  Scene take() {
    if (scene_.materials.empty()) scene_.materials.push_back(plain_material());
    return std::move(scene_);
  }

 private:
  base::Status add_face(std::span<const tinyobj::index_t> indices, int material) {
    if (indices.size() < 3) return base::ok_status();
    if (scene_.triangles.size() + indices.size() > kMaxTriangles || scene_.positions.size() > kMaxVertices) {
      return obj_error(fmt::format("the scene has more than {} triangles", kMaxTriangles));
    }
    INKNAV_ASSIGN_OR_RETURN(const std::uint32_t number, add_material(material));
    corners_.clear();
    polygon_.clear();
    for (const tinyobj::index_t& index : indices) {
      INKNAV_ASSIGN_OR_RETURN(const std::uint32_t corner, add_vertex(index));
      corners_.push_back(corner);
      polygon_.push_back(scene_.positions[corner]);
    }
    pieces_.clear();
    triangulate_polygon(std::span<const base::Vec3>(polygon_), pieces_);
    for (const glm::u32vec3& t : pieces_)
      scene_.triangles.emplace_back(corners_[t.x], corners_[t.y], corners_[t.z]);
    scene_.triangle_material.resize(scene_.triangles.size(), number);
    return base::ok_status();
  }

  base::Result<std::uint32_t> add_vertex(const tinyobj::index_t& index) {
    const auto vertices = static_cast<std::int64_t>(attributes_.vertices.size() / 3);
    const auto coordinates = static_cast<std::int64_t>(attributes_.texcoords.size() / 2);
    if (index.vertex_index < 0 || index.vertex_index >= vertices) {
      return obj_error(
          fmt::format("a face names vertex {}, there are {}", index.vertex_index + 1ll, vertices));
    }
    if (index.texcoord_index < -1 || index.texcoord_index >= coordinates) {
      return obj_error(fmt::format("a face names texture coordinate {}, there are {}",
                                   index.texcoord_index + 1ll, coordinates));
    }
    const std::uint64_t key = (static_cast<std::uint64_t>(index.vertex_index) << 32) |
                              static_cast<std::uint32_t>(index.texcoord_index);
    const auto [it, is_new] = vertices_.try_emplace(key, static_cast<std::uint32_t>(scene_.positions.size()));
    if (!is_new) return it->second;
    const auto v = static_cast<std::size_t>(index.vertex_index);
    scene_.positions.emplace_back(attributes_.vertices[3 * v], attributes_.vertices[3 * v + 1],
                                  attributes_.vertices[3 * v + 2]);
    if (coordinates > 0) {
      base::Vec2 uv(0.0f);
      if (index.texcoord_index >= 0) {
        const auto t = static_cast<std::size_t>(index.texcoord_index);
        // OBJ's v counts from the bottom of the picture.
        uv = base::Vec2(attributes_.texcoords[2 * t], 1.0f - attributes_.texcoords[2 * t + 1]);
      }
      scene_.uvs.push_back(uv);
    }
    if (attributes_.colors.size() == attributes_.vertices.size()) {
      glm::u8vec4 color(255);
      for (int c = 0; c < 3; ++c) {
        const float value = attributes_.colors[3 * v + static_cast<std::size_t>(c)];
        color[c] = static_cast<std::uint8_t>(std::min(std::max(0.0f, value), 1.0f) * 255.0f + 0.5f);
      }
      scene_.colors.push_back(color);
    }
    return it->second;
  }

  base::Result<std::uint32_t> add_material(int index) {
    const bool known = index >= 0 && index < static_cast<int>(materials_.size());
    const auto found = numbers_.find(known ? index : -1);
    if (found != numbers_.end()) return found->second;
    Material material = plain_material();
    if (known) {
      const tinyobj::material_t& source = materials_[static_cast<std::size_t>(index)];
      material.base_color =
          base::Vec4(source.diffuse[0], source.diffuse[1], source.diffuse[2], source.dissolve);
      if (!source.diffuse_texname.empty()) {
        INKNAV_ASSIGN_OR_RETURN(material.texture, add_obj_texture(source.diffuse_texname));
      }
    }
    const auto number = static_cast<std::uint32_t>(scene_.materials.size());
    scene_.materials.push_back(material);
    numbers_.emplace(known ? index : -1, number);
    return number;
  }

  base::Result<std::int32_t> add_obj_texture(std::string name) {
    std::replace(name.begin(), name.end(), '\\', '/');  // libraries written under Windows
    const auto found = textures_.find(name);
    if (found != textures_.end()) return found->second;
    INKNAV_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes, folder_.read(name, kMaxImageFileBytes));
    INKNAV_ASSIGN_OR_RETURN(Image image, decode_image(bytes, name, 4));
    INKNAV_ASSIGN_OR_RETURN(const std::int32_t number, add_texture(std::move(image), name, scene_));
    textures_.emplace(std::move(name), number);
    return number;
  }

  const tinyobj::attrib_t& attributes_;
  const std::vector<tinyobj::material_t>& materials_;
  AssetFolder& folder_;
  Scene scene_;
  std::unordered_map<std::uint64_t, std::uint32_t> vertices_;
  std::map<int, std::uint32_t> numbers_;
  std::map<std::string, std::int32_t> textures_;
  std::vector<std::uint32_t> corners_;
  std::vector<base::Vec3> polygon_;
  std::vector<glm::u32vec3> pieces_;
};

/// The parser's numbers have 32 bits and wrap: a face that names vertex 2^32 + 1 would get vertex 1.
base::Status check_face_numbers(std::span<const std::uint8_t> bytes) {
  constexpr std::uint64_t kMost = (std::uint64_t{1} << 31) - 1;
  std::size_t line = 1;
  bool first = true;    // no word of the line has come yet
  bool second = false;  // its first letter has
  bool face = false;    // it begins with "f "
  std::uint64_t number = 0;
  for (const std::uint8_t byte : bytes) {
    if (byte == '\n') {
      ++line;
      first = true;
      face = false;
    } else if (first && byte != ' ' && byte != '\t') {
      first = false;
      second = true;
      face = byte == 'f' || byte == 'l' || byte == 'p';
    } else if (std::exchange(second, false)) {
      face = face && (byte == ' ' || byte == '\t');
    }
    number = face && byte >= '0' && byte <= '9' ? 10 * number + (byte - '0') : 0;
    if (number > kMost)
      return obj_error(fmt::format("line {}: numbers of vertices up to {} are wanted", line, kMost));
  }
  return base::ok_status();
}

}  // namespace

base::Result<Scene> read_obj(std::span<const std::uint8_t> bytes, AssetFolder& folder) {
  INKNAV_RETURN_IF_ERROR(check_face_numbers(bytes));
  if (std::find(bytes.begin(), bytes.end(), std::uint8_t{0}) != bytes.end()) {
    return obj_error("an OBJ file is wanted, which is text; this file has zero bytes in it");
  }
  tinyobj::attrib_t attributes;
  std::vector<tinyobj::shape_t> shapes;
  std::vector<tinyobj::material_t> materials;
  std::string warnings;
  std::string errors;
  MemoryBuffer buffer(bytes);
  std::istream stream(&buffer);
  FolderMaterialReader reader(folder);
  const bool read = tinyobj::LoadObj(&attributes, &shapes, &materials, &warnings, &errors, &stream, &reader,
                                     /*triangulate=*/false, /*default_vcols_fallback=*/false);
  if (reader.failed()) return obj_error(reader.first_error());
  if (!read || !errors.empty()) {
    return obj_error(fmt::format("an OBJ file is wanted: {}", errors.substr(0, 200)));
  }
  ObjAssembler assembler(attributes, materials, folder);
  for (const tinyobj::shape_t& shape : shapes) INKNAV_RETURN_IF_ERROR(assembler.add(shape));
  return assembler.take();
}

}  // namespace inknav::scene::internal
