// SPDX-License-Identifier: MIT
#pragma once
// SemanticScene: which objects and rooms a scene has, from the descriptor beside it.
//
// Read are, told by their first bytes: ".house" (Matterport, "ASCII 1.1"), "_semantic.txt" and
// ".semantic.txt" (HM3D, "HM3D Semantic Annotations"), ".scn" (Gibson, JSON), "info_semantic.json" (Replica,
// JSON with "classes"). Boxes are in the world frame (base/geometry.h), metres: the files' up Z is turned,
// (x, y, z) -> (x, z, -y), as Habitat does whatever the stage's own frame. HM3D's text has no boxes. Names of
// categories are as in the file (mpcat40's for Matterport, "#" read as a space).
// Errors: kData, "<file>:<line>: ..." for text, "<file>: objects[3]: ..." for JSON. Limits: 64 MiB a file,
// a million entries. Cost: linear in the file. Threads: values.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/geometry.h"
#include "base/result.h"

namespace inknav::scene {

/// A box whose own axes are turned by `rotation` about its centre.
struct SemanticBox {
  base::Vec3 center{0.0f};
  base::Vec3 half_size{0.0f};
  base::Quat rotation{1.0f, 0.0f, 0.0f, 0.0f};

  /// Of the eight corners.
  base::Aabb bounds() const;
};

struct SemanticLevel {
  std::string id;
  std::optional<SemanticBox> box;
};

struct SemanticRegion {
  std::string id;
  std::string category;  // "bedroom"; empty where the file has none (HM3D, Gibson)
  int level = -1;        // index into levels, -1 none
  std::optional<SemanticBox> box;
};

struct SemanticObject {
  int id = -1;           // as in the file: what a semantic image shows for Gibson, HM3D and Replica
  std::string category;  // "chair"; empty: unlabelled
  int region = -1;       // index into regions, -1 none
  std::optional<SemanticBox> box;
};

struct SemanticScene {
  std::vector<SemanticLevel> levels;
  std::vector<SemanticRegion> regions;
  std::vector<SemanticObject> objects;  // in the order of the file

  /// Names of the objects' categories, sorted, each once, without the empty one.
  std::vector<std::string> categories() const;
};

base::Result<SemanticScene> load_semantic_scene(const std::filesystem::path& path);

}  // namespace inknav::scene
