// SPDX-License-Identifier: MIT
#pragma once
// ToyHomes: navigation by drawings that is small enough for tests of the learner: three episodes in each of
// two homes (task/test_dataset.h), all with drawings. Environments belong to the object that made them. Tests
// only.

#include <memory>

#include "base/thread_pool.h"
#include "task/navigation_env.h"
#include "task/test_dataset.h"

namespace inknav::learn::testing {

struct ToyHomesEnv {
  int num_envs = 4;
  int first_env = 0;           // of all ranks' environments
  int max_episode_steps = 12;  // so short that episodes begin anew within a few rollouts
};

class ToyHomes {
 public:
  ToyHomes() { data_.draw_all(); }

  std::unique_ptr<task::NavigationEnv> make_env(base::ThreadPool& pool, const ToyHomesEnv& shape = {}) {
    task::NavigationEnvSettings settings = task::testing::small_env(shape.num_envs);
    settings.first_env = shape.first_env;
    settings.with_drawings = true;
    settings.max_episode_steps = shape.max_episode_steps;
    return task::testing::make_env(settings, data_.dataset(), pool);
  }

 private:
  task::testing::TestDataset data_{3};
};

}  // namespace inknav::learn::testing
