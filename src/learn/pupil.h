// SPDX-License-Identifier: MIT
#pragma once
// Tests only: a policy that reads and sees, with a rollout of random content, for an updater of its own.
//
//   Pupil pupil(&ranks);
//   pupil.updater->run(pupil.schedule, *pupil.rollout);
//
// Everything follows from the settings and the rank: two pupils of one rank learn to the same bits. A rank
// has a rollout of its own. After a change to `ppo` call make_updater().

#include <torch/torch.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "learn/networks/policy_network.h"
#include "learn/ppo/updater.h"
#include "learn/torch_setup.h"

namespace inknav::learn::testing {

struct Pupil {
  explicit Pupil(Ranks* its_ranks = nullptr, int hidden_size = 16) : ranks(its_ranks) {
    setup_torch();
    settings.vector_size = 20;
    settings.backbone = Backbone::kSmallCnn;
    settings.image_height = settings.image_width = 32;
    settings.image_channels = 1;
    settings.base_planes = 8;
    settings.hidden_size = hidden_size;
    settings.reading.enabled = true;
    settings.reading.crop_cells = 16;
    settings.reading.drawing_size = 16;
    settings.decode_waypoint = true;
    ppo.num_steps = kSteps;
    ppo.num_mini_batch = 2;
    ppo.ppo_epoch = 1;
    network = std::make_unique<PolicyNetwork>(settings, 5);
    parameters = std::make_unique<FlatParameters>(*network, kBucketExtra, "goal_head");
    rollout = std::make_unique<Rollout>(settings, kSteps, kEnvs, Placement());
    torch::manual_seed(ranks == nullptr ? 1 : 1 + static_cast<std::uint64_t>(ranks->rank()));
    rollout->start_drawings(torch::full({kEnvs, 4, 16, 16}, 100, torch::kUInt8));
    for (std::int64_t t = 0; t < kSteps; ++t) {
      rollout->note_drawings(t);
      rollout->slot(t).device.image.uniform_();
      rollout->slot(t).device.crops.random_(0, 255);
      rollout->slot(t).device.numbers.uniform_();
    }
    rollout->state = torch::zeros({kEnvs, network->state_size()});
    rollout->records.keep.fill_(1.0);
    rollout->records.actions.random_(0, 4);
    rollout->records.log_prob.fill_(-1.4);
    rollout->records.rewards.uniform_();
    rollout->records.labels.waypoint.uniform_();
    rollout->records.labels.waypoint_weight.random_(0, 2);
    make_updater();
    schedule.weights = loss_weights(ppo, imitation, false, 0, 1);
    schedule.weights.waypoint = 1.0f;
    schedule.lr = schedule.goal_lr = 1e-3;
  }
  void make_updater() {
    updater.reset();  // parameters have the hooks of one
    updater = std::make_unique<Updater>(ppo, 9, *network, *parameters, nullptr, ranks, Placement());
  }
  std::vector<std::uint8_t> bytes_of_weights() const {
    const torch::Tensor values = parameters->values().contiguous();
    std::vector<std::uint8_t> bytes(values.nbytes());
    std::memcpy(bytes.data(), values.data_ptr(), bytes.size());
    return bytes;
  }

  static constexpr std::int64_t kSteps = 16, kEnvs = 16;
  Ranks* ranks;
  PolicySettings settings;
  PpoSettings ppo;
  ImitationSettings imitation;
  std::unique_ptr<PolicyNetwork> network;
  std::unique_ptr<FlatParameters> parameters;
  std::unique_ptr<Rollout> rollout;
  std::unique_ptr<Updater> updater;
  UpdateSchedule schedule;
};

}  // namespace inknav::learn::testing
