// SPDX-License-Identifier: MIT
#include "scene/scene_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <system_error>
#include <utility>

#include "scene/asset_folder.h"
#include "scene/limits.h"
#include "scene/stage_config.h"

namespace inknav::scene {
namespace {

namespace fs = std::filesystem;
using internal::StagePlace;

base::Error file_error(const fs::path& path, std::string_view what) {
  return {base::ErrorCode::kData, fmt::format("{}: {}", path.string(), what)};
}

bool is_file(const fs::path& path) {
  std::error_code none;
  return fs::is_regular_file(path, none);
}

std::string with_stage_name(std::string name, const std::string& stage) {
  const std::size_t at = name.find(kStageNameTag);
  return at == std::string::npos ? name : name.replace(at, kStageNameTag.size(), stage);
}

/// The file that `asset` names; none when nothing is named or nothing is there.
base::Result<std::optional<fs::path>> find_asset(const StagePlace& place, const char* key,
                                                 const StageAsset& asset) {
  if (asset.name.empty()) return std::optional<fs::path>();
  const std::string name = with_stage_name(asset.name, place.name);
  auto found = internal::find_beneath(place.root, asset.folder.empty() ? place.folder : asset.folder, name);
  if (!found.ok()) {
    return base::Error{base::ErrorCode::kData,
                       fmt::format("{}: '{}': {}", place.label, key, found.error().message)};
  }
  return found;
}

/// Named by a config of its own, not by the default attributes of a whole dataset.
bool is_explicit(const StageAsset& asset) { return !asset.name.empty() && !asset.folder.empty(); }

base::Status find_mesh(const StagePlace& place, const StageAttributes& attributes, ResolvedScene& scene) {
  const StageAsset& asset = attributes.render_asset;
  INKNAV_ASSIGN_OR_RETURN(const std::optional<fs::path> named, find_asset(place, "render_asset", asset));
  if (named) {
    if (!internal::is_mesh_name(*named)) {
      return base::Error{
          base::ErrorCode::kData,
          fmt::format("{}: 'render_asset' must be a mesh (.glb, .gltf, .ply or .obj), found '{}'",
                      place.label, named->filename().string())};
    }
    std::error_code none;
    const bool own = !place.mesh.empty() && fs::equivalent(*named, place.mesh, none);
    scene.file = own ? place.mesh : *named;
    return base::ok_status();
  }
  if (place.mesh.empty()) {
    return base::Error{
        base::ErrorCode::kData,
        asset.name.empty()
            ? fmt::format("{}: 'render_asset' is wanted, it is not there; name the mesh", place.label)
            : fmt::format("{}: 'render_asset' names '{}', which is not there", place.label, asset.name)};
  }
  scene.file = place.mesh;
  if (is_explicit(asset)) {
    scene.notes.push_back(fmt::format("{}: 'render_asset' names '{}', which is not there; {} is used",
                                      place.label, asset.name, place.mesh.filename().string()));
  }
  return base::ok_status();
}

/// What Habitat looks for beside the mesh, and the names that HM3D and Replica use.
fs::path descriptor_beside(const fs::path& mesh) {
  const fs::path folder = mesh.parent_path();
  const std::string stem = mesh.stem().string();
  const std::string name = stage_name(mesh);
  const fs::path candidates[] = {folder / (stem + ".house"),           folder / (stem + ".scn"),
                                 folder / (stem + "_semantic.txt"),    folder / (name + "_semantic.txt"),
                                 folder / (name + ".semantic.txt"),    folder / "info_semantic.json",
                                 folder / "habitat/info_semantic.json"};
  for (const fs::path& candidate : candidates) {
    if (is_file(candidate)) return candidate;
  }
  return {};
}

/// The one scene of a folder.
base::Result<fs::path> mesh_of_folder(const fs::path& folder) {
  for (const char* name : {"habitat/mesh_semantic.ply", "mesh_semantic.ply", "mesh.ply"}) {
    if (is_file(folder / name)) return folder / name;
  }
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  if (error) return file_error(folder, fmt::format("the folder cannot be read ({})", error.message()));
  std::vector<fs::path> meshes;
  for (; entries != fs::directory_iterator(); entries.increment(error)) {
    if (error) return file_error(folder, fmt::format("the folder cannot be read ({})", error.message()));
    const std::string name = entries->path().filename().string();
    const bool semantic = name.ends_with(".semantic.glb") || name.ends_with("_semantic.ply");
    if (!semantic && internal::is_mesh_name(name) && is_file(entries->path()))
      meshes.push_back(entries->path());
  }
  if (meshes.size() == 1) return meshes.front();
  return file_error(folder, fmt::format("a scene file is wanted, or a folder with one; {} plain files that "
                                        "end in .glb, .gltf, .ply or .obj are in this folder; name the file",
                                        meshes.size()));
}

}  // namespace

namespace internal {

bool is_mesh_name(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending == ".glb" || ending == ".gltf" || ending == ".ply" || ending == ".obj";
}

base::Result<fs::path> canonical_folder(const fs::path& file) {
  const fs::path folder = file.parent_path();
  std::error_code error;
  fs::path canonical = fs::canonical(folder.empty() ? fs::path(".") : folder, error);
  if (error) return file_error(file, fmt::format("its folder cannot be opened ({})", error.message()));
  return canonical;
}

base::Result<ResolvedScene> complete_stage(const StagePlace& place, StageAttributes attributes) {
  ResolvedScene scene;
  INKNAV_RETURN_IF_ERROR(find_mesh(place, attributes, scene));
  scene.name = place.mesh.empty() ? place.name : place.mesh.stem().string();
  INKNAV_ASSIGN_OR_RETURN(const auto nav, find_asset(place, "nav_asset", attributes.nav_asset));
  if (!nav && is_explicit(attributes.nav_asset)) {
    return base::Error{base::ErrorCode::kData,
                       fmt::format("{}: 'nav_asset' names '{}', which is not there; without the key the "
                                   "navmesh is built",
                                   place.label, attributes.nav_asset.name)};
  }
  scene.nav_mesh = nav.value_or(fs::path());
  INKNAV_ASSIGN_OR_RETURN(const auto asset, find_asset(place, "semantic_asset", attributes.semantic_asset));
  scene.semantic_asset = asset.value_or(fs::path());
  INKNAV_ASSIGN_OR_RETURN(const auto descriptor,
                          find_asset(place, "semantic_descriptor_filename", attributes.semantic_descriptor));
  if (!descriptor && is_explicit(attributes.semantic_descriptor)) {
    scene.notes.push_back(fmt::format("{}: 'semantic_descriptor_filename' names '{}', which is not there",
                                      place.label, attributes.semantic_descriptor.name));
  }
  scene.semantic_descriptor = descriptor ? *descriptor : descriptor_beside(scene.file);
  std::error_code none;
  if (scene.file.filename() == "mesh.ply" && fs::is_directory(scene.file.parent_path() / "textures", none)) {
    scene.notes.push_back(
        fmt::format("{}: the packed textures beside it (Ptex) are not read; the colours of its "
                    "vertices are shown",
                    scene.file.string()));
  }
  scene.stage = std::move(attributes);
  return scene;
}

}  // namespace internal

base::Result<ResolvedScene> resolve_scene(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return file_error(path, "the scene file is not there");
  if (error) return file_error(path, fmt::format("the scene cannot be opened ({})", error.message()));
  fs::path file = path;
  const bool is_folder = fs::is_directory(status);
  if (is_folder) {
    INKNAV_ASSIGN_OR_RETURN(file, mesh_of_folder(path));
  } else if (!fs::is_regular_file(status)) {
    return file_error(path, "a scene file is wanted, this is not a plain file");
  }
  const bool is_config = file.filename().string().ends_with(internal::kStageConfigEnding);
  const fs::path config = is_config ? file : internal::stage_config_path(file);
  StageAttributes attributes;
  if (fs::exists(config, error)) {
    INKNAV_ASSIGN_OR_RETURN(attributes, internal::read_stage_config(config, {}));
  }
  INKNAV_ASSIGN_OR_RETURN(const fs::path root, internal::canonical_folder(file));
  const StagePlace place{root, root, is_config ? fs::path() : file, stage_name(file),
                         attributes.configured ? config.string() : file.string()};
  INKNAV_ASSIGN_OR_RETURN(ResolvedScene scene, internal::complete_stage(place, std::move(attributes)));
  if (is_folder) {
    const fs::path folder = (path / "").parent_path();
    scene.name = folder.filename().string();
  }
  return scene;
}

}  // namespace inknav::scene
