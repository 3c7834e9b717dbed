// SPDX-License-Identifier: MIT
#include "learn/settings.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace inknav::learn {
namespace {

using nlohmann::json;

enum class Since : std::uint8_t { kFirst, kLater };

/// How a member stands in the JSON.
struct Member {
  constexpr explicit Member(const char* json_name, Since written = Since::kFirst)
      : name(json_name), since(written) {}
  constexpr Member(const char* json_name, double lowest, double highest, Since written = Since::kFirst)
      : name(json_name), low(lowest), high(highest), since(written) {}

  const char* name;
  // Numbers outside are refused: a stranger's file must not make us allocate without bound.
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  Since since;  // kLater: a checkpoint without it means its default
};

/// All members of PolicySettings, once for writing, reading and judging.
template <typename Settings, typename Visit>
void each_member(Settings& s, Visit&& visit) {
  constexpr Since kLater = Since::kLater;
  visit(Member("num_actions", 1, 64), s.num_actions);
  visit(Member("number_fields"), s.number_fields);
  visit(Member("vector_size", 0, 4096), s.vector_size);
  visit(Member("backbone", 0, 3), s.backbone);
  visit(Member("use_depth"), s.use_depth);
  visit(Member("use_rgb"), s.use_rgb);
  visit(Member("image_height", 0, 2048), s.image_height);
  visit(Member("image_width", 0, 2048), s.image_width);
  visit(Member("image_channels", 0, 8), s.image_channels);
  visit(Member("base_planes", 1, 512), s.base_planes);
  visit(Member("recurrence", 0, 4), s.recurrence);
  visit(Member("hidden_size", 1, 8192), s.hidden_size);
  visit(Member("context_window", 1, 1024, kLater), s.context_window);
  visit(Member("attention_heads", 1, 256, kLater), s.attention_heads);
  visit(Member("attention_layers", 1, 64, kLater), s.attention_layers);
  visit(Member("attention_ff_factor", 1, 64, kLater), s.attention_ff_factor);
  visit(Member("decode_waypoint"), s.decode_waypoint);
  visit(Member("turn_angle"), s.turn_angle);
  visit(Member("predict_goal"), s.predict_goal);
  auto& r = s.reading;
  visit(Member("reading.enabled"), r.enabled);
  visit(Member("reading.crop_cells", 4, 256), r.crop_cells);
  visit(Member("reading.metres_per_cell"), r.metres_per_cell);
  visit(Member("reading.channels", 1, 512), r.channels);
  visit(Member("reading.belief_gain"), r.belief_gain);
  visit(Member("reading.hypotheses", 0, 65536, kLater), r.hypotheses);
  visit(Member("reading.drawing_size", 8, 1024), r.drawing_size);
  visit(Member("reading.grid_size", 8, 8192), r.grid_size);
  visit(Member("reading.grid_cell"), r.grid_cell);
  visit(Member("reading.drawing_features", 0, 1024), r.drawing_features);
  auto& d = s.diffusion;
  visit(Member("diffusion.enabled", kLater), d.enabled);
  visit(Member("diffusion.horizon", 4, 1024, kLater), d.horizon);
  visit(Member("diffusion.point_size", 2, 4, kLater), d.point_size);
  visit(Member("diffusion.width", 32, 16384, kLater), d.width);
  visit(Member("diffusion.num_train_timesteps", 1, 100000, kLater), d.noise.num_train_timesteps);
  visit(Member("diffusion.beta_start", kLater), d.noise.beta_start);
  visit(Member("diffusion.beta_end", kLater), d.noise.beta_end);
  visit(Member("diffusion.beta_schedule", kLater), d.noise.beta_schedule);
  visit(Member("diffusion.prediction_type", kLater), d.noise.prediction_type);
  visit(Member("diffusion.spacing", kLater), d.noise.spacing);
  visit(Member("diffusion.sampler", 0, 3, kLater), d.sampling.kind);
  visit(Member("diffusion.num_inference_steps", 1, 100000, kLater), d.sampling.num_steps);
  visit(Member("diffusion.n_action_steps", 1, 1024, kLater), d.n_action_steps);
  visit(Member("diffusion.num_candidates", 1, 256, kLater), d.num_candidates);
  visit(Member("diffusion.warm_start", kLater), d.warm_start);
  visit(Member("diffusion.goal_rows", 0, 256, kLater), d.goal_rows);
  visit(Member("diffusion.goal_cols", 0, 256, kLater), d.goal_cols);
  visit(Member("diffusion.goal_rays", 0, 360, kLater), d.goal_rays);
}

bool within_limits(const PolicySettings& settings) {
  bool within = true;
  each_member(settings, [&](const Member& member, const auto& value) {
    if constexpr (requires { static_cast<double>(value); }) {
      const auto number = static_cast<double>(value);
      within = within && number >= member.low && number <= member.high;
    }
  });
  return within;
}

/// What rules of several members, or finer than limits, want.
bool fits_together(const PolicySettings& s) {
  const DiffusionSettings& d = s.diffusion;
  return d.horizon % 4 == 0 && (d.point_size == 2 || d.point_size == 4) && d.width % 32 == 0 &&
         d.noise.validate().ok() && d.sampling.num_steps <= d.noise.num_train_timesteps &&
         d.warm_start >= 0.0f && d.warm_start < 1.0f &&
         (s.recurrence != Recurrence::kTransformer || s.hidden_size % s.attention_heads == 0);
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
  each_member(*this, [&](const Member& member, const auto& value) { out[member.name] = value; });
  return out.dump();
}

base::Result<PolicySettings> PolicySettings::from_json(std::string_view text, std::string_view name) {
  PolicySettings settings;
  const json in = json::parse(text, nullptr, false);
  std::string wrong;
  if (!in.is_object()) {
    wrong = "a JSON object";
  } else {
    each_member(settings, [&](const Member& member, auto& value) {
      if (!wrong.empty() || (member.since == Since::kLater && !in.contains(member.name))) return;
      try {
        in.at(member.name).get_to(value);
      } catch (const json::exception&) {
        wrong = member.name;
      }
    });
    if (wrong.empty() && !(within_limits(settings) && fits_together(settings)))
      wrong = "sizes within their limits";
  }
  if (wrong.empty()) return settings;
  return base::Error{base::ErrorCode::kData,
                     std::string(name) + ": policy settings: " + wrong +
                         " wanted, not found; use a checkpoint that this program wrote"};
}

}  // namespace inknav::learn
