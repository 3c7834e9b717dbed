// SPDX-License-Identifier: MIT
#include "task/map_reach.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace inknav::task {

std::optional<std::string> map_too_small(const std::vector<Episode>& episodes,
                                         const sim::MapperSettings& mapper) {
  constexpr int kStep = 16;  // suggestions are multiples of it
  if (!mapper.enabled) return std::nullopt;
  const float reach = 0.5f * static_cast<float>(mapper.grid_size) * mapper.cell_size;
  std::size_t beyond = 0;
  float farthest = 0.0f;
  for (const Episode& episode : episodes) {
    float far = 0.0f;
    for (const base::Vec3& p : episode.reference_path) {
      const base::Vec3 way = p - episode.start.position;
      far = std::max(far, std::hypot(way.x, way.z));
    }
    beyond += far > reach ? 1 : 0;
    farthest = std::max(farthest, far);
  }
  if (beyond == 0) return std::nullopt;
  const auto cells = static_cast<int>(std::ceil(2.0f * (farthest + mapper.max_range) / mapper.cell_size));
  return fmt::format(
      "TASK_CONFIG.SIMULATOR.MAP_CELLS = {}: the agent's own map ends {:.1f} m from the start, and {} of {} "
      "ways lead farther, up to {:.1f} m, where it would see nothing of what it explored; set MAP_CELLS {}",
      mapper.grid_size, reach, beyond, episodes.size(), farthest, (cells + kStep - 1) / kStep * kStep);
}

}  // namespace inknav::task
