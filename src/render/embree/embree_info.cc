// SPDX-License-Identifier: MIT
#include "render/embree/embree_info.h"

#include "render/embree/embree_api.h"

namespace inknav::render {

base::Result<EmbreeInfo> embree_info() {
  const DeviceHandle device(rtcNewDevice(nullptr));
  if (device == nullptr) {
    return base::Error{base::ErrorCode::kData,
                       "renderer: an Embree device was wanted, Embree answered with error " +
                           std::to_string(static_cast<int>(rtcGetDeviceError(nullptr))) +
                           "; check that memory is free and that the CPU has AVX2"};
  }
  const auto property = [&](RTCDeviceProperty which) { return rtcGetDeviceProperty(device.get(), which); };
  EmbreeInfo info;
  info.version = std::to_string(property(RTC_DEVICE_PROPERTY_VERSION_MAJOR)) + "." +
                 std::to_string(property(RTC_DEVICE_PROPERTY_VERSION_MINOR)) + "." +
                 std::to_string(property(RTC_DEVICE_PROPERTY_VERSION_PATCH));
  info.native_packets_of_8 = property(RTC_DEVICE_PROPERTY_NATIVE_RAY8_SUPPORTED) != 0;
  info.filter_functions = property(RTC_DEVICE_PROPERTY_FILTER_FUNCTION_SUPPORTED) != 0;
  return info;
}

}  // namespace inknav::render
