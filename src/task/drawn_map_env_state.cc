// SPDX-License-Identifier: MIT
#include <span>
#include <utility>

#include "sim/state_bytes.h"
#include "task/drawn_map_env.h"
#include "task/episode_hash.h"

namespace inknav::task {

namespace {
constexpr std::uint32_t kTag = 0x32564e45;  // "ENV2"
}  // namespace

std::vector<std::uint8_t> DrawnMapEnv::save_state() const {
  static_assert(sizeof(Walk) == 12 + sizeof(EpisodeMeasures), "a checkpoint copies a Walk, without gaps");
  sim::StateWriter out;
  slots_.save(kTag, hash_of(episodes()), out);
  out.array(std::span<const Walk>(walks_));
  for (const Row& row : rows_) out.array(std::span<const double>(row.dtw));
  write_bodies(*simulator_, out);
  return out.take();
}

base::Status DrawnMapEnv::restore_state(std::span<const std::uint8_t> bytes) {
  sim::StateReader in(bytes, "environment state");
  const EpisodeSlots::Saved saved = slots_.read(kTag, hash_of(episodes()), episodes().size(), in);
  std::vector<Walk> walks(walks_.size());
  in.array(std::span<Walk>(walks));
  std::vector<std::vector<double>> dtw(rows_.size());
  for (std::vector<double>& row : dtw)
    row = in.list<double>(in.left(), "a row of the route comparison is cut");
  const auto bodies = read_bodies(in);
  INKNAV_RETURN_IF_ERROR(in.status());
  INKNAV_RETURN_IF_ERROR(simulator_->restore_state(bodies));

  slots_.restore(saved);
  walks_ = std::move(walks);
  if (slots_.listed().empty()) return base::ok_status();
  prepare_truths();
  if (settings_.with_drawings) prepare_drawings();
  for (const int e : slots_.listed()) {
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
