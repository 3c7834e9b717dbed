// SPDX-License-Identifier: MIT
#pragma once
// NameTable: texts that many episodes share (scenes, rooms, categories, languages), each kept once and named
// by a number. Number 0 is the empty text. Numbers follow the order of first appearance.
// Reading is safe from many threads, adding is not.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/check.h"

namespace inknav::task::habitat {

using NameId = std::uint32_t;

class NameTable {
 public:
  NameTable() { add({}); }
  NameTable(const NameTable&) = delete;
  NameTable& operator=(const NameTable&) = delete;

  NameId add(std::string_view text) {
    const auto found = ids_.find(text);
    if (found != ids_.end()) return found->second;
    const auto id = static_cast<NameId>(texts_.size());
    ids_.emplace(texts_.emplace_back(text), id);
    bytes_ += text.size();
    return id;
  }
  /// The number of `text`, or 0 when it is not there (or empty).
  NameId find(std::string_view text) const {
    const auto found = ids_.find(text);
    return found == ids_.end() ? 0 : found->second;
  }
  const std::string& text(NameId id) const { return texts_.at(id); }
  std::size_t size() const { return texts_.size(); }
  std::size_t num_bytes() const { return bytes_ + texts_.size() * (sizeof(std::string) + 48); }

 private:
  std::deque<std::string> texts_;  // never moved: ids_ looks into it
  std::unordered_map<std::string_view, NameId> ids_;
  std::size_t bytes_ = 0;
};

}  // namespace inknav::task::habitat
