// SPDX-License-Identifier: MIT
#pragma once
// Evaluation of one checkpoint: every track (splits and their controls), eval/stats.json, report.html with
// pictures and videos, and the figures in TensorBoard. Shared by eval_command and demo_command.

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "app/report/eval_stats.h"
#include "app/report/html_report.h"
#include "base/result.h"
#include "config/experiment.h"

namespace inknav::app {

struct EvaluationRequest {
  config::ExperimentConfig config;        // dataset, EVAL, simulator; the network comes from the checkpoint
  std::filesystem::path checkpoint;       // not read when the expert acts (USE_EXPERT_ACTIONS)
  int gpu = -1;                           // where the policy computes; -1: the CPU
  std::int64_t update = 0;                // of the checkpoint, the step in TensorBoard
  std::filesystem::path output_dir;       // stats.json and report.html
  std::filesystem::path video_dir;        // one mp4 per shown episode
  std::filesystem::path tensorboard_dir;  // curves for the report, figures and videos; may be empty
  std::string title = "InkNav evaluation";
  std::vector<Fact> facts;                                // shown under the title
  std::vector<std::pair<std::string, EvalStats>> others;  // name and figures of what the report compares with
};

struct EvaluationOutput {
  EvalStats stats;
  std::filesystem::path report;
};

/// Tracks are EVAL.SPLIT (a name or several, comma separated), each followed by EVAL.CONTROLS.
base::Result<EvaluationOutput> run_evaluation(const EvaluationRequest& request);

}  // namespace inknav::app
