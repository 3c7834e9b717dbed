// SPDX-License-Identifier: MIT
#pragma once
// Shape of the PointNav policies of habitat-baselines (PPO and DD-PPO, "PointNavResNetPolicy"), read off the
// names and shapes of their weights. The architecture is that of Wijmans et al., "DD-PPO" (ICLR 2020):
//
//   [rgb / 255, depth] -> 2x2 mean -> (running mean and variance) -> residual network with group norms
//     -> 3x3 convolution to about 2048 numbers, group norm, ReLU -> linear, ReLU ----.
//   goal (distance, cos(-angle), sin(-angle)) -> 32 --------------------------------+-> GRU or LSTM -> actor,
//   previous action + 1, 0 where an episode begins -> 32 ---------------------------'                 critic
//
// Residual networks of any depth, of basic blocks (ResNet18) or bottlenecks (ResNet50, ResNeXt), with or
// without squeeze-and-excitation; blind policies have none. Group norms have base_planes / 2 groups.
// Names may begin with "actor_critic.". A policy that reads more than the goal (object categories, GPS,
// compass) has further tensors, which are an error that names them.
// Errors: kData with the file and the first few tensors that do not fit.

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace inknav::learn {

using TensorShapes = std::map<std::string, std::vector<std::int64_t>>;

struct PointNavSettings {
  bool blind = false;
  int image_channels = 1;   // 1 depth, 3 rgb, 4 both (rgb first)
  bool normalizes = false;  // running mean and variance of the image
  int base_planes = 32;
  int first_planes = 32;  // of the first stage's blocks; doubled from stage to stage
  bool bottleneck = true;
  int expansion = 4;                            // channels that leave a bottleneck, in planes
  bool squeeze = false;                         // squeeze-and-excitation
  std::array<std::vector<int>, 4> cardinality;  // of each block's 3x3 convolution; their number is the depth
  int compressed_channels = 128;
  int visual_size = 2048;  // numbers that leave the compression
  int hidden_size = 512;
  bool lstm = true;
  int rnn_layers = 2;
  int num_actions = 4;

  int norm_groups() const { return base_planes / 2; }
};

inline constexpr int kPointNavEmbedding = 32;
inline constexpr int kPointNavGoalNumbers = 3;

/// ResNet18 ({2, 2, 2, 2} basic blocks) and ResNet50 ({3, 4, 6, 3} bottlenecks) on depth, as published.
PointNavSettings resnet18_settings();
PointNavSettings resnet50_settings();

/// Every tensor of such a policy, without "actor_critic.".
TensorShapes tensors_of(const PointNavSettings& settings);

/// Whether the names are those of such a policy at all (a first look, before an error makes sense).
bool is_pointnav_policy(const TensorShapes& shapes);

/// Names without the prefix. `shapes` are untrusted.
base::Result<PointNavSettings> pointnav_settings_of(const TensorShapes& shapes,
                                                    const std::filesystem::path& path);

/// "net.x" of "actor_critic.net.x".
std::string without_actor_prefix(const std::string& name);

}  // namespace inknav::learn
