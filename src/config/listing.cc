// SPDX-License-Identifier: MIT
#include "config/listing.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "base/edit_distance.h"
#include "config/load.h"
#include "config/reader.h"
#include "config/yaml_tree.h"

namespace inknav::config {
namespace {

std::string bool_text(bool value) { return value ? "True" : "False"; }

/// The shortest text that reads back to the same number and looks like a real, not a whole number.
std::string real_text(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".eni") == std::string::npos) text += ".0";
  return text;
}

std::string range_of(const Field& field) {
  if (std::isfinite(field.low) && std::isfinite(field.high))
    return fmt::format("{} to {}", field.low, field.high);
  return {};
}

/// Plain where YAML reads it back as the same text, else in quotes.
std::string text_of(const std::string& value) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '/' || c == '.' || c == '-';
  };
  const bool starts_with_letter = !value.empty() && ((value[0] >= 'a' && value[0] <= 'z') ||
                                                     (value[0] >= 'A' && value[0] <= 'Z') || value[0] == '/');
  const bool is_null = value == "null" || value == "Null" || value == "NULL";
  if (starts_with_letter && !is_null && std::all_of(value.begin(), value.end(), plain)) return value;
  return yaml_quote(value);
}

template <typename Values, typename Print>
std::string list_text(const Values& values, Print print) {
  std::string text = "[";
  for (const auto& value : values) {
    if (text.size() > 1) text += ", ";
    text += print(value);
  }
  return text + "]";
}

class Lister : public FieldVisitor {
 public:
  using FieldVisitor::field;
  void field(const Field& field, bool& value) override { add(field, bool_text(value), {}); }
  void field(const Field& field, std::int64_t& value) override {
    add(field, std::to_string(value), range_of(field));
  }
  void field(const Field& field, double& value) override { add(field, real_text(value), range_of(field)); }
  void field(const Field& field, std::string& value) override { add(field, text_of(value), {}); }
  void field(const Field& field, std::optional<int>& value) override {
    add(field, value ? std::to_string(*value) : "auto", range_of(field) + " or auto");
  }
  void field(const Field& field, std::array<double, 2>& value) override {
    add(field, list_text(value, real_text), {});
  }
  void field(const Field& field, std::array<double, 3>& value) override {
    add(field, list_text(value, real_text), {});
  }
  void field(const Field& field, std::vector<std::array<double, 2>>& value) override {
    add(field, list_text(value, [](const auto& pair) { return list_text(pair, real_text); }), {});
  }
  void field(const Field& field, std::vector<std::string>& value) override {
    add(field, list_text(value, text_of), {});
  }
  void field(const Field& field, std::optional<std::vector<int>>& value) override {
    add(field, value ? list_text(*value, [](int id) { return std::to_string(id); }) : "null", {});
  }
  void list(const Field& field, std::vector<std::string>& value,
            std::span<const std::string_view> names) override {
    add(field, list_text(value, text_of), "of " + joined(names));
  }

  std::vector<ListedKey> keys;
  Problems problems;

 protected:
  void choose(const Field& field, int& index, std::span<const std::string_view> names) override {
    add(field, std::string(names[static_cast<std::size_t>(index)]), joined(names));
  }
  void enter(const Field& field) override {
    add(field, {}, {});
    keys.back().section = true;
    prefixes_.push_back(keys.back().path);
  }
  void leave(const Problems& found) override {
    for (const Problem& problem : found)
      problems.push_back({prefixes_.back() + "." + problem.key, problem.text});
    prefixes_.pop_back();
  }

 private:
  static std::string joined(std::span<const std::string_view> names) {
    std::string text;
    for (const std::string_view name : names) text += (text.empty() ? "" : " | ") + std::string(name);
    return text;
  }
  void add(const Field& field, std::string value, std::string range) {
    const std::string path =
        prefixes_.empty() ? std::string(field.key) : prefixes_.back() + "." + std::string(field.key);
    keys.push_back({path, std::string(field.key), static_cast<int>(prefixes_.size()), false, std::move(value),
                    std::string(field.doc), std::move(range), field.shapes_result});
  }

  std::vector<std::string> prefixes_;
};

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('.') + 1); }
std::string_view parent_of(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

}  // namespace

std::vector<ListedKey> list_keys(const ExperimentConfig& config) {
  ExperimentConfig copy = config;
  Lister lister;
  describe(copy, lister);
  return std::move(lister.keys);
}

Problems all_problems(const ExperimentConfig& config) {
  ExperimentConfig copy = config;
  Lister lister;
  describe(copy, lister);
  for (Problem& problem : copy.validate()) lister.problems.push_back(std::move(problem));
  return std::move(lister.problems);
}

std::vector<std::string> known_keys() {
  std::vector<std::string> keys;
  for (const ListedKey& key : list_keys(ExperimentConfig{})) keys.push_back(key.path);
  return keys;
}

std::string nearest_key_hint(std::string_view dotted_key) {
  const std::string_view word = last_part(dotted_key);
  const int limit = std::max<int>(2, static_cast<int>(word.size()) / 3);
  int best = 2 * limit + 2;
  std::string nearest;
  for (const std::string& key : known_keys()) {
    const int edits = base::edit_distance(word, last_part(key));
    if (edits > limit) continue;
    // A key of another section is taken only when it fits better than the siblings do.
    const int score = 2 * edits + (parent_of(key) == parent_of(dotted_key) ? 0 : 1);
    if (score < best) {
      best = score;
      nearest = key;
    }
  }
  if (nearest.empty()) return "; inknav train --print-config lists all keys";
  return "; did you mean " + nearest + "?";
}

std::string to_yaml(const ExperimentConfig& config, bool comments) {
  const std::vector<ListedKey> keys = list_keys(config);
  const std::vector<ListedKey> defaults = list_keys(ExperimentConfig{});
  std::string yaml;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const ListedKey& key = keys[i];
    if (comments && key.section && key.depth == 0) yaml += "\n";
    std::string line = std::string(static_cast<std::size_t>(key.depth) * 4, ' ') + key.key + ":";
    if (!key.section) line += " " + key.value;
    if (comments) {
      line.resize(std::max<std::size_t>(line.size(), 46), ' ');
      line += "  # " + key.doc;
      if (!key.range.empty()) line += " (" + key.range + ")";
      if (key.value != defaults[i].value) line += "; default " + defaults[i].value;
    }
    yaml += line + "\n";
  }
  return yaml;
}

std::vector<std::string> changed_settings(const ExperimentConfig& before, const ExperimentConfig& now) {
  const std::vector<ListedKey> old_keys = list_keys(before), new_keys = list_keys(now);
  std::vector<std::string> changes;
  for (std::size_t i = 0; i < new_keys.size(); ++i) {
    const ListedKey &was = old_keys[i], &is = new_keys[i];
    if (!is.section && is.shapes_result && is.value != was.value)
      changes.push_back(is.path + " = " + is.value + ", was " + was.value);
  }
  return changes;
}

}  // namespace inknav::config
