// SPDX-License-Identifier: MIT
#pragma once
// HabitatEnv: Habitat's PointNav, ObjectNav, ImageNav and VLN as the NavigationEnv that learners, agents and
// reports know. Split over habitat_env.cc (creation, stepping, resets), habitat_env_fields.cc (sensors) and
// habitat_env_state.cc (checkpoints).
//
// Why a class beside DrawnMapEnv: actions, sensors, measures, rewards and the order of episodes all differ.
// What does not (worlds, slots, results, who begins when) is in EpisodeWorlds and EpisodeSlots.
//
// Fields of spec() (per environment): the sensors of HabitatTaskSettings under Habitat's names, in their
// order, with depth [H, W] and rgb [H, W, 3] first where there are cameras; then
//   objectgoal_one_hot  [kMaxCategories] f32   with objectgoal: the same for networks that read numbers
//   step_index [1] i32, episode_index [1] i64  as of the drawn map
//   goal_body*          [2] f32                first goal in the body frame (right, forward), metres
//   expert_action*      [1] i32                with_follower: what nav::GreedyFollower would do
// Training (shuffle): scenes are shuffled and dealt to the environments of all ranks in turn, each has an
// EpisodeIterator; with fewer scenes than environments everyone has all. Evaluation: environment e of E runs
// episodes e, e + E, ... once. Everything follows from (seed, global number, actions); a step opens no file
// and allocates nothing. The follower's memory of its last turns is not part of a checkpoint.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nav/greedy_follower.h"
#include "nav/multi_goal.h"
#include "task/episode_slots.h"
#include "task/episode_worlds.h"
#include "task/field_table.h"
#include "task/habitat/episode_iterator.h"
#include "task/habitat/fast_dtw.h"
#include "task/habitat/task_settings.h"
#include "task/navigation_env.h"

namespace inknav::task::habitat {

/// The fields of an environment of these settings; settings.habitat must be there.
std::vector<FieldSpec> planned_fields(const NavigationEnvSettings& settings);

class HabitatEnv : public NavigationEnv {
 public:
  /// Loads scenes (once each), drops episodes whose start is off the mesh or whose goals are all on other
  /// islands; kData when more than 1 % are bad, kUsage for settings that do not go together.
  static base::Result<std::unique_ptr<NavigationEnv>> create(const NavigationEnvSettings& settings,
                                                             Dataset dataset, base::ThreadPool& pool);

  const EnvSpec& spec() const override { return fields_.spec(); }
  base::TensorView observation(std::string_view name) const override { return fields_.find(name); }
  bool bind_picture(std::string_view field, const base::DevicePicture& picture) override {
    return simulator_->bind_picture(field, picture) && fields_.set_elsewhere(field, picture.data != nullptr);
  }
  void reset() override;
  const StepResult& step(std::span<const std::int32_t> actions) override;
  /// The same for programs that steer by other than numbers: any velocity and teleports, of the kinds that
  /// the settings list (another is a bug). A velocity below both thresholds is a stop, which ends an episode.
  /// Reached from a NavigationEnv by dynamic_cast<HabitatEnv&>.
  const StepResult& step(std::span<const sim::Command> commands);
  bool steps_rows() const override { return true; }
  const StepResult& step_rows(int first, std::span<const std::int32_t> actions) override;
  void reset_done() override;
  const std::vector<std::string>& measure_names() const override { return measure_names_; }
  std::span<const EpisodeResult> finished() const override { return slots_.finished(); }
  std::vector<std::uint8_t> save_state() const override;
  base::Status restore_state(std::span<const std::uint8_t> bytes) override;

  EpisodeView episode_view(int environment) const override;
  const std::vector<Episode>& episodes() const override { return dataset_.episodes; }
  const NavigationEnvSettings& settings() const override { return settings_; }
  bool exhausted() const override { return !settings_.shuffle && slots_.all_rest(); }
  int skipped_episodes() const override { return skipped_; }
  WorldMemory world_memory() const override { return worlds_.memory(); }

  /// Of the episode that goes on, after its last step. kTopDownMap has no number.
  double measure(int environment, Measure measure) const;
  /// What the episode's agent is told (VLN): Habitat's instruction sensor with its text; the trajectory's id
  /// is in episode_view(). Empty without an episode or an instruction.
  Instruction instruction(int environment) const;

 private:
  struct Row {  // of an environment; grows with its episode
    std::optional<nav::MultiGoal> goals;
    std::span<const base::Vec3> reference;  // what nDTW compares with; empty: nothing
    std::vector<double> dtw;                // exact: the last row of the table
    std::vector<base::Vec3> walk;           // fast: places so far, without repeats
    std::optional<nav::GreedyFollower> follower;
  };
  struct SavedRow {  // of a checkpoint
    std::vector<double> dtw;
    std::vector<base::Vec3> walk;
    std::vector<float> bounds;
    std::optional<base::Vec3> last_start;
  };
  struct Buffers {
    std::vector<float> pointgoal, pointgoal_now, gps, compass, heading, proximity, one_hot, goal_body;
    std::vector<std::int64_t> objectgoal, instruction, episode_index;
    std::vector<std::int32_t> step_index, expert_action;
    std::vector<std::uint8_t> imagegoal, imagegoal_scratch;
  };

  HabitatEnv(const NavigationEnvSettings& settings, Dataset dataset, base::ThreadPool& pool,
             std::unique_ptr<sim::Simulator> simulator);
  void reserve_walks();
  void deal_episodes();
  void make_fields();
  const HabitatTaskSettings& task() const { return *settings_.habitat; }
  const Episode& episode_of(std::size_t environment) const;

  std::int64_t next_episode(int environment, std::uint32_t draw);
  void begin_listed();
  void attach(int environment);
  void prepare(int environment, nav::NavQuery& query);
  void begin(int environment, int worker);
  const StepResult& carry_out(std::size_t first, std::size_t count);
  bool is_stop(const sim::Command& command) const;
  void settle(int environment, int worker);
  void compare_walk(int environment, int worker, bool asked);

  void write_fields(int environment, int worker);
  void write_static_fields(int environment);
  void advise(int environment, int worker);
  void render_image_goals();
  base::Status restore_row(int environment, SavedRow saved);

  NavigationEnvSettings settings_;
  Dataset dataset_;
  base::ThreadPool& pool_;
  std::unique_ptr<sim::Simulator> simulator_;
  EpisodeWorlds worlds_;
  int skipped_ = 0;
  bool compares_walks_ = false;
  bool compares_each_step_ = false;  // a reward is made of nDTW

  std::vector<Measure> columns_;
  std::vector<std::string> measure_names_;
  EpisodeSlots slots_;
  std::vector<MeasureState> measures_;             // [num_envs]; a checkpoint copies it
  std::vector<Row> rows_;                          // [num_envs]
  std::vector<std::vector<std::uint32_t>> share_;  // [num_envs] training: episodes of an environment
  std::vector<EpisodeIterator> iterators_;         // [num_envs] training
  std::vector<FastDtw> fast_dtw_;                  // [threads]
  Buffers buffers_;
  FieldTable fields_;

  std::vector<sim::Command> commands_;
  std::vector<sim::BodyView> goal_views_;
};

}  // namespace inknav::task::habitat
