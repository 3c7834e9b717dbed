// SPDX-License-Identifier: MIT
#pragma once
// Variation: another hand's version of a drawing that was read. It is turned, stretched and bent; its ink is
// bolder or fainter; some pieces of wall are missing and some strokes mean nothing. Made when an episode
// begins, in about half a millisecond, so that no episode of a training shows a picture that another has
// shown. Where a place of the drawing lies on the varied paper is known exactly.
//
// Laws: to_varied(to_drawn(q)) == q to float precision; jacobian() is the derivative of to_varied; all marks
// and all ink of the drawing stay on the paper, but for the bend.

#include <array>
#include <cstdint>
#include <glm/mat2x2.hpp>
#include <glm/vec2.hpp>
#include <vector>

#include "base/geometry.h"
#include "base/philox.h"
#include "sketch/raster.h"

namespace inknav::sketch {

class Variation {
 public:
  Variation() = default;  // changes nothing
  /// strength 0 to 1: how far what is drawn by the key may go.
  Variation(const ReadPlanes& drawn, float strength, const base::PhiloxKey& key);

  base::Vec2 to_drawn(const base::Vec2& varied) const;
  base::Vec2 to_varied(const base::Vec2& drawn) const;
  glm::mat2 jacobian(const base::Vec2& drawn) const;  // d varied / d drawn

  /// planes [4, S, S] as drawn.planes.
  void apply(const ReadPlanes& drawn, std::uint8_t* planes) const;
  Mark apply(const Mark& mark) const;

 private:
  struct Wave {  // of the bend: amplitude * sin(2 pi frequency . q + phase)
    glm::dvec2 frequency{0.0}, amplitude{0.0};
    double phase = 0.0;
  };
  struct Gap {
    base::Vec2 centre;
    float radius = 0.0f;
  };
  struct Stray {
    base::Vec2 from, to;
    int ink = 255;
  };
  glm::dvec2 drawn_of(const glm::dvec2& varied) const;
  glm::dmat2 slope_at(const glm::dvec2& varied) const;  // d drawn / d varied
  glm::dvec2 varied_of(const glm::dvec2& drawn) const;
  void draw_shape(const ReadPlanes& drawn, double strength, base::PhiloxStream& stream);
  void draw_ink(double strength, base::PhiloxStream& stream);

  // drawn = centre + back (varied - place) + waves
  glm::dvec2 centre_{0.5}, place_{0.5};
  glm::dmat2 back_{1.0};
  std::array<Wave, 3> waves_{};
  float bold_ = 0.0f;  // part of the widest neighbour's ink; negative: of the faintest
  float ink_ = 1.0f;
  std::vector<Gap> gaps_;
  std::vector<Stray> strays_;
};

}  // namespace inknav::sketch
