// SPDX-License-Identifier: MIT
#pragma once
// Field tables: the one place where a config struct says which YAML key fills which member.
//
// Every config struct S has a member with an in-class default (unit and reason beside it) and
//   void describe(S&, FieldVisitor&);
// which names each member once, in the order in which it is printed: key, member, range, meaning. To add a
// key, add the member and its line in describe(); reading, --print-config, range checks, nearest-name hints,
// config.yaml and what a resumed run says of changes follow.
//   visitor.field({.key = "clip_param", .doc = "PPO clipping range", .low = 0.0, .high = 1.0}, s.clip_param);
//   visitor.choice({.key = "rnn_type", .doc = "..."}, s.rnn_type, {"none", "GRU", "LSTM"});   // enum order
//   visitor.section({.key = "PPO", .doc = "..."}, s.ppo);
// Rules that need two members are in S::validate(), which returns the problems with keys relative to S.

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace inknav::config {

/// What is wrong with a setting that cannot be seen from the one value alone.
struct Problem {
  std::string key;   // relative to the struct, e.g. "beta_end"
  std::string text;  // continues "<key> ", e.g. "= 0.1 must be below ...; use ..."
};
using Problems = std::vector<Problem>;

struct Field {
  std::string_view key;
  std::string_view doc;  // one line, with unit
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  /// false: where, how often or how fast, never what is learned; a resumed run may change it unsaid.
  bool shapes_result = true;
};

class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;

  virtual void field(const Field& field, bool& value) = 0;
  virtual void field(const Field& field, std::int64_t& value) = 0;
  virtual void field(const Field& field, double& value) = 0;
  virtual void field(const Field& field, std::string& value) = 0;
  virtual void field(const Field& field, std::optional<int>& value) = 0;  // nullopt is written "auto"
  virtual void field(const Field& field, std::array<double, 2>& value) = 0;
  virtual void field(const Field& field, std::array<double, 3>& value) = 0;
  virtual void field(const Field& field, std::vector<std::array<double, 2>>& value) = 0;
  virtual void field(const Field& field, std::vector<std::string>& value) = 0;
  virtual void field(const Field& field,
                     std::optional<std::vector<int>>& value) = 0;  // "0,2", [0, 2] or null

  void field(const Field& field, int& value) {
    std::int64_t wide = value;
    this->field(within_int(field), wide);
    value = static_cast<int>(wide);
  }

  /// An enum whose values are 0, 1, 2, ... in the order of `names`.
  template <typename Enum>
  void choice(const Field& field, Enum& value, std::initializer_list<std::string_view> names) {
    int index = static_cast<int>(value);
    choose(field, index, std::span<const std::string_view>(names.begin(), names.size()));
    value = static_cast<Enum>(index);
  }
  /// A list of names out of `names`.
  virtual void list(const Field& field, std::vector<std::string>& value,
                    std::span<const std::string_view> names) = 0;
  void list(const Field& field, std::vector<std::string>& value,
            std::initializer_list<std::string_view> names) {
    list(field, value, std::span<const std::string_view>(names.begin(), names.size()));
  }

  template <typename Struct>
  void section(const Field& field, Struct& value) {
    enter(field);
    describe(value, *this);
    leave(value.validate());
  }

 protected:
  virtual void choose(const Field& field, int& index, std::span<const std::string_view> names) = 0;
  virtual void enter(const Field& field) = 0;
  virtual void leave(const Problems& problems) = 0;

 private:
  static Field within_int(Field field) {
    if (field.low < std::numeric_limits<int>::min()) field.low = std::numeric_limits<int>::min();
    if (field.high > std::numeric_limits<int>::max()) field.high = std::numeric_limits<int>::max();
    return field;
  }
};

}  // namespace inknav::config
