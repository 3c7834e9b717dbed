// SPDX-License-Identifier: MIT
#pragma once
// Drawing: a hand-drawn map as vectors (strokes with pen attributes), and how it corresponds to the world.
//
// Paper coordinates (u, v) in [0,1]^2, u to the right, v down; the paper is square. The world plane is
// (x, z) in metres, x right, z down on a plan seen from above, so orientation is kept.
// A Drawing serialises to versioned JSON (to_json / from_json, round trip exact).

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/geometry.h"
#include "base/result.h"

namespace inknav::sketch {

enum class StrokeKind : std::uint8_t { kWall, kRoute, kStart, kGoal, kOther };

enum class Medium : std::uint8_t { kPen, kPencil, kMarker };

struct Stroke {
  StrokeKind kind = StrokeKind::kWall;
  Medium medium = Medium::kPen;
  std::array<std::uint8_t, 3> color{0, 0, 0};  // RGB
  float width = 0.006f;                        // paper units
  std::vector<base::Vec2> points;              // paper units
  std::vector<float> pressure;                 // [points] in (0, 1], scales width and darkness
};

struct Paper {
  float shade = 0.0f;  // strength of uneven light, 0 none
  float grain = 0.0f;  // strength of paper and pencil grain
  float perspective =
      0.0f;              // corner displacement as part of the side, applied when rasterising; 0 in synthetic
                         // drawings, whose perspective is part of the strokes and of the Correspondence
  float blur = 0.0f;     // paper units
  int jpeg_quality = 0;  // 0: not compressed
};

struct Mark {
  bool present = false;
  base::Vec2 position{0.0f};  // paper
  bool has_heading = false;
  float heading = 0.0f;  // radians on paper: 0 points to -v (up), left turns positive, like a world yaw
};

struct Drawing {
  static constexpr int kVersion = 1;
  std::uint64_t seed = 0;  // of pen and paper texture
  std::vector<Stroke> strokes;
  Paper paper;
  Mark start;
  Mark goal;
  std::vector<base::Vec2> route;  // intended centre line, may be empty

  std::string to_json() const;
  static base::Result<Drawing> from_json(std::string_view text, std::string_view name);
};

/// A similarity between the agent's surroundings and the paper.
/// A body point (right, forward) metres lies at  position + exp(log_scale) * R(heading) * (right, -forward).
struct PaperPose {
  base::Vec2 position{0.0f};  // paper
  float heading = 0.0f;       // as Mark::heading
  float log_scale = 0.0f;     // ln(paper units per metre)
};

/// Body point (right, forward), metres -> paper, through `pose`. heading h turns left: on paper (v down)
/// forward is (-sin h, -cos h), right is (cos h, -sin h).
inline base::Vec2 body_to_paper(const PaperPose& pose, const base::Vec2& right_forward) {
  const float s = std::exp(pose.log_scale);
  const float c = std::cos(pose.heading), n = std::sin(pose.heading);
  return pose.position + s * base::Vec2(c * right_forward.x - n * right_forward.y,
                                        -n * right_forward.x - c * right_forward.y);
}

}  // namespace inknav::sketch
