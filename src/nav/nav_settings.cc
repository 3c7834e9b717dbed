// SPDX-License-Identifier: MIT
#include "nav/nav_settings.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace inknav::nav {
namespace {

constexpr float kSame = 1.0e-5f;

struct Number {
  const char* name;
  float (*of)(const NavSettings&);
};
struct Flag {
  const char* name;
  bool NavSettings::*of;
};

/// Without region_merge_size, as in Habitat.
constexpr std::array<Number, 12> kNumbers = {{
    {"cell_size", [](const NavSettings& s) { return s.cell_size; }},
    {"cell_height", [](const NavSettings& s) { return s.cell_height; }},
    {"agent_height", [](const NavSettings& s) { return s.agent_height; }},
    {"agent_radius", [](const NavSettings& s) { return s.agent_radius; }},
    {"agent_max_climb", [](const NavSettings& s) { return s.agent_max_climb; }},
    {"agent_max_slope_deg", [](const NavSettings& s) { return s.agent_max_slope_deg; }},
    {"region_min_size", [](const NavSettings& s) { return s.region_min_size; }},
    {"edge_max_len", [](const NavSettings& s) { return s.edge_max_len; }},
    {"edge_max_error", [](const NavSettings& s) { return s.edge_max_error; }},
    {"verts_per_poly", [](const NavSettings& s) { return static_cast<float>(s.verts_per_poly); }},
    {"detail_sample_dist", [](const NavSettings& s) { return s.detail_sample_dist; }},
    {"detail_sample_max_error", [](const NavSettings& s) { return s.detail_sample_max_error; }},
}};
constexpr std::array<Flag, 4> kFlags = {{
    {"filter_low_hanging_obstacles", &NavSettings::filter_low_hanging_obstacles},
    {"filter_ledge_spans", &NavSettings::filter_ledge_spans},
    {"filter_walkable_low_height_spans", &NavSettings::filter_walkable_low_height_spans},
    {"include_static_objects", &NavSettings::include_static_objects},
}};

}  // namespace

bool habitat_equal(const NavSettings& a, const NavSettings& b) { return describe_difference(a, b).empty(); }

std::string describe_difference(const NavSettings& wanted, const NavSettings& found) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  for (const Number& number : kNumbers) {
    const float w = number.of(wanted), f = number.of(found);
    if (!(std::abs(w - f) < kSame)) add(fmt::format("{} {}, not {}", number.name, w, f));
  }
  for (const Flag& flag : kFlags) {
    if (wanted.*flag.of != found.*flag.of)
      add(fmt::format("{} {}, not {}", flag.name, wanted.*flag.of, found.*flag.of));
  }
  return text;
}

}  // namespace inknav::nav
