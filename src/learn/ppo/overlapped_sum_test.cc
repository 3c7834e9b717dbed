// SPDX-License-Identifier: MIT
// Sums that begin within the backward pass: the same bits as sums after it, in an order that is recorded.
#include "learn/ppo/overlapped_sum.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/philox.h"
#include "learn/failing_allocator.h"
#include "learn/flop_count.h"
#include "learn/pupil.h"
#include "learn/rank_processes.h"
#include "learn/toy_env.h"
#include "learn/toy_trainer.h"
#include "learn/trainer.h"

namespace inknav::learn {
namespace {

using testing::FailingAllocator;
using testing::Pupil;
using testing::RecallEnv;
using testing::run_in_rank_processes;
using torch::Tensor;
using Bytes = std::vector<std::uint8_t>;

constexpr int kWide = 128;  // hidden size of a pupil whose bucket has several segments

TEST(CutSegments, TakesHalfOfWhatIsLeftFromTheEndWhereParametersBegin) {
  const std::vector<std::int64_t> begins{0, 10000, 40000, 100000, 200000};
  // Half of 300,000 is reached at 100,000; half of what is left then at 40,000; the rest is one.
  const std::vector<Segment> wanted{{100000, 300000}, {40000, 100000}, {0, 40000}};
  EXPECT_EQ(cut_segments(begins, 300000), wanted);
  const std::vector<std::int64_t> few{0, 100};
  EXPECT_EQ(cut_segments(few, 200), (std::vector<Segment>{{0, 200}}));
  EXPECT_TRUE(cut_segments({}, 0).empty());
}

/// Laws: they cover the bucket once, from its end, and no sum is too small to be worth it.
TEST(CutSegments, CoverTheBucketOnce) {
  base::PhiloxStream dice({1, 2, 3, 4, base::Purpose::kTest});
  for (int round = 0; round < 200; ++round) {
    std::vector<std::int64_t> begins;
    std::int64_t size = 0;
    const std::uint32_t count = 1 + dice.uniform_int(30);
    for (std::uint32_t i = 0; i < count; ++i) {
      begins.push_back(size);
      size += 1 + dice.uniform_int(1u << (2 + dice.uniform_int(20)));
    }
    const std::vector<Segment> segments = cut_segments(begins, size);
    ASSERT_LE(segments.size(), static_cast<std::size_t>(kMostSegments));
    std::int64_t end = size;
    for (const Segment& segment : segments) {
      EXPECT_EQ(segment.end, end);
      EXPECT_TRUE(std::binary_search(begins.begin(), begins.end(), segment.begin));
      EXPECT_GE(2 * (segment.end - segment.begin), end);
      if (segments.size() > 1) {
        EXPECT_GE(segment.end - segment.begin, kLeastSegment);
      }
      end = segment.begin;
    }
    EXPECT_EQ(end, 0);
  }
}

/// A rank alone that notes what it is asked for.
class LoneRank : public Ranks {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  run::Peers& peers() override {
    INKNAV_CHECK(false);
    return *static_cast<run::Peers*>(nullptr);
  }
  base::Status sum(std::span<float>) override { return base::ok_status(); }
  base::Status sum(std::span<double>) override { return base::ok_status(); }
  base::Status meet_on_device(int) override { return base::ok_status(); }
  bool sums_on_device() const override { return false; }
  base::Result<std::int64_t> max(std::int64_t value) override { return value; }
  base::Result<std::vector<Bytes>> gather(std::span<const std::uint8_t>) override {
    return std::vector<Bytes>{};
  }
  base::Status start_sum(const Tensor& values, int mark) override {
    started.push_back({values.numel(), mark, flops_so_far()});
    return on_start ? on_start() : base::ok_status();
  }
  base::Status finish_sums() override {
    ++finished;
    return base::ok_status();
  }

  struct Start {
    std::int64_t numbers = 0;
    int mark = 0;
    std::int64_t flops = 0;
  };
  std::vector<Start> started;
  int finished = 0;
  std::function<base::Status()> on_start;
};

using Kind = SumEvent::Kind;

TEST(OverlappedSum, SegmentsStartInOrderWithinTheBackwardPass) {
  LoneRank rank;
  Pupil pupil(&rank, kWide);
  ASSERT_TRUE(pupil.updater->run(pupil.schedule, *pupil.rollout).ok());
  const OverlappedSum& sum = *pupil.updater->bucket_sum();
  const auto count = static_cast<int>(sum.segments().size());
  ASSERT_GE(count, 3);
  std::vector<SumEvent> events = sum.events();
  const auto passed = std::find(events.begin(), events.end(), SumEvent{Kind::kPassed, 0});
  ASSERT_NE(passed, events.end());
  // The last segment holds the encoders' first layers, whose gradients come last, but within the pass.
  EXPECT_EQ(passed - events.begin(), count) << "all segments had started before the pass was over";
  events.erase(passed);
  for (int i = 0; i <= count; ++i) EXPECT_EQ(events[static_cast<std::size_t>(i)].segment, i);
  EXPECT_EQ(rank.finished, 2) << "two minibatches";
  EXPECT_EQ(sum.num_sums(), 2 * (count + 1));
  EXPECT_EQ(sum.num_bytes(), 2 * 4 * (pupil.parameters->size() + kBucketExtra));

  const std::vector<Segment> segments = sum.segments();
  pupil.ppo.overlap_sums = false;
  pupil.make_updater();
  ASSERT_TRUE(pupil.updater->run(pupil.schedule, *pupil.rollout).ok());
  const OverlappedSum& late = *pupil.updater->bucket_sum();
  EXPECT_EQ(late.events().front(), (SumEvent{Kind::kPassed, 0}));
  EXPECT_EQ(late.segments(), segments);
  EXPECT_EQ(late.num_sums(), 2 * (count + 1));
}

/// Gradients that a part of the network never gets do not hold the others up.
TEST(OverlappedSum, ParametersOutsideTheGraphAreNotWaitedFor) {
  torch::nn::Sequential net(torch::nn::Linear(64, 512), torch::nn::Linear(512, 128),
                            torch::nn::Linear(128, 2048));
  FlatParameters parameters(*net, 1);
  LoneRank rank;
  OverlappedSum sum(parameters, rank, true);
  ASSERT_EQ(sum.segments().size(), 3u) << "one a layer";
  const auto events_of = [&](const Tensor& loss) {
    parameters.zero_gradients();
    sum.open(true);
    sum.expect(loss);
    const std::size_t before = sum.events().size();
    loss.backward();
    sum.passed();
    EXPECT_TRUE(sum.finish(false).ok());
    EXPECT_EQ(sum.events().size(), 5u) << "three segments, the rest, and the end of the pass";
    return before;
  };
  EXPECT_EQ(events_of(net->forward(torch::ones({2, 64})).sum()), 0u);
  const Tensor hidden = net[0]->as<torch::nn::Linear>()->forward(torch::ones({2, 64}));
  EXPECT_EQ(events_of(net[1]->as<torch::nn::Linear>()->forward(hidden).sum()), 1u) << "the last layer's";
  EXPECT_EQ(events_of(torch::ones({1}).requires_grad_().sum()), 3u) << "none of the network's";
}

TEST(OverlappedSum, AFailureWithinThePassIsTheUpdates) {
  LoneRank rank;
  rank.on_start = [&]() -> base::Status {
    if (rank.started.size() < 2) return base::ok_status();
    return base::Error{base::ErrorCode::kPeer, "rank 1 of 2 is gone"};
  };
  Pupil pupil(&rank, kWide);
  const auto outcome = pupil.updater->run(pupil.schedule, *pupil.rollout);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, base::ErrorCode::kPeer);
  EXPECT_EQ(outcome.error().message, "rank 1 of 2 is gone");
  EXPECT_EQ(rank.started.size(), 2u) << "nothing was started after it";
  EXPECT_EQ(rank.finished, 0);
  // A network that outlives its updater has no hooks any more.
  pupil.updater.reset();
  for (const Tensor& parameter : pupil.network->parameters()) parameter.square().sum().backward();
  EXPECT_EQ(rank.started.size(), 2u);
}

/// The network of goal P1 (spec/performance.md): what of its bucket can be summed behind how much of the
/// backward pass. tools/scaling_model reckons with these figures.
TEST(OverlappedSum, WhatTheGoalsBackwardPassHidesIsWhatTheModelSays) {
  PolicySettings settings;
  settings.vector_size = 14;
  settings.backbone = Backbone::kSeResNet9;
  settings.base_planes = 64;
  settings.image_height = settings.image_width = 64;
  settings.image_channels = 1;
  settings.recurrence = Recurrence::kLstm;
  settings.reading.enabled = true;
  settings.reading.drawing_features = 64;
  PolicyNetwork network(settings, 1);
  FlatParameters parameters(network, kBucketExtra, "goal_head");
  EXPECT_EQ(parameters.size(), 8631429);
  LoneRank rank;
  OverlappedSum sum(parameters, rank, true);
  // Four environments for eight steps, with a drawing.
  PolicyInput input;
  input.image = torch::zeros({32, 64, 64, 1});
  input.crops = torch::zeros({32, 48, 48, kCropPlanes}, torch::kUInt8);
  input.numbers = torch::zeros({32, settings.vector_size});
  input.previous_action = torch::zeros({32}, torch::kInt64);
  const auto [features, scale] = network.encode_drawings(torch::zeros({1, 4, 128, 128}, torch::kUInt8));
  input.drawing = features.expand({32, features.size(1)});
  const PolicyOutput output =
      network.forward(input, torch::zeros({4, network.state_size()}), torch::ones({8, 4}));
  const Tensor loss = output.log_probabilities.sum() + output.value.sum() + output.waypoint.sum() +
                      output.remaining.sum() + output.correction.sum() + scale.sum();
  sum.open(true);
  const std::int64_t flops = count_flops([&] {
    sum.expect(loss);
    loss.backward();
  });
  sum.passed();
  ASSERT_TRUE(sum.finish(false).ok());
  std::string line = "SEGMENTS = (";
  for (std::size_t i = 0; i < sum.segments().size(); ++i) {
    const LoneRank::Start& start = rank.started[i];
    line += "(" + std::to_string(start.numbers) + ", ";
    const double share = static_cast<double>(start.flops) / static_cast<double>(flops);
    line += std::to_string(share).substr(0, 5) + "), ";
  }
  line.replace(line.size() - 2, 2, ")");
  const auto tool = base::read_text_file("tools/scaling_model", 1 << 20);
  ASSERT_TRUE(tool.ok()) << tool.error().message;
  EXPECT_NE(tool->find(line), std::string::npos) << line << " of " << parameters.size();
}

Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

/// Ranks with other rollouts, early or late sums: the weights have the same bits. With three ranks the order
/// in which Gloo adds depends on where a segment begins, so it is the segments that must be the same.
TEST(OverlappedSum, SumsAreTheSameBitsEarlyOrLate) {
  const auto learn = [](bool overlap) {
    return [overlap](Ranks& ranks) {
      Pupil pupil(&ranks, kWide);
      pupil.ppo.overlap_sums = overlap;
      pupil.ppo.ppo_epoch = 2;
      pupil.make_updater();
      const auto outcome = pupil.updater->run(pupil.schedule, *pupil.rollout);
      EXPECT_TRUE(outcome.ok());
      const OverlappedSum& sum = *pupil.updater->bucket_sum();
      const auto count = static_cast<std::int64_t>(sum.segments().size());
      EXPECT_GE(count, 3);
      EXPECT_EQ(sum.num_sums(), 4 * (count + 1));
      EXPECT_EQ(sum.num_bytes(), 4 * 4 * (pupil.parameters->size() + kBucketExtra));
      EXPECT_EQ(sum.events().front().kind, overlap ? Kind::kStarted : Kind::kPassed);
      return pupil.bytes_of_weights();
    };
  };
  for (const int world : {2, 3}) {
    const std::string name = std::to_string(world);
    const auto early = run_in_rank_processes("early" + name, world, learn(true));
    const auto late = run_in_rank_processes("late" + name, world, learn(false));
    if (early.empty()) continue;  // a child
    ASSERT_EQ(early.size(), static_cast<std::size_t>(world));
    EXPECT_EQ(early, late);
    for (const Bytes& other : early) EXPECT_EQ(other, early[0]);
  }
}

/// The trainer's ways: direct, staged, and staged with work that is replayed, whose sums start after it.
TEST(OverlappedSum, TrainingIsTheSameInEveryPlacement) {
  const auto learn = [](Ranks& ranks) {
    std::string hashes;
    for (const bool staged : {false, true}) {
      for (const bool graphs : {false, true}) {
        for (const bool overlap : {false, true}) {
          if (graphs && !staged) continue;
          TrainerSettings settings = testing::toy_settings(Recurrence::kGru);
          settings.policy.hidden_size = kWide;
          settings.ppo.overlap_sums = overlap;
          settings.compute.staged = staged;
          settings.compute.graphs = graphs;
          base::ThreadPool pool(1);
          RecallEnv env(4, 4 * ranks.rank());
          const auto trainer = Trainer::create(settings, env, &ranks, pool);
          for (int i = 0; i < 2; ++i) EXPECT_TRUE(trainer->update().ok());
          std::string values;
          for (const Tensor& parameter : trainer->network()->parameters()) {
            const Tensor flat = parameter.detach().contiguous();
            values.append(static_cast<const char*>(flat.data_ptr()), flat.nbytes());
          }
          hashes += base::xxh3_128(values.data(), values.size()).hex() + "\n";
        }
      }
    }
    return bytes_of(hashes);
  };
  const auto found = run_in_rank_processes("placements", 2, learn);
  if (found.empty()) return;  // a child
  EXPECT_EQ(found[0], found[1]);
  const std::string text(found[0].begin(), found[0].end());
  const std::string first = text.substr(0, text.find('\n') + 1);
  std::string wanted;
  for (int i = 0; i < 6; ++i) wanted += first;
  EXPECT_EQ(text, wanted);
}

/// Memory runs out on one rank anywhere in an update, also when some segments are being summed: all ranks
/// give the bucket up and learn to the bits of a run in which nothing happened.
TEST(OverlappedSum, EveryAllocationOfOneRankMayFail) {
  constexpr std::int64_t kStride = 47;  // there are about a thousand
  const auto learn = [](Ranks& ranks) {
    FailingAllocator memory;
    Bytes wanted;
    {
      Pupil untroubled(&ranks, kWide);
      EXPECT_TRUE(untroubled.updater->run(untroubled.schedule, *untroubled.rollout).ok());
      wanted = untroubled.bytes_of_weights();
    }
    int given_up_in_sums = 0;
    for (std::int64_t k = 1;; k += kStride) {
      Pupil pupil(&ranks, kWide);
      const std::int64_t before = memory.failures();
      if (ranks.rank() == 1) memory.fail_at(k);
      const auto outcome = pupil.updater->run(pupil.schedule, *pupil.rollout);
      const bool fired = memory.failures() > before;
      memory.never_fail();
      EXPECT_TRUE(outcome.ok());
      EXPECT_EQ(pupil.bytes_of_weights(), wanted) << "allocation " << k;
      // A bucket that was given up has been summed as often as any.
      const OverlappedSum& sum = *pupil.updater->bucket_sum();
      const auto a_bucket = static_cast<std::int64_t>(sum.segments().size()) + 1;
      EXPECT_EQ(sum.num_sums() % a_bucket, 0);
      if (sum.num_sums() > 2 * a_bucket) ++given_up_in_sums;
      const auto any = ranks.max(fired ? 1 : 0);
      EXPECT_TRUE(any.ok());
      if (!any.ok() || *any == 0) break;
    }
    EXPECT_GT(given_up_in_sums, 10);
    return wanted;
  };
  const auto found = run_in_rank_processes("failing", 2, learn);
  if (found.empty()) return;  // a child
  EXPECT_EQ(found[0], found[1]);
}

TEST(OverlappedSum, AMinibatchThatIsNotFiniteOnOneRankIsSkippedByAll) {
  const auto learn = [](Ranks& ranks) {
    Pupil pupil(&ranks, kWide);
    const Bytes before = pupil.bytes_of_weights();
    if (ranks.rank() == 1) pupil.rollout->records.rewards.fill_(std::numeric_limits<float>::quiet_NaN());
    const auto outcome = pupil.updater->run(pupil.schedule, *pupil.rollout);
    EXPECT_TRUE(outcome.ok());
    EXPECT_EQ(outcome->skipped, 2);
    EXPECT_EQ(pupil.bytes_of_weights(), before);
    return before;
  };
  run_in_rank_processes("skipped", 2, learn);
}

/// Two ranks of this process, so that one of them can be given up.
struct Pair {
  Pair() {
    run::RankInfo info;
    info.world_size = 2;
    info.identity = "overlapped sums";
    const auto port = run::free_loopback_port();
    INKNAV_CHECK(port.ok());
    info.master_port = *port;
    RankTransport transport;
    transport.meeting_s = 60.0;
    transport.answer_s = 60.0;
    transport.on_loss = [this](const run::PeerLoss& loss) {
      const std::lock_guard lock(mutex);
      losses.push_back(loss.sentence);
    };
    const auto meet = [&transport, info](int rank, std::unique_ptr<Ranks>& place) {
      run::RankInfo own = info;
      own.rank = own.local_rank = rank;
      auto met = Ranks::connect(own, transport);
      INKNAV_CHECK(met.ok(), met.error().message);
      place = std::move(met).value();
    };
    std::thread other([&] { meet(1, second); });
    meet(0, first);
    other.join();
  }
  std::mutex mutex;
  std::vector<std::string> losses;
  std::unique_ptr<Ranks> first, second;
};

/// Gloo's thread of the rank that gives up waits for the others, who must learn that nothing more will come.
TEST(OverlappedSum, ARankThatGivesUpInASumEndsAndTellsItsPeers) {
  Pair pair;
  const Tensor its = torch::full({1 << 16}, 2.0f);
  ASSERT_TRUE(pair.second->start_sum(its, Ranks::kNoMark).ok());
  std::thread ends([&] { pair.second.reset(); });
  pair.first->peers().await_loss(30.0);
  pair.first.reset();  // what the end of its process does
  ends.join();
  const std::lock_guard lock(pair.mutex);
  ASSERT_FALSE(pair.losses.empty());
  EXPECT_NE(pair.losses[0].find("rank 1"), std::string::npos) << pair.losses[0];
  EXPECT_NE(pair.losses[0].find("it gave up in the middle of a sum"), std::string::npos) << pair.losses[0];
}

TEST(OverlappedSum, SumsThatWereStartedAreThereWhenTheyAreFinished) {
  Pair pair;
  Tensor mine = torch::arange(100000, torch::kFloat32), its = torch::full({100000}, 0.5f);
  const auto sum = [](Ranks& ranks, const Tensor& values) {
    for (const std::int64_t begin : {60000, 20000, 0}) {
      const std::int64_t count = begin == 60000 ? 40000 : begin == 20000 ? 40000 : 20000;
      EXPECT_TRUE(ranks.start_sum(values.narrow(0, begin, count), Ranks::kNoMark).ok());
    }
    EXPECT_TRUE(ranks.finish_sums().ok());
  };
  std::thread other([&] { sum(*pair.second, its); });
  sum(*pair.first, mine);
  other.join();
  EXPECT_TRUE(mine.equal(torch::arange(100000, torch::kFloat32) + 0.5f));
  EXPECT_TRUE(its.equal(mine));
  std::thread leaves([&] { pair.second.reset(); });
  pair.first.reset();
  leaves.join();
  EXPECT_TRUE(pair.losses.empty());
}

}  // namespace
}  // namespace inknav::learn
