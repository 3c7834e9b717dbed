// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "app/report/eval_stats.h"
#include "app/tiny_experiment.h"
#include "base/philox.h"
#include "learn/habitat/pointnav_settings.h"
#include "run/safetensors.h"
#include "run/torch_weights.h"
#include "scene/load.h"

namespace inknav::app {
namespace {

namespace fs = std::filesystem;

constexpr int kUsage = 2, kData = 3, kDisk = 6;

class Export : public ::testing::Test {
 protected:
  testing::Outcome run_export(const std::string& in, const std::string& out,
                              const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"export", in, out};
    words.insert(words.end(), more.begin(), more.end());
    return tiny_.run(words);
  }
  void expect_refusal(const testing::Outcome& outcome, int code,
                      const std::vector<std::string>& parts) const {
    EXPECT_EQ(outcome.code, code) << outcome.text;
    for (const std::string& part : parts) {
      EXPECT_NE(outcome.refusal.find(part), std::string::npos) << part << " in " << outcome.refusal;
    }
  }
  std::string checkpoint() const { return tiny_.model_dir() + "/data/final_model.safetensors"; }
  void train() const {
    const testing::Outcome trained = tiny_.train();
    ASSERT_EQ(trained.code, 0) << trained.text;
  }
  /// Figures of an evaluation, without the name of the checkpoint.
  std::vector<double> figures(const std::string& file, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"EVAL_CKPT_PATH_DIR", file};
    words.insert(words.end(), more.begin(), more.end());
    const testing::Outcome outcome = tiny_.eval(words);
    EXPECT_EQ(outcome.code, 0) << outcome.text;
    const auto stats = load_stats(fs::path(tiny_.model_dir()) / "eval" / "stats.json");
    EXPECT_TRUE(stats.ok());
    if (!stats.ok() || stats->tracks.empty()) return {};
    const TrackRow& row = stats->tracks.front();
    return {static_cast<double>(row.episodes), row.success, row.spl, row.soft_spl};
  }

  testing::TinyExperiment tiny_;
};

TEST_F(Export, ACheckpointGoesToPyTorchAndBackAndActsTheSame) {
  train();
  const std::string pth = tiny_.path("out/w.pth"), back = tiny_.path("back.safetensors");
  ASSERT_EQ(run_export(checkpoint(), pth).code, 0);
  const auto weights = run::read_torch_weights(pth);
  ASSERT_TRUE(weights.ok()) << weights.error().message;
  EXPECT_EQ(weights->key, "state_dict");
  EXPECT_TRUE(weights->metadata.contains("policy"));
  for (const run::OwnedTensor& tensor : weights->tensors) EXPECT_FALSE(tensor.name.starts_with("value/"));
  ASSERT_EQ(run_export(pth, back).code, 0);
  const std::vector<double> wanted = figures(checkpoint());
  EXPECT_EQ(wanted.size(), 4u);
  EXPECT_EQ(figures(back), wanted);
  EXPECT_EQ(figures(pth), wanted);  // directly
}

TEST_F(Export, WeightsBeginANewTraining) {
  train();
  const std::string pth = tiny_.path("w.pth");
  ASSERT_EQ(run_export(checkpoint(), pth).code, 0);
  expect_refusal(tiny_.train({"--resume-from", pth}), kUsage, {"not empty", "--overwrite"});
  const testing::Outcome begun = tiny_.train({"--resume-from", pth, "--overwrite"});
  EXPECT_EQ(begun.code, 0) << begun.text;
  const auto file = run::read_safetensors(checkpoint());
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(*file->meta("update"), "1");  // counted from the start
  expect_refusal(tiny_.train({"--resume-from", pth, "--overwrite", "RL.PPO.hidden_size", "16"}), kData,
                 {"w.pth", "of another shape: ", " for ["});
  expect_refusal(tiny_.train({"--resume-from", tiny_.path("none.pth")}), kUsage, {"none.pth is not there"});
  std::ofstream(tiny_.path("bad.pth")) << "PK\x03\x04 and then nothing";
  expect_refusal(tiny_.train({"--resume-from", tiny_.path("bad.pth"), "--overwrite"}), kData,
                 {"bad.pth", "cut off"});
}

TEST_F(Export, AFileThatIsThereIsKept) {
  train();
  const std::string pth = tiny_.path("w.pth");
  std::ofstream(pth) << "mine";
  expect_refusal(run_export(checkpoint(), pth), kUsage, {"w.pth exists and is kept", "--overwrite"});
  EXPECT_EQ(testing::read_text(pth), "mine");
  // A failure keeps it, too: the bytes are put in place in one piece.
  expect_refusal(run_export(tiny_.path("none.safetensors"), pth, {"--overwrite"}), kUsage, {"is not there"});
  std::ofstream(tiny_.path("bad.safetensors")) << "not one";
  expect_refusal(run_export(tiny_.path("bad.safetensors"), pth, {"--overwrite"}), kData, {"bad.safetensors"});
  EXPECT_EQ(testing::read_text(pth), "mine");
  EXPECT_EQ(run_export(checkpoint(), pth, {"--overwrite"}).code, 0);
  EXPECT_TRUE(run::read_torch_weights(pth).ok());
  for (const auto& entry : fs::directory_iterator(tiny_.folder())) {
    EXPECT_EQ(entry.path().string().find(".tmp-"), std::string::npos) << entry.path();
  }
}

TEST_F(Export, WrongLinesAreToldWhatIsWanted) {
  std::ofstream(tiny_.path("a.pth")) << "x";
  std::ofstream(tiny_.path("a.safetensors")) << "x";
  expect_refusal(run_export(tiny_.path("a.pth"), tiny_.path("b.onnx")), kUsage,
                 {"export turns .safetensors into .pth"});
  expect_refusal(run_export(tiny_.path("a.safetensors"), tiny_.path("b.glb")), kUsage,
                 {"a.safetensors", "b.glb"});
  expect_refusal(run_export(tiny_.path("a.safetensors"), tiny_.path("b.pth"), {"--key", "x"}), kUsage,
                 {"--key"});
  expect_refusal(run_export(tiny_.path("a.pth"), tiny_.path("a.pth")), kUsage, {"a.pth"});
  expect_refusal(run_export(tiny_.path("a.pth"), tiny_.path("a.pth/b.safetensors")), kDisk,
                 {"a folder to write to"});
  expect_refusal(run_export(tiny_.path("a.pth"), tiny_.path("b.safetensors")), kData,
                 {"another kind of file"});
  EXPECT_FALSE(fs::exists(tiny_.path("b.safetensors")));
  fs::create_directory(tiny_.path("c.safetensors"));
  expect_refusal(run_export(tiny_.path("a.pth"), tiny_.path("c.safetensors")), kUsage, {"is a folder"});
  EXPECT_EQ(tiny_.run({"export", "--help"}).code, 0);
  EXPECT_EQ(tiny_.run({"export"}).code, kUsage);
}

TEST_F(Export, ASceneBecomesAGlb) {
  std::ofstream(tiny_.path("wall.obj")) << "v 0 0 0\nv 4 0 0\nv 4 2 0\nv 0 2 0\nf 1 2 3\nf 1 3 4\n";
  ASSERT_EQ(run_export(tiny_.path("wall.obj"), tiny_.path("wall.glb")).code, 0);
  const auto scene = scene::load_scene(tiny_.path("wall.glb"));
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  EXPECT_EQ((*scene)->num_triangles(), 2u);
  expect_refusal(run_export(tiny_.path("wall.obj"), tiny_.path("wall.glb")), kUsage, {"exists and is kept"});
}

TEST_F(Export, PyTorchReadsAnExportedCheckpoint) {
  std::string python;
  for (const char* candidate : {"python3", "/usr/bin/python3"}) {
    if (std::system((std::string(candidate) + " -c 'import torch' >/dev/null 2>&1").c_str()) == 0)
      python = candidate;
  }
  if (python.empty()) GTEST_SKIP() << "no Python with PyTorch here (Debian: python3-torch)";
  train();
  ASSERT_EQ(run_export(checkpoint(), tiny_.path("w.pth")).code, 0);
  std::ofstream(tiny_.path("script.py"))
      << "import sys, torch\n"
         "f = torch.load(sys.argv[1], weights_only=True)\n"
         "assert set(f) == {'state_dict', 'inknav'}, set(f)\n"
         "assert all(t.dtype == torch.float32 for t in f['state_dict'].values())\n"
         "assert sum(t.numel() for t in f['state_dict'].values()) > 100\n"
         "assert 'policy' in f['inknav']\n";
  EXPECT_EQ(
      std::system((python + " '" + tiny_.path("script.py") + "' '" + tiny_.path("w.pth") + "'").c_str()), 0);
}

/// Random weights of a small depth policy of habitat-baselines, as its checkpoints hold them.
class HabitatPolicy : public Export {
 protected:
  void SetUp() override {
    learn::PointNavSettings settings = learn::resnet50_settings();
    settings.base_planes = settings.first_planes = 4;
    settings.cardinality.fill({1});
    settings.compressed_channels = 3;
    settings.visual_size = 3;  // pictures of 32 x 32 end in one cell
    settings.hidden_size = 8;
    std::vector<run::OwnedTensor> tensors;
    std::uint32_t index = 0;
    for (const auto& [name, shape] : learn::tensors_of(settings)) {
      base::PhiloxStream stream({7, index++, 0, 0, base::Purpose::kTest});
      std::size_t elements = 1;
      for (const std::int64_t extent : shape) elements *= static_cast<std::size_t>(extent);
      run::OwnedTensor tensor{"actor_critic." + name, run::SpanType::kF32, shape, {}};
      tensor.bytes.resize(elements * sizeof(float));
      auto* values = reinterpret_cast<float*>(tensor.bytes.data());
      for (std::size_t i = 0; i < elements; ++i) values[i] = stream.uniform() - 0.5f;
      tensors.push_back(std::move(tensor));
    }
    std::vector<run::NamedSpan> spans;
    for (const run::OwnedTensor& tensor : tensors) spans.push_back(tensor.span());
    ASSERT_TRUE(run::write_torch_weights(tiny_.path("ckpt.0.pth"), spans, {}).ok());
    tiny_.write_config("USE_POINTNAV: True\n");
  }
  const std::vector<std::string> size_ = {"TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.WIDTH", "32",
                                          "TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.HEIGHT", "32"};
};

TEST_F(HabitatPolicy, IsEvaluatedDirectlyAndAfterConversion) {
  const std::string pth = tiny_.path("ckpt.0.pth"), converted = tiny_.path("ckpt.0.safetensors");
  const std::vector<double> direct = figures(pth, size_);
  ASSERT_EQ(direct.size(), 4u);
  EXPECT_EQ(direct[0], 6.0);  // all episodes of both scenes
  EXPECT_TRUE(std::isfinite(direct[2]));
  EXPECT_TRUE(fs::exists(fs::path(tiny_.model_dir()) / "eval" / "report.html"));
  ASSERT_EQ(run_export(pth, converted).code, 0);
  EXPECT_EQ(figures(converted, size_), direct);
  // Sampled actions depend on the episode, not on how many are walked at a time.
  std::vector<std::string> alone = size_;
  alone.insert(alone.end(), {"NUM_PROCESSES", "1"});
  EXPECT_EQ(figures(converted, alone), direct);
}

TEST_F(HabitatPolicy, WhatDoesNotFitIsAnError) {
  const std::string pth = tiny_.path("ckpt.0.pth");
  // The tiny camera's pictures would end in one cell, too.
  expect_refusal(tiny_.eval({"EVAL_CKPT_PATH_DIR", pth, "TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.WIDTH", "128",
                             "TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.HEIGHT", "64"}),
                 kUsage, {"TASK_CONFIG.SIMULATOR.DEPTH_SENSOR", "end in 3 numbers", "128 x 64"});
  std::vector<std::string> words = {"EVAL_CKPT_PATH_DIR", pth, "USE_POINTNAV", "False"};
  words.insert(words.end(), size_.begin(), size_.end());
  expect_refusal(tiny_.eval(words), kUsage, {"ckpt.0.pth", "set USE_POINTNAV True"});
}

}  // namespace
}  // namespace inknav::app
