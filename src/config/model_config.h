// SPDX-License-Identifier: MIT
#pragma once
// MODEL: the PPO policy's network. All keys are InkNav's own.

#include <cstdint>

#include "config/field.h"

namespace inknav::config {

enum class Backbone : std::uint8_t { kSeResNet9, kResNet18, kSmallCnn, kNone };

struct ModelConfig {
  Backbone backbone = Backbone::kSeResNet9;  // reads depth and rgb; none: the policy is blind to the camera
  int base_planes = 32;                // channels of the backbone's first stage; cost grows with its square
  int crop_cells = 48;                 // side of the body-frame crops of map and drawing, cells
  double crop_metres_per_cell = 0.15;  // 48 cells * 0.15 m = 3.6 m to each side, a room
  int reading_channels = 32;           // channels of the network that compares map crop and drawing crop
  double belief_gain = 0.3;            // part of the predicted correction that is applied each step
  int belief_hypotheses = 384;  // places weighed by how seen walls lie on drawn ones; about 0.1 ms a step
  int drawing_embedding = 64;   // features of the whole drawing, encoded once per episode

  Problems validate() const;
};

void describe(ModelConfig& config, FieldVisitor& visitor);

}  // namespace inknav::config
