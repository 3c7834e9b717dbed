// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <utility>

#include "scene/limits.h"
#include "scene/load_internal.h"
#include "scene/ply_header.h"
#include "scene/triangulate.h"

namespace inknav::scene::internal {
namespace {

base::Error body_error(const PlyElement& element, std::size_t item, std::string_view what) {
  return {base::ErrorCode::kData,
          fmt::format("'{}' {} of {}: {}", element.name.substr(0, 40), item, element.count, what)};
}

constexpr std::string_view kCutOff =
    "numbers are wanted, the file ends or holds something else; it is cut off or "
    "damaged";

int find_any(const PlyElement& element, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const int found = element.find(name);
    if (found >= 0) return found;
  }
  return -1;
}

/// Where red, green, blue and alpha stand; -1 each if absent.
struct ColorColumns {
  std::array<int, 4> column{-1, -1, -1, -1};

  explicit ColorColumns(const PlyElement& element) {
    column = {
        find_any(element, {"red", "r", "diffuse_red"}), find_any(element, {"green", "g", "diffuse_green"}),
        find_any(element, {"blue", "b", "diffuse_blue"}), find_any(element, {"alpha", "a", "diffuse_alpha"})};
    for (const int c : column) {
      if (c >= 0 && element.properties[static_cast<std::size_t>(c)].is_list) column = {-1, -1, -1, -1};
    }
  }
  bool present() const { return column[0] >= 0 && column[1] >= 0 && column[2] >= 0; }

  glm::u8vec4 read(const PlyElement& element, const std::vector<double>& values) const {
    glm::u8vec4 color(255);
    for (int c = 0; c < 4; ++c) {
      const int at = column[static_cast<std::size_t>(c)];
      if (at < 0) continue;
      const PlyType type = element.properties[static_cast<std::size_t>(at)].type;
      double value = values[static_cast<std::size_t>(at)];
      if (type == PlyType::kF32 || type == PlyType::kF64) value *= 255.0;
      if (type == PlyType::kU16) value /= 257.0;
      color[c] = static_cast<std::uint8_t>(std::lround(std::min(std::max(0.0, value), 255.0)));
    }
    return color;
  }
};

class PlyReader {
 public:
  PlyReader(const PlyHeader& header, std::span<const std::uint8_t> body, AssetFolder& folder)
      : header_(header), cursor_(body, header.format), folder_(folder) {}

  base::Result<Scene> run() {
    INKNAV_RETURN_IF_ERROR(add_materials());
    for (const PlyElement& element : header_.elements) {
      if (element.name == "vertex") {
        INKNAV_RETURN_IF_ERROR(read_vertices(element));
      } else if (element.name == "face") {
        INKNAV_RETURN_IF_ERROR(read_faces(element));
      } else if (element.name == "tristrips") {
        INKNAV_RETURN_IF_ERROR(read_strips(element));
      } else {
        INKNAV_RETURN_IF_ERROR(skip(element));
      }
    }
    return std::move(scene_);
  }

 private:
  base::Status add_materials() {
    if (header_.textures.empty()) scene_.materials.push_back(plain_material());
    for (const std::string& name : header_.textures) {
      INKNAV_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes, folder_.read(name, kMaxImageFileBytes));
      INKNAV_ASSIGN_OR_RETURN(Image image, decode_image(bytes, name, 4));
      Material material = plain_material();
      INKNAV_ASSIGN_OR_RETURN(material.texture, add_texture(std::move(image), name, scene_));
      scene_.materials.push_back(material);
    }
    return base::ok_status();
  }

  /// One item: plain values into values_, list `kept` into list_, other lists dropped.
  bool read_item(const PlyElement& element, int kept, int kept_second = -1) {
    values_.assign(element.properties.size(), 0.0);
    for (std::size_t p = 0; p < element.properties.size(); ++p) {
      const PlyProperty& property = element.properties[p];
      if (!property.is_list) {
        if (!cursor_.next(property.type, values_[p])) return false;
        continue;
      }
      std::size_t count = 0;
      if (!cursor_.next_count(property, count)) return false;
      std::vector<double>* list = nullptr;
      if (static_cast<int>(p) == kept) list = &list_;
      if (static_cast<int>(p) == kept_second) list = &second_list_;
      if (list != nullptr) list->clear();
      for (std::size_t i = 0; i < count; ++i) {
        double value = 0.0;
        if (!cursor_.next(property.type, value)) return false;
        if (list != nullptr) list->push_back(value);
      }
    }
    return true;
  }

  base::Status skip(const PlyElement& element) {
    for (std::size_t i = 0; i < element.count && !element.properties.empty(); ++i) {
      if (!read_item(element, -1)) return body_error(element, i, kCutOff);
    }
    return base::ok_status();
  }

  base::Status read_vertices(const PlyElement& element) {
    const std::array<int, 3> at{element.find("x"), element.find("y"), element.find("z")};
    for (const int column : at) {
      if (column < 0 || element.properties[static_cast<std::size_t>(column)].is_list) {
        return body_error(element, 0, "x, y and z are wanted");
      }
    }
    if (!scene_.positions.empty())
      return body_error(element, 0, "one list of vertices is wanted, a second one is there");
    const std::array<int, 2> uv{find_any(element, {"s", "u", "texture_u"}),
                                find_any(element, {"t", "v", "texture_v"})};
    const bool has_uvs = uv[0] >= 0 && uv[1] >= 0;
    const ColorColumns colors(element);
    scene_.positions.reserve(element.count);
    for (std::size_t i = 0; i < element.count; ++i) {
      if (!read_item(element, -1)) return body_error(element, i, kCutOff);
      const auto value = [&](int column) {
        return static_cast<float>(values_[static_cast<std::size_t>(column)]);
      };
      scene_.positions.emplace_back(value(at[0]), value(at[1]), value(at[2]));
      // PLY's v counts from the bottom of the picture.
      if (has_uvs) scene_.uvs.emplace_back(value(uv[0]), 1.0f - value(uv[1]));
      if (colors.present()) scene_.colors.push_back(colors.read(element, values_));
    }
    shared_vertices_ = scene_.positions.size();
    return base::ok_status();
  }

  base::Status read_corners(const PlyElement& element, std::size_t item) {
    corners_.clear();
    for (const double value : list_) {
      if (!(value >= 0.0) || value >= static_cast<double>(shared_vertices_) || value != std::floor(value)) {
        return body_error(element, item,
                          fmt::format("it names vertex {}, there are {}", value, shared_vertices_));
      }
      corners_.push_back(static_cast<std::uint32_t>(value));
    }
    return base::ok_status();
  }

  base::Status read_faces(const PlyElement& element) {
    const int indices = find_any(element, {"vertex_indices", "vertex_index"});
    if (indices < 0 || !element.properties[static_cast<std::size_t>(indices)].is_list) {
      return body_error(element, 0, "a list 'vertex_indices' is wanted");
    }
    const int wedges = element.find("texcoord");
    const int texture = element.find("texnumber");
    const ColorColumns colors(element);
    const bool face_colors = colors.present() && scene_.colors.empty();
    if (face_colors) scene_.colors.assign(scene_.positions.size(), glm::u8vec4(255));
    const bool has_wedges = wedges >= 0 && element.properties[static_cast<std::size_t>(wedges)].is_list;
    if (has_wedges) scene_.uvs.resize(scene_.positions.size(), base::Vec2(0.0f));
    for (std::size_t i = 0; i < element.count; ++i) {
      list_.clear();
      second_list_.clear();
      if (!read_item(element, indices, has_wedges ? wedges : -1)) return body_error(element, i, kCutOff);
      INKNAV_RETURN_IF_ERROR(read_corners(element, i));
      std::uint32_t material = 0;
      if (texture >= 0) {
        const double number = values_[static_cast<std::size_t>(texture)];
        if (number >= 1.0 && number < static_cast<double>(scene_.materials.size())) {
          material = static_cast<std::uint32_t>(number);
        }
      }
      if (has_wedges && second_list_.size() >= 2 * corners_.size()) separate_corners(true);
      if (face_colors) {
        if (!has_wedges) separate_corners(false);
        const glm::u8vec4 color = colors.read(element, values_);
        for (const std::uint32_t corner : corners_) scene_.colors[corner] = color;
      }
      INKNAV_RETURN_IF_ERROR(add_polygon(element, i, material));
    }
    return base::ok_status();
  }

  /// Gives the polygon vertices of its own, for colours or texture coordinates that belong to it alone.
  void separate_corners(bool with_wedges) {
    for (std::size_t i = 0; i < corners_.size(); ++i) {
      const std::uint32_t from = corners_[i];
      corners_[i] = static_cast<std::uint32_t>(scene_.positions.size());
      const base::Vec3 position = scene_.positions[from];
      scene_.positions.push_back(position);
      if (!scene_.colors.empty()) scene_.colors.push_back(glm::u8vec4(scene_.colors[from]));
      if (with_wedges) {
        scene_.uvs.emplace_back(static_cast<float>(second_list_[2 * i]),
                                1.0f - static_cast<float>(second_list_[2 * i + 1]));
      } else if (!scene_.uvs.empty()) {
        scene_.uvs.push_back(base::Vec2(scene_.uvs[from]));
      }
    }
  }

  base::Status add_polygon(const PlyElement& element, std::size_t item, std::uint32_t material) {
    if (corners_.size() < 3) return base::ok_status();  // points and lines
    if (scene_.triangles.size() + corners_.size() > kMaxTriangles || scene_.positions.size() > kMaxVertices) {
      return body_error(element, item, fmt::format("the scene has more than {} triangles", kMaxTriangles));
    }
    polygon_.clear();
    for (const std::uint32_t corner : corners_) polygon_.push_back(scene_.positions[corner]);
    pieces_.clear();
    triangulate_polygon(std::span<const base::Vec3>(polygon_), pieces_);
    for (const glm::u32vec3& t : pieces_)
      scene_.triangles.emplace_back(corners_[t.x], corners_[t.y], corners_[t.z]);
    scene_.triangle_material.resize(scene_.triangles.size(), material);
    return base::ok_status();
  }

  /// Strips of triangles one after another in one list, -1 between them.
  base::Status read_strips(const PlyElement& element) {
    const int indices = find_any(element, {"vertex_indices", "vertex_index"});
    for (std::size_t i = 0; i < element.count && !element.properties.empty(); ++i) {
      list_.clear();
      if (!read_item(element, indices)) return body_error(element, i, kCutOff);
      const std::vector<double> all = list_;
      std::size_t begin = 0;
      for (std::size_t end = 0; end <= all.size(); ++end) {
        if (end < all.size() && all[end] != -1.0) continue;
        list_.assign(all.begin() + static_cast<std::ptrdiff_t>(begin),
                     all.begin() + static_cast<std::ptrdiff_t>(end));
        INKNAV_RETURN_IF_ERROR(read_corners(element, i));
        for (std::size_t c = 0; c + 2 < corners_.size(); ++c) {
          scene_.triangles.emplace_back(corners_[c], corners_[c + 1 + c % 2], corners_[c + 2 - c % 2]);
        }
        begin = end + 1;
      }
      scene_.triangle_material.resize(scene_.triangles.size(), 0);
    }
    return base::ok_status();
  }

  const PlyHeader& header_;
  PlyCursor cursor_;
  AssetFolder& folder_;
  Scene scene_;
  std::size_t shared_vertices_ = 0;
  std::vector<double> values_;
  std::vector<double> list_;
  std::vector<double> second_list_;
  std::vector<std::uint32_t> corners_;
  std::vector<base::Vec3> polygon_;
  std::vector<glm::u32vec3> pieces_;
};

}  // namespace

base::Result<Scene> read_ply(std::span<const std::uint8_t> bytes, AssetFolder& folder) {
  INKNAV_ASSIGN_OR_RETURN(const PlyHeader header, read_ply_header(bytes));
  return PlyReader(header, bytes.subspan(header.body), folder).run();
}

}  // namespace inknav::scene::internal
