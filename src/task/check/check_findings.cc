// SPDX-License-Identifier: MIT
#include "task/check/check_findings.h"

#include <array>

#include "base/check.h"

namespace inknav::task {
namespace {

constexpr CheckSort kFault = CheckSort::kFault;
constexpr CheckSort kEpisode = CheckSort::kEpisodeFault;
constexpr CheckSort kWarning = CheckSort::kWarning;

constexpr std::array kCodes = std::to_array<CheckCodeInfo>({
    {CheckCode::kFolderUnreadable, "folder.unreadable", kFault, "folder that cannot be listed",
     "give yourself the right to read it"},
    {CheckCode::kFilePlaceholder, "file.placeholder", kFault, "stand-in for a file that was not downloaded",
     "download it again (with Git LFS: git lfs pull)"},
    {CheckCode::kFilePartial, "file.partial", kWarning, "left-over of a download or a write that was cut off",
     "remove it, and see that the whole file is there"},
    {CheckCode::kSceneUnreadable, "scene.unreadable", kFault, "scene that cannot be read",
     "copy or export it again"},
    {CheckCode::kSceneStageConfig, "scene.stage-config", kFault, "stage config that cannot be read",
     "mend it, or remove it to have Habitat's rule for the ending of the scene"},
    {CheckCode::kSceneFrame, "scene.frame-suspected", kFault, "scene that seems to lie on its side",
     "give 'up' and 'front' in its .stage_config.json, or convert it with inknav data convert --up y|z"},
    {CheckCode::kSceneUnits, "scene.units-suspected", kFault, "scene that seems not to be in metres",
     "give 'units_to_meters' in its .stage_config.json"},
    {CheckCode::kSceneInsideOut, "scene.inside-out", kFault, "scene whose triangles face the wrong way",
     "flip the normals in the program that it was exported from"},
    {CheckCode::kSceneScattered, "scene.scattered", kWarning,
     "scene whose largest connected floor is less than half of all",
     "look at it with inknav data show: doors may be closed, a floor missing, or the scene on its side"},
    {CheckCode::kSceneDegenerate, "scene.degenerate", kWarning, "scene with many triangles without area",
     "export it again, or clean the mesh"},
    {CheckCode::kSceneDuplicate, "scene.duplicate", kWarning, "scene with the same content as another",
     "see that none of the two is for training and the other for evaluation"},
    {CheckCode::kStageConfigNoScene, "stage-config.no-scene", kWarning, "stage config without its scene",
     "name it like its scene: X.stage_config.json for X.glb"},
    {CheckCode::kNavmeshUnreadable, "navmesh.unreadable", kFault, "navmesh that cannot be read",
     "copy it again, or remove it to have the navmesh built"},
    {CheckCode::kNavmeshNotBuilt, "navmesh.not-built", kFault, "scene for which no navmesh can be built",
     "see that it has a floor (inknav data convert --ground-plane) and a ceiling high enough for the agent"},
    {CheckCode::kNavmeshElsewhere, "navmesh.elsewhere", kFault, "navmesh that lies elsewhere than its scene",
     "see that scene and navmesh are of one building and one version, or remove the navmesh"},
    {CheckCode::kNavmeshOtherScene, "navmesh.other-scene", kFault, "navmesh that is not of its scene",
     "copy the navmesh of this scene, or remove it to have the navmesh built"},
    {CheckCode::kNavmeshOtherAgent, "navmesh.other-agent", kWarning, "navmesh for an agent of another size",
     "nothing, if the sizes are meant: the navmesh is built at the start; else --agent-radius, "
     "--agent-height"},
    {CheckCode::kNavmeshNoScene, "navmesh.no-scene", kWarning, "navmesh without its scene",
     "name it like its scene: X.navmesh for X.glb"},
    {CheckCode::kListUnreadable, "episodes.unreadable", kFault, "list of episodes that cannot be read",
     "copy it again"},
    {CheckCode::kListEmpty, "episodes.empty", kWarning, "list without episodes", "see whether it is whole"},
    {CheckCode::kListNoDrawings, "episodes.no-drawings", kFault, "list without a folder of drawings",
     "make drawings (inknav generate episodes), name their folder with --sketches, or --no-drawings"},
    {CheckCode::kListFrame, "episodes.frame-suspected", kFault,
     "episodes whose coordinates seem to be of another frame",
     "turn them to y up, or the scene to the frame they were made for (up and front)"},
    {CheckCode::kEpisodeUnreadable, "episode.unreadable", kEpisode, "episode that cannot be read",
     "mend or remove it"},
    {CheckCode::kEpisodeDuplicate, "episode.duplicate-id", kEpisode, "episode whose id is there twice",
     "number the episodes anew"},
    {CheckCode::kEpisodeRotation, "episode.rotation-not-unit", kEpisode,
     "episode whose start rotation is no unit quaternion", "write [x, y, z, w] of length 1"},
    {CheckCode::kEpisodeTilted, "episode.start-tilted", kEpisode, "episode whose start rotation is tilted",
     "write [x, y, z, w], with w last, and a turn about y only"},
    {CheckCode::kEpisodeSceneMissing, "episode.scene-missing", kEpisode, "episode whose scene is not there",
     "put the scene there, or name the root of the scene ids with --scenes"},
    {CheckCode::kEpisodeStartOff, "episode.start-off-mesh", kEpisode,
     "episode whose start is not on the navmesh", "see that it was made for this scene and this agent"},
    {CheckCode::kEpisodeGoalOff, "episode.goal-off-mesh", kEpisode,
     "episode none of whose goals is on the navmesh", "see that it was made for this scene and this agent"},
    {CheckCode::kEpisodeUnreachable, "episode.goal-unreachable", kEpisode,
     "episode whose goal lies on another island than its start",
     "see that it was made for this scene and this agent"},
    {CheckCode::kEpisodeRouteOff, "episode.route-off-mesh", kEpisode,
     "episode whose reference path is not on the navmesh", "see that it was made for this scene"},
    {CheckCode::kEpisodeRouteLeaves, "episode.route-leaves-mesh", kWarning,
     "episode whose reference path leaves the navmesh", "nothing: these points are left out"},
    {CheckCode::kEpisodeDistance, "episode.distance-differs", kWarning,
     "episode whose info.geodesic_distance is not what is measured",
     "see that it was made for this scene and this agent; measures here use the measured distance"},
    {CheckCode::kDrawingMissing, "drawing.missing", kEpisode, "drawing that is not there",
     "draw it or copy it"},
    {CheckCode::kDrawingUnreadable, "drawing.unreadable", kEpisode, "drawing that cannot be read",
     "copy or draw it again"},
    {CheckCode::kDrawingBlank, "drawing.blank", kEpisode, "drawing without ink",
     "see that it is the right file and the ink dark enough"},
    {CheckCode::kDrawingMarks, "drawing.marks", kWarning, "drawing on which not everything was found",
     "look at it; an agent has less to go by"},
    {CheckCode::kDrawingTruthUnreadable, "drawing.truth-unreadable", kEpisode,
     "truth beside a drawing that cannot be read", "generate it again, or remove the .json"},
    {CheckCode::kDrawingTruthOther, "drawing.truth-mismatch", kEpisode,
     "truth beside a drawing that is of another episode", "generate it again, or remove the .json"},
    {CheckCode::kDrawingNoEpisode, "drawing.no-episode", kWarning, "drawing that no episode has",
     "see that it is named <scene>_epi<episode_id>_cut1.png"},
    {CheckCode::kDemonstrationsUnreadable, "demonstrations.unreadable", kFault,
     "demonstrations that cannot be read", "generate them again"},
    {CheckCode::kDemonstrationsDamaged, "demonstrations.damaged", kFault, "damaged demonstrations",
     "copy or generate them again"},
    {CheckCode::kDemonstrationsNoDrawing, "demonstrations.no-drawing", kFault,
     "demonstrations whose drawings are not there", "name their folder with --sketches"},
    {CheckCode::kWeightsUnreadable, "weights.unreadable", kFault, "weights that cannot be read",
     "copy the file again, or take an older checkpoint"},
    {CheckCode::kWeightsNotFinite, "weights.not-finite", kFault, "weights that are not finite",
     "take an older checkpoint"},
    {CheckCode::kWeightsEmpty, "weights.empty", kWarning, "weights without a tensor", "see what wrote them"},
});

}  // namespace

const CheckCodeInfo& info_of(CheckCode code) {
  const CheckCodeInfo& info = kCodes[static_cast<std::size_t>(code)];
  INKNAV_CHECK(info.code == code, info.name);
  return info;
}

std::span<const CheckCodeInfo> all_check_codes() { return kCodes; }

std::string without_path(const std::string& message, const std::filesystem::path& path) {
  const std::string start = path.string() + ": ";
  return message.starts_with(start) ? message.substr(start.size()) : message;
}

}  // namespace inknav::task
