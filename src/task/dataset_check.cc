// SPDX-License-Identifier: MIT
#include "task/dataset_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <system_error>
#include <utility>

#include "sketch/drawing_file.h"
#include "sketch/read_problems.h"
#include "task/drawing_store.h"
#include "task/episode.h"
#include "task/episode_faults.h"
#include "task/episode_truth.h"
#include "task/world_set.h"

namespace inknav::task {

namespace {

constexpr int kReadSize = 128;        // planes, as most policies read them
constexpr float kLengthSlack = 0.1f;  // part by which a stated distance may differ from ours
constexpr float kMarkSlack = 0.15f;   // paper units between a mark that was read and where it was meant

struct Finding {
  std::string fault;
  std::string warning;
  float geodesic = 0.0f;
  bool start = false, goal = false, route = false, truth = false;
};

std::string name_of(const Episode& episode) {
  return fmt::format("episode '{}' of scene '{}': ", episode.episode_id, episode.scene_id);
}

void check_truth(const std::filesystem::path& picture, const Episode& episode, const DrawingReading& reading,
                 Finding& finding) {
  std::error_code none;
  const std::filesystem::path path = truth_path(picture);
  if (!std::filesystem::exists(path, none)) return;
  const auto file = sketch::load_drawing_file(path);
  if (!file.ok()) {
    finding.fault = file.error().message;
    return;
  }
  if (file->correspondence.empty()) return;
  finding.truth = true;
  const base::Vec2 meant =
      file->correspondence.to_paper({episode.start.position.x, episode.start.position.z});
  if (reading.planes.start.present && glm::length(meant - reading.planes.start.position) > kMarkSlack) {
    finding.warning = "the start mark that was read lies far from where the drawing's truth has the start";
  }
}

void check_drawing(const Dataset& dataset, const Episode& episode, Finding& finding) {
  const std::filesystem::path picture = drawing_path(dataset, episode);
  const auto reading = load_drawing(picture, kReadSize);
  if (!reading.ok()) {
    finding.fault = reading.error().message;
    return;
  }
  const sketch::ReadPlanes& planes = (*reading)->planes;
  finding.start = planes.start.present;
  finding.goal = planes.goal.present;
  finding.route = planes.route.size() >= 2 && !planes.route_planned;
  const std::vector<std::string> problems = sketch::reading_problems(planes);
  if (!problems.empty()) finding.warning = fmt::format("{}: {}", picture.string(), fmt::join(problems, "; "));
  check_truth(picture, episode, **reading, finding);
}

void check_way(nav::NavQuery& query, const Episode& episode, Finding& finding) {
  const nav::GeodesicPath path = query.geodesic(episode.start.position, episode.goals.front().position);
  finding.geodesic = path.length;
  if (!std::isfinite(path.length)) {
    finding.warning = "the first goal cannot be reached, another one can";
  } else if (episode.geodesic_distance > 0.0f &&
             std::abs(path.length - episode.geodesic_distance) > kLengthSlack * std::max(1.0f, path.length)) {
    finding.warning = fmt::format("info.geodesic_distance says {:.2f} m, on this mesh it is {:.2f} m",
                                  episode.geodesic_distance, path.length);
  }
}

void set_lengths(std::vector<float> lengths, DatasetCheckReport& report) {
  lengths.erase(std::remove_if(lengths.begin(), lengths.end(), [](float x) { return !std::isfinite(x); }),
                lengths.end());
  if (lengths.empty()) return;
  std::sort(lengths.begin(), lengths.end());
  report.shortest = lengths.front();
  report.median = lengths[lengths.size() / 2];
  report.longest = lengths.back();
}

}  // namespace

base::Result<DatasetCheckReport> check_dataset(const DatasetCheckSettings& settings, base::ThreadPool& pool) {
  Dataset dataset;
  INKNAV_ASSIGN_OR_RETURN(dataset.episodes, load_episodes(settings.list));
  dataset.scenes_dir = settings.scenes_dir;
  dataset.sketch_dir = settings.sketch_dir;
  const WorldSet worlds = load_worlds(dataset, settings.nav, settings.cache_dir, pool);
  std::vector<std::string> faults = find_faults(dataset, worlds, settings.with_drawings, pool);
  std::vector<Finding> findings(faults.size());
  pool.parallel_for(static_cast<std::int64_t>(faults.size()), 1,
                    [&](std::int64_t begin, std::int64_t end, int) {
                      for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
                        findings[i].fault = std::move(faults[i]);
                        if (!findings[i].fault.empty()) continue;
                        const Episode& episode = dataset.episodes[i];
                        const auto world = static_cast<std::size_t>(worlds.world_of_episode[i]);
                        nav::NavQuery query(worlds.worlds[world].world.nav_mesh);
                        check_way(query, episode, findings[i]);
                        if (settings.with_drawings) check_drawing(dataset, episode, findings[i]);
                      }
                    });
  DatasetCheckReport report;
  report.episodes = static_cast<int>(findings.size());
  report.scenes = static_cast<int>(worlds.worlds.size());
  std::vector<float> lengths;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const Finding& finding = findings[i];
    const std::string name = name_of(dataset.episodes[i]);
    if (!finding.fault.empty()) report.faults.push_back(name + finding.fault);
    if (!finding.warning.empty()) report.warnings.push_back(name + finding.warning);
    if (finding.fault.empty()) lengths.push_back(finding.geodesic);
    report.with_start += finding.start ? 1 : 0;
    report.with_goal += finding.goal ? 1 : 0;
    report.with_route += finding.route ? 1 : 0;
    report.with_truth += finding.truth ? 1 : 0;
  }
  set_lengths(std::move(lengths), report);
  return report;
}

std::string format_report(const DatasetCheckReport& report, std::size_t max_lines) {
  std::string text = fmt::format(
      "{} episodes in {} scenes, shortest way {:.1f} to {:.1f} m, median {:.1f} m\n"
      "drawings with a start mark {}, goal mark {}, traced route {}, exact truth {}\n",
      report.episodes, report.scenes, report.shortest, report.longest, report.median, report.with_start,
      report.with_goal, report.with_route, report.with_truth);
  const auto list = [&](const std::vector<std::string>& lines, const char* title) {
    if (lines.empty()) return;
    text += fmt::format("{} {}\n", lines.size(), title);
    for (std::size_t i = 0; i < std::min(lines.size(), max_lines); ++i) text += "  " + lines[i] + "\n";
    if (lines.size() > max_lines) text += fmt::format("  and {} more\n", lines.size() - max_lines);
  };
  list(report.warnings, "warnings");
  list(report.faults, "episodes that cannot be run");
  text += report.faults.empty() ? "sound\n"
          : report.usable()     ? "usable: the bad episodes will be skipped\n"
                                : "not usable: more than 1 % of the episodes are bad\n";
  return text;
}

}  // namespace inknav::task
