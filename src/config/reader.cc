// SPDX-License-Identifier: MIT
#include "config/reader.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "config/habitat_names.h"
#include "config/legacy.h"

namespace inknav::config {
namespace {

std::optional<std::int64_t> integer_of(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::kScalar || node.quoted) return std::nullopt;
  const char* begin = node.text.data();
  const char* end = begin + node.text.size();
  if (begin != end && *begin == '+') ++begin;
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<double> real_of(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::kScalar || node.quoted) return std::nullopt;
  const char* begin = node.text.data();
  const char* end = begin + node.text.size();
  if (begin != end && *begin == '+') ++begin;
  double value = 0.0;
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

std::optional<bool> bool_of(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::kScalar || node.quoted) return std::nullopt;
  const std::string word = lower(node.text);
  if (word == "true" || word == "yes" || word == "on") return true;
  if (word == "false" || word == "no" || word == "off") return false;
  return std::nullopt;
}

/// What stands in the file, for messages.
std::string shown(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a section";
    case YamlNode::Kind::kScalar:
      break;
  }
  std::string text = node.text.size() > 60 ? node.text.substr(0, 57) + "..." : node.text;
  return node.quoted ? yaml_quote(text) : text;
}

std::string joined(std::span<const std::string_view> names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return text;
}

/// Sensor and measure names are written RGB_SENSOR, rgb, SPL, spl ... by different users.
std::string plain_name(std::string_view name) {
  std::string plain = lower(name);
  constexpr std::string_view kSuffix = "_sensor";
  if (plain.size() > kSuffix.size() && plain.ends_with(kSuffix)) plain.resize(plain.size() - kSuffix.size());
  return plain;
}

std::string range_text(const Field& field) {
  const bool low = std::isfinite(field.low);
  const bool high = std::isfinite(field.high);
  if (low && high) return fmt::format("from {} to {}", field.low, field.high);
  if (low) return fmt::format("of at least {}", field.low);
  return fmt::format("of at most {}", field.high);
}

}  // namespace

TreeReader::TreeReader(const YamlNode& root, std::string place_name, std::string prefix)
    : root_(root), place_name_(std::move(place_name)) {
  levels_.push_back({&root_, std::move(prefix), {}});
}

std::string TreeReader::place(int line, int column) const {
  return line > 0 ? fmt::format("{}:{}:{}", place_name_, line, column) : place_name_;
}

bool TreeReader::begin() {
  if (root_.kind == YamlNode::Kind::kNull || root_.kind == YamlNode::Kind::kMap) return true;
  errors_.push_back({root_.line, root_.column,
                     "lines KEY: value were wanted, found " + shown(root_) + "; is the file cut short?"});
  return false;
}

std::string TreeReader::path_of(std::string_view key) const {
  const std::string& path = levels_.back().path;
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

const YamlNode* TreeReader::take(const Field& field) {
  Level& level = levels_.back();
  level.seen.push_back(field.key);
  if (level.node == nullptr) return nullptr;
  for (const YamlNode::Entry& entry : level.node->entries) {
    if (entry.key != field.key) continue;
    origins_[path_of(field.key)] = place(entry.line, entry.column);
    return &entry.value;
  }
  return nullptr;
}

void TreeReader::wrong(const Field& field, const YamlNode& node, const std::string& wanted) {
  int line = node.line;
  int column = node.column;
  for (const YamlNode::Entry& entry : levels_.back().node->entries) {
    if (entry.key == field.key) {
      line = entry.line;
      column = entry.column;
    }
  }
  errors_.push_back(
      {line, column,
       path_of(field.key) + " = " + shown(node) + " is not " + wanted + " (" + std::string(field.doc) + ")"});
}

bool TreeReader::number_in_range(const Field& field, const YamlNode& node, double value) {
  if (value >= field.low && value <= field.high) return true;
  wrong(field, node, "a number " + range_text(field));
  return false;
}

void TreeReader::field(const Field& field, bool& value) {
  const YamlNode* node = take(field);
  if (node == nullptr) return;
  const auto read = bool_of(*node);
  if (read) {
    value = *read;
  } else {
    wrong(field, *node, "True or False");
  }
}

void TreeReader::field(const Field& field, std::int64_t& value) {
  const YamlNode* node = take(field);
  if (node == nullptr) return;
  const auto read = integer_of(*node);
  if (!read) {
    wrong(field, *node, "a whole number");
  } else if (number_in_range(field, *node, static_cast<double>(*read))) {
    value = *read;
  }
}

void TreeReader::field(const Field& field, double& value) {
  const YamlNode* node = take(field);
  if (node == nullptr) return;
  const auto read = real_of(*node);
  if (!read) {
    wrong(field, *node, "a finite number");
  } else if (number_in_range(field, *node, *read)) {
    value = *read;
  }
}

void TreeReader::field(const Field& field, std::string& value) {
  const YamlNode* node = take(field);
  if (node == nullptr) return;
  if (node->kind == YamlNode::Kind::kNull) {
    value.clear();
  } else if (node->kind == YamlNode::Kind::kScalar) {
    value = node->text;
  } else {
    wrong(field, *node, "a text");
  }
}

void TreeReader::field(const Field& field, std::optional<int>& value) {
  const YamlNode* node = take(field);
  if (node == nullptr) return;
  if (node->kind == YamlNode::Kind::kNull ||
      (node->kind == YamlNode::Kind::kScalar && lower(node->text) == "auto")) {
    value.reset();
    return;
  }
  const auto read = integer_of(*node);
  if (!read) {
    wrong(field, *node, "a whole number or auto");
  } else if (number_in_range(field, *node, static_cast<double>(*read))) {
    value = static_cast<int>(*read);
  }
}

void TreeReader::field(const Field& field, std::array<double, 3>& value) {
  const YamlNode* node = take(field);
  std::array<double, 3> read{};
  if (node != nullptr && read_numbers(field, *node, "a list of 3 numbers, [x, y, z]", read)) value = read;
}

void TreeReader::field(const Field& field, std::array<double, 2>& value) {
  const YamlNode* node = take(field);
  std::array<double, 2> read{};
  if (node != nullptr && read_numbers(field, *node, "a list of 2 numbers, [a, b]", read)) value = read;
}

void TreeReader::field(const Field& field, std::vector<std::array<double, 2>>& value) {
  constexpr const char* kWanted = "a list of pairs of numbers, [[a, b], [c, d]]";
  const YamlNode* node = take(field);
  if (node == nullptr) return;
  if (node->kind != YamlNode::Kind::kSequence) return wrong(field, *node, kWanted);
  std::vector<std::array<double, 2>> pairs(node->items.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (!read_numbers(field, node->items[i], kWanted, pairs[i])) return;
  }
  value = std::move(pairs);
}

bool TreeReader::read_numbers(const Field& field, const YamlNode& node, const char* wanted,
                              std::span<double> numbers) {
  if (node.kind != YamlNode::Kind::kSequence || node.items.size() != numbers.size()) {
    wrong(field, node, wanted);
    return false;
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto number = real_of(node.items[i]);
    if (!number) {
      wrong(field, node.items[i], "a finite number");
      return false;
    }
    if (!number_in_range(field, node.items[i], *number)) return false;
    numbers[i] = *number;
  }
  return true;
}

bool TreeReader::read_names(const Field& field, const YamlNode& node, std::vector<std::string>& names) {
  if (node.kind != YamlNode::Kind::kSequence) {
    wrong(field, node, "a list; write [a, b] or []");
    return false;
  }
  for (const YamlNode& item : node.items) {
    if (item.kind != YamlNode::Kind::kScalar) {
      wrong(field, item, "a text in the list");
      return false;
    }
    names.push_back(item.text);
  }
  return true;
}

void TreeReader::field(const Field& field, std::vector<std::string>& value) {
  const YamlNode* node = take(field);
  std::vector<std::string> names;
  if (node != nullptr && read_names(field, *node, names)) value = std::move(names);
}

void TreeReader::list(const Field& field, std::vector<std::string>& value,
                      std::span<const std::string_view> names) {
  const YamlNode* node = take(field);
  std::vector<std::string> words;
  if (node == nullptr || !read_names(field, *node, words)) return;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto found = std::find_if(names.begin(), names.end(), [&](std::string_view name) {
      return plain_name(name) == plain_name(words[i]);
    });
    if (found == names.end()) {
      wrong(field, node->items[i], "one of " + joined(names) + name_hint(words[i], names));
      return;
    }
    words[i] = *found;
  }
  value = std::move(words);
}

void TreeReader::field(const Field& field, std::optional<std::vector<int>>& value) {
  const YamlNode* node = take(field);
  if (node == nullptr) return;
  if (node->kind == YamlNode::Kind::kNull) {
    value.reset();
    return;
  }
  std::vector<YamlNode> parts;
  if (node->kind == YamlNode::Kind::kSequence) {
    parts = node->items;
  } else if (node->kind == YamlNode::Kind::kScalar) {
    std::size_t begin = 0;
    for (bool more = true; more;) {
      const std::size_t comma = node->text.find(',', begin);
      more = comma != std::string::npos;
      YamlNode part = *node;
      part.quoted = false;
      part.text = node->text.substr(begin, more ? comma - begin : comma);
      while (!part.text.empty() && part.text.front() == ' ') part.text.erase(0, 1);
      while (!part.text.empty() && part.text.back() == ' ') part.text.pop_back();
      parts.push_back(std::move(part));
      begin = comma + 1;
    }
  }
  std::vector<int> ids;
  for (const YamlNode& part : parts) {
    const auto id = integer_of(part);
    if (!id || static_cast<double>(*id) < field.low || static_cast<double>(*id) > field.high) {
      ids.clear();
      break;
    }
    ids.push_back(static_cast<int>(*id));
  }
  if (ids.empty()) {
    wrong(field, *node, "a list of device numbers; write \"0,2\" or [0, 2]");
  } else {
    value = std::move(ids);
  }
}

void TreeReader::choose(const Field& field, int& index, std::span<const std::string_view> names) {
  const YamlNode* node = take(field);
  if (node == nullptr) return;
  if (node->kind == YamlNode::Kind::kScalar || node->kind == YamlNode::Kind::kNull) {
    const std::string word = node->kind == YamlNode::Kind::kNull ? "none" : lower(node->text);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (lower(names[i]) == word) {
        index = static_cast<int>(i);
        return;
      }
    }
  }
  wrong(field, *node, joined(names));
}

void TreeReader::enter(const Field& field) {
  const YamlNode* node = take(field);
  if (node != nullptr && node->kind != YamlNode::Kind::kMap) {
    if (node->kind != YamlNode::Kind::kNull) wrong(field, *node, "a section with keys");
    node = nullptr;
  }
  levels_.push_back({node, path_of(field.key), {}});
}

bool TreeReader::legacy(const YamlNode::Entry& entry, const std::string& path) {
  if (const auto name = moved_to(path)) {
    errors_.push_back(
        {entry.line, entry.column, path + " is named " + std::string(*name) + " here; rename it"});
    return true;
  }
  const auto reason = ignored_reason(path);
  if (!reason) return false;
  // A section that is ignored may hold a key that moved; dropping that silently would change the result.
  if (entry.value.kind == YamlNode::Kind::kMap) {
    for (const YamlNode::Entry& inner : entry.value.entries) {
      const std::string inner_path = path + "." + inner.key;
      if (moved_to(inner_path)) return legacy(inner, inner_path);
    }
  }
  ignored_.emplace(path, *reason);
  return true;
}

void TreeReader::unknown(const YamlNode::Entry& entry, const std::string& path) {
  errors_.push_back({entry.line, entry.column, path + " is not a known key" + nearest_key_hint(path)});
}

void TreeReader::end() {
  const Level level = std::move(levels_.back());
  levels_.pop_back();
  if (level.node == nullptr) return;
  for (const YamlNode::Entry& entry : level.node->entries) {
    if (std::find(level.seen.begin(), level.seen.end(), entry.key) != level.seen.end()) continue;
    const std::string path = level.path.empty() ? entry.key : level.path + "." + entry.key;
    if (!legacy(entry, path)) unknown(entry, path);
  }
}

}  // namespace inknav::config
