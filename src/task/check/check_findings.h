// SPDX-License-Identifier: MIT
#pragma once
// Findings of `inknav data check`: what can be wrong with a file, each kind with a code that stays the same
// from version to version, so that scripts can look for it. docs/coming-from-habitat.md explains every code.
//
// A fault loses a night: training refuses to start, or learns from what is wrong. A warning is an oddity
// that training lives with. Faults of single episodes are of a third sort: training skips such episodes as
// long as they are at most 1 % of their list (task/episode_faults.h).
// Values, no shared state; info_of() costs one array access.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace inknav::task {

enum class CheckCode : std::uint8_t {
  kFolderUnreadable,
  kFilePlaceholder,
  kFilePartial,
  kSceneUnreadable,
  kSceneStageConfig,
  kSceneFrame,
  kSceneUnits,
  kSceneInsideOut,
  kSceneScattered,
  kSceneDegenerate,
  kSceneDuplicate,
  kStageConfigNoScene,
  kNavmeshUnreadable,
  kNavmeshNotBuilt,
  kNavmeshElsewhere,
  kNavmeshOtherScene,
  kNavmeshOtherAgent,
  kNavmeshNoScene,
  kListUnreadable,
  kListEmpty,
  kListNoDrawings,
  kListFrame,
  kEpisodeUnreadable,
  kEpisodeDuplicate,
  kEpisodeRotation,
  kEpisodeTilted,
  kEpisodeSceneMissing,
  kEpisodeStartOff,
  kEpisodeGoalOff,
  kEpisodeUnreachable,
  kEpisodeRouteOff,
  kEpisodeRouteLeaves,
  kEpisodeDistance,
  kDrawingMissing,
  kDrawingUnreadable,
  kDrawingBlank,
  kDrawingMarks,
  kDrawingTruthUnreadable,
  kDrawingTruthOther,
  kDrawingNoEpisode,
  kDemonstrationsUnreadable,
  kDemonstrationsDamaged,
  kDemonstrationsNoDrawing,
  kWeightsUnreadable,
  kWeightsNotFinite,
  kWeightsEmpty,
};

enum class CheckSort : std::uint8_t { kFault, kEpisodeFault, kWarning };

struct CheckCodeInfo {
  CheckCode code;
  std::string_view name;  // "scene.frame-suspected"
  CheckSort sort;
  std::string_view title;   // what it is, for the head of a group
  std::string_view advice;  // what to do
};

const CheckCodeInfo& info_of(CheckCode code);
/// All of them, in the order of the enumeration.
std::span<const CheckCodeInfo> all_check_codes();

struct CheckFinding {
  CheckCode code = CheckCode::kSceneUnreadable;
  std::filesystem::path file;
  std::string where;          // in the file: "episode 12 ('7')", "tensor 'value/w'"; empty: the whole
  std::string what;           // what was wanted and what was found
  std::int64_t episode = -1;  // number in its list, of faults of episodes
};

using CheckFindings = std::vector<CheckFinding>;

/// `message` without "<path>: " at its beginning, as a finding names the file itself.
std::string without_path(const std::string& message, const std::filesystem::path& path);

}  // namespace inknav::task
