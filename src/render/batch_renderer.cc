// SPDX-License-Identifier: MIT
#include "render/batch_renderer.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace inknav::render {

base::Result<int> BatchRenderer::add_scene(const scene::ScenePtr& scene) {
  INKNAV_CHECK(scene != nullptr);
  INKNAV_ASSIGN_OR_RETURN(std::unique_ptr<TracedScene> traced, prepare(scene));
  const auto empty = std::find(slots_.begin(), slots_.end(), nullptr);
  const auto slot = empty - slots_.begin();
  if (empty == slots_.end()) {
    slots_.push_back(std::move(traced));
  } else {
    *empty = std::move(traced);
  }
  return static_cast<int>(slot);
}

void BatchRenderer::remove_scene(int slot) {
  INKNAV_CHECK(slot >= 0 && static_cast<std::size_t>(slot) < slots_.size(), slot);
  slots_[static_cast<std::size_t>(slot)] = nullptr;
}

base::Status BatchRenderer::render(std::span<const View> views, const RenderTargets& targets) {
  const DevicePictures& pictures = targets.pictures;
  INKNAV_CHECK(pictures.rows.empty() || pictures.rows.size() == views.size(), pictures.rows.size());
  const int bands_per_view = (camera_.height + kBandRows - 1) / kBandRows;
  const auto pixels = static_cast<std::size_t>(camera_.width) * static_cast<std::size_t>(camera_.height);
  const auto render_band = [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto view_index = static_cast<std::size_t>(i / bands_per_view);
      const View& view = views[view_index];
      const auto slot = static_cast<std::size_t>(view.scene_slot);
      INKNAV_CHECK(slot < slots_.size() && slots_[slot] != nullptr, view.scene_slot);
      const int row_begin = static_cast<int>(i % bands_per_view) * kBandRows;
      trace({slots_[slot].get(), CameraFrame(view.pose_world_camera), row_begin,
             std::min(row_begin + kBandRows, camera_.height),
             targets.depth == nullptr ? nullptr : targets.depth + view_index * pixels,
             targets.rgb == nullptr ? nullptr : targets.rgb + 3 * view_index * pixels, &pictures,
             static_cast<std::int64_t>(pictures.rows.empty() ? view_index : pictures.rows[view_index])});
    }
  };
  pool_.parallel_for(static_cast<std::int64_t>(views.size()) * bands_per_view, 1, render_band);
  counters_.views += static_cast<std::int64_t>(views.size());
  counters_.rays += static_cast<std::int64_t>(views.size() * pixels);
  counters_.bytes_down += host_bytes(targets, views.size() * pixels);
  return base::ok_status();
}

void BatchRenderer::write_pixel(const Band& band, int x, int y, const Hit* hit) const {
  const std::int64_t pixel = std::int64_t{y} * camera_.width + x;
  write_depth(band, pixel, hit == nullptr ? 0.0f : hit->depth);
  if (!band.wants_colour()) return;
  Rgb color;
  if (hit != nullptr) {
    color = band.scene->shader().shade(*hit, band.frame.direction(rays_.right(x), rays_.up(y)),
                                       rays_.pixel_size());
  }
  if (band.rgb != nullptr) {
    std::uint8_t* out = band.rgb + 3 * pixel;
    out[0] = color.r;
    out[1] = color.g;
    out[2] = color.b;
  }
  const base::DevicePicture& picture = band.pictures->rgb;
  if (picture.data != nullptr) {
    write_colour(picture, value_index(picture, band.picture_row, pixel), color);
  }
}

}  // namespace inknav::render
