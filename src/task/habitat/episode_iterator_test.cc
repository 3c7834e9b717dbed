// SPDX-License-Identifier: MIT
#include "task/habitat/episode_iterator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace inknav::task::habitat {
namespace {

// Episodes 0 1 4 are in scene 0, 2 3 in scene 1, 5 in scene 2; grouped: 0 1 4 2 3 5.
const std::vector<std::uint32_t> kScenes = {0, 0, 1, 1, 0, 2};

IteratorSettings plain() {
  IteratorSettings settings;
  settings.shuffle = false;
  settings.max_scene_repeat_steps = -1;
  return settings;
}

std::vector<int> take(EpisodeIterator& iterator, int count) {
  std::vector<int> taken;
  for (int i = 0; i < count; ++i) {
    const auto episode = iterator.next();
    taken.push_back(episode ? static_cast<int>(*episode) : -1);
  }
  return taken;
}

TEST(EpisodeIterator, GroupsByFirstAppearanceAndCycles) {
  EpisodeIterator grouped(plain(), kScenes, 1, 0);
  EXPECT_EQ(take(grouped, 8), (std::vector<int>{0, 1, 4, 2, 3, 5, 0, 1}));
  IteratorSettings settings = plain();
  settings.group_by_scene = false;
  settings.cycle = false;
  EpisodeIterator listed(settings, kScenes, 1, 0);
  EXPECT_EQ(take(listed, 8), (std::vector<int>{0, 1, 2, 3, 4, 5, -1, -1}));
  EpisodeIterator none(plain(), {}, 1, 0);
  EXPECT_FALSE(none.next());
}

TEST(EpisodeIterator, CountsRepetitionsOfAScene) {
  EpisodeIterator iterator(plain(), kScenes, 1, 0);
  EXPECT_EQ(iterator.repeated_episodes(), -1);
  const std::vector<int> wanted = {0, 1, 2, 0, 1, 0, 0};  // of 0 1 4 | 2 3 | 5 | 0
  for (const int repeated : wanted) {
    iterator.next();
    EXPECT_EQ(iterator.repeated_episodes(), repeated);
    EXPECT_EQ(iterator.repeated_steps(), repeated) << "a step a repetition, and none over from another scene";
    iterator.step_taken();
  }
}

TEST(EpisodeIterator, ManyEpisodesOfASceneMoveTheFirstRunToTheEnd) {
  IteratorSettings settings = plain();
  settings.max_scene_repeat_episodes = 2;
  EpisodeIterator iterator(settings, kScenes, 1, 0);
  // 0 1, then 4 | 2 3 | 5 becomes 2 3 5 4. After 2 3 the run in front is 5, so it is 5 that moves, as in
  // Habitat.
  EXPECT_EQ(take(iterator, 7), (std::vector<int>{0, 1, 2, 3, 4, 5, 0}));
  // With one scene there is nothing to change to: the order stays.
  const std::vector<std::uint32_t> one(4, 7);
  EpisodeIterator same(settings, one, 1, 0);
  EXPECT_EQ(take(same, 6), (std::vector<int>{0, 1, 2, 3, 0, 1}));
}

TEST(EpisodeIterator, ManyStepsInASceneMoveTheFirstRunToTheEnd) {
  IteratorSettings settings = plain();
  settings.max_scene_repeat_steps = 10;
  settings.step_repetition_range = 0.0;
  EpisodeIterator iterator(settings, kScenes, 1, 0);
  EXPECT_EQ(iterator.step_limit(), 10);
  EXPECT_EQ(take(iterator, 1), std::vector<int>{0});
  for (int i = 0; i < 9; ++i) iterator.step_taken();
  EXPECT_EQ(take(iterator, 1), std::vector<int>{1}) << "9 of 10";
  iterator.step_taken();
  EXPECT_EQ(take(iterator, 5), (std::vector<int>{2, 3, 5, 4, 0}));
  EXPECT_EQ(iterator.repeated_steps(), 0);
}

TEST(EpisodeIterator, TheLimitOfStepsIsDrawnAnewWithinItsRange) {
  IteratorSettings settings = plain();
  settings.max_scene_repeat_steps = 10;
  std::set<std::int64_t> limits;
  EpisodeIterator iterator(settings, kScenes, 3, 2);
  for (int i = 0; i < 400; ++i) {
    limits.insert(iterator.step_limit());
    iterator.next();
    for (std::int64_t k = 0; k < 12; ++k) iterator.step_taken();
  }
  EXPECT_EQ(limits, (std::set<std::int64_t>{8, 9, 10, 11, 12}))
      << "int(10 * 0.8) to int(10 * 1.2), both ends";
}

TEST(EpisodeIterator, ShufflesWithinAndOverScenesAndStaysGrouped) {
  std::vector<std::uint32_t> scenes;
  for (std::uint32_t i = 0; i < 60; ++i) scenes.push_back(i % 5);
  IteratorSettings settings = plain();
  settings.shuffle = true;
  EpisodeIterator iterator(settings, scenes, 9, 4), again(settings, scenes, 9, 4),
      other(settings, scenes, 9, 5);
  const std::vector<int> first = take(iterator, 60), second = take(iterator, 60);
  EXPECT_EQ(take(again, 60), first);
  EXPECT_NE(take(other, 60), first);
  EXPECT_NE(second, first);
  for (const std::vector<int>& round : {first, second}) {
    std::vector<int> sorted = round;
    std::sort(sorted.begin(), sorted.end());
    for (int i = 0; i < 60; ++i) EXPECT_EQ(sorted[static_cast<std::size_t>(i)], i);
    int changes = 0;
    for (std::size_t i = 1; i < round.size(); ++i) {
      changes += scenes[static_cast<std::size_t>(round[i])] != scenes[static_cast<std::size_t>(round[i - 1])]
                     ? 1
                     : 0;
    }
    EXPECT_EQ(changes, 4);
  }
}

TEST(EpisodeIterator, SamplesWithoutReplacement) {
  IteratorSettings settings = plain();
  settings.num_episode_sample = 3;
  EpisodeIterator iterator(settings, kScenes, 4, 0);
  ASSERT_EQ(iterator.size(), 3u);
  const std::vector<int> first = take(iterator, 3), second = take(iterator, 3);
  EXPECT_EQ(std::set<int>(first.begin(), first.end()).size(), 3u);
  EXPECT_EQ(first, second) << "the same sample in every round";
  settings.num_episode_sample = 100;
  EXPECT_EQ(EpisodeIterator(settings, kScenes, 4, 0).size(), 6u);
}

TEST(EpisodeIterator, GoesOnFromASavedState) {
  IteratorSettings settings;
  settings.max_scene_repeat_steps = 5;
  settings.max_scene_repeat_episodes = 2;
  EpisodeIterator iterator(settings, kScenes, 11, 3);
  for (int i = 0; i < 17; ++i) {
    iterator.next();
    for (int k = 0; k < i % 4; ++k) iterator.step_taken();
  }
  const std::vector<std::uint8_t> state = iterator.save();
  EpisodeIterator restored(settings, kScenes, 11, 3);
  ASSERT_TRUE(restored.restore(state).ok());
  EXPECT_EQ(restored.repeated_steps(), iterator.repeated_steps());
  EXPECT_EQ(take(restored, 50), take(iterator, 50));
  for (std::size_t size = 0; size < state.size(); ++size) {
    EXPECT_FALSE(restored.restore(std::span(state).first(size)).ok()) << size;
  }
  EpisodeIterator shorter(settings, std::span(kScenes).first(5), 11, 3);
  const base::Status refused = shorter.restore(state);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("was the data set changed"), std::string::npos);
}

}  // namespace
}  // namespace inknav::task::habitat
