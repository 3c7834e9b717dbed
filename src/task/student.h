// SPDX-License-Identifier: MIT
#pragma once
// Student: a learner that walks along while demonstrations are made (task/demonstration_generation.h), told
// of all that happens and asked what it would do.
//
//   env.reset(); student.attach(env);
//   loop: choices = student.act(env, active)
//         env.step(actions); student.observe_step(env, actions, result)
//         env.reset_done(); student.observe_reset(env)
//
// Law: what it says of an environment follows from the episode that goes on there and what was done in it
// alone, bit for bit; not from the environment's number, from the others or from threads. Without that, walks
// would depend on how many are made at once.

#include <cstdint>
#include <span>

#include "task/vector_env.h"

namespace inknav::task {

struct StudentChoice {
  std::int32_t action = 0;  // nav::Action it would take
  std::int32_t motion = 0;  // the same without STOP: its best motion
};

class Student {
 public:
  virtual ~Student() = default;
  /// All environments begin an episode. Called again for every further environment.
  virtual void attach(const VectorEnv& env) = 0;
  /// [N]; those of environments that `active` [N] does not flag, which rest for good, mean nothing.
  virtual std::span<const StudentChoice> act(const VectorEnv& env, std::span<const std::uint8_t> active) = 0;
  /// `actions` [N] were carried out, whoever chose them.
  virtual void observe_step(const VectorEnv& env, std::span<const std::int32_t> actions,
                            const StepResult& result) = 0;
  /// Episodes that had ended have begun anew.
  virtual void observe_reset(const VectorEnv& env) = 0;
};

}  // namespace inknav::task
