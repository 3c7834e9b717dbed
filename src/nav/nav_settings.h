// SPDX-License-Identifier: MIT
#pragma once
// NavSettings: what a navmesh was, or is to be, built with. Value type; the defaults are Habitat's.

#include <string>

namespace inknav::nav {

/// Lengths in metres, slope in degrees.
struct NavSettings {
  float cell_size = 0.05f;
  float cell_height = 0.2f;
  float agent_height = 1.5f;
  float agent_radius = 0.1f;
  float agent_max_climb = 0.2f;
  float agent_max_slope_deg = 45.0f;
  float region_min_size = 20.0f;
  float region_merge_size = 20.0f;
  float edge_max_len = 12.0f;
  float edge_max_error = 1.3f;
  int verts_per_poly = 6;
  float detail_sample_dist = 6.0f;
  float detail_sample_max_error = 1.0f;
  bool filter_low_hanging_obstacles = true;
  bool filter_ledge_spans = true;
  bool filter_walkable_low_height_spans = true;
  /// Kept for files. A scene here has no objects besides its stage, so building does not depend on it.
  bool include_static_objects = false;
};

/// Habitat's equality of settings, by which it decides whether a navmesh file serves an agent: numbers within
/// 1e-5, and region_merge_size never looked at (its source compares region_min_size twice).
bool habitat_equal(const NavSettings& a, const NavSettings& b);

/// "agent_height 0.88, not 1.5; agent_radius 0.18, not 0.1": the fields by which habitat_equal tells them
/// apart.
std::string describe_difference(const NavSettings& wanted, const NavSettings& found);

}  // namespace inknav::nav
