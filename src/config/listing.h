// SPDX-License-Identifier: MIT
#pragma once
// Listing: a config struct as rows of (key, value as YAML, meaning, range), in printing order. The source of
// --print-config, config.yaml, changed_settings() and the hints. Internal to config.

#include <string>
#include <string_view>
#include <vector>

#include "config/experiment.h"

namespace inknav::config {

struct ListedKey {
  std::string path;  // dotted
  std::string key;   // last part
  int depth = 0;
  bool section = false;
  std::string value;  // YAML; empty for a section
  std::string doc;
  std::string range;  // "0 to 1", "a | b | c", or empty
  bool shapes_result = true;
};

std::vector<ListedKey> list_keys(const ExperimentConfig& config);

/// Problems of all sections with dotted keys.
Problems all_problems(const ExperimentConfig& config);

}  // namespace inknav::config
