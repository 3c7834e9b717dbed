// SPDX-License-Identifier: MIT
#include "learn/trainer.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <functional>
#include <span>

#include "learn/checkpoint.h"
#include "learn/networks/policy_network.h"
#include "learn/rank_processes.h"
#include "learn/ranks.h"
#include "learn/toy_env.h"
#include "learn/toy_homes.h"
#include "learn/toy_trainer.h"

namespace inknav::learn {
namespace {

using testing::CorridorEnv;
using testing::metric;
using testing::RecallEnv;
using testing::toy_settings;
using testing::ToyEnv;
using torch::Tensor;

double train(Trainer& trainer, int updates) {
  UpdateReport report;
  for (int i = 0; i < updates; ++i) {
    auto result = trainer.update();
    EXPECT_TRUE(result.ok());
    report = *result;
  }
  return metric(report, "Environment/Reward");
}

TEST(Control, CorridorReachesTheKnownOptimum) {
  base::ThreadPool pool(1);
  CorridorEnv env(16, 0);
  auto trainer = Trainer::create(toy_settings(Recurrence::kNone), env, nullptr, pool);
  const double reward = train(*trainer, 80);
  EXPECT_GT(reward, 0.97 * CorridorEnv::best_return());
  EXPECT_LE(reward, 1.05 * CorridorEnv::best_return());
}

TEST(Control, RecallNeedsMemoryAndGruAndLstmHaveIt) {
  // With these two the task is solved from each of 12 seeds; with those of the corridor one seed of 12 gave
  // up exploring, and which one it was depended on the instructions that the processor has.
  const auto settings = [](Recurrence recurrence) {
    TrainerSettings careful = toy_settings(recurrence);
    careful.ppo.lr = 1e-3f;
    careful.ppo.entropy_coef = 0.02f;
    return careful;
  };
  for (const Recurrence recurrence : {Recurrence::kGru, Recurrence::kLstm}) {
    base::ThreadPool pool(1);
    RecallEnv env(16, 0);
    auto trainer = Trainer::create(settings(recurrence), env, nullptr, pool);
    EXPECT_GT(train(*trainer, 120), 0.95);
  }
  base::ThreadPool pool(1);
  RecallEnv env(16, 0);
  auto blind = Trainer::create(settings(Recurrence::kNone), env, nullptr, pool);
  EXPECT_LT(train(*blind, 40), 0.75);
}

using MakeEnv =
    std::function<std::unique_ptr<task::VectorEnv>(int num_envs, int first_env, base::ThreadPool& pool)>;

struct RunResult {
  base::Hash128 hash;
  std::vector<double> metrics;
  std::vector<NamedBytes> state;
};

struct RunShape {
  int world = 1;
  int envs = 0;  // over all ranks
  int before = 0;
  int after = 0;
};

/// `before` updates, then (if `after` > 0) a checkpoint, everything built anew, resume and `after` updates.
RunResult run_one_rank(const TrainerSettings& settings, const MakeEnv& make_env, Ranks* ranks,
                       const RunShape& shape) {
  base::ThreadPool pool(1);
  const int envs = shape.envs / shape.world;
  const int first = ranks == nullptr ? 0 : ranks->rank() * envs;
  auto env = make_env(envs, first, pool);
  auto trainer = Trainer::create(settings, *env, ranks, pool);
  RunResult result;
  const auto note = [&](int updates) {
    for (int i = 0; i < updates; ++i) {
      auto report = trainer->update();
      ASSERT_TRUE(report.ok()) << report.error().message;
      for (const auto& [name, value] : report->metrics) result.metrics.push_back(value);
    }
  };
  note(shape.before);
  if (shape.after > 0) {
    std::vector<NamedBytes> state = *trainer->save_state();
    if (ranks != nullptr) {
      const auto blocks = ranks->gather(pack(state));
      state = *unpack((*blocks)[0]);
    }
    trainer.reset();
    env = make_env(envs, first, pool);
    trainer = Trainer::create(settings, *env, ranks, pool);
    const base::Status restored = trainer->restore_state(state);
    EXPECT_TRUE(restored.ok()) << (restored.ok() ? "" : restored.error().message);
    note(shape.after);
  }
  result.hash = trainer->state_hash();
  result.state = *trainer->save_state();
  return result;
}

/// `state` and what else is compared, as one block.
std::vector<std::uint8_t> packed(const RunResult& result) {
  std::vector<NamedBytes> entries = result.state;
  entries.push_back(bytes_of("test/metrics", torch::tensor(result.metrics, torch::kFloat64)));
  const std::vector<std::int64_t> hash{static_cast<std::int64_t>(result.hash.low),
                                       static_cast<std::int64_t>(result.hash.high)};
  entries.push_back(bytes_of("test/hash", torch::tensor(hash, torch::kInt64)));
  return pack(entries);
}

RunResult unpacked(std::span<const std::uint8_t> bytes) {
  RunResult result;
  result.state = *unpack(bytes);
  const Tensor metrics = tensor_of(*find_entry(result.state, "test/metrics"));
  const double* values = metrics.data_ptr<double>();
  result.metrics.assign(values, values + metrics.numel());
  const Tensor hash = tensor_of(*find_entry(result.state, "test/hash"));
  result.hash = {static_cast<std::uint64_t>(hash[0].item<std::int64_t>()),
                 static_cast<std::uint64_t>(hash[1].item<std::int64_t>())};
  return result;
}

/// One rank in this process, several in processes of their own (then empty if they failed).
std::vector<RunResult> run_ranks(const std::string& label, const TrainerSettings& settings,
                                 const MakeEnv& make_env, RunShape shape) {
  if (shape.world == 1) return {run_one_rank(settings, make_env, nullptr, shape)};
  std::vector<RunResult> results;
  for (const auto& bytes : testing::run_in_rank_processes(label, shape.world, [&](Ranks& ranks) {
         return packed(run_one_rank(settings, make_env, &ranks, shape));
       })) {
    results.push_back(unpacked(bytes));
  }
  return results;
}

std::unique_ptr<task::VectorEnv> recall(int num_envs, int first_env, base::ThreadPool&) {
  return std::make_unique<RecallEnv>(num_envs, first_env);
}

void expect_same_future(const TrainerSettings& settings, const MakeEnv& make_env, int world, int envs,
                        int n) {
  const auto whole = run_ranks("whole", settings, make_env, {world, envs, 2 * n, 0});
  const auto parts = run_ranks("parts", settings, make_env, {world, envs, n, n});
  const auto again = run_ranks("again", settings, make_env, {world, envs, 2 * n, 0});
  ASSERT_EQ(whole.size(), static_cast<std::size_t>(world));
  ASSERT_EQ(parts.size(), whole.size());
  ASSERT_EQ(again.size(), whole.size());
  for (std::size_t r = 0; r < whole.size(); ++r) {
    EXPECT_EQ(whole[r].hash.hex(), parts[r].hash.hex()) << "rank " << r;
    EXPECT_EQ(whole[r].hash.hex(), again[r].hash.hex()) << "rank " << r;
    EXPECT_EQ(whole[r].metrics, parts[r].metrics) << "rank " << r;
    EXPECT_EQ(whole[r].metrics, again[r].metrics) << "rank " << r;
  }
}

TEST(Resume, TwoNUpdatesEqualNResumeN) {
  TrainerSettings settings = toy_settings(Recurrence::kGru);
  settings.ppo.use_linear_lr_decay = true;
  expect_same_future(settings, recall, 1, 8, 5);
  settings.policy.recurrence = Recurrence::kLstm;
  expect_same_future(settings, recall, 1, 8, 5);
}

TEST(Resume, AlsoWithTwoRanks) { expect_same_future(toy_settings(Recurrence::kGru), recall, 2, 8, 4); }

TEST(Resume, AlsoReadingDrawingsInTheNavigationEnvironment) {
  testing::ToyHomes homes;
  const MakeEnv make_env = [&](int num_envs, int first_env, base::ThreadPool& pool) {
    return homes.make_env(pool, {.num_envs = num_envs, .first_env = first_env});
  };
  TrainerSettings settings = testing::toy_reading_settings(Recurrence::kGru);
  testing::add_camera(settings);
  settings.policy.predict_goal = true;
  testing::follow_expert_first(settings);
  expect_same_future(settings, make_env, 1, 4, 3);
}

/// Tolerance: sums of gradients in another order, then Adam's division by small moments; 1e-3 of a weight
/// after four updates of learning rate 3e-3.
TEST(Ranks, TwoRanksWithHalfTheEnvironmentsEqualOne) {
  TrainerSettings settings = toy_settings(Recurrence::kGru);
  settings.ppo.num_mini_batch = 1;
  settings.ppo.ppo_epoch = 1;
  const auto two = run_ranks("two", settings, recall, {2, 8, 4, 0});
  ASSERT_EQ(two.size(), 2u);
  const auto one = run_ranks("one", settings, recall, {1, 8, 4, 0});
  int compared = 0;
  for (const NamedBytes& entry : one[0].state) {
    if (entry.name.rfind("value/", 0) != 0) continue;
    const NamedBytes* other = find_entry(two[0].state, entry.name);
    ASSERT_NE(other, nullptr);
    EXPECT_TRUE(torch::allclose(tensor_of(entry), tensor_of(*other), 1e-3, 1e-3)) << entry.name;
    ++compared;
  }
  EXPECT_GT(compared, 8);
}

TEST(NonFinite, UpdatesAreSkippedThenRolledBackThenTheRunEnds) {
  base::ThreadPool pool(1);
  CorridorEnv env(8, 0);
  env.poison_from(16 * 2 + 1);
  auto trainer = Trainer::create(toy_settings(Recurrence::kGru), env, nullptr, pool);
  int skipped = 0;
  for (int i = 0; i < 64; ++i) {
    auto report = trainer->update();
    if (!report.ok()) {
      EXPECT_EQ(report.error().code, base::ErrorCode::kDiverged);
      EXPECT_NE(report.error().message.find("after 2 rollbacks"), std::string::npos)
          << report.error().message;
      EXPECT_EQ(skipped, 8);  // three, three, and the ninth is the error
      for (const auto& parameter : trainer->network()->parameters()) {
        EXPECT_TRUE(torch::isfinite(parameter).all().item<bool>());
      }
      return;
    }
    EXPECT_EQ(report->skipped, i >= 2) << i;
    skipped += report->skipped ? 1 : 0;
  }
  FAIL() << "the run did not end";
}

TEST(Checkpoint, BadStatesAreNamed) {
  base::ThreadPool pool(1);
  CorridorEnv env(8, 0);
  auto trainer = Trainer::create(toy_settings(Recurrence::kGru), env, nullptr, pool);
  ASSERT_TRUE(trainer->update().ok());
  const std::vector<NamedBytes> good = *trainer->save_state();
  const auto error_of = [&](const std::vector<NamedBytes>& state) {
    const base::Status status = trainer->restore_state(state);
    EXPECT_FALSE(status.ok());
    if (status.ok()) return std::string();
    EXPECT_EQ(status.error().code, base::ErrorCode::kData);
    return status.error().message;
  };
  std::vector<NamedBytes> state = good;
  std::erase_if(state, [](const NamedBytes& entry) { return entry.name == "trainer/counters"; });
  EXPECT_NE(error_of(state).find("weights only"), std::string::npos);
  state = good;
  std::erase_if(state, [](const NamedBytes& entry) { return entry.name == "value/trunk.weight"; });
  EXPECT_NE(error_of(state).find("value/trunk.weight"), std::string::npos);
  state = good;
  std::erase_if(state, [](const NamedBytes& entry) { return entry.name == "rank0/recurrent"; });
  EXPECT_NE(error_of(state).find("rank0/recurrent"), std::string::npos);
  std::vector<std::uint8_t> packed = pack(good);
  packed.resize(packed.size() / 2);
  EXPECT_FALSE(unpack(packed).ok());
  EXPECT_TRUE(trainer->restore_state(good).ok());
}

}  // namespace
}  // namespace inknav::learn
