// SPDX-License-Identifier: MIT
#include "task/episode_faults.h"

#include "task/drawing_store.h"
#include "task/episode_truth.h"

namespace inknav::task {

namespace {
constexpr std::int64_t kDrawingGrain = 16;
}  // namespace

std::vector<std::string> find_faults(const Dataset& dataset, const WorldSet& worlds, bool with_pictures,
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
                          const base::Status status = check_episode(query, dataset.episodes[i]);
                          if (!status.ok()) faults[i] = status.error().message;
                        }
                      }
                    });
  if (!with_pictures) return faults;
  const auto count = static_cast<std::int64_t>(faults.size());
  pool.parallel_for(count, kDrawingGrain, [&](std::int64_t begin, std::int64_t end, int) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      if (!faults[i].empty()) continue;
      const base::Status status = check_picture(drawing_path(dataset, dataset.episodes[i]));
      if (!status.ok()) faults[i] = status.error().message;
    }
  });
  return faults;
}

}  // namespace inknav::task
