// SPDX-License-Identifier: MIT
#include "scene/home/home.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/philox.h"
#include "scene/home/furnish.h"
#include "scene/home/furniture_mesh.h"
#include "scene/home/home_style.h"
#include "scene/home/plan.h"
#include "scene/home/room_space.h"
#include "scene/home/shell_mesh.h"

namespace inknav::scene {
namespace {

constexpr float kRugHeight = 0.012f;  // metres; below every navmesh's climb

/// Rugs lie under coffee tables, where the room has space for them.
void add_rugs(const FloorPlan& plan, const internal::HomeStyle& style, internal::MeshBuilder& mesh) {
  for (const Furniture& piece : plan.furniture) {
    if (piece.kind != "coffee_table") continue;
    const std::vector<PlanRect>& parts = plan.rooms[static_cast<std::size_t>(piece.room)].parts;
    for (const float margin : {0.6f, 0.45f, 0.3f}) {
      const PlanRect rug = internal::grown(internal::footprint(piece), margin);
      if (!internal::between_walls(parts, internal::grown(rug, 0.1f), plan.wall_thickness)) continue;
      const base::Vec2 middle = 0.5f * (rug.min + rug.max);
      const base::Vec2 half = 0.5f * (rug.max - rug.min);
      const internal::Finish cloth{style.bedding.color * 0.85f, internal::Surface::kCarpet};
      mesh.box(internal::LocalFrame::from_yaw(middle, 0.0f), {-half.x, 0.0f, -half.y},
               {half.x, kRugHeight, half.y}, cloth);
      break;
    }
  }
}

}  // namespace

Home generate_home(std::uint64_t seed, const HomeParams& params) {
  Home home;
  home.plan = internal::make_plan(seed, params);
  internal::furnish(seed, params.furniture_density, home.plan);

  const internal::HomeStyle style = internal::make_style(seed, home.plan);
  internal::MeshBuilder mesh(internal::make_home_textures(seed));
  internal::add_shell(home.plan, style, mesh);
  add_rugs(home.plan, style, mesh);
  base::PhiloxStream whims({seed, 0, 0, 101, base::Purpose::kHomeTexture});
  for (const Furniture& piece : home.plan.furniture) {
    internal::add_furniture(piece, whims.uniform(), style, mesh);
  }
  Scene scene = mesh.take();
  scene.name = "home_" + std::to_string(seed);
  base::Result<ScenePtr> finished = finish(std::move(scene));
  INKNAV_CHECK(finished.ok(), seed, finished.ok() ? "" : finished.error().message);
  home.scene = std::move(finished).value();
  return home;
}

}  // namespace inknav::scene
