// SPDX-License-Identifier: MIT
#pragma once
// Which file is a scene, how it stands, which navmesh and which semantic descriptor belong to it: Habitat's
// rules with and without a ".scene_dataset_config.json" (spec/habitat.md section 2).
//
// Without a dataset config, resolve_scene(PATH): PATH is a scene file, a "*.stage_config.json", or a folder
// that holds one scene (Replica: habitat/mesh_semantic.ply, then mesh.ply). "<stem>.stage_config.json" beside
// the file is read, render_asset in it names another file.
// With one, SceneDataset::resolve(ID) looks for a scene instance, then a stage (template handle or file),
// whose path ends in the whole ID, then whose name without folder and endings is ID, then, as Habitat does,
// whose handle has ID anywhere within it. Two matches of the same kind are an error (Habitat takes the
// first). Navmesh: `navmesh_instance` of the scene instance, then the stage's nav_asset, then none
// (nav/scene_mesh.h looks beside the scene). Descriptor: `semantic_scene_instance`,
// semantic_descriptor_filename, then beside:
// "<stem>.house", ".scn", "_semantic.txt", "<name>.semantic.txt", "info_semantic.json".
// Objects, lights and transformed stages of scene instances are not loaded: counted in `notes`.
// Names in configs are relative to the config that holds them; with ".." they may go up to the dataset
// config's folder (ReplicaCAD does) and, after following links, not out of it; a stage config alone may not
// leave its own folder.
// Errors: kData with file and JSON path. Cost: reads each config once; loads no mesh. Threads: const is safe.

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "scene/stage_attributes.h"

namespace inknav::scene {

struct ResolvedScene {
  std::string name;                           // of the scene file, without folder and last ending
  std::filesystem::path file;                 // what load_scene() reads
  StageAttributes stage;                      // all layers put together
  std::filesystem::path nav_mesh;             // named by a config, and there; empty: look beside `file`
  std::filesystem::path semantic_descriptor;  // empty: none
  std::filesystem::path semantic_asset;       // empty: none named by a config
  std::vector<std::string> notes;             // a line each, for the log: what was left out
};

base::Result<ResolvedScene> resolve_scene(const std::filesystem::path& path);

class SceneDataset {
 public:
  /// The stages and scene instances that `config` names, with their attributes.
  static base::Result<std::shared_ptr<const SceneDataset>> load(const std::filesystem::path& config);

  /// `fallback` (may be empty) is the file of that id on the disk. A file that the config lists is that
  /// stage; any other, where nothing has the id's name, stands as default_attributes and the config beside it
  /// say.
  base::Result<ResolvedScene> resolve(std::string_view scene_id, const std::filesystem::path& fallback) const;

  /// Handles in order, for `data show` and for messages.
  std::vector<std::string> stages() const;
  std::vector<std::string> scene_instances() const;
  const std::filesystem::path& config() const { return config_; }
  /// What was read and has no effect: objects, lights; a line each.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  friend class SceneDatasetReader;
  struct Stage {
    std::filesystem::path file;  // of the handle: an asset, a stage config, or empty
    StageAttributes attributes;
  };
  struct Instance {
    std::filesystem::path file;
    std::string stage;
    std::string nav_mesh;             // key of nav_meshes_, or empty
    std::string semantic_descriptor;  // key of semantic_descriptors_, or empty
    std::vector<std::string> notes;
  };
  base::Result<ResolvedScene> resolve_stage(const std::string& handle, const Stage& stage) const;
  base::Result<ResolvedScene> resolve_instance(const std::string& handle, const Instance& instance) const;
  base::Result<Stage> unlisted_stage(const std::filesystem::path& file) const;
  base::Status add_mapped(const std::string& nav_key, const std::string& semantic_key,
                          ResolvedScene& scene) const;

  std::filesystem::path config_;
  std::filesystem::path root_;  // canonical folder of config_
  StageAttributes defaults_;
  std::map<std::string, Stage> stages_;  // by handle: path relative to root_, or template handle
  std::map<std::string, Instance> instances_;
  std::map<std::string, std::filesystem::path> nav_meshes_;
  std::map<std::string, std::filesystem::path> semantic_descriptors_;
  std::vector<std::string> notes_;
};

using SceneDatasetPtr = std::shared_ptr<const SceneDataset>;

}  // namespace inknav::scene
