// SPDX-License-Identifier: MIT
#include "task/check/list_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "base/counted.h"
#include "task/check/episode_place_check.h"
#include "task/habitat/read_dataset.h"

namespace inknav::task {
namespace {

using base::counted;

namespace fs = std::filesystem;

/// Whether Habitat has the episodes of this list in a folder, a file for each scene.
bool has_content(const fs::path& list) {
  std::error_code code;
  return fs::is_directory(list.parent_path() / "content", code);
}

/// Habitat's own formats are read as a whole, the first fault ends them; InkNav's is read past its faults.
base::Status read_episodes(CheckedList& list) {
  const fs::path& file = list.place.file;
  INKNAV_ASSIGN_OR_RETURN(const habitat::DatasetType type, habitat::detect_type(file));
  if (type == habitat::DatasetType::kHandWritingNav) {
    INKNAV_ASSIGN_OR_RETURN(list.inspection, inspect_episodes(file));
    return base::ok_status();
  }
  habitat::ReadRequest request{.type = type, .files = {file}};
  if (has_content(file)) request.content_scenes.clear();  // its files are lists of their own here
  INKNAV_ASSIGN_OR_RETURN(habitat::HabitatEpisodes read, habitat::read_dataset(request));
  list.habitat = read.tables;
  list.inspection.episodes = std::move(read.episodes);
  list.inspection.numbers.resize(list.inspection.episodes.size());
  std::iota(list.inspection.numbers.begin(), list.inspection.numbers.end(), std::size_t{0});
  return base::ok_status();
}

void check_readable(CheckedList& list) {
  const fs::path& file = list.place.file;
  for (const EpisodeFault& fault : list.inspection.faults) {
    const CheckCode code = fault.kind == EpisodeFaultKind::kRotation    ? CheckCode::kEpisodeRotation
                           : fault.kind == EpisodeFaultKind::kDuplicate ? CheckCode::kEpisodeDuplicate
                                                                        : CheckCode::kEpisodeUnreadable;
    const std::string number = std::to_string(fault.number);
    list.findings.push_back(
        {code, file, "episode " + number, fault.message, static_cast<std::int64_t>(fault.number)});
  }
  for (std::size_t i = 0; i < list.inspection.episodes.size(); ++i) {
    check_start(file, list.inspection.numbers[i], list.inspection.episodes[i], list.findings);
  }
}

void find_scenes(const FolderCheckSettings& settings, const SceneNames& names, CheckedList& list) {
  const std::vector<Episode>& episodes = list.inspection.episodes;
  list.folders.scene_dataset = settings.scene_dataset;
  list.folders.scenes_dir =
      settings.scenes_dir
          ? *settings.scenes_dir
          : choose_scene_root({list.place.file, episodes, names, settings.scene_dataset, settings.nav});
  SceneResolver resolver(list.folders);
  std::map<std::string, std::string> missing;  // scene key -> why
  for (std::size_t i = 0; i < episodes.size(); ++i) {
    const Episode& episode = episodes[i];
    const std::string key = scene_key(list.folders, episode);
    if (list.scenes.contains(key)) continue;
    auto why = missing.find(key);
    if (why == missing.end()) {
      auto scene = find_scene(resolver, list.folders, episode);
      if (scene.ok()) {
        list.scenes.emplace(key, std::move(scene).value());
        continue;
      }
      why = missing.emplace(key, scene.error().message).first;
    }
    const std::size_t number = list.inspection.numbers[i];
    list.findings.push_back({CheckCode::kEpisodeSceneMissing, list.place.file, episode_name(number, episode),
                             fmt::format("the scene '{}' was wanted beneath {}: {}", episode.scene_id,
                                         list.folders.scenes_dir.string(), why->second),
                             static_cast<std::int64_t>(number)});
  }
}

void find_drawings(const FolderCheckSettings& settings, CheckedList& list) {
  list.folders.sketch_dir = settings.sketch_dir ? *settings.sketch_dir : list.place.sketch_dir;
  if (!settings.with_drawings || list.inspection.episodes.empty()) return;
  std::error_code code;
  list.with_drawings = fs::is_directory(list.folders.sketch_dir, code);
  if (list.with_drawings || list.habitat != nullptr) return;  // those of Habitat's sets are synthesised
  list.findings.push_back(
      {CheckCode::kListNoDrawings, list.place.file, "",
       fmt::format("the folder {} with the episodes' drawings was wanted, it is not there",
                   list.folders.sketch_dir.string())});
}

}  // namespace

void read_list(const FolderCheckSettings& settings, const SceneNames& scenes, const ListPlace& place,
               CheckedList& list) {
  list.place = place;
  const base::Status read = read_episodes(list);
  if (!read.ok()) {
    list.findings.push_back(
        {CheckCode::kListUnreadable, place.file, "", without_path(read.error().message, place.file)});
    return;
  }
  list.read = true;
  list.bad.assign(list.inspection.size(), 0);
  list.marks.assign(list.inspection.size(), 0);
  list.lengths.assign(list.inspection.size(), 0.0f);
  if (list.inspection.size() == 0 && !has_content(place.file)) {
    list.findings.push_back({CheckCode::kListEmpty, place.file, "", "episodes were wanted, found none"});
  }
  check_readable(list);
  find_scenes(settings, scenes, list);
  find_drawings(settings, list);
  note_bad(list.findings, 0, list);
}

void note_bad(const CheckFindings& findings, std::size_t from, CheckedList& list) {
  for (std::size_t i = from; i < findings.size(); ++i) {
    const CheckFinding& finding = findings[i];
    if (finding.episode < 0 || info_of(finding.code).sort != CheckSort::kEpisodeFault) continue;
    list.bad[static_cast<std::size_t>(finding.episode)] = 1;
  }
}

FileRow list_row(const CheckedList& list) {
  FileRow row;
  row.kind = FileKind::kList;
  row.file = list.place.file;
  if (!list.read) return row;
  row.episodes = static_cast<int>(list.inspection.size());
  row.bad_episodes = static_cast<int>(std::count(list.bad.begin(), list.bad.end(), std::uint8_t{1}));
  std::set<std::string> ids;
  for (const Episode& episode : list.inspection.episodes) ids.insert(episode.scene_id);
  row.summary = counted(list.inspection.size(), "episode") + " in " + counted(ids.size(), "scene");
  if (!list.scenes.empty()) row.summary += " of " + list.folders.scenes_dir.string();
  std::vector<float> lengths;
  std::copy_if(list.lengths.begin(), list.lengths.end(), std::back_inserter(lengths),
               [](float length) { return length > 0.0f && std::isfinite(length); });
  if (!lengths.empty()) {
    std::sort(lengths.begin(), lengths.end());
    row.summary += fmt::format(", shortest way {:.1f} to {:.1f} m, median {:.1f} m", lengths.front(),
                               lengths.back(), lengths[lengths.size() / 2]);
  }
  const auto with = [&](std::uint8_t mark) {
    return static_cast<std::size_t>(std::count_if(
        list.marks.begin(), list.marks.end(), [mark](std::uint8_t marks) { return (marks & mark) != 0; }));
  };
  const std::size_t seen = with(kLookedAt);
  if (seen == 0) {
    row.summary += "; drawings not looked at";
    return row;
  }
  const bool all = seen == list.inspection.episodes.size();
  row.summary += all ? "; drawings" : fmt::format("; {} drawings looked at,", seen);
  row.summary += fmt::format(" with a start mark {}, goal mark {}, traced route {}, exact truth {}",
                             with(kStartMark), with(kGoalMark), with(kRouteMark), with(kTruthMark));
  return row;
}

}  // namespace inknav::task
