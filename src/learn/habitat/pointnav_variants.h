// SPDX-License-Identifier: MIT
#pragma once
// For tests: small PointNav policies of every kind.

#include <string>
#include <utility>
#include <vector>

#include "learn/habitat/pointnav_settings.h"

namespace inknav::learn::testing {

inline PointNavSettings tiny(bool bottleneck) {
  PointNavSettings settings = resnet18_settings();
  settings.bottleneck = bottleneck;
  settings.expansion = bottleneck ? 4 : 1;
  settings.base_planes = settings.first_planes = 4;
  settings.cardinality = {std::vector<int>{1, 1}, {1}, {1, 1}, {1}};
  settings.compressed_channels = 3;
  settings.visual_size = 3 * 2 * 3;
  settings.hidden_size = 6;
  return settings;
}

inline std::vector<std::pair<std::string, PointNavSettings>> variants() {
  std::vector<std::pair<std::string, PointNavSettings>> list = {{"resnet18 lstm", tiny(false)},
                                                                {"resnet50 lstm", tiny(true)}};
  list.emplace_back("gru", tiny(false));
  list.back().second.lstm = false;
  list.back().second.rnn_layers = 1;
  list.emplace_back("rgbd", tiny(true));
  list.back().second.image_channels = 4;
  list.back().second.normalizes = true;
  list.emplace_back("se-resnext", tiny(true));
  PointNavSettings& next = list.back().second;
  next.squeeze = true;
  next.first_planes = 8;
  next.expansion = 2;
  next.cardinality = {std::vector<int>{4, 1}, {2}, {1, 4}, {4}};
  list.emplace_back("blind", tiny(false));
  list.back().second.blind = true;
  list.back().second.cardinality = {};
  return list;
}

}  // namespace inknav::learn::testing
