// SPDX-License-Identifier: MIT
#pragma once
// ReplayEnv: recorded demonstrations as an environment. What is done in it has been decided already: step()
// takes no notice of the actions it is given, and `recorded_action` says before each step which one was
// taken. All else is as in NavigationEnv (task/navigation_env.h), field by field, so that a learner's
// beliefs, crops and labels are made by the same code: the map is drawn from the recorded depth
// (task/depth_code.h says how exact that is), drawings are shown and varied alike.
//
//   auto env = ReplayEnv::create(settings, dataset, {.folders = {"data/demos"}}, pool);
//
// Fields that differ: recorded_action [1] i32, nav::Action; expert_waypoint is a point of the recorded path,
// 0.5 m ahead; episode_index is the episode's index in `dataset`. There are no rewards and no measures: no
// episode is ever reported as finished.
// The k-th walk of environment e (global number) is philox(seed, e, k). A walk that cannot be read is named
// in the log and the next one of the set is shown instead. Threads: as NavigationEnv. A reset allocates, a
// step does not.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "task/navigation_env.h"

namespace inknav::task {

struct ReplaySettings {
  std::vector<std::filesystem::path> folders;  // of sets whose walks are shown alike; at least one
  int num_workers = 0;                         // threads that read ahead
};

class ReplayEnv : public VectorEnv {
 public:
  /// `settings` and `dataset` are those of the environment that the policy acts in.
  /// Errors: kUsage when a set was seen by another camera or body than `settings` has; kData when one cannot
  /// be read, a drawing is missing, or none of its walks belongs to an episode of `dataset`.
  static base::Result<std::unique_ptr<ReplayEnv>> create(const NavigationEnvSettings& settings,
                                                         const Dataset& dataset, const ReplaySettings& replay,
                                                         base::ThreadPool& pool);
  virtual std::size_t num_walks() const = 0;
  /// Whether `state` (save_state()) is one of the same sets in the same order. One of others cannot be
  /// restored.
  virtual bool is_of_these_walks(std::span<const std::uint8_t> state) const = 0;
};

}  // namespace inknav::task
