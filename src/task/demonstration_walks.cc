// SPDX-License-Identifier: MIT
#include "task/demonstration_walks.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/philox.h"

namespace inknav::task::internal {

namespace {

using nav::Action;

/// What is done against the expert's advice: noise by (run, step), and what is left of an excursion.
class Disturbance {
 public:
  void begin(std::uint64_t seed, std::int64_t run) {
    seed_ = seed;
    run_ = static_cast<std::uint32_t>(run);
    turns_left_ = steps_left_ = 0;
  }

  /// The student's action as it is carried out. A wrong STOP would end the walk and teach nothing more, a
  /// right one is worth several states; an excursion of the expert goes on when it is its turn again.
  Action choose_student(const DisturbanceSettings& settings, int step, Action advised,
                        const StudentChoice& choice) {
    const auto action = static_cast<Action>(choice.action), motion = static_cast<Action>(choice.motion);
    if (action != Action::kStop) return action;
    return advised == Action::kStop && !lingers(settings, step) ? action : motion;
  }

  /// The expert's action at `step`.
  Action choose(const DisturbanceSettings& settings, int step, Action advised) {
    base::PhiloxStream stream = noise_at(step);
    if (advised == Action::kStop) {
      turns_left_ = steps_left_ = 0;
      return stream.bernoulli(settings.linger) ? random_motion(stream) : advised;
    }
    if (turns_left_ + steps_left_ > 0) return go_on();
    if (stream.bernoulli(settings.excursion)) {
      way_ = stream.bernoulli(0.5f) ? Action::kTurnLeft : Action::kTurnRight;
      turns_left_ = stream.uniform_int(1, settings.excursion_turns);
      steps_left_ = stream.uniform_int(1, settings.excursion_steps);
      return go_on();
    }
    return stream.bernoulli(settings.noise) ? random_motion(stream) : advised;
  }

 private:
  base::PhiloxStream noise_at(int step) const {
    return base::PhiloxStream(
        {seed_, run_, 0, static_cast<std::uint32_t>(step), base::Purpose::kDemonstrationNoise});
  }
  bool lingers(const DisturbanceSettings& settings, int step) const {
    return noise_at(step).bernoulli(settings.linger);
  }
  static Action random_motion(base::PhiloxStream& stream) {
    return static_cast<Action>(stream.uniform_int(1, 3));
  }

  Action go_on() {
    if (turns_left_ > 0) {
      --turns_left_;
      return way_;
    }
    --steps_left_;
    return Action::kForward;
  }

  std::uint64_t seed_ = 0;
  std::uint32_t run_ = 0;
  Action way_ = Action::kTurnLeft;
  int turns_left_ = 0;
  int steps_left_ = 0;
};

/// Where the body begins; the drawing's start stays where it is.
base::Pose start_beside(nav::NavQuery& query, const base::Pose& start, const DisturbanceSettings& settings,
                        base::PhiloxStream& stream) {
  const auto point = query.project(start.position);
  INKNAV_CHECK(point.has_value());
  base::Pose pose = start;
  const float yaw = stream.uniform(-base::kPi, base::kPi);
  const float distance = settings.off_start_distance * std::sqrt(stream.uniform());
  pose.position = query.step(*point, point->position + distance * base::forward_from_yaw(yaw), true).position;
  const float most = settings.off_start_turn_deg * base::kPi / 180.0f;
  pose.rotation = glm::normalize(start.rotation * base::rotation_from_yaw(stream.uniform(-most, most)));
  return pose;
}

class Walks {
 public:
  Walks(const DemonstrationSettings& settings, const Dataset& dataset, std::span<const sim::World> worlds,
        std::span<const Run> runs, base::ThreadPool& pool)
      : settings_(settings),
        dataset_(dataset),
        worlds_(worlds),
        runs_(runs),
        pool_(pool),
        results_(runs.size()) {}

  base::Result<std::vector<WalkResult>> walk(
      const std::function<void(std::int64_t, std::int64_t)>& progress) {
    const int num_envs = std::min(settings_.num_envs, static_cast<int>(runs_.size()));
    INKNAV_ASSIGN_OR_RETURN(env_, DrawnMapEnv::create(env_settings(num_envs), make_parts(), pool_));
    rows_.resize(static_cast<std::size_t>(num_envs));
    actions_.assign(rows_.size(), 0);
    active_.assign(rows_.size(), 0);
    Student* const student = settings_.student.student;
    env_->reset();
    begin_rows();
    if (student != nullptr) student->attach(*env_);
    while (!env_->exhausted()) {
      if (student != nullptr) choices_ = student->act(*env_, active_);
      pool_.parallel_for(num_envs, 1, [&](std::int64_t begin, std::int64_t end, int) {
        for (std::int64_t e = begin; e < end; ++e) record(static_cast<int>(e));
      });
      const StepResult& result = env_->step(actions_);
      if (student != nullptr) student->observe_step(*env_, actions_, result);
      finish_rows();
      if (!env_->finished().empty()) progress(walks_, steps_);
      env_->reset_done();
      if (student != nullptr) student->observe_reset(*env_);
      begin_rows();
    }
    return std::move(results_);
  }

 private:
  struct Row {
    std::int64_t run = -1;  // index into runs_; -1 rests
    Demonstration demonstration;
    Disturbance disturbance;
    bool done = false;
  };

  NavigationEnvSettings env_settings(int num_envs) const {
    NavigationEnvSettings env;
    if (settings_.student.student != nullptr) {
      env = settings_.student.env;
    } else {
      env.simulator.sensors = settings_.format.sensors;
      env.simulator.sensors.depth = settings_.format.depth == DepthStorage::kStored;
      env.simulator.motion = settings_.format.motion;
      env.simulator.mapper.enabled = false;
      env.with_drawings = false;
    }
    env.simulator.backend = settings_.backend;
    env.simulator.replace_backend = settings_.replace_backend;
    env.seed = settings_.seed;
    env.first_env = 0;
    env.num_envs = env.total_envs = num_envs;
    env.success_distance = settings_.success_distance;
    env.max_episode_steps = settings_.max_steps;
    env.shuffle = false;
    env.expert_path_points = kPathPoints;
    return env;
  }

  /// Episode k of the environment is run k of the shard.
  DrawnMapEnv::Parts make_parts() {
    DrawnMapEnv::Parts parts;
    parts.dataset.scenes_dir = dataset_.scenes_dir;
    parts.dataset.sketch_dir = dataset_.sketch_dir;
    parts.body_starts.resize(runs_.size());
    std::map<int, int> number;  // of the worlds that the shard needs
    for (std::size_t k = 0; k < runs_.size(); ++k) {
      const Run& run = runs_[k];
      const auto [it, is_new] = number.emplace(run.world, static_cast<int>(parts.worlds.size()));
      if (is_new) parts.worlds.push_back(worlds_[static_cast<std::size_t>(run.world)]);
      parts.world_of_episode.push_back(it->second);
      parts.dataset.episodes.push_back(dataset_.episodes[run.episode]);
    }
    pool_.parallel_for(
        static_cast<std::int64_t>(runs_.size()), 8, [&](std::int64_t begin, std::int64_t end, int) {
          for (auto k = static_cast<std::size_t>(begin); k < static_cast<std::size_t>(end); ++k)
            parts.body_starts[k] = begin_run(k, parts.dataset.episodes[k]);
        });
    return parts;
  }

  /// Notes what is known of a run; where its body begins.
  base::Pose begin_run(std::size_t k, const Episode& episode) {
    const Run& run = runs_[k];
    DemonstrationInfo& info = results_[k].info;
    info.run = run.number;
    info.episode_id = episode.episode_id;
    info.scene_id = episode.scene_id;
    info.drawing = drawing_path(dataset_, episode).filename().string();
    info.start = episode.start;
    base::PhiloxStream stream(
        {settings_.seed, static_cast<std::uint32_t>(run.number), 0, 0, base::Purpose::kDemonstrationStart});
    info.off_start = stream.bernoulli(settings_.disturbance.off_start);
    if (!info.off_start) return episode.start;
    nav::NavQuery query(worlds_[static_cast<std::size_t>(run.world)].nav_mesh);
    return start_beside(query, episode.start, settings_.disturbance, stream);
  }

  void begin_rows() {
    const std::int64_t* episodes = env_->observation("episode_index").as<std::int64_t>();
    for (std::size_t e = 0; e < rows_.size(); ++e) {
      Row& row = rows_[e];
      const bool active = env_->episode_view(static_cast<int>(e)).active;
      const std::int64_t run = active ? episodes[e] : -1;
      active_[e] = active ? 1 : 0;
      if (run == row.run) continue;
      row.run = run;
      if (run < 0) continue;
      Demonstration& demonstration = row.demonstration;
      demonstration.info = results_[static_cast<std::size_t>(run)].info;
      demonstration.width = settings_.format.sensors.camera.width;
      demonstration.height = settings_.format.sensors.camera.height;
      demonstration.steps.clear();
      demonstration.depth.clear();
      row.disturbance.begin(settings_.seed, demonstration.info.run);
    }
  }

  /// The state before the step and the action for it.
  void record(int environment) {
    const auto e = static_cast<std::size_t>(environment);
    Row& row = rows_[e];
    if (row.run < 0) return;
    const EpisodeView view = env_->episode_view(environment);
    DemonstrationStep step;
    step.pose_world_agent = view.pose_world_agent;
    step.off_route = view.progress.distance > kOffRoute;
    step.remaining = env_->observation("expert_remaining").as<float>()[e];
    const auto advised = static_cast<Action>(env_->observation("expert_action").as<std::int32_t>()[e]);
    const float* path = env_->observation("expert_path").as<float>() + 2 * kPathPoints * e;
    std::array<base::Vec2, kPathPoints> points;
    for (std::size_t k = 0; k < points.size(); ++k) points[k] = {path[2 * k], path[2 * k + 1]};
    step.path = quantize_path(points);
    std::vector<DemonstrationStep>& steps = row.demonstration.steps;
    const auto at = static_cast<int>(steps.size());
    step.by_student = is_students(row.demonstration.info.run, at);
    const Action action =
        step.by_student ? row.disturbance.choose_student(settings_.disturbance, at, advised, choices_[e])
                        : row.disturbance.choose(settings_.disturbance, at, advised);
    step.expert_action = static_cast<std::uint8_t>(advised);
    step.action = static_cast<std::uint8_t>(action);
    step.disturbed = !step.by_student && action != advised;
    steps.push_back(step);
    actions_[e] = step.action;
    if (settings_.format.depth == DepthStorage::kRendered) return;
    const std::size_t frame = row.demonstration.frame_size();
    const float* depth = env_->observation("depth").as<float>() + frame * e;
    std::vector<std::uint8_t>& codes = row.demonstration.depth;
    codes.resize(codes.size() + frame);
    const sim::SensorSettings& sensors = env_->settings().simulator.sensors;
    const float offset = sensors.normalize_depth ? 0.0f : sensors.min_depth;
    const float range = sensors.normalize_depth ? 1.0f : sensors.max_depth - sensors.min_depth;
    std::transform(depth, depth + frame, codes.end() - static_cast<std::ptrdiff_t>(frame),
                   [&](float d) { return encode_depth((d - offset) / range); });
  }

  /// Whether a step is the student's.
  bool is_students(std::int64_t run, int step) const {
    if (settings_.student.student == nullptr) return false;
    base::PhiloxStream stream({settings_.seed, static_cast<std::uint32_t>(run), 0,
                               static_cast<std::uint32_t>(step), base::Purpose::kStudentMix});
    return stream.bernoulli(settings_.student.share);
  }

  void finish_rows() {
    for (std::size_t e = 0; e < rows_.size(); ++e) {
      Row& row = rows_[e];
      if (row.run < 0) continue;
      row.demonstration.steps.back().collided = env_->episode_view(static_cast<int>(e)).collided;
    }
    for (const EpisodeResult& finished : env_->finished()) {
      rows_[static_cast<std::size_t>(finished.environment)].done = true;
      results_[static_cast<std::size_t>(finished.episode)].success = finished.measures[0] > 0.0f;
      ++walks_;
      steps_ += finished.steps;
    }
    if (env_->finished().empty()) return;
    pool_.parallel_for(
        static_cast<std::int64_t>(rows_.size()), 1, [&](std::int64_t begin, std::int64_t end, int) {
          for (auto e = static_cast<std::size_t>(begin); e < static_cast<std::size_t>(end); ++e)
            encode(rows_[e]);
        });
  }

  void encode(Row& row) {
    if (!row.done) return;
    row.done = false;
    WalkResult& result = results_[static_cast<std::size_t>(row.run)];
    result.info.num_steps = static_cast<int>(row.demonstration.steps.size());
    for (const DemonstrationStep& step : row.demonstration.steps) {
      result.student_steps += step.by_student ? 1 : 0;
      result.off_route += step.off_route ? 1 : 0;
    }
    result.chunk = encode_chunk(row.demonstration, settings_.format.depth);
  }

  const DemonstrationSettings& settings_;
  const Dataset& dataset_;
  std::span<const sim::World> worlds_;
  std::span<const Run> runs_;
  base::ThreadPool& pool_;
  std::unique_ptr<NavigationEnv> env_;
  std::vector<Row> rows_;
  std::vector<std::int32_t> actions_;
  std::vector<std::uint8_t> active_;
  std::span<const StudentChoice> choices_;  // of the student, at the present observation
  std::vector<WalkResult> results_;
  std::int64_t walks_ = 0;  // ended
  std::int64_t steps_ = 0;  // of them
};

}  // namespace

base::Result<std::vector<WalkResult>> walk_runs(
    const DemonstrationSettings& settings, const Dataset& dataset, std::span<const sim::World> worlds,
    std::span<const Run> runs, base::ThreadPool& pool,
    const std::function<void(std::int64_t, std::int64_t)>& progress) {
  return Walks(settings, dataset, worlds, runs, pool).walk(progress);
}

}  // namespace inknav::task::internal
