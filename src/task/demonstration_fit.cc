// SPDX-License-Identifier: MIT
#include "task/demonstration_fit.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "base/log.h"

namespace inknav::task {
namespace {

base::Error differs(const Misfit& misfit, const std::filesystem::path& folder) {
  return {base::ErrorCode::kUsage,
          fmt::format(
              "{}: DIFFUSION_DATA_DIR {} was recorded with {}, the configuration gives {}; change the key or "
              "make the demonstrations again with `inknav generate demos`",
              misfit.key, folder.string(), misfit.recorded, misfit.wanted)};
}

}  // namespace

std::optional<Misfit> find_misfit(const DemonstrationFormat& format, const NavigationEnvSettings& settings) {
  const sim::SensorSettings &had = format.sensors, &has = settings.simulator.sensors;
  const auto number = [](float value) { return fmt::format("{:g}", value); };
  const auto point = [](const base::Vec3& v) { return fmt::format("[{:g}, {:g}, {:g}]", v.x, v.y, v.z); };
  const std::vector<std::tuple<const char*, std::string, std::string>> facts = {
      {"TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.WIDTH", std::to_string(had.camera.width),
       std::to_string(has.camera.width)},
      {"TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.HEIGHT", std::to_string(had.camera.height),
       std::to_string(has.camera.height)},
      {"TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.HFOV", number(had.camera.hfov_deg), number(has.camera.hfov_deg)},
      {"TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.POSITION", point(had.camera_position), point(has.camera_position)},
      {"TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.ORIENTATION", point(had.camera_orientation),
       point(has.camera_orientation)},
      {"TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.MIN_DEPTH", number(had.min_depth), number(has.min_depth)},
      {"TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.MAX_DEPTH", number(had.max_depth), number(has.max_depth)},
      {"TASK_CONFIG.SIMULATOR.FORWARD_STEP_SIZE", number(format.motion.forward_step),
       number(settings.simulator.motion.forward_step)},
      {"TASK_CONFIG.SIMULATOR.TURN_ANGLE", number(format.motion.turn_angle_deg),
       number(settings.simulator.motion.turn_angle_deg)}};
  for (const auto& [key, recorded, wanted] : facts) {
    if (recorded != wanted) return Misfit{key, recorded, wanted};
  }
  return std::nullopt;
}

base::Status check_fits(const DemonstrationFormat& format, const NavigationEnvSettings& settings,
                        const std::filesystem::path& folder) {
  if (const auto misfit = find_misfit(format, settings)) return differs(*misfit, folder);
  if (settings.expert_path_points > kPathPoints) {
    return differs({"RL.DIFFUSION.horizon", std::to_string(kPathPoints) + " points",
                    std::to_string(settings.expert_path_points)},
                   folder);
  }
  return base::ok_status();
}

base::Result<std::vector<JoinedWalk>> join_walks(const DemonstrationSet& set, const Dataset& dataset,
                                                 const std::filesystem::path& folder) {
  std::map<std::pair<std::string, std::string>, std::size_t> known;
  for (std::size_t i = 0; i < dataset.episodes.size(); ++i)
    known.emplace(std::pair{dataset.episodes[i].scene_id, dataset.episodes[i].episode_id}, i);
  std::vector<JoinedWalk> joined;
  for (std::size_t i = 0; i < set.size(); ++i) {
    const auto found = known.find({set.info(i).scene_id, set.info(i).episode_id});
    if (found != known.end()) joined.push_back({i, found->second});
  }
  if (joined.empty()) {
    return base::Error{
        base::ErrorCode::kData,
        fmt::format("{}: walks of the episodes of DATA_PATH are wanted, none of its {} walks belongs to "
                    "one of these {}; make demonstrations of these episodes with `inknav generate demos`",
                    folder.string(), set.size(), dataset.episodes.size())};
  }
  if (joined.size() < set.size()) {
    base::log_warning("{}: {} of {} walks belong to no episode of DATA_PATH and are left out",
                      folder.string(), set.size() - joined.size(), set.size());
  }
  return joined;
}

}  // namespace inknav::task
