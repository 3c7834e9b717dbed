// SPDX-License-Identifier: MIT
#include "scene/ply_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include "scene/limits.h"

namespace inknav::scene::internal {
namespace {

constexpr std::size_t kMaxHeaderBytes = 1u << 20;
constexpr std::size_t kMaxElements = 256;
constexpr std::size_t kMaxProperties = 256;

base::Error ply_error(std::string_view what) {
  return {base::ErrorCode::kData, fmt::format("a PLY file is wanted, {}", what)};
}

std::optional<PlyType> type_named(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, PlyType>, 16> kNames = {{
      {"char", PlyType::kI8},
      {"int8", PlyType::kI8},
      {"uchar", PlyType::kU8},
      {"uint8", PlyType::kU8},
      {"short", PlyType::kI16},
      {"int16", PlyType::kI16},
      {"ushort", PlyType::kU16},
      {"uint16", PlyType::kU16},
      {"int", PlyType::kI32},
      {"int32", PlyType::kI32},
      {"uint", PlyType::kU32},
      {"uint32", PlyType::kU32},
      {"float", PlyType::kF32},
      {"float32", PlyType::kF32},
      {"double", PlyType::kF64},
      {"float64", PlyType::kF64},
  }};
  for (const auto& [known, type] : kNames) {
    if (known == name) return type;
  }
  return std::nullopt;
}

std::vector<std::string_view> split_words(std::string_view line) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while (at < line.size()) {
    const std::size_t begin = line.find_first_not_of(" \t\r", at);
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(line.find_first_of(" \t\r", begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    at = end;
  }
  return words;
}

class HeaderReader {
 public:
  base::Status read_line(std::string_view line) {
    const std::vector<std::string_view> words = split_words(line);
    if (words.empty() || words[0] == "obj_info") return base::ok_status();
    if (words[0] == "comment") {
      if (words.size() >= 3 && words[1] == "TextureFile") {
        header_.textures.emplace_back(words[2].data(), line.data() + line.size() - words[2].data());
        while (!header_.textures.back().empty() && header_.textures.back().back() == '\r') {
          header_.textures.back().pop_back();
        }
      }
      return base::ok_status();
    }
    if (words[0] == "format") return read_format(words, line);
    if (words[0] == "element") return read_element(words, line);
    if (words[0] == "property") return read_property(words, line);
    return unknown(line);
  }

  bool has_format() const { return has_format_; }
  PlyHeader take() { return std::move(header_); }

 private:
  static base::Error unknown(std::string_view line) {
    return ply_error(fmt::format("the header line '{}' is not understood", line.substr(0, 80)));
  }

  base::Status read_format(const std::vector<std::string_view>& words, std::string_view line) {
    if (words.size() != 3 || words[2] != "1.0") return unknown(line);
    if (words[1] == "ascii") {
      header_.format = PlyFormat::kAscii;
    } else if (words[1] == "binary_little_endian") {
      header_.format = PlyFormat::kLittleEndian;
    } else if (words[1] == "binary_big_endian") {
      header_.format = PlyFormat::kBigEndian;
    } else {
      return unknown(line);
    }
    has_format_ = true;
    return base::ok_status();
  }

  base::Status read_element(const std::vector<std::string_view>& words, std::string_view line) {
    if (words.size() != 3 || header_.elements.size() >= kMaxElements) return unknown(line);
    PlyElement element;
    element.name = words[1];
    const auto [end, error] =
        std::from_chars(words[2].data(), words[2].data() + words[2].size(), element.count);
    if (error != std::errc() || end != words[2].data() + words[2].size()) return unknown(line);
    header_.elements.push_back(std::move(element));
    return base::ok_status();
  }

  base::Status read_property(const std::vector<std::string_view>& words, std::string_view line) {
    if (header_.elements.empty() || header_.elements.back().properties.size() >= kMaxProperties)
      return unknown(line);
    PlyProperty property;
    property.is_list = words.size() == 5 && words[1] == "list";
    if (!property.is_list && words.size() != 3) return unknown(line);
    const auto type = type_named(words[property.is_list ? 3 : 1]);
    const auto count_type = property.is_list ? type_named(words[2]) : PlyType::kU8;
    if (!type || !count_type) return unknown(line);
    property.type = *type;
    property.count_type = *count_type;
    property.name = words.back();
    header_.elements.back().properties.push_back(std::move(property));
    return base::ok_status();
  }

  PlyHeader header_;
  bool has_format_ = false;
};

/// Fewest bytes that one item of the element takes in the file.
std::size_t least_size(const PlyElement& element, PlyFormat format) {
  std::size_t size = 0;
  for (const PlyProperty& property : element.properties) {
    size += format == PlyFormat::kAscii ? 2 : size_of(property.is_list ? property.count_type : property.type);
  }
  return std::max<std::size_t>(size, 1);
}

}  // namespace

std::size_t size_of(PlyType type) {
  switch (type) {
    case PlyType::kI8:
    case PlyType::kU8:
      return 1;
    case PlyType::kI16:
    case PlyType::kU16:
      return 2;
    case PlyType::kF64:
      return 8;
    default:
      return 4;
  }
}

int PlyElement::find(std::string_view property) const {
  for (std::size_t i = 0; i < properties.size(); ++i) {
    if (properties[i].name == property) return static_cast<int>(i);
  }
  return -1;
}

base::Result<PlyHeader> read_ply_header(std::span<const std::uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                              std::min(bytes.size(), kMaxHeaderBytes));
  if (!text.starts_with("ply\n") && !text.starts_with("ply\r\n"))
    return ply_error("it does not begin with 'ply'");
  HeaderReader reader;
  std::size_t at = text.find('\n') + 1;
  for (;;) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) return ply_error("its header has no end");
    std::string_view line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    at = end + 1;
    if (line == "end_header") break;
    INKNAV_RETURN_IF_ERROR(reader.read_line(line));
  }
  if (!reader.has_format()) return ply_error("its header names no format");
  PlyHeader header = reader.take();
  header.body = at;
  // One byte of grace: the last number of an ASCII file needs no blank after it.
  const std::size_t left = bytes.size() - at + 1;
  for (const PlyElement& element : header.elements) {
    if (element.count > left / least_size(element, header.format)) {
      return ply_error(fmt::format("{} '{}' are announced, {} bytes are there; it is cut off or damaged",
                                   element.count, element.name.substr(0, 40), left - 1));
    }
  }
  return header;
}

bool PlyCursor::next(PlyType type, double& out) {
  if (format_ == PlyFormat::kAscii) return next_text(out);
  const std::size_t size = size_of(type);
  if (size > body_.size() - position_) return false;
  std::uint64_t bits = 0;
  std::memcpy(&bits, body_.data() + position_, size);
  position_ += size;
  if (format_ == PlyFormat::kBigEndian) bits = __builtin_bswap64(bits) >> (64 - 8 * size);
  switch (type) {
    case PlyType::kI8:
      out = static_cast<std::int8_t>(bits);
      break;
    case PlyType::kI16:
      out = static_cast<std::int16_t>(bits);
      break;
    case PlyType::kI32:
      out = static_cast<std::int32_t>(bits);
      break;
    case PlyType::kF32:
      out = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
      break;
    case PlyType::kF64:
      out = std::bit_cast<double>(bits);
      break;
    default:
      out = static_cast<double>(bits);
      break;
  }
  return true;
}

bool PlyCursor::next_text(double& out) {
  const char* begin = reinterpret_cast<const char*>(body_.data());
  const auto is_blank = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
  while (position_ < body_.size() && is_blank(begin[position_])) ++position_;
  if (position_ < body_.size() && begin[position_] == '+') ++position_;
  const auto [end, error] = std::from_chars(begin + position_, begin + body_.size(), out);
  if (error != std::errc()) return false;
  position_ = static_cast<std::size_t>(end - begin);
  return position_ == body_.size() || is_blank(begin[position_]);
}

bool PlyCursor::next_count(const PlyProperty& list, std::size_t& out) {
  double value = 0.0;
  if (!next(list.count_type, value)) return false;
  const std::size_t item = format_ == PlyFormat::kAscii ? 2 : size_of(list.type);
  const auto most = static_cast<double>((body_.size() - position_ + 1) / item);
  if (!(value >= 0.0) || value > most || value != static_cast<double>(static_cast<std::size_t>(value)))
    return false;
  out = static_cast<std::size_t>(value);
  return true;
}

}  // namespace inknav::scene::internal
