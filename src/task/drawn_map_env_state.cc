// SPDX-License-Identifier: MIT
#include <algorithm>
#include <span>

#include "sim/state_bytes.h"
#include "task/drawn_map_env.h"
#include "task/episode_hash.h"

namespace inknav::task {

namespace {
constexpr std::uint32_t kTag = 0x31564e45;  // "ENV1"
}  // namespace

std::vector<std::uint8_t> DrawnMapEnv::save_state() const {
  static_assert(sizeof(Slot) == 80, "a checkpoint copies a Slot, so it must have no gaps");
  sim::StateWriter out;
  out.value(kTag);
  out.value(settings_.num_envs);
  out.value(settings_.first_env);
  out.value(settings_.total_envs);
  out.value(settings_.seed);
  out.value(hash_of(episodes()));
  out.array(std::span<const Slot>(slots_));
  out.array(std::span<const float>(reward_));
  out.array(std::span<const std::uint8_t>(terminated_));
  out.array(std::span<const std::uint8_t>(truncated_));
  for (const Row& row : rows_) {
    out.value(static_cast<std::uint64_t>(row.dtw.size()));
    out.bytes(row.dtw.data(), row.dtw.size() * sizeof(double));
  }
  const std::vector<std::uint8_t> bodies = simulator_->save_state();
  out.value(static_cast<std::uint64_t>(bodies.size()));
  out.bytes(bodies.data(), bodies.size());
  return out.take();
}

base::Status DrawnMapEnv::restore_state(std::span<const std::uint8_t> bytes) {
  sim::StateReader in(bytes, "environment state");
  in.expect(kTag, "the kind of state");
  in.expect(settings_.num_envs, "the number of environments");
  in.expect(settings_.first_env, "the first environment of the rank");
  in.expect(settings_.total_envs, "the number of environments of all ranks");
  in.expect(settings_.seed, "the seed");
  in.expect(hash_of(episodes()), "the list of episodes");
  std::vector<Slot> slots(slots_.size());
  std::vector<float> reward(slots_.size());
  std::vector<std::uint8_t> terminated(slots_.size()), truncated(slots_.size());
  in.array(std::span<Slot>(slots));
  in.array(std::span<float>(reward));
  in.array(std::span<std::uint8_t>(terminated));
  in.array(std::span<std::uint8_t>(truncated));
  std::vector<std::vector<double>> dtw(slots_.size());
  for (std::size_t i = 0; i < dtw.size() && in.ok(); ++i) {
    const auto count = in.value<std::uint64_t>();
    if (count > in.left() / sizeof(double)) in.fail("a row of the route comparison is cut");
    if (!in.ok()) break;
    dtw[i].resize(count);
    in.bytes(dtw[i].data(), count * sizeof(double));
    if (slots[i].episode < -1 || slots[i].episode >= static_cast<std::int64_t>(episodes().size())) {
      in.fail("an episode number is out of range");
    }
  }
  const auto bodies = in.view(in.value<std::uint64_t>());
  INKNAV_RETURN_IF_ERROR(in.status());
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
  if (listed_.empty()) return base::ok_status();
  prepare_truths();
  if (settings_.with_drawings) prepare_drawings();
  for (const int e : listed_) {
    const auto i = static_cast<std::size_t>(e);
    rows_[i].dtw = dtw[i];
    if (rows_[i].dtw.size() != rows_[i].truth->reference.size()) {
      return base::Error{
          base::ErrorCode::kData,
          "environment state: the route of an episode differs from the one that was saved; resume "
          "with the configuration and data of the checkpoint"};
    }
    write_drawing(e);
    write_fields(e, 0);
  }
  return base::ok_status();
}

}  // namespace inknav::task
