// SPDX-License-Identifier: MIT
#pragma once
// VectorEnv: N environments as one object with plain tensor views; the only thing a learner sees.
//
//   env->reset();                                  // all environments at their first observation
//   loop:
//     read env->observation("depth") ... ; choose actions[N]
//     const StepResult& r = env->step(actions);    // observations are now those AFTER the step,
//                                                  // also for episodes that just ended (final observation)
//     bootstrap V(final observation) where r.truncated
//     env->reset_done();                           // episodes that ended begin anew, their rows are
//     rewritten
//
// Some of the environments may be stepped at a time (step_rows), so that the others can be thought about
// meanwhile. Time-outs (truncated) are told apart from termination. Views keep their address and shape for
// the life of the environment. No allocation per step after warm-up. Everything is determined by (seed,
// actions).

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/device_picture.h"
#include "base/result.h"
#include "base/tensor_view.h"

namespace inknav::task {

/// Actions that every environment of this task has.
inline constexpr std::int32_t kStopAction = 0, kForwardAction = 1;

struct FieldSpec {
  std::string name;
  base::DType dtype = base::DType::kF32;
  std::vector<std::int64_t> shape;  // per environment, without the leading N
  bool privileged = false;          // truth for supervision; a policy must not read it
};

struct EnvSpec {
  int num_envs = 0;
  int num_actions = 0;
  std::vector<FieldSpec> fields;
};

inline bool has_field(const EnvSpec& spec, std::string_view name) {
  return std::any_of(spec.fields.begin(), spec.fields.end(),
                     [&](const FieldSpec& field) { return field.name == name; });
}

struct StepResult {
  std::span<const float> reward;             // [N]
  std::span<const std::uint8_t> terminated;  // [N] the episode ended by itself (STOP)
  std::span<const std::uint8_t> truncated;   // [N] the episode ran out of time
};

/// Measures of one finished episode, in the order of VectorEnv::measure_names().
struct EpisodeResult {
  int environment = 0;
  std::int64_t episode = 0;  // index into the episode list
  int steps = 0;
  float reward = 0.0f;
  std::vector<float> measures;
};

class VectorEnv {
 public:
  virtual ~VectorEnv() = default;
  virtual const EnvSpec& spec() const = 0;
  /// [N, ...] view of a field of spec(); an unknown name is a bug.
  virtual base::TensorView observation(std::string_view name) const = 0;
  /// Asks for the pictures of a camera's field in the learner's own memory: from now on all that rewrites the
  /// observation rewrites `picture`, [N] of them, and not the view of that name, which nobody may read until
  /// `data` null takes the request back. The present pictures are there at once. False: they come through
  /// observation() as before.
  virtual bool bind_picture(std::string_view field, const base::DevicePicture& picture) {
    static_cast<void>(field), static_cast<void>(picture);
    return false;
  }
  virtual void reset() = 0;
  virtual const StepResult& step(std::span<const std::int32_t> actions) = 0;
  virtual void reset_done() = 0;

  /// Whether step_rows() may be called with fewer environments than there are.
  virtual bool steps_rows() const { return false; }
  /// Steps the environments first, first + 1, ..., one an action, and no other. What it returns, and
  /// finished(), is of these alone (EpisodeResult::environment counts from 0 of all). After episodes that
  /// ended, reset_done() comes before the next step of any. Law: parts of the environments stepped one after
  /// the other give what one step of all gives.
  virtual const StepResult& step_rows(int first, std::span<const std::int32_t> actions) {
    INKNAV_CHECK(first == 0 && static_cast<int>(actions.size()) == spec().num_envs, first, actions.size());
    return step(actions);
  }

  virtual const std::vector<std::string>& measure_names() const = 0;
  /// Episodes that ended in the last step.
  virtual std::span<const EpisodeResult> finished() const = 0;

  /// Bytes of all state for a checkpoint; restore is exact and leaves the views as they were.
  virtual std::vector<std::uint8_t> save_state() const = 0;
  virtual base::Status restore_state(std::span<const std::uint8_t> bytes) = 0;
};

}  // namespace inknav::task
