// SPDX-License-Identifier: MIT
#include "base/safe_path.h"

#include <algorithm>
#include <string>
#include <system_error>

namespace inknav::base {
namespace {

constexpr std::size_t kMaxPartLength = 128;
constexpr int kMaxParts = 6;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_safe_part(std::string_view part) {
  if (part.empty() || part.size() > kMaxPartLength || !is_alphanumeric(part.front())) return false;
  return std::all_of(part.begin(), part.end(),
                     [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

Error path_error(const std::filesystem::path& root, std::string_view relative, const std::string& found) {
  std::string shown(relative.substr(0, 200));
  std::replace_if(
      shown.begin(), shown.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return {ErrorCode::kData, "\"" + shown + "\": a path beneath " + root.string() + " was wanted, " + found +
                                "; use at most 6 parts of letters, digits, '.', '_' and '-'"};
}

/// Whether `inner` equals `outer` or lies below it, part by part (a string prefix would take /a/bc for /a/b).
bool lies_beneath(const std::filesystem::path& inner, const std::filesystem::path& outer) {
  const auto [outer_end, inner_end] = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  return outer_end == outer.end() && inner_end != inner.end();
}

}  // namespace

bool is_safe_relative_path(std::string_view relative) {
  int parts = 0;
  for (;;) {
    const auto slash = relative.find('/');
    if (!is_safe_part(relative.substr(0, slash)) || ++parts > kMaxParts) return false;
    if (slash == std::string_view::npos) return true;
    relative.remove_prefix(slash + 1);
  }
}

Result<std::filesystem::path> resolve_beneath(const std::filesystem::path& root, std::string_view relative) {
  if (!is_safe_relative_path(relative)) return path_error(root, relative, "found something else");
  std::error_code problem;
  const auto canonical_root = std::filesystem::weakly_canonical(root.empty() ? "." : root, problem);
  if (problem) return path_error(root, relative, "the folder cannot be resolved: " + problem.message());
  const auto resolved = std::filesystem::weakly_canonical(canonical_root / relative, problem);
  if (problem) return path_error(root, relative, "it cannot be resolved: " + problem.message());
  if (!lies_beneath(resolved, canonical_root))
    return path_error(root, relative, "found a link that leads outside");
  return resolved;
}

}  // namespace inknav::base
