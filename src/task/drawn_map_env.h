// SPDX-License-Identifier: MIT
#pragma once
// DrawnMapEnv: the NavigationEnv of task/navigation_env.h. Split over drawn_map_env.cc (creation, stepping,
// resets), drawn_map_env_fields.cc (observations) and drawn_map_env_state.cc (checkpoints).
//
// The k-th training episode of environment e (global number) is philox(seed, e, k), whatever the ranks; in
// evaluation environment e of E runs episodes e, e + E, e + 2E, ... and then rests.
// A step opens no file and allocates nothing. A reset opens the drawing and computes the distance field of an
// episode that is not in the caches, and allocates only then or for a longer route than any before.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "task/drawing_store.h"
#include "task/episode_cache.h"
#include "task/episode_slots.h"
#include "task/episode_truth.h"
#include "task/episode_worlds.h"
#include "task/field_table.h"
#include "task/measures.h"
#include "task/navigation_env.h"
#include "task/shown_drawing.h"

namespace inknav::task {

class DrawnMapEnv : public NavigationEnv {
 public:
  struct Parts {
    Dataset dataset;  // sound episodes only
    std::vector<sim::World> worlds;
    std::vector<int> world_of_episode;
    std::vector<std::size_t> wrong_drawing;  // empty unless DrawingMode::kWrong
    /// Where the bodies begin, by episode; the frame of odometry stays the episode's start. Empty: there too.
    std::vector<base::Pose> body_starts;
    int skipped = 0;
  };
  static base::Result<std::unique_ptr<NavigationEnv>> create(const NavigationEnvSettings& settings,
                                                             Parts parts, base::ThreadPool& pool);

  const EnvSpec& spec() const override { return fields_.spec(); }
  base::TensorView observation(std::string_view name) const override { return fields_.find(name); }
  bool bind_picture(std::string_view field, const base::DevicePicture& picture) override {
    return simulator_->bind_picture(field, picture) && fields_.set_elsewhere(field, picture.data != nullptr);
  }
  void reset() override;
  const StepResult& step(std::span<const std::int32_t> actions) override;
  bool steps_rows() const override { return true; }
  const StepResult& step_rows(int first, std::span<const std::int32_t> actions) override;
  void reset_done() override;
  const std::vector<std::string>& measure_names() const override { return task::measure_names(); }
  std::span<const EpisodeResult> finished() const override { return slots_.finished(); }
  std::vector<std::uint8_t> save_state() const override;
  base::Status restore_state(std::span<const std::uint8_t> bytes) override;

  EpisodeView episode_view(int environment) const override;
  const std::vector<Episode>& episodes() const override { return parts_.dataset.episodes; }
  const NavigationEnvSettings& settings() const override { return settings_; }
  bool exhausted() const override { return !settings_.shuffle && slots_.all_rest(); }
  int skipped_episodes() const override { return parts_.skipped; }
  WorldMemory world_memory() const override { return worlds_.memory(); }

 private:
  /// What an environment carries from step to step besides its slot; plain, so that a checkpoint copies it.
  struct Walk {
    nav::RouteProgress progress;
    float rewarded = 0.0f;  // rewarded_distance now
    EpisodeMeasures measures;
  };
  struct Row {  // of an environment; derived from its slot and walk
    std::shared_ptr<const EpisodeTruth> truth;
    std::shared_ptr<const DrawingReading> drawing;
    ShownDrawing shown;
    std::vector<double> dtw;
  };
  struct Buffers {
    std::vector<std::uint8_t> planes;
    std::vector<float> marks, pointgoal, handwriting_goal, goal_body, waypoint, remaining, path, paper_truth;
    std::vector<std::int64_t> serial, episode_index;
    std::vector<std::int32_t> step_index, expert_action;
  };

  DrawnMapEnv(const NavigationEnvSettings& settings, Parts parts, base::ThreadPool& pool,
              std::unique_ptr<sim::Simulator> simulator);
  void make_fields();

  std::int64_t next_episode(int environment, std::uint32_t draw) const;
  /// The episode of an environment, as a number of the list.
  std::size_t number_of(std::size_t environment) const {
    return static_cast<std::size_t>(slots_[environment].episode);
  }
  std::size_t drawing_of(std::int64_t episode) const;
  bool varies_drawings() const {
    return settings_.shuffle && settings_.drawing_variation > 0.0f &&
           settings_.drawing_mode != DrawingMode::kNone;
  }
  void begin_listed();
  /// row.*value of the listed environments: what `cache` has under key_of(environment), else what
  /// make(environment, worker) gives, once for all environments with that key.
  template <typename T, typename KeyOf, typename Make>
  void prepare(EpisodeCache<T>& cache, std::shared_ptr<const T> Row::*value, const KeyOf& key_of,
               const Make& make);
  void prepare_truths();
  void prepare_drawings();
  Episode aimed(std::size_t episode, nav::NavQuery& query) const;
  base::Result<std::shared_ptr<const DrawingReading>> open_drawing(std::size_t episode, int worker);
  void attach(int environment);
  void begin(int environment);
  void settle(int environment, nav::Action action, int worker);
  float rewarded(int environment) const;

  void write_fields(int environment, int worker);
  void write_goal_fields(int environment);
  void write_expert_path(int environment, int worker);
  void write_drawing(int environment);

  NavigationEnvSettings settings_;
  Parts parts_;
  base::ThreadPool& pool_;
  std::unique_ptr<sim::Simulator> simulator_;
  EpisodeWorlds worlds_;
  nav::ExpertSettings expert_;

  EpisodeSlots slots_;
  std::vector<Walk> walks_;  // [num_envs]
  std::vector<Row> rows_;    // [num_envs]
  Buffers buffers_;
  std::vector<base::Vec3> path_points_;  // [threads, expert_path_points] scratch
  FieldTable fields_;

  EpisodeCache<EpisodeTruth> truths_;
  EpisodeCache<DrawingReading> drawings_;  // by the episode whose picture it is
  std::shared_ptr<const DrawingReading> blank_;

  std::vector<nav::Action> actions_;
  std::vector<std::size_t> missing_;      // environments whose episode is to be prepared
  std::vector<std::uint8_t> is_missing_;  // [episodes] somebody in missing_ prepares it
};

}  // namespace inknav::task
