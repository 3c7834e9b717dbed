// SPDX-License-Identifier: MIT
#pragma once
// DemonstrationSet: a folder of demonstrations (task/demonstration_file.h), opened and checked; and
// DemonstrationRenderer, which makes the depth images of a set that stores poses only.
//
//   auto set = DemonstrationSet::open(folder);               // headers of all shards; nothing is unpacked
//   set->check_drawings(sketch_dir);                         // every drawing they are joined to is there
//   auto demonstration = set->load(i);                       // reads, checks and unpacks one walk
//   observe(*demonstration, step, length, window);           // task/demonstration.h
//
// Memory: the headers of all shards; load() holds one walk.
// Threads: a set is immutable, load() may be called from any; a renderer belongs to one thread.
// Faults are kData with the file, what was wanted, what was found and what to do.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "sim/simulator.h"
#include "task/demonstration_file.h"
#include "task/episode.h"

namespace inknav::task {

class DemonstrationSet {
 public:
  static base::Result<DemonstrationSet> open(const std::filesystem::path& folder);

  /// The walks of `other` follow those of this set, which may be empty; both must have been seen alike
  /// (format), but depth may be stored in one and not in the other. manifest() stays that of the first.
  void append(DemonstrationSet other);

  const DemonstrationManifest& manifest() const { return manifest_; }
  const DemonstrationFormat& format() const { return manifest_.format; }
  /// Whether depth must be rendered for some of the walks.
  bool needs_renderer() const;
  std::size_t size() const { return places_.size(); }
  std::int64_t num_steps() const { return num_steps_; }
  std::uint64_t num_bytes() const { return num_bytes_; }  // of the shards
  const DemonstrationInfo& info(std::size_t index) const;

  /// kData when the picture that a demonstration is joined to is missing in `sketch_dir`.
  base::Status check_drawings(const std::filesystem::path& sketch_dir) const;
  /// depth is empty where the walk's set does not store it.
  base::Result<Demonstration> load(std::size_t index) const;

 private:
  struct Place {
    std::uint32_t shard = 0;
    std::uint32_t chunk = 0;
  };
  DemonstrationManifest manifest_;
  std::vector<std::filesystem::path> paths_;  // of the shards
  std::vector<ShardHeader> shards_;
  std::vector<Place> places_;  // [size], in order of sets and runs
  std::int64_t num_steps_ = 0;
  std::uint64_t num_bytes_ = 0;
};

class DemonstrationRenderer {
 public:
  /// `views_at_once`: images rendered in one batch. `places` says where scenes are; an episode in it of a
  /// demonstration's scene gives that scene its dataset config. `set` and `pool` must outlive the renderer.
  static base::Result<std::unique_ptr<DemonstrationRenderer>> create(
      const DemonstrationSet& set, const Dataset& places,
      const std::optional<std::filesystem::path>& cache_dir, int views_at_once, base::ThreadPool& pool);

  /// Fills demonstration.depth from its poses: the bytes that a stored set would have. Loads the scene when
  /// it is new.
  base::Status render(Demonstration& demonstration);

 private:
  DemonstrationRenderer(const DemonstrationSet& set, const Dataset& places,
                        std::optional<std::filesystem::path> cache_dir, base::ThreadPool& pool,
                        std::unique_ptr<sim::Simulator> simulator);
  base::Result<int> world_of(const DemonstrationInfo& info);

  const DemonstrationSet& set_;
  Dataset places_;                              // without its episodes
  std::map<std::string, std::string> configs_;  // scene id -> dataset config
  std::optional<std::filesystem::path> cache_dir_;
  base::ThreadPool& pool_;
  std::unique_ptr<sim::Simulator> simulator_;
  std::map<std::string, int> worlds_;  // scene id -> id in the simulator
  std::vector<std::uint8_t> mask_;
};

}  // namespace inknav::task
