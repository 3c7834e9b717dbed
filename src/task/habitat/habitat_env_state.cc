// SPDX-License-Identifier: MIT
#include <algorithm>
#include <span>

#include "sim/state_bytes.h"
#include "task/episode_hash.h"
#include "task/habitat/habitat_env.h"

namespace inknav::task::habitat {

namespace {
constexpr std::uint32_t kTag = 0x31424148;  // "HAB1"

/// A list whose length is in the bytes, at most `most` long.
template <typename T>
std::vector<T> read_list(sim::StateReader& in, std::size_t most, const char* what) {
  const auto count = in.value<std::uint64_t>();
  if (count > most || count > in.left() / sizeof(T)) in.fail(what);
  std::vector<T> list;
  if (!in.ok()) return list;
  list.resize(count);
  in.bytes(list.data(), count * sizeof(T));
  return list;
}
}  // namespace

std::vector<std::uint8_t> HabitatEnv::save_state() const {
  static_assert(sizeof(Slot) == 16 + 8 + sizeof(MeasureState), "a checkpoint copies a Slot, without gaps");
  sim::StateWriter out;
  out.value(kTag);
  out.value(settings_.num_envs);
  out.value(settings_.first_env);
  out.value(settings_.total_envs);
  out.value(settings_.seed);
  out.value(hash_of(dataset_.episodes));
  out.array(std::span<const Slot>(slots_));
  out.array(std::span<const float>(reward_));
  out.array(std::span<const std::uint8_t>(terminated_));
  out.array(std::span<const std::uint8_t>(truncated_));
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
  const std::vector<std::uint8_t> bodies = simulator_->save_state();
  out.value(static_cast<std::uint64_t>(bodies.size()));
  out.bytes(bodies.data(), bodies.size());
  return out.take();
}

base::Status HabitatEnv::restore_state(std::span<const std::uint8_t> bytes) {
  sim::StateReader in(bytes, "environment state");
  in.expect(kTag, "the kind of state");
  in.expect(settings_.num_envs, "the number of environments");
  in.expect(settings_.first_env, "the first environment of the rank");
  in.expect(settings_.total_envs, "the number of environments of all ranks");
  in.expect(settings_.seed, "the seed");
  in.expect(hash_of(dataset_.episodes), "the list of episodes");
  const std::size_t count = slots_.size();
  std::vector<Slot> slots(count);
  std::vector<float> reward(count);
  std::vector<std::uint8_t> terminated(count), truncated(count);
  in.array(std::span<Slot>(slots));
  in.array(std::span<float>(reward));
  in.array(std::span<std::uint8_t>(terminated));
  in.array(std::span<std::uint8_t>(truncated));
  std::vector<SavedRow> saved(count);
  const auto most_places = static_cast<std::size_t>(settings_.max_episode_steps) + 1;
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    if (slots[i].episode < -1 || slots[i].episode >= static_cast<std::int64_t>(dataset_.episodes.size()))
      in.fail("an episode number is out of range");
    saved[i].dtw = read_list<double>(in, in.left(), "a row of the comparison of walks is cut");
    saved[i].walk = read_list<base::Vec3>(in, most_places, "a walk is longer than an episode");
    saved[i].bounds = read_list<float>(in, in.left(), "the distances to goals are cut");
    const bool started = in.value<std::uint8_t>() != 0;
    const auto start = in.value<base::Vec3>();
    if (started) saved[i].last_start = start;
  }
  std::vector<std::vector<std::uint8_t>> orders(iterators_.size());
  for (std::vector<std::uint8_t>& order : orders)
    order = read_list<std::uint8_t>(in, in.left(), "an order of episodes is cut");
  const auto bodies = in.view(in.value<std::uint64_t>());
  INKNAV_RETURN_IF_ERROR(in.status());
  for (std::size_t i = 0; i < orders.size(); ++i) INKNAV_RETURN_IF_ERROR(iterators_[i].restore(orders[i]));
  INKNAV_RETURN_IF_ERROR(simulator_->restore_state(bodies));

  slots_ = slots;
  std::copy(reward.begin(), reward.end(), reward_.begin());
  std::copy(terminated.begin(), terminated.end(), terminated_.begin());
  std::copy(truncated.begin(), truncated.end(), truncated_.begin());
  num_finished_ = 0;
  listed_.clear();
  for (int e = 0; e < settings_.num_envs; ++e) {
    if (slots_[static_cast<std::size_t>(e)].episode >= 0) listed_.push_back(e);
  }
  for (const int e : listed_)
    INKNAV_RETURN_IF_ERROR(restore_row(e, std::move(saved[static_cast<std::size_t>(e)])));
  if (!listed_.empty()) render_image_goals();
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
