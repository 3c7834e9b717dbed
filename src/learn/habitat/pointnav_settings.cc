// SPDX-License-Identifier: MIT
#include "learn/habitat/pointnav_settings.h"

#include <algorithm>
#include <string_view>

namespace inknav::learn {
namespace {

using Shape = std::vector<std::int64_t>;

constexpr int kMaxBlocks = 200;  // of a stage
constexpr int kSqueezeRatio = 16;
constexpr const char* kPrefix = "actor_critic.";
const std::string kEncoder = "net.visual_encoder.";
const std::string kRnn = "net.state_encoder.rnn.";

std::string block_name(std::size_t stage, std::size_t block) {
  return kEncoder + "backbone.layer" + std::to_string(stage + 1) + "." + std::to_string(block) + ".";
}

/// Adds tensors under their names.
class ShapeList {
 public:
  void linear(const std::string& name, std::int64_t in, std::int64_t out) {
    shapes[name + ".weight"] = {out, in};
    shapes[name + ".bias"] = {out};
  }
  void convolution(const std::string& name, std::int64_t in, std::int64_t out, std::int64_t size) {
    shapes[name + ".weight"] = {out, in, size, size};
  }
  void norm(const std::string& name, std::int64_t planes) {
    shapes[name + ".weight"] = {planes};
    shapes[name + ".bias"] = {planes};
  }

  TensorShapes shapes;
};

/// One residual block; returns the channels that leave it.
std::int64_t add_block(const PointNavSettings& settings, std::size_t stage, std::size_t block,
                       std::int64_t in_planes, ShapeList& list) {
  const std::string name = block_name(stage, block);
  const std::int64_t planes = std::int64_t{settings.first_planes} << stage;
  const std::int64_t cardinality = settings.cardinality[stage][block];
  const std::int64_t out_planes = planes * (settings.bottleneck ? settings.expansion : 1);
  if (settings.bottleneck) {
    list.convolution(name + "convs.0", in_planes, planes, 1);
    list.norm(name + "convs.1", planes);
    list.convolution(name + "convs.3", planes / cardinality, planes, 3);
    list.norm(name + "convs.4", planes);
    list.convolution(name + "convs.6", planes, out_planes, 1);
    list.norm(name + "convs.7", out_planes);
  } else {
    list.convolution(name + "convs.0", in_planes / cardinality, planes, 3);
    list.norm(name + "convs.1", planes);
    list.convolution(name + "convs.3", planes / cardinality, planes, 3);
    list.norm(name + "convs.4", planes);
  }
  if (settings.squeeze) {
    list.linear(name + "se.excite.0", out_planes, out_planes / kSqueezeRatio);
    list.linear(name + "se.excite.2", out_planes / kSqueezeRatio, out_planes);
  }
  const bool strided = stage > 0 && block == 0;
  if (block == 0 && (strided || in_planes != out_planes)) {
    list.convolution(name + "downsample.0", in_planes, out_planes, 1);
    list.norm(name + "downsample.1", out_planes);
  }
  return out_planes;
}

void add_encoder(const PointNavSettings& settings, ShapeList& list) {
  if (settings.normalizes) {
    const std::string name = kEncoder + "running_mean_and_var.";
    list.shapes[name + "_mean"] = list.shapes[name + "_var"] = {1, settings.image_channels, 1, 1};
    list.shapes[name + "_count"] = {};
  }
  list.convolution(kEncoder + "backbone.conv1.0", settings.image_channels, settings.base_planes, 7);
  list.norm(kEncoder + "backbone.conv1.1", settings.base_planes);
  std::int64_t planes = settings.base_planes;
  for (std::size_t stage = 0; stage < settings.cardinality.size(); ++stage) {
    for (std::size_t block = 0; block < settings.cardinality[stage].size(); ++block) {
      planes = add_block(settings, stage, block, planes, list);
    }
  }
  list.convolution(kEncoder + "compression.0", planes, settings.compressed_channels, 3);
  list.norm(kEncoder + "compression.1", settings.compressed_channels);
  list.linear("net.visual_fc.1", settings.visual_size, settings.hidden_size);
}

/// Extent `axis` of a tensor; 0 where there is no such tensor, axis, or a number that makes sense.
int extent(const TensorShapes& shapes, const std::string& name, std::size_t axis) {
  constexpr std::int64_t kMost = 1 << 20;
  const auto found = shapes.find(name);
  if (found == shapes.end() || axis >= found->second.size()) return 0;
  const std::int64_t value = found->second[axis];
  return value > 0 && value <= kMost ? static_cast<int>(value) : 0;
}

std::string shape_text(const Shape& shape) {
  std::string text = "[";
  for (const std::int64_t value : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(value);
  return text + "]";
}

/// What is wrong with the tensors in words, the first few of it; "" when nothing is.
std::string differences(const TensorShapes& given, const TensorShapes& wanted) {
  constexpr int kShown = 4;
  std::string text;
  int count = 0;
  const auto note = [&](const std::string& what) {
    if (++count <= kShown) text += (text.empty() ? "" : ", ") + what;
  };
  for (const auto& [name, shape] : wanted) {
    const auto found = given.find(name);
    if (found == given.end()) {
      note(name + " is not there");
    } else if (found->second != shape) {
      note(name + " is " + shape_text(found->second) + " for " + shape_text(shape));
    }
  }
  for (const auto& [name, shape] : given) {
    if (!wanted.contains(name)) note(name + " is not known");
  }
  if (count > kShown) text += " and " + std::to_string(count - kShown) + " more";
  return text;
}

void read_blocks(const TensorShapes& shapes, PointNavSettings& settings) {
  settings.bottleneck = shapes.contains(block_name(0, 0) + "convs.6.weight");
  settings.squeeze = shapes.contains(block_name(0, 0) + "se.excite.0.weight");
  settings.first_planes = extent(shapes, block_name(0, 0) + "convs.0.weight", 0);
  const int out = extent(shapes, block_name(0, 0) + "convs.6.weight", 0);
  settings.expansion = settings.bottleneck ? out / std::max(settings.first_planes, 1) : 1;
  for (std::size_t stage = 0; stage < settings.cardinality.size(); ++stage) {
    settings.cardinality[stage].clear();
    for (std::size_t block = 0; block < kMaxBlocks; ++block) {
      const std::string name = block_name(stage, block) + "convs.3.weight";
      if (!shapes.contains(name)) break;
      // A 3x3 convolution of `planes` has planes / cardinality channels a group.
      const int planes = extent(shapes, name, 0), grouped = extent(shapes, name, 1);
      const bool whole = grouped > 0 && planes % grouped == 0 && planes >= grouped;
      settings.cardinality[stage].push_back(whole ? planes / grouped : 1);
    }
  }
}

}  // namespace

PointNavSettings resnet18_settings() {
  PointNavSettings settings;
  settings.bottleneck = false;
  settings.expansion = 1;
  settings.cardinality.fill({1, 1});
  return settings;
}

PointNavSettings resnet50_settings() {
  PointNavSettings settings;
  constexpr std::array<std::size_t, 4> kDepth = {3, 4, 6, 3};
  for (std::size_t stage = 0; stage < kDepth.size(); ++stage)
    settings.cardinality[stage].assign(kDepth[stage], 1);
  return settings;
}

TensorShapes tensors_of(const PointNavSettings& settings) {
  ShapeList list;
  if (!settings.blind) add_encoder(settings, list);
  list.shapes["net.prev_action_embedding.weight"] = {settings.num_actions + 1, kPointNavEmbedding};
  list.linear("net.tgt_embeding", kPointNavGoalNumbers, kPointNavEmbedding);  // spelled as it is upstream
  const std::int64_t hidden = settings.hidden_size, gates = settings.lstm ? 4 : 3;
  std::int64_t input = (settings.blind ? 0 : hidden) + 2 * kPointNavEmbedding;
  for (int layer = 0; layer < settings.rnn_layers; ++layer) {
    const std::string end = "_l" + std::to_string(layer);
    list.shapes[kRnn + "weight_ih" + end] = {gates * hidden, input};
    list.shapes[kRnn + "weight_hh" + end] = {gates * hidden, hidden};
    list.shapes[kRnn + "bias_ih" + end] = list.shapes[kRnn + "bias_hh" + end] = {gates * hidden};
    input = hidden;
  }
  list.linear("action_distribution.linear", hidden, settings.num_actions);
  list.linear("critic.fc", hidden, 1);
  return list.shapes;
}

std::string without_actor_prefix(const std::string& name) {
  return name.starts_with(kPrefix) ? name.substr(std::string_view(kPrefix).size()) : name;
}

bool is_pointnav_policy(const TensorShapes& shapes) {
  const auto has = [&](const std::string& name) {
    return shapes.contains(name) || shapes.contains(kPrefix + name);
  };
  return has("action_distribution.linear.weight") && has(kRnn + "weight_hh_l0");
}

base::Result<PointNavSettings> pointnav_settings_of(const TensorShapes& shapes,
                                                    const std::filesystem::path& path) {
  const auto bad = [&](const std::string& what) {
    return base::Error{base::ErrorCode::kData,
                       path.string() +
                           ": the weights of a PointNav policy of habitat-baselines were wanted, found " +
                           what + "; give a checkpoint of ppo_pointnav or ddppo_pointnav"};
  };
  PointNavSettings settings;
  settings.blind = !shapes.contains(kEncoder + "backbone.conv1.0.weight");
  settings.hidden_size = extent(shapes, kRnn + "weight_hh_l0", 1);
  const int rows = extent(shapes, kRnn + "weight_hh_l0", 0);
  settings.lstm = rows == 4 * settings.hidden_size;
  settings.rnn_layers = 0;
  constexpr int kMostLayers = 8;
  while (settings.rnn_layers < kMostLayers &&
         shapes.contains(kRnn + "weight_hh_l" + std::to_string(settings.rnn_layers))) {
    ++settings.rnn_layers;
  }
  settings.num_actions = extent(shapes, "action_distribution.linear.weight", 0);
  if (settings.hidden_size == 0 || settings.num_actions == 0) return bad("no recurrent core or no actor");
  settings.cardinality = {};
  if (!settings.blind) {
    settings.image_channels = extent(shapes, kEncoder + "backbone.conv1.0.weight", 1);
    settings.normalizes = shapes.contains(kEncoder + "running_mean_and_var._mean");
    settings.base_planes = extent(shapes, kEncoder + "backbone.conv1.0.weight", 0);
    settings.compressed_channels = extent(shapes, kEncoder + "compression.0.weight", 0);
    settings.visual_size = extent(shapes, "net.visual_fc.1.weight", 1);
    read_blocks(shapes, settings);
    const bool channels =
        settings.image_channels == 1 || settings.image_channels == 3 || settings.image_channels == 4;
    if (!channels) return bad("pictures of " + std::to_string(settings.image_channels) + " channels");
    const int groups = settings.norm_groups();
    if (groups < 1 || settings.base_planes % groups != 0 || settings.first_planes % groups != 0 ||
        settings.expansion < 1 || settings.compressed_channels == 0 || settings.visual_size == 0) {
      return bad("a visual encoder of another kind");
    }
  }
  const std::string problem = differences(shapes, tensors_of(settings));
  if (!problem.empty()) return bad("others (" + problem + ")");
  return settings;
}

}  // namespace inknav::learn
