// SPDX-License-Identifier: MIT
#include "scene/scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <glm/geometric.hpp>
#include <utility>

#include "scene/limits.h"
#include "scene/load_internal.h"

namespace inknav::scene {
namespace {

base::Error data_error(const Scene& scene, const std::string& what) {
  return {base::ErrorCode::kData, fmt::format("scene '{}': {}", scene.name, what)};
}

bool within_limits(const base::Vec3& p) {
  // NaN fails every comparison.
  return std::abs(p.x) <= kMaxCoordinate && std::abs(p.y) <= kMaxCoordinate &&
         std::abs(p.z) <= kMaxCoordinate;
}

base::Status validate_vertices(const Scene& scene) {
  const std::size_t count = scene.positions.size();
  if (count == 0 || count > kMaxVertices) {
    return data_error(scene, fmt::format("1 to {} vertices are wanted, {} are there", kMaxVertices, count));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const base::Vec3& p = scene.positions[i];
    if (!within_limits(p)) {
      return data_error(scene, fmt::format("vertex {} is ({}, {}, {}); coordinates must be finite and within "
                                           "{} m of the origin",
                                           i, p.x, p.y, p.z, kMaxCoordinate));
    }
  }
  if (!scene.uvs.empty() && scene.uvs.size() != count) {
    return data_error(scene, fmt::format("{} vertices but {} texture coordinates", count, scene.uvs.size()));
  }
  if (!scene.colors.empty() && scene.colors.size() != count) {
    return data_error(scene, fmt::format("{} vertices but {} vertex colours", count, scene.colors.size()));
  }
  for (std::size_t i = 0; i < scene.uvs.size(); ++i) {
    if (!std::isfinite(scene.uvs[i].x) || !std::isfinite(scene.uvs[i].y)) {
      return data_error(scene, fmt::format("texture coordinate {} is not finite", i));
    }
  }
  return base::ok_status();
}

base::Status validate_triangles(const Scene& scene) {
  const std::size_t vertices = scene.positions.size();
  if (scene.triangles.size() > kMaxTriangles) {
    return data_error(
        scene, fmt::format("{} triangles, at most {} are allowed", scene.triangles.size(), kMaxTriangles));
  }
  if (scene.triangle_material.size() != scene.triangles.size()) {
    return data_error(scene, fmt::format("{} triangles but {} material numbers", scene.triangles.size(),
                                         scene.triangle_material.size()));
  }
  for (std::size_t i = 0; i < scene.triangles.size(); ++i) {
    const glm::u32vec3& t = scene.triangles[i];
    if (std::max({t.x, t.y, t.z}) >= vertices) {
      return data_error(
          scene, fmt::format("triangle {} names vertex {} of {}", i, std::max({t.x, t.y, t.z}), vertices));
    }
    if (scene.triangle_material[i] >= scene.materials.size()) {
      return data_error(scene, fmt::format("triangle {} names material {} of {}", i,
                                           scene.triangle_material[i], scene.materials.size()));
    }
  }
  return base::ok_status();
}

bool is_consistent(const Texture& texture) {
  if (texture.levels.empty()) return false;
  std::size_t offset = 0;
  int width = texture.levels.front().width;
  int height = texture.levels.front().height;
  if (width < 1 || height < 1 || width > kMaxImageSide || height > kMaxImageSide) return false;
  for (std::size_t i = 0; i < texture.levels.size(); ++i) {
    const TextureLevel& level = texture.levels[i];
    if (level.width != width || level.height != height || level.offset != offset) return false;
    offset += std::size_t{4} * static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    const bool last = i + 1 == texture.levels.size();
    if (last != (width == 1 && height == 1)) return false;
    width = std::max(1, width / 2);
    height = std::max(1, height / 2);
  }
  return offset == texture.rgba.size();
}

base::Status validate_materials(const Scene& scene) {
  if (scene.materials.empty()) return data_error(scene, "at least one material is wanted, none is there");
  for (std::size_t i = 0; i < scene.materials.size(); ++i) {
    const Material& material = scene.materials[i];
    for (int c = 0; c < 4; ++c) {
      if (!std::isfinite(material.base_color[c])) {
        return data_error(scene, fmt::format("the base colour of material {} is not finite", i));
      }
    }
    if (material.texture < -1 || material.texture >= static_cast<std::int64_t>(scene.textures.size())) {
      return data_error(scene, fmt::format("material {} names texture {} of {}", i, material.texture,
                                           scene.textures.size()));
    }
  }
  for (std::size_t i = 0; i < scene.textures.size(); ++i) {
    if (!is_consistent(scene.textures[i])) {
      return data_error(scene, fmt::format("the levels of texture {} do not form a chain down to 1x1", i));
    }
  }
  return base::ok_status();
}

bool is_degenerate(const Scene& scene, const glm::u32vec3& t) {
  const glm::dvec3 a(scene.positions[t.x]);
  const glm::dvec3 b(scene.positions[t.y]);
  const glm::dvec3 c(scene.positions[t.z]);
  const glm::dvec3 normal = glm::cross(b - a, c - a);
  return normal.x == 0.0 && normal.y == 0.0 && normal.z == 0.0;
}

/// Keeps the order of the others. Indices must be in range.
void drop_degenerate_triangles(Scene& scene) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < scene.triangles.size(); ++i) {
    if (is_degenerate(scene, scene.triangles[i])) continue;
    scene.triangles[kept] = scene.triangles[i];
    scene.triangle_material[kept] = scene.triangle_material[i];
    ++kept;
  }
  scene.triangles.resize(kept);
  scene.triangle_material.resize(kept);
}

template <typename T>
void hash_array(base::Hasher& hasher, const std::vector<T>& values) {
  hasher.update_value(static_cast<std::uint64_t>(values.size()));
  hasher.update(values.data(), values.size() * sizeof(T));
}

base::Hash128 hash_content(const Scene& scene) {
  base::Hasher hasher;
  hash_array(hasher, scene.positions);
  hash_array(hasher, scene.uvs);
  hash_array(hasher, scene.colors);
  hash_array(hasher, scene.triangles);
  hash_array(hasher, scene.triangle_material);
  hasher.update_value(static_cast<std::uint64_t>(scene.materials.size()));
  for (const Material& material : scene.materials) {
    hasher.update_value(material.base_color);
    hasher.update_value(material.texture);
    hasher.update_value(static_cast<std::uint8_t>(material.double_sided));
  }
  hasher.update_value(static_cast<std::uint64_t>(scene.textures.size()));
  for (const Texture& texture : scene.textures) {
    hasher.update_value(static_cast<std::int32_t>(texture.levels.front().width));
    hasher.update_value(static_cast<std::int32_t>(texture.levels.front().height));
    hash_array(hasher, texture.rgba);
  }
  return hasher.digest();
}

/// Which source samples one destination sample covers when `source` samples become max(1, source / 2), and
/// with which integer weights: an exact box filter also for odd sizes. The weights add up to total(source).
struct BoxTaps {
  int first = 0;
  int count = 1;
  std::uint64_t weight[3] = {1, 0, 0};
};

std::uint64_t total_weight(int source) {
  if (source == 1) return 1;
  return source % 2 == 0 ? 2 : static_cast<std::uint64_t>(source);
}

BoxTaps box_taps(int source, int index) {
  if (source == 1) return {};
  if (source % 2 == 0) return {2 * index, 2, {1, 1, 0}};
  const int half = source / 2;
  return {2 * index,
          3,
          {static_cast<std::uint64_t>(half - index), static_cast<std::uint64_t>(half),
           static_cast<std::uint64_t>(index + 1)}};
}

void halve_even(const std::uint8_t* from, int from_width, std::uint8_t* to, int width, int height) {
  const std::size_t stride = std::size_t{4} * static_cast<std::size_t>(from_width);
  for (int y = 0; y < height; ++y) {
    const std::uint8_t* row = from + 2 * static_cast<std::size_t>(y) * stride;
    for (int x = 0; x < width; ++x, row += 8, to += 4) {
      for (int c = 0; c < 4; ++c) {
        const unsigned sum = row[c] + row[c + 4] + row[stride + static_cast<std::size_t>(c)] +
                             row[stride + static_cast<std::size_t>(c) + 4] + 2u;
        to[c] = static_cast<std::uint8_t>(sum / 4u);
      }
    }
  }
}

void halve(const std::uint8_t* from, const TextureLevel& source, std::uint8_t* to,
           const TextureLevel& target) {
  if (source.width % 2 == 0 && source.height % 2 == 0) {
    halve_even(from, source.width, to, target.width, target.height);
    return;
  }
  const std::uint64_t total = total_weight(source.width) * total_weight(source.height);
  for (int y = 0; y < target.height; ++y) {
    const BoxTaps rows = box_taps(source.height, y);
    for (int x = 0; x < target.width; ++x, to += 4) {
      const BoxTaps columns = box_taps(source.width, x);
      std::uint64_t sum[4] = {total / 2, total / 2, total / 2, total / 2};
      for (int j = 0; j < rows.count; ++j) {
        for (int i = 0; i < columns.count; ++i) {
          const std::size_t texel =
              static_cast<std::size_t>(rows.first + j) * static_cast<std::size_t>(source.width) +
              static_cast<std::size_t>(columns.first + i);
          for (std::size_t c = 0; c < 4; ++c)
            sum[c] += rows.weight[j] * columns.weight[i] * from[4 * texel + c];
        }
      }
      for (int c = 0; c < 4; ++c) to[c] = static_cast<std::uint8_t>(sum[c] / total);
    }
  }
}

}  // namespace

base::Status Scene::validate() const {
  if (triangles.empty()) {
    return data_error(*this, "at least one triangle that is not degenerate is wanted, none is there");
  }
  INKNAV_RETURN_IF_ERROR(validate_vertices(*this));
  INKNAV_RETURN_IF_ERROR(validate_materials(*this));
  return validate_triangles(*this);
}

std::size_t internal::count_degenerate(const Scene& scene) {
  const auto none = [&](const glm::u32vec3& t) {
    const std::size_t vertices = scene.positions.size();
    return std::max({t.x, t.y, t.z}) < vertices && is_degenerate(scene, t);
  };
  return static_cast<std::size_t>(std::count_if(scene.triangles.begin(), scene.triangles.end(), none));
}

base::Result<ScenePtr> finish(Scene scene) {
  INKNAV_RETURN_IF_ERROR(scene.validate());
  drop_degenerate_triangles(scene);
  if (scene.triangles.empty()) return data_error(scene, "every triangle is degenerate (has no area)");
  scene.bounds = {};
  for (const base::Vec3& p : scene.positions) scene.bounds.extend(p);
  scene.content_hash = hash_content(scene);
  return std::make_shared<const Scene>(std::move(scene));
}

Texture make_texture(int width, int height, std::vector<std::uint8_t> rgba) {
  INKNAV_CHECK(width >= 1 && height >= 1 && width <= kMaxImageSide && height <= kMaxImageSide, width, height);
  INKNAV_CHECK(
      rgba.size() == std::size_t{4} * static_cast<std::size_t>(width) * static_cast<std::size_t>(height),
      rgba.size(), width, height);
  Texture texture;
  TextureLevel level{width, height, 0};
  std::size_t end = 0;
  for (;;) {
    level.offset = end;
    texture.levels.push_back(level);
    end += std::size_t{4} * static_cast<std::size_t>(level.width) * static_cast<std::size_t>(level.height);
    if (level.width == 1 && level.height == 1) break;
    level.width = std::max(1, level.width / 2);
    level.height = std::max(1, level.height / 2);
  }
  texture.rgba = std::move(rgba);
  texture.rgba.resize(end);
  for (std::size_t i = 1; i < texture.levels.size(); ++i) {
    halve(texture.rgba.data() + texture.levels[i - 1].offset, texture.levels[i - 1],
          texture.rgba.data() + texture.levels[i].offset, texture.levels[i]);
  }
  return texture;
}

}  // namespace inknav::scene
