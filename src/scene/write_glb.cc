// SPDX-License-Identifier: MIT
#include "scene/write_glb.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "scene/image.h"
#include "scene/limits.h"

namespace inknav::scene {
namespace {

using Json = nlohmann::ordered_json;

enum ComponentType : int { kUnsignedByte = 5121, kUnsignedInt = 5125, kFloat = 5126 };
enum Target : int { kNoTarget = 0, kArrayBuffer = 34962, kElementArrayBuffer = 34963 };

/// The binary chunk and the JSON that describes it, built up together. Every view starts on 4 bytes.
class GlbBuilder {
 public:
  GlbBuilder() {
    json_["asset"] = {{"version", "2.0"}, {"generator", "InkNav"}};
    json_["scene"] = 0;
  }

  int add_view(const void* data, std::size_t num_bytes, Target target) {
    binary_.resize((binary_.size() + 3) / 4 * 4);
    Json view = {{"buffer", 0}, {"byteOffset", binary_.size()}, {"byteLength", num_bytes}};
    if (target != kNoTarget) view["target"] = static_cast<int>(target);
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    binary_.insert(binary_.end(), bytes, bytes + num_bytes);
    return append("bufferViews", std::move(view));
  }

  int add_accessor(int view, ComponentType component, const char* type, std::size_t count) {
    return append("accessors", {{"bufferView", view},
                                {"componentType", static_cast<int>(component)},
                                {"count", count},
                                {"type", type}});
  }

  int append(const char* list, Json entry) {
    Json& array = json_[list];
    array.push_back(std::move(entry));
    return static_cast<int>(array.size()) - 1;
  }

  Json& json() { return json_; }

  base::Status write(const std::filesystem::path& path) {
    binary_.resize((binary_.size() + 3) / 4 * 4);
    json_["buffers"] = Json::array({{{"byteLength", binary_.size()}}});
    // Names from files need not be UTF-8.
    std::string text = json_.dump(-1, ' ', false, Json::error_handler_t::replace);
    text.resize((text.size() + 3) / 4 * 4, ' ');
    const std::uint64_t total = std::uint64_t{28} + text.size() + binary_.size();
    if (total > kMaxBinaryBytes) {
      return base::Error{
          base::ErrorCode::kData,
          fmt::format("{}: a .glb holds at most {} bytes, this scene needs {}; use fewer or smaller "
                      "textures",
                      path.string(), kMaxBinaryBytes, total)};
    }
    const std::uint32_t head[5] = {0x46546C67u, 2u, static_cast<std::uint32_t>(total),
                                   static_cast<std::uint32_t>(text.size()), 0x4E4F534Au};
    const std::uint32_t binary_head[2] = {static_cast<std::uint32_t>(binary_.size()), 0x004E4942u};
    const std::span<const std::uint8_t> parts[] = {
        {reinterpret_cast<const std::uint8_t*>(head), sizeof(head)},
        {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()},
        {reinterpret_cast<const std::uint8_t*>(binary_head), sizeof(binary_head)},
        {binary_.data(), binary_.size()}};
    return base::write_file_atomic(path, std::span<const std::span<const std::uint8_t>>(parts));
  }

 private:
  Json json_;
  std::vector<std::uint8_t> binary_;
};

void add_textures(const Scene& scene, GlbBuilder& glb) {
  if (scene.textures.empty()) return;
  // 9729 linear, 9987 linear mipmap linear, 10497 repeat.
  glb.append("samplers", {{"magFilter", 9729}, {"minFilter", 9987}, {"wrapS", 10497}, {"wrapT", 10497}});
  for (const Texture& texture : scene.textures) {
    const TextureLevel& level = texture.levels.front();
    Image image;
    image.width = level.width;
    image.height = level.height;
    image.channels = 4;
    const std::size_t num_bytes =
        std::size_t{4} * static_cast<std::size_t>(level.width) * static_cast<std::size_t>(level.height);
    image.pixels.assign(texture.rgba.begin(), texture.rgba.begin() + static_cast<std::ptrdiff_t>(num_bytes));
    const std::vector<std::uint8_t> png = encode_png(image);
    const int view = glb.add_view(png.data(), png.size(), kNoTarget);
    const int source = glb.append("images", {{"bufferView", view}, {"mimeType", "image/png"}});
    glb.append("textures", {{"sampler", 0}, {"source", source}});
  }
}

void add_materials(const Scene& scene, GlbBuilder& glb) {
  for (const Material& material : scene.materials) {
    const base::Vec4& c = material.base_color;
    Json surface = {
        {"baseColorFactor", {c.x, c.y, c.z, c.w}}, {"metallicFactor", 0.0}, {"roughnessFactor", 1.0}};
    if (material.texture >= 0) surface["baseColorTexture"] = {{"index", material.texture}};
    glb.append("materials", {{"pbrMetallicRoughness", surface}, {"doubleSided", material.double_sided}});
  }
}

/// One primitive a material; all share the vertex arrays, so the vertices keep their numbers.
void add_mesh(const Scene& scene, GlbBuilder& glb) {
  const std::size_t count = scene.positions.size();
  Json attributes;
  attributes["POSITION"] = glb.add_accessor(
      glb.add_view(scene.positions.data(), count * sizeof(base::Vec3), kArrayBuffer), kFloat, "VEC3", count);
  base::Aabb bounds;
  for (const base::Vec3& p : scene.positions) bounds.extend(p);
  Json& positions = glb.json()["accessors"].back();
  positions["min"] = {bounds.min.x, bounds.min.y, bounds.min.z};
  positions["max"] = {bounds.max.x, bounds.max.y, bounds.max.z};
  if (!scene.uvs.empty()) {
    attributes["TEXCOORD_0"] = glb.add_accessor(
        glb.add_view(scene.uvs.data(), count * sizeof(base::Vec2), kArrayBuffer), kFloat, "VEC2", count);
  }
  if (!scene.colors.empty()) {
    attributes["COLOR_0"] =
        glb.add_accessor(glb.add_view(scene.colors.data(), count * sizeof(glm::u8vec4), kArrayBuffer),
                         kUnsignedByte, "VEC4", count);
    glb.json()["accessors"].back()["normalized"] = true;
  }
  std::vector<std::vector<std::uint32_t>> indices(scene.materials.size());
  for (std::size_t i = 0; i < scene.triangles.size(); ++i) {
    const glm::u32vec3& t = scene.triangles[i];
    indices[scene.triangle_material[i]].insert(indices[scene.triangle_material[i]].end(), {t.x, t.y, t.z});
  }
  Json primitives = Json::array();
  for (std::size_t m = 0; m < indices.size(); ++m) {
    if (indices[m].empty()) continue;
    const int view =
        glb.add_view(indices[m].data(), indices[m].size() * sizeof(std::uint32_t), kElementArrayBuffer);
    primitives.push_back({{"attributes", attributes},
                          {"indices", glb.add_accessor(view, kUnsignedInt, "SCALAR", indices[m].size())},
                          {"material", m},
                          {"mode", 4}});
  }
  glb.append("meshes", {{"primitives", primitives}});
  Json node = {{"mesh", 0}};
  if (!scene.name.empty()) node["name"] = scene.name;
  glb.append("nodes", std::move(node));
  glb.append("scenes", {{"nodes", {0}}});
}

}  // namespace

base::Status write_glb(const std::filesystem::path& path, const Scene& scene) {
  INKNAV_RETURN_IF_ERROR(scene.validate());
  GlbBuilder glb;
  add_mesh(scene, glb);
  add_materials(scene, glb);
  add_textures(scene, glb);
  INKNAV_RETURN_IF_ERROR(glb.write(path));

  std::filesystem::path config = path;
  config.replace_extension(".stage_config.json");
  const Json stage = {{"render_asset", path.filename().string()}, {"up", {0, 1, 0}}, {"front", {0, 0, -1}}};
  return base::write_text_atomic(config, stage.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace inknav::scene
