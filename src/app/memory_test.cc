// SPDX-License-Identifier: MIT
// Whole trainings and their memory: what does not fit is refused at once; the table tells what is taken.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <regex>

#include "app/tiny_experiment.h"

namespace inknav::app {
namespace {

using testing::Outcome;
using testing::TinyExperiment;

void expect_in(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << part << "\nis not in\n" << text;
}

TEST(Memory, WhatDoesNotFitIsRefusedBeforeAnythingIsLoaded) {
  const TinyExperiment tiny;
  const auto begin = std::chrono::steady_clock::now();
  // 65,536 maps of 16 MiB are 1 TiB.
  const Outcome outcome = tiny.train({"NUM_PROCESSES", "65536", "TASK_CONFIG.SIMULATOR.MAP_CELLS", "4096"});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  EXPECT_EQ(outcome.code, 5);
  expect_in(outcome.refusal, "memory: ");
  expect_in(outcome.refusal, "for 1 rank(s) were wanted, ");
  expect_in(outcome.refusal, "TASK_CONFIG.SIMULATOR.MAP_CELLS 2048 saves 768.00 GiB");
  expect_in(outcome.refusal, "NUM_PROCESSES 32768 saves ");
  expect_in(outcome.text, "occupancy maps");
  expect_in(outcome.text, "1024.00 GiB");
  expect_in(outcome.text, "~ computing an update");
  EXPECT_FALSE(std::filesystem::exists(tiny.model_dir()));
  EXPECT_LT(seconds, 30.0);  // the bar
}

/// Bytes of "1.5 MiB".
double bytes_of(const std::string& number, const std::string& unit) {
  const double scale = unit == "GiB" ? 1024.0 * 1024.0 * 1024.0 : unit == "MiB" ? 1024.0 * 1024.0 : 1024.0;
  return std::stod(number) * scale;
}

struct Measured {
  double table = 0.0;  // bytes, the sum of train.log's table
  double taken = 0.0;  // bytes, the most that the process had
};

Measured measure(const TinyExperiment& tiny, const std::string& folder, std::vector<std::string> overrides) {
  std::vector<std::string> words{"train", "--exp-config", tiny.config(), "--model-dir", tiny.path(folder)};
  words.insert(words.end(), overrides.begin(), overrides.end());
  const pid_t child = tiny.start(INKNAV_BINARY, words, folder + ".txt");
  int status = 0;
  rusage usage{};
  EXPECT_EQ(::wait4(child, &status, 0, &usage), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << testing::read_text(tiny.path(folder + ".txt"));
  const std::string log = testing::read_text(tiny.path(folder) + "/train.log");
  std::smatch sum;
  EXPECT_TRUE(std::regex_search(log, sum, std::regex("in all +([0-9.]+) ([KMG]iB)"))) << log;
  if (sum.empty()) return {};
  return {bytes_of(sum[1], sum[2]), static_cast<double>(usage.ru_maxrss) * 1024.0};
}

/// The growth of the table from a small run to a larger one against that of the process.
TEST(Memory, TheTableHoldsAgainstTheProcess) {
  TinyExperiment tiny;
  const Measured small = measure(tiny, "small", {});
  const Measured large = measure(tiny, "large",
                                 {"NUM_PROCESSES",
                                  "64",
                                  "NUM_UPDATES",
                                  "2",
                                  "RL.PPO.num_steps",
                                  "32",
                                  "RL.PPO.num_mini_batch",
                                  "4",
                                  "EXTRA_DEPTH",
                                  "True",
                                  "MODEL.BACKBONE",
                                  "small_cnn",
                                  "MODEL.CROP_CELLS",
                                  "48",
                                  "TASK_CONFIG.SIMULATOR.MAP_CELLS",
                                  "1024",
                                  "TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.WIDTH",
                                  "64",
                                  "TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.HEIGHT",
                                  "64"});
  const double table = large.table - small.table, taken = large.taken - small.taken;
  std::printf("the table grows by %.0f MB, the process by %.0f MB\n", table / 1e6, taken / 1e6);
  EXPECT_GT(table, 100e6);
  // What the table leaves out: oneDNN's reordered weights and work space, the heap's holes, and the copy of a
  // checkpoint while it is written. On one machine 1.25 was seen beside other builds and 1.41 alone.
  EXPECT_NEAR(taken / table, 1.0, 0.6);
}

}  // namespace
}  // namespace inknav::app
