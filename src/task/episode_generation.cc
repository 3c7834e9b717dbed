// SPDX-License-Identifier: MIT
#include "task/episode_generation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <system_error>
#include <utility>

#include "base/hash.h"
#include "base/log.h"
#include "base/philox.h"
#include "base/safe_path.h"
#include "nav/scene_mesh.h"
#include "scene/image.h"
#include "scene/load.h"
#include "sketch/drawing_file.h"
#include "sketch/raster.h"
#include "sketch/wall_map.h"
#include "task/drawing_store.h"
#include "task/episode.h"
#include "task/episode_sampling.h"

namespace inknav::task {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kScenesABatch = 32;  // loaded at the same time
constexpr std::size_t kJobsASlice = 64;    // episodes between two reports of progress
constexpr int kReportedFaults = 5;
constexpr int kPictureCompression = 1;    // a third larger than usual, in a quarter of the time
constexpr std::uint64_t kSplitSeed = 20;  // fixed: a scene keeps its split in every run

base::Error usage_error(std::string message) {
  return base::Error{base::ErrorCode::kUsage, std::move(message)};
}

base::Status validate(const EpisodeGenerationSettings& s) {
  if (s.count < 1 || s.count > 10'000'000) {
    return usage_error(fmt::format("--count must lie in [1, 10000000], found {}", s.count));
  }
  if (s.levels.empty()) return usage_error("--levels: at least one of L1, L2, L3 is wanted");
  if (!(s.min_length >= 0.5f && s.max_length > s.min_length && s.max_length <= 1000.0f)) {
    return usage_error(fmt::format("0.5 <= --min-length < --max-length <= 1000 is wanted, found {} and {}",
                                   s.min_length, s.max_length));
  }
  if (s.num_drawers < 1) return usage_error("--num-drawers must be at least 1");
  if (!(s.surroundings >= 0.0f && s.surroundings <= 1000.0f)) {
    return usage_error(fmt::format("--surroundings must lie in [0, 1000] metres, found {}", s.surroundings));
  }
  if (s.picture_size < 64 || s.picture_size > 4096) {
    return usage_error(
        fmt::format("the picture's side must lie in [64, 4096] pixels, found {}", s.picture_size));
  }
  if (!base::is_safe_relative_path(s.split) || s.split.find('/') != std::string::npos) {
    return usage_error("--split must be a plain name, found '" + s.split + "'");
  }
  if (!(s.split_ratio > 0.0 && s.split_ratio <= 1.0)) {
    return usage_error(fmt::format("--split-ratio must lie in (0, 1], found {}", s.split_ratio));
  }
  return base::ok_status();
}

/// Scene ids of the split, sorted.
base::Result<std::vector<std::string>> find_scenes(const EpisodeGenerationSettings& settings) {
  std::error_code code;
  std::vector<std::string> ids;
  std::set<std::string> stems;
  fs::recursive_directory_iterator it(settings.scenes_dir, code), end;
  if (code) {
    return usage_error(settings.scenes_dir.string() +
                       ": a folder with scenes is wanted, it cannot be read: " + code.message() +
                       "; make some with `inknav generate homes`");
  }
  for (; it != end; it.increment(code)) {
    const std::string ending = it->path().extension().string();
    if (ending != ".glb" && ending != ".gltf" && ending != ".ply" && ending != ".obj") continue;
    const std::string id = fs::relative(it->path(), settings.scenes_dir, code).generic_string();
    const std::string stem = it->path().stem().string();
    if (!base::is_safe_relative_path(id)) {
      return usage_error(settings.scenes_dir.string() + "/" + id +
                         ": scene names may have letters, digits, '.', '_' and '-' only; rename it");
    }
    const auto chosen = std::find(settings.only.begin(), settings.only.end(), stem);
    if (!settings.only.empty() && chosen == settings.only.end()) continue;
    if (!belongs_to_split(stem, settings.split, settings.split_ratio)) continue;
    if (!stems.insert(stem).second) {
      return usage_error(settings.scenes_dir.string() + ": two scenes are called '" + stem +
                         "', their drawings would have the same names; rename one");
    }
    ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  for (const std::string& name : settings.only) {
    if (stems.contains(name) || !belongs_to_split(name, settings.split, settings.split_ratio)) continue;
    return usage_error(
        settings.scenes_dir.string() + ": a scene called '" + name +
        "' is wanted (--only), there is none; names are those of the files without their ending");
  }
  if (ids.empty()) {
    return usage_error(settings.scenes_dir.string() +
                       ": at least one scene (.glb, .gltf, .ply, .obj) of split '" + settings.split +
                       "' is wanted, found none; make some with `inknav generate homes`");
  }
  return ids;
}

struct PreparedScene {
  std::string id;
  scene::ScenePtr scene;
  nav::NavMeshPtr nav_mesh;
  float floor_y = 0.0f;
  std::map<sketch::Level, sketch::WallMap> walls;  // as a person drawing at that level sees them
  std::string error;
};

std::uint32_t name_key(const std::string& id) {
  return static_cast<std::uint32_t>(base::xxh3_128(id.data(), id.size()).low);
}

base::Status prepare(const EpisodeGenerationSettings& settings, PreparedScene& prepared) {
  scene::LoadOptions options;
  options.cache_dir = settings.cache_dir;
  INKNAV_ASSIGN_OR_RETURN(prepared.scene, scene::load_scene(settings.scenes_dir / prepared.id, options));
  INKNAV_ASSIGN_OR_RETURN(nav::SceneMesh found,
                          nav::mesh_for_scene(*prepared.scene, settings.scenes_dir / prepared.id,
                                              settings.nav, settings.cache_dir));
  prepared.nav_mesh = std::move(found.mesh);
  // The floor is where most of the largest island is: the median height of random points on it.
  nav::NavQuery query(prepared.nav_mesh);
  base::PhiloxStream stream({settings.seed, name_key(prepared.id), 0, 0, base::Purpose::kNavRandomPoint});
  std::vector<float> heights(65);
  for (float& height : heights)
    height = query.random_point(stream, prepared.nav_mesh->largest_island()).position.y;
  std::nth_element(heights.begin(), heights.begin() + 32, heights.end());
  prepared.floor_y = heights[32];
  for (const sketch::Level level : settings.levels) {
    if (prepared.walls.contains(level)) continue;
    prepared.walls[level] = sketch::extract_walls(*prepared.scene, prepared.floor_y, tolerance_of(level));
  }
  return base::ok_status();
}

/// Not synced: the list of episodes, written last, makes the folder complete.
base::Status write_plain(const fs::path& path, const void* data, std::size_t size) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
  file.close();
  if (file) return base::ok_status();
  return base::Error{base::ErrorCode::kDisk, path.string() + ": " + std::to_string(size) +
                                                 " bytes cannot be written; is the disk full?"};
}

struct Job {
  int number = 0;  // of the episode, its id
  const PreparedScene* scene = nullptr;
  std::optional<Episode> episode;
  std::string error;
  bool disk = false;
};

base::Status draw_episode(const EpisodeGenerationSettings& settings, const Dataset& dataset,
                          const PreparedScene& scene, sketch::Level level, const Episode& episode,
                          base::PhiloxStream& stream) {
  const sketch::WallMap walls =
      sketch::surroundings(scene.walls.at(level), episode.reference_path, settings.surroundings);
  sketch::SynthesisInput input;
  input.walls = &walls;
  input.route = episode.reference_path;
  input.start = episode.start;
  input.goal = episode.goals.front().position;
  sketch::SynthesisSettings synthesis;
  synthesis.level = level;
  synthesis.split = settings.drawers;
  synthesis.route_probability = settings.route_probability;
  synthesis.heading_probability = settings.heading_probability;
  synthesis.photo = settings.photo;
  synthesis.walls_probability = settings.walls_probability;
  synthesis.strokes = settings.strokes.get();
  const std::uint32_t drawer = stream.uniform_int(static_cast<std::uint32_t>(settings.num_drawers));
  const std::uint64_t low = stream.next_u32();
  const std::uint64_t seed = low | (std::uint64_t{stream.next_u32()} << 32);
  sketch::SynthesizedDrawing drawn = sketch::synthesize(input, synthesis, drawer, seed);
  const fs::path picture = drawing_path(dataset, episode);
  INKNAV_CHECK(!picture.empty(), episode.scene_id, episode.episode_id);
  const std::vector<std::uint8_t> png =
      scene::encode_png(sketch::rasterize(drawn.drawing, settings.picture_size), kPictureCompression);
  INKNAV_RETURN_IF_ERROR(write_plain(picture, png.data(), png.size()));
  const std::string truth =
      sketch::drawing_file_to_json({std::move(drawn.drawing), std::move(drawn.correspondence)});
  return write_plain(truth_path(picture), truth.data(), truth.size());
}

void make_episode(const EpisodeGenerationSettings& settings, const Dataset& dataset, Job& job) {
  const PreparedScene& scene = *job.scene;
  base::PhiloxStream stream({settings.seed, name_key(scene.id), static_cast<std::uint32_t>(job.number), 0,
                             base::Purpose::kEpisodeGeneration});
  const sketch::Level level =
      settings.levels[stream.uniform_int(static_cast<std::uint32_t>(settings.levels.size()))];
  SamplingSettings sampling;
  sampling.min_length = settings.min_length;
  sampling.max_length = settings.max_length;
  nav::NavQuery query(scene.nav_mesh);
  auto episode =
      sample_episode(query, scene.walls.at(level), scene.nav_mesh->largest_island(), sampling, stream);
  if (!episode) {
    job.error = fmt::format("no way of {} to {} m was found", settings.min_length, settings.max_length);
    return;
  }
  episode->episode_id = std::to_string(job.number);
  episode->trajectory_id = fmt::format("L{}", static_cast<int>(level));
  episode->scene_id = scene.id;
  const base::Status status = draw_episode(settings, dataset, scene, level, *episode, stream);
  if (!status.ok()) {
    job.error = status.error().message;
    job.disk = true;
    return;
  }
  job.episode = std::move(episode);
}

class Generator {
 public:
  Generator(const EpisodeGenerationSettings& settings, std::vector<std::string> ids, base::ThreadPool& pool,
            const std::function<void(int, int)>& progress)
      : settings_(settings), ids_(std::move(ids)), pool_(pool), progress_(progress) {
    report_.dataset = settings.out_dir / settings.split / (settings.split + ".json.gz");
    report_.sketch_dir = settings.out_dir / settings.split / "sketches";
    dataset_.scenes_dir = settings.scenes_dir;
    dataset_.sketch_dir = report_.sketch_dir;
  }

  base::Result<EpisodeGenerationReport> run() {
    std::error_code code;
    fs::create_directories(report_.sketch_dir, code);
    if (code) {
      return base::Error{base::ErrorCode::kDisk,
                         report_.sketch_dir.string() + ": the folder cannot be made: " + code.message()};
    }
    for (std::size_t begin = 0; begin < ids_.size(); begin += kScenesABatch) {
      INKNAV_RETURN_IF_ERROR(run_batch(begin, std::min(ids_.size(), begin + kScenesABatch)));
    }
    std::sort(numbered_.begin(), numbered_.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [number, episode] : numbered_) dataset_.episodes.push_back(std::move(episode));
    report_.episodes = static_cast<int>(dataset_.episodes.size());
    if (progress_) progress_(settings_.count, settings_.count);
    if (dataset_.episodes.empty()) {
      return base::Error{base::ErrorCode::kData,
                         settings_.scenes_dir.string() + ": no episode could be made in any of " +
                             std::to_string(ids_.size()) +
                             " scenes; see the warnings above, or ask for shorter ways"};
    }
    INKNAV_RETURN_IF_ERROR(save_episodes(report_.dataset, dataset_.episodes));
    return report_;
  }

 private:
  /// The scenes [begin, end) and every episode dealt to them.
  base::Status run_batch(std::size_t begin, std::size_t end) {
    std::vector<PreparedScene> scenes(end - begin);
    pool_.parallel_for(
        static_cast<std::int64_t>(scenes.size()), 1, [&](std::int64_t from, std::int64_t to, int) {
          for (auto i = static_cast<std::size_t>(from); i < static_cast<std::size_t>(to); ++i) {
            scenes[i].id = ids_[begin + i];
            const base::Status status = prepare(settings_, scenes[i]);
            if (!status.ok()) scenes[i].error = status.error().message;
          }
        });
    std::vector<Job> jobs;
    for (std::size_t i = 0; i < scenes.size(); ++i) {
      if (!scenes[i].error.empty()) {
        if (++report_.skipped_scenes <= kReportedFaults) base::log_warning("skipped {}", scenes[i].error);
        continue;
      }
      ++report_.scenes;
      for (std::size_t number = begin + i; number < static_cast<std::size_t>(settings_.count);
           number += ids_.size()) {
        jobs.push_back(Job{static_cast<int>(number), &scenes[i], std::nullopt, {}, false});
      }
    }
    for (std::size_t from = 0; from < jobs.size(); from += kJobsASlice) {
      INKNAV_RETURN_IF_ERROR(
          run_slice(std::span(jobs).subspan(from, std::min(kJobsASlice, jobs.size() - from))));
    }
    return base::ok_status();
  }

  base::Status run_slice(std::span<Job> jobs) {
    if (progress_) progress_(done_, settings_.count);
    pool_.parallel_for(static_cast<std::int64_t>(jobs.size()), 1,
                       [&](std::int64_t from, std::int64_t to, int) {
                         for (std::int64_t i = from; i < to; ++i) {
                           make_episode(settings_, dataset_, jobs[static_cast<std::size_t>(i)]);
                         }
                       });
    for (Job& job : jobs) {
      ++done_;
      if (job.disk) return base::Error{base::ErrorCode::kDisk, job.error};
      if (!job.error.empty() && ++failures_ <= kReportedFaults) {
        base::log_warning("{}: episode {} skipped: {}", job.scene->id, job.number, job.error);
      }
      if (job.episode) numbered_.emplace_back(job.number, std::move(*job.episode));
    }
    return base::ok_status();
  }

  const EpisodeGenerationSettings& settings_;
  std::vector<std::string> ids_;
  base::ThreadPool& pool_;
  const std::function<void(int, int)>& progress_;
  Dataset dataset_;
  EpisodeGenerationReport report_;
  std::vector<std::pair<int, Episode>> numbered_;
  int done_ = 0;
  int failures_ = 0;
};

}  // namespace

float tolerance_of(sketch::Level level) {
  switch (level) {
    case sketch::Level::kClean:
    case sketch::Level::kL1:
      return 0.05f;
    case sketch::Level::kL2:
      return 0.10f;
    case sketch::Level::kL3:
      return 0.20f;
  }
  return 0.05f;
}

bool belongs_to_split(const std::string& scene_name, const std::string& split, double train_ratio) {
  if (train_ratio >= 1.0) return true;
  base::PhiloxStream stream({kSplitSeed, name_key(scene_name), 0, 0, base::Purpose::kEpisodeGeneration});
  const bool train = static_cast<double>(stream.uniform()) < train_ratio;
  return train == (split == "train");
}

base::Result<EpisodeGenerationReport> generate_episodes(const EpisodeGenerationSettings& settings,
                                                        base::ThreadPool& pool,
                                                        const std::function<void(int, int)>& progress) {
  INKNAV_RETURN_IF_ERROR(validate(settings));
  INKNAV_ASSIGN_OR_RETURN(std::vector<std::string> ids, find_scenes(settings));
  return Generator(settings, std::move(ids), pool, progress).run();
}

}  // namespace inknav::task
