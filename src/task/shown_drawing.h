// SPDX-License-Identifier: MIT
#pragma once
// ShownDrawing: the drawing of one environment's episode as its agent sees it, as it was read or varied
// (sketch/variation.h), and where a place of the world lies on it.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/geometry.h"
#include "base/philox.h"
#include "sketch/variation.h"
#include "task/drawing_store.h"

namespace inknav::task {

class ShownDrawing {
 public:
  static constexpr std::size_t kMarks = 8;  // numbers of `drawing_marks`
  static constexpr std::size_t kTruth = 7;  // numbers of `paper_truth`

  /// Variation 0: as it was read; the key is then of no account.
  void show(std::shared_ptr<const DrawingReading> reading, float variation, const base::PhiloxKey& key);
  /// planes [4, S, S] u8, marks [8] as `drawing_planes` and `drawing_marks` of task/navigation_env.h.
  void write(std::uint8_t* planes, float* marks) const;
  /// truth [7] as `paper_truth` of an agent at `pose_world_agent`; 0 throughout when it is not known.
  void write_truth(const base::Pose& pose_world_agent, float* truth) const;

 private:
  std::shared_ptr<const DrawingReading> reading_;
  sketch::Variation variation_;
  bool varied_ = false;
};

}  // namespace inknav::task
