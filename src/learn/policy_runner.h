// SPDX-License-Identifier: MIT
#pragma once
// PolicyRunner: a network at work on the N environments of one VectorEnv. It turns fields of the environment
// into network inputs and keeps what lives between steps: beliefs (BeliefTracker), recurrent state, previous
// actions, whether an episode has just begun, the features of the drawings. Rollouts and evaluation share it.
//
//   runner.begin(env, all);                          // after env.reset()
//   loop: runner.write(env, rows, slot.host)         // belief features and crops of the present observation
//         inference = runner.infer(slot);            // up, forward, down; moves the recurrent state
//         (or launch(slot), other work, waiting for the device, inference = finish())
//         runner.correct(inference.correction, gain);
//         runner.acted(actions); env.step(actions); runner.moved(env);
//         (value of final observations: write + peek_values)
//         env.reset_done(); runner.begin(env, ended);
// Threads: one caller; crops run on the pool. Memory is allocated by the constructor; libtorch allocates its
// own intermediate results.

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "learn/cuda/replay.h"
#include "learn/diffusion/planner.h"
#include "learn/networks/policy_network.h"
#include "learn/placement.h"
#include "learn/reading/belief_tracker.h"
#include "learn/reading/crop.h"
#include "learn/settings.h"
#include "task/vector_env.h"

namespace inknav::learn {

/// Network inputs of N environments at one step; tensors may be slices of a rollout.
struct ObservationSlot {
  torch::Tensor image;            // [N, H, W, C] f32 or undefined
  torch::Tensor crops;            // [N, C, C, 6] u8 or undefined
  torch::Tensor numbers;          // [N, vector_size] f32
  torch::Tensor previous_action;  // [N] i64
};
ObservationSlot make_slot(const PolicySettings& settings, std::int64_t num_envs,
                          const torch::TensorOptions& where);

/// The same inputs where the environments write them and where the network reads them; one and the same
/// memory when the placement is direct.
struct SlotPair {
  ObservationSlot host;
  ObservationSlot device;
};
SlotPair make_slots(const PolicySettings& settings, std::int64_t num_envs, const Placement& placement);
/// The inputs of environments first, first + 1, ...; in the same memory.
SlotPair rows_of(const SlotPair& slot, std::int64_t first, std::int64_t count);

/// What infer() says. `output` is on the device, the rest on the host.
struct Inference {
  PolicyOutput output;
  torch::Tensor log_probabilities;  // [N, num_actions]
  torch::Tensor correction;         // [N, 6], undefined where the policy does not read
};

/// Fills vector_size and the image's shape from the environment; `fields` that are not there are a bug.
void complete_settings(PolicySettings& settings, const task::EnvSpec& spec);

/// Plain numbers that reading adds: goal mark through the belief, the belief's scale, stretch and spread,
/// flags of the marks.
inline constexpr int kReadingNumbers = 15;
/// ln(paper units a metre) before any truth was seen: a home of 10 m on the paper's side.
inline constexpr float kFirstPriorLogScale = -2.3f;

class PolicyRunner {
 public:
  /// The network's parameters lie on the placement's device.
  PolicyRunner(std::shared_ptr<PolicyNetwork> network, const task::VectorEnv& env, base::ThreadPool& pool,
               const Placement& placement);

  /// Rows flagged in `rows` begin an episode: belief from the marks, no previous action, state cleared.
  void begin(const task::VectorEnv& env, std::span<const std::uint8_t> rows);
  /// After the weights changed: encodes the drawings of all environments anew, hands the planner the new
  /// denoiser.
  void refresh_weights();
  /// Keys of the noise of plans and hypotheses: seed and, in training, the global number of environment 0 (so
  /// that an episode that is run again meets other noise); -1: the noise follows from episode and step alone.
  void set_noise(std::uint64_t seed, std::int64_t first_env);
  /// Restores what is derived from the environment's views (after a resume).
  void reload(const task::VectorEnv& env);

  /// The pictures of these environments lie on the device ([N, H, W, C] f32, learn/bound_pictures.h) and are
  /// those of the present observation whenever this runner is asked for anything; none goes up from then on.
  /// Undefined: they come from the environment's fields.
  void use_pictures(const torch::Tensor& image) { pictures_ = image; }
  /// Bytes of observations that went to the device so far; 0 where the placement is direct.
  struct Uploaded {
    std::int64_t images = 0;
    std::int64_t others = 0;
  };
  const Uploaded& uploaded() const { return uploaded_; }

  /// Writes the network's inputs for the flagged rows (empty: all).
  void write(const task::VectorEnv& env, std::span<const std::uint8_t> rows, ObservationSlot& slot);
  /// Forward pass of all rows; the recurrent state moves on, but not when an exception leaves it. What it
  /// returns on the host is good until the next call. `with_plans` false: a diffusion policy draws no plans,
  /// and says nothing of actions (log_probabilities stay undefined); where they have been taken already.
  Inference infer(const SlotPair& slot, bool with_plans = true);
  /// The same in two parts: asks the device for it without waiting; and, once the device has been waited for,
  /// takes what came of it and moves the state. Between the two the slot on the host stays as it is, and
  /// nothing of this runner is called.
  void launch(const SlotPair& slot, bool with_plans = true);
  Inference finish();
  /// Values (on the device) of some rows of a slot on the host without touching the state; [rows] i64.
  torch::Tensor peek_values(const ObservationSlot& host, const torch::Tensor& rows);
  /// Of all rows.
  torch::Tensor peek_values(const SlotPair& slot);

  /// [N, 6] in units of kCorrectionScale; applied with `gain` where `rows` says so (empty: all).
  void correct(const torch::Tensor& correction, float gain);
  void acted(std::span<const std::int32_t> actions);
  /// Odometry of the step that was made.
  void moved(const task::VectorEnv& env);

  /// Of a policy that reads the drawing.
  BeliefTracker& tracker() { return *tracker_; }
  /// Empty when the policy does not read.
  std::span<const Belief> beliefs() const {
    return tracker_ ? std::span<const Belief>(tracker_->beliefs()) : std::span<const Belief>();
  }
  /// True pose on the paper where it is known.
  static bool truth_of(const task::VectorEnv& env, int environment, Belief* truth);

  torch::Tensor& state() { return state_; }                      // [N, state_size], on the device
  torch::Tensor& keep() { return keep_; }                        // [1, N], on the host
  torch::Tensor& previous_action() { return previous_action_; }  // [N] i64, on the host
  /// The drawings of all environments, [N, 4, S, S] u8, on the device.
  const torch::Tensor& planes() const { return planes_; }
  /// Rows whose drawing changed in the last begin().
  const std::vector<std::uint8_t>& fresh_drawings() const { return tracker_->fresh(); }
  float& prior_log_scale() { return prior_log_scale_; }
  /// Null unless the policy is a diffusion policy.
  Planner* planner() { return planner_.get(); }
  PolicyNetwork& network() { return *network_; }
  std::int64_t num_envs() const { return num_envs_; }

 private:
  void note_plan_keys(const task::VectorEnv& env, const OccupancyGrid& maps);
  void plan(const ObservationSlot& device, PolicyOutput& output);
  void upload(const SlotPair& slot);
  void send(const torch::Tensor& host, const torch::Tensor& device, std::int64_t& bytes) const;
  PolicyOutput forward(const ObservationSlot& device);
  void write_numbers(const task::VectorEnv& env, std::int64_t row, float* out) const;
  torch::Tensor view_of_planes(const task::VectorEnv& env) const;
  void encode_rows(const std::vector<std::int64_t>& rows, const task::VectorEnv& env);

  std::shared_ptr<PolicyNetwork> network_;
  base::ThreadPool& pool_;
  std::int64_t num_envs_;
  PolicySettings settings_;
  Placement placement_;
  CropGrid grid_;
  torch::Tensor state_;
  torch::Tensor keep_;
  torch::Tensor device_keep_;
  torch::Tensor pictures_;  // bound, or undefined
  Uploaded uploaded_;
  torch::Tensor previous_action_;
  torch::Tensor drawing_features_;
  torch::Tensor scale_correction_;  // [N]
  std::unique_ptr<Planner> planner_;
  std::vector<base::PhiloxKey> plan_keys_;
  std::uint64_t plan_seed_ = 0;
  std::int64_t plan_first_env_ = -1;
  OccupancyGrid maps_;
  std::optional<BeliefTracker> tracker_;  // of a policy that reads the drawing
  torch::Tensor planes_;                  // [N, 4, S, S] u8; when direct a view of the environment's field
  torch::Tensor log_probabilities_;       // host twins of the last inference, when staged
  torch::Tensor correction_;
  Inference launched_;  // what finish() returns
  torch::Tensor next_state_;
  torch::Tensor waypoint_;  // [N, 2] of the planner, on the host
  Replay replay_;           // of forward(), with its fixed input and output
  ObservationSlot fixed_;
  PolicyOutput replayed_;
  float prior_log_scale_ = kFirstPriorLogScale;
};

}  // namespace inknav::learn
