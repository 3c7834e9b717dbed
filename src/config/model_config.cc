// SPDX-License-Identifier: MIT
#include "config/model_config.h"

#include <string>

namespace inknav::config {

void describe(ModelConfig& c, FieldVisitor& v) {
  v.choice({.key = "BACKBONE", .doc = "network that reads depth and rgb"}, c.backbone,
           {"se_resnet9", "resnet18", "small_cnn", "none"});
  v.field({.key = "BASE_PLANES", .doc = "channels of its first stage", .low = 4, .high = 512}, c.base_planes);
  v.field({.key = "CROP_CELLS",
           .doc = "side of the body-frame crops, cells; a multiple of 4",
           .low = 8,
           .high = 512},
          c.crop_cells);
  v.field({.key = "CROP_METRES_PER_CELL", .doc = "side of a cell, metres", .low = 0.01, .high = 2},
          c.crop_metres_per_cell);
  v.field({.key = "READING_CHANNELS",
           .doc = "channels of the network that compares the crops",
           .low = 1,
           .high = 512},
          c.reading_channels);
  v.field({.key = "BELIEF_GAIN",
           .doc = "part of the predicted correction applied each step",
           .low = 0,
           .high = 1},
          c.belief_gain);
  v.field({.key = "BELIEF_HYPOTHESES",
           .doc = "places on the drawing that are weighed against each other; 0: none",
           .low = 0,
           .high = 65536},
          c.belief_hypotheses);
  v.field(
      {.key = "DRAWING_EMBEDDING", .doc = "features of the whole drawing; 0: none", .low = 0, .high = 4096},
      c.drawing_embedding);
}

Problems ModelConfig::validate() const {
  Problems problems;
  if (crop_cells % 4 != 0) {
    problems.push_back({"CROP_CELLS", "= " + std::to_string(crop_cells) + " must be a multiple of 4; use " +
                                          std::to_string((crop_cells + 3) / 4 * 4)});
  }
  return problems;
}

}  // namespace inknav::config
