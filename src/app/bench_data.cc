// SPDX-License-Identifier: MIT
#include "app/bench_data.h"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include "app/experiment_options.h"
#include "base/thread_pool.h"
#include "scene/home/home_set.h"
#include "task/episode_generation.h"

namespace inknav::app {

BenchData::~BenchData() {
  if (folder_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

BenchData::BenchData(BenchData&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}

base::Result<BenchData> BenchData::make(int homes, int episodes) {
  BenchData data(std::filesystem::temp_directory_path() / fmt::format("inknav-bench-{}", ::getpid()));
  scene::HomeSetOptions home_set;
  home_set.folder = data.folder_ / "homes";
  home_set.count = homes;
  home_set.threads = base::available_cores();
  INKNAV_ASSIGN_OR_RETURN([[maybe_unused]] const scene::HomeSetSummary written,
                          scene::write_home_set(home_set));
  task::EpisodeGenerationSettings settings;
  settings.scenes_dir = home_set.folder;
  settings.out_dir = data.folder_;
  settings.count = episodes;
  settings.cache_dir = data.folder_ / "cache";
  base::ThreadPool pool(base::available_cores());
  INKNAV_ASSIGN_OR_RETURN([[maybe_unused]] const task::EpisodeGenerationReport report,
                          task::generate_episodes(settings, pool, {}));
  return data;
}

std::vector<std::string> BenchData::overrides() const {
  return data_overrides(folder_, folder_ / "homes", folder_ / "cache");
}

}  // namespace inknav::app
