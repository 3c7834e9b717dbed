// SPDX-License-Identifier: MIT
#include "scene/scene_cache.h"

#include <fmt/format.h>

#include <cstring>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "scene/limits.h"

namespace inknav::scene::internal {
namespace {

constexpr std::uint64_t kMagic = 0x31454E43534B4E49ull;  // "INKSCNE1"

struct Header {
  std::uint64_t magic = kMagic;
  std::uint32_t version = kCacheVersion;
  std::uint32_t reserved = 0;
  std::uint64_t payload_bytes = 0;
  base::Hash128 checksum;
};
static_assert(sizeof(Header) == 40 && std::is_trivially_copyable_v<Header>);

struct StoredMaterial {
  float color[4];
  std::int32_t texture;
  std::int32_t double_sided;
};

class Writer {
 public:
  template <typename T>
  void value(const T& v) {
    static_assert(std::is_trivially_copyable_v<T>);
    append(&v, sizeof(T));
  }
  template <typename T>
  void array(const std::vector<T>& values) {
    value(static_cast<std::uint64_t>(values.size()));
    append(values.data(), values.size() * sizeof(T));
  }
  void text(const std::string& s) {
    value(static_cast<std::uint64_t>(s.size()));
    append(s.data(), s.size());
  }
  std::span<const std::uint8_t> bytes() const { return bytes_; }

 private:
  void append(const void* data, std::size_t count) {
    const auto* first = static_cast<const std::uint8_t*>(data);
    bytes_.insert(bytes_.end(), first, first + count);
  }
  std::vector<std::uint8_t> bytes_;
};

/// Every read is checked; after the first failure ok() is false and all values are empty.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  template <typename T>
  T value() {
    T v{};
    if (take(sizeof(T))) std::memcpy(&v, bytes_.data() + position_ - sizeof(T), sizeof(T));
    return v;
  }
  template <typename T>
  void array(std::vector<T>& out) {
    const auto count = value<std::uint64_t>();
    if (count > bytes_.size() / sizeof(T) || !take(count * sizeof(T))) {
      ok_ = false;
      return;
    }
    out.resize(count);
    const std::size_t size = count * sizeof(T);
    if (size > 0) std::memcpy(static_cast<void*>(out.data()), bytes_.data() + position_ - size, size);
  }
  std::string text() {
    std::vector<char> characters;
    array(characters);
    return {characters.begin(), characters.end()};
  }
  bool ok() const { return ok_; }
  bool finished() const { return ok_ && position_ == bytes_.size(); }

 private:
  bool take(std::size_t count) {
    ok_ = ok_ && count <= bytes_.size() - position_;
    if (ok_) position_ += count;
    return ok_;
  }
  std::span<const std::uint8_t> bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

/// What is stored as it is, in the order in which it stands in the file.
template <typename AnyScene, typename Visit>
void each_array(AnyScene& scene, const Visit& visit) {
  visit(scene.positions);
  visit(scene.uvs);
  visit(scene.colors);
  visit(scene.triangles);
  visit(scene.triangle_material);
}

void write_scene(const Scene& scene, Writer& out) {
  each_array(scene, [&](const auto& values) { out.array(values); });
  std::vector<StoredMaterial> materials;
  for (const Material& m : scene.materials) {
    materials.push_back(
        {{m.base_color.x, m.base_color.y, m.base_color.z, m.base_color.w}, m.texture, m.double_sided});
  }
  out.array(materials);
  out.value(static_cast<std::uint64_t>(scene.textures.size()));
  for (const Texture& texture : scene.textures) {
    out.array(texture.levels);
    out.array(texture.rgba);
  }
}

void read_scene(Reader& in, Scene& scene) {
  each_array(scene, [&](auto& values) { in.array(values); });
  std::vector<StoredMaterial> materials;
  in.array(materials);
  for (const StoredMaterial& m : materials) {
    scene.materials.push_back(
        {base::Vec4(m.color[0], m.color[1], m.color[2], m.color[3]), m.texture, m.double_sided != 0});
  }
  const auto textures = in.value<std::uint64_t>();
  for (std::uint64_t i = 0; i < textures && in.ok(); ++i) {
    Texture& texture = scene.textures.emplace_back();
    in.array(texture.levels);
    in.array(texture.rgba);
  }
}

/// The payload if header, size, version and checksum agree.
std::optional<std::span<const std::uint8_t>> verified_payload(std::span<const std::uint8_t> bytes) {
  Header header;
  if (bytes.size() < sizeof(Header)) return std::nullopt;
  std::memcpy(static_cast<void*>(&header), bytes.data(), sizeof(Header));
  const auto payload = bytes.subspan(sizeof(Header));
  if (header.magic != kMagic || header.version != kCacheVersion || header.payload_bytes != payload.size()) {
    return std::nullopt;
  }
  if (!(base::xxh3_128(payload) == header.checksum)) return std::nullopt;
  return payload;
}

/// Whether every file that the source referred to is as it was.
bool dependencies_unchanged(Reader& in, AssetFolder& assets) {
  const auto count = in.value<std::uint64_t>();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const std::string name = in.text();
    const auto hash = in.value<base::Hash128>();
    if (!in.ok() || !assets.read(name, kMaxBinaryBytes).ok() || !(assets.opened().at(name) == hash))
      return false;
  }
  return in.ok();
}

}  // namespace

std::filesystem::path CacheKey::file() const {
  return folder / fmt::format("scene-{}.inkscene", source.hex());
}

std::optional<Scene> load_cached(const CacheKey& key, AssetFolder& assets) {
  const std::filesystem::path path = key.file();
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return std::nullopt;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return std::nullopt;
  base::Result<std::vector<std::uint8_t>> bytes = base::read_file(path, size);
  if (!bytes.ok()) return std::nullopt;
  const auto payload = verified_payload(*bytes);
  if (!payload) {
    base::log_warning("{}: the cached scene is damaged; it is made again from its source", path.string());
    return std::nullopt;
  }
  Reader in(*payload);
  if (!dependencies_unchanged(in, assets)) return std::nullopt;
  Scene scene;
  read_scene(in, scene);
  if (!in.finished()) return std::nullopt;
  return scene;
}

base::Status store_cached(const CacheKey& key, const std::map<std::string, base::Hash128>& opened,
                          const Scene& scene) {
  std::error_code error;
  std::filesystem::create_directories(key.folder, error);
  if (error) {
    return base::Error{base::ErrorCode::kDisk, fmt::format("{}: the cache folder cannot be made ({})",
                                                           key.folder.string(), error.message())};
  }
  Writer out;
  out.value(static_cast<std::uint64_t>(opened.size()));
  for (const auto& [name, hash] : opened) {
    out.text(name);
    out.value(hash);
  }
  write_scene(scene, out);
  Header header;
  header.payload_bytes = out.bytes().size();
  header.checksum = base::xxh3_128(out.bytes());
  const std::span<const std::uint8_t> parts[] = {
      {reinterpret_cast<const std::uint8_t*>(&header), sizeof(header)}, out.bytes()};
  return base::write_file_atomic(key.file(), std::span<const std::span<const std::uint8_t>>(parts));
}

}  // namespace inknav::scene::internal
