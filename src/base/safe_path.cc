// SPDX-License-Identifier: MIT
#include "base/safe_path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <system_error>

#include "base/safe_path_internal.h"

namespace inknav::base {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxParts = 6;
constexpr std::size_t kMaxPartLength = 128;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_safe_part(std::string_view part) {
  if (part.empty() || part.size() > kMaxPartLength || !is_alphanumeric(part.front())) return false;
  return std::all_of(part.begin(), part.end(),
                     [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

/// Printable form of bytes that may be hostile: control characters and non-ASCII as \xNN, cut at 200 bytes.
std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text.substr(0, 200)) {
    const auto byte = static_cast<unsigned char>(c);
    result += byte >= 0x20 && byte < 0x7f ? std::string(1, c) : fmt::format("\\x{:02x}", byte);
  }
  return result + (text.size() > 200 ? "...'" : "'");
}

Error outside(const fs::path& root, std::string_view relative) {
  return {
      ErrorCode::kData,
      fmt::format("{}: a path beneath this folder was wanted, {} leads outside it through a link; point the "
                  "setting at the real folder instead",
                  root.string(), quoted(relative))};
}

Error system_error(const fs::path& path, const std::error_code& error) {
  return {ErrorCode::kData, fmt::format("{}: could not be resolved: {}; check the path and its permissions",
                                        path.string(), error.message())};
}

/// What the kernel finds beneath root without following a link outside on the way; nothing when it cannot
/// say: before Linux 5.6, where a container filters the call, for missing files and for absolute links.
std::optional<fs::path> kernel_answer(const fs::path& root, const std::string& relative) {
  const int directory = ::open(root.empty() ? "." : root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return std::nullopt;
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const long found = ::syscall(SYS_openat2, directory, relative.c_str(), &how, sizeof(how));
  ::close(directory);
  if (found < 0) return std::nullopt;
  std::error_code error;
  fs::path resolved = fs::read_symlink(fmt::format("/proc/self/fd/{}", found), error);
  ::close(static_cast<int>(found));
  if (error || !resolved.is_absolute()) return std::nullopt;
  return resolved;
}

bool is_component_prefix(const fs::path& prefix, const fs::path& path) {
  const auto [in_prefix, in_path] = std::mismatch(prefix.begin(), prefix.end(), path.begin(), path.end());
  return in_prefix == prefix.end();
}

}  // namespace

bool is_safe_relative_path(std::string_view relative) {
  for (int part = 0; part < kMaxParts; ++part) {
    const std::size_t slash = relative.find('/');
    if (!is_safe_part(relative.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    relative.remove_prefix(slash + 1);
  }
  return false;
}

Result<fs::path> internal::resolve_beneath_portable(const fs::path& root, std::string_view relative) {
  std::error_code error;
  const fs::path real_root = fs::weakly_canonical(root.empty() ? "." : root, error);
  if (error) return system_error(root, error);
  // A link without a target is not followed by weakly_canonical, but would be by a later open(O_CREAT).
  fs::path walked = real_root;
  for (const fs::path& part : fs::path(relative)) {
    walked /= part;
    const fs::file_status status = fs::symlink_status(walked, error);
    if (!fs::exists(status)) break;
    if (fs::is_symlink(status) && !fs::exists(walked, error)) return outside(root, relative);
  }
  const fs::path resolved = fs::weakly_canonical(real_root / relative, error);
  if (error) return system_error(root / relative, error);
  if (!is_component_prefix(real_root, resolved)) return outside(root, relative);
  return resolved;
}

Result<fs::path> resolve_beneath(const fs::path& root, std::string_view relative) {
  if (!is_safe_relative_path(relative)) {
    return Error{
        ErrorCode::kData,
        fmt::format("{}: a relative path of at most {} parts of letters, digits, '.', '_' and '-', each "
                    "beginning with a letter or digit, is wanted, {} found; rename the file and its entry",
                    root.string(), kMaxParts, quoted(relative))};
  }
  if (const auto found = kernel_answer(root, std::string(relative))) return *found;
  return internal::resolve_beneath_portable(root, relative);
}

}  // namespace inknav::base
