// SPDX-License-Identifier: MIT
#include "learn/weights_exchange.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <torch/torch.h>

#include <cmath>
#include <filesystem>
#include <functional>

#include "base/temporary_folder.h"
#include "learn/agent.h"
#include "learn/checkpoint.h"
#include "learn/networks/policy_network.h"
#include "learn/toy_env.h"
#include "run/safetensors.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

PolicySettings small_policy() {
  PolicySettings settings;
  settings.number_fields = {"state"};
  settings.vector_size = 1;
  settings.hidden_size = 8;
  return settings;
}

class WeightsExchange : public ::testing::Test {
 protected:
  using Tensors = std::vector<std::pair<std::string, Tensor>>;
  static Tensors weights_of(PolicyNetwork& network) {
    Tensors tensors;
    for (const auto& item : network.named_parameters()) {
      tensors.emplace_back(item.key(), item.value().detach().clone());
    }
    return tensors;
  }
  static std::vector<run::NamedSpan> spans_of(const std::vector<NamedBytes>& state) {
    std::vector<run::NamedSpan> spans;
    for (const NamedBytes& entry : state) {
      spans.push_back({entry.name, *run::span_type_of(entry.dtype), entry.shape, entry.bytes});
    }
    return spans;
  }
  static std::vector<NamedBytes> bytes_of_all(const Tensors& tensors, const std::string& prefix) {
    std::vector<NamedBytes> state;
    for (const auto& [name, tensor] : tensors) state.push_back(bytes_of(prefix + name, tensor));
    return state;
  }
  void write_pth(const Tensors& tensors, const run::Metadata& metadata = {}) {
    const std::vector<NamedBytes> state = bytes_of_all(tensors, "");
    ASSERT_TRUE(run::write_torch_weights(folder_ / "w.pth", spans_of(state), metadata).ok());
  }
  std::string fault(PolicyNetwork& network) {
    const auto state = weights_to_start_from(folder_ / "w.pth", network);
    if (state.ok()) return "(accepted)";
    EXPECT_EQ(state.error().code, base::ErrorCode::kData);
    return state.error().message;
  }

  base::TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
};

TEST_F(WeightsExchange, ATrainerTakesWeightsOfAFile) {
  testing::CorridorEnv env(4, 0);
  base::ThreadPool pool(1);
  TrainerSettings settings;
  settings.policy.number_fields = {"state"};
  settings.policy.hidden_size = 8;
  settings.ppo.num_mini_batch = 1;
  settings.seed = 1;
  const auto source = Trainer::create(settings, env, nullptr, pool);
  settings.seed = 2;
  const auto target = Trainer::create(settings, env, nullptr, pool);
  const Tensors weights = weights_of(*source->network());
  Tensors written;  // doubles come back as what they were
  for (const auto& [name, tensor] : weights) written.emplace_back(name, tensor.to(torch::kFloat64));
  write_pth(written, {{"prior_log_scale", "-1.25"}});
  const auto state = weights_to_start_from(folder_ / "w.pth", *target->network());
  ASSERT_TRUE(state.ok()) << state.error().message;
  ASSERT_TRUE(target->load_weights(*state).ok());
  EXPECT_EQ(target->prior_log_scale(), -1.25f);
  EXPECT_EQ(target->updates_done(), 0);
  for (const auto& [name, tensor] : weights_of(*target->network())) {
    for (const auto& [other, wanted] : weights) {
      EXPECT_TRUE(name != other || torch::equal(tensor, wanted)) << name;
    }
  }
  ASSERT_TRUE(target->update().ok());
}

TEST_F(WeightsExchange, WhatDoesNotFitIsNamed) {
  PolicyNetwork network(small_policy(), 1);
  const Tensors sound = weights_of(network);
  ASSERT_GE(sound.size(), 4u);
  write_pth(sound);
  EXPECT_EQ(fault(network), "(accepted)");
  const auto expect = [&](const std::string& part, const std::function<void(Tensors&)>& change) {
    Tensors tensors = sound;
    change(tensors);
    write_pth(tensors);
    const std::string message = fault(network);
    EXPECT_NE(message.find(part), std::string::npos) << message;
    EXPECT_NE(message.find("w.pth"), std::string::npos);
  };
  const std::string first = sound[0].first;
  expect("not there: " + first, [](Tensors& t) { t.erase(t.begin()); });
  expect("not there: ", [](Tensors& t) { t.resize(1); });
  expect("and ", [](Tensors& t) { t.resize(1); });
  expect("not known to the network: extra.weight",
         [](Tensors& t) { t.emplace_back("extra.weight", torch::zeros({1})); });
  expect("of another shape: " + first + " [3, 3] for [", [](Tensors& t) {
    t[0].second = torch::zeros({3, 3});
  });
  expect(first + " of type I64", [](Tensors& t) { t[0].second = t[0].second.to(torch::kInt64); });
  expect("finite weights", [](Tensors& t) { t[0].second = torch::full_like(t[0].second, std::nan("")); });
  write_pth(sound, {{"prior_log_scale", "much"}});
  EXPECT_NE(fault(network).find("prior_log_scale"), std::string::npos);
}

TEST_F(WeightsExchange, ACheckpointComesBackAsOneThatActs) {
  const PolicySettings settings = small_policy();
  PolicyNetwork live(settings, 1), averaged(settings, 2);
  const run::Metadata metadata = {
      {"policy", settings.to_json()}, {"prior_log_scale", "0.5"}, {"config", "A: 1\n"}};
  for (const bool has_ema : {false, true}) {
    std::vector<NamedBytes> state = bytes_of_all(weights_of(live), "value/");
    const std::vector<NamedBytes> ema = bytes_of_all(weights_of(averaged), "ema/");
    if (has_ema) state.insert(state.end(), ema.begin(), ema.end());
    state.push_back(bytes_of("adam_step", torch::zeros({1})));
    ASSERT_TRUE(run::write_safetensors(folder_ / "c.safetensors", spans_of(state), metadata).ok());
    const auto out = checkpoint_to_torch(folder_ / "c.safetensors", folder_ / "c.pth");
    ASSERT_TRUE(out.ok()) << out.error().message;
    EXPECT_EQ(out->tensors, ema.size());
    const auto back = torch_to_checkpoint(folder_ / "c.pth", folder_ / "back.safetensors", {});
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(back->elements, out->elements);
    const auto file = run::read_safetensors(folder_ / "back.safetensors");
    ASSERT_TRUE(file.ok()) << file.error().message;
    for (const auto& [key, text] : metadata) EXPECT_EQ(*file->meta(key), text);
    EXPECT_EQ(file->entries().size(), ema.size());
    for (const auto& [name, tensor] : weights_of(has_ema ? averaged : live)) {
      const auto span = file->find("value/" + name);
      ASSERT_TRUE(span.ok()) << name;
      EXPECT_EQ(std::vector<std::uint8_t>(span->bytes.begin(), span->bytes.end()),
                bytes_of(name, tensor).bytes);
    }
    base::ThreadPool pool(1);
    EXPECT_TRUE(Agent::load(folder_ / "back.safetensors", {}, pool).ok());
  }
}

TEST_F(WeightsExchange, ForeignTensorsKeepTheirNames) {
  const std::vector<NamedBytes> state = {
      bytes_of("net.weight", torch::arange(6).to(torch::kFloat32).view({2, 3}))};
  ASSERT_TRUE(run::write_safetensors(folder_ / "f.safetensors", spans_of(state), {{"format", "pt"}}).ok());
  ASSERT_TRUE(checkpoint_to_torch(folder_ / "f.safetensors", folder_ / "f.pth").ok());
  ASSERT_TRUE(torch_to_checkpoint(folder_ / "f.pth", folder_ / "g.safetensors", {}).ok());
  const auto file = run::read_safetensors(folder_ / "g.safetensors");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->find("net.weight")->shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(*file->meta("format"), "pt");
}

}  // namespace
}  // namespace inknav::learn
