// SPDX-License-Identifier: MIT
#pragma once
// FieldTable: the named fields of an environment and where their values lie. Not thread-safe while it is
// filled; find() allocates nothing. A field that goes to somebody else's memory (VectorEnv::bind_picture) has
// no values here meanwhile: looking for it is a bug.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/tensor_view.h"
#include "task/vector_env.h"

namespace inknav::task {

class FieldTable {
 public:
  /// `view` [N, ...]; its values must stay where they are.
  void add(const char* name, const base::TensorView& view, bool privileged) {
    FieldSpec field;
    field.name = name;
    field.dtype = view.dtype;
    for (int axis = 1; axis < view.rank; ++axis)
      field.shape.push_back(view.shape[static_cast<std::size_t>(axis)]);
    field.privileged = privileged;
    spec_.fields.push_back(std::move(field));
    views_.push_back(view);
    elsewhere_.push_back(0);
  }
  /// Of a field made of `width` numbers an environment; `values` is resized.
  template <typename T>
  void add_row(const char* name, std::vector<T>& values, std::size_t width, bool privileged) {
    const auto count = static_cast<std::size_t>(spec_.num_envs);
    values.resize(count * width);
    add(name, base::make_view(values.data(), count, width), privileged);
  }
  const base::TensorView& find(std::string_view name) const {
    for (std::size_t i = 0; i < views_.size(); ++i) {
      if (spec_.fields[i].name != name) continue;
      INKNAV_CHECK(elsewhere_[i] == 0, "the field goes to bound memory", name);
      return views_[i];
    }
    INKNAV_CHECK(false, "no such field", name);
    return views_.front();
  }
  /// Whether the values of `name` go elsewhere from now on. Returns true.
  bool set_elsewhere(std::string_view name, bool elsewhere) {
    for (std::size_t i = 0; i < views_.size(); ++i) {
      if (spec_.fields[i].name == name) elsewhere_[i] = elsewhere ? 1 : 0;
    }
    return true;
  }
  void set_counts(int num_envs, int num_actions) {
    spec_.num_envs = num_envs;
    spec_.num_actions = num_actions;
  }
  const EnvSpec& spec() const { return spec_; }

 private:
  EnvSpec spec_;
  std::vector<base::TensorView> views_;
  std::vector<std::uint8_t> elsewhere_;  // a field each
};

}  // namespace inknav::task
