// SPDX-License-Identifier: MIT
#pragma once
// CheckedList: a list of episodes during a check of a folder: what was read of it, where its scenes and
// drawings are, and what is found about its episodes meanwhile.
//
// A list is read by one thread; later each episode's own numbers are written by whoever checks it, each
// by one thread at a time. The one place in a check where lists are read (task/episode_inspection.h).

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "task/check/check_findings.h"
#include "task/check/folder_check.h"
#include "task/check/folder_inventory.h"
#include "task/check/scene_root.h"
#include "task/episode.h"
#include "task/episode_inspection.h"

namespace inknav::task {

struct CheckedList {
  ListPlace place;
  bool read = false;
  EpisodeInspection inspection;
  std::shared_ptr<const habitat::HabitatDataset> habitat;  // of Habitat's own formats, else null
  Dataset folders;                                         // of scenes and drawings; no episodes
  std::map<std::string, SceneFile> scenes;                 // by scene_key; only those that are there
  bool with_drawings = false;                              // their folder is there
  CheckFindings findings;                                  // of the list itself
  // [inspection.size()], by number in the file
  std::vector<std::uint8_t> bad;
  std::vector<std::uint8_t> marks;  // sum of kStartMark, ... that were found on the drawing
  std::vector<float> lengths;       // metres of shortest way, 0: not known
};
inline constexpr std::uint8_t kStartMark = 1, kGoalMark = 2, kRouteMark = 4, kTruthMark = 8, kLookedAt = 16;

/// Reads the list and finds its folders; fills everything but marks and lengths' values.
void read_list(const FolderCheckSettings& settings, const SceneNames& scenes, const ListPlace& place,
               CheckedList& list);

/// Marks the episodes of these findings that cannot be run.
void note_bad(const CheckFindings& findings, std::size_t from, CheckedList& list);

/// The list's row, after everything was checked; faults and warnings are counted by the caller.
FileRow list_row(const CheckedList& list);

}  // namespace inknav::task
