// SPDX-License-Identifier: MIT
#include "scene/path_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <system_error>

#include "scene/asset_folder.h"
#include "scene/limits.h"

namespace inknav::scene::internal {
namespace {

namespace fs = std::filesystem;

base::Error pattern_error(std::string_view what) { return {base::ErrorCode::kData, std::string(what)}; }

class Matcher {
 public:
  Matcher(const fs::path& root, std::string_view ending) : root_(root), ending_(ending) {}

  base::Result<std::vector<fs::path>> run(std::string_view pattern) {
    std::vector<fs::path> level{root_};
    std::string last;
    for (const fs::path& part : fs::path(pattern)) {
      const std::string text = part.string();
      if (text.empty() || text == ".") continue;
      if (text == ".." || text == "/") return pattern_error("the path leaves the folder of the config");
      std::vector<fs::path> next;
      for (const fs::path& folder : level) INKNAV_RETURN_IF_ERROR(step(folder, text, next));
      level = std::move(next);
    }
    for (const fs::path& match : level) INKNAV_RETURN_IF_ERROR(keep(match));
    return std::vector<fs::path>(files_.begin(), files_.end());
  }

 private:
  base::Status step(const fs::path& folder, const std::string& part, std::vector<fs::path>& next) {
    if (part.find_first_of("*?") == std::string::npos) {
      next.push_back(folder / part);
      return base::ok_status();
    }
    INKNAV_ASSIGN_OR_RETURN(const std::vector<std::string> names, names_in(folder));
    for (const std::string& name : names) {
      if (matches_wildcards(name, part) && name.starts_with('.') <= part.starts_with('.'))
        next.push_back(folder / name);
    }
    return base::ok_status();
  }

  /// Sorted; none where `folder` is no folder.
  base::Result<std::vector<std::string>> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code error;
    if (!fs::is_directory(folder, error)) return names;
    fs::directory_iterator entries(folder, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      if (++seen_ > kMaxNodes)
        return pattern_error(fmt::format("the path matches more than {} names", kMaxNodes));
      names.push_back(entries->path().filename().string());
    }
    if (error)
      return pattern_error(
          fmt::format("{}: the folder cannot be read ({})", folder.string(), error.message()));
    std::sort(names.begin(), names.end());
    return names;
  }

  base::Status keep(const fs::path& match) {
    std::error_code error;
    if (fs::is_directory(match, error)) {
      INKNAV_ASSIGN_OR_RETURN(const std::vector<std::string> names, names_in(match));
      for (const std::string& name : names) {
        if (name.ends_with(ending_)) INKNAV_RETURN_IF_ERROR(keep_file(match / name));
      }
      return base::ok_status();
    }
    if (match.filename().string().ends_with(ending_)) return keep_file(match);
    fs::path longer = match;
    longer += ending_;
    return keep_file(longer);
  }

  base::Status keep_file(const fs::path& path) {
    std::error_code error;
    if (!fs::is_regular_file(path, error)) return base::ok_status();
    const fs::path canonical = fs::canonical(path, error);
    if (error) return pattern_error(fmt::format("{} cannot be opened ({})", path.string(), error.message()));
    if (!lies_beneath(root_, canonical)) {
      return pattern_error(fmt::format("{} is a link that leads out of the config's folder", path.string()));
    }
    files_.insert(canonical);
    return base::ok_status();
  }

  const fs::path& root_;
  std::string_view ending_;
  std::set<fs::path> files_;
  std::size_t seen_ = 0;
};

}  // namespace

bool matches_wildcards(std::string_view name, std::string_view pattern) {
  std::size_t n = 0;
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

base::Result<std::vector<fs::path>> match_paths(const fs::path& root, std::string_view pattern,
                                                std::string_view ending) {
  if (pattern.empty() || pattern.size() > 1024 || pattern.find('\0') != std::string_view::npos)
    return pattern_error("a path of 1 to 1024 letters is wanted");
  return Matcher(root, ending).run(pattern);
}

}  // namespace inknav::scene::internal
