// SPDX-License-Identifier: MIT
#include "learn/ppo/rollout.h"

#include <cstring>

#include "learn/diffusion/goal_places.h"

namespace inknav::learn {

using torch::Tensor;

Rollout::Rollout(const PolicySettings& settings, std::int64_t num_steps, std::int64_t num_envs)
    : num_steps_(num_steps), num_envs_(num_envs), settings_(settings) {
  const std::int64_t t1 = num_steps + 1, n = num_envs;
  if (settings.backbone != Backbone::kNone) {
    image_ = torch::zeros({t1, n, settings.image_height, settings.image_width, settings.image_channels});
  }
  if (settings.reading.enabled) {
    const std::int64_t cells = settings.reading.crop_cells, side = settings.reading.drawing_size;
    crops_ = torch::zeros({t1, n, cells, cells, kCropPlanes}, torch::kUInt8);
    drawings_ = torch::zeros({2 * n, 4, side, side}, torch::kUInt8);
    drawing_index_ = torch::zeros({num_steps, n}, torch::kInt64);
    current_drawing_.assign(static_cast<std::size_t>(n), 0);
  }
  numbers_ = torch::zeros({t1, n, settings.vector_size});
  previous_action_ = torch::zeros({t1, n}, torch::kInt64);
  for (std::int64_t t = 0; t < t1; ++t) {
    slots_.push_back({image_.defined() ? image_[t] : Tensor(), crops_.defined() ? crops_[t] : Tensor(),
                      numbers_[t], previous_action_[t]});
  }
  keep = torch::zeros({num_steps, n});
  actions = torch::zeros({num_steps, n}, torch::kInt64);
  log_prob = torch::zeros({num_steps, n});
  values = torch::zeros({t1, n});
  rewards = torch::zeros({num_steps, n});
  done = torch::zeros({num_steps, n});
  bootstrap = torch::zeros({num_steps, n});
  returns = torch::zeros({num_steps, n});
  advantages = torch::zeros({num_steps, n});
  labels.expert_action = torch::zeros({num_steps, n}, torch::kInt64);
  labels.waypoint = torch::zeros({num_steps, n, 2});
  labels.waypoint_weight = torch::zeros({num_steps, n});
  labels.remaining = torch::zeros({num_steps, n});
  labels.correction = torch::zeros({num_steps, n, kCorrectionSize});
  labels.correction_weight = torch::zeros({num_steps, n});
  labels.log_scale = torch::zeros({num_steps, n});
  labels.goal = torch::zeros({num_steps, n, 2});
  const DiffusionSettings& diffusion = settings.diffusion;
  if (diffusion.enabled) {
    labels.plan = torch::zeros({num_steps, n, std::int64_t{diffusion.horizon} * diffusion.point_size});
    if (goal_places(diffusion) > 0) labels.goal_place = torch::zeros({num_steps, n}, torch::kInt64);
  }
}

std::uint64_t Rollout::num_bytes() const {
  std::uint64_t bytes = 0;
  for (const Tensor& tensor : {image_,
                               crops_,
                               numbers_,
                               previous_action_,
                               drawings_,
                               drawing_index_,
                               keep,
                               actions,
                               log_prob,
                               values,
                               rewards,
                               done,
                               bootstrap,
                               returns,
                               advantages,
                               labels.expert_action,
                               labels.waypoint,
                               labels.waypoint_weight,
                               labels.remaining,
                               labels.correction,
                               labels.correction_weight,
                               labels.log_scale,
                               labels.goal,
                               labels.plan,
                               labels.goal_place}) {
    if (tensor.defined()) bytes += static_cast<std::uint64_t>(tensor.nbytes());
  }
  return bytes;
}

void Rollout::start_drawings(const std::uint8_t* planes) {
  if (!drawings_.defined()) return;
  const std::int64_t bytes = drawings_[0].numel();
  std::memcpy(drawings_.data_ptr<std::uint8_t>(), planes, static_cast<std::size_t>(num_envs_ * bytes));
  for (std::int64_t n = 0; n < num_envs_; ++n) current_drawing_[static_cast<std::size_t>(n)] = n;
  num_drawings_ = num_envs_;
}

void Rollout::add_drawing(std::int64_t environment, const std::uint8_t* planes) {
  if (num_drawings_ == drawings_.size(0)) drawings_ = torch::cat({drawings_, torch::zeros_like(drawings_)});
  const std::int64_t bytes = drawings_[0].numel();
  std::memcpy(drawings_.data_ptr<std::uint8_t>() + num_drawings_ * bytes, planes,
              static_cast<std::size_t>(bytes));
  current_drawing_[static_cast<std::size_t>(environment)] = num_drawings_++;
}

void Rollout::note_drawings(std::int64_t t) {
  if (!drawings_.defined()) return;
  std::memcpy(drawing_index_[t].data_ptr<std::int64_t>(), current_drawing_.data(),
              current_drawing_.size() * sizeof(std::int64_t));
}

Minibatch Rollout::minibatch(const std::vector<std::int64_t>& environments) const {
  const Tensor index = torch::tensor(environments, torch::kInt64);
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
    batch.drawing_index = gather(drawing_index_);
    std::int64_t* entries = batch.drawing_index.data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < rows; ++i) {
      std::int64_t& slot = place[static_cast<std::size_t>(entries[i])];
      if (slot < 0) {
        slot = static_cast<std::int64_t>(used.size());
        used.push_back(entries[i]);
      }
      entries[i] = slot;
    }
    batch.drawings = drawings_.index_select(0, torch::tensor(used, torch::kInt64));
  }
  batch.state = state.index_select(0, index);
  batch.keep = keep.narrow(0, 0, num_steps_).index_select(1, index);
  batch.actions = gather(actions);
  batch.old_log_prob = gather(log_prob);
  batch.old_values = gather(values);
  batch.returns = gather(returns);
  batch.advantages = gather(advantages);
  batch.labels = {gather(labels.expert_action), gather(labels.waypoint),   gather(labels.waypoint_weight),
                  gather(labels.remaining),     gather(labels.correction), gather(labels.correction_weight),
                  gather(labels.log_scale),     gather(labels.goal),       gather(labels.plan),
                  gather(labels.goal_place)};
  return batch;
}

}  // namespace inknav::learn
