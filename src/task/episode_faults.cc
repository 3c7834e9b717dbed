// SPDX-License-Identifier: MIT
#include "task/episode_faults.h"

#include <utility>

#include "base/log.h"
#include "task/drawing_store.h"
#include "task/drawing_synthesis.h"
#include "task/episode_truth.h"

namespace inknav::task {

namespace {
constexpr std::int64_t kDrawingGrain = 16;
constexpr double kMaxBadFraction = 0.01;
constexpr std::size_t kReportedFaults = 5;
}  // namespace

std::vector<std::string> check_each(const Dataset& dataset, const WorldSet& worlds, const EpisodeCheck& check,
                                    base::ThreadPool& pool) {
  std::vector<std::string> faults(dataset.episodes.size());
  std::vector<std::vector<std::size_t>> of_world(worlds.worlds.size());
  for (std::size_t i = 0; i < faults.size(); ++i) {
    of_world[static_cast<std::size_t>(worlds.world_of_episode[i])].push_back(i);
  }
  pool.parallel_for(static_cast<std::int64_t>(of_world.size()), 1,
                    [&](std::int64_t begin, std::int64_t end, int) {
                      for (auto w = static_cast<std::size_t>(begin); w < static_cast<std::size_t>(end); ++w) {
                        const LoadedWorld& loaded = worlds.worlds[w];
                        if (!loaded.error.empty()) {
                          for (const std::size_t i : of_world[w]) faults[i] = loaded.error;
                          continue;
                        }
                        nav::NavQuery query(loaded.world.nav_mesh);
                        for (const std::size_t i : of_world[w]) {
                          const base::Status status = check(query, dataset.episodes[i]);
                          if (!status.ok()) faults[i] = status.error().message;
                        }
                      }
                    });
  return faults;
}

std::vector<std::string> find_faults(const Dataset& dataset, const WorldSet& worlds, bool with_pictures,
                                     base::ThreadPool& pool) {
  std::vector<std::string> faults = check_each(dataset, worlds, check_episode, pool);
  if (!with_pictures) return faults;
  const auto count = static_cast<std::int64_t>(faults.size());
  pool.parallel_for(count, kDrawingGrain, [&](std::int64_t begin, std::int64_t end, int) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      if (!faults[i].empty() || needs_synthesis(dataset, dataset.episodes[i])) continue;
      const base::Status status = check_picture(drawing_path(dataset, dataset.episodes[i]));
      if (!status.ok()) faults[i] = status.error().message;
    }
  });
  return faults;
}

base::Result<int> drop_faulty(const std::vector<std::string>& faults, std::vector<Episode>& episodes,
                              std::vector<int>& world_of_episode) {
  const std::size_t total = episodes.size();
  std::size_t kept = 0;
  std::string first;
  for (std::size_t i = 0; i < total; ++i) {
    if (faults[i].empty()) {
      if (kept != i) {
        episodes[kept] = std::move(episodes[i]);
        world_of_episode[kept] = world_of_episode[i];
      }
      ++kept;
      continue;
    }
    const std::string text =
        "episode '" + episodes[i].episode_id + "' of scene '" + episodes[i].scene_id + "': " + faults[i];
    if (first.empty()) first = text;
    if (i - kept < kReportedFaults) base::log_warning("skipped {}", text);
  }
  episodes.resize(kept);
  world_of_episode.resize(kept);
  const std::size_t skipped = total - kept;
  if (skipped == 0) return 0;
  base::log_warning("{} of {} episodes cannot be run and are skipped", skipped, total);
  if (static_cast<double>(skipped) <= kMaxBadFraction * static_cast<double>(total))
    return static_cast<int>(skipped);
  return base::Error{base::ErrorCode::kData,
                     "dataset: at most 1 % of the episodes may be bad, " + std::to_string(skipped) + " of " +
                         std::to_string(total) +
                         " are; `inknav data check` lists them all. The first: " + first};
}

}  // namespace inknav::task
