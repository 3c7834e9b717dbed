// SPDX-License-Identifier: MIT
#include "scene/gltf_document.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "scene/gltf_sections.h"
#include "scene/json_fields.h"
#include "scene/limits.h"

namespace inknav::scene::internal {
namespace {

base::Error container_error(std::string_view what) {
  return {base::ErrorCode::kData, fmt::format("a binary glTF 2.0 file is wanted, {}", what)};
}

std::uint32_t read_u32(std::span<const std::uint8_t> bytes, std::size_t offset) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

constexpr std::uint32_t kGlbMagic = 0x46546C67u;
constexpr std::uint32_t kJsonChunk = 0x4E4F534Au;
constexpr std::uint32_t kBinaryChunk = 0x004E4942u;

struct Container {
  std::span<const std::uint8_t> json;
  std::span<const std::uint8_t> binary;
  bool has_binary = false;
};

base::Result<Container> open_container(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 4 || read_u32(bytes, 0) != kGlbMagic) return Container{bytes, {}, false};
  if (bytes.size() < 20) return container_error("the file ends inside its header");
  if (read_u32(bytes, 4) != 2) return container_error(fmt::format("this is version {}", read_u32(bytes, 4)));
  if (read_u32(bytes, 8) != bytes.size()) {
    return container_error(fmt::format("the header says {} bytes, the file has {}; it is cut off or damaged",
                                       read_u32(bytes, 8), bytes.size()));
  }
  Container container;
  std::size_t offset = 12;
  for (int chunk = 0; offset + 8 <= bytes.size(); ++chunk) {
    const std::size_t length = read_u32(bytes, offset);
    const std::uint32_t kind = read_u32(bytes, offset + 4);
    offset += 8;
    if (length > bytes.size() - offset)
      return container_error(fmt::format("chunk {} is longer than the file", chunk));
    const auto content = bytes.subspan(offset, length);
    if (chunk == 0 && kind != kJsonChunk) return container_error("its first chunk is not JSON");
    if (chunk == 0) container.json = content;
    if (chunk == 1 && kind == kBinaryChunk) {
      container.binary = content;
      container.has_binary = true;
    }
    offset += (length + 3) / 4 * 4;
  }
  return container;
}

/// Extensions that change geometry or texels in ways that are not implemented here.
base::Status check_required_extensions(const Json& root) {
  static constexpr std::array<std::string_view, 17> kHarmless = {"KHR_materials_unlit",
                                                                 "KHR_draco_mesh_compression",
                                                                 "KHR_texture_basisu",
                                                                 "GOOGLE_texture_basis",
                                                                 "KHR_texture_transform",
                                                                 "KHR_mesh_quantization",
                                                                 "KHR_materials_specular",
                                                                 "KHR_materials_ior",
                                                                 "KHR_materials_clearcoat",
                                                                 "KHR_materials_sheen",
                                                                 "KHR_materials_transmission",
                                                                 "KHR_materials_volume",
                                                                 "KHR_lights_punctual",
                                                                 "KHR_materials_emissive_strength",
                                                                 "KHR_materials_iridescence",
                                                                 "KHR_materials_variants",
                                                                 "KHR_materials_pbrSpecularGlossiness"};
  INKNAV_ASSIGN_OR_RETURN(const Json* required, find_array(root, "extensionsRequired", {}));
  if (required == nullptr) return base::ok_status();
  for (const Json& name : *required) {
    const bool known = name.is_string() && std::find(kHarmless.begin(), kHarmless.end(),
                                                     name.get_ref<const std::string&>()) != kHarmless.end();
    if (!known) {
      return json_error({},
                        fmt::format("the file requires the extension {}, which is not supported; export it "
                                    "without compression or special texture formats",
                                    name.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 80)));
    }
  }
  return base::ok_status();
}

base::Status read_buffers(const Json& root, const Container& container, AssetFolder& folder,
                          GltfDocument& document) {
  INKNAV_ASSIGN_OR_RETURN(const Json* list, find_array(root, "buffers", {}));
  if (list == nullptr) return base::ok_status();
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Json& entry = (*list)[i];
    const JsonPlace place{"buffers", i};
    if (!entry.is_object()) return json_error(place, "must be an object");
    INKNAV_ASSIGN_OR_RETURN(const std::size_t length, read_size(entry, "byteLength", 0, place));
    INKNAV_ASSIGN_OR_RETURN(const std::string uri, read_string(entry, "uri", "", place));
    std::span<const std::uint8_t> bytes;
    if (uri.empty()) {
      if (i != 0 || !container.has_binary) return json_error(place, "has neither a uri nor a binary chunk");
      bytes = container.binary;
    } else if (uri.starts_with("data:")) {
      INKNAV_ASSIGN_OR_RETURN(std::vector<std::uint8_t> decoded, decode_data_uri(uri));
      bytes = document.storage.emplace_back(std::move(decoded));
    } else {
      INKNAV_ASSIGN_OR_RETURN(const std::string name, percent_decode(uri));
      INKNAV_ASSIGN_OR_RETURN(std::vector<std::uint8_t> loaded, folder.read(name, kMaxBinaryBytes));
      bytes = document.storage.emplace_back(std::move(loaded));
    }
    if (length > bytes.size()) {
      return json_error(place, fmt::format("{} bytes are wanted, {} are there", length, bytes.size()));
    }
    document.buffers.push_back(bytes.first(length));
  }
  return base::ok_status();
}

base::Status read_views(const Json& root, GltfDocument& document) {
  INKNAV_ASSIGN_OR_RETURN(const Json* list, find_array(root, "bufferViews", {}));
  if (list == nullptr) return base::ok_status();
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Json& entry = (*list)[i];
    const JsonPlace place{"bufferViews", i};
    if (!entry.is_object()) return json_error(place, "must be an object");
    INKNAV_ASSIGN_OR_RETURN(const int buffer, read_index(entry, "buffer", document.buffers.size(), place));
    INKNAV_ASSIGN_OR_RETURN(const std::size_t offset, read_size(entry, "byteOffset", 0, place));
    INKNAV_ASSIGN_OR_RETURN(const std::size_t length, read_size(entry, "byteLength", 0, place));
    INKNAV_ASSIGN_OR_RETURN(const std::size_t stride, read_size(entry, "byteStride", 0, place));
    if (buffer < 0) return json_error(place, "'buffer' is missing");
    if (stride > 252) return json_error(place, fmt::format("'byteStride' is at most 252, found {}", stride));
    const auto bytes = document.buffers[static_cast<std::size_t>(buffer)];
    if (offset > bytes.size() || length > bytes.size() - offset) {
      return json_error(place, fmt::format("bytes {} to {} are wanted, the buffer has {}", offset,
                                           offset + length, bytes.size()));
    }
    document.views.push_back({bytes.subspan(offset, length), stride});
  }
  return base::ok_status();
}

base::Result<Component> read_component(const Json& object, const JsonPlace& place) {
  INKNAV_ASSIGN_OR_RETURN(const int type, read_index(object, "componentType", 5127, place));
  if (type < 5120 || type == 5124) {
    return json_error(place,
                      fmt::format("'componentType' must be one of 5120 to 5123, 5125, 5126, found {}", type));
  }
  return static_cast<Component>(type);
}

/// `count` elements of `size` bytes in the view named by `object`, all of them inside it.
base::Result<GltfArray> read_array(const Json& object, Component component, std::size_t count,
                                   std::size_t size, const GltfDocument& document, const JsonPlace& place) {
  INKNAV_ASSIGN_OR_RETURN(const int view, read_index(object, "bufferView", document.views.size(), place));
  INKNAV_ASSIGN_OR_RETURN(const std::size_t offset, read_size(object, "byteOffset", 0, place));
  if (view < 0) return json_error(place, "'bufferView' is missing");
  const GltfView& source = document.views[static_cast<std::size_t>(view)];
  GltfArray array;
  array.component = component;
  array.stride = source.stride == 0 ? size : source.stride;
  if (array.stride < size) {
    return json_error(place,
                      fmt::format("elements of {} bytes do not fit a stride of {}", size, array.stride));
  }
  // count <= 2^48 and stride <= 252: no overflow.
  const std::size_t needed = count == 0 ? 0 : (count - 1) * array.stride + size;
  if (offset > source.bytes.size() || needed > source.bytes.size() - offset) {
    return json_error(place, fmt::format("{} elements need {} bytes from byte {}, the view has {}", count,
                                         needed, offset, source.bytes.size()));
  }
  array.bytes = source.bytes.subspan(offset, needed);
  return array;
}

base::Status read_sparse(const Json& sparse, std::size_t element, const GltfDocument& document,
                         const JsonPlace& place, GltfAccessor& accessor) {
  INKNAV_ASSIGN_OR_RETURN(accessor.sparse_count, read_size(sparse, "count", 0, place));
  INKNAV_ASSIGN_OR_RETURN(const Json* indices, find_object(sparse, "indices", place));
  INKNAV_ASSIGN_OR_RETURN(const Json* values, find_object(sparse, "values", place));
  if (indices == nullptr || values == nullptr || accessor.sparse_count > accessor.count) {
    return json_error(place, "'sparse' needs indices, values and a count not above the accessor's");
  }
  INKNAV_ASSIGN_OR_RETURN(const Component type, read_component(*indices, place));
  if (type != Component::kU8 && type != Component::kU16 && type != Component::kU32) {
    return json_error(place, "sparse indices must be unsigned whole numbers");
  }
  INKNAV_ASSIGN_OR_RETURN(accessor.sparse_indices,
                          read_array(*indices, type, accessor.sparse_count, size_of(type), document, place));
  INKNAV_ASSIGN_OR_RETURN(
      accessor.sparse_values,
      read_array(*values, accessor.base.component, accessor.sparse_count, element, document, place));
  return base::ok_status();
}

int components_of(std::string_view type) {
  if (type == "SCALAR") return 1;
  if (type == "VEC2") return 2;
  if (type == "VEC3") return 3;
  if (type == "VEC4") return 4;
  return 0;
}

base::Status read_accessor(const Json& entry, const JsonPlace& place, GltfDocument& document) {
  // An accessor without a view is all zeros: its count is not backed by bytes, so it gets a limit of its own.
  constexpr std::size_t kMaxUnbacked = 16'000'000;
  GltfAccessor accessor;
  INKNAV_ASSIGN_OR_RETURN(const std::string type, read_string(entry, "type", "", place));
  INKNAV_ASSIGN_OR_RETURN(accessor.count, read_size(entry, "count", 0, place));
  INKNAV_ASSIGN_OR_RETURN(accessor.normalized, read_bool(entry, "normalized", false, place));
  INKNAV_ASSIGN_OR_RETURN(const Component component, read_component(entry, place));
  accessor.base.component = component;
  accessor.num_components = components_of(type);
  if (accessor.num_components == 0) {
    // Matrices (skins) are never read; the slot keeps the numbering.
    accessor.count = 0;
    document.accessors.push_back(accessor);
    return base::ok_status();
  }
  const std::size_t element = static_cast<std::size_t>(accessor.num_components) * size_of(component);
  accessor.has_base = entry.contains("bufferView");
  if (accessor.has_base) {
    INKNAV_ASSIGN_OR_RETURN(accessor.base,
                            read_array(entry, component, accessor.count, element, document, place));
  } else if (accessor.count > kMaxUnbacked) {
    return json_error(place, fmt::format("an accessor without a bufferView has at most {} elements, found {}",
                                         kMaxUnbacked, accessor.count));
  }
  INKNAV_ASSIGN_OR_RETURN(const Json* sparse, find_object(entry, "sparse", place));
  if (sparse != nullptr) INKNAV_RETURN_IF_ERROR(read_sparse(*sparse, element, document, place, accessor));
  document.accessors.push_back(accessor);
  return base::ok_status();
}

base::Status read_accessors(const Json& root, GltfDocument& document) {
  INKNAV_ASSIGN_OR_RETURN(const Json* list, find_array(root, "accessors", {}));
  if (list == nullptr) return base::ok_status();
  for (std::size_t i = 0; i < list->size(); ++i) {
    const JsonPlace place{"accessors", i};
    if (!(*list)[i].is_object()) return json_error(place, "must be an object");
    INKNAV_RETURN_IF_ERROR(read_accessor((*list)[i], place, document));
  }
  return base::ok_status();
}

base::Status check_version(const Json& root) {
  INKNAV_ASSIGN_OR_RETURN(const Json* asset, find_object(root, "asset", {}));
  if (asset == nullptr) return json_error({}, "a glTF file is wanted, 'asset' is missing");
  INKNAV_ASSIGN_OR_RETURN(const std::string version, read_string(*asset, "version", "", {}));
  if (!version.starts_with("2.")) {
    return json_error({}, fmt::format("glTF 2 is wanted, found version '{}'", version.substr(0, 20)));
  }
  return base::ok_status();
}

}  // namespace

std::size_t size_of(Component component) {
  switch (component) {
    case Component::kI8:
    case Component::kU8:
      return 1;
    case Component::kI16:
    case Component::kU16:
      return 2;
    default:
      return 4;
  }
}

base::Result<GltfDocument> read_gltf_document(std::span<const std::uint8_t> bytes, AssetFolder& folder) {
  INKNAV_ASSIGN_OR_RETURN(const Container container, open_container(bytes));
  INKNAV_ASSIGN_OR_RETURN(const Json root, parse_json(container.json));
  INKNAV_RETURN_IF_ERROR(check_version(root));
  INKNAV_RETURN_IF_ERROR(check_required_extensions(root));
  GltfDocument document;
  INKNAV_RETURN_IF_ERROR(read_buffers(root, container, folder, document));
  INKNAV_RETURN_IF_ERROR(read_views(root, document));
  INKNAV_RETURN_IF_ERROR(read_accessors(root, document));
  INKNAV_RETURN_IF_ERROR(read_gltf_materials(root, document));
  INKNAV_RETURN_IF_ERROR(read_gltf_nodes(root, document));
  return document;
}

}  // namespace inknav::scene::internal
