// SPDX-License-Identifier: MIT
#include "task/demonstration_json.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/safe_path.h"

namespace inknav::task::internal {

namespace {

using Json = nlohmann::json;

constexpr const char* kFormatName = "inknav demonstrations";
constexpr int kMaxSide = 4096;        // pixels
constexpr int kMaxSteps = 1'000'000;  // of one demonstration
constexpr int kMaxShards = 1'000'000;
constexpr double kMaxCoordinate = 1e5;  // metres
constexpr std::size_t kHexDigits = 32;

/// Checked reading of one JSON object. The first fault is kept; later reads give zeros.
class Fields {
 public:
  Fields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object_.is_object()) fail("an object is wanted");
  }

  std::string text(const char* key) {
    const Json* value = find(key);
    if (value != nullptr && !value->is_string()) fail(fmt::format("\"{}\" must be a text", key));
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
  }
  double number(const char* key, double low, double high) {
    const Json* value = find(key);
    return value != nullptr ? checked(*value, key, low, high) : 0.0;
  }
  std::int64_t integer(const char* key, std::int64_t low, std::int64_t high) {
    const Json* value = find(key);
    if (value == nullptr) return 0;
    if (!value->is_number_integer() || value->get<std::int64_t>() < low ||
        value->get<std::int64_t>() > high) {
      fail(fmt::format("\"{}\" must be an integer in [{}, {}], found {}", key, low, high, value->dump()));
      return 0;
    }
    return value->get<std::int64_t>();
  }
  bool flag(const char* key) {
    const Json* value = find(key);
    if (value != nullptr && !value->is_boolean()) fail(fmt::format("\"{}\" must be true or false", key));
    return value != nullptr && value->is_boolean() && value->get<bool>();
  }
  template <std::size_t kCount>
  std::array<float, kCount> numbers(const char* key, double bound) {
    std::array<float, kCount> out{};
    const Json* value = find(key);
    if (value == nullptr) return out;
    if (!value->is_array() || value->size() != kCount) {
      fail(fmt::format("\"{}\" must be a list of {} numbers", key, kCount));
      return out;
    }
    for (std::size_t i = 0; i < kCount; ++i)
      out[i] = static_cast<float>(checked((*value)[i], key, -bound, bound));
    return out;
  }
  std::string hash(const char* key) {
    std::string digits = text(key);
    if (ok() &&
        (digits.size() != kHexDigits || digits.find_first_not_of("0123456789abcdef") != digits.npos)) {
      fail(fmt::format("\"{}\" must be {} hexadecimal digits, found '{}'", key, kHexDigits, digits));
    }
    return ok() ? digits : std::string(kHexDigits, '0');
  }
  const Json* find(const char* key) {
    if (!ok()) return nullptr;
    const auto it = object_.find(key);
    if (it != object_.end()) return &*it;
    fail(fmt::format("\"{}\" is wanted, it is missing", key));
    return nullptr;
  }
  void fail(const std::string& what) {
    if (error_.empty()) error_ = where_ + ": " + what;
  }
  bool ok() const { return error_.empty(); }
  base::Status status() const {
    if (ok()) return base::ok_status();
    return base::Error{base::ErrorCode::kData, error_ + "; make the set again with `inknav generate demos`"};
  }

 private:
  double checked(const Json& value, const char* key, double low, double high) {
    const double number = value.is_number() ? value.get<double>() : std::nan("");
    if (number >= low && number <= high) return number;
    fail(fmt::format("\"{}\" must be a number in [{}, {}], found {}", key, low, high, value.dump()));
    return 0.0;
  }

  const Json& object_;
  std::string where_;
  std::string error_;
};

base::Result<Json> parse(std::string_view text, const std::string& name) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_discarded()) return json;
  return base::Error{
      base::ErrorCode::kData,
      name + ": JSON is wanted, it is damaged; make the set again with `inknav generate demos`"};
}

Json format_to_json(const DemonstrationFormat& f) {
  return {{"depth", f.depth == DepthStorage::kStored ? "stored" : "rendered"},
          {"width", f.sensors.camera.width},
          {"height", f.sensors.camera.height},
          {"hfov_deg", f.sensors.camera.hfov_deg},
          {"camera_position",
           {f.sensors.camera_position.x, f.sensors.camera_position.y, f.sensors.camera_position.z}},
          {"min_depth", f.sensors.min_depth},
          {"max_depth", f.sensors.max_depth},
          {"forward_step", f.motion.forward_step},
          {"turn_angle_deg", f.motion.turn_angle_deg},
          {"allow_sliding", f.motion.allow_sliding},
          {"agent_radius", f.agent_radius},
          {"agent_height", f.agent_height},
          {"path_points", kPathPoints},
          {"path_spacing", kPathSpacing}};
}

base::Result<DemonstrationFormat> format_from_json(const Json& json, const std::string& where) {
  Fields in(json, where);
  DemonstrationFormat f;
  const std::string depth = in.text("depth");
  if (in.ok() && depth != "stored" && depth != "rendered")
    in.fail("\"depth\" must be \"stored\" or \"rendered\", found '" + depth + "'");
  f.depth = depth == "stored" ? DepthStorage::kStored : DepthStorage::kRendered;
  f.sensors.camera.width = static_cast<int>(in.integer("width", 1, kMaxSide));
  f.sensors.camera.height = static_cast<int>(in.integer("height", 1, kMaxSide));
  f.sensors.camera.hfov_deg = static_cast<float>(in.number("hfov_deg", 1.0, 179.0));
  const auto position = in.numbers<3>("camera_position", 100.0);
  f.sensors.camera_position = {position[0], position[1], position[2]};
  f.sensors.min_depth = static_cast<float>(in.number("min_depth", 0.0, 1e4));
  f.sensors.max_depth = static_cast<float>(in.number("max_depth", 0.0, 1e4));
  f.motion.forward_step = static_cast<float>(in.number("forward_step", 1e-4, 100.0));
  f.motion.turn_angle_deg = static_cast<float>(in.number("turn_angle_deg", 1e-3, 180.0));
  f.motion.allow_sliding = in.flag("allow_sliding");
  f.agent_radius = static_cast<float>(in.number("agent_radius", 0.0, 10.0));
  f.agent_height = static_cast<float>(in.number("agent_height", 0.0, 10.0));
  if (in.integer("path_points", 0, 1024) != kPathPoints)
    in.fail(fmt::format("\"path_points\" must be {}", kPathPoints));
  if (static_cast<float>(in.number("path_spacing", 0.0, 100.0)) != kPathSpacing)
    in.fail(fmt::format("\"path_spacing\" must be {}", kPathSpacing));
  if (in.ok() && !(f.sensors.max_depth > f.sensors.min_depth))
    in.fail("\"max_depth\" must be above \"min_depth\"");
  INKNAV_RETURN_IF_ERROR(in.status());
  return f;
}

Json chunk_to_json(const ChunkEntry& chunk) {
  const base::Pose& start = chunk.info.start;
  return {{"run", chunk.info.run},
          {"episode", chunk.info.episode_id},
          {"scene", chunk.info.scene_id},
          {"drawing", chunk.info.drawing},
          {"start",
           {start.position.x, start.position.y, start.position.z, start.rotation.w, start.rotation.x,
            start.rotation.y, start.rotation.z}},
          {"off_start", chunk.info.off_start},
          {"steps", chunk.info.num_steps},
          {"bytes", chunk.bytes},
          {"hash", chunk.hash.hex()}};
}

base::Hash128 hash_from_hex(const std::string& digits) {
  base::Hash128 hash;
  hash.high = std::stoull(digits.substr(0, 16), nullptr, 16);
  hash.low = std::stoull(digits.substr(16), nullptr, 16);
  return hash;
}

base::Result<ChunkEntry> chunk_from_json(const Json& json, const std::string& where) {
  Fields in(json, where);
  ChunkEntry chunk;
  DemonstrationInfo& info = chunk.info;
  info.run = in.integer("run", 0, std::int64_t{1} << 53);
  info.episode_id = in.text("episode");
  info.scene_id = in.text("scene");
  info.drawing = in.text("drawing");
  const auto start = in.numbers<7>("start", kMaxCoordinate);
  info.start.position = {start[0], start[1], start[2]};
  info.start.rotation = base::Quat(start[3], start[4], start[5], start[6]);
  info.off_start = in.flag("off_start");
  info.num_steps = static_cast<int>(in.integer("steps", 1, kMaxSteps));
  chunk.bytes = static_cast<std::uint64_t>(in.integer("bytes", 4, std::int64_t{1} << 40));
  chunk.hash = hash_from_hex(in.hash("hash"));
  if (in.ok() && (!base::is_safe_relative_path(info.drawing) || info.drawing.find('/') != std::string::npos))
    in.fail("\"drawing\" must be a plain file name, found '" + info.drawing + "'");
  if (in.ok() && std::abs(glm::length(info.start.rotation) - 1.0f) > 1e-3f)
    in.fail("\"start\" must have a rotation of length 1");
  INKNAV_RETURN_IF_ERROR(in.status());
  return chunk;
}

}  // namespace

base::Error other_version(const std::string& name, std::uint64_t found) {
  return base::Error{base::ErrorCode::kData,
                     fmt::format("{}: demonstrations of format version {} are wanted, found version {}; make "
                                 "them again with `inknav generate demos`",
                                 name, kDemonstrationVersion, found)};
}

std::string format_text(const DemonstrationFormat& format) { return format_to_json(format).dump(); }

std::string manifest_to_json(const DemonstrationManifest& manifest) {
  const Json json = {{"format", kFormatName},
                     {"version", kDemonstrationVersion},
                     {"set", manifest.set},
                     {"split", manifest.split},
                     {"runs", manifest.runs},
                     {"shards", manifest.shards},
                     {"seen", format_to_json(manifest.format)},
                     {"generation", Json::parse(manifest.generation)}};
  return json.dump(1) + "\n";
}

base::Result<DemonstrationManifest> manifest_from_json(std::string_view text, const std::string& name) {
  INKNAV_ASSIGN_OR_RETURN(const Json json, parse(text, name));
  Fields in(json, name);
  DemonstrationManifest manifest;
  if (in.text("format") != kFormatName) in.fail(fmt::format("\"format\" must be \"{}\"", kFormatName));
  const std::int64_t version = in.integer("version", 0, 1'000'000);
  INKNAV_RETURN_IF_ERROR(in.status());
  if (version != kDemonstrationVersion) return other_version(name, static_cast<std::uint64_t>(version));
  manifest.set = in.hash("set");
  manifest.split = in.text("split");
  manifest.runs = in.integer("runs", 1, std::int64_t{1} << 40);
  manifest.shards = static_cast<int>(in.integer("shards", 1, kMaxShards));
  const Json* seen = in.find("seen");
  const Json* generation = in.find("generation");
  INKNAV_RETURN_IF_ERROR(in.status());
  INKNAV_ASSIGN_OR_RETURN(manifest.format, format_from_json(*seen, name + ": seen"));
  manifest.generation = generation->dump();
  return manifest;
}

std::string shard_header_to_json(const ShardHeader& header) {
  Json chunks = Json::array();
  for (const ChunkEntry& chunk : header.chunks) chunks.push_back(chunk_to_json(chunk));
  const Json json = {{"set", header.set},
                     {"shard", header.shard},
                     {"seen", format_to_json(header.format)},
                     {"demonstrations", std::move(chunks)}};
  return json.dump();
}

base::Result<ShardHeader> shard_header_from_json(std::string_view text, std::uint64_t header_end,
                                                 const std::string& name) {
  INKNAV_ASSIGN_OR_RETURN(const Json json, parse(text, name));
  Fields in(json, name);
  ShardHeader header;
  header.set = in.hash("set");
  header.shard = static_cast<int>(in.integer("shard", 0, kMaxShards));
  const Json* seen = in.find("seen");
  const Json* chunks = in.find("demonstrations");
  if (in.ok() && !chunks->is_array()) in.fail("\"demonstrations\" must be a list");
  INKNAV_RETURN_IF_ERROR(in.status());
  INKNAV_ASSIGN_OR_RETURN(header.format, format_from_json(*seen, name + ": seen"));
  std::uint64_t offset = header_end;
  for (std::size_t i = 0; i < chunks->size(); ++i) {
    INKNAV_ASSIGN_OR_RETURN(ChunkEntry chunk,
                            chunk_from_json((*chunks)[i], fmt::format("{}: demonstration {}", name, i)));
    chunk.offset = offset;
    offset += chunk.bytes;
    header.chunks.push_back(std::move(chunk));
  }
  return header;
}

}  // namespace inknav::task::internal
