// SPDX-License-Identifier: MIT
#include "learn/ppo/rollout.h"

#include <cstring>
#include <memory>

#include "learn/diffusion/goal_places.h"
#include "learn/lane.h"

namespace inknav::learn {

using torch::Tensor;

namespace {

std::vector<Tensor*> members_of(RolloutLabels& labels) {
  return {&labels.expert_action, &labels.waypoint,          &labels.waypoint_weight, &labels.remaining,
          &labels.correction,    &labels.correction_weight, &labels.log_scale,       &labels.goal,
          &labels.plan,          &labels.goal_place};
}

std::vector<Tensor*> members_of(RolloutRecords& records) {
  std::vector<Tensor*> members{&records.keep, &records.actions, &records.log_prob, &records.rewards,
                               &records.done};
  const std::vector<Tensor*> labels = members_of(records.labels);
  members.insert(members.end(), labels.begin(), labels.end());
  return members;
}

RolloutRecords make_records(const PolicySettings& settings, std::int64_t steps, std::int64_t n,
                            const torch::TensorOptions& where) {
  const torch::TensorOptions numbers = where.dtype(torch::kFloat32), classes = where.dtype(torch::kInt64);
  RolloutRecords records;
  records.keep = torch::zeros({steps, n}, numbers);
  records.actions = torch::zeros({steps, n}, classes);
  records.log_prob = torch::zeros({steps, n}, numbers);
  records.rewards = torch::zeros({steps, n}, numbers);
  records.done = torch::zeros({steps, n}, numbers);
  RolloutLabels& labels = records.labels;
  labels.expert_action = torch::zeros({steps, n}, classes);
  labels.waypoint = torch::zeros({steps, n, 2}, numbers);
  labels.waypoint_weight = torch::zeros({steps, n}, numbers);
  labels.remaining = torch::zeros({steps, n}, numbers);
  labels.correction = torch::zeros({steps, n, kCorrectionSize}, numbers);
  labels.correction_weight = torch::zeros({steps, n}, numbers);
  labels.log_scale = torch::zeros({steps, n}, numbers);
  labels.goal = torch::zeros({steps, n, 2}, numbers);
  const DiffusionSettings& diffusion = settings.diffusion;
  if (diffusion.enabled) {
    labels.plan = torch::zeros({steps, n, std::int64_t{diffusion.horizon} * diffusion.point_size}, numbers);
    if (goal_places(diffusion) > 0) labels.goal_place = torch::zeros({steps, n}, classes);
  }
  return records;
}

}  // namespace

Rollout::Rollout(const PolicySettings& settings, std::int64_t num_steps, std::int64_t num_envs,
                 const Placement& placement)
    : num_steps_(num_steps), num_envs_(num_envs), settings_(settings), placement_(placement) {
  const std::int64_t t1 = num_steps + 1, n = num_envs;
  const torch::TensorOptions where = placement.on_device();
  if (settings.backbone != Backbone::kNone) {
    image_ =
        torch::zeros({t1, n, settings.image_height, settings.image_width, settings.image_channels}, where);
  }
  if (settings.reading.enabled) {
    const std::int64_t cells = settings.reading.crop_cells, side = settings.reading.drawing_size;
    crops_ = torch::zeros({t1, n, cells, cells, kCropPlanes}, where.dtype(torch::kUInt8));
    drawings_ = torch::zeros({2 * n, 4, side, side}, where.dtype(torch::kUInt8));
    drawing_index_ = torch::zeros({num_steps, n}, torch::kInt64);
    current_drawing_.assign(static_cast<std::size_t>(n), 0);
  }
  numbers_ = torch::zeros({t1, n, settings.vector_size}, where);
  previous_action_ = torch::zeros({t1, n}, where.dtype(torch::kInt64));
  const ObservationSlot shared =
      placement.direct() ? ObservationSlot{} : make_slot(settings, n, placement.on_host());
  for (std::int64_t t = 0; t < t1; ++t) {
    const ObservationSlot device{image_.defined() ? image_[t] : Tensor(),
                                 crops_.defined() ? crops_[t] : Tensor(), numbers_[t], previous_action_[t]};
    slots_.push_back({placement.direct() ? device : shared, device});
  }
  records = make_records(settings, num_steps, n, where);
  host = placement.direct() ? records : make_records(settings, num_steps, n, placement.on_host());
  values = torch::zeros({t1, n}, where);
  bootstrap = torch::zeros({num_steps, n}, where);
  returns = torch::zeros({num_steps, n}, where);
  advantages = torch::zeros({num_steps, n}, where);
}

std::uint64_t Rollout::num_bytes() const {
  std::uint64_t bytes = 0;
  const auto count = [&bytes](const Tensor& tensor) {
    if (tensor.defined()) bytes += static_cast<std::uint64_t>(tensor.nbytes());
  };
  for (const Tensor& tensor : {image_, crops_, numbers_, previous_action_, drawings_, drawing_index_, values,
                               bootstrap, returns, advantages}) {
    count(tensor);
  }
  RolloutRecords all = records;
  for (const Tensor* tensor : members_of(all)) count(*tensor);
  return bytes;
}

void Rollout::start_drawings(const Tensor& planes, std::int64_t first) {
  if (!drawings_.defined()) return;
  drawings_.narrow(0, first, planes.size(0)).copy_(planes);
  for (std::int64_t n = first; n < first + planes.size(0); ++n)
    current_drawing_[static_cast<std::size_t>(n)] = n;
  num_drawings_ = num_envs_;
}

void Rollout::add_drawing(std::int64_t environment, const Tensor& planes) {
  if (num_drawings_ == drawings_.size(0)) {
    // Other lanes may still be writing into the old memory, and it must not go while it is read.
    wait_for_lanes(placement_);
    const Tensor grown = torch::cat({drawings_, torch::zeros_like(drawings_)});
    wait_for_lanes(placement_);
    drawings_ = grown;
  }
  drawings_[num_drawings_].copy_(planes);
  current_drawing_[static_cast<std::size_t>(environment)] = num_drawings_++;
}

void Rollout::upload() {
  const std::vector<Tensor*> from = members_of(host), to = members_of(records);
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i]->defined()) placement_.up(*from[i], *to[i]);
  }
}

void Rollout::note_drawings(std::int64_t t, std::int64_t first, std::int64_t count) {
  if (!drawings_.defined()) return;
  std::memcpy(drawing_index_[t].data_ptr<std::int64_t>() + first, current_drawing_.data() + first,
              static_cast<std::size_t>(count) * sizeof(std::int64_t));
}

std::vector<Tensor*> members_of(Minibatch& batch) {
  PolicyInput& input = batch.input;
  std::vector<Tensor*> members{
      &input.image,   &input.crops,      &input.numbers, &input.previous_action, &batch.drawing_index,
      &batch.state,   &batch.keep,       &batch.actions, &batch.old_log_prob,    &batch.old_values,
      &batch.returns, &batch.advantages, &batch.clip};
  const std::vector<Tensor*> labels = members_of(batch.labels);
  members.insert(members.end(), labels.begin(), labels.end());
  return members;
}

Minibatch Rollout::minibatch(const std::vector<std::int64_t>& environments, bool packed) const {
  const Tensor chosen = torch::tensor(environments, torch::kInt64);
  const Tensor index = placement_.up(chosen);
  const auto n = static_cast<std::int64_t>(environments.size());
  const std::int64_t rows = num_steps_ * n;
  /// [T(+1), N, ...] -> [T * n, ...]
  const auto gather = [&](const Tensor& source) {
    if (!source.defined()) return source;
    return source.narrow(0, 0, num_steps_).index_select(1, index).flatten(0, 1);
  };
  Minibatch batch;
  batch.input.image = gather(image_);
  batch.input.crops = gather(crops_);
  batch.input.numbers = gather(numbers_);
  batch.input.previous_action = gather(previous_action_);
  if (drawings_.defined()) {
    std::vector<std::int64_t> place(static_cast<std::size_t>(num_drawings_), -1);
    std::vector<std::int64_t> used;
    const Tensor numbered = drawing_index_.narrow(0, 0, num_steps_).index_select(1, chosen).flatten(0, 1);
    std::int64_t* entries = numbered.data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < rows; ++i) {
      std::int64_t& slot = place[static_cast<std::size_t>(entries[i])];
      if (slot < 0) {
        slot = static_cast<std::int64_t>(used.size());
        used.push_back(entries[i]);
      }
      entries[i] = slot;
    }
    batch.drawing_index = placement_.up(numbered);
    batch.drawings = drawings_.index_select(0, placement_.up(torch::tensor(used, torch::kInt64)));
  }
  batch.state = state.index_select(0, index);
  batch.keep = records.keep.narrow(0, 0, num_steps_).index_select(1, index);
  const bool recurrent =
      settings_.recurrence == Recurrence::kGru || settings_.recurrence == Recurrence::kLstm;
  if (packed && recurrent) {
    batch.input.packing = std::make_shared<EpisodePacking>(
        pack_episodes(host.keep.narrow(0, 0, num_steps_).index_select(1, chosen), placement_));
  }
  batch.actions = gather(records.actions);
  batch.old_log_prob = gather(records.log_prob);
  batch.old_values = gather(values);
  batch.returns = gather(returns);
  batch.advantages = gather(advantages);
  const RolloutLabels& labels = records.labels;
  batch.labels = {gather(labels.expert_action), gather(labels.waypoint),   gather(labels.waypoint_weight),
                  gather(labels.remaining),     gather(labels.correction), gather(labels.correction_weight),
                  gather(labels.log_scale),     gather(labels.goal),       gather(labels.plan),
                  gather(labels.goal_place)};
  return batch;
}

}  // namespace inknav::learn
