// SPDX-License-Identifier: MIT
#include "task/check/folder_inventory.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <fstream>
#include <istream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "task/demonstration_file.h"
#include "task/inflate_stream.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPeek = std::size_t{1} << 20;  // bytes of a .json within which "episodes" stands
constexpr int kMaxDepth = 32;                        // of folders
constexpr std::array<std::string_view, 4> kSceneEndings = {".glb", ".gltf", ".ply", ".obj"};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string lower_name(const fs::path& path) { return lower(path.filename().string()); }

bool ends(std::string_view name, std::string_view ending) { return name.ends_with(ending); }

bool is_weights(std::string_view name) {
  return ends(name, ".safetensors") || ends(name, ".pth") || ends(name, ".pt");
}

/// What write_file_atomic, browsers and download tools leave when they are cut off.
bool is_partial(std::string_view name) {
  return name.find(".tmp-") != std::string_view::npos || ends(name, ".part") || ends(name, ".crdownload") ||
         ends(name, ".download") || ends(name, ".aria2");
}

bool is_json(std::string_view name) { return ends(name, ".json") || ends(name, ".json.gz"); }

/// The first bytes of the file; of a packed one, what they unpack to.
std::string peek(const fs::path& path, std::size_t count) {
  auto buffer = InflateBuffer::open(path);
  if (!buffer.ok()) return {};
  std::istream stream(buffer->get());
  std::string text(count, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(count));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
  return text;
}

std::string first_bytes(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string text(64, '\0');
  stream.read(text.data(), 64);
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
  return text;
}

/// "" when the file is what its ending says, as far as this can be told.
std::string placeholder(const fs::path& path) {
  const std::string head = first_bytes(path);
  if (head.starts_with("version https://git-lfs")) return "the pointer of Git LFS";
  const std::string start = lower(head.substr(head.find_first_not_of(" \t\r\n") == std::string::npos
                                                  ? head.size()
                                                  : head.find_first_not_of(" \t\r\n")));
  if (start.starts_with("<!doctype html") || start.starts_with("<html")) return "a web page";
  return {};
}

/// Whether a .json or .json.gz is a list of episodes. A packed file that is damaged at its beginning, and one
/// named like a split ("train/train.json"), count as lists, so that their faults are told.
bool is_list(const fs::path& path) {
  const std::string name = lower_name(path);
  if (!is_json(name)) return false;
  if (ends(name, ".stage_config.json") || ends(name, ".scene_dataset_config.json")) return false;
  if (name == "homes.json" || name == "demos.json") return false;
  const std::string text = peek(path, kPeek);
  if (text.find("\"episodes\"") != std::string::npos) return true;
  const std::string stem = name.substr(0, name.find('.'));
  const std::string folder = lower_name(path.parent_path());
  if (stem == folder || folder == "content") return true;
  return ends(name, ".gz") && text.find('{') == std::string::npos;
}

ListPlace place_of_list(const fs::path& list, const fs::path& root) {
  ListPlace place;
  place.file = list;
  const fs::path folder = fs::absolute(list).parent_path();
  const fs::path split = folder.filename() == "content" ? folder.parent_path() : folder;
  place.sketch_dir = split / "sketches";
  for (const fs::path& at : {split, split.parent_path()}) {
    for (const char* name : {"scenes", "scene_datasets"}) place.scene_roots.push_back(at / name);
  }
  if (!root.empty()) {
    for (const char* name : {"scenes", "scene_datasets", "homes"}) place.scene_roots.push_back(root / name);
    place.scene_roots.push_back(root);
  }
  place.scene_roots.push_back(split);
  place.scene_roots.push_back(split.parent_path());
  return place;
}

class Walk {
 public:
  explicit Walk(fs::path root) : root_(std::move(root)) {}

  void folder(const fs::path& path, int depth) {
    std::error_code code;
    if (fs::exists(manifest_path(path), code)) found_.demonstrations.push_back(path);
    const bool has_manifest = !found_.demonstrations.empty() && found_.demonstrations.back() == path;
    std::vector<fs::path> entries;
    for (fs::directory_iterator it(path, code), end; !code && it != end; it.increment(code)) {
      entries.push_back(it->path());
    }
    if (code) {
      found_.findings.push_back(
          {CheckCode::kFolderUnreadable, path, "",
           fmt::format("a folder that can be listed was wanted, found: {}", code.message())});
    }
    std::sort(entries.begin(), entries.end());
    for (const fs::path& entry : entries) {
      const fs::file_status status = fs::symlink_status(entry, code);
      if (fs::is_directory(status)) {
        if (entry.filename().string().starts_with(".") || depth >= kMaxDepth) continue;
        folder(entry, depth + 1);
      } else if (fs::is_regular_file(entry, code)) {
        const std::string name = lower_name(entry);
        const bool of_demonstrations = ends(name, ".inkdemo") || entry == manifest_path(path);
        if (!(has_manifest && of_demonstrations)) file(entry, false);
      }
    }
  }

  void file(const fs::path& path, bool named) {
    const std::string name = lower_name(path);
    if (is_partial(name)) {
      found_.findings.push_back({CheckCode::kFilePartial, path, "", "a whole file was wanted"});
      return;
    }
    // The truth beside a drawing is read with it.
    if (!named && is_json(name) && lower_name(path.parent_path()) == "sketches") return;
    std::vector<fs::path>* kind = kind_of(path, name, named);
    if (kind == nullptr) {
      if (is_json(name) && (named || is_list(path))) {
        if (!refuse_placeholder(path)) found_.lists.push_back(place_of_list(path, root_));
      } else {
        ++found_.others;
      }
      return;
    }
    if (!refuse_placeholder(path)) kind->push_back(path);
  }

  Inventory take() { return std::move(found_); }

 private:
  std::vector<fs::path>* kind_of(const fs::path& path, const std::string& name, bool named) {
    if (is_scene_file(path)) return &found_.scenes;
    if (ends(name, ".navmesh")) return &found_.navmeshes;
    if (ends(name, ".stage_config.json")) return &found_.stage_configs;
    if (is_weights(name)) return &found_.weights;
    if (is_picture_file(path) && (named || lower_name(path.parent_path()) == "sketches")) {
      return &found_.drawings;
    }
    return nullptr;
  }

  bool refuse_placeholder(const fs::path& path) {
    const std::string what = placeholder(path);
    if (what.empty()) return false;
    found_.findings.push_back({CheckCode::kFilePlaceholder, path, "",
                               fmt::format("the file itself was wanted, found {} in its place", what)});
    return true;
  }

  fs::path root_;
  Inventory found_;
};

}  // namespace

bool Inventory::empty() const {
  return scenes.empty() && navmeshes.empty() && stage_configs.empty() && lists.empty() && drawings.empty() &&
         demonstrations.empty() && weights.empty() && findings.empty();
}

bool is_scene_file(const fs::path& path) {
  const std::string name = lower_name(path);
  if (name.find("semantic") != std::string::npos) return false;
  return std::any_of(kSceneEndings.begin(), kSceneEndings.end(),
                     [&](std::string_view ending) { return ends(name, ending); });
}

bool is_picture_file(const fs::path& path) {
  const std::string name = lower_name(path);
  return ends(name, ".png") || ends(name, ".jpg") || ends(name, ".jpeg");
}

std::vector<fs::path> scenes_of_stem(const fs::path& stem) {
  std::vector<fs::path> scenes;
  for (const std::string_view ending : kSceneEndings) {
    scenes.push_back(stem);
    scenes.back() += ending;
  }
  return scenes;
}

base::Result<Inventory> take_inventory(const fs::path& path) {
  std::error_code code;
  if (!fs::exists(path, code)) {
    return base::Error{base::ErrorCode::kUsage,
                       path.string() + ": a file or a folder to check was wanted, it is not there"};
  }
  if (fs::is_directory(path, code)) {
    Walk walk(path);
    walk.folder(path, 0);
    return walk.take();
  }
  Walk walk({});
  walk.file(path, true);
  return walk.take();
}

}  // namespace inknav::task
