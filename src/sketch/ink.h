// SPDX-License-Identifier: MIT
#pragma once
// Ink: strokes -> how much of which colour covers each pixel. Anti-aliased; the medium decides how ink takes
// to the paper (pencil leaves the paper's valleys white, a marker is even and broad, a pen varies along the
// line).

#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

#include "sketch/drawing.h"

namespace inknav::sketch {

/// Smooth noise in [0, 1] over a size x size picture: `cells` bumps along a side, from philox. [size, size]
/// f32.
cv::Mat paper_noise(std::uint64_t seed, std::uint32_t layer, int size, int cells);

/// Multiplies the strokes onto `canvas` ([size, size, 3] f32, 1 = white). `tooth` is the relief of the paper.
void lay_ink(const Drawing& drawing, const cv::Mat& tooth, cv::Mat& canvas);

}  // namespace inknav::sketch
