// SPDX-License-Identifier: MIT
#pragma once
// Pinhole camera: pixel -> ray. Directions have length 1 along the optical axis, so that the ray parameter of
// a hit is its depth (metres along the axis), with no further arithmetic. Every back end uses these rays.
// focal length in pixels = width / (2 tan(hfov / 2)), square pixels, pixel centres at +0.5 (spec: habitat 2).

#include <cmath>
#include <cstddef>

#include "base/geometry.h"
#include "base/host_device.h"
#include "render/renderer.h"

namespace inknav::render {

class PixelRays {
 public:
  explicit PixelRays(const CameraSpec& camera)
      : half_width_(0.5f * static_cast<float>(camera.width)),
        half_height_(0.5f * static_cast<float>(camera.height)),
        pixel_size_(2.0f * std::tan(0.5f * camera.hfov_deg * base::kPi / 180.0f) /
                    static_cast<float>(camera.width)) {}

  /// Horizontal coordinate of column x on the plane one metre ahead, right positive.
  INKNAV_HOST_DEVICE float right(int x) const {
    return (static_cast<float>(x) + 0.5f - half_width_) * pixel_size_;
  }
  /// Vertical coordinate of row y on that plane, up positive; row 0 is the top.
  INKNAV_HOST_DEVICE float up(int y) const {
    return (half_height_ - static_cast<float>(y) - 0.5f) * pixel_size_;
  }
  /// Side of a pixel on that plane, metres per metre of depth.
  INKNAV_HOST_DEVICE float pixel_size() const { return pixel_size_; }

 private:
  float half_width_;
  float half_height_;
  float pixel_size_;
};

/// The camera's axes in the world.
struct CameraFrame {
  base::Vec3 origin;
  base::Vec3 right;
  base::Vec3 up;
  base::Vec3 forward;

  explicit CameraFrame(const base::Pose& pose_world_camera)
      : origin(pose_world_camera.position),
        right(pose_world_camera.rotation * base::Vec3(1.0f, 0.0f, 0.0f)),
        up(pose_world_camera.rotation * base::Vec3(0.0f, 1.0f, 0.0f)),
        forward(pose_world_camera.rotation * base::Vec3(0.0f, 0.0f, -1.0f)) {}

  INKNAV_HOST_DEVICE base::Vec3 direction(float x, float y) const { return forward + x * right + y * up; }
};

}  // namespace inknav::render
