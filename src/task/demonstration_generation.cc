// SPDX-License-Identifier: MIT
#include "task/demonstration_generation.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/safe_path.h"
#include "task/demonstration_json.h"
#include "task/demonstration_walks.h"
#include "task/episode_faults.h"
#include "task/world_set.h"

namespace inknav::task {

namespace fs = std::filesystem;

namespace {

constexpr int kMaxRounds = 10'000;
constexpr int kMaxEnvs = 65'536;
constexpr int kMaxWalksAShard = 65'536;
constexpr std::uint64_t kRecipe = 2;  // raise it when the same settings begin to give other walks

base::Error usage_error(std::string message) {
  return base::Error{base::ErrorCode::kUsage, std::move(message)};
}

base::Status in_range(const char* name, double value, double low, double high) {
  if (value >= low && value <= high) return base::ok_status();
  return usage_error(fmt::format("{} must lie in [{}, {}], found {}", name, low, high, value));
}

base::Status validate(const DemonstrationSettings& s) {
  const DisturbanceSettings& d = s.disturbance;
  INKNAV_RETURN_IF_ERROR(in_range("--rounds", s.rounds, 1, kMaxRounds));
  INKNAV_RETURN_IF_ERROR(in_range("--num-envs", s.num_envs, 1, kMaxEnvs));
  INKNAV_RETURN_IF_ERROR(in_range("--walks-a-shard", s.walks_a_shard, 1, kMaxWalksAShard));
  INKNAV_RETURN_IF_ERROR(in_range("--max-steps", s.max_steps, 1, 100'000));
  INKNAV_RETURN_IF_ERROR(in_range("--off-start", d.off_start, 0, 1));
  INKNAV_RETURN_IF_ERROR(in_range("--off-start-distance", d.off_start_distance, 0, 10));
  INKNAV_RETURN_IF_ERROR(in_range("--off-start-turn", d.off_start_turn_deg, 0, 180));
  INKNAV_RETURN_IF_ERROR(in_range("--noise", d.noise, 0, 1));
  INKNAV_RETURN_IF_ERROR(in_range("--excursion", d.excursion, 0, 1));
  INKNAV_RETURN_IF_ERROR(in_range("--excursion-turns", d.excursion_turns, 1, 1000));
  INKNAV_RETURN_IF_ERROR(in_range("--excursion-steps", d.excursion_steps, 1, 1000));
  INKNAV_RETURN_IF_ERROR(in_range("--linger", d.linger, 0, 0.95));
  if (s.student.student != nullptr) {
    INKNAV_RETURN_IF_ERROR(in_range("--student-share", s.student.share, 0, 1));
    if (!s.with_drawings) {
      return usage_error(
          "--no-drawings: the student finds its way by the drawings, which must be there; leave the flag "
          "out");
    }
  }
  const sim::SensorSettings& sensors = s.format.sensors;
  INKNAV_RETURN_IF_ERROR(in_range("--camera-size", sensors.camera.width, 1, 1024));
  INKNAV_RETURN_IF_ERROR(in_range("--camera-size", sensors.camera.height, 1, 1024));
  INKNAV_CHECK(sensors.normalize_depth && !sensors.rgb && sensors.min_depth < sensors.max_depth);
  if (!base::is_safe_relative_path(s.split) || s.split.find('/') != std::string::npos)
    return usage_error("--split must be a plain name, found '" + s.split + "'");
  return base::ok_status();
}

nav::NavSettings nav_settings(const DemonstrationSettings& settings) {
  nav::NavSettings nav;
  nav.agent_radius = settings.format.agent_radius;
  nav.agent_height = settings.format.agent_height;
  return nav;
}

/// All that shapes the walks but the number of threads and of walks at once.
std::string generation_text(const DemonstrationSettings& s) {
  const DisturbanceSettings& d = s.disturbance;
  nlohmann::json json = {{"seed", s.seed},
                         {"rounds", s.rounds},
                         {"walks_a_shard", s.walks_a_shard},
                         {"max_steps", s.max_steps},
                         {"success_distance", s.success_distance},
                         {"off_start", d.off_start},
                         {"off_start_distance", d.off_start_distance},
                         {"off_start_turn_deg", d.off_start_turn_deg},
                         {"noise", d.noise},
                         {"excursion", d.excursion},
                         {"excursion_turns", d.excursion_turns},
                         {"excursion_steps", d.excursion_steps},
                         {"linger", d.linger}};
  if (s.student.student != nullptr) {
    json["student"] = s.student.name;
    json["student_share"] = s.student.share;
  }
  return json.dump();
}

class Generator {
 public:
  Generator(const DemonstrationSettings& settings, Dataset dataset, base::ThreadPool& pool,
            const std::function<void(const DemonstrationProgress&)>& progress)
      : settings_(settings), dataset_(std::move(dataset)), pool_(pool), progress_(progress) {}

  base::Result<DemonstrationReport> run() {
    INKNAV_RETURN_IF_ERROR(prepare());
    make_manifest();
    INKNAV_RETURN_IF_ERROR(open_folder());
    report_progress();
    for (int shard = 0; shard < manifest_.shards; ++shard) {
      INKNAV_RETURN_IF_ERROR(make_shard(shard));
      report_progress();
    }
    report_.walks = manifest_.runs;
    report_.shards = manifest_.shards;
    return report_;
  }

 private:
  /// Scenes, sound episodes, and the runs: episodes of one scene follow each other, so that a shard needs few
  /// scenes.
  base::Status prepare() {
    WorldSet set = load_worlds(dataset_, nav_settings(settings_), settings_.cache_dir, pool_);
    const std::vector<std::string> faults = find_faults(dataset_, set, settings_.with_drawings, pool_);
    std::vector<int> world_of_episode = std::move(set.world_of_episode);
    INKNAV_ASSIGN_OR_RETURN(report_.skipped_episodes,
                            drop_faulty(faults, dataset_.episodes, world_of_episode));
    for (LoadedWorld& loaded : set.worlds) worlds_.push_back(std::move(loaded.world));
    std::vector<std::size_t> order(dataset_.episodes.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return world_of_episode[a] < world_of_episode[b]; });
    for (const std::size_t episode : order) {
      for (int round = 0; round < settings_.rounds; ++round) {
        runs_.push_back({static_cast<std::int64_t>(runs_.size()), episode, world_of_episode[episode]});
      }
    }
    return base::ok_status();
  }

  void make_manifest() {
    manifest_.split = settings_.split;
    manifest_.runs = static_cast<std::int64_t>(runs_.size());
    const auto per_shard = static_cast<std::size_t>(settings_.walks_a_shard);
    manifest_.shards = static_cast<int>((runs_.size() + per_shard - 1) / per_shard);
    manifest_.format = settings_.format;
    manifest_.generation = generation_text(settings_);
    manifest_.set = set_name();
  }

  /// Hash of all that the bytes of the shards are a function of.
  std::string set_name() const {
    base::Hasher hasher;
    const auto add_text = [&](const std::string& text) { hasher.update(text.c_str(), text.size() + 1); };
    hasher.update_value(kRecipe);
    add_text(internal::format_text(settings_.format));
    add_text(manifest_.generation);
    for (const sim::World& world : worlds_) {
      if (world.scene != nullptr) hasher.update_value(world.scene->content_hash);
    }
    for (const Run& run : runs_) {
      const Episode& episode = dataset_.episodes[run.episode];
      add_text(episode.scene_id);
      add_text(episode.episode_id);
      hasher.update_value(episode.start.position);
      hasher.update_value(episode.start.rotation);
      for (const Goal& goal : episode.goals) hasher.update_value(goal.position);
      for (const base::Vec3& p : episode.reference_path) hasher.update_value(p);
    }
    return hasher.digest().hex();
  }

  /// Makes the folder, or takes up the same set where it was left.
  base::Status open_folder() {
    std::error_code code;
    fs::create_directories(settings_.out_dir, code);
    if (code) {
      return base::Error{base::ErrorCode::kDisk,
                         settings_.out_dir.string() + ": the folder cannot be made: " + code.message()};
    }
    const auto before = read_manifest(settings_.out_dir);
    if (before.ok() && before->set == manifest_.set) {
      remove_files(".inkdemo.tmp-");  // what a killed writer left
      return base::ok_status();
    }
    const bool is_there = fs::exists(manifest_path(settings_.out_dir), code);
    if (is_there && !settings_.overwrite) {
      return usage_error(
          settings_.out_dir.string() +
          ": holds demonstrations made with other settings or of other episodes; use --overwrite "
          "or another folder");
    }
    remove_files(".inkdemo");
    return write_manifest(settings_.out_dir, manifest_);
  }

  void remove_files(const char* part_of_name) const {
    std::error_code code;
    for (const auto& entry : fs::directory_iterator(settings_.out_dir, code)) {
      if (entry.path().filename().string().find(part_of_name) != std::string::npos)
        fs::remove(entry.path(), code);
    }
  }

  /// Number of walks of the shard when it is there and sound.
  std::optional<std::int64_t> kept(const fs::path& path, int shard, std::size_t wanted) const {
    std::error_code code;
    if (!fs::exists(path, code)) return std::nullopt;
    const auto header = read_shard_header(path);
    if (header.ok() && header->set == manifest_.set && header->shard == shard &&
        header->chunks.size() == wanted) {
      return static_cast<std::int64_t>(wanted);
    }
    base::log_warning("{}: not a sound shard of this set, it is made again{}", path.string(),
                      header.ok() ? "" : " (" + header.error().message + ")");
    return std::nullopt;
  }

  base::Status make_shard(int shard) {
    const auto per_shard = static_cast<std::size_t>(settings_.walks_a_shard);
    const std::size_t first = static_cast<std::size_t>(shard) * per_shard;
    const auto runs = std::span(runs_).subspan(first, std::min(per_shard, runs_.size() - first));
    const fs::path path = shard_path(settings_.out_dir, shard);
    if (const auto walks = kept(path, shard, runs.size())) {
      done_ += *walks;
      return base::ok_status();
    }
    INKNAV_ASSIGN_OR_RETURN(
        std::vector<internal::WalkResult> walks,
        internal::walk_runs(settings_, dataset_, worlds_, runs, pool_,
                            [&](std::int64_t walks, std::int64_t steps) { report_progress(walks, steps); }));
    ShardHeader header{manifest_.set, shard, settings_.format, {}};
    std::vector<std::vector<std::uint8_t>> chunks;
    for (internal::WalkResult& walk : walks) {
      report_.new_steps += walk.info.num_steps;
      report_.stopped += walk.success ? 1 : 0;
      report_.student_steps += walk.student_steps;
      report_.off_route += walk.off_route;
      header.chunks.push_back(ChunkEntry{std::move(walk.info), 0, 0, {}});
      chunks.push_back(std::move(walk.chunk));
    }
    INKNAV_RETURN_IF_ERROR(write_shard(path, std::move(header), chunks));
    done_ += static_cast<std::int64_t>(runs.size());
    report_.new_walks += static_cast<std::int64_t>(runs.size());
    return base::ok_status();
  }

  void report_progress(std::int64_t walks = 0, std::int64_t steps = 0) const {
    if (progress_) progress_({done_ + walks, manifest_.runs, report_.new_steps + steps});
  }

  using Run = internal::Run;

  const DemonstrationSettings& settings_;
  Dataset dataset_;
  base::ThreadPool& pool_;
  const std::function<void(const DemonstrationProgress&)>& progress_;
  std::vector<sim::World> worlds_;
  std::vector<Run> runs_;
  DemonstrationManifest manifest_;
  DemonstrationReport report_;
  std::int64_t done_ = 0;
};

}  // namespace

base::Result<DemonstrationReport> generate_demonstrations(
    const DemonstrationSettings& settings, Dataset dataset, base::ThreadPool& pool,
    const std::function<void(const DemonstrationProgress&)>& progress) {
  INKNAV_RETURN_IF_ERROR(validate(settings));
  if (dataset.episodes.empty()) {
    return base::Error{
        base::ErrorCode::kData,
        "episodes: at least one is wanted, found none; make some with `inknav generate episodes`"};
  }
  return Generator(settings, std::move(dataset), pool, progress).run();
}

}  // namespace inknav::task
