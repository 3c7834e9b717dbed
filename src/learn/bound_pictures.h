// SPDX-License-Identifier: MIT
#pragma once
// BoundPictures: the camera's pictures of all environments of a VectorEnv where the network reads them,
// written by the renderer itself, so that no picture takes the way over the host.
//
// One tensor in one place for the life of this object. A rollout copies its steps out of it within the
// device: the picture after a step is needed three times, as the final observation of what ended, as the next
// step's and, after an update or a resume, as the first of the next rollout; the slice of one step would be a
// place for one of the three. The place that never moves is also what lets a recorded graph contain the
// tracer. The copy reads and writes what the network reads anyway (32 MB for 2,048 pictures of 64 x 64).
//
// Where the placement is direct the host's memory is the network's already, and nothing is bound; neither
// where the environments refuse (VectorEnv::bind_picture). Takes its request back when it goes; env outlives
// it. Threads: as env, whose one caller also makes and destroys this.

#include <torch/torch.h>

#include "learn/placement.h"
#include "learn/settings.h"
#include "task/vector_env.h"

namespace inknav::learn {

class BoundPictures {
 public:
  BoundPictures(task::VectorEnv& env, const PolicySettings& policy, const Placement& placement);
  BoundPictures(const BoundPictures&) = delete;
  BoundPictures& operator=(const BoundPictures&) = delete;
  ~BoundPictures();

  /// [N, H, W, C] f32 on the device, colour before depth, as ObservationSlot::image; undefined where the
  /// pictures come through observation().
  const torch::Tensor& image() const { return image_; }

 private:
  bool bind();
  void take_back();

  task::VectorEnv& env_;
  bool depth_ = false;
  bool rgb_ = false;
  torch::Tensor image_;
};

}  // namespace inknav::learn
