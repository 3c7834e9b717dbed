// SPDX-License-Identifier: MIT
#pragma once
// Registration: many hypotheses of where one agent is on its drawing, weighed by how well the walls it has
// seen lie on drawn walls (a particle filter; Thrun, Burgard, Fox, "Probabilistic Robotics", 2005, chapter
// 8).
//
// A hypothesis is an affine map, position and axes: a drawing is stretched, turned and sheared, and
// differently in every room, so the axes wander a little with every metre walked. What is compared: tall
// obstacles (walls; people draw no chairs) should lie on wall ink, free floor should not. Where nothing tall
// is near, as behind low walls, all obstacles count.
//
//   registration.begin(belief, spread, key);          // hypotheses around a first belief
//   each step:
//     registration.move(before, after, key);          // odometry, and what the paper may have changed by
//     registration.observe(occupancy, odometry, walls, key);
//     Estimate now = registration.estimate();
//
// Everything follows from the keys. Cost: about 0.05 ms a step for 384 hypotheses. begin() allocates, the
// rest does not after its first call.

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/philox.h"
#include "learn/reading/belief.h"
#include "learn/reading/crop.h"
#include "learn/reading/wall_likelihood.h"

namespace inknav::learn {

struct RegistrationSettings {
  int hypotheses = 384;
  int first_hypotheses =
      4096;  // at the start, where all is unsure; each resampling halves them down to `hypotheses`
  // Standard deviations of the first hypotheses. Those of a drawing of level L2 (docs/drawings.md).
  float first_position = 0.3f;  // metres, on each axis
  float first_heading = 0.2f;   // radians
  float first_scale = 0.2f;     // ln
  float first_stretch = 0.15f;  // as Stretch, each
  // What the paper changes by, after one metre; grows with the root of the way.
  float drift_position = 0.1f;  // metres
  float drift_heading = 0.04f;  // radians
  float drift_scale = 0.1f;     // ln
  float drift_stretch = 0.06f;
  float jitter = 0.02f;  // metres by which copies of one hypothesis are set apart
  // How fast seen walls, free floor and the scale of the first belief convince, a step.
  float weight_walls = 1.0f, weight_floor = 2.0f, weight_scale = 0.05f;
  float scale_deviation = 0.3f;  // ln: of scales on one drawing
  float radius = 3.5f;           // metres of the agent's map that are compared
};

/// How far the hypotheses are apart: standard deviations.
struct Spread {
  float position = 0.0f;  // metres
  float heading = 0.0f;   // radians, first order
  float log_scale = 0.0f;
};

struct Estimate {
  Belief belief;  // the mean of the hypotheses
  Spread spread;
};

/// What the drawing says of the first belief.
struct FirstKnowledge {
  bool place = true;    // false: anywhere on the paper
  bool heading = true;  // false: any
  bool close = false;   // true: told to it, so that `hypotheses` will do from the start
};

class Registration {
 public:
  explicit Registration(const RegistrationSettings& settings);

  void begin(const Belief& first, const Odometry& pose, const FirstKnowledge& known,
             const base::PhiloxKey& key);
  void move(const Odometry& after, const base::PhiloxKey& key);
  void observe(const OccupancyGrid& map, const WallLikelihood& walls, const base::PhiloxKey& key);
  /// Moves all hypotheses as one, so that an estimate `from` becomes `to`.
  void shift(const Belief& from, const Belief& to);

  Estimate estimate() const;

  enum Column : std::uint8_t { kX, kY, kRightX, kRightY, kForwardX, kForwardY, kLogWeight, kColumns };
  /// Number of hypotheses and the first log scale, then [kColumns, number]: position, right, forward (axes of
  /// the start frame), log weight.
  void append_state(std::vector<float>& out) const;
  const Odometry& pose() const { return pose_; }
  /// Takes what append_state() wrote from the front of `state` and says how much it took; 0: that is no such
  /// state.
  std::size_t restore(std::span<const float> state, const Odometry& pose);
  static constexpr std::size_t kStateHead = 2;

 private:
  std::size_t capacity() const {
    return static_cast<std::size_t>(std::max(settings_.hypotheses, settings_.first_hypotheses));
  }
  std::size_t count() const { return count_; }
  float* column(Column c) { return values_.data() + static_cast<std::size_t>(c) * count(); }
  const float* column(Column c) const { return values_.data() + static_cast<std::size_t>(c) * count(); }
  void make_room(std::size_t hypotheses);
  void make_alike();  // all weigh the same
  void gather_points(const OccupancyGrid& map, std::uint32_t step);
  void weigh(const WallLikelihood& walls);
  const SeenPoints& walls() const { return tall_.right.empty() ? low_ : tall_; }
  /// `sum` of the weights.
  void resample(double sum, const base::PhiloxKey& key);
  /// Adds normal noise of these deviations to the axes of all (and to the place, in metres).
  void disturb(const std::array<float, 6>& deviations, const base::PhiloxKey& key);
  Belief hypothesis(std::size_t k) const;  // axes of the start frame
  Belief mean() const;                     // axes of the start frame

  RegistrationSettings settings_;
  Odometry pose_;
  float first_log_scale_ = 0.0f;
  std::size_t count_ = 0;       // hypotheses now
  std::vector<float> values_;   // [kColumns, count]
  std::vector<float> weights_;  // [count]: exp of the log weights
  std::vector<float> copies_;
  std::vector<std::uint32_t> sources_;  // [count]: whose copy each is, when resampled
  SeenPoints tall_, low_, floor_;
  std::vector<std::int32_t> on_walls_, on_floor_;  // [count]
};

}  // namespace inknav::learn
