// SPDX-License-Identifier: MIT
#include "task/check/folder_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <system_error>
#include <utility>

#include "task/check/demonstration_check.h"
#include "task/check/drawing_check.h"
#include "task/check/episode_place_check.h"
#include "task/check/folder_inventory.h"
#include "task/check/list_check.h"
#include "task/check/scene_check.h"
#include "task/check/scene_tasks.h"
#include "task/habitat/habitat_dataset.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;

/// Calls body(i) for [0, n) in the order that `order` gives, tells the progress, and stops when it is asked
/// to.
class Stage {
 public:
  Stage(const FolderCheckSettings& settings, base::ThreadPool& pool, std::atomic<bool>& stopped)
      : settings_(settings), pool_(pool), stopped_(stopped) {}

  template <typename Body>
  void run(std::string_view name, std::size_t count, std::span<const std::size_t> order, Body&& body) {
    std::int64_t done = 0;
    std::mutex mutex;
    pool_.parallel_for(static_cast<std::int64_t>(count), 1, [&](std::int64_t begin, std::int64_t end, int) {
      for (auto k = static_cast<std::size_t>(begin); k < static_cast<std::size_t>(end); ++k) {
        if (stopped()) return;
        body(order.empty() ? k : order[k]);
        if (!settings_.progress) continue;
        const std::lock_guard lock(mutex);
        settings_.progress(name, ++done, static_cast<std::int64_t>(count));
      }
    });
  }

  bool stopped() {
    if (!stopped_ && settings_.cancelled && settings_.cancelled()) stopped_ = true;
    return stopped_;
  }

 private:
  const FolderCheckSettings& settings_;
  base::ThreadPool& pool_;
  std::atomic<bool>& stopped_;
};

struct DrawingTask {
  std::size_t list = 0;
  std::size_t episode = 0;  // index into its inspection
  CheckFindings findings;
};

class FolderChecker {
 public:
  FolderChecker(const FolderCheckSettings& settings, base::ThreadPool& pool)
      : settings_(settings), pool_(pool), stage_(settings, pool, stopped_) {}

  base::Result<FolderCheck> run() {
    INKNAV_ASSIGN_OR_RETURN(inventory_, take_inventory(settings_.path));
    if (inventory_.empty()) return nothing_to_check();
    std::error_code code;
    in_folder_ = fs::is_directory(settings_.path, code);
    read_lists();
    scenes_ = list_scene_tasks(inventory_, lists_);
    check_scenes();
    check_drawings();
    collect_lists_and_scenes();
    check_loose_drawings();
    check_companions();
    check_demonstration_sets();
    check_weights();
    append(result_.findings, inventory_.findings);
    result_.passed_over = std::move(inventory_.passed_over);
    result_.interrupted = stopped_;
    result_.verdict = verdict();
    return std::move(result_);
  }

 private:
  base::Error nothing_to_check() const {
    const std::vector<std::string> others = passed_over_lines(inventory_.passed_over, settings_.path);
    return {base::ErrorCode::kUsage,
            fmt::format("{}: scenes, navmeshes, lists of episodes, drawings, demonstrations or weights were "
                        "wanted, found {}; make some with `inknav generate homes` and `inknav generate "
                        "episodes`",
                        settings_.path.string(),
                        others.empty() ? "none" : fmt::format("none, only {}", fmt::join(others, "; ")))};
  }

  static void append(CheckFindings& to, const CheckFindings& from) {
    to.insert(to.end(), from.begin(), from.end());
  }

  template <typename Row>
  static void count(const CheckFindings& findings, Row& row) {
    for (const CheckFinding& finding : findings) {
      ++(info_of(finding.code).sort == CheckSort::kWarning ? row.warnings : row.faults);
    }
  }

  void read_lists() {
    lists_.resize(inventory_.lists.size());
    const SceneNames names(inventory_.scenes);
    stage_.run("lists", lists_.size(), {},
               [&](std::size_t i) { read_list(settings_, names, inventory_.lists[i], lists_[i]); });
  }

  void check_scenes() {
    std::vector<std::size_t> order(scenes_.size());  // the largest first, so that no thread ends alone
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return scenes_[a].bytes > scenes_[b].bytes; });
    stage_.run("scenes", scenes_.size(), order, [&](std::size_t i) { check_one_scene(scenes_[i]); });
  }

  void check_one_scene(SceneTask& task) {
    SceneCheck check = check_scene(task.scene, settings_.nav);
    task.row = std::move(check.row);
    task.findings = std::move(check.findings);
    task.content = check.content;
    for (const auto& [l, indices] : task.episodes) task.row.episodes += static_cast<int>(indices.size());
    if (check.mesh == nullptr) return;
    nav::NavQuery query(check.mesh);
    for (const auto& [l, indices] : task.episodes) place_episodes(query, l, indices, task);
  }

  void place_episodes(nav::NavQuery& query, std::size_t l, const std::vector<std::size_t>& indices,
                      SceneTask& task) {
    CheckedList& list = lists_[l];
    std::vector<PlacedEpisode> placed;
    placed.reserve(indices.size());
    std::vector<Episode> with_goals;  // of ObjectNav: every view point is a goal, of one of several objects
    with_goals.reserve(list.habitat != nullptr ? indices.size() : 0);
    for (const std::size_t i : indices) {
      const Episode* episode = &list.inspection.episodes[i];
      const bool objects = list.habitat != nullptr && !list.habitat->goals(*episode).empty();
      if (objects) {
        episode = &with_goals.emplace_back(*episode);
        with_goals.back().goals.clear();
        for (const base::Vec3& point :
             habitat::goal_points(list.habitat.get(), *episode, habitat::DistanceTo::kViewPoints)) {
          with_goals.back().goals.push_back({point, 0.0f});
        }
      }
      placed.push_back({.episode = episode, .number = list.inspection.numbers[i], .has_distance = !objects});
    }
    const std::size_t before = task.findings.size();
    check_places(query, list.place.file, placed, task.findings);
    note_bad(task.findings, before, list);
    for (const PlacedEpisode& episode : placed) {
      task.row.reachable += episode.reachable ? 1 : 0;
      task.row.starts_off += episode.start_off ? 1 : 0;
      list.lengths[episode.number] = episode.geodesic;
    }
  }

  void check_drawings() {
    for (std::size_t l = 0; l < lists_.size(); ++l) {
      if (!lists_[l].with_drawings) continue;
      for (std::size_t i = 0; i < lists_[l].inspection.episodes.size(); ++i) drawings_.push_back({l, i, {}});
    }
    stage_.run("drawings", drawings_.size(), {}, [&](std::size_t k) {
      DrawingTask& task = drawings_[k];
      CheckedList& list = lists_[task.list];
      const Episode& episode = list.inspection.episodes[task.episode];
      const std::size_t number = list.inspection.numbers[task.episode];
      // A start that was moved off the mesh is not where the truth has it either: told once.
      const Episode* judged = list.bad[number] != 0 ? nullptr : &episode;
      DrawingCheck check =
          check_drawing(drawing_path(list.folders, episode), judged, episode_name(number, episode));
      task.findings = std::move(check.findings);
      for (CheckFinding& finding : task.findings) finding.episode = static_cast<std::int64_t>(number);
      list.marks[number] = static_cast<std::uint8_t>(
          kLookedAt | (check.start ? kStartMark : 0) | (check.goal ? kGoalMark : 0) |
          (check.route ? kRouteMark : 0) | (check.truth ? kTruthMark : 0));
      note_bad(task.findings, 0, list);
    });
  }

  void collect_lists_and_scenes() {
    std::vector<FileRow> rows;
    for (const CheckedList& list : lists_) {
      rows.push_back(list_row(list));
      count(list.findings, rows.back());
      append(result_.findings, list.findings);
    }
    check_duplicates();
    std::map<fs::path, std::size_t> row_of;
    for (std::size_t l = 0; l < lists_.size(); ++l) row_of.emplace(lists_[l].place.file, l);
    for (SceneTask& task : scenes_) {
      if (task.row.file.empty()) continue;  // not reached before the check was stopped
      count(task.findings, task.row);
      for (const CheckFinding& finding : task.findings) {
        if (const auto row = row_of.find(finding.file); row != row_of.end())
          count({finding}, rows[row->second]);
      }
      append(result_.findings, task.findings);
      result_.scenes.push_back(std::move(task.row));
    }
    for (const DrawingTask& task : drawings_) {
      count(task.findings, rows[task.list]);
      append(result_.findings, task.findings);
    }
    std::erase_if(rows, [](const FileRow& row) { return row.file.empty(); });  // not reached before the stop
    result_.files = std::move(rows);
  }

  void check_duplicates() {
    std::map<std::string, const SceneTask*> first;
    for (SceneTask& task : scenes_) {
      if (!task.row.read) continue;
      const auto [at, is_new] = first.emplace(task.content.hex(), &task);
      const fs::path& other = at->second->scene.file;
      if (is_new || other == task.scene.file) continue;
      task.findings.push_back(
          {CheckCode::kSceneDuplicate, task.scene.file, "",
           fmt::format("a scene of its own was wanted, it is that of {}", other.string())});
    }
  }

  /// Pictures that no list has read: left over where a list has the folder, else checked by themselves.
  void check_loose_drawings() {
    std::set<std::string> known, owned, uncertain;  // pictures; folders of lists; those of lists not all read
    for (const CheckedList& list : lists_) {
      const std::string folder = path_key(list.folders.sketch_dir);
      if (!list.read || !list.inspection.faults.empty()) uncertain.insert(path_key(list.place.sketch_dir));
      if (list.read) owned.insert(folder);
      if (!list.with_drawings) continue;
      for (const Episode& episode : list.inspection.episodes) {
        known.insert(path_key(drawing_path(list.folders, episode)));
      }
    }
    std::vector<fs::path> loose;
    for (const fs::path& picture : inventory_.drawings) {
      const std::string folder = path_key(picture.parent_path());
      const bool ours = in_folder_ && (owned.contains(folder) || uncertain.contains(folder));
      if (known.contains(path_key(picture)) || uncertain.contains(folder)) continue;
      if (ours && settings_.with_drawings) {
        result_.findings.push_back({CheckCode::kDrawingNoEpisode, picture, "",
                                    "an episode of this name was wanted, no list has it"});
      } else if (!ours) {
        loose.push_back(picture);
      }
    }
    check_by_themselves("drawings", FileKind::kDrawing, loose, [](const fs::path& picture, FileRow& row) {
      DrawingCheck check = check_drawing(picture, nullptr, "");
      row.summary = std::move(check.summary);
      return std::move(check.findings);
    });
  }

  /// One row and some findings a file, in parallel.
  template <typename Check>
  void check_by_themselves(std::string_view stage, FileKind kind, const std::vector<fs::path>& files,
                           Check&& check) {
    std::vector<FileRow> rows(files.size());
    std::vector<CheckFindings> findings(files.size());
    stage_.run(stage, files.size(), {}, [&](std::size_t i) {
      rows[i].kind = kind;
      rows[i].file = files[i];
      findings[i] = check(files[i], rows[i]);
      count(findings[i], rows[i]);
    });
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (rows[i].file.empty()) continue;
      result_.files.push_back(std::move(rows[i]));
      append(result_.findings, findings[i]);
    }
  }

  void check_companions() {
    std::vector<fs::path> loose;
    for (const fs::path& navmesh : inventory_.navmeshes) {
      const bool has_scene = scene_beside(navmesh, ".navmesh").has_value();
      if (!in_folder_ || !has_scene) loose.push_back(navmesh);
      if (!in_folder_ || has_scene) continue;
      result_.findings.push_back({CheckCode::kNavmeshNoScene, navmesh, "",
                                  "a scene of this name was wanted beside it, there is none"});
    }
    check_by_themselves("navmeshes", FileKind::kNavmesh, loose, [](const fs::path& navmesh, FileRow& row) {
      CheckFindings findings;
      row = check_navmesh_file(navmesh, findings);
      return findings;
    });
    for (const fs::path& config : inventory_.stage_configs) {
      if (scene_beside(config, ".stage_config.json")) continue;
      result_.findings.push_back({CheckCode::kStageConfigNoScene, config, "",
                                  "a scene of this name was wanted beside it, there is none"});
    }
  }

  void check_demonstration_sets() {
    for (const fs::path& folder : inventory_.demonstrations) {
      if (stage_.stopped()) return;
      DemonstrationCheckSettings settings;
      settings.folder = folder;
      settings.scenes_dir = settings_.scenes_dir;
      settings.sketch_dir = drawings_of_set(folder);
      settings.cancelled = [this] { return stage_.stopped(); };
      if (settings_.progress) {
        settings.progress = [this](std::int64_t done, std::int64_t total) {
          settings_.progress("demonstrations", done, total);
        };
      }
      FileRow row;
      row.kind = FileKind::kDemonstrations;
      row.file = folder;
      const CheckFindings findings = check_demonstration_set(settings, pool_, row.summary);
      count(findings, row);
      append(result_.findings, findings);
      result_.files.push_back(std::move(row));
    }
  }

  /// Those that were named, else those of "data/train/sketches" for "data/demos/train", else those of the
  /// list of that split.
  std::optional<fs::path> drawings_of_set(const fs::path& folder) const {
    if (!settings_.with_drawings) return std::nullopt;
    if (settings_.sketch_dir) return settings_.sketch_dir;
    const fs::path whole = fs::absolute(folder).lexically_normal();
    const fs::path named = whole.has_filename() ? whole : whole.parent_path();
    const fs::path beside = named.parent_path().parent_path() / named.filename() / "sketches";
    std::error_code code;
    if (fs::is_directory(beside, code)) return beside;
    for (const CheckedList& list : lists_) {
      if (list.with_drawings && list.folders.sketch_dir.parent_path().filename() == named.filename()) {
        return list.folders.sketch_dir;
      }
    }
    return std::nullopt;
  }

  void check_weights() {
    if (!settings_.check_weights) {
      for (const fs::path& file : inventory_.weights) result_.passed_over[FileSort::kWeights].add(file);
      return;
    }
    check_by_themselves("weights", FileKind::kWeights, inventory_.weights,
                        [&](const fs::path& file, FileRow& row) {
                          WeightsCheck check = settings_.check_weights(file);
                          row.summary = std::move(check.summary);
                          return std::move(check.findings);
                        });
  }

  Verdict verdict() const {
    bool bad_episodes = false;
    for (const CheckFinding& finding : result_.findings) {
      const CheckSort sort = info_of(finding.code).sort;
      if (sort == CheckSort::kFault) return Verdict::kNotSound;
      // A drawing by itself has no list that could do without it.
      if (sort == CheckSort::kEpisodeFault && finding.episode < 0) return Verdict::kNotSound;
      bad_episodes = bad_episodes || sort == CheckSort::kEpisodeFault;
    }
    if (!bad_episodes) return Verdict::kSound;
    const bool skipped = std::all_of(result_.files.begin(), result_.files.end(), [](const FileRow& row) {
      return 100 * static_cast<std::int64_t>(row.bad_episodes) <= row.episodes;
    });
    return skipped ? Verdict::kUsable : Verdict::kNotSound;
  }

  const FolderCheckSettings& settings_;
  base::ThreadPool& pool_;
  std::atomic<bool> stopped_{false};
  Stage stage_;
  bool in_folder_ = false;
  Inventory inventory_;
  std::vector<CheckedList> lists_;
  std::vector<SceneTask> scenes_;
  std::vector<DrawingTask> drawings_;
  FolderCheck result_;
};

}  // namespace

std::string_view name_of(FileKind kind) {
  switch (kind) {
    case FileKind::kList:
      return "episodes";
    case FileKind::kNavmesh:
      return "navmesh";
    case FileKind::kDrawing:
      return "drawing";
    case FileKind::kDemonstrations:
      return "demonstrations";
    case FileKind::kWeights:
      return "weights";
  }
  return "";
}

base::Result<FolderCheck> check_folder(const FolderCheckSettings& settings, base::ThreadPool& pool) {
  return FolderChecker(settings, pool).run();
}

}  // namespace inknav::task
