// SPDX-License-Identifier: MIT
#pragma once
// Demonstrations on disk: a folder with `demos.json` (what the set is) and shards `shard_00000.inkdemo`, ...
//
// A shard, little-endian:
//   "INKDEMOS"  u32 version  u32 0  u64 bytes of the header  Hash128 of the header
//   header      JSON: set, shard, format, one entry a demonstration (who, where, steps, bytes and hash of its
//   chunk) chunks      one a demonstration: u32 size of the records, records, depth; both zstd frames
// Records are 67 bytes a step, transposed (byte k of all steps lies together). Depth is one filtered byte a
// pixel (task/depth_code.h), or absent when the set is rendered at reading.
//
// A shard appears whole or not at all (base/file.h). Everything is checked before it is used: sizes against
// the file, hashes, ranges. Faults are kData with file, demonstration, what was wanted and found.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "sim/simulator.h"
#include "task/demonstration.h"

namespace inknav::task {

enum class DepthStorage : std::uint8_t {
  kStored,    // in the shards
  kRendered,  // from the poses, when read
};

/// What a reader must know of a set: how it was seen and how the body moved.
struct DemonstrationFormat {
  DepthStorage depth = DepthStorage::kStored;
  sim::SensorSettings sensors;  // depth only, normalised
  sim::MotionSettings motion;
  float agent_radius = 0.1f;
  float agent_height = 1.5f;
};

/// `demos.json`.
struct DemonstrationManifest {
  std::string set;  // 32 hexadecimal digits: hash of all that the set is made from
  std::string split;
  std::int64_t runs = 0;
  int shards = 0;
  DemonstrationFormat format;
  std::string generation;  // JSON text: the settings of generation, for people and for comparison
};

struct ChunkEntry {
  DemonstrationInfo info;
  std::uint64_t offset = 0;  // in the file
  std::uint64_t bytes = 0;
  base::Hash128 hash;
};

struct ShardHeader {
  std::string set;
  int shard = 0;
  DemonstrationFormat format;
  std::vector<ChunkEntry> chunks;
};

std::filesystem::path manifest_path(const std::filesystem::path& folder);
std::filesystem::path shard_path(const std::filesystem::path& folder, int shard);

base::Status write_manifest(const std::filesystem::path& folder, const DemonstrationManifest& manifest);
base::Result<DemonstrationManifest> read_manifest(const std::filesystem::path& folder);

/// The chunk of a demonstration; its depth is left out when the storage is kRendered.
std::vector<std::uint8_t> encode_chunk(const Demonstration& demonstration, DepthStorage storage);

/// Publishes a shard. `header.chunks` gives the infos; offset, bytes and hash are filled here.
base::Status write_shard(const std::filesystem::path& path, ShardHeader header,
                         std::span<const std::vector<std::uint8_t>> chunks);
/// Header and sizes; no chunk is read.
base::Result<ShardHeader> read_shard_header(const std::filesystem::path& path);
/// Reads and checks chunk `index`. Thread-safe.
base::Result<Demonstration> read_chunk(const std::filesystem::path& path, const ShardHeader& header,
                                       std::size_t index);

}  // namespace inknav::task
