// SPDX-License-Identifier: MIT
#pragma once
// Generation of demonstrations: the expert walks the episodes of a list, many at once, and is disturbed on
// purpose, so that what it does where a learner will end up is in the set too: starts beside the route,
// random actions, excursions (some turns, some steps) and a goal that is not left at once. Every action taken
// is recorded beside the one the expert advised. A student may walk along (DAgger): then each step is its own
// with probability `share`, and the states are those that it gets itself into.
//
// Resumable: shards appear whole, each is a function of (settings, episodes, its number), and the ones that
// are there are kept; so a run that was killed and started again ends with the same bytes as one that was
// not. The bytes depend neither on the number of threads nor on how many walks go on at once; of a student
// that needs the law of task/student.h. Randomness: philox by (seed, run, step). Memory: every scene of the
// list, and the walks of one shard.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/thread_pool.h"
#include "nav/nav_mesh.h"
#include "task/demonstration_file.h"
#include "task/episode.h"
#include "task/navigation_env.h"
#include "task/student.h"

namespace inknav::task {

struct DisturbanceSettings {
  float off_start = 0.5f;            // probability that a walk begins beside its start
  float off_start_distance = 1.0f;   // metres, at most
  float off_start_turn_deg = 60.0f;  // at most, to either side
  float noise = 0.05f;               // probability a step of a random motion
  float excursion = 0.015f;          // probability a step that an excursion begins
  int excursion_turns = 6;           // at most
  int excursion_steps = 6;           // forward, at most
  float linger = 0.6f;               // probability of a random motion where the expert says STOP
};

/// The mixture of DAgger: the student acts in a step with probability `share` (1 - beta), else the expert
/// with its disturbances. STOP stays the expert's to allow: where the expert would go on, the student's best
/// motion is carried out instead, and where it would stop, that as often as DisturbanceSettings::linger says.
struct StudentSettings {
  Student* student = nullptr;  // none: the expert walks alone
  float share = 1.0f;
  std::string name;           // of its weights, in the manifest: another name is another set
  NavigationEnvSettings env;  // what it sees; the cameras of DemonstrationFormat must be these
};

struct DemonstrationSettings {
  std::filesystem::path out_dir;  // of this set
  std::string split = "train";
  std::uint64_t seed = 0;
  int rounds = 1;     // walks of every episode, each disturbed differently
  int num_envs = 64;  // walks at once
  int walks_a_shard = 256;
  int max_steps = 500;  // of a walk
  float success_distance = 1.0f;
  bool with_drawings = true;  // an episode without its picture is a fault
  bool overwrite = false;     // replaces a set of other settings
  DemonstrationFormat format;
  DisturbanceSettings disturbance;
  StudentSettings student;
  std::optional<std::filesystem::path> cache_dir;
  render::Backend backend = render::Backend::kBundle;  // of images that are stored
  bool replace_backend = false;                        // as in sim::SimulatorSettings
};

struct DemonstrationReport {
  std::int64_t walks = 0;
  std::int64_t new_walks = 0;  // made in this run; the others were there
  std::int64_t new_steps = 0;
  std::int64_t student_steps = 0;  // of these, walked by the student
  std::int64_t off_route = 0;      // of these, begun off the route
  int shards = 0;
  int skipped_episodes = 0;  // cannot be run
  std::int64_t stopped = 0;  // of the new walks, by STOP within success_distance
};

struct DemonstrationProgress {
  std::int64_t walks = 0;  // done, those that were there included
  std::int64_t total = 0;
  std::int64_t new_steps = 0;
};

/// Errors: kUsage (settings out of range, another set in the folder), kData (episodes), kDisk.
base::Result<DemonstrationReport> generate_demonstrations(
    const DemonstrationSettings& settings, Dataset dataset, base::ThreadPool& pool,
    const std::function<void(const DemonstrationProgress&)>& progress);

}  // namespace inknav::task
