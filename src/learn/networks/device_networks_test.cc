// SPDX-License-Identifier: MIT
// What a GPU uses, on the CPU, against what the CPU uses: packed episodes, bf16, LAMB, steps that are skipped
// on the device; and the sizes of the large encoders.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <vector>

#include "learn/networks/autocast.h"
#include "learn/networks/flat_parameters.h"
#include "learn/networks/policy_network.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

Tensor broken_keep() {
  Tensor keep = torch::ones({7, 4});
  keep[0][1] = 0.0f;  // begins with the rollout
  keep[3][0] = 0.0f;
  keep[3][2] = 0.0f;
  keep[4][2] = 0.0f;  // an episode of one step
  keep[6][3] = 0.0f;  // ends with the rollout
  return keep;
}

TEST(EpisodePacking, PlacesUndoRowsAndSequencesFallInLength) {
  const EpisodePacking packing = pack_episodes(broken_keep(), Placement());
  EXPECT_TRUE(packing.rows.index_select(0, packing.places).equal(torch::arange(28)));
  EXPECT_EQ(packing.batch_sizes.sum().item<std::int64_t>(), 28);
  EXPECT_EQ(packing.environments.size(0), 8);  // four, and four more that begin inside
  EXPECT_EQ(packing.batch_sizes[0].item<std::int64_t>(), 8);
  EXPECT_EQ(packing.carried.sum().item<float>(), 3.0f);
  for (std::int64_t t = 1; t < packing.batch_sizes.size(0); ++t) {
    EXPECT_LE(packing.batch_sizes[t].item<std::int64_t>(), packing.batch_sizes[t - 1].item<std::int64_t>());
  }
}

// Tolerance: the same sums in another order.
TEST(RecurrentCore, PackedEpisodesEqualTheSequenceInValueAndGradient) {
  for (const Recurrence kind : {Recurrence::kGru, Recurrence::kLstm}) {
    RecurrentCore core(kind, 6, 10);
    initialize(*core, 1);
    torch::manual_seed(5);
    {
      torch::NoGradGuard no_grad;
      for (const auto& item : core->named_parameters()) {
        if (item.value().dim() == 1) item.value().copy_(torch::randn(item.value().sizes()));
      }
    }
    const Tensor keep = broken_keep(), weight = torch::randn({7, 4, 10});
    Tensor inputs = torch::randn({7, 4, 6}).requires_grad_(true);
    Tensor state = torch::randn({4, core->state_size()}).requires_grad_(true);
    const EpisodePacking packing = pack_episodes(keep, Placement());
    std::vector<RecurrentCoreImpl::Output> outputs;
    std::vector<std::vector<Tensor>> gradients;
    for (const EpisodePacking* packed : {static_cast<const EpisodePacking*>(nullptr), &packing}) {
      core->zero_grad();
      inputs.mutable_grad() = Tensor();
      state.mutable_grad() = Tensor();
      outputs.push_back(core->forward(inputs, state, keep, packed));
      ((outputs.back().features * weight).sum() + outputs.back().state.sum()).backward();
      gradients.push_back({inputs.grad().clone(), state.grad().clone()});
      for (const Tensor& p : core->parameters()) gradients.back().push_back(p.grad().clone());
    }
    EXPECT_TRUE(torch::allclose(outputs[0].features, outputs[1].features, 1e-5, 1e-6));
    EXPECT_TRUE(torch::allclose(outputs[0].state, outputs[1].state, 1e-5, 1e-6));
    for (std::size_t i = 0; i < gradients[0].size(); ++i) {
      EXPECT_TRUE(torch::allclose(gradients[0][i], gradients[1][i], 1e-4, 1e-5)) << i;
    }
  }
}

/// Random weights, biases too, and a sequence with episodes inside.
struct CoreCase {
  explicit CoreCase(Recurrence kind) : core(kind, 6, 10) {
    torch::NoGradGuard no_grad;
    initialize(*core, 1);
    torch::manual_seed(5);
    for (const auto& item : core->named_parameters()) {
      if (item.value().dim() == 1) item.value().copy_(torch::randn(item.value().sizes()));
    }
    inputs = torch::randn({7, 4, 6});
    state = torch::randn({4, core->state_size()});
  }
  std::vector<Tensor> gradients(const RecurrentCoreImpl::Output& output) {
    core->zero_grad();
    (output.features.square().sum() + output.state.sum()).backward();
    std::vector<Tensor> all;
    for (const Tensor& p : core->parameters()) all.push_back(p.grad().clone());
    return all;
  }
  RecurrentCore core;
  Tensor inputs, state, keep = broken_keep();
};

// Tolerance: the same sums in another order.
TEST(RecurrentCore, CellsEqualTheSequenceInValueAndGradient) {
  for (const Recurrence kind : {Recurrence::kGru, Recurrence::kLstm}) {
    CoreCase c(kind);
    const auto wanted = c.core->forward(c.inputs, c.state, c.keep);
    const std::vector<Tensor> wanted_gradients = c.gradients(wanted);
    const auto found = c.core->forward_cells(c.inputs, c.state, c.keep);
    const std::vector<Tensor> gradients = c.gradients(found);
    EXPECT_TRUE(torch::allclose(found.features, wanted.features, 1e-5, 1e-6));
    EXPECT_TRUE(torch::allclose(found.state, wanted.state, 1e-5, 1e-6));
    for (std::size_t i = 0; i < gradients.size(); ++i)
      EXPECT_TRUE(torch::allclose(gradients[i], wanted_gradients[i], 1e-4, 1e-5)) << i;
  }
}

/// What a GPU does: bf16 in products alone.
TEST(RecurrentCore, StateIsNotRoundedUnderAutocast) {
  torch::NoGradGuard no_grad;
  for (const Recurrence kind : {Recurrence::kGru, Recurrence::kLstm}) {
    CoreCase c(kind);
    const auto exact = c.core->forward_cells(c.inputs, c.state, c.keep);
    const EpisodePacking packing = pack_episodes(c.keep, Placement());
    const Autocast bf16(true, torch::kCPU);
    for (const EpisodePacking* packed : {static_cast<const EpisodePacking*>(nullptr), &packing}) {
      const auto found = packed != nullptr
                             ? c.core->forward(c.inputs.to(torch::kBFloat16), c.state, c.keep, packed)
                             : c.core->forward_cells(c.inputs.to(torch::kBFloat16), c.state, c.keep);
      for (const Tensor& part : {found.features, found.state}) {
        ASSERT_EQ(part.scalar_type(), torch::kFloat32);
        EXPECT_FALSE(part.equal(part.to(torch::kBFloat16).to(torch::kFloat32))) << "rounded";
      }
      EXPECT_TRUE(torch::allclose(found.state, exact.state, 0.05, 0.05));
    }
  }
}

struct Twin {
  std::vector<std::vector<double>> values, first, second;
};

/// LAMB in double precision, one number at a time.
void lamb_step(Twin& twin, const std::vector<Tensor>& gradients, int step, const AdamSettings& s) {
  for (std::size_t k = 0; k < twin.values.size(); ++k) {
    const Tensor flat = gradients[k].to(torch::kFloat64).contiguous().flatten();
    std::vector<double> update(twin.values[k].size());
    double value_norm = 0.0, update_norm = 0.0;
    for (std::size_t i = 0; i < update.size(); ++i) {
      const double g = flat.data_ptr<double>()[i];
      double &m = twin.first[k][i], &v = twin.second[k][i];
      m = s.beta1 * m + (1.0 - s.beta1) * g;
      v = s.beta2 * v + (1.0 - s.beta2) * g * g;
      update[i] =
          m / (1.0 - std::pow(s.beta1, step)) / (std::sqrt(v / (1.0 - std::pow(s.beta2, step))) + s.eps) +
          s.weight_decay * twin.values[k][i];
      value_norm += twin.values[k][i] * twin.values[k][i];
      update_norm += update[i] * update[i];
    }
    const double ratio =
        value_norm > 0.0 && update_norm > 0.0 ? std::sqrt(value_norm) / std::sqrt(update_norm) : 1.0;
    for (std::size_t i = 0; i < update.size(); ++i) twin.values[k][i] -= s.lr * ratio * update[i];
  }
}

std::shared_ptr<torch::nn::SequentialImpl> small_module() {
  auto module = std::make_shared<torch::nn::SequentialImpl>(torch::nn::Conv2d(3, 4, 3), torch::nn::Flatten(),
                                                            torch::nn::Linear(4 * 16, 5));
  initialize(*module, 9);
  return module;
}

void give_gradients(torch::nn::SequentialImpl& module, FlatParameters& flat) {
  flat.zero_gradients();
  torch::mse_loss(module.forward(torch::randn({2, 3, 6, 6})), torch::randn({2, 5})).backward();
}

// Tolerance: f32 sums of norms and moments; a bias begins at zero, where the ratio is 1.
TEST(FlatParameters, StepsLikeLamb) {
  for (const bool on_device : {false, true}) {
    const auto module = small_module();
    FlatParameters flat(*module, 2);
    AdamSettings settings;
    settings.optimizer = Optimizer::kLamb;
    settings.lr = settings.special_lr = 0.0078125;  // f32 holds it
    settings.weight_decay = 0.1;
    Twin twin;
    for (const Tensor& p : module->parameters()) {
      const Tensor values = p.detach().to(torch::kFloat64).contiguous().flatten();
      twin.values.emplace_back(values.data_ptr<double>(), values.data_ptr<double>() + values.numel());
      twin.first.emplace_back(twin.values.back().size(), 0.0);
      twin.second.push_back(twin.first.back());
    }
    torch::manual_seed(1);
    for (int step = 1; step <= 4; ++step) {
      give_gradients(*module, flat);
      std::vector<Tensor> gradients;
      for (const Tensor& p : module->parameters()) gradients.push_back(p.grad().clone());
      flat.set_rates(settings);
      flat.step(settings, on_device ? torch::zeros({}) : Tensor());
      lamb_step(twin, gradients, step, settings);
    }
    std::size_t k = 0;
    for (const Tensor& p : module->parameters()) {
      const Tensor wanted = torch::tensor(twin.values[k++], torch::kFloat64).view(p.sizes());
      EXPECT_TRUE(torch::allclose(p.detach().to(torch::kFloat64), wanted, 1e-5, 1e-6)) << k;
    }
  }
}

TEST(FlatParameters, AStepThatIsSkippedOnTheDeviceChangesNothing) {
  for (const Optimizer optimizer : {Optimizer::kAdam, Optimizer::kLamb}) {
    const auto module = small_module(), plain = small_module();
    FlatParameters flat(*module, 1), other(*plain, 1);
    AdamSettings settings;
    settings.optimizer = optimizer;
    settings.lr = settings.special_lr = 0.0078125;
    flat.set_rates(settings);
    for (int step = 0; step < 4; ++step) {
      torch::manual_seed(step);
      give_gradients(*module, flat);
      if (step % 2 == 1) flat.gradients()[3].fill_(std::nanf(""));
      flat.step(settings, torch::full({}, static_cast<float>(step % 2)));
      if (step % 2 == 1) continue;
      torch::manual_seed(step);
      give_gradients(*plain, other);
      other.step(settings);
    }
    EXPECT_TRUE(flat.values().equal(other.values()));
    const auto a = flat.named_moments(), b = other.named_moments();
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(a[i].second.equal(b[i].second)) << a[i].first;
  }
}

std::int64_t count_of(const torch::nn::Module& module) {
  std::int64_t count = 0;
  for (const Tensor& p : module.parameters()) count += p.numel();
  return count;
}

TEST(Encoders, HaveTheSizesOfTheirPapersAndNoNormalisation) {
  const SeResNet9 se_resnet(1, 64, 64, 64);
  EXPECT_EQ(count_of(*se_resnet), 4947260);
  EXPECT_EQ(se_resnet->out_size(), 512 * 2 * 2);
  ResNet18 half(1, 128, 128, 32);
  EXPECT_EQ(count_of(*half), 2793344);
  EXPECT_EQ(half->out_size(), 256 * 2 * 2);
  for (const auto& item : half->named_parameters()) EXPECT_GT(item.value().dim(), 0) << item.key();
  torch::NoGradGuard no_grad;
  initialize(*half, 1);
  const Tensor image = torch::rand({2, 1, 128, 128});
  EXPECT_EQ(half->forward(image).sizes(), at::IntArrayRef({2, 256 * 2 * 2}));
  const Tensor last = image.contiguous(at::MemoryFormat::ChannelsLast);
  EXPECT_TRUE(torch::allclose(half->forward(image), half->forward(last), 1e-4, 1e-5));
}

struct Pass {
  Tensor loss;
  std::vector<Tensor> gradients;
};

Pass pass_of(const PolicySettings& settings, bool bf16) {
  PolicyNetwork network(settings, 1);
  network.set_bf16(bf16);
  torch::manual_seed(2);
  PolicyInput input;
  input.image = torch::rand({12, 32, 32, 1});
  input.crops = torch::randint(0, 256, {12, 16, 16, 6}, torch::kUInt8);
  input.numbers = torch::rand({12, 2});
  input.previous_action = torch::zeros({12}, torch::kInt64);
  const auto [drawing, scale] =
      network.encode_drawings(torch::randint(0, 256, {12, 4, 32, 32}, torch::kUInt8));
  input.drawing = drawing;
  const PolicyOutput out =
      network.forward(input, torch::rand({4, network.state_size()}), torch::ones({3, 4}));
  for (const Tensor& part : {out.log_probabilities, out.value, out.waypoint, out.correction, out.state}) {
    EXPECT_EQ(part.scalar_type(), torch::kFloat32);
  }
  Pass pass;
  pass.loss = out.log_probabilities.square().mean() + (out.value - 1.0f).square().mean() +
              out.waypoint.square().mean() + out.correction.square().mean() + scale.square().mean();
  pass.loss.backward();
  for (const Tensor& p : network.parameters()) {
    if (!p.grad().defined()) continue;
    EXPECT_EQ(p.grad().scalar_type(), torch::kFloat32);
    pass.gradients.push_back(p.grad().flatten());
  }
  return pass;
}

// Tolerances: bf16 keeps 8 bits, so a product is off by up to 0.4 %; the sums of about ten layers in a row
// keep the direction of the gradient, not its last digits.
TEST(PolicyNetwork, Bf16KeepsLossAndGradient) {
  for (const Recurrence recurrence : {Recurrence::kGru, Recurrence::kLstm, Recurrence::kTransformer}) {
    PolicySettings settings;
    settings.vector_size = 2;
    settings.backbone = Backbone::kSeResNet9;
    settings.image_height = settings.image_width = 32;
    settings.image_channels = 1;
    settings.base_planes = 8;
    settings.hidden_size = 32;
    settings.recurrence = recurrence;
    settings.reading.enabled = true;
    settings.reading.crop_cells = 16;
    settings.reading.channels = 8;
    settings.reading.drawing_size = 32;
    const Pass exact = pass_of(settings, false), coarse = pass_of(settings, true);
    EXPECT_NEAR(coarse.loss.item<float>(), exact.loss.item<float>(), 0.02f * exact.loss.item<float>());
    EXPECT_NE(coarse.loss.item<float>(), exact.loss.item<float>());
    const Tensor a = torch::cat(exact.gradients), b = torch::cat(coarse.gradients);
    EXPECT_GT((a.dot(b) / (a.norm() * b.norm())).item<float>(), 0.99f);
    EXPECT_NEAR((b.norm() / a.norm()).item<float>(), 1.0f, 0.05f);
  }
}

TEST(Autocast, LeavesThingsAsTheyWere) {
  const auto product = [] { return torch::mm(torch::ones({2, 2}), torch::ones({2, 2})).scalar_type(); };
  {
    const Autocast outer(true, torch::kCPU);
    EXPECT_EQ(product(), torch::kBFloat16);
    {
      const Autocast inner(false, torch::kCPU);
      EXPECT_EQ(product(), torch::kBFloat16);
    }
  }
  EXPECT_EQ(product(), torch::kFloat32);
}

}  // namespace
}  // namespace inknav::learn
