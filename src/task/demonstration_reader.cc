// SPDX-License-Identifier: MIT
#include "task/demonstration_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>

#include "task/depth_code.h"
#include "task/episode.h"
#include "task/world_set.h"

namespace inknav::task {

namespace fs = std::filesystem;

namespace {

base::Error data_error(const fs::path& path, const std::string& what) {
  return base::Error{base::ErrorCode::kData, path.string() + ": " + what};
}

}  // namespace

base::Result<DemonstrationSet> DemonstrationSet::open(const fs::path& folder) {
  std::error_code code;
  if (!fs::exists(manifest_path(folder), code)) {
    return data_error(folder,
                      "a folder of demonstrations (with demos.json) is wanted, there is none; make some with "
                      "`inknav generate demos`");
  }
  DemonstrationSet set;
  INKNAV_ASSIGN_OR_RETURN(set.manifest_, read_manifest(folder));
  for (int shard = 0; shard < set.manifest_.shards; ++shard) {
    const fs::path path = shard_path(folder, shard);
    INKNAV_ASSIGN_OR_RETURN(ShardHeader header, read_shard_header(path));
    if (header.set != set.manifest_.set || header.shard != shard) {
      return data_error(path, fmt::format("shard {} of set {} is wanted, found shard {} of set {}; delete it "
                                          "and run `inknav generate demos` again",
                                          shard, set.manifest_.set, header.shard, header.set));
    }
    for (std::size_t chunk = 0; chunk < header.chunks.size(); ++chunk) {
      set.places_.push_back({static_cast<std::uint32_t>(shard), static_cast<std::uint32_t>(chunk)});
      set.num_steps_ += header.chunks[chunk].info.num_steps;
    }
    set.num_bytes_ += fs::file_size(path, code);
    set.paths_.push_back(path);
    set.shards_.push_back(std::move(header));
  }
  if (static_cast<std::int64_t>(set.size()) != set.manifest_.runs) {
    return data_error(folder,
                      fmt::format("{} demonstrations are wanted, the shards have {}; make the set again "
                                  "with `inknav generate demos --overwrite`",
                                  set.manifest_.runs, set.size()));
  }
  return set;
}

void DemonstrationSet::append(DemonstrationSet other) {
  const auto first = static_cast<std::uint32_t>(shards_.size());
  if (first == 0) manifest_ = std::move(other.manifest_);
  for (const Place& place : other.places_) places_.push_back({first + place.shard, place.chunk});
  std::move(other.paths_.begin(), other.paths_.end(), std::back_inserter(paths_));
  std::move(other.shards_.begin(), other.shards_.end(), std::back_inserter(shards_));
  num_steps_ += other.num_steps_;
  num_bytes_ += other.num_bytes_;
}

bool DemonstrationSet::needs_renderer() const {
  return std::any_of(shards_.begin(), shards_.end(),
                     [](const ShardHeader& shard) { return shard.format.depth == DepthStorage::kRendered; });
}

const DemonstrationInfo& DemonstrationSet::info(std::size_t index) const {
  const Place& place = places_.at(index);
  return shards_[place.shard].chunks[place.chunk].info;
}

base::Status DemonstrationSet::check_drawings(const fs::path& sketch_dir) const {
  std::string last;
  for (std::size_t i = 0; i < size(); ++i) {
    const DemonstrationInfo& demonstration = info(i);
    if (demonstration.drawing == last) continue;
    last = demonstration.drawing;
    std::error_code code;
    if (fs::is_regular_file(sketch_dir / last, code)) continue;
    return data_error(
        paths_[places_[i].shard],
        fmt::format("demonstration {} (episode '{}' of scene '{}') is joined to the drawing {}, "
                    "which is missing in {}; point SKETCH_DIR to the drawings of these episodes, or "
                    "generate both again",
                    places_[i].chunk, demonstration.episode_id, demonstration.scene_id, last,
                    sketch_dir.string()));
  }
  return base::ok_status();
}

base::Result<Demonstration> DemonstrationSet::load(std::size_t index) const {
  const Place& place = places_.at(index);
  return read_chunk(paths_[place.shard], shards_[place.shard], place.chunk);
}

base::Result<std::unique_ptr<DemonstrationRenderer>> DemonstrationRenderer::create(
    const DemonstrationSet& set, const Dataset& places, const std::optional<fs::path>& cache_dir,
    int views_at_once, base::ThreadPool& pool) {
  sim::SimulatorSettings settings;
  settings.num_agents = views_at_once;
  settings.sensors = set.format().sensors;
  settings.motion = set.format().motion;
  settings.mapper.enabled = false;
  INKNAV_ASSIGN_OR_RETURN(auto simulator, sim::Simulator::create(settings, pool));
  return std::unique_ptr<DemonstrationRenderer>(
      new DemonstrationRenderer(set, places, cache_dir, pool, std::move(simulator)));
}

DemonstrationRenderer::DemonstrationRenderer(const DemonstrationSet& set, const Dataset& places,
                                             std::optional<fs::path> cache_dir, base::ThreadPool& pool,
                                             std::unique_ptr<sim::Simulator> simulator)
    : set_(set),
      cache_dir_(std::move(cache_dir)),
      pool_(pool),
      simulator_(std::move(simulator)),
      mask_(static_cast<std::size_t>(simulator_->settings().num_agents)) {
  places_.scenes_dir = places.scenes_dir;
  places_.scene_dataset = places.scene_dataset;
  for (const Episode& episode : places.episodes)
    configs_.emplace(episode.scene_id, episode.scene_dataset_config);
}

base::Result<int> DemonstrationRenderer::world_of(const DemonstrationInfo& info) {
  const auto known = worlds_.find(info.scene_id);
  if (known != worlds_.end()) return known->second;
  Dataset dataset = places_;
  dataset.episodes.resize(1);
  dataset.episodes[0].scene_id = info.scene_id;
  const auto config = configs_.find(info.scene_id);
  if (config != configs_.end()) dataset.episodes[0].scene_dataset_config = config->second;
  nav::NavSettings nav;
  nav.agent_radius = set_.format().agent_radius;
  nav.agent_height = set_.format().agent_height;
  const WorldSet worlds = load_worlds(dataset, nav, cache_dir_, pool_);
  const LoadedWorld& loaded = worlds.worlds.front();
  if (!loaded.error.empty()) {
    return base::Error{
        base::ErrorCode::kData,
        fmt::format("demonstration of episode '{}': its scene '{}' is wanted to render what was "
                    "seen: {}",
                    info.episode_id, info.scene_id, loaded.error)};
  }
  INKNAV_ASSIGN_OR_RETURN(const int id, simulator_->add_world(loaded.world));
  worlds_.emplace(info.scene_id, id);
  return id;
}

base::Status DemonstrationRenderer::render(Demonstration& demonstration) {
  INKNAV_ASSIGN_OR_RETURN(const int world, world_of(demonstration.info));
  const std::size_t batch = mask_.size(), count = demonstration.steps.size();
  const std::size_t frame = demonstration.frame_size();
  demonstration.depth.resize(count * frame);
  for (std::size_t begin = 0; begin < count; begin += batch) {
    const std::size_t views = std::min(batch, count - begin);
    for (std::size_t k = 0; k < batch; ++k) {
      mask_[k] = k < views ? 1 : 0;
      if (k >= views) continue;
      const base::Pose& pose = demonstration.steps[begin + k].pose_world_agent;
      if (!simulator_->query(world, 0).project(pose.position)) {
        return base::Error{
            base::ErrorCode::kData,
            fmt::format("demonstration of episode '{}': step {} is nowhere in scene '{}'; was "
                        "the scene changed?",
                        demonstration.info.episode_id, begin + k, demonstration.info.scene_id)};
      }
      simulator_->place(static_cast<int>(k), world, pose);
    }
    simulator_->observe(mask_);
    const float* depth = simulator_->depth().as<float>();
    std::uint8_t* out = demonstration.depth.data() + begin * frame;
    pool_.parallel_for(static_cast<std::int64_t>(views), 1, [&](std::int64_t first, std::int64_t last, int) {
      const auto from = static_cast<std::size_t>(first) * frame, to = static_cast<std::size_t>(last) * frame;
      std::transform(depth + from, depth + to, out + from, encode_depth);
    });
  }
  return base::ok_status();
}

}  // namespace inknav::task
