// SPDX-License-Identifier: MIT
#include "task/episode_slots.h"

#include <algorithm>

#include "base/check.h"
#include "task/navigation_env.h"

namespace inknav::task {

EpisodeSlots::EpisodeSlots(const NavigationEnvSettings& settings, std::size_t num_measures)
    : first_env_(settings.first_env), total_envs_(settings.total_envs), seed_(settings.seed) {
  const auto count = static_cast<std::size_t>(settings.num_envs);
  slots_.resize(count);
  mask_.resize(count);
  listed_.reserve(count);
  reward_.resize(count);
  terminated_.resize(count);
  truncated_.resize(count);
  result_ = {reward_, terminated_, truncated_};
  finished_.resize(count);
  for (EpisodeResult& result : finished_) result.measures.resize(num_measures);
}

bool EpisodeSlots::all_rest() const {
  return std::none_of(slots_.begin(), slots_.end(), [](const EpisodeSlot& slot) { return slot.active != 0; });
}

void EpisodeSlots::begin_step(std::size_t first, std::size_t count) {
  INKNAV_CHECK(first + count <= slots_.size(), first, count, slots_.size());
  num_finished_ = 0;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    INKNAV_CHECK(slots_[i].done == 0, "reset_done() must follow a step that ended an episode", i);
    mask_[i] = 0;
  }
  for (std::size_t i = first; i < first + count; ++i) {
    mask_[i] = slots_[i].active;
    reward_[i] = 0.0f;
    terminated_[i] = truncated_[i] = 0;
  }
  result_ = {std::span<const float>(reward_).subspan(first, count),
             std::span<const std::uint8_t>(terminated_).subspan(first, count),
             std::span<const std::uint8_t>(truncated_).subspan(first, count)};
}

void EpisodeSlots::settle(std::size_t environment, float reward, bool terminated, bool truncated) {
  EpisodeSlot& slot = slots_[environment];
  reward_[environment] = reward;
  slot.reward += static_cast<double>(reward);
  terminated_[environment] = terminated ? 1 : 0;
  truncated_[environment] = truncated ? 1 : 0;
  slot.done = terminated || truncated ? 1 : 0;
}

EpisodeResult& EpisodeSlots::add_finished(std::size_t environment) {
  EpisodeResult& result = finished_[num_finished_++];
  result.environment = static_cast<int>(environment);
  result.episode = slots_[environment].episode;
  result.reward = static_cast<float>(slots_[environment].reward);
  return result;
}

void EpisodeSlots::list_all() {
  num_finished_ = 0;
  listed_.clear();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    slots_[i] = EpisodeSlot{};
    listed_.push_back(static_cast<int>(i));
  }
}

bool EpisodeSlots::list_done() {
  listed_.clear();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].done != 0) listed_.push_back(static_cast<int>(i));
  }
  return !listed_.empty();
}

bool EpisodeSlots::begin(int environment, std::int64_t episode) {
  EpisodeSlot& slot = slots_[static_cast<std::size_t>(environment)];
  ++slot.draws;
  slot.done = 0;
  slot.active = episode >= 0 ? 1 : 0;
  if (episode < 0) return false;
  slot.episode = episode;
  slot.reward = 0.0;
  return true;
}

void EpisodeSlots::keep_listed(std::size_t kept) {
  listed_.resize(kept);
  std::fill(mask_.begin(), mask_.end(), std::uint8_t{0});
  for (const int e : listed_) mask_[static_cast<std::size_t>(e)] = 1;
}

std::int64_t EpisodeSlots::in_order(int environment, std::uint32_t draw, std::size_t count) const {
  const std::int64_t episode =
      std::int64_t{first_env_} + environment + std::int64_t{draw} * std::int64_t{total_envs_};
  return episode < static_cast<std::int64_t>(count) ? episode : -1;
}

void EpisodeSlots::save(std::uint32_t tag, const base::Hash128& episodes, sim::StateWriter& out) const {
  out.value(tag);
  out.value(static_cast<std::int32_t>(slots_.size()));
  out.value(first_env_);
  out.value(total_envs_);
  out.value(seed_);
  out.value(episodes);
  out.array(std::span<const EpisodeSlot>(slots_));
  out.array(std::span<const float>(reward_));
  out.array(std::span<const std::uint8_t>(terminated_));
  out.array(std::span<const std::uint8_t>(truncated_));
}

EpisodeSlots::Saved EpisodeSlots::read(std::uint32_t tag, const base::Hash128& episodes, std::size_t count,
                                       sim::StateReader& in) const {
  in.expect(tag, "the kind of state");
  in.expect(static_cast<std::int32_t>(slots_.size()), "the number of environments");
  in.expect(first_env_, "the first environment of the rank");
  in.expect(total_envs_, "the number of environments of all ranks");
  in.expect(seed_, "the seed");
  in.expect(episodes, "the list of episodes");
  Saved saved;
  saved.slots.resize(slots_.size());
  saved.reward.resize(slots_.size());
  saved.terminated.resize(slots_.size());
  saved.truncated.resize(slots_.size());
  in.array(std::span<EpisodeSlot>(saved.slots));
  in.array(std::span<float>(saved.reward));
  in.array(std::span<std::uint8_t>(saved.terminated));
  in.array(std::span<std::uint8_t>(saved.truncated));
  for (const EpisodeSlot& slot : saved.slots) {
    if (slot.episode < -1 || slot.episode >= static_cast<std::int64_t>(count))
      in.fail("an episode number is out of range");
  }
  return saved;
}

void EpisodeSlots::restore(const Saved& saved) {
  slots_ = saved.slots;
  std::copy(saved.reward.begin(), saved.reward.end(), reward_.begin());
  std::copy(saved.terminated.begin(), saved.terminated.end(), terminated_.begin());
  std::copy(saved.truncated.begin(), saved.truncated.end(), truncated_.begin());
  num_finished_ = 0;
  listed_.clear();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].episode >= 0) listed_.push_back(static_cast<int>(i));
  }
}

void write_bodies(const sim::Simulator& simulator, sim::StateWriter& out) {
  const std::vector<std::uint8_t> bodies = simulator.save_state();
  out.array(std::span<const std::uint8_t>(bodies));
}

std::span<const std::uint8_t> read_bodies(sim::StateReader& in) { return in.view(in.value<std::uint64_t>()); }

}  // namespace inknav::task
