// SPDX-License-Identifier: MIT
#include "learn/diffusion/planner.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "learn/diffusion/denoiser_weights.h"

namespace inknav::learn {
namespace {

using base::Vec2;
using torch::Tensor;

constexpr float kOffPlan = 0.4f;       // metres off the plan at which a new one is drawn
constexpr float kNearEnd = 0.75f;      // metres left of a plan that fills its horizon, likewise
constexpr float kNoWay = 0.02f;        // metres: a point ahead that is nearer says no direction
constexpr float kTouching = 2.0f;      // cost of a plan all of whose points lie on obstacles
constexpr float kDisagreement = 0.5f;  // cost a metre of mean distance from the last plan
constexpr float kOutlying = 0.5f;      // cost a metre of mean distance from the other candidates
constexpr std::uint32_t kCandidateStride = 1u << 20;  // keeps the keys of candidates apart

Sampler sampler_of(const DiffusionSettings& settings) {
  const auto schedule = NoiseSchedule::make(settings.noise);
  INKNAV_CHECK(schedule.ok());
  auto sampler = Sampler::make(*schedule, settings.sampling);
  INKNAV_CHECK(sampler.ok());
  return std::move(sampler).value();
}

float mean_distance(std::span<const Vec2> a, std::span<const Vec2> b) {
  float sum = 0.0f;
  for (std::size_t i = 0; i < a.size(); ++i) sum += glm::length(a[i] - b[i]);
  return sum / static_cast<float>(a.size());
}

/// Part of the points that lie on known obstacles.
float touching(std::span<const Vec2> points, const Odometry& pose, const OccupancyGrid& map) {
  const float c = std::cos(pose.yaw), s = std::sin(pose.yaw);
  const float centre = static_cast<float>(map.size / 2);
  int hits = 0;
  for (const Vec2& p : points) {
    const float right = pose.right + p.x * c - p.y * s, forward = pose.forward + p.x * s + p.y * c;
    const int column = static_cast<int>(std::floor(centre + right / map.cell_size + 0.5f));
    const int row = static_cast<int>(std::floor(centre - forward / map.cell_size + 0.5f));
    if (column < 0 || row < 0 || column >= map.size || row >= map.size) continue;
    if (map.cells[static_cast<std::ptrdiff_t>(row) * map.size + column] >= 2) ++hits;
  }
  return static_cast<float>(hits) / static_cast<float>(points.size());
}

}  // namespace

Planner::Planner(PolicyNetwork& network, std::int64_t num_envs, base::ThreadPool& pool,
                 const Placement& placement)
    : network_(network),
      pool_(pool),
      settings_(network.settings().diffusion),
      sampler_(sampler_of(settings_)),
      placement_(placement),
      rows_(static_cast<std::size_t>(num_envs)) {
  for (Row& row : rows_) row.points.assign(static_cast<std::size_t>(settings_.horizon), Vec2(0.0f));
  refresh();
}

void Planner::refresh() {
  if (placement_.is_gpu()) {
    if (torch_denoiser_) {
      torch_denoiser_->refresh();
    } else {
      torch_denoiser_ = std::make_unique<TorchDenoiser>(network_.denoiser(), sampler_, placement_);
    }
    return;
  }
  const Unet1dSettings& shape = network_.denoiser()->settings();
  denoiser_ = std::make_unique<FastDenoiser>(shape, weights_of(network_.denoiser()), sampler_);
}

void Planner::begin(std::span<const std::uint8_t> rows) {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (rows.empty() || rows[i] != 0) rows_[i].valid = false;
  }
}

void Planner::set_num_candidates(int count) { settings_.num_candidates = count; }

void Planner::collect_due(const PlanRequest& request) {
  due_.clear();
  const float full = (static_cast<float>(settings_.horizon) - 0.5f) * kWaypointSpacing;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    bool due = !row.valid || row.age >= settings_.n_action_steps;
    if (!due) {
      const PlanPlace place = locate_on_plan(row.points, row.drawn, request.poses[i]);
      due = place.distance > kOffPlan || (place.left < kNearEnd && plan_length(row.points) > full);
    }
    if (due) due_.push_back(static_cast<std::int64_t>(i));
  }
}

void Planner::draw(const PlanRequest& request) {
  const auto each = static_cast<std::size_t>(settings_.num_candidates);
  const auto horizon = static_cast<std::size_t>(settings_.horizon);
  const std::size_t size = horizon * static_cast<std::size_t>(settings_.point_size);
  const std::size_t count = due_.size() * each;
  keys_.resize(count);
  numbers_.resize(count * size);
  candidates_.resize(count * horizon);
  last_.resize(due_.size() * horizon);
  bool all_have_plans = true;
  for (std::size_t k = 0; k < due_.size(); ++k) {
    const auto i = static_cast<std::size_t>(due_[k]);
    all_have_plans = all_have_plans && rows_[i].valid;
    const std::span<Vec2> last(last_.data() + k * horizon, horizon);
    if (rows_[i].valid) rebase_plan(rows_[i].points, rows_[i].drawn, request.poses[i], last);
    for (std::size_t c = 0; c < each; ++c) {
      base::PhiloxKey key = request.keys[i];
      key.step += static_cast<std::uint32_t>(c) * kCandidateStride;
      keys_[k * each + c] = key;
    }
  }
  DenoiseRequest denoise;
  denoise.samples_per_condition = settings_.num_candidates;
  denoise.sampling.keys = keys_;
  if (settings_.warm_start > 0.0f && all_have_plans) {
    previous_.resize(count * size);
    for (std::size_t k = 0; k < count; ++k) {
      plan_to_numbers({last_.data() + k / each * horizon, horizon}, settings_.point_size,
                      {previous_.data() + k * size, size});
    }
    denoise.sampling.previous = previous_;
    denoise.sampling.fraction = 1.0 - static_cast<double>(settings_.warm_start);
  }
  const Tensor index = placement_.up(torch::tensor(due_, torch::kInt64));
  const Tensor condition = request.condition.index_select(0, index).contiguous();
  if (torch_denoiser_) {
    torch_denoiser_->sample(condition, settings_.num_candidates, denoise.sampling, numbers_);
  } else {
    denoise.conditions = {condition.data_ptr<float>(), static_cast<std::size_t>(condition.numel())};
    denoiser_->sample(denoise, numbers_, &pool_);
  }
  for (std::size_t k = 0; k < count; ++k) {
    plan_to_points({numbers_.data() + k * size, size}, settings_.point_size,
                   {candidates_.data() + k * horizon, horizon});
  }
}

std::span<const Vec2> Planner::candidate(std::size_t due, std::size_t index) const {
  const auto horizon = static_cast<std::size_t>(settings_.horizon);
  const auto each = static_cast<std::size_t>(settings_.num_candidates);
  return {candidates_.data() + (due * each + index) * horizon, horizon};
}

float Planner::cost(const PlanRequest& request, std::size_t due, std::size_t index) const {
  const auto i = static_cast<std::size_t>(due_[due]);
  const auto each = static_cast<std::size_t>(settings_.num_candidates);
  const std::span<const Vec2> plan = candidate(due, index);
  OccupancyGrid map = request.maps;
  map.cells += i * static_cast<std::size_t>(map.size) * static_cast<std::size_t>(map.size);
  float cost = kTouching * touching(plan, request.poses[i], map);
  if (rows_[i].valid) {
    cost += kDisagreement * mean_distance(plan, {last_.data() + due * plan.size(), plan.size()});
  }
  for (std::size_t c = 0; c < each; ++c) {
    cost += kOutlying / static_cast<float>(each) * mean_distance(plan, candidate(due, c));
  }
  return cost;
}

void Planner::choose(const PlanRequest& request, std::size_t due) {
  std::size_t best = 0;
  if (settings_.num_candidates > 1) {
    float least = cost(request, due, 0);
    for (std::size_t c = 1; c < static_cast<std::size_t>(settings_.num_candidates); ++c) {
      const float other = cost(request, due, c);
      if (other >= least) continue;
      least = other;
      best = c;
    }
  }
  const auto i = static_cast<std::size_t>(due_[due]);
  Row& row = rows_[i];
  const std::span<const Vec2> chosen = candidate(due, best);
  std::copy(chosen.begin(), chosen.end(), row.points.begin());
  row.drawn = request.poses[i];
  row.age = 0;
  row.valid = true;
}

void Planner::plan(const PlanRequest& request, Tensor& waypoint) {
  torch::NoGradGuard no_grad;
  collect_due(request);
  if (!due_.empty()) draw(request);
  for (std::size_t k = 0; k < due_.size(); ++k) choose(request, k);
  float* out = waypoint.data_ptr<float>();
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    Row& row = rows_[i];
    const Vec2 ahead = locate_on_plan(row.points, row.drawn, request.poses[i]).ahead;
    const float length = glm::length(ahead);
    const Vec2 way = length > kNoWay ? ahead / length : Vec2(0.0f, 1.0f);
    out[2 * i] = way.x;
    out[2 * i + 1] = way.y;
    ++row.age;
  }
}

std::span<const Vec2> Planner::points(std::int64_t environment) const {
  const Row& row = rows_[static_cast<std::size_t>(environment)];
  return row.valid ? std::span<const Vec2>(row.points) : std::span<const Vec2>();
}

Tensor Planner::state() const {
  const std::int64_t horizon = settings_.horizon;
  Tensor state = torch::zeros({static_cast<std::int64_t>(rows_.size()), 2 * horizon + 5});
  float* out = state.data_ptr<float>();
  for (const Row& row : rows_) {
    for (const Vec2& p : row.points) {
      *out++ = p.x;
      *out++ = p.y;
    }
    for (const float value : {row.drawn.forward, row.drawn.right, row.drawn.yaw, static_cast<float>(row.age),
                              row.valid ? 1.0f : 0.0f}) {
      *out++ = value;
    }
  }
  return state;
}

void Planner::restore(const Tensor& state) {
  const Tensor source = state.contiguous();
  const float* in = source.data_ptr<float>();
  for (Row& row : rows_) {
    for (Vec2& p : row.points) {
      p = {in[0], in[1]};
      in += 2;
    }
    row.drawn = {in[0], in[1], in[2]};
    row.age = static_cast<int>(in[3]);
    row.valid = in[4] > 0.5f;
    in += 5;
  }
}

}  // namespace inknav::learn
