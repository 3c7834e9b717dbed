// SPDX-License-Identifier: MIT
#include "task/episode_slots.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "task/navigation_env.h"

namespace inknav::task {
namespace {

constexpr std::uint32_t kTag = 7;
constexpr base::Hash128 kList{1, 2};

/// Environments 2, 3 and 4 of 6.
NavigationEnvSettings three_of_six() {
  NavigationEnvSettings settings;
  settings.seed = 9;
  settings.num_envs = 3;
  settings.first_env = 2;
  settings.total_envs = 6;
  return settings;
}

std::vector<int> listed(const EpisodeSlots& slots) { return {slots.listed().begin(), slots.listed().end()}; }
std::vector<int> mask(const EpisodeSlots& slots) { return {slots.mask().begin(), slots.mask().end()}; }

/// As in an evaluation of `count` episodes.
void assign_in_order(EpisodeSlots& slots, std::size_t count) {
  slots.assign([&](int e, std::uint32_t draw) { return slots.in_order(e, draw, count); });
}

TEST(EpisodeSlots, SomeAreSteppedAndTheOthersKeepWhatTheyHad) {
  EpisodeSlots slots(three_of_six(), 0);
  slots.list_all();
  assign_in_order(slots, 10);
  slots.begin_step(0, 1);
  EXPECT_EQ(mask(slots), (std::vector<int>{1, 0, 0}));
  slots.settle(0, 5.0f, false, false);
  slots.begin_step(1, 2);
  EXPECT_EQ(mask(slots), (std::vector<int>{0, 1, 1}));
  slots.settle(2, 7.0f, true, false);
  ASSERT_EQ(slots.result().reward.size(), 2u) << "of the environments that were stepped";
  EXPECT_EQ(slots.result().reward[1], 7.0f);
  EXPECT_EQ(slots.result().terminated[1], 1);
  EXPECT_EQ(slots[0].reward, 5.0) << "not touched by the step of the others";
  EXPECT_DEATH(slots.begin_step(0, 1), "reset_done") << "whichever is stepped";
  EXPECT_DEATH(EpisodeSlots(three_of_six(), 0).begin_step(2, 2), "first");
}

TEST(EpisodeSlots, EveryEpisodeIsRunOnceAndThenEnvironmentsRest) {
  EpisodeSlots slots(three_of_six(), 0);
  slots.list_all();
  EXPECT_EQ(listed(slots), (std::vector<int>{0, 1, 2}));
  assign_in_order(slots, 10);  // of ten: 2 and 8, 3 and 9, 4
  EXPECT_EQ(listed(slots), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(slots[0].episode, 2);
  EXPECT_EQ(slots[2].episode, 4);
  slots.begin_step(0, slots.size());
  EXPECT_EQ(mask(slots), (std::vector<int>{1, 1, 1}));
  slots.settle(0, 1.0f, false, false);
  slots.settle(1, 0.0f, true, false);
  slots.settle(2, 0.0f, false, true);
  EXPECT_FALSE(slots.all_rest());
  ASSERT_TRUE(slots.list_done());
  EXPECT_EQ(listed(slots), (std::vector<int>{1, 2}));
  assign_in_order(slots, 10);
  EXPECT_EQ(listed(slots), (std::vector<int>{1})) << "environment 2 has run its only one";
  EXPECT_EQ(mask(slots), (std::vector<int>{0, 1, 0})) << "those that begin";
  EXPECT_EQ(slots[1].episode, 9);
  EXPECT_EQ(slots[1].draws, 2u);
  EXPECT_EQ(slots[2].episode, 4) << "it stays where it was";
  EXPECT_FALSE(slots.list_done());
  slots.begin_step(0, slots.size());
  EXPECT_EQ(mask(slots), (std::vector<int>{1, 1, 0}));
  slots.settle(0, 0.0f, true, false);
  slots.settle(1, 0.0f, true, false);
  for (int round = 0; round < 2; ++round) {
    slots.list_done();
    assign_in_order(slots, 10);
    if (round == 1) break;
    EXPECT_EQ(slots[0].episode, 8);
    slots.begin_step(0, slots.size());
    EXPECT_EQ(mask(slots), (std::vector<int>{1, 0, 0}));
    slots.settle(0, 0.0f, false, true);
  }
  EXPECT_TRUE(slots.all_rest());
}

TEST(EpisodeSlots, AStepTellsRewardsEndsAndWhatWasFinished) {
  EpisodeSlots slots(three_of_six(), 2);
  slots.list_all();
  slots.assign([](int e, std::uint32_t) { return std::int64_t{10} + e; });
  for (int step = 0; step < 3; ++step) {
    slots.begin_step(0, slots.size());
    for (std::size_t i = 0; i < 3; ++i)
      slots.settle(i, 0.5f * static_cast<float>(i), step == 2 && i == 1, step == 2 && i == 2);
    EXPECT_EQ(slots.result().reward[2], 1.0f);
  }
  EXPECT_EQ(slots.result().terminated[1], 1);
  EXPECT_EQ(slots.result().truncated[1], 0);
  EXPECT_EQ(slots.result().truncated[2], 1);
  slots.collect_finished([](std::size_t i, EpisodeResult& result) {
    result.steps = 3;
    result.measures[1] = static_cast<float>(i);
  });
  ASSERT_EQ(slots.finished().size(), 2u);
  const EpisodeResult& last = slots.finished()[1];
  EXPECT_EQ(last.environment, 2);
  EXPECT_EQ(last.episode, 12);
  EXPECT_EQ(last.steps, 3);
  EXPECT_EQ(last.reward, 3.0f);
  EXPECT_EQ(last.measures, (std::vector<float>{0.0f, 2.0f}));
  EXPECT_DEATH(slots.begin_step(0, slots.size()), "reset_done");
  slots.list_done();
  slots.assign([](int, std::uint32_t draw) { return std::int64_t{draw}; });
  EXPECT_EQ(slots[2].episode, 1);
  EXPECT_EQ(slots[2].reward, 0.0) << "sums begin anew";
  EXPECT_EQ(slots[0].reward, 0.0);
  slots.begin_step(0, slots.size());
  EXPECT_TRUE(slots.finished().empty());
  EXPECT_EQ(slots.result().reward[1], 0.0f);
  slots.list_all();
  EXPECT_EQ(slots[2].draws, 0u) << "all is forgotten";
}

TEST(EpisodeSlots, GoOnFromTheirBytesAndRefuseThoseOfOthers) {
  EpisodeSlots slots(three_of_six(), 0);
  slots.list_all();
  assign_in_order(slots, 4);  // the last environment has none
  slots.begin_step(0, slots.size());
  slots.settle(0, 2.0f, true, false);
  slots.settle(1, 3.0f, false, false);
  sim::StateWriter out;
  slots.save(kTag, kList, out);
  const std::vector<std::uint8_t> bytes = out.take();
  const auto read_by = [&](const NavigationEnvSettings& settings, std::uint32_t tag, base::Hash128 list,
                           std::size_t count) {
    sim::StateReader in(bytes, "state");
    EpisodeSlots(settings, 0).read(tag, list, count, in);
    return in.ok() ? std::string("(accepted)") : in.status().error().message;
  };
  EXPECT_EQ(read_by(three_of_six(), kTag, kList, 4), "(accepted)");
  const auto refused = [&](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  refused(read_by(three_of_six(), kTag + 1, kList, 4), "the kind of state differs");
  refused(read_by(three_of_six(), kTag, {1, 3}, 4), "the list of episodes differs");
  refused(read_by(three_of_six(), kTag, kList, 3), "an episode number is out of range");
  NavigationEnvSettings other = three_of_six();
  other.seed = 8;
  refused(read_by(other, kTag, kList, 4), "the seed differs");
  other = three_of_six();
  other.num_envs = 2;
  refused(read_by(other, kTag, kList, 4), "the number of environments differs");
  other = three_of_six();
  other.first_env = 1;
  refused(read_by(other, kTag, kList, 4), "the first environment of the rank differs");
  other = three_of_six();
  other.total_envs = 5;
  refused(read_by(other, kTag, kList, 4), "the number of environments of all ranks differs");

  EpisodeSlots resumed(three_of_six(), 0);
  sim::StateReader in(bytes, "state");
  resumed.restore(resumed.read(kTag, kList, 4, in));
  ASSERT_TRUE(in.ok());
  EXPECT_EQ(listed(resumed), (std::vector<int>{0, 1})) << "those in an episode";
  EXPECT_EQ(resumed.result().reward[0], 2.0f);
  EXPECT_EQ(resumed.result().terminated[0], 1);
  EXPECT_EQ(resumed[0].reward, 2.0);
  EXPECT_EQ(resumed[1].active, 1);
  EXPECT_EQ(resumed[2].active, 0);
  EXPECT_TRUE(resumed.list_done());
  sim::StateWriter again;
  resumed.save(kTag, kList, again);
  EXPECT_EQ(again.take(), bytes);
}

}  // namespace
}  // namespace inknav::task
