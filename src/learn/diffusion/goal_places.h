// SPDX-License-Identifier: MIT
#pragma once
// GoalPlaces: where a goal may lie, as classes of the goal predictor: rows x cols cells over the body-frame
// crop (row 0 farthest ahead, column 0 farthest left), then `rays` equal sectors of bearing for goals outside
// it (sector 0 centred straight ahead, counted to the left). So a goal need not lie in what was explored.

#include <cstdint>

#include "learn/reading/crop.h"
#include "learn/settings.h"

namespace inknav::learn {

/// Number of classes; 0 without a goal predictor.
std::int64_t goal_places(const DiffusionSettings& settings);

/// Class of a goal at (right, forward) metres in the body frame; needs goal_places(settings) > 0 and rays >
/// 0.
std::int64_t goal_place_of(const DiffusionSettings& settings, const CropGrid& crop,
                           const base::Vec2& goal_body);

}  // namespace inknav::learn
