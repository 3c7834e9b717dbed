// SPDX-License-Identifier: MIT
#pragma once
// AssetFolder: the only way in which a scene file opens other files (textures, buffers, material libraries).
//
// A name inside an asset is data from a stranger. It must be relative, without "..", scheme, drive, backslash
// or control character, and after following links it must lie beneath the folder of the scene file.
// Unlike base/safe_path.h (names that we give) spaces and most letters are allowed: artists use them.
// Every file that was opened is recorded with its hash, so that the scene cache can tell when one changes.
// Errors: kData. Not thread-safe.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"

namespace inknav::scene::internal {

class AssetFolder {
 public:
  explicit AssetFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The bytes of `name` (already percent-decoded).
  base::Result<std::vector<std::uint8_t>> read(std::string_view name, std::size_t max_bytes);

  /// Names read so far, with the hash of their bytes.
  const std::map<std::string, base::Hash128>& opened() const { return opened_; }

 private:
  std::filesystem::path folder_;
  std::map<std::string, base::Hash128> opened_;
};

/// `folder` / `name` after following links, where `name` (a stranger's, of the form above but for "..") may
/// go up within `root`, which is canonical. None when nothing is there; an error when it lies outside.
base::Result<std::optional<std::filesystem::path>> find_beneath(const std::filesystem::path& root,
                                                                const std::filesystem::path& folder,
                                                                std::string_view name);
/// Part by part, so that "/data/scene_evil" does not lie beneath "/data/scene".
bool lies_beneath(const std::filesystem::path& root, const std::filesystem::path& path);

/// "%20" -> " ". Error on a broken escape.
base::Result<std::string> percent_decode(std::string_view text);

/// The payload of "data:[<type>][;base64],<payload>". Error on anything else.
base::Result<std::vector<std::uint8_t>> decode_data_uri(std::string_view uri);

}  // namespace inknav::scene::internal
