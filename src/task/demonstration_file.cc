// SPDX-License-Identifier: MIT
#include "task/demonstration_file.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "task/demonstration_json.h"

namespace inknav::task {

namespace fs = std::filesystem;

namespace {

constexpr std::array<char, 8> kMagic = {'I', 'N', 'K', 'D', 'E', 'M', 'O', 'S'};
constexpr std::uint64_t kMaxHeaderBytes = 256ull << 20;
constexpr std::size_t kMaxManifestBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxUnpackedBytes = std::size_t{4} << 30;
constexpr std::size_t kRecordBytes = 67;
constexpr int kCompression = 3;
constexpr float kMaxCoordinate = 1e5f;  // metres
constexpr std::uint8_t kCollided = 1, kOffRouteFlag = 2, kDisturbed = 4, kByStudent = 8, kAllFlags = 15;

struct Prefix {
  std::array<char, 8> magic;
  std::uint32_t version;
  std::uint32_t reserved;
  std::uint64_t header_bytes;
  base::Hash128 header_hash;
};
static_assert(sizeof(Prefix) == 40);

base::Error data_error(const fs::path& path, const std::string& what) {
  return base::Error{base::ErrorCode::kData, path.string() + ": " + what};
}

base::Error cut_error(const fs::path& path, std::uint64_t wanted, std::uint64_t found) {
  return data_error(path,
                    fmt::format("{} bytes are wanted, the file has {}; it was cut short or grew: delete "
                                "it and run `inknav generate demos` again, which makes it anew",
                                wanted, found));
}

base::Error damaged_error(const fs::path& path, const std::string& part) {
  return data_error(path, part +
                              " differs from its checksum, the file is damaged; delete it and run `inknav "
                              "generate demos` again, which makes it anew");
}

base::Result<std::vector<std::uint8_t>> read_range(const fs::path& path, std::uint64_t offset,
                                                   std::uint64_t size) {
  std::vector<std::uint8_t> bytes(size);
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (file) return bytes;
  return data_error(path, fmt::format("{} bytes at {} are wanted, they cannot be read; was the file changed "
                                      "meanwhile?",
                                      size, offset));
}

std::vector<std::uint8_t> compress(std::span<const std::uint8_t> raw) {
  std::vector<std::uint8_t> out(ZSTD_compressBound(raw.size()));
  const std::size_t size = ZSTD_compress(out.data(), out.size(), raw.data(), raw.size(), kCompression);
  INKNAV_CHECK(ZSTD_isError(size) == 0u, ZSTD_getErrorName(size));
  out.resize(size);
  return out;
}

/// Exactly `wanted` bytes must come out; nothing is allocated for a frame that says otherwise.
std::optional<std::vector<std::uint8_t>> decompress(std::span<const std::uint8_t> packed,
                                                    std::size_t wanted) {
  if (wanted > kMaxUnpackedBytes || ZSTD_getFrameContentSize(packed.data(), packed.size()) != wanted)
    return std::nullopt;
  std::vector<std::uint8_t> raw(wanted);
  const std::size_t size = ZSTD_decompress(raw.data(), raw.size(), packed.data(), packed.size());
  if (ZSTD_isError(size) != 0u || size != wanted) return std::nullopt;
  return raw;
}

using Record = std::array<std::uint8_t, kRecordBytes>;

Record pack(const DemonstrationStep& step) {
  const base::Pose& pose = step.pose_world_agent;
  const std::array<float, 8> numbers = {pose.position.x, pose.position.y, pose.position.z, pose.rotation.w,
                                        pose.rotation.x, pose.rotation.y, pose.rotation.z, step.remaining};
  Record record{};
  std::memcpy(record.data(), numbers.data(), sizeof(numbers));
  record[32] = step.action;
  record[33] = step.expert_action;
  record[34] =
      static_cast<std::uint8_t>((step.collided ? kCollided : 0) | (step.off_route ? kOffRouteFlag : 0) |
                                (step.disturbed ? kDisturbed : 0) | (step.by_student ? kByStudent : 0));
  std::memcpy(record.data() + 35, step.path.data(), step.path.size());
  return record;
}

DemonstrationStep unpack(const Record& record) {
  std::array<float, 8> numbers;
  std::memcpy(numbers.data(), record.data(), sizeof(numbers));
  DemonstrationStep step;
  step.pose_world_agent.position = {numbers[0], numbers[1], numbers[2]};
  step.pose_world_agent.rotation = base::Quat(numbers[3], numbers[4], numbers[5], numbers[6]);
  step.remaining = numbers[7];
  step.action = record[32];
  step.expert_action = record[33];
  step.collided = (record[34] & kCollided) != 0;
  step.off_route = (record[34] & kOffRouteFlag) != 0;
  step.disturbed = (record[34] & kDisturbed) != 0;
  step.by_student = (record[34] & kByStudent) != 0;
  std::memcpy(step.path.data(), record.data() + 35, step.path.size());
  return step;
}

/// Empty when every value is one that the generator can have written.
std::string fault_of(const DemonstrationStep& step, const Record& record) {
  const base::Vec3& p = step.pose_world_agent.position;
  for (const float x : {p.x, p.y, p.z}) {
    if (!(std::abs(x) <= kMaxCoordinate)) return "the position is not a place";
  }
  if (!(std::abs(glm::length(step.pose_world_agent.rotation) - 1.0f) <= 1e-3f))
    return "the rotation has not length 1";
  if (!(step.remaining >= 0.0f)) return "the way that remains is negative or not a number";
  if (step.action >= nav::kNumActions || step.expert_action >= nav::kNumActions)
    return fmt::format("actions in [0, {}] are wanted, found {} and {}", nav::kNumActions - 1, step.action,
                       step.expert_action);
  if (record[34] > kAllFlags) return "unknown flags";
  if (std::any_of(step.path.begin(), step.path.end(), [](std::int8_t x) { return x < -127; }))
    return "a path increment is out of range";
  return {};
}

std::span<const std::uint8_t> bytes_of(const void* data, std::size_t size) {
  return {static_cast<const std::uint8_t*>(data), size};
}

base::Status unpack_records(std::span<const std::uint8_t> raw, Demonstration& demonstration,
                            const fs::path& path, const std::string& name) {
  const std::size_t count = demonstration.steps.size();
  for (std::size_t t = 0; t < count; ++t) {
    Record record;
    for (std::size_t k = 0; k < kRecordBytes; ++k) record[k] = raw[k * count + t];
    demonstration.steps[t] = unpack(record);
    const std::string fault = fault_of(demonstration.steps[t], record);
    if (!fault.empty()) return data_error(path, fmt::format("{}, step {}: {}", name, t, fault));
  }
  return base::ok_status();
}

}  // namespace

fs::path manifest_path(const fs::path& folder) { return folder / "demos.json"; }

fs::path shard_path(const fs::path& folder, int shard) {
  return folder / fmt::format("shard_{:05}.inkdemo", shard);
}

base::Status write_manifest(const fs::path& folder, const DemonstrationManifest& manifest) {
  return base::write_text_atomic(manifest_path(folder), internal::manifest_to_json(manifest));
}

base::Result<DemonstrationManifest> read_manifest(const fs::path& folder) {
  const fs::path path = manifest_path(folder);
  INKNAV_ASSIGN_OR_RETURN(const std::string text, base::read_text_file(path, kMaxManifestBytes));
  return internal::manifest_from_json(text, path.string());
}

std::vector<std::uint8_t> encode_chunk(const Demonstration& demonstration, DepthStorage storage) {
  const std::size_t count = demonstration.steps.size();
  std::vector<std::uint8_t> raw(count * kRecordBytes);
  for (std::size_t t = 0; t < count; ++t) {
    const Record record = pack(demonstration.steps[t]);
    for (std::size_t k = 0; k < kRecordBytes; ++k) raw[k * count + t] = record[k];
  }
  const std::vector<std::uint8_t> records = compress(raw);
  const auto size = static_cast<std::uint32_t>(records.size());
  std::vector<std::uint8_t> chunk(sizeof(size) + records.size());
  std::memcpy(chunk.data(), &size, sizeof(size));
  std::memcpy(chunk.data() + sizeof(size), records.data(), records.size());
  if (storage == DepthStorage::kRendered) return chunk;
  const std::size_t frame = demonstration.frame_size();
  INKNAV_CHECK(demonstration.depth.size() == count * frame, demonstration.depth.size(), count, frame);
  std::vector<std::uint8_t> codes = demonstration.depth;
  for (std::size_t t = 0; t < count; ++t)
    filter_depth(std::span(codes).subspan(t * frame, frame), demonstration.width);
  const std::vector<std::uint8_t> depth = compress(codes);
  chunk.insert(chunk.end(), depth.begin(), depth.end());
  return chunk;
}

base::Status write_shard(const fs::path& path, ShardHeader header,
                         std::span<const std::vector<std::uint8_t>> chunks) {
  INKNAV_CHECK(header.chunks.size() == chunks.size(), header.chunks.size(), chunks.size());
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    header.chunks[i].bytes = chunks[i].size();
    header.chunks[i].hash = base::xxh3_128(chunks[i].data(), chunks[i].size());
  }
  const std::string json = internal::shard_header_to_json(header);
  const Prefix prefix{kMagic, internal::kDemonstrationVersion, 0, json.size(),
                      base::xxh3_128(json.data(), json.size())};
  std::vector<std::span<const std::uint8_t>> parts = {bytes_of(&prefix, sizeof(prefix)),
                                                      bytes_of(json.data(), json.size())};
  for (const std::vector<std::uint8_t>& chunk : chunks) parts.emplace_back(chunk);
  return base::write_file_atomic(path, parts);
}

base::Result<ShardHeader> read_shard_header(const fs::path& path) {
  std::error_code code;
  const std::uint64_t file_bytes = fs::file_size(path, code);
  if (code) {
    return data_error(path, "a shard of demonstrations is wanted, it cannot be read: " + code.message() +
                                "; run `inknav generate demos` again, which makes what is missing");
  }
  if (file_bytes < sizeof(Prefix)) return cut_error(path, sizeof(Prefix), file_bytes);
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> head, read_range(path, 0, sizeof(Prefix)));
  Prefix prefix;
  std::memcpy(&prefix, head.data(), sizeof(prefix));
  if (prefix.magic != kMagic) {
    return data_error(path,
                      "a shard of demonstrations is wanted, the file begins otherwise; is it another "
                      "kind of file?");
  }
  if (prefix.version != internal::kDemonstrationVersion)
    return internal::other_version(path.string(), prefix.version);
  if (prefix.header_bytes > kMaxHeaderBytes) return damaged_error(path, "the size of the header");
  const std::uint64_t header_end = sizeof(Prefix) + prefix.header_bytes;
  if (file_bytes < header_end) return cut_error(path, header_end, file_bytes);
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> json,
                          read_range(path, sizeof(Prefix), prefix.header_bytes));
  if (base::xxh3_128(json.data(), json.size()) != prefix.header_hash || prefix.reserved != 0)
    return damaged_error(path, "the header");
  const std::string_view text(reinterpret_cast<const char*>(json.data()), json.size());
  INKNAV_ASSIGN_OR_RETURN(ShardHeader header,
                          internal::shard_header_from_json(text, header_end, path.string()));
  const std::uint64_t end =
      header.chunks.empty() ? header_end : header.chunks.back().offset + header.chunks.back().bytes;
  if (end != file_bytes) return cut_error(path, end, file_bytes);
  return header;
}

base::Result<Demonstration> read_chunk(const fs::path& path, const ShardHeader& header, std::size_t index) {
  const ChunkEntry& entry = header.chunks.at(index);
  const std::string name = fmt::format("demonstration {} (episode '{}' of scene '{}')", index,
                                       entry.info.episode_id, entry.info.scene_id);
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> chunk, read_range(path, entry.offset, entry.bytes));
  if (base::xxh3_128(chunk.data(), chunk.size()) != entry.hash) return damaged_error(path, name);
  Demonstration demonstration;
  demonstration.info = entry.info;
  demonstration.width = header.format.sensors.camera.width;
  demonstration.height = header.format.sensors.camera.height;
  const auto count = static_cast<std::size_t>(entry.info.num_steps);
  std::uint32_t records = 0;
  std::memcpy(&records, chunk.data(), sizeof(records));
  const std::span<const std::uint8_t> packed = std::span(chunk).subspan(sizeof(records));
  if (records > packed.size()) return damaged_error(path, name);
  const auto raw = decompress(packed.first(records), count * kRecordBytes);
  if (!raw)
    return data_error(
        path, fmt::format("{}: records of {} steps are wanted, they cannot be unpacked", name, count));
  demonstration.steps.resize(count);
  INKNAV_RETURN_IF_ERROR(unpack_records(*raw, demonstration, path, name));
  if (header.format.depth == DepthStorage::kRendered) return demonstration;
  const std::size_t frame = demonstration.frame_size();
  auto depth = decompress(packed.subspan(records), count * frame);
  if (!depth)
    return data_error(path,
                      fmt::format("{}: {} depth images are wanted, they cannot be unpacked", name, count));
  demonstration.depth = std::move(*depth);
  for (std::size_t t = 0; t < count; ++t)
    unfilter_depth(std::span(demonstration.depth).subspan(t * frame, frame), demonstration.width);
  return demonstration;
}

}  // namespace inknav::task
