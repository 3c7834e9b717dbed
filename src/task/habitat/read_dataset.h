// SPDX-License-Identifier: MIT
#pragma once
// Reading Habitat's episode files: PointNav-v1 (also of ImageNav), ObjectNav-v1, R2RVLN-v1 and VLN-CE-v1,
// RxR-VLN-CE-v1. Plain or .gz, one value at a time.
//
// As habitat-lab v0.3.3 does: a folder "content" beside the file (or content_scenes_path of the file) has a
// file for each scene, whose episodes follow those of the file itself, in order of names; where there is no
// such folder, content_scenes keeps episodes by the basename of their scene without its last ending.
// ObjectNav numbers its episodes anew in each file. Unknown keys are named in one warning a file, where
// Habitat fails. Not kept: timed_instruction of RxR and keys of `info` other than geodesic_distance,
// euclidean_distance, difficulty and closest_goal_object_id. Errors: kData with file and JSON path. Cost:
// about 200 MB/s unpacked on one core.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "task/episode.h"
#include "task/habitat/habitat_dataset.h"

namespace inknav::task::habitat {

struct ReadRequest {
  DatasetType type = DatasetType::kPointNav;
  std::vector<std::filesystem::path> files;      // in this order; RxR: one a role
  std::vector<std::string> content_scenes{"*"};  // "*": all
  std::vector<std::string> languages{"*"};       // RxR; "*": all
};

struct HabitatEpisodes {
  std::vector<Episode> episodes;  // may be empty
  std::shared_ptr<HabitatDataset> tables;
};

/// `request.type` is not kHandWritingNav (task/episode.h reads that).
base::Result<HabitatEpisodes> read_dataset(const ReadRequest& request);

/// Which type a file is of, by its keys and those of its first episode: categories, an instruction (with a
/// language: RxR), start_room or shortest_paths, null or not (PointNav), else kHandWritingNav. Reads up to
/// the first episode and past it only where that says nothing. kData when what is read is no JSON.
base::Result<DatasetType> detect_type(const std::filesystem::path& file);

/// "a/b/X.basis.glb" -> "X.basis": what content_scenes names.
std::string scene_name(std::string_view scene_id);

/// The files that a pattern "<folder>/<before>{scene}<after>" names: those of `scenes`, or with "*" all that
/// are there, in order of names. kData when the folder cannot be read.
base::Result<std::vector<std::filesystem::path>> scene_files(const std::string& pattern,
                                                             const std::vector<std::string>& scenes);

}  // namespace inknav::task::habitat
