// SPDX-License-Identifier: MIT
#include "scene/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <new>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "scene/asset_folder.h"
#include "scene/image_codec.h"
#include "scene/limits.h"
#include "scene/load_internal.h"
#include "scene/scene_cache.h"
#include "scene/stage_config.h"

namespace inknav::scene {
namespace internal {

base::Result<std::int32_t> add_texture(Image image, std::string_view name, Scene& scene) {
  INKNAV_CHECK(image.channels == 4, image.channels);
  INKNAV_RETURN_IF_ERROR(check_image_size(image.width, image.height, name));
  std::uint64_t total = image.pixels.size();
  for (const Texture& texture : scene.textures) total += texture.rgba.size();
  if (total > kMaxSceneTexelBytes || scene.textures.size() >= kMaxTextures) {
    return base::Error{
        base::ErrorCode::kData,
        fmt::format("{}: with it the scene's textures need {} bytes in {} pictures; at most {} bytes in "
                    "{} are read",
                    name, total, scene.textures.size() + 1, kMaxSceneTexelBytes, kMaxTextures)};
  }
  scene.textures.push_back(make_texture(image.width, image.height, std::move(image.pixels)));
  return static_cast<std::int32_t>(scene.textures.size()) - 1;
}

Material plain_material() {
  Material material;
  material.double_sided = true;
  return material;
}

}  // namespace internal

namespace {

namespace fs = std::filesystem;

std::string lower_extension(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

base::Error load_error(const fs::path& path, std::string_view what) {
  return {base::ErrorCode::kData, fmt::format("{}: {}", path.string(), what)};
}

base::Result<Scene> parse(const fs::path& path, std::span<const std::uint8_t> bytes,
                          internal::AssetFolder& folder) {
  const std::string extension = lower_extension(path);
  if (extension == ".glb" || extension == ".gltf") return internal::read_gltf(bytes, folder);
  if (extension == ".ply") return internal::read_ply(bytes, folder);
  if (extension == ".obj") return internal::read_obj(bytes, folder);
  return base::Error{base::ErrorCode::kData,
                     fmt::format("a scene ends in .glb, .gltf, .ply or .obj, this one in '{}'", extension)};
}

StageFrame frame_of(const ResolvedScene& resolved, UpAxis up) {
  if (up == UpAxis::kByFile) return stage_frame(resolved.stage, resolved.file.filename().string());
  StageAttributes plain;
  plain.configured = true;
  if (up == UpAxis::kZ) {
    plain.up = glm::dvec3(0.0, 0.0, 1.0);
    plain.front = glm::dvec3(0.0, 1.0, 0.0);
  }
  return stage_frame(plain, {});
}

base::Hash128 cache_source(const fs::path& path, std::span<const std::uint8_t> bytes, const StageFrame& frame,
                           const LoadOptions& options) {
  base::Hasher hasher;
  hasher.update_value(internal::kCacheVersion);
  hasher.update_value(frame.world_from_file);
  hasher.update_value(frame.origin);
  hasher.update_value(static_cast<std::uint8_t>(options.add_ground_plane));
  const std::string extension = lower_extension(path);
  hasher.update(extension.data(), extension.size());
  hasher.update(bytes.data(), bytes.size());
  return hasher.digest();
}

base::Result<ScenePtr> load(const ResolvedScene& resolved, const LoadOptions& options) {
  const fs::path& path = resolved.file;
  std::error_code error;
  if (!fs::exists(path, error)) return load_error(path, "the scene file is not there");
  if (!fs::is_regular_file(path, error))
    return load_error(path, "a scene file is wanted, this is not a plain file");
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes, base::read_file(path, kMaxBinaryBytes));
  if (bytes.empty()) return load_error(path, "the scene file is empty");
  const StageFrame frame = frame_of(resolved, options.up);
  internal::AssetFolder folder(path.parent_path());

  internal::CacheKey key;
  if (options.cache_dir) {
    key = {*options.cache_dir, cache_source(path, bytes, frame, options)};
    std::optional<Scene> cached = internal::load_cached(key, folder);
    if (cached) {
      cached->name = resolved.name;
      base::Result<ScenePtr> scene = finish(std::move(*cached));
      if (scene.ok()) return scene;
    }
  }
  base::Result<Scene> parsed = parse(path, bytes, folder);
  if (!parsed.ok()) return load_error(path, parsed.error().message);
  Scene scene = std::move(parsed).value();
  scene.name = resolved.name;
  internal::apply(frame, scene);
  if (options.add_ground_plane) {
    const base::Status valid = scene.validate();
    if (!valid.ok()) return load_error(path, valid.error().message);
    add_ground_plane(scene);
  }
  if (options.statistics != nullptr) {
    options.statistics->degenerate_triangles = internal::count_degenerate(scene);
  }
  base::Result<ScenePtr> finished = finish(std::move(scene));
  if (!finished.ok()) return load_error(path, finished.error().message);
  if (options.cache_dir) {
    const base::Status stored = internal::store_cached(key, folder.opened(), **finished);
    if (!stored.ok()) base::log_warning("{}", stored.error().message);
  }
  return finished;
}

}  // namespace

base::Result<ScenePtr> load_scene(const ResolvedScene& scene, const LoadOptions& options) {
  try {
    return load(scene, options);
  } catch (const std::bad_alloc&) {
    return load_error(scene.file, "the scene needs more memory than there is");
  } catch (const std::length_error&) {
    return load_error(scene.file, "the scene needs more memory than there is");
  }
}

base::Result<ScenePtr> load_scene(const fs::path& path, const LoadOptions& options) {
  INKNAV_ASSIGN_OR_RETURN(const ResolvedScene scene, resolve_scene(path));
  for (const std::string& note : scene.notes) base::log_warning("{}", note);
  return load_scene(scene, options);
}

}  // namespace inknav::scene
