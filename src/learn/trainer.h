// SPDX-License-Identifier: MIT
#pragma once
// Trainer: rollouts, updates, metrics, checkpoints and signals of one rank, until the last update.
//
// The same code runs one rank or many: everything that must agree between ranks (skipping an update,
// stopping, metrics) goes through learn/ranks.h. All state is in named tensors, so n updates, a checkpoint, a
// resume and n more equal 2n updates bit for bit (same binary, same number of ranks). Errors: kDiverged after
// two rollbacks without recovery, kPreempted after a signal was obeyed, kPeer when a rank is lost, kDisk when
// checkpoints cannot be written, kData for a checkpoint that does not fit.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "base/thread_pool.h"
#include "learn/lane_kind.h"
#include "learn/settings.h"
#include "task/vector_env.h"

namespace inknav::learn {

class Ranks;
class PolicyNetwork;

/// Whether the environments of a rank act in two halves: one is simulated while the network is at work on the
/// other (learn/env_group.h). kAuto: on a GPU.
enum class TwoHalves : std::uint8_t { kAuto, kYes, kNo };

struct TrainerSettings {
  std::uint64_t seed = 0;
  ComputeSettings compute;
  TwoHalves two_halves = TwoHalves::kAuto;
  LaneKind lanes = LaneKind::kOwnStream;  // of the two halves; others are for tests
  std::int64_t num_updates = 10000;
  PolicySettings policy;
  PpoSettings ppo;
  ImitationSettings imitation;
  DiffusionTraining diffusion;  // only with policy.diffusion.enabled
};

/// Seconds of the last update by phase.
struct PhaseTimes {
  double environment = 0.0;  // step and reset, rendering included
  double reading = 0.0;      // beliefs and crops
  double inference = 0.0;
  double learning = 0.0;
  double hidden = 0.0;  // of environment: while a device was at work on the other half
  double total = 0.0;
};

struct UpdateReport {
  std::int64_t update = 0;  // updates done so far
  std::int64_t frames = 0;  // over all ranks
  PhaseTimes seconds;
  bool skipped = false;                                 // non-finite numbers
  std::vector<std::pair<std::string, double>> metrics;  // TensorBoard names of spec/cli-config.md, "Logs"
};

struct NamedBytes {
  std::string name;
  std::string dtype;  // safetensors names: F32, I64, U8
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> bytes;
};

/// In the names of state that belongs to recorded walks: "rank<r>/demos/...". State without it can be
/// restored all the same: the walks begin anew.
inline constexpr const char* kRecordedPrefix = "demos/";

class Trainer {
 public:
  /// `env` holds this rank's environments; `ranks` may be null for a single rank; `recorded` may hold as many
  /// environments of recorded walks (task/replay_env.h), to learn from now and then
  /// (DiffusionTraining::demo_share). All outlive the trainer.
  static std::unique_ptr<Trainer> create(const TrainerSettings& settings, task::VectorEnv& env, Ranks* ranks,
                                         base::ThreadPool& pool, task::VectorEnv* recorded = nullptr);
  virtual ~Trainer() = default;

  /// One rollout and one update. The first call resets the environment unless state was restored.
  /// Errors: kDiverged, kPeer; kDeviceMemory, on all ranks together, when memory ran out and neither a second
  /// try nor smaller parts helped: the state can still be saved, with what was learnt up to there.
  virtual base::Result<UpdateReport> update() = 0;

  /// All state of all ranks (collective call; only rank 0 gets the result, the others an empty list).
  virtual base::Result<std::vector<NamedBytes>> save_state() = 0;
  /// Collective; every rank is given the whole list.
  virtual base::Status restore_state(const std::vector<NamedBytes>& state) = 0;
  /// Weights only (fine-tuning, .pth); fresh optimiser and counters.
  virtual base::Status load_weights(const std::vector<NamedBytes>& state) = 0;
  /// Of this rank's complete state; equal hashes mean equal futures.
  virtual base::Hash128 state_hash() = 0;

  virtual std::int64_t updates_done() const = 0;
  virtual std::int64_t frames_done() const = 0;
  virtual bool finished() const = 0;
  virtual std::shared_ptr<PolicyNetwork> network() const = 0;
  virtual float prior_log_scale() const = 0;
};

}  // namespace inknav::learn
