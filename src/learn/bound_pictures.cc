// SPDX-License-Identifier: MIT
#include "learn/bound_pictures.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include "base/device_picture.h"
#include "base/fault.h"
#include "base/log.h"

namespace inknav::learn {
namespace {

/// Where the calling thread puts its work.
void* current_stream(std::int32_t gpu) {
  const torch::Device device(torch::kCUDA, static_cast<c10::DeviceIndex>(gpu));
  return c10::impl::VirtualGuardImpl(torch::kCUDA).getStream(device).native_handle();
}

}  // namespace

BoundPictures::BoundPictures(task::VectorEnv& env, const PolicySettings& policy, const Placement& placement)
    : env_(env) {
  if (placement.direct() || policy.backbone == Backbone::kNone) return;
  const std::int64_t channels = policy.image_channels;
  depth_ = channels != 3;
  rgb_ = channels >= 3;
  image_ = torch::zeros({env.spec().num_envs, policy.image_height, policy.image_width, channels},
                        placement.on_device());
  if (!bind()) {
    take_back();
    image_ = torch::Tensor();
  }
}

BoundPictures::~BoundPictures() {
  if (!image_.defined()) return;
  try {
    take_back();
  } catch (const base::Fault& fault) {
    // The views are filled again on this occasion, which a device that has failed cannot do.
    base::log_warning("{}", fault.error().message);
  }
}

bool BoundPictures::bind() {
  base::DevicePicture picture;
  picture.gpu = image_.is_cuda() ? image_.get_device() : -1;
  picture.image_stride = image_.stride(0);
  picture.pixel_stride = image_.stride(2);
  picture.current_stream = current_stream;
  picture.data = image_.data_ptr<float>();
  if (rgb_ && !env_.bind_picture("rgb", picture)) return false;
  picture.data = image_.data_ptr<float>() + (rgb_ ? 3 : 0);
  return !depth_ || env_.bind_picture("depth", picture);
}

void BoundPictures::take_back() {
  if (rgb_) env_.bind_picture("rgb", {});
  if (depth_) env_.bind_picture("depth", {});
}

}  // namespace inknav::learn
