// SPDX-License-Identifier: MIT
#pragma once
// CheckpointStore: the checkpoints of one run, data/ckpt.<n>.safetensors, of which the newest valid one wins.
//
//   CheckpointStore store(directory.checkpoints(), {.keep_last = 3});
//   auto newest = store.load_newest();                 // resume: {index, file} or none
//   store.save(n, spans, metadata);                    // publish, verify by reading back, then prune
//
// Law: at every moment there is a valid checkpoint once one was published, whatever is killed or full.
// Nothing is deleted before the newer one was read back. Kept: the last keep_last, every keep_every-th, the
// best (mark_best) and final_model.
// A full disk: save retries three times; after that it reports kMissed and training goes on with the old
// checkpoints intact; the third missed interval in a row is an error kDisk (exit 6). The last save of a run
// (SaveNeed::kMust) has no later one to make up for it: it fails at once.
// Only rank 0 has a store. Not thread-safe.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "run/safetensors.h"

namespace inknav::run {

struct CheckpointSettings {
  int keep_last = 3;
  int keep_every = 0;          // also each index divisible by it; 0: none for good
  int max_missed = 3;          // missed intervals in a row until save() fails
  int retries = 3;             // a save
  double retry_pause_s = 1.0;  // doubles with each retry
  /// Tensors whose names begin so must be finite (kDiverged otherwise); empty: all f32 and f64.
  std::vector<std::string> finite_prefixes{};
};

enum class SaveOutcome : std::uint8_t { kSaved, kMissed };
enum class SaveNeed : std::uint8_t { kMayMiss, kMust };

/// kDiverged with the tensor's name when one that `prefixes` names (empty: any) is not finite.
base::Status check_finite(std::span<const NamedSpan> spans, std::span<const std::string> prefixes);

struct LoadedCheckpoint {
  std::int64_t index = 0;
  SafetensorsFile file;
};

class CheckpointStore {
 public:
  explicit CheckpointStore(std::filesystem::path directory, CheckpointSettings settings = {});

  /// Publishes data/ckpt.<index>.safetensors.
  base::Result<SaveOutcome> save(std::int64_t index, std::span<const NamedSpan> spans,
                                 const Metadata& metadata, SaveNeed need = SaveNeed::kMayMiss);
  /// Publishes data/final_model.safetensors.
  base::Status save_final(std::span<const NamedSpan> spans, const Metadata& metadata);
  /// Protects checkpoint `index` from pruning until another is best; recorded in data/best.json.
  base::Status mark_best(std::int64_t index, double score);

  /// Newest checkpoint that verifies; invalid newer ones are logged by name and skipped. nullopt when there
  /// is none; kData when there are some and none is whole.
  base::Result<std::optional<LoadedCheckpoint>> load_newest() const;
  std::filesystem::path path_of(std::int64_t index) const;
  std::filesystem::path final_path() const;
  /// Indices of the files that are there, ascending, not verified.
  std::vector<std::int64_t> indices() const;
  std::optional<std::int64_t> best() const;
  std::optional<double> best_score() const;  // with which it was marked
  int missed() const { return missed_; }

 private:
  base::Status publish(const std::filesystem::path& path, std::span<const NamedSpan> spans,
                       const Metadata& metadata) const;
  void prune(std::int64_t newest);

  std::filesystem::path directory_;
  CheckpointSettings settings_;
  int missed_ = 0;
};

/// The newest ckpt.<n>.safetensors by its number, not verified; nullopt when `folder` has none.
std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& folder);

}  // namespace inknav::run
