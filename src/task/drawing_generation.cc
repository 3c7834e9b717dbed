// SPDX-License-Identifier: MIT
#include "task/drawing_generation.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/log.h"
#include "task/drawing_store.h"
#include "task/world_set.h"

namespace inknav::task {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kJobsASlice = 256;  // episodes between two reports of progress
constexpr int kReportedFaults = 5;
constexpr double kMaxFailed = 0.01;  // of the episodes, as for training

enum class Outcome : std::uint8_t { kMade, kKept, kFailed };

struct Job {
  std::size_t episode = 0;
  Outcome outcome = Outcome::kFailed;
  base::Error error;
};

class Generator {
 public:
  Generator(const DrawingGenerationSettings& settings, const Dataset& dataset, base::ThreadPool& pool,
            const std::function<void(int, int)>& progress)
      : settings_(settings),
        dataset_(dataset),
        pool_(pool),
        progress_(progress),
        synthesis_(settings.recipe) {}

  base::Result<DrawingGenerationReport> run() {
    std::error_code code;
    fs::create_directories(dataset_.sketch_dir, code);
    if (code) {
      return base::Error{base::ErrorCode::kDisk, dataset_.sketch_dir.string() +
                                                     ": the folder cannot be made: " + code.message() +
                                                     "; check DATASET.SKETCH_DIR or --out"};
    }
    std::map<std::string, std::vector<std::size_t>> of_scene;
    for (std::size_t i = 0; i < dataset_.episodes.size(); ++i)
      of_scene[dataset_.episodes[i].scene_id].push_back(i);
    for (const auto& [scene, episodes] : of_scene) INKNAV_RETURN_IF_ERROR(run_scene(episodes));
    report(static_cast<int>(dataset_.episodes.size()));
    const double total = static_cast<double>(dataset_.episodes.size());
    if (static_cast<double>(report_.failed) <= kMaxFailed * total) return report_;
    return base::Error{
        base::ErrorCode::kData,
        fmt::format("{}: at most 1 % of the episodes may be without a drawing, {} of {} are; {}",
                    dataset_.sketch_dir.string(), report_.failed, dataset_.episodes.size(), first_fault_)};
  }

 private:
  void report(int done) const {
    if (progress_) progress_(done, static_cast<int>(dataset_.episodes.size()));
  }

  void fail(const Episode& episode, const std::string& reason) {
    ++report_.failed;
    const std::string text =
        fmt::format("episode '{}' of scene '{}': {}", episode.episode_id, episode.scene_id, reason);
    if (first_fault_.empty()) first_fault_ = text;
    if (report_.failed <= kReportedFaults) base::log_warning("no drawing for {}", text);
  }

  bool is_whole(const fs::path& picture) const {
    std::error_code none;
    return !settings_.overwrite && fs::exists(picture, none) && check_picture(picture).ok() &&
           sketch::load_drawing_file(truth_path(picture)).ok();
  }

  base::Status run_scene(const std::vector<std::size_t>& episodes) {
    Dataset one;
    one.scenes_dir = dataset_.scenes_dir;
    one.episodes.push_back(dataset_.episodes[episodes.front()]);
    const WorldSet set = load_worlds(one, settings_.nav, settings_.recipe.cache_dir, pool_);
    const LoadedWorld& loaded = set.worlds.front();
    if (!loaded.error.empty()) {
      for (const std::size_t i : episodes) fail(dataset_.episodes[i], loaded.error);
      done_ += static_cast<int>(episodes.size());
      return base::ok_status();
    }
    ++report_.scenes;
    std::vector<std::unique_ptr<nav::NavQuery>> queries(static_cast<std::size_t>(pool_.num_threads()));
    for (std::size_t from = 0; from < episodes.size(); from += kJobsASlice) {
      report(done_);
      std::vector<Job> jobs(std::min(kJobsASlice, episodes.size() - from));
      for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i].episode = episodes[from + i];
      pool_.parallel_for(static_cast<std::int64_t>(jobs.size()), 1,
                         [&](std::int64_t begin, std::int64_t end, int worker) {
                           auto& query = queries[static_cast<std::size_t>(worker)];
                           if (query == nullptr)
                             query = std::make_unique<nav::NavQuery>(loaded.world.nav_mesh);
                           for (std::int64_t k = begin; k < end; ++k)
                             draw(loaded.world, *query, jobs[static_cast<std::size_t>(k)]);
                         });
      INKNAV_RETURN_IF_ERROR(collect(jobs));
    }
    return base::ok_status();
  }

  void draw(const sim::World& world, nav::NavQuery& query, Job& job) {
    const Episode& episode = dataset_.episodes[job.episode];
    const fs::path picture = drawing_path(dataset_, episode);
    if (picture.empty() || picture.parent_path() != dataset_.sketch_dir) {
      job.error.message = "scene and id must be names that a file may have (letters, digits, '.', '_', '-')";
      return;
    }
    if (is_whole(picture)) {
      job.outcome = Outcome::kKept;
      return;
    }
    const base::Status written = synthesis_.write({dataset_, episode, world, query}, picture);
    if (written.ok()) {
      job.outcome = Outcome::kMade;
    } else {
      job.error = written.error();
    }
  }

  base::Status collect(std::span<const Job> jobs) {
    done_ += static_cast<int>(jobs.size());
    for (const Job& job : jobs) {
      if (job.outcome == Outcome::kFailed) {
        if (job.error.code == base::ErrorCode::kDisk) return job.error;
        fail(dataset_.episodes[job.episode], job.error.message);
      }
      report_.made += job.outcome == Outcome::kMade ? 1 : 0;
      report_.kept += job.outcome == Outcome::kKept ? 1 : 0;
    }
    return base::ok_status();
  }

  const DrawingGenerationSettings& settings_;
  const Dataset& dataset_;
  base::ThreadPool& pool_;
  const std::function<void(int, int)>& progress_;
  DrawingSynthesis synthesis_;
  DrawingGenerationReport report_;
  std::string first_fault_;
  int done_ = 0;
};

}  // namespace

base::Result<DrawingGenerationReport> generate_drawings(const DrawingGenerationSettings& settings,
                                                        const Dataset& dataset, base::ThreadPool& pool,
                                                        const std::function<void(int, int)>& progress) {
  return Generator(settings, dataset, pool, progress).run();
}

}  // namespace inknav::task
