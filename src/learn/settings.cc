// SPDX-License-Identifier: MIT
#include "learn/settings.h"

#include <nlohmann/json.hpp>

namespace inknav::learn {
namespace {

using nlohmann::json;

/// The members of PolicySettings with their names, once for both directions.
template <typename Settings, typename Visit>
void each_member(Settings& s, Visit&& visit) {
  visit("num_actions", s.num_actions);
  visit("number_fields", s.number_fields);
  visit("vector_size", s.vector_size);
  visit("backbone", s.backbone);
  visit("use_depth", s.use_depth);
  visit("use_rgb", s.use_rgb);
  visit("image_height", s.image_height);
  visit("image_width", s.image_width);
  visit("image_channels", s.image_channels);
  visit("base_planes", s.base_planes);
  visit("recurrence", s.recurrence);
  visit("hidden_size", s.hidden_size);
  visit("decode_waypoint", s.decode_waypoint);
  visit("turn_angle", s.turn_angle);
  visit("predict_goal", s.predict_goal);
  visit("reading.enabled", s.reading.enabled);
  visit("reading.crop_cells", s.reading.crop_cells);
  visit("reading.metres_per_cell", s.reading.metres_per_cell);
  visit("reading.channels", s.reading.channels);
  visit("reading.belief_gain", s.reading.belief_gain);
  visit("reading.drawing_size", s.reading.drawing_size);
  visit("reading.grid_size", s.reading.grid_size);
  visit("reading.grid_cell", s.reading.grid_cell);
  visit("reading.drawing_features", s.reading.drawing_features);
}

/// What a network of these settings may be; a stranger's file must not make us allocate without bound.
bool plausible(const PolicySettings& s) {
  const auto within = [](int value, int low, int high) { return value >= low && value <= high; };
  return within(s.num_actions, 1, 64) && within(s.vector_size, 0, 4096) && within(s.image_height, 0, 2048) &&
         within(s.image_width, 0, 2048) && within(s.image_channels, 0, 8) && within(s.base_planes, 1, 512) &&
         within(s.hidden_size, 1, 8192) && within(s.reading.crop_cells, 4, 256) &&
         within(s.reading.channels, 1, 512) && within(s.reading.drawing_size, 8, 1024) &&
         within(s.reading.grid_size, 8, 8192) && within(s.reading.drawing_features, 0, 1024) &&
         static_cast<int>(s.backbone) <= 2 && static_cast<int>(s.recurrence) <= 2;
}

}  // namespace

std::string PolicySettings::to_json() const {
  json out = json::object();
  each_member(*this, [&](const char* name, const auto& value) { out[name] = value; });
  return out.dump();
}

base::Result<PolicySettings> PolicySettings::from_json(std::string_view text, std::string_view name) {
  PolicySettings settings;
  const json in = json::parse(text, nullptr, false);
  std::string wrong;
  if (!in.is_object()) {
    wrong = "a JSON object";
  } else {
    each_member(settings, [&](const char* key, auto& value) {
      if (!wrong.empty()) return;
      try {
        in.at(key).get_to(value);
      } catch (const json::exception&) {
        wrong = key;
      }
    });
    if (wrong.empty() && !plausible(settings)) wrong = "sizes within their limits";
  }
  if (wrong.empty()) return settings;
  return base::Error{base::ErrorCode::kData,
                     std::string(name) + ": policy settings: " + wrong +
                         " wanted, not found; use a checkpoint that this program wrote"};
}

}  // namespace inknav::learn
