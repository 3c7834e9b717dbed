// SPDX-License-Identifier: MIT
#pragma once
// Embree 3.13 and 4 under one name; only src/render/embree includes this.

#if __has_include(<embree4/rtcore.h>)
#include <embree4/rtcore.h>
#else
#include <embree3/rtcore.h>
#endif

#include <memory>

namespace inknav::render {

struct DeviceDeleter {
  void operator()(RTCDevice device) const { rtcReleaseDevice(device); }
};
struct SceneDeleter {
  void operator()(RTCScene scene) const { rtcReleaseScene(scene); }
};
using DeviceHandle = std::unique_ptr<RTCDeviceTy, DeviceDeleter>;
using SceneHandle = std::unique_ptr<RTCSceneTy, SceneDeleter>;

/// Eight rays that start at one point and spread little.
inline void intersect8(const int* valid, RTCScene scene, RTCRayHit8* ray_hit) {
#if RTC_VERSION_MAJOR >= 4
  RTCIntersectArguments arguments;
  rtcInitIntersectArguments(&arguments);
  arguments.flags = RTC_RAY_QUERY_FLAG_COHERENT;
  rtcIntersect8(valid, scene, ray_hit, &arguments);
#else
  RTCIntersectContext context;
  rtcInitIntersectContext(&context);
  context.flags = RTC_INTERSECT_CONTEXT_FLAG_COHERENT;
  rtcIntersect8(valid, scene, &context, ray_hit);
#endif
}

}  // namespace inknav::render
