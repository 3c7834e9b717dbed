// SPDX-License-Identifier: MIT
#include "learn/policy_runner.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

constexpr float kGpsScale = 0.1f;  // homes are about 10 m wide
constexpr float kStepScale = 1.0f / 500.0f;

const task::FieldSpec* find_field(const task::EnvSpec& spec, std::string_view name) {
  const auto found = std::find_if(spec.fields.begin(), spec.fields.end(),
                                  [&](const task::FieldSpec& field) { return field.name == name; });
  return found == spec.fields.end() ? nullptr : &*found;
}

const task::FieldSpec& need_field(const task::EnvSpec& spec, std::string_view name) {
  const task::FieldSpec* field = find_field(spec, name);
  INKNAV_CHECK(field != nullptr, name);
  return *field;
}

std::int64_t count_of(const task::FieldSpec& field) {
  std::int64_t count = 1;
  for (const std::int64_t extent : field.shape) count *= extent;
  return count;
}

bool chosen(std::span<const std::uint8_t> rows, std::int64_t row) {
  return rows.empty() || rows[static_cast<std::size_t>(row)] != 0;
}

}  // namespace

ObservationSlot make_slot(const PolicySettings& settings, std::int64_t num_envs,
                          const torch::TensorOptions& where) {
  ObservationSlot slot;
  if (settings.backbone != Backbone::kNone) {
    slot.image =
        torch::zeros({num_envs, settings.image_height, settings.image_width, settings.image_channels}, where);
  }
  if (settings.reading.enabled) {
    const std::int64_t cells = settings.reading.crop_cells;
    slot.crops = torch::zeros({num_envs, cells, cells, CropGrid::kPlanes}, where.dtype(torch::kUInt8));
  }
  slot.numbers = torch::zeros({num_envs, settings.vector_size}, where);
  slot.previous_action = torch::zeros({num_envs}, where.dtype(torch::kInt64));
  return slot;
}

SlotPair make_slots(const PolicySettings& settings, std::int64_t num_envs, const Placement& placement) {
  const ObservationSlot device = make_slot(settings, num_envs, placement.on_device());
  return {placement.direct() ? device : make_slot(settings, num_envs, placement.on_host()), device};
}

SlotPair rows_of(const SlotPair& slot, std::int64_t first, std::int64_t count) {
  const auto rows = [&](const ObservationSlot& from) {
    const auto part = [&](const Tensor& t) { return t.defined() ? t.narrow(0, first, count) : t; };
    return ObservationSlot{part(from.image), part(from.crops), part(from.numbers),
                           part(from.previous_action)};
  };
  const ObservationSlot device = rows(slot.device);
  // Where the two are one memory, they stay the same tensors: nothing is to be copied.
  return {slot.host.numbers.is_same(slot.device.numbers) ? device : rows(slot.host), device};
}

void complete_settings(PolicySettings& settings, const task::EnvSpec& spec) {
  settings.num_actions = spec.num_actions;
  std::int64_t size = 0;
  for (const std::string& name : settings.number_fields) {
    size += name == "compass" ? 2 : count_of(need_field(spec, name));
  }
  if (settings.reading.enabled) {
    size += kReadingNumbers;
    settings.reading.drawing_size = static_cast<int>(need_field(spec, "drawing_planes").shape[1]);
    settings.reading.grid_size = static_cast<int>(need_field(spec, "occupancy").shape[0]);
  }
  settings.vector_size = static_cast<int>(size);
  if (settings.backbone != Backbone::kNone) {
    const task::FieldSpec* depth = settings.use_depth ? find_field(spec, "depth") : nullptr;
    const task::FieldSpec* rgb = settings.use_rgb ? find_field(spec, "rgb") : nullptr;
    INKNAV_CHECK(depth != nullptr || rgb != nullptr);
    const task::FieldSpec& any = depth != nullptr ? *depth : *rgb;
    settings.image_height = static_cast<int>(any.shape[0]);
    settings.image_width = static_cast<int>(any.shape[1]);
    settings.image_channels = (depth != nullptr ? 1 : 0) + (rgb != nullptr ? 3 : 0);
  }
}

PolicyRunner::PolicyRunner(std::shared_ptr<PolicyNetwork> network, const task::VectorEnv& env,
                           base::ThreadPool& pool, const Placement& placement)
    : network_(std::move(network)),
      pool_(pool),
      num_envs_(env.spec().num_envs),
      settings_(network_->settings()),
      placement_(placement),
      replay_(placement, "inference") {
  const torch::TensorOptions device = placement.on_device(), host = placement.on_host();
  grid_ = {settings_.reading.crop_cells, settings_.reading.metres_per_cell};
  state_ = torch::zeros({num_envs_, network_->state_size()}, device);
  device_keep_ = torch::zeros({1, num_envs_}, device);
  keep_ = placement.host_twin(device_keep_);
  previous_action_ = torch::zeros({num_envs_}, host.dtype(torch::kInt64));
  drawing_features_ = torch::zeros({num_envs_, settings_.reading.drawing_features}, device);
  scale_correction_ = torch::zeros({num_envs_}, device);
  waypoint_ = torch::zeros({num_envs_, 2}, host);
  if (settings_.reading.enabled) tracker_.emplace(settings_.reading, num_envs_, pool);
  if (settings_.diffusion.enabled) {
    planner_ = std::make_unique<Planner>(*network_, num_envs_, pool, placement);
    plan_keys_.resize(static_cast<std::size_t>(num_envs_));
  }
}

void PolicyRunner::set_noise(std::uint64_t seed, std::int64_t first_env) {
  plan_seed_ = seed;
  plan_first_env_ = first_env;
  if (tracker_) tracker_->set_noise(seed, first_env);
}

Tensor PolicyRunner::view_of_planes(const task::VectorEnv& env) const {
  const std::int64_t side = settings_.reading.drawing_size;
  return torch::from_blob(env.observation("drawing_planes").data, {num_envs_, 4, side, side}, torch::kUInt8);
}

void PolicyRunner::encode_rows(const std::vector<std::int64_t>& rows, const task::VectorEnv& env) {
  if (rows.empty()) return;
  torch::NoGradGuard no_grad;
  const Tensor view = view_of_planes(env), chosen = torch::tensor(rows, torch::kInt64);
  const Tensor planes = placement_.up(view.index_select(0, chosen)), index = placement_.up(chosen);
  if (placement_.direct()) {
    planes_ = view;
  } else {
    if (!planes_.defined()) planes_ = torch::zeros(view.sizes(), placement_.on_device().dtype(torch::kUInt8));
    planes_.index_copy_(0, index, planes);
  }
  const auto [features, scale] = network_->encode_drawings(planes);
  drawing_features_.index_copy_(0, index, features);
  scale_correction_.index_copy_(0, index, scale);
}

void PolicyRunner::refresh_weights() {
  if (planner_) planner_->refresh();
  if (!settings_.reading.enabled) return;
  torch::NoGradGuard no_grad;
  const auto [features, scale] = network_->encode_drawings(planes_);
  drawing_features_.copy_(features);
  scale_correction_.copy_(scale);
}

void PolicyRunner::begin(const task::VectorEnv& env, std::span<const std::uint8_t> rows) {
  float* keep = keep_.data_ptr<float>();
  std::int64_t* previous = previous_action_.data_ptr<std::int64_t>();
  for (std::int64_t row = 0; row < num_envs_; ++row) {
    if (!chosen(rows, row)) continue;
    keep[row] = 0.0f;
    previous[row] = 0;
  }
  if (planner_) planner_->begin(rows);
  if (!tracker_) return;
  tracker_->take_drawings(env, rows);
  std::vector<std::int64_t> changed;
  for (std::int64_t row = 0; row < num_envs_; ++row) {
    if (tracker_->fresh()[static_cast<std::size_t>(row)] != 0) changed.push_back(row);
  }
  encode_rows(changed, env);
  const Tensor log_scales = scale_correction_.to(torch::kCPU) + prior_log_scale_;
  tracker_->begin(env, rows, {log_scales.data_ptr<float>(), static_cast<std::size_t>(num_envs_)});
}

void PolicyRunner::reload(const task::VectorEnv& env) {
  if (!tracker_) return;
  planes_ = placement_.up(view_of_planes(env));
  tracker_->reload(env);
}

void PolicyRunner::write_numbers(const task::VectorEnv& env, std::int64_t row, float* out) const {
  for (const std::string& name : settings_.number_fields) {
    const base::TensorView view = env.observation(name);
    const std::int64_t size = view.num_elements() / num_envs_;
    const float* values = view.as<float>() + row * size;
    if (name == "compass") {
      *out++ = std::sin(values[0]);
      *out++ = std::cos(values[0]);
      continue;
    }
    const float scale = name == "gps" ? kGpsScale : 1.0f;
    for (std::int64_t i = 0; i < size; ++i) *out++ = values[i] * scale;
  }
  if (!settings_.reading.enabled) return;
  const auto i = static_cast<std::size_t>(row);
  const Belief& belief = tracker_->beliefs()[i];
  const DrawingMarks& marks = tracker_->marks(i);
  const Spread& spread = tracker_->spread(i);
  const base::Vec2 goal = marks.has_goal
                              ? glm::clamp(to_body(belief, marks.goal), base::Vec2(-50.0f), base::Vec2(50.0f))
                              : base::Vec2(0.0f);
  const float distance = glm::length(goal);
  const float inverse = 1.0f / std::max(distance, 0.05f);
  out[0] = goal.x * kGpsScale;
  out[1] = goal.y * kGpsScale;
  out[2] = goal.x * inverse;
  out[3] = goal.y * inverse;
  out[4] = std::min(distance, 2.0f);
  out[5] = std::log1p(distance);
  const Stretch stretch = stretch_of(belief);
  out[6] = log_scale_of(belief) - prior_log_scale_;
  out[7] = stretch.axes;
  out[8] = stretch.diagonals;
  out[9] = marks.has_goal ? 1.0f : 0.0f;
  out[10] = marks.start_heading_known ? 1.0f : 0.0f;
  out[11] = std::min(spread.position, 2.0f);
  out[12] = std::min(spread.heading, 1.0f);
  out[13] = std::min(spread.log_scale, 1.0f);
  out[14] = static_cast<float>(env.observation("step_index").as<std::int32_t>()[row]) * kStepScale;
}

void PolicyRunner::write(const task::VectorEnv& env, std::span<const std::uint8_t> rows,
                         ObservationSlot& slot) {
  const bool reading = settings_.reading.enabled;
  const bool image = settings_.backbone != Backbone::kNone && !pictures_.defined();
  OccupancyGrid occupancy{nullptr, settings_.reading.grid_size, settings_.reading.grid_cell};
  if (reading) occupancy.cells = env.observation("occupancy").as<std::uint8_t>();
  if (planner_) note_plan_keys(env, occupancy);
  const std::size_t map_bytes =
      static_cast<std::size_t>(occupancy.size) * static_cast<std::size_t>(occupancy.size);
  const bool depth = image && settings_.image_channels != 3, rgb = image && settings_.image_channels >= 3;
  const float* depth_data = depth ? env.observation("depth").as<float>() : nullptr;
  const std::uint8_t* rgb_data = rgb ? env.observation("rgb").as<std::uint8_t>() : nullptr;
  const std::int64_t pixels = std::int64_t{settings_.image_height} * settings_.image_width;
  const std::int64_t channels = settings_.image_channels;
  float* numbers = slot.numbers.data_ptr<float>();
  float* image_out = image ? slot.image.data_ptr<float>() : nullptr;
  std::uint8_t* crops = reading ? slot.crops.data_ptr<std::uint8_t>() : nullptr;
  pool_.parallel_for(num_envs_, 1, [&](std::int64_t first, std::int64_t last, int) {
    for (std::int64_t row = first; row < last; ++row) {
      if (!chosen(rows, row)) continue;
      const auto i = static_cast<std::size_t>(row);
      write_numbers(env, row, numbers + row * settings_.vector_size);
      if (reading) {
        OccupancyGrid map = occupancy;
        map.cells += i * map_bytes;
        crop_occupancy(grid_, map, tracker_->odometry()[i], crops + i * grid_.bytes());
        crop_drawing(grid_, tracker_->drawing(i), tracker_->beliefs()[i], crops + i * grid_.bytes());
      }
      if (!image) continue;
      float* out = image_out + row * pixels * channels;
      if (channels == 1) {
        std::memcpy(out, depth_data + row * pixels, static_cast<std::size_t>(pixels) * sizeof(float));
        continue;
      }
      for (std::int64_t p = 0; p < pixels; ++p) {
        for (int k = 0; k < 3; ++k)
          *out++ = static_cast<float>(rgb_data[(row * pixels + p) * 3 + k]) * (1.0f / 255.0f);
        if (depth) *out++ = depth_data[row * pixels + p];
      }
    }
  });
  slot.previous_action.copy_(previous_action_);
}

void PolicyRunner::send(const Tensor& host, const Tensor& device, std::int64_t& bytes) const {
  placement_.up(host, device);
  if (!placement_.direct()) bytes += static_cast<std::int64_t>(host.nbytes());
}

void PolicyRunner::upload(const SlotPair& slot) {
  const ObservationSlot &host = slot.host, &device = slot.device;
  if (pictures_.defined()) {
    device.image.copy_(pictures_);
  } else if (host.image.defined()) {
    send(host.image, device.image, uploaded_.images);
  }
  if (host.crops.defined()) send(host.crops, device.crops, uploaded_.others);
  send(host.numbers, device.numbers, uploaded_.others);
  send(host.previous_action, device.previous_action, uploaded_.others);
  send(keep_, device_keep_, uploaded_.others);
}

PolicyOutput PolicyRunner::forward(const ObservationSlot& in) {
  const auto run = [this](const ObservationSlot& slot) {
    return network_->forward(
        {slot.image, slot.crops, slot.numbers, slot.previous_action, drawing_features_, {}}, state_,
        device_keep_);
  };
  if (!replay_.records()) return run(in);
  if (!fixed_.numbers.defined()) fixed_ = make_slot(settings_, num_envs_, placement_.on_device());
  if (in.image.defined()) fixed_.image.copy_(in.image);
  if (in.crops.defined()) fixed_.crops.copy_(in.crops);
  fixed_.numbers.copy_(in.numbers);
  fixed_.previous_action.copy_(in.previous_action);
  replay_.run([this, run] { replayed_ = run(fixed_); }, 2);
  return replayed_;
}

Inference PolicyRunner::infer(const SlotPair& slot, bool with_plans) {
  launch(slot, with_plans);
  placement_.wait();
  return finish();
}

void PolicyRunner::launch(const SlotPair& slot, bool with_plans) {
  torch::NoGradGuard no_grad;
  upload(slot);
  const ObservationSlot& in = slot.device;
  Inference result;
  PolicyOutput& output = result.output;
  output = forward(in);
  // A non-finite row must not outlive its update: zeroing by a product keeps NaN.
  const Tensor next_state = output.state.nan_to_num();
  if (planner_ && with_plans) plan(in, output);
  if (placement_.direct()) {
    if (output.log_probabilities.defined()) result.log_probabilities = output.log_probabilities.contiguous();
    if (output.correction.defined()) result.correction = output.correction.contiguous();
  } else {
    const bool says_actions = output.log_probabilities.defined();
    if (says_actions && !log_probabilities_.defined())
      log_probabilities_ = placement_.host_twin(output.log_probabilities);
    if (!correction_.defined()) correction_ = placement_.host_twin(output.correction);
    if (says_actions) placement_.down(output.log_probabilities, log_probabilities_);
    if (correction_.defined()) placement_.down(output.correction, correction_);
    if (says_actions) result.log_probabilities = log_probabilities_;
    result.correction = correction_;
  }
  launched_ = std::move(result);
  next_state_ = next_state;
}

Inference PolicyRunner::finish() {
  torch::NoGradGuard no_grad;
  state_.copy_(next_state_);
  keep_.fill_(1.0f);  // not before it has gone up
  return std::exchange(launched_, {});
}

void PolicyRunner::note_plan_keys(const task::VectorEnv& env, const OccupancyGrid& maps) {
  maps_ = maps;
  const std::int64_t* episode = env.observation("episode_index").as<std::int64_t>();
  const std::int32_t* step = env.observation("step_index").as<std::int32_t>();
  for (std::size_t i = 0; i < plan_keys_.size(); ++i) {
    const std::int64_t environment = plan_first_env_ < 0 ? 0 : plan_first_env_ + static_cast<std::int64_t>(i);
    plan_keys_[i] = {plan_seed_, static_cast<std::uint32_t>(environment),
                     static_cast<std::uint32_t>(episode[i]), static_cast<std::uint32_t>(step[i]),
                     base::Purpose::kDiffusionSampling};
  }
}

void PolicyRunner::plan(const ObservationSlot& device, PolicyOutput& output) {
  PlanRequest request;
  request.condition = output.condition;
  request.poses = tracker_->odometry();
  request.keys = plan_keys_;
  request.maps = maps_;
  planner_->plan(request, waypoint_);
  output.waypoint = placement_.direct() ? waypoint_.clone() : placement_.up(waypoint_);
  network_->decode(output, device.previous_action);
}

Tensor PolicyRunner::peek_values(const ObservationSlot& host, const Tensor& rows) {
  torch::NoGradGuard no_grad;
  const Tensor index = placement_.up(rows);
  const auto part = [&](const Tensor& t) { return t.defined() ? placement_.up(t.index_select(0, rows)) : t; };
  // Where the pictures are bound these are still the final ones: the resets come later.
  const Tensor image = pictures_.defined() ? pictures_.index_select(0, index) : part(host.image);
  if (!pictures_.defined() && image.defined() && !placement_.direct())
    uploaded_.images += static_cast<std::int64_t>(image.nbytes());
  return network_
      ->forward({image,
                 part(host.crops),
                 part(host.numbers),
                 part(host.previous_action),
                 drawing_features_.index_select(0, index),
                 {}},
                state_.index_select(0, index), part(keep_[0]).unsqueeze(0))
      .value;
}

Tensor PolicyRunner::peek_values(const SlotPair& slot) {
  torch::NoGradGuard no_grad;
  upload(slot);
  const Tensor value = forward(slot.device).value;
  placement_.wait();
  return value;
}

void PolicyRunner::correct(const Tensor& correction, float gain) {
  if (!tracker_ || gain == 0.0f) return;
  const Tensor values = correction.contiguous();
  const float* data = values.data_ptr<float>();
  for (std::size_t i = 0; i < static_cast<std::size_t>(num_envs_); ++i) {
    Correction step;
    bool finite = true;
    for (std::size_t k = 0; k < step.size(); ++k) {
      step[k] = data[step.size() * i + k] * kCorrectionScale[k];
      finite = finite && std::isfinite(step[k]);
    }
    if (finite) tracker_->correct(i, step, gain);
  }
}

void PolicyRunner::acted(std::span<const std::int32_t> actions) {
  std::int64_t* previous = previous_action_.data_ptr<std::int64_t>();
  for (std::size_t i = 0; i < actions.size(); ++i) previous[i] = actions[i] + 1;
}

void PolicyRunner::moved(const task::VectorEnv& env) {
  if (tracker_) tracker_->moved(env);
}

bool PolicyRunner::truth_of(const task::VectorEnv& env, int environment, Belief* truth) {
  const float* values = env.observation("paper_truth").as<float>() + 7 * environment;
  *truth = {{values[1], values[2]}, {values[3], values[4]}, {values[5], values[6]}};
  return values[0] > 0.5f;
}

}  // namespace inknav::learn
