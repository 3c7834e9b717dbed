// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <array>
#include <utility>

#include "scene/gltf_sections.h"
#include "scene/limits.h"

namespace inknav::scene::internal {
namespace {

base::Status read_images(const Json& root, GltfDocument& document) {
  INKNAV_ASSIGN_OR_RETURN(const Json* list, find_array(root, "images", {}));
  if (list == nullptr) return base::ok_status();
  if (list->size() > kMaxTextures) {
    return json_error({},
                      fmt::format("at most {} images are read, {} are there", kMaxTextures, list->size()));
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Json& entry = (*list)[i];
    const JsonPlace place{"images", i};
    if (!entry.is_object()) return json_error(place, "must be an object");
    GltfImage image;
    INKNAV_ASSIGN_OR_RETURN(const int view, read_index(entry, "bufferView", document.views.size(), place));
    INKNAV_ASSIGN_OR_RETURN(image.uri, read_string(entry, "uri", "", place));
    if ((view >= 0) == !image.uri.empty()) return json_error(place, "needs either a 'bufferView' or a 'uri'");
    image.label = place.text();
    if (view >= 0) image.bytes = document.views[static_cast<std::size_t>(view)].bytes;
    document.images.push_back(std::move(image));
  }
  return base::ok_status();
}

base::Result<Wrap> read_wrap(const Json& sampler, const char* key, const JsonPlace& place) {
  INKNAV_ASSIGN_OR_RETURN(const int mode, read_index(sampler, key, 1u << 16, place, 10497));
  if (mode != 10497 && mode != 33071 && mode != 33648) {
    return json_error(place, fmt::format("'{}' must be 10497, 33071 or 33648, found {}", key, mode));
  }
  return static_cast<Wrap>(mode);
}

/// A plain picture comes before its compressed twin.
base::Result<int> read_texture_source(const Json& entry, const JsonPlace& place,
                                      const GltfDocument& document) {
  INKNAV_ASSIGN_OR_RETURN(int image, read_index(entry, "source", document.images.size(), place));
  INKNAV_ASSIGN_OR_RETURN(const Json* extensions, find_object(entry, "extensions", place));
  if (image >= 0 || extensions == nullptr) return image;
  for (const char* name : {"KHR_texture_basisu", "GOOGLE_texture_basis"}) {
    INKNAV_ASSIGN_OR_RETURN(const Json* extension, find_object(*extensions, name, place));
    if (extension == nullptr || image >= 0) continue;
    INKNAV_ASSIGN_OR_RETURN(image, read_index(*extension, "source", document.images.size(), place));
  }
  return image;
}

base::Status read_textures(const Json& root, GltfDocument& document) {
  INKNAV_ASSIGN_OR_RETURN(const Json* samplers, find_array(root, "samplers", {}));
  INKNAV_ASSIGN_OR_RETURN(const Json* list, find_array(root, "textures", {}));
  if (list == nullptr) return base::ok_status();
  const std::size_t num_samplers = samplers == nullptr ? 0 : samplers->size();
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Json& entry = (*list)[i];
    const JsonPlace place{"textures", i};
    if (!entry.is_object()) return json_error(place, "must be an object");
    GltfTexture texture;
    INKNAV_ASSIGN_OR_RETURN(texture.image, read_texture_source(entry, place, document));
    INKNAV_ASSIGN_OR_RETURN(const int sampler, read_index(entry, "sampler", num_samplers, place));
    if (sampler >= 0) {
      const JsonPlace at{"samplers", static_cast<std::size_t>(sampler)};
      const Json& settings = (*samplers)[static_cast<std::size_t>(sampler)];
      if (!settings.is_object()) return json_error(at, "must be an object");
      INKNAV_ASSIGN_OR_RETURN(texture.wrap_s, read_wrap(settings, "wrapS", at));
      INKNAV_ASSIGN_OR_RETURN(texture.wrap_t, read_wrap(settings, "wrapT", at));
    }
    document.textures.push_back(texture);
  }
  return base::ok_status();
}

base::Status read_texture_transform(const Json& info, const JsonPlace& place, GltfMaterial& material) {
  INKNAV_ASSIGN_OR_RETURN(const Json* extensions, find_object(info, "extensions", place));
  if (extensions == nullptr) return base::ok_status();
  INKNAV_ASSIGN_OR_RETURN(const Json* transform, find_object(*extensions, "KHR_texture_transform", place));
  if (transform == nullptr) return base::ok_status();
  std::array<double, 2> offset{0.0, 0.0};
  std::array<double, 2> scale{1.0, 1.0};
  INKNAV_RETURN_IF_ERROR(read_numbers(*transform, "offset", offset, place));
  INKNAV_RETURN_IF_ERROR(read_numbers(*transform, "scale", scale, place));
  INKNAV_ASSIGN_OR_RETURN(const double rotation, read_number(*transform, "rotation", 0.0, place));
  INKNAV_ASSIGN_OR_RETURN(material.uv_set, read_index(*transform, "texCoord", 16, place, material.uv_set));
  material.uv_offset = base::Vec2(offset[0], offset[1]);
  material.uv_scale = base::Vec2(scale[0], scale[1]);
  material.uv_rotation = static_cast<float>(rotation);
  return base::ok_status();
}

/// `surface` is pbrMetallicRoughness or the older specular-glossiness extension, with its own key names.
base::Status read_surface(const Json& surface, const char* color_key, const char* texture_key,
                          const JsonPlace& place, const GltfDocument& document, GltfMaterial& material) {
  std::array<double, 4> color{1.0, 1.0, 1.0, 1.0};
  INKNAV_RETURN_IF_ERROR(read_numbers(surface, color_key, color, place));
  material.base_color = base::Vec4(color[0], color[1], color[2], color[3]);
  INKNAV_ASSIGN_OR_RETURN(const Json* info, find_object(surface, texture_key, place));
  if (info == nullptr) return base::ok_status();
  INKNAV_ASSIGN_OR_RETURN(material.texture, read_index(*info, "index", document.textures.size(), place));
  INKNAV_ASSIGN_OR_RETURN(material.uv_set, read_index(*info, "texCoord", 16, place, 0));
  return read_texture_transform(*info, place, material);
}

base::Status read_material(const Json& entry, const JsonPlace& place, GltfDocument& document) {
  GltfMaterial material;
  INKNAV_ASSIGN_OR_RETURN(material.double_sided, read_bool(entry, "doubleSided", false, place));
  INKNAV_ASSIGN_OR_RETURN(const Json* metallic, find_object(entry, "pbrMetallicRoughness", place));
  if (metallic != nullptr) {
    INKNAV_RETURN_IF_ERROR(
        read_surface(*metallic, "baseColorFactor", "baseColorTexture", place, document, material));
  } else {
    INKNAV_ASSIGN_OR_RETURN(const Json* extensions, find_object(entry, "extensions", place));
    if (extensions != nullptr) {
      INKNAV_ASSIGN_OR_RETURN(const Json* specular,
                              find_object(*extensions, "KHR_materials_pbrSpecularGlossiness", place));
      if (specular != nullptr) {
        INKNAV_RETURN_IF_ERROR(
            read_surface(*specular, "diffuseFactor", "diffuseTexture", place, document, material));
      }
    }
  }
  document.materials.push_back(material);
  return base::ok_status();
}

}  // namespace

base::Status read_gltf_materials(const Json& root, GltfDocument& document) {
  INKNAV_RETURN_IF_ERROR(read_images(root, document));
  INKNAV_RETURN_IF_ERROR(read_textures(root, document));
  INKNAV_ASSIGN_OR_RETURN(const Json* list, find_array(root, "materials", {}));
  if (list == nullptr) return base::ok_status();
  if (list->size() > kMaxMaterials) {
    return json_error(
        {}, fmt::format("at most {} materials are read, {} are there", kMaxMaterials, list->size()));
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const JsonPlace place{"materials", i};
    if (!(*list)[i].is_object()) return json_error(place, "must be an object");
    INKNAV_RETURN_IF_ERROR(read_material((*list)[i], place, document));
  }
  return base::ok_status();
}

}  // namespace inknav::scene::internal
