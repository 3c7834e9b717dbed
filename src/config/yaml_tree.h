// SPDX-License-Identifier: MIT
#pragma once
// YamlTree: a small document tree with positions, read by yaml-cpp's event parser behind our limits.
//
// Size, characters and nesting are checked before the library sees a byte; number of nodes, depth, anchors,
// aliases, tags, doubled keys and a second document as its events arrive, so nothing is ever expanded.
// Errors are kUsage "<name>:<line>:<column>: ..." (1-based). Internal to config.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace inknav::config {

struct YamlLimits {
  std::size_t bytes = std::size_t{1} << 20;
  int depth = 32;
  int nodes = 10000;
};

struct YamlNode {
  enum class Kind : unsigned char { kNull, kScalar, kSequence, kMap };
  struct Entry;

  Kind kind = Kind::kNull;
  bool quoted = false;  // a scalar in quotes is a string, whatever it looks like
  int line = 0;         // 1-based
  int column = 0;       // 1-based
  std::string text;     // of a scalar
  std::vector<YamlNode> items;
  std::vector<Entry> entries;

  const YamlNode* find(std::string_view key) const;
};

struct YamlNode::Entry {
  std::string key;
  int line = 0;  // of the key
  int column = 0;
  YamlNode value;
};

/// An empty document is a null node.
base::Result<YamlNode> parse_yaml(std::string_view text, const std::string& name,
                                  const YamlLimits& limits = {});

/// `text` as a YAML scalar that reads back as the same string.
std::string yaml_quote(std::string_view text);

}  // namespace inknav::config
