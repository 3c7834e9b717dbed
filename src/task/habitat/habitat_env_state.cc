// SPDX-License-Identifier: MIT
#include <span>
#include <utility>

#include "sim/state_bytes.h"
#include "task/episode_hash.h"
#include "task/habitat/habitat_env.h"

namespace inknav::task::habitat {

namespace {
constexpr std::uint32_t kTag = 0x32424148;  // "HAB2"
}  // namespace

std::vector<std::uint8_t> HabitatEnv::save_state() const {
  sim::StateWriter out;
  slots_.save(kTag, hash_of(dataset_.episodes), out);
  out.array(std::span<const MeasureState>(measures_));
  for (const Row& row : rows_) {
    out.array(std::span<const double>(row.dtw));
    out.array(std::span<const base::Vec3>(row.walk));
    const std::vector<float> bounds = row.goals ? row.goals->bounds() : std::vector<float>{};
    out.array(std::span<const float>(bounds));
    const bool started = row.goals && row.goals->last_start();
    out.value(static_cast<std::uint8_t>(started ? 1 : 0));
    out.value(started ? *row.goals->last_start() : base::Vec3(0.0f));
  }
  for (const EpisodeIterator& iterator : iterators_) {
    const std::vector<std::uint8_t> bytes = iterator.save();
    out.array(std::span<const std::uint8_t>(bytes));
  }
  write_bodies(*simulator_, out);
  return out.take();
}

base::Status HabitatEnv::restore_state(std::span<const std::uint8_t> bytes) {
  sim::StateReader in(bytes, "environment state");
  const EpisodeSlots::Saved slots = slots_.read(kTag, hash_of(episodes()), episodes().size(), in);
  std::vector<MeasureState> measures(measures_.size());
  in.array(std::span<MeasureState>(measures));
  std::vector<SavedRow> rows(rows_.size());
  const auto most_places = static_cast<std::size_t>(settings_.max_episode_steps) + 1;
  for (SavedRow& row : rows) {
    row.dtw = in.list<double>(in.left(), "a row of the comparison of walks is cut");
    row.walk = in.list<base::Vec3>(most_places, "a walk is longer than an episode");
    row.bounds = in.list<float>(in.left(), "the distances to goals are cut");
    const bool started = in.value<std::uint8_t>() != 0;
    const auto start = in.value<base::Vec3>();
    if (started) row.last_start = start;
  }
  std::vector<std::vector<std::uint8_t>> orders(iterators_.size());
  for (std::vector<std::uint8_t>& order : orders)
    order = in.list<std::uint8_t>(in.left(), "an order of episodes is cut");
  const auto bodies = read_bodies(in);
  INKNAV_RETURN_IF_ERROR(in.status());
  for (std::size_t i = 0; i < orders.size(); ++i) INKNAV_RETURN_IF_ERROR(iterators_[i].restore(orders[i]));
  INKNAV_RETURN_IF_ERROR(simulator_->restore_state(bodies));

  slots_.restore(slots);
  measures_ = std::move(measures);
  for (const int e : slots_.listed())
    INKNAV_RETURN_IF_ERROR(restore_row(e, std::move(rows[static_cast<std::size_t>(e)])));
  if (!slots_.listed().empty()) render_image_goals();
  return base::ok_status();
}

base::Status HabitatEnv::restore_row(int environment, SavedRow saved) {
  const auto i = static_cast<std::size_t>(environment);
  Row& row = rows_[i];
  prepare(environment, simulator_->query(simulator_->world_ids()[i], 0));
  const bool fast = task().fast_dtw;
  const bool fits = saved.bounds.size() == row.goals->bounds().size() &&
                    saved.dtw.size() == (fast || row.reference.empty() ? 0 : row.reference.size()) &&
                    saved.walk.empty() == (!fast || row.reference.empty());
  if (!fits) {
    return base::Error{
        base::ErrorCode::kData,
        "environment state: goals or the walk of an episode differ from those that were saved; "
        "resume with the configuration and data of the checkpoint"};
  }
  row.goals->restore(saved.bounds, saved.last_start);
  row.dtw = std::move(saved.dtw);
  row.walk.assign(saved.walk.begin(), saved.walk.end());
  write_static_fields(environment);
  write_fields(environment, 0);
  return base::ok_status();
}

}  // namespace inknav::task::habitat
