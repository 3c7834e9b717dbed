// SPDX-License-Identifier: MIT
#pragma once
// GroundTruth: the walks of {split}_gt.json.gz, {episode_id: {locations, actions, forward_steps}}, which nDTW
// compares with. One location per forward action and one for the start, duplicates kept.
//
// Read once, compact (12 bytes a location, 1 an action), joined to episodes by their id. Immutable
// afterwards.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/geometry.h"
#include "base/result.h"
#include "task/habitat/block_pool.h"

namespace inknav::task::habitat {

struct GroundTruthWalk {
  std::span<const base::Vec3> locations;
  std::span<const std::uint8_t> actions;  // Habitat's numbers: 0 stop, 1 forward, 2 left, 3 right
  std::uint32_t forward_steps = 0;
};

class GroundTruth {
 public:
  struct Row {
    Slice locations;
    Slice actions;
    std::uint32_t forward_steps = 0;
  };

  bool empty() const { return rows_.empty(); }
  std::size_t size() const { return rows_.size(); }
  /// No locations when the file does not have the episode.
  GroundTruthWalk find(std::string_view episode_id) const;
  /// False when the id is there already.
  bool add(std::string_view episode_id, const GroundTruthWalk& walk);
  bool has_room(const GroundTruthWalk& walk) const;
  /// Ids in the order of the file.
  const std::vector<std::string>& ids() const { return ids_; }
  std::size_t num_bytes() const;

 private:
  BlockPool<base::Vec3> locations_;
  BlockPool<std::uint8_t> actions_;
  std::vector<Row> rows_;
  std::vector<std::string> ids_;
  std::unordered_map<std::string, std::uint32_t> row_of_;
};

/// Adds what the file holds. kData with file and JSON path: counts that do not agree (locations against
/// forward_steps + 1, forward actions against forward_steps), an id that is there already, numbers out of
/// range.
base::Status load_ground_truth(const std::filesystem::path& path, GroundTruth& truth);
base::Status save_ground_truth(const std::filesystem::path& path, const GroundTruth& truth);

}  // namespace inknav::task::habitat
