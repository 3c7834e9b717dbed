// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <string>

#include "sim/simulator.h"

namespace inknav::sim {

namespace {

base::Error usage_error(const std::string& message) { return base::Error{base::ErrorCode::kUsage, message}; }

base::Error out_of_range(const char* key, const char* wanted, float found) {
  return usage_error(std::string("SIMULATOR.").append(key).append(wanted).append(", found ") +
                     std::to_string(found));
}

bool within(float value, float low, float high) { return value >= low && value <= high; }

base::Status validate_motion(const MotionSettings& motion) {
  if (!(motion.forward_step > 0.0f && std::isfinite(motion.forward_step)))
    return out_of_range("FORWARD_STEP_SIZE", " must be above 0", motion.forward_step);
  if (!(motion.turn_angle_deg > 0.0f && motion.turn_angle_deg <= 180.0f))
    return out_of_range("TURN_ANGLE", " must lie in (0, 180] degrees", motion.turn_angle_deg);
  if (!within(motion.tilt_angle_deg, 0.0f, 180.0f))
    return out_of_range("TILT_ANGLE", " must lie in [0, 180] degrees", motion.tilt_angle_deg);
  if (!within(motion.noise.multiplier, 0.0f, 100.0f))
    return out_of_range("NOISE_MODEL.NOISE_MULTIPLIER", " must lie in [0, 100]", motion.noise.multiplier);
  const VelocitySettings& v = motion.velocity;
  if (!(std::isfinite(v.min_linear) && std::isfinite(v.max_linear) && v.min_linear <= v.max_linear)) {
    return usage_error("velocity control: a range of linear speeds is wanted, found " +
                       std::to_string(v.min_linear) + " to " + std::to_string(v.max_linear));
  }
  if (!(std::isfinite(v.min_angular_deg) && std::isfinite(v.max_angular_deg) &&
        v.min_angular_deg <= v.max_angular_deg)) {
    return usage_error("velocity control: a range of angular speeds is wanted, found " +
                       std::to_string(v.min_angular_deg) + " to " + std::to_string(v.max_angular_deg));
  }
  if (!(v.stop_linear >= 0.0f && v.stop_angular_deg >= 0.0f)) {
    return usage_error("velocity control: thresholds of at least 0 are wanted, found " +
                       std::to_string(v.stop_linear) + " and " + std::to_string(v.stop_angular_deg));
  }
  if (!(v.time_step > 0.0f && std::isfinite(v.time_step))) {
    return usage_error("velocity control: a time step above 0 s is wanted, found " +
                       std::to_string(v.time_step));
  }
  return base::ok_status();
}

base::Status validate_noise(const SensorSettings& sensors) {
  const ColourNoiseSettings& colour = sensors.rgb_noise;
  if (!within(colour.intensity_constant, 0.0f, 100.0f)) {
    return out_of_range("RGB_SENSOR.NOISE_MODEL_KWARGS.intensity_constant", " must lie in [0, 100]",
                        colour.intensity_constant);
  }
  if (!within(colour.mean, -100.0f, 100.0f))
    return out_of_range("RGB_SENSOR.NOISE_MODEL_KWARGS.mean", " must lie in [-100, 100]", colour.mean);
  if (!within(colour.sigma, 0.0f, 100.0f))
    return out_of_range("RGB_SENSOR.NOISE_MODEL_KWARGS.sigma", " must lie in [0, 100]", colour.sigma);
  if (!within(colour.s_vs_p, 0.0f, 1.0f))
    return out_of_range("RGB_SENSOR.NOISE_MODEL_KWARGS.s_vs_p", " must lie in [0, 1]", colour.s_vs_p);
  if (!within(colour.amount, 0.0f, 1.0f))
    return out_of_range("RGB_SENSOR.NOISE_MODEL_KWARGS.amount", " must lie in [0, 1]", colour.amount);
  if (!within(sensors.depth_noise.multiplier, 0.0f, 100.0f)) {
    return out_of_range("DEPTH_SENSOR.NOISE_MODEL_KWARGS.noise_multiplier", " must lie in [0, 100]",
                        sensors.depth_noise.multiplier);
  }
  return base::ok_status();
}

base::Status validate_sensors(const SensorSettings& sensors) {
  if (sensors.camera.width < 1 || sensors.camera.height < 1) {
    return usage_error("SIMULATOR.DEPTH_SENSOR: WIDTH and HEIGHT must be at least 1, found " +
                       std::to_string(sensors.camera.width) + "x" + std::to_string(sensors.camera.height));
  }
  for (int axis = 0; axis < 3; ++axis) {
    if (!std::isfinite(sensors.camera_orientation[axis]))
      return out_of_range("DEPTH_SENSOR.ORIENTATION", " must be angles in radians",
                          sensors.camera_orientation[axis]);
  }
  if (!(sensors.min_depth >= 0.0f && sensors.max_depth > sensors.min_depth)) {
    return usage_error("SIMULATOR.DEPTH_SENSOR: 0 <= MIN_DEPTH < MAX_DEPTH is wanted, found " +
                       std::to_string(sensors.min_depth) + " and " + std::to_string(sensors.max_depth));
  }
  return validate_noise(sensors);
}

}  // namespace

base::Status validate(const SimulatorSettings& settings) {
  if (settings.num_agents < 1) return usage_error("simulator: at least one agent is wanted");
  INKNAV_RETURN_IF_ERROR(validate_motion(settings.motion));
  INKNAV_RETURN_IF_ERROR(validate_sensors(settings.sensors));
  const MapperSettings& mapper = settings.mapper;
  if (mapper.enabled && (mapper.grid_size < 4 || mapper.grid_size > 8192 || !(mapper.cell_size > 0.0f) ||
                         !(mapper.max_range > 0.0f))) {
    return usage_error(
        "SIMULATOR.GRID_SIZE must lie in [4, 8192] and its cells and range be above 0, found " +
        std::to_string(mapper.grid_size));
  }
  return base::ok_status();
}

}  // namespace inknav::sim
