// SPDX-License-Identifier: MIT
#include "task/episode.h"

#include <charconv>
#include <cmath>
#include <string_view>

#include "base/file.h"
#include "base/safe_path.h"
#include "task/gzip.h"

namespace inknav::task {
namespace {

constexpr std::string_view kScenePrefix = "data/scene_datasets/";

void append_number(std::string& out, float value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value);
  out.append(text, end.ptr);
}

void append_numbers(std::string& out, const float* values, int count) {
  out += '[';
  for (int i = 0; i < count; ++i) {
    if (i > 0) out += ',';
    append_number(out, values[i]);
  }
  out += ']';
}

void append_string(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += kHex[(c >> 4) & 15];
      out += kHex[c & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_episode(std::string& out, const Episode& episode) {
  out += "{\"episode_id\":";
  append_string(out, episode.episode_id);
  out += ",\"trajectory_id\":";
  append_string(out, episode.trajectory_id);
  out += ",\"scene_id\":";
  append_string(out, episode.scene_id);
  out += ",\"start_position\":";
  append_numbers(out, &episode.start.position.x, 3);
  const base::Quat& q = episode.start.rotation;
  const float xyzw[4] = {q.x, q.y, q.z, q.w};
  out += ",\"start_rotation\":";
  append_numbers(out, xyzw, 4);
  out += ",\"info\":{\"geodesic_distance\":";
  append_number(out, episode.geodesic_distance);
  out += "},\"goals\":[";
  for (std::size_t i = 0; i < episode.goals.size(); ++i) {
    out += i == 0 ? "{\"position\":" : ",{\"position\":";
    append_numbers(out, &episode.goals[i].position.x, 3);
    out += ",\"radius\":";
    append_number(out, episode.goals[i].radius);
    out += '}';
  }
  out += "],\"reference_path\":[";
  for (std::size_t i = 0; i < episode.reference_path.size(); ++i) {
    if (i > 0) out += ',';
    append_numbers(out, &episode.reference_path[i].x, 3);
  }
  out += "]}";
}

std::string_view scene_relative(const Episode& episode) {
  std::string_view id = episode.scene_id;
  if (id.starts_with(kScenePrefix)) id.remove_prefix(kScenePrefix.size());
  return id;
}

}  // namespace

base::Status save_episodes(const std::filesystem::path& path, const std::vector<Episode>& episodes) {
  std::string text = "{\"episodes\":[";
  for (std::size_t i = 0; i < episodes.size(); ++i) {
    text += i == 0 ? "\n" : ",\n";
    append_episode(text, episodes[i]);
  }
  text += "\n]}\n";
  if (path.extension() != ".gz") return base::write_text_atomic(path, text);
  if (text.size() > (2ull << 30)) {
    return base::Error{base::ErrorCode::kData,
                       path.string() + ": at most 2 GiB of episodes are written into one file, " +
                           std::to_string(episodes.size()) + " episodes are more; split them"};
  }
  const std::vector<std::uint8_t> packed = gzip(text);
  return base::write_file_atomic(path, std::span<const std::uint8_t>(packed));
}

base::Result<std::filesystem::path> scene_path(const Dataset& dataset, const Episode& episode) {
  return base::resolve_beneath(dataset.scenes_dir, scene_relative(episode));
}

std::filesystem::path drawing_path(const Dataset& dataset, const Episode& episode) {
  const std::string stem = std::filesystem::path(scene_relative(episode)).stem().string();
  const std::string file = stem + "_epi" + episode.episode_id + "_cut1.png";
  if (!base::is_safe_relative_path(file)) return {};
  return dataset.sketch_dir / file;
}

}  // namespace inknav::task
