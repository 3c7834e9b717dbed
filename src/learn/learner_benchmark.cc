// SPDX-License-Identifier: MIT
#include "learn/learner_benchmark.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <torch/torch.h>

#include <algorithm>
#include <utility>

#include "base/thread_pool.h"
#include "learn/flop_count.h"
#include "learn/low_memory.h"
#include "learn/memory_plan.h"
#include "learn/networks/policy_network.h"
#include "learn/picture_env.h"
#include "learn/placement.h"
#include "learn/policy_runner.h"
#include "learn/torch_setup.h"
#include "learn/trainer.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

constexpr int kWarmUp = 2;
constexpr int kRepetitions = 5;

base::BenchmarkResult measure_product(const Placement& placement, torch::ScalarType type, std::int64_t size) {
  const torch::TensorOptions where = placement.on_device().dtype(type);
  const Tensor a = torch::ones({size, size}, where), b = torch::ones({size, size}, where);
  Tensor out = torch::empty({size, size}, where);
  const double work =
      2e-12 * static_cast<double>(size) * static_cast<double>(size) * static_cast<double>(size);
  constexpr int kCalls = 4;
  return base::measure(type == torch::kBFloat16 ? "device/gemm/bf16" : "device/gemm/fp32", "TFLOP/s",
                       kCalls * work, kRepetitions, [&] {
                         for (int i = 0; i < kCalls; ++i) torch::mm_out(out, a, b);
                         placement.wait();
                       });
}

base::BenchmarkResult measure_copy(const Placement& placement, std::int64_t size) {
  const Tensor from = torch::ones({size, size}, placement.on_device());
  Tensor to = torch::empty_like(from);
  constexpr int kCalls = 8;
  const double gigabytes = kCalls * 2e-9 * static_cast<double>(from.nbytes());  // read and written
  return base::measure("device/copy", "GB/s", gigabytes, kRepetitions, [&] {
    for (int i = 0; i < kCalls; ++i) to.copy_(from);
    placement.wait();
  });
}

TrainerSettings trainer_settings(const LearnerBenchmarkSettings& settings, const LearnerCase& which) {
  TrainerSettings trainer;
  trainer.compute = settings.compute;
  trainer.policy.backbone = which.backbone;
  trainer.policy.base_planes = which.base_planes;
  trainer.policy.recurrence = which.recurrence;
  trainer.policy.hidden_size = settings.hidden_size;
  trainer.two_halves = TwoHalves::kNo;  // nothing is simulated beside which networks could work
  trainer.ppo.num_steps = settings.num_steps;
  trainer.ppo.num_mini_batch = settings.num_mini_batch;
  trainer.ppo.ppo_epoch = which.epochs;
  return trainer;
}

/// Of one frame: its forward pass in the rollout, and forward and backward in every epoch.
double flops_of_frame(const TrainerSettings& settings, const task::EnvSpec& spec) {
  PolicySettings policy = settings.policy;
  complete_settings(policy, spec);
  PolicyNetwork network(policy, 1);
  torch::NoGradGuard no_grad;
  PolicyInput input;
  input.image = torch::zeros({1, policy.image_height, policy.image_width, policy.image_channels});
  input.numbers = torch::zeros({1, policy.vector_size});
  input.previous_action = torch::zeros({1}, torch::kInt64);
  const auto forward = count_flops([&] {
    network.forward(input, torch::zeros({1, network.state_size()}), torch::ones({1, 1}));
  });
  return static_cast<double>(forward) * (1.0 + 3.0 * settings.ppo.ppo_epoch);
}

/// What the memory table says of the learner.
double planned_gigabytes(TrainerSettings settings, const task::EnvSpec& spec) {
  complete_settings(settings.policy, spec);
  return 1e-9 * static_cast<double>(learner_bytes(settings, count_network(settings), spec.num_envs));
}

base::BenchmarkResult memory_of(const std::string& name, c10::DeviceAllocator& allocator,
                                const Placement& placement, double planned) {
  constexpr auto kAll = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  const auto stats = allocator.getDeviceStats(placement.device().index());
  base::BenchmarkResult memory =
      base::spread_of(name, "GB", {1e-9 * static_cast<double>(stats.reserved_bytes[kAll].peak)});
  base::compare(memory, base::spread_of("planned", "GB", {planned}));
  return memory;
}

struct Figures {
  std::vector<double> frames, environment, reading, inference, learning, arithmetic;

  void add(const UpdateReport& report, double frames_done, double flops) {
    const PhaseTimes& seconds = report.seconds;
    frames.push_back(frames_done / seconds.total);
    environment.push_back(seconds.environment);
    reading.push_back(seconds.reading);
    inference.push_back(seconds.inference);
    learning.push_back(seconds.learning);
    arithmetic.push_back(1e-12 * flops * frames_done / seconds.total);
  }
};

base::Result<std::vector<base::BenchmarkResult>> run_case(const LearnerBenchmarkSettings& settings,
                                                          const LearnerCase& which,
                                                          const base::BenchmarkResult& ceiling) {
  const Placement placement = placement_of(settings.compute);
  c10::DeviceAllocator* const allocator = placement.is_gpu() ? gpu_allocator() : nullptr;
  release_cached_memory();  // that of the case before
  if (allocator != nullptr) allocator->resetPeakStats(placement.device().index());
  base::ThreadPool pool(base::available_cores());
  PictureEnv env(settings.num_envs, which.image_size);
  const TrainerSettings training = trainer_settings(settings, which);
  const auto trainer = Trainer::create(training, env, nullptr, pool);
  const double flops = flops_of_frame(training, env.spec());
  Figures figures;
  for (int i = 0; i < settings.updates; ++i) {
    INKNAV_ASSIGN_OR_RETURN(const UpdateReport report, trainer->update());
    if (i >= kWarmUp) figures.add(report, double{1} * settings.num_envs * settings.num_steps, flops);
  }
  const std::string name = "learner/" + which.name;
  base::BenchmarkResult arithmetic =
      base::spread_of(name + "/arithmetic", "TFLOP/s", std::move(figures.arithmetic));
  base::compare(arithmetic, ceiling);
  std::vector<base::BenchmarkResult> results{
      base::spread_of(name, "frames/s", std::move(figures.frames)),
      base::spread_of(name + "/environment", "s/update", std::move(figures.environment)),
      base::spread_of(name + "/reading", "s/update", std::move(figures.reading)),
      base::spread_of(name + "/inference", "s/update", std::move(figures.inference)),
      base::spread_of(name + "/learning", "s/update", std::move(figures.learning)),
      std::move(arithmetic)};
  if (allocator != nullptr)
    results.push_back(
        memory_of(name + "/memory", *allocator, placement, planned_gigabytes(training, env.spec())));
  return results;
}

}  // namespace

std::vector<LearnerCase> learner_goals() {
  return {{"p1", Backbone::kSeResNet9, 64, 64, Recurrence::kLstm, 1},
          {"p2", Backbone::kSeResNet9, 32, 64, Recurrence::kGru, 1},
          {"p3", Backbone::kResNet18, 32, 128, Recurrence::kGru, 2}};
}

base::Result<std::vector<base::BenchmarkResult>> run_learner_benchmark(
    const LearnerBenchmarkSettings& settings) {
  setup_torch();
  const Placement placement = placement_of(settings.compute);
  const bool bf16 = settings.compute.precision == Precision::kBf16 ||
                    (settings.compute.precision == Precision::kAuto && placement.is_gpu());
  std::vector<base::BenchmarkResult> results{measure_product(placement, torch::kBFloat16, settings.gemm_size),
                                             measure_product(placement, torch::kFloat32, settings.gemm_size),
                                             measure_copy(placement, settings.gemm_size)};
  const base::BenchmarkResult ceiling = results[bf16 ? 0 : 1];
  for (const LearnerCase& which : settings.cases) {
    INKNAV_ASSIGN_OR_RETURN(const auto figures, run_case(settings, which, ceiling));
    results.insert(results.end(), figures.begin(), figures.end());
    if (settings.on_results) settings.on_results(results);
  }
  return results;
}

}  // namespace inknav::learn
