// SPDX-License-Identifier: MIT
#pragma once
// Hydra keys: what Habitat-Lab 0.3.3 calls habitat.* and habitat_baselines.*, in files (as trees) and on the
// command line (a.b.c=value), turned into our upper-case keys before they are read. One table, one to one.
//
// A key without a counterpart is an error with the reason or the nearest name that has one; `type`, which
// names an implementation, is passed over where there is only one. Keys of 0.2.2 and 0.2.3 that 0.3.3 has no
// more (action_space_config, noise_model, tilt_angle of the simulator) are in the table too. Files that Hydra
// composes (`defaults:`, "# @package") are refused: here files are given in their order. kUsage.

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/yaml_tree.h"

namespace inknav::config {

enum class HydraKind : unsigned char {
  kSame,           // the value as it is
  kAllIsMinusOne,  // -1 there is 0 here
  kNames,          // a section whose keys, where items have a type, are the list
  kCameras,        // likewise, of cameras; the policy looks through those that are named
  kShared,         // several keys there are one here: all that are set must have the same value
};

struct HydraKey {
  std::string_view hydra;
  std::string_view ours;
  HydraKind kind = HydraKind::kSame;
};
std::span<const HydraKey> hydra_keys();

/// Whether the word is KEY=VALUE in Hydra's way of writing, not a key of ours.
bool is_hydra_override(std::string_view word);

/// Moves what stands below `habitat` and `habitat_baselines` in `root` to our keys; positions stay. `place`
/// names the file in errors.
base::Status translate_hydra(YamlNode& root, const std::string& place);
/// "# @package" in the text of a file.
base::Status check_composition(std::string_view text, const std::string& place);

}  // namespace inknav::config
