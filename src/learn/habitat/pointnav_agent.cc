// SPDX-License-Identifier: MIT
#include "learn/habitat/pointnav_agent.h"

#include <torch/torch.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/philox.h"
#include "learn/checkpoint.h"
#include "learn/evaluate.h"
#include "learn/habitat/pointnav_network.h"
#include "learn/ppo/collector.h"
#include "learn/torch_setup.h"
#include "task/planned_spec.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

TensorShapes shapes_of(const run::SafetensorsFile& file) {
  TensorShapes shapes;
  for (const auto& [name, entry] : file.entries()) shapes[name] = entry.shape;
  return shapes;
}

base::Result<Tensor> float_tensor(const run::NamedSpan& span, const std::filesystem::path& path) {
  const std::pair<run::SpanType, torch::ScalarType> types[] = {
      {run::SpanType::kF32, torch::kFloat32}, {run::SpanType::kF64, torch::kFloat64},
      {run::SpanType::kF16, torch::kFloat16}, {run::SpanType::kBF16, torch::kBFloat16},
      {run::SpanType::kI64, torch::kInt64},   {run::SpanType::kI32, torch::kInt32}};
  for (const auto& [type, scalar] : types) {
    if (type != span.type) continue;
    Tensor tensor = torch::empty(span.shape, scalar);
    if (!span.bytes.empty()) std::memcpy(tensor.data_ptr(), span.bytes.data(), span.bytes.size());
    return tensor.to(torch::kFloat32);
  }
  return base::Error{base::ErrorCode::kData, path.string() + ": numbers were wanted, found " + span.name +
                                                 " of type " + std::string(run::name_of(span.type)) +
                                                 "; give another file"};
}

base::Error misfit(const std::string& key, const std::string& wanted, const std::string& found) {
  return {base::ErrorCode::kUsage,
          key + ": the policy of habitat-baselines wants " + wanted + ", the configuration gives " + found};
}

class PointNavAgent final : public Agent {
 public:
  PointNavAgent(std::shared_ptr<PointNavNetwork> network, const AgentOptions& options)
      : network_(std::move(network)), seed_(options.seed) {
    described_.num_actions = network_->settings().num_actions;
    described_.number_fields = {"pointgoal"};
  }

  /// The drawn map has the goal from the present pose as `pointgoal`, which in Habitat is from the start.
  static const char* goal_field(const task::EnvSpec& spec) {
    constexpr const char* kHabitat = "pointgoal_with_gps_compass";
    return task::has_field(spec, kHabitat) ? kHabitat : "pointgoal";
  }

  void attach(const task::VectorEnv& env) override {
    const std::int64_t num_envs = env.spec().num_envs;
    input_.goal = torch::zeros({num_envs, 2});
    input_.previous_action = torch::zeros({num_envs}, torch::kInt64);
    input_.state = torch::zeros({num_envs, network_->state_size()});
    input_.keep = torch::zeros({num_envs});
    actions_.assign(static_cast<std::size_t>(num_envs), 0);
    ended_.assign(actions_.size(), 0);
  }

  std::span<const std::int32_t> act(const task::VectorEnv& env) override {
    look(env);
    output_ = network_->forward(input_);
    // A non-finite row must not outlive its episode: zeroing by a product keeps NaN.
    input_.state = output_.state.nan_to_num();
    input_.keep.fill_(1.0f);
    const Tensor log_probabilities = output_.log_probabilities.contiguous();
    const int num_actions = env.spec().num_actions;
    const std::int64_t* episode = env.observation("episode_index").as<std::int64_t>();
    const std::int32_t* step = env.observation("step_index").as<std::int32_t>();
    for (std::size_t i = 0; i < actions_.size(); ++i) {
      base::PhiloxStream stream({seed_, 0, static_cast<std::uint32_t>(episode[i]),
                                 static_cast<std::uint32_t>(step[i]), base::Purpose::kActionSampling});
      const float* row = log_probabilities.data_ptr<float>() + static_cast<std::int64_t>(i) * num_actions;
      actions_[i] = pick_action(row, num_actions, stream.uniform());
      input_.previous_action.data_ptr<std::int64_t>()[i] = actions_[i];
    }
    return actions_;
  }

  std::int32_t best_motion(int environment) const override {
    static_assert(task::kStopAction == 0);
    const Tensor motions = output_.log_probabilities[environment].narrow(0, 1, described_.num_actions - 1);
    return static_cast<std::int32_t>(motions.argmax().item<std::int64_t>()) + 1;
  }

  void carried_out(std::span<const std::int32_t> actions) override {
    std::copy(actions.begin(), actions.end(), input_.previous_action.data_ptr<std::int64_t>());
  }

  void observe_step(const task::VectorEnv&, const task::StepResult& result) override {
    for (std::size_t i = 0; i < ended_.size(); ++i) {
      ended_[i] = result.terminated[i] != 0 || result.truncated[i] != 0;
    }
  }

  void observe_reset(const task::VectorEnv&) override {
    for (std::size_t i = 0; i < ended_.size(); ++i) {
      if (ended_[i] != 0) input_.keep.data_ptr<float>()[i] = 0.0f;
    }
  }

  AgentThought thought(int environment) const override {
    AgentThought thought;
    thought.value = output_.value[environment].item<float>();
    const Tensor row = output_.log_probabilities[environment].exp();
    for (std::int64_t a = 0; a < std::min<std::int64_t>(row.size(0), 8); ++a) {
      thought.probabilities[static_cast<std::size_t>(a)] = row[a].item<float>();
    }
    return thought;
  }

  std::optional<double> plan_loss(const task::VectorEnv&, std::span<const std::int64_t>) override {
    return std::nullopt;
  }

  const PolicySettings& settings() const override { return described_; }

  base::Status fits(const task::NavigationEnv& env) const {
    const PointNavSettings& wanted = network_->settings();
    const task::EnvSpec& spec = env.spec();
    if (!task::has_field(spec, goal_field(spec)) ||
        task::field_bytes(spec, goal_field(spec)) !=
            sizeof(float) * 2 * static_cast<std::uint64_t>(spec.num_envs)) {
      return misfit("TASK_CONFIG.TASK.SENSORS", "the goal's distance and angle in the plane",
                    "none; add pointgoal_with_gps_compass (POLAR, DIMENSIONALITY 2)");
    }
    if (spec.num_actions != wanted.num_actions) {
      return misfit("actions", std::to_string(wanted.num_actions), std::to_string(spec.num_actions));
    }
    if (wanted.blind) return base::ok_status();
    const auto& sensors = env.settings().simulator.sensors;
    if (wanted.image_channels != 3 && !task::has_field(spec, "depth")) {
      return misfit("SENSORS", "depth", "none; add DEPTH_SENSOR");
    }
    if (wanted.image_channels >= 3 && !task::has_field(spec, "rgb")) {
      return misfit("EXTRA_RGB", "colour pictures", "none; add RGB_SENSOR to SENSORS");
    }
    const std::int64_t size = network_->visual_size(sensors.camera.height, sensors.camera.width);
    if (size != wanted.visual_size) {
      return misfit("TASK_CONFIG.SIMULATOR.DEPTH_SENSOR",
                    "pictures that end in " + std::to_string(wanted.visual_size) + " numbers (" +
                        fitting_square(wanted.visual_size) + ")",
                    std::to_string(sensors.camera.width) + " x " + std::to_string(sensors.camera.height) +
                        ", which end in " + std::to_string(size) + "; set WIDTH and HEIGHT of the sensors");
    }
    return base::ok_status();
  }

 private:
  /// The largest square picture of the many that end so, in words: 256 rather than 224.
  std::string fitting_square(int visual_size) const {
    constexpr int kHalvings = 32, kMost = 1024;  // the network halves five times
    for (int side = kMost; side > 0; side -= kHalvings) {
      const std::string text = std::to_string(side);
      if (network_->visual_size(side, side) == visual_size) return text + " x " + text + " do";
    }
    return "no square ones do";
  }

  void look(const task::VectorEnv& env) {
    const base::TensorView goal = env.observation(goal_field(env.spec()));
    std::memcpy(input_.goal.data_ptr<float>(), goal.as<float>(), goal.num_bytes());
    const int channels = network_->settings().image_channels;
    if (network_->settings().blind) return;
    std::vector<Tensor> planes;
    if (channels >= 3) {
      const base::TensorView rgb = env.observation("rgb");
      planes.push_back(
          torch::from_blob(rgb.data, {rgb.shape[0], rgb.shape[1], rgb.shape[2], 3}, torch::kUInt8)
              .permute({0, 3, 1, 2})
              .to(torch::kFloat32)
              .div_(255.0f));
    }
    if (channels != 3) {
      const base::TensorView depth = env.observation("depth");
      planes.push_back(torch::from_blob(depth.data, {depth.shape[0], 1, depth.shape[1], depth.shape[2]}));
    }
    input_.image = torch::cat(planes, 1);
  }

  std::shared_ptr<PointNavNetwork> network_;
  std::uint64_t seed_;
  PolicySettings described_;  // for callers that ask whether it reads a drawing; it does not
  PointNavInput input_;
  PointNavOutput output_;
  std::vector<std::int32_t> actions_;
  std::vector<std::uint8_t> ended_;
};

}  // namespace

bool is_pointnav_file(const run::SafetensorsFile& file) {
  return !file.metadata().contains("policy") && is_pointnav_policy(shapes_of(file));
}

base::Result<std::unique_ptr<Agent>> load_pointnav_agent(const run::SafetensorsFile& file,
                                                         const AgentOptions& options) {
  setup_torch();
  std::map<std::string, Tensor> tensors;
  for (const auto& [name, entry] : file.entries()) {
    INKNAV_ASSIGN_OR_RETURN(const run::NamedSpan span, file.find(name));
    INKNAV_ASSIGN_OR_RETURN(tensors[name], float_tensor(span, file.path()));
  }
  INKNAV_ASSIGN_OR_RETURN(auto network, PointNavNetwork::create(tensors, file.path()));
  return std::unique_ptr<Agent>(std::make_unique<PointNavAgent>(std::move(network), options));
}

base::Result<std::unique_ptr<Agent>> load_agent(const std::filesystem::path& checkpoint,
                                                const AgentOptions& options, base::ThreadPool& pool) {
  {
    INKNAV_ASSIGN_OR_RETURN(const run::SafetensorsFile file, run::read_safetensors(checkpoint));
    if (is_pointnav_file(file)) return load_pointnav_agent(file, options);
  }
  return Agent::load(checkpoint, options, pool);
}

base::Status check_agent_fits(const Agent& agent, const task::NavigationEnv& env) {
  const auto* pointnav = dynamic_cast<const PointNavAgent*>(&agent);
  return pointnav != nullptr ? pointnav->fits(env) : check_fits(agent.settings(), env.settings());
}

}  // namespace inknav::learn
