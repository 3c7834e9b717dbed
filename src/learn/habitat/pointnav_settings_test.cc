// SPDX-License-Identifier: MIT
#include "learn/habitat/pointnav_settings.h"

#include <gtest/gtest.h>

#include "learn/habitat/pointnav_variants.h"

namespace inknav::learn {
namespace {

std::int64_t count(const TensorShapes& shapes) {
  std::int64_t total = 0;
  for (const auto& [name, shape] : shapes) {
    std::int64_t elements = 1;
    for (const std::int64_t extent : shape) elements *= extent;
    total += elements;
  }
  return total;
}

/// By hand from the description, not by the code under test.
TEST(PointNavSettings, PublishedArchitecturesHaveTheirShapes) {
  const TensorShapes shapes = tensors_of(resnet50_settings());
  const auto shape = [&](const std::string& name) { return shapes.at(name); };
  using Shape = std::vector<std::int64_t>;
  const std::string backbone = "net.visual_encoder.backbone.";
  EXPECT_EQ(shape(backbone + "conv1.0.weight"), (Shape{32, 1, 7, 7}));
  EXPECT_EQ(shape(backbone + "layer1.0.convs.0.weight"), (Shape{32, 32, 1, 1}));
  EXPECT_EQ(shape(backbone + "layer1.0.downsample.0.weight"), (Shape{128, 32, 1, 1}));
  EXPECT_EQ(shape(backbone + "layer3.5.convs.3.weight"), (Shape{128, 128, 3, 3}));
  EXPECT_EQ(shape(backbone + "layer4.2.convs.6.weight"), (Shape{1024, 256, 1, 1}));
  EXPECT_FALSE(shapes.contains(backbone + "layer4.1.downsample.0.weight"));
  EXPECT_FALSE(shapes.contains(backbone + "layer3.6.convs.0.weight"));
  EXPECT_EQ(shape("net.visual_encoder.compression.0.weight"), (Shape{128, 1024, 3, 3}));
  EXPECT_EQ(shape("net.visual_fc.1.weight"), (Shape{512, 2048}));
  EXPECT_EQ(shape("net.tgt_embeding.weight"), (Shape{32, 3}));
  EXPECT_EQ(shape("net.prev_action_embedding.weight"), (Shape{5, 32}));
  EXPECT_EQ(shape("net.state_encoder.rnn.weight_ih_l0"), (Shape{2048, 576}));
  EXPECT_EQ(shape("net.state_encoder.rnn.weight_ih_l1"), (Shape{2048, 512}));
  EXPECT_EQ(shape("action_distribution.linear.weight"), (Shape{4, 512}));
  EXPECT_EQ(shape("critic.fc.weight"), (Shape{1, 512}));

  // Convolutions and norms (two numbers a channel) of a stage of `blocks` bottlenecks.
  const auto stage = [](std::int64_t in, std::int64_t planes, std::int64_t blocks) {
    const std::int64_t out = 4 * planes, norms = 2 * (planes + planes + out);
    const std::int64_t first = in * planes + 9 * planes * planes + planes * out + norms + in * out + 2 * out;
    const std::int64_t later = out * planes + 9 * planes * planes + planes * out + norms;
    return first + (blocks - 1) * later;
  };
  const std::int64_t visual = 49 * 32 + 64 + stage(32, 32, 3) + stage(128, 64, 4) + stage(256, 128, 6) +
                              stage(512, 256, 3) + 9 * 1024 * 128 + 256;
  const std::int64_t lstm = 4 * 512 * (576 + 512 + 2) + 4 * 512 * (512 + 512 + 2);
  const std::int64_t rest = 2048 * 512 + 512 + 3 * 32 + 32 + 5 * 32 + 512 * 4 + 4 + 512 + 1;
  EXPECT_EQ(count(shapes), visual + lstm + rest);

  // ResNet18 with its GRU: basic blocks of two 3x3 convolutions, no projection in the first stage.
  PointNavSettings small = resnet18_settings();
  small.lstm = false;
  small.rnn_layers = 1;
  const auto basic = [](std::int64_t in, std::int64_t planes) {
    const std::int64_t projection = in == planes ? 0 : in * planes + 2 * planes;
    return 9 * in * planes + 3 * 9 * planes * planes + 8 * planes + projection;
  };
  const std::int64_t basic_visual =
      49 * 32 + 64 + basic(32, 32) + basic(32, 64) + basic(64, 128) + basic(128, 256) + 9 * 256 * 128 + 256;
  EXPECT_EQ(count(tensors_of(small)), basic_visual + 3 * 512 * (576 + 512 + 2) + rest);
}

TEST(PointNavSettings, ShapesGiveTheSettingsBack) {
  auto list = testing::variants();
  list.emplace_back("published", resnet50_settings());
  list.emplace_back("published small", resnet18_settings());
  for (const auto& [name, settings] : list) {
    const TensorShapes shapes = tensors_of(settings);
    EXPECT_TRUE(is_pointnav_policy(shapes));
    const auto found = pointnav_settings_of(shapes, "f");
    ASSERT_TRUE(found.ok()) << name << ": " << found.error().message;
    EXPECT_EQ(tensors_of(*found), shapes) << name;
    EXPECT_EQ(found->lstm, settings.lstm);
    EXPECT_EQ(found->rnn_layers, settings.rnn_layers);
    EXPECT_EQ(found->cardinality, settings.cardinality) << name;
  }
}

}  // namespace
}  // namespace inknav::learn
