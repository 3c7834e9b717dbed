// SPDX-License-Identifier: MIT
#pragma once
// Planner: the plans that the N environments of a diffusion policy follow.
//
//   planner.begin(rows);                    // these rows have no plan
//   planner.refresh();                      // after the weights changed
//   planner.plan(request, waypoint);        // draws plans where one is due, says where to head
//
// A plan is due when there is none, after n_action_steps steps on the last one, or when the agent has left it
// or come near its end. All plans due are drawn in one batch, num_candidates each; the one is followed that
// touches the fewest known obstacles, agrees with the last plan and lies in the middle of the others (an
// average of them would run into the wall between two ways). Noise follows from the key of a row alone, so
// plans do not depend on the batch. Plans live in one tensor, state(), for checkpoints. Threads: one caller;
// buffers grow with the largest number of plans due at once.

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/philox.h"
#include "base/thread_pool.h"
#include "learn/diffusion/fast_denoiser.h"
#include "learn/diffusion/plan.h"
#include "learn/diffusion/sampler.h"
#include "learn/diffusion/torch_denoiser.h"
#include "learn/networks/policy_network.h"
#include "learn/reading/crop.h"

namespace inknav::learn {

struct PlanRequest {
  torch::Tensor condition;                // [N, condition_size]
  std::span<const Odometry> poses;        // [N]
  std::span<const base::PhiloxKey> keys;  // [N], another one for every step of every episode
  OccupancyGrid maps;  // of environment 0; the others follow it. Only read with several candidates
};

class Planner {
 public:
  /// The settings were checked when the checkpoint or the configuration was read. The weights are copied.
  /// On a GPU the plans are drawn there (TorchDenoiser), else by FastDenoiser.
  Planner(PolicyNetwork& network, std::int64_t num_envs, base::ThreadPool& pool,
          const Placement& placement = {});
  /// Copies the weights anew (after they changed).
  void refresh();

  /// Flagged rows (empty: all) begin an episode.
  void begin(std::span<const std::uint8_t> rows);
  void set_num_candidates(int count);

  /// Writes waypoint [N, 2]: unit vector (right, forward) to the point ahead on the plan.
  void plan(const PlanRequest& request, torch::Tensor& waypoint);

  /// Points of the plan of an environment in the body frame of the pose where it was drawn; empty without a
  /// plan.
  std::span<const base::Vec2> points(std::int64_t environment) const;

  torch::Tensor state() const;  // [N, 2 * horizon + 5] f32
  void restore(const torch::Tensor& state);

 private:
  struct Row {
    std::vector<base::Vec2> points;
    Odometry drawn;
    int age = 0;
    bool valid = false;
  };
  void collect_due(const PlanRequest& request);
  void draw(const PlanRequest& request);
  void choose(const PlanRequest& request, std::size_t due);
  float cost(const PlanRequest& request, std::size_t due, std::size_t candidate) const;
  std::span<const base::Vec2> candidate(std::size_t due, std::size_t index) const;

  PolicyNetwork& network_;
  base::ThreadPool& pool_;
  DiffusionSettings settings_;
  Sampler sampler_;
  Placement placement_;
  std::unique_ptr<FastDenoiser> denoiser_;         // on the CPU
  std::unique_ptr<TorchDenoiser> torch_denoiser_;  // on a GPU
  std::vector<Row> rows_;
  std::vector<std::int64_t> due_;
  std::vector<base::PhiloxKey> keys_;   // [due * candidates]
  std::vector<float> numbers_;          // [due * candidates, horizon, point_size]
  std::vector<float> previous_;         // likewise, the last plans where a refinement begins
  std::vector<base::Vec2> candidates_;  // [due * candidates, horizon]
  std::vector<base::Vec2> last_;        // [due, horizon] the last plans seen from now
};

}  // namespace inknav::learn
