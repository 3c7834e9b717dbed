// SPDX-License-Identifier: MIT
#pragma once
// TreeReader: one YAML tree -> the members that it names, through a struct's field table; and KnownKeys, all
// keys of a struct, for hints. Internal to config.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/field.h"
#include "config/yaml_tree.h"

namespace inknav::config {

/// What was found while reading; errors carry their position so that the first in the file is reported.
struct Finding {
  int line = 0;
  int column = 0;
  std::string text;  // without position
};

/// All dotted keys of a struct and the words of its sections.
std::vector<std::string> known_keys();

/// "; did you mean X?" for the known key nearest to `dotted_key`, or "" when none is near.
std::string nearest_key_hint(std::string_view dotted_key);

class TreeReader : public FieldVisitor {
 public:
  /// `place_name`: a file's name, or "command line". `prefix`: of dotted keys, e.g. "TASK_CONFIG".
  TreeReader(const YamlNode& root, std::string place_name, std::string prefix);

  /// Reads `root` into `config`; call once.
  template <typename Struct>
  void read(Struct& config) {
    if (!begin()) return;
    describe(config, *this);
    end();
  }

  using FieldVisitor::field;
  void field(const Field& field, bool& value) override;
  void field(const Field& field, std::int64_t& value) override;
  void field(const Field& field, double& value) override;
  void field(const Field& field, std::string& value) override;
  void field(const Field& field, std::optional<int>& value) override;
  void field(const Field& field, std::array<double, 2>& value) override;
  void field(const Field& field, std::array<double, 3>& value) override;
  void field(const Field& field, std::vector<std::array<double, 2>>& value) override;
  void field(const Field& field, std::vector<std::string>& value) override;
  void field(const Field& field, std::optional<std::vector<int>>& value) override;
  void list(const Field& field, std::vector<std::string>& value,
            std::span<const std::string_view> names) override;

  const std::vector<Finding>& errors() const { return errors_; }
  const std::map<std::string, std::string>& ignored() const { return ignored_; }  // key -> reason
  const std::map<std::string, std::string>& origins() const { return origins_; }  // key -> place
  std::string place(int line, int column) const;

 protected:
  void choose(const Field& field, int& index, std::span<const std::string_view> names) override;
  void enter(const Field& field) override;
  void leave(const Problems&) override { end(); }

 private:
  struct Level {
    const YamlNode* node;  // null: the tree has no such section
    std::string path;
    std::vector<std::string_view> seen;
  };

  bool begin();
  void end();
  /// The field's node, or null when the tree does not name it; records its origin.
  const YamlNode* take(const Field& field);
  std::string path_of(std::string_view key) const;
  void wrong(const Field& field, const YamlNode& node, const std::string& wanted);
  bool number_in_range(const Field& field, const YamlNode& node, double value);
  /// `wanted` describes a node that is not a list of as many numbers.
  bool read_numbers(const Field& field, const YamlNode& node, const char* wanted, std::span<double> numbers);
  bool read_names(const Field& field, const YamlNode& node, std::vector<std::string>& names);
  void unknown(const YamlNode::Entry& entry, const std::string& path);
  bool legacy(const YamlNode::Entry& entry, const std::string& path);

  const YamlNode& root_;
  std::string place_name_;
  std::vector<Level> levels_;
  std::vector<Finding> errors_;
  std::map<std::string, std::string> ignored_;
  std::map<std::string, std::string> origins_;
};

}  // namespace inknav::config
