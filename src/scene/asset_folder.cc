// SPDX-License-Identifier: MIT
#include "scene/asset_folder.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <utility>

#include "base/file.h"

namespace inknav::scene::internal {
namespace {

namespace fs = std::filesystem;

/// Never more than a line of somebody else's text.
std::string shown_name(std::string_view name) {
  std::string shown(name.substr(0, 120));
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, '?');
  return shown;
}

base::Error refuse(std::string_view name, std::string_view why) {
  return {base::ErrorCode::kData,
          fmt::format("the scene refers to '{}': {}; only files in the scene's own folder are opened",
                      shown_name(name), why)};
}

base::Error refuse_config(const fs::path& root, std::string_view name, std::string_view why) {
  return {base::ErrorCode::kData, fmt::format("'{}' is named: {}; only files beneath {} are opened",
                                              shown_name(name), why, root.string())};
}

base::Status check_letters(std::string_view name) {
  if (name.empty()) return refuse(name, "the name is empty");
  if (name.size() > 1024) return refuse(name, "the name is longer than 1024 bytes");
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) return refuse(name, "the name has a control character");
    if (c == ':') return refuse(name, "the name has a scheme or a drive");
    if (c == '\\') return refuse(name, "the name has a backslash");
  }
  if (name.front() == '/' || name.front() == '~') return refuse(name, "the name is not relative");
  return base::ok_status();
}

base::Status check_name(std::string_view name) {
  INKNAV_RETURN_IF_ERROR(check_letters(name));
  for (const fs::path& part : fs::path(name)) {
    if (part == "..") return refuse(name, "the name leaves the folder with '..'");
  }
  return base::ok_status();
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

base::Result<std::vector<std::uint8_t>> AssetFolder::read(std::string_view name, std::size_t max_bytes) {
  INKNAV_RETURN_IF_ERROR(check_name(name));
  std::error_code error;
  const fs::path root = fs::canonical(folder_.empty() ? fs::path(".") : folder_, error);
  if (error) return refuse(name, fmt::format("its folder cannot be opened ({})", error.message()));
  const fs::path path = fs::canonical(root / fs::path(name), error);
  if (error) return refuse(name, fmt::format("the file cannot be opened ({})", error.message()));
  if (!lies_beneath(root, path)) return refuse(name, "a link leads out of the folder");
  if (!fs::is_regular_file(path, error)) return refuse(name, "it is not a plain file");
  INKNAV_ASSIGN_OR_RETURN(std::vector<std::uint8_t> bytes, base::read_file(path, max_bytes));
  opened_[std::string(name)] = base::xxh3_128(bytes.data(), bytes.size());
  return bytes;
}

bool lies_beneath(const fs::path& root, const fs::path& path) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

base::Result<std::optional<fs::path>> find_beneath(const fs::path& root, const fs::path& folder,
                                                   std::string_view name) {
  const base::Status letters = check_letters(name);
  if (!letters.ok()) return refuse_config(root, name, "a relative path without control characters is wanted");
  std::error_code error;
  const fs::path path = fs::weakly_canonical((folder.empty() ? root : folder) / fs::path(name), error);
  if (error) return refuse_config(root, name, fmt::format("it cannot be opened ({})", error.message()));
  if (!lies_beneath(root, path)) return refuse_config(root, name, "it lies outside");
  if (!fs::exists(path, error)) return std::optional<fs::path>();
  return std::optional<fs::path>(path);
}

base::Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return refuse(text, "it has a broken % escape");
    out.push_back(static_cast<char>(16 * high + low));
    i += 2;
  }
  return out;
}

base::Result<std::vector<std::uint8_t>> decode_data_uri(std::string_view uri) {
  const auto broken = [](std::string_view what) {
    return base::Error{base::ErrorCode::kData,
                       fmt::format("a data: URI with base64 content is wanted, {}", what)};
  };
  const std::size_t comma = uri.find(',');
  if (!uri.starts_with("data:") || comma == std::string_view::npos || comma > 256)
    return broken("it has no content");
  if (!uri.substr(0, comma).ends_with(";base64")) return broken("this one is not marked base64");
  const std::string_view payload = uri.substr(comma + 1);
  if (payload.empty() || payload.size() % 4 != 0 || payload.size() > (std::size_t{1} << 30)) {
    return broken(fmt::format("its length {} is not a multiple of 4", payload.size()));
  }
  std::vector<std::uint8_t> bytes(payload.size() / 4 * 3);
  const int length = EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(payload.data()),
                                     static_cast<int>(payload.size()));
  if (length < 0 || static_cast<std::size_t>(length) > bytes.size())
    return broken("other characters are in it");
  std::size_t padding = 0;
  while (padding < 2 && payload[payload.size() - 1 - padding] == '=') ++padding;
  if (static_cast<std::size_t>(length) < padding) return broken("it is too short");
  bytes.resize(static_cast<std::size_t>(length) - padding);
  return bytes;
}

}  // namespace inknav::scene::internal
