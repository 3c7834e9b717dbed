// SPDX-License-Identifier: MIT
#pragma once
// Demonstration: one walk of the expert (disturbed on purpose), step by step: what was there, what was done,
// what the expert would have done. What an imitation learner learns from; kept in files by
// task/demonstration_file.h, read by task/demonstration_reader.h.
//
// A step holds the state before its action. The frame of odometry is the episode's start, to which the
// drawing's start mark belongs, also when the body begins elsewhere; so gps and compass need not begin at 0.
// observe() gives what an agent has seen at a step: never anything of a later one, nor the step's own action
// (law and test: WindowsNeverContainTheFuture).

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/geometry.h"
#include "nav/route.h"
#include "task/depth_code.h"

namespace inknav::task {

inline constexpr int kPathPoints = 16;          // of the expert's path
inline constexpr float kPathSpacing = 0.25f;    // metres of way between two of them
inline constexpr std::uint8_t kNoAction = 255;  // before the first action

struct DemonstrationStep {
  base::Pose pose_world_agent;
  float remaining = 0.0f;          // metres the expert has still to walk; infinity where no way leads on
  std::uint8_t action = 0;         // taken, nav::Action
  std::uint8_t expert_action = 0;  // what the expert would do
  bool collided = false;           // by this step's action
  bool off_route = false;          // farther from the drawn route than kOffRoute
  bool disturbed = false;          // the action is noise or an excursion, not the expert's
  bool by_student = false;         // the action is the student's that walks along (task/student.h)
  std::array<std::int8_t, 2 * kPathPoints> path{};  // (right, forward) increments, 127: kPathSpacing
};
inline constexpr float kOffRoute = 0.3f;  // metres

/// Way points in the body frame (right, forward; metres) -> increments in units of kPathSpacing / 127, each
/// in [-127, 127]. What rounding loses in one is made up in the next, so a point is never off by more than
/// 2 mm.
std::array<std::int8_t, 2 * kPathPoints> quantize_path(const std::array<base::Vec2, kPathPoints>& points);
/// The way points themselves, metres in the body frame.
std::array<base::Vec2, kPathPoints> path_points(const DemonstrationStep& step);

struct DemonstrationInfo {
  std::int64_t run = 0;  // number in the whole set
  std::string episode_id;
  std::string scene_id;
  std::string drawing;  // file name of the picture, in the sketch folder
  base::Pose start;     // of the episode: the frame of odometry
  bool off_start = false;
  int num_steps = 0;
};

struct Demonstration {
  DemonstrationInfo info;
  int width = 0;
  int height = 0;
  std::vector<DemonstrationStep> steps;
  std::vector<std::uint8_t>
      depth;  // [num_steps, height, width] codes (task/depth_code.h); empty: not rendered

  std::size_t frame_size() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  }
};

/// The last `length` observations at a step; those before the first repeat it.
struct ObservationWindow {
  int length = 0;
  std::vector<float> depth;                   // [length, height, width], normalised
  std::vector<float> gps;                     // [length, 2] metres in the start frame: (forward, right)
  std::vector<float> compass;                 // [length] radians, left positive
  std::vector<std::uint8_t> previous_action;  // [length], kNoAction at the first step
};

/// Fills `window` with the observations of steps step - length + 1 ... step. Allocates only when the window
/// grows. depth stays empty when the demonstration has none.
void observe(const Demonstration& demonstration, int step, int length, ObservationWindow& window);

}  // namespace inknav::task
