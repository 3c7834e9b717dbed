// SPDX-License-Identifier: MIT
#include "task/check/folder_inventory.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "task/demonstration_file.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxDepth = 32;  // of folders
constexpr const char* kSketches = "sketches";

bool in_sketches(const fs::path& path) { return path.parent_path().filename() == kSketches; }

ListPlace place_of_list(const fs::path& list) {
  const fs::path folder = fs::absolute(list).parent_path();
  return {list, (folder.filename() == "content" ? folder.parent_path() : folder) / kSketches};
}

class Walk {
 public:
  void folder(const fs::path& path, int depth) {
    std::error_code code;
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
        file(entry, false);
      } else if (fs::is_symlink(status) && !fs::exists(entry, code)) {
        broken_link(entry);
      }
    }
  }

  void file(const fs::path& path, bool named) {
    // The truth beside a drawing is read with it.
    if (!named && in_sketches(path) && is_json_file(path)) return;
    const fs::path picture = fs::path(path).replace_extension(".png");
    std::error_code code;
    if (named && is_json_file(path) && fs::exists(picture, code)) return add(picture, found_.drawings);
    const FileSort sort = sort_of(path);
    switch (sort) {
      case FileSort::kScene:
        return add(path, found_.scenes);
      case FileSort::kNavmesh:
        return add(path, found_.navmeshes);
      case FileSort::kStageConfig:
        return add(path, found_.stage_configs);
      case FileSort::kWeights:
        return add(path, found_.weights);
      case FileSort::kList:
        return add_list(path);
      case FileSort::kPicture:
        return named || in_sketches(path) ? add(path, found_.drawings) : pass_over(path, FileSort::kOther);
      case FileSort::kPartial:
        found_.findings.push_back({CheckCode::kFilePartial, path, "", "a whole file was wanted"});
        return;
      case FileSort::kShard:
        return add_demonstrations(path.parent_path());
      case FileSort::kIndex:
        if (path == manifest_path(path.parent_path())) add_demonstrations(path.parent_path());
        return;
      case FileSort::kOther:
        return named && is_json_file(path) ? add_list(path) : pass_over(path, sort);
      default:
        return pass_over(path, sort);
    }
  }

  Inventory take() { return std::move(found_); }

 private:
  void broken_link(const fs::path& path) {
    const FileSort sort = sort_of(path);
    if (sort > FileSort::kWeights || (sort == FileSort::kPicture && !in_sketches(path))) return;
    std::error_code code;
    const fs::path target = fs::read_symlink(path, code);
    add_placeholder(path, fmt::format("a link to {}, which is not there,", target.string()));
  }

  void add(const fs::path& path, std::vector<fs::path>& files) {
    if (!is_placeholder(path)) files.push_back(path);
  }

  void add_list(const fs::path& path) {
    if (!is_placeholder(path)) found_.lists.push_back(place_of_list(path));
  }

  /// The files of a folder come one after the other, but for folders beneath it.
  void add_demonstrations(const fs::path& folder) {
    std::vector<fs::path>& sets = found_.demonstrations;
    if (std::find(sets.rbegin(), sets.rend(), folder) == sets.rend()) sets.push_back(folder);
  }

  void pass_over(const fs::path& path, FileSort sort) { found_.passed_over[sort].add(path); }

  bool is_placeholder(const fs::path& path) {
    const std::string what = placeholder_in(path);
    if (!what.empty()) add_placeholder(path, what);
    return !what.empty();
  }

  void add_placeholder(const fs::path& path, const std::string& what) {
    found_.findings.push_back({CheckCode::kFilePlaceholder, path, "",
                               fmt::format("the file itself was wanted, found {} in its place", what)});
  }

  Inventory found_;
};

}  // namespace

void PassedOver::add(const fs::path& file) {
  if (++files <= kNamed) first.push_back(file);
}

bool Inventory::empty() const {
  return scenes.empty() && navmeshes.empty() && stage_configs.empty() && lists.empty() && drawings.empty() &&
         demonstrations.empty() && weights.empty() && findings.empty();
}

base::Result<Inventory> take_inventory(const fs::path& path) {
  std::error_code code;
  if (!fs::exists(path, code)) {
    return base::Error{base::ErrorCode::kUsage,
                       path.string() + ": a file or a folder to check was wanted, it is not there"};
  }
  Walk walk;
  if (fs::is_directory(path, code)) {
    walk.folder(path, 0);
  } else if (fs::is_regular_file(path, code)) {
    walk.file(path, true);
  } else {
    return base::Error{base::ErrorCode::kUsage,
                       path.string() + ": a file or a folder to check was wanted, it is neither"};
  }
  return walk.take();
}

std::vector<std::string> passed_over_lines(const std::map<FileSort, PassedOver>& passed_over,
                                           const fs::path& root) {
  constexpr std::size_t kNameWidth = 48;
  std::vector<std::string> lines;
  for (const auto& [sort, passed] : passed_over) {
    std::vector<std::string> names;
    for (const fs::path& file : passed.first) {
      const fs::path relative = file.lexically_relative(root);
      std::string& name =
          names.emplace_back((relative.empty() || relative == "." ? file : relative).string());
      if (name.size() > kNameWidth) name.replace(0, name.size() - kNameWidth + 3, "...");
    }
    if (passed.files > names.size()) names.emplace_back("...");
    lines.push_back(fmt::format("{}: {} ({})", name_of(sort), passed.files, fmt::join(names, ", ")));
  }
  return lines;
}

}  // namespace inknav::task
