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

/// Members that came later: a checkpoint without them means their defaults.
template <typename Settings, typename Visit>
void each_later_member(Settings& s, Visit&& visit) {
  visit("context_window", s.context_window);
  visit("attention_heads", s.attention_heads);
  visit("attention_layers", s.attention_layers);
  visit("attention_ff_factor", s.attention_ff_factor);
  auto& d = s.diffusion;
  visit("diffusion.enabled", d.enabled);
  visit("diffusion.horizon", d.horizon);
  visit("diffusion.point_size", d.point_size);
  visit("diffusion.width", d.width);
  visit("diffusion.num_train_timesteps", d.noise.num_train_timesteps);
  visit("diffusion.beta_start", d.noise.beta_start);
  visit("diffusion.beta_end", d.noise.beta_end);
  visit("diffusion.beta_schedule", d.noise.beta_schedule);
  visit("diffusion.prediction_type", d.noise.prediction_type);
  visit("diffusion.spacing", d.noise.spacing);
  visit("diffusion.sampler", d.sampling.kind);
  visit("diffusion.num_inference_steps", d.sampling.num_steps);
  visit("reading.hypotheses", s.reading.hypotheses);
  visit("diffusion.n_action_steps", d.n_action_steps);
  visit("diffusion.num_candidates", d.num_candidates);
  visit("diffusion.warm_start", d.warm_start);
  visit("diffusion.goal_rows", d.goal_rows);
  visit("diffusion.goal_cols", d.goal_cols);
  visit("diffusion.goal_rays", d.goal_rays);
}

bool plausible(const DiffusionSettings& d) {
  const auto within = [](int value, int low, int high) { return value >= low && value <= high; };
  return within(d.horizon, 4, 1024) && d.horizon % 4 == 0 && (d.point_size == 2 || d.point_size == 4) &&
         within(d.width, 32, 16384) && d.width % 32 == 0 && within(d.noise.num_train_timesteps, 1, 100000) &&
         d.noise.validate().ok() && within(d.sampling.num_steps, 1, d.noise.num_train_timesteps) &&
         static_cast<int>(d.sampling.kind) <= 3 && within(d.n_action_steps, 1, 1024) &&
         within(d.num_candidates, 1, 256) && d.warm_start >= 0.0f && d.warm_start < 1.0f &&
         within(d.goal_rows, 0, 256) && within(d.goal_cols, 0, 256) && within(d.goal_rays, 0, 360);
}

/// What a network of these settings may be; a stranger's file must not make us allocate without bound.
bool plausible(const PolicySettings& s) {
  const auto within = [](int value, int low, int high) { return value >= low && value <= high; };
  return within(s.num_actions, 1, 64) && within(s.vector_size, 0, 4096) && within(s.image_height, 0, 2048) &&
         within(s.image_width, 0, 2048) && within(s.image_channels, 0, 8) && within(s.base_planes, 1, 512) &&
         within(s.hidden_size, 1, 8192) && within(s.reading.crop_cells, 4, 256) &&
         within(s.reading.channels, 1, 512) && within(s.reading.drawing_size, 8, 1024) &&
         within(s.reading.grid_size, 8, 8192) && within(s.reading.drawing_features, 0, 1024) &&
         within(s.reading.hypotheses, 0, 65536) && within(s.context_window, 1, 1024) &&
         within(s.attention_heads, 1, 256) && within(s.attention_layers, 1, 64) &&
         within(s.attention_ff_factor, 1, 64) &&
         (s.recurrence != Recurrence::kTransformer || s.hidden_size % s.attention_heads == 0) &&
         static_cast<int>(s.backbone) <= 3 && static_cast<int>(s.recurrence) <= 4 && plausible(s.diffusion);
}

}  // namespace

Unet1dSettings denoiser_settings(const DiffusionSettings& settings, int condition_size) {
  Unet1dSettings shape;
  shape.horizon = settings.horizon;
  shape.action_dim = settings.point_size;
  shape.cond_dim = condition_size;
  shape.down_dims = {settings.width / 4, settings.width / 2, settings.width};
  shape.time_dim = 64;
  return shape;
}

std::string PolicySettings::to_json() const {
  json out = json::object();
  const auto write = [&](const char* name, const auto& value) { out[name] = value; };
  each_member(*this, write);
  each_later_member(*this, write);
  return out.dump();
}

base::Result<PolicySettings> PolicySettings::from_json(std::string_view text, std::string_view name) {
  PolicySettings settings;
  const json in = json::parse(text, nullptr, false);
  std::string wrong;
  if (!in.is_object()) {
    wrong = "a JSON object";
  } else {
    const auto read = [&](const char* key, auto& value) {
      if (!wrong.empty()) return;
      try {
        in.at(key).get_to(value);
      } catch (const json::exception&) {
        wrong = key;
      }
    };
    each_member(settings, read);
    each_later_member(settings, [&](const char* key, auto& value) {
      if (in.contains(key)) read(key, value);
    });
    if (wrong.empty() && !plausible(settings)) wrong = "sizes within their limits";
  }
  if (wrong.empty()) return settings;
  return base::Error{base::ErrorCode::kData,
                     std::string(name) + ": policy settings: " + wrong +
                         " wanted, not found; use a checkpoint that this program wrote"};
}

}  // namespace inknav::learn
