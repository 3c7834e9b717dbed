// SPDX-License-Identifier: MIT
#include "learn/memory_plan.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "learn/counted_memory.h"
#include "learn/diffusion/ema.h"
#include "learn/networks/policy_network.h"
#include "learn/ppo/updater.h"

namespace inknav::learn {
namespace {

constexpr std::uint64_t kMib = std::uint64_t{1} << 20;

/// A policy that reads a drawing and looks at depth, small enough for a test.
TrainerSettings reader() {
  TrainerSettings settings;
  settings.policy.vector_size = 20;
  settings.policy.backbone = Backbone::kSmallCnn;
  settings.policy.image_height = 48;
  settings.policy.image_width = 64;
  settings.policy.image_channels = 1;
  settings.policy.base_planes = 16;
  settings.policy.hidden_size = 64;
  settings.policy.reading.enabled = true;
  settings.policy.reading.crop_cells = 24;
  settings.policy.reading.drawing_size = 64;
  settings.policy.decode_waypoint = true;
  settings.ppo.num_steps = 16;
  settings.ppo.num_mini_batch = 2;
  return settings;
}

TrainerSettings planner() {
  TrainerSettings settings = reader();
  settings.policy.diffusion.enabled = true;
  settings.policy.diffusion.width = 64;
  settings.policy.diffusion.goal_rows = 3;
  settings.policy.diffusion.goal_cols = 3;
  settings.policy.diffusion.goal_rays = 4;
  settings.policy.recurrence = Recurrence::kTransformer;
  settings.diffusion.batch_size = 16;
  return settings;
}

TrainerSettings blind() {
  TrainerSettings settings;
  settings.policy.vector_size = 3;
  settings.policy.hidden_size = 32;
  settings.policy.recurrence = Recurrence::kNone;
  settings.ppo.num_mini_batch = 1;
  return settings;
}

MemoryQuestion question_of(const TrainerSettings& settings, int num_envs = 8) {
  MemoryQuestion question;
  question.trainer = settings;
  question.env.num_envs = num_envs;
  question.env.drawing_size = settings.policy.reading.drawing_size;
  question.env.simulator.sensors.camera.width = 64;
  question.env.simulator.sensors.camera.height = 48;
  question.network = count_network(settings);
  question.worlds = {2, 10000, 4 * kMib, 2 * kMib, false};
  question.num_episodes = 100;
  return question;
}

std::uint64_t bytes_of(const MemoryPlan& plan, const std::string& part, bool on_device = false) {
  for (const MemoryRow& row : plan.rows) {
    if (row.part == part) return on_device ? row.device_bytes : row.host_bytes;
  }
  return 0;
}

TEST(MemoryPlan, RolloutsTakeWhatTheirTensorsTake) {
  for (const TrainerSettings& settings : {reader(), planner(), blind()}) {
    for (const auto& [steps, envs] : {std::pair{1, 1}, {16, 8}, {7, 3}}) {
      EXPECT_EQ(rollout_bytes(settings.policy, steps, envs),
                Rollout(settings.policy, steps, envs, Placement()).num_bytes());
    }
  }
}

TEST(MemoryPlan, WeightsGradientsAndOptimiserTakeWhatTheirTensorsTake) {
  for (const TrainerSettings& settings : {reader(), planner(), blind()}) {
    const MemoryPlan plan = plan_memory(question_of(settings));
    PolicyNetwork network(settings.policy, 0);
    const CountedMemory counted;
    FlatParameters parameters(network, kBucketExtra, "goal_head");
    const std::uint64_t made = counted.held_bytes();
    EXPECT_EQ(bytes_of(plan, "weights"), parameters.values().nbytes());
    EXPECT_EQ(bytes_of(plan, "gradients"), parameters.gradients().nbytes());
    // The losses beside the gradients and the number of steps are not in the table; libtorch takes whole
    // lines of 64 bytes for each of five arrays.
    EXPECT_NEAR(static_cast<double>(made),
                static_cast<double>(bytes_of(plan, "weights") + bytes_of(plan, "gradients") +
                                    bytes_of(plan, "optimiser")),
                5.0 * 64 + 4.0 * (kBucketExtra + 1));
    parameters.keep_snapshot();
    EXPECT_NEAR(static_cast<double>(counted.held_bytes() - made),
                static_cast<double>(bytes_of(plan, "copy for a rollback")), 4.0 * 64);
    const std::uint64_t before = counted.held_bytes();
    const Ema ema(parameters.values(), {});
    const std::uint64_t averaged = settings.policy.diffusion.enabled ? counted.held_bytes() - before : 0;
    EXPECT_NEAR(static_cast<double>(averaged), static_cast<double>(bytes_of(plan, "averaged weights")), 64.0);
  }
}

/// One environment's rows tell what many take.
TEST(MemoryPlan, WhatAnUpdateTakesIsForetoldFromOneEnvironment) {
  for (const TrainerSettings& settings : {reader(), planner(), blind()}) {
    const int envs = 8;
    const MemoryPlan plan = plan_memory(question_of(settings, envs));
    PolicyNetwork network(settings.policy, 0);
    FlatParameters parameters(network, kBucketExtra, "goal_head");
    Rollout rollout(settings.policy, settings.ppo.num_steps, envs, Placement());
    const std::int64_t side = settings.policy.reading.drawing_size;
    rollout.start_drawings(torch::zeros({envs, 4, side, side}, torch::kUInt8));
    for (std::int64_t t = 0; t < settings.ppo.num_steps; ++t) rollout.note_drawings(t);
    rollout.state = torch::zeros({envs, network.state_size()});
    std::optional<DenoisingLoss> denoising;
    if (settings.policy.diffusion.enabled) {
      auto made = DenoisingLoss::make(settings.policy.diffusion, settings.diffusion.batch_size, 1.0f);
      ASSERT_TRUE(made.ok());
      denoising = std::move(made).value();
    }
    PpoSettings ppo = settings.ppo;
    ppo.ppo_epoch = 1;
    Updater updater(ppo, 0, network, parameters, denoising ? &*denoising : nullptr, nullptr, Placement());
    UpdateSchedule schedule;
    schedule.weights = loss_weights(ppo, settings.imitation, settings.policy.predict_goal, 0, 1);
    const CountedMemory counted;
    ASSERT_TRUE(updater.run(schedule, rollout).ok());
    const double foretold = static_cast<double>(bytes_of(plan, "computing an update"));
    // Eight drawings share one picture's encoding only when they are equal, and small tensors are rounded up.
    EXPECT_NEAR(foretold / static_cast<double>(counted.most_bytes()), 1.0, 0.25)
        << foretold << " foretold, " << counted.most_bytes() << " taken";
  }
}

TEST(MemoryPlan, ADeviceTakesTheLearnersPart) {
  MemoryQuestion question = question_of(planner());
  const MemoryPlan host = plan_memory(question);
  EXPECT_EQ(host.device_bytes(), 0u);
  question.on_device = true;
  const MemoryPlan plan = plan_memory(question);
  for (const char* part :
       {"weights", "gradients", "optimiser", "averaged weights", "rollout", "computing an update"}) {
    EXPECT_EQ(bytes_of(plan, part), 0u) << part;
    EXPECT_EQ(bytes_of(plan, part, true), bytes_of(host, part)) << part;
  }
  EXPECT_EQ(bytes_of(plan, "occupancy maps"), bytes_of(host, "occupancy maps"));
  EXPECT_EQ(bytes_of(plan, "ray tracing structures", true), 57u * 10000u);
  EXPECT_GT(bytes_of(plan, "CUDA context and libraries", true), 100 * kMib);
}

TEST(MemoryPlan, TheTableHasAllPartsTheSumAndWhatIsThere) {
  MemoryQuestion question = question_of(reader());
  question.num_ranks = 3;
  MemoryThere there;
  there.host_bytes = 2048 * kMib;
  there.host_from = "MemAvailable";
  const MemoryPlan plan = plan_memory(question);
  const std::vector<std::string> table = memory_table(plan, there);
  std::string text;
  for (const std::string& line : table) text += line + "\n";
  for (const MemoryRow& row : plan.rows) EXPECT_NE(text.find(row.part), std::string::npos) << row.part;
  for (const char* words :
       {"3 rank(s)", "  scenes", "~ computing an update", "2.00 GiB  by MemAvailable", "~: an estimate"}) {
    EXPECT_NE(text.find(words), std::string::npos) << words << " is not in\n" << text;
  }
  EXPECT_EQ(text.find("on its device"), std::string::npos);
  question.on_device = true;
  there.device_bytes = 1024 * kMib;
  text.clear();
  for (const std::string& line : memory_table(plan_memory(question), there)) text += line + "\n";
  EXPECT_NE(text.find("on its device"), std::string::npos);
}

TEST(MemoryPlan, WhatDoesNotFitIsRefusedWithTheSettingThatHelps) {
  MemoryQuestion question = question_of(reader());
  question.num_ranks = 2;
  const std::uint64_t need = 2 * plan_memory(question).host_bytes();
  MemoryThere there;
  EXPECT_TRUE(check_memory(question, there).ok());  // nothing is known
  there.host_from = "memory.max";
  there.host_bytes = need;
  EXPECT_TRUE(check_memory(question, there).ok());
  there.host_bytes = need - 1;
  const base::Status refused = check_memory(question, there);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kDeviceMemory);
  for (const char* words :
       {"for 2 rank(s) were wanted", "(memory.max)", "NUM_PROCESSES 8 saves ", "NUM_RANKS 1 saves ",
        "RL.PPO.num_steps 8 saves ", "RL.PPO.num_mini_batch 4 saves ", "MODEL.BASE_PLANES 8 saves ",
        "DEPTH_SENSOR.WIDTH 32 and HEIGHT 24 saves ", "TASK_CONFIG.SIMULATOR.MAP_CELLS 256 saves "}) {
    EXPECT_NE(refused.error().message.find(words), std::string::npos) << words << refused.error().message;
  }
  question.on_device = true;
  there = {};
  there.device_bytes = 10 * kMib;
  const base::Status on_device = check_memory(question, there);
  ASSERT_FALSE(on_device.ok());
  EXPECT_NE(on_device.error().message.find("on each device were wanted, 10.0 MiB are free"),
            std::string::npos);
}

/// Law: what a knob promises is the difference of the two plans.
TEST(MemoryPlan, AKnobSavesWhatItPromises) {
  MemoryQuestion question = question_of(reader());
  for (const MemoryKnob& knob : memory_knobs(question)) {
    if (knob.setting != "RL.PPO.num_steps 8") continue;
    MemoryQuestion half = question;
    half.trainer.ppo.num_steps = 8;
    EXPECT_EQ(knob.host_bytes, plan_memory(question).host_bytes() - plan_memory(half).host_bytes());
    return;
  }
  FAIL() << "no knob for the steps";
}

}  // namespace
}  // namespace inknav::learn
