// SPDX-License-Identifier: MIT
#include "app/command_line.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <new>

#include "app/experiment_options.h"

namespace inknav::app {
namespace {

namespace fs = std::filesystem;

/// What the last probe command was given.
ExperimentOptions seen_options;
std::optional<PreparedExperiment> seen_experiment;

Action define_probe(CLI::App& app) {
  auto options = std::make_shared<ExperimentOptions>();
  add_experiment_options(app, *options, /*run_type=*/true);
  return [options, &app]() -> base::Result<int> {
    INKNAV_RETURN_IF_ERROR(take_overrides(app, *options));
    seen_options = *options;
    INKNAV_ASSIGN_OR_RETURN(seen_experiment, prepare_experiment(*options));
    return 0;
  };
}
Action define_disk_error(CLI::App&) {
  return []() -> base::Result<int> { return base::Error{base::ErrorCode::kDisk, "a.bin: full\nreally"}; };
}
Action define_seven(CLI::App&) {
  return []() -> base::Result<int> { return 7; };
}
Action define_out_of_memory(CLI::App&) {
  return []() -> base::Result<int> { throw std::bad_alloc(); };
}
Action define_file_fault(CLI::App&) {
  return []() -> base::Result<int> {
    throw fs::filesystem_error("copy", std::make_error_code(std::errc::no_space_on_device));
  };
}

constexpr Command kTable[] = {
    {"train", "probe", define_probe},
    {"later", "something", nullptr},
    {"fail disk", "error", define_disk_error},
    {"fail seven", "code", define_seven},
    {"fail memory", "throws", define_out_of_memory},
    {"fail file", "throws", define_file_fault},
};

struct Outcome {
  int code = 0;
  std::string text;  // stderr
};

Outcome run(std::vector<std::string> words) {
  words.insert(words.begin(), "inknav");
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  Outcome outcome;
  outcome.code = run_command_line(words, kTable);
  testing::internal::GetCapturedStdout();
  outcome.text = testing::internal::GetCapturedStderr();
  return outcome;
}

/// One line on stderr with this beginning, and this exit code.
void expect_refusal(const std::vector<std::string>& words, int code, const std::string& beginning) {
  const Outcome outcome = run(words);
  EXPECT_EQ(outcome.code, code) << outcome.text;
  EXPECT_EQ(outcome.text.substr(0, 8 + beginning.size()), "inknav: " + beginning) << outcome.text;
  EXPECT_EQ(std::count(outcome.text.begin(), outcome.text.end(), '\n'), 1) << outcome.text;
}

class CommandLineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    config_ = (fs::temp_directory_path() / ("inknav_cli_" + std::to_string(::getpid()) + ".yaml")).string();
    write("NUM_PROCESSES: 12\nNUM_RANKS: 1\nRL:\n    PPO:\n        num_mini_batch: 4\n");
  }
  void TearDown() override { fs::remove(config_); }
  void write(const std::string& text) const { std::ofstream(config_) << text; }

  std::vector<std::string> train(std::vector<std::string> words) const {
    words.insert(words.begin(), {"train", "--exp-config", config_});
    return words;
  }
  std::string config_;
};

TEST_F(CommandLineTest, HelpIsCodeZeroAndWrongWordsAreUsage) {
  EXPECT_EQ(run({"--help"}).code, 0);
  EXPECT_EQ(run({"train", "--help"}).code, 0);
  EXPECT_EQ(run({"--version"}).code, 0);
  EXPECT_EQ(run({}).code, 2);
  expect_refusal({"frobnicate"}, 2, "there is no command 'frobnicate'; there are train, later, fail");
  expect_refusal({"trian", "--help"}, 2, "there is no command 'trian'; did you mean 'train'?");
  expect_refusal({"fail", "dsik"}, 2, "fail has no 'dsik'; did you mean 'disk'?");
  expect_refusal({"fail", "nothing"}, 2, "fail has no 'nothing'; there are disk, seven, memory, file");
  EXPECT_EQ(run({"fail", "--help"}).code, 0);
  expect_refusal({"fail"}, 2, "fail wants one of: disk, seven, memory, file");
}

TEST_F(CommandLineTest, ACommandOfAnotherVersionSaysSo) {
  expect_refusal({"later"}, 2, "later is not in this version; it has train, fail disk, fail seven");
  expect_refusal({"later", "--with", "flags"}, 2, "later is not in this version");
}

TEST_F(CommandLineTest, ResultsAndFaultsBecomeDocumentedCodes) {
  EXPECT_EQ(run({"fail", "seven"}).code, 7);
  expect_refusal({"fail", "disk"}, 6, "a.bin: full really");
  expect_refusal({"fail", "memory"}, 5, "out of memory");
  expect_refusal({"fail", "file"}, 6, "");
}

TEST_F(CommandLineTest, FlagsAndOverridesAreRead) {
  const Outcome outcome =
      run(train({"--model-dir", "runs/x", "--resume-from", "c.safetensors", "--eval-interval", "3",
                 "--prev-ckpt-ind", "7", "--eval-best", "--overwrite", "RL.SLACK_REWARD", "-0.5", "SENSORS",
                 "[DEPTH_SENSOR]", "NUM_UPDATES", "9", "NUM_GPUS", "0"}));
  ASSERT_EQ(outcome.code, 0) << outcome.text;
  EXPECT_EQ(seen_options.resume_from, "c.safetensors");
  EXPECT_EQ(seen_options.eval_interval, 3);
  EXPECT_EQ(seen_options.prev_ckpt_ind, 7);
  EXPECT_TRUE(seen_options.eval_best);
  EXPECT_TRUE(seen_options.overwrite);
  EXPECT_FALSE(seen_options.evaluate);
  const config::ExperimentConfig& config = seen_experiment->loaded.config;
  EXPECT_EQ(config.rl.slack_reward, -0.5);
  EXPECT_EQ(config.num_updates, 9);
  EXPECT_EQ(config.sensors, (std::vector<std::string>{"DEPTH_SENSOR"}));
  EXPECT_EQ(config.checkpoint_folder, "runs/x/data");
  EXPECT_EQ(seen_experiment->model_dir, fs::path("runs/x"));
  EXPECT_EQ(seen_experiment->plan.envs_per_rank, 12);
  EXPECT_TRUE(seen_experiment->devices.gpu_ids.empty());
}

TEST_F(CommandLineTest, ReadingTrainArgumentsGivesTheOptionsBack) {
  ExperimentOptions plain;
  plain.exp_config = config_;
  ExperimentOptions full = plain;
  full.model_dir = "runs/a b=c";
  full.resume_from = "-x.safetensors";
  full.eval_interval = 3;
  full.prev_ckpt_ind = 7;
  full.eval_best = true;
  full.overwrite = true;
  full.overrides = {"RL.SLACK_REWARD", "-0.5", "SENSORS", "[DEPTH_SENSOR]", "NUM_GPUS", "0"};
  ExperimentOptions evaluating = full;
  evaluating.evaluate = true;
  for (const ExperimentOptions& options : {plain, full, evaluating}) {
    std::vector<std::string> words = train_arguments(options);
    ASSERT_EQ(words[1], "train");
    words.erase(words.begin());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 0) << outcome.text;
    EXPECT_TRUE(seen_options == options);
  }
}

TEST_F(CommandLineTest, ATrainingRequestSaysWhatTheOptionsSay) {
  ExperimentOptions options;
  options.exp_config = config_;
  options.model_dir = "runs/x";
  options.overwrite = true;
  options.resume_from = "c.safetensors";
  const auto prepared = prepare_experiment(options);
  ASSERT_TRUE(prepared.ok()) << prepared.error().message;
  const learn::TrainingRequest request = training_request(options, *prepared);
  EXPECT_EQ(request.model_dir, fs::path("runs/x"));
  EXPECT_EQ(request.existing, run::ExistingRun::kOverwrite);
  EXPECT_EQ(request.resume_from, fs::path("c.safetensors"));
  EXPECT_EQ(request.plan.envs_per_rank, 12);
  EXPECT_EQ(request.loaded.config.num_processes, 12);
  EXPECT_EQ(request.arguments, train_arguments(options));
}

TEST_F(CommandLineTest, ShippedFilesAreFoundFromAnyFolder) {
  const fs::path here = fs::current_path();
  ASSERT_TRUE(fs::exists("configs/demo_ppo.yaml"));
  EXPECT_EQ(shipped_file("configs/demo_ppo.yaml"), "configs/demo_ppo.yaml");
  fs::current_path(fs::temp_directory_path());
  const std::string found = shipped_file("configs/demo_ppo.yaml");
  const std::string absent = shipped_file("configs/no_such.yaml");
  fs::current_path(here);
  EXPECT_TRUE(fs::equivalent(found, "configs/demo_ppo.yaml"));
  EXPECT_EQ(absent, "configs/no_such.yaml");
}

TEST_F(CommandLineTest, DefaultsFollowTheRunType) {
  ExperimentOptions options;
  EXPECT_EQ(model_dir_of(options), fs::path("runs/train_diffusion_hwnav"));
  options.evaluate = true;
  EXPECT_EQ(model_dir_of(options), fs::path("runs/val_hwnav"));
  options.exp_config = "a/first.yaml,b/second.yaml";
  EXPECT_EQ(model_dir_of(options), fs::path("runs/first"));
  ASSERT_EQ(run(train({"--run-type", "eval"})).code, 0);
  EXPECT_TRUE(seen_options.evaluate);
}

TEST_F(CommandLineTest, BadLinesAreOneSentenceAndCodeTwo) {
  expect_refusal(train({"--modle-dir", "x"}), 2,
                 "command line: --modle-dir is not a flag of train; did you mean --model-dir?");
  expect_refusal(train({"--frobnicate", "x"}), 2,
                 "command line: --frobnicate is not a flag of train; see inknav train --help");
  expect_refusal({"fail", "seven", "--hepl"}, 2,
                 "command line: --hepl is not a flag of fail seven; did you mean --help?");
  expect_refusal(train({"SEED", "1", "--overwrite"}), 2,
                 "command line: --overwrite stands after KEY VALUE pairs; put flags first");
  expect_refusal(train({"SEED"}), 2, "command line: KEY VALUE pairs were wanted after the flags, found SEED");
  expect_refusal(train({"--run-type", "walk"}), 2, "--run-type: ");
  expect_refusal(train({"--eval-interval", "0"}), 2, "--eval-interval: ");
  expect_refusal(train({"--num-gpus", "two"}), 2, "");
  expect_refusal({"train", "--exp-config", "no/such.yaml"}, 2,
                 "no/such.yaml: the experiment file is not there");
  expect_refusal({"train", "--exp-config", config_ + ","}, 2,
                 "command line: --exp-config A[,B...] was wanted");
  expect_refusal(train({"--model-dir", ""}), 2, "command line: --model-dir wants a folder");
}

TEST_F(CommandLineTest, WrongDevicesAreCodeTwoWithWhatIsThere) {
  const std::string there = run::visible_gpus().gpus.empty() ? "no GPU is visible" : "visible: 0: ";
  const std::vector<std::vector<std::string>> flags = {
      {"--gpu-ids", "0,99"}, {"--gpu-ids", "0,0"},
      {"--gpu-ids", "a"},    {"--gpu-ids", ""},
      {"--num-gpus", "99"},  {"--num-gpus", "0"},
      {"--num-gpus", "-1"},  {"--num-gpus", "1", "--gpu-ids", "0"},
  };
  for (const std::vector<std::string>& words : flags) {
    const Outcome outcome = run(train(words));
    EXPECT_EQ(outcome.code, 2) << words.back();
    EXPECT_NE(outcome.text.find(there), std::string::npos) << outcome.text;
    EXPECT_EQ(std::count(outcome.text.begin(), outcome.text.end(), '\n'), 1) << outcome.text;
  }
  EXPECT_NE(run(train({"--num-gpus", "0"})).text.find("give NUM_GPUS 0"), std::string::npos);
}

TEST_F(CommandLineTest, BadConfigsAreOneSentenceAndCodeTwo) {
  expect_refusal(
      train({"RL.PPO.num_mini_bach", "2"}), 2,
      "command line: RL.PPO.num_mini_bach is not a known key; did you mean RL.PPO.num_mini_batch?");
  expect_refusal(
      train({"RL.PPO.num_mini_batch", "7"}), 2,
      "command line: RL.PPO.num_mini_batch = 7 does not divide 12 environments; use 1, 2, 3, 4, 6 or 12");
  expect_refusal(train({"NUM_RANKS", "5"}), 2,
                 config_ + ":1:1: NUM_PROCESSES = 12 is not a multiple of NUM_RANKS = 5; use 15");
  write("NUM_PROCESSES: twelve\n");
  expect_refusal(train({}), 2, config_ + ":1:1: NUM_PROCESSES = twelve is not a whole number or auto");
  write("RL:\n    PPO:\n        lr: [1\n");
  expect_refusal(train({}), 2, config_ + ":");
  write("NUM_UPDATES: 5\nNUM_UPDA");
  expect_refusal(train({}), 2, config_ + ":");
}

}  // namespace
}  // namespace inknav::app
