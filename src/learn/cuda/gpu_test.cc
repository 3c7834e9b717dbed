// SPDX-License-Identifier: MIT
// What only a GPU can show; skipped with the reason where there is none. tools/gpu_suite runs it.
//
// Tolerances against the CPU: other summation orders of f32 (products in TF32 are off by default), stated
// where they are used.
#include <c10/core/CachingDeviceAllocator.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <torch/csrc/distributed/c10d/HashStore.hpp>
#include <utility>
#include <vector>

#include "base/check.h"
#include "learn/checkpoint.h"
#include "learn/cuda/device_plugin.h"
#include "learn/cuda/replay.h"
#include "learn/cuda/torch_cuda.h"
#include "learn/diffusion/denoiser_weights.h"
#include "learn/diffusion/fast_denoiser.h"
#include "learn/diffusion/torch_denoiser.h"
#include "learn/low_memory.h"
#include "learn/networks/encoders.h"
#include "learn/networks/policy_network.h"
#include "learn/ranks.h"
#include "learn/torch_setup.h"
#include "learn/toy_env.h"
#include "learn/toy_trainer.h"
#include "learn/trainer.h"
#include "run/launch.h"
#include "task/test_dataset.h"

namespace inknav::learn {
namespace {

using testing::CorridorEnv;
using testing::metric;
using testing::RecallEnv;
using torch::Tensor;

/// libtorch must be opened before a test of the CPU asks it about CUDA.
class OpenGpu : public ::testing::Environment {
 public:
  void SetUp() override { status() = prepare_gpu(0); }
  static base::Status& status() {
    static base::Status opened = base::ok_status();
    return opened;
  }
};
[[maybe_unused]] const auto* const kOpenGpu = ::testing::AddGlobalTestEnvironment(new OpenGpu);

class Gpu : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!OpenGpu::status().ok()) GTEST_SKIP() << OpenGpu::status().error().message;
    setup_torch();
  }
  static Placement placement(bool graphs) { return placement_of({.gpu = 0, .graphs = graphs}); }
};
using GpuReplay = Gpu;
using GpuNetwork = Gpu;
using GpuSampler = Gpu;
using GpuTraining = Gpu;
using GpuSum = Gpu;

TEST_F(GpuReplay, AGraphComputesWithWhatItsInputsHoldNow) {
  const Placement gpu = placement(true);
  Replay replay(gpu, "a sum");
  const Tensor in = torch::zeros({1000}, gpu.on_device());
  Tensor out = torch::zeros({}, gpu.on_device());
  int runs = 0;
  for (int i = 1; i <= 5; ++i) {
    in.fill_(static_cast<float>(i));
    replay.run(
        [&] {
          ++runs;
          out.copy_(in.sum());
        },
        2);
    EXPECT_EQ(out.item<float>(), 1000.0f * static_cast<float>(i));
  }
  EXPECT_TRUE(replay.records());
  EXPECT_EQ(runs, 3) << "two to warm up, one to record";
}

TEST_F(GpuReplay, WorkThatCannotBeRecordedIsRunAsItIs) {
  const Placement gpu = placement(true);
  Replay replay(gpu, "a test");
  const Tensor in = torch::ones({8}, gpu.on_device());
  float seen = 0.0f;
  for (int i = 0; i < 3; ++i) replay.run([&] { seen += in.sum().item<float>(); }, 0);
  EXPECT_FALSE(replay.records());
  EXPECT_GE(seen, 24.0f);
}

/// Of synchronising, which ends the capture, and of an exception within it.
TEST_F(GpuReplay, ARecordingThatFailsLeavesNothingBehind) {
  const Placement gpu = placement(true);
  const Tensor in = torch::ones({8}, gpu.on_device());
  for (const bool throws : {false, true}) {
    Replay fails(gpu, "a test");
    bool first = true;
    fails.run(
        [&] {
          Tensor much = in.expand({1 << 20, 8}).contiguous();
          if (!throws) static_cast<void>(much.sum().item<float>());
          if (throws && std::exchange(first, false)) throw std::runtime_error("by a test");
        },
        0);
    EXPECT_FALSE(fails.records());
    // libtorch refuses this while it takes a capture for under way.
    EXPECT_NO_THROW(release_cached_memory());
    Replay works(gpu, "a test");
    Tensor out = torch::zeros({}, gpu.on_device());
    works.run([&] { out.copy_(in.sum()); }, 2);
    EXPECT_TRUE(works.records());
    EXPECT_EQ(out.item<float>(), 8.0f);
  }
}

/// Bytes that are in use on the GPU.
std::int64_t allocated_bytes() {
  c10::DeviceAllocator* const allocator = gpu_allocator();
  INKNAV_CHECK(allocator != nullptr);
  return allocator->getDeviceStats(0).allocated_bytes[0].current;
}

TEST_F(GpuReplay, RecordingAnewTakesNoWorkspaceOfCublasMore) {
  const Placement gpu = placement(true);
  const Tensor in = torch::ones({64, 64}, gpu.on_device());
  Replay replay(gpu, "a product");
  std::vector<std::int64_t> bytes;
  for (int i = 0; i < 4; ++i) {
    Tensor out;
    replay.run([&] { out = in.mm(in); }, 1);
    replay.forget();
    out = Tensor();
    bytes.push_back(allocated_bytes());
  }
  EXPECT_EQ(bytes[3], bytes[0]);
}

PolicySettings large_policy(Recurrence recurrence) {
  PolicySettings settings;
  settings.vector_size = 2;
  settings.backbone = Backbone::kSeResNet9;
  settings.image_height = settings.image_width = 32;
  settings.image_channels = 1;
  settings.base_planes = 16;
  settings.hidden_size = 64;
  settings.recurrence = recurrence;
  return settings;
}

struct Pass {
  Tensor value, state, gradient;
};

/// One pass over 6 steps of 8 environments with episodes that begin inside.
Pass pass_of(const PolicySettings& settings, const Placement& placement, bool packed) {
  PolicyNetwork network(settings, 1);
  network.to(placement.device());
  torch::manual_seed(2);
  const Tensor image = torch::rand({48, 32, 32, 1}), numbers = torch::rand({48, 2});
  const Tensor state = torch::rand({8, network.state_size()});
  Tensor keep = torch::ones({6, 8});
  keep[2][3] = keep[4][3] = keep[0][5] = 0.0f;
  PolicyInput input;
  input.image = placement.up(image);
  input.numbers = placement.up(numbers);
  input.previous_action = placement.up(torch::zeros({48}, torch::kInt64));
  if (packed) input.packing = std::make_shared<EpisodePacking>(pack_episodes(keep, placement));
  const PolicyOutput out = network.forward(input, placement.up(state), placement.up(keep));
  (out.log_probabilities.square().mean() + out.value.square().mean()).backward();
  std::vector<Tensor> gradients;
  for (const Tensor& p : network.parameters()) {
    if (p.grad().defined()) gradients.push_back(p.grad().to(torch::kCPU).contiguous().flatten());
  }
  return {out.value.detach().to(torch::kCPU), out.state.detach().to(torch::kCPU), torch::cat(gradients)};
}

TEST_F(GpuNetwork, EqualsTheCpusInValueAndGradient) {
  for (const Recurrence recurrence : {Recurrence::kGru, Recurrence::kLstm, Recurrence::kTransformer}) {
    const PolicySettings settings = large_policy(recurrence);
    const Pass cpu = pass_of(settings, Placement(), false);
    for (const bool packed : {false, true}) {
      if (packed && recurrence == Recurrence::kTransformer) continue;
      const Pass gpu = pass_of(settings, placement(false), packed);
      EXPECT_TRUE(torch::allclose(cpu.value, gpu.value, 1e-3, 1e-3)) << packed;
      EXPECT_TRUE(torch::allclose(cpu.state, gpu.state, 1e-3, 1e-3)) << packed;
      // Convolutions may run in TF32, which keeps 11 bits.
      const Tensor difference = cpu.gradient - gpu.gradient;
      EXPECT_LT((difference.norm() / cpu.gradient.norm()).item<float>(), 2e-2f) << packed;
    }
  }
}

TEST_F(GpuSampler, EqualsTheCpusEngine) {
  const Unet1dSettings shape{.down_dims = {32, 64, 128}};
  NoiseScheduleSettings noise;
  noise.num_train_timesteps = 100;
  noise.beta_schedule = BetaSchedule::kSquaredCosine;
  const Sampler sampler = Sampler::make(NoiseSchedule::make(noise).value(), {SamplerKind::kDdim, 10}).value();
  ConditionalUnet1d net(shape);
  initialize(*net, 3);
  FastDenoiser fast(shape, weights_of(net), sampler);
  const Placement gpu = placement(true);
  net->to(gpu.device());
  TorchDenoiser slow(net, sampler, gpu);
  for (std::uint32_t call = 0; call < 4; ++call) {
    const Tensor condition = torch::randn({2, shape.cond_dim});
    const std::vector<base::PhiloxKey> keys{{5, 0, call, 3, base::Purpose::kTest},
                                            {5, 1, call, 3, base::Purpose::kTest}};
    std::vector<float> wanted(2 * static_cast<std::size_t>(shape.horizon * shape.action_dim)), found = wanted;
    fast.sample({{condition.data_ptr<float>(), static_cast<std::size_t>(condition.numel())}, 1, {keys, {}}},
                wanted);
    slow.sample(gpu.up(condition), 1, {keys, {}}, found);
    // Ten evaluations of TF32 convolutions.
    for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(found[i], wanted[i], 2e-2f) << call;
  }
}

TrainerSettings gpu_settings(Recurrence recurrence, Precision precision, bool graphs) {
  TrainerSettings settings = testing::toy_settings(recurrence);
  settings.compute = {.gpu = 0, .graphs = graphs, .precision = precision};
  return settings;
}

TEST_F(GpuTraining, ReachesTheKnownOptimum) {
  for (const Precision precision : {Precision::kFp32, Precision::kBf16}) {
    base::ThreadPool pool(1);
    CorridorEnv env(16, 0);
    const auto trainer =
        Trainer::create(gpu_settings(Recurrence::kNone, precision, true), env, nullptr, pool);
    double reward = 0.0;
    for (int i = 0; i < 80; ++i) {
      const auto report = trainer->update();
      ASSERT_TRUE(report.ok()) << report.error().message;
      reward = metric(*report, "Environment/Reward");
    }
    EXPECT_GT(reward, 0.95 * CorridorEnv::best_return());
  }
}

TEST_F(GpuTraining, RemembersWithGraphsAndWithPackedEpisodes) {
  for (const bool graphs : {true, false}) {
    TrainerSettings settings = gpu_settings(Recurrence::kGru, Precision::kFp32, graphs);
    settings.ppo.lr = 1e-3f;
    settings.ppo.entropy_coef = 0.02f;
    base::ThreadPool pool(1);
    RecallEnv env(16, 0);
    const auto trainer = Trainer::create(settings, env, nullptr, pool);
    double reward = 0.0;
    for (int i = 0; i < 120; ++i) {
      const auto report = trainer->update();
      ASSERT_TRUE(report.ok()) << report.error().message;
      reward = metric(*report, "Environment/Reward");
    }
    EXPECT_GT(reward, 0.95) << graphs;
  }
}

TEST_F(GpuTraining, AnUpdateStartsLikeTheCpus) {
  std::vector<std::vector<NamedBytes>> states;
  for (const int gpu : {-1, 0}) {
    TrainerSettings settings = gpu_settings(Recurrence::kGru, Precision::kFp32, false);
    settings.compute.gpu = gpu;
    settings.ppo.ppo_epoch = 1;
    base::ThreadPool pool(1);
    RecallEnv env(8, 0);
    const auto trainer = Trainer::create(settings, env, nullptr, pool);
    ASSERT_TRUE(trainer->update().ok());
    states.push_back(*trainer->save_state());
  }
  for (const NamedBytes& entry : states[0]) {
    if (entry.name.rfind("value/", 0) != 0) continue;
    const NamedBytes* other = find_entry(states[1], entry.name);
    ASSERT_NE(other, nullptr);
    // Adam divides small gradients by themselves: a part of a step of 3e-3 each.
    EXPECT_TRUE(torch::allclose(tensor_of(entry), tensor_of(*other), 1e-2, 3e-3)) << entry.name;
  }
}

TEST_F(GpuTraining, ResumeEqualsNeverHavingStopped) {
  const TrainerSettings settings = gpu_settings(Recurrence::kGru, Precision::kBf16, true);
  std::vector<std::string> hashes;
  for (const bool stops : {false, true}) {
    base::ThreadPool pool(1);
    auto env = std::make_unique<RecallEnv>(8, 0);
    auto trainer = Trainer::create(settings, *env, nullptr, pool);
    for (int i = 0; i < 6; ++i) {
      if (stops && i == 3) {
        const std::vector<NamedBytes> state = *trainer->save_state();
        trainer.reset();
        env = std::make_unique<RecallEnv>(8, 0);
        trainer = Trainer::create(settings, *env, nullptr, pool);
        ASSERT_TRUE(trainer->restore_state(state).ok());
      }
      ASSERT_TRUE(trainer->update().ok());
    }
    hashes.push_back(trainer->state_hash().hex());
  }
  EXPECT_EQ(hashes[0], hashes[1]);
}

TEST_F(GpuTraining, HalvesBesideEachOtherEqualHalvesInTurn) {
  for (const bool graphs : {true, false}) {
    std::vector<std::string> hashes;
    for (const LaneKind lanes : {LaneKind::kInTurn, LaneKind::kOwnStream}) {
      TrainerSettings settings = gpu_settings(Recurrence::kGru, Precision::kFp32, graphs);
      settings.two_halves = TwoHalves::kYes;
      settings.lanes = lanes;
      settings.ppo.num_mini_batch = 3;  // of nine environments, whose halves differ
      base::ThreadPool pool(1);
      CorridorEnv env(9, 0);
      const auto trainer = Trainer::create(settings, env, nullptr, pool);
      double hidden = 0.0;
      for (int i = 0; i < 6; ++i) {
        const auto report = trainer->update();
        ASSERT_TRUE(report.ok()) << report.error().message;
        hidden += report->seconds.hidden;
      }
      if (lanes == LaneKind::kInTurn) {
        EXPECT_EQ(hidden, 0.0) << "nothing is beside anything";
      }
      hashes.push_back(trainer->state_hash().hex());
    }
    EXPECT_EQ(hashes[0], hashes[1]) << graphs;
  }
}

TEST_F(GpuTraining, SkipsAndRollsBackLikeTheCpu) {
  base::ThreadPool pool(1);
  CorridorEnv env(8, 0);
  env.poison_from(16 * 2 + 1);
  const auto trainer =
      Trainer::create(gpu_settings(Recurrence::kGru, Precision::kFp32, true), env, nullptr, pool);
  for (int i = 0; i < 8; ++i) {
    const auto report = trainer->update();
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->skipped, i >= 2) << i;
  }
}

TEST_F(GpuTraining, ReadsDrawingsAndDrawsPlans) {
  task::testing::TestDataset data(3);
  data.draw_all();
  base::ThreadPool pool(2);
  task::NavigationEnvSettings world = task::testing::small_env(4);
  world.with_drawings = true;
  world.max_episode_steps = 12;
  for (const bool diffusion : {false, true}) {
    auto env = task::NavigationEnv::create(world, data.dataset(), pool);
    ASSERT_TRUE(env.ok());
    TrainerSettings settings =
        testing::toy_reading_settings(diffusion ? Recurrence::kTransformer : Recurrence::kGru);
    settings.seed = 3;
    settings.compute = {.gpu = 0, .graphs = true, .precision = Precision::kBf16};
    settings.policy.number_fields = {"gps", "compass"};
    settings.policy.backbone = Backbone::kSeResNet9;
    settings.policy.base_planes = 8;
    if (diffusion) testing::add_plans(settings);
    const auto trainer = Trainer::create(settings, **env, nullptr, pool);
    for (int i = 0; i < 4; ++i) {
      const auto report = trainer->update();
      ASSERT_TRUE(report.ok()) << report.error().message;
      EXPECT_FALSE(report->skipped);
      for (const auto& [name, value] : report->metrics) EXPECT_TRUE(std::isfinite(value)) << name;
    }
  }
}

struct SumOfOne {
  SumOfOne() {
    const auto api = find_device_plugin();
    INKNAV_CHECK(api.ok(), api.error().message);
    DeviceSumRequest request;
    request.store = c10::make_intrusive<c10d::HashStore>();
    sum = (*api)->make_sum(request);
  }
  std::unique_ptr<DeviceSum> sum;
};

TEST_F(GpuSum, OneRankSumsToItself) {
  const SumOfOne one;
  const Tensor values = torch::arange(5, placement(false).on_device().dtype(torch::kFloat32));
  const Tensor before = values.clone();
  one.sum->start(values, -1);
  one.sum->finish();
  EXPECT_TRUE(values.equal(before));
}

/// Marks are made by a graph at every replay, and sums wait for them.
TEST_F(GpuSum, ASumWaitsForTheMarkOfAGraph) {
  const Placement gpu = placement(true);
  const SumOfOne one;
  Replay replay(gpu, "a mark");
  const Tensor in = torch::zeros({1 << 22}, gpu.on_device());
  Tensor out = torch::zeros({1 << 22}, gpu.on_device());
  for (int i = 1; i <= 5; ++i) {
    in.fill_(static_cast<float>(i));
    replay.run(
        [&] {
          out.copy_(in.exp().log());
          one.sum->mark(0);
          in.mul_(1.0f);  // after the mark
          one.sum->mark(1);
        },
        2);
    one.sum->start(out, 0);
    one.sum->finish();
    EXPECT_NEAR(out.mean().item<float>(), static_cast<float>(i), 1e-4f);
  }
  EXPECT_TRUE(replay.records());
}

/// One rank, so that the sums change nothing; but they are started, marked and waited for as with several.
TEST_F(GpuSum, TrainsTheSameWhetherSumsOverlapOrNot) {
  std::vector<std::string> hashes;
  for (const bool graphs : {true, false}) {
    for (const bool overlap : {true, false}) {
      run::RankInfo alone;
      const auto port = run::free_loopback_port();
      ASSERT_TRUE(port.ok());
      alone.master_port = *port;
      alone.identity = "a rank alone";
      auto ranks = Ranks::connect(alone, {});
      ASSERT_TRUE(ranks.ok()) << ranks.error().message;
      ASSERT_TRUE((*ranks)->meet_on_device(0).ok());
      ASSERT_TRUE((*ranks)->sums_on_device());
      TrainerSettings settings = gpu_settings(Recurrence::kGru, Precision::kFp32, graphs);
      settings.ppo.overlap_sums = overlap;
      settings.policy.hidden_size = 128;
      base::ThreadPool pool(1);
      RecallEnv env(8, 0);
      const auto trainer = Trainer::create(settings, env, ranks->get(), pool);
      for (int i = 0; i < 4; ++i) ASSERT_TRUE(trainer->update().ok());
      hashes.push_back(trainer->state_hash().hex());
    }
  }
  EXPECT_EQ(hashes[0], hashes[1]) << "with graphs";
  EXPECT_EQ(hashes[2], hashes[3]) << "without";
}

}  // namespace
}  // namespace inknav::learn
