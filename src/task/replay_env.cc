// SPDX-License-Identifier: MIT
#include "task/replay_env.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/log.h"
#include "base/philox.h"
#include "sim/mapper.h"
#include "sim/odometry.h"
#include "sim/state_bytes.h"
#include "task/demonstration_fit.h"
#include "task/demonstration_prefetch.h"
#include "task/demonstration_reader.h"
#include "task/depth_code.h"
#include "task/episode_cache.h"
#include "task/field_table.h"
#include "task/goal_fields.h"
#include "task/shown_drawing.h"

namespace inknav::task {
namespace {

constexpr std::uint32_t kTag = 0x32594c50;  // "PLY2"
constexpr float kRouteWindow = 1.0f;        // metres, as NavigationEnv
constexpr std::size_t kWaypoint = 1;        // of the path: 0.5 m ahead
constexpr int kMostUnreadable = 16;         // walks in a row; then the set is not worth the name
constexpr int kViewsAtOnce = 32;
constexpr std::uint32_t kOrderOfWalks = 1;      // step of the key, apart from the order of episodes
constexpr std::uint32_t kVariationOfWalks = 1;  // likewise, of drawings

/// What is shown.
struct ChosenWalks {
  DemonstrationSet set;  // all sets, one behind the other
  std::vector<JoinedWalk> joined;
  base::Hash128 sets;  // of their names
};

class ReplayEnvImpl final : public ReplayEnv {
 public:
  ReplayEnvImpl(const NavigationEnvSettings& settings, const Dataset& dataset, ChosenWalks walks,
                int num_workers, base::ThreadPool& pool)
      : settings_(settings),
        dataset_(dataset),
        set_(std::move(walks.set)),
        sets_(walks.sets),
        joined_(std::move(walks.joined)),
        pool_(pool),
        prefetch_(set_, num_workers),
        drawings_(dataset_.episodes.size(), static_cast<std::size_t>(settings.drawing_cache_bytes)),
        mapper_(settings.simulator.mapper, set_.format().sensors.camera,
                set_.format().sensors.camera_position) {
    const auto count = static_cast<std::size_t>(settings_.num_envs);
    slots_.resize(count);
    rows_.resize(count);
    reward_.resize(count);
    terminated_.resize(count);
    truncated_.resize(count);
    result_ = {reward_, terminated_, truncated_};
    for (int worker = 0; worker < pool_.num_threads(); ++worker)
      scratch_.emplace_back(set_.format().sensors.camera.width);
    make_fields();
  }

  base::Status prepare_renderer() {
    if (!set_.needs_renderer()) return base::ok_status();
    INKNAV_ASSIGN_OR_RETURN(
        renderer_, DemonstrationRenderer::create(set_, dataset_, settings_.cache_dir, kViewsAtOnce, pool_));
    return base::ok_status();
  }

  std::size_t num_walks() const override { return joined_.size(); }
  bool is_of_these_walks(std::span<const std::uint8_t> state) const override;
  const EnvSpec& spec() const override { return fields_.spec(); }
  base::TensorView observation(std::string_view name) const override { return fields_.find(name); }
  const std::vector<std::string>& measure_names() const override { return names_; }
  std::span<const EpisodeResult> finished() const override { return {}; }

  void reset() override;
  const StepResult& step(std::span<const std::int32_t> actions) override;
  void reset_done() override;
  std::vector<std::uint8_t> save_state() const override;
  base::Status restore_state(std::span<const std::uint8_t> bytes) override;

 private:
  struct Slot {
    std::uint64_t walk = 0;  // index into joined_
    std::uint32_t draws = 0;
    std::int32_t step = 0;
  };
  struct Row {  // derived from its Slot
    std::shared_ptr<const Demonstration> walk;
    std::shared_ptr<const DrawingReading> drawing;
    ShownDrawing shown;
    nav::Route route;
    nav::RouteProgress progress;
    sim::DirtyBox dirty;
    bool done = true;
  };
  struct Buffers {
    std::vector<float> depth, metres, gps, compass, marks, pointgoal, handwriting_goal, goal_body, waypoint,
        remaining, path, paper_truth;
    std::vector<std::uint8_t> occupancy, planes;
    std::vector<std::int64_t> serial, episode_index;
    std::vector<std::int32_t> step_index, expert_action, recorded_action;
  };

  void make_fields();
  std::size_t pick(int environment, std::uint32_t draw) const;
  void begin_done();
  std::shared_ptr<const Demonstration> load(std::size_t& joined);
  std::size_t episode_of(std::size_t i) const { return joined_[slots_[i].walk].episode; }
  void prepare_drawings();
  void attach(std::size_t i);
  void see(std::size_t i, std::int32_t step, int worker);
  void write_fields(std::size_t i);
  void write_drawing(std::size_t i);
  std::size_t grid_bytes() const {
    const auto side = static_cast<std::size_t>(settings_.simulator.mapper.grid_size);
    return side * side;
  }

  NavigationEnvSettings settings_;
  Dataset dataset_;
  DemonstrationSet set_;
  base::Hash128 sets_;
  std::vector<JoinedWalk> joined_;
  base::ThreadPool& pool_;
  std::unique_ptr<DemonstrationRenderer> renderer_;  // of walks without depth
  DemonstrationPrefetch prefetch_;
  EpisodeCache<DrawingReading> drawings_;
  sim::Mapper mapper_;
  std::vector<sim::MapperScratch> scratch_;  // [threads]
  std::vector<Slot> slots_;
  std::vector<Row> rows_;
  std::vector<std::size_t> listed_;   // environments that begin a walk
  std::vector<std::size_t> missing_;  // of these, the first of every drawing that is not in the cache
  Buffers buffers_;
  FieldTable fields_;
  std::vector<float> reward_;
  std::vector<std::uint8_t> terminated_, truncated_;
  StepResult result_;
  std::vector<std::string> names_;  // none
};

void ReplayEnvImpl::make_fields() {
  const auto count = static_cast<std::size_t>(settings_.num_envs);
  const auto side = static_cast<std::size_t>(settings_.drawing_size);
  const auto cells = static_cast<std::size_t>(settings_.simulator.mapper.grid_size);
  const auto height = static_cast<std::size_t>(set_.format().sensors.camera.height);
  const auto width = static_cast<std::size_t>(set_.format().sensors.camera.width);
  const auto points = static_cast<std::size_t>(settings_.expert_path_points);
  constexpr std::size_t kPlanes = sketch::ReadPlanes::kNumPlanes;
  Buffers& b = buffers_;
  fields_.set_counts(settings_.num_envs, nav::kNumActions);
  b.depth.resize(count * height * width);
  b.metres.resize(b.depth.size());
  b.occupancy.resize(count * cells * cells);
  b.planes.resize(count * kPlanes * side * side);
  b.path.resize(count * points * 2);
  fields_.add("depth", base::make_view(b.depth.data(), count, height, width, std::size_t{1}), false);
  fields_.add_row("gps", b.gps, 2, false);
  fields_.add_row("compass", b.compass, 1, false);
  fields_.add("occupancy", base::make_view(b.occupancy.data(), count, cells, cells), false);
  fields_.add("drawing_planes", base::make_view(b.planes.data(), count, kPlanes, side, side), false);
  fields_.add_row("drawing_marks", b.marks, ShownDrawing::kMarks, false);
  fields_.add_row("drawing_serial", b.serial, 1, false);
  fields_.add_row("step_index", b.step_index, 1, false);
  fields_.add_row("episode_index", b.episode_index, 1, false);
  fields_.add_row("pointgoal", b.pointgoal, 2, true);
  fields_.add_row("handwriting_goal", b.handwriting_goal, 1, true);
  fields_.add_row("goal_body", b.goal_body, 2, true);
  fields_.add_row("expert_action", b.expert_action, 1, true);
  fields_.add_row("expert_waypoint", b.waypoint, 2, true);
  fields_.add_row("expert_remaining", b.remaining, 1, true);
  if (points > 0)
    fields_.add("expert_path", base::make_view(b.path.data(), count, points, std::size_t{2}), true);
  fields_.add_row("paper_truth", b.paper_truth, ShownDrawing::kTruth, true);
  fields_.add_row("recorded_action", b.recorded_action, 1, true);
}

std::size_t ReplayEnvImpl::pick(int environment, std::uint32_t draw) const {
  const auto global = static_cast<std::uint32_t>(settings_.first_env + environment);
  base::PhiloxStream stream({settings_.seed, global, draw, kOrderOfWalks, base::Purpose::kEpisodeOrder});
  return stream.uniform_int(static_cast<std::uint32_t>(joined_.size()));
}

/// `joined` becomes the next walk that can be read.
std::shared_ptr<const Demonstration> ReplayEnvImpl::load(std::size_t& joined) {
  for (int attempt = 0; attempt < kMostUnreadable; ++attempt) {
    auto walk = prefetch_.take(joined_[joined].walk);
    base::Status status = walk.ok() ? base::ok_status() : base::Status(walk.error());
    if (status.ok() && renderer_ != nullptr && (*walk)->depth.empty()) status = renderer_->render(**walk);
    if (status.ok() && !(*walk)->steps.empty()) return *walk;
    base::log_error("{}; the next walk is shown instead",
                    status.ok() ? std::string("a walk without steps") : status.error().message);
    joined = (joined + 1) % joined_.size();
  }
  INKNAV_CHECK(false, "so many walks in a row cannot be read", kMostUnreadable);
  return nullptr;
}

/// The drawings of the listed environments; each that is not in the cache is read once.
void ReplayEnvImpl::prepare_drawings() {
  missing_.clear();
  for (const std::size_t i : listed_) {
    rows_[i].drawing = drawings_.find(episode_of(i));
    const bool is_read = std::any_of(missing_.begin(), missing_.end(),
                                     [&](std::size_t other) { return episode_of(other) == episode_of(i); });
    if (rows_[i].drawing == nullptr && !is_read) missing_.push_back(i);
  }
  pool_.parallel_for(
      static_cast<std::int64_t>(missing_.size()), 1, [&](std::int64_t begin, std::int64_t end, int) {
        for (auto k = static_cast<std::size_t>(begin); k < static_cast<std::size_t>(end); ++k) {
          const Episode& episode = dataset_.episodes[episode_of(missing_[k])];
          auto loaded = load_drawing(drawing_path(dataset_, episode), settings_.drawing_size);
          if (!loaded.ok()) base::log_error("{}; the episode runs with white paper", loaded.error().message);
          rows_[missing_[k]].drawing =
              loaded.ok() ? std::move(loaded).value() : blank_drawing(settings_.drawing_size);
        }
      });
  for (const std::size_t owner : missing_) {
    const auto& drawing = rows_[owner].drawing;
    for (const std::size_t i : listed_) {
      if (episode_of(i) == episode_of(owner)) rows_[i].drawing = drawing;
    }
    drawings_.insert(episode_of(owner), drawing, drawing->num_bytes());
  }
}

void ReplayEnvImpl::reset() {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    slots_[i] = Slot{};
    rows_[i].done = true;
    prefetch_.want(joined_[pick(static_cast<int>(i), 0)].walk);
  }
  begin_done();
}

void ReplayEnvImpl::reset_done() { begin_done(); }

void ReplayEnvImpl::begin_done() {
  listed_.clear();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!rows_[i].done) continue;
    listed_.push_back(i);
    Slot& slot = slots_[i];
    std::size_t walk = pick(static_cast<int>(i), slot.draws++);
    rows_[i].walk = load(walk);
    slot.walk = walk;
    slot.step = 0;
    prefetch_.want(joined_[pick(static_cast<int>(i), slot.draws)].walk);
  }
  if (listed_.empty()) return;
  prepare_drawings();
  pool_.parallel_for(
      static_cast<std::int64_t>(listed_.size()), 1, [&](std::int64_t begin, std::int64_t end, int worker) {
        for (auto k = static_cast<std::size_t>(begin); k < static_cast<std::size_t>(end); ++k) {
          const std::size_t i = listed_[k];
          rows_[i].done = false;
          attach(i);
          see(i, 0, worker);
          write_drawing(i);
          write_fields(i);
        }
      });
}

/// What belongs to the walk of a slot.
void ReplayEnvImpl::attach(std::size_t i) {
  Row& row = rows_[i];
  const auto global = static_cast<std::uint32_t>(settings_.first_env) + static_cast<std::uint32_t>(i);
  row.shown.show(row.drawing, settings_.drawing_variation,
                 {settings_.seed, global, slots_[i].draws, kVariationOfWalks, base::Purpose::kAugmentation});
  const Episode& joined = dataset_.episodes[episode_of(i)];
  row.route = nav::Route(joined.reference_path.empty()
                             ? std::vector<base::Vec3>{joined.start.position, joined.goals.front().position}
                             : joined.reference_path);
  row.progress = {};
  mapper_.clear(buffers_.occupancy.data() + i * grid_bytes(), row.dirty);
}

/// Puts what was seen at a step into the map.
void ReplayEnvImpl::see(std::size_t i, std::int32_t step, int worker) {
  Row& row = rows_[i];
  const Demonstration& walk = *row.walk;
  const auto at = static_cast<std::size_t>(step);
  const std::size_t frame = walk.frame_size();
  const std::uint8_t* codes = walk.depth.data() + at * frame;
  float *depth = buffers_.depth.data() + i * frame, *metres = buffers_.metres.data() + i * frame;
  const sim::SensorSettings& sensors = set_.format().sensors;
  const float range = sensors.max_depth - sensors.min_depth;
  const std::array<float, 256>& part = depth_of_code();
  for (std::size_t p = 0; p < frame; ++p) {
    depth[p] = part[codes[p]];
    metres[p] = codes[p] == 0 ? 0.0f : sensors.min_depth + range * depth[p];
    if (!settings_.simulator.sensors.normalize_depth) depth[p] = metres[p];
  }
  const base::Pose& pose = walk.steps[at].pose_world_agent;
  const sim::Odometry measured = sim::odometry(walk.info.start, pose);
  buffers_.gps[2 * i] = measured.forward;
  buffers_.gps[2 * i + 1] = measured.right;
  buffers_.compass[i] = measured.compass;
  mapper_.integrate(metres, {measured.forward, measured.right, measured.compass},
                    buffers_.occupancy.data() + i * grid_bytes(), row.dirty,
                    scratch_[static_cast<std::size_t>(worker)]);
  nav::advance(row.route, pose.position, kRouteWindow, row.progress);
}

void ReplayEnvImpl::write_fields(std::size_t i) {
  const Slot& slot = slots_[i];
  const Row& row = rows_[i];
  const DemonstrationStep& step = row.walk->steps[static_cast<std::size_t>(slot.step)];
  const std::size_t episode = episode_of(i);
  Buffers& b = buffers_;
  b.step_index[i] = slot.step;
  b.episode_index[i] = static_cast<std::int64_t>(episode);
  b.expert_action[i] = step.expert_action;
  b.recorded_action[i] = step.action;
  b.remaining[i] = step.remaining;
  const std::array<base::Vec2, kPathPoints> points = path_points(step);
  b.waypoint[2 * i] = points[kWaypoint].x;
  b.waypoint[2 * i + 1] = points[kWaypoint].y;
  const auto wanted = static_cast<std::size_t>(settings_.expert_path_points);
  for (std::size_t k = 0; k < wanted; ++k) {
    b.path[2 * (i * wanted + k)] = points[k].x;
    b.path[2 * (i * wanted + k) + 1] = points[k].y;
  }
  const GoalFields goal = goal_fields(
      step.pose_world_agent, dataset_.episodes[episode].goals.front().position, row.route, row.progress);
  b.goal_body[2 * i] = goal.body.x;
  b.goal_body[2 * i + 1] = goal.body.y;
  b.pointgoal[2 * i] = goal.pointgoal.x;
  b.pointgoal[2 * i + 1] = goal.pointgoal.y;
  b.handwriting_goal[i] = goal.handwriting;
  row.shown.write_truth(step.pose_world_agent, b.paper_truth.data() + ShownDrawing::kTruth * i);
}

void ReplayEnvImpl::write_drawing(std::size_t i) {
  const std::size_t size = buffers_.planes.size() / slots_.size();
  rows_[i].shown.write(buffers_.planes.data() + i * size, buffers_.marks.data() + ShownDrawing::kMarks * i);
  const std::int64_t global = settings_.first_env + static_cast<std::int64_t>(i);
  buffers_.serial[i] = (global + 1) << 32 | slots_[i].draws;
}

const StepResult& ReplayEnvImpl::step(std::span<const std::int32_t> actions) {
  INKNAV_CHECK(actions.size() == slots_.size(), actions.size(), slots_.size());
  pool_.parallel_for(
      static_cast<std::int64_t>(slots_.size()), 1, [&](std::int64_t begin, std::int64_t end, int worker) {
        for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
          INKNAV_CHECK(!rows_[i].done, "reset_done() must follow a step that ended a walk", i);
          Slot& slot = slots_[i];
          const auto& steps = rows_[i].walk->steps;
          const bool last = static_cast<std::size_t>(slot.step) + 1 == steps.size();
          const bool stopped = last && steps.back().action == static_cast<std::uint8_t>(nav::Action::kStop);
          rows_[i].done = last;
          terminated_[i] = stopped ? 1 : 0;
          truncated_[i] = last && !stopped ? 1 : 0;
          if (last) continue;
          ++slot.step;
          see(i, slot.step, worker);
          write_fields(i);
        }
      });
  return result_;
}

std::vector<std::uint8_t> ReplayEnvImpl::save_state() const {
  sim::StateWriter out;
  out.value(kTag);
  out.value(sets_);
  out.value(settings_.num_envs);
  out.value(settings_.first_env);
  out.value(settings_.seed);
  out.value(static_cast<std::uint64_t>(joined_.size()));
  out.array(std::span<const Slot>(slots_));
  return out.take();
}

bool ReplayEnvImpl::is_of_these_walks(std::span<const std::uint8_t> state) const {
  sim::StateReader in(state, "state of the demonstrations");
  const bool is_kind = in.value<std::uint32_t>() == kTag;
  return in.value<base::Hash128>() == sets_ && is_kind && in.ok();
}

base::Status ReplayEnvImpl::restore_state(std::span<const std::uint8_t> bytes) {
  sim::StateReader in(bytes, "state of the demonstrations");
  in.expect(kTag, "the kind of state");
  if (in.value<base::Hash128>() != sets_)
    in.fail("it is of other demonstrations; resume with those of the run");
  in.expect(settings_.num_envs, "the number of environments");
  in.expect(settings_.first_env, "the first environment of the rank");
  in.expect(settings_.seed, "the seed");
  in.expect(static_cast<std::uint64_t>(joined_.size()), "the number of walks");
  std::vector<Slot> slots(slots_.size());
  in.array(std::span<Slot>(slots));
  INKNAV_RETURN_IF_ERROR(in.status());
  listed_.clear();
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].walk >= joined_.size()) in.fail("the number of a walk is out of range");
    INKNAV_RETURN_IF_ERROR(in.status());
    std::size_t walk = slots[i].walk;
    rows_[i].walk = load(walk);
    if (walk != slots[i].walk || static_cast<std::size_t>(slots[i].step) >= rows_[i].walk->steps.size())
      in.fail("a walk is not as it was when the state was saved; resume with the demonstrations of the run");
    INKNAV_RETURN_IF_ERROR(in.status());
    slots_[i] = slots[i];
    listed_.push_back(i);
    prefetch_.want(joined_[pick(static_cast<int>(i), slots_[i].draws)].walk);
  }
  prepare_drawings();
  for (const std::size_t i : listed_) {
    attach(i);
    rows_[i].done = false;
    for (std::int32_t step = 0; step <= slots_[i].step; ++step) see(i, step, 0);
    write_drawing(i);
    write_fields(i);
  }
  return base::ok_status();
}

base::Result<ChosenWalks> choose_walks(const NavigationEnvSettings& settings, const Dataset& dataset,
                                       const std::vector<std::filesystem::path>& folders) {
  ChosenWalks walks;
  base::Hasher hasher;
  for (const std::filesystem::path& folder : folders) {
    INKNAV_ASSIGN_OR_RETURN(DemonstrationSet set, DemonstrationSet::open(folder));
    INKNAV_RETURN_IF_ERROR(check_fits(set.format(), settings, folder));
    INKNAV_RETURN_IF_ERROR(set.check_drawings(dataset.sketch_dir));
    INKNAV_ASSIGN_OR_RETURN(const std::vector<JoinedWalk> joined, join_walks(set, dataset, folder));
    const std::size_t before = walks.set.size();
    for (const JoinedWalk& walk : joined) walks.joined.push_back({before + walk.walk, walk.episode});
    hasher.update(set.manifest().set.data(), set.manifest().set.size());
    walks.set.append(std::move(set));
  }
  walks.sets = hasher.digest();
  return walks;
}

}  // namespace

base::Result<std::unique_ptr<ReplayEnv>> ReplayEnv::create(const NavigationEnvSettings& settings,
                                                           const Dataset& dataset,
                                                           const ReplaySettings& replay,
                                                           base::ThreadPool& pool) {
  INKNAV_CHECK(settings.with_drawings && settings.with_expert && settings.simulator.mapper.enabled);
  INKNAV_CHECK(!replay.folders.empty());
  INKNAV_ASSIGN_OR_RETURN(ChosenWalks walks, choose_walks(settings, dataset, replay.folders));
  auto env = std::make_unique<ReplayEnvImpl>(settings, dataset, std::move(walks), replay.num_workers, pool);
  INKNAV_RETURN_IF_ERROR(env->prepare_renderer());
  return std::unique_ptr<ReplayEnv>(std::move(env));
}

}  // namespace inknav::task
