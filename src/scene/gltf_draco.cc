// SPDX-License-Identifier: MIT
#include "scene/gltf_draco.h"

#include <draco/compression/decode.h>
#include <fmt/format.h>

#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "scene/limits.h"

namespace inknav::scene::internal {
namespace {

/// The start of a stream, read without the library: what it would allocate by.
class StreamHead {
 public:
  explicit StreamHead(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  /// Faces, and points where the head says them (sequential coding).
  struct Counts {
    std::uint64_t faces = 0;
    std::optional<std::uint64_t> points;
  };

  base::Result<Counts> read(const JsonPlace& place) {
    constexpr std::uint16_t kHasMetadata = 0x8000;
    constexpr std::size_t kHeadBytes = 11;
    if (bytes_.size() < kHeadBytes || std::memcmp(bytes_.data(), "DRACO", 5) != 0)
      return json_error(place, "Draco's bytes do not start with 'DRACO'; they are cut off or damaged");
    if (bytes_[5] != 2 || bytes_[6] != 2) {
      return json_error(place,
                        fmt::format("Draco's bitstream 2.2 is wanted, found {}.{}", bytes_[5], bytes_[6]));
    }
    if (bytes_[7] != draco::TRIANGULAR_MESH)
      return json_error(place, "Draco's bytes hold no triangles but points");
    const std::uint8_t method = bytes_[8];
    if (((bytes_[9] | (bytes_[10] << 8)) & kHasMetadata) != 0)
      return json_error(place, "Draco's bytes hold metadata, which is not read; export without it");
    position_ = kHeadBytes;
    Counts counts;
    bool whole = true;
    if (method == draco::MESH_EDGEBREAKER_ENCODING) {
      ++position_;  // kind of traversal
      std::uint64_t vertices = 0;
      whole = varint(vertices) && varint(counts.faces);
    } else if (method == draco::MESH_SEQUENTIAL_ENCODING) {
      std::uint64_t points = 0;
      whole = varint(counts.faces) && varint(points);
      counts.points = points;
    } else {
      return json_error(place, fmt::format("Draco's method {} is unknown", method));
    }
    if (!whole) return json_error(place, "Draco's bytes end inside their head; they are cut off");
    return counts;
  }

 private:
  bool varint(std::uint64_t& out) {
    out = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      if (position_ >= bytes_.size()) return false;
      const std::uint8_t byte = bytes_[position_++];
      out |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return true;
    }
    return false;
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t position_ = 0;
};

/// Appends one value of every point, as `T`; false when a value does not fit.
template <typename T>
bool copy_values(const draco::PointAttribute& from, std::size_t points, int width,
                 std::vector<std::uint8_t>& out) {
  std::array<T, 4> value{};
  out.reserve(points * static_cast<std::size_t>(width) * sizeof(T));
  for (std::size_t i = 0; i < points; ++i) {
    const draco::AttributeValueIndex at = from.mapped_index(draco::PointIndex(static_cast<std::uint32_t>(i)));
    if (at.value() >= from.size()) return false;
    if (!from.ConvertValue<T>(at, static_cast<std::int8_t>(width), value.data())) return false;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(value.data());
    out.insert(out.end(), bytes, bytes + static_cast<std::size_t>(width) * sizeof(T));
  }
  return true;
}

bool copy_as(Component component, const draco::PointAttribute& from, std::size_t points, int width,
             std::vector<std::uint8_t>& out) {
  switch (component) {
    case Component::kI8:
      return copy_values<std::int8_t>(from, points, width, out);
    case Component::kU8:
      return copy_values<std::uint8_t>(from, points, width, out);
    case Component::kI16:
      return copy_values<std::int16_t>(from, points, width, out);
    case Component::kU16:
      return copy_values<std::uint16_t>(from, points, width, out);
    case Component::kU32:
      return copy_values<std::uint32_t>(from, points, width, out);
    case Component::kF32:
      return copy_values<float>(from, points, width, out);
  }
  return false;
}

class DracoReader {
 public:
  DracoReader(const std::string& label, GltfDocument& document)
      : label_(label), place_{label_.c_str(), 0, false}, document_(document) {}

  base::Status run(const Json& extension, GltfPrimitive& primitive) {
    INKNAV_ASSIGN_OR_RETURN(const int view,
                            read_index(extension, "bufferView", document_.views.size(), place_));
    INKNAV_ASSIGN_OR_RETURN(const Json* attributes, find_object(extension, "attributes", place_));
    if (view < 0 || attributes == nullptr || primitive.positions < 0 || primitive.indices < 0) {
      return json_error(place_, "Draco needs a 'bufferView', 'attributes', POSITION and 'indices'");
    }
    if (primitive.mode != 4) return json_error(place_, "Draco's triangles are wanted as 'mode' 4");
    INKNAV_RETURN_IF_ERROR(decode(document_.views[static_cast<std::size_t>(view)].bytes, primitive));
    INKNAV_RETURN_IF_ERROR(add_indices(primitive));
    INKNAV_RETURN_IF_ERROR(add_attribute(*attributes, "POSITION", primitive.positions));
    INKNAV_RETURN_IF_ERROR(add_attribute(*attributes, "COLOR_0", primitive.colors));
    for (std::size_t set = 0; set < primitive.uv_sets.size(); ++set) {
      INKNAV_RETURN_IF_ERROR(
          add_attribute(*attributes, fmt::format("TEXCOORD_{}", set), primitive.uv_sets[set]));
    }
    return base::ok_status();
  }

 private:
  const GltfAccessor& accessor(int index) const {
    return document_.accessors[static_cast<std::size_t>(index)];
  }

  base::Status decode(std::span<const std::uint8_t> bytes, const GltfPrimitive& primitive) {
    const std::size_t points = accessor(primitive.positions).count;
    const std::size_t corners = accessor(primitive.indices).count;
    INKNAV_ASSIGN_OR_RETURN(const StreamHead::Counts head, StreamHead(bytes).read(place_));
    if (head.faces != corners / 3 || corners % 3 != 0 || head.points.value_or(points) != points) {
      return json_error(
          place_,
          fmt::format("{} vertices and {} corners are announced, Draco's bytes hold {} triangles{}", points,
                      corners, head.faces, head.points ? fmt::format(" of {} vertices", *head.points) : ""));
    }
    draco::DecoderBuffer buffer;
    buffer.Init(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    draco::Decoder decoder;
    auto decoded = decoder.DecodeMeshFromBuffer(&buffer);
    if (!decoded.ok()) {
      return json_error(place_,
                        fmt::format("Draco's bytes are damaged ({})", decoded.status().error_msg_string()));
    }
    mesh_ = std::move(decoded).value();
    if (mesh_ == nullptr || mesh_->num_points() != points || mesh_->num_faces() != corners / 3) {
      return json_error(place_,
                        fmt::format("{} vertices and {} triangles are announced, Draco's bytes hold {} "
                                    "and {}",
                                    points, corners / 3, mesh_ == nullptr ? 0 : mesh_->num_points(),
                                    mesh_ == nullptr ? 0 : mesh_->num_faces()));
    }
    return base::ok_status();
  }

  /// Makes `bytes` an accessor of the document; returns its number.
  int add_accessor(std::vector<std::uint8_t> bytes, const GltfAccessor& like, Component component) {
    GltfAccessor made;
    made.has_base = true;
    made.base.component = component;
    made.base.stride = static_cast<std::size_t>(like.num_components) * size_of(component);
    made.num_components = like.num_components;
    made.normalized = like.normalized;
    made.count = like.count;
    made.base.bytes = document_.storage.emplace_back(std::move(bytes));
    document_.accessors.push_back(made);
    return static_cast<int>(document_.accessors.size()) - 1;
  }

  base::Status add_indices(GltfPrimitive& primitive) {
    const GltfAccessor like = accessor(primitive.indices);
    if (like.num_components != 1) return json_error(place_, "'indices' must be single numbers");
    std::vector<std::uint8_t> bytes(like.count * sizeof(std::uint32_t));
    for (std::uint32_t f = 0; f < mesh_->num_faces(); ++f) {
      const draco::Mesh::Face& face = mesh_->face(draco::FaceIndex(f));
      for (std::size_t k = 0; k < 3; ++k) {
        const std::uint32_t index = face[k].value();
        if (index >= mesh_->num_points()) {
          return json_error(place_, fmt::format("a triangle of Draco's bytes names vertex {} of {}", index,
                                                mesh_->num_points()));
        }
        std::memcpy(bytes.data() + (std::size_t{3} * f + k) * sizeof(index), &index, sizeof(index));
      }
    }
    primitive.indices = add_accessor(std::move(bytes), like, Component::kU32);
    return base::ok_status();
  }

  base::Status add_attribute(const Json& attributes, const std::string& name, int& number) {
    if (number < 0) return base::ok_status();
    // An attribute that is not among Draco's keeps its own bytes.
    if (!attributes.contains(name) && accessor(number).has_base) return base::ok_status();
    INKNAV_ASSIGN_OR_RETURN(const int id, read_index(attributes, name.c_str(), 1u << 30, place_));
    const GltfAccessor like = accessor(number);
    const draco::PointAttribute* found =
        id < 0 ? nullptr : mesh_->GetAttributeByUniqueId(static_cast<std::uint32_t>(id));
    if (found == nullptr)
      return json_error(place_, fmt::format("Draco's bytes hold no attribute for {}", name));
    if (like.count != mesh_->num_points() || found->num_components() != like.num_components) {
      return json_error(
          place_, fmt::format("{} is announced with {} values of {}, Draco's bytes hold {} of {}", name,
                              like.count, like.num_components, mesh_->num_points(), found->num_components()));
    }
    std::vector<std::uint8_t> bytes;
    if (!copy_as(like.base.component, *found, like.count, like.num_components, bytes))
      return json_error(place_, fmt::format("a value of {} does not fit its accessor's type", name));
    number = add_accessor(std::move(bytes), like, like.base.component);
    return base::ok_status();
  }

  std::string label_;
  JsonPlace place_;
  GltfDocument& document_;
  std::unique_ptr<draco::Mesh> mesh_;
};

}  // namespace

base::Status decode_draco(const Json& entry, const std::string& label, GltfDocument& document,
                          GltfPrimitive& primitive) {
  const JsonPlace place{label.c_str(), 0, false};
  INKNAV_ASSIGN_OR_RETURN(const Json* extensions, find_object(entry, "extensions", place));
  if (extensions == nullptr) return base::ok_status();
  INKNAV_ASSIGN_OR_RETURN(const Json* draco, find_object(*extensions, kDracoExtension, place));
  if (draco == nullptr) return base::ok_status();
  // A file that does not require the extension may carry the plain arrays too.
  if (primitive.positions >= 0 && document.accessors[static_cast<std::size_t>(primitive.positions)].has_base)
    return base::ok_status();
  return DracoReader(label, document).run(*draco, primitive);
}

}  // namespace inknav::scene::internal
