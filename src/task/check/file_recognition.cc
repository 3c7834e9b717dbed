// SPDX-License-Identifier: MIT
#include "task/check/file_recognition.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <fstream>
#include <set>
#include <utility>

#include "task/json_stream.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxKeyBytes = std::uint64_t{16} << 20;  // of a .json, within which its keys are read
constexpr std::array<std::string_view, 4> kSceneEndings = {".glb", ".gltf", ".ply", ".obj"};

using Ending = std::pair<std::string_view, FileSort>;
/// The first that fits counts.
constexpr Ending kEndings[] = {
    {".part", FileSort::kPartial},
    {".crdownload", FileSort::kPartial},
    {".download", FileSort::kPartial},
    {".aria2", FileSort::kPartial},
    {".navmesh", FileSort::kNavmesh},
    {".stage_config.json", FileSort::kStageConfig},
    {".scene_dataset_config.json", FileSort::kDatasetConfig},
    {".scene_instance.json", FileSort::kDatasetConfig},
    {"_gt.json", FileSort::kGroundTruth},
    {"_gt.json.gz", FileSort::kGroundTruth},
    {"info_semantic.json", FileSort::kSemantics},
    {".semantic.txt", FileSort::kSemantics},
    {"_semantic.txt", FileSort::kSemantics},
    {".house", FileSort::kSemantics},
    {".scn", FileSort::kSemantics},
    {".png", FileSort::kPicture},
    {".jpg", FileSort::kPicture},
    {".jpeg", FileSort::kPicture},
    {".safetensors", FileSort::kWeights},
    {".pth", FileSort::kWeights},
    {".pt", FileSort::kWeights},
    {".inkdemo", FileSort::kShard},
    {".inkscene", FileSort::kCache},
    {".inknavmesh", FileSort::kCache},
    {".inkbvh", FileSort::kCache},
    {".html", FileSort::kReport},
    {".yaml", FileSort::kConfiguration},
    {".yml", FileSort::kConfiguration},
    {".log", FileSort::kLog},
    {".mp4", FileSort::kVideo},
    {".webm", FileSort::kVideo},
    {".gif", FileSort::kVideo},
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string lower_name(const fs::path& path) { return lower(path.filename().string()); }

bool has(std::string_view name, std::string_view part) { return name.find(part) != std::string_view::npos; }

bool ends_like_a_scene(std::string_view name) {
  return std::any_of(kSceneEndings.begin(), kSceneEndings.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

/// The outermost keys of a .json, as far as they are needed to tell what it is.
struct OuterKeys {
  bool object = false;  // it begins as one
  bool list = false;    // of episodes, for certain
  std::set<std::string, std::less<>> names;
};

OuterKeys read_keys(const fs::path& path) {
  OuterKeys keys;
  auto stream = JsonStream::open(path);
  if (!stream.ok()) {  // that it cannot be opened is to be told
    keys.list = true;
    return keys;
  }
  if (stream->peek() == '[') {  // some other file
    keys.object = true;
    return keys;
  }
  keys.object = stream->begin_object("an object is wanted").ok();
  std::string key;
  while (keys.object && stream->bytes_read() < kMaxKeyBytes) {
    const auto more = stream->next_key(key);
    if (!more.ok() || !*more) break;
    keys.list = (key == "episodes" && stream->peek() == '[') || key == "goals_by_category" ||
                key.starts_with("category_to_");
    keys.names.insert(key);
    if (keys.list || !stream->skip().ok()) break;
  }
  return keys;
}

/// A packed file that is damaged at its beginning, and one named like a split ("train/train.json"), count as
/// lists, so that their faults are told.
FileSort sort_of_json(const fs::path& path, const std::string& name) {
  const OuterKeys keys = read_keys(path);
  const auto both = [&](std::string_view a, std::string_view b) {
    return keys.names.contains(a) && keys.names.contains(b);
  };
  if (keys.list) return FileSort::kList;
  if (both("checkpoint", "tracks") || both("checkpoint", "score") || both("device", "results") ||
      both("verdict", "findings")) {
    return FileSort::kResult;
  }
  const std::string stem = name.substr(0, name.find('.'));
  const std::string folder = lower_name(fs::absolute(path).parent_path());
  if (stem == folder || folder == "content") return FileSort::kList;
  return name.ends_with(".gz") && !keys.object ? FileSort::kList : FileSort::kOther;
}

}  // namespace

FileSort sort_of(const fs::path& path) {
  const std::string name = lower_name(path);
  if (has(name, ".tmp-")) return FileSort::kPartial;  // as write_file_atomic names them
  for (const auto& [ending, sort] : kEndings) {
    if (name.ends_with(ending)) return sort;
  }
  if (ends_like_a_scene(name)) return has(name, "semantic") ? FileSort::kSemantics : FileSort::kScene;
  if (name == "homes.json" || name == "demos.json") return FileSort::kIndex;
  if (name.starts_with("events.out.tfevents")) return FileSort::kTensorBoard;
  return is_json_file(path) ? sort_of_json(path, name) : FileSort::kOther;
}

std::string_view name_of(FileSort sort) {
  static constexpr std::pair<FileSort, std::string_view> kNames[] = {
      {FileSort::kScene, "scenes"},
      {FileSort::kNavmesh, "navmeshes"},
      {FileSort::kStageConfig, "stage configs"},
      {FileSort::kList, "lists of episodes"},
      {FileSort::kPicture, "pictures"},
      {FileSort::kWeights, "weights"},
      {FileSort::kPartial, "left-overs"},
      {FileSort::kDatasetConfig, "scene dataset configs"},
      {FileSort::kSemantics, "semantics"},
      {FileSort::kGroundTruth, "ground truth"},
      {FileSort::kShard, "shards of demonstrations"},
      {FileSort::kIndex, "indices"},
      {FileSort::kResult, "results"},
      {FileSort::kReport, "reports"},
      {FileSort::kConfiguration, "configurations"},
      {FileSort::kLog, "logs"},
      {FileSort::kTensorBoard, "TensorBoard logs"},
      {FileSort::kVideo, "videos"},
      {FileSort::kCache, "caches"},
      {FileSort::kOther, "others"},
  };
  const auto* found = std::find_if(std::begin(kNames), std::end(kNames),
                                   [&](const auto& name) { return name.first == sort; });
  return found == std::end(kNames) ? "" : found->second;
}

bool is_json_file(const fs::path& path) {
  const std::string name = lower_name(path);
  return name.ends_with(".json") || name.ends_with(".json.gz");
}

std::vector<fs::path> scenes_of_stem(const fs::path& stem) {
  std::vector<fs::path> scenes;
  for (const std::string_view ending : kSceneEndings) {
    scenes.push_back(stem);
    scenes.back() += ending;
  }
  return scenes;
}

std::string placeholder_in(const fs::path& path) {
  constexpr std::size_t kHead = 64;
  std::ifstream stream(path, std::ios::binary);
  std::string head(kHead, '\0');
  stream.read(head.data(), static_cast<std::streamsize>(kHead));
  head.resize(static_cast<std::size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
  if (head.starts_with("version https://git-lfs")) return "the pointer of Git LFS";
  const std::size_t begin = std::min(head.find_first_not_of(" \t\r\n"), head.size());
  const std::string text = lower(head.substr(begin));
  return text.starts_with("<!doctype html") || text.starts_with("<html") ? "a web page" : "";
}

}  // namespace inknav::task
