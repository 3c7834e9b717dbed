// SPDX-License-Identifier: MIT
#include "learn/low_memory.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <stdexcept>

#include "learn/failing_allocator.h"
#include "learn/pupil.h"
#include "learn/rank_processes.h"
#include "learn/toy_env.h"
#include "learn/trainer.h"

namespace inknav::learn {
namespace {

using testing::CorridorEnv;
using testing::FailingAllocator;
using testing::Pupil;
using testing::run_in_rank_processes;
using torch::Tensor;

TEST(LowMemory, IsToldFromOtherFaults) {
  EXPECT_TRUE(is_out_of_memory(std::bad_alloc()));
  EXPECT_FALSE(is_out_of_memory(std::runtime_error("shape mismatch")));
  const auto fault_of = [](const auto& work) {
    try {
      work();
    } catch (const std::exception& fault) {
      return is_out_of_memory(fault);
    }
    ADD_FAILURE() << "nothing was thrown";
    return false;
  };
  EXPECT_TRUE(fault_of([] { TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory"); }));
  // Of cudaHostAlloc, and of libraries that take memory themselves.
  EXPECT_TRUE(fault_of([] { TORCH_CHECK(false, "CUDA error: out of memory\nCUDA kernel errors might be"); }));
  EXPECT_TRUE(fault_of([] {
    TORCH_CHECK(false, "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`");
  }));
  EXPECT_FALSE(fault_of([] { TORCH_CHECK(false, "CUDA error: an illegal memory access was encountered"); }));
  EXPECT_FALSE(fault_of([] { TORCH_CHECK(false, "another fault"); }));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they end the program themselves
  // More than any address space has: what the host's own allocator says.
  EXPECT_TRUE(fault_of([] { torch::empty({std::int64_t{1} << 58}, torch::kUInt8); }));
#endif
}

TEST(LowMemory, ASecondTryIsGivenOnceAndOnlyForMemory) {
  int tries = 0;
  EXPECT_EQ(with_second_try([&] {
              if (++tries == 1) throw std::bad_alloc();
              return 7;
            }),
            7);
  EXPECT_EQ(tries, 2);
  tries = 0;
  const auto always = [&] { ++tries, throw std::bad_alloc(); };
  EXPECT_THROW(with_second_try(always), std::bad_alloc);
  EXPECT_EQ(tries, 2);
  tries = 0;
  const auto other = [&] { ++tries, throw std::runtime_error("no"); };
  EXPECT_THROW(with_second_try(other), std::runtime_error);
  EXPECT_EQ(tries, 1);
}

TrainerSettings toy_settings() {
  TrainerSettings settings;
  settings.seed = 3;
  settings.num_updates = 10;
  settings.policy.number_fields = {"state"};
  settings.policy.hidden_size = 8;
  settings.ppo.num_steps = 2;
  settings.ppo.num_mini_batch = 1;
  settings.ppo.ppo_epoch = 1;
  settings.ppo.normalize_advantage = true;
  return settings;
}

struct Toy {
  explicit Toy(Ranks* ranks = nullptr)
      : env(4, ranks == nullptr ? 0 : 4 * ranks->rank()),
        trainer(Trainer::create(toy_settings(), env, ranks, pool)) {}
  base::ThreadPool pool{1};
  CorridorEnv env;
  std::unique_ptr<Trainer> trainer;
};

/// Reliability row 15: the k-th allocation fails, for every k. Either the update is the one that would have
/// been without the failure, bit for bit, or it ends with what can be saved and gone on with.
TEST(LowMemory, EveryAllocationOfAnUpdateMayFail) {
  FailingAllocator memory;
  Toy untroubled;
  ASSERT_TRUE(untroubled.trainer->update().ok());
  ASSERT_TRUE(untroubled.trainer->update().ok());
  const base::Hash128 wanted = untroubled.trainer->state_hash();
  int recovered = 0, refused = 0;
  for (std::int64_t k = 1;; ++k) {
    Toy toy;
    ASSERT_TRUE(toy.trainer->update().ok());
    const std::int64_t before = memory.failures();
    memory.fail_at(k);
    base::Result<UpdateReport> report = base::Error{};
    try {
      report = toy.trainer->update();
    } catch (const std::exception& fault) {
      ADD_FAILURE() << "allocation " << k << ": " << fault.what();
    }
    const bool fired = memory.failures() > before;
    memory.never_fail();
    if (!fired) break;  // the update has fewer allocations
    if (report.ok()) {
      ++recovered;
      EXPECT_TRUE(toy.trainer->state_hash() == wanted) << "allocation " << k;
      continue;
    }
    ++refused;
    EXPECT_EQ(report.error().code, base::ErrorCode::kDeviceMemory) << report.error().message;
    EXPECT_EQ(toy.trainer->updates_done(), 1);
    const auto state = toy.trainer->save_state();
    ASSERT_TRUE(state.ok());
    Toy resumed;
    ASSERT_TRUE(resumed.trainer->restore_state(*state).ok());
    EXPECT_TRUE(resumed.trainer->update().ok());
    EXPECT_TRUE(toy.trainer->update().ok()) << "allocation " << k;
  }
  EXPECT_GT(recovered, 100);
  // Only what a rollout does between two steps of the environments cannot be repeated.
  EXPECT_LT(refused, recovered / 20) << recovered << " recovered";
}

/// Parts of a minibatch add up to its gradient; AdamW's first steps are of the size of the learning rate
/// whatever the gradient, so weights whose gradient is rounding noise may differ by as much.
void expect_alike(Pupil& a, Pupil& b) {
  const Tensor difference = (a.parameters->values() - b.parameters->values()).abs();
  EXPECT_LT(difference.median().item<double>(), 1e-6);
  EXPECT_LT(difference.mean().item<double>(), 0.01 * a.schedule.lr);
}

/// The largest piece of memory that an update in so many minibatches takes.
std::size_t largest_piece(FailingAllocator& memory, int minibatches) {
  Pupil lesson;
  lesson.ppo.num_mini_batch = minibatches;
  lesson.make_updater();
  memory.take_largest();
  EXPECT_TRUE(lesson.updater->run(lesson.schedule, *lesson.rollout).ok());
  return memory.take_largest();
}

/// Bytes of a piece that half a minibatch never needs and a whole one does. Some pieces are the same for any
/// minibatch (weights laid out for a convolution; how, and so their size, depends on the processor).
std::size_t room_for_half(FailingAllocator& memory) {
  const std::size_t whole = largest_piece(memory, 2), half = largest_piece(memory, 4);
  EXPECT_LT(half, whole);
  return (half + whole) / 2;
}

TEST(LowMemory, APermanentShortageIsMetWithSmallerPartsOfTheSameBatch) {
  FailingAllocator memory;
  Pupil whole, parts, tiny;
  const std::size_t room = room_for_half(memory);
  const auto untroubled = whole.updater->run(whole.schedule, *whole.rollout);
  ASSERT_TRUE(untroubled.ok());
  EXPECT_EQ(whole.updater->parts(), 1);
  memory.fail_above(room);
  const auto cut = parts.updater->run(parts.schedule, *parts.rollout);
  memory.never_fail();
  ASSERT_TRUE(cut.ok()) << cut.error().message;
  EXPECT_EQ(parts.updater->parts(), 2);
  EXPECT_EQ(cut->minibatches, 2);
  // Means over the batch, summed in another order.
  for (std::size_t i = 0; i < kNumLossTerms; ++i) EXPECT_NEAR(cut->terms[i], untroubled->terms[i], 2e-4) << i;
  EXPECT_NEAR(cut->grad_norm / untroubled->grad_norm, 1.0, 1e-3);
  expect_alike(whole, parts);

  const Tensor before = tiny.parameters->values().clone();
  memory.fail_above(1000);
  const auto refused = tiny.updater->run(tiny.schedule, *tiny.rollout);
  memory.never_fail();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kDeviceMemory);
  EXPECT_NE(
      refused.error().message.find("memory for 16 steps of one environment was wanted, it ran out on 1 of 1"),
      std::string::npos)
      << refused.error().message;
  EXPECT_EQ(tiny.updater->parts(), 8);
  EXPECT_TRUE(torch::equal(before, tiny.parameters->values()));
}

std::vector<std::uint8_t> bytes_of_weights(const Pupil& lesson) {
  std::vector<std::uint8_t> bytes = lesson.bytes_of_weights();
  bytes.push_back(static_cast<std::uint8_t>(lesson.updater->parts()));
  return bytes;
}

/// One rank runs short; all take the same way, and none waits for another.
TEST(LowMemory, AllRanksAgreeOnWhatIsDone) {
  enum class Room { kAll, kHalf, kNone };
  const auto learn = [](std::int64_t fails_at, Room has_room) {
    return [=](Ranks& ranks) {
      FailingAllocator memory;
      const std::size_t room = has_room == Room::kHalf ? room_for_half(memory) : 1000;
      Pupil lesson(&ranks);
      if (ranks.rank() == 1) {
        if (fails_at > 0) memory.fail_at(fails_at);
        if (has_room != Room::kAll) memory.fail_above(room);
      }
      const auto outcome = lesson.updater->run(lesson.schedule, *lesson.rollout);
      memory.never_fail();
      if (!outcome.ok()) return std::vector<std::uint8_t>{static_cast<std::uint8_t>(outcome.error().code)};
      return bytes_of_weights(lesson);
    };
  };
  const auto untroubled = run_in_rank_processes("untroubled", 2, learn(0, Room::kAll));
  const auto once = run_in_rank_processes("once", 2, learn(30, Room::kAll));
  const auto cut = run_in_rank_processes("cut", 2, learn(0, Room::kHalf));
  const auto refused = run_in_rank_processes("refused", 2, learn(0, Room::kNone));
  if (untroubled.empty()) return;  // a child
  EXPECT_EQ(untroubled[0], untroubled[1]);
  EXPECT_EQ(once, untroubled);  // a second try gives the bits of the first
  ASSERT_EQ(cut.size(), 2u);
  EXPECT_EQ(cut[0], cut[1]);
  EXPECT_EQ(cut[0].back(), 2);
  ASSERT_EQ(refused.size(), 2u);
  const std::vector<std::uint8_t> out_of_memory{5};
  EXPECT_EQ(refused[0], out_of_memory);
  EXPECT_EQ(refused[1], out_of_memory);
}

}  // namespace
}  // namespace inknav::learn
